package github

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
)

func TestGitObjects(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	hub.Commit("main", map[string]string{"a/b/c.json": "{}\n", "a-b": "sorts between a and a/", "a.b": "too", "empty": ""})
	sha := hub.CommitEntries("main", map[string]githubemu.Entry{"run.sh": {Mode: githubemu.ModeExecutable, Content: "#!\n"}})
	commit, err := c.Commit(t.Context(), sha)
	if err != nil || commit.SHA != sha || len(commit.Parents) != 1 || !strings.HasPrefix(commit.Message, "Change ") {
		t.Fatalf("%+v, %v", commit, err)
	}
	files, err := c.TreeFiles(t.Context(), commit.Tree)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]string{}
	for p, blob := range files {
		content, err := c.Blob(t.Context(), blob)
		if err != nil {
			t.Fatal(err)
		}
		read[p] = string(content)
	}
	if d := cmp.Diff(hub.Files("main"), read); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for name, entry := range map[string]githubemu.Entry{
		"mode 120000": {Mode: githubemu.ModeSymlink, Content: "empty"}, "mode 160000": {Mode: githubemu.ModeSubmodule, Content: shaA},
	} {
		commit, err := c.Commit(t.Context(), hub.CommitEntries("odd "+name, map[string]githubemu.Entry{"a/odd": entry}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.TreeFiles(t.Context(), commit.Tree)
		wantError(t, err, name)
	}
	hub.SetTreeLimit(2)
	_, err = c.TreeFiles(t.Context(), commit.Tree)
	wantError(t, err, "too large")
	_, err = c.Commit(t.Context(), shaA)
	wantError(t, err, "404")
}

func TestTreeIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	blob := blobSHA("x")
	entry := func(p, mode, kind, sha string) string {
		return fmt.Sprintf(`{"path":%q,"mode":%q,"type":%q,"sha":%q}`, p, mode, kind, sha)
	}
	a, b := entry("a", modeFile, "blob", blob), entry("b", modeFile, "blob", blob)
	const tree = "f0cb5a2b7ebd1f5a1b9c5ff1cfd7ee1c5e6d3b8c" // of nothing here
	for name, body := range map[string]string{
		"other tree":      `{"sha":"` + shaB + `","truncated":false,"tree":[` + a + `]}`,
		"truncated":       `{"sha":"` + tree + `","truncated":true,"tree":[` + a + `]}`,
		"does not say":    `{"sha":"` + tree + `","tree":[` + a + `]}`,
		"no list":         `{"sha":"` + tree + `","truncated":false}`,
		"null in it":      `{"sha":"` + tree + `","truncated":false,"tree":[null]}`,
		"twice":           `{"sha":"` + tree + `","truncated":false,"tree":[` + a + `,` + a + `]}`,
		"out of place":    `{"sha":"` + tree + `","truncated":false,"tree":[` + entry("../a", modeFile, "blob", blob) + `]}`,
		"other mode":      `{"sha":"` + tree + `","truncated":false,"tree":[` + entry("a", "100600", "blob", blob) + `]}`,
		"an entry less":   `{"sha":"` + tree + `","truncated":false,"tree":[` + b + `]}`,
		"no entry":        `{"sha":"` + tree + `","truncated":false,"tree":[]}`,
		"null altogether": `null`,
	} {
		_, c := serve(t, map[string][]string{"GET /git/trees/" + tree: one(body)})
		if got, err := c.TreeFiles(t.Context(), tree); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	s, c := serve(t, nil)
	if got, err := c.TreeFiles(t.Context(), emptyTree); err != nil || got == nil || len(got) != 0 || len(s.requests()) != 0 {
		t.Errorf("the empty tree: %v, %v", got, err)
	}
}

func TestBlobIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	right := blobSHA("right\n")
	large := strings.Repeat("x", maxBlob+1)
	for name, test := range map[string]struct{ sha, body string }{
		"other content": {right, `{"encoding":"base64","content":"d3JvbmcK","size":6}`},
		"no content":    {right, `{"encoding":"base64","size":6}`},
		"encoding":      {right, `{"encoding":"utf-8","content":"right\n","size":6}`},
		"not base64":    {right, `{"encoding":"base64","content":"*","size":6}`},
		"says large":    {right, `{"encoding":"base64","content":"cmlnaHQK","size":2000000}`},
		"is large":      {blobSHA(large), `{"encoding":"base64","content":"` + base64.StdEncoding.EncodeToString([]byte(large)) + `","size":1}`},
		"null":          {right, `null`},
		"list":          {right, `[]`},
	} {
		_, c := serve(t, map[string][]string{"GET /git/blobs/" + test.sha: one(test.body)})
		if got, err := c.Blob(t.Context(), test.sha); err == nil {
			t.Errorf("%s: no error, but %d bytes", name, len(got))
		}
	}
	_, c := serve(t, map[string][]string{"GET /git/blobs/" + right: one(`{"encoding":"base64","content":"cmln\naHQK\n","size":6}`)})
	if got, err := c.Blob(t.Context(), right); err != nil || string(got) != "right\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLedgerBranch(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	ctx := t.Context()
	const branch = "stepdown-ledger"
	if _, err := c.BranchTip(ctx, branch); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before: %v", err)
	}
	if got, err := c.BranchPushes(ctx, branch); err != nil || len(got) != 0 {
		t.Fatalf("before: %v, %v", got, err)
	}
	first, err := c.CreateCommit(ctx, "", map[string][]byte{"leases/a.json": []byte("{\"x\":\"<ä&\u2028\"}\n"), "README": {}}, nil, "Open\n\nRun: 1\n")
	if err != nil || len(first.Parents) != 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	if err := c.MoveBranch(ctx, branch, "", first.SHA); err != nil {
		t.Fatal(err)
	}
	second, err := c.CreateCommit(ctx, first.Tree, map[string][]byte{"leases/b.json": []byte("b"), "README": nil}, []string{first.SHA}, "Second")
	if err != nil {
		t.Fatal(err)
	}
	rival, err := c.CreateCommit(ctx, first.Tree, nil, []string{first.SHA}, "Rival")
	if err != nil || rival.Tree != first.Tree {
		t.Fatalf("%+v, %v", rival, err)
	}
	for range 2 { // the second time it is there already
		if err := c.MoveBranch(ctx, branch, first.SHA, second.SHA); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range map[string]error{
		"lost race": c.MoveBranch(ctx, branch, first.SHA, rival.SHA), "it is there": c.MoveBranch(ctx, branch, "", rival.SHA),
		"backwards": c.MoveBranch(ctx, branch, second.SHA, first.SHA), "gone": c.MoveBranch(ctx, "never", first.SHA, second.SHA),
	} {
		if !errors.Is(err, access.ErrBranchMoved) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if tip, err := c.BranchTip(ctx, branch); err != nil || tip != second.SHA {
		t.Errorf("%s, %v", tip, err)
	}
	want := map[string]string{"leases/a.json": "{\"x\":\"<ä&\u2028\"}\n", "leases/b.json": "b"}
	if d := cmp.Diff(want, hub.Files(branch)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	got, err := c.BranchPushes(ctx, branch)
	if err != nil || len(got) != 2 || got[0].After != second.SHA || got[0].Before != first.SHA || got[1].Kind != "branch_creation" || got[1].Before != zero || got[0].Actor != "github-actions[bot]" || got[0].ActorType != "Bot" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := c.MoveBranch(ctx, branch, second.SHA, shaA); err == nil || errors.Is(err, access.ErrBranchMoved) {
		t.Errorf("to a commit that is none: %v", err)
	}
	hub.Withhold("contents", 403)
	err = c.MoveBranch(ctx, branch, second.SHA, second.SHA)
	wantError(t, err, "403", "contents: write")
	if errors.Is(err, access.ErrBranchMoved) {
		t.Errorf("a refusal is no race: %v", err)
	}
}

func TestCreateCommitRefuses(t *testing.T) {
	t.Parallel()
	s, c := serve(t, nil)
	for name, test := range map[string]struct {
		tree    string
		files   map[string][]byte
		message string
		says    string
	}{
		"nothing":        {"", nil, "m", "empty"},
		"only removals":  {"", map[string][]byte{"a": nil}, "m", "empty"},
		"empty tree":     {emptyTree, nil, "m", "empty"},
		"no message":     {"", map[string][]byte{"a": {}}, "", "message"},
		"bad message":    {"", map[string][]byte{"a": {}}, "\xff", "message"},
		"no UTF-8":       {"", map[string][]byte{"a": {0xff}}, "m", "not UTF-8"},
		"leaves":         {"", map[string][]byte{"../a": {}}, "m", "clean path"},
		"root":           {"", map[string][]byte{".": {}}, "m", "clean path"},
		"tree is a name": {"main", map[string][]byte{"a": {}}, "m", "not the full SHA"},
	} {
		_, err := c.CreateCommit(t.Context(), test.tree, test.files, nil, test.message)
		wantError(t, err, test.says)
		if n := len(s.requests()); n != 0 {
			t.Fatalf("%s: it sent %q", name, s.requests())
		}
	}
	commit := func(tree, parents string) string {
		return fmt.Sprintf(`201 {"sha":%q,"tree":{"sha":%q},"parents":[%s]}`, shaC, tree, parents)
	}
	good := commit(shaB, `{"sha":"`+shaA+`"}`)
	for name, test := range map[string]struct {
		tree, commit string
		ok           bool
	}{
		"as sent": {`201 {"sha":"` + shaB + `"}`, good, true}, "other parents": {`201 {"sha":"` + shaB + `"}`, commit(shaB, `{"sha":"`+shaB+`"}`), false},
		"no parents": {`201 {"sha":"` + shaB + `"}`, commit(shaB, ``), false}, "one more": {`201 {"sha":"` + shaB + `"}`, commit(shaB, `{"sha":"`+shaA+`"},{"sha":"`+shaB+`"}`), false},
		"other tree": {`201 {"sha":"` + shaB + `"}`, commit(shaC, `{"sha":"`+shaA+`"}`), false}, "tree is null": {`201 null`, good, false},
		"becomes empty": {`201 {"sha":"` + emptyTree + `"}`, good, false}, "commit is null": {`201 {"sha":"` + shaB + `"}`, `201 null`, false},
		"refused": {`422 {"message":"GitRPC::BadObjectState"}`, good, false}, "redirected": {`307 {}`, good, false}, "accepted": {`202 {"sha":"` + shaB + `"}`, good, false},
	} {
		_, c := serve(t, map[string][]string{"POST /git/trees": one(test.tree), "POST /git/commits": one(test.commit)})
		got, err := c.CreateCommit(t.Context(), shaC, map[string][]byte{"a": nil, "b": []byte("x")}, []string{shaA}, "m")
		if (err == nil) != test.ok {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	s, c = serve(t, map[string][]string{"POST /git/trees": {"drop", "502 {}", `201 {"sha":"` + shaB + `"}`}, "POST /git/commits": {"drop", good}})
	if _, err := c.CreateCommit(t.Context(), shaC, map[string][]byte{"a": nil, "b": []byte("x")}, []string{shaA}, "m"); err != nil {
		t.Errorf("answers that are lost: %v", err)
	}
	want := fmt.Sprintf(`POST /git/trees {"base_tree":%q,"tree":[{"sha":null,"path":"a","mode":"100644","type":"blob"},{"path":"b","mode":"100644","type":"blob","content":"x"}]}`, shaC)
	if n := s.count(want); n != 3 {
		t.Errorf("it sent that %d times: %q", n, s.requests())
	}
}

func TestMoveBranchWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	at := func(sha string) string {
		return fmt.Sprintf(`{"ref":"refs/heads/l","object":{"type":"commit","sha":%q}}`, sha)
	}
	commit := func(sha, parent string) string {
		if parent != "" {
			parent = fmt.Sprintf(`{"sha":%q}`, parent)
		}
		return fmt.Sprintf(`{"sha":%q,"tree":{"sha":%q},"parents":[%s]}`, sha, emptyTree, parent)
	}
	shaD := strings.Repeat("d", 40)
	const behind, exists = `422 {"message":"Update is not a fast forward"}`, `422 {"message":"Reference already exists"}`
	const moved, open, done = "moved", "open", "done"
	for name, test := range map[string]struct {
		from, want string
		write, ref []string
		commits    map[string]string
	}{
		"second try works":             {shaA, done, []string{"drop", at(shaB)}, nil, nil},
		"it was done":                  {shaA, done, []string{"502 {}", behind}, one(at(shaB)), nil},
		"done, and moved on":           {shaA, done, []string{"drop", behind}, one(at(shaD)), map[string]string{shaD: commit(shaD, shaB)}},
		"somebody else was faster":     {shaA, moved, []string{"drop", behind}, one(at(shaD)), map[string]string{shaD: commit(shaD, shaA)}},
		"still where it was":           {shaA, open, []string{"drop", behind}, one(at(shaA)), nil},
		"rewritten":                    {shaA, open, []string{"drop", behind}, one(at(shaD)), map[string]string{shaD: commit(shaD, "")}},
		"cannot be read":               {shaA, open, []string{"drop", behind}, one("500 {}"), nil},
		"commit cannot be read":        {shaA, open, []string{"drop", behind}, one(at(shaD)), map[string]string{shaD: "404 {}"}},
		"all tries lost, done":         {shaA, done, one("drop"), one(at(shaB)), nil},
		"all tries lost, not done":     {shaA, open, one("504 {}"), one(at(shaA)), nil},
		"500, done":                    {shaA, done, one("500 {}"), one(at(shaB)), nil},
		"answer is empty, done":        {shaA, done, one(""), one(at(shaB)), nil},
		"answer is for another":        {shaA, open, one(`{"ref":"refs/heads/x","object":{"sha":"` + shaB + `"}}`), one(at(shaA)), nil},
		"answer is null, done":         {shaA, done, one(`null`), one(at(shaB)), nil},
		"refused at once":              {shaA, moved, one(behind), nil, nil},
		"gone":                         {shaA, moved, one(`422 {"message":"Reference does not exist"}`), nil, nil},
		"ruleset":                      {shaA, open, one(`422 {"message":"Repository rule violations found"}`), nil, nil},
		"conflict":                     {shaA, open, one(`409 {"message":"Update is not a fast forward"}`), nil, nil},
		"made, second try":             {"", done, []string{"drop", exists}, one(at(shaB)), nil},
		"made by another":              {"", moved, []string{"drop", exists}, one(at(shaD)), map[string]string{shaD: commit(shaD, "")}},
		"made and moved on":            {"", done, []string{"drop", exists}, one(at(shaD)), map[string]string{shaD: commit(shaD, shaB)}},
		"it is there":                  {"", moved, one(exists), nil, nil},
		"commits that never end":       {shaA, open, []string{"drop", behind}, one(at(shaD)), map[string]string{shaD: "loop"}},
		"redirected, which may be all": {shaA, open, one("307 {}"), one(at(shaA)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := map[string][]string{"PATCH /git/refs/heads/l": test.write, "POST /git/refs": test.write, "GET /git/ref/heads/l": test.ref}
			for sha, body := range test.commits {
				answers["GET /git/commits/"+sha] = one(body)
				if body == "loop" {
					last := sha
					for i := range 2 * maxWalk {
						next := fmt.Sprintf("%040x", i+1)
						answers["GET /git/commits/"+last] = one(commit(last, next))
						last = next
					}
				}
			}
			s, c := serve(t, answers)
			err := c.MoveBranch(t.Context(), "l", test.from, shaB)
			got := open
			switch {
			case err == nil:
				got = done
			case errors.Is(err, access.ErrBranchMoved):
				got = moved
			}
			if got != test.want {
				t.Errorf("%s, want %s: %v\n%q", got, test.want, err, s.requests())
			}
			if n := s.count("GET /git/commits"); n > maxWalk {
				t.Errorf("it read %d commits", n)
			}
			for _, r := range s.requests() {
				if strings.HasPrefix(r, "PATCH") && !strings.Contains(r, `"force":false`) {
					t.Errorf("it sent %s", r)
				}
			}
		})
	}
}
