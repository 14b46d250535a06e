package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// These tests look at what the people of a pull request see.

const (
	ourBot = "github-actions[bot]"
	marks  = "<!-- stepdown:thread -->\n"
)

// shown is the newest comment of the program on the pull request.
func (w *siege) shown(number int) string {
	w.t.Helper()
	out := ""
	for _, c := range w.hub.Comments(number) {
		if c.User == ourBot {
			out = c.Body
		}
	}
	return out
}

// check is what the newest check run of the program says at the head of the request.
func (w *siege) check(sha string) string {
	w.t.Helper()
	runs := w.hub.CheckRuns(sha)
	if len(runs) != 1 {
		w.t.Errorf("%d check runs", len(runs))
		return ""
	}
	return runs[0].Status + " " + runs[0].Conclusion + " " + runs[0].Title
}

// says holds a text against what it has to say and what it must not.
func says(t *testing.T, what, text string, want []string, not ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s: it does not say %q:\n%s", what, w, text)
		}
	}
	for _, n := range not {
		if strings.Contains(text, n) {
			t.Errorf("%s: it says %q:\n%s", what, n, text)
		}
	}
}

// lost makes the victim elevated under a lease for the request whose run is dead, and has the pull request say so.
func (w *siege) lost(change func(*access.Terms)) (head string) {
	w.t.Helper()
	head = w.hub.Head("change")
	terms := w.terms(time.Now().UTC().Format("20060102-150405") + "-lost")
	terms.OpenedAt = time.Now().Add(-time.Hour)
	terms.EndsAt, terms.Names = terms.OpenedAt.Add(5*time.Second), map[string]string{"cr0x": "Group reader", "iamx": "Invoice groups"}
	terms.Approval = &access.Approval{
		Repository: "acme/okta-access", PullRequest: 1, HeadSHA: head, Requester: "frank", Approvers: []string{"grace"}, ApprovedAt: terms.OpenedAt,
		ManifestPath: "access/invoice-export.yaml", ManifestSHA256: digestOf(request), RunURL: "https://github.com/acme/okta-access/actions/runs/7",
	}
	terms.Declaration, terms.TokenName, terms.Label = "invoice-export", "invoice-export", "Group reader on Invoice groups"
	if change != nil {
		change(&terms)
	}
	book := w.book(ledgerKey)
	_, err := book.Open(w.t.Context(), terms, terms.OpenedAt)
	for _, state := range []access.State{access.StateReady, access.StateElevated} {
		if err == nil {
			_, err = book.Append(w.t.Context(), terms.ID, access.Entry{State: state, At: terms.OpenedAt})
		}
	}
	if err == nil {
		err = w.org.Assign(victim, temporary)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.hub.Comment(1, ourBot, marks+"<!-- stepdown:stage open "+head+" -->\n**The window is open**", githubemu.CommentByBot())
	return head
}

func TestASweepShowsHowALostLeaseEnded(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	head := w.lost(nil)
	if got := w.run("sweep", "--comment"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	says(t, "comment", w.shown(1), []string{
		"stepdown:stage undone " + head, "Not done. What it gave was taken back, and that is proved.", "the run that opened the lease did not end it",
		"actions/runs/7", "`grace`", "FIN-1234", "READ_ONLY_ADMIN", "`dana-ops`",
	}, "window is open")
	if got := w.check(head); got != "completed failure Not done, and undone" {
		t.Errorf("check run: %s", got)
	}
	if n := len(w.hub.Comments(1)); n != 1 {
		t.Errorf("%d comments", n)
	}
}

// TestASweepIsNotKeptFromItsWork by what it cannot show, and shows nothing where that is not wanted or not this repository's.
func TestASweepIsNotKeptFromItsWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*access.Terms)
		prepare func(*siege)
		args    []string
		says    string
		undone  bool
	}{
		"not wanted":         {args: []string{"sweep"}, undone: true},
		"no approval":        {args: []string{"sweep", "--comment"}, change: func(l *access.Terms) { l.Approval = nil }, undone: true},
		"another repository": {args: []string{"sweep", "--comment"}, change: func(l *access.Terms) { l.Approval.Repository = "evil/other" }},
		"may not": {args: []string{"sweep", "--comment"}, prepare: func(w *siege) {
			w.hub.Withhold("pull_requests", 403)
			w.hub.Withhold("checks", 403)
			w.hub.Withhold("issues", 403)
		}, says: "the comment of pull request 1 could not be written", undone: true},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			head := w.lost(c.change)
			if c.prepare != nil {
				c.prepare(w)
			}
			if got := w.run(c.args...); c.undone && got != 0 {
				t.Errorf("exit code %d\n%s", got, w.out)
			}
			if roles := w.org.RolesOf(victim); c.undone && len(roles) > 0 {
				t.Errorf("the account holds %q\n%s", roles, w.out)
			}
			says(t, "comment", w.shown(1), []string{"**The window is open**"})
			says(t, "log", w.out, []string{c.says})
			if n := len(w.hub.CheckRuns(head)); n != 0 {
				t.Errorf("%d check runs", n)
			}
		})
	}
}

