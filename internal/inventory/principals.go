package inventory

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/org"
)

// findAccounts finds the accounts of scope: among the users listed, else one by one.
func (c *collector) findAccounts(ctx context.Context) {
	byLogin := map[string]string{}
	for _, u := range c.snap.Users {
		byLogin[strings.ToLower(u.Login)] = u.ID
	}
	var missing []string
	for _, account := range sortedUnique(c.scope.Accounts) {
		if _, listed := c.snap.Users[account]; listed {
			c.accounts[account] = true
		} else if id, listed := byLogin[strings.ToLower(account)]; listed {
			c.accounts[id] = true
		} else {
			missing = append(missing, account)
		}
	}
	results := c.lookUp(ctx, missing, func(account string) { c.absent[account] = true })
	for i, r := range results {
		if r.err != nil {
			c.fail(org.CollectUserRoles, "account %q could not be looked up", missing[i])
			continue
		}
		if r.value.ID != "" {
			c.accounts[r.value.ID] = true
		}
	}
}

// lookUp asks for users one by one and puts them into the snapshot. Those that do not exist are given to notFound, and
// their results are without error and without id.
func (c *collector) lookUp(ctx context.Context, idsOrLogins []string, notFound func(string)) []result[org.User] {
	results := readEach(ctx, idsOrLogins, c.src.User)
	c.count(org.CollectUsers, len(idsOrLogins))
	for i, r := range results {
		var answer interface{ NotFound() bool }
		switch {
		case errors.As(r.err, &answer) && answer.NotFound():
			results[i] = result[org.User]{}
			notFound(idsOrLogins[i])
		case r.err == nil && r.value.ID == "":
			results[i].err = errors.New("the answer has no id")
		case r.err == nil:
			c.snap.Users[r.value.ID] = r.value
			c.found[r.value.ID] = r.value
		}
	}
	c.expectLogins()
	if reason := failures("user", idsOrLogins, results); reason != "" {
		c.fail(org.CollectUsers, "%s", reason)
	}
	return results
}

// findUsers looks up the principals that the list of users left out, such as those that are DEPROVISIONED.
func (c *collector) findUsers(ctx context.Context) {
	var missing []string
	ids := c.usersToRead()
	for _, members := range c.snap.GroupMembers {
		ids = append(ids, members...)
	}
	for _, id := range sortedUnique(ids) {
		if _, known := c.snap.Users[id]; !known && !c.absent[id] {
			missing = append(missing, id)
		}
	}
	c.lookUp(ctx, missing, func(id string) {
		c.fail(org.CollectUsers, "user %q holds a role, a token or a membership, and does not exist", id)
	})
	c.expectListedUsers(ctx)
}

// expectListedUsers fails the list of users that lacks some which are there: only those that are DEPROVISIONED are left out of
// it. One that is new since is in a second list.
func (c *collector) expectListedUsers(ctx context.Context) {
	unlisted := func(listed map[string]bool) []string {
		return slices.DeleteFunc(sortedKeys(c.found), func(id string) bool { return listed[id] || c.found[id].Status == "DEPROVISIONED" })
	}
	if c.failed(org.CollectUsers) || len(unlisted(nil)) == 0 {
		return
	}
	again := attempt(func() ([]org.User, error) { return c.src.Users(ctx) })
	c.count(org.CollectUsers, 1)
	listed := map[string]bool{}
	for _, u := range again.value {
		listed[u.ID] = true
	}
	if left := unlisted(listed); len(left) > 0 {
		c.fail(org.CollectUsers, "%d users are there and not in the list, the first is %q: the caller may not see all of them", len(left), left[0])
	}
}

// readPrincipals reads roles and members until no principal is left that was not asked for: an account's roles can name
// another group.
func (c *collector) readPrincipals(ctx context.Context) {
	for {
		groups := c.unasked(c.groupsToRead())
		users, apps := c.unasked(c.usersToRead()), c.unasked(c.appsToRead())
		c.readRoles(ctx, c.rolesOfGroups(groups), c.rolesOfUsers(users), c.rolesOfApps(apps))
		c.readMembers(ctx, groups)
		if len(groups) == 0 && len(users) == 0 && len(apps) == 0 {
			return
		}
	}
}

// unasked returns those of ids that were not asked for before, and notes them.
func (c *collector) unasked(ids []string) []string {
	out := slices.DeleteFunc(ids, func(id string) bool { return c.asked[id] })
	for _, id := range out {
		c.asked[id] = true
	}
	return out
}

// groupsToRead returns the ids of groups that may hold roles, sorted.
func (c *collector) groupsToRead() []string {
	var ids []string
	for id, g := range c.snap.Groups {
		if g.HasAdminRoles == nil || *g.HasAdminRoles {
			ids = append(ids, id)
		}
	}
	ids = append(ids, c.membersOfBindings(org.PrincipalGroup)...)
	for _, assignments := range c.userRoles {
		for _, a := range assignments {
			ids = append(ids, a.ViaGroupID)
		}
	}
	return sortedUnique(ids)
}

