// Users that are assigned to an app, themselves or through a group: /api/v1/apps/{app}/users.
// https://developer.okta.com/docs/api, "Application Users"

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func appUserRoutes() []route {
	const all, one = "/api/v1/apps/{app}/users", "/api/v1/apps/{app}/users/{user}"
	const read, manage = "okta.apps.read", "okta.apps.manage"
	seen := func(ids string) evidence {
		return recorded("TestAccDataSourceOktaAppUserAssignments_read/oie-00 " + ids)
	}
	return []route{
		{get, all, readApps, read, []string{"q", "limit", "after", "expand"}, (*call).listAppUsers, seen("id 20")},
		{post, all, assignApps, manage, nil, (*call).createAppUser, seen("id 10")},
		{get, one, readApps, read, []string{"expand"}, (*call).getAppUser, seen("id 19")},
		{post, one, assignApps, manage, nil, (*call).updateAppUser, inSpec("updateApplicationUser")},
		{del, one, assignApps, manage, []string{"sendEmail"}, (*call).deleteAppUser, seen("id 22")},
	}
}

// appUser is a user that is assigned to an app. One that is through a group is made of the group's assignment.
type appUser struct {
	id, userName, profile string // profile is JSON; what is not in it comes from the user
	via                   string // the group; empty for a user that is assigned itself
	created, updated      time.Time
}

func (a app) user(id string) (appUser, bool) {
	at := slices.IndexFunc(a.users, func(u appUser) bool { return u.id == id })
	if at < 0 {
		return appUser{}, false
	}
	return a.users[at], true
}

func (a app) withoutUser(id string) app {
	a.users = slices.DeleteFunc(slices.Clone(a.users), func(u appUser) bool { return u.id == id })
	return a
}

// usersOf are all users of the app by id; of several groups, the one with the first priority counts.
func (s *state) usersOf(a app) map[string]appUser {
	out := map[string]appUser{}
	groups := slices.SortedStableFunc(slices.Values(a.groups), func(a, b appGroup) int { return b.priority - a.priority })
	for _, g := range groups {
		for _, id := range s.membersOf[g.id] {
			if s.users.rows[id].status != deprovisioned {
				out[id] = appUser{id: id, profile: g.profile, via: g.id, created: g.updated, updated: g.updated}
			}
		}
	}
	for _, u := range a.users {
		out[u.id] = u
	}
	return out
}

// appUserBody is recorded for a user that is assigned itself; the link to the group is UNVERIFIED.
func (c *call) appUserBody(a app, u appUser) obj {
	who := c.s.users.rows[u.id]
	links := obj{"app": href(c.base + "/api/v1/apps/" + a.id), "user": href(c.base + "/api/v1/users/" + u.id)}
	body := obj{
		"id": u.id, "externalId": nil, "created": stamp(u.created), "lastUpdated": stamp(u.updated), "scope": string(userKind),
		"status": active, "statusChanged": stamp(u.created), "passwordChanged": nil, "syncState": "DISABLED",
		"credentials": obj{"userName": orElse(u.userName, who.login)}, "profile": merged(c.s.appProfile(a, who), unpack(u.profile)),
		"_links": links,
	}
	if u.via != "" {
		body["scope"], links["group"] = string(groupKind), href(c.base+"/api/v1/groups/"+u.via)
	}
	if c.query.Get("expand") == "user" {
		body["_embedded"] = obj{"user": c.userBody(who)}
	}
	return body
}

// appProfile is what an app's profile of a user takes from the user: for OIDC apps the standard claims, as recorded.
func (s *state) appProfile(a app, u user) obj {
	if a.signOnMode != openIDConnect {
		return obj{}
	}
	from := s.profile(u)
	out := obj{
		"name": u.displayName(), "birthdate": nil, "gender": nil, "picture": nil, "website": nil, "formatted": nil,
		"zoneinfo": orElse(text(from, "timezone"), "America/Los_Angeles"), "locale": orElse(text(from, "locale"), "en_US"),
	}
	for claim, attribute := range map[string]string{
		"email": "email", "given_name": "firstName", "family_name": "lastName", "middle_name": "middleName", "nickname": "nickName",
		"profile": "profileUrl", "phone_number": "primaryPhone", "street_address": "streetAddress", "locality": "city",
		"region": "state", "postal_code": "zipCode", "country": "countryCode",
	} {
		out[claim] = from[attribute]
	}
	return out
}

