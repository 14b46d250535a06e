// Who may do what: one table of standard roles and permissions of custom roles. Rights are worked out at the time of
// the call, from what the token's owner or the service app holds then, directly and through groups.

package oktaemu

import (
	"maps"
	"slices"
)

// right is what a route asks for.
type right string

const (
	nobody       right = "nobody"        // no caller at all
	anyUser      right = "any user"      // any user, and no service app
	readUsers    right = "read users"    // users, their groups
	clearUsers   right = "end sessions"  // of other users
	readGroups   right = "read groups"   // groups and their members
	writeMembers right = "write members" // membership of groups
	readTokens   right = "read tokens"
	writeTokens  right = "write tokens" // restrict, revoke
	readZones    right = "read zones"
	writeZones   right = "write zones"
	readApps     right = "read apps"
	writeApps    right = "write apps"
	assignApps   right = "assign apps" // users and groups to apps
	onlySuper    right = "super admin" // what nobody else may
	readLogs     right = "read logs"
	readOrg      right = "read org"
	readRoles    right = "read roles"  // role assignments and everything of /iam
	writeRoles   right = "write roles" // role assignments and everything of /iam
)

// rule lists who has a right besides SUPER_ADMIN, which has them all.
type rule struct {
	roles       []string // standard roles
	permissions []string // of custom roles
}

// rules is the table. What Okta documents: only super admins add, remove and view administrators (help, "admin
// comparison"); okta.iam.read views roles and assignments; read-only and org admins read most things. The rest is
// UNVERIFIED and narrow on purpose: a role that is not named has no right. A resource set does not narrow what a
// permission reads here, nor do targets a standard role; in Okta they do. Role types that nobody knows give nothing.
func rules() map[right]rule {
	const readOnly, orgAdmin = "READ_ONLY_ADMIN", "ORG_ADMIN"
	people := []string{readOnly, orgAdmin, "USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN", "APP_ADMIN"}
	all := map[right]rule{
		readUsers:    {people, []string{"okta.users.read", "okta.users.manage"}},
		clearUsers:   {[]string{orgAdmin, "USER_ADMIN"}, []string{"okta.users.manage", "okta.users.lifecycle.manage", "okta.users.lifecycle.clearSessions"}},
		readGroups:   {people, []string{"okta.groups.read", "okta.groups.manage"}},
		writeMembers: {[]string{orgAdmin, "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN"}, []string{"okta.groups.manage", "okta.groups.members.manage"}},
		readTokens:   {[]string{readOnly, orgAdmin}, []string{"okta.users.apitokens.read", "okta.users.apitokens.manage"}},
		writeTokens:  {[]string{orgAdmin}, []string{"okta.users.apitokens.manage"}},
		readZones:    {[]string{readOnly, orgAdmin}, nil},
		readApps:     {[]string{readOnly, orgAdmin, "APP_ADMIN"}, []string{"okta.apps.read", "okta.apps.manage"}},
		writeZones:   {[]string{orgAdmin}, nil},
		writeApps:    {[]string{"APP_ADMIN"}, []string{"okta.apps.manage"}},
		assignApps:   {[]string{"APP_ADMIN"}, []string{"okta.apps.manage", "okta.apps.assignment.manage"}},
		onlySuper:    {nil, nil},
		readLogs:     {[]string{readOnly, orgAdmin, "REPORT_ADMIN"}, []string{"okta.logs.read"}},
		readOrg:      {[]string{readOnly, orgAdmin}, nil},
		readRoles:    {nil, []string{"okta.iam.read"}},
		writeRoles:   {nil, nil},
	}
	maps.Copy(all, peopleRules())
	return all
}

// may tells whether the principal has the right now.
func (s *state) may(p principal, need right) bool {
	if need == anyUser {
		return p.kind == userKind
	}
	rule := rules()[need]
	return slices.ContainsFunc(s.holdingsOf(p), func(h holding) bool {
		if h.kind == custom {
			return slices.ContainsFunc(s.roles.rows[h.roleID].permissions, func(p string) bool { return slices.Contains(rule.permissions, p) })
		}
		return h.kind == superAdmin || slices.Contains(rule.roles, h.kind)
	})
}

// mayCreateTokens tells whether the user may create API tokens now. Source: help.okta.com, "API token management".
// Okta also lets a custom role with both okta.users.manage and the token permission; the emulator does not.
func (s *state) mayCreateTokens(userID string) bool {
	creators := []string{superAdmin, "ORG_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN", "READ_ONLY_ADMIN"}
	return slices.ContainsFunc(s.holdings(userID), func(h holding) bool { return slices.Contains(creators, h.kind) })
}

// roleTypes are the standard role types of Okta's OpenAPI document 2026.06.3 and the two former ones.
func roleTypes() []string {
	return []string{
		"ACCESS_CERTIFICATIONS_ADMIN", "ACCESS_REQUESTS_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN", "API_ADMIN", "APP_ADMIN",
		"GROUP_MEMBERSHIP_ADMIN", "HELP_DESK_ADMIN", "MOBILE_ADMIN", "ORG_ADMIN", "READ_ONLY_ADMIN", "REPORT_ADMIN", superAdmin,
		"USER_ADMIN", "WORKFLOWS_ADMIN",
	}
}

// iamStandard tells whether a standard role is listed with custom roles and bound to a fixed resource set.
func iamStandard(kind string) bool {
	return slices.Contains([]string{"ACCESS_CERTIFICATIONS_ADMIN", "ACCESS_REQUESTS_ADMIN", "WORKFLOWS_ADMIN"}, kind)
}

// fixedSet is the resource set of such a role. ACCESS_CERTIFICATIONS_IAM_POLICY is documented; the others follow it.
func fixedSet(kind string) string { return kind[:len(kind)-len("ADMIN")] + "IAM_POLICY" }

// roleLabel is how the Admin Console calls a standard role.
func roleLabel(kind string) string {
	labels := map[string]string{
		superAdmin: "Super Administrator", "APP_ADMIN": "Application Administrator", "USER_ADMIN": "Group Administrator",
		"HELP_DESK_ADMIN": "Help Desk Administrator", "GROUP_MEMBERSHIP_ADMIN": "Group Membership Administrator",
		"READ_ONLY_ADMIN": "Read-only Administrator", "ORG_ADMIN": "Organization Administrator",
		"API_ACCESS_MANAGEMENT_ADMIN": "API Access Management Administrator", "REPORT_ADMIN": "Report Administrator",
		"WORKFLOWS_ADMIN": "Workflows Administrator", "ACCESS_CERTIFICATIONS_ADMIN": "Access Certifications Administrator",
		"ACCESS_REQUESTS_ADMIN": "Access Requests Administrator",
	}
	return orElse(labels[kind], kind)
}
