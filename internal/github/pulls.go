package github

// This file reads pull requests: the facts, the reviews, the changed files.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// maxFiles is how many changed files GitHub lists of a pull request at the most.
	// Source: docs.github.com, "List pull requests files".
	maxFiles = 3000
	// maxReviews is how many reviews are read at the most: more is not a pull request that a person could judge.
	maxReviews = 10_000
	// maxEvents is how many events of a pull request are read at the most.
	maxEvents = 10_000
	// maxPulls is how many pull requests are listed at the most.
	maxPulls = 5000
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
		State: got.GetState(), Merged: got.GetMerged(), MergeSHA: mergedAs(got), Draft: got.GetDraft(), Author: got.GetUser().GetLogin(), AuthorType: got.GetUser().GetType(),
		HeadSHA: got.GetHead().GetSHA(), HeadRef: got.GetHead().GetRef(), HeadRepo: got.GetHead().GetRepo().GetFullName(),
		BaseRef: got.GetBase().GetRef(), DefaultBranch: got.GetBase().GetRepo().GetDefaultBranch(),
	}
	switch {
	case pr.Number != number || !strings.EqualFold(pr.Repository, c.repository):
		err = fmt.Errorf("github: the answer is for pull request %d of %q", pr.Number, pr.Repository)
	case !isSHA(pr.HeadSHA):
		err = fmt.Errorf("github: head SHA %q is not that of a commit", pr.HeadSHA)
	case pr.Merged && !isSHA(pr.MergeSHA):
		err = fmt.Errorf("github: it is merged, and by commit %q", oneLine(pr.MergeSHA, 60))
	case pr.State == "" || pr.Author == "" || pr.AuthorType == "" || pr.BaseRef == "" || pr.DefaultBranch == "" || got.ChangedFiles == nil:
		err = errors.New("github: the answer lacks the state, the author, the base, the default branch or the number of changed files")
	}
	return pr, got.GetChangedFiles(), err
}

// mergedAs returns the commit that merged the pull request. Of one that is not merged GitHub names a commit that only tries it.
func mergedAs(pr *gh.PullRequest) string {
	if !pr.GetMerged() {
		return ""
	}
	return pr.GetMergeCommitSHA()
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

// Events reads what happened to the pull request that takes the ground from under an approval: another base, a base that was
// rewritten, a reopening; oldest first. GitHub keeps that among the events of the pull request as an issue.
func (c *Client) Events(ctx context.Context, number int) ([]access.PullRequestEvent, error) {
	fail := func(err error) ([]access.PullRequestEvent, error) {
		return nil, fmt.Errorf("reading the events of pull request %d: %w", number, clean(err))
	}
	if number <= 0 {
		return fail(errors.New("pull requests are numbered from 1"))
	}
	got, err := pages(maxEvents, func(opts *gh.ListOptions) ([]*gh.IssueEvent, *gh.Response, error) {
		return c.api.Issues.ListIssueEvents(ctx, c.owner, c.name, number, opts)
	})
	if err != nil {
		return fail(err)
	}
	events, seen := []access.PullRequestEvent{}, map[int64]bool{}
	for _, e := range got {
		switch {
		case e.GetID() <= 0 || e.GetEvent() == "" || e.CreatedAt == nil || e.CreatedAt.IsZero():
			return fail(errors.New("github: an event has no id, no kind or no time"))
		case seen[e.GetID()]:
			return fail(fmt.Errorf("github: event %d is listed twice: the list moved while it was read\nrun again", e.GetID()))
		}
		seen[e.GetID()] = true
		if slices.Contains([]string{"base_ref_changed", "automatic_base_change_succeeded", "base_ref_force_pushed", "reopened"}, e.GetEvent()) {
			events = append(events, access.PullRequestEvent{ID: e.GetID(), Kind: e.GetEvent(), Actor: e.GetActor().GetLogin(), At: e.GetCreatedAt().UTC()})
		}
	}
	return events, nil
}

// changedFiles translates; a path that comes twice, or none, is an error. GitHub gives no SHA of some files, as where only the mode
// changes (ppremk/lfs-warning, pull request 140; github/rest-api-description, issue 5563). Of a removed file it is that of the blob
// which is removed, as its blob_url is one of the base: that is observed, and not in the documentation, so that whoever relies on it
// has to hold content against it.
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
		files = append(files, access.ChangedFile{Path: f.GetFilename(), PreviousPath: f.GetPreviousFilename(), Status: f.GetStatus(), BlobSHA: f.GetSHA()})
	}
	return files, nil
}

// OpenPullRequests returns the numbers of all open pull requests to the branch, ascending. Of more than a hundred it may miss
// one while others are closed: the pages move under it.
func (c *Client) OpenPullRequests(ctx context.Context, base string) ([]int, error) {
	fail := func(err error) ([]int, error) {
		return nil, fmt.Errorf("listing the open pull requests to branch %q: %w", base, clean(err))
	}
	if !isBranchName(base) {
		return fail(errors.New("not a branch name"))
	}
	got, err := pages(maxPulls, func(opts *gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		return c.api.PullRequests.List(ctx, c.owner, c.name, &gh.PullRequestListOptions{
			State: "open", Base: base, Sort: "created", Direction: "asc", ListOptions: *opts,
		})
	})
	if err != nil {
		return fail(err)
	}
	for _, pr := range got {
		if pr.GetState() != "open" || pr.GetBase().GetRef() != base {
			return fail(fmt.Errorf("github: pull request %d is %q and to branch %q", pr.GetNumber(), pr.GetState(), pr.GetBase().GetRef()))
		}
	}
	numbers, err := c.numbers(got)
	if err != nil {
		return fail(err)
	}
	return numbers, nil
}

// PullRequestsOf returns the numbers of the pull requests that have the commit, in whatever state they are, ascending.
func (c *Client) PullRequestsOf(ctx context.Context, sha string) ([]int, error) {
	fail := func(err error) ([]int, error) {
		return nil, fmt.Errorf("listing the pull requests of commit %s: %w", short(sha), clean(err))
	}
	if !isSHA(sha) {
		return fail(errors.New("not the full SHA of a commit"))
	}
	got, err := pages(maxPulls, func(opts *gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		return c.api.PullRequests.ListPullRequestsWithCommit(ctx, c.owner, c.name, sha, opts)
	})
	if err != nil {
		return fail(err)
	}
	numbers, err := c.numbers(got)
	if err != nil {
		return fail(err)
	}
	return numbers, nil
}

// numbers returns the numbers of pull requests, which have to be ones to this repository.
func (c *Client) numbers(got []*gh.PullRequest) ([]int, error) {
	numbers := make([]int, 0, len(got))
	for _, pr := range got {
		if repository := pr.GetBase().GetRepo().GetFullName(); pr.GetNumber() <= 0 || !strings.EqualFold(repository, c.repository) {
			return nil, fmt.Errorf("github: the list has pull request %d of %q", pr.GetNumber(), repository)
		}
		numbers = append(numbers, pr.GetNumber())
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}
