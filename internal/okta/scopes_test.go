package okta

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

func TestScopeOf(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"GET /api/v1/users":                                    "okta.users.read",
		"GET /api/v1/users/00u1":                               "okta.users.read",
		"GET /api/v1/users/roles":                              "okta.users.read", // a login
		"DELETE /api/v1/users/00u1/sessions":                   "okta.users.manage",
		"GET /api/v1/users/00u1/roles":                         "okta.roles.read",
		"POST /api/v1/users/00u1/roles":                        "okta.roles.manage",
		"DELETE /api/v1/users/00u1/roles/ra1":                  "okta.roles.manage",
		"GET /api/v1/groups/00g1/users":                        "okta.groups.read",
		"GET /api/v1/groups/00g1/roles":                        "okta.roles.read",
		"GET /oauth2/v1/clients":                               "okta.clients.read",
		"GET /oauth2/v1/clients/0oa1/roles":                    "okta.roles.read",
		"GET /api/v1/iam/resource-sets/iam1/bindings":          "okta.roles.read",
		"PATCH /api/v1/iam/resource-sets/i/bindings/c/members": "okta.roles.manage",
		"GET /api/v1/iam/assignees/users":                      "okta.roles.read",
		"GET /api/v1/api-tokens":                               "okta.apiTokens.read",
		"PUT /api/v1/api-tokens/00T1":                          "okta.apiTokens.manage",
		"GET /api/v1/zones":                                    "okta.networkZones.read",
		"GET /api/v1/logs":                                     "okta.logs.read",
		"GET /api/v1/apps/0oa1/grants":                         "okta.appGrants.read",
		"DELETE /api/v1/apps/0oa1/grants/oag1":                 "okta.appGrants.manage",
		"POST /api/v1/apps/0oa1/credentials/jwks":              "okta.apps.manage",
		"GET /api/v1/org":                                      "okta.orgs.read",
		"GET /.well-known/okta-organization":                   "",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := ScopeOf(method, path); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

// TestEveryRequestHasAScope calls every method of the client and holds what is sent against the table.
func TestEveryRequestHasAScope(t *testing.T) {
	t.Parallel()
	c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v1/iam/") {
			item := `[{"id":"cr01","label":"x"}]`
			answer(w, 200, `{"id":"cr01","label":"x","roles":`+item+`,"resource-sets":`+item+`,"permissions":`+item+`,"members":[],"value":`+item+`}`)
			return
		}
		answer(w, 200, `[{"id":"1"}]`)
	})
	client := reflect.ValueOf(c)
	for i := range client.NumMethod() {
		method, before := client.Type().Method(i), log.count()
		if method.Type.NumIn() < 2 || method.Type.In(1) != reflect.TypeFor[context.Context]() {
			continue // it sends nothing
		}
		arguments := []reflect.Value{}
		for k := range method.Type.NumIn() - 1 {
			arguments = append(arguments, argument(t, method.Type.In(k+1), k))
		}
		client.Method(i).Call(arguments)
		if log.count() == before && method.Name != "Unfamiliar" { // which tells of answers
			t.Errorf("%s sends nothing: what it is given here does not do", method.Name)
		}
		for _, r := range log.reqs[before:] {
			if r.URL.Path != wellKnown && ScopeOf(r.Method, r.URL.Path) == "" {
				t.Errorf("%s: no scope is known for %s %s", method.Name, r.Method, r.URL.Path)
			}
		}
	}
}

// argument makes the k-th argument of a method by its type.
func argument(t *testing.T, kind reflect.Type, k int) reflect.Value {
	switch kind {
	case reflect.TypeFor[string]():
		return reflect.ValueOf("id1")
	case reflect.TypeFor[[]string]():
		return reflect.ValueOf([]string{"id1"})
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(day(k))
	case reflect.TypeFor[access.Role]():
		return reflect.ValueOf(access.Role{Type: "READ_ONLY_ADMIN"})
	case reflect.TypeFor[org.Token]():
		return reflect.ValueOf(org.Token{ID: "id1"})
	case reflect.TypeFor[org.LogFilter]():
		return reflect.ValueOf(org.LogFilter{TargetID: "id1"})
	case reflect.TypeFor[org.User]():
		return reflect.ValueOf(org.User{ID: "id1"})
	}
	return reflect.ValueOf(t.Context())
}
