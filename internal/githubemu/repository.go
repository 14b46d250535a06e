package githubemu

// This file answers the repository itself.

import (
	"net/http"
	"strings"
)

// SetVisibility makes the repository public, private or internal; it is private at first. Everybody may read a public
// one, and nobody has more without a role.
func (h *Hub) SetVisibility(visibility string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settings.visibility = visibility
	h.people.public = visibility == "public"
}

// SetAllowForking says whether the repository may be forked, which it may at first.
func (h *Hub) SetAllowForking(allowed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settings.allowForking = allowed
}

// repository is a repository; null where the name is empty, as the head of a deleted fork.
func (h *Hub) repository(c call, fullName string) any {
	if fullName == "" {
		return nil
	}
	owner, name, _ := strings.Cut(fullName, "/")
	id := int64(repositoryID)
	if fullName != h.opts.Repository {
		id++
	}
	api, web := c.base+"/repos/"+fullName, "https://github.com/"+fullName
	shape := map[string]any{
		"id": id, "node_id": nodeID("R_", fullName), "name": name, "full_name": fullName, "private": h.settings.visibility != "public",
		"visibility": h.settings.visibility, "owner": h.user(c, owner, "Organization"), "html_url": web,
		"description": nil, "fork": fullName != h.opts.Repository, "url": api, "archived": false, "disabled": false,
		"created_at": creation, "updated_at": creation, "pushed_at": creation, "homepage": nil, "language": nil, "license": nil, "mirror_url": nil,
		"default_branch": h.opts.DefaultBranch, "allow_forking": h.settings.allowForking, "is_template": false, "topics": []any{},
		"web_commit_signoff_required": false, "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false,
		"has_discussions": false, "has_downloads": true, "size": 12, "forks": 0, "forks_count": 0, "open_issues": 0, "open_issues_count": 0,
		"watchers": 0, "watchers_count": 0, "stargazers_count": 0,
		"clone_url": web + ".git", "svn_url": web, "git_url": "git://github.com/" + fullName + ".git", "ssh_url": "git@github.com:" + fullName + ".git",
	}
	for field, tail := range addresses() {
		shape[field] = api + tail
	}
	return shape
}

// addresses are those of a repository's parts.
func addresses() map[string]string {
	return map[string]string{
		"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
		"branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}",
		"commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}", "contents_url": "/contents/{+path}",
		"contributors_url": "/contributors", "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
		"forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
		"hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
		"issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}", "languages_url": "/languages",
		"merges_url": "/merges", "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
		"pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
		"subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
	}
}

// readRepository answers the repository, with what the token may do in it.
func (h *Hub) readRepository(c call) (int, any) {
	shape := h.repository(c, h.opts.Repository).(map[string]any)
	writes, admin := c.token.has("contents", "write"), c.token.has("administration", "write")
	if c.token.Type == UserToken {
		writes, admin = h.people.atLeast(c.token.Login, "write"), h.people.atLeast(c.token.Login, "admin")
	}
	shape["permissions"] = map[string]any{"pull": true, "triage": writes, "push": writes, "maintain": admin, "admin": admin}
	shape["network_count"], shape["subscribers_count"], shape["temp_clone_token"] = 0, 0, ""
	shape["organization"] = shape["owner"]
	return http.StatusOK, shape
}
