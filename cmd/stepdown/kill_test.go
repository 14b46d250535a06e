package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// TestKilledAtRandom kills the built program at random moments of a run, then sweeps; at times while a sweep runs beside it, which is
// killed too. STEPDOWN_KILLS says how many runs, STEPDOWN_SEED repeats them as far as a clock allows.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	number := func(name string, fallback uint64) uint64 {
		if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
			return n
		}
		return fallback
	}
	seed, kills := number("STEPDOWN_SEED", uint64(time.Now().UnixNano())), int(number("STEPDOWN_KILLS", 6))
	t.Logf("STEPDOWN_SEED=%d", seed)
	var elevated, killed atomic.Int64
	t.Run("of", func(t *testing.T) {
		for lane := range 3 {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				draw := rand.New(rand.NewPCG(seed, uint64(lane)))
				for n := lane; n < kills && !t.Failed(); n += 3 {
					w := newSiege(t)
					if w.killed(draw) {
						killed.Add(1)
					}
					if slices.Contains(w.org.RolesOf(victim), temporary) {
						elevated.Add(1)
					}
					w.cleaned(draw)
				}
			})
		}
	})
	t.Logf("%d runs: %d were killed before they ended, %d of them while the account was elevated; nobody was after the sweep", kills, killed.Load(), elevated.Load())
}

// killed starts a run whose operator creates the token after a while, and kills it at some moment. It tells whether the kill came
// before the end.
func (w *siege) killed(draw *rand.Rand) bool {
	w.approve("grace")
	w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request_review"))
	creation := time.Duration(100+draw.IntN(1500)) * time.Millisecond
	w.whenGranted(func() {
		time.AfterFunc(creation, func() {
			if slices.Contains(w.org.RolesOf(victim), temporary) {
				_, _ = w.org.AddToken(victim, "invoice-export")
			}
		})
	})
	run := w.start("apply")
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	select {
	case <-ended:
		return false
	case <-time.After(time.Duration(50+draw.IntN(2800)) * time.Millisecond):
	}
	_ = run.Process.Kill()
	<-ended
	return true
}

// start starts the program without waiting for it.
func (w *siege) start(args ...string) *exec.Cmd {
	w.t.Helper()
	cmd := w.command(w.t.Context(), append(args, "--ledger", "branch:stepdown-ledger")...)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// cleaned sweeps, now and then with a sweep before it that is killed too, and looks at what is left.
func (w *siege) cleaned(draw *rand.Rand) {
	w.t.Helper()
	if draw.IntN(3) == 0 {
		sweep := w.start("sweep", "--now")
		time.Sleep(time.Duration(50+draw.IntN(600)) * time.Millisecond)
		_ = sweep.Process.Kill()
		_ = sweep.Wait()
	}
	code := w.run("sweep", "--now")
	roles, tokens := w.org.RolesOf(victim), w.org.TokensOf(victim)
	_, err := os.Stat(filepath.Join(w.dir, "stepdown-report"))
	if slices.Contains(roles, temporary) || len(tokens) > 1 || code != 0 && code != 1 || err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Errorf("after the sweep, which ended with %d, the account holds %q and owns %q\n%s", code, roles, tokens, w.out)
	}
	leases, err := w.book(ledgerKey).Leases(w.t.Context())
	if err != nil {
		w.t.Errorf("reading the ledger: %v", err)
	}
	for _, l := range leases {
		done := l.State == "closed"
		if l.State.Open() || done != (len(tokens) == 1) || done != (len(roles) == 1) {
			w.t.Errorf("lease %s is %s; the account holds %q and owns %q\n%s", l.ID, l.State, roles, tokens, w.out)
		}
	}
}
