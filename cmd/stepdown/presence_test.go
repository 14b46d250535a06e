package main

import (
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestEachWordOpensOneWindow: after a window that was missed, neither the approval nor the operator's comment that opened it opens
// another, however often the run is started anew.
func TestEachWordOpensOneWindow(t *testing.T) {
	t.Parallel()
	for name, speak := range map[string]func(*siege) (seen string){
		"approval": func(w *siege) string { w.approve("grace"); return "waiting: nobody has been there" },
		"comment": func(w *siege) string {
			w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
			w.hub.Comment(1, "dana-ops", "/stepdown ready")
			return "it does not count: a window was opened for it already; write a new one"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			seen := speak(w)
			if got := w.run("apply"); got != 3 {
				t.Fatalf("the window that is missed: exit code %d\n%s", got, w.out)
			}
			w.granted.Store(false)
			if got := w.run("apply"); got != 0 {
				t.Errorf("exit code %d\n%s", got, w.out)
			}
			w.nothingGranted()
			says(t, "log", w.out, []string{", which opened a window already", seen})
			w.approve("heidi")
			w.tokensOnGrant(func(oktaemu.Request) {})
			if got := w.run("apply"); got > 1 {
				t.Errorf("with another word: exit code %d\n%s", got, w.out)
			}
			w.has(1, "invoice-export")
		})
	}
}

// TestAWordIsSpentMeanwhile has another run use up the approval between what this one decides on and its own lease.
func TestAWordIsSpentMeanwhile(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	approved := time.Now().Add(-time.Minute).Truncate(time.Second)
	w.approve("grace", githubemu.AtTime(approved))
	w.once("GET", "/roles", func() {
		terms := w.terms("20300101-000000-other")
		terms.Approval = &access.Approval{
			Repository: "acme/okta-access", PullRequest: 1, HeadSHA: w.hub.Head("change"), ManifestPath: "access/invoice.yaml",
			PresentAt: approved,
		}
		book := w.book(ledgerKey)
		_, err := book.Open(t.Context(), terms, time.Now())
		for _, state := range []access.State{access.StateReady, access.StateElevated, access.StateUndoing, access.StateUndone} {
			if err == nil {
				_, err = book.Append(t.Context(), terms.ID, access.Entry{State: state, At: time.Now()})
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
	if got := w.run("apply"); got != 3 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	says(t, "log", w.out, []string{"has to wait by now", "which opened a window already"})
	w.nothingGranted()
}
