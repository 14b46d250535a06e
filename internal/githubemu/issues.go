package githubemu

// This file is issues. Every pull request is one too, under the same number.

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// Limits of texts. That a character outside the basic plane counts as two is the harsher reading of "characters".
const (
	maxText  = 65_536
	maxTitle = 256
)

// Issue is an issue that is no pull request.
type Issue struct {
	Number int
	Title  string
	Body   string
	User   string // login
	Labels []string
	State  string // open or closed
}

type issue struct {
	Issue
	stateReason                    string
	createdAt, updatedAt, closedAt time.Time
}

// Issues returns all issues that are no pull requests, oldest first.
func (h *Hub) Issues() []Issue {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Issue
	for _, n := range slices.Sorted(maps.Keys(h.issues)) {
		i := h.issues[n].Issue
		i.Labels = slices.Clone(i.Labels)
		out = append(out, i)
	}
	return out
}

func (h *Hub) issueURL(c call, number int) string {
	return fmt.Sprintf("%s/repos/%s/issues/%d", c.base, h.opts.Repository, number)
}

func (h *Hub) labelShapes(c call, labels []string) []any {
	out := []any{}
	for _, l := range labels {
		out = append(out, map[string]any{
			"id": userID("label " + l), "node_id": nodeID("LA_", l), "name": l, "color": "ededed", "default": false, "description": nil,
			"url": c.base + "/repos/" + h.opts.Repository + "/labels/" + l,
		})
	}
	return out
}

// asIssue is the pull request as an issue.
func (p *pull) asIssue() *issue {
	return &issue{
		Issue:     Issue{Number: p.number, Title: p.title, Body: p.body, User: p.author, Labels: p.labels, State: p.state},
		createdAt: p.createdAt, updatedAt: p.updatedAt, closedAt: p.closedAt,
	}
}

// issue returns the issue or pull request with the number, or nil.
func (h *Hub) issue(number int) *issue {
	if p := h.pulls[number]; p != nil {
		return p.asIssue()
	}
	return h.issues[number]
}

// issueShape is an issue, or a pull request as one.
func (h *Hub) issueShape(c call, i *issue) map[string]any {
	api, kind, web := h.issueURL(c, i.Number), kindOf(i.User), fmt.Sprintf("https://github.com/%s/issues/%d", h.opts.Repository, i.Number)
	p := h.pulls[i.Number]
	shape := map[string]any{}
	if p != nil {
		kind, web = p.authorKind, fmt.Sprintf("https://github.com/%s/pull/%d", h.opts.Repository, i.Number)
		shape["draft"] = p.draft
		shape["pull_request"] = map[string]any{
			"url": strings.Replace(api, "/issues/", "/pulls/", 1), "html_url": web, "diff_url": web + ".diff", "patch_url": web + ".patch", "merged_at": p.mergedAt(),
		}
	}
	maps.Copy(shape, map[string]any{
		"id": 2_900_000_000 + i.Number, "node_id": nodeID("I_", api), "url": api, "html_url": web, "number": i.Number, "title": i.Title, "body": text(i.Body),
		"repository_url": c.base + "/repos/" + h.opts.Repository, "labels_url": api + "/labels{/name}", "comments_url": api + "/comments",
		"events_url": api + "/events", "timeline_url": api + "/timeline", "state": i.State, "state_reason": text(i.stateReason), "locked": false,
		"user": h.user(c, i.User, kind), "labels": h.labelShapes(c, i.Labels), "assignee": nil, "assignees": []any{}, "milestone": nil,
		"active_lock_reason": nil, "author_association": "MEMBER", "comments": len(h.commentsOf(i.Number)), "reactions": noReactions(api),
		"created_at": i.createdAt.Format(stamp), "updated_at": i.updatedAt.Format(stamp), "closed_at": optional(i.closedAt),
		"performed_via_github_app": nil,
	})
	return shape
}

func noReactions(api string) map[string]any {
	shape := map[string]any{"url": api + "/reactions", "total_count": 0}
	for _, r := range []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket"} {
		shape[r] = 0
	}
	return shape
}

