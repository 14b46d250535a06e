package elevation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// Swept is what a sweep did with one lease.
type Swept struct {
	Evidence access.Evidence
	Err      error // nil when it is proved undone, else *Stuck
}

// errAbandoned is the cause of an undo by somebody other than the run that opened the lease.
var errAbandoned = errors.New("the run that opened the lease did not end it")

// Sweep undoes every open lease whose window is over or whose run gave up, from the ledger alone. It only removes. It may
// run beside anything else, and again.
func (w *Workflow) Sweep(ctx context.Context) ([]Swept, error) {
	leases, err := w.Ledger.Leases(ctx)
	if err != nil {
		return nil, fmt.Errorf("sweeping: %w", err)
	}
	var out []Swept
	for _, lease := range leases {
		if lease.Due(time.Now()) {
			out = append(out, w.undoLease(ctx, lease))
		}
	}
	return out, nil
}

// Finish undoes one lease if it is open, due or not: its run is known to have ended. The second result is false where
// there is nothing to undo.
func (w *Workflow) Finish(ctx context.Context, leaseID string) (Swept, bool, error) {
	leases, err := w.Ledger.Leases(ctx)
	if err != nil {
		return Swept{}, false, fmt.Errorf("finishing lease %s: %w", leaseID, err)
	}
	i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.ID == leaseID })
	if i < 0 {
		return Swept{}, false, fmt.Errorf("finishing lease %s: it is not in the ledger", leaseID)
	}
	if !leases[i].State.Open() {
		return Swept{}, false, nil
	}
	return w.undoLease(ctx, leases[i]), true, nil
}

func (w *Workflow) undoLease(ctx context.Context, lease access.Lease) Swept {
	r := w.resume(lease)
	for _, e := range lease.Events {
		r.ev.Transitions = append(r.ev.Transitions, access.Transition{State: e.State, At: e.At, Note: e.Note})
		if e.State == access.StateReady {
			r.ev.Window.GrantSent = e.At
		}
	}
	r.ev.State = lease.State
	if lease.Unanswered() {
		r.mayComeLate(earlier(time.Now(), lease.EndsAt)) // the run sent nothing after the window's end
	}
	if lease.OrgURL != w.OrgURL {
		why := fmt.Errorf("it is of the org %s, and this is %s\nRun it with the URL of that org.", lease.OrgURL, w.OrgURL)
		return Swept{Evidence: r.evidence(why), Err: &Stuck{Terms: lease.Terms, Cause: errAbandoned, Why: why}}
	}
	err := r.undo(ctx, errAbandoned)
	r.examine(ctx)
	var done *Undone
	if errors.As(err, &done) {
		return Swept{Evidence: r.evidence(nil)}
	}
	return Swept{Evidence: r.evidence(err), Err: err}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
