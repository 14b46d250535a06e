// Role assignments of users, groups and service apps. https://developer.okta.com/docs/api, "Role assignments"

package oktaemu

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// The paths under which the three kinds of principals have their roles.
const (
	userRoot   = "/api/v1/users/{user}"
	groupRoot  = "/api/v1/groups/{group}"
	clientRoot = "/oauth2/v1/clients/{client}"
)

func roleRoutes() []route {
	quiet, expand := []string{"disableNotifications"}, []string{"expand"}
	userRoles := recorded("TestAccResourceOktaUserAdminRoles_crud/oie-00 ids 2 to 11")
	groupRoles := recorded("TestAccResourceOktaGroupRole_admin_crud/oie-00")
	clientRoles := recorded("TestAccResourceOktaAppOAuthRoleAssignment_basic/oie-00 ids 5 to 14")
	removed := recorded("TestAccResourceOktaAdminRoleTargets_crud/oie-00 id 65")
	const read, manage = "okta.roles.read", "okta.roles.manage"
	return []route{
		{get, userRoot + "/roles", readRoles, read, expand, (*call).listRoles, userRoles},
		{post, userRoot + "/roles", writeRoles, manage, quiet, (*call).createRole, userRoles},
		{get, userRoot + "/roles/{assignment}", readRoles, read, nil, (*call).getRole, userRoles},
		{del, userRoot + "/roles/{assignment}", writeRoles, manage, nil, (*call).deleteRole, removed},
		{get, groupRoot + "/roles", readRoles, read, expand, (*call).listRoles, groupRoles},
		{post, groupRoot + "/roles", writeRoles, manage, quiet, (*call).createRole, groupRoles},
		{get, groupRoot + "/roles/{assignment}", readRoles, read, nil, (*call).getRole, groupRoles},
		{del, groupRoot + "/roles/{assignment}", writeRoles, manage, nil, (*call).deleteRole, groupRoles},
		{get, clientRoot + "/roles", readRoles, read, nil, (*call).listRoles, inSpec("listRolesForClient")},
		{post, clientRoot + "/roles", writeRoles, manage, nil, (*call).createRole, clientRoles},
		{get, clientRoot + "/roles/{assignment}", readRoles, read, nil, (*call).getRole, clientRoles},
		{del, clientRoot + "/roles/{assignment}", writeRoles, manage, nil, (*call).deleteRole, clientRoles},
	}
}

// principal finds the user, group or client of the path.
func (c *call) principal() (principal, *reply) {
	if _, ok := c.vars["group"]; ok {
		g, bad := c.group()
		return principal{groupKind, g.id}, bad
	}
	if _, ok := c.vars["client"]; ok {
		a, bad := c.client()
		return principal{clientKind, a.id}, bad
	}
	u, bad := c.user()
	return principal{userKind, u.id}, bad
}

// roleBody is an assignment on the wire. One that comes through a group has assignmentType GROUP and the group as its
// assignee, in a user's list too.
func (c *call) roleBody(p principal, h holding) obj {
	if h.via != "" {
		p = principal{groupKind, h.via}
	}
	links := obj{"assignee": href(c.principalURL(p))}
	created, updated := h.times()
	body := obj{
		"id": h.id, "type": h.kind, "label": roleLabel(h.kind), "status": active, "assignmentType": string(p.kind),
		"created": stamp(created), "lastUpdated": stamp(updated), "_links": links,
	}
	if h.roleID == "" {
		return body
	}
	if h.kind == custom {
		body["label"] = c.s.roles.rows[h.roleID].label
	}
	body["role"], body["resource-set"] = h.roleID, h.setID
	set := c.setURL(h.setID)
	links["role"] = href(c.customRoleURL(h.roleID))
	links["permissions"] = href(c.customRoleURL(h.roleID) + "/permissions")
	links["resource-set"] = href(set)
	links["member"] = href(set + "/bindings/" + h.roleID + "/members/" + h.id)
	return body
}

