package oktaemu

import (
	"strings"
	"testing"
)

// TestAssignmentIDsAreNotUsedTwice gives, takes and gives the same role again.
func TestAssignmentIDsAreNotUsedTwice(t *testing.T) {
	t.Parallel()
	w := acme(t)
	user, group := "/api/v1/users/"+w.userID(invoice), "/api/v1/groups/"+w.groupID("Invoice readers")
	bound := w.get("/api/v1/users/" + w.userID("svc-ci-deployer@acme.example") + "/roles").list(t)
	twice := func(path, body string) (first, second string) {
		first = w.call("POST", path+"/roles", body, 201).object(t)["id"].(string)
		w.call("DELETE", path+"/roles/"+first, "", 204)
		second = w.call("POST", path+"/roles", body, 201).object(t)["id"].(string)
		return first, second
	}
	custom := `{"type":"CUSTOM","role":"` + text(bound[0], "role") + `","resource-set":"` + text(bound[0], "resource-set") + `"}`
	for _, c := range []struct{ path, body, prefix string }{
		{user, `{"type":"SUPER_ADMIN"}`, "ra1"}, {group, `{"type":"READ_ONLY_ADMIN"}`, "gra"}, {group, custom, "irb"},
	} {
		first, second := twice(c.path, c.body)
		if first == second || !strings.HasPrefix(first, c.prefix) || !strings.HasPrefix(second, c.prefix) {
			t.Errorf("%s: %s, then %s", c.body, first, second)
		}
		w.refused("DELETE", c.path+"/roles/"+first, "", 404, "E0000007")
	}
	if first, second := twice(user, `{"type":"APP_ADMIN"}`); first != second {
		t.Errorf("APP_ADMIN: %s, then %s", first, second)
	}
}
