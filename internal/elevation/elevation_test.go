package elevation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// scene runs fn in a bubble, with a workflow that was made outside of it.
func scene(t *testing.T, fn func(t *testing.T, w *world, wf *elevation.Workflow, told *narration)) {
	t.Helper()
	t.Parallel()
	w := newWorld(t)
	wf, told := w.workflow(w.line)
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		fn(t, w, wf, told)
	})
}

func TestTheTokenComes(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = w.operatorCreates(90*time.Second, "invoice-export")
		ev, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
		if err != nil {
			t.Fatal(err)
		}
		w.expect([]string{intended}, []string{"invoice-export"})
		w.expectState("l1", access.StateClosed)
		want := []access.State{
			access.StateLeased, access.StateReady, access.StateElevated, access.StateCreated, access.StateSteppedDown,
			access.StateProved, access.StateDelivered, access.StateClosed,
		}
		if !slices.Equal(told.states, want) {
			t.Errorf("states = %v", told.states)
		}
		if s := ev.Window.ElevatedSeconds; s < 90 || s > 92 {
			t.Errorf("the account was elevated for %v s", s)
		}
		if s := ev.Window.TokenPowerfulSeconds; s <= 0 || s > 2 {
			t.Errorf("the token was powerful for %v s", s)
		}
		if d := ev.Window.Proved.Sub(ev.Window.RevokeAnswered); d < access.DefaultSettings().Elevation.Settle {
			t.Errorf("the proof was settled after %v", d)
		}
		if len(ev.Findings)+len(ev.Residue) > 0 {
			t.Errorf("findings %v, residue %v", ev.Findings, ev.Residue)
		}
	})
}

func TestTheWindowRunsOut(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		began := time.Now()
		ev, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
		var undone *elevation.Undone
		if !errors.As(err, &undone) || !strings.Contains(err.Error(), "the window ended") {
			t.Fatalf("error = %v", err)
		}
		w.expect(nil, nil)
		w.expectState("l1", access.StateUndone)
		if s := ev.Window.ElevatedSeconds; s < 595 || s > 605 {
			t.Errorf("a window of 10 min elevated the account for %v s", s)
		}
		if d := time.Since(began); d > 11*time.Minute {
			t.Errorf("the run took %v", d)
		}
	})
}

func TestTheIntendedRoleThatWasThereStays(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		first := w.plan(wf, owner(), "l1")
		if _, err := wf.Okta.AssignRole(t.Context(), first.Terms.Account.ID, first.Terms.Intended); err != nil {
			t.Fatal(err)
		}
		if _, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l2")); err == nil {
			t.Fatal("no token came")
		}
		w.expect([]string{intended}, nil)
	})
}

// TestOtherTokensAreNotAccepted: whatever appears in the window but the one expected token ends it and is revoked.
func TestOtherTokensAreNotAccepted(t *testing.T) {
	for name, tokens := range map[string][]string{
		"another name":  {"invoice-exprot"},
		"two":           {"invoice-export", "second"},
		"the same name": {"invoice-export", "invoice-export"},
	} {
		t.Run(name, func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
				told.handOff = w.operatorCreates(time.Minute+500*time.Millisecond, tokens...) // between two looks
				ev, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
				var undone *elevation.Undone
				if !errors.As(err, &undone) {
					t.Fatalf("error = %v", err)
				}
				w.expect(nil, nil)
				if len(ev.Findings) < len(tokens) {
					t.Errorf("findings = %q", ev.Findings)
				}
			})
		})
	}
}

func TestASignalInTheWindowStepsDownUnderItsOwnContext(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		_, err := wf.Apply(ctx, w.plan(wf, owner(), "l1"))
		var undone *elevation.Undone
		if !errors.As(err, &undone) || !errors.Is(err, context.Canceled) {
			t.Fatalf("error = %v", err)
		}
		w.expect(nil, nil)
		w.expectState("l1", access.StateUndone)
	})
}

