package elevation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// run is one piece of work under one lease: an elevation, or the undo of a lease that another run left.
type run struct {
	*Workflow
	lease access.Lease
	ev    access.Evidence
	leave context.Context // ends when what is not proved is left to whoever follows
	// lateUntil is the time until which an assignment that was sent and not answered may still take effect. No reading
	// that begins before it proves anything.
	lateUntil time.Time
	// granted is the id of the temporary role's assignment while it is known to have been there and no removal of it was
	// answered. Readings that do not show it mean nothing until then.
	granted string
	// removedAt is when Okta last accepted that a temporary role is removed.
	removedAt time.Time
	// notFoundOnce says that Okta did not find that assignment when it was to be removed.
	notFoundOnce bool
	// grantRefused says that the grant was certainly not made: whoever holds the temporary role has it from elsewhere.
	grantRefused bool
	// intendedID is the id of the intended role's assignment, where the run has given it and read it back.
	intendedID string
	// gaveIntended says that the lease may have given the intended role.
	gaveIntended bool
	// names are labels of ids, for people.
	names names
	// lookedAt is when the last look began that did not show the token.
	lookedAt time.Time
	// once says that what fails is not tried again: other leases wait.
	once bool
	// quiet says that the ledger is told of the undo only once it is done.
	quiet bool
	// sentBefore is how many requests that could change something had been sent when the run began.
	sentBefore int
}

// Apply carries out a plan that has changes. It returns the evidence of whatever was done, also with an error:
// *Undone where the run failed and nothing is left elevated, *Stuck where that could not be proved, any other where no
// lease was opened.
func (w *Workflow) Apply(ctx context.Context, plan Plan) (ev access.Evidence, err error) {
	r, err := w.open(ctx, plan.Terms)
	if err != nil {
		return access.Evidence{}, err
	}
	defer r.rescue(ctx, &ev, &err)
	if err := r.recheck(ctx); err != nil {
		err = r.abandon(ctx, err)
		return r.evidence(err), err
	}
	token, err := r.obtain(ctx, plan.Owner)
	if err == nil {
		err = r.finish(ctx, token, plan.ZoneIDs)
	}
	if err != nil {
		err = r.undo(ctx, err)
	}
	r.examine(ctx)
	return r.evidence(err), err
}

// rescue is deferred: where the program fails in the middle of a lease, what the lease gives or names is taken back.
func (r *run) rescue(ctx context.Context, ev *access.Evidence, err *error) {
	p := recover()
	switch {
	case p == nil:
		return
	case r.lease.State == access.StateClosed: // what was asked for is done, and is not taken back for that
		r.find("what the account did in the window is not known: the program failed: %v", p)
		*err = nil
	default:
		*err = r.undoAfterPanic(ctx, fmt.Errorf("the program failed: %v", p))
	}
	*ev = r.evidence(*err)
}

// undoAfterPanic undoes, and where the program fails once more, it is stuck.
func (r *run) undoAfterPanic(ctx context.Context, cause error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.ev.State = access.StateStuck
			err = &Stuck{Terms: r.lease.Terms, Cause: cause, Why: fmt.Errorf("undoing it, the program failed too: %v", p)}
		}
	}()
	return r.undo(ctx, cause)
}

// recheck reads again what the plan was made of, now that no other run can have a lease of the account.
func (r *run) recheck(ctx context.Context) error {
	ctx, cancel := context.WithDeadlineCause(ctx, r.lease.EndsAt, errWindowEnded)
	defer cancel()
	roles, _, err := r.read(ctx)
	if err != nil {
		return err
	}
	fresh, err := r.newTokens(ctx)
	if err != nil {
		return err
	}
	if !slices.Equal(rolesOf(roles), r.lease.RolesBefore) || len(fresh) > 0 {
		return fmt.Errorf("account %q has changed since it was checked\nRun it again.", r.lease.Account.Login)
	}
	return r.stillApproved(ctx)
}

// abandon ends a lease under which nothing was done.
func (r *run) abandon(ctx context.Context, cause error) error {
	ctx = context.WithoutCancel(ctx)
	err := r.record(ctx, access.Entry{State: access.StateUndoing, Note: firstLine(cause)})
	if err == nil {
		err = r.record(ctx, access.Entry{State: access.StateUndone, Note: access.NothingDone})
	}
	if err != nil && !errors.Is(err, access.ErrLeaseEnded) {
		return &Stuck{Terms: r.lease.Terms, Cause: cause, Why: err}
	}
	return &Undone{Cause: cause}
}

func (w *Workflow) open(ctx context.Context, terms access.Terms) (*run, error) {
	lease, err := w.Ledger.Open(ctx, terms, time.Now())
	if err != nil {
		return nil, fmt.Errorf("opening the lease: %w", err)
	}
	r := w.resume(lease)
	r.leave = w.leaving(ctx)
	r.reached(access.StateLeased, lease.OpenedAt, "")
	return r, nil
}

