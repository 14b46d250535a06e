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

// expectedActivity are prefixes of event types that belong to signing in and out. Source: Okta's event types catalogue.
func expectedActivity() []string {
	return []string{"user.session.", "user.authentication.", "user.mfa.", "policy.evaluate_sign_on", "app.generic.unauth_app_access_attempt"}
}

const eventTokenCreated = "system.api_token.create"

// How the System Log is read: it is evidence, and must not keep the run from ending. Okta's clock may be some seconds off,
// and events come late.
const (
	examineBudget = 30 * time.Second
	logSkew       = 30 * time.Second
)

// errLogLate says that the log does not show yet what is known to have happened.
var errLogLate = errors.New("it does not show that the token was created")

// examine reads what the account did while it was elevated. Anything but signing in and the expected token is a finding;
// so is a log that cannot be read, or that does not even show the token's creation.
func (r *run) examine(ctx context.Context) {
	if r.ev.Window.GrantSent.IsZero() || r.left() { // whoever follows reads it
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), examineBudget)
	defer cancel()
	events, err := r.activity(ctx)
	if err != nil {
		r.ev.Log.Failure = err.Error()
		r.find("what the account did in the window is not known: reading the System Log: %v", err)
	}
	for _, e := range events {
		r.judgeActivity(e)
	}
	for _, a := range r.ev.Activity { // what changed something first
		if !a.Expected && a.Wrote {
			r.find("THE ACCOUNT CHANGED SOMETHING in the window: %s to %s at %s. Find out who did it, and take it back.", a.Type, a.Target, a.At.UTC().Format(time.RFC3339))
		}
	}
	for _, a := range r.ev.Activity {
		if !a.Expected && !a.Wrote {
			r.find("in the window the account did %s to %s at %s", a.Type, a.Target, a.At.UTC().Format(time.RFC3339))
		}
	}
}

// activity reads what the account did. Where the token was created, it reads until that is shown, or ctx ends. With an error,
// the events are those of the last reading that succeeded.
func (r *run) activity(ctx context.Context) (events []org.LogEvent, err error) {
	since := r.ev.Window.GrantSent.Add(-logSkew)
	r.ev.Log = &access.LogReading{From: since.UTC()}
	for {
		began := time.Now()
		read, err := r.Okta.Events(ctx, since, began.Add(logSkew), org.LogFilter{ActorID: r.lease.Account.ID})
		if err != nil {
			return events, err
		}
		events, r.ev.Log.Until = read, began.UTC()
		if r.showsToken(events) {
			return events, nil
		}
		if sleep(ctx, r.Poll) != nil {
			return events, errLogLate
		}
	}
}

// showsToken tells whether the events hold the creation of the expected token, if there is one.
func (r *run) showsToken(events []org.LogEvent) bool {
	return r.ev.Token == nil || slices.ContainsFunc(events, func(e org.LogEvent) bool { return createdToken(e) == r.ev.Token.ID })
}

// createdToken returns the id of the token that an event says was created.
func createdToken(e org.LogEvent) string {
	if e.Type != eventTokenCreated || len(e.Targets) == 0 {
		return ""
	}
	return e.Targets[0].ID
}

func (r *run) judgeActivity(e org.LogEvent) {
	if slices.Contains(r.lease.TokensBefore, createdToken(e)) {
		return // it was there before the lease: the clocks differ
	}
	expected := r.expects(e)
	r.ev.Activity = append(r.ev.Activity, access.Activity{
		At: e.Published, Type: e.Type, Target: targets(e), Expected: expected, Wrote: !expected && !onlyLooks(e.Type),
	})
}

// onlyLooks tells whether a type of event is known to change nothing. Almost all that the log has are changes.
func onlyLooks(eventType string) bool {
	action := eventType[strings.LastIndexByte(eventType, '.')+1:]
	return slices.Contains([]string{"access_admin_app", "download", "export", "list", "read", "search", "view"}, action)
}

func (r *run) expects(e org.LogEvent) bool {
	if e.Type == eventTokenCreated {
		// One of that name is what the window was for, though a run that failed has revoked it; a second one is reported with that.
		return r.ev.Token != nil && createdToken(e) == r.ev.Token.ID || r.ev.Token == nil && len(e.Targets) > 0 && e.Targets[0].Name == r.lease.TokenName
	}
	for _, prefix := range expectedActivity() {
		if strings.HasPrefix(e.Type, prefix) {
			return true
		}
	}
	return false
}

func targets(e org.LogEvent) string {
	names := make([]string, 0, len(e.Targets))
	for _, t := range e.Targets {
		names = append(names, fmt.Sprintf("%s %q", t.Type, t.Name))
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// firstLine returns what a note in the ledger holds of an error.
func firstLine(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
