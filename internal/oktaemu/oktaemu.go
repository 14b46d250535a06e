// Package oktaemu is an Okta org as one http.Handler: the part of the Management API and of the Admin Console that
// stepdown touches, with Okta's own shapes, errors and refusals. Tests, `stepdown demo` and `stepdown emulate` use it.
//
// It imports nothing of this module, so that one mistake cannot hide in the emulator and in the adapter both. Where
// Okta's behaviour is not recorded anywhere, the comment says UNVERIFIED and the emulator takes the harsher reading.
// What it does not emulate it answers with 501 and says so. All time is time.Now, so testing/synctest governs it.
package oktaemu

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// TokenName is the name of the API token that WithAPIToken adds.
const TokenName = "stepdown"

// maxRequests is how many requests Requests remembers; older ones are forgotten.
const maxRequests = 100_000

// Org is an emulated org. It is safe for concurrent use; requests are answered one at a time.
type Org struct {
	routes []route

	underWay atomic.Int64 // requests that are being answered or held back

	mu       sync.Mutex
	seed     Seed // what Reset goes back to
	options  options
	state    *state
	offset   time.Duration // of the org's clock
	coming   []*pending
	faults   []*fault
	latency  time.Duration
	lag      time.Duration
	lagged   *replica // by lag; nil without
	stale    *replica // where Stale faults look back from; nil without
	journal  *journal // nil without replicas
	requests []Request
	taps     []func(Request)
	limits   limiter
}

// Request is a request that the org answered.
type Request struct {
	Method string
	Path   string // with the query, as it was sent
	Status int    // 0 where the connection was closed without an answer
	Caller string // login of the token's owner or of the session's user, or the app's client id; empty where there is none
}

// Option changes how an Org is made.
type Option func(*options)

type options struct {
	apiToken *string
	apps     []SeedApp
	skew     time.Duration
	lag      *time.Duration
	latency  *time.Duration
}

// WithAPIToken adds an SSWS token of that value, named TokenName and owned by the org's first super admin by the order
// of the seed. An org that was saved has that token already; it gets the value.
func WithAPIToken(value string) Option { return func(o *options) { o.apiToken = &value } }

// WithClockSkew sets the org's clock before or, below 0, behind the real one.
func WithClockSkew(d time.Duration) Option { return func(o *options) { o.skew = d } }

// WithLag has reads lag behind from the start; see SetLag.
func WithLag(d time.Duration) Option { return func(o *options) { o.lag = &d } }

// WithLatency holds every request back that long before it is answered.
func WithLatency(d time.Duration) Option { return func(o *options) { o.latency = &d } }

// New makes an org of a seed. The errors name what in the seed does not fit together.
func New(seed Seed, opts ...Option) (*Org, error) {
	o := &Org{routes: routes()}
	for _, set := range opts {
		set(&o.options)
	}
	if err := o.load(seed); err != nil {
		return nil, fmt.Errorf("making an emulated org: %w", err)
	}
	return o, nil
}

// Load replaces the org by that of a seed, with the options that the org was made with: its clock, limits and lag are as
// in a new one. Injected faults, the requests so far and taps stay.
func (o *Org) Load(seed Seed) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.load(seed); err != nil {
		return fmt.Errorf("loading an emulated org: %w", err)
	}
	return nil
}

// Reset makes the org as it was at first, or as it was last loaded, and forgets the faults and requests. Taps stay.
func (o *Org) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.load(o.seed); err != nil {
		panic(fmt.Sprintf("oktaemu: a seed that was good is not any more: %v", err))
	}
	o.clearFaults()
	o.requests = nil
}

