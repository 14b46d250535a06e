package main

import (
	"fmt"
	"os"
	"path/filepath"
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

// sameAgain opens a pull request of heidi's for the same account and the same token as the first, approved by grace.
func (w *siege) sameAgain() int {
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
	n := w.sameAgain()
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
	w.onRequest(nil)
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
	n := w.sameAgain()
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

// TestAChangeOfTheRulesIsNoRequest, as the README has one made.
func TestAChangeOfTheRulesIsNoRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files   map[string]string
		neutral bool
	}{
		"settings":     {map[string]string{"access/settings.yaml": rulesOfSiege + "# more\n"}, true},
		"rules":        {map[string]string{"access/rules/ours.rego": "package custom\n", "README.md": "x\n"}, true},
		"and-manifest": {map[string]string{"access/settings.yaml": rulesOfSiege + "# more\n", "access/more.yaml": request}, false},
		"and-other":    {map[string]string{"access/settings.yaml": rulesOfSiege + "# more\n", "access/more.txt": "x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			entries := map[string]githubemu.Entry{}
			for file, content := range c.files {
				entries[file] = githubemu.Entry{Content: content}
			}
			w.hub.CommitAs("frank", "rules", entries)
			n, head := w.hub.OpenPullRequest("frank", "rules", "Rules"), w.hub.Head("rules")
			w.hub.Review(n, "grace", "APPROVED")
			for _, event := range []string{"pull_request", "pull_request_review"} {
				for _, args := range [][]string{{"plan", "--comment"}, {"apply", "--comment", "--ledger", "branch:stepdown-ledger"}} {
					w.event("workflow_run", w.hub.WorkflowRunEvent(n, event))
					got := w.bare(args...)
					if c.neutral && (got != 0 || w.check(head) != "completed neutral A change of the rules: nothing is elevated for it") {
						t.Errorf("%s on %s: exit code %d, %s\n%s", args[0], event, got, w.check(head), w.out)
					}
					if !c.neutral && event == "pull_request_review" && got != 1 {
						t.Errorf("%s: exit code %d\n%s", args[0], got, w.out)
					}
				}
			}
			if c.neutral {
				says(t, "comment", w.shown(n), []string{"This changes the rules, which are reviewed and merged like code; nothing is elevated for it.", "Review it, and merge it."}, "Denied", "mend")
				if got := w.run("apply", "--pull-request", fmt.Sprint(n)); got != 1 {
					t.Errorf("by name: exit code %d\n%s", got, w.out)
				}
			}
			w.untouched()
		})
	}
}

// TestRulesThatAreBrokenCanBeMended: what is wrong with those of the default branch is nothing to say of the change that mends them.
func TestRulesThatAreBrokenCanBeMended(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.hub.Commit("rules", map[string]string{"access/settings.yaml": rulesOfSiege + "# mended\n"})
	w.hub.Commit("main", map[string]string{"access/settings.yaml": rulesOfSiege + "surprise: true\n"})
	n := w.hub.OpenPullRequest("frank", "rules", "Rules")
	w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request"))
	if got := w.bare("plan", "--comment"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "comment", w.shown(n), []string{"This changes the rules"}, "surprise")
}

// TestADirectReviewSaysWhatItRisks.
func TestADirectReviewSaysWhatItRisks(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.settings("elevation: {", "admission: {directReview: true}\nelevation: {")
	review := w.approve("grace")
	const line = "the run was started by pull_request_review, whose workflow file the pull request can change: admission.directReview allows it\n"
	w.event("pull_request_review", w.hub.ReviewEvent(1, review))
	w.tokensOnGrant(func(oktaemu.Request) {})
	if got := w.run("apply"); got != 0 || strings.Count(w.out, line) != 1 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
}