// leaving returns a context that ends when a run has to leave what it does to whoever follows.
func (w *Workflow) leaving(ctx context.Context) context.Context {
	if w.HandOver == 0 {
		return context.WithoutCancel(ctx)
	}
	leave, end := context.WithCancelCause(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(w.HandOver, func() { end(ErrHandedOver) }) })
	return leave
}

// left tells whether the run has left its lease to whoever follows.
func (r *run) left() bool { return r.leave.Err() != nil }

// resume makes a run of a lease that exists.
func (w *Workflow) resume(lease access.Lease) *run {
	r := &run{Workflow: w, lease: lease, leave: context.Background(), granted: lease.Assignment, gaveIntended: lease.AddsIntended && lease.Reached(access.StateReady), names: maps.Clone(names(lease.Names))}
	if r.names == nil {
		r.names = names{}
	}
	if w.Writes != nil {
		r.sentBefore = len(w.Writes())
	}
	r.ev = access.Evidence{
		SchemaVersion: access.EvidenceSchema, Tool: w.Tool, OrgURL: w.OrgURL, Lease: lease.Terms,
		Reads: []access.RoleReading{}, Writes: []access.Exchange{}, Activity: []access.Activity{},
		Residue: []string{}, Findings: []string{}, EffectiveRights: "not tested: the program never held the token",
	}
	return r
}

// ledgerBudget bounds how long a transition waits for the ledger: the account may be elevated. A ledger in a repository takes
// four requests for one.
const ledgerBudget = 15 * time.Second

var errLedgerSlow = fmt.Errorf("the ledger did not answer within %s", ledgerBudget)

// record makes a transition durable, then tells it.
func (r *run) record(ctx context.Context, entry access.Entry) error {
	entry.At = time.Now().UTC()
	ctx, cancel := context.WithTimeoutCause(ctx, ledgerBudget, errLedgerSlow)
	defer cancel()
	lease, err := r.Ledger.Append(ctx, r.lease.ID, entry)
	if err != nil {
		return r.notRecorded(fmt.Errorf("recording that lease %s is %s: %w", r.lease.ID, entry.State, err))
	}
	r.lease = lease
	r.reached(entry.State, entry.At, entry.Note)
	return nil
}

func (r *run) reached(state access.State, at time.Time, note string) {
	t := access.Transition{State: state, At: at.UTC(), Note: note}
	r.ev.State = state
	r.ev.Transitions = append(r.ev.Transitions, t)
	r.Tell.Reached(t)
}

// obtain goes from the open lease to the token: it assigns the intended role, elevates, and waits. It ends with the
// window at the latest. The state ready is written before the first change is sent, so that whoever undoes the lease
// knows that there may be something to undo.
func (r *run) obtain(ctx context.Context, owner access.TokenOwner) (org.Token, error) {
	ctx, cancel := context.WithDeadlineCause(ctx, r.lease.EndsAt, errWindowEnded)
	defer cancel()
	if err := r.record(ctx, access.Entry{State: access.StateReady}); err != nil {
		return org.Token{}, err
	}
	if r.gaveIntended = r.lease.AddsIntended; r.gaveIntended {
		if err := r.assign(ctx, r.lease.Intended, &r.intendedID); err != nil {
			return org.Token{}, err
		}
	}
	if err := r.Okta.EndSessions(ctx, r.lease.Account.ID); err != nil {
		return org.Token{}, fmt.Errorf("ending the sessions of account %q: %w", r.lease.Account.Login, err)
	}
	if err := r.elevate(ctx); err != nil {
		return org.Token{}, err
	}
	r.Tell.HandOff(Instructions{
		Account: r.lease.Account.Login, Operator: owner.Operator.Name, SignIn: owner.Operator.SignIn,
		TokenName: owner.Token.Name, Zones: owner.Token.Zones, Destination: owner.Delivery.Destination,
		OrgURL: r.OrgURL, EndsAt: r.lease.EndsAt,
	})
	return r.awaitToken(ctx)
}

// elevate asks once more whether it is approved, assigns the temporary role and reads it back. The ledger has the
// assignment's id before it was read back: whoever undoes the lease can remove it, however far readings lag.
func (r *run) elevate(ctx context.Context) error {
	if err := r.stillApproved(ctx); err != nil {
		r.grantRefused = true // nobody asked Okta: whoever holds the temporary role has it from elsewhere
		return err
	}
	r.ev.Window.GrantSent = time.Now().UTC()
	var err error
	if r.granted, err = r.give(ctx, r.lease.Temporary[0]); err != nil {
		return err
	}
	r.ev.Window.GrantAnswered = time.Now().UTC()
	r.lookedAt = r.ev.Window.GrantAnswered
	if err = r.record(ctx, access.Entry{State: access.StateElevated, Assignment: r.granted, Note: r.names.role(r.lease.Temporary[0])}); err != nil {
		return err
	}
	r.granted, err = r.confirm(ctx, r.lease.Temporary[0], r.granted)
	return err
}

// assign gives the account a role and reads until it is there. id is what is known of the assignment, also after an error.
func (r *run) assign(ctx context.Context, role access.Role, id *string) (err error) {
	if *id, err = r.give(ctx, role); err != nil {
		return err
	}
	*id, err = r.confirm(ctx, role, *id)
	return err
}

