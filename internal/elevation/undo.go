package elevation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// target is what the roles of an account must be when a step-down is done.
type target struct {
	gone    []access.Role // by every path
	held    *access.Role  // directly
	notHeld *access.Role  // directly
}

// kept is the target when the token came: the intended role stays.
func kept(l access.Lease) target { return target{gone: l.Temporary, held: &l.Intended} }

// undone is the target when it did not: what the lease gave is gone. That the intended role, where the lease did not add
// it, is still there is not for an undo to see to: it only removes.
func (r *run) undone() target {
	if r.gaveIntended {
		return target{gone: r.temporary(), notHeld: &r.lease.Intended}
	}
	return target{gone: r.temporary()}
}

// temporary returns the roles that an undo removes: those of the lease, unless it is certain that it gave none.
func (r *run) temporary() []access.Role {
	if r.grantRefused {
		return nil
	}
	return r.lease.Temporary
}

// unwanted returns the roles that the account itself must not hold.
func (t target) unwanted() []access.Role {
	if t.notHeld == nil {
		return t.gone
	}
	return append(slices.Clone(t.gone), *t.notHeld)
}

// shadowed says that the roles that should be gone come through groups, where this program may not remove them.
type shadowed struct{ paths []string }

func (s *shadowed) Error() string {
	return fmt.Sprintf("the account still holds %s\nRemove the account from the group, or the role from the group; then run stepdown sweep.", strings.Join(s.paths, "; "))
}

// miss says what is missing to the target, or nil.
func (t target) miss(roles []org.Assignment, n names) error {
	var direct, viaGroup []string
	var held, notHeld bool
	for _, a := range roles {
		role := roleOf(a)
		switch {
		case slices.Contains(t.gone, role) && a.Direct():
			direct = append(direct, n.describe(a))
		case slices.Contains(t.gone, role):
			viaGroup = append(viaGroup, n.describe(a))
		}
		held = held || (t.held != nil && a.Direct() && role == *t.held)
		notHeld = notHeld || (t.notHeld != nil && a.Direct() && role == *t.notHeld)
	}
	switch {
	case len(direct) > 0:
		return fmt.Errorf("the account still holds %s", strings.Join(direct, "; "))
	case len(viaGroup) > 0:
		return &shadowed{paths: viaGroup}
	case t.held != nil && !held:
		return fmt.Errorf("the account does not hold its intended role %s", n.role(*t.held))
	case notHeld:
		return fmt.Errorf("the account still holds %s, which the lease added", n.role(*t.notHeld))
	}
	return nil
}

// undo takes back everything that the lease gave, from the lease alone, and proves it. It returns *Undone or *Stuck.
func (r *run) undo(ctx context.Context, cause error) error {
	ctx = context.WithoutCancel(ctx)
	removeErr := r.removeInTime(ctx) // before anything else
	// That the ledger does not take it, not even because a sweep has ended the lease, is no reason to leave anything: this
	// run may have given it after that.
	if err := r.record(ctx, access.Entry{State: access.StateUndoing, Note: firstLine(cause)}); err != nil {
		r.find("the ledger did not take the undo: %v", err)
	}
	return r.undoRecorded(ctx, cause, removeErr)
}

// removeInTime removes the temporary roles within the budget of a step-down.
func (r *run) removeInTime(ctx context.Context) error {
	ctx, cancel := r.own(ctx)
	defer cancel()
	return r.removeTemporary(ctx)
}

// removeOnce tries to remove the temporary roles one time.
func (r *run) removeOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(access.Urgent(ctx), firstTry)
	defer cancel()
	r.once = true
	defer func() { r.once = false }()
	return r.removeTemporary(ctx)
}

// undoRecorded does what an undo does once it is recorded and the removal was tried. ctx must not end before it.
func (r *run) undoRecorded(ctx context.Context, cause, removeErr error) error {
	why := removeErr
	if why == nil {
		why = r.takeBack(ctx)
	} else if !r.left() {
		r.disarm(ctx)
	}
	switch {
	case why != nil && r.left(): // the lease stays as it is, being undone
		return &Stuck{Terms: r.lease.Terms, Cause: cause, Why: fmt.Errorf("%w: %w", ErrHandedOver, why)}
	case why != nil && r.quiet:
		return &Stuck{Terms: r.lease.Terms, Cause: cause, Why: why}
	}
	if why != nil {
		if err := r.record(ctx, access.Entry{State: access.StateStuck, Note: firstLine(why)}); err != nil {
			r.find("the ledger did not take that the lease is stuck: %v", err)
			r.ev.State = access.StateStuck
		}
		return &Stuck{Terms: r.lease.Terms, Cause: cause, Why: why}
	}
	if err := r.recordUndone(ctx); err != nil {
		r.find("the ledger did not take that the lease is undone; if it is open, the next sweep proves it again: %v", err)
		r.ev.State = access.StateUndone
	}
	return &Undone{Cause: cause}
}

