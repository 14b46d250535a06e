package github

// This file opens issues, and closes its own.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v88/github"
)

// maxIssues is how many issues are read at the most.
const maxIssues = 5000

// OpenIssue opens an issue that begins with the marker, an invisible HTML comment, and returns where it is. Where the token's
// own account made one with that marker and title before, it is left as it is, if it is open; with exactly, only if it also says the
// same: whoever may write issues as a bot can put the marker into one that says nothing. Whose the token is, and what an error leaves open, is as for PutComment.
func (c *Client) OpenIssue(ctx context.Context, title, marker, body string, exactly bool) (string, error) {
	address, err := c.openIssue(ctx, title, marker, body, exactly)
	if err != nil {
		return "", fmt.Errorf("opening issue %q: %w", oneLine(title, 80), clean(err))
	}
	return address, nil
}

func (c *Client) openIssue(ctx context.Context, title, marker, body string, exactly bool) (string, error) {
	body, err := marked(marker, body)
	if err != nil {
		return "", err
	}
	if title = strings.TrimSpace(oneLine(validUTF8(title), 250)); title == "" {
		return "", errors.New("it has no title")
	}
	self, err := c.whoami(ctx)
	if err != nil {
		return "", err
	}
	creator := self.login
	if strings.HasSuffix(creator, "[bot]") {
		creator = "" // nothing says that GitHub knows a bot by that name here
	}
	// The list has pull requests too: they are issues.
	all, err := pages(maxIssues, func(opts *gh.ListOptions) ([]*gh.Issue, *gh.Response, error) {
		return c.api.Issues.ListByRepo(ctx, c.owner, c.name, &gh.IssueListByRepoOptions{State: "all", Creator: creator, ListOptions: *opts})
	})
	if err != nil {
		return "", err
	}
	for _, issue := range all {
		ours := !issue.IsPullRequest() && issue.GetState() == "open" && issue.GetTitle() == title && self.owns(issue.GetUser().GetLogin(), issue.GetUser().GetType())
		if ours && (sameText(issue.GetBody(), body) || !exactly && begins(issue.GetBody(), marker)) {
			return c.addressOf(issue)
		}
	}
	made, _, err := c.api.Issues.Create(ctx, c.owner, c.name, &gh.IssueRequest{Title: &title, Body: &body})
	if err != nil {
		return "", err
	}
	c.learn(made.GetUser())
	return c.addressOf(made)
}

// addressOf returns where people find the issue, which has to be one of this repository.
func (c *Client) addressOf(issue *gh.Issue) (string, error) {
	if !isOf(issue.GetURL(), fmt.Sprintf("/repos/%s/issues/%d", c.repository, issue.GetNumber())) || issue.GetHTMLURL() == "" {
		return "", fmt.Errorf("github: the answer is for issue %q", oneLine(issue.GetURL(), 200))
	}
	return issue.GetHTMLURL(), nil
}

// Issue is an issue that may be the token's own.
type Issue struct {
	Number      int
	Body, URL   string
	login, kind string // whose it is
}

// OpenIssues returns the open issues whose text begins with a marker, or the beginning of one, as far as they may be the token's own: as
// for PutComment, those of any bot may be, until the token has acted.
func (c *Client) OpenIssues(ctx context.Context, marker string) ([]Issue, error) {
	issues, err := c.openIssues(ctx, marker)
	if err != nil {
		return nil, fmt.Errorf("reading the open issues: %w", clean(err))
	}
	return issues, nil
}

func (c *Client) openIssues(ctx context.Context, marker string) (found []Issue, err error) {
	all, err := pages(maxIssues, func(opts *gh.ListOptions) ([]*gh.Issue, *gh.Response, error) {
		return c.api.Issues.ListByRepo(ctx, c.owner, c.name, &gh.IssueListByRepoOptions{State: "open", ListOptions: *opts})
	})
	if err != nil {
		return nil, err
	}
	for _, issue := range all {
		if issue.IsPullRequest() || issue.GetState() != "open" || !begins(issue.GetBody(), marker) {
			continue
		}
		self, err := c.whoami(ctx)
		if err != nil {
			return nil, err
		}
		if !self.owns(issue.GetUser().GetLogin(), issue.GetUser().GetType()) {
			continue
		}
		address, err := c.addressOf(issue)
		if err != nil {
			return nil, err
		}
		found = append(found, Issue{
			Number: issue.GetNumber(), Body: issue.GetBody(), URL: address, login: issue.GetUser().GetLogin(), kind: issue.GetUser().GetType(),
		})
	}
	return found, nil
}

// CloseIssue comments on an issue of the token's own, once under the marker, and closes it. By the comment GitHub tells whose the token is:
// an issue of somebody else's stays open, which is an error.
func (c *Client) CloseIssue(ctx context.Context, issue Issue, marker, body string) error {
	if err := c.closeIssue(ctx, issue, marker, body); err != nil {
		return fmt.Errorf("closing issue %d: %w", issue.Number, clean(err))
	}
	return nil
}

func (c *Client) closeIssue(ctx context.Context, issue Issue, marker, body string) error {
	if _, _, err := c.putComment(ctx, issue.Number, marker, body); err != nil {
		return err
	}
	comment, err := c.ownComment(ctx, issue.Number, marker)
	switch {
	case err != nil:
		return err
	case !strings.EqualFold(comment.User, issue.login) || comment.UserType != issue.kind:
		return fmt.Errorf("it is of %q, and this token is of %q\nClose it by hand, once it is clear who made it.", oneLine(issue.login, 80), oneLine(comment.User, 80))
	}
	state, reason := "closed", "completed"
	_, _, err = c.api.Issues.Edit(ctx, c.owner, c.name, issue.Number, &gh.IssueRequest{State: &state, StateReason: &reason})
	return err
}
