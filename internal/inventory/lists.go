package inventory

import (
	"context"
	"reflect"

	"github.com/stepdown/stepdown/internal/org"
)

// readLists asks for everything that is listed once for the whole org.
func (c *collector) readLists(ctx context.Context) {
	var (
		users     result[[]org.User]
		groups    result[[]org.Group]
		assignees result[[]string]
		roles     result[[]org.CustomRole]
		sets      result[[]org.ResourceSet]
		tokens    result[[]org.Token]
		apps      result[[]org.App]
	)
	together(
		func() { users = attempt(func() ([]org.User, error) { return c.src.Users(ctx) }) },
		func() { groups = attempt(func() ([]org.Group, error) { return c.src.Groups(ctx) }) },
		func() { assignees = attempt(func() ([]string, error) { return c.src.RoleAssignees(ctx) }) },
		func() { roles = attempt(func() ([]org.CustomRole, error) { return c.src.CustomRoles(ctx) }) },
		func() { sets = attempt(func() ([]org.ResourceSet, error) { return c.src.ResourceSets(ctx) }) },
		func() { tokens = attempt(func() ([]org.Token, error) { return c.src.Tokens(ctx) }) },
		func() { apps = attempt(func() ([]org.App, error) { return c.src.Apps(ctx) }) },
	)
	take(c, org.CollectUsers, users, c.snap.Users, func(u org.User) string { return u.ID })
	take(c, org.CollectGroups, groups, c.snap.Groups, func(g org.Group) string { return g.ID })
	take(c, org.CollectCustomRoles, roles, c.snap.CustomRoles, func(r org.CustomRole) string { return r.ID })
	take(c, org.CollectResourceSets, sets, c.snap.ResourceSets, func(s org.ResourceSet) string { return s.ID })
	take(c, org.CollectTokens, tokens, c.snap.Tokens, func(t org.Token) string { return t.ID })
	c.expectLogins()
	c.takeApps(apps)
	c.takeAssignees(assignees)
	c.expectNotEmpty()
}

// take puts what was listed into the snapshot by its id. An entry without an id cannot be told from others.
func take[T any](c *collector, collection string, r result[[]T], into map[string]T, id func(T) string) {
	c.count(collection, 1)
	if r.err != nil {
		c.fail(collection, "%s", reason(r.err))
		return
	}
	for _, v := range r.value {
		if id(v) == "" {
			c.fail(collection, "an entry without an id was listed")
			continue
		}
		if other, twice := into[id(v)]; twice && !reflect.DeepEqual(other, v) {
			c.fail(collection, "two entries of the id %q were listed", id(v))
		}
		into[id(v)] = v
	}
}

// expectLogins fails the users where one has no login: whether it is a service account cannot be told.
func (c *collector) expectLogins() {
	for _, id := range sortedKeys(c.snap.Users) {
		if c.snap.Users[id].Login == "" {
			c.fail(org.CollectUsers, "user %q has no login", id)
		}
	}
}

// takeApps keeps the apps to which roles can be assigned. The list of all of them shows whether the caller sees any: a
// service app at least itself.
func (c *collector) takeApps(r result[[]org.App]) {
	all := map[string]org.App{}
	take(c, org.CollectApps, r, all, func(a org.App) string { return a.ID })
	_, own := all[c.scope.OwnApp]
	switch {
	case c.failed(org.CollectApps):
	case len(all) == 0:
		c.fail(org.CollectApps, "came back empty: the org has no OAuth client, or the caller may not see them, and nothing tells which")
	case c.scope.OwnApp != "" && !own:
		c.fail(org.CollectApps, "the list lacks the app %q, which asks", c.scope.OwnApp)
	}
	for id, a := range all {
		if a.MayHoldRoles() {
			c.snap.Apps[id] = a
		}
	}
}

func (c *collector) takeAssignees(r result[[]string]) {
	c.count(org.CollectUserRoles, 1)
	switch {
	case r.err != nil:
		c.fail(org.CollectUserRoles, "%s", reason(r.err))
	case len(r.value) == 0:
		c.fail(org.CollectUserRoles, "the list of users with roles came back empty; an org always has an administrator")
	}
	c.assignees = r.value
}

// expectNotEmpty fails lists that came back empty where they cannot be: Okta answers a caller without rights with an
// empty list rather than a refusal for some of them.
func (c *collector) expectNotEmpty() {
	if !c.failed(org.CollectUsers) && len(c.snap.Users) == 0 {
		c.fail(org.CollectUsers, "came back empty; an org always has a user")
	}
	if !c.failed(org.CollectGroups) && len(c.snap.Groups) == 0 {
		c.fail(org.CollectGroups, "came back empty; an org always has the group Everyone")
	}
	if !c.failed(org.CollectTokens) && len(c.snap.Tokens) == 0 {
		c.fail(org.CollectTokens, "came back empty: the org has none, or the caller may not see them, and nothing tells which")
	}
	if c.failed(org.CollectUsers) {
		c.fail(org.CollectUserRoles, "the service accounts are not known: the users could not be listed")
	}
	if c.failed(org.CollectGroups) {
		c.fail(org.CollectGroupRoles, "the groups are not known: they could not be listed")
		c.fail(org.CollectGroupMembers, "the groups that hold roles are not known: the groups could not be listed")
	}
	if c.failed(org.CollectApps) {
		c.fail(org.CollectAppRoles, "the service apps are not known: they could not be listed")
	}
	if c.failed(org.CollectResourceSets) {
		c.fail(org.CollectBindings, "the resource sets are not known: they could not be listed")
	}
}

// readBindings asks for the bindings of every resource set.
func (c *collector) readBindings(ctx context.Context) {
	c.readBindingsOf(ctx, sortedKeys(c.snap.ResourceSets))
}

// readBindingsOf asks for the bindings of the sets of those ids, in place of what is known of them.
func (c *collector) readBindingsOf(ctx context.Context, setIDs []string) {
	results := readEach(ctx, setIDs, c.src.Bindings)
	c.count(org.CollectBindings, len(setIDs))
	if reason := failures("bindings of resource set", setIDs, results); reason != "" {
		c.fail(org.CollectBindings, "%s", reason)
	}
	for i, r := range results {
		if r.err != nil {
			continue
		}
		for key, b := range c.snap.Bindings {
			if b.ResourceSetID == setIDs[i] {
				delete(c.snap.Bindings, key)
			}
		}
		c.setsRead[setIDs[i]] = true
		for _, b := range r.value {
			if b.ResourceSetID != setIDs[i] || b.CustomRoleID == "" {
				c.fail(org.CollectBindings, "resource set %q listed a binding of role %q on set %q", setIDs[i], b.CustomRoleID, b.ResourceSetID)
				continue
			}
			if b.Members == nil {
				b.Members = []org.Member{}
			}
			c.snap.Bindings[b.Key()] = b
		}
	}
}
