// Custom roles and the users with role assignments: /api/v1/iam/roles, /api/v1/iam/assignees.
// Pages are in the body. Links of custom roles point at the org's -admin host, as recorded; it does not resolve here.

package oktaemu

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func customRoleRoutes() []route {
	const roles, read, manage, cassette = "/api/v1/iam/roles", "okta.roles.read", "okta.roles.manage", "TestAccResourceOktaAdminRoleCustom_crud/oie-00 "
	paged := []string{"limit", "after"}
	return []route{
		{get, "/api/v1/iam/assignees/users", readRoles, read, paged, (*call).listAssignees, recorded("TestAccDataSourceOktaIamAssigneesUser_read/oie-00 id 0")},
		{get, roles, readRoles, read, paged, (*call).listCustomRoles, documented("Administrator Roles API, List roles")},
		{post, roles, writeRoles, manage, nil, (*call).createCustomRole, recorded(cassette + "id 0")},
		{get, roles + "/{role}", readRoles, read, nil, (*call).getCustomRole, recorded(cassette + "id 1")},
		{put, roles + "/{role}", writeRoles, manage, nil, (*call).putCustomRole, recorded(cassette + "id 5")},
		{del, roles + "/{role}", writeRoles, manage, nil, (*call).deleteCustomRole, recorded(cassette + "id 9")},
		{get, roles + "/{role}/permissions", readRoles, read, nil, (*call).listPermissions, recorded(cassette + "id 2")},
		{get, roles + "/{role}/permissions/{permission}", readRoles, read, nil, (*call).getPermission, documented("Administrator Roles API, Get permission")},
		{post, roles + "/{role}/permissions/{permission}", writeRoles, manage, nil, (*call).createPermission, recorded(cassette + "id 6")},
		{put, roles + "/{role}/permissions/{permission}", writeRoles, manage, nil, (*call).putPermission, recorded("TestAccResourceOktaAdminRoleCustom_withConditions/oie-00 ids 2, 3")},
		{del, roles + "/{role}/permissions/{permission}", writeRoles, manage, nil, (*call).deletePermission, documented("Administrator Roles API, Delete permission")},
	}
}

// maxCustomRoles is Okta's limit for an org (help.okta.com, custom admin roles).
const maxCustomRoles = 100

type customRole struct {
	id, label, description string
	permissions            []string
	details                map[string]permission // of permissions that are not as old as the role or have conditions
	created, updated       time.Time             // updated is zero where the role never was
}

// adminBase is the -admin twin of the org's host, which a client must not follow verbatim: of the host that the client
// called, or one that nobody has where that is an address, localhost or no host below a domain.
func (c *call) adminBase() string {
	name, rest, ok := strings.Cut(c.r.Host, ".")
	host := (&url.URL{Host: c.r.Host}).Hostname()
	if net.ParseIP(host) != nil || !ok || name == "" || !strings.Contains(rest, ".") || strings.HasSuffix(host, ".localhost") {
		return "https://" + c.s.subdomain + "-admin.okta.invalid"
	}
	return strings.TrimSuffix(c.base, c.r.Host) + name + "-admin." + rest
}

// customRoleURL is a role's address wherever one is given. Recorded are those of /iam/roles; that the links of assignments
// and bindings to a role are on the same host is UNVERIFIED.
func (c *call) customRoleURL(id string) string { return c.adminBase() + "/api/v1/iam/roles/" + id }

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
				"id": u.id, "orn": c.s.orn("directory", "users", u.id),
				"_links": obj{"self": href(self), "roles": href(self + "/roles")},
			}
		}})
	}
	return c.bodyPage("value", items, nil)
}