// recordUndone records the end of an undo, and where it was quiet, its begin.
func (r *run) recordUndone(ctx context.Context) error {
	if r.quiet {
		if err := r.record(ctx, access.Entry{State: access.StateUndoing, Note: errAbandoned.Error()}); err != nil {
			return err
		}
	}
	return r.record(ctx, access.Entry{State: access.StateUndone})
}

// disarm takes away what has the power of a role that could not be removed: the tokens of the window, and the sessions.
func (r *run) disarm(ctx context.Context) {
	ctx, cancel := r.own(ctx)
	defer cancel()
	if err := r.revokeAll(ctx); err != nil {
		r.find("what was created in the window is not known to be revoked: %v", err)
	}
	if err := r.Okta.EndSessions(ctx, r.lease.Account.ID); err != nil {
		r.find("the sessions of the account were not ended: %v", err)
	}
}

// spared returns the id of the token that an undo leaves in place, with the role that it was made for: the expected one, where
// the lease says so.
func (r *run) spared() string {
	switch {
	case !r.lease.KeepToken:
		return ""
	case r.ev.Token != nil:
		return r.ev.Token.ID
	}
	return r.lease.TokenID
}

// takeBack does what an undo does once the temporary roles are removed, within the budget of a step-down.
func (r *run) takeBack(ctx context.Context) error {
	ctx, cancel := r.own(ctx)
	defer cancel()
	if err := r.revokeAll(ctx); err != nil {
		return err
	}
	if r.spared() != "" {
		r.gaveIntended = false
		r.find("token %s is not revoked, and the account keeps %s: elevation.keepToken is set", r.spared(), r.lease.Label)
	}
	if r.gaveIntended && r.intendedID != "" { // by its id first, as the temporary role; what comes of it is proved below
		_ = r.Okta.RemoveRole(ctx, r.lease.Account.ID, r.intendedID)
	}
	if r.gaveIntended {
		if _, err := r.remove(ctx, []access.Role{r.lease.Intended}); err != nil {
			return err
		}
	}
	if err := r.Okta.EndSessions(ctx, r.lease.Account.ID); err != nil {
		r.find("the sessions of the account were not ended: %v", err)
	}
	if err := r.prove(ctx, r.undone()); err != nil {
		return err
	}
	if err := r.revokeAll(access.Unhurried(ctx)); err != nil { // again: one that was created last may have been listed late
		return err
	}
	if r.ev.Token != nil && r.spared() == "" {
		r.ev.Token.Revoked = true
	}
	return nil
}

// revokeAll revokes what was created under the lease, or what an end names. A downgrade lets nothing be created, and before
// the grant nothing can have been.
func (r *run) revokeAll(ctx context.Context) error {
	if r.lease.Kind == access.LeaseEnd {
		return r.revokeNamed(ctx)
	}
	if r.lease.Kind != access.LeaseElevation || !r.lease.Reached(access.StateReady) {
		return nil
	}
	return r.revokeStrays(ctx, r.spared())
}

// removeTemporary removes the temporary roles of the lease and notes when Okta had answered. The assignment that is known
// to have been there goes first, by its id and without a reading: a reading that lags would show nothing to remove.
func (r *run) removeTemporary(ctx context.Context) error {
	if err := r.insist(ctx, removing, func() error { return r.removeGranted(ctx) }); err != nil {
		r.ev.ReadFailure = "a removal comes before any reading, and Okta did not accept it"
		return err
	}
	removed, err := r.remove(ctx, r.temporary())
	if err != nil {
		return err
	}
	if removed || r.ev.Window.RevokeAnswered.IsZero() {
		r.ev.Window.RevokeAnswered = time.Now().UTC()
	}
	return nil
}

// removeGranted removes the assignment that is known to have been there. That Okta does not find it proves nothing: it is
// tried again before the proof, and readings count only from then on.
func (r *run) removeGranted(ctx context.Context) error {
	if r.granted == "" {
		return nil
	}
	switch err := r.Okta.RemoveRole(ctx, r.lease.Account.ID, r.granted); {
	case err == nil:
		r.granted, r.ev.Window.RevokeAnswered = "", time.Now().UTC()
		r.removedAt = time.Now()
	case notFound(err) && r.notFoundOnce:
		r.granted = ""
	case notFound(err):
		r.notFoundOnce = true
		r.mayComeLate(time.Now())
	default:
		return fmt.Errorf("removing %s from account %q: %w", r.names.role(r.lease.Temporary[0]), r.lease.Account.Login, err)
	}
	return nil
}

