package okta

// Each method with answers as they were recorded from Okta, or as its OpenAPI document has them where none were.

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

func day(n int) time.Time { return time.Date(2026, 3, 1+n, 0, 0, 0, 0, time.UTC) }

func ptr[T any](v T) *T { return &v }

// check compares the result of a call that must succeed.
func check[T any](t *testing.T, got T, err error, want T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
}

const recordedUser = `{"id":"00u1","status":"ACTIVE","created":"2025-03-13T23:44:04.000Z","activated":null,"type":{"id":"oty1"},
	"profile":{"firstName":"A","lastName":"B","mobilePhone":null,"email":"svc@acme.example","login":"svc@acme.example","custom":[1]},
	"credentials":{"password":{},"provider":{"type":"OKTA","name":"OKTA"}},"_links":{"self":{"href":"ORG/api/v1/users/00u1"}}}`

func TestUsersAndOrg(t *testing.T) {
	t.Parallel()
	c, log := serve(t, routes(t, map[string]string{
		"GET /.well-known/okta-organization":    `{"id":"00o1","cell":"op3","_links":{"organization":{"href":"ORG"}},"pipeline":"idx"}`,
		"GET /api/v1/users/me":                  recordedUser,
		"GET /api/v1/users/svc@acme.example":    recordedUser,
		"GET /api/v1/users/a%2Fb%3Fc%23d%20..e": `{"id":"00u2","status":"PROVISIONED"}`,
		"GET /api/v1/users?limit=200":           `[{"id":"00u9","status":"SOMETHING_NEW","profile":{"login":"z@acme.example"}},` + recordedUser + `]`,
	}))
	want := org.User{ID: "00u1", Login: "svc@acme.example", Status: "ACTIVE"}
	gotOrg, err := c.Org(t.Context())
	check(t, gotOrg, err, org.Org{ID: "00o1", URL: "http://" + log.reqs[0].Host})
	user, err := c.Caller(t.Context())
	check(t, user, err, want)
	user, err = c.User(t.Context(), "svc@acme.example")
	check(t, user, err, want)
	user, err = c.User(t.Context(), "a/b?c#d ..e")
	check(t, user, err, org.User{ID: "00u2", Status: "PROVISIONED"})
	users, err := c.Users(t.Context())
	check(t, users, err, []org.User{want, {ID: "00u9", Login: "z@acme.example", Status: "SOMETHING_NEW"}})
}

func TestUserRoles(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, routes(t, map[string]string{"GET /api/v1/users/00u1/roles": `[
	 {"id":"irb1","role":"cr01","label":"People reader","type":"CUSTOM","status":"ACTIVE","created":"2025-03-13T23:44:04.000Z","assignmentType":"USER",
	  "resource-set":"iam1","_links":{"assignee":{"href":"ORG/api/v1/users/00u1"},"resource-set":{"href":"ORG/api/v1/iam/resource-sets/iam1"}}},
	 {"id":"irb2","label":"Links only","type":"CUSTOM","status":"ACTIVE","assignmentType":"USER",
	  "_links":{"role":{"href":"https://x-admin/api/v1/iam/roles/cr02"},"resource-set":{"href":"https://x-admin/api/v1/iam/resource-sets/iam2"}}},
	 {"id":"irb3","role":"ACCESS_CERTIFICATIONS_ADMIN","type":"ACCESS_CERTIFICATIONS_ADMIN","status":"ACTIVE","assignmentType":"USER","resource-set":"ACCESS_CERTIFICATIONS_IAM_POLICY"},
	 {"id":"IFIFAX2BIRGUSTQ","label":"Application Administrator","type":"APP_ADMIN","status":"ACTIVE","created":"2025-03-13T23:44:04.000Z",
	  "lastUpdated":"2025-03-13T23:44:04.000Z","assignmentType":"USER","_links":{"assignee":{"href":"ORG/api/v1/users/00u1"}}},
	 {"id":"KVJUKUS7IFCE2SKO","label":"Group Administrator","type":"USER_ADMIN","status":"ACTIVE","assignmentType":"GROUP","_links":{"assignee":{"href":"ORG/api/v1/groups/00g1"}}},
	 {"id":"new1","type":"AI_AGENT_ADMIN","status":"ODD","assignmentType":"SOMETHING_NEW","_links":{}}]`}))
	at := time.Date(2025, 3, 13, 23, 44, 4, 0, time.UTC)
	user := func(a org.Assignment) org.Assignment {
		a.PrincipalID, a.PrincipalKind = "00u1", "USER"
		return a
	}
	roles, err := c.UserRoles(t.Context(), "00u1")
	check(t, roles, err, []org.Assignment{
		user(org.Assignment{ID: "irb3", Type: "ACCESS_CERTIFICATIONS_ADMIN", Status: "ACTIVE", ResourceSetID: "ACCESS_CERTIFICATIONS_IAM_POLICY"}),
		user(org.Assignment{ID: "new1", Type: "AI_AGENT_ADMIN", Status: "ODD"}),
		user(org.Assignment{ID: "IFIFAX2BIRGUSTQ", Type: "APP_ADMIN", Label: "Application Administrator", Status: "ACTIVE", Created: at}),
		user(org.Assignment{ID: "irb1", Type: "CUSTOM", Label: "People reader", Status: "ACTIVE", CustomRoleID: "cr01", ResourceSetID: "iam1", Created: at}),
		user(org.Assignment{ID: "irb2", Type: "CUSTOM", Label: "Links only", Status: "ACTIVE", CustomRoleID: "cr02", ResourceSetID: "iam2"}),
		user(org.Assignment{ID: "KVJUKUS7IFCE2SKO", Type: "USER_ADMIN", Label: "Group Administrator", Status: "ACTIVE", ViaGroupID: "00g1"}),
	})
}

