package oktaemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	assignPath = "/api/v1/users/" + invoice + "/roles"
	assignBody = `{"type":"READ_ONLY_ADMIN"}`
)

func TestFaultStatusHasNoEffect(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Method: "POST", Path: "/api/v1/users/*/roles", Count: 1, Status: 500})
	if got := w.code(w.call("POST", assignPath, assignBody, 500)); got != "E0000009" {
		t.Errorf("code %s", got)
	}
	w.wantRoles(invoice)
	w.call("POST", assignPath, assignBody, 201) // used up
	w.wantRoles(invoice, "READ_ONLY_ADMIN")
}

func TestFaultBodiesAndHeaders(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(
		Fault{Path: "/api/v1/users", Status: 200, Body: "<html>sign in</html>"},
		Fault{Path: "/api/v1/groups", Status: 429},
		Fault{Path: "/api/v1/zones", Header: http.Header{"Link": {"<x>; rel=\"self\", <y>; rel=\"next\""}}},
	)
	if a := w.get("/api/v1/users"); a.header.Get("Content-Type") != "text/html" || a.body != "<html>sign in</html>" {
		t.Errorf("%v %s", a.header, a.body)
	}
	a := w.call("GET", "/api/v1/groups", "", 429)
	if w.code(a) != "E0000047" || a.header.Get("X-Rate-Limit-Remaining") != "0" {
		t.Errorf("%v %s", a.header, a.body)
	}
	if got := w.get("/api/v1/zones").header.Values("Link"); len(got) != 1 || !strings.Contains(got[0], ",") {
		t.Errorf("Link is %q", got)
	}
	w.ClearFaults()
	w.get("/api/v1/groups")
}

func TestFaultSkipCountAndOrder(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Method: "GET", Path: "/api/v1/users/...", Skip: 1, Count: 2, Status: 503}, Fault{Path: "/api/v1/users/me", Skip: 2, Status: 403})
	var got []int
	for range 6 {
		a, err := w.try(ownToken, "GET", "/api/v1/users/me", "")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a.status)
	}
	// The second fault sees only what the first lets pass: calls 1, 4, 5 and 6.
	if diff := cmp.Diff([]int{200, 503, 503, 200, 403, 403}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFaultDrops(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Method: "POST", Count: 1, DropBefore: true}, Fault{Method: "POST", Count: 1, DropAfter: true})
	if _, err := w.try(ownToken, "POST", assignPath, assignBody); err == nil {
		t.Error("an answer came in spite of DropBefore")
	}
	w.wantRoles(invoice)
	if _, err := w.try(ownToken, "POST", assignPath, assignBody); err == nil {
		t.Error("an answer came in spite of DropAfter")
	}
	w.wantRoles(invoice, "READ_ONLY_ADMIN")
	want := []Request{{Method: "POST", Path: assignPath}, {Method: "POST", Path: assignPath, Caller: "ada.admin@acme.example"}}
	if diff := cmp.Diff(want, w.Requests()); diff != "" {
		t.Error(diff)
	}
}

func TestFaultTruncate(t *testing.T) {
	t.Parallel()
	w := acme(t)
	whole := w.get("/api/v1/users").body
	w.Inject(Fault{Path: "/api/v1/users", Truncate: true})
	a, err := w.try(ownToken, "GET", "/api/v1/users", "")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want an unexpected EOF", err)
	}
	if a.header.Get("Content-Length") != fmt.Sprint(len(whole)) || a.body != whole[:len(whole)/2] {
		t.Errorf("%s announced, %d of %d bytes came", a.header.Get("Content-Length"), len(a.body), len(whole))
	}
}

