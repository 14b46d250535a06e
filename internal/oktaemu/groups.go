// Groups and their members: /api/v1/groups. https://developer.okta.com/docs/api, "Groups"

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func groupRoutes() []route {
	return []route{
		{get, "/api/v1/groups", readGroups, "okta.groups.read", []string{"limit", "after", "expand"}, (*call).listGroups, evidence{}},
		{get, "/api/v1/groups/{group}", readGroups, "okta.groups.read", nil, (*call).getGroup, evidence{}},
		{get, "/api/v1/groups/{group}/users", readGroups, "okta.groups.read", []string{"limit", "after"}, (*call).listMembers, evidence{}},
		{put, "/api/v1/groups/{group}/users/{member}", writeMembers, "okta.groups.manage", nil, (*call).putMember, evidence{}},
		{del, "/api/v1/groups/{group}/users/{member}", writeMembers, "okta.groups.manage", nil, (*call).deleteMember, evidence{}},
	}
}

type group struct {
	id, name, description, kind string
	created, changed            time.Time
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
	if len(c.s.held[principal{groupKind, g.id}]) > 0 && !c.may(writeRoles) || !strings.EqualFold(g.kind, "OKTA_GROUP") {
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
