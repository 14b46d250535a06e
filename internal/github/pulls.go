package github

// This file reads pull requests: the facts, the reviews, the changed files.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	perPage = 100
	// maxFiles is how many changed files GitHub lists of a pull request at the most.
	// Source: docs.github.com, "List pull requests files".
	maxFiles = 3000
	// maxReviews is how many reviews are read at the most: more is not a pull request that a person could judge.
	maxReviews = 10_000
)

// PullRequest reads the pull request. A field that GitHub always gives and did not give is an error. HeadRepo is empty
// where the fork was deleted.
func (c *Client) PullRequest(ctx context.Context, number int) (access.PullRequest, error) {
	pr, _, err := c.pullRequest(ctx, number)
	if err != nil {
		return access.PullRequest{}, fmt.Errorf("reading pull request %d: %w", number, clean(err))
	}
	return pr, nil
}

// pullRequest also returns how many files the pull request changes.
func (c *Client) pullRequest(ctx context.Context, number int) (access.PullRequest, int, error) {
	if number <= 0 {
		return access.PullRequest{}, 0, errors.New("pull requests are numbered from 1")
	}
	got, _, err := c.api.PullRequests.Get(ctx, c.owner, c.name, number)
	if err != nil {
		return access.PullRequest{}, 0, err
	}
	pr := access.PullRequest{
		Repository: got.GetBase().GetRepo().GetFullName(), Number: got.GetNumber(), URL: got.GetHTMLURL(),
		State: got.GetState(), Merged: got.GetMerged(), Draft: got.GetDraft(), Author: got.GetUser().GetLogin(),
		HeadSHA: got.GetHead().GetSHA(), HeadRef: got.GetHead().GetRef(), HeadRepo: got.GetHead().GetRepo().GetFullName(),
		BaseRef: got.GetBase().GetRef(), DefaultBranch: got.GetBase().GetRepo().GetDefaultBranch(),
	}
	switch {
	case pr.Number != number || !strings.EqualFold(pr.Repository, c.repository):
		err = fmt.Errorf("github: the answer is for pull request %d of %q", pr.Number, pr.Repository)
	case !isSHA(pr.HeadSHA):
		err = fmt.Errorf("github: head SHA %q is not that of a commit", pr.HeadSHA)
	case pr.State == "" || pr.Author == "" || pr.BaseRef == "" || pr.DefaultBranch == "" || got.ChangedFiles == nil:
		err = errors.New("github: the answer lacks the state, the author, the base, the default branch or the number of changed files")
	}
	return pr, got.GetChangedFiles(), err
}

// Reviews reads all reviews of the pull request, oldest first as GitHub lists them. A review without a user is one of a
// deleted account; it is kept, and so are states that nobody knows.
func (c *Client) Reviews(ctx context.Context, number int) ([]access.Review, error) {
	fail := func(err error) ([]access.Review, error) {
		return nil, fmt.Errorf("reading the reviews of pull request %d: %w", number, clean(err))
	}
	got, err := pages(maxReviews, func(opts *gh.ListOptions) ([]*gh.PullRequestReview, *gh.Response, error) {
		return c.api.PullRequests.ListReviews(ctx, c.owner, c.name, number, opts)
	})
	if err != nil {
		return fail(err)
	}
	reviews, seen := make([]access.Review, 0, len(got)), map[int64]bool{}
	for _, r := range got {
		if r.GetID() == 0 || r.GetState() == "" {
			return fail(errors.New("github: a review has no id or no state"))
		}
		if seen[r.GetID()] {
			return fail(fmt.Errorf("github: review %d is listed twice: the list moved while it was read\nrun again", r.GetID()))
		}
		seen[r.GetID()] = true
		reviews = append(reviews, access.Review{
			ID: r.GetID(), User: r.GetUser().GetLogin(), UserType: r.GetUser().GetType(), State: r.GetState(),
			CommitID: r.GetCommitID(), SubmittedAt: r.GetSubmittedAt().UTC(),
		})
	}
	return reviews, nil
}

// Files reads all files that the pull request changes. It is an error if the number is not the one that the pull request
// states, or if the pull request moved meanwhile: a list that is short could hide a file.
func (c *Client) Files(ctx context.Context, number int) ([]access.ChangedFile, error) {
	fail := func(err error) ([]access.ChangedFile, error) {
		return nil, fmt.Errorf("reading the changed files of pull request %d: %w", number, clean(err))
	}
	before, want, err := c.pullRequest(ctx, number)
	if err != nil {
		return fail(err)
	}
	if want > maxFiles {
		return fail(fmt.Errorf("it changes %d files and GitHub lists %d at the most\nsplit the pull request", want, maxFiles))
	}
	got, err := pages(maxFiles, func(opts *gh.ListOptions) ([]*gh.CommitFile, *gh.Response, error) {
		return c.api.PullRequests.ListFiles(ctx, c.owner, c.name, number, opts)
	})
	if err != nil {
		return fail(err)
	}
	files, err := changedFiles(got)
	if err != nil {
		return fail(err)
	}
	if len(files) != want {
		return fail(fmt.Errorf("github: it states %d changed files and lists %d\nrun again", want, len(files)))
	}
	after, _, err := c.pullRequest(ctx, number)
	if err != nil {
		return fail(err)
	}
	if after.HeadSHA != before.HeadSHA || after.BaseRef != before.BaseRef {
		return fail(errors.New("the pull request changed while its files were read\nrun again"))
	}
	return files, nil
}

// changedFiles translates; a path that comes twice, or none, is an error.
func changedFiles(got []*gh.CommitFile) ([]access.ChangedFile, error) {
	files, seen := make([]access.ChangedFile, 0, len(got)), map[string]bool{}
	for _, f := range got {
		if f.GetFilename() == "" || f.GetStatus() == "" {
			return nil, errors.New("github: a changed file has no path or no status")
		}
		if seen[f.GetFilename()] {
			return nil, fmt.Errorf("github: changed file %q is listed twice", f.GetFilename())
		}
		seen[f.GetFilename()] = true
		files = append(files, access.ChangedFile{Path: f.GetFilename(), PreviousPath: f.GetPreviousFilename(), Status: f.GetStatus()})
	}
	return files, nil
}

// pages reads all pages of a list, at most limit items. It ends at a page that is not full and that names no next one,
// so that a Link header which was lost or malformed cannot end the list.
func pages[T any](limit int, list func(*gh.ListOptions) ([]*T, *gh.Response, error)) ([]*T, error) {
	var all []*T
	for page := 1; ; page++ {
		items, resp, err := list(&gh.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return nil, err
		}
		if items == nil {
			return nil, fmt.Errorf("github: page %d holds no list", page)
		}
		for _, item := range items {
			if item == nil {
				return nil, fmt.Errorf("github: page %d holds null", page)
			}
		}
		all = append(all, items...)
		more := resp.NextPage != 0 || resp.NextPageToken != "" || len(items) >= perPage
		switch {
		case len(all) > limit:
			return nil, fmt.Errorf("github: the list has more than %d items", limit)
		case resp.NextPage != 0 && resp.NextPage != page+1 || resp.NextPageToken != "":
			return nil, fmt.Errorf("github: after page %d the list goes on with page %d%s", page, resp.NextPage, resp.NextPageToken)
		case more && len(items) == 0:
			return nil, fmt.Errorf("github: page %d is empty and yet not the last", page)
		case !more:
			return all, nil
		}
	}
}
