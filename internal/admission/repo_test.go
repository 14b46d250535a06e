package admission_test

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/policy"
)

var now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

const (
	head = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	main = "ffffffffffffffffffffffffffffffffffffffff"
	base = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

	alpha = `apiVersion: stepdown/v1
kind: TokenOwner
name: alpha
account: svc-alpha@acme.example
operator: {name: oscar, signIn: the vault}
role: {customRole: Reader, resourceSet: Some}
token: {name: alpha, zones: [Corporate]}
elevation:
  window: 10m
reason: nightly export
ticket: OPS-1
owner: team-finance
delivery: {method: handoff, destination: vault}
`
	settings = "apiVersion: stepdown/v1\nkind: Settings\n"
)

// repo is a repository of values. What a method is named in fail answers with that error.
type repo struct {
	pull     access.PullRequest
	reviews  []access.Review
	files    []access.ChangedFile
	trees    map[string]map[string]string // by SHA, by path
	heads    map[string]string
	people   map[string]access.Authority
	bases    []access.PullRequestEvent
	moved    []access.Push     // of the default branch, since the first approval
	merges   map[string]string // the merge base with the head, by the commit of the default branch; its own is main
	parents  []string          // of the commit that merged it
	pushes   map[string][]access.Push
	rules    access.BranchRules
	owners   []access.OwnersError
	comments []access.Comment

	fail  map[string]error
	later time.Duration       // how long after the request it is
	after func(method string) // called after each answer
	asked []string            // of whom authority was asked, with teams
}

// request is a repository with a pull request that is admitted.
func request() *repo {
	return &repo{
		pull: access.PullRequest{
			Repository: "acme/access", Number: 7, URL: "https://github.example/acme/access/pull/7", State: "open", Author: "dana", AuthorType: "User",
			HeadSHA: head, HeadRef: "alpha", HeadRepo: "acme/access", BaseRef: "main", DefaultBranch: "main",
		},
		reviews: []access.Review{approval(1, "grace", 5*time.Minute)},
		files:   []access.ChangedFile{{Path: "access/alpha.yaml", Status: "added"}},
		trees:   map[string]map[string]string{head: {"access/alpha.yaml": alpha, "access/settings.yaml": settings}, main: {"access/settings.yaml": settings}},
		heads:   map[string]string{"main": main},
		people:  map[string]access.Authority{"grace": {User: "grace", Permission: "write", Teams: []string{}}, "ada": {User: "ada", Permission: "admin"}},
		pushes: map[string][]access.Push{
			"alpha": {{ID: 1, Ref: "refs/heads/alpha", After: head, Kind: "push", Actor: "dana", ActorType: "User", At: now.Add(-time.Hour)}},
		},
		parents: []string{base},
		rules:   access.BranchRules{Branch: "main", PullRequest: true, Approvals: 1},
		fail:    map[string]error{},
	}
}

func approval(id int64, user string, age time.Duration) access.Review {
	return access.Review{ID: id, User: user, UserType: "User", State: "APPROVED", CommitID: head, SubmittedAt: now.Add(-age)}
}

func answer[T any](ctx context.Context, r *repo, method string, value T) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if err := r.fail[method]; err != nil {
		return none, err
	}
	if r.after != nil {
		defer r.after(method)
	}
	return value, nil
}

func (r *repo) PullRequest(ctx context.Context, _ int) (access.PullRequest, error) {
	return answer(ctx, r, "PullRequest", r.pull)
}

func (r *repo) Reviews(ctx context.Context, _ int) ([]access.Review, error) {
	return answer(ctx, r, "Reviews", slices.Clone(r.reviews))
}

func (r *repo) Files(ctx context.Context, _ int) ([]access.ChangedFile, error) {
	return answer(ctx, r, "Files", r.files)
}

func (r *repo) Events(ctx context.Context, _ int) ([]access.PullRequestEvent, error) {
	return answer(ctx, r, "Events", r.bases)
}

func (r *repo) PushesSince(ctx context.Context, _ string, _ time.Time) ([]access.Push, error) {
	return answer(ctx, r, "PushesSince", r.moved)
}

func (r *repo) MergeBase(ctx context.Context, of, _ string) (string, error) {
	if sha := r.merges[of]; sha != "" {
		return answer(ctx, r, "MergeBase", sha)
	}
	return answer(ctx, r, "MergeBase", main)
}

func (r *repo) Commit(ctx context.Context, sha string) (access.GitCommit, error) {
	return answer(ctx, r, "Commit", access.GitCommit{SHA: sha, Parents: r.parents})
}

func (r *repo) Comments(ctx context.Context, _ int) ([]access.Comment, error) {
	return answer(ctx, r, "Comments", r.comments)
}

func (r *repo) OwnersErrors(ctx context.Context, sha string) ([]access.OwnersError, error) {
	if sha != r.heads["main"] {
		return nil, fmt.Errorf("CODEOWNERS asked for at %q", sha)
	}
	return answer(ctx, r, "OwnersErrors", r.owners)
}

func (r *repo) Rules(ctx context.Context, branch string) (access.BranchRules, error) {
	if branch != "main" {
		return access.BranchRules{}, fmt.Errorf("rules asked for of %q", branch)
	}
	return answer(ctx, r, "Rules", r.rules)
}

func (r *repo) BranchPushes(ctx context.Context, branch string) ([]access.Push, error) {
	return answer(ctx, r, "BranchPushes", r.pushes[branch])
}

func (r *repo) BranchHead(ctx context.Context, branch string) (string, error) {
	return answer(ctx, r, "BranchHead", r.heads[branch])
}

func (r *repo) Authority(ctx context.Context, user string, teams []string) (access.Authority, error) {
	r.asked = append(r.asked, strings.Join(append([]string{user}, teams...), " "))
	return answer(ctx, r, "Authority", r.people[user])
}

func (r *repo) Dir(ctx context.Context, dir, sha string) ([]string, error) {
	var out []string
	for name := range r.trees[sha] {
		if path.Dir(name) == dir {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return nil, fmt.Errorf("reading directory %q at %s: %w", dir, sha, fs.ErrNotExist)
	}
	return answer(ctx, r, "Dir "+dir, out)
}

func (r *repo) File(ctx context.Context, name, sha string) ([]byte, error) {
	data, there := r.trees[sha][name]
	if !there {
		return nil, fmt.Errorf("reading file %q at %s: %w", name, sha, fs.ErrNotExist)
	}
	return answer(ctx, r, "File "+name, []byte(data))
}

func ask() admission.Ask {
	return admission.Ask{Number: 7, AccessDir: "./access/", Trigger: "workflow_run", Now: now, Roles: roles{permissions: []string{"okta.groups.read"}}}
}

// roles is an org of one custom role.
type roles struct {
	permissions []string
	err         error
}

func (r roles) Permissions(context.Context, string) ([]string, error) { return r.permissions, r.err }

func engine(t *testing.T) *policy.Engine {
	t.Helper()
	e, err := policy.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rules returns the rules that deny, each once, and then those for which it waits.
func rules(d policy.Decision) []string {
	out := []string{}
	for _, denial := range slices.Concat(d.Denials, d.Waiting) {
		if !slices.Contains(out, denial.Rule) {
			out = append(out, denial.Rule)
		}
	}
	return out
}
