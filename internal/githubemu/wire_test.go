package githubemu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const repo = "/repos/acme/okta-access"

// client asks the emulator without a network.
type client struct {
	t     *testing.T
	hub   *Hub
	token string
}

// do sends one request below the repository, or at an absolute path that begins with "//".
func (c client) do(method, path string, body any) (*http.Response, string) {
	c.t.Helper()
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			c.t.Fatal(err)
		}
	}
	target := repo + path
	if strings.HasPrefix(path, "//") {
		target = path[1:]
	}
	req := httptest.NewRequest(method, target, &sent)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	rec := httptest.NewRecorder()
	c.hub.ServeHTTP(rec, req)
	resp := rec.Result()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(data)
}

// want sends a request, expects the status, and decodes the answer.
func (c client) want(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	resp, data := c.do(method, path, body)
	if resp.StatusCode != status {
		c.t.Fatalf("%s %s: %d %s; want %d", method, path, resp.StatusCode, data, status)
	}
	out := map[string]any{}
	if data != "" && !strings.HasPrefix(data, "[") {
		if err := json.Unmarshal([]byte(data), &out); err != nil {
			c.t.Fatalf("%s %s: %v: %s", method, path, err, data)
		}
	}
	return out
}

// list reads all pages of a list.
func (c client) list(path string) (items []map[string]any, pages int) {
	c.t.Helper()
	next := regexp.MustCompile(`<http://example.com([^>]+)>; rel="next"`)
	at := repo + path
	for at != "" {
		resp, data := c.do("GET", "/"+at, nil)
		var some []map[string]any
		if err := json.Unmarshal([]byte(data), &some); err != nil || resp.StatusCode != 200 {
			c.t.Fatalf("%s: %d %v: %s", at, resp.StatusCode, err, data)
		}
		items, pages = append(items, some...), pages+1
		m := next.FindStringSubmatch(resp.Header.Get("Link"))
		if at = ""; m != nil {
			at = m[1]
		}
	}
	return items, pages
}

func newClient(t *testing.T, opts Options) (*Hub, client) {
	t.Helper()
	hub := New(opts)
	return hub, client{t: t, hub: hub, token: opts.Token}
}

func texts(items []map[string]any, field string) []string {
	out := []string{}
	for _, i := range items {
		out = append(out, fmt.Sprint(i[field]))
	}
	return out
}

// TestEachRouteNamesItsPermission asks every route without its permission, with it withheld, and at the lower level.
func TestEachRouteNamesItsPermission(t *testing.T) {
	t.Parallel()
	hub, _ := newClient(t, Options{Token: "workflow"})
	sha := hub.Commit("request", map[string]string{"a": "b"})
	n := hub.OpenPullRequest("rita", "request", "t")
	hub.AddToken("none", Token{Login: "poor[bot]", Type: Installation})
	fill := strings.NewReplacer("{#number}", fmt.Sprint(n), "{branch...}", "main", "{sha...}", sha,
		"{sha}", sha, "{ref...}", sha, "{path...}", "a", "{username}", "ann", "{org}", "acme", "{team_slug}", "secops",
		"{#ruleset}", "1", "{environment}", "production", "{#run}", "1", "{#check}", "1")
	for _, r := range hub.routes {
		path := fill.Replace("/" + strings.ReplaceAll(r.path, "{#comment}", fmt.Sprint(hub.Comment(n, "enough[bot]", "hello"))))
		if r.scope == "" {
			path = "/" + path
		} else if r.path == "" {
			path = ""
		}
		permission := strings.TrimSuffix(r.permission, "|pull_requests")
		if permission != r.permission && strings.Contains(path, fmt.Sprint(n)) || strings.Contains(path, "comments/") {
			permission = "pull_requests"
		}
		refused := 403
		if permission == "members" {
			refused = 404
		}
		for _, test := range []struct {
			name, token string
			given       map[string]string
			want        int
			refused     bool
		}{
			{"nothing", "none", nil, refused, permission != "metadata" && permission != ""},
			{"reading alone", "reader", map[string]string{permission: "read"}, 403, r.level == "write"},
			{"enough", "enough", map[string]string{permission: r.level}, 0, false},
		} {
			if test.given != nil {
				hub.AddToken(test.token, Token{Login: test.token + "[bot]", Type: Installation, Permissions: test.given})
			}
			var sent any
			if r.method == "POST" || r.method == "PATCH" {
				sent = map[string]any{}
			}
			resp, body := client{t: t, hub: hub, token: test.token}.do(r.method, path, sent)
			is := strings.Contains(body, "Resource not accessible") || test.want == 404 && resp.StatusCode == 404
			if r.path == "user" || r.asApp {
				continue
			}
			if is != test.refused || is && resp.StatusCode != test.want {
				t.Errorf("%s %s with %s: %d %s", r.method, path, test.name, resp.StatusCode, body)
			}
			if got := resp.Header.Get("X-Accepted-GitHub-Permissions"); !strings.Contains(got, permission+"="+r.level) {
				t.Errorf("%s %s names %q, not %s=%s", r.method, path, got, permission, r.level)
			}
		}
		if permission == "" {
			continue
		}
		if r.method == "DELETE" {
			continue // it is gone
		}
		for _, withheld := range []string{permission, permission + ":" + r.level} {
			hub.Withhold(withheld, 404)
			if resp, body := (client{t: t, hub: hub, token: "enough"}).do(r.method, path, nil); resp.StatusCode != 404 || !strings.Contains(body, `"Not Found"`) {
				t.Errorf("%s %s with %s withheld: %d %s", r.method, path, withheld, resp.StatusCode, body)
			}
			hub.Withhold(withheld, 0)
		}
	}
}