// remove removes the account's own assignments of these roles: it goes on until Okta has accepted each removal, or a
// reading shows none, or ctx ends. What it removes it finds by reading, so that a lost answer costs nothing. Roles through
// groups are not touched. The first result tells whether there was anything to remove.
func (r *run) remove(ctx context.Context, gone []access.Role) (removed bool, err error) {
	err = r.insist(ctx, removing, func() error {
		roles, _, err := r.read(ctx)
		if err != nil {
			return err
		}
		var failed error
		for _, a := range roles {
			if !a.Direct() || !slices.Contains(gone, roleOf(a)) {
				continue
			}
			removed = true
			if err := r.Okta.RemoveRole(ctx, r.lease.Account.ID, a.ID); err != nil {
				failed = errors.Join(failed, fmt.Errorf("removing %s from account %q: %w", r.names.role(roleOf(a)), r.lease.Account.Login, err))
			} else if slices.Contains(r.lease.Temporary, roleOf(a)) {
				r.removedAt = time.Now()
			}
		}
		return failed
	})
	return removed, err
}

// prove reads until two readings, which lie the settle time apart and began after lateUntil, both show the target. A
// temporary role that comes back, as the late effect of a grant, is removed again. Where only groups are in the way, two
// such readings end it with *shadowed.
func (r *run) prove(ctx context.Context, want target) error {
	var good, shadow time.Time // when the first reading began that showed the target, or only groups in the way
	a := r.attempt(ctx, proving)
	defer r.Tell.Trying(Attempt{})
	for {
		pause := r.Poll
		if err := r.removeLate(ctx); err != nil {
			return err
		}
		r.Tell.Trying(a)
		roles, began, err := r.read(ctx)
		if err == nil {
			r.learn(ctx, r.names, roles)
			err = want.miss(roles, r.names)
		}
		var sh *shadowed
		switch {
		case err == nil && began.Before(r.lateUntil): // what is not there yet may still come
			good = time.Time{}
		case err == nil && good.IsZero():
			good, shadow, pause = began, time.Time{}, r.settle()
		case err == nil && began.Sub(good) >= r.settle():
			if err = r.logAgrees(ctx, roles, &good); err == nil {
				r.ev.Window.Proved = time.Now().UTC()
				r.noteResidue(roles)
				return nil
			}
		case errors.As(err, &sh):
			if good = (time.Time{}); shadow.IsZero() {
				shadow = began
			} else if began.Sub(shadow) >= r.settle() {
				return err
			}
		case err != nil:
			good, shadow = time.Time{}, time.Time{}
			removed, removeErr := r.remove(ctx, want.unwanted())
			if removeErr != nil {
				return removeErr
			}
			if removed {
				r.ev.Window.RevokeAnswered = time.Now().UTC()
			}
		}
		if err != nil {
			r.failed(&a, err)
		} else { // what there is to wait for is time
			a = r.attempt(ctx, proving)
			r.Tell.Trying(Attempt{})
		}
		if cause := sleep(ctx, pause); cause != nil {
			return fmt.Errorf("%w: %w", cause, errors.Join(err, errUnsettled))
		}
	}
}

// removeLate tries once more to remove what Okta did not find, as soon as readings count.
func (r *run) removeLate(ctx context.Context) error {
	if time.Now().Before(r.lateUntil) {
		return nil
	}
	return r.insist(ctx, removing, func() error { return r.removeGranted(ctx) })
}

// errUnsettled is why a proof that ran out of time failed where its readings were good so far.
var errUnsettled = errors.New("two settled readings of the account's roles did not agree in time")

// noteResidue reports what is not as declared at the end and that the lease has no say in: roles that it did not give,
// which are never removed, and an intended role that is missing although the lease did not add it.
func (r *run) noteResidue(roles []org.Assignment) {
	held := false
	r.ev.Residue = []string{}
	for _, a := range roles {
		if a.Direct() && roleOf(a) == r.lease.Intended {
			held = true
			continue
		}
		r.ev.Residue = append(r.ev.Residue, r.names.describe(a))
	}
	slices.Sort(r.ev.Residue)
	if !held && !r.gaveIntended && r.lease.Kind != access.LeaseEnd && r.lease.Label != "" {
		r.find("the account does not hold its intended role, %s", r.lease.Label)
	}
}
