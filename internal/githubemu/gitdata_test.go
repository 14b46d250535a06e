package githubemu

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// missing skips a test where a tool of the machine is not there, which is a failure in .ci/run.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("STEPDOWN_CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// gitIn runs Git in a folder of its own; the test is skipped where there is none.
func gitIn(t *testing.T) (dir string, run func(stdin string, args ...string) string) {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		missing(t, "no git to hold the names against")
	}
	dir = t.TempDir()
	run = func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command(git, args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		cmd.Env = []string{
			"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "PATH=" + os.Getenv("PATH"),
			"GIT_AUTHOR_NAME=Run 7", "GIT_AUTHOR_EMAIL=run@ledger.example", "GIT_AUTHOR_DATE=2026-03-01T14:00:00+02:00",
			"GIT_COMMITTER_NAME=Bot", "GIT_COMMITTER_EMAIL=bot@ledger.example", "GIT_COMMITTER_DATE=2026-03-01T12:00:05Z",
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("", "init", "-q")
	return dir, run
}

// TestObjectsAreGits makes the same blobs, trees and commits by API and by Git's plumbing.
func TestObjectsAreGits(t *testing.T) {
	t.Parallel()
	dir, git := gitIn(t)
	hub, c := newClient(t, Options{})
	files := map[string]string{"leases/l1/0001.json": "{}\n", "leases/l1/0002.json": "{\"a\":1}", "leases-b/x": "\x00\xff", "leases.txt": "", "é/ü": "ö"}
	var entries []map[string]any
	for _, path := range slices.Sorted(maps.Keys(files)) {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(files[path]), 0o644); err != nil {
			t.Fatal(err)
		}
		blob := c.want(201, "POST", "/git/blobs", map[string]any{"content": base64.StdEncoding.EncodeToString([]byte(files[path])), "encoding": "base64"})
		if want := git(files[path], "hash-object", "--stdin"); blob["sha"] != want {
			t.Errorf("blob %q is %v, Git's is %s", path, blob["sha"], want)
		}
		if back := c.want(200, "GET", "/git/blobs/"+fmt.Sprint(blob["sha"]), nil); back["size"] != float64(len(files[path])) {
			t.Errorf("blob %q: %v", path, back)
		}
		entries = append(entries, map[string]any{"path": path, "mode": ModeFile, "type": "blob", "sha": blob["sha"]})
	}
	git("", "add", "-A")
	tree := c.want(201, "POST", "/git/trees", map[string]any{"tree": entries})
	if want := git("", "write-tree"); tree["sha"] != want {
		t.Fatalf("tree %v, Git's is %s", tree["sha"], want)
	}
	parent := ""
	for i, message := range []string{"open lease l1", "two\n\nlines\n", "trailing\n\n\n", "ünïcode"} {
		body := map[string]any{
			"message": message, "tree": tree["sha"], "parents": []string{},
			"author":    map[string]any{"name": "Run 7", "email": "run@ledger.example", "date": "2026-03-01T14:00:00+02:00"},
			"committer": map[string]any{"name": "Bot", "email": "bot@ledger.example", "date": "2026-03-01T12:00:05Z"},
		}
		args := []string{"commit-tree", fmt.Sprint(tree["sha"])}
		if parent != "" {
			body["parents"] = []string{parent}
			args = append(args, "-p", parent)
		}
		made := c.want(201, "POST", "/git/commits", body)
		object := git("", "cat-file", "-p", fmt.Sprint(tree["sha"])) // only so that Git has the tree
		if object == "" {
			t.Fatal("Git has no such tree")
		}
		// commit-tree keeps the message to the byte when it comes from standard input.
		if want := git(message, args...); made["sha"] != want {
			t.Errorf("commit %d is %v, Git's is %s", i, made["sha"], want)
		}
		parent = fmt.Sprint(made["sha"])
		if got := c.want(200, "GET", "/git/commits/"+parent, nil)["message"]; got != strings.TrimRight(message, "\n") {
			t.Errorf("message %q is shown as %q", message, got)
		}
	}
	if hub.Head("ledger") != "" {
		t.Error("a branch has moved")
	}
	c.want(201, "POST", "/git/refs", map[string]any{"ref": "refs/heads/ledger", "sha": parent})
	if got, ok := hub.File("ledger", "leases-b/x"); !ok || got != "\x00\xff" {
		t.Errorf("%q %v", got, ok)
	}
}

