package cli

// A sweep that goes on: for where GitHub's schedule is not to be relied on.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/elevation"
)

// The bounds of --watch. Longer than an hour would be no watch.
const (
	minWatch = time.Second
	maxWatch = time.Hour
)

// refreshEvery is how long a watch works with the same connections and the same memory of the ledger, which only grows.
const refreshEvery = time.Hour

func checkWatch(value string) error {
	if every, err := time.ParseDuration(value); err != nil || every < minWatch || every > maxWatch {
		return fmt.Errorf("want a duration from %s to %s, such as 1m", minWatch, maxWatch)
	}
	return nil
}

// watch sweeps again and again, until ctx ends: then it ends with what came of the last whole round. What a round begins to undo it
// undoes to its end. Only what is wrong with the input ends it before, and only in the first round: everything else may pass.
func (s *session) watch(ctx context.Context, every time.Duration) error {
	fmt.Fprintf(s.stdout, "sweeping every %s until a signal ends it; the leases are in %s\n", every, s.ledgerName())
	var w *sweeper
	var made time.Time
	var last error
	for first := true; ; first = false {
		err := error(nil)
		if w == nil || time.Since(made) > refreshEvery {
			if w, err = s.sweeper(ctx, false); err == nil {
				made = time.Now()
			}
		}
		if err == nil {
			err = s.sweepLeases(ctx, w, false, s.mustBeThere)
		} else {
			w = nil
		}
		var stuck *elevation.Stuck
		switch whole := err == nil || errors.As(err, &stuck); {
		case ctx.Err() != nil && whole:
			return s.endWatch(err)
		case ctx.Err() != nil: // it was cut short
			return s.endWatch(last)
		case first && exitCode(err) == ExitUsage:
			return err
		case err != nil && (last == nil || last.Error() != err.Error()):
			s.complain(err)
		case err == nil && last != nil:
			fmt.Fprintf(s.stdout, "%s the sweep goes on: what was wrong is over\n", clock())
		}
		if last = err; !sleepUntil(ctx, every) {
			return s.endWatch(last)
		}
	}
}

// endWatch ends a watch as its last round ended.
func (s *session) endWatch(last error) error {
	fmt.Fprintf(s.stdout, "%s the watch is ended by a signal\n", clock())
	return last
}

// sayIdle says what a round found to do nothing about; a watch says it where it is not what it said before.
func (s *session) sayIdle(text string) {
	switch {
	case !s.watching:
		fmt.Fprint(s.stdout, text)
	case text != s.idle:
		fmt.Fprintf(s.stdout, "%s %s", clock(), text)
	}
	s.idle = text
}

func clock() string { return time.Now().UTC().Format("2006-01-02 15:04:05 UTC") }

// sleepUntil waits for d and tells whether ctx has not ended before.
func sleepUntil(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
