package elevation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// find adds something that an auditor should look at.
func (r *run) find(format string, args ...any) {
	r.ev.Findings = append(r.ev.Findings, fmt.Sprintf(format, args...))
}

// read reads the roles of the account and keeps the reading as evidence. Runs of equal readings are kept as their first
// and last.
func (r *run) read(ctx context.Context) (roles []org.Assignment, beganAt time.Time, err error) {
	beganAt = time.Now()
	roles, err = r.Okta.UserRoles(ctx, r.lease.Account.ID)
	if err != nil {
		err = fmt.Errorf("reading the roles of account %q: %w", r.lease.Account.Login, err)
		if ctx.Err() == nil || r.ev.ReadFailure == "" { // a context that has ended is not why
			r.ev.ReadFailure = err.Error()
		}
		return nil, beganAt, err
	}
	r.ev.ReadFailure = ""
	reading := access.RoleReading{BeganAt: beganAt.UTC(), Roles: []string{}}
	for _, a := range roles {
		reading.Roles = append(reading.Roles, r.names.describe(a))
	}
	slices.Sort(reading.Roles)
	n := len(r.ev.Reads)
	if n > 1 && slices.Equal(r.ev.Reads[n-1].Roles, reading.Roles) && slices.Equal(r.ev.Reads[n-2].Roles, reading.Roles) {
		r.ev.Reads = r.ev.Reads[:n-1]
	}
	r.ev.Reads = append(r.ev.Reads, reading)
	return roles, beganAt, nil
}

// measure fills in for how long the account and the token were elevated at the most.
func (r *run) measure() {
	w := &r.ev.Window
	if w.GrantSent.IsZero() {
		*w = access.Window{Proved: w.Proved}
		return
	}
	if w.RevokeAnswered.IsZero() {
		return
	}
	w.ElevatedSeconds = w.RevokeAnswered.Sub(w.GrantSent).Seconds()
	if r.ev.Token != nil && !r.lookedAt.IsZero() {
		w.TokenPowerfulSeconds = w.RevokeAnswered.Sub(r.lookedAt).Seconds()
	}
}

// evidence closes the account of the run.
func (r *run) evidence(err error) access.Evidence {
	r.measure()
	r.ev.Lease.Names = r.names.known()
	if r.Writes != nil {
		r.ev.Writes = r.Writes()[r.sentBefore:]
	}
	if err != nil {
		r.ev.Failure = err.Error()
	}
	return r.ev
}
