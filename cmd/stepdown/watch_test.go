package main

import (
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// watching starts a sweep that goes on, and returns what ends it by a signal and tells its exit code.
func (w *siege) watching() (out *paper, end func() int) {
	w.t.Helper()
	out = &paper{}
	cmd := w.command(w.t.Context(), "sweep", "--watch", "1s", "--ledger", "branch:stepdown-ledger")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return out, func() int {
		w.t.Helper()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			w.t.Fatal(err)
		}
		return wait(w.t, cmd, out)
	}
}

func wait(t *testing.T, cmd *exec.Cmd, out *paper) int {
	t.Helper()
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		t.Fatalf("it does not end:\n%s", out)
	}
	return cmd.ProcessState.ExitCode()
}

// until waits for something to be so.
func until(t *testing.T, what string, out *paper, so func() bool) {
	t.Helper()
	for range 600 {
		if so() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("it never came to be that %s:\n%s", what, out)
}

// TestAWatchGoesOn from round to round, through what goes wrong in between, and undoes what becomes due.
func TestAWatchGoesOn(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	out, end := w.watching()
	said := func(text string) func() bool { return func() bool { return strings.Contains(out.String(), text) } }
	until(t, "it finds nothing to do", out, said("no lease is due"))
	w.org.Inject(oktaemu.Fault{Method: http.MethodGet, Status: 403})
	w.elevated()
	until(t, "it says what is wrong", out, said("STUCK"))
	w.org.ClearFaults()
	until(t, "the role is gone", out, func() bool { return len(w.org.RolesOf(victim)) == 0 })
	until(t, "it says that it goes on", out, said("the sweep goes on"))
	w.elevated()
	until(t, "the role is gone again", out, func() bool {
		return len(w.org.RolesOf(victim)) == 0 && !slices.ContainsFunc(w.leases(), isOpen)
	})
	if got := end(); got != 0 || !strings.Contains(out.String(), "ended by a signal") {
		t.Errorf("exit code %d\n%s", got, out)
	}
	if n := strings.Count(out.String(), "no lease is due"); n > 3 {
		t.Errorf("it said %d times that it has nothing to do:\n%s", n, out)
	}
}

// TestAWatchEndsWhatItBegan: a signal in the middle of an undo does not leave it half done.
func TestAWatchEndsWhatItBegan(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	var stop sync.Once
	signal := make(chan struct{})
	w.onRequest(func(r oktaemu.Request) {
		if r.Method == http.MethodDelete {
			stop.Do(func() { close(signal) })
		}
	})
	w.elevated()
	out, end := w.watching()
	select {
	case <-signal:
	case <-time.After(time.Minute):
		t.Fatalf("it undoes nothing:\n%s", out)
	}
	if got := end(); got != 0 {
		t.Errorf("exit code %d\n%s", got, out)
	}
	if len(w.org.RolesOf(victim)) > 0 || slices.ContainsFunc(w.leases(), isOpen) {
		t.Errorf("the account holds %q\n%s", w.org.RolesOf(victim), out)
	}
}

// TestAWatchOfNothing ends at once: what is wrong with the input does not pass.
func TestAWatchOfNothing(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	if got := w.bare("sweep", "--watch", "1s", "--ledger", "branch:stepdown-ledgre"); got != 2 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	if got := w.run("sweep", "--watch", "1s", "--now"); got != 2 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
}

func isOpen(l access.Lease) bool { return l.State.Open() }