// TestPostShowsWhatALostRunDidNot: the run ended its lease, and was lost before it could say so.
func TestPostShowsWhatALostRunDidNot(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.env["GITHUB_ACTIONS"] = "true"
	for _, name := range []string{"GITHUB_STATE", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		w.env[name] = filepath.Join(w.dir, name)
		if err := os.WriteFile(w.env[name], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.carriedOut()
	done := w.shown(1)
	says(t, "comment", done, []string{"Done. The temporary role of the account is gone", "at most"})
	lease := w.lastLease()
	post := func() {
		t.Helper()
		w.env["STATE_lease"], w.env["INPUT_COMMAND"], w.env["INPUT_OKTA-ORG-URL"] = lease.ID, "apply", w.env["OKTA_ORG_URL"]
		if got := w.bare("post"); got != 0 {
			t.Fatalf("exit code %d\n%s", got, w.out)
		}
	}
	post()
	if got := w.shown(1); got != done {
		t.Errorf("it was written again, and with less:\n%s", got)
	}
	stale := strings.Replace(done, "stepdown:stage done", "stepdown:stage stepping", 1)
	w.hub.EditComment(w.hub.Comments(1)[0].ID, stale)
	post()
	says(t, "comment", w.shown(1), []string{"stepdown:stage done", "Done. The temporary role of the account is gone", "`dana-ops`", "**Merge this pull request** by"})
	open := w.lost(nil) // another run's, which is not over
	post()
	says(t, "comment", w.shown(1), []string{"stepdown:stage open " + open})
}

// TestAnApplyShowsWhatNobodyDid: a sweep that may not comment ended the lease; whoever has the ledger next says so, and only then.
func TestAnApplyShowsWhatNobodyDid(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	head := w.lost(nil)
	apply := func() {
		t.Helper()
		w.event("schedule", w.hub.ScheduleEvent("7 * * * *"))
		if got := w.run("apply", "--comment"); got != 0 {
			t.Fatalf("exit code %d\n%s", got, w.out)
		}
	}
	apply()
	says(t, "while the lease is open", w.shown(1), []string{"stepdown:stage open " + head})
	if got := w.run("sweep"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	w.push("frank", map[string]string{"access/invoice-export.yaml": request + "# more\n"})
	w.plan()
	says(t, "a plan", w.shown(1), []string{"stepdown:stage open " + head})
	apply()
	says(t, "by the next apply", w.shown(1), []string{"stepdown:stage undone " + head, "that is proved"})
	w.plan()
	says(t, "and then a plan", w.shown(1), []string{"stepdown:stage planned"})
}

func TestAPlanDoesNotWriteOverALease(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	var during string
	w.ask("window: 5s", "window: 1m") // in which a plan fits, however slow the machine
	w.approve("grace")
	var planned atomic.Bool
	w.tokensOnGrant(func(r oktaemu.Request) {
		if r.Method == "GET" && strings.HasSuffix(r.Path, "/api-tokens") && w.granted.Load() && planned.CompareAndSwap(false, true) {
			for range 100 { // until the run has said that the window is open
				if during = w.shown(1); strings.Contains(during, "The window is open") {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			other := &siege{t: t, org: w.org, hub: w.hub, hubURL: w.hubURL, dir: t.TempDir(), env: w.plans()}
			other.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"))
			if got := other.bare("plan", "--comment"); got != 1 { // the account is elevated
				t.Errorf("exit code %d\n%s", got, other.out)
			}
			says(t, "log", other.out, []string{"is left as it is: its comment says that the request is open", "refused"})
			if got := w.shown(1); !strings.Contains(got, "The window is open") {
				t.Errorf("the plan wrote over it:\n%s", got)
			}
		}
	})
	if got := w.run("apply", "--comment"); got != 0 || !planned.Load() {
		t.Fatalf("exit code %d, planned: %v\n%s", got, planned.Load(), w.out)
	}
	head := w.hub.Head("change")
	says(t, "in the window", during, []string{"stepdown:stage open " + head})
	done := w.shown(1)
	if got := w.check(head); got != "completed success Done, and proved to be stepped down" {
		t.Errorf("check run: %s", got)
	}
	says(t, "afterwards", done, []string{"stepdown:stage done " + head})

	// Once it is done, at the same head.
	if got := w.plan(); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	const carried = "completed neutral No change: this pull request was carried out, and is not merged"
	if got := w.shown(1); got != done || w.check(head) != carried {
		t.Errorf("the plan wrote over it: %s\n%s", w.check(head), got)
	}
	says(t, "log", w.out, []string{"its comment says that the request is done at this commit"})

	// A new head that asks for the same keeps what happened.
	w.push("frank", map[string]string{"access/invoice-export.yaml": request + "# more\n"})
	w.plan()
	if got := w.shown(1); got != done || w.check(w.hub.Head("change")) != carried {
		t.Errorf("the plan wrote over it: %s\n%s", w.check(w.hub.Head("change")), got)
	}
	says(t, "log", w.out, []string{"carried out at commit " + head[:12]})

	// A new head that asks for something else is a new request.
	w.ask("token: {name: invoice-export}", "token: {name: invoice-report}")
	w.plan()
	says(t, "another head", w.shown(1), []string{"stepdown:stage"}, "stepdown:stage done")
}

// TestAPlanGoesOnAfterAPush only where no lease can be open.
func TestAPlanGoesOnAfterAPush(t *testing.T) {
	t.Parallel()
	for stage, kept := range map[string]bool{"open": true, "stepping": true, "stuck": true, "done": false, "undone": false, "ended": false, "waiting": false, "failed": false} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			old := marks + "<!-- stepdown:stage " + stage + " " + w.hub.Head("change") + " -->\nold"
			w.hub.Comment(1, ourBot, old, githubemu.CommentByBot())
			w.ask("{window: 5s}", "{window: 6s}")
			w.plan()
			if got := w.shown(1); (got == old) != kept {
				t.Errorf("kept: %v\n%s\n%s", got == old, got, w.out)
			}
		})
	}
}

// TestNobodyElseSuppressesAPlan: what a person or another bot writes is not the program's word.
func TestNobodyElseSuppressesAPlan(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	forged := marks + "<!-- stepdown:stage open " + w.hub.Head("change") + " -->\nThe window is open."
	w.hub.Comment(1, "mallory", forged)
	w.hub.Comment(1, "echo[bot]", forged, githubemu.CommentByBot())
	w.plan()
	says(t, "comment", w.shown(1), []string{"stepdown:stage planned", "Planned. Nothing is granted."})
	says(t, "log", w.out, []string{`"echo[bot]" has a comment of the same kind`})
}

// plans is the environment of the workflow of plans.
func (w *siege) plans() map[string]string {
	env := map[string]string{}
	for name, value := range w.env {
		env[name] = value
	}
	env["GITHUB_EVENT_PATH"] = w.t.TempDir() + "/event.json"
	delete(env, "STEPDOWN_LEDGER_KEY")
	return env
}

// plan runs a plan of the request as its workflow does: without the ledger's key.
func (w *siege) plan() int {
	w.t.Helper()
	other := &siege{t: w.t, org: w.org, hub: w.hub, hubURL: w.hubURL, dir: w.dir, env: w.plans()}
	other.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"))
	code := other.bare("plan", "--comment")
	w.out = other.out
	return code
}

// TestAPlanTellsWhatStandsFromWhatIsToCome: nobody is asked to approve what no approval makes admissible, and nobody is told that it
// is denied for what is still to come.
func TestAPlanTellsWhatStandsFromWhatIsToCome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*siege)
		code    int
		check   string
		want    []string
		not     []string
	}{
		"nobody approved": {
			func(*siege) {}, 0, "completed neutral Planned: waits for an approval",
			[]string{"Whoever may approve", "### What it waits for", "⏳ no review approves the pull request"},
			[]string{"- ❌"},
		},
		"approved": {
			func(w *siege) { w.approve("grace") }, 0, "completed neutral Planned, and approved",
			[]string{"Planned, and approved by `grace`.", "**To do:** `dana-ops`: be there"},
			[]string{"Whoever may approve", "waits for"},
		},
		"approved by the author": {
			func(w *siege) { w.approve("frank") }, 0, "completed neutral Planned: waits for an approval",
			[]string{"⏳ the approval of frank does not count", "Whoever may approve"},
			[]string{"approved by `frank`"},
		},
		"one of two": {
			func(w *siege) {
				w.settings("elevation: {", "admission: {approvals: 2}\nelevation: {")
				w.approve("grace")
			}, 0, "completed neutral Planned: waits for an approval", []string{"1 of the 2 approvals", "Whoever may approve"}, []string{"Planned, and approved"},
		},
		"to be merged": {
			func(w *siege) {
				w.settings("elevation: {", "admission: {merge: required}\nelevation: {")
				w.approve("grace")
			}, 0, "completed neutral Planned, and approved: waits for what is listed", []string{"approved by `grace`", "Merge it."}, []string{"- ❌"},
		},
		"too long a window": {
			func(w *siege) { w.ask("{window: 5s}", "{window: 31m}") }, 1, "completed failure Denied: 1 objection",
			[]string{"**To do:** Ask for a shorter window", "access/invoice-export.yaml:8", "### What it needs after that", "⏳ no review"},
			[]string{"Whoever may approve"},
		},
		"another file": {
			func(w *siege) { w.push("frank", map[string]string{"Makefile": "all:\n"}) }, 1, "completed failure Denied: 2 objections",
			[]string{"`only_a_manifest`", "`one_manifest`"},
			[]string{"Whoever may approve"},
		},
		"a draft":    {func(w *siege) { w.hub.SetDraft(1, true) }, 1, "completed failure Denied: 1 objection", []string{"Mark it as ready"}, []string{"Whoever may approve"}},
		"a bot's":    {func(w *siege) { w.push("robot[bot]", map[string]string{"access/invoice-export.yaml": request + "#\n"}) }, 1, "completed failure Denied", []string{"pusher_known"}, nil},
		"no ruleset": {func(w *siege) { w.hub.Unprotect("main") }, 1, "completed failure Denied", []string{"branch_rules"}, []string{"Whoever may approve"}},
		"unreadable": {
			func(w *siege) { w.hub.Withhold("contents", 403) }, 1, "completed failure Denied", []string{"**What would mend these:**"}, []string{"Whoever may approve"},
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			c.prepare(w)
			if got := w.plan(); got != c.code {
				t.Errorf("exit code %d, want %d\n%s", got, c.code, w.out)
			}
			says(t, "comment", w.shown(1), c.want, c.not...)
			if got := w.check(w.hub.Head("change")); !strings.HasPrefix(got, c.check) {
				t.Errorf("check run: %s, want %s", got, c.check)
			}
			w.untouched()
		})
	}
}

