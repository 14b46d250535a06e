// Package githubemu is the part of GitHub that stepdown reads, as one http.Handler: a repository with branches, commits
// and pull requests, answered as GitHub's REST API answers them on the wire. It serves tests and the demo.
//
// Routes that it does not know are answered with 501 and say so, so that a test cannot pass on an answer that nobody
// thought about. It imports none of the adapters: one mistake must not hide in both.
package githubemu

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// Options describe the repository. The zero value is the repository "acme/okta-access" with the default branch "main".
type Options struct {
	Repository    string // "owner/name"
	DefaultBranch string
	// Token is the one credential that reads the repository, which is private. Without a token nobody is asked for one.
	Token string
	// RateLimit is how many requests an hour the token has; 1000, as a workflow's token has, where it is 0.
	RateLimit int
	// Now tells the time of commits, reviews and rate limits; time.Now where it is nil.
	Now func() time.Time
}

// Hub is one GitHub repository. Its methods may be called while requests are served.
type Hub struct {
	opts  Options
	owner string
	name  string

	mu       sync.Mutex
	commits  map[string]*commit
	branches map[string]string // name -> SHA
	pulls    map[int]*pull
	lastPull int
	reviewID int64
	withheld map[string]int // permission -> status of the refusal
	faults   []*Fault
	requests []Request
	used     int
	reset    time.Time
}

// New makes a repository with one commit, a README, on its default branch.
func New(opts Options) *Hub {
	if opts.Repository == "" {
		opts.Repository = "acme/okta-access"
	}
	if opts.DefaultBranch == "" {
		opts.DefaultBranch = "main"
	}
	if opts.RateLimit == 0 {
		opts.RateLimit = 1000
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	owner, name, ok := strings.Cut(opts.Repository, "/")
	if !ok || owner == "" || name == "" {
		panic(fmt.Sprintf("githubemu: repository %q is not of the form owner/name", opts.Repository))
	}
	h := &Hub{
		opts: opts, owner: owner, name: name,
		commits: map[string]*commit{}, branches: map[string]string{}, pulls: map[int]*pull{}, withheld: map[string]int{},
		reviewID: 2_400_000_000,
	}
	h.Commit(opts.DefaultBranch, map[string]string{"README.md": "# " + name + "\n"})
	return h
}

// Commit adds a commit with these files to the branch and returns its SHA. A branch that is not there yet starts at the
// head of the default branch. Every commit keeps the whole tree.
func (h *Hub) Commit(branch string, files map[string]string) string {
	entries := make(map[string]Entry, len(files))
	for path, content := range files {
		entries[path] = Entry{Content: content}
	}
	return h.CommitEntries(branch, entries)
}

// Remove adds a commit that removes the paths.
func (h *Hub) Remove(branch string, paths ...string) string {
	entries := make(map[string]Entry, len(paths))
	for _, path := range paths {
		entries[path] = Entry{Delete: true}
	}
	return h.CommitEntries(branch, entries)
}

// Rename adds a commit that moves a file, its content unchanged. It panics if there is no such file.
func (h *Hub) Rename(branch, from, to string) string {
	h.mu.Lock()
	old, ok := h.tip(branch)[from]
	h.mu.Unlock()
	if !ok {
		panic(fmt.Sprintf("githubemu: branch %q has no file %q", branch, from))
	}
	return h.CommitEntries(branch, map[string]Entry{from: {Delete: true}, to: old})
}

// CommitEntries is Commit for what is not a plain file: other modes, removals, several at once.
func (h *Hub) CommitEntries(branch string, entries map[string]Entry) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	files := maps.Clone(h.tip(branch))
	if files == nil {
		files = map[string]Entry{}
	}
	for path, e := range entries {
		if e.Delete {
			delete(files, path)
			continue
		}
		if e.Mode == "" {
			e.Mode = ModeFile
		}
		files[path] = e
	}
	var parents []string
	if sha := h.startOf(branch); sha != "" {
		parents = []string{sha}
	}
	message := fmt.Sprintf("Change %d of %s", len(h.commits)+1, branch)
	return h.add(branch, newCommit(files, parents, "octocat", message, h.now()))
}

// Head returns the SHA of the branch, or "" where there is none.
func (h *Hub) Head(branch string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.branches[branch]
}

// Withhold makes the token lack a permission, such as "contents" or "pull_requests": requests that need it are answered
// with the status, 403 as GitHub refuses a workflow's token or 404 as it hides what a token may not see.
func (h *Hub) Withhold(permission string, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.withheld[permission] = status
}

// startOf returns the commit that the next one on the branch follows.
func (h *Hub) startOf(branch string) string {
	if sha, ok := h.branches[branch]; ok {
		return sha
	}
	return h.branches[h.opts.DefaultBranch]
}

// tip returns the files that the next commit on the branch starts from.
func (h *Hub) tip(branch string) map[string]Entry {
	if c := h.commits[h.startOf(branch)]; c != nil {
		return c.files
	}
	return nil
}

// add stores the commit as the head of the branch.
func (h *Hub) add(branch string, c *commit) string {
	h.commits[c.sha] = c
	h.branches[branch] = c.sha
	for _, p := range h.pulls {
		if p.state == "open" && p.headRef == branch {
			p.headSHA, p.updatedAt = c.sha, c.at
		}
	}
	return c.sha
}

// now is the time in GitHub's precision, a second.
func (h *Hub) now() time.Time { return h.opts.Now().UTC().Truncate(time.Second) }
