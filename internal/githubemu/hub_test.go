package githubemu

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, opts Options) (*Hub, *httptest.Server) {
	t.Helper()
	hub := New(opts)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	return hub, server
}

// get asks for a path below the repository and decodes the answer into v.
func get(t *testing.T, server *httptest.Server, path, authorization string, v any) *http.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if v != nil {
		if err := json.Unmarshal(body, v); err != nil {
			t.Fatalf("%s: %v: %s", path, err, body)
		}
	}
	return resp
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	hub, server := serve(t, Options{Token: "good"})
	hub.Commit("request", map[string]string{"a": "b"})
	hub.OpenPullRequest("rita", "request", "t")
	for _, test := range []struct {
		path, authorization string
		status              int
		message             string
	}{
		{"/repos/acme/okta-access/pulls/1", "Bearer good", 200, ""},
		{"/repos/ACME/okta-access/pulls/1", "token good", 200, ""},
		{"/repos/acme/okta-access/pulls/1", "", 404, "Not Found"},
		{"/repos/acme/okta-access/pulls/1", "Bearer bad", 401, "Bad credentials"},
		{"/repos/acme/okta-access/pulls/2", "Bearer good", 404, "Not Found"},
		{"/repos/acme/other/pulls/1", "Bearer good", 404, "Not Found"},
		{"/repos/acme/okta-access/hooks/1", "Bearer good", 501, "does not know GET /repos/acme/okta-access/hooks/1"},
		{"/repos/acme/okta-access/issues/events", "Bearer good", 501, "does not know"},
		{"/user", "Bearer good", 403, "Resource not accessible by integration"},
		{"/user/repos", "Bearer good", 501, "does not know"},
		{"/repos/acme/okta-access/branches/absent", "Bearer good", 404, "Branch not found"},
		{"/repos/acme/okta-access/git/ref/heads/absent", "Bearer good", 404, "Not Found"},
		{"/repos/acme/okta-access/git/ref/tags/v1", "Bearer good", 501, "does not know"},
		{"/repos/acme/okta-access/contents/a?ref=absent", "Bearer good", 404, "No commit found for the ref absent"},
	} {
		var body struct {
			Message string `json:"message"`
			Docs    string `json:"documentation_url"`
			Status  any    `json:"status"`
		}
		resp := get(t, server, test.path, test.authorization, &body)
		if resp.StatusCode != test.status || !strings.Contains(body.Message, test.message) {
			t.Errorf("%s as %q: %d %q; want %d %q", test.path, test.authorization, resp.StatusCode, body.Message, test.status, test.message)
		}
		if test.status != 200 && (body.Docs == "" || body.Status != fmt.Sprint(test.status)) {
			t.Errorf("%s: the refusal lacks its page or status: %+v", test.path, body)
		}
		if resp.Header.Get("X-GitHub-Request-Id") == "" || resp.Header.Get("X-RateLimit-Remaining") == "" {
			t.Errorf("%s: headers %v", test.path, resp.Header)
		}
	}
	hub.Withhold("pull_requests", 403)
	resp := get(t, server, "/repos/acme/okta-access/pulls/1/files", "Bearer good", nil)
	if resp.StatusCode != 403 || resp.Header.Get("X-Accepted-GitHub-Permissions") != "pull_requests=read" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	req, _ := http.NewRequest(http.MethodDelete, server.URL+"/repos/acme/okta-access/contents/a", nil)
	req.Header.Set("Authorization", "Bearer good")
	if resp, err := server.Client().Do(req); err != nil || resp.StatusCode != 501 {
		t.Errorf("a write: %v, %v", resp, err)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	hub, server := serve(t, Options{})
	hub.Commit("request", map[string]string{"a": "b"})
	hub.OpenPullRequest("rita", "request", "t")
	for i := range 65 {
		hub.Review(1, fmt.Sprint("u", i), "COMMENTED")
	}
	next := regexp.MustCompile(`<([^>]+)>; rel="next"`)
	url, sizes := "/repos/acme/okta-access/pulls/1/reviews", []int{}
	for url != "" {
		var items []any
		resp := get(t, server, url, "", &items)
		sizes = append(sizes, len(items))
		m := next.FindStringSubmatch(resp.Header.Get("Link"))
		if url = ""; m != nil {
			url = strings.TrimPrefix(m[1], server.URL)
		}
	}
	if !slices.Equal(sizes, []int{30, 30, 5}) {
		t.Errorf("pages of %v", sizes)
	}
	var items []any
	resp := get(t, server, "/repos/acme/okta-access/pulls/1/reviews?per_page=500", "", &items)
	if len(items) != 65 || resp.Header.Get("Link") != "" {
		t.Errorf("%d items, Link %q", len(items), resp.Header.Get("Link"))
	}
	get(t, server, "/repos/acme/okta-access/pulls/1/reviews?page=9", "", &items)
	if len(items) != 0 {
		t.Errorf("a page beyond the end has %d items", len(items))
	}
}

