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

// lagging is an Okta whose answers lag behind what is true there.
type lagging struct {
	elevation.Okta
	roles    time.Duration // how long a new temporary role is not listed
	tokens   time.Duration // how long a new token is not listed
	slow     time.Duration // how long the grant takes until it fails without an answer
	late     time.Duration // how long after that it takes effect
	noEvents bool
	granted  time.Time
}

func (l *lagging) AssignRole(ctx context.Context, user string, role access.Role) (string, error) {
	if role.Type != temporary {
		return l.Okta.AssignRole(ctx, user, role)
	}
	if l.slow > 0 {
		time.Sleep(l.slow)
		time.AfterFunc(l.late, func() { _, _ = l.Okta.AssignRole(context.Background(), user, role) })
		return "", errors.New("no answer")
	}
	l.granted = time.Now()
	return l.Okta.AssignRole(ctx, user, role)
}

func (l *lagging) UserRoles(ctx context.Context, user string) ([]org.Assignment, error) {
	all, err := l.Okta.UserRoles(ctx, user)
	var shown []org.Assignment
	for _, a := range all {
		if a.Type != temporary || time.Since(l.granted) >= l.roles {
			shown = append(shown, a)
		}
	}
	return shown, err
}

func (l *lagging) Tokens(ctx context.Context) ([]org.Token, error) {
	all, err := l.Okta.Tokens(ctx)
	var shown []org.Token
	for _, t := range all {
		if t.Name != "invoice-export" || time.Since(t.Created) >= l.tokens {
			shown = append(shown, t)
		}
	}
	return shown, err
}

func (l *lagging) Events(ctx context.Context, since, until time.Time, only org.LogFilter) ([]org.LogEvent, error) {
	if l.noEvents {
		return nil, nil
	}
	return l.Okta.Events(ctx, since, until, only)
}

// TestAGrantThatIsNotVisibleYetIsNotGone: Okta accepts the grant, and its readings do not show it for 30 s. Two of those
// do not prove anything.
func TestAGrantThatIsNotVisibleYetIsNotGone(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &lagging{Okta: wf.Okta, roles: 30 * time.Second}
		_, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) {
			t.Errorf("error = %v", err)
		}
		w.expect(nil, nil)
	})
}

// TestAGrantThatNoReadingShows: Okta accepts the grant and says its id, and no reading shows it for an hour, longer than
// anybody waits. It is removed by its id.
func TestAGrantThatNoReadingShows(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &lagging{Okta: wf.Okta, roles: time.Hour}
		_, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) {
			t.Errorf("error = %v", err)
		}
		w.expect(nil, nil)
	})
}

// TestAnOrgWhoseReadsLagForMinutes: the intended role is given, and nothing shows it: it is taken back by its id.
func TestAnOrgWhoseReadsLagForMinutes(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		plan := w.plan(wf, owner(), "l1")
		w.org.SetLag(5 * time.Minute)
		_, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) {
			t.Errorf("error = %v", err)
		}
		w.expect(nil, nil)
	})
}

// TestALateGrantIsCountedFromItsLastTry: the request is tried for 100 s, and takes effect 45 s after it was given up.
func TestALateGrantIsCountedFromItsLastTry(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &lagging{Okta: wf.Okta, slow: 100 * time.Second, late: 45 * time.Second}
		_, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) {
			t.Errorf("error = %v", err)
		}
		time.Sleep(2 * time.Minute)
		w.expect(nil, nil)
	})
}

// TestATokenThatIsListedLateIsRevoked: it is made 2 s before the window ends and listed 5 s later.
func TestATokenThatIsListedLateIsRevoked(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &lagging{Okta: wf.Okta, tokens: 5 * time.Second}
		told.handOff = w.operatorCreates(time.Until(plan.Terms.EndsAt)-2*time.Second, "invoice-export")
		_, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) {
			t.Errorf("error = %v", err)
		}
		w.expect(nil, nil)
	})
}

