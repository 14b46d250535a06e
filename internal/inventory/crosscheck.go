package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// crossCheck holds the collections against each other: a list that was cut short, or filtered for a caller with few
// rights, shows in another list. What may only be a change between two reads is read once more before it counts.
func (c *collector) crossCheck(ctx context.Context) {
	if found := c.disagreements(); len(found) > 0 {
		c.readAgain(ctx, found)
		c.readPrincipals(ctx)
	}
	byCollection := map[string][]string{}
	for _, d := range c.disagreements() {
		byCollection[d.collection] = append(byCollection[d.collection], d.what)
	}
	for _, collection := range sortedKeys(byCollection) {
		c.fail(collection, "%s", enumerate(byCollection[collection]))
	}
	c.expectListed()
	c.expectSuperAdmin()
}

// disagreement is one fact that one collection shows and another, which should, does not.
type disagreement struct {
	collection string // the one that lacks it
	what       string // for people
	kind, id   string // the principal that it is about
	setID      string // the resource set that it is about; may be empty
}

// disagreements returns all of them, sorted. A principal or set whose reading failed is left out: that is said already.
func (c *collector) disagreements() []disagreement {
	var out []disagreement
	for _, key := range sortedKeys(c.snap.Bindings) {
		b := c.snap.Bindings[key]
		for _, m := range b.Members {
			roles, collection, known := c.rolesOf(m)
			if !known || slices.ContainsFunc(roles, func(a org.Assignment) bool { return gives(a, b) }) {
				continue
			}
			out = append(out, disagreement{collection, fmt.Sprintf(
				"%s is bound to role %q on resource set %q, which its roles do not show", c.name(m.PrincipalKind, m.PrincipalID), b.CustomRoleID, b.ResourceSetID,
			), m.PrincipalKind, m.PrincipalID, b.ResourceSetID})
		}
	}
	out = append(out, c.unbound(org.PrincipalUser, c.userRoles)...)
	out = append(out, c.unbound(org.PrincipalGroup, c.groupRoles)...)
	out = append(out, c.unbound(org.PrincipalClient, c.appRoles)...)
	out = append(out, c.untold()...)
	for _, id := range sortedKeys(c.snap.Groups) {
		flag, roles := c.snap.Groups[id].HasAdminRoles, c.groupRoles[id]
		if _, known := c.groupRoles[id]; known && flag != nil && *flag && len(roles) == 0 {
			out = append(out, disagreement{
				org.CollectGroupRoles, c.name(org.PrincipalGroup, id) + " is said to hold admin roles, and none is listed", org.PrincipalGroup, id, "",
			})
		}
	}
	return out
}

// untold returns what users are said to hold and the lists that should show it do not: a user that Okta lists as holding
// roles, and that has none; a role through a group that has no such member or no such role.
func (c *collector) untold() []disagreement {
	var out []disagreement
	for _, id := range sortedUnique(c.assignees) {
		if roles, known := c.userRoles[id]; known && len(roles) == 0 {
			out = append(out, disagreement{
				org.CollectUserRoles, c.name(org.PrincipalUser, id) + " is listed as holding roles, and holds none", org.PrincipalUser, id, "",
			})
		}
	}
	for _, id := range sortedKeys(c.userRoles) {
		for _, a := range c.userRoles[id] {
			roles, known := c.groupRoles[a.ViaGroupID]
			if a.Direct() || !known {
				continue
			}
			what := fmt.Sprintf("%s holds %s through group %q", c.name(org.PrincipalUser, id), a.Type, a.ViaGroupID)
			if !slices.ContainsFunc(roles, func(r org.Assignment) bool { return r.Type == a.Type && r.CustomRoleID == a.CustomRoleID }) {
				out = append(out, disagreement{org.CollectGroupRoles, what + ", whose roles do not show it", org.PrincipalGroup, a.ViaGroupID, ""})
			} else if members, read := c.snap.GroupMembers[a.ViaGroupID]; read && !slices.Contains(members, id) {
				out = append(out, disagreement{org.CollectGroupMembers, what + ", which does not have it as a member", org.PrincipalGroup, a.ViaGroupID, ""})
			}
		}
	}
	return out
}

// rolesOf returns the roles of a member and the collection that they are in, if they are known.
func (c *collector) rolesOf(m org.Member) (roles []org.Assignment, collection string, known bool) {
	switch m.PrincipalKind {
	case org.PrincipalUser:
		roles, known = c.userRoles[m.PrincipalID]
		return roles, org.CollectUserRoles, known
	case org.PrincipalGroup:
		roles, known = c.groupRoles[m.PrincipalID]
		return roles, org.CollectGroupRoles, known
	case org.PrincipalClient:
		roles, known = c.appRoles[m.PrincipalID]
		return roles, org.CollectAppRoles, known
	}
	return nil, "", false
}

// gives tells whether a is what a member of b holds. Okta's own roles on resource sets are bound under their type.
func gives(a org.Assignment, b org.Binding) bool {
	if !a.Direct() {
		return false
	}
	if a.Type == access.RoleCustom {
		return a.CustomRoleID == b.CustomRoleID && a.ResourceSetID == b.ResourceSetID
	}
	return a.Type == b.CustomRoleID && (a.ResourceSetID == "" || a.ResourceSetID == b.ResourceSetID)
}

