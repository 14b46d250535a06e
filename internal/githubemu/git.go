package githubemu

// This file is the little of Git that the emulator needs: blobs, trees and commits with the same SHA-1 names that Git
// gives them, the merge base of two commits, and the difference between two trees.

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// File modes of Git, as the trees API spells them.
const (
	ModeFile       = "100644"
	ModeExecutable = "100755"
	ModeSymlink    = "120000" // the content is the target
	ModeSubmodule  = "160000" // the content is the SHA of a commit of another repository
	modeTree       = "40000"
)

// Entry is what a commit has at a path.
type Entry struct {
	Mode    string // ModeFile where empty
	Content string
	Delete  bool // removes the path; the other fields are ignored
}

// person is an author or committer. Git takes any text: only who pushed is known.
type person struct {
	name, email string
	at          time.Time
}

// line is how a commit object has the person.
func (p person) line() string {
	return fmt.Sprintf("%s <%s> %d %s", p.name, p.email, p.at.Unix(), p.at.Format("-0700"))
}

// commit is a commit with the whole of its tree, by path.
type commit struct {
	sha               string
	treeSHA           string
	parents           []string
	files             map[string]Entry
	message           string // to the byte
	author, committer person
	nth               int // commits before it
}

// shown is the message as the API has it: without the newlines at its end.
func (c *commit) shown() string { return strings.TrimRight(c.message, "\n") }

// objectSHA names a Git object: the SHA-1 of its type, its length and its bytes.
func objectSHA(kind, content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(content), content))
	return hex.EncodeToString(sum[:])
}

// sha names what the entry holds.
func (e Entry) sha() string {
	if e.Mode == ModeSubmodule {
		return e.Content
	}
	return objectSHA("blob", e.Content)
}

// node is one entry of a directory.
type node struct {
	name  string
	path  string
	mode  string
	entry Entry // of everything but a directory
	sha   string
}

// listDir returns what the directory holds, sorted by name, and whether there is such a directory. The root is "".
func listDir(files map[string]Entry, dir string) ([]node, bool) {
	prefix := ""
	if dir != "" {
		prefix = dir + "/"
	}
	byName := map[string]node{}
	for path, e := range files {
		rest, ok := strings.CutPrefix(path, prefix)
		if !ok {
			continue
		}
		name, _, nested := strings.Cut(rest, "/")
		if nested {
			byName[name] = node{name: name, path: prefix + name, mode: modeTree}
			continue
		}
		byName[name] = node{name: name, path: path, mode: e.Mode, entry: e, sha: e.sha()}
	}
	nodes := slices.SortedFunc(maps.Values(byName), func(a, b node) int { return strings.Compare(a.name, b.name) })
	for i, n := range nodes {
		if n.mode == modeTree {
			nodes[i].sha = treeSHA(files, n.path)
		}
	}
	return nodes, len(nodes) > 0 || dir == ""
}

// treeSHA names the directory as Git does.
func treeSHA(files map[string]Entry, dir string) string {
	nodes, _ := listDir(files, dir)
	return treeObject(nodes)
}

// treeObject names a tree with these entries.
func treeObject(nodes []node) string {
	// Git sorts directories as if their names ended in a slash.
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	var content strings.Builder
	for _, n := range nodes {
		raw, _ := hex.DecodeString(n.sha)
		fmt.Fprintf(&content, "%s %s\x00%s", n.mode, n.name, raw)
	}
	return objectSHA("tree", content.String())
}

func (n node) sortKey() string {
	if n.mode == modeTree {
		return n.name + "/"
	}
	return n.name
}

// store keeps the tree with all that is below it, and names it as Git does.
func (h *Hub) store(files map[string]Entry) string {
	dirs, nodes := map[string]map[string]Entry{}, []node{}
	for path, e := range files {
		name, rest, nested := strings.Cut(path, "/")
		switch {
		case nested && dirs[name] == nil:
			dirs[name] = map[string]Entry{rest: e}
		case nested:
			dirs[name][rest] = e
		default:
			n := node{name: name, mode: e.Mode, sha: e.sha()}
			if e.Mode != ModeSubmodule {
				h.blobs[n.sha] = e.Content
			}
			nodes = append(nodes, n)
		}
	}
	for name, below := range dirs {
		nodes = append(nodes, node{name: name, mode: modeTree, sha: h.store(below)})
	}
	sha := treeObject(nodes)
	h.trees[sha] = files
	return sha
}

// commit makes a commit of the files and keeps it. No branch is at it yet.
func (h *Hub) commit(files map[string]Entry, parents []string, author, committer person, message string) *commit {
	c := &commit{treeSHA: h.store(files), parents: parents, files: files, message: message, author: author, committer: committer, nth: len(h.commits)}
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", c.treeSHA)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s", author.line(), committer.line(), message)
	c.sha = objectSHA("commit", b.String())
	if had := h.commits[c.sha]; had != nil {
		return had // the same commit again
	}
	h.commits[c.sha] = c
	return c
}

// ancestors returns the commit and everything that it descends from.
func ancestors(commits map[string]*commit, sha string) map[string]bool {
	seen, todo := map[string]bool{}, []string{sha}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c := commits[next]; c != nil && !seen[next] {
			seen[next] = true
			todo = append(todo, c.parents...)
		}
	}
	return seen
}

// mergeBase returns the files of the commit that both have in common: the first ancestor of head that base has too.
func mergeBase(commits map[string]*commit, base, head string) map[string]Entry {
	if c := mergeBaseCommit(commits, base, head); c != nil {
		return c.files
	}
	return nil
}

// mergeBaseCommit returns the commit that both have, or nil.
func mergeBaseCommit(commits map[string]*commit, base, head string) *commit {
	have, todo := ancestors(commits, base), []string{head}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		if have[next] {
			return commits[next]
		}
		if c := commits[next]; c != nil {
			todo = append(todo, c.parents...)
		}
	}
	return nil
}

// fileChange is one entry of a difference.
type fileChange struct {
	path, previous, status string
	entry                  Entry // after the change; before it for a removal
}

// difference tells how the files of a become those of b, sorted by path. A file whose content went to another path
// unchanged is a rename, as with Git's default detection at a similarity of 100 %.
func difference(a, b map[string]Entry) []fileChange {
	var out []fileChange
	var gone []string
	for path := range a {
		if _, ok := b[path]; !ok {
			gone = append(gone, path)
		}
	}
	slices.Sort(gone)
	for _, path := range slices.Sorted(maps.Keys(b)) {
		after := b[path]
		before, had := a[path]
		switch {
		case had && before == after:
		case had:
			out = append(out, fileChange{path: path, status: "modified", entry: after})
		default:
			change := fileChange{path: path, status: "added", entry: after}
			if i := slices.IndexFunc(gone, func(g string) bool { return a[g] == after }); i >= 0 {
				change.status, change.previous = "renamed", gone[i]
				gone = slices.Delete(gone, i, i+1)
			}
			out = append(out, change)
		}
	}
	for _, path := range gone {
		out = append(out, fileChange{path: path, status: "removed", entry: a[path]})
	}
	slices.SortFunc(out, func(x, y fileChange) int { return strings.Compare(x.path, y.path) })
	return out
}
