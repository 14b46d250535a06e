// Permissions of custom roles: /api/v1/iam/roles/{role}/permissions.
// https://developer.okta.com/docs/api, guide "Permissions"

package oktaemu

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

// permission is what is known of a role's permission besides its name. Conditions is JSON, empty where there are none.
type permission struct {
	conditions       string
	created, updated time.Time
}

// permissionTypes is Okta's catalogue of permissions (guide "Permissions", 2026): a name that is not in it is refused.
func permissionTypes() []string {
	return []string{
		"okta.agents.manage", "okta.agents.read", "okta.agents.register", "okta.agents.view",
		"okta.apps.assignment.manage", "okta.apps.clientCredentials.read", "okta.apps.manage", "okta.apps.manageFirstPartyApps",
		"okta.apps.read", "okta.apps.universalLogout.manage", "okta.apps.universalLogout.read",
		"okta.authzServers.manage", "okta.authzServers.read", "okta.customizations.manage", "okta.customizations.read",
		"okta.devices.lifecycle.activate", "okta.devices.lifecycle.deactivate", "okta.devices.lifecycle.delete",
		"okta.devices.lifecycle.manage", "okta.devices.lifecycle.suspend", "okta.devices.lifecycle.unsuspend",
		"okta.devices.manage", "okta.devices.read", "okta.directories.manage", "okta.directories.read",
		"okta.eventhooks.manage", "okta.eventhooks.read",
		"okta.governance.accessCertifications.manage", "okta.governance.accessRequests.manage",
		"okta.groups.appAssignment.manage", "okta.groups.create", "okta.groups.manage", "okta.groups.members.manage", "okta.groups.read",
		"okta.iam.read", "okta.identityProviders.manage", "okta.identityProviders.read",
		"okta.inlinehooks.manage", "okta.inlinehooks.read", "okta.logs.read",
		"okta.policies.manage", "okta.policies.read", "okta.profilesources.import.run", "okta.realms.manage", "okta.realms.read",
		"okta.ssf.securityEventsProviders.manage", "okta.ssf.securityEventsProviders.read", "okta.support.cases.manage",
		"okta.users.apitokens.clear", "okta.users.apitokens.manage", "okta.users.apitokens.read",
		"okta.users.appAssignment.manage", "okta.users.create",
		"okta.users.credentials.expirePassword", "okta.users.credentials.manage", "okta.users.credentials.manageTemporaryAccessCode",
		"okta.users.credentials.resetFactors", "okta.users.credentials.resetPassword", "okta.users.groupMembership.manage",
		"okta.users.lifecycle.activate", "okta.users.lifecycle.clearSessions", "okta.users.lifecycle.deactivate",
		"okta.users.lifecycle.delete", "okta.users.lifecycle.manage", "okta.users.lifecycle.suspend",
		"okta.users.lifecycle.unlock", "okta.users.lifecycle.unsuspend", "okta.users.manage", "okta.users.read",
		"okta.users.risk.manage", "okta.users.risk.read", "okta.users.userprofile.manage", "okta.users.userprofile.read",
		"okta.workflows.flows.invoke", "okta.workflows.flows.read", "okta.workflows.invoke", "okta.workflows.read",
	}
}

