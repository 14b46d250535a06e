package access_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stepdown/stepdown/internal/access"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func events(states ...access.State) []access.Event {
	var out []access.Event
	for i, s := range states {
		e := access.Event{Version: access.EventVersion, Lease: "l1", Seq: i + 1, State: s, At: at.Add(time.Duration(i) * time.Second)}
		if i == 0 {
			e.Terms = &access.Terms{ID: "l1", OpenedAt: at, EndsAt: at.Add(time.Minute)}
		}
		out = append(out, e)
	}
	return out
}

func TestFoldFollowsTheWorkflow(t *testing.T) {
	t.Parallel()
	for _, states := range [][]access.State{
		{access.StateLeased, access.StateReady, access.StateElevated, access.StateCreated, access.StateSteppedDown, access.StateProved, access.StateDelivered, access.StateClosed},
		{access.StateLeased, access.StateUndoing, access.StateUndone},
		{access.StateLeased, access.StateReady, access.StateUndoing, access.StateStuck, access.StateUndoing, access.StateUndone},
		{access.StateLeased, access.StateReady, access.StateElevated, access.StateUndoing, access.StateUndoing, access.StateUndone},
	} {
		lease, err := access.Fold(events(states...))
		if err != nil || lease.State != states[len(states)-1] || lease.State.Open() {
			t.Errorf("%v: %v, %v", states, lease.State, err)
		}
	}
}

func TestFoldRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]access.Event) []access.Event{
		"none":                 func([]access.Event) []access.Event { return nil },
		"unknown state":        func(e []access.Event) []access.Event { e[1].State = "forgiven"; return e },
		"unknown version":      func(e []access.Event) []access.Event { e[1].Version = 2; return e },
		"a gap":                func(e []access.Event) []access.Event { e[1].Seq = 3; return e },
		"another lease":        func(e []access.Event) []access.Event { e[1].Lease = "l2"; return e },
		"terms twice":          func(e []access.Event) []access.Event { e[1].Terms = e[0].Terms; return e },
		"no terms":             func(e []access.Event) []access.Event { e[0].Terms = nil; return e },
		"closed from ready":    func(e []access.Event) []access.Event { return append(e, events("", "", access.StateClosed)[2]) },
		"beginning with ready": func(e []access.Event) []access.Event { e[0].State = access.StateReady; return e },
	} {
		if lease, err := access.Fold(damage(events(access.StateLeased, access.StateReady))); err == nil {
			t.Errorf("%s: folded to %+v", name, lease)
		}
	}
}

// TestNothingFollowsAnEnd draws any sequence of states: after closed or undone, nothing may follow, and stuck is open.
func TestNothingFollowsAnEnd(t *testing.T) {
	t.Parallel()
	all := []access.State{
		"", access.StateLeased, access.StateReady, access.StateElevated, access.StateCreated, access.StateSteppedDown,
		access.StateProved, access.StateDelivered, access.StateClosed, access.StateUndoing, access.StateUndone, access.StateStuck, "other",
	}
	rapid.Check(t, func(t *rapid.T) {
		prev, next := rapid.SampledFrom(all).Draw(t, "prev"), rapid.SampledFrom(all).Draw(t, "next")
		if next.MayFollow(prev) && (!prev.Open() || next == "" || next == "other" || prev == "other") {
			t.Fatalf("%q may follow %q", next, prev)
		}
		if prev != "" && prev != "other" && prev.Open() && !access.StateUndoing.MayFollow(prev) {
			t.Fatalf("%q cannot be undone", prev)
		}
	})
}

func TestALeaseIsDueAfterItsEndOrWhenStuck(t *testing.T) {
	t.Parallel()
	fold := func(states ...access.State) access.Lease {
		l, err := access.Fold(events(states...))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	open, stuck := fold(access.StateLeased), fold(access.StateLeased, access.StateUndoing, access.StateStuck)
	undone := fold(access.StateLeased, access.StateUndoing, access.StateUndone)
	end := open.EndsAt
	if open.Due(end.Add(-1)) || !open.Due(end) || !stuck.Due(at) || undone.Due(end.Add(time.Hour)) {
		t.Error("due is wrong")
	}
}

func TestASecretNeverPrints(t *testing.T) {
	t.Parallel()
	const value = "00hunter2hunter2hunter2"
	s := access.NewSecret(value)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "struct", struct{ S access.Secret }{s})
	js, err := json.Marshal(map[string]any{"s": s, "p": &s, "l": []access.Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	out := log.String() + string(js)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		out += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, &s) + fmt.Sprintf(verb, struct{ S access.Secret }{s})
	}
	if strings.Contains(out, value) || strings.Contains(out, fmt.Sprintf("%x", value)) {
		t.Errorf("the secret is in %s", out)
	}
	if s.Reveal() != value {
		t.Error("the secret is lost")
	}
}
