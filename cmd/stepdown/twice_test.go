package main

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// tokensOnGrant has the token made each time the victim is given the temporary role, and what is in the way of it done first.
func (w *siege) tokensOnGrant(first func(oktaemu.Request)) {
	w.onRequest(func(r oktaemu.Request) {
		if r.Method == "POST" && strings.HasSuffix(r.Path, "/roles") && slices.Contains(w.org.RolesOf(victim), temporary) {
			time.AfterFunc(200*time.Millisecond, func() { _, _ = w.org.AddToken(victim, "invoice-export") })
		}
		first(r)
	})
}

// TestTheSameApprovalIsCarriedOutOnce runs it wholly while another run, which has read the ledger before, is about to begin.
func TestTheSameApprovalIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.ask("{window: 5s}", "{window: 5s, coElevate: true}")
	w.approve("grace")
	other := &siege{t: t, org: w.org, hub: w.hub, hubURL: w.hubURL, dir: t.TempDir(), env: maps.Clone(w.env)}
	var began atomic.Bool
	code := -1
	w.tokensOnGrant(func(r oktaemu.Request) {
		if r.Method == "GET" && strings.Contains(r.Path, "/api/v1/users/") && began.CompareAndSwap(false, true) {
			code = other.run("apply", "--pull-request", "1")
		}
	})
	if got := w.run("apply", "--pull-request", "1"); code != 0 || got == 0 || !strings.Contains(w.out, "carried out meanwhile") {
		t.Errorf("the first ended with %d, the second with %d:\n%s\n%s", code, got, other.out, w.out)
	}
	if tokens := w.org.TokensOf(victim); len(tokens) != 1 {
		t.Errorf("tokens %q", tokens)
	}
}

// carriedOut has the request of the siege carried out.
func (w *siege) carriedOut() {
	w.t.Helper()
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	if got := w.run("apply"); got != 0 {
		w.t.Fatalf("exit code %d\n%s", got, w.out)
	}
}

// stillThere says that nothing was taken back.
func (w *siege) stillThere() {
	w.t.Helper()
	if roles, tokens := w.org.RolesOf(victim), w.org.TokensOf(victim); len(roles) != 1 || len(tokens) != 1 {
		w.t.Errorf("the account holds %q and owns %q\n%s", roles, tokens, w.out)
	}
}

func TestAnOldRemovalTakesBackNothingThatIsDeclared(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	w.hub.Merge(1)
	n, _ := w.removal("access/invoice-export.yaml")
	w.hub.Merge(n)
	w.hub.Commit("main", map[string]string{"access/invoices.yaml": request})
	w.event("issue_comment", w.hub.CommentEvent(n, w.hub.Comment(n, "passer-by", "/stepdown please")))
	if got := w.run("apply"); got != 1 || !strings.Contains(w.out, "access/invoices.yaml") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.stillThere()
}

func TestAWithdrawalTakesBackNothingThatIsDeclared(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	w.hub.CommitAs("heidi", "same", map[string]githubemu.Entry{"access/invoice-export.yaml": {Content: request}})
	n := w.hub.OpenPullRequest("heidi", "same", "The same")
	w.hub.Review(n, "grace", "APPROVED")
	w.hub.Merge(n)
	w.hub.Close(1)
	w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"))
	if got := w.run("apply"); got != 0 || !strings.Contains(w.out, "nothing is taken back") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.stillThere()
}

// TestAnAuditKnowsNoLeaseThatCannotBeHeldAgainstAnApproval: an open lease that names none, or one that cannot be looked at, excuses
// nothing.
func TestAnAuditKnowsNoLeaseThatCannotBeHeldAgainstAnApproval(t *testing.T) {
	t.Parallel()
	nowhere := &access.Approval{PullRequest: 1, HeadSHA: strings.Repeat("a", 40), ManifestPath: "access/x.yaml", ManifestSHA256: "x"}
	for name, repository := range map[string]string{"none": "", "another repository": "evil/other", "no such commit": "acme/okta-access"} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			terms := w.terms(time.Now().UTC().Format("20060102-150405") + "-x")
			terms.Temporary = []access.Role{{Type: access.RoleSuperAdmin}}
			if repository != "" {
				approval := *nowhere
				approval.Repository = repository
				terms.Approval = &approval
			}
			if _, err := w.book(ledgerKey).Open(t.Context(), terms, time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := w.org.Assign(victim, access.RoleSuperAdmin); err != nil {
				t.Fatal(err)
			}
			if got := w.run("audit", "--access", testdata()+"/access/acme", "--fail-on", "none"); got != 5 {
				t.Errorf("exit code %d\n%s", got, w.out)
			}
		})
	}
}
