// Checks that the parts of a seed fit together, so that an org never starts half made.

package oktaemu

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// userStatuses are the statuses of a user that Okta's OpenAPI document lists.
func userStatuses() []string {
	return []string{"ACTIVE", "DEPROVISIONED", "LOCKED_OUT", "PASSWORD_EXPIRED", "PROVISIONED", "RECOVERY", "STAGED", "SUSPENDED"}
}

// check returns every complaint about the seed, joined.
func (s Seed) check() error {
	c := &seedCheck{}
	if s.Org.Subdomain == "" {
		c.add("org: subdomain is missing")
	}
	if s.Org.PageSize < 0 || s.Org.Lag < 0 || s.Org.Latency < 0 {
		c.add("org: pageSize, lag and latency are 0 or more")
	}
	if err := checkQuirks(s.Org.Quirks); err != nil {
		c.add("org: %w", err)
	}
	if err := s.Org.limits().check(); err != nil {
		c.add("org: %w", err)
	}
	if s.State != nil && len(s.Users)+len(s.Groups)+len(s.CustomRoles)+len(s.ResourceSets)+len(s.Tokens)+len(s.Zones)+len(s.Apps)+len(s.APIServices) > 0 {
		c.add("state: beside the state of a saved org there is only the section org")
	}
	roles := unique(c, "custom role", s.CustomRoles, func(r SeedCustomRole) string { return r.Label })
	sets := unique(c, "resource set", s.ResourceSets, func(r SeedResourceSet) string { return r.Label })
	logins := unique(c, "user", s.Users, func(u SeedUser) string { return strings.ToLower(u.Login) })
	unique(c, "API service", s.APIServices, func(a SeedAPIService) string { return a.Name })
	for _, a := range s.APIServices {
		if err := a.check(); err != nil {
			c.add("apiServices: %w", err)
		}
	}
	zones := unique(c, "zone", s.Zones, func(z SeedZone) string { return z.Name })
	unique(c, "group", s.Groups, func(g SeedGroup) string { return g.Name })
	unique(c, "app", s.Apps, func(a SeedApp) string { return a.Label })
	for _, u := range s.Users {
		c.roles(fmt.Sprintf("user %q", u.Login), u.Roles, roles, sets)
		if u.Status != "" && !slices.Contains(userStatuses(), u.Status) {
			c.add("user %q: status %q is not one of %s", u.Login, u.Status, strings.Join(userStatuses(), ", "))
		}
		c.profile(u)
	}
	for _, g := range s.Groups {
		c.roles(fmt.Sprintf("group %q", g.Name), g.Roles, roles, sets)
		for _, m := range g.Members {
			if !logins[strings.ToLower(m)] {
				c.add("group %q: member %q is not a user of this seed", g.Name, m)
			}
		}
	}
	for _, a := range s.Apps {
		c.app(a, roles, sets)
	}
	for _, t := range s.Tokens {
		c.token(t, logins, zones)
	}
	return errors.Join(c.complaints...)
}

type seedCheck struct{ complaints []error }

func (c *seedCheck) add(format string, args ...any) {
	c.complaints = append(c.complaints, fmt.Errorf(format, args...))
}

// roles checks that each role is one of the two forms and names what exists, once.
func (c *seedCheck) roles(who string, held []SeedRole, roles, sets map[string]bool) {
	seen := map[SeedRole]bool{}
	for _, r := range held {
		switch {
		case (r.Type == "") == (r.Custom == ""):
			c.add("%s: a role is either a type or a custom role", who)
		case r.Type != "" && r.ResourceSet != "", r.Type == custom:
			c.add("%s: a custom role is written {custom: label, resourceSet: label}", who)
		case r.Custom != "" && !roles[r.Custom]:
			c.add("%s: custom role %q is not in this seed", who, r.Custom)
		case r.Custom != "" && !sets[r.ResourceSet]:
			c.add("%s: resource set %q is not in this seed", who, r.ResourceSet)
		case seen[r]:
			c.add("%s: the role %s%s is listed twice", who, r.Type, r.Custom)
		}
		seen[r] = true
	}
}

// profile checks that the profile holds text, and not what has fields of its own.
func (c *seedCheck) profile(u SeedUser) {
	for _, name := range slices.Sorted(maps.Keys(u.Profile)) {
		if _, ok := u.Profile[name].(string); !ok {
			c.add("user %q: %s in profile is not text", u.Login, name)
		}
		if slices.Contains([]string{"login", "firstName", "lastName"}, name) {
			c.add("user %q: %s does not belong in profile", u.Login, name)
		}
	}
}

func (c *seedCheck) token(t SeedToken, logins, zones map[string]bool) {
	if t.Name == "" {
		c.add("token: name is missing")
	}
	if t.Owner != "" && !logins[strings.ToLower(t.Owner)] {
		c.add("token %q: owner %q is not a user of this seed", t.Name, t.Owner)
	}
	if t.Network != "" && t.Network != anywhere && !zones[t.Network] {
		c.add("token %q: network %q is neither %s nor a zone of this seed", t.Name, t.Network, anywhere)
	}
}

// unique checks that every name is there once and returns the names as a set.
func unique[T any](c *seedCheck, kind string, items []T, name func(T) string) map[string]bool {
	seen := map[string]bool{}
	for i, item := range items {
		n := name(item)
		if n == "" {
			c.add("%s %d: its name is missing", kind, i+1)
		} else if seen[n] {
			c.add("%s %q is there twice", kind, n)
		}
		seen[n] = true
	}
	return seen
}
