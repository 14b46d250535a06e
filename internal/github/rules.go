package github

// This file reads what GitHub enforces on a branch.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// maxRules is how many rules of a branch are read at the most.
	maxRules = 1000
	// maxOwnersErrors is how many errors of CODEOWNERS are taken over at the most; one is enough.
	maxOwnersErrors = 100
)

// branchRule is a rule as the list has it.
type branchRule struct {
	Type       string          `json:"type"`
	Parameters json.RawMessage `json:"parameters"`
}

// Rules reads the rules in force for the branch, which need not exist, and adds them up. Those of a classic branch protection
// only administrators can read: Protected is all that is seen of them, and false where the branch is not there.
func (c *Client) Rules(ctx context.Context, branch string) (access.BranchRules, error) {
	fail := func(err error) (access.BranchRules, error) {
		return access.BranchRules{}, fmt.Errorf("reading the rules of branch %q: %w", branch, clean(err))
	}
	if !isBranchName(branch) {
		return fail(errors.New("not a branch name"))
	}
	got, err := pages(maxRules, func(opts *gh.ListOptions) ([]*branchRule, *gh.Response, error) {
		var rules []*branchRule
		resp, err := c.get(ctx, numbered("/rules/branches/"+url.PathEscape(branch), opts), &rules)
		return rules, resp, err
	})
	if err != nil {
		return fail(err)
	}
	rules := access.BranchRules{Branch: branch}
	for _, r := range got {
		if err := addRule(&rules, r); err != nil {
			return fail(err)
		}
	}
	if rules.Protected, err = c.isProtected(ctx, branch); err != nil {
		return fail(err)
	}
	return rules, nil
}

// addRule adds a rule. All rules of a kind apply together. Kinds that nothing rests on are passed over.
func addRule(to *access.BranchRules, r *branchRule) error {
	switch r.Type {
	case "":
		return errors.New("github: a rule has no type")
	case string(gh.RulesetRuleTypePullRequest):
		var p gh.PullRequestRuleParameters
		if len(r.Parameters) > 0 {
			if err := json.Unmarshal(r.Parameters, &p); err != nil {
				return fmt.Errorf("github: the rule %s: %w", r.Type, err)
			}
		}
		to.PullRequest = true
		to.Approvals = max(to.Approvals, p.RequiredApprovingReviewCount)
		to.DismissStale = to.DismissStale || p.DismissStaleReviewsOnPush
		to.LastPush = to.LastPush || p.RequireLastPushApproval
		to.CodeOwners = to.CodeOwners || p.RequireCodeOwnerReview
	case string(gh.RulesetRuleTypeNonFastForward):
		to.NoForcePush = true
	case string(gh.RulesetRuleTypeDeletion):
		to.NoDeletion = true
	case string(gh.RulesetRuleTypeUpdate):
		to.NoUpdate = true
	case string(gh.RulesetRuleTypeRequiredLinearHistory):
		to.LinearHistory = true
	case string(gh.RulesetRuleTypeRequiredStatusChecks):
		to.RequiredChecks = true
	}
	return nil
}

func (c *Client) isProtected(ctx context.Context, branch string) (bool, error) {
	var got *gh.Branch
	_, err := c.get(ctx, "/branches/"+url.PathEscape(branch), &got)
	switch {
	case status(err) == http.StatusNotFound:
		if _, tipErr := c.branchTip(ctx, branch); !errors.Is(tipErr, fs.ErrNotExist) {
			return false, err
		}
		return false, nil
	case err != nil:
		return false, err
	case got.GetName() != branch || got.Protected == nil:
		return false, fmt.Errorf("github: the answer is for branch %q, or does not say whether it is protected", got.GetName())
	}
	return got.GetProtected(), nil
}

// OwnersErrors reads what GitHub does not understand of CODEOWNERS at the commit. It is empty too where there is no such file;
// that is known only where the three places for it were seen to be without.
func (c *Client) OwnersErrors(ctx context.Context, sha string) ([]access.OwnersError, error) {
	fail := func(err error) ([]access.OwnersError, error) {
		return nil, fmt.Errorf("reading the errors of CODEOWNERS at commit %s: %w", short(sha), clean(err))
	}
	if !isSHA(sha) {
		return fail(errors.New("not the full SHA of a commit"))
	}
	got, _, err := c.api.Repositories.GetCodeownersErrors(ctx, c.owner, c.name, &gh.GetCodeownersErrorsOptions{Ref: sha})
	if status(err) == http.StatusNotFound {
		if err := c.noOwners(ctx, sha, err); err != nil {
			return fail(err)
		}
		return []access.OwnersError{}, nil
	}
	if err != nil {
		return fail(err)
	}
	if got == nil || got.Errors == nil || slices.Contains(got.Errors, nil) {
		return fail(errors.New("github: the answer is not a list"))
	}
	found := []access.OwnersError{}
	for _, e := range got.Errors[:min(len(got.Errors), maxOwnersErrors)] {
		found = append(found, access.OwnersError{Path: oneLine(e.Path, 200), Line: e.Line, Kind: oneLine(e.Kind, 80), Message: oneLine(e.Message, 500)})
	}
	return found, nil
}

// noOwners returns nil where the commit was seen to have no CODEOWNERS. Source: docs.github.com, "About code owners".
func (c *Client) noOwners(ctx context.Context, sha string, refusal error) error {
	for _, place := range []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"} {
		switch _, err := c.file(ctx, place, sha); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("%s: %w", place, err)
		default:
			return fmt.Errorf("%s is there: %w", place, clean(refusal))
		}
	}
	return nil
}
