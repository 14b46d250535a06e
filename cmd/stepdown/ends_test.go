package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// second is a pull request of heidi's, approved, for another token of the victim's with the same role, which may be elevated beside
// the first. Its token is made as soon as the victim is elevated for it.
func (w *siege) second() (number int, made func(oktaemu.Request)) {
	w.t.Helper()
	m := strings.ReplaceAll(request, "name: invoice-export", "name: invoice-report")
	m = strings.Replace(m, "{window: 5s}", "{window: 5s, coElevate: true}", 1)
	w.hub.CommitAs("heidi", "second", map[string]githubemu.Entry{"access/invoice-report.yaml": {Content: m}})
	number = w.hub.OpenPullRequest("heidi", "second", "Another token")
	w.hub.Review(number, "grace", "APPROVED")
	return number, func(r oktaemu.Request) {
		if r.Method == "POST" && strings.HasSuffix(r.Path, "/roles") && slices.Contains(w.org.RolesOf(victim), temporary) {
			time.AfterFunc(200*time.Millisecond, func() { _, _ = w.org.AddToken(victim, "invoice-report") })
		}
	}
}

// removal opens a pull request of frank's, approved, that removes a manifest of the default branch.
func (w *siege) removal(path string) (number int, review int64) {
	w.t.Helper()
	w.hub.Commit("gone", nil)
	w.hub.CommitAs("frank", "gone", map[string]githubemu.Entry{path: {Delete: true}})
	number = w.hub.OpenPullRequest("frank", "gone", "It is not used any more")
	return number, w.hub.Review(number, "grace", "APPROVED")
}

