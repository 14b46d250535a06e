package github

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/githubemu"
)

const contentsRoute = "/repos/acme/okta-access/contents/"

func TestFileIsOfTheCommit(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	content := "kind: TokenOwner\nname: \"ä — \u2028\"\n" + strings.Repeat("# padding for more than one line of base64\n", 10)
	approved := hub.Commit("request", map[string]string{"access/a b#1%2f?.yaml": content, "access/a:b.yaml": "x", "top.yaml": "top\n", "access/empty.yaml": ""})
	hub.Commit("request", map[string]string{"access/a b#1%2f?.yaml": "pushed after the approval"})
	for path, want := range map[string]string{"access/a b#1%2f?.yaml": content, "access/a:b.yaml": "x", "top.yaml": "top\n", "access/empty.yaml": ""} {
		got, err := c.File(t.Context(), path, approved)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestFileSendsNothingForWhatIsNoCommit(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	sha := hub.Head("main")
	for _, bad := range []string{"", "main", "refs/heads/main", sha[:39], sha + "0", strings.ToUpper(sha), sha[:39] + "g", sha[:38] + "\n0"} {
		if _, err := c.File(t.Context(), "README.md", bad); err == nil || !strings.Contains(err.Error(), "not the full SHA") {
			t.Errorf("File at %q: %v", bad, err)
		}
		if _, err := c.Dir(t.Context(), ".", bad); err == nil || !strings.Contains(err.Error(), "not the full SHA") {
			t.Errorf("Dir at %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "/README.md", "../x", "a/../b", "a//b", "a/", "./a", "a\nb", `a\b`, ".."} {
		if _, err := c.File(t.Context(), bad, sha); err == nil {
			t.Errorf("File of path %q: no error", bad)
		}
	}
	if n := len(hub.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestFileRefusesWhatIsNoRegularFile(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	hub.Commit("main", map[string]string{"access/real.yaml": "real\n", "secret.yaml": "elsewhere\n"})
	sha := hub.CommitEntries("main", map[string]githubemu.Entry{
		"access/link.yaml":     {Mode: githubemu.ModeSymlink, Content: "../secret.yaml"},
		"access/dangling.yaml": {Mode: githubemu.ModeSymlink, Content: "nowhere"},
		"access/module":        {Mode: githubemu.ModeSubmodule, Content: strings.Repeat("a", 40)},
		"access/sub/x.yaml":    {Content: "x"},
		"access/run.yaml":      {Mode: githubemu.ModeExecutable, Content: "run\n"},
		"linkdir":              {Mode: githubemu.ModeSymlink, Content: "access"},
	})
	for path, says := range map[string]string{
		"access/link.yaml": "symlink", "access/dangling.yaml": "symlink", "access/module": "submodule", "access/sub": "dir",
		"access": "dir", "linkdir": "symlink", "linkdir/real.yaml": "symlink",
	} {
		got, err := c.File(t.Context(), path, sha)
		if err == nil || !strings.Contains(err.Error(), says) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v; want an error that says %s", path, got, err, says)
		}
	}
	if got, err := c.File(t.Context(), "access/run.yaml", sha); err != nil || string(got) != "run\n" {
		t.Errorf("an executable file is a regular file: %q, %v", got, err)
	}
}

func TestFileSizeCap(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	sha := hub.Commit("main", map[string]string{
		"fits": strings.Repeat("x", maxFileSize), "large": strings.Repeat("x", maxFileSize+1), "huge": strings.Repeat("x", 2<<20),
	})
	if got, err := c.File(t.Context(), "fits", sha); err != nil || len(got) != maxFileSize {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, path := range []string{"large", "huge"} {
		_, err := c.File(t.Context(), path, sha)
		wantError(t, err, "65536 are read at the most")
	}
}

func TestAbsenceIsShownAndNotAssumed(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	sha := hub.Commit("main", map[string]string{"access/a.yaml": "a\n"})
	for _, path := range []string{"access/b.yaml", "b.yaml", "no/such/dir/b.yaml", "access/sub/b.yaml", "access/a.yaml/b"} {
		_, err := c.File(t.Context(), path, sha)
		wasFile := strings.HasPrefix(path, "access/a.yaml/")
		if err == nil || errors.Is(err, fs.ErrNotExist) == wasFile {
			t.Errorf("File %s: %v", path, err)
		}
	}
	for _, dir := range []string{"absent", "absent/deep"} {
		if _, err := c.Dir(t.Context(), dir, sha); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Dir %s: %v", dir, err)
		}
	}
	unknown := strings.Repeat("0", 40)
	if _, err := c.File(t.Context(), "access/a.yaml", unknown); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("at a commit that is not there: %v", err)
	}
	for _, status := range []int{403, 404} {
		hub.Withhold("contents", status)
		_, err := c.File(t.Context(), "access/a.yaml", sha)
		wantError(t, err, fmt.Sprint(status), "contents: read", "contents=read")
		if _, dirErr := c.Dir(t.Context(), "access", sha); errors.Is(err, fs.ErrNotExist) || errors.Is(dirErr, fs.ErrNotExist) || dirErr == nil {
			t.Errorf("%d: a missing permission looks like a missing file: %v, %v", status, err, dirErr)
		}
	}
	hub.Withhold("contents", 0)
	hub.Inject(githubemu.Fault{Path: contentsRoute + "access", Status: 404, Body: `{"message":"Not Found"}`})
	if _, err := c.File(t.Context(), "access/a.yaml", sha); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is listed above and answers 404: %v", err)
	}
	if _, err := c.Dir(t.Context(), "access", sha); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is listed above and answers 404: %v", err)
	}
}

func TestFileChecksTheDigest(t *testing.T) {
	t.Parallel()
	blob := blobSHA("right\n")
	for name, body := range map[string]string{
		"other content":  `{"type":"file","path":"a.yaml","encoding":"base64","content":"d3JvbmcK","sha":"` + blob + `"}`,
		"cut content":    `{"type":"file","path":"a.yaml","encoding":"base64","content":"cmln","sha":"` + blob + `"}`,
		"other blob":     `{"type":"file","path":"a.yaml","encoding":"base64","content":"d3JvbmcK","sha":"` + blobSHA("wrong\n") + `"}`,
		"no content":     `{"type":"file","path":"a.yaml","encoding":"base64","sha":"` + blob + `"}`,
		"no encoding":    `{"type":"file","path":"a.yaml","content":"right\n","sha":"` + blob + `"}`,
		"encoding none":  `{"type":"file","path":"a.yaml","encoding":"none","content":"","sha":"` + blob + `"}`,
		"not base64":     `{"type":"file","path":"a.yaml","encoding":"base64","content":"*","sha":"` + blob + `"}`,
		"other path":     `{"type":"file","path":"b.yaml","encoding":"base64","content":"cmlnaHQK","sha":"` + blob + `"}`,
		"became symlink": `{"type":"symlink","path":"a.yaml","encoding":"base64","content":"cmlnaHQK","sha":"` + blob + `"}`,
		"listing":        `[]`,
		"null":           `null`,
		"string":         `"x"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, c := start(t)
			sha := hub.Commit("main", map[string]string{"a.yaml": "right\n"})
			hub.Inject(githubemu.Fault{Path: contentsRoute + "a.yaml", Status: 200, Body: body})
			if got, err := c.File(t.Context(), "a.yaml", sha); err == nil {
				t.Errorf("no error, but %q", got)
			}
		})
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	sha := hub.Commit("main", map[string]string{"access/b.yaml": "b", "access/a.yaml": "a", "access/sub/c.yaml": "c", "access/README": ""})
	hub.Commit("main", map[string]string{"access/later.yaml": "not at that commit"})
	for dir, want := range map[string][]string{
		"access": {"access/README", "access/a.yaml", "access/b.yaml"}, "access/sub": {"access/sub/c.yaml"}, ".": {"README.md"},
	} {
		got, err := c.Dir(t.Context(), dir, sha)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", dir, d)
		}
	}
	_, err := c.Dir(t.Context(), "README.md", sha)
	wantError(t, err, "is a file, not a directory")
	for name, entry := range map[string]githubemu.Entry{
		"symlink":   {Mode: githubemu.ModeSymlink, Content: "../README.md"},
		"submodule": {Mode: githubemu.ModeSubmodule, Content: strings.Repeat("b", 40)},
	} {
		at := hub.CommitEntries(name, map[string]githubemu.Entry{"access/odd.yaml": entry})
		_, err := c.Dir(t.Context(), "access", at)
		wantError(t, err, name)
	}
	for name, body := range map[string]string{
		"unknown kind":     `[{"type":"novelty","path":"access/x"}]`,
		"no kind":          `[{"path":"access/x"}]`,
		"other directory":  `[{"type":"file","path":"elsewhere/x"}]`,
		"nested":           `[{"type":"file","path":"access/sub/x"}]`,
		"null entry":       `[null]`,
		"null":             `null`,
		"one file":         `{"type":"file","path":"access"}`,
		"a thousand files": "[" + strings.TrimSuffix(strings.Repeat(`{"type":"file","path":"access/x"},`, 1000), ",") + "]",
	} {
		hub.Inject(githubemu.Fault{Path: contentsRoute + "access", Status: 200, Body: body, Count: 1})
		if got, err := c.Dir(t.Context(), "access", sha); err == nil {
			t.Errorf("%s: no error, but %d paths", name, len(got))
		}
	}
}

func TestFileInALongDirectory(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	files := map[string]string{}
	for i := range 1001 {
		files[fmt.Sprintf("access/%04d.yaml", i)] = "x"
	}
	sha := hub.Commit("main", files)
	if _, err := c.File(t.Context(), "access/0005.yaml", sha); err != nil {
		t.Errorf("a file that is listed: %v", err)
	}
	if _, err := c.File(t.Context(), "access/1000.yaml", sha); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that the listing leaves out: %v", err)
	}
	paths := hub.Requests()
	if slices.ContainsFunc(paths, func(r githubemu.Request) bool { return !strings.HasSuffix(r.Path, "?ref="+sha) }) {
		t.Errorf("a request was not for the commit: %v", paths)
	}
}
