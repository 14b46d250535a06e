package githubemu

// This file is Git's objects by API: blobs, trees and commits, read and made. What no branch has is kept.

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// maxBlob is the size of the largest blob. Source: docs.github.com, "Get a blob".
const maxBlob = 100 << 20

// SetTreeLimit changes how many entries a tree lists before it says that it is truncated; GitHub's is 100,000.
func (h *Hub) SetTreeLimit(entries int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.treeSize = entries
}

func (h *Hub) gitURL(c call, kind, sha string) string {
	return fmt.Sprintf("%s/repos/%s/git/%s/%s", c.base, h.opts.Repository, kind, sha)
}

// readBlob answers /git/blobs/{sha}.
func (h *Hub) readBlob(c call) (int, any) {
	sha := c.vars["sha"]
	if !isSHA(sha) {
		return c.unprocessable("The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
	}
	content, ok := h.blobs[sha]
	if !ok {
		return notFound(c.docs)
	}
	if len(content) > maxBlob {
		return refusal(http.StatusForbidden, "This API returns blobs up to 100 MB in size.", c.docs)
	}
	return http.StatusOK, map[string]any{
		"sha": sha, "node_id": nodeID("B_", sha), "size": len(content), "url": h.gitURL(c, "blobs", sha),
		"content": wrapBase64(content), "encoding": "base64",
	}
}

// createBlob answers POST /git/blobs.
func (h *Hub) createBlob(c call) (int, any) {
	var in struct {
		Content  *string `json:"content"`
		Encoding string  `json:"encoding"`
	}
	if c.read(&in) != nil {
		return c.malformed()
	}
	if in.Content == nil {
		return c.badRequest(`"content" wasn't supplied.`)
	}
	content := *in.Content
	switch in.Encoding {
	case "", "utf-8":
	case "base64":
		decoded, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
			if r == '\n' || r == '\r' {
				return -1
			}
			return r
		}, content))
		if err != nil {
			return c.unprocessable("content is not valid Base64")
		}
		content = string(decoded)
	default:
		return c.unprocessable("encoding must be utf-8 or base64")
	}
	sha := objectSHA("blob", content)
	h.blobs[sha] = content
	c.header.Set("Location", h.gitURL(c, "blobs", sha))
	return http.StatusCreated, map[string]any{"sha": sha, "url": h.gitURL(c, "blobs", sha)}
}

// readTree answers /git/trees/{sha}, which may be the tree of a commit or a branch. Any value of recursive is yes.
// Source: docs.github.com, "Get a tree".
func (h *Hub) readTree(c call) (int, any) {
	sha := c.vars["sha"]
	files, ok := h.trees[sha]
	if !ok {
		commit := h.resolve(sha)
		if commit == nil {
			return notFound(c.docs)
		}
		sha, files = commit.treeSHA, commit.files
	}
	return http.StatusOK, h.treeShape(c, sha, files, c.query("recursive") != "")
}

func (h *Hub) treeShape(c call, sha string, files map[string]Entry, recursive bool) map[string]any {
	entries := []any{}
	for _, n := range listTree(files, "", recursive) {
		shape := map[string]any{"path": n.path, "mode": n.mode, "type": "blob", "sha": n.sha, "url": h.gitURL(c, "blobs", n.sha)}
		switch n.mode {
		case modeTree:
			shape["mode"], shape["type"], shape["url"] = "040000", "tree", h.gitURL(c, "trees", n.sha)
		case ModeSubmodule:
			shape["type"] = "commit"
			delete(shape, "url")
		default:
			shape["size"] = len(n.entry.Content)
		}
		entries = append(entries, shape)
	}
	kept := min(len(entries), h.treeSize)
	return map[string]any{"sha": sha, "url": h.gitURL(c, "trees", sha), "tree": entries[:kept], "truncated": kept < len(entries)}
}

// listTree lists a directory and, where it is asked to, all that is below it.
func listTree(files map[string]Entry, dir string, recursive bool) []node {
	nodes, _ := listDir(files, dir)
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	var out []node
	for _, n := range nodes {
		out = append(out, n)
		if recursive && n.mode == modeTree {
			out = append(out, listTree(files, n.path, true)...)
		}
	}
	return out
}