func TestUserRolesThatCannotBeTold(t *testing.T) {
	t.Parallel()
	for name, item := range map[string]string{
		"through a group without a link":  `{"id":"1","type":"X","assignmentType":"GROUP"}`,
		"through a group, linked to user": `{"id":"1","type":"X","assignmentType":"GROUP","_links":{"assignee":{"href":"ORG/api/v1/users/00u1"}}}`,
		"no type":                         `{"id":"1","assignmentType":"USER"}`,
		"no id":                           `{"type":"X","assignmentType":"USER"}`,
		"a type of another kind":          `{"id":"1","type":7}`,
	} {
		c, _ := serve(t, routes(t, map[string]string{"GET /api/v1/users/00u1/roles": "[" + item + "]"}))
		if roles, err := c.UserRoles(t.Context(), "00u1"); err == nil {
			t.Errorf("%s: %v", name, roles)
		} else {
			mustFail(t, err)
		}
	}
}

func TestWriteBodies(t *testing.T) {
	t.Parallel()
	c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case "DELETE":
			w.WriteHeader(204)
		case "PUT":
			answer(w, 200, `{"id":"00T1","name":"api-token-test-token","network":{"connection":"ZONE","include":["nzo2","nzo1"]}}`)
		default:
			answer(w, 201, `{"id":"ra1","type":"READ_ONLY_ADMIN"}`)
		}
	})
	id, err := c.AssignRole(t.Context(), "00u1", access.Role{Type: "READ_ONLY_ADMIN"})
	check(t, id, err, "ra1")
	id, err = c.AssignRole(t.Context(), "00u1", access.Role{Type: "CUSTOM", CustomRole: "cr01", ResourceSet: "iam1"})
	check(t, id, err, "") // the answer is about another role
	for _, err := range []error{
		c.RemoveRole(t.Context(), "00u1", "irb/1"),
		c.EndSessions(t.Context(), "00u1"),
		c.RevokeToken(t.Context(), "00T1"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	got, err := c.RestrictToken(t.Context(), tokenRead, []string{"nzo2", "nzo1"})
	check(t, got, err, org.Token{ID: "00T1", Name: "api-token-test-token", Network: org.Network{Connection: "ZONE", Include: []string{"nzo1", "nzo2"}, Exclude: []string{}}})
	want := []string{
		`POST /api/v1/users/00u1/roles {"type":"READ_ONLY_ADMIN"}`,
		`POST /api/v1/users/00u1/roles {"type":"CUSTOM","role":"cr01","resource-set":"iam1"}`,
		`DELETE /api/v1/users/00u1/roles/irb%2F1`,
		`DELETE /api/v1/users/00u1/sessions`,
		`DELETE /api/v1/api-tokens/00T1`,
		`PUT /api/v1/api-tokens/00T1 {"name":"api-token-test-token","userId":"00u1","clientName":"Okta API","created":"2025-11-02T14:47:13.000Z","network":{"connection":"ZONE","include":["nzo1","nzo2"],"exclude":["nzo9"]}}`,
	}
	if !cmp.Equal(want, log.lines) {
		t.Error(cmp.Diff(want, log.lines))
	}
}

// tokenRead is the recorded token, as read.
var tokenRead = org.Token{
	ID: "00T1", Name: "api-token-test-token", UserID: "00u1", ClientName: "Okta API",
	Created: time.Date(2025, 11, 2, 14, 47, 13, 0, time.UTC), ExpiresAt: time.Date(2025, 12, 2, 14, 47, 13, 0, time.UTC),
	Network: org.Network{Connection: "ZONE", Include: []string{}, Exclude: []string{"nzo9"}},
}

func TestTokensAndZones(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, routes(t, map[string]string{
		"GET /api/v1/api-tokens": `[{"id":"00T2","name":"ad-agent","clientName":"Okta AD agent","expiresAt":null,"network":{"connection":"ANYWHERE"}},
		 {"id":"00T1","name":"api-token-test-token","userId":"00u1","clientName":"Okta API","tokenWindow":"P30D",
		  "network":{"connection":"ZONE","exclude":["nzo9"]},"expiresAt":"2025-12-02T14:47:13.000Z","created":"2025-11-02T14:47:13.000Z",
		  "lastUpdated":"2025-11-06T08:22:21.000Z","_links":{"self":{"href":"ORG","hints":{"allow":["GET","DELETE"]}}}}]`,
		"GET /api/v1/zones": `[{"id":"nzo2","name":"Two","status":"INACTIVE","type":"DYNAMIC_V2","asns":{"include":[],"exclude":[]}},{"id":"nzo1","name":"One","status":"ACTIVE","asns":["1"]}]`,
	}))
	tokens, err := c.Tokens(t.Context())
	check(t, tokens, err, []org.Token{tokenRead, {ID: "00T2", Name: "ad-agent", ClientName: "Okta AD agent", Network: org.Network{Connection: "ANYWHERE", Include: []string{}, Exclude: []string{}}}})
	zones, err := c.Zones(t.Context())
	check(t, zones, err, []org.Zone{{ID: "nzo1", Name: "One", Status: "ACTIVE"}, {ID: "nzo2", Name: "Two", Status: "INACTIVE"}})
}

