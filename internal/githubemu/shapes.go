package githubemu

// This file holds the JSON of repositories, users, pull requests, reviews, files and commits, with the fields that
// GitHub's REST API and webhooks have for them.

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/url"
	"strings"
	"time"
)

const stamp = time.RFC3339

// nodeID looks like GitHub's opaque GraphQL ids.
func nodeID(prefix, of string) string {
	sum := sha1.Sum([]byte(prefix + of))
	return prefix + base64.RawURLEncoding.EncodeToString(sum[:12])
}

// creation is when all that nobody made in a test was made.
const creation = "2024-01-15T09:30:00Z"

// userID is the number of an account.
func userID(login string) int64 {
	if login == actionsBot {
		return 41_898_282
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(strings.ToLower(login)))
	return int64(hash.Sum32()%90_000_000) + 1_000_000
}

// user is an account, or null where the login is empty.
func (h *Hub) user(c call, login, kind string) any {
	if login == "" {
		return nil
	}
	api, web := c.base+"/users/"+url.PathEscape(login), "https://github.com/"+login
	if app, ok := strings.CutSuffix(login, "[bot]"); ok {
		web = "https://github.com/apps/" + app
	}
	return map[string]any{
		"login": login, "id": userID(login), "node_id": nodeID("U_", login), "type": kind,
		"user_view_type": "public", "site_admin": false, "gravatar_id": "",
		"avatar_url": "https://avatars.githubusercontent.com/u/" + digits(userID(login)) + "?v=4",
		"url":        api, "html_url": web, "repos_url": api + "/repos", "events_url": api + "/events{/privacy}",
		"organizations_url": api + "/orgs", "subscriptions_url": api + "/subscriptions", "followers_url": api + "/followers",
		"following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "received_events_url": api + "/received_events",
	}
}

// side is the head or the base of a pull request. Of a fork that is gone with its account, only the reference is left:
// github/rest-api-description#5562.
func (h *Hub) side(c call, repo, ref, sha string) map[string]any {
	owner, _, _ := strings.Cut(repo, "/")
	var label any
	if owner != "" {
		label = owner + ":" + ref
	}
	return map[string]any{"label": label, "ref": ref, "sha": sha, "user": h.user(c, owner, "Organization"), "repo": h.repository(c, repo)}
}

// pullSimple is a pull request as webhooks of reviews carry it.
func (h *Hub) pullSimple(c call, p *pull) map[string]any {
	api := fmt.Sprintf("%s/repos/%s/pulls/%d", c.base, h.opts.Repository, p.number)
	web := fmt.Sprintf("https://github.com/%s/pull/%d", h.opts.Repository, p.number)
	link := func(url string) map[string]any { return map[string]any{"href": url} }
	return map[string]any{
		"url": api, "id": int64(1_900_000_000 + p.number), "node_id": nodeID("PR_", api), "html_url": web, "diff_url": web + ".diff",
		"patch_url": web + ".patch", "issue_url": strings.Replace(api, "/pulls/", "/issues/", 1), "number": p.number, "state": p.state,
		"locked": false, "title": p.title, "user": h.user(c, p.author, p.authorKind), "body": text(p.body), "created_at": p.createdAt.Format(stamp),
		"updated_at": p.updatedAt.Format(stamp), "closed_at": optional(p.closedAt), "merged_at": p.mergedAt(), "merge_commit_sha": p.mergeCommit(),
		"assignee": nil, "assignees": []any{}, "requested_reviewers": []any{}, "requested_teams": []any{}, "labels": h.labelShapes(c, p.labels),
		"milestone": nil, "draft": p.draft, "author_association": "MEMBER", "auto_merge": nil, "active_lock_reason": nil,
		"commits_url": api + "/commits", "review_comments_url": api + "/comments", "review_comment_url": api + "/comments{/number}",
		"comments_url": h.issueURL(c, p.number) + "/comments", "statuses_url": c.base + "/repos/" + h.opts.Repository + "/statuses/" + p.headSHA,
		"head": h.side(c, p.headRepo, p.headRef, p.headSHA), "base": h.side(c, h.opts.Repository, p.baseRef, p.baseSHA),
		"_links": map[string]any{
			"self": link(api), "html": link(web), "commits": link(api + "/commits"), "issue": link(h.issueURL(c, p.number)),
			"comments": link(h.issueURL(c, p.number) + "/comments"), "review_comments": link(api + "/comments"),
			"review_comment": link(api + "/comments{/number}"), "statuses": link(c.base + "/repos/" + h.opts.Repository + "/statuses/" + p.headSHA),
		},
	}
}