func (c *call) customRoleBody(r customRole) obj {
	self := c.customRoleURL(r.id)
	return obj{
		"id": r.id, "label": r.label, "description": r.description,
		"created": stamp(r.created), "lastUpdated": stamp(later(r.created, r.updated)),
		"_links": obj{"self": href(self), "permissions": href(self + "/permissions")},
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// customRoleReply is a role by itself, which comes with a Link header, as recorded.
func (c *call) customRoleReply(r customRole) reply {
	return linked(jsonReply(http.StatusOK, c.customRoleBody(r)), c.customRoleURL(r.id))
}

// linked adds the Link header that Okta gives single objects of /iam.
func linked(r reply, self string) reply {
	r.header.Add("Link", "<"+self+`>; rel="self"`)
	return r
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
	if slices.Contains(roleTypes(), name) {
		return standardRole(name), nil
	}
	r := notFound(name, "CustomRole")
	return customRole{}, &r
}

// changeableRole is the role of the path, if it is a custom one. What Okta says of changing a standard role is
// UNVERIFIED: the documented "Read only object exception" is taken.
func (c *call) changeableRole() (customRole, *reply) {
	r, bad := c.role()
	if bad == nil && !c.s.isCustom(r.id) {
		refusal := readOnly("role")
		return customRole{}, &refusal
	}
	return r, bad
}

func (s *state) isCustom(roleID string) bool {
	_, ok := s.roles.rows[roleID]
	return ok
}

func readOnly(what string) reply {
	return errorReply(http.StatusForbidden, "E0000111", "Cannot modify the "+what+" object because it is read-only.")
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
	return c.customRoleReply(r)
}

// labelled is what a custom role and a resource set are called.
type labelled struct {
	Label       string `json:"label"`
	Description string `json:"description"`
}

// check answers what is missing. Both are required in Okta's documentation; the words of the causes are UNVERIFIED.
func (l labelled) check() *reply {
	var r reply
	switch {
	case l.Label == "":
		r = invalid("label", "The field cannot be left blank")
	case l.Description == "":
		r = invalid("description", "The field cannot be left blank")
	default:
		return nil
	}
	return &r
}

// labelTaken is how Okta refuses a name twice elsewhere; that it does so here is UNVERIFIED.
func labelTaken() *reply {
	r := invalid("label", "An object with this field already exists in the current organization")
	return &r
}

// freeRoleLabel refuses a label that another role has, or that names a standard role.
func (c *call) freeRoleLabel(label, ownID string) *reply {
	if other, ok := c.s.role(label); ok && other.id != ownID || slices.Contains(roleTypes(), label) {
		return labelTaken()
	}
	return nil
}

// createCustomRole answers 200, as recorded. Beyond the limit the answer is UNVERIFIED, and so is that the System Log
// has the permissions as an event of their own.
func (c *call) createCustomRole() reply {
	var body struct {
		labelled
		Permissions []string `json:"permissions"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if bad := body.check(); bad != nil {
		return *bad
	}
	if len(body.Permissions) == 0 {
		return invalid("permissions", "The field cannot be left blank")
	}
	for _, p := range body.Permissions {
		if !slices.Contains(permissionTypes(), p) {
			return unknownPermission(p)
		}
	}
	if bad := c.freeRoleLabel(body.Label, ""); bad != nil {
		return *bad
	}
	if len(c.s.roles.rows) >= maxCustomRoles {
		return invalid("roles", fmt.Sprintf("An organization can have at most %d custom roles", maxCustomRoles))
	}
	seq := c.s.next()
	r := customRole{
		id: oktaID("cr0", body.Label, fmt.Sprint(seq)), label: body.Label, description: body.Description,
		permissions: expanded(body.Permissions), created: c.now,
	}
	c.s.roles.put(r.id, seq, r)
	c.logRole("iam.role.create", "Create custom role", r, nil)
	c.logRole("iam.role.permissions.add", "Add permissions to custom role", r, r.permissions)
	return c.customRoleReply(r)
}

func (c *call) logRole(kind, message string, r customRole, permissions []string) {
	e := event{kind: kind, message: message, targets: []party{roleParty(r)}}
	for _, p := range permissions {
		e.targets = append(e.targets, party{id: p, kind: "PERMISSION", alternateID: "unknown", name: p})
	}
	c.s.log(c.author(), c.now, e)
}

// putCustomRole changes label and description and nothing else.
func (c *call) putCustomRole() reply {
	r, bad := c.changeableRole()
	if bad != nil {
		return *bad
	}
	var body labelled
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if bad := body.check(); bad != nil {
		return *bad
	}
	if bad := c.freeRoleLabel(body.Label, r.id); bad != nil {
		return *bad
	}
	r.label, r.description, r.updated = body.Label, body.Description, c.now
	c.s.roles.put(r.id, 0, r)
	c.logRole("iam.role.update", "Update custom role", r, nil)
	return c.customRoleReply(r)
}

// deleteCustomRole refuses while somebody holds the role (UNVERIFIED; the harsher reading).
func (c *call) deleteCustomRole() reply {
	r, bad := c.changeableRole()
	if bad != nil {
		return *bad
	}
	for _, held := range c.s.held {
		if slices.ContainsFunc(held, func(a assignment) bool { return a.roleID == r.id }) {
			return invalid("role", "The role can't be deleted while it is assigned")
		}
	}
	c.s.deleteRole(c.author(), r, c.now)
	return noContent()
}

// deleteRole forgets the role, which nobody may hold any more, and logs it.
func (s *state) deleteRole(by author, r customRole, now time.Time) {
	s.roles.remove(r.id)
	s.log(by, now, event{kind: "iam.role.delete", message: "Delete custom role", targets: []party{roleParty(r)}})
}
