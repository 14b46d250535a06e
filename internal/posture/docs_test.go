package posture

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
)

// TestThePageHasEveryCheck: docs/security.md names each check.
func TestThePageHasEveryCheck(t *testing.T) {
	t.Parallel()
	page := securityPage(t)
	for id := range judged(sound()) {
		name, _, _ := strings.Cut(id, ":")
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/security.md has no `%s`", name)
		}
	}
}

// TestThePagesRulesetsSatisfyTheDoctor: whoever imports the rulesets of the page has nothing left to mend.
func TestThePagesRulesetsSatisfyTheDoctor(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(securityPage(t), -1)
	if len(blocks) != 3 {
		t.Fatalf("%d rulesets", len(blocks))
	}
	r := sound()
	r.rules = map[string]access.BranchRules{}
	for _, block := range blocks {
		var set struct {
			Target, Enforcement string
			Bypass              []json.RawMessage `json:"bypass_actors"`
			Conditions          struct {
				Ref struct{ Include []string } `json:"ref_name"`
			}
			Rules []struct {
				Type       string
				Parameters struct {
					Approvals int  `json:"required_approving_review_count"`
					Stale     bool `json:"dismiss_stale_reviews_on_push"`
					Owners    bool `json:"require_code_owner_review"`
					LastPush  bool `json:"require_last_push_approval"`
				}
			}
		}
		if err := json.Unmarshal([]byte(block[1]), &set); err != nil {
			t.Fatalf("%v in %s", err, block[1])
		}
		branch := map[string]string{"~DEFAULT_BRANCH": "main", "refs/heads/stepdown-ledger": "stepdown-ledger"}[set.Conditions.Ref.Include[0]]
		if set.Target != "branch" || set.Enforcement != "active" || branch == "" {
			t.Errorf("ruleset %+v", set)
		}
		rules(branch, func(b *access.BranchRules) {
			for _, rule := range set.Rules {
				b.NoDeletion = b.NoDeletion || rule.Type == "deletion"
				b.NoForcePush = b.NoForcePush || rule.Type == "non_fast_forward"
				b.NoUpdate = b.NoUpdate || rule.Type == "update"
				if p := rule.Parameters; rule.Type == "pull_request" {
					b.PullRequest, b.Approvals, b.DismissStale, b.CodeOwners, b.LastPush = true, p.Approvals, p.Stale, p.Owners, p.LastPush
				}
			}
		})(&r)
		// Whoever may write to the ledger may not rewrite it: what they bypass must not be in the same ruleset.
		if len(set.Bypass) > 0 && slices.ContainsFunc([]string{"deletion", "non_fast_forward"}, func(s string) bool { return strings.Contains(block[1], s) }) {
			t.Errorf("a bypass of what binds everybody: %s", block[1])
		}
	}
	for id, c := range judged(r) {
		if c.Status != OK && id != "rules_bypass" {
			t.Errorf("%+v", c)
		}
	}
}

func securityPage(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
