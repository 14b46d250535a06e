package okta

// Which of Okta's rate limits a request counts towards.

import (
	"net/http"
	"slices"
	"strings"
)

// bucketOf names the rate limit, a "bucket" in Okta's words, that a request counts towards. Okta no longer publishes which
// there are; these are from its Terraform provider (okta/internal/apimutex/rate_limit_lines.go, made from Okta's own tables
// in 2022) and from the tables that Okta published until 2025, so a line here may be wrong by now. Therefore it is as
// fine as the sources are, and a path that they do not have gets a bucket of its own: two names for one limit show in the
// headers, and are then counted together (see pace.related), while one name for two limits is taken at half its rate (see
// rate.mixed).
func bucketOf(method, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) < 3 {
		return "/" // as /.well-known/okta-organization
	}
	name := "/" + strings.Join(parts[:3], "/")
	if parts[0] == "oauth2" { // /oauth2/v1/clients, with the roles of clients; /oauth2/v1/token
		return name
	}
	single := len(parts) == 4
	switch family := parts[2]; {
	case slices.Contains([]string{"api-tokens", "zones", "org", "policies", "idps", "authorizationServers"}, family):
		return "/api/v1"
	case family == "users" && single && method == http.MethodGet && parts[3] == callerWord:
		return name + "/" + callerWord
	case family == "users" && single && method == http.MethodGet:
		return name + "/{id} " + method // apart from that of the writes to an account
	case (family == "users" || family == "groups" || family == "apps") && single:
		return name + "/{id}"
	}
	return name // with all that is below an account, a group or an app: their roles, members, keys and grants
}

// kin tells whether one bucket may be a part of the other by their names, as "/api/v1" is of whatever has no limit of its
// own.
func kin(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, found := strings.CutPrefix(b, a)
	return found && (rest == "" || rest[0] == '/' || rest[0] == ' ')
}
