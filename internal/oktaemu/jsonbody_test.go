package oktaemu

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// sendAs sends a body under a Content-Type; without the header where it is empty.
func (w *world) sendAs(kind, token, method, target, body string) answer {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "SSWS "+token)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}

func TestBodiesAreJSON(t *testing.T) {
	t.Parallel()
	w := acme(t)
	const group = `{"profile":{"name":"New"}}`
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", "application/", ";"} {
		a := w.sendAs(kind, ownToken, "POST", "/api/v1/groups", group)
		if a.status != 400 || w.code(a) != "E0000021" {
			t.Errorf("%q: %d %s", kind, a.status, a.body)
		}
		w.same("summary", "Bad request.  Accept and/or Content-Type headers likely do not match supported values.", a.object(t)["errorSummary"])
	}
	if got := len(w.get("/api/v1/groups?q=New").list(t)); got != 0 {
		t.Errorf("%d groups were made of bodies that are refused", got)
	}
	for _, kind := range []string{"application/json; charset=utf-8", "Application/JSON", "application/json;okta-version=1.0.0"} {
		a := w.sendAs(kind, ownToken, "POST", "/api/v1/groups", strings.ReplaceAll(group, "New", kind))
		if a.status != 200 {
			t.Errorf("%q: %d %s", kind, a.status, a.body)
		}
	}
	w.same("who calls comes first", 401, w.sendAs("", "wrong", "POST", "/api/v1/groups", group).status)
	w.same("without a body", 200, w.sendAs("", ownToken, "POST", "/api/v1/users/"+w.userID(invoice)+"/lifecycle/suspend", "").status)
	token := w.sendAs("application/x-www-form-urlencoded", "", "POST", "/oauth2/v1/token", "grant_type=client_credentials")
	if token.object(t)["error"] == nil {
		t.Errorf("the token endpoint takes forms: %s", token.body)
	}
}

func TestNameless(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.Users = append(seed.Users, SeedUser{Login: "svc-nameless@default.example"})
	w := start(t, seed)
	for what, profile := range map[string]any{
		"alone": w.get("/api/v1/users/svc-nameless@default.example").object(t)["profile"],
		"found": w.get(`/api/v1/users?filter=profile.login+eq+"svc-nameless@default.example"`).list(t)[0]["profile"],
	} {
		p := profile.(jsonObject)
		first, there := p["firstName"]
		if last := p["lastName"]; first != nil || last != nil || !there {
			t.Errorf("%s: names %v and %v, want null", what, first, last)
		}
	}
}