// treeEntry is one entry of a tree that is to be made. A SHA that is null removes the path; one that is absent does not.
type treeEntry struct {
	Path    string   `json:"path"`
	Mode    string   `json:"mode"`
	Type    string   `json:"type"`
	SHA     nullable `json:"sha"`
	Content *string  `json:"content"`
}

// nullable tells null from absent.
type nullable struct {
	given, null bool
	value       string
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *nullable) UnmarshalJSON(data []byte) error {
	n.given = true
	if string(data) == "null" {
		n.null = true
		return nil
	}
	n.value = strings.Trim(string(data), `"`)
	return nil
}

// createTree answers POST /git/trees. A base_tree has to be a tree: that GitHub takes a commit's name for its tree's is
// seen at times and documented nowhere.
// Sources of the words: sigmavirus24/github3.py#522, creationix/tedit#43, osunyorg/admin#3732.
func (h *Hub) createTree(c call) (int, any) {
	var in struct {
		BaseTree *string     `json:"base_tree"`
		Tree     []treeEntry `json:"tree"`
	}
	if c.read(&in) != nil {
		return c.malformed()
	}
	files := map[string]Entry{}
	if in.BaseTree != nil {
		base, ok := h.trees[*in.BaseTree]
		if !ok {
			return c.unprocessable("base_tree is not a valid tree oid")
		}
		files = maps.Clone(base)
	}
	if len(in.Tree) == 0 {
		return c.unprocessable("Invalid tree info")
	}
	for _, e := range in.Tree {
		if refused := h.putEntry(files, e); refused != "" {
			return c.unprocessable(refused)
		}
	}
	sha := h.store(files)
	c.header.Set("Location", h.gitURL(c, "trees", sha))
	return http.StatusCreated, h.treeShape(c, sha, files, false)
}

// putEntry puts one entry into the tree; the refusal is "" where it can.
func (h *Hub) putEntry(files map[string]Entry, e treeEntry) string {
	if e.Path == "" || e.Path != path.Clean(e.Path) || strings.HasPrefix(e.Path, "/") || slices.ContainsFunc(strings.Split(e.Path, "/"), func(s string) bool {
		return s == ".." || s == "." || strings.EqualFold(s, ".git")
	}) {
		return "tree.path contains a malformed path component"
	}
	if e.SHA.null {
		return takeOut(files, e.Path)
	}
	if e.SHA.given == (e.Content != nil) {
		return "Must supply either tree.sha or tree.content"
	}
	entry := Entry{Mode: e.Mode}
	switch {
	case !slices.Contains([]string{ModeFile, ModeExecutable, ModeSymlink, ModeSubmodule, "040000"}, e.Mode):
		return "Must supply a valid tree.mode"
	case e.Content != nil && (e.Mode == "040000" || e.Mode == ModeSubmodule):
		return "Must supply a valid tree.mode"
	case e.Content != nil:
		entry.Content = *e.Content
	case e.Mode == "040000":
		below, ok := h.trees[e.SHA.value]
		if !ok {
			return fmt.Sprintf("tree.sha %s is not a valid tree", e.SHA.value)
		}
		makeRoom(files, e.Path)
		for p, inner := range below {
			files[e.Path+"/"+p] = inner
		}
		return ""
	case e.Mode == ModeSubmodule:
		if !isSHA(e.SHA.value) {
			return fmt.Sprintf("tree.sha %s is not a valid commit", e.SHA.value)
		}
		entry.Content = e.SHA.value
	default:
		content, ok := h.blobs[e.SHA.value]
		if !ok {
			return fmt.Sprintf("tree.sha %s is not a valid blob", e.SHA.value)
		}
		entry.Content = content
	}
	makeRoom(files, e.Path)
	files[e.Path] = entry
	return ""
}

// makeRoom makes room for a path: what was at it or below it goes, and so does a file that becomes a folder.
func makeRoom(files map[string]Entry, at string) {
	maps.DeleteFunc(files, func(p string, _ Entry) bool {
		return p == at || strings.HasPrefix(p, at+"/") || strings.HasPrefix(at, p+"/")
	})
}

// takeOut takes a file or a folder out of the tree. GitHub refuses to remove what is not there.
func takeOut(files map[string]Entry, at string) string {
	before := len(files)
	maps.DeleteFunc(files, func(p string, _ Entry) bool { return p == at || strings.HasPrefix(p, at+"/") })
	if len(files) == before {
		return "GitRPC::BadObjectState"
	}
	return ""
}

