package inventory_test

// An audit's snapshot of a large org, through the real adapter, from the emulated org: how many calls it takes beside the
// least that could do, and how long it takes beside what the org's rate limits allow. Time is virtual, so that minutes
// of waiting cost nothing.

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/inventory"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// size is how many there are of what an audit has to ask for.
type size struct{ users, admins, groups, adminGroups, apps, roles, sets, tokens int }

// large is an org of ten thousand users, with so many administrators that their roles take several windows of a rate limit.
func large() size {
	return size{users: 10_000, admins: 1_500, groups: 1_000, adminGroups: 20, apps: 60, roles: 15, sets: 25, tokens: 120}
}

// least is the number of calls without which nobody can know who holds what: the pages of users with roles and the roles
// of each, the pages of groups and the roles of those that hold any, the pages of service apps and the roles of each,
// and the tokens.
func (s size) least() int {
	pages := func(n, page int) int { return (n + page - 1) / page }
	return pages(s.admins, 100) + s.admins + pages(s.groups, 200) + s.adminGroups + pages(s.apps, 200) + s.apps + 1
}

// beyond are the calls that an audit makes beside those: it lists the users, because service accounts are known by their
// logins; it reads what custom roles permit, and bindings and members, to hold lists against each other; tokens come in pages
// of 20; and it asks for the org.
func (s size) beyond() int {
	const standard = 3 // roles of Okta's own that are listed with the custom ones
	permissions, bindings, members := 1+s.roles+standard, 1+s.sets+s.roles*s.sets/5, s.adminGroups
	return s.users/200 + permissions + bindings + members + s.tokens/20 + 1
}

// seed is an org of that size. Every admin group has ten members of its own, every resource set one binding.
func (s size) seed() oktaemu.Seed {
	seed := oktaemu.Seed{Org: oktaemu.SeedOrg{Subdomain: "large", RateLimits: limits()}}
	for i := range s.roles {
		seed.CustomRoles = append(seed.CustomRoles, oktaemu.SeedCustomRole{Label: fmt.Sprint("Role ", i), Permissions: []string{"okta.users.read"}})
	}
	for i := range s.sets {
		seed.ResourceSets = append(seed.ResourceSets, oktaemu.SeedResourceSet{Label: fmt.Sprint("Set ", i), Resources: []string{"/api/v1/users"}})
	}
	for i := range s.users {
		u := oktaemu.SeedUser{Login: fmt.Sprintf("user%05d@large.example", i), FirstName: "U", LastName: fmt.Sprint(i)}
		switch {
		case i == 0:
			u.Roles = []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}}
		case i < s.admins:
			u.Roles = []oktaemu.SeedRole{{Custom: fmt.Sprint("Role ", i%s.roles), ResourceSet: fmt.Sprint("Set ", i%s.sets)}}
		}
		seed.Users = append(seed.Users, u)
	}
	for i := range s.groups {
		g := oktaemu.SeedGroup{Name: fmt.Sprint("Group ", i)}
		if i < s.adminGroups {
			g.Roles = []oktaemu.SeedRole{{Type: "HELP_DESK_ADMIN"}}
			for m := range 10 {
				g.Members = append(g.Members, seed.Users[s.admins+10*i+m].Login)
			}
		}
		seed.Groups = append(seed.Groups, g)
	}
	for i := range s.apps {
		a := oktaemu.SeedApp{Label: fmt.Sprint("App ", i), Service: true}
		if i%3 == 0 {
			a.Roles = []oktaemu.SeedRole{{Type: "HELP_DESK_ADMIN"}}
		}
		seed.Apps = append(seed.Apps, a)
	}
	for i := range s.tokens {
		seed.Tokens = append(seed.Tokens, oktaemu.SeedToken{Name: fmt.Sprint("token ", i), Owner: seed.Users[i%s.admins].Login})
	}
	return seed
}

// limits are about those that Okta last published, and no two of them are alike: so the header of an answer tells in which
// bucket it was counted.
func limits() map[string]int {
	return map[string]int{
		"/api/v1/users": 600, "/api/v1/groups": 601, "/api/v1/groups/{id}": 602, "/api/v1/iam": 603, "/api/v1": 604,
		"/api/v1/users/{id}": 605, "/api/v1/apps/{id}": 606, "/oauth2/v1/token": 607, "GET /api/v1/users/{id}": 1000,
		"/api/v1/apps": 101, "/oauth2/v1/clients": 100, "/api/v1/logs": 50,
	}
}

// wire takes requests to the org in memory and counts the answers.
type wire struct {
	org http.Handler

	mu      sync.Mutex
	calls   int
	refused int
	byLimit map[int]int    // by X-Rate-Limit-Limit
	byRoute map[string]int // with * for ids
}

