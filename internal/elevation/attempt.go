package elevation

// What goes on being tried, and how it is told: Okta or the ledger may refuse it for as long as a step-down may take.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// Attempt is something that is tried until it succeeds or its time is over.
type Attempt struct {
	What   string
	Failed int       // how many tries have failed so far
	Err    error     // what the last of them failed with
	Until  time.Time // when it is given up; zero where it is not tried again by itself
}

// What is tried until it succeeds, for people.
const (
	removing  = "removing roles of"
	revoking  = "revoking tokens of"
	proving   = "proving what is left to"
	recording = "writing to the ledger about"
)

// attempt is an attempt at something for the account, as long as ctx lasts.
func (r *run) attempt(ctx context.Context, what string) Attempt {
	a := Attempt{What: fmt.Sprintf("%s account %q", what, r.lease.Account.Login)}
	if !r.once {
		a.Until, _ = ctx.Deadline()
	}
	return a
}

// failed tells of a try that failed.
func (r *run) failed(a *Attempt, err error) {
	a.Failed, a.Err = a.Failed+1, err
	r.Tell.Trying(*a)
}

// insist repeats fn until it succeeds or ctx ends; then its last error is returned with the cause: the last that says more than
// that ctx ended. In a first try it does not repeat it.
func (r *run) insist(ctx context.Context, what string, fn func() error) error {
	a := r.attempt(ctx, what)
	r.Tell.Trying(a)
	defer r.Tell.Trying(Attempt{})
	for {
		err := fn()
		if err == nil {
			return nil
		}
		if a.Err != nil && ctx.Err() != nil {
			err = a.Err
		}
		if r.failed(&a, err); r.once {
			return err
		}
		if cause := sleep(ctx, r.Poll); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
	}
}

// notRecorded tells of a transition that the ledger did not take, and returns err. That the lease has ended is no failure of the ledger.
func (r *run) notRecorded(err error) error {
	if !errors.Is(err, access.ErrLeaseEnded) {
		r.failed(&Attempt{What: fmt.Sprintf("%s account %q", recording, r.lease.Account.Login)}, err)
		r.Tell.Trying(Attempt{})
	}
	return err
}