// unbound returns the custom roles that principals hold directly and that no binding shows.
func (c *collector) unbound(kind string, roles map[string][]org.Assignment) []disagreement {
	var out []disagreement
	for _, id := range sortedKeys(roles) {
		for _, a := range roles[id] {
			if a.Type != access.RoleCustom || !a.Direct() || !c.setsRead[a.ResourceSetID] {
				continue
			}
			b := c.snap.Bindings[org.Binding{ResourceSetID: a.ResourceSetID, CustomRoleID: a.CustomRoleID}.Key()]
			bound := slices.ContainsFunc(b.Members, func(m org.Member) bool { return m.PrincipalKind == kind && m.PrincipalID == id })
			if !bound {
				out = append(out, disagreement{org.CollectBindings, fmt.Sprintf(
					"%s holds custom role %q on resource set %q, which no binding shows", c.name(kind, id), a.CustomRoleID, a.ResourceSetID,
				), kind, id, a.ResourceSetID})
			}
		}
	}
	return out
}

// readAgain reads once more what the disagreements are about.
func (c *collector) readAgain(ctx context.Context, found []disagreement) {
	ids := map[string][]string{}
	var sets []string
	for _, d := range found {
		sets = append(sets, d.setID)
		ids[d.kind] = append(ids[d.kind], d.id)
	}
	c.readBindingsOf(ctx, sortedUnique(sets))
	c.readAssigneesAgain(ctx)
	groups := sortedUnique(ids[org.PrincipalGroup])
	c.readRoles(
		ctx, c.rolesOfGroups(groups), c.rolesOfUsers(sortedUnique(ids[org.PrincipalUser])),
		c.rolesOfApps(sortedUnique(ids[org.PrincipalClient])),
	)
	c.readMembers(ctx, groups)
}

// readAssigneesAgain takes the present list of users with roles, if it can be had.
func (c *collector) readAssigneesAgain(ctx context.Context) {
	again := attempt(func() ([]string, error) { return c.src.RoleAssignees(ctx) })
	c.count(org.CollectUserRoles, 1)
	if again.err == nil {
		c.assignees = again.value
	}
}

// expectListed fails the lists that lack what assignments and bindings name.
func (c *collector) expectListed() {
	var roles, sets, groups []string
	for _, assignments := range []map[string][]org.Assignment{c.userRoles, c.groupRoles, c.appRoles} {
		for _, id := range sortedKeys(assignments) {
			for _, a := range assignments[id] {
				groups = append(groups, a.ViaGroupID)
				if a.Type != access.RoleCustom {
					continue
				}
				if a.CustomRoleID == "" || a.ResourceSetID == "" {
					c.fail(collectionOf(a), "%s holds a custom role without the role's id or the set's", c.name(a.PrincipalKind, a.PrincipalID))
				}
				roles, sets = append(roles, a.CustomRoleID), append(sets, a.ResourceSetID)
			}
		}
	}
	groups = append(groups, c.membersOfBindings(org.PrincipalGroup)...)
	expectIn(c, org.CollectCustomRoles, "custom role", roles, c.snap.CustomRoles)
	expectIn(c, org.CollectResourceSets, "resource set", sets, c.snap.ResourceSets)
	expectIn(c, org.CollectGroups, "group", groups, c.snap.Groups)
	expectIn(c, org.CollectApps, "service app", c.membersOfBindings(org.PrincipalClient), c.snap.Apps)
	c.expectKnownMembers()
}

// expectIn fails a collection that lacks ids which others name.
func expectIn[T any](c *collector, collection, what string, ids []string, listed map[string]T) {
	if c.failed(collection) {
		return
	}
	var missing []string
	for _, id := range sortedUnique(ids) {
		if _, ok := listed[id]; !ok {
			missing = append(missing, fmt.Sprintf("%s %q is in use, and was not listed", what, id))
		}
	}
	if len(missing) > 0 {
		c.fail(collection, "%s", enumerate(missing))
	}
}

// expectKnownMembers fails bindings whose members are of a kind that nobody knows how to look at.
func (c *collector) expectKnownMembers() {
	for _, key := range sortedKeys(c.snap.Bindings) {
		b := c.snap.Bindings[key]
		for _, m := range b.Members {
			known := m.PrincipalKind == org.PrincipalUser || m.PrincipalKind == org.PrincipalGroup || m.PrincipalKind == org.PrincipalClient
			if !known || m.PrincipalID == "" {
				c.fail(org.CollectBindings, "role %q on resource set %q has a member %q of kind %q, id %q", b.CustomRoleID, b.ResourceSetID, m.ID, m.PrincipalKind, m.PrincipalID)
			}
		}
	}
}

// expectSuperAdmin fails the roles of users where nobody is seen to be a super admin: an org always has one, assigned to
// the user (help.okta.com), so that a list without any was filtered or cut.
func (c *collector) expectSuperAdmin() {
	for _, assignments := range c.userRoles {
		if slices.ContainsFunc(assignments, func(a org.Assignment) bool { return a.Type == access.RoleSuperAdmin }) {
			return
		}
	}
	if !c.failed(org.CollectUserRoles) {
		c.fail(org.CollectUserRoles, "no user is seen to hold %s, and an org always has one that does", access.RoleSuperAdmin)
	}
}

func collectionOf(a org.Assignment) string {
	switch a.PrincipalKind {
	case org.PrincipalGroup:
		return org.CollectGroupRoles
	case org.PrincipalClient:
		return org.CollectAppRoles
	}
	return org.CollectUserRoles
}

// name says which principal is meant, for people.
func (c *collector) name(kind, id string) string {
	name := id
	switch kind {
	case org.PrincipalUser:
		if u, known := c.snap.Users[id]; known {
			name = u.Login
		}
	case org.PrincipalGroup:
		if g, known := c.snap.Groups[id]; known {
			name = g.Name
		}
	case org.PrincipalClient:
		if a, known := c.snap.Apps[id]; known {
			name = a.Label
		}
	}
	return fmt.Sprintf("%s %q", strings.ToLower(kind), name)
}

// enumerate lists the first few of many.
func enumerate(items []string) string {
	const most = 5
	if len(items) <= most {
		return strings.Join(items, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(items[:most], "; "), len(items)-most)
}