// TestWhatIsNotProvedInTimeIsHandedOver: the run is about to be killed. It has taken the role away, says that this is not proved, and leaves the
// lease as it is to whoever follows; also where Okta refuses.
func TestWhatIsNotProvedInTimeIsHandedOver(t *testing.T) {
	for name, refuses := range map[string]bool{"removed": false, "refused": true} {
		t.Run(name, func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
				ctx, cancel := context.WithCancel(t.Context())
				var signal time.Time
				w.org.Inject(oktaemu.Fault{Delay: 50 * time.Millisecond}) // so that the System Log tells what came first
				time.AfterFunc(time.Minute, func() {
					if refuses {
						w.org.ClearFaults()
						w.org.Inject(oktaemu.Fault{Method: "DELETE", Status: 503})
					}
					signal = time.Now()
					cancel()
				})
				plan := w.plan(wf, owner(), "l1")
				wf.HandOver = 5 * time.Second
				ev, err := wf.Apply(ctx, plan)
				if !errors.Is(err, elevation.ErrHandedOver) || ev.State != access.StateUndoing || !ev.Window.Proved.IsZero() || ev.Log != nil {
					t.Errorf("state %s, proved %v, log %+v, error = %v", ev.State, ev.Window.Proved, ev.Log, err)
				}
				if took := time.Since(signal); took > 6*time.Second {
					t.Errorf("it ended %s after the signal", took)
				}
				w.expectState("l1", access.StateUndoing)
				w.org.ClearFaults()
				w.org.Inject(oktaemu.Fault{Delay: 50 * time.Millisecond})
				wf.HandOver = 0
				swept, err := wf.Finish(t.Context(), func(access.Lease) bool { return true })
				if err != nil || len(swept) != 1 || swept[0].Err != nil {
					t.Fatalf("swept = %+v, %v", swept, err)
				}
				w.expect(nil, nil)
				w.expectState("l1", access.StateUndone)
			})
		})
	}
}

// TestAnUnansweredGrantIsWaitedFor: the grant took effect and its answer was lost. The proof must not begin before the
// time at which such a grant could still take effect is over.
func TestAnUnansweredGrantIsWaitedFor(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		plan := w.plan(wf, owner(), "l1")
		w.org.Inject(oktaemu.Fault{Method: "POST", Path: "/api/v1/users/*/roles", Skip: 1, Count: 1, DropAfter: true})
		began := time.Now()
		ev, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) {
			t.Fatalf("error = %v", err)
		}
		w.expect(nil, nil)
		if d := ev.Window.Proved.Sub(began); d < access.DefaultSettings().Elevation.LateEffect {
			t.Errorf("proved %v after the grant was sent", d)
		}
	})
}

// TestTheRoleArrivesThroughAGroup: the program may not take it from the group, so that it is stuck, and says where.
func TestTheRoleArrivesThroughAGroup(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = func(i elevation.Instructions) {
			if err := errors.Join(w.org.AssignGroup("Auditors", temporary), w.org.AddMember("Auditors", login)); err != nil {
				t.Error(err)
			}
			w.operatorCreates(time.Second, "invoice-export")(i)
		}
		_, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
		var stuck *elevation.Stuck
		if !errors.As(err, &stuck) || !strings.Contains(err.Error(), "through group") {
			t.Fatalf("error = %v", err)
		}
		w.expectState("l1", access.StateStuck)
		if roles := w.org.RolesOf(login); slices.Contains(roles, temporary) || !slices.Contains(roles, temporary+" via group Auditors") {
			t.Errorf("roles = %q", roles)
		}
		if tokens := w.org.TokensOf(login); len(tokens) != 0 {
			t.Errorf("the account is elevated and owns %q", tokens)
		}
	})
}

// TestAnotherRoleIsResidue: a person gave the account a role meanwhile. It is reported and stays.
func TestAnotherRoleIsResidue(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = func(i elevation.Instructions) {
			if err := w.org.Assign(login, "APP_ADMIN"); err != nil {
				t.Error(err)
			}
			w.operatorCreates(time.Second, "invoice-export")(i)
		}
		ev, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
		if err != nil || !slices.Equal(ev.Residue, []string{"APP_ADMIN"}) {
			t.Fatalf("residue = %q, error = %v", ev.Residue, err)
		}
		w.expect([]string{"APP_ADMIN", intended}, []string{"invoice-export"})
	})
}

