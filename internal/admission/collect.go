// Package admission finds out who approved a change and what it asks for, and decides whether that is enough to elevate
// an account. Authority comes from the approved commit: what is asked for is read at the head SHA that the approval names,
// the rules are read at a commit of the default branch, never from the change itself.
//
// GitHub only answers questions; the decision is Rego. It imports access and policy.
package admission

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// SettingsFile is the name of the settings in the access directory.
const SettingsFile = "settings.yaml"

// PullRequests answers what GitHub knows of a pull request.
type PullRequests interface {
	PullRequest(ctx context.Context, number int) (access.PullRequest, error)
	Reviews(ctx context.Context, number int) ([]access.Review, error)
	Files(ctx context.Context, number int) ([]access.ChangedFile, error)
}

// Contents reads files at a commit. An error that is fs.ErrNotExist says that there is no such file or directory.
type Contents interface {
	File(ctx context.Context, path, sha string) ([]byte, error)
	Dir(ctx context.Context, path, sha string) ([]string, error)
	BranchHead(ctx context.Context, branch string) (string, error)
}

// Source is what admission needs of GitHub. Its errors name what was being read.
type Source interface {
	PullRequests
	Contents
}

// Facts are what GitHub said. What could not be read is an error of Collect, never an empty fact.
type Facts struct {
	PullRequest access.PullRequest
	Reviews     []access.Review
	Files       []access.ChangedFile
	AccessDir   string

	// Manifest is the one manifest that the pull request adds or changes, at the head SHA. Its path is empty where the
	// pull request does not have exactly one; the decision then denies.
	ManifestPath string
	Manifest     []byte

	// Declared are the files of the access directory on the default branch, by path, at SettingsSHA.
	Declared    map[string][]byte
	SettingsSHA string
}

// Collect reads the facts of a pull request.
func Collect(ctx context.Context, src Source, number int, accessDir string) (Facts, error) {
	f := Facts{AccessDir: path.Clean(accessDir), Declared: map[string][]byte{}}
	var err error
	if f.PullRequest, err = src.PullRequest(ctx, number); err != nil {
		return Facts{}, err
	}
	if f.Reviews, err = src.Reviews(ctx, number); err != nil {
		return Facts{}, err
	}
	if f.Files, err = src.Files(ctx, number); err != nil {
		return Facts{}, err
	}
	if f.ManifestPath = theManifest(f.Files, f.AccessDir); f.ManifestPath != "" {
		if f.Manifest, err = src.File(ctx, f.ManifestPath, f.PullRequest.HeadSHA); err != nil {
			return Facts{}, fmt.Errorf("reading %s at %s: %w", f.ManifestPath, f.PullRequest.HeadSHA, err)
		}
	}
	if err := f.collectDeclared(ctx, src); err != nil {
		return Facts{}, err
	}
	now, err := src.PullRequest(ctx, number)
	if err != nil {
		return Facts{}, err
	}
	if now != f.PullRequest {
		return Facts{}, fmt.Errorf("pull request %d changed while it was read\nRun it again once it is at rest.", number)
	}
	return f, nil
}

// theManifest returns the path of the only manifest that is there at the head, or nothing.
func theManifest(files []access.ChangedFile, dir string) string {
	var found []string
	for _, file := range files {
		if IsManifest(file.Path, dir) && file.Status != "removed" {
			found = append(found, file.Path)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// IsManifest tells whether a path of the repository is that of a declaration in the access directory, other than the
// settings.
func IsManifest(file, dir string) bool {
	return path.Dir(file) == dir && path.Base(file) != SettingsFile && slices.Contains([]string{".yaml", ".yml"}, path.Ext(file))
}

// collectDeclared reads the access directory of the default branch. That there is none is not an error: the pull request
// may be the first.
func (f *Facts) collectDeclared(ctx context.Context, src Contents) error {
	var err error
	if f.SettingsSHA, err = src.BranchHead(ctx, f.PullRequest.DefaultBranch); err != nil {
		return fmt.Errorf("reading the head of branch %q: %w", f.PullRequest.DefaultBranch, err)
	}
	names, err := src.Dir(ctx, f.AccessDir, f.SettingsSHA)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s on branch %q: %w", f.AccessDir, f.PullRequest.DefaultBranch, err)
	}
	for _, name := range names {
		if ext := strings.ToLower(path.Ext(name)); ext != ".yaml" && ext != ".yml" {
			continue
		} else if ext != path.Ext(name) {
			return fmt.Errorf("reading %s on branch %q: its name has to end in %s, in lower case\nRename the file.", name, f.PullRequest.DefaultBranch, ext)
		}
		if f.Declared[name], err = src.File(ctx, name, f.SettingsSHA); err != nil {
			return fmt.Errorf("reading %s on branch %q: %w", name, f.PullRequest.DefaultBranch, err)
		}
	}
	return nil
}

// digest returns the SHA-256 of a file, as evidence keeps it.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