func TestRestrictTokenAnswersAboutAnother(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, always(200, `{"id":"00T2"}`))
	_, err := c.RestrictToken(t.Context(), tokenRead, []string{"nzo1"})
	if e := mustFail(t, err); e.Refused() || e.Status != 200 {
		t.Errorf("error = %+v", e)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, routes(t, map[string]string{
		"GET /api/v1/groups?expand=stats&limit=200": `[
		 {"id":"00g4","type":"OKTA_GROUP","profile":{"name":"Silent"}},
		 {"id":"00g1","type":"BUILT_IN","profile":{"name":"Everyone","description":null},"_embedded":{"stats":{"usersCount":2,"hasAdminPrivlege":false}}},
		 {"id":"00g2","type":"OKTA_GROUP","profile":{"name":"Two"},"_embedded":{"stats":{"hasAdminPrivilege":true}}},
		 {"id":"00g3","type":"OKTA_GROUP","profile":{"name":"Both"},"_embedded":{"stats":{"hasAdminPrivlege":false,"hasAdminPrivilege":true}}}]`,
		"GET /api/v1/groups/00g1":                 `{"id":"00g1","type":"OKTA_GROUP","profile":{"name":"Helpdesk"}}`,
		"GET /api/v1/groups/00g2":                 `{"profile":{"name":"Nobody"}}`,
		"GET /api/v1/groups/00g1/users?limit=200": `[{"id":"00u2"},{"id":"00u1"},{"id":"00u2"}]`,
		"GET /api/v1/groups/00g2/roles":           `[{"id":"gra1","type":"READ_ONLY_ADMIN","label":"Read-only Administrator","status":"ACTIVE","assignmentType":"GROUP","_links":{"assignee":{"href":"ORG/api/v1/groups/00g2"}}}]`,
	}))
	one, err := c.Group(t.Context(), "00g1")
	check(t, one, err, org.Group{ID: "00g1", Name: "Helpdesk", Type: "OKTA_GROUP"})
	if nobody, err := c.Group(t.Context(), "00g2"); err == nil {
		t.Errorf("a group without an id: %+v", nobody)
	}
	groups, err := c.Groups(t.Context())
	check(t, groups, err, []org.Group{
		{ID: "00g1", Name: "Everyone", Type: "BUILT_IN", HasAdminRoles: ptr(false)},
		{ID: "00g2", Name: "Two", Type: "OKTA_GROUP", HasAdminRoles: ptr(true)},
		{ID: "00g3", Name: "Both", Type: "OKTA_GROUP", HasAdminRoles: ptr(true)},
		{ID: "00g4", Name: "Silent", Type: "OKTA_GROUP"},
	})
	members, err := c.GroupMembers(t.Context(), "00g1")
	check(t, members, err, []string{"00u1", "00u2"})
	roles, err := c.GroupRoles(t.Context(), "00g2")
	check(t, roles, err, []org.Assignment{{ID: "gra1", PrincipalID: "00g2", PrincipalKind: "GROUP", Type: "READ_ONLY_ADMIN", Label: "Read-only Administrator", Status: "ACTIVE"}})
}