// listIssues answers /issues: pull requests too, newest first.
func (h *Hub) listIssues(c call) (int, any) {
	state, creator := cmp.Or(c.query("state"), "open"), c.query("creator")
	if !slices.Contains([]string{"open", "closed", "all"}, state) {
		return c.invalid("Issue", "state", "invalid", "")
	}
	since, err := optionalTime(c.query("since"))
	if err != nil {
		return c.unprocessable("Invalid since parameter")
	}
	var labels []string
	if c.query("labels") != "" {
		labels = strings.Split(c.query("labels"), ",")
	}
	var found []*issue
	for n := range h.lastNum {
		i := h.issue(n + 1)
		if i == nil || state != "all" && i.State != state || creator != "" && !strings.EqualFold(creator, i.User) || i.updatedAt.Before(since) {
			continue
		}
		if !slices.ContainsFunc(labels, func(l string) bool {
			return !slices.ContainsFunc(i.Labels, func(has string) bool { return strings.EqualFold(has, l) })
		}) {
			found = append(found, i)
		}
	}
	if c.query("sort") == "updated" {
		slices.SortStableFunc(found, func(a, b *issue) int { return a.updatedAt.Compare(b.updatedAt) })
	}
	if c.query("direction") != "asc" {
		slices.Reverse(found)
	}
	return http.StatusOK, page(c, found, func(i *issue) any { return h.issueShape(c, i) })
}

// readIssue answers /issues/{number}.
func (h *Hub) readIssue(c call) (int, any) {
	i := h.issue(c.number("number"))
	if i == nil {
		return notFound(c.docs)
	}
	shape := h.issueShape(c, i)
	shape["closed_by"] = nil
	return http.StatusOK, shape
}

// sentIssue is what a client says of an issue. What is absent stays as it is.
type sentIssue struct {
	Title       *string   `json:"title"`
	Body        *string   `json:"body"`
	State       *string   `json:"state"`
	StateReason *string   `json:"state_reason"`
	Labels      *[]string `json:"labels"`
}

// check refuses an issue that is too long or blank; its status is 200 where it is neither.
func (in sentIssue) check(c call) (int, any) {
	switch {
	case in.Title != nil && strings.TrimSpace(*in.Title) == "":
		return c.invalid("Issue", "title", "missing_field", "")
	case in.Title != nil && characters(*in.Title) > maxTitle:
		return c.invalid("Issue", "title", "custom", "title is too long (maximum is 256 characters)")
	case in.Body != nil && characters(*in.Body) > maxText:
		return c.invalid("Issue", "body", "custom", "body is too long (maximum is 65536 characters)")
	case in.State != nil && *in.State != "open" && *in.State != "closed":
		return c.invalid("Issue", "state", "invalid", "")
	}
	return http.StatusOK, nil
}

func characters(s string) int { return len(utf16.Encode([]rune(s))) }

// createIssue answers POST /issues.
func (h *Hub) createIssue(c call) (int, any) {
	var in sentIssue
	if c.read(&in) != nil {
		return c.malformed()
	}
	if in.Title == nil {
		return c.invalid("Issue", "title", "missing_field", "")
	}
	if status, refused := in.check(c); status != http.StatusOK {
		return status, refused
	}
	h.lastNum++
	i := &issue{Issue: Issue{Number: h.lastNum, User: c.token.Login, State: "open"}, createdAt: h.now(), updatedAt: h.now()}
	in.State = nil
	h.apply(i, in)
	h.issues[i.Number] = i
	c.header.Set("Location", h.issueURL(c, i.Number))
	shape := h.issueShape(c, i)
	shape["closed_by"] = nil
	return http.StatusCreated, shape
}

func (h *Hub) apply(i *issue, in sentIssue) {
	set(&i.Title, in.Title)
	set(&i.Body, in.Body)
	if in.Labels != nil {
		i.Labels = slices.Clone(*in.Labels)
	}
	if in.State != nil && *in.State != i.State {
		i.State, i.closedAt, i.stateReason = *in.State, time.Time{}, "reopened"
		if i.State == "closed" {
			i.closedAt, i.stateReason = h.now(), "completed"
			set(&i.stateReason, in.StateReason)
		}
	}
	i.updatedAt = h.now()
}

func set(at *string, value *string) {
	if value != nil {
		*at = *value
	}
}

// updateIssue answers PATCH /issues/{number}.
func (h *Hub) updateIssue(c call) (int, any) {
	var in sentIssue
	if c.read(&in) != nil {
		return c.malformed()
	}
	i := h.issue(c.number("number"))
	if i == nil {
		return notFound(c.docs)
	}
	if status, refused := in.check(c); status != http.StatusOK {
		return status, refused
	}
	h.apply(i, in)
	if p := h.pulls[i.Number]; p != nil {
		if p.mergedBy != "" && i.State == "open" {
			return c.invalid("PullRequest", "state", "invalid", "") // a merged one stays closed
		}
		p.title, p.body, p.labels, p.state, p.closedAt, p.updatedAt = i.Title, i.Body, i.Labels, i.State, i.closedAt, i.updatedAt
	}
	shape := h.issueShape(c, i)
	shape["closed_by"] = nil
	return http.StatusOK, shape
}
