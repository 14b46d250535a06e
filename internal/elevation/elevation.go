// Package elevation gives an account a temporary role under a lease, waits for the token that this is for, takes the role
// away and proves it; or, on every other way out, undoes what the lease gave.
//
// The undo needs the lease and nothing else, so that it can be done by another run (Sweep, Finish) as well as by the one
// that began. It runs under a context of its own: whatever ended the run does not end the undo.
//
// Package time is used directly; tests run under testing/synctest. It imports access and org.
package elevation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// Roles reads and changes the roles of a user.
//
// An error of a change that has a method Refused() bool which returns true says that the change was certainly not made.
// After any other error its effect is unknown.
type Roles interface {
	UserRoles(ctx context.Context, userID string) ([]org.Assignment, error)
	// AssignRole returns the assignment's id where the answer told it, which is no proof that it is there.
	AssignRole(ctx context.Context, userID string, role access.Role) (assignmentID string, err error)
	RemoveRole(ctx context.Context, userID, assignmentID string) error
	// RoleAssignees returns the ids of users who hold admin roles, as far as Okta lists them.
	RoleAssignees(ctx context.Context) ([]string, error)
}

// Accounts looks users up. An error that has a method NotFound() bool which returns true says that there is no such user. The
// caller may also be a service app, under its client id: its roles are not those of a user.
type Accounts interface {
	Caller(ctx context.Context) (org.User, error)
	CallerRoles(ctx context.Context, caller org.User) ([]org.Assignment, error)
	User(ctx context.Context, idOrLogin string) (org.User, error)
	EndSessions(ctx context.Context, userID string) error
}

// Catalogue looks up what a manifest names, by id or label; NotFound as in Accounts.
type Catalogue interface {
	CustomRole(ctx context.Context, idOrLabel string) (org.CustomRole, error)
	ResourceSet(ctx context.Context, idOrLabel string) (org.ResourceSet, error)
	Group(ctx context.Context, id string) (org.Group, error)
	Zones(ctx context.Context) ([]org.Zone, error)
}

// Tokens lists and changes API tokens.
type Tokens interface {
	Tokens(ctx context.Context) ([]org.Token, error)
	// Crowded tells whether looks at the tokens should become rarer, for the sake of what else is asked of the org.
	Crowded() bool
	RevokeToken(ctx context.Context, id string) error
	RestrictToken(ctx context.Context, t org.Token, zoneIDs []string) (org.Token, error)
}

// Log reads the System Log: the events in [since, until] that pass the filter. They may come late.
type Log interface {
	Events(ctx context.Context, since, until time.Time, only org.LogFilter) ([]org.LogEvent, error)
}

// Okta is what the workflow needs of an org.
type Okta interface {
	Roles
	Accounts
	Catalogue
	Tokens
	Log
}

// Ledger keeps leases. Open returns an error that is access.ErrLeaseTaken where the account has an open lease; Append one
// that is access.ErrLeaseEnded where the lease has ended. Leases may return leases beside an error: those that it can
// vouch for.
type Ledger interface {
	Open(ctx context.Context, terms access.Terms, at time.Time) (access.Lease, error)
	Append(ctx context.Context, leaseID string, entry access.Entry) (access.Lease, error)
	Leases(ctx context.Context) ([]access.Lease, error)
}

// Narrator tells people what happens while it happens. Its methods must not block for long.
type Narrator interface {
	Reached(t access.Transition)
	HandOff(i Instructions)
	Waiting(left time.Duration)
	// Trying tells of what is tried until it succeeds: when a try begins, and when one failed. The zero Attempt says that nothing is.
	Trying(a Attempt)
}

// Instructions say what the operator has to do while the account is elevated.
type Instructions struct {
	Account     string
	Operator    string
	SignIn      string
	TokenName   string
	Zones       []string
	Destination string
	OrgURL      string
	EndsAt      time.Time
}

// Workflow does the work of apply, downgrade and sweep.
type Workflow struct {
	Okta   Okta
	Ledger Ledger
	Tell   Narrator
	Poll   time.Duration // between two looks for the token, and between two tries of anything
	OrgURL string
	Tool   string // name and version, for the evidence
	// StillApproved says why what is carried out is not approved any more, or nil. It is asked immediately before the first
	// change and again immediately before the grant. It may be nil: a downgrade has no approval.
	StillApproved func(context.Context) error
	// Vouch holds a lease that a sweep is about to undo against what was approved. An error says that it cannot be what was
	// approved, so that it is not acted on; doubt says what could not be seen, which is no reason to leave a role in place. It
	// may be nil.
	Vouch func(context.Context, access.Lease) (doubt string, err error)
	// HandOver is how long a run goes on with an undo once its context has ended. What is not proved by then is left to whoever
	// follows, under a lease that stays open, with Stuck and ErrHandedOver. Zero: nobody follows, and it goes on until it is done.
	HandOver time.Duration
	// Writes returns the requests sent to Okta so far that could change something, oldest first. It may be nil.
	Writes func() []access.Exchange
}

// Undone says that the run failed and that everything its lease gave was taken back, proved.
type Undone struct{ Cause error }

func (e *Undone) Error() string { return e.Cause.Error() }
func (e *Undone) Unwrap() error { return e.Cause }

// Stuck says that it could not be proved that nothing is left elevated. The lease stays open for the next sweep.
type Stuck struct {
	Terms access.Terms
	Cause error // why the undo was begun; nil for a step-down that had no other cause
	Why   error // why it could not be finished
}

// ErrHandedOver says why an undo was not finished: the run was told to end, and another one follows that goes on with its lease.
var ErrHandedOver = errors.New("the run had to end before it was proved")

func (e *Stuck) Error() string {
	text := fmt.Sprintf("account %q may still be elevated: lease %s is not proved undone: %v", e.Terms.Account.Login, e.Terms.ID, e.Why)
	if e.Cause != nil {
		text += fmt.Sprintf(" (the run was ended by: %v)", e.Cause)
	}
	return text
}

func (e *Stuck) Unwrap() error { return e.Why }

// stillApproved asks whether what is carried out is approved still.
func (w *Workflow) stillApproved(ctx context.Context) error {
	if w.StillApproved == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, approvalBudget, errApprovalSlow)
	defer cancel()
	if err := w.StillApproved(ctx); err != nil {
		return fmt.Errorf("asking once more whether it is approved, immediately before the change: %w", err)
	}
	return nil
}

// approvalBudget bounds how long that may take.
const approvalBudget = 30 * time.Second

var errApprovalSlow = fmt.Errorf("no answer within %s", approvalBudget)

// refused tells whether err says that a change was certainly not made.
func refused(err error) bool {
	var r interface{ Refused() bool }
	return errors.As(err, &r) && r.Refused()
}

// notFound tells whether err says that a thing does not exist.
func notFound(err error) bool {
	var n interface{ NotFound() bool }
	return errors.As(err, &n) && n.NotFound()
}

// rateLimited tells whether err says that Okta answers, and not this for now.
func rateLimited(err error) bool {
	var l interface{ RateLimited() bool }
	return errors.As(err, &l) && l.RateLimited()
}

// sleep waits for d or until ctx ends, and returns the cause in that case.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