func TestIAM(t *testing.T) {
	t.Parallel()
	permissions := `{"permissions":[{"label":"okta.users.read","created":"2025-01-01T00:00:00.000Z","conditions":null},{"label":"okta.groups.read"}]}`
	c, _ := serve(t, routes(t, map[string]string{
		"GET /api/v1/iam/assignees/users":                                     `{"value":[{"id":"00u2","orn":"orn:okta:directory:00o1:users:00u2"},{"id":"00u1"}]}`,
		"GET /api/v1/iam/roles":                                               `{"roles":[{"id":"cr01","label":"People reader","_links":{"self":{"href":"https://x-admin/api/v1/iam/roles/cr01"}}},{"id":"WORKFLOWS_ADMIN","label":"Workflows Administrator"}],"_links":{}}`,
		"GET /api/v1/iam/roles/People%20reader":                               `{"id":"cr01","label":"People reader","description":"x"}`,
		"GET /api/v1/iam/roles/cr01/permissions":                              permissions,
		"GET /api/v1/iam/roles/WORKFLOWS_ADMIN/permissions":                   `{"permissions":[]}`,
		"GET /api/v1/iam/resource-sets":                                       `{"resource-sets":[{"id":"iam2","label":"Two"},{"id":"iam1","label":"One"}]}`,
		"GET /api/v1/iam/resource-sets/A%2FB":                                 `{"id":"iam1","label":"A/B"}`,
		"GET /api/v1/iam/resource-sets/iam1/bindings":                         `{"roles":[{"id":"cr02","_links":{}},{"id":"cr01"}],"_links":{"self":{"href":"x"}}}`,
		"GET /api/v1/iam/resource-sets/iam1/bindings/cr01/members":            `{"members":[{"id":"irb2","_links":{"self":{"href":"https://x-admin.okta.com/api/v1/groups/00g1"}}},{"id":"irb1","_links":{"self":{"href":"ORG/api/v1/users/00u1"}}}],"_links":{"next":{"href":"ORG/api/v1/iam/resource-sets/iam1/bindings/cr01/members?after=irb2"}}}`,
		"GET /api/v1/iam/resource-sets/iam1/bindings/cr01/members?after=irb2": `{"members":[{"id":"irb3","_links":{"self":{"href":"ORG/oauth2/v1/clients/0oa1"}}}],"_links":{}}`,
		"GET /api/v1/iam/resource-sets/iam1/bindings/cr02/members":            `{"members":[]}`,
	}))
	ctx := t.Context()
	ids, err := c.RoleAssignees(ctx)
	check(t, ids, err, []string{"00u1", "00u2"})
	reader := org.CustomRole{ID: "cr01", Label: "People reader", Permissions: []string{"okta.groups.read", "okta.users.read"}}
	role, err := c.CustomRole(ctx, "People reader")
	check(t, role, err, reader)
	roles, err := c.CustomRoles(ctx)
	check(t, roles, err, []org.CustomRole{{ID: "WORKFLOWS_ADMIN", Label: "Workflows Administrator", Permissions: []string{}}, reader})
	set, err := c.ResourceSet(ctx, "A/B")
	check(t, set, err, org.ResourceSet{ID: "iam1", Label: "A/B"})
	sets, err := c.ResourceSets(ctx)
	check(t, sets, err, []org.ResourceSet{{ID: "iam1", Label: "One"}, {ID: "iam2", Label: "Two"}})
	bindings, err := c.Bindings(ctx, "iam1")
	check(t, bindings, err, []org.Binding{
		{ResourceSetID: "iam1", CustomRoleID: "cr01", Members: []org.Member{
			{ID: "irb1", PrincipalID: "00u1", PrincipalKind: "USER"},
			{ID: "irb2", PrincipalID: "00g1", PrincipalKind: "GROUP"},
			{ID: "irb3", PrincipalID: "0oa1", PrincipalKind: "CLIENT"},
		}},
		{ResourceSetID: "iam1", CustomRoleID: "cr02", Members: []org.Member{}},
	})
}

