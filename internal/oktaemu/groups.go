// Groups: /api/v1/groups. https://developer.okta.com/docs/api, "Groups"

package oktaemu

import (
	"net/http"
	"strings"
	"time"
)

const oktaGroup = "OKTA_GROUP"

func groupRoutes() []route {
	const read, manage = "okta.groups.read", "okta.groups.manage"
	life := "TestAccResourceOktaGroup_crud/oie-00 id "
	return []route{
		{get, "/api/v1/groups", readGroups, read, searchQuery("expand"), (*call).listGroups, recorded("TestAccDataSourceOktaGroups_read ids 0, 2")},
		{post, "/api/v1/groups", createGroups, manage, nil, (*call).createGroup, recorded(life + "0")},
		{get, "/api/v1/groups/{group}", readGroups, read, nil, (*call).getGroup, recorded(life + "1")},
		{put, "/api/v1/groups/{group}", writeGroups, manage, nil, (*call).replaceGroup, recorded(life + "5")},
		{del, "/api/v1/groups/{group}", writeGroups, manage, nil, (*call).deleteGroup, recorded(life + "8")},
		{get, "/api/v1/groups/{group}/apps", readGroups, read, []string{"limit", "after"}, (*call).listGroupApps, inSpec("listAssignedApplicationsForGroup")},
		{get, "/api/v1/groups/{group}/users", readGroups, read, []string{"limit", "after"}, (*call).listMembers, recorded("TestAccDataSourceOktaGroup_read id 19")},
		{put, "/api/v1/groups/{group}/users/{member}", writeMembers, manage, nil, (*call).putMember, recorded("TestAccDataSourceOktaGroup_read id 7")},
		{del, "/api/v1/groups/{group}/users/{member}", writeMembers, manage, nil, (*call).deleteMember, recorded("TestAccDataSourceOktaGroup_read id 24")},
	}
}

type group struct {
	id, name, kind string

	attributes                       map[string]any // the profile but for the name; never changed in place
	created, changed, membersChanged time.Time
}

func (c *call) group() (group, *reply) {
	g, ok := c.s.groups.rows[c.vars["group"]]
	if !ok {
		r := notFound(c.vars["group"], "UserGroup")
		return group{}, &r
	}
	return g, nil
}

// groupProfile is the group's, of the attributes that the schema defines now. A description that was never given is empty.
func (s *state) groupProfile(g group) obj {
	out, known := obj{"name": g.name, "description": ""}, s.schemas[groupSchema]
	for name, value := range g.attributes {
		if _, ok := known.find(name); ok {
			out[name] = value
		}
	}
	return out
}

// groupBody has no link to itself, as recorded.
func (c *call) groupBody(g group) obj {
	self := c.base + "/api/v1/groups/" + g.id
	logo := func(size string) obj {
		return obj{"name": size, "href": c.base + "/assets/img/logos/groups/odyssey/okta-" + size + ".png", "type": "image/png"}
	}
	return obj{
		"id": g.id, "type": g.kind, "objectClass": []string{"okta:user_group"}, "created": stamp(g.created),
		"lastUpdated": stamp(g.changed), "lastMembershipUpdated": stamp(g.membersChanged), "profile": c.s.groupProfile(g),
		"_links": obj{"logo": []obj{logo("medium"), logo("large")}, "users": href(self + "/users"), "apps": href(self + "/apps")},
	}
}

// groupStats has Okta's hasAdminPrivilege and the misspelt name that it is also known by.
func (c *call) groupStats(g group) obj {
	self := c.base + "/api/v1/groups/" + g.id
	admin := len(c.s.held[principal{groupKind, g.id}]) > 0
	return obj{"stats": obj{
		"usersCount": len(c.s.membersOf[g.id]), "appsCount": len(c.appsOf(g.id)), "groupPushMappingsCount": 0,
		"hasAdminPrivilege": admin, "hasAdminPrivlege": admin, "_links": obj{"users": href(self + "/users"), "apps": href(self + "/apps")},
	}}
}

// listGroups expands the app of APP_GROUPs only, which the emulated org has without their app.
func (c *call) listGroups() reply {
	expand := c.query.Get("expand")
	if expand != "" && expand != "stats" && expand != "app" {
		return notEmulated("expand=" + expand + " on groups")
	}
	var rows []row
	for seq, g := range c.s.groups.all() {
		rows = append(rows, row{seq, g.id, c.s.groupValues(g), func() obj {
			body := c.groupBody(g)
			if expand == "stats" {
				body["_embedded"] = c.groupStats(g)
			}
			return body
		}})
	}
	return c.listRows(rows, listing{
		filter: groupFilter(), search: c.s.groupSearch(), prefixes: []string{"profile.name"}, unasked: everything,
		limit: 10_000, most: 10_000, found: 300,
	})
}

func groupFilter() language {
	times := []string{"eq", "gt", "ge", "lt", "le"}
	return language{sameCase: true, operators: map[string][]string{
		"id": {"eq"}, "type": {"eq"}, "lastUpdated": times, "lastMembershipUpdated": times,
	}}
}

func (s *state) groupSearch() language {
	l := language{operators: map[string][]string{}}
	for _, name := range []string{"id", "type", "created", "lastUpdated", "lastMembershipUpdated"} {
		l.operators[name] = searchOperators()
	}
	for _, a := range s.schemas[groupSchema].attributes() {
		l.operators["profile."+a.name] = searchOperators()
	}
	for _, name := range []string{"profile.name", "profile.description"} {
		l.operators[name] = append(searchOperators(), "co")
	}
	return l
}

// groupValues returns what an expression may compare an attribute of the group with.
func (s *state) groupValues(g group) func(string) []string {
	own := map[string]string{
		"id": g.id, "type": g.kind, "created": stamp(g.created), "lastUpdated": stamp(g.changed),
		"lastMembershipUpdated": stamp(g.membersChanged),
	}
	return func(attribute string) []string {
		if value, ok := own[attribute]; ok {
			return []string{value}
		}
		return valuesOf(s.groupProfile(g)[strings.TrimPrefix(attribute, "profile.")])
	}
}

func (c *call) getGroup() reply {
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.groupBody(g))
}
