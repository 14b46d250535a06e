package github

// This file opens issues.

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
