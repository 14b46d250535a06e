package githubemu

// This file answers pull requests and commits.

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pullOf is the pull request of the call, or nil.
func (h *Hub) pullOf(c call) *pull { return h.pulls[c.number("number")] }

// readPull answers /pulls/{number}.
func (h *Hub) readPull(c call) (int, any) {
	p := h.pullOf(c)
	if p == nil {
		return notFound(c.docs)
	}
	return http.StatusOK, h.pullShape(c, p)
}

// listReviews answers /pulls/{number}/reviews, oldest first.
func (h *Hub) listReviews(c call) (int, any) {
	p := h.pullOf(c)
	if p == nil {
		return notFound(c.docs)
	}
	return http.StatusOK, page(c, p.reviews, func(r *review) any { return h.reviewShape(c, p, r) })
}

// listPullFiles answers /pulls/{number}/files.
func (h *Hub) listPullFiles(c call) (int, any) {
	p := h.pullOf(c)
	if p == nil {
		return notFound(c.docs)
	}
	changes := h.changes(p)
	changes = changes[:min(len(changes), maxPullFiles)]
	return http.StatusOK, page(c, changes, func(f fileChange) any { return h.fileShape(c, p.headSHA, f) })
}

// listPullCommits answers /pulls/{number}/commits.
func (h *Hub) listPullCommits(c call) (int, any) {
	p := h.pullOf(c)
	if p == nil {
		return notFound(c.docs)
	}
	commits := h.commitsOf(p)
	return http.StatusOK, page(c, commits[:min(len(commits), maxPullCommits)], func(commit *commit) any { return h.commitShape(c, commit) })
}

// listPulls answers /pulls. Source: docs.github.com, "List pull requests".
func (h *Hub) listPulls(c call) (int, any) {
	state, base, head := cmp.Or(c.query("state"), "open"), c.query("base"), c.query("head")
	if !slices.Contains([]string{"open", "closed", "all"}, state) {
		return c.invalid("PullRequest", "state", "invalid", "")
	}
	var found []*pull
	for _, n := range h.pullNumbers() {
		p := h.pulls[n]
		owner, _, _ := strings.Cut(p.headRepo, "/")
		if (state == "all" || p.state == state) && (base == "" || p.baseRef == base) &&
			(!strings.Contains(head, ":") || strings.EqualFold(head, owner+":"+p.headRef)) { // without an owner it is no filter
			found = append(found, p)
		}
	}
	sort := cmp.Or(c.query("sort"), "created")
	if sort == "updated" {
		slices.SortStableFunc(found, func(a, b *pull) int { return a.updatedAt.Compare(b.updatedAt) })
	}
	if direction := c.query("direction"); direction == "desc" || direction == "" && (c.query("sort") == "" || sort == "created") {
		slices.Reverse(found)
	}
	return http.StatusOK, page(c, found, func(p *pull) any { return h.pullSimple(c, p) })
}

// listPullsOfCommit answers /commits/{sha}/pulls: of a commit in the default branch the merged pull requests that
// brought it, of any other the open and merged ones that have it. One that was closed unmerged is not listed.
// Source: docs.github.com, "List pull requests associated with a commit".
func (h *Hub) listPullsOfCommit(c call) (int, any) {
	commit := h.resolve(c.vars["sha"])
	if commit == nil {
		return c.unprocessable("No commit found for SHA: " + c.vars["sha"])
	}
	inDefault := ancestors(h.commits, h.branches[h.opts.DefaultBranch])[commit.sha]
	var found []*pull
	for _, n := range h.pullNumbers() {
		p := h.pulls[n]
		has := p.mergeSHA == commit.sha || slices.Contains(h.commitsOf(p), commit)
		if has && (p.mergedBy != "" || p.state == "open" && !inDefault) {
			found = append(found, p)
		}
	}
	return http.StatusOK, page(c, found, func(p *pull) any { return h.pullSimple(c, p) })
}

// history lists the commit and all before it, newest first.
func (h *Hub) history(sha string) []*commit {
	var out []*commit
	for name := range ancestors(h.commits, sha) {
		out = append(out, h.commits[name])
	}
	slices.SortFunc(out, func(a, b *commit) int { return cmp.Compare(b.nth, a.nth) })
	return out
}

