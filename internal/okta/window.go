package okta

// One rate limit as Okta's headers tell of it: the window that is running, and how much of it this program has used.

import (
	"net/http"
	"strconv"
	"time"
)

const (
	// window is how long Okta's rate limits of the Management API run. Source: its rate-limit pages.
	window = time.Minute
	// slack is by how many seconds Reset and Date may be off by rounding. UNVERIFIED how Okta rounds them.
	slack = 2
	// maxLimit bounds what a header may claim.
	maxLimit = 1_000_000
)

// The kinds of what headers say of a rate limit.
const (
	saidNothing    = iota // headers are missing or malformed
	saidConcurrent        // limit 0: too many requests at once; the other numbers mean nothing
	saidOddly             // no Date, or a reset that is over already or too far away: limit and remaining alone count
	saidClearly
)

// said is what the headers of an answer say of a rate limit. Okta does not document whether the limit is the org's or, where
// the token's own share is what binds, the token's; where it is the latter, the pace is slower than it need be.
type said struct {
	kind             int
	limit, remaining int
	reset, now       int64 // by the server's clock, in seconds
}

// rateOf reads the headers of a rate limit.
func rateOf(h http.Header) said {
	limit, err1 := strconv.Atoi(h.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Rate-Limit-Remaining"))
	reset, err3 := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err1 == nil && limit == 0 {
		return said{kind: saidConcurrent}
	}
	if err1 != nil || err2 != nil || err3 != nil || limit < 0 || limit > maxLimit || remaining < 0 || reset < 0 {
		return said{}
	}
	s := said{kind: saidOddly, limit: limit, remaining: min(remaining, limit), reset: reset}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return s
	}
	s.now = date.Unix()
	most := int64(window/time.Second) + slack
	if reset >= s.now-1 && reset <= s.now+most { // no difference is taken: it could overflow
		s.kind = saidClearly
	}
	return s
}

// rate is one bucket's state. Its window is known from the first answer in it until its end, and each new one begins with
// a single request, the probe, while the others wait for what its answer says.
type rate struct {
	name   string
	limit  int  // 0 until an answer told it
	silent bool // answers come without the headers
	mixed  bool // its answers tell of two limits at once: the name stands for both

	known  bool
	reset  int64     // of the window, by the server's clock; 0 where it is not told
	since  time.Time // when the window was first seen, or was over
	end    time.Time // when it is over for certain, by this machine's clock
	used   int       // requests that count towards the window, answered or lost
	sure   int       // those of them whose answers named this window
	before int       // used in the window that is over, while the next is not known
	carry  int       // the same all through the next window, where mixed
	left   int       // the least that Okta said remains, less what was lost since
	noted  bool      // whether left is of this window
	denied bool      // whether a 429 came in it

	most    int // what a 429 taught to be more than this program gets; 0 for nothing
	flying  int // sent and not answered
	probing bool
	paced   time.Time // when the last request left
	queue   []*ticket // reads that wait, in order
}

// allowed is how many requests of a window this program makes at most.
func (r *rate) allowed(ceiling int) int {
	n := max(r.limit*ceiling/100, 1)
	if r.most > 0 {
		n = min(n, r.most)
	}
	return n
}

// reserve is what is left of what remains, because others may take some between an answer and the next request: as much as
// they took for each request of this program until now, and a little.
func (r *rate) reserve(flying int) int {
	others := max(r.limit-r.left-r.used, 0) * (flying + 1) / max(r.used, 1)
	return 1 + r.limit/50 + min(others, r.limit/5)
}

// roll ends the window when its time is over.
func (r *rate) roll(now time.Time) {
	if r.known && !now.Before(r.end) {
		r.over(now)
	}
	if !r.known && now.Sub(r.since) >= window {
		r.carry = 0
	}
}

// over forgets what was of the window.
func (r *rate) over(now time.Time) {
	r.carry = 0
	if r.mixed {
		r.carry = r.used
	}
	switch {
	case r.denied || r.most == 0:
	case r.most*2 >= r.limit:
		r.most = 0
	default:
		r.most *= 2
	}
	r.before, r.known = r.used, false
	r.since, r.used, r.sure, r.noted, r.denied = now, 0, 0, false, false
}

// begin starts the window that an answer tells of.
func (r *rate) begin(s said, now time.Time) {
	if s.kind == saidClearly && near(s.reset, r.reset) { // it was not over after all
		r.used += r.before
	}
	r.before = 0
	if r.known, r.silent, r.reset, r.since = true, false, s.reset, now; !r.mixed || r.limit == 0 {
		r.limit = s.limit
	}
	r.end = now.Add(window + slack*time.Second)
	if s.kind == saidOddly {
		r.reset = 0
	}
}

// note takes up what the answer to t said. A 429 is denied: it does not count.
func (r *rate) note(t *ticket, s said, denied bool, now time.Time) {
	r.roll(now)
	switch {
	case s.kind == saidNothing || s.kind == saidConcurrent:
		r.silent = r.silent || r.limit == 0
		r.lose()
		return
	case !r.known && near(s.reset, r.reset) && t.sent.Before(r.since):
		return // it belongs to the window that is over
	case !r.known:
		r.begin(s, now)
	case near(s.reset, r.reset):
	case s.reset < r.reset && t.sent.Before(r.since):
		return // the same
	case s.kind == saidOddly:
	case r.reset == 0: // now it is told
		r.reset = s.reset
	case s.reset > r.reset && s.now >= r.reset-1: // the window ended earlier than was certain
		r.over(now)
		r.begin(s, now)
	default: // two windows run at once
		r.mixed = true
		r.end = later(r.end, ends(s, now))
	}
	r.count(s, denied, now)
}

// count counts an answer of the window.
func (r *rate) count(s said, denied bool, now time.Time) {
	same := s.kind == saidClearly && near(s.reset, r.reset)
	if same && !r.mixed {
		if end := ends(s, now); end.Before(r.end) {
			r.end = end
		}
	}
	if s.limit != r.limit && !denied { // a name for two limits, or one that was changed
		r.mixed, r.limit = true, min(r.limit, s.limit)
	}
	if !r.noted || s.remaining < r.left {
		r.left, r.noted = s.remaining, true
	}
	if !denied {
		r.used++
		if same {
			r.sure++
		}
		return
	}
	if !r.denied { // others took the rest, or the org gives this token less than its ceiling
		r.most = max(r.used, r.limit/10, 1)
	}
	r.left, r.denied = 0, true
}

// lose counts a request of which nothing is known.
func (r *rate) lose() {
	r.used++
	r.left = max(r.left-1, 0)
}

// ends returns when the window of an answer that came now is over for certain: its Date may be rounded down, and so may
// the reset.
func ends(s said, now time.Time) time.Time {
	return now.Add(time.Duration(max(s.reset-s.now, 0)+1) * time.Second)
}

// near tells whether two resets are of one window, but for rounding.
func near(a, b int64) bool { return a-b <= slack && b-a <= slack }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
