// Users: /api/v1/users. https://developer.okta.com/docs/api, "Users"

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func userRoutes() []route {
	return []route{
		{get, "/api/v1/users", readUsers, "okta.users.read", []string{"limit", "after", "filter", "search"}, (*call).listUsers, evidence{}},
		{get, "/api/v1/users/me", anyUser, "okta.users.read.self", nil, (*call).getMe, evidence{}},
		{get, "/api/v1/users/{user}", readUsers, "okta.users.read", nil, (*call).getUser, evidence{}},
		{get, "/api/v1/users/{user}/groups", readUsers, "okta.users.read", nil, (*call).listUserGroups, evidence{}},
		{del, "/api/v1/users/{user}/sessions", clearUsers, "okta.users.manage", []string{"oauthTokens"}, (*call).clearSessions, evidence{}},
	}
}

type user struct {
	id, login, firstName, lastName, status, password string
	created, changed, lastLogin                      time.Time
}

func (u user) displayName() string {
	if name := strings.TrimSpace(u.firstName + " " + u.lastName); name != "" {
		return name
	}
	return u.login
}

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
	return jsonReply(http.StatusOK, c.userBody(c.s.users.rows[c.caller.id]))
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
