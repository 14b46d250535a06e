// Package posture reads how a repository is set up and says what of it lets somebody forge an approval, bend a ledger or take
// a credential. It collects settings with coverage and judges them; it changes nothing.
//
// It imports access, and YAML to read workflow files. What could not be read is unknown, which is never ok.
package posture

import (
	"context"

	"github.com/stepdown/stepdown/internal/access"
)

// Status is what came of a check.
type Status string

// The statuses, in order of concern.
const (
	Off     Status = "off"     // it is not as it has to be
	Unknown Status = "unknown" // it could not be read, or not be told
	Note    Status = "note"    // it may be so; somebody should know
	OK      Status = "ok"
)

// Check is one setting: what it has to be, and what it is. Checks of one ID are about several things of a kind.
type Check struct {
	ID     string
	Of     string // the environment; empty where there is only one of its kind
	Title  string // what has to hold
	Status Status
	Seen   string // what is so, or why that is not known; may hold text from outside
	Why    string // what goes wrong without it
	Mend   string // what to do; empty where it is ok
}

// Wanted says what to look at.
type Wanted struct {
	LedgerBranch string
	Environments []string // that hold credentials
	Named        bool     // somebody named them: they have to be there
	AccessDir    string   // of the manifests, relative to the repository's root
}

// Fact is a setting, or why it is not known. The zero Fact is not known.
type Fact[T any] struct {
	Value T
	Known bool
	Why   string // of an error; may hold text from outside

	missing bool // it is seen not to be there
}

// Facts are the settings that were read.
type Facts struct {
	Wanted       Wanted
	Repository   Fact[access.RepositoryFacts]
	Default      Fact[access.BranchRules]
	Ledger       Fact[access.BranchRules]
	LedgerTip    Fact[string]        // "" where there is no such branch
	LedgerPast   Fact[[]access.Push] // newest first, read only where there is no such branch: empty where there never was
	Settings     Fact[bool]          // they are there, on the default branch
	Owners       Fact[OwnersFile]
	OwnersErrors Fact[[]access.OwnersError]
	Environments []Fact[Environment] // in the order of Wanted
	Workflows    Fact[access.Workflows]
	Files        Fact[[]File] // the workflow files of the default branch
}

// Environment is an environment of that name; it may not exist.
type Environment struct {
	access.Environment
	Exists bool
}

// OwnersFile is the CODEOWNERS file that GitHub uses. Path is empty where there is none.
type OwnersFile struct {
	Path    string
	Content string
}

// File is a workflow file.
type File struct {
	Path    string
	Content string
}

// Source reads settings. Where something is not there, as opposed to not shown, the error matches fs.ErrNotExist.
type Source interface {
	Branches
	Settings
	Files
}

// Branches reads branches and their rules.
type Branches interface {
	Rules(ctx context.Context, branch string) (access.BranchRules, error) // also of a branch that does not exist yet
	BranchHead(ctx context.Context, branch string) (string, error)
	BranchTip(ctx context.Context, branch string) (string, error)
	BranchHistory(ctx context.Context, branch string) ([]access.Push, error) // also of a branch that was deleted
}

// Settings reads the repository's settings.
type Settings interface {
	RepositoryFacts(ctx context.Context) (access.RepositoryFacts, error)
	Environment(ctx context.Context, name string) (access.Environment, error)
	Workflows(ctx context.Context) (access.Workflows, error)
}

// Files reads what lies in the repository at a commit.
type Files interface {
	File(ctx context.Context, path, sha string) ([]byte, error)
	Dir(ctx context.Context, path, sha string) ([]string, error)
	OwnersErrors(ctx context.Context, sha string) ([]access.OwnersError, error)
}

// Worst returns the status of most concern.
func Worst(checks []Check) Status {
	order := map[Status]int{OK: 0, Note: 1, Unknown: 2, Off: 3}
	worst := OK
	for _, c := range checks {
		if order[c.Status] > order[worst] {
			worst = c.Status
		}
	}
	return worst
}
