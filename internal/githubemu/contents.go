package githubemu

// This file answers what is in the repository: files and directories at a commit.

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// maxInlineContent is the size up to which a file's content is in the answer.
// Source: docs.github.com, "Get repository content".
const maxInlineContent = 1 << 20

// readContents answers /contents/{path}.
func (h *Hub) readContents(c call) (int, any) {
	ref := c.r.URL.Query().Get("ref")
	commit := h.resolve(ref)
	if commit == nil {
		return refusal(http.StatusNotFound, "No commit found for the ref "+ref, "https://docs.github.com/v3/repos/contents/")
	}
	if ref == "" {
		ref = h.opts.DefaultBranch
	}
	p := strings.Trim(c.vars["path"], "/")
	if entry, ok := commit.files[p]; ok {
		n := node{name: path.Base(p), path: p, mode: entry.Mode, entry: entry, sha: entry.sha()}
		return http.StatusOK, h.contentShape(c, commit, ref, n)
	}
	nodes, ok := listDir(commit.files, p)
	if !ok {
		return notFound(c.docs)
	}
	shapes := make([]any, 0, len(nodes))
	for _, n := range nodes[:min(len(nodes), maxDirEntries)] {
		shapes = append(shapes, h.nodeShape(c, ref, n))
	}
	return http.StatusOK, shapes
}

// contentShape is the answer for one path that is not a directory.
//
// A symlink to a file of the repository is answered as that file. GitHub documents this and is silent on the path and
// SHA of the answer; this takes the reading that is worst for a client, the requested path and the target's SHA, so that
// only the directory's listing tells that it is a symlink.
func (h *Hub) contentShape(c call, commit *commit, ref string, n node) map[string]any {
	if n.mode == ModeSymlink {
		target, ok := commit.files[path.Join(path.Dir(n.path), n.entry.Content)]
		if !ok || target.Mode != ModeFile && target.Mode != ModeExecutable {
			shape := h.nodeShape(c, ref, n)
			shape["target"] = n.entry.Content
			return shape
		}
		n.entry, n.mode, n.sha = target, target.Mode, target.sha()
	}
	shape := h.nodeShape(c, ref, n)
	if n.mode == ModeSubmodule {
		shape["type"] = "submodule"
		shape["submodule_git_url"] = "https://git.example.invalid/" + n.name + ".git"
		return shape
	}
	shape["encoding"], shape["content"] = "base64", wrapBase64(n.entry.Content)
	if len(n.entry.Content) > maxInlineContent {
		shape["encoding"], shape["content"] = "none", ""
	}
	return shape
}

// nodeShape is an entry of a directory's listing. A submodule is a "file" there, for the sake of old clients; its
// git_url is one of a tree and it has no download_url. Source: docs.github.com, "Get repository content".
func (h *Hub) nodeShape(c call, ref string, n node) map[string]any {
	repo := c.base + "/repos/" + h.opts.Repository
	web := "https://github.com/" + h.opts.Repository
	escaped := (&url.URL{Path: n.path}).EscapedPath()
	self := fmt.Sprintf("%s/contents/%s?ref=%s", repo, escaped, url.QueryEscape(ref))
	kind, git, html, size := "file", repo+"/git/blobs/"+n.sha, web+"/blob/"+ref+"/"+escaped, len(n.entry.Content)
	var download any = "https://raw.githubusercontent.com/" + h.opts.Repository + "/" + ref + "/" + escaped
	switch n.mode {
	case ModeSymlink:
		kind = "symlink"
	case ModeSubmodule:
		git, html = c.base+"/repos/other/"+n.name+"/git/trees/"+n.sha, "https://github.com/other/"+n.name+"/tree/"+n.sha
		download, size = nil, 0
	case modeTree:
		kind, git, html, download = "dir", repo+"/git/trees/"+n.sha, web+"/tree/"+ref+"/"+escaped, nil
	}
	return map[string]any{
		"name": n.name, "path": n.path, "sha": n.sha, "size": size, "url": self, "html_url": html, "git_url": git,
		"download_url": download, "type": kind, "_links": map[string]any{"self": self, "git": git, "html": html},
	}
}

// wrapBase64 encodes in lines of 60 characters, as the contents API does.
func wrapBase64(content string) string {
	encoded := base64.StdEncoding.EncodeToString([]byte(content))
	var b strings.Builder
	for len(encoded) > 0 {
		n := min(60, len(encoded))
		b.WriteString(encoded[:n] + "\n")
		encoded = encoded[n:]
	}
	return b.String()
}

// resolve finds the commit that a ref names: a SHA, a branch, or a branch with refs/heads/ or heads/ before it.
func (h *Hub) resolve(ref string) *commit {
	if ref == "" {
		ref = h.opts.DefaultBranch
	}
	if c := h.commits[ref]; c != nil {
		return c
	}
	return h.commits[h.branches[strings.TrimPrefix(strings.TrimPrefix(ref, "refs/"), "heads/")]]
}
