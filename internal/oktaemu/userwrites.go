// Creating, changing and deleting users. https://developer.okta.com/docs/api, "Users"

package oktaemu

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// userInput is the body of a request that creates or changes a user. What it does not name is ignored.
type userInput struct {
	Profile     obj               `json:"profile"`
	Credentials *credentialsInput `json:"credentials"`
	GroupIDs    []string          `json:"groupIds"`
	Type        struct {
		ID string `json:"id"`
	} `json:"type"`
}

// userInput reads the body. The type can only be the default one; how Okta refuses another is UNVERIFIED.
func (c *call) userInput() (userInput, *reply) {
	var in userInput
	if bad := c.read(&in); bad != nil {
		return in, bad
	}
	if in.Type.ID != "" && in.Type.ID != "default" && in.Type.ID != c.s.typeID() {
		r := notFound(in.Type.ID, "UserType")
		return in, &r
	}
	return in, nil
}

// flag reads a parameter that is true or false. The wording of the refusal is UNVERIFIED.
func (c *call) flag(parameter string, fallback bool) (bool, *reply) {
	switch c.query.Get(parameter) {
	case "":
		return fallback, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	r := errorReply(http.StatusBadRequest, "E0000037", "Type mismatch exception.  "+parameter+" is true or false.")
	return fallback, &r
}

// createUser makes a user that is STAGED, or what activating it makes of it.
func (c *call) createUser() reply {
	in, bad := c.userInput()
	if bad != nil {
		return *bad
	}
	activate, bad := c.flag("activate", true)
	if bad != nil {
		return *bad
	}
	byProvider, bad := c.flag("provider", false)
	if bad != nil {
		return *bad
	}
	expire := c.query.Get("nextLogin") == "changePassword"
	if c.query.Get("nextLogin") != "" && (!expire || !activate) {
		return invalid("nextLogin", "is changePassword, with activate=true") // UNVERIFIED: how Okta refuses it
	}
	u, bad := c.newUser(in, byProvider)
	if bad != nil {
		return *bad
	}
	if bad := c.mayJoin(in.GroupIDs); bad != nil {
		return *bad
	}
	c.addUser(u, in.GroupIDs)
	if activate {
		c.activate(u)
	}
	if u = c.s.users.rows[u.id]; expire && u.hasPassword() {
		c.s.enter(c.author(), u, passwordExpired, c.now)
	}
	return jsonReply(http.StatusOK, c.userBody(c.s.users.rows[u.id]))
}

// newUser is the user that the input describes. Its id is made of the login and of its place, so that a login that is
// used again gets another.
func (c *call) newUser(in userInput, byProvider bool) (user, *reply) {
	if in.Profile == nil {
		in.Profile = obj{}
	}
	u, bad := c.withProfile(user{status: staged, provider: oktaProvider(), created: c.now, changed: c.now}, in.Profile, "newUser")
	if bad != nil {
		return u, bad
	}
	if u, bad = c.withCredentials(u, in.Credentials, byProvider); bad != nil {
		return u, bad
	}
	u.id = oktaID("00u", strings.ToLower(u.login), strconv.Itoa(c.s.seq))
	return u, nil
}

// mayJoin tells why the caller may not put somebody into those groups, if so.
func (c *call) mayJoin(groupIDs []string) *reply {
	if len(groupIDs) > 0 && !c.may(writeMembers) {
		r := forbidden()
		return &r
	}
	for _, id := range groupIDs {
		g, ok := c.s.groups.rows[id]
		if !ok {
			r := notFound(id, "UserGroup")
			return &r
		}
		if bad := c.openGroup(g); bad != nil {
			return bad
		}
	}
	return nil
}

// addUser adds the user, also to the group of everyone.
func (c *call) addUser(u user, groupIDs []string) {
	c.s.users.put(u.id, c.s.next(), u)
	c.s.log(c.author(), c.now, event{kind: "user.lifecycle.create", message: "Create Okta user", targets: []party{c.s.userParty(u.id)}})
	for _, g := range c.s.groups.all() {
		if g.name == everyone && g.kind == builtIn {
			c.s.joinNow(g.id, u.id, c.now)
		}
	}
	for _, id := range groupIDs {
		c.s.addMember(c.author(), id, u.id, c.now)
	}
}

// updateUser changes what the body names. An attribute that is null in it loses its value.
func (c *call) updateUser() reply {
	return c.change(func(u user, profile obj) obj {
		merged := c.s.profile(u)
		maps.Copy(merged, profile)
		return merged
	})
}

// replaceUser gives the user the profile of the body: an attribute that is not in it loses its value, as recorded.
func (c *call) replaceUser() reply {
	return c.change(func(_ user, profile obj) obj { return profile })
}

// change updates the user of the path with the profile that whole makes of the body's.
func (c *call) change(whole func(u user, profile obj) obj) reply {
	u, bad := c.user()
	if bad != nil {
		return *bad
	}
	if bad := c.guarded(u); bad != nil {
		return *bad
	}
	in, bad := c.userInput()
	if bad != nil {
		return *bad
	}
	if u.status == deprovisioned { // documented: profiles of such users do not change; how Okta says so is UNVERIFIED
		return wrongStatus()
	}
	before := u
	if in.Profile != nil {
		if u, bad = c.withProfile(u, whole(u, in.Profile), "user"); bad != nil { // UNVERIFIED: the subject of the refusal
			return *bad
		}
	}
	if u, bad = c.withCredentials(u, in.Credentials, true); bad != nil {
		return *bad
	}
	u.changed = c.now
	c.s.users.put(u.id, 0, u)
	if in.Profile != nil {
		c.s.log(c.author(), c.now, event{kind: "user.account.update_profile", message: "Update user profile for Okta", targets: []party{c.s.userParty(u.id)}})
	}
	if u.password != before.password || u.imported != before.imported {
		c.s.log(c.author(), c.now, event{kind: "user.account.update_password", message: "User update password for Okta", targets: []party{c.s.userParty(u.id)}})
	}
	return jsonReply(http.StatusOK, c.userBody(u))
}

// deleteUser deprovisions a user, and deletes one that is deprovisioned already, as recorded.
func (c *call) deleteUser() reply {
	u, bad := c.user()
	if bad != nil {
		return *bad
	}
	if bad := c.guarded(u); bad != nil {
		return *bad
	}
	if u.status != deprovisioned {
		if bad := c.deprovision(u); bad != nil {
			return *bad
		}
		return noContent()
	}
	target := c.s.userParty(u.id)
	c.s.forgetUser(c.author(), u.id, c.now)
	c.s.log(c.author(), c.now, event{kind: "user.lifecycle.delete.initiated", message: "Delete user", targets: []party{target}})
	return noContent()
}

// groupItems are the groups of those ids, as items of a list.
func (c *call) groupItems(ids []string) []listed {
	var items []listed
	for _, id := range ids {
		items = append(items, listed{c.s.groups.seqs[id], func() obj { return c.groupBody(c.s.groups.rows[id]) }})
	}
	slices.SortFunc(items, func(a, b listed) int { return a.seq - b.seq })
	return items
}
