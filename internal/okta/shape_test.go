package okta

import (
	"strings"
	"testing"
)

// TestMembersAreReadByTheLetter: Go's decoder would take the last of these members.
func TestMembersAreReadByTheLetter(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`[{"id":"a","type":"SUPER_ADMIN","TYPE":"APP_ADMIN"}]`,
		`[{"id":"a","type":"SUPER_ADMIN","type":"APP_ADMIN"}]`,
		`[{"id":"a","type":"SUPER_ADMIN","ty\u0070e":"APP_ADMIN"}]`,
		`[{"id":"a","TYPE":"APP_ADMIN"}]`,
	} {
		c, _ := serve(t, always(200, body))
		roles, err := c.UserRoles(t.Context(), "00u1")
		if err == nil || !strings.Contains(err.Error(), "of another shape") {
			t.Errorf("%s: %v, %v", body, roles, err)
		}
	}
	for _, body := range []string{
		`{"roles":[{"id":"cr01","label":"x"}],"roles":[]}`,
		`{"roles":[],"_links":{"next":{"href":"/x"},"next":null}}`,
		`{"roles":[],"_links":{"Next":{"href":"/x"}}}`,
	} {
		c, _ := serve(t, always(200, body))
		if got, err := c.Bindings(t.Context(), "iam1"); err == nil {
			t.Errorf("%s: %v", body, got)
		}
	}
	c, _ := serve(t, always(200, `[{"id":"a","status":"ACTIVE","profile":{"login":"x@y","login":"z@y"}}]`))
	if got, err := c.Users(t.Context()); err == nil {
		t.Errorf("a login given twice: %v", got)
	}
	c, _ = serve(t, always(200, `[{"id":"a","status":"ACTIVE","profile":{"login":"x@y","Team":"a","team":"b"},"other":{"x":1,"X":1,"x":2}}]`))
	if got, err := c.Users(t.Context()); err != nil || len(got) != 1 || got[0].Login != "x@y" {
		t.Errorf("%v, %v: what is not decoded does not matter, and a profile has names of its own", got, err)
	}
}
