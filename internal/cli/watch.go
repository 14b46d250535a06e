package cli

// A sweep that goes on: for where GitHub's schedule is not to be relied on.

import (
	"context"
	"errors"
	"fmt"
	"regexp"
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
	stdout, stderr := s.stdout, s.stderr
	out, complaints := newRelay(stdout), newRelay(stderr) // a reader that goes away holds nothing up
	s.stdout, s.stderr = out, complaints
	defer func() {
		s.stdout, s.stderr = stdout, stderr
		out.close(2 * time.Second)
		complaints.close(2 * time.Second)
	}()
	fmt.Fprintf(s.stdout, "sweeping every %s until a signal ends it; the leases are in %s\n", every, s.ledgerName())
	var w *sweeper
	var made, amended time.Time
	last := error(coded(ExitFailed, errors.New("no round was finished")))
	for first := true; ; first = false {
		err := error(nil)
		if w == nil || time.Since(made) > refreshEvery {
			if w, err = s.sweeper(ctx, false); err == nil {
				made = time.Now()
			}
		}
		if err == nil {
			err = s.sweepLeases(ctx, w, false, s.mustBeThere)
			if time.Since(amended) >= amendEvery {
				amended = time.Now()
				s.amend(ctx, w)
			}
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
		case err != nil && !s.repeats(err.Error()):
			s.complain(err)
		case err == nil && last != nil && !first:
			s.said = nil
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

// sayAgain is how long a watch does not say again what it said, for as long as nothing else comes of its rounds.
const sayAgain = time.Hour

// repeats tells whether a watch has said the same lately, but for times, request ids and other words with a digit in them.
func (s *session) repeats(text string) bool {
	if !s.watching {
		return false
	}
	key := regexp.MustCompile(`\S*\d\S*`).ReplaceAllString(text, "#")
	s.saying.Lock()
	defer s.saying.Unlock()
	if at, said := s.said[key]; said && time.Since(at) < sayAgain {
		return true
	}
	if s.said == nil || len(s.said) > 1000 {
		s.said = map[string]time.Time{}
	}
	s.said[key] = time.Now()
	return false
}

// say prints what came of a round; a watch says it where it has not lately, and when.
func (s *session) say(text string) {
	switch {
	case !s.watching:
		fmt.Fprint(s.stdout, text)
	case text != "" && !s.repeats(text):
		fmt.Fprintf(s.stdout, "%s %s", clock(), text)
	}
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
