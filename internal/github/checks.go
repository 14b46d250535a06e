package github

// This file writes check runs.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// maxCheckRuns is how many check runs of one name are read at the most.
	maxCheckRuns = 1000
	// maxSummary is the length of the longest summary that GitHub takes; it counts bytes, whatever its documentation says.
	// Source: github.com/github/rest-api-description, issue 5399.
	maxSummary = 65_535
)

// checkKey is what tells check runs of one app apart.
type checkKey struct{ sha, name, externalID string }

type checkID struct{ run, app int64 }

// PutCheckRun has the check run stand beside the commit. It changes the newest one of that name and external id that the same
// app made, or else makes one. Only the app that made a check run can change it: the id is known from this client's own writes, or
// found in the list, where GitHub refuses those of other apps.
//
// An error other than a refusal leaves open whether it was written; to call again is safe.
func (c *Client) PutCheckRun(ctx context.Context, sha string, run access.CheckRun) error {
	if err := c.putCheckRun(ctx, sha, run); err != nil {
		return fmt.Errorf("writing check run %q of commit %s: %w", run.Name, short(sha), clean(err))
	}
	return nil
}

func (c *Client) putCheckRun(ctx context.Context, sha string, run access.CheckRun) error {
	if err := checkRun(sha, run); err != nil {
		return err
	}
	key := checkKey{sha, run.Name, run.ExternalID}
	found, err := c.checkRuns(ctx, key)
	if err != nil {
		return err
	}
	for _, id := range found {
		got, _, err := c.api.Checks.UpdateCheckRun(ctx, c.owner, c.name, id.run, changeOf(run))
		if isForbidden(err) {
			continue
		}
		return c.wroteCheck(key, got, err)
	}
	change := changeOf(run)
	got, _, err := c.api.Checks.CreateCheckRun(ctx, c.owner, c.name, gh.CreateCheckRunOptions{
		Name: change.Name, HeadSHA: sha, DetailsURL: change.DetailsURL, ExternalID: change.ExternalID,
		Status: change.Status, Conclusion: change.Conclusion, Output: change.Output,
	})
	return c.wroteCheck(key, got, err)
}

// checkRun checks what GitHub would refuse, or take for something else.
func checkRun(sha string, run access.CheckRun) error {
	conclusions := []string{"success", "failure", "neutral", "action_required", "cancelled"}
	switch {
	case !isSHA(sha):
		return errors.New("not the full SHA of a commit")
	case run.Name == "" || run.Title == "":
		return errors.New("it has no name or no title")
	case !slices.Contains([]string{"queued", "in_progress", "completed"}, run.Status):
		return fmt.Errorf("status %q is none of queued, in_progress and completed", run.Status)
	case run.Status == "completed" && !slices.Contains(conclusions, run.Conclusion):
		return fmt.Errorf("conclusion %q is none of %q", run.Conclusion, conclusions)
	case run.Status != "completed" && run.Conclusion != "":
		return fmt.Errorf("it is %s and has conclusion %q", run.Status, run.Conclusion)
	}
	return nil
}

// changeOf translates. A conclusion would complete the run, so that it is left out where there is none.
func changeOf(run access.CheckRun) gh.UpdateCheckRunOptions {
	optional := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	summary := fit(validUTF8(run.Summary), maxSummary, byteLength)
	return gh.UpdateCheckRunOptions{
		Name: run.Name, DetailsURL: optional(run.DetailsURL), ExternalID: optional(run.ExternalID),
		Status: &run.Status, Conclusion: optional(run.Conclusion),
		Output: &gh.CheckRunOutput{Title: &run.Title, Summary: &summary},
	}
}

// checkRuns returns the check run that this client wrote before, or else the newest one of each app, newest first.
func (c *Client) checkRuns(ctx context.Context, key checkKey) ([]checkID, error) {
	c.id.mu.Lock()
	own, known := c.id.checks[key]
	c.id.mu.Unlock()
	if known {
		return []checkID{own}, nil
	}
	got, err := pages(maxCheckRuns, func(opts *gh.ListOptions) ([]*gh.CheckRun, *gh.Response, error) {
		list, resp, err := c.api.Checks.ListCheckRunsForRef(ctx, c.owner, c.name, key.sha, &gh.ListCheckRunsOptions{
			CheckName: &key.name, Filter: gh.Ptr("all"), ListOptions: *opts,
		})
		return list.GetCheckRuns(), resp, err
	})
	if err != nil {
		return nil, err
	}
	var found []checkID
	for _, run := range got {
		if run.GetID() <= 0 || run.GetHeadSHA() != key.sha {
			return nil, fmt.Errorf("github: the list has check run %d of commit %s", run.GetID(), short(run.GetHeadSHA()))
		}
		if run.GetName() == key.name && run.GetExternalID() == key.externalID {
			found = append(found, checkID{run.GetID(), run.GetApp().GetID()})
		}
	}
	slices.SortFunc(found, func(a, b checkID) int { return cmp.Compare(b.run, a.run) })
	apps := map[int64]bool{}
	return slices.DeleteFunc(found, func(id checkID) bool {
		older := apps[id.app]
		apps[id.app] = true
		return older
	}), nil
}

// wroteCheck checks the answer to a check run that was written, and keeps its id.
func (c *Client) wroteCheck(key checkKey, got *gh.CheckRun, err error) error {
	switch {
	case err != nil:
		return err
	case got.GetID() <= 0 || got.GetHeadSHA() != key.sha || got.GetName() != key.name:
		return fmt.Errorf("github: the answer is for check run %q of commit %s", got.GetName(), short(got.GetHeadSHA()))
	}
	c.id.mu.Lock()
	defer c.id.mu.Unlock()
	if c.id.checks == nil {
		c.id.checks = map[checkKey]checkID{}
	}
	c.id.checks[key] = checkID{got.GetID(), got.GetApp().GetID()}
	return nil
}
