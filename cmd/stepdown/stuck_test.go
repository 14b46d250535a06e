package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestAStuckStepDownCallsForSomebody: the exit code, the annotation and the check run say it, and an issue does, once. The token is
// revoked at once, and a sweep goes on until it is over.
func TestAStuckStepDownCallsForSomebody(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.approve("grace")
	w.inAction()
	w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", Status: 500})
	w.tokensOnGrant(func(oktaemu.Request) {})
	command := "stepdown sweep --ledger branch:stepdown-ledger --comment"
	calls := func(when string) {
		t.Helper()
		var called []string
		for _, issue := range w.hub.Issues() {
			called = append(called, issue.Title)
			if !strings.Contains(issue.Body, command) {
				t.Errorf("%s: the issue does not say how to end it: %s", when, issue.Body)
			}
		}
		if want := []string{"STUCK: " + victim + " may still be elevated"}; !slices.Equal(called, want) {
			t.Errorf("%s: issues %q, want %q", when, called, want)
		}
	}
	if got := w.run("apply"); got != 4 || !strings.Contains(w.out, "::error") || !strings.Contains(w.out, command) {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	calls("after the run")
	if tokens := w.org.TokensOf(victim); len(tokens) > 0 {
		t.Errorf("the account owns %q", tokens)
	}
	runs := w.hub.CheckRuns(w.hub.Head("change"))
	if len(runs) != 1 || runs[0].Conclusion != "failure" {
		t.Errorf("check runs %+v", runs)
	}
	if got := w.run("sweep"); got != 4 {
		t.Errorf("a sweep that cannot end it either: exit code %d\n%s", got, w.out)
	}
	calls("after a sweep")
	w.org.ClearFaults()
	if got := w.run("sweep"); got != 0 {
		t.Errorf("a sweep that can: exit code %d\n%s", got, w.out)
	}
	if roles := w.org.RolesOf(victim); len(roles) > 0 {
		t.Errorf("the account holds %q", roles)
	}
	calls("afterwards")
}
