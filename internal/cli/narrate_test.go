package cli

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/elevation"
)

// jotted keeps lines with the seconds at which they were written.
type jotted struct {
	began time.Time
	mu    sync.Mutex
	text  strings.Builder
}

func (j *jotted) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(&j.text, "%3.0f %s", time.Since(j.began).Seconds(), line)
	return len(line), nil
}

// TestWhatIsStillTriedIsTold at its first failure and then now and then, also while a request goes without an answer, and no longer
// than it is tried.
func TestWhatIsStillTriedIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &jotted{began: time.Now()}
		s, w := &session{stdout: out}, &elevation.Workflow{}
		s.narrated(w, nil, func() { tryAtLength(w.Tell) })
		time.Sleep(time.Minute)
		const want = `  1 removing roles of x: failed 1x, goes on for 1m59s at the most; last: okta: 503 (request id req1)
  1 proving x: failed 1x, goes on for 1m59s at the most; last: it holds it
 16 removing roles of x: failed 16x, goes on for 1m44s at the most; last: okta: 503 (request id req1)
 16 proving x: failed 16x, goes on for 1m44s at the most; last: it holds it
 35 removing roles of x: failed 20x, goes on for 1m25s at the most; last: okta: 503 (request id req1)
 60 revoking x: not done yet
`
		if got := strings.ReplaceAll(out.text.String(), "  still ", ""); got != want {
			t.Errorf("told:\n%s\nwant:\n%s", got, want)
		}
	})
}

// tryAtLength tries things in vain.
func tryAtLength(n elevation.Narrator) {
	a := elevation.Attempt{What: "removing roles of x", Until: time.Now().Add(2 * time.Minute)}
	n.Trying(a)
	for range 20 { // each second, what else is tried in between as in a proof
		time.Sleep(time.Second)
		a.Failed, a.Err = a.Failed+1, errors.New("okta: 503 (request id req1)\nWait.")
		n.Trying(a)
		n.Trying(elevation.Attempt{})
		n.Trying(elevation.Attempt{What: "proving x", Failed: a.Failed, Err: errors.New("it holds it"), Until: a.Until})
		n.Trying(elevation.Attempt{})
	}
	n.Trying(a)
	time.Sleep(24 * time.Second) // no answer
	n.Trying(elevation.Attempt{What: "revoking x"})
	time.Sleep(19 * time.Second)
	n.Trying(elevation.Attempt{})
	time.Sleep(time.Minute)
}

// TestAWatchTellsOnceWhatIsStillTried: a lease that is stuck is tried again in each of its rounds.
func TestAWatchTellsOnceWhatIsStillTried(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := &session{watching: true}
	for i := range 3 {
		n := &narrator{out: &out, repeats: s.repeats}
		n.Trying(elevation.Attempt{What: "removing roles of x", Failed: 1, Err: fmt.Errorf("okta: 503 (request id req%d)", i), Until: time.Now().Add(time.Hour)})
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("told %d times:\n%s", n, out.String())
	}
}
