package oktaemu

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// controlled is an org and its control endpoint, both on loopback.
type controlled struct {
	*world
	control string
}

func startControlled(t *testing.T) controlled {
	t.Helper()
	w := acme(t)
	server := httptest.NewServer(w.Control())
	t.Cleanup(server.Close)
	return controlled{w, server.URL}
}

// rule calls the control endpoint.
func (c controlled) rule(method, path, body string, want int) string {
	c.t.Helper()
	r, err := http.NewRequest(method, c.control+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != want {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, resp.StatusCode, want, text)
	}
	return string(text)
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	c.rule("POST", "/faults", `{"method":"GET","path":"/api/v1/users/{user}","count":1,"status":503,"delay":"1ms"}`, 204)
	c.rule("POST", "/faults", `[{"path":"/api/v1/groups","status":500},{"path":"/api/v1/zones","staleFor":"5s"}]`, 204)
	c.call("GET", "/api/v1/users/"+invoice, "", 503)
	c.call("GET", "/api/v1/groups", "", 500)
	got := c.rule("GET", "/faults", "", 200)
	want := `{"faults":[{"method":"GET","path":"/api/v1/users/{user}","count":1,"delay":"1ms","status":503,"seen":1},` +
		`{"path":"/api/v1/groups","status":500,"seen":1},{"path":"/api/v1/zones","staleFor":"5s","seen":0}]}`
	if strings.TrimSpace(got) != want {
		t.Errorf("faults:\n%s\nwant:\n%s", got, want)
	}
	c.rule("DELETE", "/faults", "", 204)
	c.get("/api/v1/groups")
	if got := c.rule("GET", "/requests", "", 200); !strings.Contains(got, `{"caller":"ada.admin@acme.example","method":"GET","path":"/api/v1/groups","status":200}`) {
		t.Errorf("requests: %s", got)
	}
}

func TestControlLimitsLagLatencyClock(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	c.rule("PUT", "/lag", `{"lag":"1h"}`, 204)
	c.call("POST", assignPath, assignBody, 201)
	if got := len(c.get(assignPath).list(t)); got != 0 {
		t.Errorf("%d roles shown at once", got)
	}
	if got := c.rule("POST", "/clock", `{"advance":"1h1s"}`, 200); !strings.Contains(got, `"now"`) {
		t.Errorf("clock: %s", got)
	}
	if got := len(c.get(assignPath).list(t)); got != 1 {
		t.Errorf("%d roles shown an hour later", got)
	}
	c.rule("PUT", "/limits", `{"rateLimits":{"/api/v1/groups":1},"principalShare":100}`, 204)
	c.get("/api/v1/groups")
	c.call("GET", "/api/v1/groups", "", 429)
	c.rule("PUT", "/latency", `{"latency":"50ms"}`, 204)
	began := time.Now()
	if c.get("/api/v1/zones"); time.Since(began) < 50*time.Millisecond {
		t.Error("no latency")
	}
	c.rule("POST", "/reset", "", 204)
	c.get("/api/v1/groups")
	c.get("/api/v1/groups")
	if got := time.Until(c.Now()); got > time.Second {
		t.Errorf("the clock is %v ahead after a reset", got)
	}
	c.wantRoles(invoice)
}

func TestControlOrg(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	c.call("POST", assignPath, assignBody, 201)
	file := c.rule("GET", "/org", "", 200)
	if err := c.Assign(invoice, "ORG_ADMIN"); err != nil {
		t.Fatal(err)
	}
	c.rule("PUT", "/org", file, 204)
	c.wantRoles(invoice, "READ_ONLY_ADMIN")
	c.get("/api/v1/users/me")
	c.rule("PUT", "/org", "org: {subdomain: small}\nusers: [{login: a@b.example, roles: [SUPER_ADMIN]}]\n", 204)
	if got := len(c.get("/api/v1/users").list(t)); got != 1 {
		t.Errorf("%d users", got)
	}
	got := c.rule("PUT", "/org", "org: {subdomain: small}\nusers: [{login: a@b.example}]\n", 400)
	if !strings.Contains(got, "no user of the seed holds SUPER_ADMIN") {
		t.Errorf("an org that nobody could use: %s", got)
	}
	c.get("/api/v1/users/me") // still that of before
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	for _, bad := range []struct{ method, path, body, want string }{
		{"POST", "/faults", `{"stauts":500}`, `unknown field \"stauts\"`},
		{"POST", "/faults", `[{"status":500},{"stauts":500}]`, `unknown field \"stauts\"`},
		{"POST", "/faults", `{"delay":"soon"}`, "not a duration such as 5s"},
		{"POST", "/faults", `{"delay":5}`, "cannot unmarshal number"},
		{"POST", "/faults", `{"path":"["}`, "malformed path"},
		{"POST", "/faults", `{} {}`, "something after"},
		{"POST", "/faults", ``, "the body is empty"},
		{"PUT", "/limits", `{"rateLimits":{"/api/v1/user":5}}`, "is not a bucket; the buckets are"},
		{"PUT", "/limits", `{"rate":1}`, "unknown field"},
		{"PUT", "/lag", `{"latency":"5s"}`, "the body is"},
		{"PUT", "/lag", `{"lag":"-5s"}`, "0 or more"},
		{"POST", "/clock", `{"advance":"-5s"}`, "0 or more"},
		{"POST", "/clock", `{}`, "the body is"},
		{"PUT", "/org", "org: {subdomain: x}\nuser: []\n", "line 2: unknown field user in the org file; known: org, users, groups, customRoles"},
		{"PUT", "/org", "org: {}\n", "subdomain is missing"},
	} {
		if got := c.rule(bad.method, bad.path, bad.body, 400); !strings.Contains(got, bad.want) {
			t.Errorf("%s %s %s: %s, want %q", bad.method, bad.path, bad.body, got, bad.want)
		}
	}
	c.rule("GET", "/nothing", "", 404)
	c.rule("PUT", "/faults", "{}", 405)
	c.get("/api/v1/groups") // no fault was taken
}

func TestControlIsForThisMachine(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	for host, want := range map[string]int{
		"127.0.0.1:8485": 200, "localhost:8485": 200, "[::1]:8485": 200, "127.9.9.9": 200,
		"org.example:8485": 403, "10.0.0.1": 403, "0.0.0.0:8485": 403, "": 403,
	} {
		r := httptest.NewRequest("GET", "/faults", nil)
		r.Host = host
		rec := httptest.NewRecorder()
		if org.Control().ServeHTTP(rec, r); rec.Code != want {
			t.Errorf("host %q: status %d, want %d", host, rec.Code, want)
		}
	}
	r := httptest.NewRequest("POST", "/reset", nil)
	r.Host = "127.0.0.1"
	r.Header.Set("Origin", "https://evil.example")
	rec := httptest.NewRecorder()
	if org.Control().ServeHTTP(rec, r); rec.Code != http.StatusForbidden {
		t.Errorf("from another origin: status %d", rec.Code)
	}
}
