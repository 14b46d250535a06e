// Creating, changing and deleting groups, and their members. https://developer.okta.com/docs/api, "Groups"

package oktaemu

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// groupInput reads the body into the group: a profile that fits the schema, with a name that no other group has. That
// the name of an imported group counts too, and how the refusals read, is UNVERIFIED.
func (c *call) groupInput(g group) (group, *reply) {
	var in struct {
		Profile obj `json:"profile"`
	}
	if bad := c.read(&in); bad != nil {
		return g, bad
	}
	if in.Profile == nil {
		in.Profile = obj{}
	}
	if bad := c.s.schemas[groupSchema].check(in.Profile, "profile"); bad != nil {
		return g, bad
	}
	g.name = text(in.Profile, "name")
	if other, taken := c.s.groupByName(g.name); taken && other.id != g.id {
		r := invalid("name", "An object with this field already exists in the current organization")
		return g, &r
	}
	g.attributes, g.changed = rest(in.Profile, "name"), c.now
	return g, nil
}

func (c *call) createGroup() reply {
	g, bad := c.groupInput(group{kind: oktaGroup, created: c.now, membersChanged: c.now})
	if bad != nil {
		return *bad
	}
	seq := c.s.next()
	g.id = oktaID("00g", g.name, strconv.Itoa(seq))
	c.s.groups.put(g.id, seq, g)
	c.logGroup("group.lifecycle.create", "Create Okta group", g)
	return jsonReply(http.StatusOK, c.groupBody(g))
}

// groupParty is made of the group itself, as one that is deleted is not found any more.
func groupParty(g group) party {
	return party{id: g.id, kind: "UserGroup", alternateID: "unknown", name: g.name}
}

func (c *call) logGroup(kind, message string, g group) {
	c.s.log(c.author(), c.now, event{kind: kind, message: message, targets: []party{groupParty(g)}})
}

// replaceGroup changes groups of Okta's own only, as documented.
func (c *call) replaceGroup() reply {
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	if bad := c.openGroup(g); bad != nil {
		return *bad
	}
	if g, bad = c.groupInput(g); bad != nil {
		return *bad
	}
	c.s.groups.put(g.id, 0, g)
	c.logGroup("group.profile.update", "Update Okta group profile", g)
	return jsonReply(http.StatusOK, c.groupBody(g))
}

// deleteGroup keeps built-in groups; how Okta says so is UNVERIFIED.
func (c *call) deleteGroup() reply {
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	if bad := c.guardedGroup(g); bad != nil {
		return *bad
	}
	if g.kind == builtIn {
		return forbidden()
	}
	c.s.forgetGroup(c.author(), g.id, c.now)
	c.logGroup("group.lifecycle.delete", "Delete Okta group", g)
	return noContent()
}

// openGroup tells why the caller may not change the group or its members, if so: only groups of Okta's own can be
// changed, and one that holds a role only by super admins, as only they may give roles (UNVERIFIED for its members).
func (c *call) openGroup(g group) *reply {
	if g.kind != oktaGroup {
		r := forbidden()
		return &r
	}
	return c.guardedGroup(g)
}

func (c *call) listMembers() reply {
	g, bad := c.group()
	if bad != nil {
		return *bad
	}
	var items []listed
	for _, id := range c.s.membersOf[g.id] {
		items = append(items, listed{c.s.users.seqs[id], func() obj { return c.userItem(c.s.users.rows[id]) }})
	}
	slices.SortFunc(items, func(a, b listed) int { return a.seq - b.seq })
	return c.linkPage(items, 1000, 1000)
}

// membership finds the group and user of the path, for a change.
func (c *call) membership() (group, user, *reply) {
	g, bad := c.group()
	if bad != nil {
		return group{}, user{}, bad
	}
	u, bad := c.userOf(c.vars["member"])
	if bad != nil {
		return group{}, user{}, bad
	}
	return g, u, c.openGroup(g)
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

// joinNow makes a user a member of a group at that time.
func (s *state) joinNow(groupID, userID string, now time.Time) {
	s.join(groupID, userID)
	s.membersMoved(groupID, now)
}

// membersMoved notes when a group's members last changed.
func (s *state) membersMoved(groupID string, now time.Time) {
	g := s.groups.rows[groupID]
	g.membersChanged = now
	s.groups.put(groupID, 0, g)
}
