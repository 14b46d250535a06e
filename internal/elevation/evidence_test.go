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

// TestTheEvidenceSaysHowTheLogWasRead: from before the grant until after the step-down, also where it shows nothing of the account.
func TestTheEvidenceSaysHowTheLogWasRead(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		ev, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
		var undone *elevation.Undone
		if !errors.As(err, &undone) || len(ev.Activity) > 0 {
			t.Fatalf("activity %+v, error = %v", ev.Activity, err)
		}
		l := ev.Log
		if l == nil || !l.From.Before(ev.Window.GrantSent) || l.Until.Before(ev.Window.Proved) || l.Until.After(time.Now()) || l.Failure != "" {
			t.Errorf("log %+v, window %+v", l, ev.Window)
		}
	})
}

// TestTheEvidenceKeepsWhatTheLogShowed before it could not be read any more.
func TestTheEvidenceKeepsWhatTheLogShowed(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &fadingLog{Okta: wf.Okta}
		told.handOff = w.operatorCreates(time.Second, "invoice-export")
		ev, err := wf.Apply(t.Context(), plan)
		if err != nil || len(ev.Activity) != 1 || ev.Log == nil || ev.Log.Until.IsZero() || ev.Log.Failure != "503" {
			t.Errorf("activity %+v, log %+v, error = %v", ev.Activity, ev.Log, err)
		}
	})
}

// fadingLog is an Okta whose System Log shows that the account signed in, and is not there when it is asked again.
type fadingLog struct {
	elevation.Okta
	asked bool
}

func (f *fadingLog) Events(_ context.Context, _, _ time.Time, only org.LogFilter) ([]org.LogEvent, error) {
	if f.asked {
		return nil, errors.New("503")
	}
	f.asked = true
	return []org.LogEvent{{UUID: "s", Type: "user.session.start", Published: time.Now(), ActorID: only.ActorID}}, nil
}

// TestTheEvidenceSaysWhyTheRolesWereNotRead: a sweep removes before it reads; a reading that fails says so itself.
func TestTheEvidenceSaysWhyTheRolesWereNotRead(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", Status: 500})
		told.handOff = w.operatorCreates(time.Second, "invoice-export")
		if ev, _ := wf.Apply(t.Context(), w.plan(wf, owner(), "l1")); ev.State != access.StateStuck || len(ev.Reads) == 0 || ev.ReadFailure == "" {
			t.Errorf("the run: %s, reads %+v, and then %q", ev.State, ev.Reads, ev.ReadFailure)
		}
		sweep := func() access.Evidence {
			t.Helper()
			swept, err := wf.Sweep(t.Context(), dueNow)
			if err != nil || len(swept.Swept) != 1 {
				t.Fatalf("swept %+v, %v", swept, err)
			}
			return swept.Swept[0].Evidence
		}
		if ev := sweep(); len(ev.Reads) > 0 || !strings.Contains(ev.ReadFailure, "a removal comes before any reading") {
			t.Errorf("a sweep that cannot remove: reads %+v, %q", ev.Reads, ev.ReadFailure)
		}
		w.org.ClearFaults()
		w.org.Inject(oktaemu.Fault{Method: "GET", Path: "/api/v1/users/*/roles", Status: 403})
		if ev := sweep(); len(ev.Reads) > 0 || !strings.Contains(ev.ReadFailure, "403") {
			t.Errorf("a sweep that cannot read: reads %+v, %q", ev.Reads, ev.ReadFailure)
		}
		w.org.ClearFaults()
		w.org.Inject(oktaemu.Fault{Method: "GET", Path: "/api/v1/users/*/roles", Status: 403, Count: 1})
		if ev := sweep(); len(ev.Reads) == 0 || ev.ReadFailure != "" || ev.State != access.StateUndone {
			t.Errorf("a sweep that can: %s, reads %+v, %q", ev.State, ev.Reads, ev.ReadFailure)
		}
	})
}
