// Users: /api/v1/users. https://developer.okta.com/docs/api, "Users"

package oktaemu

import (
	"net/http"
	"strings"
	"time"
)

func userRoutes() []route {
	const read, manage = "okta.users.read", "okta.users.manage"
	return []route{
		{get, "/api/v1/users", readUsers, read, searchQuery(), (*call).listUsers, documented("Users API, List all users; links recorded in TestAccDataSourceOktaGroup_read id 19")},
		{post, "/api/v1/users", createUsers, manage, []string{"activate", "provider", "nextLogin"}, (*call).createUser, recorded("TestAccResourceOktaUser_updateCredentials id 0, TestAccResourceOktaUser_statusDeprovisioned id 0")},
		{get, "/api/v1/users/me", anyUser, "okta.users.read.self", nil, (*call).getMe, documented("Users API, Retrieve a user; a service app's answer is a guess")},
		{get, "/api/v1/users/{user}", readUsers, read, nil, (*call).getUser, recorded("TestAccResourceOktaUser_updateAllAttributes/oie-00 id 1")},
		{post, "/api/v1/users/{user}", writeUsers, manage, []string{"strict"}, (*call).updateUser, documented("Users API, Update a user")},
		{put, "/api/v1/users/{user}", writeUsers, manage, []string{"strict"}, (*call).replaceUser, recorded("TestAccResourceOktaUser_updateAllAttributes/oie-00 ids 7, 11")},
		{del, "/api/v1/users/{user}", deleteUsers, manage, []string{"sendEmail"}, (*call).deleteUser, recorded("TestAccResourceOktaUser_updateAllAttributes/oie-00 ids 14, 15")},
		{get, "/api/v1/users/{user}/groups", readUsers, read, []string{"limit", "after"}, (*call).listUserGroups, recorded("TestAccDataSourceOktaGroup_read id 20")},
		{get, "/api/v1/users/{user}/appLinks", readUsers, read, nil, (*call).listAppLinks, inSpec("listAppLinks")},
		{del, "/api/v1/users/{user}/sessions", clearUsers, manage, []string{"oauthTokens"}, (*call).clearSessions, documented("Users API, Clear user sessions")},
	}
}

type user struct {
	id, login, email, firstName, lastName, status, password string

	attributes map[string]any // the rest of the profile; never changed in place
	provider   provider
	imported   bool // the password came as a hash, so that nobody can sign in with it here
	question   string
	answer     string

	created, activated, statusChanged, changed, passwordChanged, lastLogin time.Time
}

// provider is who checks the user's password.
type provider struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

func (u user) displayName() string {
	if name := strings.TrimSpace(u.firstName + " " + u.lastName); name != "" {
		return name
	}
	return u.login
}

func (u user) hasPassword() bool { return u.password != "" || u.imported }

// user finds the user of the path, by id, login, or short name where that is one user's alone.
func (c *call) user() (user, *reply) {
	return c.userOf(c.vars["user"])
}

func (c *call) userOf(idOrLogin string) (user, *reply) {
	if u, ok := c.s.users.rows[idOrLogin]; ok {
		return u, nil
	}
	if idOrLogin == "me" && c.caller.kind == userKind {
		return c.s.users.rows[c.caller.id], nil
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

// userBody is a user alone, with the links that its status allows.
func (c *call) userBody(u user) obj {
	body := c.userItem(u)
	body["_links"] = c.userLinks(u)
	return body
}

// userItem is a user in a list, which has one link, as recorded.
func (c *call) userItem(u user) obj {
	credentials := u.credentials()
	return obj{
		"id": u.id, "status": u.status, "created": stamp(u.created), "activated": orNull(u.activated), "statusChanged": orNull(u.statusChanged),
		"lastLogin": orNull(u.lastLogin), "lastUpdated": stamp(u.changed), "passwordChanged": orNull(u.passwordChanged),
		"type": obj{"id": c.s.typeID()}, "profile": c.s.profile(u), "credentials": credentials,
		"_links": obj{"self": href(c.base + "/api/v1/users/" + u.id)},
	}
}

// credentials are what Okta shows of them: no secret.
func (u user) credentials() obj {
	out := obj{"provider": u.provider}
	if u.hasPassword() {
		out["password"] = obj{}
	}
	if u.question != "" {
		out["recovery_question"] = obj{"question": u.question}
	}
	return out
}

// userLinks are recorded for STAGED, PROVISIONED, ACTIVE, PASSWORD_EXPIRED and DEPROVISIONED; the others are UNVERIFIED.
func (c *call) userLinks(u user) obj {
	self := c.base + "/api/v1/users/" + u.id
	links := obj{
		"self":   href(self),
		"schema": href(c.base + "/api/v1/meta/schemas/user/" + c.s.schemaID()),
		"type":   href(c.userTypeURL()),
	}
	for _, name := range linksOf(u) {
		target := map[string]string{
			"resetPassword": "/lifecycle/reset_password", "resetFactors": "/lifecycle/reset_factors", "expirePassword": "/lifecycle/expire_password",
			"forgotPassword": "/credentials/forgot_password", "changePassword": "/credentials/change_password",
			"changeRecoveryQuestion": "/credentials/change_recovery_question",
		}[name]
		links[name] = obj{"href": self + orElse(target, "/lifecycle/"+name), "method": post}
	}
	if u.status == deprovisioned {
		links["delete"] = obj{"href": self, "method": del}
	}
	return links
}

// linksOf names the links to operations that the user's status allows.
func linksOf(u user) []string {
	switch u.status {
	case staged, deprovisioned:
		return []string{"activate"}
	case provisioned:
		return []string{"suspend", "resetPassword", "reactivate", "deactivate"}
	case suspended:
		return []string{"unsuspend", "deactivate"}
	}
	links := []string{"suspend", "resetPassword", "deactivate"}
	if u.hasPassword() {
		links = append(links, "forgotPassword", "expirePassword", "changeRecoveryQuestion", "changePassword")
	}
	if u.question != "" {
		links = append(links, "resetFactors")
	}
	if u.status == lockedOut {
		links = append(links, "unlock")
	}
	return links
}

// getMe answers with the token's owner. A service app has none: that it is refused, and not told that there is no such
// user, is UNVERIFIED.
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
	return c.linkPage(c.groupItems(c.s.memberOf[u.id]), 200, 10_000)
}

func (c *call) clearSessions() reply {
	u, bad := c.user()
	if bad != nil {
		return *bad
	}
	if bad := c.guarded(u); bad != nil {
		return *bad
	}
	c.s.endSessions(u.id)
	c.s.log(c.author(), c.now, event{kind: "user.session.clear", message: "Clear user session", targets: []party{c.s.userParty(u.id)}})
	return noContent()
}
