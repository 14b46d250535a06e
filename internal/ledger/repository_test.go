package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
)

// gitStore is a Git repository in memory, with Git's own names for objects, and with what a host adds: a list of pushes.
type gitStore struct {
	mu      sync.Mutex
	blobs   map[string][]byte
	trees   map[string]map[string]string // every file below, by path
	commits map[string]access.GitCommit
	refs    map[string]string
	pushes  []access.Push // oldest first
	now     time.Time

	calls   []string
	fault   func(n int, call string) fault // of the nth call, from 0
	latency time.Duration
	lag     int      // how many of the newest pushes the list lacks
	oldTips []string // what BranchTip answers first
}

// fault is how a call fails.
type fault int

const (
	works fault = iota
	failsBefore
	failsAfter
)

var errLost = errors.New("the connection was lost")

func newStore() *gitStore {
	return &gitStore{
		blobs: map[string][]byte{}, trees: map[string]map[string]string{}, commits: map[string]access.GitCommit{},
		refs: map[string]string{}, now: at,
	}
}

// call notes a call and says whether it fails before or after its effect.
func (s *gitStore) call(ctx context.Context, name string) (fault, func(), error) {
	if s.latency > 0 {
		time.Sleep(s.latency)
	}
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	s.mu.Lock()
	n := len(s.calls)
	s.calls = append(s.calls, name)
	f := works
	if s.fault != nil {
		f = s.fault(n, name)
	}
	if f == failsBefore {
		s.mu.Unlock()
		return f, nil, errLost
	}
	return f, s.mu.Unlock, nil
}

func answer[T any](f fault, value T, err error) (T, error) {
	if f == failsAfter {
		var none T
		return none, errLost
	}
	return value, err
}

func (s *gitStore) BranchTip(ctx context.Context, branch string) (string, error) {
	f, done, err := s.call(ctx, "tip")
	if err != nil {
		return "", err
	}
	defer done()
	if len(s.oldTips) > 0 {
		tip := s.oldTips[0]
		s.oldTips = s.oldTips[1:]
		return tip, nil
	}
	tip := s.refs[branch]
	if tip == "" {
		return answer(f, "", fmt.Errorf("no branch %q: %w", branch, fs.ErrNotExist))
	}
	return answer(f, tip, nil)
}

func (s *gitStore) BranchHistory(ctx context.Context, branch string) ([]access.Push, error) {
	f, done, err := s.call(ctx, "pushes")
	if err != nil {
		return nil, err
	}
	defer done()
	var out []access.Push
	for _, p := range s.pushes[:max(0, len(s.pushes)-s.lag)] {
		if p.Ref == "refs/heads/"+branch {
			out = append(out, p)
		}
	}
	slices.Reverse(out)
	return answer(f, out, nil)
}

func (s *gitStore) Commit(ctx context.Context, sha string) (access.GitCommit, error) {
	f, done, err := s.call(ctx, "commit")
	if err != nil {
		return access.GitCommit{}, err
	}
	defer done()
	c, ok := s.commits[sha]
	if !ok {
		return c, fmt.Errorf("no commit %s", sha)
	}
	return answer(f, c, nil)
}

func (s *gitStore) TreeFiles(ctx context.Context, tree string) (map[string]string, error) {
	f, done, err := s.call(ctx, "tree")
	if err != nil {
		return nil, err
	}
	defer done()
	files, ok := s.trees[tree]
	if !ok {
		return nil, fmt.Errorf("no tree %s", tree)
	}
	return answer(f, maps.Clone(files), nil)
}

func (s *gitStore) Blob(ctx context.Context, sha string) ([]byte, error) {
	f, done, err := s.call(ctx, "blob")
	if err != nil {
		return nil, err
	}
	defer done()
	data, ok := s.blobs[sha]
	if !ok {
		return nil, fmt.Errorf("no blob %s", sha)
	}
	return answer(f, bytes.Clone(data), nil)
}

func (s *gitStore) CreateCommit(ctx context.Context, tree string, files map[string][]byte, parents []string, message string) (access.GitCommit, error) {
	f, done, err := s.call(ctx, "create")
	if err != nil {
		return access.GitCommit{}, err
	}
	defer done()
	after := maps.Clone(s.trees[tree])
	if after == nil {
		after = map[string]string{}
	}
	for path, data := range files {
		if data == nil && after[path] == "" {
			return access.GitCommit{}, fmt.Errorf("there is no %s to remove", path)
		}
		if delete(after, path); data != nil {
			after[path] = s.addBlob(data)
		}
	}
	return answer(f, s.addCommit(s.addTree(after), parents, message), nil)
}

