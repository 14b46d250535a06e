package github

// This file reads and writes the conversation of a pull request.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// maxComments is how many comments are read at the most.
	maxComments = 10_000
	// maxCommentBody is the length from which GitHub refuses a comment, in characters: 422 "body is too long".
	maxCommentBody = 65_536
)

// Comments reads all comments in the conversation of the pull request, oldest first. User is empty where the account was
// deleted.
func (c *Client) Comments(ctx context.Context, number int) ([]access.Comment, error) {
	comments, err := c.comments(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("reading the comments of pull request %d: %w", number, clean(err))
	}
	return comments, nil
}

func (c *Client) comments(ctx context.Context, number int) ([]access.Comment, error) {
	if number <= 0 {
		return nil, errors.New("pull requests are numbered from 1")
	}
	got, err := pages(maxComments, func(opts *gh.ListOptions) ([]*gh.IssueComment, *gh.Response, error) {
		return c.api.Issues.ListComments(ctx, c.owner, c.name, number, &gh.IssueListCommentsOptions{ListOptions: *opts})
	})
	if err != nil {
		return nil, err
	}
	comments, seen := make([]access.Comment, 0, len(got)), map[int64]bool{}
	for _, g := range got {
		comment, err := c.comment(g, number)
		if err != nil {
			return nil, err
		}
		if seen[comment.ID] {
			return nil, fmt.Errorf("github: comment %d is listed twice: the list moved while it was read\nrun again", comment.ID)
		}
		seen[comment.ID] = true
		comments = append(comments, comment)
	}
	return comments, nil
}

// comment translates; a comment of another pull request is an error.
func (c *Client) comment(g *gh.IssueComment, number int) (access.Comment, error) {
	switch {
	case g.GetID() <= 0 || g.CreatedAt == nil || g.CreatedAt.IsZero():
		return access.Comment{}, errors.New("github: a comment has no id or no time")
	case !isOf(g.GetIssueURL(), fmt.Sprintf("/repos/%s/issues/%d", c.repository, number)):
		return access.Comment{}, fmt.Errorf("github: comment %d is one of %q", g.GetID(), oneLine(g.GetIssueURL(), 200))
	}
	return access.Comment{
		ID: g.GetID(), User: g.GetUser().GetLogin(), UserType: g.GetUser().GetType(), Body: g.GetBody(),
		CreatedAt: g.GetCreatedAt().UTC(), UpdatedAt: g.GetUpdatedAt().UTC(), URL: g.GetHTMLURL(),
	}, nil
}

// isOf tells whether the address ends in the route; the names of owners and repositories are the same in either case.
func isOf(address, route string) bool {
	return len(address) >= len(route) && strings.EqualFold(address[len(address)-len(route):], route)
}

// PutComment has the body stand in the conversation of the pull request under the marker, an invisible HTML comment at its
// top, and returns where. It changes the token's own newest comment that begins with the marker, or else makes one; an equal
// body is not written again.
//
// The token's own are those of its user. An installation token, a workflow's too, cannot ask who it is: until it has made a
// comment here, those of any bot are taken for its own, never those of a person, and where GitHub does not let it change one, it goes
// on to the next older one, and makes one where it may change none. A body that is too long is cut and says so.
//
// An error that is *Beside says that it was written, and that one of another bot stands beside it. Any other that is not a
// refusal leaves open whether it was written; to call again is safe.
func (c *Client) PutComment(ctx context.Context, number int, marker, body string) (string, error) {
	address, beside, err := c.putComment(ctx, number, marker, body)
	switch {
	case err != nil:
		return "", fmt.Errorf("commenting on pull request %d: %w", number, clean(err))
	case beside != nil:
		return address, beside
	}
	return address, nil
}

// Beside says that a comment was written, and that one of another bot stands under the same marker, which this token may not
// change: the two may contradict each other.
type Beside struct{ User, URL string }

func (e *Beside) Error() string {
	return fmt.Sprintf("%q has a comment of the same kind there, which this token may not change, so that it may be out of date: %s\nGive every workflow of stepdown a token of the same app, and delete the comment of the other.", e.User, e.URL)
}

func (c *Client) putComment(ctx context.Context, number int, marker, body string) (string, *Beside, error) {
	body, err := marked(marker, body)
	if err != nil {
		return "", nil, err
	}
	standing, self, err := c.standing(ctx, number, marker)
	if err != nil {
		return "", nil, err
	}
	others := map[string]bool{} // bots whose comments this token was refused to change
	for _, old := range standing {
		if others[old.User] || !self.owns(old.User, old.UserType) {
			continue
		}
		if sameText(old.Body, body) {
			return old.URL, beside(standing, old.User), nil
		}
		got, _, err := c.api.Issues.EditComment(ctx, c.owner, c.name, old.ID, &gh.IssueComment{Body: &body})
		if isForbidden(err) { // somebody else's, or one that was deleted meanwhile
			others[old.User] = status(err) == http.StatusForbidden
			continue
		}
		return c.written(got, err, number, standing)
	}
	got, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.name, number, &gh.IssueComment{Body: &body})
	if err == nil {
		c.learn(got.GetUser())
	}
	return c.written(got, err, number, standing)
}

