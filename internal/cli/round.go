package cli

// The rounds of sweeps: a sweep that looked leaves word in the ledger, and whoever opens a lease says where none has for too long.

import (
	"context"
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// roundEvery is the least time between two words of sweeps: each is a commit.
const roundEvery = 20 * time.Minute

// leaveWord has the ledger say that a sweep of the org could read every lease, and that its credential could have ended one: it is
// tried for that, so that one that has expired is found out before it is needed.
func (s *session) leaveWord(ctx context.Context, w *sweeper) error {
	if err := w.CanRemove(ctx); err != nil {
		return coded(ExitFailed, fmt.Errorf("if a lease were due, this sweep could not end it: %w", err))
	}
	rounds, err := w.book.Rounds(ctx)
	if err != nil {
		return coded(ExitFailed, fmt.Errorf("reading when a sweep last did its round: %w", err))
	}
	if ago := time.Since(access.LastRound(rounds, s.orgURL).At); ago < roundEvery && ago > -access.ClockSkew {
		return nil
	}
	round := access.Round{OrgURL: s.orgURL, At: time.Now(), Run: s.runner.Context().RunURL()}
	if err := w.book.RecordRound(ctx, round); err != nil {
		return coded(ExitFailed, fmt.Errorf("leaving word in the ledger that the sweep did its round: %w", err))
	}
	return nil
}

// sayLateSweep warns where no sweep has done a round for longer than the settings allow: if this run is lost, nobody ends its lease.
func (s *session) sayLateSweep(ctx context.Context, b book, leases []access.Lease, within time.Duration) {
	rounds, err := b.Rounds(ctx)
	if err != nil {
		s.warn(fmt.Errorf("whether a sweep runs is not known: %w", err))
		return
	}
	since := access.SweptSince(rounds, leases, s.orgURL)
	ago := time.Since(since)
	if since.IsZero() || ago <= within && ago > -access.ClockSkew {
		return
	}
	last, when := "no sweep has done a round since the first lease was opened, at", fmt.Sprintf("more than %s ago", within)
	if !access.LastRound(rounds, s.orgURL).At.IsZero() {
		last = "the last sweep did its round at"
	}
	if ago < 0 {
		when = "which is a time to come"
	}
	s.warn(fmt.Errorf("%s %s, %s: if this run is lost, nobody may end its lease\nLook at the workflow of stepdown sweep: is it switched off, does its credential still work?",
		last, since.UTC().Format("2006-01-02 15:04 UTC"), when))
}