// TestARunThatFailsBeforeItsLeaseSaysSo instead of leaving the plan standing.
func TestARunThatFailsBeforeItsLeaseSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*siege)
		want    []string
	}{
		"okta is down": {func(w *siege) { w.org.Inject(oktaemu.Fault{Method: http.MethodGet, Status: 503}) }, []string{"checking the org, before anything is changed", "503"}},
		"no issue": {func(w *siege) {
			w.ask("{window: 5s}", "{window: 5s, breakGlass: {reason: the year end}}")
			w.approve("heidi")
			w.hub.Withhold("issues", 403)
		}, []string{"opening the issue for the review of a break-glass request", "issues:"}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			c.prepare(w)
			w.approve("grace")
			w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request_review"))
			if got := w.run("apply", "--comment"); got != 3 {
				t.Errorf("exit code %d\n%s", got, w.out)
			}
			says(t, "comment", w.shown(1), append(c.want, "stepdown:stage failed", "Not carried out", "Nothing was granted."), "Planned")
			if got := w.check(w.hub.Head("change")); !strings.Contains(got, "completed failure") || !strings.Contains(got, "Not carried out") {
				t.Errorf("check run: %s", got)
			}
			w.nothingGranted()
		})
	}
}

// TestAnEndShowsWhatAnEndHas and nothing of an elevation.
func TestAnEndShowsWhatAnEndHas(t *testing.T) {
	t.Parallel()
	elevations := []string{"Window", "Role that it keeps", "Temporary role", "0s", "Operator", "FIN-1234"}
	w := newSiege(t)
	w.carriedOut()
	w.hub.Close(1)
	w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"))
	if got := w.run("apply", "--comment"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	says(t, "withdrawn", w.shown(1), []string{"stepdown:stage ended", "End of access", "a token for `" + victim + "`", "`invoice-export`"}, append(elevations, w.org.UserID(victim))...)

	w = newSiege(t)
	w.carriedOut()
	w.hub.Merge(1)
	w.hub.Commit("gone", nil)
	w.hub.Remove("gone", "access/invoice-export.yaml")
	n := w.hub.OpenPullRequest("frank", "gone", "No token")
	other := &siege{t: t, org: w.org, hub: w.hub, hubURL: w.hubURL, dir: w.dir, env: w.plans()}
	other.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request"))
	if got := other.bare("plan", "--comment"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, other.out)
	}
	says(t, "planned", w.shown(n), []string{"stepdown:stage ending", "End of access", "a token for `" + victim + "`"}, elevations...)
	w.hub.Review(n, "grace", "APPROVED")
	w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
	if got := w.run("apply", "--comment"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	says(t, "removed", w.shown(n), []string{"stepdown:stage ended", "`grace`", "a token for `" + victim + "`"}, elevations...)
}

// TestSettingsThatCannotBeReadAreNotTheRequestsFault.
func TestSettingsThatCannotBeReadAreNotTheRequestsFault(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.hub.Commit("main", map[string]string{"access/settings.yaml": rulesOfSiege + "surprise: true\n"})
	w.approve("grace")
	for _, run := range []func() int{w.plan, func() int { return w.run("apply", "--comment") }} {
		if got := run(); got != 2 {
			t.Errorf("exit code %d\n%s", got, w.out)
		}
		says(t, "comment", w.shown(1), []string{"access/settings.yaml:8 on main", "surprise is not a known field. Known here:", "Whoever looks after access/settings.yaml mends it in main: this request cannot.", "surprise"}, "has to be approved again", "(`manifest`")
	}
	w.nothingGranted()

	// A pull request that asks for nothing hears nothing of it.
	w.hub.Commit("other", map[string]string{"Makefile": "all:\n"})
	n := w.hub.OpenPullRequest("heidi", "other", "Something else")
	w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
	if got := w.run("apply", "--comment"); got != 0 || w.shown(n) != "" {
		t.Errorf("exit code %d: %s\n%s", got, w.shown(n), w.out)
	}
}

// TestTheOperatorIsAddressed: whoever reads what it waits for may be the operator.
func TestTheOperatorIsAddressed(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
	if got := w.run("apply", "--comment"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	for what, text := range map[string]string{"log": w.out, "comment": w.shown(1)} {
		says(t, what, text, []string{"The operator (dana-ops) comments /stepdown ready on the pull request"}, "Have dana-ops write")
	}
}

// TestADenialIsWhatOneSees: it comes last, after a trace that says what the facts were.
func TestADenialIsWhatOneSees(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.ask("{window: 5s}", "{window: 31m}")
	w.approve("grace")
	if got := w.run("apply", "--comment"); got != 1 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	trace := []string{"request.window_seconds: 1860, settings.max_window_seconds: 1800", "pull_request.draft: false", "grace APPROVED " + w.hub.Head("change")[:12]}
	says(t, "log", w.out, trace)
	says(t, "comment", w.shown(1), []string{"request.window_seconds: 1860<br>settings.max_window_seconds: 1800"})
	if last, denial := strings.LastIndex(w.out, "pull_request.draft"), strings.LastIndex(w.out, "is not admitted"); denial < last {
		t.Errorf("the denial is before the trace:\n%s", w.out)
	}
	if last, denying := strings.LastIndex(w.out, "  pass "), strings.Index(w.out, "  deny "); denying < last {
		t.Errorf("what denies is not last in the trace:\n%s", w.out)
	}
}

// TestStuckSaysOneCommand in the log and on the pull request, with where the ledger is; and a sweep that undoes it later says so.
func TestStuckSaysOneCommand(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.approve("grace")
	w.tokensOnGrant(func(r oktaemu.Request) {
		if w.granted.Load() && r.Method == "POST" && strings.HasSuffix(r.Path, "/roles") {
			w.org.Inject(oktaemu.Fault{Method: http.MethodDelete, Status: 503})
		}
	})
	if got := w.run("apply", "--comment"); got != 4 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	const command = "stepdown sweep --ledger branch:stepdown-ledger --comment"
	says(t, "log", w.out, []string{command}, "stepdown sweep\n", "on disk")
	says(t, "comment", w.shown(1), []string{"stepdown:stage stuck", "```sh\n" + command + "\n```"})
	w.org.ClearFaults()
	if got := w.run("sweep", "--comment"); got != 1 { // for the token that was created and is revoked
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	says(t, "comment", w.shown(1), []string{"stepdown:stage undone", "that is proved", "was created in the window and is revoked"}, "STUCK:")
	if got := w.check(w.hub.Head("change")); got != "completed failure Not done, and undone" {
		t.Errorf("check run: %s", got)
	}
}

// lastLease is the newest in the ledger.
func (w *siege) lastLease() access.Lease {
	w.t.Helper()
	leases, err := w.book(ledgerKey).Leases(w.t.Context())
	if err != nil || len(leases) == 0 {
		w.t.Fatalf("%d leases, %v", len(leases), err)
	}
	return leases[len(leases)-1]
}

func digestOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