func TestWithholdWritingAlone(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{Token: "workflow"})
	hub.Withhold("contents:write", 403)
	c.want(200, "GET", "/git/ref/heads/main", nil)
	c.want(403, "POST", "/git/blobs", map[string]any{"content": "x"})
	hub.Withhold("contents:write", 0)
	c.want(201, "POST", "/git/blobs", map[string]any{"content": "x"})
}

func TestWhoTheTokenIs(t *testing.T) {
	t.Parallel()
	hub, workflow := newClient(t, Options{Token: "workflow"})
	all := map[string]string{"contents": "write", "checks": "write", "administration": "write", "members": "read"}
	hub.AddToken("ann", Token{Login: "ann", Type: UserToken, Permissions: all})
	ann := client{t: t, hub: hub, token: "ann"}
	if got := ann.want(200, "GET", "//user", nil)["login"]; got != "ann" {
		t.Errorf("user is %v", got)
	}
	if got := workflow.want(403, "GET", "//user", nil)["message"]; got != "Resource not accessible by integration" {
		t.Errorf("%v", got)
	}
	if got := ann.want(403, "POST", "/check-runs", map[string]any{"name": "x", "head_sha": hub.Head("main")})["message"]; got != "You must authenticate via a GitHub App." {
		t.Errorf("%v", got)
	}
	if got := ann.want(403, "GET", "/issues/1", nil)["message"]; got != "Resource not accessible by personal access token" {
		t.Errorf("%v", got)
	}
	ann.want(404, "GET", "/branches/main/protection", nil)
	workflow.want(403, "GET", "/branches/main/protection", nil)
	ann.want(201, "POST", "/git/blobs", map[string]any{"content": "x"})
	hub.SetRole("ann", "read")
	ann.want(404, "POST", "/git/blobs", map[string]any{"content": "x"})
	rights := ann.want(200, "GET", "", nil)["permissions"].(map[string]any)
	if rights["push"] != false || rights["pull"] != true {
		t.Errorf("a reader's rights: %v", rights)
	}
}

