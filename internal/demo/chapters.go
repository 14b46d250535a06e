package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The exit codes that the story expects of the program.
const (
	exitDone  = 0
	exitFound = 1
)

func (s *story) audit(ctx context.Context, name string, more ...string) error {
	args := append([]string{
		"audit", "--okta-org-url", s.oktaURL, "--access", filepath.Join(s.dir, "access"),
		"--report-dir", filepath.Join(s.ReportDir, name), "--fail-on", "low",
	}, more...)
	return s.run(ctx, exitFound, args...)
}

// ledger is the branch of the repository that leases are kept in.
func (s *story) ledger() string { return "branch:stepdown-ledger" }

func (s *story) firstAudit(ctx context.Context) error {
	s.heading("1. The nightly audit finds what was planted")
	s.say(`Three things are wrong in this org. svc-ci-deployer was elevated by hand to create its token, and nobody took the role
back. svc-helpdesk-bot is an administrator through a group. svc-legacy-import owns a token that nobody declared.`)
	return s.audit(ctx, "1-audit", "--ledger", s.ledger())
}

func (s *story) pullRequest(ctx context.Context) error {
	s.heading("2. A pull request is approved, and apply carries it out")
	manifest, err := fs.ReadFile(world, "world/invoice-export.yaml")
	if err != nil {
		return err
	}
	s.hub.Commit("invoice-export", map[string]string{"access/invoice-export.yaml": string(manifest)})
	number := s.hub.OpenPullRequest("frank-finance", "invoice-export", "Token for the invoice export")
	s.say("frank-finance opens pull request %d, which adds access/invoice-export.yaml:\n", number)
	s.say("    %s", strings.ReplaceAll(strings.TrimSpace(string(manifest)), "\n", "\n    "))
	s.hub.Review(number, "grace-hopper", "APPROVED")
	s.say("\ngrace-hopper approves it. That starts a workflow without any right, and that it ran starts apply, on the default branch.")
	event := filepath.Join(s.dir, "event.json")
	if err := os.WriteFile(event, s.hub.WorkflowRunEvent(number, "pull_request_review"), 0o600); err != nil {
		return err
	}
	s.env["GITHUB_EVENT_NAME"], s.env["GITHUB_EVENT_PATH"] = "workflow_run", event

	token, err := s.applyWithOperator(ctx)
	if err != nil {
		return err
	}
	if roles := s.okta.RolesOf(account); !slices.Equal(roles, []string{"CUSTOM Group reader on Invoice groups"}) {
		return fmt.Errorf("the story does not go as told: the org says that %s holds %v", account, roles)
	}
	if err := s.tryToken(ctx, token); err != nil {
		return err
	}
	s.onPullRequest(number)
	s.hub.Merge(number)
	s.say("\nThe pull request is merged.")
	return s.pull(map[string]string{"access/invoice-export.yaml": string(manifest)})
}

// onPullRequest shows what the pull request's reviewers see: the one comment that apply keeps up to date.
func (s *story) onPullRequest(number int) {
	for _, c := range s.hub.Comments(number) {
		head, _, _ := strings.Cut(c.Body, "<details>")
		s.say("\nThe pull request shows it, in a comment of %s:\n\n    %s", c.User, strings.ReplaceAll(strings.TrimSpace(head), "\n", "\n    "))
	}
	s.say("\nThe lease is in the repository, on the branch stepdown-ledger, whose %d commits are the states that it reached:\n", len(s.hub.Activity("stepdown-ledger")))
	for _, path := range slices.Sorted(maps.Keys(s.hub.Files("stepdown-ledger"))) {
		s.say("    %s", path)
	}
}

// applyWithOperator runs apply while the operator waits for the account to be elevated, and returns the token that the
// operator was shown.
func (s *story) applyWithOperator(ctx context.Context) (string, error) {
	op, err := newOperator(s.oktaURL, account, password)
	if err != nil {
		return "", err
	}
	type result struct {
		token string
		err   error
	}
	shown := make(chan result, 1)
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		token, err := op.createToken(working, "invoice-export", "Corporate network")
		if err == nil {
			s.say("  << dana-ops, signed in as %s, has created the token and copied its %d characters to the vault", account, len(token))
		}
		if err != nil {
			cancel(fmt.Errorf("the operator could not create the token: %w", err)) // else apply would wait for the whole window
		}
		shown <- result{token, err}
	}()
	err = s.run(working, exitDone, "apply", "--okta-org-url", s.oktaURL, "--ledger", s.ledger(), "--comment", "--report-dir", filepath.Join(s.ReportDir, "2-apply"))
	if err != nil {
		return "", err
	}
	cancel(nil)
	r := <-shown
	return r.token, r.err
}

// tryToken uses the token as its owner would: what the intended role permits works, the rest is refused.
func (s *story) tryToken(ctx context.Context, token string) error {
	s.say("\nThe token's owner tries it:")
	for _, try := range []struct {
		path string
		want int
		what string
	}{
		{"/api/v1/groups", http.StatusOK, "what Group reader permits"},
		{"/api/v1/api-tokens", http.StatusForbidden, "what only the temporary role permitted"},
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.oktaURL+try.path, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "SSWS "+token)
		resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		s.say("  GET %-20s %s  (%s)", try.path, resp.Status, try.what)
		if resp.StatusCode != try.want {
			return fmt.Errorf("the story does not go as told: GET %s answered %s", try.path, resp.Status)
		}
	}
	return nil
}

func (s *story) secondAudit(ctx context.Context) error {
	s.heading("3. The next audit: the new account passes, the planted problems are still there")
	if err := s.audit(ctx, "3-audit", "--ledger", s.ledger(), "--format", "summary"); err != nil {
		return err
	}
	before, err := s.findings("1-audit")
	if err != nil {
		return err
	}
	after, err := s.findings("3-audit")
	if err != nil {
		return err
	}
	if !slices.Equal(before, after) {
		return fmt.Errorf("the story does not go as told: the findings were %q, and are %q", before, after)
	}
	s.say("\n%s owns a token now, and PASSES: it is in none of the %d findings, which are those of chapter 1.", account, len(after))
	return nil
}

// findings returns the fingerprints of what an audit of the story found, sorted.
func (s *story) findings(name string) ([]string, error) {
	data, err := os.ReadFile(filepath.Join(s.ReportDir, name, "report.json"))
	if err != nil {
		return nil, err
	}
	var report struct {
		Results []struct {
			Findings []struct {
				Fingerprint string `json:"fingerprint"`
			} `json:"findings"`
		} `json:"results"`
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return nil, err
	}
	var out []string
	for _, result := range report.Results {
		for _, f := range result.Findings {
			out = append(out, f.Fingerprint)
		}
	}
	slices.Sort(out)
	return out, nil
}

// end says where things are. With Keep it leaves a pull request to carry out, and waits for the context to end.
func (s *story) end(ctx context.Context) error {
	s.heading("What to look at, and what to try next")
	s.say(`Reports and evidence:   %s
The audit's report:     %s
The apply's evidence:   %s

  stepdown demo --keep                       the same, then the emulators stay up, with the commands to paste
  stepdown emulate --org testdata/orgs/acme.yaml
  stepdown controls                          what an audit checks
  README.md                                  how to run it on GitHub and against your org
(go install ./cmd/stepdown makes the command; go run ./cmd/stepdown does without)`,
		s.ReportDir, filepath.Join(s.ReportDir, "3-audit", "report.md"), filepath.Join(s.ReportDir, "2-apply", "evidence.json"))
	if !s.Keep {
		return nil
	}
	return s.play(ctx)
}