// readGitCommit answers /git/commits/{sha}.
func (h *Hub) readGitCommit(c call) (int, any) {
	commit := h.commits[c.vars["sha"]]
	if commit == nil {
		return notFound(c.docs)
	}
	return http.StatusOK, h.gitCommitShape(c, commit)
}

func (h *Hub) gitCommitShape(c call, commit *commit) map[string]any {
	parents := []any{}
	for _, p := range commit.parents {
		parents = append(parents, map[string]any{
			"sha": p, "url": h.gitURL(c, "commits", p), "html_url": "https://github.com/" + h.opts.Repository + "/commit/" + p,
		})
	}
	return map[string]any{
		"sha": commit.sha, "node_id": nodeID("C_", commit.sha), "url": h.gitURL(c, "commits", commit.sha),
		"html_url": "https://github.com/" + h.opts.Repository + "/commit/" + commit.sha, "message": commit.shown(), "parents": parents,
		"author": commit.author.shape(), "committer": commit.committer.shape(), "verification": unsigned(),
		"tree": map[string]any{"sha": commit.treeSHA, "url": h.gitURL(c, "trees", commit.treeSHA)},
	}
}

func unsigned() map[string]any {
	return map[string]any{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}
}

func (p person) shape() map[string]any {
	return map[string]any{"name": p.name, "email": p.email, "date": p.at.UTC().Format(stamp)}
}

// sentPerson is an author or committer of a commit that is to be made.
type sentPerson struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Date  string `json:"date"`
}

// createGitCommit answers POST /git/commits. Without an author it is the token's user's, without a committer the
// author's. Source: docs.github.com, "Create a commit".
func (h *Hub) createGitCommit(c call) (int, any) {
	var in struct {
		Message   *string     `json:"message"`
		Tree      string      `json:"tree"`
		Parents   []string    `json:"parents"`
		Author    *sentPerson `json:"author"`
		Committer *sentPerson `json:"committer"`
	}
	if c.read(&in) != nil {
		return c.malformed()
	}
	if in.Message == nil || in.Tree == "" {
		return c.badRequest(`"message" and "tree" have to be supplied.`)
	}
	files, ok := h.trees[in.Tree]
	if !ok {
		return c.unprocessable("Tree SHA does not exist")
	}
	for _, p := range in.Parents {
		if h.commits[p] == nil {
			return c.unprocessable("Parent SHA does not exist or is not a commit object")
		}
	}
	author, ok := in.Author.or(h.personOf(c.token.Login))
	if !ok {
		return c.unprocessable("author needs a name, an email and a valid date")
	}
	committer, ok := in.Committer.or(author)
	if !ok {
		return c.unprocessable("committer needs a name, an email and a valid date")
	}
	commit := h.commit(files, in.Parents, author, committer, *in.Message)
	c.header.Set("Location", h.gitURL(c, "commits", commit.sha))
	return http.StatusCreated, h.gitCommitShape(c, commit)
}

// or is the person that was sent, or the one who stands in for nobody.
func (p *sentPerson) or(other person) (person, bool) {
	if p == nil {
		return other, true
	}
	out := person{name: p.Name, email: p.Email, at: other.at}
	if p.Date != "" {
		at, err := time.Parse(time.RFC3339, p.Date)
		if err != nil {
			return out, false
		}
		out.at = at.Truncate(time.Second)
	}
	return out, out.name != "" && out.email != "" && !strings.ContainsAny(out.name+out.email, "<>\n\x00")
}

// personOf is how the account signs its commits.
func (h *Hub) personOf(login string) person {
	email := login + "@users.noreply.invalid"
	if kindOf(login) == "Bot" {
		email = fmt.Sprintf("%d+%s@users.noreply.github.com", userID(login), login)
	}
	return person{name: login, email: email, at: h.now()}
}

// loginOf is the account whose address a commit names, as GitHub matches them; anybody can write it there.
func (p person) loginOf() string {
	local, host, _ := strings.Cut(p.email, "@")
	if !strings.HasPrefix(host, "users.noreply.") {
		return ""
	}
	if _, login, ok := strings.Cut(local, "+"); ok {
		return login
	}
	return local
}
