package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// auditOfSweeps runs an audit and returns what it finds of sweeps, and its exit code.
func (w *siege) auditOfSweeps() (lines []string, code int) {
	w.t.Helper()
	code = w.run("audit", "--access", testdata()+"/access/acme")
	for line := range strings.Lines(w.out) {
		if strings.Contains(line, "did its round") || strings.Contains(line, "has done a round") || strings.Contains(line, "no key to read it") {
			lines = append(lines, line)
		}
	}
	return lines, code
}

// over leaves a lease in the ledger that was opened a while ago and is over.
func (w *siege) over(ago time.Duration) *ledger.Branch {
	w.t.Helper()
	terms := w.terms(time.Now().Add(-ago).UTC().Format("20060102-150405") + "-over")
	terms.OpenedAt, terms.EndsAt = time.Now().Add(-ago), time.Now().Add(time.Minute-ago)
	book := w.book(ledgerKey)
	if _, err := book.Open(w.t.Context(), terms, terms.OpenedAt); err != nil {
		w.t.Fatal(err)
	}
	for _, state := range []access.State{access.StateUndoing, access.StateUndone} {
		if _, err := book.Append(w.t.Context(), terms.ID, access.Entry{State: state, At: terms.EndsAt}); err != nil {
			w.t.Fatal(err)
		}
	}
	return book
}

// TestASweepThatDoesNotRunIsFound by the next audit, and every apply says it.
func TestASweepThatDoesNotRunIsFound(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.over(3 * time.Hour)
	if lines, code := w.auditOfSweeps(); code != 1 || len(lines) == 0 || !strings.Contains(w.out, "OKTA-SWP-001") || !strings.Contains(lines[0], "no sweep has done a round") {
		t.Errorf("exit code %d\n%s", code, w.out)
	}
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	if got := w.run("apply"); got != 0 || !strings.Contains(w.out, "stepdown: no sweep has done a round since") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	w.onRequest(nil)
	if got := w.run("sweep"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	rounds, err := w.book(ledgerKey).Rounds(t.Context())
	if err != nil || len(rounds) != 1 || time.Since(rounds[0].At) > time.Minute {
		t.Fatalf("rounds = %+v, %v", rounds, err)
	}
	if lines, _ := w.auditOfSweeps(); len(lines) > 0 || !strings.Contains(w.out, "OKTA-SWP-001") {
		t.Errorf("after a sweep: %q\n%s", lines, w.out)
	}
	tip := w.hub.Head(ledger.DefaultBranch)
	if got := w.run("sweep"); got != 0 || w.hub.Head(ledger.DefaultBranch) != tip {
		t.Errorf("exit code %d; each sweep writes\n%s", got, w.out)
	}
	book := w.book(ledgerKey)
	old := access.Round{OrgURL: rounds[0].OrgURL, At: time.Now().Add(-150 * time.Minute)}
	if err := book.RecordRound(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if lines, code := w.auditOfSweeps(); code != 1 || len(lines) == 0 || !strings.Contains(lines[0], "the last sweep did its round at") {
		t.Errorf("exit code %d\n%s", code, w.out)
	}
}

// TestASweepThatCouldNotRemoveLeavesNoWord: with no lease due, nobody would notice before it is needed.
func TestASweepThatCouldNotRemoveLeavesNoWord(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*siege) string{
		"not a super administrator": func(w *siege) string {
			token, err := w.org.AddToken("dana.ops@acme.example", "sweeps")
			if err != nil {
				w.t.Fatal(err)
			}
			w.env["OKTA_API_TOKEN"] = token
			return "could not end it"
		},
		"a credential that is refused": func(w *siege) string {
			w.env["OKTA_API_TOKEN"] = "00expired-expired-expired-expired-expired-"
			return "could not end it"
		},
		"Okta does not answer": func(w *siege) string {
			w.org.Inject(oktaemu.Fault{Status: 403})
			return "could not end it"
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			book := w.over(time.Hour)
			said := spoil(w)
			if got := w.run("sweep"); got != 3 || !strings.Contains(w.out, said) || strings.Contains(w.out, "no lease is due") {
				t.Errorf("exit code %d\n%s", got, w.out)
			}
			if rounds, err := book.Rounds(t.Context()); err != nil || len(rounds) > 0 {
				t.Errorf("rounds = %+v, %v", rounds, err)
			}
		})
	}
}

// TestALedgerWithoutItsKey is one of which nothing is known: whether a sweep runs, for one.
func TestALedgerWithoutItsKey(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	delete(w.env, "STEPDOWN_LEDGER_KEY")
	w.env["GITHUB_ACTIONS"] = "true"
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		w.env[name] = filepath.Join(w.dir, name)
		if err := os.WriteFile(w.env[name], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	audit := func() int {
		return w.bare("audit", "--access", testdata()+"/access/acme", "--fail-on", "none")
	}
	if got := audit(); got != 0 {
		t.Errorf("without a ledger: exit code %d\n%s", got, w.out)
	}
	w.over(time.Hour)
	if got := audit(); got != 5 || !strings.Contains(w.out, "no key to read it") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
}
