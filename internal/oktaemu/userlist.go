// The list of users and what it can be searched by. https://developer.okta.com/docs/api, "Users", "List all users"

package oktaemu

import (
	"fmt"
	"strconv"
	"strings"
)

// listUsers omits DEPROVISIONED users unless a filter or search asks for something.
func (c *call) listUsers() reply {
	var rows []row
	for seq, u := range c.s.users.all() {
		rows = append(rows, row{seq, u.id, c.s.userValues(u), func() obj { return c.userItem(u) }})
	}
	return c.listRows(rows, listing{
		filter: userFilter(), search: c.s.userSearch(), prefixes: []string{"profile.firstName", "profile.lastName", "profile.email"},
		unasked: func(values func(string) []string) bool { return values("status")[0] != deprovisioned },
		limit:   200, most: 200, found: 10,
	})
}

// userFilter has few attributes, and compares values by case, as documented.
func userFilter() language {
	l := language{sameCase: true, operators: map[string][]string{"lastUpdated": {"eq", "gt", "ge", "lt", "le"}}}
	for _, name := range []string{"id", "status", "profile.login", "profile.email", "profile.firstName", "profile.lastName"} {
		l.operators[name] = []string{"eq"}
	}
	return l
}

// userSearch has all attributes of the schema. What Okta says to one that is not defined is UNVERIFIED; here it is an
// error. The operators ne and not are not supported, as documented.
func (s *state) userSearch() language {
	l := language{operators: map[string][]string{}}
	for _, name := range []string{"id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id"} {
		l.operators[name] = searchOperators()
	}
	for _, a := range s.schemas[userSchema].attributes() {
		l.operators["profile."+a.name] = searchOperators()
	}
	for _, name := range []string{"firstName", "lastName", "email", "login"} {
		l.operators["profile."+name] = append(searchOperators(), "co")
	}
	return l
}

// searchOperators are those of every attribute; co is of some only, as documented.
func searchOperators() []string { return []string{"eq", "sw", "gt", "ge", "lt", "le", "pr"} }

// userValues returns what an expression may compare an attribute of the user with.
func (s *state) userValues(u user) func(string) []string {
	return func(attribute string) []string {
		switch attribute {
		case "id":
			return []string{u.id}
		case "status":
			return []string{u.status}
		case "created":
			return []string{stamp(u.created)}
		case "lastUpdated":
			return []string{stamp(u.changed)}
		case "activated":
			return valuesOf(orNull(u.activated))
		case "statusChanged":
			return valuesOf(orNull(u.statusChanged))
		case "type.id":
			return []string{s.typeID()}
		}
		return valuesOf(s.profile(u)[strings.TrimPrefix(attribute, "profile.")])
	}
}

// valuesOf is a value of a profile as an expression writes it; of an array, each element.
func valuesOf(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case float64:
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, valuesOf(one)...)
		}
		return out
	}
	return []string{fmt.Sprint(value)}
}
