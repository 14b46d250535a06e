package okta

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
)

// TestUnfamiliarFields: those that Okta's document has are known; others are kept, and change nothing else.
func TestUnfamiliarFields(t *testing.T) {
	t.Parallel()
	const links = `"created":"2025-03-13T23:44:04.000Z","lastUpdated":"2025-03-13T23:44:04.000Z","_links":{}`
	table := map[string]string{
		"GET /api/v1/users/00u1/roles":                             `[{"id":"ra1","label":"L","type":"X","status":"ACTIVE","assignmentType":"USER","role":"r","resource-set":"s","_embedded":{},` + links + `NEW}]`,
		"GET /api/v1/api-tokens":                                   `[{"id":"00T1","name":"n","userId":"00u1","clientName":"Okta API","tokenWindow":"P30D","network":{},"expiresAt":"2025-03-13T23:44:04.000Z","_link":{},` + links + `NEW}]`,
		"PUT /api/v1/api-tokens/00T1":                              `{"id":"00T1"NEW}`,
		"GET /api/v1/iam/roles":                                    `{"roles":[{"id":"cr01","label":"L","description":"d",` + links + `NEW}]}`,
		"GET /api/v1/iam/roles/cr01/permissions":                   `{"permissions":[{"label":"okta.users.read","conditions":null,` + links + `NEW}]}`,
		"GET /api/v1/iam/resource-sets":                            `{"resource-sets":[{"id":"iam1","label":"L","description":"d",` + links + `NEW}]}`,
		"GET /api/v1/iam/resource-sets/iam1":                       `{"id":"iam1","label":"L","description":"d",` + links + `NEW}`,
		"GET /api/v1/iam/resource-sets/iam1/bindings":              `{"roles":[{"id":"cr01"}]}`,
		"GET /api/v1/iam/resource-sets/iam1/bindings/cr01/members": `{"members":[{"id":"irb1",` + links + `NEW}]}`,
	}
	for added, want := range map[string][]string{
		"": {},
		`,"conditions":{"x":1},"kind":null`: {
			"API token.conditions", "API token.kind", "binding member.conditions", "binding member.kind", "custom role.conditions", "custom role.kind",
			"permission.kind", "resource set.conditions", "resource set.kind", "role assignment.conditions", "role assignment.kind",
		},
	} {
		with := map[string]string{}
		for request, body := range table {
			with[request] = strings.ReplaceAll(body, "NEW", added)
		}
		c, _ := serve(t, routes(t, with))
		readAll(t, c)
		readAll(t, c) // each once
		if got := c.Unfamiliar(); !cmp.Equal(got, want) {
			t.Error(cmp.Diff(want, got))
		}
	}
}

func readAll(t *testing.T, c *Client) {
	t.Helper()
	ctx := t.Context()
	roles, err1 := c.UserRoles(ctx, "00u1")
	tokens, err2 := c.Tokens(ctx)
	custom, err3 := c.CustomRoles(ctx)
	sets, err4 := c.ResourceSets(ctx)
	bindings, err5 := c.Bindings(ctx, "iam1")
	_, err6 := c.ResourceSet(ctx, "iam1")
	for _, err := range []error{err1, err2, err3, err4, err5, err6} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.RestrictToken(ctx, tokens[0], []string{"nzo1"}); err != nil {
		t.Fatal(err)
	}
	if len(roles) != 1 || roles[0].Type != "X" || len(custom) != 1 || len(sets) != 1 || len(bindings) != 1 || len(bindings[0].Members) != 1 {
		t.Errorf("%v %v %v %v", roles, custom, sets, bindings)
	}
}

// TestUnfamiliarIsBounded, whatever a server sends.
func TestUnfamiliarIsBounded(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for i := range 500 {
		fmt.Fprintf(&body, `,"field\n%d%s":1`, i, strings.Repeat("x", 100))
	}
	c, _ := serve(t, always(200, `[{"id":"ra1","type":"X"`+body.String()+`}]`))
	if _, err := c.UserRoles(t.Context(), "00u1"); err != nil {
		t.Fatal(err)
	}
	got := c.Unfamiliar()
	if len(got) != maxUnfamiliar+1 || !slices.Contains(got, andMore) || !slices.IsSorted(got) {
		t.Errorf("%d names: %q", len(got), got[:2])
	}
	for _, name := range got {
		if strings.Contains(name, "\n") || len([]rune(name)) > 100 {
			t.Errorf("name %q", name)
		}
	}
}

// TestUnknownWordsAreKept: roles, states and permissions that this program does not know are handed on as they are.
func TestUnknownWordsAreKept(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, routes(t, map[string]string{
		"GET /api/v1/users/00u1/roles":           `[{"id":"1","type":"AI_AGENT_ADMIN","status":"DREAMING","assignmentType":"ENTITLEMENT","role":"AI","resource-set":"AI_POLICY"}]`,
		"GET /api/v1/iam/roles/cr01":             `{"id":"cr01","label":"L"}`,
		"GET /api/v1/iam/roles/cr01/permissions": `{"permissions":[{"label":"okta.agents.dream"}]}`,
	}))
	roles, err := c.UserRoles(t.Context(), "00u1")
	if err != nil || len(roles) != 1 || roles[0].Type != "AI_AGENT_ADMIN" || roles[0].Status != "DREAMING" || roles[0].ResourceSetID != "AI_POLICY" {
		t.Errorf("%+v, %v", roles, err)
	}
	role, err := c.CustomRole(t.Context(), "cr01")
	if err != nil || !cmp.Equal(role.Permissions, []string{"okta.agents.dream"}) {
		t.Errorf("%+v, %v", role, err)
	}
	if _, err := c.AssignRole(t.Context(), "00u1", access.Role{}); err == nil {
		t.Error("a role without a type was sent")
	}
}

// TestAFieldNamedLikeTheToken is of a server that echoes it.
func TestAFieldNamedLikeTheToken(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		object := `{"id":"a","label":"L","type":"SUPER_ADMIN","x` + strings.TrimPrefix(r.Header.Get("Authorization"), "SSWS ") + `":1}`
		if strings.HasSuffix(r.URL.Path, "/roles") {
			object = "[" + object + "]"
		}
		answer(w, 200, object)
	})
	_, err1 := c.UserRoles(t.Context(), "00u1")
	_, err2 := c.ResourceSet(t.Context(), "iam1")
	if got := c.Unfamiliar(); err1 != nil || err2 != nil || len(got) != 3 || strings.Contains(fmt.Sprint(got), testToken) {
		t.Errorf("%q, %v, %v", got, err1, err2)
	}
}