// ids are the segments of a path that name one thing.
var ids = regexp.MustCompile(`/(00|0o|ia|cr|WORK|ACC)[0-9A-Za-z_]{8,}`)

// latency is what an answer takes.
const latency = 80 * time.Millisecond

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(latency)
	asked := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), req.Body)
	asked.Header = req.Header
	rec := httptest.NewRecorder()
	w.org.ServeHTTP(rec, asked)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	w.byRoute[ids.ReplaceAllString(req.URL.Path, "/*")]++
	if rec.Code == http.StatusTooManyRequests {
		w.refused++
	}
	if limit, err := strconv.Atoi(rec.Header().Get("X-Rate-Limit-Limit")); err == nil {
		w.byLimit[limit]++
	}
	return rec.Result(), nil
}

// allowed is how long the calls take at the least if they come evenly at the rate that one token is allowed, which is half
// of each bucket: the time of the slowest bucket.
func (w *wire) allowed() time.Duration {
	var slowest time.Duration
	for limit, calls := range w.byLimit {
		slowest = max(slowest, time.Duration(float64(calls)/(float64(limit)/2)*float64(time.Minute)))
	}
	return slowest
}

// collected is how a snapshot of an org went.
type collected struct {
	calls, refused, incomplete int
	byRoute                    map[string]int
	took, allowed              time.Duration
}

// collect takes a snapshot of the org that w leads to.
func collect(t *testing.T, client *okta.Client, w *wire) collected {
	began := time.Now()
	snapshot, err := inventory.Collect(context.Background(), client, inventory.Scope{}, began)
	if err != nil {
		t.Fatal(err)
	}
	out := collected{calls: w.calls, byRoute: w.byRoute, refused: w.refused, took: time.Since(began), allowed: w.allowed()}
	for name, coverage := range snapshot.Coverage {
		if coverage.Status != "complete" && name != "leases" && name != "sweeps" {
			out.incomplete++
			t.Logf("%s: %s", name, coverage.Reason)
		}
	}
	return out
}

// audit makes an org of that size and collects it in virtual time.
func (s size) audit(t *testing.T) collected {
	const token = "00benchmarkbenchmarkbenchmarkbenchmarkbench"
	w := &wire{byLimit: map[int]int{}, byRoute: map[string]int{}}
	// Outside of the bubble: the SDK starts a goroutine that never ends.
	client, err := okta.New(t.Context(), okta.Config{OrgURL: "https://large.okta.com", Token: access.NewSecret(token), Transport: w})
	if err != nil {
		t.Fatal(err)
	}
	var out collected
	synctest.Test(t, func(t *testing.T) {
		if w.org, err = oktaemu.New(s.seed(), oktaemu.WithAPIToken(token)); err != nil {
			t.Fatal(err)
		}
		out = collect(t, client, w)
	})
	return out
}

// TestALargeOrgIsCollectedAtTheAllowedRate: no request draws a 429, and what is left of the time goes into nothing else.
func TestALargeOrgIsCollectedAtTheAllowedRate(t *testing.T) {
	t.Parallel()
	s := large()
	got := s.audit(t)
	t.Logf("%d calls, at the least %d; %v, at an even pace %v", got.calls, s.least(), got.took, got.allowed)
	for _, route := range slices.Sorted(maps.Keys(got.byRoute)) {
		t.Logf("%5d %s", got.byRoute[route], route)
	}
	switch {
	case got.refused > 0:
		t.Errorf("%d requests were refused with 429", got.refused)
	case got.incomplete > 0:
		t.Errorf("%d collections are not complete", got.incomplete)
	case got.calls > s.least()+s.beyond():
		t.Errorf("%d calls; %d are the least, and %d more are known of", got.calls, s.least(), s.beyond())
	case got.took > got.allowed*11/10+time.Minute:
		t.Errorf("it took %v; at an even pace, the allowed rate gives %v", got.took, got.allowed)
	}
}

// BenchmarkAuditOfTenThousandUsers tells how many calls it takes beside the least that could do, and how many seconds
// beside those that the rate limits allow; ns/op is what the program itself needs.
func BenchmarkAuditOfTenThousandUsers(b *testing.B) {
	var got collected
	for b.Loop() {
		all := func(string, string) (bool, error) { return true, nil }
		if !testing.RunTests(all, []testing.InternalTest{{Name: b.Name(), F: func(t *testing.T) { got = large().audit(t) }}}) {
			b.Fatal("the audit failed")
		}
	}
	b.ReportMetric(float64(got.calls), "calls")
	b.ReportMetric(float64(large().least()), "calls-at-least")
	b.ReportMetric(float64(got.refused), "429s")
	b.ReportMetric(got.took.Seconds(), "s-virtual")
	b.ReportMetric(got.allowed.Seconds(), "s-at-allowed-rate")
}