// pullShape is a pull request as GET /pulls/{number} answers it.
func (h *Hub) pullShape(c call, p *pull) map[string]any {
	shape := h.pullSimple(c, p)
	changes := h.changes(p)
	shape["merged"], shape["merged_by"] = p.mergedBy != "", h.user(c, p.mergedBy, "User")
	shape["mergeable"], shape["rebaseable"], shape["mergeable_state"] = true, true, "blocked"
	shape["comments"], shape["review_comments"], shape["maintainer_can_modify"] = len(h.commentsOf(p.number)), 0, false
	shape["commits"], shape["additions"], shape["deletions"], shape["changed_files"] = len(h.commitsOf(p)), len(changes), 0, len(changes)
	return shape
}

func (p *pull) mergedAt() any {
	if p.mergedBy == "" {
		return nil
	}
	return optional(p.closedAt)
}

// mergeCommit is the merge commit, or the test merge that GitHub keeps while the pull request is open.
func (p *pull) mergeCommit() any {
	if p.mergedBy != "" {
		return p.mergeSHA
	}
	return objectSHA("commit", "test merge of "+p.headSHA)
}

// text is a text that may be absent.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(stamp)
}

// reviewShape is a review as the REST API lists it. A pending one has no time.
func (h *Hub) reviewShape(c call, p *pull, r *review) map[string]any {
	pull := fmt.Sprintf("%s/repos/%s/pulls/%d", c.base, h.opts.Repository, p.number)
	web := fmt.Sprintf("https://github.com/%s/pull/%d#pullrequestreview-%d", h.opts.Repository, p.number, r.id)
	shape := map[string]any{
		"id": r.id, "node_id": nodeID("PRR_", fmt.Sprint(r.id)), "user": h.user(c, r.user, r.kind), "body": r.body, "state": r.state,
		"html_url": web, "pull_request_url": pull, "author_association": "MEMBER", "commit_id": r.commitID,
		"_links": map[string]any{"html": map[string]any{"href": web}, "pull_request": map[string]any{"href": pull}},
	}
	if r.state != "PENDING" {
		shape["submitted_at"] = r.submittedAt.Format(stamp)
	}
	return shape
}

// fileShape is a changed file.
func (h *Hub) fileShape(c call, sha string, f fileChange) map[string]any {
	lines := strings.Count(f.entry.Content, "\n")
	shape := map[string]any{
		"sha": f.entry.sha(), "filename": f.path, "status": f.status, "additions": lines, "deletions": 0, "changes": lines,
		"blob_url":     fmt.Sprintf("https://github.com/%s/blob/%s/%s", h.opts.Repository, sha, f.path),
		"raw_url":      fmt.Sprintf("https://github.com/%s/raw/%s/%s", h.opts.Repository, sha, f.path),
		"contents_url": fmt.Sprintf("%s/repos/%s/contents/%s?ref=%s", c.base, h.opts.Repository, f.path, sha),
	}
	switch f.status {
	case "renamed":
		shape["previous_filename"], shape["additions"], shape["changes"] = f.previous, 0, 0
	case "removed":
		shape["additions"], shape["deletions"] = 0, lines
	default:
		shape["patch"] = fmt.Sprintf("@@ -0,0 +1,%d @@\n+%s", lines, strings.ReplaceAll(strings.TrimSuffix(f.entry.Content, "\n"), "\n", "\n+"))
	}
	return shape
}

// commitShape is a commit as lists and branches have it.
func (h *Hub) commitShape(c call, commit *commit) map[string]any {
	api, web := c.base+"/repos/"+h.opts.Repository, "https://github.com/"+h.opts.Repository+"/commit/"
	parents := make([]any, 0, len(commit.parents))
	for _, p := range commit.parents {
		parents = append(parents, map[string]any{"sha": p, "url": api + "/commits/" + p, "html_url": web + p})
	}
	account := func(p person) any { return h.user(c, p.loginOf(), kindOf(p.loginOf())) }
	return map[string]any{
		"sha": commit.sha, "node_id": nodeID("C_", commit.sha), "url": api + "/commits/" + commit.sha, "html_url": web + commit.sha,
		"comments_url": api + "/commits/" + commit.sha + "/comments", "parents": parents,
		"author": account(commit.author), "committer": account(commit.committer),
		"commit": map[string]any{
			"message": commit.shown(), "author": commit.author.shape(), "committer": commit.committer.shape(), "comment_count": 0,
			"url": api + "/git/commits/" + commit.sha, "verification": unsigned(),
			"tree": map[string]any{"sha": commit.treeSHA, "url": api + "/git/trees/" + commit.treeSHA},
		},
	}
}
