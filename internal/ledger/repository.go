package ledger

import (
	"context"

	"github.com/stepdown/stepdown/internal/access"
)

// ErrMoved is access.ErrBranchMoved, which a Repository returns: adapters do not import the ledger.
var ErrMoved = access.ErrBranchMoved

// Repository is the Git repository in which a ledger can be a branch. All of its reads are of exactly what a SHA names.
type Repository interface {
	// BranchTip returns the commit that the branch is at. The error is fs.ErrNotExist only where the repository was seen
	// not to have it; a 404 that could be a missing permission is not.
	BranchTip(ctx context.Context, branch string) (sha string, err error)
	// BranchHistory returns what happened to the branch, newest first: the newest pushes, and all force pushes and deletions
	// however old. It is empty for a branch that never was.
	BranchHistory(ctx context.Context, branch string) ([]access.Push, error)
	Commit(ctx context.Context, sha string) (access.GitCommit, error)
	// TreeFiles returns the SHA of the blob of each file under the tree, by path. A tree that is listed in part, and an
	// entry that is neither a file nor a directory, are errors.
	TreeFiles(ctx context.Context, tree string) (map[string]string, error)
	Blob(ctx context.Context, sha string) ([]byte, error)
	// CreateCommit makes a commit that no branch is at: the tree (none where it is empty) with these files changed, those
	// that are nil removed. It may be repeated.
	CreateCommit(ctx context.Context, tree string, files map[string][]byte, parents []string, message string) (access.GitCommit, error)
	// MoveBranch moves the branch to a commit that descends from where it is, or makes it there where from is empty. It is
	// ErrMoved where the branch is not at an ancestor of to, or exists although from is empty. Any other error leaves open
	// whether it was moved.
	MoveBranch(ctx context.Context, branch, from, to string) error
}
