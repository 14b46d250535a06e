package elevation_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestStaleReadingsAreNoReasonNotToRevoke: the grant was read back, and every reading after that comes from a replica that
// does not have it yet. The removal is sent all the same.
func TestStaleReadingsAreNoReasonNotToRevoke(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		plan := w.plan(wf, owner(), "l1")
		w.org.Inject(oktaemu.Fault{Method: "GET", Path: "/api/v1/users/*/roles", Skip: 3, Count: 3, Stale: true})
		told.handOff = w.operatorCreates(2*time.Second, "invoice-export")
		_, _ = wf.Apply(t.Context(), plan)
		if roles := w.org.RolesOf(login); slices.Contains(roles, temporary) {
			t.Errorf("the account holds %q", roles)
		}
		for _, r := range w.org.Requests() {
			if r.Method == "DELETE" && strings.Contains(r.Path, "/roles/") {
				return
			}
		}
		t.Error("no removal was sent")
	})
}

// TestALockedLedgerDoesNotKeepAnAccountElevated: another process holds the lock from the moment of the grant on. In real
// time, because a file lock is not the bubble's to wait for.
func TestALockedLedgerDoesNotKeepAnAccountElevated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wf, _ := w.workflow(w.line)
	o := owner()
	o.Elevation.Window = 2 * time.Second
	plan := w.plan(wf, o, "l1")
	plan.Terms.Patience = access.Patience{Settle: access.Duration(100 * time.Millisecond), StepDown: access.Duration(time.Second)}
	locked := make(chan func(), 1)
	w.org.Tap(func(r oktaemu.Request) {
		if r.Method == "POST" && slices.Contains(w.org.RolesOf(login), temporary) && len(locked) == 0 {
			unlock, err := lockedfile.MutexAt(filepath.Join(w.dir, "lock")).Lock()
			if err != nil {
				t.Error(err)
			}
			locked <- unlock
		}
	})
	done := make(chan error, 1)
	go func() {
		_, err := wf.Apply(t.Context(), plan)
		done <- err
	}()
	time.Sleep(4 * time.Second)
	if roles := w.org.RolesOf(login); slices.Contains(roles, temporary) {
		t.Errorf("2 s after the window ended the account holds %q", roles)
	}
	(<-locked)()
	var undone *elevation.Undone
	if err := <-done; !errors.As(err, &undone) {
		t.Errorf("error = %v", err)
	}
}

// TestARunThatCheckedTooEarlyTouchesNothing: between its check and its lease, another run did the same work.
func TestARunThatCheckedTooEarlyTouchesNothing(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		early := w.plan(wf, owner(), "l2")
		told.handOff = w.operatorCreates(time.Second, "invoice-export")
		if _, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1")); err != nil {
			t.Fatal(err)
		}
		_, err := wf.Apply(t.Context(), early)
		var undone *elevation.Undone
		if !errors.As(err, &undone) || !strings.Contains(err.Error(), "has changed since it was checked") {
			t.Errorf("error = %v", err)
		}
		w.expect([]string{intended}, []string{"invoice-export"})
		w.expectState("l2", access.StateUndone)
	})
}

// outdated is a ledger whose listing was read a while ago.
type outdated struct {
	elevation.Ledger
	leases []access.Lease
}

func (o outdated) Leases(context.Context) ([]access.Lease, error) { return o.leases, nil }

// TestAnOutdatedSweepTouchesNothing: by the time that a sweep comes to a lease, its run has ended it, and another lease of
// the account may be open.
func TestAnOutdatedSweepTouchesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wf, told := w.workflow(w.line)
	sweeper, _ := w.workflow(&line{handler: w.org})
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		o := owner()
		o.Elevation.Window = 10 * time.Second
		told.handOff = func(elevation.Instructions) {
			sweeper.Ledger = outdated{sweeper.Ledger, w.leases()}
			if len(sweeper.Ledger.(outdated).leases) != 1 {
				t.Error("the first lease is not open")
			}
		}
		if _, err := wf.Apply(t.Context(), w.plan(wf, o, "l1")); err == nil {
			t.Error("nobody created a token")
		}
		told.handOff = func(i elevation.Instructions) {
			if swept, err := sweeper.Sweep(t.Context(), dueNow); err != nil || len(swept.Swept) > 0 {
				t.Errorf("swept %+v, %v", swept, err)
			}
			w.operatorCreates(time.Second, "invoice-export")(i)
		}
		if _, err := wf.Apply(t.Context(), w.plan(wf, o, "l2")); err != nil {
			t.Error(err)
		}
		w.expect([]string{intended}, []string{"invoice-export"})
	})
}

// TestASweepBetweenReadyAndGrant: somebody takes a running apply for dead, and sweeps its lease before the grant is sent.
// The run finds its lease ended, and takes back what it gave after that.
func TestASweepBetweenReadyAndGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wf, _ := w.workflow(w.line)
	sweeper, _ := w.workflow(&line{handler: w.org})
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &before{Okta: wf.Okta, role: temporary, do: func() {
			swept, err := sweeper.Sweep(t.Context(), func(access.Lease) bool { return true })
			if err != nil || len(swept.Swept) != 1 || swept.Swept[0].Err != nil {
				t.Errorf("swept %+v, %v", swept, err)
			}
		}}
		_, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) {
			t.Errorf("error = %v", err)
		}
		w.expect(nil, nil)
		w.expectState("l1", access.StateUndone)
	})
}