func TestWhoSignsByDefault(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 999, time.UTC)
	hub, c := newClient(t, Options{Now: func() time.Time { return now }})
	tree := hub.commits[hub.Head("main")].treeSHA
	made := c.want(201, "POST", "/git/commits", map[string]any{"message": "m", "tree": tree})
	author := made["author"].(map[string]any)
	if author["name"] != "github-actions[bot]" || author["email"] != "41898282+github-actions[bot]@users.noreply.github.com" || author["date"] != "2026-03-01T12:00:00Z" {
		t.Errorf("author %v", author)
	}
	if len(made["parents"].([]any)) != 0 {
		t.Errorf("parents %v", made["parents"])
	}
	// Anybody can write anybody's name; only the activity tells who pushed.
	forged := c.want(201, "POST", "/git/commits", map[string]any{
		"message": "m", "tree": tree, "parents": []string{hub.Head("main")}, "author": map[string]any{"name": "Ann", "email": "ann@users.noreply.invalid"},
	})
	c.want(200, "PATCH", "/git/refs/heads/main", map[string]any{"sha": forged["sha"]})
	seen := c.want(200, "GET", "/commits/main", nil)
	if got := seen["author"].(map[string]any)["login"]; got != "ann" {
		t.Errorf("the forged author is shown as %v", got)
	}
	if got := hub.Activity("main")[0].Actor; got != "github-actions[bot]" {
		t.Errorf("the pusher is %v", got)
	}
}