// expanded adds to permissions what Okta adds by itself: each of the two for Workflows has a newer name that comes with
// it (terraform-provider-okta #2356). Doubles are dropped.
func expanded(permissions []string) []string {
	twins := map[string]string{
		"okta.workflows.invoke": "okta.workflows.flows.invoke",
		"okta.workflows.read":   "okta.workflows.flows.read",
	}
	var out []string
	for _, p := range permissions {
		for _, name := range []string{p, twins[p]} {
			if name != "" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// unknownPermission says that there is no such permission. Okta's answer is UNVERIFIED.
func unknownPermission(name string) reply {
	return invalid("permissions", "The permission '"+name+"' is not valid")
}

// conditional tells whether a permission takes conditions. Source: Administrator Roles API, "Update permission".
func conditional(name string) bool {
	return name == "okta.users.read" || name == "okta.users.userprofile.manage"
}

// detailOf returns what is known of the role's permission; by default it is as old as the role.
func (r customRole) detailOf(name string) permission {
	if d, ok := r.details[name]; ok {
		return d
	}
	return permission{created: r.created, updated: r.created}
}

// with returns the role with another detail of the permission, or with none where d is nil. The map is a new one.
func (r customRole) with(name string, d *permission) customRole {
	details := maps.Clone(r.details)
	if details == nil {
		details = map[string]permission{}
	}
	delete(details, name)
	if d != nil {
		details[name] = *d
	}
	r.details = details
	return r
}

func (c *call) permissionBody(r customRole, name string) obj {
	d := r.detailOf(name)
	var conditions any
	if d.conditions != "" {
		conditions = json.RawMessage(d.conditions)
	}
	role := c.customRoleURL(r.id)
	return obj{
		"label": name, "created": stamp(d.created), "lastUpdated": stamp(d.updated), "conditions": conditions,
		"_links": obj{"role": href(role), "self": href(role + "/permissions/" + name)},
	}
}

func (c *call) listPermissions() reply {
	r, bad := c.role()
	if bad != nil {
		return *bad
	}
	out := []obj{}
	for _, p := range r.permissions {
		out = append(out, c.permissionBody(r, p))
	}
	return jsonReply(http.StatusOK, obj{"permissions": out})
}

// permissionOf finds the permission of the path on r.
func (c *call) permissionOf(r customRole) (string, *reply) {
	name := c.vars["permission"]
	if !slices.Contains(r.permissions, name) {
		refusal := notFound(name, "Permission")
		return "", &refusal
	}
	return name, nil
}

func (c *call) getPermission() reply {
	r, bad := c.role()
	if bad != nil {
		return *bad
	}
	name, bad := c.permissionOf(r)
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.permissionBody(r, name))
}

// wantedConditions reads the body of a permission, which may be empty. Conditions include or exclude, not both
// (help.okta.com, "Permission conditions"); the words of the refusals are UNVERIFIED.
func (c *call) wantedConditions(name string) (string, *reply) {
	fail := func(r reply) (string, *reply) { return "", &r }
	if c.bodyEmpty() {
		return "", nil
	}
	var body struct {
		Conditions json.RawMessage `json:"conditions"`
	}
	if bad := c.read(&body); bad != nil {
		return fail(*bad)
	}
	if len(body.Conditions) == 0 || string(body.Conditions) == "null" {
		return "", nil
	}
	var parts struct {
		Include map[string]json.RawMessage `json:"include"`
		Exclude map[string]json.RawMessage `json:"exclude"`
	}
	if json.Unmarshal(body.Conditions, &parts) != nil {
		return fail(malformed())
	}
	if !conditional(name) {
		return fail(invalid("conditions", "Conditions are not supported for '"+name+"'"))
	}
	if (len(parts.Include) == 0) == (len(parts.Exclude) == 0) {
		return fail(invalid("conditions", "Either include or exclude must be given"))
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, body.Conditions) // it was read above
	return compact.String(), nil
}

// createPermission refuses one that is there with 400, as documented.
func (c *call) createPermission() reply {
	r, bad := c.changeableRole()
	if bad != nil {
		return *bad
	}
	name := c.vars["permission"]
	if !slices.Contains(permissionTypes(), name) {
		return unknownPermission(name)
	}
	if slices.Contains(r.permissions, name) {
		return invalid("permissions", "The permission '"+name+"' exists on the role")
	}
	conditions, bad := c.wantedConditions(name)
	if bad != nil {
		return *bad
	}
	var added []string
	for _, p := range expanded([]string{name}) {
		if !slices.Contains(r.permissions, p) {
			added = append(added, p)
			r = r.with(p, &permission{conditions: conditions, created: c.now, updated: c.now})
		}
	}
	r.permissions = slices.Concat(r.permissions, added)
	c.s.roles.put(r.id, 0, r)
	c.logRole("iam.role.permissions.add", "Add permissions to custom role", r, added)
	if conditions != "" {
		c.logRole("iam.role.permission.conditions.add", "Add conditions to permission", r, added)
	}
	return noContent()
}

// putPermission replaces the conditions.
func (c *call) putPermission() reply {
	r, bad := c.changeableRole()
	if bad != nil {
		return *bad
	}
	name, bad := c.permissionOf(r)
	if bad != nil {
		return *bad
	}
	conditions, bad := c.wantedConditions(name)
	if bad != nil {
		return *bad
	}
	before := r.detailOf(name)
	r = r.with(name, &permission{conditions: conditions, created: before.created, updated: c.now})
	c.s.roles.put(r.id, 0, r)
	if before.conditions != "" {
		c.logRole("iam.role.permission.conditions.delete", "Delete conditions from permission", r, []string{name})
	}
	if conditions != "" {
		c.logRole("iam.role.permission.conditions.add", "Add conditions to permission", r, []string{name})
	}
	return jsonReply(http.StatusOK, c.permissionBody(r, name))
}

// deletePermission takes the one that is named and not the one that Okta added with it (UNVERIFIED; the harsher reading).
// That a role may not lose its last permission is UNVERIFIED too.
func (c *call) deletePermission() reply {
	r, bad := c.changeableRole()
	if bad != nil {
		return *bad
	}
	name, bad := c.permissionOf(r)
	if bad != nil {
		return *bad
	}
	if len(r.permissions) == 1 {
		return invalid("permissions", "A role must have a permission")
	}
	r = r.with(name, nil)
	r.permissions = slices.DeleteFunc(slices.Clone(r.permissions), func(p string) bool { return p == name })
	c.s.roles.put(r.id, 0, r)
	c.logRole("iam.role.permissions.delete", "Delete permissions from custom role", r, []string{name})
	return noContent()
}
