package elevation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// Swept is what a sweep did with one lease.
type Swept struct {
	Evidence access.Evidence
	Err      error // nil when it is proved undone, else *Stuck
}

// errAbandoned is the cause of an undo by somebody other than the run that opened the lease.
var errAbandoned = errors.New("the run that opened the lease did not end it")

// Sweep is what a sweep did, which open leases it left alone, and which had ended before.
type Sweep struct {
	Swept  []Swept
	NotDue []access.Lease
	Ended  []access.Lease
}

// Sweep undoes every open lease that is due, from the ledger alone. It only removes. It may run beside anything else, and
// again. With an error, there may be leases that it could not read.
func (w *Workflow) Sweep(ctx context.Context, due func(access.Lease) bool) (Sweep, error) {
	leases, err := w.leases(ctx)
	if err != nil {
		err = fmt.Errorf("sweeping, and not every lease can be read: %w", err)
	}
	var out Sweep
	var work, again []access.Lease
	for _, lease := range lastStuck(leases) {
		switch {
		case !lease.State.Open():
			out.Ended = append(out.Ended, lease)
		case due(lease):
			work = append(work, lease)
		default:
			out.NotDue = append(out.NotDue, lease)
		}
	}
	for first := true; len(work) > 0; work, again, first = again, nil, false {
		brief := first && len(work) > 1 // for one alone, nobody waits
		for _, lease := range work {
			switch swept, came := w.undoLease(ctx, lease, brief); came {
			case putOff:
				again = append(again, lease)
			case tried:
				out.Swept = append(out.Swept, swept)
			}
		}
	}
	return out, err
}

// leases reads the ledger, and tells that it does.
func (w *Workflow) leases(ctx context.Context) ([]access.Lease, error) {
	w.Tell.Trying(Attempt{What: "reading the ledger"})
	defer w.Tell.Trying(Attempt{})
	return w.Ledger.Leases(ctx)
}

// firstTry is how long the first try of each of several leases may take, so that none waits for the whole time of the step-down of one
// that is stuck.
const firstTry = 10 * time.Second

// What came of a lease that was to be undone.
type outcome int

const (
	tried    outcome = iota // as its Swept says
	hadEnded                // by its own run, or another sweep
	putOff                  // its role could not be removed in a first, short try
)

// lastStuck puts behind the others the leases that were tried before in vain: each may take the whole time of a step-down.
func lastStuck(leases []access.Lease) []access.Lease {
	out := slices.Clone(leases)
	slices.SortStableFunc(out, func(a, b access.Lease) int {
		stuck := func(l access.Lease) int {
			if l.State == access.StateStuck {
				return 1
			}
			return 0
		}
		return stuck(a) - stuck(b)
	})
	return out
}

// Finish undoes the open leases of a run that is known to have ended, due or not. What cannot be read beside them is not their
// business: it is an error only where none of them is found.
func (w *Workflow) Finish(ctx context.Context, of func(access.Lease) bool) ([]Swept, error) {
	ctx = context.WithoutCancel(ctx) // who cancels it gives it some seconds, and nobody follows
	leases, err := w.leases(ctx)
	var out []Swept
	found := false
	for _, lease := range leases {
		if !of(lease) {
			continue
		}
		found = true
		if !lease.State.Open() {
			continue
		}
		if swept, came := w.undoLease(ctx, lease, false); came == tried {
			out = append(out, swept)
		}
	}
	if found || err == nil {
		return out, nil
	}
	return nil, fmt.Errorf("looking for the leases of a run: %w", err)
}

