// Package access holds what is declared: who may own an API token, with which role, for how long it may be elevated to
// have it created, and the lease under which that happens. It has the rules of these things and no effects: no clock,
// no network, no files.
//
// It imports the standard library only.
package access

// APIVersion is the only value of a manifest's apiVersion that this program reads.
const APIVersion = "stepdown/v1"

// The kinds of manifest.
const (
	KindTokenOwner = "TokenOwner"
	KindSettings   = "Settings"
)

// Standard role types of Okta that matter to this program, by the names that the API uses.
// Source: Okta's OpenAPI document 2026.06.3, schema RoleType.
const (
	RoleSuperAdmin           = "SUPER_ADMIN"
	RoleOrgAdmin             = "ORG_ADMIN"
	RoleUserAdmin            = "USER_ADMIN" // "Group Administrator" in the Admin Console
	RoleGroupMembershipAdmin = "GROUP_MEMBERSHIP_ADMIN"
	RoleReadOnlyAdmin        = "READ_ONLY_ADMIN"
	RoleCustom               = "CUSTOM"
)

// DefaultElevationRole is the least standard role that Okta documents as able to create API tokens
// (help.okta.com, "API token management"). Documented, not verified on a live org.
const DefaultElevationRole = RoleReadOnlyAdmin

// TokenCreatorRoles returns the standard roles whose holders may create API tokens, sorted.
// Source: help.okta.com, "API token management".
func TokenCreatorRoles() []string {
	return []string{RoleGroupMembershipAdmin, RoleOrgAdmin, RoleReadOnlyAdmin, RoleSuperAdmin, RoleUserAdmin}
}

// KnownRoles returns every standard role type that this version knows, current and former, sorted. A type that is not
// among them is kept, reported and treated as privileged.
func KnownRoles() []string {
	return []string{
		"ACCESS_CERTIFICATIONS_ADMIN", "ACCESS_REQUESTS_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN", "API_ADMIN", "APP_ADMIN",
		RoleCustom, RoleGroupMembershipAdmin, "HELP_DESK_ADMIN", "MOBILE_ADMIN", RoleOrgAdmin, RoleReadOnlyAdmin,
		"REPORT_ADMIN", RoleSuperAdmin, RoleUserAdmin, "WORKFLOWS_ADMIN",
	}
}

// Role says what an assignment gives: a standard role by its type, or a custom role on a resource set.
// It identifies the role only, never an assignment: Okta's assignment ids are not unique for a principal's role.
type Role struct {
	Type        string `json:"type"`                   // a standard role type, or CUSTOM
	CustomRole  string `json:"custom_role,omitempty"`  // id of the custom role; only with CUSTOM
	ResourceSet string `json:"resource_set,omitempty"` // id of the resource set; only with CUSTOM
}

// String gives the role as people read it: "READ_ONLY_ADMIN", or "CUSTOM cr0… on iam…".
func (r Role) String() string {
	if r.Type != RoleCustom {
		return r.Type
	}
	return r.Type + " " + r.CustomRole + " on " + r.ResourceSet
}
