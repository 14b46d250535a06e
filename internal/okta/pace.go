package okta

// When a request may leave. Okta counts requests by rate limit in windows of a minute, caps what one token may have of each
// (at half, unless an admin changes it: developer.okta.com/docs/reference/rl2-token-oauth), and limits how many run at
// once. A program that only reacts to 429 takes from the org's other clients until it is refused. So reads keep to this:
//
//   - In a window they use at most a share of the limit, Config.RateCeiling, and never the last of what Okta says remains.
//     What is in flight, or was lost on the way, counts.
//   - The first half of that goes out as fast as it comes. The rest is spread evenly over what is left of the window, so
//     that a read waits for a fraction of it, not for its end.
//   - A window begins with one request, the probe; the others wait for what its answer says.
//   - Reads of one limit leave in the order in which they came.
//   - Two names of buckets with the same limit count as one until an answer shows that they are not.
//
// A write never waits: a step-down goes out at once, and Okta says if it is too early. So does a read that is part of one
// (access.Urgent): its proof must not fail for the sake of a ceiling. Both count like any read. Any other read whose
// context would end before its turn goes out too, if no other read of its limit is under way.

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// DefaultRateCeiling is Okta's own default of what one token may have of a limit, in percent.
	DefaultRateCeiling = 50
	// defaultConcurrency is how many reads are under way at once. Okta refuses more than 35 requests of an org's clients
	// together in its smallest plan, and says that more than 10 are rarely needed.
	defaultConcurrency = 8
	maxConcurrency     = 35
	// widenAfter is how many sound answers make up for one refusal for concurrency.
	widenAfter = 50
)

// pace decides when requests leave. It is safe for concurrent use.
type pace struct {
	ceiling, slots int

	mu      sync.Mutex
	rates   map[string]*rate
	apart   map[[2]*rate]bool // pairs that are shown to be two limits
	reading int               // reads that are under way, urgent ones too
	wide    int               // how many may be when one that is not urgent leaves; at most slots
	sound   int               // answers since wide changed
	changed chan struct{}     // closed at the next change; nil where nobody waits for one
}

// ticket is a request's permission to leave, once.
type ticket struct {
	rate  *rate
	read  bool
	probe bool
	sent  time.Time
	// What was counted when it left, for telling shared limits apart: of its own bucket, and of each that may share.
	own     count
	sharing map[*rate]count
}

// count is how many answers named a window.
type count struct {
	reset int64
	sure  int
}

func newPace(ceiling, slots int) *pace {
	return &pace{
		ceiling: ceiling, slots: slots, wide: slots,
		rates: map[string]*rate{}, apart: map[[2]*rate]bool{},
	}
}

// enter waits for the request's turn. It returns the context's error if that ends first. Each ticket must be left.
func (p *pace) enter(ctx context.Context, method, path string) (*ticket, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := &ticket{rate: p.rate(bucketOf(method, path)), read: method == http.MethodGet}
	if !t.read || access.IsUrgent(ctx) {
		p.send(t, time.Now())
		return t, nil
	}
	r := t.rate
	r.queue = append(r.queue, t)
	defer func() {
		r.queue = slices.DeleteFunc(r.queue, func(other *ticket) bool { return other == t })
		p.wake()
	}()
	for ctx.Err() == nil {
		now := time.Now()
		free, until := false, time.Time{}
		if r.queue[0] == t {
			free, until = p.turn(r, now)
		}
		if free || p.rushes(ctx, r, until) {
			p.send(t, now)
			return t, nil
		}
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		p.mu.Unlock()
		await(ctx, changed, until)
		p.mu.Lock()
	}
	return nil, ctx.Err()
}

// rushes tells whether a read goes out before its turn, because the context would end before it comes.
func (p *pace) rushes(ctx context.Context, r *rate, until time.Time) bool {
	return !until.IsZero() && !fits(ctx, time.Until(until)) && !r.probing && r.flying == 0
}

// crowded tells whether more is used of the bucket by now, by everybody, than half of the ceiling would be if it were used evenly.
func (p *pace) crowded(bucket string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rates[bucket]
	if r == nil {
		return false
	}
	if r.roll(now); !r.known || !r.noted {
		return false
	}
	elapsed := window - r.end.Sub(now) + slack*time.Second
	return time.Duration(2*(r.limit-r.left))*window > time.Duration(r.allowed(p.ceiling))*elapsed
}

// await waits until something changes, the time comes or the context ends.
func await(ctx context.Context, changed <-chan struct{}, until time.Time) {
	var due <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-due:
	}
}

// wake lets all that wait look again.
func (p *pace) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// rate returns the state of a bucket.
func (p *pace) rate(name string) *rate {
	r := p.rates[name]
	if r == nil {
		r = &rate{name: name}
		p.rates[name] = r
	}
	return r
}

