package github

// This file reads how the repository is set up.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

// maxEnvironments is how many environments, and patterns of one, are read at the most.
const maxEnvironments = 1000

// noEnvironment is an fs.ErrNotExist that GitHub was seen to mean: the environments could be listed.
type noEnvironment struct{ name string }

func (n noEnvironment) Error() string {
	return fmt.Sprintf("the repository has no environment %q", n.name)
}
func (n noEnvironment) Is(target error) bool { return target == fs.ErrNotExist }

// environment is an environment as GitHub answers it, as far as it is used.
type environment struct {
	Name            string `json:"name"`
	CanAdminsBypass *bool  `json:"can_admins_bypass"`
	ProtectionRules []*struct {
		Type              string      `json:"type"`
		PreventSelfReview bool        `json:"prevent_self_review"`
		Reviewers         []*struct{} `json:"reviewers"`
	} `json:"protection_rules"`
	DeploymentBranchPolicy *gh.BranchPolicy `json:"deployment_branch_policy"`
}

// Environment reads how the environment is protected. The error is fs.ErrNotExist only where the repository's environments
// could be listed and it is not among them. Where GitHub does not say that administrators are bound, they are taken not to be.
func (c *Client) Environment(ctx context.Context, name string) (access.Environment, error) {
	env, err := c.environment(ctx, name)
	if err != nil {
		return access.Environment{}, fmt.Errorf("reading environment %q: %w", oneLine(name, 80), clean(err))
	}
	return env, nil
}

func (c *Client) environment(ctx context.Context, name string) (access.Environment, error) {
	// Other names could leave the route; GitHub has 255 characters at the most.
	if name == "" || len(name) > 255 || name == "." || name == ".." || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return access.Environment{}, errors.New("not the name of an environment")
	}
	var got *environment
	_, err := c.get(ctx, "/environments/"+url.PathEscape(name), &got)
	if status(err) == http.StatusNotFound {
		return access.Environment{}, c.noEnvironment(ctx, name, err)
	}
	if err != nil {
		return access.Environment{}, err
	}
	if got == nil || !strings.EqualFold(got.Name, name) {
		return access.Environment{}, errors.New("github: the answer is for another environment, or none")
	}
	env := access.Environment{Name: got.Name, AdminsBypass: got.CanAdminsBypass == nil || *got.CanAdminsBypass}
	for _, rule := range got.ProtectionRules {
		if rule != nil && rule.Type == "required_reviewers" {
			env.Reviewers += len(rule.Reviewers)
			env.PreventSelfReview = env.PreventSelfReview || rule.PreventSelfReview
		}
	}
	switch policy := got.DeploymentBranchPolicy; {
	case policy == nil: // any branch deploys
	case policy.GetProtectedBranches() && !policy.GetCustomBranchPolicies():
		env.ProtectedBranches, env.Branches, env.Tags = true, []string{}, []string{}
	case policy.GetCustomBranchPolicies() && !policy.GetProtectedBranches():
		env.Branches, env.Tags, err = c.deployers(ctx, name)
	default:
		err = errors.New("github: which branches deploy is given in no form that is known")
	}
	return env, err
}