// TestALogThatShowsNothingIsAFinding: it does not even show the token, so that it says nothing of the rest.
func TestALogThatShowsNothingIsAFinding(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &lagging{Okta: wf.Okta, noEvents: true}
		told.handOff = w.operatorCreates(time.Second, "invoice-export")
		ev, err := wf.Apply(t.Context(), plan)
		if err != nil || len(ev.Findings) != 1 || !strings.Contains(ev.Findings[0], "is not known") {
			t.Errorf("findings = %q, error = %v", ev.Findings, err)
		}
	})
}

// TestADowngradeThatCannotAssignTheDeclaredRole takes the others away all the same, says what is missing, and leaves no
// lease that nobody could end.
func TestADowngradeThatCannotAssignTheDeclaredRole(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		if err := w.org.Assign(login, "ORG_ADMIN"); err != nil {
			t.Fatal(err)
		}
		facts, err := wf.Check(t.Context(), owner())
		if err != nil {
			t.Fatal(err)
		}
		plan := elevation.NewDowngrade(owner(), facts, access.DefaultSettings(), elevation.Subject{ID: "d1", OrgURL: wf.OrgURL, Now: time.Now()})
		w.org.Inject(oktaemu.Fault{Method: "POST", Path: "/api/v1/users/*/roles", Count: 1, Status: 500})
		ev, err := wf.Downgrade(t.Context(), plan)
		if err != nil || !strings.Contains(strings.Join(ev.Findings, "\n"), "does not hold its intended role") {
			t.Errorf("findings = %q, error = %v", ev.Findings, err)
		}
		w.expect(nil, nil)
		w.expectState("d1", access.StateUndone)
	})
}

// TestASweepLetsARunStepDown: the token comes 3 s before the window ends; a sweep just after the end leaves it alone.
func TestASweepLetsARunStepDown(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		plan := w.plan(wf, owner(), "l1")
		told.handOff = w.operatorCreates(time.Until(plan.Terms.EndsAt)-3*time.Second, "invoice-export")
		time.AfterFunc(time.Until(plan.Terms.EndsAt)+time.Second, func() {
			if swept, err := wf.Sweep(context.Background(), dueNow); err != nil || len(swept.Swept) > 0 {
				t.Errorf("swept %+v, %v", swept, err)
			}
		})
		if _, err := wf.Apply(t.Context(), plan); err != nil {
			t.Error(err)
		}
		w.expect([]string{intended}, []string{"invoice-export"})
	})
}

// busybody is an Okta whose System Log shows that the account did more than it should have.
type busybody struct{ elevation.Okta }

func (b busybody) Events(ctx context.Context, since, until time.Time, only org.LogFilter) ([]org.LogEvent, error) {
	events, err := b.Okta.Events(ctx, since, until, only)
	events = append(events, org.LogEvent{UUID: "w", Type: "analytics.reports.export.download", Published: time.Now(), ActorID: only.ActorID})
	return append(events, org.LogEvent{UUID: "x", Type: "user.lifecycle.create", Published: time.Now(), ActorID: only.ActorID, Targets: []org.LogTarget{{ID: "00u9", Type: "User", Name: "mallory"}}}), err
}

// TestWhatElseTheAccountDidIsAFinding: the lease gave it the power to create its token, and for nothing else.
func TestWhatElseTheAccountDidIsAFinding(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = busybody{wf.Okta}
		told.handOff = w.operatorCreates(time.Second, "invoice-export")
		ev, err := wf.Apply(t.Context(), plan)
		if err != nil || len(ev.Findings) != 2 || !strings.Contains(ev.Findings[0], `CHANGED SOMETHING in the window: user.lifecycle.create to User "mallory"`) || !strings.Contains(ev.Findings[1], "the account did analytics.reports") {
			t.Errorf("findings = %q, error = %v", ev.Findings, err)
		}
	})
}
