package elevation

// This file asks the System Log about a grant whose outcome nobody was told of. The log comes from elsewhere than the roles
// that an account is read to have: where both lag, they seldom do so alike.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/org"
)

// The types of events that say that the privileges of a user changed. A role that is taken away is a grant too, as long as
// any other remains. Source: Okta's event types catalogue; the emulator's notes on it.
const (
	eventPrivilegesHeld = "user.account.privilege.grant"
	eventPrivilegesGone = "user.account.privilege.revoke"
)

// logTrust is for how long a change that the log tells of, and no reading shows, counts against the readings: they lag by
// minutes at the most. After it the log cannot keep a lease open for ever.
const logTrust = 15 * time.Minute

// logAgrees tells whether the System Log agrees with readings that show the target since good, the last of which is roles.
// It is asked only where a grant went without an answer. Where it tells of a change since good, the readings count anew.
func (r *run) logAgrees(ctx context.Context, roles []org.Assignment, good *time.Time) error {
	if r.lateUntil.IsZero() {
		return nil
	}
	last, err := r.lastChange(ctx)
	switch {
	case err != nil:
		return err
	case last.UUID == "" || time.Since(last.Published) > logTrust || !r.removedAt.Before(last.Published.Add(-logSkew)):
		return nil // it tells of no change, or of none since Okta accepted the last removal
	case last.Published.After(*good):
		*good = time.Time{}
		return fmt.Errorf("%w: its roles changed at %s, since they were first read", errLogDisagrees, last.Published.UTC().Format(time.RFC3339))
	case last.Type == eventPrivilegesGone:
		return nil
	case len(roles) == 0 || last.ActorID == r.lease.ActsAs.ID:
		return fmt.Errorf("%w: it was given a role at %s, which no reading shows", errLogDisagrees, last.Published.UTC().Format(time.RFC3339))
	}
	return nil
}

// errLogDisagrees says that the log tells of something that the readings do not show.
var errLogDisagrees = errors.New("the System Log does not agree with what the account is read to hold")

// lastChange returns the last change of the account's privileges since the lease was opened; zero where the log tells of none.
func (r *run) lastChange(ctx context.Context) (org.LogEvent, error) {
	now := time.Now()
	events, err := r.Okta.Events(ctx, earlier(r.lease.OpenedAt, now).Add(-logSkew), now.Add(logSkew), org.LogFilter{TargetID: r.lease.Account.ID})
	if err != nil {
		return org.LogEvent{}, fmt.Errorf("asking the System Log about a grant that was not answered: %w", err)
	}
	events = slices.DeleteFunc(events, func(e org.LogEvent) bool { return e.Type != eventPrivilegesHeld && e.Type != eventPrivilegesGone })
	if len(events) == 0 {
		return org.LogEvent{}, nil
	}
	return slices.MaxFunc(events, func(a, b org.LogEvent) int {
		switch order := a.Published.Compare(b.Published); {
		case order == 0 && a.ActorID == r.lease.ActsAs.ID: // of one moment, what the program did itself
			return 1
		default:
			return order
		}
	}), nil
}