func TestFaultStale(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Method: "GET", Path: "/api/v1/users/*/roles", Skip: 1, Count: 2, Stale: true})
	made := w.call("POST", assignPath, assignBody, 201).object(t)
	if got := len(w.get(assignPath).list(t)); got != 1 {
		t.Fatalf("%d roles after the grant", got)
	}
	if got := len(w.get(assignPath).list(t)); got != 0 {
		t.Errorf("a stale read after the grant shows %d roles, want 0", got)
	}
	w.call("DELETE", assignPath+"/"+made["id"].(string), "", 204)
	w.call("DELETE", "/api/v1/users/"+invoice+"/sessions", "", 204) // a later write that this list does not show
	if got := len(w.get(assignPath).list(t)); got != 1 {
		t.Errorf("a stale read after the revoke shows %d roles, want 1", got)
	}
	if got := len(w.get(assignPath).list(t)); got != 0 {
		t.Errorf("a fresh read after the revoke shows %d roles, want 0", got)
	}
}

// attempt answers one request without a network, as a test under synctest does, and tells whether an answer came.
func attempt(org *Org, r *http.Request) (rec *httptest.ResponseRecorder, answered bool) {
	rec = httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			panic(v)
		}
	}()
	org.ServeHTTP(rec, r)
	return rec, true
}

func TestFaultTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, err := New(DefaultSeed(), WithAPIToken(ownToken))
		if err != nil {
			t.Fatal(err)
		}
		const svc = "svc-example@default.example"
		post := func(ctx context.Context) *http.Request {
			r := httptest.NewRequest("POST", "/api/v1/users/"+svc+"/roles", strings.NewReader(assignBody)).WithContext(ctx)
			r.Header.Set("Authorization", "SSWS "+ownToken)
			r.Header.Set("Content-Type", "application/json")
			return r
		}
		org.Inject(Fault{Method: "POST", Count: 1, Delay: time.Hour}, Fault{Method: "POST", Count: 1, LateEffect: time.Minute}, Fault{Method: "POST", Count: 1, Delay: time.Hour})

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, answered := attempt(org, post(ctx)); answered || len(org.RolesOf(svc)) != 0 {
			t.Errorf("a client that went away: answered %v, roles %v", answered, org.RolesOf(svc))
		}
		if _, answered := attempt(org, post(t.Context())); answered || len(org.RolesOf(svc)) != 0 {
			t.Errorf("late effect: answered %v, roles %v", answered, org.RolesOf(svc))
		}
		time.Sleep(time.Minute + time.Millisecond)
		if got := org.RolesOf(svc); len(got) != 1 {
			t.Errorf("a minute later the roles are %v", got)
		}
		began := time.Now()
		if rec, _ := attempt(org, post(t.Context())); rec.Code != 409 || time.Since(began) != time.Hour {
			t.Errorf("delayed: status %d after %v", rec.Code, time.Since(began))
		}
	})
}

func TestTapActsBeforeTheAnswerIsRead(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Tap(func(r Request) {
		if r.Method == "POST" && r.Status == 201 {
			if got := w.RolesOf(invoice); len(got) != 1 {
				t.Errorf("the tap sees roles %v", got)
			}
			if err := w.SetStatus(invoice, "SUSPENDED"); err != nil {
				t.Error(err)
			}
		}
	})
	w.call("POST", assignPath, assignBody, 201)
	if got := w.get("/api/v1/users/" + invoice).object(t)["status"]; got != "SUSPENDED" {
		t.Errorf("status %v", got)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.Org.RateLimit, seed.Org.PrincipalShare = 3, 100
	w := start(t, seed)
	for i, want := range []int{200, 200, 200, 429} {
		a := w.call("GET", "/api/v1/users/me", "", want)
		if left := a.header.Get("X-Rate-Limit-Remaining"); left != fmt.Sprint(max(0, 2-i)) {
			t.Errorf("call %d: %s left", i+1, left)
		}
	}
}

// httptestPost is a POST that gives the service account a role.
func httptestPost(t *testing.T) *http.Request {
	t.Helper()
	r := httptest.NewRequest("POST", serviceRoles, strings.NewReader(assignBody))
	r.Header.Set("Authorization", "SSWS "+ownToken)
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestFaultResetsTheConnection(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Method: "POST", Count: 1, ResetBefore: true}, Fault{Method: "POST", Count: 1, ResetAfter: true})
	for i, held := range [][]string{nil, {"READ_ONLY_ADMIN"}} {
		_, err := w.try(ownToken, "POST", assignPath, assignBody)
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("reset %d: error %v, want a connection reset by peer", i+1, err)
		}
		w.wantRoles(invoice, held...)
	}
	if got := w.Requests()[1]; got.Status != 0 || got.Caller == "" {
		t.Errorf("recorded as %+v", got)
	}
}

