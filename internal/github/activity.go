package github

// This file reads who moved a branch.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	pushes, whole, err := c.pushes(ctx, branch, "", maxPushes)
	switch {
	case err != nil:
		return fail(err)
	case !whole:
		return fail(fmt.Errorf("there are more than %d, too many to judge\nstart anew on a branch of another name", maxPushes))
	}
	return pushes, nil
}

// PushesSince reads the pushes to the branch since then, newest first, and the last one before, which says where the branch was; it is
// left out where there was none. More than 5000 are an error.
func (c *Client) PushesSince(ctx context.Context, branch string, since time.Time) ([]access.Push, error) {
	fail := func(err error) ([]access.Push, error) {
		return nil, fmt.Errorf("reading the pushes to branch %q since %s: %w", branch, since.UTC().Format(time.RFC3339), clean(err))
	}
	for limit := perPage; ; limit *= 5 {
		pushes, whole, err := c.pushes(ctx, branch, "", min(limit, maxPushes))
		if err != nil {
			return fail(err)
		}
		i := slices.IndexFunc(pushes, func(p access.Push) bool { return p.At.Before(since) })
		switch {
		case i >= 0:
			return pushes[:i+1], nil
		case whole:
			return pushes, nil
		case limit >= maxPushes:
			return fail(fmt.Errorf("there are more than %d, too many to judge", maxPushes))
		}
	}
}

// recentPushes is how many pushes of a branch are read that has a long history, in full pages.
const recentPushes = 3 * perPage

// BranchHistory reads the newest changes of where the branch points, and all that ever took something from it, however long ago:
// newest first, and everything where there are few. It is for a branch that grows with every transition of a lease.
func (c *Client) BranchHistory(ctx context.Context, branch string) ([]access.Push, error) {
	fail := func(err error) ([]access.Push, error) {
		return nil, fmt.Errorf("reading the history of branch %q: %w", branch, clean(err))
	}
	history, whole, err := c.pushes(ctx, branch, "", recentPushes)
	if err != nil {
		return fail(err)
	}
	if whole {
		return history, nil
	}
	recent := history[len(history)-1]
	for _, kind := range []string{access.PushForced, access.PushDeletion} {
		taken, whole, err := c.pushes(ctx, branch, kind, maxPushes)
		switch {
		case err != nil:
			return fail(err)
		case !whole:
			return fail(fmt.Errorf("there are more than %d of kind %s, too many to judge\nstart anew on a branch of another name", maxPushes, kind))
		}
		for _, p := range taken {
			if p.Kind != kind {
				return fail(fmt.Errorf("github: among the pushes of kind %s is a %s", kind, p.Kind))
			}
			if !slices.ContainsFunc(history, func(h access.Push) bool { return h.ID == p.ID }) {
				history = append(history, p)
			}
		}
	}
	slices.SortStableFunc(history[slices.Index(history, recent)+1:], func(a, b access.Push) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	return history, nil
}

// pushes reads changes of the branch, of one kind or of all, newest first. whole is false where there are more than limit.
func (c *Client) pushes(ctx context.Context, branch, kind string, limit int) (pushes []access.Push, whole bool, err error) {
	if !isBranchName(branch) {
		return nil, false, errors.New("not a branch name")
	}
	opts := gh.ListRepositoryActivityOptions{Ref: "refs/heads/" + branch, ActivityType: kind, Direction: "desc", PerPage: perPage}
	pushes = []access.Push{}
	seen := map[int64]bool{}
	for {
		got, next, err := c.activities(ctx, opts)
		if err != nil {
			return nil, false, err
		}
		for _, a := range got {
			if seen[a.ID] {
				return nil, false, fmt.Errorf("github: push %d is listed twice\nrun again", a.ID)
			}
			seen[a.ID] = true
			pushes = append(pushes, a)
		}
		switch {
		case next == opts.After && next != "", next != "" && len(got) == 0:
			return nil, false, errors.New("github: the list does not go on where its Link header says")
		case len(pushes) > limit, len(pushes) == limit && next != "":
			return pushes, false, nil
		case next == "" && len(got) >= perPage:
			return pushes, true, c.endsWith(ctx, opts, pushes[len(pushes)-1])
		case next == "":
			return pushes, true, nil
		}
		opts.After = next
	}
}

// endsWith checks that the push is the oldest one of the list.
func (c *Client) endsWith(ctx context.Context, opts gh.ListRepositoryActivityOptions, last access.Push) error {
	opts.After, opts.Direction, opts.PerPage = "", "asc", 1
	got, _, err := c.activities(ctx, opts)
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