// usersToRead returns the ids of users whose roles matter, sorted. Members of groups that hold roles are not among them for
// that alone: what they hold through the group is known by its members, and what they hold themselves makes Okta list them.
func (c *collector) usersToRead() []string {
	ids := slices.Concat(c.assignees, slices.Collect(maps.Keys(c.accounts)), c.membersOfBindings(org.PrincipalUser))
	for _, t := range c.snap.Tokens {
		ids = append(ids, t.UserID)
	}
	for id, u := range c.snap.Users {
		if c.scope.IsServiceAccount != nil && c.scope.IsServiceAccount(u.Login) {
			ids = append(ids, id)
		}
	}
	return sortedUnique(ids)
}

// appsToRead returns the ids of apps that may hold roles, sorted.
func (c *collector) appsToRead() []string {
	return sortedUnique(append(slices.Collect(maps.Keys(c.snap.Apps)), c.membersOfBindings(org.PrincipalClient)...))
}

func (c *collector) membersOfBindings(kind string) []string {
	var ids []string
	for _, b := range c.snap.Bindings {
		for _, m := range b.Members {
			if m.PrincipalKind == kind {
				ids = append(ids, m.PrincipalID)
			}
		}
	}
	return ids
}

// roleReading is what is to be read of principals of one kind.
type roleReading struct {
	collection, kind string
	ids              []string
	read             func(context.Context, string) ([]org.Assignment, error)
	into             map[string][]org.Assignment
}

func (c *collector) rolesOfUsers(ids []string) roleReading {
	return roleReading{org.CollectUserRoles, org.PrincipalUser, ids, c.src.UserRoles, c.userRoles}
}

func (c *collector) rolesOfGroups(ids []string) roleReading {
	return roleReading{org.CollectGroupRoles, org.PrincipalGroup, ids, c.src.GroupRoles, c.groupRoles}
}

func (c *collector) rolesOfApps(ids []string) roleReading {
	return roleReading{org.CollectAppRoles, org.PrincipalClient, ids, c.src.AppRoles, c.appRoles}
}

// readRoles asks for the roles of principals, in place of what is known of them. Kinds are asked for side by side: Okta
// limits the rate of each by itself.
func (c *collector) readRoles(ctx context.Context, readings ...roleReading) {
	results := make([][]result[[]org.Assignment], len(readings))
	tasks := make([]func(), len(readings))
	for i, r := range readings {
		tasks[i] = func() { results[i] = readEach(ctx, r.ids, r.read) }
	}
	together(tasks...)
	for i, r := range readings {
		c.takeRoles(r, results[i])
	}
}

func (c *collector) takeRoles(r roleReading, results []result[[]org.Assignment]) {
	kind := strings.ToLower(r.kind)
	c.count(r.collection, len(r.ids))
	if reason := failures("roles of "+kind, r.ids, results); reason != "" {
		c.fail(r.collection, "%s", reason)
	}
	for i, found := range results {
		if found.err != nil {
			continue
		}
		r.into[r.ids[i]] = found.value
		for _, a := range found.value {
			switch {
			case a.PrincipalID != r.ids[i] || a.PrincipalKind != r.kind:
				c.fail(r.collection, "roles of %s %q: an assignment of %s %q was among them", kind, r.ids[i], strings.ToLower(a.PrincipalKind), a.PrincipalID)
			case a.Type == "":
				c.fail(r.collection, "roles of %s %q: an assignment without a type was among them", kind, r.ids[i])
			}
		}
	}
}

// readMembers asks for the members of those groups that hold roles. Where a group's roles are not known, it is not known
// whether its members matter.
func (c *collector) readMembers(ctx context.Context, groupIDs []string) {
	var holders []string
	for _, id := range groupIDs {
		switch roles, known := c.groupRoles[id]; {
		case !known:
			c.fail(org.CollectGroupMembers, "whether group %q holds roles is not known", id)
		case len(roles) > 0:
			holders = append(holders, id)
		}
	}
	results := readEach(ctx, holders, c.src.GroupMembers)
	c.count(org.CollectGroupMembers, len(holders))
	if reason := failures("members of group", holders, results); reason != "" {
		c.fail(org.CollectGroupMembers, "%s", reason)
	}
	for i, r := range results {
		if r.err == nil {
			c.snap.GroupMembers[holders[i]] = sortedUnique(r.value)
			if slices.Contains(r.value, "") {
				c.fail(org.CollectGroupMembers, "members of group %q: a member without an id was listed", holders[i])
			}
		}
	}
}

// sortedUnique returns ids sorted, without doubles and without the empty one; never nil.
func sortedUnique(ids []string) []string {
	out := append([]string{}, ids...)
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(id string) bool { return id == "" })
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
