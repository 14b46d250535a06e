package github

// This file reads files and directories at an exact commit, and nothing that only looks like one.

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	gh "github.com/google/go-github/v88/github"
)

const (
	// maxFileSize is the size of the largest file that is read, in bytes. A manifest is far smaller.
	maxFileSize = 64 << 10
	// maxDirEntries is how many entries GitHub lists of a directory; it says nothing when it leaves out the rest.
	// Source: docs.github.com, "Get repository content".
	maxDirEntries = 1000
)

// File returns the content of the regular file at the commit. The path is relative to the repository's root, clean and
// without a leading slash; sha is the commit's full SHA, and nothing is sent for anything else. A directory, symlink or
// submodule and a file above 64 KiB are errors. The error matches fs.ErrNotExist only where GitHub showed the directory
// above without the file; a 404 that could be a missing permission does not.
func (c *Client) File(ctx context.Context, filePath, sha string) ([]byte, error) {
	data, err := c.file(ctx, filePath, sha)
	if err != nil {
		return nil, fmt.Errorf("reading file %q at commit %s: %w", filePath, short(sha), err)
	}
	return data, nil
}

func (c *Client) file(ctx context.Context, filePath, sha string) ([]byte, error) {
	if err := checkPlace(filePath, sha); err != nil {
		return nil, err
	}
	listed, err := c.find(ctx, filePath, sha)
	if err != nil {
		return nil, err
	}
	if kind := kindOf(listed); kind != "file" {
		return nil, fmt.Errorf("it is a %s, not a regular file", kind)
	}
	if listed.GetSize() > maxFileSize {
		return nil, fmt.Errorf("it has %d bytes; %d are read at the most", listed.GetSize(), maxFileSize)
	}
	got, _, _, err := c.api.Repositories.GetContents(ctx, c.owner, c.name, filePath, &gh.RepositoryContentGetOptions{Ref: sha})
	switch {
	case err != nil:
		return nil, clean(err)
	case got == nil:
		return nil, errors.New("github: the answer is not a file")
	case kindOf(got) != "file" || got.GetPath() != filePath:
		return nil, fmt.Errorf("github: the answer is for the %s %q", kindOf(got), got.GetPath())
	case got.GetEncoding() != "base64":
		return nil, fmt.Errorf("github: the content has encoding %q, not base64", got.GetEncoding())
	}
	content, err := got.GetContent()
	if err != nil {
		return nil, fmt.Errorf("decoding the content: %w", err)
	}
	if len(content) > maxFileSize {
		return nil, fmt.Errorf("it has %d bytes; %d are read at the most", len(content), maxFileSize)
	}
	// The name of a blob is the digest of its bytes: what the commit lists is what was sent, whole.
	if name := blobSHA(content); name != listed.GetSHA() || name != got.GetSHA() {
		return nil, fmt.Errorf("github: the content is that of blob %s, the commit lists %s", name, listed.GetSHA())
	}
	return []byte(content), nil
}

// Dir returns the paths of the regular files directly in the directory at the commit, sorted. "." is the root. Directories
// in it are left out; a symlink, a submodule and an entry of an unknown kind are errors, as is a listing so long that
// GitHub may have cut it. The error matches fs.ErrNotExist under the same condition as File's.
func (c *Client) Dir(ctx context.Context, dir, sha string) ([]string, error) {
	paths, err := c.dir(ctx, dir, sha)
	if err != nil {
		return nil, fmt.Errorf("reading directory %q at commit %s: %w", dir, short(sha), err)
	}
	return paths, nil
}

func (c *Client) dir(ctx context.Context, dir, sha string) ([]string, error) {
	if err := checkPlace(dir, sha); err != nil {
		return nil, err
	}
	entries, err := c.list(ctx, dir, sha)
	if status(err) == http.StatusNotFound && dir != "." {
		if _, above := c.find(ctx, dir, sha); above != nil {
			return nil, above
		}
	}
	if err != nil {
		return nil, err
	}
	if len(entries) >= maxDirEntries {
		return nil, fmt.Errorf("it has %d entries or more, and GitHub lists no more", maxDirEntries)
	}
	paths := []string{}
	for _, e := range entries {
		switch kind := kindOf(e); kind {
		case "file":
			paths = append(paths, e.GetPath())
		case "dir":
		default:
			return nil, fmt.Errorf("%q is a %s; only regular files and directories are read", e.GetPath(), kind)
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// find returns the entry for the path in the listing of the directory above. The contents of a file alone would not do:
// GitHub answers a symlink to a file as that file. Where the directory above is not there, it goes up until one is, so
// that absence is told from a missing permission.
func (c *Client) find(ctx context.Context, filePath, sha string) (*gh.RepositoryContent, error) {
	parent := path.Dir(filePath)
	entries, err := c.list(ctx, parent, sha)
	if status(err) == http.StatusNotFound && parent != "." {
		above, upErr := c.find(ctx, parent, sha)
		if upErr != nil {
			return nil, upErr
		}
		return nil, fmt.Errorf("github: %q is listed as a %s and cannot be read: %w", parent, kindOf(above), err)
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.GetPath() == filePath {
			return e, nil
		}
	}
	if len(entries) >= maxDirEntries {
		return nil, fmt.Errorf("directory %q has %d entries or more, and GitHub lists no more", parent, maxDirEntries)
	}
	return nil, missing{path: filePath, sha: sha}
}

// list reads a directory at the commit; "." is the root.
func (c *Client) list(ctx context.Context, dir, sha string) ([]*gh.RepositoryContent, error) {
	at := dir
	if dir == "." {
		at = ""
	}
	file, entries, _, err := c.api.Repositories.GetContents(ctx, c.owner, c.name, at, &gh.RepositoryContentGetOptions{Ref: sha})
	switch {
	case err != nil:
		return nil, clean(err)
	case file != nil:
		return nil, fmt.Errorf("%q is a %s, not a directory", dir, kindOf(file))
	case entries == nil:
		return nil, fmt.Errorf("github: the answer for %q is not a listing", dir)
	}
	for _, e := range entries {
		if e == nil || path.Dir(e.GetPath()) != dir {
			return nil, fmt.Errorf("github: the listing of %q has an entry for %q", dir, e.GetPath())
		}
	}
	return entries, nil
}

// kindOf names what the entry is. In a listing a submodule is a "file", for the sake of old clients, with the address of
// a tree. Source: docs.github.com, "Get repository content".
func kindOf(e *gh.RepositoryContent) string {
	switch kind := e.GetType(); {
	case kind == "file" && (strings.Contains(e.GetGitURL(), "/git/trees/") || e.GetSubmoduleGitURL() != ""):
		return "submodule"
	case kind == "":
		return "thing of no kind"
	default:
		return kind
	}
}

// checkPlace refuses what is not a clean relative path at a full commit SHA, before anything is sent.
func checkPlace(p, sha string) error {
	switch {
	case !isSHA(sha):
		return errors.New("not the full SHA of a commit")
	case p == "" || p != path.Clean(p) || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../"):
		return errors.New("not a clean path below the repository's root")
	case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return errors.New("the path holds a control character or a backslash")
	}
	return nil
}

// blobSHA is the name that Git gives to a file's content.
func blobSHA(content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content))
	return hex.EncodeToString(sum[:])
}

// short cuts a SHA as people read it; anything else stays as it is, quoted.
func short(sha string) string {
	if isSHA(sha) {
		return sha[:12]
	}
	return fmt.Sprintf("%q", oneLine(sha, 80))
}
