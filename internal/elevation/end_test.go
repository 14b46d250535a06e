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
)

// given has the token and the role come, as a request that was carried out leaves them.
func given(t *testing.T, w *world, wf *elevation.Workflow, told *narration) access.Evidence {
	t.Helper()
	told.handOff = w.operatorCreates(5*time.Second, "invoice-export")
	ev, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
	if err != nil {
		t.Fatal(err)
	}
	w.expect([]string{intended}, []string{"invoice-export"})
	return ev
}

func planEnd(t *testing.T, wf *elevation.Workflow, withdrawn elevation.Withdrawn) elevation.Plan {
	t.Helper()
	facts, err := wf.Check(t.Context(), owner())
	if err != nil {
		t.Fatal(err)
	}
	return elevation.NewEnd(owner(), facts, access.DefaultSettings(), elevation.Subject{ID: "l2", OrgURL: wf.OrgURL, Now: time.Now()}, withdrawn)
}

func TestAnEndTakesBackTheRoleAndTheToken(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		ev := given(t, w, wf, told)
		if _, err := w.org.AddToken(login, "another"); err != nil {
			t.Fatal(err)
		}
		ended, err := wf.End(t.Context(), planEnd(t, wf, elevation.Withdrawn{Lease: "l1", TokenID: ev.Token.ID, Why: "closed unmerged"}))
		if err != nil {
			t.Fatal(err)
		}
		w.expect(nil, []string{"another"}) // which the lease does not name
		w.expectState("l2", access.StateUndone)
		if ended.Window.Proved.IsZero() || len(ended.Findings)+len(ended.Residue) > 0 {
			t.Errorf("evidence = %+v", ended)
		}
		if again := planEnd(t, wf, elevation.Withdrawn{Lease: "l1", TokenID: ev.Token.ID}); !again.InPlace {
			t.Errorf("a second end would do %v", again.Changes)
		}
	})
}

func TestAnEndThatKeepsTheRole(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		given(t, w, wf, told)
		if _, err := wf.End(t.Context(), planEnd(t, wf, elevation.Withdrawn{KeepRole: true})); err != nil {
			t.Fatal(err)
		}
		w.expect([]string{intended}, nil)
	})
}

func TestASweepGoesOnWithAnEnd(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		given(t, w, wf, told)
		plan := planEnd(t, wf, elevation.Withdrawn{Lease: "l1"})
		w.org.Inject(oktaemu.Fault{Status: 503})
		var stuck *elevation.Stuck
		if _, err := wf.End(t.Context(), plan); !errors.As(err, &stuck) {
			t.Fatalf("error = %v", err)
		}
		w.org.ClearFaults()
		swept, err := wf.Sweep(t.Context(), dueNow)
		if err != nil || len(swept.Swept) != 1 || swept.Swept[0].Err != nil {
			t.Fatalf("swept %+v, %v", swept, err)
		}
		w.expect(nil, nil)
		w.expectState("l2", access.StateUndone)
	})
}

// TestNothingIsGrantedOnceTheApprovalIsGone withdraws it at the first and at the second time of asking.
func TestNothingIsGrantedOnceTheApprovalIsGone(t *testing.T) {
	for _, at := range []int{1, 2} {
		t.Run("", func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
				asked := 0
				wf.StillApproved = func(context.Context) error {
					if asked++; asked == at {
						return errors.New("the head moved")
					}
					return nil
				}
				_, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
				var undone *elevation.Undone
				if !errors.As(err, &undone) || !strings.Contains(err.Error(), "the head moved") {
					t.Fatalf("error = %v", err)
				}
				w.expect(nil, nil)
				w.expectState("l1", access.StateUndone)
				for _, r := range w.org.Requests() {
					if r.Method == "POST" && strings.HasSuffix(r.Path, "/roles") && at == 1 {
						t.Errorf("%s %s was sent", r.Method, r.Path)
					}
				}
			})
		})
	}
}

func TestASweepDoesNothingUnderALeaseThatNobodyVouchesFor(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = func(elevation.Instructions) { w.line.mu.Lock(); w.line.dead = true; w.line.mu.Unlock() }
		_, _ = wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
		w.line.dead = false
		time.Sleep(time.Hour)
		wf.Vouch = func(context.Context, access.Lease) (string, error) {
			return "", errors.New("another account was approved")
		}
		swept, err := wf.Sweep(t.Context(), dueNow)
		var stuck *elevation.Stuck
		if err != nil || len(swept.Swept) != 1 || !errors.As(swept.Swept[0].Err, &stuck) {
			t.Fatalf("swept %+v, %v", swept, err)
		}
		w.expect([]string{intended, temporary}, nil)
		wf.Vouch = func(context.Context, access.Lease) (string, error) { return "GitHub does not answer", nil }
		if swept, err = wf.Sweep(t.Context(), dueNow); err != nil || swept.Swept[0].Err != nil || len(swept.Swept[0].Evidence.Findings) == 0 {
			t.Fatalf("swept %+v, %v", swept, err)
		}
		w.expect(nil, nil)
	})
}