func TestFaultByRoute(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Path: "/api/v1/users/{user}", Status: 503})
	w.get("/api/v1/users/me") // a route of its own, which /api/v1/users/* would match too
	w.call("GET", "/api/v1/users/"+invoice, "", 503)
	w.get("/api/v1/users/" + invoice + "/roles")
}

func TestFaultChoosesTheReset(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Path: "/api/v1/groups", Status: 429, LimitReset: 42 * time.Second})
	began := time.Now()
	a := w.call("GET", "/api/v1/groups", "", 429)
	reset, err := strconv.ParseInt(a.header.Get("X-Rate-Limit-Reset"), 10, 64)
	if d := time.Unix(reset, 0).Sub(began); err != nil || d < 40*time.Second || d > 45*time.Second {
		t.Errorf("reset in %v, %v", d, err)
	}
	if got := a.header.Get("X-Rate-Limit-Remaining"); got != "0" {
		t.Errorf("remaining %s", got)
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	for _, bad := range []struct {
		f    Fault
		want string
	}{
		{Fault{Path: "[", Status: 500}, "malformed path"},
		{Fault{Path: "/api/v1/nothing/{x}", Status: 500}, "no route and no page"},
		{Fault{Method: "PATCH", Path: "/api/v1/users/{user}", Status: 500}, "the nearest is "},
		{Fault{Skip: -1, Status: 500}, "0 or more"},
		{Fault{Count: -1, Status: 500}, "0 or more"},
		{Fault{Status: 99}, "from 200 to 599"},
		{Fault{Status: 600}, "from 200 to 599"},
		{Fault{Delay: -1}, "0 or more"},
		{Fault{StaleFor: -1}, "0 or more"},
		{Fault{LateEffect: -1}, "0 or more"},
		{Fault{LimitReset: time.Second}, "goes with status 429"},
		{Fault{Body: "{}"}, "goes with a status"},
		{Fault{}, "no effect"},
		{Fault{Method: "GET", Path: "/api/v1/users", Skip: 1, Count: 2}, "no effect"},
		{Fault{Header: http.Header{}}, "no effect"},
		{Fault{DropBefore: true, Status: 500}, "dropBefore and status of a fault exclude each other"},
		{Fault{DropAfter: true, Status: 500}, "dropAfter and status of a fault exclude each other"},
		{Fault{DropBefore: true, DropAfter: true}, "dropBefore and dropAfter of a fault exclude each other"},
		{Fault{LateEffect: time.Second, ResetBefore: true}, "resetBefore and lateEffect of a fault exclude each other"},
		{Fault{ResetAfter: true, Truncate: true}, "resetAfter and truncate of a fault exclude each other"},
		{Fault{Status: 500, StaleFor: time.Second}, "status and stale of a fault exclude each other"},
		{Fault{Stale: true, StaleFor: time.Second}, "stale and staleFor of a fault exclude each other"},
		{Fault{Method: "POST", Stale: true}, "for GET, not for POST"},
		{Fault{Path: "api/v1/users", Status: 500}, "begins with a slash: /api/v1/users"},
		{Fault{Method: "FETCH", Status: 500}, "not FETCH"},
		{Fault{Method: "HEAD", Path: "/api/v1/users", Status: 500}, "not HEAD"},
		{Fault{Path: "/api/v1/user", Status: 500}, "the nearest is GET /api/v1/users"},
		{Fault{Method: "POST", Path: "/api/v1/user", Status: 500}, "the nearest is POST /api/v1/users"},
		{Fault{Path: "/api/v1/users/{id}/roles", Status: 500}, "the nearest is GET /api/v1/users/{user}/roles"},
		{Fault{Path: "/api/v1/user/00u1abcdefghijklmnop/roles", Status: 500}, "the nearest is GET /api/v1/users/{user}/roles"},
		{Fault{Path: "/api/v1/users?limit=1", Status: 500}, "the nearest is GET /api/v1/users"},
		{Fault{Path: "/api/v1/users/", Status: 500}, "the nearest is GET /api/v1/users"},
		{Fault{Path: "/api/v1/grups/...", Status: 500}, "the nearest is GET /api/v1/groups"},
		{Fault{Path: "/api/v1/users/{user}/...", Status: 500}, "the nearest is GET /api/v1/users/{user}"},
		{Fault{Method: "DELETE", Path: "/api/v1/users", Status: 500}, "the nearest is GET /api/v1/users"},
		{Fault{Path: "/admin/acces/api/tokens", Status: 500}, "the nearest is GET /admin/access/api/tokens"},
	} {
		if err := org.inject([]Fault{{Status: 500}, bad.f}); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: %v, want %q", bad.f, err, bad.want)
		}
	}
	if len(org.faults) != 0 {
		t.Error("half of the faults was taken")
	}
}

