package okta

import (
	"net/http"
	"testing"

	"github.com/stepdown/stepdown/internal/org"
)

func TestApps(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, routes(t, map[string]string{
		"GET /oauth2/v1/clients?limit=200": `[{"client_id":"0oa2","client_name":"Sync","application_type":"service"},
			{"client_id":"0oa3","client_name":"Portal","application_type":"web"},
			{"client_id":"0oa1","client_name":"Of a type to come","application_type":"agent"}]`,
		"GET /oauth2/v1/clients/0oa2/roles": `[{"id":"JBCUYUC7IRCVGS27IFCE2SKO","label":"Help Desk Administrator","type":"HELP_DESK_ADMIN","status":"ACTIVE",
			"assignmentType":"CLIENT","_links":{"assignee":{"href":"ORG/oauth2/v1/clients/0oa2"}}},
			{"id":"irb1","role":"cr01","type":"CUSTOM","status":"ACTIVE","resource-set":"iam1","assignmentType":"CLIENT","_links":{"assignee":{"href":"ORG/oauth2/v1/clients/0oa2/roles"}}}]`,
	}))
	apps, err := c.Apps(t.Context())
	check(t, apps, err, []org.App{{ID: "0oa1", Label: "Of a type to come", Type: "agent"}, {ID: "0oa2", Label: "Sync", Type: "service"}, {ID: "0oa3", Label: "Portal", Type: "web"}})
	roles, err := c.AppRoles(t.Context(), "0oa2")
	check(t, roles, err, []org.Assignment{
		{ID: "irb1", PrincipalID: "0oa2", PrincipalKind: "CLIENT", Type: "CUSTOM", Status: "ACTIVE", CustomRoleID: "cr01", ResourceSetID: "iam1"},
		{ID: "JBCUYUC7IRCVGS27IFCE2SKO", PrincipalID: "0oa2", PrincipalKind: "CLIENT", Type: "HELP_DESK_ADMIN", Label: "Help Desk Administrator", Status: "ACTIVE"},
	})
}

// TestRolesOfAnAppThatAreNotFound are none only where the app itself is found.
func TestRolesOfAnAppThatAreNotFound(t *testing.T) {
	t.Parallel()
	for name, app := range map[string]struct {
		status int
		body   string
		known  bool
	}{
		"the app is there":   {200, `{"client_id":"0oa2"}`, true},
		"the app is not":     {404, `{"errorCode":"E0000007"}`, false},
		"not to be told":     {403, `{"errorCode":"E0000006"}`, false},
		"another app":        {200, `{"client_id":"0oa9"}`, false},
		"nothing to rely on": {200, `{}`, false},
	} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/oauth2/v1/clients/0oa2/roles" {
				answer(w, 404, `{"errorCode":"E0000007"}`)
				return
			}
			answer(w, app.status, app.body)
		})
		roles, err := c.AppRoles(t.Context(), "0oa2")
		if (err == nil) != app.known || len(roles) > 0 {
			t.Errorf("%s: %v, %v", name, roles, err)
		}
	}
}
