package github

// This file reads who moved a branch.

import (
	"context"
	"errors"
	"fmt"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

// maxPushes is how many pushes of one branch are read at the most.
const maxPushes = 5000

// BranchPushes reads every change of where the branch points, newest first as GitHub lists them. It is empty for a branch that
// never was, and goes on for one that was deleted. More than 5000 are an error.
//
// The list is by cursors, so that a page that was lost cannot be asked for by its number: where the last page is full and names
// no next one, the list is asked for its oldest change, which has to be the last one that was read.
func (c *Client) BranchPushes(ctx context.Context, branch string) ([]access.Push, error) {
	fail := func(err error) ([]access.Push, error) {
		return nil, fmt.Errorf("reading the pushes to branch %q: %w", branch, clean(err))
	}
	if !isBranchName(branch) {
		return fail(errors.New("not a branch name"))
	}
	opts := gh.ListRepositoryActivityOptions{Ref: "refs/heads/" + branch, Direction: "desc", PerPage: perPage}
	pushes, seen := []access.Push{}, map[int64]bool{}
	for {
		got, next, err := c.activities(ctx, opts)
		if err != nil {
			return fail(err)
		}
		for _, a := range got {
			if seen[a.ID] {
				return fail(fmt.Errorf("github: push %d is listed twice\nrun again", a.ID))
			}
			seen[a.ID] = true
			pushes = append(pushes, a)
		}
		switch {
		case len(pushes) > maxPushes:
			return fail(fmt.Errorf("there are more than %d, too many to judge\nstart anew on a branch of another name", maxPushes))
		case next == opts.After && next != "", next != "" && len(got) == 0:
			return fail(errors.New("github: the list does not go on where its Link header says"))
		case next == "" && len(got) >= perPage:
			if err := c.endsWith(ctx, opts.Ref, pushes[len(pushes)-1]); err != nil {
				return fail(err)
			}
			return pushes, nil
		case next == "":
			return pushes, nil
		}
		opts.After = next
	}
}

// endsWith checks that the push is the oldest one of the branch.
func (c *Client) endsWith(ctx context.Context, ref string, last access.Push) error {
	got, _, err := c.activities(ctx, gh.ListRepositoryActivityOptions{Ref: ref, Direction: "asc", PerPage: 1})
	if err != nil {
		return err
	}
	if len(got) != 1 || got[0].ID != last.ID {
		return errors.New("github: the list of pushes ends before the oldest one\nrun again")
	}
	return nil
}

// activities reads one page, and the cursor of the next one.
func (c *Client) activities(ctx context.Context, opts gh.ListRepositoryActivityOptions) ([]access.Push, string, error) {
	got, resp, err := c.api.Repositories.ListRepositoryActivities(ctx, c.owner, c.name, &opts)
	if err != nil {
		return nil, "", err
	}
	if got == nil {
		return nil, "", errors.New("github: the answer is not a list")
	}
	pushes := make([]access.Push, 0, len(got))
	for _, a := range got {
		switch {
		case a == nil:
			return nil, "", errors.New("github: the list of pushes holds null")
		case a.Ref != opts.Ref:
			return nil, "", fmt.Errorf("github: the list has a push to %q", a.Ref)
		case a.ID <= 0 || !isSHA(a.Before) || !isSHA(a.After) || a.ActivityType == "" || a.Timestamp == nil || a.Timestamp.IsZero():
			return nil, "", fmt.Errorf("github: push %d lacks its id, kind, time or commits", a.ID)
		}
		pushes = append(pushes, access.Push{
			ID: a.ID, Ref: a.Ref, Before: a.Before, After: a.After, Kind: a.ActivityType,
			Actor: a.Actor.GetLogin(), ActorType: a.Actor.GetType(), At: a.Timestamp.UTC(),
		})
	}
	next, err := nextCursor(resp.Header)
	return pushes, next, err
}