// load makes the org of a seed. After an error nothing has changed.
func (o *Org) load(seed Seed) error {
	whole := seed
	if seed.State == nil { // one that was saved has them already
		whole.Apps = slices.Concat(seed.Apps, o.options.apps)
	}
	if err := whole.check(); err != nil {
		return err
	}
	offset := seed.Org.ClockSkew + o.options.skew
	now := time.Now().Add(offset).UTC()
	s, err := build(whole, now)
	if err != nil {
		return err
	}
	if o.options.apiToken != nil {
		if err := addOwnToken(s, *o.options.apiToken, now, seed.State != nil); err != nil {
			return err
		}
	}
	o.callOff()
	o.seed, o.state, o.offset, o.limits = seed, s, offset, newLimiter(seed.Org.limits())
	o.latency, o.lag = seed.Org.Latency, seed.Org.Lag
	if o.options.latency != nil {
		o.latency = *o.options.latency
	}
	if o.options.lag != nil {
		o.lag = *o.options.lag
	}
	o.followAnew()
	return nil
}

// followAnew starts every replica again, of a state that is new.
func (o *Org) followAnew() {
	o.journal, o.lagged = nil, nil
	o.setLag(o.lag)
	if o.stale != nil {
		o.stale = o.follow()
	}
	for _, f := range o.faults {
		if f.behind != nil {
			f.behind = o.follow()
		}
	}
}

// addOwnToken adds the token of WithAPIToken, or gives the one that was saved its value.
func addOwnToken(s *state, value string, now time.Time, saved bool) error {
	if value == "" || strings.ContainsAny(value, " \t\r\n") {
		return errors.New("the API token is empty or holds white space")
	}
	if _, there := s.tokens.rows[s.secrets[digest(value)]]; there {
		return nil
	}
	for _, u := range s.users.all() {
		if !s.holds(principal{userKind, u.id}, assignment{kind: superAdmin}) {
			continue
		}
		for _, t := range s.tokens.all() {
			if saved && t.userID == u.id && t.name == TokenName {
				maps.DeleteFunc(s.secrets, func(_, id string) bool { return id == t.id })
				s.secrets[digest(value)] = t.id
				return nil
			}
		}
		s.addToken(token{name: TokenName, userID: u.id, clientName: userClient, created: now}, value, now)
		return nil
	}
	return errors.New("no user of the seed holds SUPER_ADMIN, so nobody can own the API token")
}

// Requests returns the requests that were answered, in order.
func (o *Org) Requests() []Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.requests)
}

// Tap has fn called after each request took effect and before its answer is sent, outside all locks: whatever fn does
// has happened when the client reads the answer. fn may send requests of its own, for which it is called too.
func (o *Org) Tap(fn func(Request)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taps = append(o.taps, fn)
}

// RolesOf returns what the user holds, sorted: "READ_ONLY_ADMIN" or "CUSTOM <role label> on <set label>", with the
// suffix " via group <name>" where it comes through a group. It is nil for a user that does not exist.
func (o *Org) RolesOf(login string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	u, ok := o.state.userByLogin(login)
	if !ok {
		return nil
	}
	return o.state.heldBy(principal{userKind, u.id})
}

// RolesOfClient returns what the app of that label holds, sorted and written as in RolesOf. It is nil for an app that
// does not exist.
func (o *Org) RolesOfClient(label string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, ok := o.state.appByLabel(label)
	if !ok {
		return nil
	}
	return o.state.heldBy(principal{clientKind, a.id})
}

// heldBy names what a principal holds, sorted.
func (s *state) heldBy(p principal) []string {
	var out []string
	for _, h := range s.holdingsOf(p) {
		name := s.describe(h.assignment)
		if h.via != "" {
			name += " via group " + s.groups.rows[h.via].name
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// UserID returns the id of the user; "" where there is none.
func (o *Org) UserID(login string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	u, _ := o.state.userByLogin(login)
	return u.id
}

// TokensOf returns the names of the user's live tokens, sorted.
func (o *Org) TokensOf(login string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	u, ok := o.state.userByLogin(login)
	if !ok {
		return nil
	}
	var out []string
	for _, t := range o.state.tokens.all() {
		if t.userID == u.id {
			out = append(out, t.name)
		}
	}
	slices.Sort(out)
	return out
}

// Sessions returns how many sessions the user has in the Admin Console.
func (o *Org) Sessions(login string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	u, ok := o.state.userByLogin(login)
	if !ok {
		return 0
	}
	count := 0
	for s := range maps.Values(o.state.sessions) {
		if s.userID == u.id {
			count++
		}
	}
	return count
}