// noEnvironment tells absence from a missing permission.
func (c *Client) noEnvironment(ctx context.Context, name string, refusal error) error {
	all, err := pages(maxEnvironments, func(opts *gh.ListOptions) ([]*environment, *gh.Response, error) {
		var list struct {
			Environments []*environment `json:"environments"`
		}
		resp, err := c.get(ctx, numbered("/environments", opts), &list)
		return list.Environments, resp, err
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(e *environment) bool { return strings.EqualFold(e.Name, name) }) {
		return fmt.Errorf("it is listed and cannot be read: %w", clean(refusal))
	}
	return noEnvironment{name}
}

// deployers reads the patterns of the branches and tags that may deploy to the environment.
func (c *Client) deployers(ctx context.Context, name string) (branches, tags []string, err error) {
	got, err := pages(maxEnvironments, func(opts *gh.ListOptions) ([]*gh.DeploymentBranchPolicy, *gh.Response, error) {
		var list struct {
			Policies []*gh.DeploymentBranchPolicy `json:"branch_policies"`
		}
		resp, err := c.get(ctx, numbered("/environments/"+url.PathEscape(name)+"/deployment-branch-policies", opts), &list)
		return list.Policies, resp, err
	})
	if err != nil {
		return nil, nil, err
	}
	branches, tags = []string{}, []string{}
	for _, p := range got {
		switch {
		case p.GetName() == "":
			return nil, nil, errors.New("github: a pattern of the branches that deploy is empty")
		case p.Type == nil || p.GetType() == "branch":
			branches = append(branches, p.GetName())
		case p.GetType() == "tag":
			tags = append(tags, p.GetName())
		default:
			return nil, nil, fmt.Errorf("github: a pattern is for a %q, which is not known", p.GetType())
		}
	}
	slices.Sort(branches)
	slices.Sort(tags)
	return branches, tags, nil
}

// Workflows reads what workflows may do unless they say less.
func (c *Client) Workflows(ctx context.Context) (access.Workflows, error) {
	got, _, err := c.api.Repositories.GetDefaultWorkflowPermissions(ctx, c.owner, c.name)
	if err == nil && (got == nil || got.CanApprovePullRequestReviews == nil || !slices.Contains([]string{"read", "write"}, got.GetDefaultWorkflowPermissions())) {
		err = errors.New("github: the answer lacks the default permissions, or whether workflows can approve")
	}
	if err != nil {
		return access.Workflows{}, fmt.Errorf("reading what workflows may do: %w", clean(err))
	}
	return access.Workflows{DefaultPermissions: got.GetDefaultWorkflowPermissions(), CanApprove: got.GetCanApprovePullRequestReviews()}, nil
}

// RepositoryFacts reads what the repository says of itself. Where GitHub does not say that it cannot be forked, it is taken to be.
func (c *Client) RepositoryFacts(ctx context.Context) (access.RepositoryFacts, error) {
	got, _, err := c.api.Repositories.Get(ctx, c.owner, c.name)
	facts := access.RepositoryFacts{
		FullName: got.GetFullName(), DefaultBranch: got.GetDefaultBranch(), Visibility: got.GetVisibility(),
		AllowForking: got == nil || got.AllowForking == nil || got.GetAllowForking(),
	}
	switch {
	case err != nil:
	case !strings.EqualFold(facts.FullName, c.repository):
		err = fmt.Errorf("github: the answer is for %q", facts.FullName)
	case !isBranchName(facts.DefaultBranch) || !slices.Contains([]string{"public", "private", "internal"}, facts.Visibility):
		err = errors.New("github: the answer lacks the default branch or the visibility")
	}
	if err != nil {
		return access.RepositoryFacts{}, fmt.Errorf("reading repository %q: %w", c.repository, clean(err))
	}
	return facts, nil
}

// RunIsOver tells whether the run of a workflow, in that attempt, has ended: GitHub says that it is completed, or that a later
// attempt has begun. Any run of which GitHub does not say so goes on.
func (c *Client) RunIsOver(ctx context.Context, run access.Run) (bool, error) {
	fail := func(err error) (bool, error) {
		return false, fmt.Errorf("reading whether run %s is over: %w", oneLine(run.RunID, 40), clean(err))
	}
	id, err := strconv.ParseInt(run.RunID, 10, 64)
	if err != nil || id <= 0 {
		return fail(errors.New("not the id of a run"))
	}
	got, _, err := c.api.Actions.GetWorkflowRunByID(ctx, c.owner, c.name, id)
	switch {
	case err != nil:
		return fail(err)
	case got.GetID() != id || got.GetStatus() == "" || got.GetRunAttempt() < 1:
		return fail(fmt.Errorf("github: the answer is for run %d, %q, attempt %d", got.GetID(), got.GetStatus(), got.GetRunAttempt()))
	}
	return got.GetStatus() == "completed" || got.GetRunAttempt() > max(run.RunAttempt, 1), nil
}
