package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

var theDocument = sync.OnceValues(func() (*document, error) {
	file, err := locate()
	if err != nil {
		return nil, err
	}
	return readDocument(file, subjects()["okta"])
})

func oktas(t *testing.T) *document {
	t.Helper()
	d, err := theDocument()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const token = "00witness"

// asked asks an emulated org and returns the exchange as a record has it.
func asked(t *testing.T, requests ...[3]string) exchange {
	t.Helper()
	org, err := oktaemu.New(oktaemu.DefaultSeed(), oktaemu.WithAPIToken(token))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(org)
	defer server.Close()
	var e exchange
	for _, r := range requests {
		e = send(t, server.URL, r[0], r[1], r[2])
	}
	return e
}

func send(t *testing.T, base, method, target, body string) exchange {
	t.Helper()
	r, err := http.NewRequest(method, base+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "SSWS "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return exchange{
		Method: method, Target: target, SentType: "application/json", Sent: json.RawMessage(body), Status: resp.StatusCode,
		Header: map[string]string{"Content-Type": resp.Header.Get("Content-Type")}, Body: text, Bytes: len(text), url: r.URL,
	}
}

// within changes a value at a path of keys, in the first item of every array on the way. A nil value removes the key.
func within(t *testing.T, text json.RawMessage, value any, path ...string) json.RawMessage {
	t.Helper()
	var root any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	at := root
	for i := 0; ; i++ {
		if list, ok := at.([]any); ok {
			at = list[0]
		}
		object, ok := at.(map[string]any)
		if !ok {
			t.Fatalf("no object at %v in %s", path[:i], text)
		}
		if i == len(path)-1 {
			if value == nil {
				delete(object, path[i])
			} else {
				object[path[i]] = value
			}
			break
		}
		at = object[path[i]]
	}
	out, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const account = "/api/v1/users/svc-example@default.example"

// TestPlantedFaultsAreFound shows that the check can fail: each fault is planted into an answer that passes without it.
func TestPlantedFaultsAreFound(t *testing.T) {
	t.Parallel()
	d := oktas(t)
	assign := [3]string{"POST", account + "/roles", `{"type":"READ_ONLY_ADMIN"}`}
	roles := [3]string{"GET", account + "/roles", ""}
	user := [3]string{"GET", account, ""}
	zones := [3]string{"GET", "/api/v1/zones", ""}
	body := func(value any, path ...string) func(*exchange) {
		return func(e *exchange) { e.Body = within(t, e.Body, value, path...) }
	}
	for name, c := range map[string]struct {
		requests [][3]string
		plant    func(*exchange)
		want     finding
	}{
		"a required property is missing": {
			[][3]string{assign, roles},
			body(nil, "type"),
			finding{Kind: "discriminator", At: "/*"},
		},
		"a required property of a plain object is missing": {
			[][3]string{{"GET", "/api/v1/api-tokens", ""}},
			body(nil, "name"),
			finding{Kind: "required", At: "/*/name"},
		},
		"a property has another type": {
			[][3]string{assign, roles},
			body(5, "label"),
			finding{Kind: "type", At: "/*/label"},
		},
		"a property of a nested object has another type": {
			[][3]string{user},
			body([]any{"x"}, "profile", "login"),
			finding{Kind: "type", At: "/profile/login"},
		},
		"null where the document has none": {
			[][3]string{user},
			func(e *exchange) {
				e.Body = append(bytes.TrimSuffix(e.Body, []byte("}")), []byte(`,"realmId":null}`)...)
			},
			finding{Kind: "nullable", At: "/realmId"},
		},
		"a value outside of an enumeration": {
			[][3]string{user},
			body("SLEEPING", "status"),
			finding{Kind: "enum", At: "/status", Detail: "SLEEPING"},
		},
		"a type that no discriminator names": {
			[][3]string{assign, roles},
			body("EMPEROR", "type"),
			finding{Kind: "discriminator", At: "/*", Detail: "EMPEROR"},
		},
		"a time that is none": {
			[][3]string{user},
			body("yesterday", "created"),
			finding{Kind: "format", At: "/created"},
		},
		"a property that the document does not have": {
			[][3]string{user},
			body("x", "nickname"),
			finding{Kind: kindProperty, At: "/nickname"},
		},
		"a nested property that the document does not have": {
			[][3]string{{"GET", "/api/v1/groups", ""}},
			body("x", "_links", "elsewhere"),
			finding{Kind: kindProperty, At: "/*/_links/elsewhere"},
		},
		"a status that the document does not have": {
			[][3]string{user},
			func(e *exchange) { e.Status = 418 },
			finding{Kind: kindStatus, Detail: "418 "},
		},
		"another status of success": {
			[][3]string{assign},
			func(e *exchange) { e.Status = 200 },
			finding{Kind: kindStatus, Detail: "200 "},
		},
		"an error of another shape": {
			[][3]string{{"GET", "/api/v1/users/nobody", ""}},
			body("none", "errorCauses"),
			finding{Kind: "type", At: "/errorCauses"},
		},
		"a route that the document does not have": {
			[][3]string{user},
			func(e *exchange) { e.url.Path = "/api/v1/people" },
			finding{Kind: kindRoute},
		},
		"a method that the document does not have": {
			[][3]string{zones},
			func(e *exchange) { e.Method = "PATCH" },
			finding{Kind: kindRoute},
		},
		"a query parameter that the document does not have": {
			[][3]string{user},
			func(e *exchange) { e.url.RawQuery = "colour=red" },
			finding{Kind: kindQuery, Detail: "colour"},
		},
		"an answer without its body": {
			[][3]string{user},
			func(e *exchange) { e.Body, e.Bytes = nil, 0 },
			finding{Kind: kindBody, Detail: "it is not JSON"},
		},
		"a body where there is none": {
			[][3]string{{"DELETE", account + "/sessions", ""}},
			func(e *exchange) { e.Body, e.Bytes = []byte(`{"x":1}`), 7 },
			finding{Kind: kindBody, Detail: "there is one, and the document has none"},
		},
		"another media type": {
			[][3]string{user},
			func(e *exchange) { e.Header["Content-Type"] = "text/html" },
			finding{Kind: kindMedia, Detail: "text/html"},
		},
		"a request that lacks a required property": {
			[][3]string{assign},
			func(e *exchange) { e.Sent = []byte(`{}`) },
			finding{Kind: inRequest + "discriminator"},
		},
		"a request without its body": {
			[][3]string{assign},
			func(e *exchange) { e.Sent = nil },
			finding{Kind: inRequest + kindBody, Detail: "there is none"},
		},
		"a request with a property that the document does not have": {
			[][3]string{assign},
			func(e *exchange) { e.Sent = []byte(`{"type":"ORG_ADMIN","until":"tomorrow"}`) },
			finding{Kind: inRequest + kindProperty, At: "/until"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := asked(t, c.requests...)
			before := check(d, excuses(t), []exchange{e})
			if len(before.Groups) > 0 {
				t.Fatalf("without the fault: %+v", before.Groups[0])
			}
			c.plant(&e)
			got := check(d, excuses(t), []exchange{e})
			if !slices.ContainsFunc(got.Groups, func(g *group) bool {
				return g.Kind == c.want.Kind && g.At == c.want.At && (c.want.Detail == "" || g.Detail == c.want.Detail)
			}) {
				var all []finding
				for _, g := range got.Groups {
					all = append(all, g.finding)
				}
				t.Errorf("%+v was not found: %+v", c.want, all)
			}
		})
	}
}

func excuses(t *testing.T) *expected {
	t.Helper()
	x, err := readExpected("deviations.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestEntriesThatNothingNeedsAreFound(t *testing.T) {
	t.Parallel()
	e := asked(t, [3]string{"GET", account, ""})
	e.Body = within(t, e.Body, "x", "nickname")
	x := &expected{
		Deviations: []*deviation{
			{Route: "GET /api/v1/users/{id}", Kind: kindProperty, At: "/nickname", Says: "s", Evidence: "e"},
			{Route: "GET /api/v1/users/{id}", Kind: kindProperty, At: "/realmId", Says: "s", Evidence: "e"},
			{Route: "GET /api/v1/users/{id}", Status: 404, Kind: kindProperty, Defect: "d"},
		},
		Outside: []*outside{{Route: "GET /nowhere", Reason: "r"}},
	}
	v := check(oktas(t), x, []exchange{e})
	if v.Excused != 1 || len(v.Groups) != 0 || len(v.Stale) != 3 || !v.failed() {
		t.Errorf("excused %d, found %v, stale %q", v.Excused, v.Groups, v.Stale)
	}
}

func TestEntriesAreWhole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"deviations: [{route: GET /x, kind: enum}]":                                      "needs route and kind",
		"deviations: [{route: GET /x, kind: enum, says: s}]":                             "needs route and kind",
		"deviations: [{route: GET /x, kind: enum, says: s, evidence: e, defect: d}]":     "needs route and kind",
		"deviations: [{route: GET /x, kind: enum, says: s, evidence: e, because: none}]": "because",
		"outside: [{route: GET /x}]":                                                     "needs route and reason",
	} {
		file := filepath.Join(t.TempDir(), "d.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readExpected(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestLiteralsGoBeforeVariables(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"DELETE /api/v1/api-tokens/current":      "DELETE /api/v1/api-tokens/current",
		"DELETE /api/v1/api-tokens/00T1":         "DELETE /api/v1/api-tokens/{apiTokenId}",
		"GET /api/v1/groups/rules":               "GET /api/v1/groups/rules",
		"GET /api/v1/users/a%2Fb@x.example":      "GET /api/v1/users/{id}",
		"GET /api/v1/users/me":                   "GET /api/v1/users/{id}",
		"GET /oauth2/v1/clients/0oa1/roles/irb1": "GET /oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}",
		"GET /api/v1/users/":                     "",
	} {
		method, path, _ := strings.Cut(request, " ")
		if o, _ := oktas(t).find(method, path); o.name != want {
			t.Errorf("%s calls %q, want %q", request, o.name, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for pattern, fit := range map[string]bool{
		"": true, "*": true, "GET /a/*": true, "* /a/b": true, "GET*b": true, "GET /a/b": true, "*/a*b": true,
		"GET /a": false, "GET /a/b/*": false, "POST*": false, "*c*": false, "GET /a/b/c": false,
	} {
		if got := fits(pattern, "GET /a/b"); got != fit {
			t.Errorf("%q fits: %t", pattern, got)
		}
	}
}

func TestRecordsAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line := `{"method":"GET","route":"/api/v1/users/{user}","target":"/api/v1/users/x?a=b","agent":"okta-sdk-golang/6.1.6 x","status":200,"body":{}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "a.jsonl"), []byte(line+line+line[:40]), 0o600); err != nil {
		t.Fatal(err)
	}
	all, cut, err := readRecord(dir)
	if err != nil || cut != 1 || len(all) != 2 || all[0].url.Path != "/api/v1/users/x" {
		t.Errorf("%v, %d cut, %v", all, cut, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.jsonl"), []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readRecord(dir); err == nil {
		t.Error("a line that is no JSON was read")
	}
}

func TestWitnesses(t *testing.T) {
	t.Parallel()
	e := asked(t, [3]string{"GET", account, ""})
	e.Route = "/api/v1/users/{user}"
	var all []exchange
	for _, agent := range []string{"okta-sdk-golang/6.1.6 golang/go1.26", "okta-sdk-golang/2.17.0 golang/go1.26 linux/amd64 stepdown/0.1.0", "@okta/okta-sdk-nodejs/8.1.0 node/20", "Go-http-client/1.1"} {
		e.Agent = agent
		all = append(all, e)
	}
	e.Route, e.Status = "/api/v1/groups", 403
	all = append(all, e)
	got := witnessed(oktas(t), all)
	if want := map[string][]string{"GET /api/v1/users/{user}": {"go v6", "node", "openapi", "stepdown"}}; !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
}