// undoLease undoes a lease of another run. Nothing is done to the org before the ledger says that the lease is still open:
// its run, or another sweep, may have ended it meanwhile, and another may have begun. In a brief try a lease whose roles cannot be
// removed at once is put off. A ledger that does not answer does not keep the temporary role from being taken away. That the program fails at one lease does
// not keep it from the next.
func (w *Workflow) undoLease(ctx context.Context, lease access.Lease, brief bool) (swept Swept, came outcome) {
	r := w.resume(lease)
	defer func() {
		if p := recover(); p != nil {
			why := &Stuck{Terms: lease.Terms, Cause: errAbandoned, Why: fmt.Errorf("the program failed: %v", p)}
			swept, came = Swept{Evidence: r.evidence(why), Err: why}, tried
		}
	}()
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
		return Swept{Evidence: r.evidence(why), Err: &Stuck{Terms: lease.Terms, Cause: errAbandoned, Why: why}}, tried
	}
	ctx = context.WithoutCancel(ctx)
	if why := r.vouch(ctx); why != nil {
		return Swept{Evidence: r.evidence(why), Err: &Stuck{Terms: lease.Terms, Cause: errAbandoned, Why: why}}, tried
	}
	var err error
	switch recordErr := r.begin(ctx); {
	case errors.Is(recordErr, access.ErrLeaseEnded):
		return Swept{}, hadEnded
	case recordErr != nil: // whether the lease is still open is not known: take the power away, and nothing else
		err = &Stuck{Terms: lease.Terms, Cause: errAbandoned, Why: errors.Join(recordErr, r.removeInTime(ctx))}
	case r.beganNothing():
		err = r.abandon(ctx, errAbandoned)
	default:
		remove := r.removeInTime
		if brief {
			remove = r.removeOnce
		}
		removeErr := remove(ctx)
		if removeErr != nil && brief {
			return Swept{}, putOff
		}
		err = r.undoRecorded(ctx, errAbandoned, removeErr)
	}
	if err != nil && r.endedMeanwhile(ctx) { // and proved, by another sweep
		return Swept{}, hadEnded
	}
	r.examine(ctx)
	var done *Undone
	if errors.As(err, &done) {
		return Swept{Evidence: r.evidence(nil)}, tried
	}
	return Swept{Evidence: r.evidence(err), Err: err}, tried
}

// endedMeanwhile tells whether the ledger is known to have the lease as ended, other than by this run.
func (r *run) endedMeanwhile(ctx context.Context) bool {
	if !r.lease.State.Open() {
		return false
	}
	now, err := r.inLedger(ctx)
	return err == nil && !now.State.Open()
}

// inLedger reads the lease as it is now.
func (r *run) inLedger(ctx context.Context) (access.Lease, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, ledgerBudget, errLedgerSlow)
	defer cancel()
	leases, err := r.Ledger.Leases(ctx)
	i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.ID == r.lease.ID })
	if i < 0 {
		return access.Lease{}, errors.Join(fmt.Errorf("lease %s is not in the ledger any more", r.lease.ID), err)
	}
	return leases[i], nil
}

// stuckQuiet is how long a lease that is stuck is tried again without a word of it: each word makes the lease's file longer, for as
// long as it is stuck.
const stuckQuiet = time.Hour

// begin records that the undo begins, or, of a lease that was tried lately in vain, sees that it is still open.
func (r *run) begin(ctx context.Context) error {
	if r.lease.State != access.StateStuck || time.Since(r.lease.UpdatedAt) > stuckQuiet {
		return r.record(ctx, access.Entry{State: access.StateUndoing, Note: errAbandoned.Error()})
	}
	now, err := r.inLedger(ctx)
	if err == nil && !now.State.Open() {
		err = access.ErrLeaseEnded
	}
	r.quiet = err == nil
	return err
}

// vouch holds the lease against what was approved, as far as that can be seen now.
func (r *run) vouch(ctx context.Context) error {
	if r.Vouch == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, approvalBudget, errApprovalSlow)
	defer cancel()
	doubt, err := r.Vouch(ctx, r.lease)
	if doubt != "" {
		r.find("the lease is not known to be what was approved: %s", doubt)
	}
	if err != nil {
		return fmt.Errorf("it is not what was approved, so that nothing is done under it: %w\nFind out who made it; look at the account and remove the role by hand.", err)
	}
	return nil
}

// beganNothing tells whether the run ended before it changed anything: an elevation that was never ready.
func (r *run) beganNothing() bool {
	return r.lease.Kind == access.LeaseElevation && !r.lease.Reached(access.StateReady)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// CanRemove says why the credential could not take a role away, as far as reading tells.
func (w *Workflow) CanRemove(ctx context.Context) error {
	caller, err := w.Okta.Caller(ctx)
	if err != nil {
		return fmt.Errorf("finding out whose credential this is: %w", err)
	}
	roles, err := w.Okta.CallerRoles(ctx, caller)
	if err != nil {
		return fmt.Errorf("reading the roles of the credential's own account or app %q: %w", caller.Login, err)
	}
	if !slices.ContainsFunc(roles, func(a org.Assignment) bool { return a.Type == access.RoleSuperAdmin }) {
		return fmt.Errorf("the credential belongs to %q, which is not a super administrator\nUse a credential of a super administrator: nobody else may give and take admin roles.", caller.Login)
	}
	return nil
}