// turn tells whether the next read of r may leave now. Else it says when to look again at the latest; never, where only
// another request's answer can help.
func (p *pace) turn(r *rate, now time.Time) (bool, time.Time) {
	r.roll(now)
	switch {
	case p.reading >= p.wide:
		return false, time.Time{}
	case r.silent:
		return !r.probing, time.Time{}
	}
	for _, other := range p.related(r) { // what r takes may be theirs
		switch other.roll(now); {
		case other.known && p.free(other) < 1:
			return false, other.end
		case !r.known && other.probing:
			return false, time.Time{}
		}
	}
	free := p.free(r)
	switch {
	case r.known:
	case r.limit == 0:
		return !r.probing, time.Time{}
	case free < 1 && r.carry > 0:
		return false, r.since.Add(window)
	default: // what is in flight may count towards the new window, and its answers will tell; where nothing is, none will
		return !r.probing && (free > 0 || p.underWay(r) == 0), time.Time{}
	}
	if free < 1 {
		return false, r.end
	}
	if p.taken(r) < (p.taken(r)+free+1)/2 {
		return true, time.Time{}
	}
	at := r.paced.Add(r.end.Sub(r.paced) / time.Duration(free+1))
	return !now.Before(at), at
}

// taken is how much of r's window counts as used by this program.
func (p *pace) taken(r *rate) int {
	n := r.used + r.carry + r.flying
	for _, other := range p.related(r) {
		n += other.flying
		if near(other.reset, r.reset) {
			n += other.used + other.before
		}
	}
	return n
}

// free is how many more requests may leave in r's window.
func (p *pace) free(r *rate) int {
	n := r.allowed(p.ceiling) - p.taken(r)
	if !r.noted {
		return n
	}
	flying := p.underWay(r)
	return min(n, r.left-flying-r.reserve(flying))
}

// underWay is how many requests that may count towards r's limit are sent and not answered.
func (p *pace) underWay(r *rate) int {
	n := r.flying
	for _, other := range p.related(r) {
		n += other.flying
	}
	return n
}

// related returns the buckets that may be the same limit as r: those with the same number, until they are shown to be
// apart; and while the number of one is not known, those whose names are of one family.
func (p *pace) related(r *rate) []*rate {
	var out []*rate
	for _, other := range p.rates {
		switch {
		case other == r || other.silent || r.silent || p.apart[pair(r, other)]:
		case r.limit != 0 && other.limit != 0 && r.limit == other.limit,
			(r.limit == 0 || other.limit == 0) && kin(r.name, other.name):
			out = append(out, other)
		}
	}
	return out
}

// pair names two buckets in a fixed order.
func pair(a, b *rate) [2]*rate {
	if a.name > b.name {
		a, b = b, a
	}
	return [2]*rate{a, b}
}

// send lets t leave.
func (p *pace) send(t *ticket, now time.Time) {
	r := t.rate
	r.roll(now)
	t.sent = now
	if t.read {
		p.reading++
		t.probe = !r.known && !r.probing
		r.probing = r.probing || t.probe
	}
	if r.known {
		t.own = count{r.reset, r.sure}
	}
	t.sharing = map[*rate]count{}
	for _, other := range p.related(r) {
		if other.known && !other.mixed {
			t.sharing[other] = count{other.reset, other.sure}
		}
	}
	r.flying++
	r.paced = now
}

// leave takes up what the answer to t said; a status of 0 and no headers where none came.
func (p *pace) leave(t *ticket, status int, h http.Header) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, now, s := t.rate, time.Now(), rateOf(h)
	if r.flying--; t.read {
		p.reading--
	}
	if t.probe {
		r.probing = false
	}
	denied := status == http.StatusTooManyRequests
	r.note(t, s, denied, now)
	for _, other := range p.related(r) {
		if s.kind == saidClearly && other.known && other.reset != 0 && other.reset+slack < s.reset && s.now >= other.reset-1 {
			other.over(now) // if it is the same limit, its window has just ended
		}
	}
	switch {
	case s.kind == saidConcurrent || denied && s.kind == saidNothing:
		p.wide, p.sound = max(p.wide/2, 1), 0
	case denied: // whatever was believed of this limit may be wrong
		for pair := range p.apart {
			if pair[0] == r || pair[1] == r {
				delete(p.apart, pair)
			}
		}
	default:
		p.tellApart(t, s)
		if p.sound++; p.sound >= widenAfter {
			p.wide, p.sound = min(p.wide+1, p.slots), 0
		}
	}
	p.wake()
}

// tellApart looks at whether an answer shows that its bucket shares no limit with another. It does where less was used of
// the limit, by everybody, than this program alone had used of both when the request left; and where it names a window
// while another one runs in the other bucket.
func (p *pace) tellApart(t *ticket, s said) {
	if s.kind != saidClearly || t.rate.mixed {
		return
	}
	own := 1
	if near(t.own.reset, s.reset) {
		own += t.own.sure
	}
	for other, then := range t.sharing {
		atOnce := s.now+slack < then.reset && s.now+slack < s.reset
		switch {
		case other.mixed:
		case near(then.reset, s.reset) && s.limit-s.remaining < own+then.sure, !near(then.reset, s.reset) && atOnce:
			p.apart[pair(t.rate, other)] = true
		}
	}
}
