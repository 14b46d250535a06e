// Groups that are assigned to an app: /api/v1/apps/{app}/groups. https://developer.okta.com/docs/api, "Application Groups"

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func appGroupRoutes() []route {
	const all, one = "/api/v1/apps/{app}/groups", "/api/v1/apps/{app}/groups/{group}"
	const read, manage = "okta.apps.read", "okta.apps.manage"
	seen := func(ids string) evidence {
		return recorded("TestAccResourceOktaAppGroupAssignment_crud/oie-00 " + ids)
	}
	return []route{
		{get, all, readApps, read, []string{"q", "limit", "after", "expand"}, (*call).listAppGroups, inSpec("listApplicationGroupAssignments")},
		{get, one, readApps, read, []string{"expand"}, (*call).getAppGroup, seen("ids 17, 18")},
		{put, one, assignApps, manage, nil, (*call).putAppGroup, seen("ids 15, 16, 55")},
		{del, one, assignApps, manage, nil, (*call).deleteAppGroup, seen("id 67")},
	}
}

// appGroup is a group that is assigned to an app.
type appGroup struct {
	id       string
	priority int
	profile  string // JSON
	updated  time.Time
}

func (a app) group(id string) (appGroup, bool) {
	at := slices.IndexFunc(a.groups, func(g appGroup) bool { return g.id == id })
	if at < 0 {
		return appGroup{}, false
	}
	return a.groups[at], true
}

func (a app) withoutGroup(id string) app {
	a.groups = slices.DeleteFunc(slices.Clone(a.groups), func(g appGroup) bool { return g.id == id })
	return a
}

func (c *call) appGroupBody(a app, g appGroup) obj {
	one := c.base + "/api/v1/apps/" + a.id
	body := obj{
		"id": g.id, "lastUpdated": stamp(g.updated), "priority": g.priority, "profile": unpack(g.profile),
		"_links": obj{"app": href(one), "self": href(one + "/groups/" + g.id), "group": href(c.base + "/api/v1/groups/" + g.id)},
	}
	if c.query.Get("expand") == "group" {
		body["_embedded"] = obj{"group": c.groupBody(c.s.groups.rows[g.id])}
	}
	return body
}

func (c *call) listAppGroups() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	if bad := c.expands("group"); bad != nil {
		return *bad
	}
	q := strings.ToLower(c.query.Get("q"))
	var items []listed
	for _, g := range a.groups {
		if strings.HasPrefix(strings.ToLower(c.s.groups.rows[g.id].name), q) {
			items = append(items, listed{c.s.groups.seqs[g.id], func() obj { return c.appGroupBody(a, g) }})
		}
	}
	slices.SortFunc(items, func(a, b listed) int { return a.seq - b.seq })
	return c.linkPage(items, 20, 200)
}

// expands refuses an expand other than the one that is emulated.
func (c *call) expands(known string) *reply {
	if asked := c.query.Get("expand"); asked != "" && asked != known {
		r := notEmulated("expand=" + asked + " on the assignments of an app")
		return &r
	}
	return nil
}

// appGroup finds the assignment of the path. How Okta calls one that is not there is UNVERIFIED.
func (c *call) appGroup() (app, appGroup, *reply) {
	a, bad := c.app()
	if bad != nil {
		return app{}, appGroup{}, bad
	}
	g, ok := a.group(c.vars["group"])
	if !ok {
		r := notFound(c.vars["group"], "ApplicationGroupAssignment")
		return app{}, appGroup{}, &r
	}
	return a, g, nil
}

func (c *call) getAppGroup() reply {
	a, g, bad := c.appGroup()
	if bad != nil {
		return *bad
	}
	if bad := c.expands("group"); bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.appGroupBody(a, g))
}

// putAppGroup assigns the group or changes its assignment. Without a priority it has the next higher one, the first 0.
func (c *call) putAppGroup() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	given, bad := c.readOptional()
	if bad != nil {
		return *bad
	}
	was, there := a.group(g.id)
	made := appGroup{id: g.id, priority: was.priority, profile: pack(object(given, "profile")), updated: c.now}
	if !there {
		for _, other := range a.groups {
			made.priority = max(made.priority, other.priority+1)
		}
	}
	if priority, ok := given["priority"].(float64); ok {
		made.priority = int(priority)
	}
	a = a.withoutGroup(g.id)
	a.groups = append(a.groups, made)
	c.s.apps.put(a.id, 0, a)
	kind, message := "group.application_assignment.add", "Add assigned application to group"
	if there {
		kind, message = "group.application_assignment.update", "Update assigned application for group"
	}
	c.logAppGroup(kind, message, a, g)
	return jsonReply(http.StatusOK, c.appGroupBody(a, made))
}

func (c *call) deleteAppGroup() reply {
	a, g, bad := c.appGroup()
	if bad != nil {
		return *bad
	}
	if bad := c.mayChange(a); bad != nil {
		return *bad
	}
	a = a.withoutGroup(g.id)
	c.s.apps.put(a.id, 0, a)
	c.logAppGroup("group.application_assignment.remove", "Remove assigned application from group", a, c.s.groups.rows[g.id])
	return noContent()
}

func (c *call) logAppGroup(kind, message string, a app, g group) {
	c.s.log(c.author(), c.now, event{kind: kind, message: message, targets: []party{groupParty(g), appParty(a)}})
}

// appsOf are the apps that a group is assigned to.
func (c *call) appsOf(groupID string) []listed {
	var items []listed
	for seq, a := range c.s.apps.all() {
		if _, assigned := a.group(groupID); assigned {
			items = append(items, listed{seq, func() obj { return c.appBody(a) }})
		}
	}
	return items
}

func (c *call) listGroupApps() reply {
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	return c.linkPage(c.appsOf(g.id), 20, 200)
}