func TestBindingMemberOfNoKnownKind(t *testing.T) {
	t.Parallel()
	for _, href := range []string{"ORG/api/v1/robots/1", "ORG/api/v1/users/", "orn:okta:directory:00o1:users:00u1", ""} {
		c, _ := serve(t, routes(t, map[string]string{
			"GET /api/v1/iam/resource-sets/iam1/bindings":              `{"roles":[{"id":"cr01"}]}`,
			"GET /api/v1/iam/resource-sets/iam1/bindings/cr01/members": `{"members":[{"id":"irb1","_links":{"self":{"href":"` + href + `"}}},{"id":"irb2","_links":{"self":{"href":"ORG/api/v1/users/00u1"}}}]}`,
		}))
		got, err := c.Bindings(t.Context(), "iam1")
		id := strings.ReplaceAll(firstOf(href, "irb1"), "ORG", c.org.String())
		check(t, got, err, []org.Binding{{ResourceSetID: "iam1", CustomRoleID: "cr01", Members: []org.Member{
			{ID: "irb1", PrincipalID: id, PrincipalKind: org.PrincipalUnknown},
			{ID: "irb2", PrincipalID: "00u1", PrincipalKind: org.PrincipalUser},
		}}})
	}
}

// TestCustomRolesWithoutPermissions: a missing list is accepted of Okta's own roles only.
func TestCustomRolesWithoutPermissions(t *testing.T) {
	t.Parallel()
	for id, status := range map[string]int{"WORKFLOWS_ADMIN": 404, "WORKFLOWS_ADMIN ": 403, "cr01": 404} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/permissions") {
				answer(w, status, `{"errorCode":"E0000007"}`)
				return
			}
			answer(w, 200, `{"roles":[{"id":"`+id+`","label":"L"}]}`)
		})
		roles, err := c.CustomRoles(t.Context())
		if id == "WORKFLOWS_ADMIN" {
			check(t, roles, err, []org.CustomRole{{ID: id, Label: "L"}})
		} else {
			mustFail(t, err)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	event := func(uuid, at string) string {
		return `{"uuid":"` + uuid + `","published":"` + at + `","eventType":"user.account.privilege.grant","outcome":{"result":"SUCCESS","reason":null},
		"actor":{"id":"00u1","type":"User","alternateId":"ada@acme.example","displayName":"Ada"},
		"target":[{"id":"00u2","type":"User","alternateId":"svc@acme.example","displayName":"Svc"},{"id":"00T1","type":"Token","alternateId":"tok","displayName":null}]}`
	}
	first := "/api/v1/logs?filter=actor.id+eq+%2200u1%22&limit=1000&since=2026-03-01T00%3A00%3A00.000Z&sortOrder=ASCENDING&until=2026-03-02T00%3A00%3A00.001Z"
	c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "" {
			w.Header().Set("Link", "<"+first+`&after=1>; rel="next"`)
			answer(w, 200, "["+event("b", "2026-03-01T10:00:00.000Z")+","+event("a", "2026-03-01T10:00:00.000Z")+"]")
			return
		}
		answer(w, 200, "["+event("b", "2026-03-01T10:00:00.000Z")+`,{"uuid":"0","published":"2026-03-01T09:00:00.123Z","eventType":"x","outcome":null,"target":null}]`)
	})
	since := day(0).Add(999 * time.Microsecond)
	events, err := c.Events(t.Context(), since, day(1).Add(time.Microsecond), org.LogFilter{ActorID: "00u1"})
	full := org.LogEvent{
		Type: "user.account.privilege.grant", Published: day(0).Add(10 * time.Hour), Outcome: "SUCCESS", ActorID: "00u1", Actor: "ada@acme.example",
		Targets: []org.LogTarget{{ID: "00u2", Type: "User", Name: "Svc"}, {ID: "00T1", Type: "Token", Name: "tok"}},
	}
	a, b := full, full
	a.UUID, b.UUID = "a", "b"
	check(t, events, err, []org.LogEvent{
		{UUID: "0", Type: "x", Published: day(0).Add(9*time.Hour + 123*time.Millisecond), Targets: []org.LogTarget{}}, a, b,
	})
	if log.lines[0] != "GET "+first || log.count() != 2 {
		t.Errorf("requests = %q", log.lines)
	}
	if _, err := c.Events(t.Context(), day(0), day(1), org.LogFilter{}); err != nil || strings.Contains(log.lines[2], "filter") {
		t.Errorf("%v, %s", err, log.lines[2])
	}
}

