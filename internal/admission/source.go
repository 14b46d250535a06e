// Package admission finds out who approved a change and what it asks for, and decides whether that is enough to elevate
// an account, or to take away what a manifest declared. Authority comes from the approved commit: what is asked for is read
// at the head SHA that the approvals name, the rules are read at a commit of the default branch, never from the change
// itself.
//
// GitHub only answers questions; the decision is Rego. What GitHub did not answer is a denial. It imports access, manifest
// and policy.
package admission

import (
	"context"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/policy"
)

// PullRequests answers what GitHub knows of a pull request.
type PullRequests interface {
	PullRequest(ctx context.Context, number int) (access.PullRequest, error)
	Reviews(ctx context.Context, number int) ([]access.Review, error)
	Files(ctx context.Context, number int) ([]access.ChangedFile, error)
	Events(ctx context.Context, number int) ([]access.PullRequestEvent, error) // oldest first
}

// Contents reads files at a commit. An error that is fs.ErrNotExist says that there is no such file or directory.
type Contents interface {
	File(ctx context.Context, path, sha string) ([]byte, error)
	Dir(ctx context.Context, path, sha string) ([]string, error)
	BranchHead(ctx context.Context, branch string) (string, error)
}

// People answers what a person may do in the repository, and in which of the teams the person is.
type People interface {
	Authority(ctx context.Context, user string, teams []string) (access.Authority, error)
}

// Branches answers how a branch came to be where it is, and what protects it.
type Branches interface {
	BranchPushes(ctx context.Context, branch string) ([]access.Push, error) // newest first
	// PushesSince returns the pushes to the branch since then, newest first, and the last one before, if there was one.
	PushesSince(ctx context.Context, branch string, since time.Time) ([]access.Push, error)
	MergeBase(ctx context.Context, base, head string) (sha string, err error)
	Commit(ctx context.Context, sha string) (access.GitCommit, error)
	Rules(ctx context.Context, branch string) (access.BranchRules, error)
	OwnersErrors(ctx context.Context, sha string) ([]access.OwnersError, error)
}

// Conversation reads what people wrote to a pull request.
type Conversation interface {
	Comments(ctx context.Context, number int) ([]access.Comment, error)
}

// Source is what admission needs of GitHub. Its errors name what was being read; a second line of theirs says what would
// mend it.
type Source interface {
	PullRequests
	Contents
	People
	Branches
	Conversation
}

// Roles answers what a role of the org may do.
type Roles interface {
	// Permissions returns the permissions of the custom role, by id or label; none where there is no such role, which is for the plan to say.
	Permissions(ctx context.Context, customRole string) ([]string, error)
}

// Decider is the policy that decides; policy.Engine is one. custom holds the repository's own rules by their path.
type Decider interface {
	AdmissionWith(ctx context.Context, in policy.AdmissionInput, custom map[string][]byte) (policy.Decision, error)
}
