package ledger_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
)

var (
	key = access.NewSecret(strings.Repeat("k", ledger.MinKeyLength))
	at  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func terms(id, account string) access.Terms {
	return access.Terms{
		ID: id, Kind: access.LeaseElevation, Account: access.Account{ID: account, Login: account + "@acme.example"},
		Temporary: []access.Role{{Type: access.RoleReadOnlyAdmin}}, OpenedAt: at, EndsAt: at.Add(time.Minute),
	}
}

func create(t *testing.T) (*ledger.Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	f, err := ledger.CreateFolder(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	return f, dir
}

func mustOpen(t *testing.T, f book, id, account string) {
	t.Helper()
	if _, err := f.Open(t.Context(), terms(id, account), at); err != nil {
		t.Fatal(err)
	}
}

func mustAppend(t *testing.T, f book, id string, states ...access.State) {
	t.Helper()
	for _, s := range states {
		if _, err := f.Append(t.Context(), id, access.Entry{State: s, At: at}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTamperingIsAnErrorNeverNoLease does to a ledger what somebody who can write its folder, but lacks the key, can do.
func TestTamperingIsAnErrorNeverNoLease(t *testing.T) {
	t.Parallel()
	event := func(dir string, n int) string { return filepath.Join(dir, "leases", "l1", fmt.Sprintf("%04d.json", n)) }
	replace := func(t *testing.T, path, old, with string) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(data), old, with, 1)
		if changed == string(data) {
			t.Fatalf("%q is not in %s", old, path)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, tamper := range map[string]func(t *testing.T, dir string){
		"another account":    func(t *testing.T, dir string) { replace(t, event(dir, 1), `"00u1"`, `"00u2"`) },
		"a later end":        func(t *testing.T, dir string) { replace(t, event(dir, 1), "12:01:00Z", "19:01:00Z") },
		"a forged state":     func(t *testing.T, dir string) { replace(t, event(dir, 3), "elevated", "created") },
		"an unknown state":   func(t *testing.T, dir string) { replace(t, event(dir, 3), "elevated", "forgiven") },
		"an unknown field":   func(t *testing.T, dir string) { replace(t, event(dir, 3), `"state"`, `"x": 1, "state"`) },
		"an unknown version": func(t *testing.T, dir string) { replace(t, event(dir, 3), `"version": 1`, `"version": 2`) },
		"not JSON":           func(t *testing.T, dir string) { replace(t, event(dir, 2), "{", "[") },
		"a second value":     func(t *testing.T, dir string) { replace(t, event(dir, 3), "\n}", "\n}{}") },
		"rolled back":        func(t *testing.T, dir string) { remove(t, event(dir, 3)) },
		"a hole":             func(t *testing.T, dir string) { remove(t, event(dir, 2)) },
		"vanished lease":     func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "leases", "l1")) },
		"vanished head":      func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "head.json")) },
		"edited head":        func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "head.json"), `"seq": 3`, `"seq": 1`) },
		"a replayed lease": func(t *testing.T, dir string) {
			if err := os.CopyFS(filepath.Join(dir, "leases", "l2"), os.DirFS(filepath.Join(dir, "leases", "l1"))); err != nil {
				t.Fatal(err)
			}
		},
		"a strange folder": func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "leases", "L 1"), 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"a link for a file": func(t *testing.T, dir string) {
			if err := os.Rename(event(dir, 3), filepath.Join(dir, "elsewhere")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(dir, "elsewhere"), event(dir, 3)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, dir := create(t)
			mustOpen(t, f, "l1", "00u1")
			mustAppend(t, f, "l1", access.StateReady, access.StateElevated)
			tamper(t, dir)
			if leases, err := f.Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("leases = %+v, error = %v", leases, err)
			}
			if _, err := f.Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("a lease was opened in a ledger that was tampered with: %v", err)
			}
		})
	}
}

func TestAVanishedFolderIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := ledger.OpenFolder(filepath.Join(t.TempDir(), "gone"), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
	if _, err := ledger.CreateFolder(t.TempDir(), access.NewSecret("short")); err == nil {
		t.Error("a short key was accepted")
	}
}

// TestACrashBetweenEventAndHead leaves the newest event out of the head, as a process that died between the two does.
func TestACrashBetweenEventAndHead(t *testing.T) {
	t.Parallel()
	f, dir := create(t)
	mustOpen(t, f, "l1", "00u1")
	before, err := os.ReadFile(filepath.Join(dir, "head.json"))
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, f, "l1", access.StateReady)
	if err := os.WriteFile(filepath.Join(dir, "head.json"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	leases, err := f.Leases(t.Context())
	if err != nil || leases[0].State != access.StateReady {
		t.Fatalf("leases = %+v, %v", leases, err)
	}
	mustAppend(t, f, "l1", access.StateElevated)
}
