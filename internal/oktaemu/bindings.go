// Bindings: which principals hold a custom role on a resource set. A binding here exists while it has members; whether
// an empty one remains in Okta is UNVERIFIED. No recorded traffic has these routes: shapes are those of Okta's document
// and of the older page about administrator roles (okta-developer-docs, reference/api/roles), which agree.

package oktaemu

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func bindingRoutes() []route {
	paged := []string{"limit", "after"}
	const bindings, read, manage = "/api/v1/iam/resource-sets/{set}/bindings", "okta.roles.read", "okta.roles.manage"
	return []route{
		{get, bindings, readRoles, read, paged, (*call).listBindings, documented("Administrator Roles API, Custom Role assignment operations; listBindings")},
		{post, bindings, writeRoles, manage, nil, (*call).createBinding, documented("Administrator Roles API, Custom Role assignment operations; createResourceSetBinding")},
		{get, bindings + "/{role}", readRoles, read, nil, (*call).getBinding, documented("Administrator Roles API, Custom Role assignment operations; getBinding")},
		{del, bindings + "/{role}", writeRoles, manage, nil, (*call).deleteBinding, documented("Administrator Roles API, Custom Role assignment operations; deleteBinding")},
		{get, bindings + "/{role}/members", readRoles, read, paged, (*call).listBindingMembers, documented("Administrator Roles API, Custom Role assignment operations; listMembersOfBinding")},
		{patch, bindings + "/{role}/members", writeRoles, manage, nil, (*call).patchBindingMembers, documented("Administrator Roles API, Custom Role assignment operations; addMembersToBinding")},
		{get, bindings + "/{role}/members/{member}", readRoles, read, nil, (*call).getBindingMember, documented("Administrator Roles API, Custom Role assignment operations; getMemberOfBinding")},
		{del, bindings + "/{role}/members/{member}", writeRoles, manage, nil, (*call).deleteBindingMember, documented("Administrator Roles API, Custom Role assignment operations; unassignMemberFromBinding")},
	}
}

// maxMembers is how many admins may hold a role on a resource set (help.okta.com, custom admin roles). Beyond it the
// answer is UNVERIFIED.
const maxMembers = 1000

func tooManyMembers(field string) reply {
	return invalid(field, fmt.Sprintf("A role can have at most %d members on a resource set", maxMembers))
}

// bound is a member of a binding.
type bound struct {
	principal
	assignment
}

// members returns the members of the binding, in the order in which they were added.
func (s *state) members(setID, roleID string) []bound {
	var out []bound
	for p, held := range s.held {
		for _, a := range held {
			if a.roleID != "" && a.setID == setID && a.roleID == roleID {
				out = append(out, bound{p, a})
			}
		}
	}
	slices.SortFunc(out, func(a, b bound) int { return a.seq - b.seq })
	return out
}

// binding finds the set and role of the path, and the members. Without members there is no binding.
func (c *call) binding() (resourceSet, customRole, []bound, *reply) {
	set, bad := c.set()
	if bad != nil {
		return resourceSet{}, customRole{}, nil, bad
	}
	role, bad := c.role()
	members := c.s.members(set.id, role.id)
	if bad != nil || len(members) == 0 {
		r := notFound(c.vars["role"], "Binding")
		return resourceSet{}, customRole{}, nil, &r
	}
	return set, role, members, nil
}

func (c *call) bindingURL(setID, roleID string) string {
	return c.setURL(setID) + "/bindings/" + roleID
}

func (c *call) listBindings() reply {
	set, bad := c.set()
	if bad != nil {
		return *bad
	}
	var items []listed
	add := func(seq int, roleID string) {
		if len(c.s.members(set.id, roleID)) == 0 {
			return
		}
		role, members := c.customRoleURL(roleID), c.bindingURL(set.id, roleID)+"/members"
		items = append(items, listed{seq, func() obj { // self is the role, in the documented example
			return obj{"id": roleID, "_links": obj{"self": href(role), "members": href(members)}}
		}})
	}
	for seq, role := range c.s.roles.all() {
		add(seq, role.id)
	}
	for i, role := range iamRoles() { // on sets of their own, which no custom role is bound to
		add(i+1, role.id)
	}
	return c.bodyPage("roles", items, obj{"self": href(c.setURL(set.id) + "/bindings"), "resource-set": href(c.setURL(set.id))})
}

func (c *call) getBinding() reply {
	set, role, _, bad := c.binding()
	if bad != nil {
		return *bad
	}
	self := c.bindingURL(set.id, role.id)
	return jsonReply(http.StatusOK, obj{"id": role.id, "_links": obj{
		"self": href(self), "members": href(self + "/members"), "resource-set": href(c.setURL(set.id)),
	}})
}

