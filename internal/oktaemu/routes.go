// The routes of the Management API that the emulator knows. The first that fits is taken.

package oktaemu

import "net/http"

func routes() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	paged := []string{"limit", "after"}
	quiet := []string{"disableNotifications"}
	return []route{
		{get, "/api/v1/users", readUsers, []string{"limit", "after", "filter", "search"}, (*call).listUsers},
		{get, "/api/v1/users/me", anyCaller, nil, (*call).getMe},
		{get, "/api/v1/users/{user}", readUsers, nil, (*call).getUser},
		{get, "/api/v1/users/{user}/groups", readUsers, nil, (*call).listUserGroups},
		{del, "/api/v1/users/{user}/sessions", clearUsers, []string{"oauthTokens"}, (*call).clearSessions},
		{get, "/api/v1/users/{user}/roles", readRoles, nil, (*call).listRoles},
		{post, "/api/v1/users/{user}/roles", writeRoles, quiet, (*call).createRole},
		{get, "/api/v1/users/{user}/roles/{assignment}", readRoles, nil, (*call).getRole},
		{del, "/api/v1/users/{user}/roles/{assignment}", writeRoles, nil, (*call).deleteRole},

		{get, "/api/v1/groups", readGroups, []string{"limit", "after", "expand"}, (*call).listGroups},
		{get, "/api/v1/groups/{group}", readGroups, nil, (*call).getGroup},
		{get, "/api/v1/groups/{group}/users", readGroups, paged, (*call).listMembers},
		{put, "/api/v1/groups/{group}/users/{member}", writeMembers, nil, (*call).putMember},
		{del, "/api/v1/groups/{group}/users/{member}", writeMembers, nil, (*call).deleteMember},
		{get, "/api/v1/groups/{group}/roles", readRoles, nil, (*call).listRoles},
		{post, "/api/v1/groups/{group}/roles", writeRoles, quiet, (*call).createRole},
		{get, "/api/v1/groups/{group}/roles/{assignment}", readRoles, nil, (*call).getRole},
		{del, "/api/v1/groups/{group}/roles/{assignment}", writeRoles, nil, (*call).deleteRole},

		{get, "/api/v1/iam/assignees/users", readRoles, paged, (*call).listAssignees},
		{get, "/api/v1/iam/roles", readRoles, paged, (*call).listCustomRoles},
		{get, "/api/v1/iam/roles/{role}", readRoles, nil, (*call).getCustomRole},
		{get, "/api/v1/iam/roles/{role}/permissions", readRoles, nil, (*call).listPermissions},
		{get, "/api/v1/iam/resource-sets", readRoles, paged, (*call).listSets},
		{get, "/api/v1/iam/resource-sets/{set}", readRoles, nil, (*call).getSet},
		{get, "/api/v1/iam/resource-sets/{set}/resources", readRoles, paged, (*call).listResources},
		{get, "/api/v1/iam/resource-sets/{set}/bindings", readRoles, paged, (*call).listBindings},
		{post, "/api/v1/iam/resource-sets/{set}/bindings", writeRoles, nil, (*call).createBinding},
		{get, "/api/v1/iam/resource-sets/{set}/bindings/{role}", readRoles, nil, (*call).getBinding},
		{del, "/api/v1/iam/resource-sets/{set}/bindings/{role}", writeRoles, nil, (*call).deleteBinding},
		{get, "/api/v1/iam/resource-sets/{set}/bindings/{role}/members", readRoles, paged, (*call).listBindingMembers},
		{patch, "/api/v1/iam/resource-sets/{set}/bindings/{role}/members", writeRoles, nil, (*call).patchBindingMembers},
		{get, "/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}", readRoles, nil, (*call).getBindingMember},
		{del, "/api/v1/iam/resource-sets/{set}/bindings/{role}/members/{member}", writeRoles, nil, (*call).deleteBindingMember},

		{get, "/api/v1/api-tokens", readTokens, paged, (*call).listTokens},
		{del, "/api/v1/api-tokens/current", anyCaller, nil, (*call).deleteCurrentToken},
		{get, "/api/v1/api-tokens/{token}", readTokens, nil, (*call).getToken},
		{put, "/api/v1/api-tokens/{token}", writeTokens, nil, (*call).putToken},
		{del, "/api/v1/api-tokens/{token}", writeTokens, nil, (*call).deleteToken},

		{get, "/api/v1/zones", readZones, paged, (*call).listZones},
		{get, "/api/v1/zones/{zone}", readZones, nil, (*call).getZone},
		{get, "/api/v1/apps", readApps, []string{"limit", "after", "filter"}, (*call).listApps},
		{get, "/api/v1/apps/{app}", readApps, nil, (*call).getApp},
		{get, "/api/v1/org", readOrg, nil, (*call).getOrg},
		{get, "/api/v1/logs", readLogs, []string{"limit", "after", "since", "until", "filter", "sortOrder"}, (*call).listLogs},
	}
}