func TestFaultsThatCanFireAreTaken(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	for _, f := range []Fault{
		{Status: 500},
		{Delay: time.Second},
		{Delay: time.Second, DropAfter: true},
		{Path: "/...", Status: 503},
		{Path: "/api/...", Status: 503},
		{Path: "/api/v1/users/00u1/...", Status: 503},
		{Path: "/api/v1/*", Status: 503},
		{Path: "/api/v1/users/[0-9]*/roles", Status: 503},
		{Path: "/api/v1/users/ada.admin@acme.example", Status: 503},
		{Path: "/oauth2/v1/clients/*/roles", Status: 503, Header: http.Header{"X-A": {"b"}}, Truncate: true},
		{Method: "post", Path: "/oauth2/v1/token", Status: 400},
		{Path: "/api/v1/users", Stale: true, Truncate: true},
		{Method: "GET", Path: "/admin/access/api/tokens", Status: 503},
		{Method: "POST", Path: "/login/...", DropAfter: true},
	} {
		if err := org.inject([]Fault{f}); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestFaultTakesItsMethodInAnyCase(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Inject(Fault{Method: "post", Path: "/api/v1/users/*/roles", Status: 500})
	w.call("POST", assignPath, assignBody, 500)
}

// TestConsolePagesAreThere holds the pages that a fault can name against those that are answered.
func TestConsolePagesAreThere(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	for _, p := range consolePages() {
		rec := httptest.NewRecorder()
		if org.ServeHTTP(rec, httptest.NewRequest(p.method, p.path, nil)); rec.Code == http.StatusNotImplemented {
			t.Errorf("%s %s is not answered", p.method, p.path)
		}
	}
	source, err := os.ReadFile("console.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, named := range regexp.MustCompile(`"(GET|POST) (/[^"]*)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(consolePages(), destination{named[1], named[2]}) {
			t.Errorf("%s %s is answered and not among the pages", named[1], named[2])
		}
	}
}

func TestFaultsAreTheSameAfterJSON(t *testing.T) {
	t.Parallel()
	want := Fault{}
	count := 0
	v := reflect.ValueOf(&want).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name != "Header" {
			fill(t, v.Field(i), &count, "fault")
		}
	}
	want.Header = http.Header{"Retry-After": {"5", "6"}}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Fault
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