// TestWhatIsClosedIsOver: neither what was ended nor what never began is denied, or still to come.
func TestWhatIsClosedIsOver(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.approve("grace")
	w.plan()
	w.hub.Close(1)
	w.plan()
	says(t, "closed early", w.shown(1), []string{"stepdown:stage closed", "Closed before it was carried out. Nothing is granted."}, "be there when", "Whoever may approve")
	if got := w.check(w.hub.Head("change")); got != "completed neutral Closed: nothing is granted" {
		t.Errorf("check run: %s", got)
	}
	w.hub.Reopen(1)
	w.plan()
	says(t, "opened again", w.shown(1), []string{"stepdown:stage planned"})
	w.hub.Close(1)
	if got := w.run("apply", "--comment", "--pull-request", "1"); got != 1 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "applied by name", w.shown(1), []string{"stepdown:stage closed"}, "Denied")

	w = newSiege(t)
	w.carriedOut()
	w.hub.Close(1)
	w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"))
	if got := w.run("apply", "--comment"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	ended := w.shown(1)
	if got := w.run("apply", "--comment", "--pull-request", "1"); got != 0 || !strings.Contains(w.out, "nothing to do: already ended under lease "+w.lastLease().ID) {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.plan()
	if got := w.shown(1); got != ended {
		t.Errorf("it was written again:\n%s", got)
	}
}

// TestWhoeverSpeaksToTheProgramIsAnswered: a comment that opens no window is seen, and it is said why it does not count.
func TestWhoeverSpeaksToTheProgramIsAnswered(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.hub.Comment(1, "dana-ops", "/stepdown ready", githubemu.CommentAt(time.Now().Add(-2*time.Hour)))
	w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
	w.hub.Comment(1, "dana-ops", "/stepdown redy")
	w.hub.Comment(1, "mallory", "looks good")
	w.hub.Comment(1, "mallory", "/stepdown ready")
	if got := w.run("apply", "--comment"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "log", w.out, []string{
		`seen: "/stepdown ready" by mallory`, "it does not count: only the operator, dana-ops, can say so",
		`seen: "/stepdown redy" by dana-ops`, "the whole comment has to be /stepdown ready", "it is older than the approval; write a new one",
	}, "looks good")
	says(t, "comment", w.shown(1), []string{"💬 seen: \"/stepdown redy\" by dana-ops", "only the operator, dana-ops, can say so"}, "looks good")
	w.nothingGranted()
}

// TestAMissedWindowSaysHowItIsOpenedAgain, and so it is.
func TestAMissedWindowSaysHowItIsOpenedAgain(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.approve("grace")
	if got := w.run("apply", "--comment"); got != 3 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	const how = "`dana-ops`: comment `/stepdown ready` here when you are ready; while the approval is fresh that opens it again."
	says(t, "comment", w.shown(1), []string{"stepdown:stage undone", how}, "apply again")
	w.event("issue_comment", w.hub.CommentEvent(1, w.hub.Comment(1, "dana-ops", "/stepdown ready")))
	w.tokensOnGrant(func(oktaemu.Request) {})
	if got := w.run("apply", "--comment"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(1, "invoice-export")
}

// TestAMergeIsWaitedFor: a check that is required and red would keep it from being merged.
func TestAMergeIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.settings("elevation: {", "admission: {merge: required}\nelevation: {")
	w.approve("grace")
	if got := w.run("apply", "--comment"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	const check = "completed neutral Planned, and approved: waits for what is listed"
	if got := w.check(w.hub.Head("change")); got != check {
		t.Errorf("check run: %s", got)
	}
	says(t, "comment", w.shown(1), []string{"Merge it."}, "Denied")
	if got := w.run("apply", "--comment", "--pull-request", "1"); got != 1 || w.check(w.hub.Head("change")) != check {
		t.Errorf("by name: exit code %d, %s\n%s", got, w.check(w.hub.Head("change")), w.out)
	}
	w.nothingGranted()
}

// TestThePullRequestThatIsNotThere is what one sees, and not what no rule could look at.
func TestThePullRequestThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	if got := w.run("apply", "--pull-request", "99"); got != 1 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "log", w.out, []string{"Check --pull-request and the repository: is it pull request 99 of acme/okta-access?"}, "not_applicable")
}

// TestALedgerThatIsNotThereIsCalledByItsName.
func TestALedgerThatIsNotThereIsCalledByItsName(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	if got := w.bare("sweep", "--ledger", "branch:stepdown-ledgr"); got != 2 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "log", w.out, []string{`the repository has no branch "stepdown-ledgr"`}, "branch of branch")
}

// TestNoSettingsAreSaid to be none: the default ones hold.
func TestNoSettingsAreSaid(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	const line = "there is no access/settings.yaml on main: the default settings hold"
	w.plan()
	says(t, "log", w.out, nil, line)
	says(t, "comment", w.shown(1), nil, line)
	w.hub.CommitEntries("main", map[string]githubemu.Entry{"access/settings.yaml": {Delete: true}})
	w.plan()
	says(t, "log", w.out, []string{line})
	says(t, "comment", w.shown(1), []string{line})
}

// TestALeaseThatIsOpenedMeanwhile, after it was looked for, is met by the ledger itself; the post step is told of none.
func TestALeaseThatIsOpenedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.env["GITHUB_ACTIONS"] = "true"
	for _, name := range []string{"GITHUB_STATE", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		w.env[name] = filepath.Join(w.dir, name)
		if err := os.WriteFile(w.env[name], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.approve("grace")
	w.once("GET", "/roles", func() {
		if _, err := w.book(ledgerKey).Open(t.Context(), w.terms(later(1)), time.Now()); err != nil {
			t.Error(err)
		}
	})
	if got := w.run("apply"); got != 1 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "log", w.out, []string{"already has an open lease"})
	saved, err := os.ReadFile(w.env["GITHUB_STATE"])
	if err != nil || !strings.Contains(string(saved), "lease<<") { // which the post step looks for, and does not find
		t.Errorf("state %q, %v", saved, err)
	}
	w.nothingGranted()
}

// TestTheClockWritesNothingAnew of what still waits: each run would change the comment.
func TestTheClockWritesNothingAnew(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.settings("elevation: {", "admission: {merge: required}\nelevation: {")
	w.approve("grace")
	w.hub.Commit("rules", map[string]string{"access/settings.yaml": rulesOfSiege + "# more\n"})
	n := w.hub.OpenPullRequest("frank", "rules", "Rules")
	w.event("schedule", w.hub.ScheduleEvent("7 * * * *"))
	if got := w.run("apply", "--comment"); got != 0 || w.shown(1) != "" || w.shown(n) != "" {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
}