func (s *gitStore) MoveBranch(ctx context.Context, branch, from, to string) error {
	f, done, err := s.call(ctx, "move")
	if err != nil {
		return err
	}
	defer done()
	now := s.refs[branch]
	switch {
	case (from == "") != (now == ""), now != "" && !s.descends(to, now):
		return fmt.Errorf("moving: %w", ledger.ErrMoved)
	case now == "":
		s.record(branch, "branch_creation", "stepdown[bot]", to)
	default:
		s.record(branch, "push", "stepdown[bot]", to)
	}
	_, err = answer(f, 0, nil)
	return err
}

func (s *gitStore) descends(sha, from string) bool {
	if sha == from {
		return true
	}
	return slices.ContainsFunc(s.commits[sha].Parents, func(p string) bool { return s.descends(p, from) })
}

func (s *gitStore) record(branch, kind, actor, to string) {
	const zero = "0000000000000000000000000000000000000000"
	before, after := s.refs[branch], to
	if before == "" {
		before = zero
	}
	if after == "" {
		after = zero
	}
	s.now = s.now.Add(time.Second)
	s.pushes = append(s.pushes, access.Push{
		ID: int64(len(s.pushes) + 1), Ref: "refs/heads/" + branch, Before: before, After: after, Kind: kind, Actor: actor, At: s.now,
	})
	if s.refs[branch] = to; to == "" {
		delete(s.refs, branch)
	}
}

// What somebody can do who may push, and lacks the key.

// change makes a commit whose files are those of commit from, changed.
func (s *gitStore) change(from string, message string, parents []string, edit func(files map[string]string)) string {
	files := maps.Clone(s.trees[s.commits[from].Tree])
	edit(files)
	return s.addCommit(s.addTree(files), parents, message).SHA
}

func (s *gitStore) tip() string { return s.refs[ledger.DefaultBranch] }

func (s *gitStore) push(sha string) { s.record(ledger.DefaultBranch, "push", "mallory", sha) }
func (s *gitStore) force(sha string) {
	s.record(ledger.DefaultBranch, access.PushForced, "mallory", sha)
}
func (s *gitStore) remove() { s.record(ledger.DefaultBranch, access.PushDeletion, "mallory", "") }
func (s *gitStore) create(sha string) {
	s.record(ledger.DefaultBranch, "branch_creation", "mallory", sha)
}

// accept returns what a person accepts who takes the branch as it is.
func (s *gitStore) accept() []string { return acceptance(s.pushes, s.tip()) }

func acceptance(pushes []access.Push, tip string) []string {
	out := []string{tip}
	for _, p := range pushes {
		if p.Kind == access.PushForced || p.Kind == access.PushDeletion {
			out = append(out, strconv.FormatInt(p.ID, 10))
		}
	}
	return out
}

// parent returns the commit n before sha.
func (s *gitStore) parent(sha string, n int) string {
	for range n {
		sha = s.commits[sha].Parents[0]
	}
	return sha
}

func name(kind string, body []byte) string {
	sum := sha1.Sum(append([]byte(fmt.Sprintf("%s %d\x00", kind, len(body))), body...))
	return hex.EncodeToString(sum[:])
}

func (s *gitStore) addBlob(data []byte) string {
	sha := name("blob", data)
	s.blobs[sha] = bytes.Clone(data)
	return sha
}

// addTree knows folders one deep, as the ledger has them.
func (s *gitStore) addTree(files map[string]string) string {
	write := func(entries map[string]string) string { // by name; a folder's ends in a slash
		var body bytes.Buffer
		for _, n := range slices.Sorted(maps.Keys(entries)) {
			mode := "100644"
			if strings.HasSuffix(n, "/") {
				mode = "40000"
			}
			raw, err := hex.DecodeString(entries[n])
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(&body, "%s %s\x00%s", mode, strings.TrimSuffix(n, "/"), raw)
		}
		return name("tree", body.Bytes())
	}
	root, below := map[string]string{}, map[string]map[string]string{}
	for path, sha := range files {
		dir, rest, nested := strings.Cut(path, "/")
		if !nested {
			root[path] = sha
			continue
		}
		if below[dir] == nil {
			below[dir] = map[string]string{}
		}
		below[dir][rest] = sha
	}
	for dir, entries := range below {
		root[dir+"/"] = write(entries)
	}
	sha := write(root)
	s.trees[sha] = maps.Clone(files)
	return sha
}

func (s *gitStore) addCommit(tree string, parents []string, message string) access.GitCommit {
	s.now = s.now.Add(time.Millisecond) // as everywhere, no two commits are alike
	body := "tree " + tree + "\n"
	for _, p := range parents {
		body += "parent " + p + "\n"
	}
	body += fmt.Sprintf("author a <a@b> %d +0000\n\n%s", s.now.UnixMilli(), message)
	c := access.GitCommit{SHA: name("commit", []byte(body)), Tree: tree, Parents: slices.Clone(parents), Message: message}
	s.commits[c.SHA] = c
	return c
}
