// The org's data. A state is cheap to copy: rows are values and slices in it are replaced, never changed in place.

package oktaemu

import (
	"slices"
	"strings"
	"time"
)

const (
	superAdmin = "SUPER_ADMIN"
	custom     = "CUSTOM"
	everyone   = "Everyone"
	builtIn    = "BUILT_IN"
	active     = "ACTIVE"
	anywhere   = "ANYWHERE"
	inZone     = "ZONE"
	userClient = "Okta API" // clientName of a token that a person created
)

// tokenLife is how long a token lives after its last use.
const tokenLife = 30 * 24 * time.Hour

type principalKind string

const (
	userKind   principalKind = "USER"
	groupKind  principalKind = "GROUP"
	clientKind principalKind = "CLIENT" // a service app; its id is that of the app and of the OAuth client
)

// principal is who holds a role.
type principal struct {
	kind principalKind
	id   string
}

// assignment is a role that a principal holds itself. The id is that of Okta's role assignment; for a custom role it
// is also the id of the binding's member.
type assignment struct {
	id, kind             string // kind is the role type, or CUSTOM
	roleID, setID        string // of a custom role, or of a standard role that is bound to a fixed set
	created, lastUpdated time.Time
	targets              []target // what a standard role with a base32 id is limited to; none: everything
	seq                  int
}

// holding is an assignment as a user has it: its own, or through the group via.
type holding struct {
	assignment
	via string
}

// session is a sign-in to the Admin Console. admin says that it opened the console, which the log notes once.
type session struct {
	userID, xsrf, logID string
	admin               bool
}

// state is the whole org.
type state struct {
	orgID, subdomain, company string   `save:"-"` // in a saved org these are in its section org
	pageSize                  int      `save:"-"`
	quirks                    []string `save:"-"`
	created                   time.Time
	seq                       int // counts what was made; orders lists and makes ids
	served                    int // requests begun; makes request ids

	settings settings

	users       table[user]
	groups      table[group]
	roles       table[customRole]
	sets        table[resourceSet]
	tokens      table[token]
	zones       table[zone]
	apps        table[app]
	groupRules  table[groupRule]
	events      []event
	apiServices []apiService
	secrets     map[string]string    // SHA-256 of a token's value to the token's id
	access      map[string]access    // by the SHA-256 of the value
	spent       map[string]time.Time // digests of identifiers that were used, and until when they are refused

	held      map[principal][]assignment
	memberOf  map[string][]string // user id to group ids
	membersOf map[string][]string // group id to user ids
	sessions  map[string]session
	schemas   map[string]schema // by what they describe: user, group
	extra     map[string]bool   // role types beyond the standard ones that this org knows
}

// parts are all tables and maps of the state, always in the same order.
func (s *state) parts() []part {
	return []part{
		&s.users, &s.groups, &s.roles, &s.sets, &s.tokens, &s.zones, &s.apps, &s.groupRules,
		mapOf(&s.access, sameAccess), mapOf(&s.spent, equal), mapOf(&s.schemas, sameSchema),
		mapOf(&s.secrets, equal), mapOf(&s.sessions, equal), mapOf(&s.extra, equal),
		mapOf(&s.held, sameSlice), mapOf(&s.memberOf, sameSlice), mapOf(&s.membersOf, sameSlice),
	}
}

// clone returns a copy that later writes to s do not change.
func (s *state) clone() *state {
	c := *s
	c.events = slices.Clip(s.events)
	from := s.parts()
	for i, p := range c.parts() {
		p.copy(from[i])
	}
	return &c
}

// next counts one thing made.
func (s *state) next() int {
	s.seq++
	return s.seq
}

func (s *state) userByLogin(login string) (user, bool) {
	for _, u := range s.users.all() {
		if strings.EqualFold(u.login, login) {
			return u, true
		}
	}
	return user{}, false
}

// userByShortName finds a user by what stands before the @ of the login, if that is one user's alone.
// Source: developer.okta.com, "Users", get a user with a login short name.
func (s *state) userByShortName(name string) (user, bool) {
	var found []user
	for _, u := range s.users.all() {
		if short, _, ok := strings.Cut(u.login, "@"); ok && strings.EqualFold(short, name) {
			found = append(found, u)
		}
	}
	if len(found) != 1 {
		return user{}, false
	}
	return found[0], true
}

func (s *state) groupByName(name string) (group, bool) {
	for _, g := range s.groups.all() {
		if g.name == name {
			return g, true
		}
	}
	return group{}, false
}

// role finds a custom role by id or label.
func (s *state) role(idOrLabel string) (customRole, bool) {
	if r, ok := s.roles.rows[idOrLabel]; ok {
		return r, true
	}
	for _, r := range s.roles.all() {
		if r.label == idOrLabel {
			return r, true
		}
	}
	return customRole{}, false
}

// set finds a resource set by id or label.
func (s *state) set(idOrLabel string) (resourceSet, bool) {
	if r, ok := s.sets.rows[idOrLabel]; ok {
		return r, true
	}
	for _, r := range s.sets.all() {
		if r.label == idOrLabel {
			return r, true
		}
	}
	return resourceSet{}, false
}

// holdings returns what a user holds: its own assignments in the order they were made, then those of its groups.
func (s *state) holdings(userID string) []holding {
	var out []holding
	for _, a := range s.held[principal{userKind, userID}] {
		out = append(out, holding{assignment: a})
	}
	for _, g := range s.memberOf[userID] {
		for _, a := range s.held[principal{groupKind, g}] {
			out = append(out, holding{assignment: a, via: g})
		}
	}
	return out
}

// holdingsOf returns what a principal holds: a user also through groups.
func (s *state) holdingsOf(p principal) []holding {
	if p.kind == userKind {
		return s.holdings(p.id)
	}
	var out []holding
	for _, a := range s.held[p] {
		out = append(out, holding{assignment: a})
	}
	return out
}

// describe names an assignment by labels.
func (s *state) describe(a assignment) string {
	if a.kind != custom {
		return a.kind
	}
	return custom + " " + s.roles.rows[a.roleID].label + " on " + s.sets.rows[a.setID].label
}