// createBinding takes the role by id or label. A binding that exists is refused: one role has one binding in a set.
func (c *call) createBinding() reply {
	set, bad := c.changeableSet()
	if bad != nil {
		return *bad
	}
	var body struct {
		Role    string   `json:"role"`
		Members []string `json:"members"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	role, ok := c.s.role(body.Role)
	if !ok {
		return notFound(body.Role, "CustomRole")
	}
	if len(c.s.members(set.id, role.id)) > 0 {
		return errorReply(http.StatusConflict, "E0000090", "The role is already bound to the resource set.") // UNVERIFIED
	}
	if bad := c.addBindingMembers(set, role, body.Members, "members"); bad != nil {
		return *bad
	}
	return c.bindingChanged(set, role)
}

// bindingChanged answers what made or widened a binding: with links alone.
func (c *call) bindingChanged(set resourceSet, role customRole) reply {
	return jsonReply(http.StatusOK, obj{"_links": obj{
		"self": href(c.bindingURL(set.id, role.id)), "bindings": href(c.setURL(set.id) + "/bindings"),
		"resource-set": href(c.setURL(set.id)),
	}})
}

func (c *call) patchBindingMembers() reply {
	set, role, _, bad := c.binding()
	if bad != nil {
		return *bad
	}
	var body struct {
		Additions []string `json:"additions"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if bad := c.addBindingMembers(set, role, body.Additions, "additions"); bad != nil {
		return *bad
	}
	return c.bindingChanged(set, role)
}

// addBindingMembers checks all members before it adds the first. A principal that is a member already is refused.
func (c *call) addBindingMembers(set resourceSet, role customRole, members []string, field string) *reply {
	fail := func(r reply) *reply { return &r }
	if len(members) == 0 {
		return fail(invalid(field, "must name a principal"))
	}
	wanted := assignment{kind: custom, roleID: role.id, setID: set.id}
	if !c.s.isCustom(role.id) {
		wanted = assignment{kind: role.id}
	}
	if len(c.s.members(set.id, role.id))+len(members) > maxMembers {
		return fail(tooManyMembers(field))
	}
	var adding []principal
	for _, text := range members {
		p, ok := c.principalOf(text)
		if !ok {
			return fail(invalid(field, text+" is not the URL of a user, group or client of this org"))
		}
		if bad := c.eligible(p); bad != nil {
			return bad
		}
		if c.s.holds(p, wanted) || slices.Contains(adding, p) {
			return fail(roleHeld(wanted))
		}
		adding = append(adding, p)
	}
	for _, p := range adding {
		c.s.assign(c.author(), p, wanted, c.now)
	}
	return nil
}

// principalOf reads the URL of a user, a group or a client.
func (c *call) principalOf(text string) (principal, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host != c.r.Host {
		return principal{}, false
	}
	if id, ok := strings.CutPrefix(u.Path, "/api/v1/users/"); ok {
		_, there := c.s.users.rows[id]
		return principal{userKind, id}, there
	}
	if id, ok := strings.CutPrefix(u.Path, "/oauth2/v1/clients/"); ok {
		a, there := c.s.clientByID(id)
		return principal{clientKind, a.id}, there
	}
	id, ok := strings.CutPrefix(u.Path, "/api/v1/groups/")
	_, there := c.s.groups.rows[id]
	return principal{groupKind, id}, ok && there
}

// deleteBinding takes the role from every member.
func (c *call) deleteBinding() reply {
	_, _, members, bad := c.binding()
	if bad != nil {
		return *bad
	}
	for _, m := range members {
		c.s.unassign(c.author(), m.principal, m.assignment, c.now)
	}
	return noContent()
}

func (c *call) memberBody(m bound) obj {
	return obj{
		"id": m.assignment.id, "created": stamp(m.created), "lastUpdated": stamp(m.lastUpdated),
		"_links": obj{"self": href(c.principalURL(m.principal))},
	}
}

func (c *call) listBindingMembers() reply {
	set, role, members, bad := c.binding()
	if bad != nil {
		return *bad
	}
	var items []listed
	for _, m := range members {
		items = append(items, listed{m.seq, func() obj { return c.memberBody(m) }})
	}
	self := c.bindingURL(set.id, role.id)
	return c.bodyPage("members", items, obj{"self": href(self + "/members"), "binding": href(self)})
}

// bindingMember finds the member of the path.
func (c *call) bindingMember() (bound, *reply) {
	_, _, members, bad := c.binding()
	if bad != nil {
		return bound{}, bad
	}
	for _, m := range members {
		if m.assignment.id == c.vars["member"] {
			return m, nil
		}
	}
	r := notFound(c.vars["member"], "BindingMember")
	return bound{}, &r
}

func (c *call) getBindingMember() reply {
	m, bad := c.bindingMember()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.memberBody(m))
}

func (c *call) deleteBindingMember() reply {
	m, bad := c.bindingMember()
	if bad != nil {
		return *bad
	}
	return c.removeAssignment(m.principal, m.assignment.id)
}
