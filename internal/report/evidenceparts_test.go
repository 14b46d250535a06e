package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
)

// TestRefusalsThatAreTheSameAreOneRow: as long as nothing was accepted between them; of each kind the first and the last are told.
func TestRefusalsThatAreTheSameAreOneRow(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 1, 2, 0, 0, 0, time.UTC)
	id := 0
	sent := func(path string, status int, text string) access.Exchange {
		id++
		return access.Exchange{At: at.Add(time.Duration(id) * time.Second), Method: "DELETE", Path: path, Status: status, Error: text, RequestID: string(rune('a' - 1 + id))}
	}
	e := access.Evidence{Writes: []access.Exchange{
		sent("/1", 500, "500 E0000009"), sent("/2", 500, "500 E0000009"), sent("/1", 500, "500 E0000009"), sent("/2", 500, "500 E0000009"), sent("/1", 500, "500 E0000009"),
		sent("/1", 403, "no code"), sent("/1", 0, "EOF"), sent("/1", 0, "EOF"),
		sent("/1", 204, ""), sent("/1", 204, ""), sent("/1", 500, "500 E0000009"),
	}}
	want := [][]string{
		{"2030-01-01 02:00:01 to 2030-01-01 02:00:05", "DELETE /1", "3 times: 500 E0000009", "a to e"},
		{"2030-01-01 02:00:02 to 2030-01-01 02:00:04", "DELETE /2", "2 times: 500 E0000009", "b to d"},
		{"2030-01-01 02:00:06", "DELETE /1", "403 no code", "f"},
		{"2030-01-01 02:00:07 to 2030-01-01 02:00:08", "DELETE /1", "2 times: none EOF", "g to h"},
		{"2030-01-01 02:00:09", "DELETE /1", "204", "i"},
		{"2030-01-01 02:00:10", "DELETE /1", "204", "j"},
		{"2030-01-01 02:00:11", "DELETE /1", "500 E0000009", "k"},
	}
	if diff := cmp.Diff(want, exchanges(e).rows); diff != "" {
		t.Error(diff)
	}
}

// TestWhatTheAccountHeldIsNeverEmpty: where nothing was read, it is said why, and what else is known.
func TestWhatTheAccountHeldIsNeverEmpty(t *testing.T) {
	t.Parallel()
	upTo := func(state access.State) func(*access.Evidence) {
		return func(e *access.Evidence) {
			for i, tr := range e.Transitions {
				if tr.State == state {
					e.Transitions = e.Transitions[:i+1]
					return
				}
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*access.Evidence)
		want   []string
	}{
		"read once, and then not": {
			func(e *access.Evidence) {
				e.Reads = []access.RoleReading{{BeganAt: at, Roles: []string{"READ_ONLY_ADMIN"}}}
				e.ReadFailure = "okta: no answer"
			},
			[]string{"| Last read | READ_ONLY_ADMIN, at 2030-01-01 02:00:00 UTC. Not read since: okta: no answer |"},
		},
		"not read":     {func(e *access.Evidence) { e.ReadFailure = "okta: no answer" }, []string{"| Last read | not read: okta: no answer |"}},
		"failed early": {func(e *access.Evidence) { e.ReadFailure = "" }, []string{"| Last read | not read: what went wrong came before that |"}},
		"nothing done": {
			func(e *access.Evidence) {
				upTo(access.StateLeased)(e)
				e.State, e.ReadFailure, e.Failure = access.StateUndone, "", ""
			},
			[]string{"READ_ONLY_ADMIN: it ended before that was asked for |", "| Last read | not read: nothing was changed under the lease |"},
		},
		"held before": {
			func(e *access.Evidence) { e.Lease.RolesBefore = []access.Role{{Type: "REPORT_ADMIN"}} }, []string{"| Before the lease | REPORT_ADMIN |"},
		},
		"given":          {func(*access.Evidence) {}, []string{"and READ_ONLY_ADMIN, given by 2030-01-01 02:00:03 UTC |"}},
		"perhaps given":  {upTo(access.StateReady), []string{"and READ_ONLY_ADMIN, perhaps, from 2030-01-01 02:00:02 UTC on: no answer is known |"}},
		"of a downgrade": {func(e *access.Evidence) { e.Lease.Kind = access.LeaseDowngrade }, []string{"| The lease takes away | READ_ONLY_ADMIN |"}},
	} {
		e := stuck()
		c.change(&e)
		out := string(renderEvidence(t, FormMarkdown, e))
		for _, want := range c.want {
			if _, held, _ := strings.Cut(out, "### What the account held"); !strings.Contains(held, want) {
				t.Errorf("%s: it does not say %s:\n%s", name, want, held)
			}
		}
	}
}

// TestWhatTheAccountDidIsNeverLeftOut: nothing, and until when that was awaited; or that it is not known.
func TestWhatTheAccountDidIsNeverLeftOut(t *testing.T) {
	t.Parallel()
	read := access.LogReading{From: at, Until: at.Add(time.Minute)}
	late := read
	late.Failure = "it does not show that the token was created"
	span := "was read from 2030-01-01 02:00:00 UTC on and awaited until 2030-01-01 02:01:00 UTC."
	for name, c := range map[string]struct {
		change func(*access.Evidence)
		want   string
	}{
		"something":       {func(*access.Evidence) {}, "By the System Log, which was read from 2030-01-01 01:59:32 UTC on and awaited until 2030-01-01 02:01:20 UTC.\n\n| At (UTC) | Event |"},
		"nothing":         {func(e *access.Evidence) { e.Activity, e.Log = nil, &read }, "Nothing that the System Log shows, which " + span + "\n"},
		"nothing, so far": {func(e *access.Evidence) { e.Activity, e.Log = nil, &late }, span + " It may not be all: it does not show that the token was created.\n"},
		"not readable": {
			func(e *access.Evidence) {
				e.Activity, e.Log = nil, &access.LogReading{From: at, Failure: "okta: 403\nGrant the scope okta.logs.read."}
			},
			"Not known: the System Log could not be read: okta: 403. Grant the scope okta.logs.read.\n",
		},
		"not read":       {func(e *access.Evidence) { e.Activity, e.Log = nil, nil }, "Not known: the System Log was not read.\n"},
		"never elevated": {func(e *access.Evidence) { e.Activity, e.Log, e.Window = nil, nil, access.Window{} }, "There was no window: the temporary role was not asked for.\n"},
		"a downgrade": {
			func(e *access.Evidence) { *e = downgrade() }, "Not known: what only takes away does not read the System Log.",
		},
	} {
		e := evidence()
		c.change(&e)
		_, did, _ := strings.Cut(string(renderEvidence(t, FormMarkdown, e)), "### What the account did")
		if _, did, _ = strings.Cut(did, "\n\n"); !strings.Contains(did, c.want) {
			t.Errorf("%s: it does not say %q:\n%s", name, c.want, did)
		}
	}
}
