package githubemu

// This file is what people may do, and the teams that they are in.

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// people are the roles and teams. Logins are compared without regard to case.
type people struct {
	roles  map[string]role
	teams  map[string]map[string]string // slug -> login -> active or pending
	public bool
}

// role is what a person may do: its name and, for a custom role, the role that it adds to.
type role struct{ name, base string }

func newPeople() people {
	return people{roles: map[string]role{}, teams: map[string]map[string]string{}}
}

// rank orders the roles. Source: docs.github.com, "Repository roles for an organization".
func rank(name string) int {
	return slices.Index([]string{"none", "read", "triage", "write", "maintain", "admin"}, name)
}

// SetRole gives a person a role: admin, maintain, write, triage, read or none. Who has none set may write; in a public
// repository, read.
func (h *Hub) SetRole(user, name string) { h.SetCustomRole(user, name, name) }

// SetCustomRole gives a person a role of the organization's own, which adds to a base role.
func (h *Hub) SetCustomRole(user, name, base string) {
	if rank(base) < 0 {
		panic(fmt.Sprintf("githubemu: there is no role %q", base))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.people.roles[strings.ToLower(user)] = role{name: name, base: base}
}

// Outsider makes a person one who has nothing to do with the repository. A public one can still be read.
func (h *Hub) Outsider(user string) { h.SetRole(user, "none") }

// AddTeam adds members to a team of the organization, and makes it where it is not there.
func (h *Hub) AddTeam(slug string, members ...string) { h.addMembers(slug, "active", members) }

// PendingMember invites a person to a team, who has not accepted.
func (h *Hub) PendingMember(slug, user string) { h.addMembers(slug, "pending", []string{user}) }

func (h *Hub) addMembers(slug, state string, members []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.people.teams[slug] == nil {
		h.people.teams[slug] = map[string]string{}
	}
	for _, m := range members {
		h.people.teams[slug][strings.ToLower(m)] = state
	}
}

// of is the role of a person.
func (p people) of(user string) role {
	r, ok := p.roles[strings.ToLower(user)]
	switch {
	case p.public && (!ok || r.base == "none"):
		return role{name: "read", base: "read"}
	case !ok:
		return role{name: "write", base: "write"}
	}
	return r
}

func (p people) atLeast(user, name string) bool { return rank(p.of(user).base) >= rank(name) }

// kindOf is the type of an account by its login, which the logins of apps tell.
func kindOf(login string) string {
	if strings.HasSuffix(login, "[bot]") {
		return "Bot"
	}
	return "User"
}

// readPermission answers /collaborators/{username}/permission.
// Source: docs.github.com, "Get repository permissions for a user": maintain is mapped to write, triage to read.
func (h *Hub) readPermission(c call) (int, any) {
	login := c.vars["username"]
	if kindOf(login) == "Bot" {
		return refusal(http.StatusNotFound, login+" is not a user", c.docs)
	}
	r := h.people.of(login)
	permission := map[string]string{"maintain": "write", "triage": "read"}[r.base]
	if permission == "" {
		permission = r.base
	}
	user := h.user(c, login, "User").(map[string]any)
	allowed := map[string]any{}
	for name, least := range map[string]string{"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"} {
		allowed[name] = rank(r.base) >= rank(least)
	}
	user["permissions"], user["role_name"] = allowed, r.name
	return http.StatusOK, map[string]any{"permission": permission, "role_name": r.name, "user": user}
}

// readMembership answers /orgs/{org}/teams/{team_slug}/memberships/{username}.
func (h *Hub) readMembership(c call) (int, any) {
	state := h.people.teams[c.vars["team_slug"]][strings.ToLower(c.vars["username"])]
	if state == "" || !strings.EqualFold(c.vars["org"], h.owner) {
		return notFound(c.docs)
	}
	return http.StatusOK, map[string]any{
		"state": state, "role": "member",
		"url": fmt.Sprintf("%s/orgs/%s/teams/%s/memberships/%s", c.base, h.owner, c.vars["team_slug"], c.vars["username"]),
	}
}
