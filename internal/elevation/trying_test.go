package elevation_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/oktaemu"
	"github.com/stepdown/stepdown/internal/org"
)

// logless is an Okta that does not let the System Log be read.
type logless struct{ elevation.Okta }

var errNoLog = errors.New("the log is refused")

func (logless) Events(context.Context, time.Time, time.Time, org.LogFilter) ([]org.LogEvent, error) {
	return nil, errNoLog
}

// deafLedger takes no transition from a state on.
type deafLedger struct {
	elevation.Ledger
	from access.State
}

func (l deafLedger) Append(ctx context.Context, id string, e access.Entry) (access.Lease, error) {
	if e.State == l.from {
		return access.Lease{}, errors.New("the ledger is refused")
	}
	return l.Ledger.Append(ctx, id, e)
}

// TestEveryTryThatFailsIsTold, whatever it is that is refused, with when it is given up; and in the end nothing is tried any more.
func TestEveryTryThatFailsIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(*world, *elevation.Workflow)
		what   string
		says   string
		once   bool
	}{
		"the removal": {func(w *world, _ *elevation.Workflow) {
			w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/{user}/roles/{assignment}", Status: 403})
		}, "removing roles of", "E0000006", false},
		"the readings": {func(w *world, wf *elevation.Workflow) {
			w.org.Inject(oktaemu.Fault{Method: "GET", Path: "/api/v1/users/{user}/roles", Status: 403, Skip: 5})
		}, "removing roles of", "E0000006", false},
		"the revocation": {func(w *world, _ *elevation.Workflow) {
			w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/api-tokens/{token}", Status: 403})
		}, "revoking tokens of", "E0000006", false},
		"the log": {func(w *world, wf *elevation.Workflow) {
			wf.Okta = logless{&lagging{Okta: wf.Okta, slow: time.Second, late: time.Hour}}
		}, "proving what is left to", errNoLog.Error(), false},
		"the ledger": {func(_ *world, wf *elevation.Workflow) {
			wf.Ledger = deafLedger{wf.Ledger, access.StateUndoing}
		}, "writing to the ledger about", "the ledger is refused", true},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
				plan := w.plan(wf, owner(), "l1")
				told.handOff = w.operatorCreates(time.Second, "another name")
				c.refuse(w, wf)
				began := time.Now()
				_, _ = wf.Apply(t.Context(), plan)
				tries := 0
				for _, a := range told.failed {
					if !strings.HasPrefix(a.What, c.what) || !strings.Contains(a.Err.Error(), c.says) {
						continue
					}
					if tries++; !c.once && (a.Failed > tries || !a.Until.After(began)) {
						t.Errorf("attempt %+v", a)
					}
				}
				if tries == 0 || !c.once && tries < 30 {
					t.Errorf("%d failed tries were told of %q: %+v", tries, c.what, told.failed)
				}
				if told.trying.What != "" {
					t.Errorf("in the end it is still said to try %q", told.trying.What)
				}
			})
		})
	}
}
