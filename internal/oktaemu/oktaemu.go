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
	"time"
)

// TokenName is the name of the API token that WithAPIToken adds.
const TokenName = "stepdown"

// maxRequests is how many requests Requests remembers; older ones are forgotten.
const maxRequests = 100_000

// Org is an emulated org. It is safe for concurrent use; requests are answered one at a time.
type Org struct {
	routes []route

	mu       sync.Mutex
	state    *state
	faults   []*fault
	history  []*state // states before each write, oldest first; kept once a Stale fault was injected
	keep     bool
	requests []Request
	taps     []func(Request)
	served   int // requests begun; makes request ids
	limits   limiter
}

// Request is a request that the org answered.
type Request struct {
	Method string
	Path   string // with the query, as it was sent
	Status int    // 0 where the connection was closed without an answer
	Caller string // login of the token's owner or of the session's user; empty where there is none
}

// Option changes how an Org is made.
type Option func(*options)

type options struct{ apiToken *string }

// WithAPIToken adds an SSWS token of that value, named TokenName and owned by the org's first super admin by the order
// of the seed.
func WithAPIToken(value string) Option { return func(o *options) { o.apiToken = &value } }

// New makes an org of a seed. The errors name what in the seed does not fit together.
func New(seed Seed, opts ...Option) (*Org, error) {
	var opt options
	for _, set := range opts {
		set(&opt)
	}
	if err := seed.check(); err != nil {
		return nil, fmt.Errorf("making an emulated org: %w", err)
	}
	now := time.Now().UTC()
	s := build(seed, now)
	if opt.apiToken != nil {
		if err := addOwnToken(s, seed, *opt.apiToken, now); err != nil {
			return nil, fmt.Errorf("making an emulated org: %w", err)
		}
	}
	return &Org{routes: routes(), state: s, limits: newLimiter(seed.Org.RateLimit)}, nil
}

// addOwnToken adds the token of WithAPIToken.
func addOwnToken(s *state, seed Seed, value string, now time.Time) error {
	if value == "" || strings.ContainsAny(value, " \t\r\n") {
		return errors.New("the API token is empty or holds white space")
	}
	for _, u := range seed.Users {
		if !slices.ContainsFunc(u.Roles, func(r SeedRole) bool { return r.Type == superAdmin }) {
			continue
		}
		owner, _ := s.userByLogin(u.Login)
		s.addToken(token{name: TokenName, userID: owner.id, clientName: userClient, created: now}, value, now)
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
