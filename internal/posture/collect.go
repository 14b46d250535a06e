package posture

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// workflowDir is where GitHub looks for workflow files.
const workflowDir = ".github/workflows"

// ownersPlaces are where GitHub looks for CODEOWNERS; the first that is there counts.
// Source: docs.github.com, "About code owners".
func ownersPlaces() []string {
	return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
}

// Collect reads the settings. It has no error: what could not be read is a Fact that is not known, and says why.
func Collect(ctx context.Context, src Source, wanted Wanted) Facts {
	f := Facts{Wanted: wanted}
	f.Repository = fact(src.RepositoryFacts(ctx))
	f.Workflows = fact(src.Workflows(ctx))
	f.Ledger = fact(src.Rules(ctx, wanted.LedgerBranch))
	if f.LedgerTip = absent(fact(src.BranchTip(ctx, wanted.LedgerBranch))); f.LedgerTip.Known && f.LedgerTip.Value == "" {
		f.LedgerPast = fact(src.BranchHistory(ctx, wanted.LedgerBranch))
	}
	for _, name := range wanted.Environments {
		f.Environments = append(f.Environments, environment(ctx, src, name))
	}
	if !f.Repository.Known {
		return f.withoutBranch("the default branch is not known: " + f.Repository.Why)
	}
	branch := f.Repository.Value.DefaultBranch
	f.Default = fact(src.Rules(ctx, branch))
	sha, err := src.BranchHead(ctx, branch)
	if err != nil {
		return f.withoutFiles(err.Error())
	}
	f.Settings = absent(settings(ctx, src, wanted, sha))
	f.Owners, f.OwnersErrors = owners(ctx, src, sha)
	f.Files = files(ctx, src, sha)
	return f
}

// withoutBranch says why nothing of the default branch is known.
func (f Facts) withoutBranch(why string) Facts {
	f.Default.Why = why
	return f.withoutFiles(why)
}

// withoutFiles says why nothing that lies in the repository is known.
func (f Facts) withoutFiles(why string) Facts {
	f.Settings.Why, f.Owners.Why, f.OwnersErrors.Why, f.Files.Why = why, why, why, why
	return f
}

// fact keeps a value, or why there is none.
func fact[T any](value T, err error) Fact[T] {
	if err != nil {
		return Fact[T]{Why: err.Error(), Known: false, missing: errors.Is(err, fs.ErrNotExist)}
	}
	return Fact[T]{Value: value, Known: true}
}

// absent makes a fact that is seen not to be there the zero value, which is known.
func absent[T any](f Fact[T]) Fact[T] {
	if f.missing {
		return Fact[T]{Known: true}
	}
	return f
}

func environment(ctx context.Context, src Source, name string) Fact[Environment] {
	read := fact(src.Environment(ctx, name))
	got := absent(read)
	got.Value.Name = name
	return Fact[Environment]{Value: Environment{Environment: got.Value, Exists: read.Known}, Known: got.Known, Why: got.Why}
}

// settings tells whether the organisation's rules are there.
func settings(ctx context.Context, src Source, wanted Wanted, sha string) Fact[bool] {
	_, err := src.File(ctx, settingsFile(wanted), sha)
	return fact(err == nil, err)
}

func settingsFile(wanted Wanted) string { return path.Join(wanted.AccessDir, "settings.yaml") }

// owners reads the CODEOWNERS that counts, and what GitHub does not understand in it.
func owners(ctx context.Context, src Source, sha string) (Fact[OwnersFile], Fact[[]access.OwnersError]) {
	for _, place := range ownersPlaces() {
		data, err := src.File(ctx, place, sha)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return fact(OwnersFile{Path: place, Content: string(data)}, err), fact(src.OwnersErrors(ctx, sha))
	}
	return Fact[OwnersFile]{Known: true}, Fact[[]access.OwnersError]{Known: true}
}

// files reads all workflow files, or none: one that is not read could be the one that matters.
func files(ctx context.Context, src Source, sha string) Fact[[]File] {
	paths, err := src.Dir(ctx, workflowDir, sha)
	if err != nil {
		return absent(fact[[]File](nil, err))
	}
	var all []File
	for _, name := range paths {
		if ext := strings.ToLower(path.Ext(name)); ext != ".yml" && ext != ".yaml" {
			continue
		}
		data, err := src.File(ctx, name, sha)
		if err != nil {
			return fact[[]File](nil, err)
		}
		all = append(all, File{Path: name, Content: string(data)})
	}
	return fact(all, nil)
}
