package github

import (
	"context"
	"errors"
	"fmt"

	gh "github.com/google/go-github/v88/github"
)

// ClosedAt returns the numbers of the pull requests that were closed without being merged and whose head is the commit, of the hundred
// closed ones that changed last. GitHub does not list them as those of the commit.
// Source: docs.github.com, "List pull requests associated with a commit".
func (c *Client) ClosedAt(ctx context.Context, sha string) ([]int, error) {
	fail := func(err error) ([]int, error) {
		return nil, fmt.Errorf("listing the closed pull requests of commit %s: %w", short(sha), clean(err))
	}
	if !isSHA(sha) {
		return fail(errors.New("not the full SHA of a commit"))
	}
	got, _, err := c.api.PullRequests.List(ctx, c.owner, c.name, &gh.PullRequestListOptions{
		State: "closed", Sort: "updated", Direction: "desc", ListOptions: gh.ListOptions{PerPage: perPage},
	})
	if err != nil {
		return fail(err)
	}
	var found []*gh.PullRequest
	for _, pr := range got {
		if pr.GetState() == "closed" && pr.MergedAt == nil && pr.GetHead().GetSHA() == sha {
			found = append(found, pr)
		}
	}
	numbers, err := c.numbers(found)
	if err != nil {
		return fail(err)
	}
	return numbers, nil
}
