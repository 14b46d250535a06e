package oktaemu

import (
	"strings"
	"testing"
)

func TestWrongMethods(t *testing.T) {
	t.Parallel()
	w := acme(t)
	user := "/api/v1/users/" + w.userID(invoice)
	for _, target := range []string{
		"PATCH /api/v1/users", "PATCH " + user, "PUT " + user + "/roles", "GET " + user + "/lifecycle/suspend", "POST /api/v1/logs", "DELETE /api/v1/iam/roles",
	} {
		method, path, _ := strings.Cut(target, " ")
		w.refused(method, path, "", 405, "E0000022")
		w.as("00wrong", method, path, "", 401)
	}
	for _, target := range []string{"PUT /api/v1/org", "POST /api/v1/meta/types/user", "DELETE /api/v1/policies", "POST /nowhere"} {
		method, path, _ := strings.Cut(target, " ")
		w.refused(method, path, "", 501, "E0000060")
	}
}

// TestMethodsNotHereAreNot fails when a route comes to be emulated that the list still has.
func TestMethodsNotHereAreNot(t *testing.T) {
	t.Parallel()
	for _, missing := range notHere() {
		for _, r := range routes() {
			if r.method == missing.method && r.path == missing.path {
				t.Errorf("%s %s is emulated", r.method, r.path)
			}
		}
	}
}