func TestEventsOfAnotherShape(t *testing.T) {
	t.Parallel()
	for _, item := range []string{`{}`, `{"uuid":"1","eventType":"x"}`, `{"uuid":"1","eventType":"x","published":"yesterday"}`, `{"eventType":"x","published":"2026-03-01T10:00:00.000Z"}`} {
		c, _ := serve(t, always(200, "["+item+"]"))
		_, err := c.Events(t.Context(), day(0), day(1), org.LogFilter{})
		mustFail(t, err)
	}
}

// TestArgumentsThatMeanSomethingElse are refused, and nothing is sent.
func TestArgumentsThatMeanSomethingElse(t *testing.T) {
	t.Parallel()
	c, log := serve(t, always(200, `{}`))
	ctx := t.Context()
	second := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"user me":                  second(c.User(ctx, "me")),
		"user ME":                  second(c.User(ctx, "ME")),
		"no user":                  second(c.User(ctx, " ")),
		"dots":                     second(c.User(ctx, "..")),
		"roles of me":              second(c.UserRoles(ctx, "me")),
		"assign to me":             errOf(c.AssignRole(ctx, "me", access.Role{Type: "X"})),
		"assign nothing":           errOf(c.AssignRole(ctx, "00u1", access.Role{})),
		"custom without a set":     errOf(c.AssignRole(ctx, "00u1", access.Role{Type: "CUSTOM", CustomRole: "cr01"})),
		"standard with a set":      errOf(c.AssignRole(ctx, "00u1", access.Role{Type: "X", ResourceSet: "iam1"})),
		"remove no assignment":     c.RemoveRole(ctx, "00u1", ""),
		"remove from nobody":       c.RemoveRole(ctx, "", "ra1"),
		"sessions of me":           c.EndSessions(ctx, "me"),
		"sessions of nobody":       c.EndSessions(ctx, ""),
		"current token":            c.RevokeToken(ctx, "current"),
		"no token":                 c.RevokeToken(ctx, ""),
		"restrict to no zone":      second(c.RestrictToken(ctx, tokenRead, nil)),
		"restrict to empty zone":   second(c.RestrictToken(ctx, tokenRead, []string{""})),
		"restrict no token":        second(c.RestrictToken(ctx, org.Token{}, []string{"nzo1"})),
		"members of no group":      second(c.GroupMembers(ctx, "")),
		"roles of no group":        second(c.GroupRoles(ctx, "")),
		"no custom role":           second(c.CustomRole(ctx, "")),
		"no resource set":          second(c.ResourceSet(ctx, ".")),
		"bindings of none":         second(c.Bindings(ctx, "")),
		"events backwards":         second(c.Events(ctx, day(1), day(0), org.LogFilter{})),
		"a filter in the target":   second(c.Events(ctx, day(0), day(1), org.LogFilter{TargetID: `x" or target.id pr or "`})),
		"a filter in the actor id": second(c.Events(ctx, day(0), day(1), org.LogFilter{ActorID: `x" or actor.id pr or "`})),
	} {
		if e := mustFail(t, err); !e.Refused() || e.Status != 0 || !strings.Contains(e.Error(), "not sent") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if log.count() != 0 {
		t.Errorf("sent %q", log.lines)
	}
}
