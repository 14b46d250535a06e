package elevation_test

// A step-down where others use the org's rate limits too.

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
)

// limited answers for an org with one limit of a minute for all routes, of which others take a share as it begins.
type limited struct {
	org    http.Handler
	limit  int
	others float64

	minute int64
	used   int
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if minute := now.Unix() / 60; minute != l.minute {
		l.minute, l.used = minute, int(float64(l.limit)*l.others)
	}
	l.used++
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	remaining, reset := max(l.limit-l.used, 0), (l.minute+1)*60
	if l.used <= l.limit {
		l.org.ServeHTTP(&headed{w, l.limit, remaining, reset}, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	(&headed{w, l.limit, remaining, reset}).WriteHeader(http.StatusTooManyRequests)
	_, _ = fmt.Fprint(w, `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}`)
}

// headed sets the headers of a limit in place of the emulator's.
type headed struct {
	http.ResponseWriter
	limit, remaining int
	reset            int64
}

func (h *headed) WriteHeader(status int) {
	h.Header().Set("X-Rate-Limit-Limit", fmt.Sprint(h.limit))
	h.Header().Set("X-Rate-Limit-Remaining", fmt.Sprint(h.remaining))
	h.Header().Set("X-Rate-Limit-Reset", fmt.Sprint(h.reset))
	h.ResponseWriter.WriteHeader(status)
}

// TestTheStepDownIsNotHeldUpByOthers: as long as Okta refuses nothing, what others take of a limit makes no failure of a
// finished run.
func TestTheStepDownIsNotHeldUpByOthers(t *testing.T) {
	for _, c := range []struct {
		limit    int
		others   float64
		creation time.Duration // after the hand-off
	}{
		{100, 0, 5 * time.Second},
		{100, 0.5, 29 * time.Second},
		{100, 0.8, 5 * time.Second},
		{600, 0.5, 5 * time.Second},
		{600, 0.8, 29 * time.Second},
		{600, 0.9, 5 * time.Second},
		{600, 0.9, 29 * time.Second},
		{600, 0.9, 53 * time.Second},
	} {
		t.Run(fmt.Sprint(c.limit, "/", c.others, "/", c.creation), func(t *testing.T) {
			scene(t, func(t *testing.T, w *world, wf *elevation.Workflow, told *narration) {
				w.line.handler = &limited{org: w.org, limit: c.limit, others: c.others}
				told.handOff = w.operatorCreates(c.creation, "invoice-export")
				if _, err := wf.Apply(t.Context(), w.plan(wf, owner(), "l1")); err != nil {
					t.Error(err)
				}
				w.expect([]string{intended}, []string{"invoice-export"})
				w.expectState("l1", access.StateClosed)
			})
		})
	}
}

// TestASweepIsNotHeldUpByOthers: the ceiling leaves it one read a minute, and it is done well before the first ends.
func TestASweepIsNotHeldUpByOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wf, told := w.workflow(w.line)
	sweeper, _ := w.workflow(&line{handler: &limited{org: w.org, limit: 600, others: 0.9}})
	synctest.Test(t, func(t *testing.T) {
		w.t = t
		told.handOff = func(elevation.Instructions) { w.line.cutBefore = w.line.count + 1 }
		plan := w.plan(wf, owner(), "l1")
		if _, err := wf.Apply(t.Context(), plan); err == nil || w.org.RolesOf(login) == nil {
			t.Fatalf("the run did not die while the account was elevated: %v", err)
		}
		time.Sleep(time.Until(plan.Terms.EndsAt))
		began := time.Now()
		swept, err := sweeper.Sweep(t.Context(), dueNow)
		if err != nil || len(swept.Swept) != 1 || swept.Swept[0].Err != nil {
			t.Fatalf("%+v, %v", swept, err)
		}
		if took := swept.Swept[0].Evidence.Window.Proved.Sub(began); took > 30*time.Second {
			t.Errorf("it was proved after %v", took)
		}
		w.expect(nil, nil)
	})
}
