package okta

// Which OAuth scope each request needs. Source: "security" in Okta's OpenAPI document, by path.

import (
	"net/http"
	"strings"
)

// scopeFamilies says, by what the path begins with and, where it is given, has in it, whose scopes a request needs. The first
// row that fits counts.
func scopeFamilies() []struct{ prefix, has, family string } {
	return []struct{ prefix, has, family string }{
		{prefix: "/api/v1/iam/", family: "okta.roles"},
		{prefix: "/api/v1/api-tokens", family: "okta.apiTokens"},
		{prefix: "/api/v1/zones", family: "okta.networkZones"},
		{prefix: "/api/v1/logs", family: "okta.logs"},
		{prefix: "/api/v1/users", family: "okta.users"},
		{prefix: "/api/v1/groups", family: "okta.groups"},
		{prefix: "/api/v1/apps", has: "/grants", family: "okta.appGrants"},
		{prefix: "/api/v1/apps", family: "okta.apps"},
		{prefix: "/api/v1/org", family: "okta.orgs"},
		{prefix: "/oauth2/v1/clients", family: "okta.clients"},
	}
}

// ScopeOf returns the scope that a request needs; empty where it needs none or none is known. A ".manage" scope is never
// taken to include its ".read": Okta does not say that it does.
func ScopeOf(method, path string) string {
	action := ".manage"
	if method == http.MethodGet {
		action = ".read"
	}
	if isRolePath(path) {
		return "okta.roles" + action
	}
	for _, row := range scopeFamilies() {
		if strings.HasPrefix(path, row.prefix) && strings.Contains(path, row.has) {
			return row.family + action
		}
	}
	return ""
}

// isRolePath tells whether the path is that of a principal's roles, which need a scope of roles and not of the principal:
// /api/v1/users/{id}/roles and what is below it, and the same of groups and clients.
func isRolePath(path string) bool {
	for _, prefix := range []string{usersPath + "/", groupsPath + "/", clientsPath} {
		rest, found := strings.CutPrefix(path, prefix)
		if _, below, deeper := strings.Cut(rest, "/"); found && deeper && (below == "roles" || strings.HasPrefix(below, "roles/")) {
			return true
		}
	}
	return false
}