func (c *call) listAppUsers() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	if bad := c.expands("user"); bad != nil {
		return *bad
	}
	q := strings.ToLower(c.query.Get("q"))
	begins := func(value string) bool { return strings.HasPrefix(strings.ToLower(value), q) }
	var items []listed
	for id, u := range c.s.usersOf(a) {
		who := c.s.users.rows[id]
		if slices.ContainsFunc([]string{orElse(u.userName, who.login), who.email, who.firstName, who.lastName}, begins) {
			items = append(items, listed{c.s.users.seqs[id], func() obj { return c.appUserBody(a, u) }})
		}
	}
	slices.SortFunc(items, func(a, b listed) int { return a.seq - b.seq })
	return c.linkPage(items, 50, 500)
}

func noAppUser(id string) *reply {
	r := notFound(id, "AppUser")
	return &r
}

func (c *call) getAppUser() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	if bad := c.expands("user"); bad != nil {
		return *bad
	}
	u, ok := c.s.usersOf(a)[c.vars["user"]]
	if !ok {
		return *noAppUser(c.vars["user"])
	}
	return jsonReply(http.StatusOK, c.appUserBody(a, u))
}

// createAppUser assigns a user, also one that has the app already. That a user who is DEPROVISIONED is refused, and
// how, is UNVERIFIED.
func (c *call) createAppUser() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	id := text(given, "id")
	if id == "" {
		return invalid("id", "The field cannot be left blank") // UNVERIFIED
	}
	who, ok := c.s.users.rows[id]
	if !ok {
		return notFound(id, "User")
	}
	if who.status == deprovisioned {
		return wrongStatus()
	}
	return c.setAppUser(a, appUser{id: id, created: c.now}, given)
}

// updateAppUser changes an assignment; one that came through a group is the user's own from then on.
func (c *call) updateAppUser() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	u, ok := c.s.usersOf(a)[c.vars["user"]]
	if !ok {
		return *noAppUser(c.vars["user"])
	}
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	return c.setAppUser(a, u, given)
}

func (c *call) setAppUser(a app, u appUser, given obj) reply {
	kind, message := "application.user_membership.add", "Add user to application membership"
	if was, there := a.user(u.id); there {
		u, kind, message = was, "application.user_membership.update", "Update user application membership"
	}
	u.via, u.updated = "", c.now
	u.userName = orElse(text(object(given, "credentials"), "userName"), u.userName)
	if profile, ok := given["profile"].(obj); ok {
		u.profile = pack(merged(unpack(u.profile), profile))
	}
	a = a.withoutUser(u.id)
	a.users = append(a.users, u)
	c.s.apps.put(a.id, 0, a)
	c.s.logAppUser(c.author(), kind, message, a, u.id, c.now)
	return jsonReply(http.StatusOK, c.appUserBody(a, u))
}

// deleteAppUser takes away what the user has itself. That one who has the app through a group only is not found is
// UNVERIFIED.
func (c *call) deleteAppUser() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	if _, bad := c.flag("sendEmail", false); bad != nil {
		return *bad
	}
	if _, ok := a.user(c.vars["user"]); !ok {
		return *noAppUser(c.vars["user"])
	}
	c.s.unassignUser(c.author(), a, c.vars["user"], c.now)
	return noContent()
}

func (s *state) unassignUser(by author, a app, userID string, now time.Time) {
	a = a.withoutUser(userID)
	s.apps.put(a.id, 0, a)
	s.logAppUser(by, "application.user_membership.remove", "Remove user's application membership", a, userID, now)
}

// leaveApps takes a user off every app that it has itself.
func (s *state) leaveApps(by author, userID string, now time.Time) {
	for _, a := range s.apps.clone().all() {
		if _, assigned := a.user(userID); assigned {
			s.unassignUser(by, a, userID, now)
		}
	}
}

func (s *state) logAppUser(by author, kind, message string, a app, userID string, now time.Time) {
	s.log(by, now, event{kind: kind, message: message, targets: []party{s.userParty(userID), appParty(a)}})
}

// listAppLinks has the apps that the user sees on the dashboard, of which Okta documents the fields.
func (c *call) listAppLinks() reply {
	u, bad := c.user()
	if bad != nil {
		return *bad
	}
	out := []obj{}
	for _, a := range c.s.apps.all() {
		body := c.appBody(a)
		if _, assigned := c.s.usersOf(a)[u.id]; !assigned || a.status != active || object(body, "visibility", "hide")["web"] == true {
			continue
		}
		link := body["_links"].(obj)["appLinks"].([]obj)[0]["href"]
		out = append(out, obj{
			"id": oktaID("00u", u.id, a.id), "label": a.label, "linkUrl": link, "logoUrl": c.base + "/assets/img/logos/default.png",
			"appName": a.name, "appInstanceId": a.id, "appAssignmentId": oktaID("0ua", u.id, a.id), "credentialsSetup": false,
			"hidden": false, "sortOrder": len(out),
		})
	}
	return jsonReply(http.StatusOK, out)
}