// principalURL is the principal's own address. A client's is without /roles, as recorded; Okta's document adds it.
func (c *call) principalURL(p principal) string {
	switch p.kind {
	case groupKind:
		return c.base + "/api/v1/groups/" + p.id
	case clientKind:
		return c.base + "/oauth2/v1/clients/" + c.s.apps.rows[p.id].clientID
	}
	return c.base + "/api/v1/users/" + p.id
}

// listRoles is not paged, in Okta neither.
func (c *call) listRoles() reply {
	p, bad := c.principal()
	if bad != nil {
		return *bad
	}
	expand := c.query.Get("expand")
	if expand != "" && expand != expandGroups && expand != expandApps {
		return notEmulated("expand=" + expand + " on role assignments")
	}
	if p.kind == clientKind && len(c.s.held[p]) == 0 && c.quirk(RolesNotFound) {
		return notFound(c.vars["client"], "RoleAssignment") // UNVERIFIED name
	}
	out := []obj{}
	for _, h := range c.s.holdingsOf(p) {
		body := c.roleBody(p, h)
		if expand != "" {
			c.embedTargets(body, h.assignment, expand)
		}
		out = append(out, body)
	}
	return jsonReply(http.StatusOK, out)
}

func (c *call) getRole() reply {
	p, bad := c.principal()
	if bad != nil {
		return *bad
	}
	for _, h := range c.s.holdingsOf(p) {
		if h.id == c.vars["assignment"] {
			return jsonReply(http.StatusOK, c.roleBody(p, h))
		}
	}
	return noAssignment(c.vars["assignment"])
}

func noAssignment(id string) reply { return notFound(id, "RoleAssignment") }

// createRole answers 201, as recorded, also for groups and clients, where Okta's document says 200.
func (c *call) createRole() reply {
	p, bad := c.principal()
	if bad != nil {
		return *bad
	}
	if c.bodyEmpty() && c.query.Has("disableNotifications") {
		return c.setThirdParty(p)
	}
	wanted, bad := c.wantedRole()
	if bad != nil {
		return *bad
	}
	if bad := c.eligible(p); bad != nil {
		return *bad
	}
	if c.s.holds(p, wanted) {
		return roleHeld(wanted)
	}
	if wanted.kind == custom && len(c.s.members(wanted.setID, wanted.roleID)) >= maxMembers {
		return tooManyMembers("role")
	}
	if quiet, _ := strconv.ParseBool(c.query.Get("disableNotifications")); quiet {
		c.logThirdParty(p)
	}
	made := c.s.assign(c.author(), p, wanted, c.now)
	return jsonReply(http.StatusCreated, c.roleBody(p, holding{assignment: made}))
}

// setThirdParty changes only whether an admin is a third-party one, which Okta never answers with: for a request that
// has the query parameter and no body ("Administrator Roles API", third-party status), or an empty object, as
// terraform-provider-okta sends. That it takes a principal with a role, and that the 201 has no body (Okta's document has
// one without content), is UNVERIFIED.
func (c *call) setThirdParty(p principal) reply {
	if len(c.s.held[p]) == 0 {
		return malformed()
	}
	c.logThirdParty(p)
	return reply{status: http.StatusCreated, header: http.Header{}}
}

func (c *call) logThirdParty(p principal) {
	c.s.log(c.author(), c.now, event{
		kind: "iam.policy.assignee_configuration.update", message: "Update assignee configuration of an admin policy",
		targets: []party{c.s.principalParty(p)},
	})
}

// roleHeld is documented for standard roles. That duplicates of custom ones are refused with 409 is in Okta's release
// notes (OKTA-507683); their body is UNVERIFIED.
func roleHeld(wanted assignment) reply {
	if iamStandard(wanted.kind) {
		return errorReply(http.StatusConflict, "E0000263", "Attempted to assign a duplicate standard role assignment to an admin")
	}
	return errorReply(http.StatusConflict, "E0000090", "The role specified is already assigned to the user.")
}

