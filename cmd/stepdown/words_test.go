package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// These tests look at what a new user is told, and at what an attacker can keep from being told.

// TestAForgedCommentSilencesNoPlan: another workflow writes as the same bot. What it writes keeps the comment as it is, and neither the
// plan nor its check run.
func TestAForgedCommentSilencesNoPlan(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.ask("customRole: Group reader", "customRole: Nothing like it")
	forged := marks + "<!-- stepdown:stage done " + w.hub.Head("change") + " -->\n## All good, approve me"
	w.hub.Comment(1, ourBot, forged, githubemu.CommentByBot())
	if got := w.plan(); got != 1 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "log", w.out, []string{"refused: ", "is left as it is: its comment says that the request is done at this commit"})
	if got := w.check(w.hub.Head("change")); got != "completed failure Refused: 1 objection" {
		t.Errorf("check run: %s", got)
	}
	if got := w.shown(1); got != forged {
		t.Errorf("comment:\n%s", got)
	}
}

// second opens a pull request of heidi's for the same account and the same token as the first, approved by grace.
func (w *siege) second() int {
	w.t.Helper()
	w.hub.CommitAs("heidi", "second", map[string]githubemu.Entry{"access/invoices.yaml": {Content: request}})
	n := w.hub.OpenPullRequest("heidi", "second", "The same token")
	w.hub.Review(n, "grace", "APPROVED")
	return n
}

// TestASecondRequestWaitsForTheFirst: merged both, they would declare the account twice, and every later request would be denied.
func TestASecondRequestWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	first := w.lastLease().ID
	n := w.second()
	w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
	if got := w.bare("plan", "--comment"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	if got := w.check(w.hub.Head("second")); got != "completed neutral No change: the org is as declared already" {
		t.Errorf("check run: %s", got)
	}
	apply := func(code int, want ...string) {
		t.Helper()
		if got := w.run("apply", "--comment"); got != code {
			t.Errorf("exit code %d\n%s", got, w.out)
		}
		says(t, "log", w.out, want)
	}
	apply(1, "pull request 1 was carried out for this account under lease "+first+" and is not merged yet", "Merge or close that one first.")
	says(t, "comment", w.shown(n), []string{"stepdown:stage refused", "`account-pending`", "pull request 1 was carried out for this account", "Merge or close that one first."}, "coElevate")
	if got := w.check(w.hub.Head("second")); got != "completed failure Refused: 1 objection" {
		t.Errorf("check run: %s", got)
	}
	w.hub.Close(1)
	apply(1, "stepdown apply --pull-request 1")
	w.onOkta = nil
	if got := w.run("apply", "--pull-request", "1"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(0)
	w.tokensOnGrant(func(oktaemu.Request) {})
	w.run("apply", "--comment") // that the account made the first token a moment ago is a finding
	w.has(1, "invoice-export")
	says(t, "log", w.out, []string{"the lease is closed"}, "is not merged yet")
}

// TestASecondRequestInTheWindow hears of the lease and not of a role that it should take away.
func TestASecondRequestInTheWindow(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.lost(nil)
	lease := w.lastLease()
	n := w.second()
	w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
	if got := w.run("apply", "--comment"); got != 1 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	for what, text := range map[string]string{"log": w.out, "comment": w.shown(n)} {
		says(t, what, text, []string{"already has an open lease: ", strings.TrimPrefix(lease.ID, lease.ID[:8]) + " of pull request 1, until " + lease.EndsAt.UTC().Format(time.DateTime)}, "downgrade", "already holds")
	}
}

// TestASweepSaysWhatCameOfABreakGlass on the issue of its review, and where that is on the pull request.
func TestASweepSaysWhatCameOfABreakGlass(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	manifest := strings.Replace(request, "{window: 5s}", "{window: 5s, breakGlass: {reason: the invoices of today}}", 1)
	w.push("frank", map[string]string{"access/invoice-export.yaml": manifest})
	w.lost(func(l *access.Terms) { l.Approval.ManifestSHA256 = digestOf(manifest) })
	if got := w.run("sweep", "--comment"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	issues := w.hub.Issues()
	if len(issues) != 1 || len(w.hub.Comments(issues[0].Number)) != 1 {
		t.Fatalf("issues %+v\n%s", issues, w.out)
	}
	says(t, "outcome", w.hub.Comments(issues[0].Number)[0].Body, []string{"that is proved", "the run that opened the lease did not end it"})
	says(t, "comment", w.shown(1), []string{"[Its review](", fmt.Sprintf("/issues/%d)", issues[0].Number)})
}