func TestFaultsOfWrites(t *testing.T) {
	t.Parallel()
	blob := func(s string) map[string]any { return map[string]any{"content": s} }
	for name, test := range map[string]struct {
		fault  Fault
		effect bool
	}{
		"dies before":         {Fault{DropBefore: true}, false},
		"dies after":          {Fault{DropAfter: true}, true},
		"refused":             {Fault{Status: 502}, false},
		"answered by another": {Fault{Status: 502, AfterEffect: true}, true},
	} {
		hub, c := newClient(t, Options{})
		test.fault.Method, test.fault.Count = "POST", 1
		hub.Inject(test.fault)
		func() {
			defer func() {
				if r := recover(); (r != nil) != (test.fault.DropBefore || test.fault.DropAfter) {
					t.Errorf("%s: panicked with %v", name, r)
				}
			}()
			c.do("POST", "/git/blobs", blob(name))
		}()
		if _, had := hub.blobs[objectSHA("blob", name)]; had != test.effect {
			t.Errorf("%s: has effect: %v", name, had)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	_, c := newClient(t, Options{ContentLimit: 2, RateLimit: 6, Now: func() time.Time { return now }})
	write := func(status int) (*http.Response, string) {
		t.Helper()
		resp, body := c.do("POST", "/git/blobs", map[string]any{"content": "x"})
		if resp.StatusCode != status {
			t.Errorf("%d %s, want %d", resp.StatusCode, body, status)
		}
		return resp, body
	}
	write(201)
	write(201)
	resp, body := write(403)
	if resp.Header.Get("Retry-After") != "60" || !strings.Contains(body, "secondary rate limit") {
		t.Errorf("%v %s", resp.Header, body)
	}
	if got := resp.Header.Get("Date"); got != now.UTC().Format(http.TimeFormat) {
		t.Errorf("Date is %s", got)
	}
	c.want(200, "GET", "/branches/main", nil)
	now = now.Add(time.Minute)
	write(201)
	write(201)
	if resp, body := write(403); resp.Header.Get("X-RateLimit-Remaining") != "0" || !strings.Contains(body, "API rate limit exceeded") {
		t.Errorf("%v %s", resp.Header, body)
	}
	now = now.Add(time.Hour)
	write(201)
}

func TestActivityByCursor(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	first := hub.CommitAs("rita", "request", map[string]Entry{"a": {Content: "1"}})
	second := hub.CommitAs("mallory", "request", map[string]Entry{"a": {Content: "2"}})
	hub.ForcePush("mallory", "request", first)
	c.want(200, "PATCH", "/git/refs/heads/request", map[string]any{"sha": second})
	hub.DeleteBranch("rita", "request")
	hub.CreateBranch("rita", "request", second)
	n := hub.OpenPullRequest("rita", "request", "t")
	merge := hub.Merge(n)

	items, pages := c.list("/activity?ref=refs/heads/request&per_page=2")
	want := []string{"branch_creation", "branch_deletion", "push", "force_push", "push", "branch_creation"}
	if got := texts(items, "activity_type"); !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%v in %d pages, want %v in 3", got, pages, want)
	}
	var actors []string
	for _, i := range items {
		actors = append(actors, i["actor"].(map[string]any)["login"].(string))
	}
	if want := []string{"rita", "rita", "github-actions[bot]", "mallory", "mallory", "rita"}; !slices.Equal(actors, want) {
		t.Errorf("actors %v, want %v", actors, want)
	}
	if got := texts(items, "before"); !slices.Equal(got, []string{zeros, second, first, second, first, zeros}) {
		t.Errorf("before %v", got)
	}
	if got := texts(items, "after"); !slices.Equal(got, []string{second, zeros, second, first, second, first}) {
		t.Errorf("after %v", got)
	}
	for query, want := range map[string]int{"ref=request&activity_type=force_push": 1, "actor=mallory": 2, "ref=main": 2, "ref=absent": 0, "": 8} {
		if got, _ := c.list("/activity?" + query); len(got) != want {
			t.Errorf("%q: %d, want %d", query, len(got), want)
		}
	}
	if got := hub.Activity("main")[0]; got.Type != "pr_merge" || got.After != merge {
		t.Errorf("a merge is %+v", got)
	}
	c.want(422, "GET", "/activity?activity_type=odd", nil)
	c.want(422, "GET", "/activity?after=odd", nil)
	// Backwards, from the second page.
	back := regexp.MustCompile(`<http://example.com([^>]+)>; rel="prev"`)
	resp, _ := c.do("GET", "/activity?ref=request&per_page=2", nil)
	next := regexp.MustCompile(`<http://example.com([^>]+)>; rel="next"`).FindStringSubmatch(resp.Header.Get("Link"))
	resp, _ = c.do("GET", "/"+next[1], nil)
	_, body := c.do("GET", "/"+back.FindStringSubmatch(resp.Header.Get("Link"))[1], nil)
	var page []map[string]any
	if err := json.Unmarshal([]byte(body), &page); err != nil || !slices.Equal(texts(page, "activity_type"), want[:2]) {
		t.Errorf("the page before: %v %s", err, body)
	}
}
