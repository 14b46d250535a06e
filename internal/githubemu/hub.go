// Package githubemu is the part of GitHub that stepdown uses, as one http.Handler: a repository with branches, commits,
// pull requests, issues, check runs, rules and settings, answered as GitHub's REST API answers them on the wire. It
// serves tests and the demo.
//
// Routes that it does not know are answered with 501 and say so, so that a test cannot pass on an answer that nobody
// thought about. It imports none of the adapters: one mistake must not hide in both. Where GitHub does not say what it
// does, the emulator does what is worst for a client, and says so where it is done.
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
	// Token is the credential of a workflow: of github-actions[bot], with the permissions of workflowToken. Without it
	// nobody is asked for one, and whoever asks without a known credential is that workflow.
	Token string
	// RateLimit is how many requests an hour the tokens have together; 1000, as a workflow's token has, where it is 0.
	RateLimit int
	// ContentLimit is how many requests a minute may write; one more is a secondary limit. There is none where it is 0.
	ContentLimit int
	// Now tells the time of everything; time.Now where it is nil.
	Now func() time.Time
}

// Hub is one GitHub repository. Its methods may be called while requests are served.
type Hub struct {
	opts   Options
	owner  string
	name   string
	routes []route

	mu       sync.Mutex
	commits  map[string]*commit
	trees    map[string]map[string]Entry // SHA -> all that is below it, by path
	blobs    map[string]string
	branches map[string]string // name -> SHA
	refLog   map[string][]refChange
	refLag   time.Duration
	activity []*Activity // oldest first
	pulls    map[int]*pull
	issues   map[int]*issue
	comments []*comment // oldest first
	checks   []*checkRun
	rulesets []*ruleset
	classic  map[string]bool // branches with a classic branch protection
	people   people
	settings settings
	runs     map[int64]*workflowRun
	tokens   map[string]Token
	apps     map[int64]App
	made     []string // the tokens of Apps, oldest first
	lastNum  int      // of pull requests and issues, which share their numbers
	lastID   int64
	withheld map[string]int // permission, or permission:level -> status of the refusal
	faults   []*Fault
	requests []Request
	used     int
	reset    time.Time
	writes   []time.Time
	treeSize int // how many entries a recursive tree lists
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
		opts: opts, owner: owner, name: name, routes: routes(),
		commits: map[string]*commit{}, trees: map[string]map[string]Entry{}, blobs: map[string]string{},
		branches: map[string]string{}, refLog: map[string][]refChange{}, classic: map[string]bool{},
		pulls: map[int]*pull{}, issues: map[int]*issue{}, runs: map[int64]*workflowRun{},
		withheld: map[string]int{}, tokens: map[string]Token{}, apps: map[int64]App{},
		people: newPeople(), settings: newSettings(), lastID: 2_400_000_000, treeSize: maxTreeEntries,
	}
	h.Commit(opts.DefaultBranch, map[string]string{"README.md": "# " + name + "\n"})
	return h
}

// Commit adds a commit with these files to the branch and returns its SHA. A branch that is not there yet starts at the
// head of the default branch. Every commit keeps the whole tree. It is octocat who pushes.
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
	return h.CommitAs("octocat", branch, entries)
}

// CommitAs is CommitEntries by somebody else, who is author, committer and pusher.
func (h *Hub) CommitAs(actor, branch string, entries map[string]Entry) string {
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
	who := h.personOf(actor)
	c := h.commit(files, parents, who, who, fmt.Sprintf("Change %d of %s\n", len(h.commits)+1, branch))
	h.move(actor, branch, c.sha, "")
	return c.sha
}

// Head returns the SHA of the branch, or "" where there is none.
func (h *Hub) Head(branch string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.branches[branch]
}

// File returns the content of a file at the head of the branch, and whether it is there.
func (h *Hub) File(branch, path string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.commits[h.branches[branch]]
	if c == nil {
		return "", false
	}
	e, ok := c.files[path]
	return e.Content, ok
}

// Files returns the content of all files at the head of the branch, by path; nil where there is no such branch.
func (h *Hub) Files(branch string) map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.commits[h.branches[branch]]
	if c == nil {
		return nil
	}
	out := make(map[string]string, len(c.files))
	for path, e := range c.files {
		out[path] = e.Content
	}
	return out
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

// now is the time in GitHub's precision, a second.
func (h *Hub) now() time.Time { return h.opts.Now().UTC().Truncate(time.Second) }

// nextID returns an id that nothing had.
func (h *Hub) nextID() int64 {
	h.lastID++
	return h.lastID
}