// give sends the assignment of a role, once, and returns its id if the answer told it: so it can be removed by that, however
// far readings lag. Where no clear answer comes, it may still take effect until lateUntil.
func (r *run) give(ctx context.Context, role access.Role) (id string, err error) {
	id, err = r.Okta.AssignRole(ctx, r.lease.Account.ID, role)
	if err == nil {
		return id, nil
	}
	if refused(err) {
		r.gaveIntended = r.gaveIntended && role != r.lease.Intended
		r.grantRefused = role != r.lease.Intended
		return "", fmt.Errorf("assigning %s to account %q: %w", r.names.role(role), r.lease.Account.Login, err)
	}
	r.mayComeLate(time.Now())
	return id, fmt.Errorf("assigning %s to account %q, and it is not known whether it took effect: %w", r.names.role(role), r.lease.Account.Login, err)
}

// mayComeLate says that an assignment, which may have been sent as late as at, may not be visible or not have taken effect
// yet.
func (r *run) mayComeLate(at time.Time) {
	r.lateUntil = at.Add(time.Duration(r.lease.Patience.LateEffect))
}

// settle is the least time between the two readings that prove a step-down.
func (r *run) settle() time.Duration { return time.Duration(r.lease.Patience.Settle) }

// confirm reads until the account holds the role itself, and returns the assignment's id. Where it does not come to see
// it, readings without the role do not mean that it is not there, and the id is what the answer told.
func (r *run) confirm(ctx context.Context, role access.Role, told string) (id string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.settle()+r.Poll, fmt.Errorf("it was not there within %s", r.settle()))
	defer cancel()
	for {
		roles, _, err := r.read(ctx)
		if i := slices.IndexFunc(roles, func(a org.Assignment) bool { return a.Direct() && roleOf(a) == role }); err == nil && i >= 0 {
			return roles[i].ID, nil
		}
		if cause := sleep(ctx, r.Poll); cause != nil {
			r.mayComeLate(time.Now())
			return told, fmt.Errorf("reading back that account %q holds %s: %w", r.lease.Account.Login, r.names.role(role), errors.Join(cause, err))
		}
	}
}

// finish goes from the token to the closed lease. Nothing that happens to the run may end it now, so that it has a
// context of its own.
func (r *run) finish(ctx context.Context, token org.Token, zoneIDs []string) error {
	ctx, cancel := r.own(ctx)
	defer cancel()
	if err := r.removeTemporary(ctx); err != nil {
		return err
	}
	if err := r.record(ctx, access.Entry{State: access.StateCreated, TokenID: token.ID}); err != nil {
		return err
	}
	if err := r.record(ctx, access.Entry{State: access.StateSteppedDown}); err != nil {
		return err
	}
	if err := r.prove(ctx, kept(r.lease)); err != nil {
		return err
	}
	ctx = access.Unhurried(ctx) // nobody is elevated any more
	if err := r.Okta.EndSessions(ctx, r.lease.Account.ID); err != nil {
		return fmt.Errorf("ending the sessions of account %q after the step-down: %w", r.lease.Account.Login, err)
	}
	if err := r.revokeStrays(ctx, token.ID); err != nil {
		return err
	}
	if err := r.restrict(ctx, token, zoneIDs); err != nil {
		return err
	}
	for _, entry := range []access.Entry{
		{State: access.StateProved},
		{State: access.StateDelivered, Note: "by the operator, who alone was shown the token"},
		{State: access.StateClosed},
	} {
		if err := r.record(ctx, entry); err != nil && !r.isClosed(ctx, entry) {
			return err
		}
	}
	return nil
}

// isClosed tells whether the ledger has taken the last entry, although its answer was an error.
func (r *run) isClosed(ctx context.Context, entry access.Entry) bool {
	leases, _ := r.Ledger.Leases(ctx)
	i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.ID == r.lease.ID })
	if entry.State != access.StateClosed || i < 0 || leases[i].State != access.StateClosed {
		return false
	}
	r.lease = leases[i]
	r.reached(entry.State, r.lease.UpdatedAt, "")
	return true
}

// own returns a context that outlives ctx, with the budget of a step-down but not beyond when the run has to leave, and under which
// reads wait for no ceiling. All that removes something or proves it gone, in whatever kind of run, is done under one.
func (r *run) own(ctx context.Context) (context.Context, context.CancelFunc) {
	budget := time.Duration(r.lease.Patience.StepDown)
	if wait := time.Until(r.lateUntil); wait > 0 {
		budget += wait + r.settle()
	}
	ctx, end := context.WithCancelCause(access.Urgent(context.WithoutCancel(ctx)))
	stop := context.AfterFunc(r.leave, func() { end(ErrHandedOver) })
	ctx, cancel := context.WithTimeoutCause(ctx, budget, fmt.Errorf("not done within %s", budget.Round(time.Millisecond)))
	return ctx, func() {
		stop()
		cancel()
		end(nil)
	}
}
