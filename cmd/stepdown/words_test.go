package main

import (
	"testing"

	"github.com/stepdown/stepdown/internal/githubemu"
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
