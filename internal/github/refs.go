package github

// This file reads and moves branches.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

// maxWalk is how many commits are read at the most to find out whether a branch was moved.
const maxWalk = 50

// noBranch is an fs.ErrNotExist that GitHub was seen to mean: the branches could be listed.
type noBranch struct{ name string }

func (n noBranch) Error() string        { return fmt.Sprintf("the repository has no branch %q", n.name) }
func (n noBranch) Is(target error) bool { return target == fs.ErrNotExist }

// BranchTip returns the commit that the branch is at. The error is fs.ErrNotExist only where the repository's branches could be
// listed and it is not among them; a 404 that could be a missing permission is not.
func (c *Client) BranchTip(ctx context.Context, branch string) (string, error) {
	sha, err := c.branchTip(ctx, branch)
	if err != nil {
		return "", fmt.Errorf("reading where branch %q is: %w", branch, clean(err))
	}
	return sha, nil
}

func (c *Client) branchTip(ctx context.Context, branch string) (string, error) {
	sha, err := c.branchHead(ctx, branch)
	if status(err) != http.StatusNotFound {
		return sha, err
	}
	// The one that is asked for would be the first: all that begins with its name follows.
	refs, resp, listErr := c.api.Git.ListMatchingRefs(ctx, c.owner, c.name, "heads/"+branch)
	switch {
	case listErr != nil:
		return "", listErr
	case refs == nil || slices.Contains(refs, nil):
		return "", errors.New("github: the list of branches is none")
	case resp.NextPage != 0 || resp.Header.Get("Link") != "":
		return "", fmt.Errorf("there are too many branches that begin so: %w", clean(err))
	}
	for _, ref := range refs {
		switch name := ref.GetRef(); {
		case name == "refs/heads/"+branch: // it was made in between, or may not be read
			if sha, err = c.branchHead(ctx, branch); err != nil {
				return "", fmt.Errorf("it is listed and cannot be read: %w", clean(err))
			}
			return sha, nil
		case !strings.HasPrefix(name, "refs/heads/"+branch):
			return "", fmt.Errorf("github: the list has %q", name)
		}
	}
	return "", noBranch{branch}
}

// MoveBranch moves the branch forward to a commit that descends from where it is, or makes it there where from is empty. The
// error is access.ErrBranchMoved where it was not moved because it is not at an ancestor of the commit, is gone, or is there
// although from is empty. Any other error leaves open whether it was moved.
//
// Where an answer was lost, the branch is read: it was moved if it is at the commit, or at one that descends from it.
func (c *Client) MoveBranch(ctx context.Context, branch, from, to string) error {
	if err := c.moveBranch(ctx, branch, from, to); err != nil {
		return fmt.Errorf("moving branch %q to commit %s: %w", branch, short(to), clean(err))
	}
	return nil
}

func (c *Client) moveBranch(ctx context.Context, branch, from, to string) error {
	switch {
	case !isBranchName(branch):
		return errors.New("not a branch name")
	case !isSHA(to) || from != "" && !isSHA(from):
		return errors.New("not the full SHA of a commit")
	}
	sending, fate := resendable(ctx)
	var ref *gh.Reference
	var err error
	if from == "" {
		ref, _, err = c.api.Git.CreateRef(sending, c.owner, c.name, gh.CreateRef{Ref: "refs/heads/" + branch, SHA: to})
	} else {
		ref, _, err = c.api.Git.UpdateRef(sending, c.owner, c.name, "heads/"+branch, gh.UpdateRef{SHA: to, Force: gh.Ptr(false)})
	}
	switch {
	case err == nil && ref.GetRef() == "refs/heads/"+branch && ref.GetObject().GetSHA() == to:
		return nil
	case err == nil:
		err = fmt.Errorf("github: the answer is that %q is at %q", ref.GetRef(), ref.GetObject().GetSHA())
	case refused(err) && !fate.lost:
		return movedError(err)
	}
	return c.settle(ctx, branch, from, to, err)
}

// movedError makes access.ErrBranchMoved of the refusals that mean it. Source: GitHub's answers as its users report them; the
// documentation has only the status.
func movedError(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusUnprocessableEntity &&
		slices.Contains([]string{"Update is not a fast forward", "Reference already exists", "Reference does not exist"}, strings.TrimSuffix(e.Message, ".")) {
		return fmt.Errorf("%w: %w", access.ErrBranchMoved, clean(err))
	}
	return err
}

// settle finds out by reading what became of a move whose answer was lost: nil where it was done. It goes back from where the
// branch is until it meets to, which was then moved to, or from, which was then left another way, so that a request which is
// still on its way will be refused. Where it meets neither, the branch was rewritten, and all is open.
func (c *Client) settle(ctx context.Context, branch, from, to string, lost error) error {
	tip, err := c.branchTip(ctx, branch)
	if err != nil || tip == from { // the lost request may yet arrive
		return lost
	}
	todo, seen, elsewhere := []string{tip}, map[string]bool{}, from == ""
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		switch {
		case at == to:
			return nil
		case at == from:
			elsewhere = true
			continue
		case seen[at]:
			continue
		case len(seen) == maxWalk:
			return lost
		}
		seen[at] = true
		commit, err := c.Commit(ctx, at)
		if err != nil {
			return lost
		}
		todo = append(todo, commit.Parents...)
	}
	if !elsewhere {
		return lost
	}
	return fmt.Errorf("%w: it is at commit %s: %w", access.ErrBranchMoved, short(tip), clean(lost))
}