// TestOktaGoesDownInTheWindow: nothing can be proved, so that the lease is stuck; when Okta is back, a sweep ends it.
func TestOktaGoesDownInTheWindow(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = func(elevation.Instructions) { w.org.Inject(oktaemu.Fault{Status: 503}) }
		_, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1"))
		var stuck *elevation.Stuck
		if !errors.As(err, &stuck) || !strings.Contains(stuck.Why.Error(), "503") || strings.Contains(stuck.Why.Error(), "deadline") {
			t.Fatalf("error = %v", err)
		}
		w.expectState("l1", access.StateStuck)
		w.org.ClearFaults()
		swept, err := wf.Sweep(t.Context(), dueNow)
		if err != nil || len(swept.Swept) != 1 || swept.Swept[0].Err != nil {
			t.Fatalf("swept = %+v, %v", swept, err)
		}
		w.expect(nil, nil)
		w.expectState("l1", access.StateUndone)
		if again, err := wf.Sweep(t.Context(), dueNow); err != nil || len(again.Swept) != 0 {
			t.Errorf("a second sweep did %+v, %v", again, err)
		}
	})
}

func TestTheTokenIsPinnedToItsZones(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = w.operatorCreates(time.Second, "invoice-export")
		o := owner()
		o.Token.Zones = []string{"Corporate network"}
		ev, err := wf.Apply(t.Context(), w.plan(wf, o, "l1"))
		if err != nil || len(ev.Token.Zones) != 1 {
			t.Fatalf("token = %+v, error = %v", ev.Token, err)
		}
		facts, err := wf.Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if again := elevation.NewPlan(o, facts, access.DefaultSettings(), elevation.Subject{ID: "l2", OrgURL: wf.OrgURL, Now: time.Now()}); !again.InPlace {
			t.Errorf("a second plan would do %v, refuses %v", again.Changes, again.Refusals)
		}
	})
}

func TestDowngradeRemovesWhatTheLeaseNames(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		if err := errors.Join(w.org.Assign(login, "ORG_ADMIN"), w.org.Assign(login, "APP_ADMIN")); err != nil {
			t.Fatal(err)
		}
		facts, err := wf.Check(t.Context(), owner())
		if err != nil {
			t.Fatal(err)
		}
		plan := elevation.NewDowngrade(owner(), facts, access.DefaultSettings(), elevation.Subject{ID: "d1", OrgURL: wf.OrgURL, Now: time.Now()})
		if ev, err := wf.Downgrade(t.Context(), plan); err != nil || len(ev.Residue) > 0 {
			t.Fatalf("residue = %q, error = %v", ev.Residue, err)
		}
		w.expect([]string{intended}, nil)
		w.expectState("d1", access.StateUndone)
	})
}

// TestOktaGoesDownAtEveryRequest: from that request on, nothing is answered any more. The run must say that it is stuck
// wherever anything may be left, and a sweep must end it once Okta is back.
func TestOktaGoesDownAtEveryRequest(t *testing.T) {
	t.Parallel()
	stuck := 0
	for number := 0; ; number++ {
		w := newWorld(t)
		wf, told := w.workflow(w.line)
		var err error
		synctest.Test(t, func(t *testing.T) {
			w.t = t
			told.handOff = w.operatorCreates(10*time.Second, "invoice-export")
			plan := w.plan(wf, owner(), "l1")
			w.org.Inject(oktaemu.Fault{Skip: number, Status: 503})
			if _, err = wf.Apply(t.Context(), plan); err == nil {
				return
			}
			var failed *elevation.Stuck
			if undone := (*elevation.Undone)(nil); errors.As(err, &undone) && number < 2 {
				w.expect(nil, nil) // the org could not be read again, so that nothing was begun
				w.expectState("l1", access.StateUndone)
				return
			}
			if !errors.As(err, &failed) {
				t.Errorf("request %d: nothing could be read, and the run says %v", number, err)
				return
			}
			w.expectState("l1", access.StateStuck)
			w.org.ClearFaults()
			swept, err := wf.Sweep(t.Context(), dueNow)
			if err != nil || len(swept.Swept) != 1 || swept.Swept[0].Err != nil {
				t.Errorf("request %d: swept %+v, %v", number, swept, err)
			}
			w.expect(nil, nil)
			w.expectState("l1", access.StateUndone)
		})
		if err == nil {
			break
		}
		stuck++
	}
	t.Logf("%d requests", stuck)
	if stuck < 15 {
		t.Errorf("only %d requests were refused", stuck)
	}
}

