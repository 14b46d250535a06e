package elevation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/org"
)

// unanswered is an Okta that makes the grant of the temporary role and does not say so.
type unanswered struct{ elevation.Okta }

func (u unanswered) AssignRole(ctx context.Context, userID string, role access.Role) (string, error) {
	id, err := u.Okta.AssignRole(ctx, userID, role)
	if role.Type == temporary {
		return "", errors.New("no answer")
	}
	return id, err
}

// TestTheSystemLogIsHeardBeforeAProof: the grant takes effect, its answer is lost, and the readings do not show it for
// longer than a late effect takes. The log tells of it.
func TestTheSystemLogIsHeardBeforeAProof(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"the role is the only one": func(*world) {},
		"it holds its intended role too": func(w *world) {
			if err := w.org.AssignCustom(login, "Group reader", "Invoice groups"); err != nil {
				w.t.Error(err)
			}
			time.Sleep(time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
				prepare(w)
				before := w.org.RolesOf(login)
				plan := w.plan(wf, owner(), "l1")
				wf.Okta = unanswered{&lagging{Okta: wf.Okta, roles: 100 * time.Second}}
				_, err := wf.Apply(t.Context(), plan)
				var undone *elevation.Undone
				if !errors.As(err, &undone) {
					t.Errorf("error = %v", err)
				}
				w.expect(before, nil)
			})
		})
	}
}

// TestALogThatCannotBeReadProvesNothing: the lease stays open for a sweep that can read it.
func TestALogThatCannotBeReadProvesNothing(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = mute{unanswered{wf.Okta}}
		_, err := wf.Apply(t.Context(), plan)
		var stuck *elevation.Stuck
		if !errors.As(err, &stuck) {
			t.Errorf("error = %v", err)
		}
		w.expect(nil, nil)
		w.expectState("l1", access.StateStuck)
	})
}

// mute is an Okta without a System Log.
type mute struct{ elevation.Okta }

func (mute) Events(context.Context, time.Time, time.Time, org.LogFilter) ([]org.LogEvent, error) {
	return nil, errors.New("503")
}
