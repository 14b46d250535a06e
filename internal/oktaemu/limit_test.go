package oktaemu

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBuckets(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"GET /api/v1/users":                      "/api/v1/users",
		"POST /api/v1/users":                     "/api/v1/users",
		"GET /api/v1/users/00u":                  "GET /api/v1/users/{id}",
		"DELETE /api/v1/users/00u":               "/api/v1/users/{id}",
		"GET /api/v1/users/00u/roles":            "/api/v1/users",
		"POST /api/v1/users/00u/lifecycle/x":     "/api/v1/users",
		"GET /api/v1/groups":                     "/api/v1/groups",
		"GET /api/v1/groups/00g":                 "/api/v1/groups/{id}",
		"POST /api/v1/groups/00g/roles":          "/api/v1/groups",
		"GET /api/v1/apps":                       "/api/v1/apps",
		"PUT /api/v1/apps/0oa":                   "/api/v1/apps/{id}",
		"GET /api/v1/apps/0oa/grants":            "/api/v1/apps",
		"GET /api/v1/appsettings":                "/api/v1",
		"GET /api/v1/logs":                       "/api/v1/logs",
		"GET /api/v1/iam/resource-sets/x":        "/api/v1/iam",
		"GET /api/v1/api-tokens":                 "/api/v1",
		"GET /api/v1/org":                        "/api/v1",
		"GET /oauth2/v1/clients/0oa/roles":       "/oauth2/v1/clients",
		"POST /oauth2/v1/token":                  "/oauth2/v1/token",
		"GET /.well-known/okta-organization":     "/api/v1",
		"GET /integrations/api/v1/api-services":  "/api/v1",
		"GET /privileged-access/api/v1/anything": "/api/v1",
	} {
		var method, path string
		if _, err := fmt.Sscan(request, &method, &path); err != nil {
			t.Fatal(err)
		}
		got := bucketOf(method, path)
		if got != want {
			t.Errorf("%s counts in %s, want %s", request, got, want)
		}
		if !slices.Contains(Buckets(), got) {
			t.Errorf("%s has no limit", got)
		}
	}
}

// limits is what the headers say: limit, remaining and how long until the reset.
func limits(t *testing.T, a answer, now time.Time) string {
	t.Helper()
	reset, err := strconv.ParseInt(a.header.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		t.Fatalf("X-Rate-Limit-Reset: %v", err)
	}
	return fmt.Sprintf("%d %s/%s %ds", a.status, a.header.Get("X-Rate-Limit-Remaining"), a.header.Get("X-Rate-Limit-Limit"), reset-now.Unix())
}

func TestBucketsAndWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seed := DefaultSeed()
		seed.Org.PrincipalShare = 100
		seed.Org.RateLimits = map[string]int{"/api/v1/groups": 2}
		org, err := New(seed, WithAPIToken(ownToken))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		ask := func(target string) {
			got = append(got, target+" "+limits(t, send(t, org, "GET", target, ""), time.Now()))
		}
		ask("/api/v1/groups")
		time.Sleep(20 * time.Second)
		ask("/api/v1/groups")
		ask("/api/v1/groups")
		ask("/api/v1/logs") // another bucket, with Okta's number
		time.Sleep(40 * time.Second)
		ask("/api/v1/groups")
		want := []string{
			"/api/v1/groups 200 1/2 60s", "/api/v1/groups 200 0/2 40s", "/api/v1/groups 429 0/2 40s",
			"/api/v1/logs 200 49/50 60s", "/api/v1/groups 200 1/2 60s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestATokenHasHalfOfABucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seed := DefaultSeed()
		seed.Org.RateLimit = 4
		seed.Tokens = []SeedToken{{Name: "other", Owner: "admin@default.example", Value: "00other"}}
		org, err := New(seed, WithAPIToken(ownToken))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for range 3 {
			got = append(got, limits(t, send(t, org, "GET", "/api/v1/groups", ""), time.Now()))
		}
		r := httptest.NewRequest("GET", "/api/v1/groups", nil)
		r.Header.Set("Authorization", "SSWS 00other")
		rec, _ := attempt(org, r)
		got = append(got, limits(t, answer{rec.Code, rec.Header(), ""}, time.Now()))
		// The third is refused while the bucket has room.
		if diff := cmp.Diff([]string{"200 3/4 60s", "200 2/4 60s", "429 1/4 60s", "200 0/4 60s"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := keptOrg(t, DefaultSeed())
		if err := org.SetLimits(Limits{Concurrency: 2}); err != nil {
			t.Fatal(err)
		}
		org.Inject(Fault{Path: "/api/v1/users", Delay: time.Minute})
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() { send(t, org, "GET", "/api/v1/users", "") })
		}
		synctest.Wait()
		a := send(t, org, "GET", "/api/v1/groups", "")
		if got := limits(t, a, time.Now()); got != "429 0/0 1s" {
			t.Errorf("while two are under way: %s", got)
		}
		if code := a.object(t)["errorCode"]; code != "E0000047" || a.header.Get("Date") == "" || a.header.Get("X-Okta-Request-Id") == "" {
			t.Errorf("%v %v", a.header, a.body)
		}
		if console := send(t, org, "GET", "/login/login.htm", ""); console.status != 200 {
			t.Errorf("the console: status %d", console.status)
		}
		wait.Wait()
		if got := send(t, org, "GET", "/api/v1/groups", ""); got.status != 200 {
			t.Errorf("afterwards: status %d", got.status)
		}
	})
}

func TestLimitsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	for _, l := range []Limits{
		{Every: -1},
		{PrincipalShare: 101},
		{PrincipalShare: -1},
		{Concurrency: -1},
		{Buckets: map[string]int{"/api/v2": 1}},
		{Buckets: map[string]int{"/api/v1": 0}},
	} {
		if org.SetLimits(l) == nil {
			t.Errorf("%+v was taken", l)
		}
	}
	seed := DefaultSeed()
	seed.Org.RateLimits = map[string]int{"users": 1}
	if _, err := New(seed); err == nil {
		t.Error("a bucket that nobody knows was taken from a seed")
	}
}