// TestOneRunCarriesOutAndEnds: while what was given for a withdrawn request is not taken back, another request for the account is not
// carried out; once it is, it is.
func TestOneRunCarriesOutAndEnds(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	_, do := w.second()
	w.onRequest(do)
	w.hub.Close(1)
	w.event("workflow_dispatch", w.hub.DispatchEvent(map[string]string{}, "grace"))
	if got := w.run("apply"); got != 1 || !strings.Contains(w.out, "was carried out for this account") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(0)
	w.event("issue_comment", w.hub.CommentEvent(2, w.hub.Comment(2, "dana-ops", "/stepdown ready")))
	if got := w.run("apply"); got > 1 { // the log may show what was done in the window just before
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(1, "invoice-report")
}

// TestAnEndLooksAgainUnderItsLease has the account given the same role under another lease between what an end decides on and its own.
// The end is given up.
func TestAnEndLooksAgainUnderItsLease(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	first := w.lastLease()
	w.hub.Close(1)
	w.event("issue_comment", w.hub.CommentEvent(1, w.hub.Comment(1, "passer-by", "/stepdown please")))
	w.once("GET", "/roles", func() {
		terms := first.Terms
		terms.ID, terms.AddsIntended, terms.TokenName, terms.OpenedAt = "20300101-000000-other", false, "invoice-report", time.Now()
		approval := *terms.Approval
		approval.PullRequest = 2
		terms.Approval = &approval
		book := w.book(ledgerKey)
		_, err := book.Open(t.Context(), terms, time.Now())
		for _, state := range []access.State{access.StateReady, access.StateElevated, access.StateCreated, access.StateSteppedDown, access.StateProved, access.StateDelivered, access.StateClosed} {
			if err == nil {
				_, err = book.Append(t.Context(), terms.ID, access.Entry{State: state, At: time.Now()})
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
	if got := w.run("apply"); got == 0 || !strings.Contains(w.out, "by now given by something else") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.has(1, "invoice-export")
}

// TestMergedElsewhereIsWithdrawn: whoever can push can make a branch and have the pull request merged into it.
func TestMergedElsewhereIsWithdrawn(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]func(*siege){
		"on a schedule": func(w *siege) { w.event("schedule", w.hub.ScheduleEvent("7 * * * *")) },
		"at once":       func(w *siege) { w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request")) },
		"meanwhile": func(w *siege) {
			w.hub.Reopen(1)
			w.hub.SetBase(1, "main")
			w.hub.Close(1)
			w.event("schedule", w.hub.ScheduleEvent("7 * * * *"))
			w.once("GET", "/roles", func() { w.hub.Reopen(1); w.hub.SetBase(1, "side"); w.hub.Merge(1) })
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			w.carriedOut()
			w.onRequest(nil)
			w.hub.CreateBranch("mallory", "side", w.hub.Head("main"))
			if name != "meanwhile" {
				w.hub.SetBase(1, "side")
				w.hub.Merge(1)
			} else {
				w.hub.Close(1)
			}
			signal(w)
			if got := w.run("apply"); got != 0 {
				t.Errorf("exit code %d\n%s", got, w.out)
			}
			w.has(0)
		})
	}
}

// TestAWithdrawalOfAnotherRole: that the default branch declares the account with another role is no reason for the one that was
// given.
func TestAWithdrawalOfAnotherRole(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	other := strings.Replace(request, "{customRole: Group reader, resourceSet: Invoice groups}", "{customRole: People reader, resourceSet: Payroll people}", 1)
	w.hub.Commit("main", map[string]string{"access/invoice-export.yaml": other})
	w.push("frank", map[string]string{"access/invoice-export.yaml": request + "# another role\n"})
	w.carriedOut()
	w.hub.Close(1)
	w.scheduled(0)
	w.has(0)
}

// TestARemovalLeavesWhatAnotherDeclaresByItsID: two manifests may name one account in two ways.
func TestARemovalLeavesWhatAnotherDeclaresByItsID(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"access/invoice-export.yaml", "access/invoice-report.yaml"} {
		t.Run(strings.TrimPrefix(gone, "access/"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			w.carriedOut()
			w.hub.Merge(1)
			w.onRequest(nil)
			byID := strings.ReplaceAll(strings.ReplaceAll(request, victim, w.org.UserID(victim)), "name: invoice-export", "name: invoice-report")
			w.hub.Commit("main", map[string]string{"access/invoice-report.yaml": byID})
			if _, err := w.org.AddToken(victim, "invoice-report"); err != nil {
				t.Fatal(err)
			}
			n, _ := w.removal(gone)
			w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
			if got := w.run("apply"); got != 1 || !strings.Contains(w.out, "is declared by access/invoice-") {
				t.Errorf("exit code %d\n%s", got, w.out)
			}
			w.has(1, "invoice-export", "invoice-report")
		})
	}
}

// TestACommentOfAnEndThatWasGivenUp does not say that anything was taken away.
func TestACommentOfAnEndThatWasGivenUp(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.carriedOut()
	w.hub.Merge(1)
	n, review := w.removal("access/invoice-export.yaml")
	w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
	w.once("GET", "/roles", func() { w.hub.Dismiss(n, review) })
	if got := w.run("apply"); got == 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	// the run was lost before it could say so: its comment is of the moment before
	w.hub.Comment(n, "github-actions[bot]", "<!-- stepdown:thread -->\n<!-- stepdown:stage stepping "+w.hub.Head("gone")+" -->\n## stepping down", githubemu.CommentByBot())
	w.event("schedule", w.hub.ScheduleEvent("7 * * * *"))
	if got := w.run("apply", "--comment=true"); got != 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	comments := w.hub.Comments(n)
	if body := comments[len(comments)-1].Body; !strings.Contains(body, "stage undone") || !strings.Contains(body, "nothing of what this request gave was taken away") {
		t.Errorf("the comment is:\n%s", body)
	}
	w.has(1, "invoice-export")
}

// TestARemovalIsOfWhatWasApproved: by the time it is carried out, the path declares the victim, and did not when it was approved.
func TestARemovalIsOfWhatWasApproved(t *testing.T) {
	t.Parallel()
	const path = "access/old.yaml"
	move := func(w *siege) { // say, the files are tidied up
		w.hub.CommitEntries("main", map[string]githubemu.Entry{path: {Content: request}, "access/invoice-export.yaml": {Delete: true}})
	}
	for name, meanwhile := range map[string]func(w *siege, n int){
		"open": func(w *siege, n int) {
			move(w)
			w.event("workflow_run", w.hub.WorkflowRunEvent(n, "pull_request_review"))
		},
		"merged": func(w *siege, n int) {
			w.hub.Merge(n)
			move(w)
			w.hub.CommitEntries("main", map[string]githubemu.Entry{path: {Delete: true}})
			w.event("issue_comment", w.hub.CommentEvent(n, w.hub.Comment(n, "passer-by", "/stepdown please")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			w.carriedOut()
			w.hub.Merge(1)
			w.onRequest(nil)
			w.hub.Commit("main", map[string]string{path: strings.ReplaceAll(request, "invoice-export", "future")})
			n, _ := w.removal(path)
			meanwhile(w, n)
			got := w.run("apply")
			w.has(1, "invoice-export")
			if name == "open" {
				if got != 1 || !strings.Contains(w.out, "another manifest there by now") {
					t.Errorf("exit code %d\n%s", got, w.out)
				}
				w.deniedBy("facts_readable")
			} else if !strings.Contains(w.out, "svc-future@acme.example") && !strings.Contains(w.out, "of future is there") {
				t.Errorf("exit code %d; it is not of what was removed\n%s", got, w.out)
			}
		})
	}
}

// TestWhatIsAcceptedHidesNoLease: a person does what the errors say, while the victim is elevated under a lease whose run is dead.
func TestWhatIsAcceptedHidesNoLease(t *testing.T) {
	t.Parallel()
	t.Run("the wrong key", func(t *testing.T) {
		t.Parallel()
		w := newSiege(t)
		w.elevated()
		w.env["STEPDOWN_LEDGER_KEY"] = strings.Repeat("w", 40)
		if got := w.run("sweep"); got == 0 || !strings.Contains(w.out, "STEPDOWN_LEDGER_KEY is not the key") || strings.Contains(w.out, "--ledger-accept") {
			t.Errorf("exit code %d\n%s", got, w.out)
		}
		if got := w.run("sweep", "--ledger-accept", w.hub.Head(ledger.DefaultBranch)); got == 0 || strings.Contains(w.out, "no lease is due") {
			t.Errorf("accepted: exit code %d\n%s", got, w.out)
		}
	})
	t.Run("a deletion", func(t *testing.T) {
		t.Parallel()
		w := newSiege(t)
		w.elevated()
		tip := w.hub.Head(ledger.DefaultBranch)
		w.hub.DeleteBranch("mallory", ledger.DefaultBranch)
		id := fmt.Sprint(w.hub.Activity(ledger.DefaultBranch)[0].ID)
		if got := w.run("apply"); got != 2 ||
			!strings.Contains(w.out, "gh api --method POST repos/acme/okta-access/git/refs -f ref=refs/heads/stepdown-ledger -f sha="+tip) ||
			!strings.Contains(w.out, "--ledger-accept "+id) {
			t.Errorf("exit code %d\n%s", got, w.out)
		}
		if got := w.run("sweep", "--ledger-accept", id); got != 0 || strings.Contains(w.out, "never had one") {
			t.Errorf("accepted: exit code %d\n%s", got, w.out)
		}
		w.has(0)
		if got := w.run("sweep", "--ledger-accept", id); got != 0 || strings.Contains(w.out, "never had one") || !strings.Contains(w.out, "no lease is due") {
			t.Errorf("the second sweep: exit code %d\n%s", got, w.out)
		}
	})
	t.Run("a deletion, nothing open", func(t *testing.T) {
		t.Parallel()
		w := newSiege(t)
		w.carriedOut()
		w.hub.DeleteBranch("mallory", ledger.DefaultBranch)
		id := fmt.Sprint(w.hub.Activity(ledger.DefaultBranch)[0].ID)
		if got := w.run("sweep", "--ledger-accept", id); got != 0 || strings.Contains(w.out, "never had one") || !strings.Contains(w.out, "no lease is due") {
			t.Errorf("exit code %d\n%s", got, w.out)
		}
		w.hub.Close(1) // what was given is not forgotten either
		w.onRequest(nil)
		w.event("schedule", w.hub.ScheduleEvent("7 * * * *"))
		if got := w.run("apply", "--ledger-accept", id); got != 0 {
			t.Errorf("exit code %d\n%s", got, w.out)
		}
		w.has(0)
	})
}

// TestARunThatFindsNothingToDoSaysSo: a log that is empty is one that nobody can tell from one that was lost.
func TestARunThatFindsNothingToDoSaysSo(t *testing.T) {
	t.Parallel()
	says := func(w *siege, event string, payload []byte, want string) {
		t.Helper()
		w.event(event, payload)
		if got := w.run("apply"); got != 0 || !strings.Contains(w.out, want) || strings.Count(w.out, "\n") != 1 {
			t.Errorf("exit code %d, want one line with %q:\n%s", got, want, w.out)
		}
	}
	w := newSiege(t)
	head := w.hub.Head("change")
	w.hub.Close(1)
	says(w, "workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"), "commit "+head+" is of no pull request that is open")
	says(w, "schedule", w.hub.ScheduleEvent("7 * * * *"), "nothing to do: there is no open pull request, and nothing that was given is to be taken back")

	w = newSiege(t)
	w.carriedOut()
	w.onRequest(nil)
	w.hub.Merge(1)
	says(w, "schedule", w.hub.ScheduleEvent("7 * * * *"), "is settled: its pull request is merged")
	says(w, "schedule", w.hub.ScheduleEvent("7 * * * *"), "nothing to do: there is no open pull request")
}