// wrongRoleType is documented as "Illegal role assignment exception".
func wrongRoleType(causes ...string) reply {
	return errorReply(http.StatusBadRequest, "E0000091", "The provided role type was not the same as required role type.", causes...)
}

// wantedRole reads the body of an assignment; role and resource set are named by id or label. What Okta says of unknown
// ones is UNVERIFIED.
func (c *call) wantedRole() (assignment, *reply) {
	var body struct {
		Type        string `json:"type"`
		Role        string `json:"role"`
		ResourceSet string `json:"resource-set"`
	}
	fail := func(r reply) (assignment, *reply) { return assignment{}, &r }
	if bad := c.read(&body); bad != nil {
		return fail(*bad)
	}
	if body.Type != custom {
		if !slices.Contains(roleTypes(), body.Type) && !c.s.extra[body.Type] {
			return fail(wrongRoleType("type: " + body.Type))
		}
		return assignment{kind: body.Type}, nil
	}
	if body.Role == "" || body.ResourceSet == "" {
		return fail(invalid("type", "CUSTOM needs role and resource-set"))
	}
	role, ok := c.s.role(body.Role)
	if !ok {
		return fail(notFound(body.Role, "CustomRole"))
	}
	set, ok := c.s.set(body.ResourceSet)
	if !ok {
		return fail(notFound(body.ResourceSet, "ResourceSet"))
	}
	return assignment{kind: custom, roleID: role.id, setID: set.id}, nil
}

// eligible refuses what cannot hold admin roles: groups of the wrong kind or size, clients that are no service apps,
// and users that are suspended or deprovisioned (E0000038 is documented for a wrong status; that it is used here is
// UNVERIFIED).
func (c *call) eligible(p principal) *reply {
	switch p.kind {
	case groupKind:
		return c.eligibleGroup(c.s.groups.rows[p.id])
	case clientKind:
		if !c.s.apps.rows[p.id].isService() {
			r := errorReply(http.StatusBadRequest, "E0000227", "Roles can only be granted to service application type")
			return &r
		}
		return nil
	}
	if status := c.s.users.rows[p.id].status; status == suspended || status == deprovisioned {
		r := wrongStatus()
		return &r
	}
	return nil
}

// eligibleGroup answers with the errors that Okta's error list documents. AD and LDAP groups may hold roles in Okta;
// the emulator does not know them apart from those of other apps and refuses all. That a rule that is not ACTIVE counts
// for E0000192 is UNVERIFIED.
func (c *call) eligibleGroup(g group) *reply {
	const most = 5000
	var r reply
	switch {
	case g.kind == builtIn:
		r = errorReply(http.StatusBadRequest, "E0000211", "Roles cannot be granted to built-in groups: "+g.name)
	case c.s.hasRules(g.id):
		r = errorReply(http.StatusBadRequest, "E0000192", "Roles cannot be granted to groups with group membership rules. "+g.name)
	case g.kind != oktaGroup:
		r = errorReply(http.StatusBadRequest, "E0000194", "Roles can only be granted to Okta groups, AD groups and LDAP groups. "+g.name)
	case len(c.s.membersOf[g.id]) > most:
		r = errorReply(http.StatusBadRequest, "E0000193", fmt.Sprintf("Roles can only be granted to groups with %d or less users. %s", most, g.name))
	default:
		return nil
	}
	return &r
}

// deleteRole removes what the principal has itself. What is not there and what comes through a group are both 404.
func (c *call) deleteRole() reply {
	p, bad := c.principal()
	if bad != nil {
		return *bad
	}
	return c.removeAssignment(p, c.vars["assignment"])
}

func (c *call) removeAssignment(p principal, id string) reply {
	at := slices.IndexFunc(c.s.held[p], func(a assignment) bool { return a.id == id })
	if at < 0 {
		return noAssignment(id)
	}
	a := c.s.held[p][at]
	if p.kind == userKind && c.s.lastSuperAdmin(p.id, a) {
		return forbidden() // UNVERIFIED: Okta refuses; how is not recorded
	}
	c.s.unassign(c.author(), p, a, c.now)
	return noContent()
}