// TestNamesAreGits holds the SHAs of blobs, trees and commits against Git itself.
func TestNamesAreGits(t *testing.T) {
	t.Parallel()
	git, err := exec.LookPath("git")
	if err != nil {
		missing(t, "no git")
	}
	hub := New(Options{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	files := map[string]string{"access/a.yaml": "a\n", "access-b/x": "", "access.txt": "t", "access/sub/c": "c"}
	sha := hub.Commit("main", files)
	files["README.md"] = "# okta-access\n"
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		cmd.Env = []string{"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "PATH=" + os.Getenv("PATH")}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "-q")
	for path, content := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run("add", "-A")
	if want, got := run("write-tree"), hub.commits[sha].treeSHA; got != want {
		t.Errorf("tree %s, Git names it %s", got, want)
	}
	c := hub.commits[sha]
	who := "octocat <octocat@users.noreply.invalid> 1700000000 +0000"
	object := fmt.Sprintf("tree %s\nparent %s\nauthor %s\ncommitter %s\n\n%s", c.treeSHA, c.parents[0], who, who, c.message)
	cmd := exec.Command(git, "hash-object", "-t", "commit", "--stdin", "--literally")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(object)
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != sha {
		t.Errorf("commit %s, Git names it %s (%v)", sha, out, err)
	}
}

func TestMergeKeepsBothSides(t *testing.T) {
	t.Parallel()
	hub := New(Options{})
	hub.Commit("main", map[string]string{"old": "o", "gone": "g"})
	hub.Commit("request", map[string]string{"new": "n"})
	hub.Rename("request", "old", "moved")
	hub.Remove("request", "gone")
	hub.Commit("main", map[string]string{"meanwhile": "m"})
	n := hub.OpenPullRequest("rita", "request", "t")
	sha := hub.Merge(n)
	if hub.Head("main") != sha || len(sha) != 40 {
		t.Fatalf("main is at %s, the merge is %s", hub.Head("main"), sha)
	}
	got := slices.Sorted(maps.Keys(hub.commits[sha].files))
	if want := []string{"README.md", "meanwhile", "moved", "new"}; !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	head := hub.pulls[n].headSHA
	hub.Commit("request", map[string]string{"late": "l"})
	if hub.pulls[n].headSHA != head {
		t.Error("the head of a merged pull request moved")
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	hub, server := serve(t, Options{})
	hub.Inject(
		Fault{Path: "/repos/*/*/branches/main", Skip: 1, Count: 1, Status: 503, Body: `{}`},
		Fault{Method: "POST", Status: 500},
		Fault{Path: "/repos/acme/okta-access/contents/", Truncate: true, Count: 1},
		Fault{Path: "/repos/acme/okta-access/git/", DropBefore: true, Count: 1},
	)
	for i, want := range []int{200, 503, 200} {
		if resp := get(t, server, "/repos/acme/okta-access/branches/main", "", nil); resp.StatusCode != want {
			t.Errorf("request %d: %d, want %d", i, resp.StatusCode, want)
		}
	}
	resp, err := server.Client().Get(server.URL + "/repos/acme/okta-access/contents/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("half a body was read as a whole one")
	}
	resp.Body.Close()
	req, _ := http.NewRequest(http.MethodGet, server.URL+"/repos/acme/okta-access/git/ref/heads/main", nil)
	if _, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req); err == nil {
		t.Error("a dropped request was answered")
	}
	var statuses []int
	for _, r := range hub.Requests() {
		statuses = append(statuses, r.Status)
	}
	if want := []int{200, 503, 200, 200, 0}; !slices.Equal(statuses, want) {
		t.Errorf("statuses %v, want %v", statuses, want)
	}
}

// TestPayloadHasGitHubsFields holds the emulator's payload against a sample of GitHub's: every field that it has is there,
// of the same JSON type.
func TestPayloadHasGitHubsFields(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../testdata/events/pull_request_review.json")
	if err != nil {
		t.Fatal(err)
	}
	var sample, got map[string]any
	if err := json.Unmarshal(data, &sample); err != nil {
		t.Fatal(err)
	}
	hub := New(Options{})
	hub.Commit("request", map[string]string{"a": "b"})
	n := hub.OpenPullRequest("rita", "request", "t")
	if err := json.Unmarshal(hub.ReviewEvent(n, hub.Review(n, "ann", "APPROVED", WithBody("yes"))), &got); err != nil {
		t.Fatal(err)
	}
	var compare func(path string, sample, got any)
	compare = func(path string, sample, got any) {
		if sample == nil || got == nil {
			return
		}
		if want, have := fmt.Sprintf("%T", sample), fmt.Sprintf("%T", got); want != have {
			t.Errorf("%s is %s, GitHub's is %s", path, have, want)
			return
		}
		object, ok := got.(map[string]any)
		if !ok {
			return
		}
		for key, value := range object {
			theirs, ok := sample.(map[string]any)[key]
			if !ok {
				t.Errorf("%s.%s is not a field of GitHub's", path, key)
			}
			compare(path+"."+key, theirs, value)
		}
	}
	compare("", sample, got)
	if state := got["review"].(map[string]any)["state"]; state != "approved" {
		t.Errorf("the review's state is %v", state)
	}
}
