package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
)

// TestRounds: the last round of each org is there for everybody who has the key, beside the leases and whatever becomes of them.
func TestRounds(t *testing.T) {
	t.Parallel()
	acme := func(minute int) access.Round {
		return access.Round{OrgURL: "https://acme.okta.com", At: at.Add(time.Duration(minute) * time.Minute), Run: "https://github.example/runs/1"}
	}
	for kind, make := range kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			open := make(t)
			b := open(key)
			expect := func(want ...access.Round) {
				t.Helper()
				for name, from := range map[string]book{"the writer": b, "another": open(key)} {
					got, err := from.Rounds(t.Context())
					if err != nil || len(got) != len(want) {
						t.Fatalf("%s: rounds = %+v, %v", name, got, err)
					}
					for i := range want {
						if got[i].OrgURL != want[i].OrgURL || !got[i].At.Equal(want[i].At) || got[i].Run != want[i].Run {
							t.Errorf("%s: round %+v, want %+v", name, got[i], want[i])
						}
					}
				}
			}
			record := func(r access.Round) {
				t.Helper()
				if err := b.RecordRound(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			record(acme(0)) // of what has no lease yet there is nothing to say
			expect()
			mustOpen(t, b, "l1", "00u1")
			expect()
			record(acme(1))
			expect(acme(1))
			mustAppend(t, b, "l1", access.StateUndoing, access.StateUndone)
			other := access.Round{OrgURL: "https://other.okta.com", At: at}
			record(other)
			record(acme(2))
			expect(acme(2), other)
			mustOpen(t, open(key), "l2", "00u1")
			expect(acme(2), other)
			if leases, err := open(key).Leases(t.Context()); err != nil || len(leases) != 2 {
				t.Errorf("leases = %v, %v", leases, err)
			}
			if got, err := open(access.NewSecret(strings.Repeat("x", 40))).Rounds(t.Context()); err == nil {
				t.Errorf("with another key: %+v", got)
			}
		})
	}
}

// TestARoundThatSomebodyWrote in the folder without the key is none.
func TestARoundThatSomebodyWrote(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	f, err := ledger.CreateFolder(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	mustOpen(t, f, "l1", "00u1")
	if err := f.RecordRound(t.Context(), access.Round{OrgURL: "https://acme.okta.com", At: at}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "rounds.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"a later time":      strings.Replace(string(data), at.UTC().Format("2006"), "2999", 1),
		"of another org":    strings.Replace(string(data), "https://acme.okta.com", "https://other.okta.com", 1),
		"another version":   strings.Replace(string(data), `"version": 1`, `"version": 2`, 1),
		"something besides": strings.Replace(string(data), `"version": 1`, `"version": 1, "x": 1`, 1),
		"nothing":           "",
	} {
		if err := os.WriteFile(file, []byte(forged), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Rounds(t.Context()); !errors.Is(err, ledger.ErrTampered) || forged == string(data) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err := f.RecordRound(t.Context(), access.Round{OrgURL: "https://acme.okta.com", At: at}); err == nil {
			t.Errorf("%s: it was written over", name)
		}
	}
}
