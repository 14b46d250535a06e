package github

// This file reads and writes the conversation of a pull request.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
// comment here, those of any bot are taken for its own, never those of a person, and where GitHub does not let it change one, it makes
// another. A body that is too long is cut and says so.
//
// An error other than a refusal leaves open whether it was written; to call again is safe.
func (c *Client) PutComment(ctx context.Context, number int, marker, body string) (string, error) {
	address, err := c.putComment(ctx, number, marker, body)
	if err != nil {
		return "", fmt.Errorf("commenting on pull request %d: %w", number, clean(err))
	}
	return address, nil
}

func (c *Client) putComment(ctx context.Context, number int, marker, body string) (string, error) {
	body, err := marked(marker, body)
	if err != nil {
		return "", err
	}
	self, err := c.whoami(ctx)
	if err != nil {
		return "", err
	}
	comments, err := c.comments(ctx, number)
	if err != nil {
		return "", err
	}
	for i := len(comments) - 1; i >= 0; i-- {
		old := comments[i]
		if !begins(old.Body, marker) || !self.owns(old.User, old.UserType) {
			continue
		}
		if sameText(old.Body, body) {
			return old.URL, nil
		}
		got, _, err := c.api.Issues.EditComment(ctx, c.owner, c.name, old.ID, &gh.IssueComment{Body: &body})
		if isForbidden(err) {
			break // somebody else's, or one that was deleted meanwhile
		}
		return c.written(got, err, number)
	}
	got, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.name, number, &gh.IssueComment{Body: &body})
	if err == nil {
		c.learn(got.GetUser())
	}
	return c.written(got, err, number)
}

// written checks the answer to a comment that was written.
func (c *Client) written(got *gh.IssueComment, err error, number int) (string, error) {
	if err != nil {
		return "", err
	}
	comment, err := c.comment(got, number)
	return comment.URL, err
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