// before does something just before a role is assigned.
type before struct {
	elevation.Okta
	role string
	do   func()
}

func (b *before) AssignRole(ctx context.Context, user string, role access.Role) (string, error) {
	if role.Type == b.role {
		b.do()
	}
	return b.Okta.AssignRole(ctx, user, role)
}

// TestARefusedGrantGaveNothing: a person gives the account the same role just before the grant, which Okta then refuses.
// The person's role is reported, not removed.
func TestARefusedGrantGaveNothing(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
		plan := w.plan(wf, owner(), "l1")
		wf.Okta = &before{Okta: wf.Okta, role: temporary, do: func() {
			if err := w.org.Assign(login, temporary); err != nil {
				t.Error(err)
			}
		}}
		ev, err := wf.Apply(t.Context(), plan)
		var undone *elevation.Undone
		if !errors.As(err, &undone) || !slices.Equal(ev.Residue, []string{temporary}) {
			t.Errorf("residue = %q, error = %v", ev.Residue, err)
		}
		w.expect([]string{temporary}, nil)
	})
}

// TestNotFoundIsNoProof: Okta says that it does not find the assignment, without having removed it, and three readings lag.
func TestNotFoundIsNoProof(t *testing.T) {
	scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
		plan := w.plan(wf, owner(), "l1")
		w.org.Inject(
			oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", Count: 1, Status: 404},
			oktaemu.Fault{Method: "GET", Path: "/api/v1/users/*/roles", Skip: 3, Count: 3, Stale: true})
		told.handOff = w.operatorCreates(2*time.Second, "invoice-export")
		if _, err := wf.Apply(t.Context(), plan); err != nil {
			t.Error(err)
		}
		w.expect([]string{intended}, []string{"invoice-export"})
	})
}

// TestALedgerThatIsBusyLeavesTheTokenAlone: a sweep that cannot ask whether the lease is still open takes away the power
// that it may have given, and nothing else.
func TestALedgerThatIsBusyLeavesTheTokenAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wf, told := w.workflow(w.line)
	sweeper, _ := w.workflow(&line{handler: w.org})
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		told.handOff = func(i elevation.Instructions) {
			sweeper.Ledger = busy{outdated{sweeper.Ledger, w.leases()}}
			w.operatorCreates(time.Second, "invoice-export")(i)
		}
		if _, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1")); err != nil {
			t.Fatal(err)
		}
		swept, err := sweeper.Sweep(t.Context(), func(access.Lease) bool { return true })
		var stuck *elevation.Stuck
		if err != nil || len(swept.Swept) != 1 || !errors.As(swept.Swept[0].Err, &stuck) {
			t.Errorf("swept %+v, %v", swept, err)
		}
		w.expect([]string{intended}, []string{"invoice-export"})
	})
}

// busy is a ledger that cannot be written.
type busy struct{ outdated }

func (busy) Append(context.Context, string, access.Entry) (access.Lease, error) {
	return access.Lease{}, errors.New("another process has locked it")
}

// TestAGatewayAnswersForOkta: Okta makes the grant, at once or half a minute later, and something between here and there gives the
// answer. However it is worded, the role does not stay.
func TestAGatewayAnswersForOkta(t *testing.T) {
	for name, given := range map[string]struct {
		status int
		body   string
		late   time.Duration
	}{
		"400":              {status: 400, body: "<html>Bad Request</html>"},
		"401":              {status: 401, body: "<html>Sign in</html>"},
		"403":              {status: 403, body: "<html>Forbidden by policy</html>"},
		"403 of nothing":   {status: 403},
		"403 of JSON":      {status: 403, body: `{"message":"Forbidden"}`},
		"404":              {status: 404, body: "<html>Not found</html>"},
		"407":              {status: 407, body: "<html>Proxy</html>"},
		"429":              {status: 429, body: "<html>Slow down</html>"},
		"429 of nothing":   {status: 429},
		"451":              {status: 451, body: "<html>Blocked</html>"},
		"460":              {status: 460},
		"499":              {status: 499, body: "<html>Closed</html>"},
		"499, late effect": {status: 499, late: 30 * time.Second},
		"403, late effect": {status: 403, body: `{"message":"Forbidden"}`, late: 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, _ *narration) {
				grants := 0
				w.line.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					r.Body = io.NopCloser(bytes.NewReader(body))
					if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/roles") || !strings.Contains(string(body), temporary) {
						w.org.ServeHTTP(rw, r)
						return
					}
					if grants++; grants > 1 {
						t.Error("the grant is sent again")
					}
					reaches := r.WithContext(context.WithoutCancel(r.Context()))
					if given.late == 0 {
						w.org.ServeHTTP(httptest.NewRecorder(), reaches)
					} else {
						time.AfterFunc(given.late, func() { w.org.ServeHTTP(httptest.NewRecorder(), reaches) })
					}
					rw.Header().Set("Content-Type", "text/html")
					rw.WriteHeader(given.status)
					_, _ = io.WriteString(rw, given.body)
				})
				if _, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1")); err == nil {
					t.Error("no error")
				}
				time.Sleep(5 * time.Minute)
				w.expect(nil, nil)
			})
		})
	}
}
