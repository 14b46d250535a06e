package elevation

import (
	"context"
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

// examineBudget bounds how long the System Log is read for: it is evidence, and must not keep the run from ending.
const examineBudget = 30 * time.Second

// examine reads what the account did while it was elevated. Anything but signing in and the expected token is a finding;
// so is a log that cannot be read.
func (r *run) examine(ctx context.Context) {
	if r.ev.Window.GrantSent.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), examineBudget)
	defer cancel()
	events, err := r.Okta.Events(ctx, r.ev.Window.GrantSent.Add(-time.Second), time.Now(), r.lease.Account.ID)
	if err != nil {
		r.find("what the account did in the window is not known: reading the System Log: %v", err)
		return
	}
	for _, e := range events {
		if e.Type == eventTokenCreated && len(e.Targets) > 0 && slices.Contains(r.lease.TokensBefore, e.Targets[0].ID) {
			continue // the clocks differ: this was before the lease
		}
		a := access.Activity{At: e.Published, Type: e.Type, Target: targets(e), Expected: r.expects(e)}
		r.ev.Activity = append(r.ev.Activity, a)
		if !a.Expected {
			r.find("in the window the account did %s to %s at %s", e.Type, a.Target, e.Published.UTC().Format(time.RFC3339))
		}
	}
}

func (r *run) expects(e org.LogEvent) bool {
	if e.Type == eventTokenCreated {
		return r.ev.Token != nil && len(e.Targets) > 0 && e.Targets[0].ID == r.ev.Token.ID
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