func TestTrees(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	hub.Commit("main", map[string]string{"a/b/c": "1", "a/d": "2", "e": "3"})
	base := hub.commits[hub.Head("main")].treeSHA
	paths := func(tree map[string]any) string {
		var out []string
		for _, e := range tree["tree"].([]any) {
			out = append(out, fmt.Sprint(e.(map[string]any)["path"]))
		}
		return strings.Join(out, " ")
	}
	if got := paths(c.want(200, "GET", "/git/trees/main", nil)); got != "README.md a e" {
		t.Errorf("tree: %s", got)
	}
	if got := paths(c.want(200, "GET", "/git/trees/"+base+"?recursive=1", nil)); got != "README.md a a/b a/b/c a/d e" {
		t.Errorf("recursive: %s", got)
	}
	entry := func(path string, more map[string]any) map[string]any {
		e := map[string]any{"path": path, "mode": ModeFile, "type": "blob"}
		maps.Copy(e, more)
		return e
	}
	change := func(status int, base any, entries ...map[string]any) map[string]any {
		t.Helper()
		body := map[string]any{"tree": entries}
		if base != nil {
			body["base_tree"] = base
		}
		return c.want(status, "POST", "/git/trees", body)
	}
	made := change(201, base, entry("a/b/c", map[string]any{"sha": nil}), entry("e", map[string]any{"content": "4"}), entry("f/g", map[string]any{"content": "5"}))
	if got := paths(c.want(200, "GET", "/git/trees/"+made["sha"].(string)+"?recursive=yes", nil)); got != "README.md a a/d e f f/g" {
		t.Errorf("changed: %s", got)
	}
	sub := c.want(200, "GET", "/git/trees/"+base, nil)["tree"].([]any)[1].(map[string]any)["sha"].(string)
	graft := change(201, nil, map[string]any{"path": "x", "mode": "040000", "type": "tree", "sha": sub}, entry("y", map[string]any{"content": ""}))
	if got := paths(c.want(200, "GET", "/git/trees/"+graft["sha"].(string)+"?recursive=1", nil)); got != "x x/b x/b/c x/d y" {
		t.Errorf("grafted: %s", got)
	}
	for name, test := range map[string]struct {
		base    any
		entry   map[string]any
		message string
	}{
		"unknown base":        {strings.Repeat("a", 40), entry("x", map[string]any{"content": ""}), "base_tree is not a valid tree oid"},
		"a commit as base":    {hub.Head("main"), entry("x", map[string]any{"content": ""}), "base_tree is not a valid tree oid"},
		"unknown blob":        {base, entry("x", map[string]any{"sha": strings.Repeat("a", 40)}), "is not a valid blob"},
		"removes what is not": {base, entry("x", map[string]any{"sha": nil}), "GitRPC::BadObjectState"},
		"outside":             {base, entry("../x", map[string]any{"content": ""}), "malformed path component"},
		"in .git":             {base, entry(".GIT/config", map[string]any{"content": ""}), "malformed path component"},
		"neither":             {base, entry("x", nil), "either tree.sha or tree.content"},
		"both":                {base, entry("x", map[string]any{"content": "", "sha": sub}), "either tree.sha or tree.content"},
		"mode":                {base, entry("x", map[string]any{"content": "", "mode": "100777"}), "valid tree.mode"},
	} {
		if got := fmt.Sprint(change(422, test.base, test.entry)["message"]); !strings.Contains(got, test.message) {
			t.Errorf("%s: %s", name, got)
		}
	}
	hub.SetTreeLimit(2)
	if cut := c.want(200, "GET", "/git/trees/main?recursive=1", nil); cut["truncated"] != true || paths(cut) != "README.md a" {
		t.Errorf("cut: %v %s", cut["truncated"], paths(cut))
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	first := hub.Head("main")
	second := hub.Commit("main", map[string]string{"a": "1"})
	aside := hub.Commit("aside", map[string]string{"a": "2"})
	tree := hub.commits[first].treeSHA
	for _, test := range []struct {
		method, path string
		body         any
		status       int
		message      string
	}{
		{"POST", "/git/refs", map[string]any{"ref": "refs/heads/ledger", "sha": first}, 201, ""},
		{"POST", "/git/refs", map[string]any{"ref": "refs/heads/ledger", "sha": first}, 422, "Reference already exists"},
		{"POST", "/git/refs", map[string]any{"ref": "refs/heads/ledger/sub", "sha": first}, 422, "Reference update failed"},
		{"POST", "/git/refs", map[string]any{"ref": "heads/x", "sha": first}, 422, "must start with 'refs/'"},
		{"POST", "/git/refs", map[string]any{"ref": "refs/heads/x y", "sha": first}, 422, "not a valid ref name"},
		{"POST", "/git/refs", map[string]any{"ref": "refs/heads/x", "sha": strings.Repeat("a", 40)}, 422, "Object does not exist"},
		{"POST", "/git/refs", map[string]any{"ref": "refs/heads/x", "sha": tree}, 422, "Object does not exist"},
		{"POST", "/git/refs", map[string]any{"ref": "refs/heads/x", "sha": "main"}, 422, "exactly 40 characters"},
		{"PATCH", "/git/refs/heads/ledger", map[string]any{"sha": second}, 200, ""},
		{"PATCH", "/git/refs/heads/ledger", map[string]any{"sha": first}, 422, "Update is not a fast forward"},
		{"PATCH", "/git/refs/heads/ledger", map[string]any{"sha": aside, "force": true}, 200, ""},
		{"PATCH", "/git/refs/heads/absent", map[string]any{"sha": first}, 422, "Reference does not exist"},
		{"GET", "/git/ref/heads/ledger", nil, 200, ""},
		{"DELETE", "/git/refs/heads/ledger", nil, 204, ""},
		{"DELETE", "/git/refs/heads/ledger", nil, 422, "Reference does not exist"},
		{"DELETE", "/git/refs/heads/main", nil, 422, "default branch"},
		{"GET", "/git/ref/heads/ledger", nil, 404, "Not Found"},
	} {
		got := c.want(test.status, test.method, test.path, test.body)
		if test.message != "" && !strings.Contains(fmt.Sprint(got["message"]), test.message) {
			t.Errorf("%s %s %v: %v, want %q", test.method, test.path, test.body, got["message"], test.message)
		}
	}
	hub.CreateBranch("rita", "team/one", first)
	hub.CreateBranch("rita", "team/two", first)
	if got, _ := c.list("/git/matching-refs/heads/team/"); !slices.Equal(texts(got, "ref"), []string{"refs/heads/team/one", "refs/heads/team/two"}) {
		t.Errorf("%v", got)
	}
	c.want(200, "GET", "/branches/team/one", nil)
	c.want(200, "GET", "/branches/team%2Ftwo", nil)
	c.want(200, "GET", "/git/ref/heads%2Fteam%2Ftwo", nil)
}

func TestReadsOfRefsLag(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	hub, c := newClient(t, Options{Now: func() time.Time { return now }})
	hub.SetRefLag(3 * time.Second)
	now = now.Add(time.Minute)
	first := hub.Head("main")
	second := hub.Commit("main", map[string]string{"a": "1"})
	tip := func() any { return c.want(200, "GET", "/git/ref/heads/main", nil)["object"].(map[string]any)["sha"] }
	if got := tip(); got != first {
		t.Errorf("at once: %v, want the older %s", got, first)
	}
	c.want(201, "POST", "/git/refs", map[string]any{"ref": "refs/heads/new", "sha": second})
	c.want(404, "GET", "/git/ref/heads/new", nil)
	c.want(422, "POST", "/git/refs", map[string]any{"ref": "refs/heads/new", "sha": second}) // writes do not lag
	now = now.Add(3 * time.Second)
	if got := tip(); got != second {
		t.Errorf("later: %v, want %s", got, second)
	}
	c.want(200, "GET", "/git/ref/heads/new", nil)
}

// TestPullRequestsOfACommit is how a run finds the pull request of a head.
func TestPullRequestsOfACommit(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	sha := hub.Commit("request", map[string]string{"a": "1"})
	n := hub.OpenPullRequest("rita", "request", "t")
	hub.Commit("other", map[string]string{"b": "1"})
	m := hub.OpenPullRequest("rita", "other", "t")
	numbers := func(path string) []string { got, _ := c.list(path); return texts(got, "number") }
	if got := numbers("/commits/" + sha + "/pulls"); !slices.Equal(got, []string{fmt.Sprint(n)}) {
		t.Errorf("of the head: %v", got)
	}
	hub.Close(n)
	if got := numbers("/commits/" + sha + "/pulls"); len(got) != 0 {
		t.Errorf("of a closed one: %v", got)
	}
	if got := numbers("/pulls"); !slices.Equal(got, []string{fmt.Sprint(m)}) {
		t.Errorf("open: %v", got)
	}
	if got := numbers("/pulls?state=all&head=acme:request"); !slices.Equal(got, []string{fmt.Sprint(n)}) {
		t.Errorf("by head: %v", got)
	}
	hub.Reopen(n)
	late := hub.Commit("request", map[string]string{"a": "2"})
	if got := c.want(200, "GET", "/pulls/"+fmt.Sprint(n), nil); got["commits"] != 2.0 || got["head"].(map[string]any)["sha"] != late {
		t.Errorf("reopened: %v commits, head %v", got["commits"], got["head"])
	}
	if got, _ := c.list("/pulls/" + fmt.Sprint(n) + "/commits"); !slices.Equal(texts(got, "sha"), []string{sha, late}) {
		t.Errorf("commits %v", texts(got, "sha"))
	}
	merge := hub.Merge(n)
	for _, of := range []string{sha, merge} {
		if got := numbers("/commits/" + of + "/pulls"); !slices.Equal(got, []string{fmt.Sprint(n)}) {
			t.Errorf("merged, of %s: %v", of, got)
		}
	}
	if got, _ := c.list("/commits?sha=main&path=a&per_page=1"); len(got) == 0 || got[0]["sha"] != merge {
		t.Errorf("commits of a path: %v", texts(got, "sha"))
	}
	hub.DeleteBranch("rita", "other")
	if got := c.want(200, "GET", "/pulls/"+fmt.Sprint(m), nil)["state"]; got != "closed" {
		t.Errorf("without its branch it is %v", got)
	}
	c.want(422, "GET", "/commits/"+strings.Repeat("a", 40), nil)
	c.want(422, "GET", "/commits/"+strings.Repeat("a", 40)+"/pulls", nil)
}