// TestALeaseOfAnotherOrgIsNotUndoneHere: its account may have a namesake.
func TestALeaseOfAnotherOrgIsNotUndoneHere(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = func(elevation.Instructions) { w.org.Inject(oktaemu.Fault{Status: 503}) }
		if _, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1")); err == nil {
			t.Fatal("Okta was down")
		}
		w.org.ClearFaults()
		before := len(w.org.Requests())
		wf.OrgURL = "https://other.okta.com"
		swept, err := wf.Sweep(t.Context(), dueNow)
		var stuck *elevation.Stuck
		if err != nil || len(swept.Swept) != 1 || !errors.As(swept.Swept[0].Err, &stuck) || !strings.Contains(stuck.Error(), "https://other.okta.com") {
			t.Errorf("swept = %+v, %v", swept, err)
		}
		if sent := len(w.org.Requests()) - before; sent != 0 {
			t.Errorf("%d requests were sent to the wrong org", sent)
		}
	})
}

// TestApplyDoesWhatThePlanSays holds the requests that change something against the changes of the plan, in order.
func TestApplyDoesWhatThePlanSays(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		told.handOff = w.operatorCreates(time.Second, "invoice-export")
		o := owner()
		o.Token.Zones = []string{"Corporate network"}
		plan := w.plan(wf, o, "l1")
		if _, err := wf.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		request := map[access.ChangeAction]string{
			access.ActionAssignIntended: "POST roles", access.ActionElevate: "POST roles", access.ActionStepDown: "DELETE roles",
			access.ActionEndSessions: "DELETE sessions", access.ActionRestrictToken: "PUT api-tokens",
		}
		var want, got []string
		for _, c := range plan.Changes {
			if r, sends := request[c.Action]; sends {
				want = append(want, r)
			}
		}
		for _, r := range w.org.Requests() {
			if r.Method == "GET" {
				continue
			}
			for _, what := range []string{"roles", "sessions", "api-tokens"} {
				if strings.Contains(r.Path, "/"+what) {
					got = append(got, r.Method+" "+what)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("the plan says %q, the org was sent %q", want, got)
		}
	})
}

// TestAShortLoginIsNotTheDeclaredAccount: Okta finds an account by what stands before the @ of its login.
func TestAShortLoginIsNotTheDeclaredAccount(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		o := owner()
		o.Account, _, _ = strings.Cut(login, "@")
		plan := w.plan(wf, o, "l1")
		if len(plan.Refusals) != 1 || plan.Refusals[0].Rule != "account-missing" {
			t.Errorf("account = %+v, refusals = %+v", plan.Terms.Account, plan.Refusals)
		}
	})
}

// TestAStuckStepDownLeavesNoToken: Okta does not take the role away, so that the token would have it for as long.
func TestAStuckStepDownLeavesNoToken(t *testing.T) {
	for name, c := range map[string]struct {
		keep bool
		want []string
	}{"revoked": {false, nil}, "kept, as the settings say": {true, []string{"invoice-export"}}} {
		t.Run(name, func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
				w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", Status: 500})
				told.handOff = w.operatorCreates(time.Second, "invoice-export")
				plan := w.plan(wf, owner(), "l1")
				plan.Terms.KeepToken = c.keep
				_, err := wf.Apply(t.Context(), plan)
				var stuck *elevation.Stuck
				if !errors.As(err, &stuck) {
					t.Errorf("error = %v", err)
				}
				w.expect([]string{intended, temporary}, c.want)
				w.expectState("l1", access.StateStuck)
			})
		})
	}
}

// TestATokenIsKeptWhereTheSettingsSaySo: the run fails after the token was seen. The temporary role goes all the same.
func TestATokenIsKeptWhereTheSettingsSaySo(t *testing.T) {
	for name, c := range map[string]struct {
		keep          bool
		roles, tokens []string
	}{"revoked": {false, nil, nil}, "kept": {true, []string{intended}, []string{"invoice-export"}}} {
		t.Run(name, func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
				w.org.Inject(oktaemu.Fault{Method: "PUT", Path: "/api/v1/api-tokens/*", Status: 403})
				told.handOff = w.operatorCreates(time.Second, "invoice-export")
				o := owner()
				o.Token.Zones = []string{"Corporate network"}
				plan := w.plan(wf, o, "l1")
				plan.Terms.KeepToken = c.keep
				ev, err := wf.Apply(t.Context(), plan)
				var undone *elevation.Undone
				if !errors.As(err, &undone) || ev.Token == nil || ev.Token.Revoked == c.keep {
					t.Errorf("error = %v, token %+v", err, ev.Token)
				}
				w.expect(c.roles, c.tokens)
				w.expectState("l1", access.StateUndone)
			})
		})
	}
}
