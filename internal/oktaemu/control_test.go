package oktaemu

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
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
		{"POST", "/faults", `{"delay":5}`, `delay: the number where a duration such as \"5s\" is wanted`},
		{"POST", "/faults", `{"status":"soon"}`, "status: the string where a whole number is wanted"},
		{"POST", "/faults", `[{"header":{"A":"b"}}]`, "header: the string where an array is wanted"},
		{"POST", "/faults", `{"dropAfter":1}`, "dropAfter: the number where true or false is wanted"},
		{"POST", "/faults", `7`, "the body: the number where an object is wanted"},
		{"POST", "/faults", `{"status":500`, "breaks off"},
		{"POST", "/faults", `{status}`, "not JSON"},
		{"POST", "/faults", `{"path":"/api/v1/user","status":500}`, "the nearest is GET /api/v1/users"},
		{"POST", "/faults", `{"count":1}`, "no effect"},
		{"POST", "/faults", `{"path":"["}`, "malformed path"},
		{"POST", "/faults", `{} {}`, "something after"},
		{"POST", "/faults", ``, "the body is empty"},
		{"PUT", "/limits", `{"rateLimits":{"/api/v1/user":5}}`, "is not a bucket; the buckets are"},
		{"PUT", "/limits", `{"rate":1}`, "unknown field"},
		{"PUT", "/lag", `{"latency":"5s"}`, "the body is"},
		{"PUT", "/lag", `{"lag":"-5s"}`, "0 or more"},
		{"POST", "/clock", `{"advance":"-5s"}`, "0 or more; offset moves"},
		{"POST", "/clock", `{}`, "the body is"},
		{"POST", "/clock", `{"advance":"5s","offset":"5s"}`, "the body is"},
		{"POST", "/clock", `{"offset":"5s","more":"5s"}`, "the body is"},
		{"PUT", "/org", "org: {subdomain: x}\nuser: []\n", "line 2: unknown field user in the org file; known: org, users, groups, customRoles"},
		{"PUT", "/org", "org: {}\n", "subdomain is missing"},
	} {
		got := c.rule(bad.method, bad.path, bad.body, 400)
		if !strings.Contains(got, bad.want) {
			t.Errorf("%s %s %s: %s, want %q", bad.method, bad.path, bad.body, got, bad.want)
		}
		if !json.Valid([]byte(got)) || strings.Contains(got, "JSON.") || strings.Contains(got, "Go ") || strings.Contains(got, "oktaemu") {
			t.Errorf("%s %s %s: %s is not JSON in words", bad.method, bad.path, bad.body, got)
		}
	}
	if got := c.rule("GET", "/nothing", "", 404); !strings.HasPrefix(got, `{"error":"the control endpoint has no /nothing; it knows DELETE /faults, `) {
		t.Errorf("an unknown path: %s", got)
	}
	if got := c.rule("PUT", "/faults", "{}", 405); got != `{"error":"/faults takes DELETE, GET, POST, not PUT"}`+"\n" {
		t.Errorf("an unknown method: %s", got)
	}
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
	if org.Control().ServeHTTP(rec, r); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), `{"error":`) {
		t.Errorf("from another origin: status %d %s", rec.Code, rec.Body)
	}
}

func TestControlTellsThePresentSettings(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	for path, want := range map[string]string{"/lag": `{"lag":"0s"}`, "/latency": `{"latency":"0s"}`, "/quirks": `{"quirks":[]}`} {
		if got := strings.TrimSpace(c.rule("GET", path, "", 200)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	c.rule("PUT", "/lag", `{"lag":"5s"}`, 204)
	c.rule("PUT", "/latency", `{"latency":"1ms"}`, 204)
	c.rule("PUT", "/limits", `{"rateLimits":{"/api/v1/users":7},"principalShare":60}`, 204)
	c.rule("PUT", "/quirks", `{"quirks":["rolesNotFound"]}`, 204)
	limits := c.rule("GET", "/limits", "", 200)
	c.rule("PUT", "/limits", limits, 204) // what is answered can be put back
	for path, want := range map[string]string{
		"/lag": `{"lag":"5s"}`, "/latency": `{"latency":"1ms"}`, "/limits": strings.TrimSpace(limits),
		"/quirks": `{"quirks":["rolesNotFound"]}`,
	} {
		if got := strings.TrimSpace(c.rule("GET", path, "", 200)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for _, want := range []string{`"rateLimit":0`, `"/api/v1/users":7`, `"/api/v1/groups":600`, `"principalShare":60`, `"concurrency":75`} {
		if !strings.Contains(limits, want) {
			t.Errorf("limits: %s, want %s", limits, want)
		}
	}
}

func TestControlSetsTheClock(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	c.rule("PUT", "/lag", `{"lag":"5s"}`, 204)
	c.rule("POST", "/clock", `{"advance":"1h"}`, 200)
	c.rule("POST", "/clock", `{"advance":"1h"}`, 200)
	if got := c.rule("GET", "/clock", "", 200); !strings.Contains(got, `"offset":"2h0m0s"`) {
		t.Errorf("clock: %s", got)
	}
	c.call("POST", assignPath, assignBody, 201) // two hours ahead
	c.rule("PUT", "/limits", `{"rateLimits":{"/api/v1/groups":3},"principalShare":100}`, 204)
	for range 3 {
		c.get("/api/v1/groups")
	}
	for _, offset := range []string{"0s", "-1h0m0s", "1h0m0s"} {
		got := c.rule("POST", "/clock", fmt.Sprintf(`{"offset":%q}`, offset), 200)
		if !strings.Contains(got, fmt.Sprintf(`"offset":%q`, offset)) {
			t.Errorf("clock: %s, want %s", got, offset)
		}
		var answer struct{ Now time.Time }
		if err := json.Unmarshal([]byte(got), &answer); err != nil {
			t.Fatal(err)
		}
		want, _ := time.ParseDuration(offset)
		if off := time.Until(answer.Now) - want; off.Abs() > 10*time.Second {
			t.Errorf("offset %s: the clock is %v off", offset, off)
		}
		if offset == "0s" {
			c.get("/api/v1/groups") // not refused until two hours from now
		}
		if got := len(c.get(assignPath).list(t)); got != 1 {
			t.Errorf("offset %s: %d roles shown, though the clock was moved after the grant", offset, got)
		}
	}
	if !strings.Contains(c.rule("GET", "/org", "", 200), "clockSkew: 1h0m0s") {
		t.Error("the offset is not saved")
	}
}

func TestTheClockMovesBackOverWhatIsToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := keptOrg(t, DefaultSeed())
		org.Inject(Fault{Method: "POST", LateEffect: time.Minute, Count: 1})
		org.Advance(time.Hour)
		attempt(org, httptestPost(t))
		org.SetOffset(0)
		time.Sleep(30 * time.Minute)
		if got := org.RolesOf("svc-example@default.example"); len(got) != 0 {
			t.Errorf("roles %v before their time", got)
		}
		time.Sleep(31*time.Minute + time.Second)
		if got := org.RolesOf("svc-example@default.example"); len(got) != 1 {
			t.Errorf("roles %v after their time", got)
		}
	})
}
