package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
)

// narrator prints the workflow as it goes, with the seconds since it began.
type narrator struct {
	out   io.Writer
	began time.Time
	told  time.Duration // the last mark of the time left that was told

	repeats func(string) bool // tells whether a line was said lately; may be nil

	mu     sync.Mutex
	trying elevation.Attempt
	failed string          // what its last try failed with, in words
	said   map[string]mark // when a line was told of each attempt, or it began
}

// mark is when something was told, and whether that was a failure.
type mark struct {
	at     time.Time
	failed bool
}

// Reached implements elevation.Narrator.
func (n *narrator) Reached(t access.Transition) {
	if n.began.IsZero() {
		n.began = t.At
	}
	meaning := map[access.State]string{
		access.StateLeased:      "the lease is in the ledger; nothing is granted yet",
		access.StateReady:       "checked again; from here on the org is changed",
		access.StateElevated:    "the account is ELEVATED",
		access.StateCreated:     "the token has appeared",
		access.StateSteppedDown: "Okta has accepted the step-down; proving it, which takes a settle time",
		access.StateProved:      "settled reads agree: the temporary role is gone, the intended one is there",
		access.StateDelivered:   "the token is with its operator",
		access.StateClosed:      "the lease is closed",
		access.StateUndoing:     "removing what the lease names, then proving it, which takes a settle time",
		access.StateUndone:      "undone: settled reads agree",
		access.StateStuck:       "STUCK: it is not proved that nothing is left",
	}[t.State]
	if t.Note != "" {
		meaning += " (" + oneLine(t.Note) + ")"
	}
	fmt.Fprintf(n.out, "[%6.1fs] %-12s %s\n", t.At.Sub(n.began).Seconds(), t.State, meaning)
}

// HandOff implements elevation.Narrator.
func (n *narrator) HandOff(i elevation.Instructions) {
	left := time.Until(i.EndsAt).Round(time.Second)
	n.told = left
	network := "anywhere"
	if len(i.Zones) > 0 {
		network = strings.Join(i.Zones, ", ")
	}
	fmt.Fprintf(n.out, `
  >> %s: create the token now. The window closes in %s, at %s.
     1. Sign in at %s as %s
        (%s)
     2. Admin Console > Security > API > Tokens > Create token
     3. Name it exactly %q; it may be used from: %s
     4. Copy the value, which is shown once, to: %s
     5. Sign out. The role is taken away as soon as the token is seen.

`, oneLine(i.Operator), left, i.EndsAt.UTC().Format("15:04:05 UTC"), i.OrgURL, oneLine(i.Account), oneLine(i.SignIn), i.TokenName,
		oneLine(network), oneLine(i.Destination))
}

// Waiting implements elevation.Narrator: it tells the time left each half minute, and in the last one each ten seconds.
func (n *narrator) Waiting(left time.Duration) {
	step := 30 * time.Second
	if left <= step {
		step = 10 * time.Second
	}
	if n.told-left >= step {
		n.told = left
		fmt.Fprintf(n.out, "  waiting for the token: %s left\n", left.Round(time.Second))
	}
}

// stillEvery is how often it is told that something is still tried.
const stillEvery = 15 * time.Second

// Trying implements elevation.Narrator: it tells the first failure at once.
func (n *narrator) Trying(a elevation.Attempt) {
	failed := oneLine(firstLine(a.Err))
	n.mu.Lock()
	defer n.mu.Unlock()
	n.trying, n.failed = a, failed
	if n.said == nil {
		n.said = map[string]mark{}
	}
	if a.Failed == 0 && time.Since(n.said[a.What].at) >= stillEvery {
		n.said[a.What] = mark{at: time.Now()}
	}
	n.still()
}

// still tells what is still tried, where that was not told lately. The lock is held.
func (n *narrator) still() {
	a, last := n.trying, n.said[n.trying.What]
	if a.What == "" || time.Since(last.at) < stillEvery && (last.failed || a.Failed == 0) {
		return
	}
	n.said[a.What] = mark{at: time.Now(), failed: a.Failed > 0}
	text := fmt.Sprintf("  still %s: ", oneLine(a.What))
	if a.Failed > 0 {
		text += fmt.Sprintf("failed %dx", a.Failed)
	} else {
		text += "not done yet"
	}
	if !a.Until.IsZero() {
		text += fmt.Sprintf(", goes on for %s at the most", max(time.Until(a.Until), 0).Round(time.Second))
	}
	if n.failed != "" {
		text += "; last: " + n.failed
	}
	if n.repeats == nil || !n.repeats(text) {
		fmt.Fprintln(n.out, text)
	}
}

// goOn tells again and again what is still tried, until stop is called: a request may go without an answer for long.
func (n *narrator) goOn() (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(stillEvery / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				n.mu.Lock()
				n.still()
				n.mu.Unlock()
			}
		}
	}()
	return func() { close(ended); <-done }
}