// standing returns the comments that begin with the marker, newest first, and whom the token belongs to.
func (c *Client) standing(ctx context.Context, number int, marker string) ([]access.Comment, self, error) {
	is, err := c.whoami(ctx)
	if err != nil {
		return nil, is, err
	}
	comments, err := c.comments(ctx, number)
	if err != nil {
		return nil, is, err
	}
	comments = slices.DeleteFunc(comments, func(m access.Comment) bool { return !begins(m.Body, marker) })
	slices.Reverse(comments)
	return comments, is, nil
}

// beside returns the newest comment of a bot other than user. Those of people are nobody's concern: anybody can write the
// marker.
func beside(standing []access.Comment, user string) *Beside {
	for _, m := range standing {
		if m.UserType == "Bot" && !strings.EqualFold(m.User, user) {
			return &Beside{User: oneLine(m.User, 80), URL: m.URL}
		}
	}
	return nil
}

// written checks the answer to a comment that was written.
func (c *Client) written(got *gh.IssueComment, err error, number int, standing []access.Comment) (string, *Beside, error) {
	if err != nil {
		return "", nil, err
	}
	comment, err := c.comment(got, number)
	if err == nil {
		c.mine(comment.ID)
	}
	return comment.URL, beside(standing, comment.User), err
}

// OwnComment returns the token's own newest comment under the marker; it is empty where there is none. It changes nothing. Where
// the token cannot ask who it is, it is GitHub that tells whose a comment is, by whether it may be changed.
func (c *Client) OwnComment(ctx context.Context, number int, marker string) (string, error) {
	m, err := c.ownComment(ctx, number, marker)
	if err != nil {
		return "", fmt.Errorf("reading the comment on pull request %d: %w", number, clean(err))
	}
	return m.Body, nil
}

func (c *Client) ownComment(ctx context.Context, number int, marker string) (access.Comment, error) {
	standing, self, err := c.standing(ctx, number, marker)
	for _, m := range standing {
		if err != nil {
			break
		}
		if !self.owns(m.User, m.UserType) {
			continue
		}
		own := self.login != "" || c.isMine(m.ID)
		if !own {
			own, err = c.mayChange(ctx, m.ID)
		}
		if own {
			return m, nil
		}
	}
	return access.Comment{}, err
}

// LastComments returns the comments of the repository that were written or changed last, at most 100 of them, by the number of their issue
// or pull request, those changed last first. It is one request.
func (c *Client) LastComments(ctx context.Context) (map[int][]access.Comment, error) {
	last, err := c.lastComments(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the last comments: %w", clean(err))
	}
	return last, nil
}

func (c *Client) lastComments(ctx context.Context) (map[int][]access.Comment, error) {
	sort, direction := "updated", "desc"
	got, _, err := c.api.Issues.ListComments(ctx, c.owner, c.name, 0, &gh.IssueListCommentsOptions{
		Sort: &sort, Direction: &direction, ListOptions: gh.ListOptions{PerPage: perPage},
	})
	if err != nil {
		return nil, err
	}
	last := map[int][]access.Comment{}
	for _, g := range got {
		number, _ := strconv.Atoi(path.Base(g.GetIssueURL()))
		comment, err := c.comment(g, number)
		if err != nil {
			return nil, err
		}
		last[number] = append(last[number], comment)
	}
	return last, nil
}

// mayChange tells whether the token may change a comment, by asking for a change that GitHub takes from nobody: to a body that is
// too long. Whose comment it is decides whether it answers 403 or 422. Where GitHub looked at the length first, every bot's
// would count: what comes of that is a plan that is not shown.
func (c *Client) mayChange(ctx context.Context, id int64) (bool, error) {
	body := strings.Repeat("x", maxCommentBody+1)
	_, _, err := c.api.Issues.EditComment(ctx, c.owner, c.name, id, &gh.IssueComment{Body: &body})
	switch {
	case isForbidden(err):
		return false, nil
	case err == nil || status(err) == http.StatusUnprocessableEntity:
		c.mine(id)
		return true, nil
	}
	return false, err
}

// isForbidden tells whether the refusal is one for good: not by a rate limit.
func isForbidden(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.RetryAfter == 0 && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound)
}

// marked puts the marker at the top of the body and cuts what is too long.
func marked(marker, body string) (string, error) {
	inner, ok := strings.CutPrefix(marker, "<!--")
	inner, ok2 := strings.CutSuffix(inner, "-->")
	if !ok || !ok2 || strings.Contains(inner, "--") || strings.ContainsAny(inner, "<>\r\n") {
		return "", fmt.Errorf("the marker %q is not one HTML comment on one line", marker)
	}
	if !utf8.ValidString(body) {
		return "", errors.New("the text is not UTF-8")
	}
	if !begins(body, marker) {
		body = marker + "\n" + body
	}
	return fit(body, maxCommentBody-1, utf16Length), nil
}

// begins tells whether the body begins with the marker.
func begins(body, marker string) bool { return strings.HasPrefix(body, marker) }

// sameText compares texts as GitHub keeps them, which may change the ends of lines and of the whole.
func sameText(a, b string) bool {
	plain := func(s string) string { return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), " \t\n") }
	return plain(a) == plain(b)
}