// listCommits answers /commits.
func (h *Hub) listCommits(c call) (int, any) {
	start := h.resolve(c.query("sha"))
	if start == nil {
		return notFound(c.docs)
	}
	since, err1 := optionalTime(c.query("since"))
	until, err2 := optionalTime(c.query("until"))
	if err1 != nil || err2 != nil {
		return c.unprocessable("Invalid since or until parameter")
	}
	author := c.query("author")
	var found []*commit
	for _, commit := range h.history(start.sha) {
		at := commit.committer.at
		if !since.IsZero() && at.Before(since) || !until.IsZero() && at.After(until) {
			continue
		}
		if author != "" && !strings.EqualFold(author, commit.author.loginOf()) && author != commit.author.email {
			continue
		}
		if p := strings.Trim(c.query("path"), "/"); p == "" || h.touches(commit, p) {
			found = append(found, commit)
		}
	}
	return http.StatusOK, page(c, found, func(commit *commit) any { return h.commitShape(c, commit) })
}

func optionalTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}

// touches tells whether the commit changes the file, or one below the folder, against its first parent.
func (h *Hub) touches(c *commit, p string) bool {
	return slices.ContainsFunc(h.changesOf(c), func(f fileChange) bool {
		return f.path == p || strings.HasPrefix(f.path, p+"/") || f.previous == p || strings.HasPrefix(f.previous, p+"/")
	})
}

func (h *Hub) changesOf(c *commit) []fileChange {
	var before map[string]Entry
	if len(c.parents) > 0 {
		before = h.commits[c.parents[0]].files
	}
	return difference(before, c.files)
}

// readCommit answers /commits/{ref}.
func (h *Hub) readCommit(c call) (int, any) {
	commit := h.resolve(c.vars["ref"])
	if commit == nil {
		return c.unprocessable("No commit found for SHA: " + c.vars["ref"])
	}
	shape, changes := h.commitShape(c, commit), h.changesOf(commit)
	shape["files"] = page(c, changes[:min(len(changes), maxPullFiles)], func(f fileChange) any { return h.fileShape(c, commit.sha, f) })
	added := 0
	for _, f := range changes {
		added += strings.Count(f.entry.Content, "\n")
	}
	shape["stats"] = map[string]any{"additions": added, "deletions": 0, "total": added}
	return http.StatusOK, shape
}

// compare answers /compare/{base}...{head}, by the SHAs of commits or the names of branches.
func (h *Hub) compare(c call) (int, any) {
	from, to, ok := strings.Cut(c.vars["basehead"], "...")
	base, head := h.resolve(from), h.resolve(to)
	if !ok || base == nil || head == nil {
		return notFound(c.docs)
	}
	shared := mergeBaseCommit(h.commits, base.sha, head.sha)
	if shared == nil {
		return notFound(c.docs) // "No common ancestor between …": GitHub's words are not known
	}
	missing := func(of, from string) []*commit {
		had := ancestors(h.commits, from)
		return slices.DeleteFunc(h.history(of), func(c *commit) bool { return had[c.sha] })
	}
	ahead, behind := missing(head.sha, base.sha), missing(base.sha, head.sha)
	slices.Reverse(ahead)
	status := "diverged"
	switch {
	case len(ahead) == 0 && len(behind) == 0:
		status = "identical"
	case len(behind) == 0:
		status = "ahead"
	case len(ahead) == 0:
		status = "behind"
	}
	api, web := c.base+"/repos/"+h.opts.Repository+"/compare/"+c.vars["basehead"], "https://github.com/"+h.opts.Repository+"/compare/"+c.vars["basehead"]
	changes := difference(shared.files, head.files)
	return http.StatusOK, map[string]any{
		"url": api, "html_url": web, "permalink_url": web, "diff_url": web + ".diff", "patch_url": web + ".patch",
		"base_commit": h.commitShape(c, base), "merge_base_commit": h.commitShape(c, shared), "status": status,
		"ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"commits": page(c, ahead, func(commit *commit) any { return h.commitShape(c, commit) }),
		"files":   page(c, changes[:min(len(changes), 300)], func(f fileChange) any { return h.fileShape(c, head.sha, f) }),
	}
}

// digits is a number as part of an address.
func digits(n int64) string { return strconv.FormatInt(n, 10) }
