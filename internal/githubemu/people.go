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

// readTeam answers /orgs/{org}/teams/{team_slug}.
func (h *Hub) readTeam(c call) (int, any) {
	slug := c.vars["team_slug"]
	members, ok := h.people.teams[slug]
	if !ok {
		return notFound(c.docs)
	}
	api := fmt.Sprintf("%s/organizations/%d/team/%d", c.base, 18_201_774, 4_200_000+len(slug))
	return http.StatusOK, map[string]any{
		"id": 4_200_000 + len(slug), "node_id": nodeID("T_", slug), "name": slug, "slug": slug, "description": nil, "privacy": "closed",
		"notification_setting": "notifications_enabled", "permission": "pull", "type": "organization", "url": api, "members_url": api + "/members{/member}",
		"repositories_url": api + "/repos", "html_url": "https://github.com/orgs/" + h.owner + "/teams/" + slug, "parent": nil,
		"members_count": len(members), "repos_count": 1, "created_at": "2024-01-15T09:30:00Z", "updated_at": "2024-01-15T09:30:00Z",
		"organization": map[string]any{
			"login": h.owner, "id": 18_201_774, "node_id": nodeID("O_", h.owner), "url": c.base + "/orgs/" + h.owner, "description": nil,
			"repos_url": c.base + "/orgs/" + h.owner + "/repos", "events_url": c.base + "/orgs/" + h.owner + "/events",
			"hooks_url": c.base + "/orgs/" + h.owner + "/hooks", "issues_url": c.base + "/orgs/" + h.owner + "/issues",
			"members_url": c.base + "/orgs/" + h.owner + "/members{/member}", "public_members_url": c.base + "/orgs/" + h.owner + "/public_members{/member}",
			"avatar_url": "https://avatars.githubusercontent.com/u/18201774?v=4", "has_organization_projects": true, "has_repository_projects": true,
			"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "html_url": "https://github.com/" + h.owner, "type": "Organization",
			"created_at": "2024-01-15T09:30:00Z", "updated_at": "2024-01-15T09:30:00Z", "archived_at": nil,
		},
	}
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
