package githubemu

// This file is the comments in the conversation of issues and pull requests.

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Comment is a comment on an issue or a pull request.
type Comment struct {
	ID                   int64
	User                 string // login
	UserType             string // User or Bot
	Body                 string
	CreatedAt, UpdatedAt time.Time
}

type comment struct {
	Comment
	number int
}

// CommentOption changes a comment from what a person's would be now.
type CommentOption func(*Comment)

// CommentAt gives the time of the comment.
func CommentAt(t time.Time) CommentOption {
	return func(c *Comment) {
		c.CreatedAt = t.UTC().Truncate(time.Second)
		c.UpdatedAt = c.CreatedAt
	}
}

// CommentByBot makes the commenter an app.
func CommentByBot() CommentOption { return func(c *Comment) { c.UserType = "Bot" } }

// Comment adds a comment to an issue or a pull request. It panics if there is none with the number.
func (h *Hub) Comment(number int, user, body string, opts ...CommentOption) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.issue(number) == nil {
		panic(fmt.Sprintf("githubemu: no issue or pull request %d", number))
	}
	return h.addComment(number, user, body, opts...).ID
}

func (h *Hub) addComment(number int, user, body string, opts ...CommentOption) *comment {
	made := &comment{number: number, Comment: Comment{
		ID: h.nextID(), User: user, UserType: kindOf(user), Body: body, CreatedAt: h.now(), UpdatedAt: h.now(),
	}}
	for _, opt := range opts {
		opt(&made.Comment)
	}
	h.comments = append(h.comments, made)
	return made
}

// EditComment changes the text of a comment. It panics if there is no such comment.
func (h *Hub) EditComment(id int64, body string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	found := h.comment(id)
	if found == nil {
		panic(fmt.Sprintf("githubemu: no comment %d", id))
	}
	found.Body, found.UpdatedAt = body, h.now()
}

// DeleteComment removes a comment, if it is there.
func (h *Hub) DeleteComment(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropComment(id)
}

func (h *Hub) dropComment(id int64) {
	h.comments = slices.DeleteFunc(h.comments, func(c *comment) bool { return c.ID == id })
}

// Comments returns the comments of an issue or a pull request, oldest first.
func (h *Hub) Comments(number int) []Comment {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Comment
	for _, c := range h.commentsOf(number) {
		out = append(out, c.Comment)
	}
	return out
}

// commentsOf lists the comments as the API does, by id.
func (h *Hub) commentsOf(number int) []*comment {
	var out []*comment
	for _, c := range h.comments {
		if c.number == number {
			out = append(out, c)
		}
	}
	return out
}

