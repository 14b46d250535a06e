package github

// This file reads Git's own objects, each checked against the name that it was asked for by.

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// maxBlob is the size of the largest blob that is read, in bytes.
	maxBlob = 1 << 20
	// emptyTree is the name of the tree without entries.
	emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
)

// Modes of a tree's entries.
const (
	modeFile       = "100644"
	modeExecutable = "100755"
	modeTree       = "040000"
)

// Commit reads the commit.
func (c *Client) Commit(ctx context.Context, sha string) (access.GitCommit, error) {
	fail := func(err error) (access.GitCommit, error) {
		return access.GitCommit{}, fmt.Errorf("reading commit %s: %w", short(sha), clean(err))
	}
	if !isSHA(sha) {
		return fail(errors.New("not the full SHA of a commit"))
	}
	got, _, err := c.api.Git.GetCommit(ctx, c.owner, c.name, sha)
	if err != nil {
		return fail(err)
	}
	commit, err := gitCommit(got)
	if err != nil {
		return fail(err)
	}
	if commit.SHA != sha {
		return fail(fmt.Errorf("github: the answer is for commit %s", commit.SHA))
	}
	return commit, nil
}

// MergeBase returns the commit that a change from base to head is counted from, as GitHub compares the two.
func (c *Client) MergeBase(ctx context.Context, base, head string) (string, error) {
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("comparing commit %s with %s: %w", short(base), short(head), clean(err))
	}
	if !isSHA(base) || !isSHA(head) {
		return fail(errors.New("not the full SHA of a commit"))
	}
	got, _, err := c.api.Repositories.CompareCommits(ctx, c.owner, c.name, base, head, &gh.ListOptions{PerPage: 1})
	if err != nil {
		return fail(err)
	}
	if sha := got.GetMergeBaseCommit().GetSHA(); got.GetBaseCommit().GetSHA() == base && isSHA(sha) {
		return sha, nil
	}
	return fail(fmt.Errorf("github: the answer is for %q and has the merge base %q", got.GetBaseCommit().GetSHA(), oneLine(got.GetMergeBaseCommit().GetSHA(), 60)))
}

// gitCommit translates; a commit without a tree is an error.
func gitCommit(got *gh.Commit) (access.GitCommit, error) {
	commit := access.GitCommit{SHA: got.GetSHA(), Tree: got.GetTree().GetSHA(), Parents: []string{}, Message: got.GetMessage()}
	if !isSHA(commit.SHA) || !isSHA(commit.Tree) || got.Parents == nil {
		return access.GitCommit{}, errors.New("github: the answer lacks the commit's name, its tree or its parents")
	}
	for _, p := range got.Parents {
		if !isSHA(p.GetSHA()) {
			return access.GitCommit{}, fmt.Errorf("github: parent %q of commit %s is none", p.GetSHA(), commit.SHA)
		}
		commit.Parents = append(commit.Parents, p.GetSHA())
	}
	return commit, nil
}

// TreeFiles returns the SHA of the blob of each file under the tree, by path. A list that is cut is an error, and so are symlinks
// and submodules. The tree is put together again from what was listed and has to have the name that was asked for.
func (c *Client) TreeFiles(ctx context.Context, tree string) (map[string]string, error) {
	fail := func(err error) (map[string]string, error) {
		return nil, fmt.Errorf("reading tree %s: %w", short(tree), clean(err))
	}
	if !isSHA(tree) {
		return fail(errors.New("not the full SHA of a tree"))
	}
	if tree == emptyTree { // GitHub need not keep it
		return map[string]string{}, nil
	}
	got, _, err := c.api.Git.GetTree(ctx, c.owner, c.name, tree, true)
	switch {
	case err != nil:
		return fail(err)
	case got.GetSHA() != tree:
		return fail(fmt.Errorf("github: the answer is for tree %q", got.GetSHA()))
	case got.Truncated == nil || got.GetTruncated():
		return fail(errors.New("github: it is too large to be listed whole"))
	case got.Entries == nil:
		return fail(errors.New("github: the answer is not a list"))
	}
	files, err := treeFiles(got.Entries)
	if err != nil {
		return fail(err)
	}
	if name := treeSHA(got.Entries, "."); name != tree {
		return fail(fmt.Errorf("github: what is listed is tree %s", name))
	}
	return files, nil
}

func treeFiles(entries []*gh.TreeEntry) (map[string]string, error) {
	files, seen := map[string]string{}, map[string]bool{}
	for _, e := range entries {
		p := e.GetPath()
		switch {
		case !isSHA(e.GetSHA()) || seen[p] || checkPlace(p, e.GetSHA()) != nil:
			return nil, fmt.Errorf("github: entry %q has no name, comes twice or is out of place", p)
		case e.GetType() == "tree" && e.GetMode() == modeTree:
		case e.GetType() == "blob" && (e.GetMode() == modeFile || e.GetMode() == modeExecutable):
			files[p] = e.GetSHA()
		default:
			return nil, fmt.Errorf("%q is a %s of mode %s; only regular files and directories are read", p, e.GetType(), e.GetMode())
		}
		seen[p] = true
	}
	return files, nil
}

// treeSHA is the name that Git gives to the directory with these entries, all of them with paths from the root.
func treeSHA(entries []*gh.TreeEntry, dir string) string {
	var inside []*gh.TreeEntry
	for _, e := range entries {
		if path.Dir(e.GetPath()) == dir {
			inside = append(inside, e)
		}
	}
	key := func(e *gh.TreeEntry) string { // directories are sorted as if their names ended in a slash
		if e.GetType() == "tree" {
			return path.Base(e.GetPath()) + "/"
		}
		return path.Base(e.GetPath())
	}
	slices.SortFunc(inside, func(a, b *gh.TreeEntry) int { return strings.Compare(key(a), key(b)) })
	var content []byte
	for _, e := range inside {
		name := e.GetSHA()
		if e.GetType() == "tree" {
			name = treeSHA(entries, e.GetPath())
		}
		raw, _ := hex.DecodeString(name) // isSHA holds
		content = fmt.Appendf(content, "%s %s\x00%s", strings.TrimLeft(e.GetMode(), "0"), path.Base(e.GetPath()), raw)
	}
	sum := sha1.Sum(append(fmt.Appendf(nil, "tree %d\x00", len(content)), content...))
	return hex.EncodeToString(sum[:])
}

// Blob reads the content that has the name. More than a mebibyte is an error.
func (c *Client) Blob(ctx context.Context, sha string) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, fmt.Errorf("reading blob %s: %w", short(sha), clean(err))
	}
	if !isSHA(sha) {
		return fail(errors.New("not the full SHA of a blob"))
	}
	got, _, err := c.api.Git.GetBlob(ctx, c.owner, c.name, sha)
	switch {
	case err != nil:
		return fail(err)
	case got.GetSize() > maxBlob:
		return fail(fmt.Errorf("it has %d bytes; %d are read at the most", got.GetSize(), maxBlob))
	case got == nil || got.Content == nil || got.GetEncoding() != "base64":
		return fail(fmt.Errorf("github: the content has encoding %q, not base64", got.GetEncoding()))
	}
	content, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(got.GetContent(), "\n", ""))
	switch {
	case err != nil:
		return fail(errors.New("github: the content is not base64"))
	case len(content) > maxBlob:
		return fail(fmt.Errorf("it has %d bytes; %d are read at the most", len(content), maxBlob))
	case blobSHA(string(content)) != sha:
		return fail(fmt.Errorf("github: the content is that of blob %s", blobSHA(string(content))))
	}
	return content, nil
}
