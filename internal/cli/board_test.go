package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/report"
)

// wall is what a board writes to.
type wall struct {
	mu       sync.Mutex
	comments []string
	checks   []string
	err      error
}

func (w *wall) PutComment(_ context.Context, _ int, _, body string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.comments = append(w.comments, body)
	return "", w.err
}

func (w *wall) PutCheckRun(_ context.Context, _ string, run access.CheckRun) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.checks = append(w.checks, run.Title)
	return nil
}

// TestABoardAsksBeforeEachWrite of the comment: a window may have opened since the plan was begun.
func TestABoardAsksBeforeEachWrite(t *testing.T) {
	t.Parallel()
	w, why := &wall{}, error(nil)
	var warned []string
	board := func() *board {
		b := &board{to: w, number: 7, sha: strings.Repeat("a", 40), thread: report.Thread{Stage: report.StagePlanned}}
		b.warn = func(err error) { warned = append(warned, err.Error()) }
		b.may = func(context.Context, report.Thread) error { return why }
		return b.begin(t.Context())
	}
	b := board()
	b.show(func(*report.Thread) {})
	b.close()
	if len(w.comments) != 1 || len(w.checks) != 1 || len(warned) > 0 {
		t.Errorf("%q, %q, %q", w.comments, w.checks, warned)
	}
	why = errors.New("the window is open")
	b = board()
	b.show(func(*report.Thread) {})
	b.close()
	if len(w.comments) != 1 || len(w.checks) != 2 || !slices.Equal(warned, []string{"the comment of pull request 7 is left as it is: the window is open"}) {
		t.Errorf("it wrote the comment, did not write the check run, or did not say why not: %q, %q, %q", w.comments, w.checks, warned)
	}
	why, warned, w.err = nil, nil, fmt.Errorf("on the way: %w", &github.Beside{User: "other[bot]", URL: "https://x"})
	b = board()
	b.show(func(*report.Thread) {})
	b.close()
	if len(warned) != 1 || !strings.Contains(warned[0], "is written, but") || !strings.Contains(warned[0], "other[bot]") {
		t.Errorf("%q", warned)
	}
}

// TestTheSweepByHandFindsTheLedger: by hand, a folder is the default, in a workflow, a branch.
func TestTheSweepByHandFindsTheLedger(t *testing.T) {
	t.Parallel()
	stuck := access.Evidence{State: access.StateStuck, Transitions: []access.Transition{{State: access.StateStuck}}}
	for _, c := range []struct {
		env    map[string]string
		ledger string
		ev     access.Evidence
		want   string
	}{
		{nil, "", stuck, "stepdown sweep"},
		{nil, "", access.Evidence{State: access.StateStuck}, "stepdown sweep --now"}, // the ledger did not take it, so that it is not due
		{nil, "branch:leases", stuck, "stepdown sweep --ledger branch:leases --comment"},
		{nil, "my folder/it's", stuck, `stepdown sweep --ledger 'my folder/it'\''s'`},
		{map[string]string{"GITHUB_ACTIONS": "true"}, "", stuck, "stepdown sweep --ledger branch:stepdown-ledger --comment"},
		{map[string]string{"GITHUB_ACTIONS": "true"}, "branch:leases", access.Evidence{}, "stepdown sweep --now --ledger branch:leases --comment"},
	} {
		s := quiet(t, c.env)
		s.ledgerDir = c.ledger
		if got := s.sweepCommand(c.ev); got != c.want {
			t.Errorf("%v, %q: got %q, want %q", c.env, c.ledger, got, c.want)
		}
	}
}

// TestPostCommentsAsTheInputSays, which has no flags.
func TestPostCommentsAsTheInputSays(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]bool{"": true, "true": true, "false": false, "0": false, "nonsense": true} {
		s := quiet(t, map[string]string{"GITHUB_ACTIONS": "true", "INPUT_COMMENT": input})
		if s.takeInputs(); s.comment != want {
			t.Errorf("%q: %v", input, s.comment)
		}
	}
	if s := quiet(t, nil); s.commented() {
		t.Error("it comments outside Actions")
	}
}
