// Users and groups. https://developer.okta.com/docs/api, "Users", "Groups"

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
)

// user finds the user of the path, by id or login.
func (c *call) user() (user, *reply) {
	return c.userOf(c.vars["user"])
}

func (c *call) userOf(idOrLogin string) (user, *reply) {
	if u, ok := c.s.users.rows[idOrLogin]; ok {
		return u, nil
	}
	if u, ok := c.s.userByShortName(idOrLogin); ok {
		return u, nil
	}
	if u, ok := c.s.userByLogin(idOrLogin); ok {
		return u, nil
	}
	r := notFound(idOrLogin, "User")
	return user{}, &r
}

func (c *call) userBody(u user) obj {
	return obj{
		"id": u.id, "status": u.status, "created": stamp(u.created), "activated": stamp(u.created), "statusChanged": stamp(u.changed),
		"lastLogin": orNull(u.lastLogin), "lastUpdated": stamp(u.changed), "passwordChanged": nil,
		"type": obj{"id": oktaID("oty", c.s.orgID)},
		"profile": obj{
			"login": u.login, "email": u.login, "firstName": u.firstName, "lastName": u.lastName,
			"mobilePhone": nil, "secondEmail": nil,
		},
		"credentials": obj{"provider": obj{"type": "OKTA", "name": "OKTA"}},
		"_links":      obj{"self": href(c.base + "/api/v1/users/" + u.id)},
	}
}

// listUsers omits DEPROVISIONED users unless a filter or search asks for something.
func (c *call) listUsers() reply {
	pass := filter(func(values func(string) []string) bool { return !slices.Contains(values("status"), "DEPROVISIONED") })
	for _, parameter := range []string{"filter", "search"} {
		text := c.query.Get(parameter)
		if text == "" {
			continue
		}
		asked, err := parseFilter(text, []string{"id", "status", "profile.login", "profile.email", "profile.firstname", "profile.lastname"})
		if err != nil {
			return errorReply(http.StatusBadRequest, "E0000031", "Invalid search criteria.", err.Error())
		}
		pass = asked
	}
	var items []listed
	for seq, u := range c.s.users.all() {
		if pass(u.values) {
			items = append(items, listed{seq, func() obj { return c.userBody(u) }})
		}
	}
	return c.linkPage(items, 200, 200)
}

// values returns what a filter may compare the attribute with.
func (u user) values(attribute string) []string {
	switch attribute {
	case "id":
		return []string{u.id}
	case "status":
		return []string{u.status}
	case "profile.firstname":
		return []string{u.firstName}
	case "profile.lastname":
		return []string{u.lastName}
	}
	return []string{u.login}
}

// getMe answers with the token's owner.
func (c *call) getMe() reply {
	return jsonReply(http.StatusOK, c.userBody(c.s.users.rows[c.callerID]))
}

func (c *call) getUser() reply {
	u, bad := c.user()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.userBody(u))
}

func (c *call) listUserGroups() reply {
	u, bad := c.user()
	if bad != nil {
		return *bad
	}
	out := []obj{}
	for _, id := range c.s.memberOf[u.id] {
		out = append(out, c.groupBody(c.s.groups.rows[id], false))
	}
	return jsonReply(http.StatusOK, out)
}

func (c *call) clearSessions() reply {
	u, bad := c.user()
	if bad != nil {
		return *bad
	}
	c.s.endSessions(u.id)
	c.s.log(c.author(), c.now, event{kind: "user.session.clear", message: "Clear user session", targets: []party{c.s.userParty(u.id)}})
	return noContent()
}

func (c *call) group() (group, *reply) {
	g, ok := c.s.groups.rows[c.vars["group"]]
	if !ok {
		r := notFound(c.vars["group"], "UserGroup")
		return group{}, &r
	}
	return g, nil
}

// groupBody has, with stats, Okta's hasAdminPrivilege and the misspelt name that it is also known by.
func (c *call) groupBody(g group, stats bool) obj {
	self := c.base + "/api/v1/groups/" + g.id
	body := obj{
		"id": g.id, "type": g.kind, "objectClass": []string{"okta:user_group"}, "created": stamp(g.created),
		"lastUpdated": stamp(g.changed), "lastMembershipUpdated": stamp(g.changed),
		"profile": obj{"name": g.name, "description": g.description},
		"_links":  obj{"self": href(self), "users": href(self + "/users"), "apps": href(self + "/apps")},
	}
	if stats {
		admin := len(c.s.held[principal{groupKind, g.id}]) > 0
		body["_embedded"] = obj{"stats": obj{
			"usersCount": len(c.s.membersOf[g.id]), "appsCount": 0, "groupPushMappingsCount": 0,
			"hasAdminPrivilege": admin, "hasAdminPrivlege": admin, "_links": obj{"users": href(self + "/users"), "apps": href(self + "/apps")},
		}}
	}
	return body
}

func (c *call) listGroups() reply {
	expand := c.query.Get("expand")
	if expand != "" && expand != "stats" {
		return notEmulated("expand=" + expand + " on groups")
	}
	var items []listed
	for seq, g := range c.s.groups.all() {
		items = append(items, listed{seq, func() obj { return c.groupBody(g, expand == "stats") }})
	}
	return c.linkPage(items, 10_000, 10_000)
}

func (c *call) getGroup() reply {
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.groupBody(g, false))
}

func (c *call) listMembers() reply {
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	var items []listed
	for _, id := range c.s.membersOf[g.id] {
		items = append(items, listed{c.s.users.seqs[id], func() obj { return c.userBody(c.s.users.rows[id]) }})
	}
	slices.SortFunc(items, func(a, b listed) int { return a.seq - b.seq })
	return c.linkPage(items, 1000, 1000)
}

// membership finds the group and user of the path. Only groups of Okta's own can be changed; and, as only super admins
// may give roles, only they may change a group that holds one (UNVERIFIED for members of such groups).
func (c *call) membership() (group, user, *reply) {
	g, bad := c.group()
	if bad != nil {
		return group{}, user{}, bad
	}
	u, bad := c.userOf(c.vars["member"])
	if bad != nil {
		return group{}, user{}, bad
	}
	if len(c.s.held[principal{groupKind, g.id}]) > 0 && !c.s.may(c.callerID, writeRoles) || !strings.EqualFold(g.kind, "OKTA_GROUP") {
		r := forbidden()
		return group{}, user{}, &r
	}
	return g, u, nil
}

func (c *call) putMember() reply {
	g, u, bad := c.membership()
	if bad != nil {
		return *bad
	}
	c.s.addMember(c.author(), g.id, u.id, c.now)
	return noContent()
}

func (c *call) deleteMember() reply {
	g, u, bad := c.membership()
	if bad != nil {
		return *bad
	}
	c.s.removeMember(c.author(), g.id, u.id, c.now)
	return noContent()
}
