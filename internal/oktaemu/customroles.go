// Custom roles and the users with role assignments: /api/v1/iam/roles, /api/v1/iam/assignees.
// Pages are in the body. Links of custom roles point at the org's -admin host, as recorded; it does not resolve here.

package oktaemu

import (
	"net/http"
	"time"
)

func customRoleRoutes() []route {
	paged := []string{"limit", "after"}
	return []route{
		{get, "/api/v1/iam/assignees/users", readRoles, "okta.roles.read", paged, (*call).listAssignees, evidence{}},
		{get, "/api/v1/iam/roles", readRoles, "okta.roles.read", paged, (*call).listCustomRoles, evidence{}},
		{get, "/api/v1/iam/roles/{role}", readRoles, "okta.roles.read", nil, (*call).getCustomRole, evidence{}},
		{get, "/api/v1/iam/roles/{role}/permissions", readRoles, "okta.roles.read", nil, (*call).listPermissions, evidence{}},
	}
}

type customRole struct {
	id, label, description string
	permissions            []string
	created                time.Time
}

// adminBase is the -admin twin of the org's host, which a client must not follow verbatim.
func (c *call) adminBase() string { return "https://" + c.s.subdomain + "-admin.okta.invalid" }

// listAssignees lists the users with an assignment of their own. Whether Okta lists those who hold a role only through
// a group is UNVERIFIED; they are left out, so that nobody takes the list as complete.
func (c *call) listAssignees() reply {
	var items []listed
	for seq, u := range c.s.users.all() {
		if len(c.s.held[principal{userKind, u.id}]) == 0 {
			continue
		}
		self := c.base + "/api/v1/users/" + u.id
		items = append(items, listed{seq, func() obj {
			return obj{
				"id": u.id, "orn": "orn:okta:directory:" + c.s.orgID + ":users:" + u.id,
				"_links": obj{"self": href(self), "roles": href(self + "/roles")},
			}
		}})
	}
	return c.bodyPage("value", items, nil)
}

func (c *call) customRoleBody(r customRole) obj {
	self := c.adminBase() + "/api/v1/iam/roles/" + r.id
	return obj{
		"id": r.id, "label": r.label, "description": r.description, "created": stamp(r.created), "lastUpdated": stamp(r.created),
		"_links": obj{"self": href(self), "permissions": href(self + "/permissions")},
	}
}

// iamRoles are the standard roles that Okta lists with the custom ones. Their exact shape there is UNVERIFIED.
func iamRoles() []customRole {
	var out []customRole
	for _, kind := range roleTypes() {
		if iamStandard(kind) {
			out = append(out, standardRole(kind))
		}
	}
	return out
}

// standardRole is a standard role as /iam/roles/{type} resolves it. Its permissions there are UNVERIFIED.
func standardRole(kind string) customRole {
	r := customRole{id: kind, label: roleLabel(kind), description: roleLabel(kind), created: epoch()}
	if kind == "WORKFLOWS_ADMIN" {
		r.permissions = []string{"okta.workflows.invoke", "okta.workflows.read"}
	}
	return r
}

// role finds the role of the path: a custom one by id or label, or a standard one by its type.
func (c *call) role() (customRole, *reply) {
	name := c.vars["role"]
	if r, ok := c.s.role(name); ok {
		return r, nil
	}
	for _, kind := range roleTypes() {
		if kind == name {
			return standardRole(kind), nil
		}
	}
	r := notFound(name, "CustomRole")
	return customRole{}, &r
}

func (c *call) listCustomRoles() reply {
	var items []listed
	last := 0
	for seq, r := range c.s.roles.all() {
		items = append(items, listed{seq, func() obj { return c.customRoleBody(r) }})
		last = seq
	}
	for i, r := range iamRoles() {
		items = append(items, listed{last + 1 + i, func() obj { return c.customRoleBody(r) }})
	}
	return c.bodyPage("roles", items, nil)
}

func (c *call) getCustomRole() reply {
	r, bad := c.role()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.customRoleBody(r))
}

func (c *call) listPermissions() reply {
	r, bad := c.role()
	if bad != nil {
		return *bad
	}
	role := c.adminBase() + "/api/v1/iam/roles/" + r.id
	out := []obj{}
	for _, p := range r.permissions {
		out = append(out, obj{
			"label": p, "created": stamp(r.created), "lastUpdated": stamp(r.created), "conditions": nil,
			"_links": obj{"role": href(role), "self": href(role + "/permissions/" + p)},
		})
	}
	return jsonReply(http.StatusOK, obj{"permissions": out})
}
