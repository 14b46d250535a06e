package cli

// What a run says on the pull request: one comment and one check run, kept up to date as it goes along. Saying it must never
// hold up the work: it is written in the background, the newest state alone, and that it cannot be written is told once.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/report"
)

// checkName is the name of the check run.
const checkName = "stepdown"

// How long one write to the pull request, and the last one of a run, may take.
const (
	boardBudget   = 20 * time.Second
	boardPatience = 30 * time.Second
)

// poster writes to the pull request; github.Client is one.
type poster interface {
	PutComment(ctx context.Context, number int, marker, body string) (url string, err error)
	PutCheckRun(ctx context.Context, sha string, run access.CheckRun) error
}

// board is the comment and the check run of one pull request. Its methods may be called on nil, which says nothing.
type board struct {
	to     poster
	number int
	sha    string
	warn   func(error)                                // told of the first failure of each kind
	may    func(context.Context, report.Thread) error // asked before the comment is written, if it is set: why it is to be left as it is

	mu     sync.Mutex
	thread report.Thread
	fresh  chan struct{} // there is something new to write; closed by close
	done   chan struct{}
	closed bool
	warned map[string]bool
}

// begin begins to write; call close. ctx carries its values only: what is said outlives the run that says it.
func (b *board) begin(ctx context.Context) *board {
	b.fresh, b.done, b.warned = make(chan struct{}, 1), make(chan struct{}), map[string]bool{}
	go b.work(context.WithoutCancel(ctx))
	return b
}

// set changes what is said, and leaves it to be written with what is shown next.
func (b *board) set(change func(*report.Thread)) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.thread)
}

// show changes what is said, and has it written.
func (b *board) show(change func(*report.Thread)) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.thread)
	b.thread.Now = time.Now().UTC()
	if b.closed {
		return
	}
	select {
	case b.fresh <- struct{}{}:
	default: // what is waiting to be written will be the newest then
	}
}

// close waits until the last state is written, but not for ever.
func (b *board) close() {
	if b == nil {
		return
	}
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.fresh)
	}
	b.mu.Unlock()
	select {
	case <-b.done:
	case <-time.After(boardPatience):
		b.complain("comment", fmt.Errorf("pull request %d does not show how this ended: GitHub did not answer within %s", b.number, boardPatience))
	}
}

func (b *board) work(ctx context.Context) {
	defer close(b.done)
	for range b.fresh {
		b.mu.Lock()
		t := b.thread
		b.mu.Unlock()
		b.write(ctx, t)
	}
}

// write writes once. That it panics is told as any failure: it runs beside a run that may have an account elevated.
func (b *board) write(ctx context.Context, t report.Thread) {
	ctx, cancel := context.WithTimeout(ctx, boardBudget)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			b.complain("comment", fmt.Errorf("the program failed: %v", p))
		}
	}()
	b.comment(ctx, t)
	if b.sha == "" {
		return
	}
	status, conclusion, title, summary := report.ThreadCheck(t)
	err := b.to.PutCheckRun(ctx, b.sha, access.CheckRun{
		Name: checkName, ExternalID: fmt.Sprintf("pull-request-%d", b.number), DetailsURL: t.RunURL,
		Status: status, Conclusion: conclusion, Title: title, Summary: string(summary),
	})
	b.complain("check run", written("check run", b.number, err))
}

// comment writes the comment, if it may. What keeps it from that keeps nothing else: any workflow can write a comment that looks as
// if it were of a lease, and that must not silence the check run.
func (b *board) comment(ctx context.Context, t report.Thread) {
	if b.may != nil {
		if why := b.may(ctx, t); why != nil {
			b.complain("leave", fmt.Errorf("the comment of pull request %d is left as it is: %w", b.number, why))
			return
		}
	}
	var body bytes.Buffer
	err := report.ThreadMarkdown(&body, t)
	if err == nil {
		_, err = b.to.PutComment(ctx, b.number, report.ThreadMarker, body.String())
	}
	var beside *github.Beside
	if errors.As(err, &beside) {
		b.complain("other comment", fmt.Errorf("the comment of pull request %d is written, but %w", b.number, err))
	} else {
		b.complain("comment", written("comment", b.number, err))
	}
}

// written says what could not be written.
func written(what string, number int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the %s of pull request %d could not be written: %w", what, number, err)
}

func (b *board) complain(kind string, err error) {
	if err == nil {
		return
	}
	b.mu.Lock()
	first := !b.warned[kind]
	b.warned[kind] = true
	b.mu.Unlock()
	if first {
		b.warn(err)
	}
}

// boardNarrator shows on the pull request what a workflow tells.
type boardNarrator struct {
	board *board
	told  time.Time // when the time left was last shown
}

// boardEvery is how often the time left is shown anew.
const boardEvery = time.Minute

// Reached implements elevation.Narrator.
func (n *boardNarrator) Reached(tr access.Transition) {
	n.board.show(func(t *report.Thread) {
		t.Transitions = append(t.Transitions[:len(t.Transitions):len(t.Transitions)], tr)
		if tr.State == access.StateCreated || tr.State == access.StateUndoing {
			t.Stage = report.StageStepping
		}
	})
}

// HandOff implements elevation.Narrator.
func (n *boardNarrator) HandOff(i elevation.Instructions) {
	n.told = time.Now()
	n.board.show(func(t *report.Thread) { t.Stage, t.EndsAt = report.StageOpen, i.EndsAt })
}

// Waiting implements elevation.Narrator.
func (n *boardNarrator) Waiting(time.Duration) {
	if time.Since(n.told) >= boardEvery {
		n.told = time.Now()
		n.board.show(func(*report.Thread) {})
	}
}

// Trying implements elevation.Narrator: the log has it.
func (n *boardNarrator) Trying(elevation.Attempt) {}

// narrators tells several.
type narrators []elevation.Narrator

// Reached implements elevation.Narrator.
func (all narrators) Reached(t access.Transition) {
	for _, n := range all {
		n.Reached(t)
	}
}

// HandOff implements elevation.Narrator.
func (all narrators) HandOff(i elevation.Instructions) {
	for _, n := range all {
		n.HandOff(i)
	}
}

// Waiting implements elevation.Narrator.
func (all narrators) Waiting(left time.Duration) {
	for _, n := range all {
		n.Waiting(left)
	}
}

// Trying implements elevation.Narrator.
func (all narrators) Trying(a elevation.Attempt) {
	for _, n := range all {
		n.Trying(a)
	}
}
