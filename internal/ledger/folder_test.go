package ledger_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

func mustOpen(t *testing.T, f *ledger.Folder, id, account string) {
	t.Helper()
	if _, err := f.Open(t.Context(), terms(id, account), at); err != nil {
		t.Fatal(err)
	}
}

func mustAppend(t *testing.T, f *ledger.Folder, id string, states ...access.State) {
	t.Helper()
	for _, s := range states {
		if _, err := f.Append(t.Context(), id, access.Entry{State: s, At: at}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLeaseIsTheFoldOfItsEventsAfterReopening(t *testing.T) {
	t.Parallel()
	f, dir := create(t)
	mustOpen(t, f, "l1", "00u1")
	mustAppend(t, f, "l1", access.StateReady, access.StateElevated)
	if _, err := f.Append(t.Context(), "l1", access.Entry{State: access.StateCreated, At: at, TokenID: "00T1"}); err != nil {
		t.Fatal(err)
	}
	again, err := ledger.OpenFolder(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	leases, err := again.Leases(t.Context())
	if err != nil || len(leases) != 1 {
		t.Fatalf("leases = %v, %v", leases, err)
	}
	if l := leases[0]; l.State != access.StateCreated || l.TokenID != "00T1" || len(l.Events) != 4 || !l.EndsAt.Equal(at.Add(time.Minute)) {
		t.Errorf("lease = %+v", l)
	}
}

func TestOneOpenLeasePerAccount(t *testing.T) {
	t.Parallel()
	f, _ := create(t)
	mustOpen(t, f, "l1", "00u1")
	mustOpen(t, f, "l2", "00u2")
	if _, err := f.Open(t.Context(), terms("l3", "00u1"), at); !errors.Is(err, access.ErrLeaseTaken) {
		t.Fatalf("second lease of an account: %v", err)
	}
	mustAppend(t, f, "l1", access.StateUndoing, access.StateUndone)
	mustOpen(t, f, "l3", "00u1")
}

func TestOnlyOneOfManyAtOnceGetsTheLease(t *testing.T) {
	t.Parallel()
	_, dir := create(t)
	var wg sync.WaitGroup
	results := make(chan error, 16)
	for i := range 16 {
		wg.Go(func() {
			f, err := ledger.OpenFolder(dir, key)
			if err == nil {
				_, err = f.Open(t.Context(), terms(fmt.Sprintf("l%d", i), "00u1"), at)
			}
			results <- err
		})
	}
	wg.Wait()
	close(results)
	won := 0
	for err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, access.ErrLeaseTaken):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d leases were opened for one account", won)
	}
}

func TestAStateThatMayNotFollowWritesNothing(t *testing.T) {
	t.Parallel()
	f, _ := create(t)
	mustOpen(t, f, "l1", "00u1")
	if _, err := f.Append(t.Context(), "l1", access.Entry{State: access.StateClosed, At: at}); err == nil {
		t.Fatal("closed may not follow leased")
	}
	if _, err := f.Append(t.Context(), "l9", access.Entry{State: access.StateReady, At: at}); err == nil {
		t.Fatal("there is no lease l9")
	}
	leases, err := f.Leases(t.Context())
	if err != nil || len(leases[0].Events) != 1 {
		t.Fatalf("leases = %+v, %v", leases, err)
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

func TestAnotherKeyReadsNothing(t *testing.T) {
	t.Parallel()
	f, dir := create(t)
	mustOpen(t, f, "l1", "00u1")
	other, err := ledger.OpenFolder(dir, access.NewSecret(strings.Repeat("x", 40)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) {
		t.Errorf("error = %v", err)
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