func (h *Hub) comment(id int64) *comment {
	for _, c := range h.comments {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (h *Hub) commentShape(c call, of *comment) map[string]any {
	kind := "issues"
	if h.pulls[of.number] != nil {
		kind = "pull"
	}
	api := fmt.Sprintf("%s/repos/%s/issues/comments/%d", c.base, h.opts.Repository, of.ID)
	return map[string]any{
		"id": of.ID, "node_id": nodeID("IC_", fmt.Sprint(of.ID)), "url": api, "issue_url": h.issueURL(c, of.number),
		"html_url": fmt.Sprintf("https://github.com/%s/%s/%d#issuecomment-%d", h.opts.Repository, kind, of.number, of.ID),
		"user":     h.user(c, of.User, of.UserType), "body": of.Body, "author_association": "MEMBER", "reactions": noReactions(api),
		"created_at": of.CreatedAt.Format(stamp), "updated_at": of.UpdatedAt.Format(stamp), "performed_via_github_app": nil,
	}
}

// listComments answers /issues/{number}/comments.
func (h *Hub) listComments(c call) (int, any) {
	number := c.number("number")
	if h.issue(number) == nil {
		return notFound(c.docs)
	}
	since, err := optionalTime(c.query("since"))
	if err != nil {
		return c.unprocessable("Invalid since parameter")
	}
	found := slices.DeleteFunc(h.commentsOf(number), func(of *comment) bool { return of.UpdatedAt.Before(since) })
	return http.StatusOK, page(c, found, func(of *comment) any { return h.commentShape(c, of) })
}

// listAllComments answers /issues/comments: those of all issues and pull requests, by id, or as they are asked for.
func (h *Hub) listAllComments(c call) (int, any) {
	since, err := optionalTime(c.query("since"))
	if err != nil {
		return c.unprocessable("Invalid since parameter")
	}
	found := slices.DeleteFunc(slices.Clone(h.comments), func(of *comment) bool { return of.UpdatedAt.Before(since) })
	if c.query("sort") == "updated" {
		slices.SortStableFunc(found, func(a, b *comment) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	}
	if c.query("sort") != "" && c.query("direction") != "asc" { // the direction means nothing without sort
		slices.Reverse(found)
	}
	return http.StatusOK, page(c, found, func(of *comment) any { return h.commentShape(c, of) })
}

// bodyOf reads the text of a comment. Its status is 200 where it is one.
// Source of the words: jmikedupont2/ai-ticket#51, reg-viz/reg-actions#123.
func (c call) bodyOf() (string, int, any) {
	var in struct {
		Body *string `json:"body"`
	}
	status, refused := http.StatusOK, any(nil)
	switch {
	case c.read(&in) != nil:
		status, refused = c.malformed()
	case in.Body == nil:
		status, refused = c.badRequest(`"body" wasn't supplied.`)
	case strings.TrimSpace(*in.Body) == "":
		status, refused = c.invalid("IssueComment", "data", "unprocessable", "Body cannot be blank")
	case characters(*in.Body) > maxText:
		status, refused = c.invalid("IssueComment", "data", "unprocessable", "Body is too long (maximum is 65536 characters)")
	default:
		return *in.Body, status, nil
	}
	return "", status, refused
}

// createComment answers POST /issues/{number}/comments.
func (h *Hub) createComment(c call) (int, any) {
	number := c.number("number")
	if h.issue(number) == nil {
		return notFound(c.docs)
	}
	body, status, refused := c.bodyOf()
	if status != http.StatusOK {
		return status, refused
	}
	made := h.commentShape(c, h.addComment(number, c.token.Login, body))
	c.header.Set("Location", made["url"].(string))
	return http.StatusCreated, made
}

// readComment answers /issues/comments/{comment}.
func (h *Hub) readComment(c call) (int, any) {
	found := h.comment(int64(c.number("comment")))
	if found == nil {
		return notFound(c.docs)
	}
	return http.StatusOK, h.commentShape(c, found)
}

// own refuses to change somebody else's comment: an app may not, a person with the role to maintain conversations may.
// The status is 200 where the change may be made.
func (h *Hub) own(c call, found *comment) (int, any) {
	switch {
	case strings.EqualFold(found.User, c.token.Login):
	case c.token.Type == UserToken && h.people.atLeast(c.token.Login, "write"):
	case c.token.Type == UserToken:
		return refusal(http.StatusForbidden, "Must have admin rights to Repository.", c.docs)
	default:
		return c.forbidden(http.StatusForbidden)
	}
	return http.StatusOK, nil
}

// updateComment answers PATCH /issues/comments/{comment}.
func (h *Hub) updateComment(c call) (int, any) {
	found := h.comment(int64(c.number("comment")))
	if found == nil {
		return notFound(c.docs)
	}
	if status, refused := h.own(c, found); status != http.StatusOK {
		return status, refused
	}
	body, status, refused := c.bodyOf()
	if status != http.StatusOK {
		return status, refused
	}
	found.Body, found.UpdatedAt = body, h.now()
	return http.StatusOK, h.commentShape(c, found)
}

// deleteComment answers DELETE /issues/comments/{comment}.
func (h *Hub) deleteComment(c call) (int, any) {
	found := h.comment(int64(c.number("comment")))
	if found == nil {
		return notFound(c.docs)
	}
	if status, refused := h.own(c, found); status != http.StatusOK {
		return status, refused
	}
	h.dropComment(found.ID)
	return http.StatusNoContent, nil
}
