package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
)

const testToken = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"

// start serves a repository on loopback and returns a client of it.
func start(t *testing.T) (*githubemu.Hub, *Client) {
	t.Helper()
	hub := githubemu.New(githubemu.Options{Token: testToken})
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	return hub, connect(t, server.URL, testToken)
}

func connect(t *testing.T, url, token string) *Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := New(Config{
		APIURL: url, Repository: "acme/okta-access", Token: access.NewSecret(token), Transport: transport, UserAgent: "stepdown-test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantError checks that err says all of the texts, and never the token.
func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error does not say %q:\n%v", text, err)
		}
	}
	if strings.Contains(err.Error(), testToken) {
		t.Errorf("error holds the token: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Config{APIURL: "https://api.github.com", Repository: "acme/okta-access", Token: access.NewSecret("t"), Transport: http.DefaultTransport}
	if _, err := New(good); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	for name, test := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"plain http":         {func(c *Config) { c.APIURL = "http://api.github.com" }, "is not https"},
		"http lookalike":     {func(c *Config) { c.APIURL = "http://127.0.0.1.evil.example" }, "is not https"},
		"no scheme":          {func(c *Config) { c.APIURL = "api.github.com" }, "is not of the form"},
		"no url":             {func(c *Config) { c.APIURL = "" }, "is not of the form"},
		"password in url":    {func(c *Config) { c.APIURL = "https://u:p@api.github.com" }, "user name or password"},
		"malformed url":      {func(c *Config) { c.APIURL = "https://u:p@[::1" }, "malformed"},
		"query":              {func(c *Config) { c.APIURL = "https://api.github.com?x" }, "is not of the form"},
		"no repository":      {func(c *Config) { c.Repository = "" }, "owner/name"},
		"three parts":        {func(c *Config) { c.Repository = "a/b/c" }, "owner/name"},
		"dots":               {func(c *Config) { c.Repository = "a/.." }, "owner/name"},
		"route in the name":  {func(c *Config) { c.Repository = "a/b?c" }, "owner/name"},
		"no token":           {func(c *Config) { c.Token = access.Secret{} }, "github-token"},
		"newline in a token": {func(c *Config) { c.Token = access.NewSecret("a\nb") }, "blanks"},
		"no transport":       {func(c *Config) { c.Transport = nil }, "no transport"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			test.change(&c)
			_, err := New(c)
			wantError(t, err, test.says)
			if strings.Contains(err.Error(), "u:p") {
				t.Errorf("error holds the password: %v", err)
			}
		})
	}
	for _, url := range []string{"http://127.0.0.1:80", "http://[::1]:80/", "http://localhost:1", "https://ghe.example/api/v3"} {
		c := good
		c.APIURL = url
		if _, err := New(c); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestPullRequest(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	sha := hub.Commit("request", map[string]string{"access/a.yaml": "a\n"})
	n := hub.OpenPullRequest("rita", "request", "Give a a token")
	want := access.PullRequest{
		Repository: "acme/okta-access", Number: n, URL: "https://github.com/acme/okta-access/pull/1", State: "open", Author: "rita", AuthorType: "User",
		HeadSHA: sha, HeadRef: "request", HeadRepo: "acme/okta-access", BaseRef: "main", DefaultBranch: "main",
	}
	check := func(name string) {
		t.Helper()
		got, err := c.PullRequest(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	check("open")
	want.HeadSHA = hub.Commit("request", map[string]string{"access/a.yaml": "b\n"})
	check("pushed")
	hub.SetDraft(n, true)
	hub.SetFork(n, "mallory/okta-access")
	want.Draft, want.HeadRepo = true, "mallory/okta-access"
	check("draft from a fork")
	hub.SetFork(n, "")
	want.HeadRepo = ""
	check("deleted fork")
	want.MergeSHA = hub.Merge(n)
	want.State, want.Merged = "closed", true
	check("merged")

	_, err := c.PullRequest(t.Context(), 99)
	wantError(t, err, "reading pull request 99", "404", "(request ", "\n", "pull-requests: read")
	_, err = c.PullRequest(t.Context(), 0)
	wantError(t, err, "numbered from 1")
}

func TestPullRequestLacksFields(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"null":           `null`,
		"empty object":   `{}`,
		"other number":   `{"number":2,"base":{"repo":{"full_name":"acme/okta-access"}}}`,
		"other repo":     `{"number":1,"state":"open","base":{"repo":{"full_name":"acme/other"}}}`,
		"no head":        `{"number":1,"state":"open","user":{"login":"a"},"base":{"ref":"main","repo":{"full_name":"acme/okta-access","default_branch":"main"}}}`,
		"no author":      `{"number":1,"state":"open","changed_files":1,"head":{"sha":"` + strings.Repeat("a", 40) + `"},"base":{"ref":"main","repo":{"full_name":"acme/okta-access","default_branch":"main"}}}`,
		"no author type": `{"number":1,"state":"open","changed_files":1,"user":{"login":"a"},"head":{"sha":"` + strings.Repeat("a", 40) + `"},"base":{"ref":"main","repo":{"full_name":"acme/okta-access","default_branch":"main"}}}`,
		"array":          `[]`,
		"not JSON":       `<html>`,
		"empty":          ``,
		"blank":          "\n",
		"branch as head": `{"number":1,"state":"open","head":{"sha":"main"},"base":{"repo":{"full_name":"acme/okta-access"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, c := start(t)
			hub.Inject(githubemu.Fault{Status: 200, Body: body})
			if pr, err := c.PullRequest(t.Context(), 1); err == nil {
				t.Errorf("no error, but %+v", pr)
			}
		})
	}
}

func TestReviews(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	first := hub.Commit("request", map[string]string{"access/a.yaml": "a\n"})
	n := hub.OpenPullRequest("rita", "request", "t")
	if got, err := c.Reviews(t.Context(), n); err != nil || got == nil || len(got) != 0 {
		t.Fatalf("no reviews: %v, %v", got, err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var want []access.Review
	add := func(user, kind, state, commit string, when time.Time, opts ...githubemu.ReviewOption) {
		id := hub.Review(n, user, state, append(opts, githubemu.AtTime(at))...)
		want = append(want, access.Review{ID: id, User: user, UserType: kind, State: state, CommitID: commit, SubmittedAt: when})
	}
	add("ann", "User", "APPROVED", first, at)
	second := hub.Commit("request", map[string]string{"access/a.yaml": "b\n"})
	add("ben", "User", "CHANGES_REQUESTED", second, at)
	add("app[bot]", "Bot", "APPROVED", first, at, githubemu.AsBot(), githubemu.AtCommit(first))
	add("cy", "User", "PENDING", second, time.Time{})
	add("dee", "User", "NEW_STATE", second, at)
	add("", "", "APPROVED", second, at, githubemu.AsDeletedUser())
	hub.Dismiss(n, want[0].ID)
	want[0].State = "DISMISSED"
	got, err := c.Reviews(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestReviewsPaging(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, count int) (*githubemu.Hub, *Client) {
		hub, c := start(t)
		hub.Commit("request", map[string]string{"a": "a"})
		hub.OpenPullRequest("rita", "request", "t")
		for i := range count {
			hub.Review(1, fmt.Sprintf("user%03d", i), "COMMENTED")
		}
		return hub, c
	}
	for _, test := range []struct{ count, requests int }{{99, 1}, {100, 2}, {101, 2}, {250, 3}} {
		t.Run(fmt.Sprint(test.count), func(t *testing.T) {
			t.Parallel()
			hub, c := open(t, test.count)
			got, err := c.Reviews(t.Context(), 1)
			if err != nil || len(got) != test.count {
				t.Fatalf("%d reviews, %v; want %d", len(got), err, test.count)
			}
			for i, r := range got {
				if r.User != fmt.Sprintf("user%03d", i) {
					t.Fatalf("review %d is by %s", i, r.User)
				}
			}
			if n := len(hub.Requests()); n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
		})
	}
	t.Run("Link header lost", func(t *testing.T) {
		t.Parallel()
		hub, c := open(t, 150)
		hub.Inject(githubemu.Fault{Header: http.Header{"Link": {""}}})
		if got, err := c.Reviews(t.Context(), 1); err != nil || len(got) != 150 {
			t.Errorf("%d reviews, %v; want all 150", len(got), err)
		}
	})
	for name, fault := range map[string]githubemu.Fault{
		"list goes round": {Skip: 1, Header: http.Header{"Link": {`<http://x/?page=1>; rel="next"`}}},
		"no number":       {Header: http.Header{"Link": {`<http://x/?page=two>; rel="next"`}}},
		"empty page":      {Skip: 1, Status: 200, Body: `[]`, Header: http.Header{"Link": {`<http://x/?page=3>; rel="next"`}}},
		"null":            {Skip: 1, Status: 200, Body: `null`},
		"null in it":      {Skip: 1, Status: 200, Body: `[null]`},
		"empty body":      {Skip: 1, Status: 200},
		"object":          {Skip: 1, Status: 200, Body: `{"message":"x"}`},
		"no id":           {Skip: 1, Status: 200, Body: `[{"state":"APPROVED"}]`},
		"no state":        {Skip: 1, Status: 200, Body: `[{"id":1}]`},
		"refused":         {Skip: 1, Status: 500, Body: `{}`},
		"accepted only":   {Skip: 1, Status: 202, Body: `{}`},
		"no content":      {Skip: 1, Status: 204},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, c := open(t, 150)
			hub.Inject(fault)
			if got, err := c.Reviews(t.Context(), 1); err == nil || got != nil {
				t.Errorf("%d reviews and error %v; want no list and an error", len(got), err)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	hub.Commit("main", map[string]string{"access/old.yaml": "old\n", "access/gone.yaml": "gone\n", "access/mod.yaml": "1\n"})
	hub.Commit("request", map[string]string{"access/new.yaml": "new\n", "access/mod.yaml": "2\n"})
	hub.Rename("request", "access/old.yaml", "elsewhere/moved.yaml")
	hub.Remove("request", "access/gone.yaml")
	hub.Commit("main", map[string]string{"unrelated.txt": "on main only"})
	n := hub.OpenPullRequest("rita", "request", "t")
	got, err := c.Files(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	want := []access.ChangedFile{
		{Path: "access/gone.yaml", Status: "removed", BlobSHA: "286c5f5776916d7d7d5849988ca9d83e722cf9c2"},
		{Path: "access/mod.yaml", Status: "modified", BlobSHA: "0cfbf08886fca9a91cb753ec8734c84fcbe52c9f"},
		{Path: "access/new.yaml", Status: "added", BlobSHA: "3e757656cf36eca53338e520d134963a44f793f8"},
		{Path: "elsewhere/moved.yaml", PreviousPath: "access/old.yaml", Status: "renamed", BlobSHA: "3367afdbbf91e638efe983616377c60477cc6612"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestFilesAreAllOrAnError(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, count int) (*githubemu.Hub, *Client) {
		hub, c := start(t)
		files := map[string]string{}
		for i := range count {
			files[fmt.Sprintf("f/%04d", i)] = fmt.Sprint(i)
		}
		hub.Commit("request", files)
		hub.OpenPullRequest("rita", "request", "t")
		return hub, c
	}
	t.Run("3000", func(t *testing.T) {
		t.Parallel()
		_, c := open(t, 3000)
		if got, err := c.Files(t.Context(), 1); err != nil || len(got) != 3000 {
			t.Errorf("%d files, %v", len(got), err)
		}
	})
	t.Run("3001", func(t *testing.T) {
		t.Parallel()
		_, c := open(t, 3001)
		_, err := c.Files(t.Context(), 1)
		wantError(t, err, "changes 3001 files", "split")
	})
	t.Run("short list", func(t *testing.T) {
		t.Parallel()
		hub, c := open(t, 3)
		hub.Inject(githubemu.Fault{Path: "/repos/acme/okta-access/pulls/1/files", Status: 200, Body: `[{"filename":"f/0000","status":"added"}]`})
		_, err := c.Files(t.Context(), 1)
		wantError(t, err, "states 3 changed files and lists 1")
	})
	t.Run("twice the same", func(t *testing.T) {
		t.Parallel()
		hub, c := open(t, 2)
		hub.Inject(githubemu.Fault{Path: "/repos/acme/okta-access/pulls/1/files", Status: 200, Body: `[{"filename":"f/0000","status":"added"},{"filename":"f/0000","status":"added"}]`})
		_, err := c.Files(t.Context(), 1)
		wantError(t, err, "listed twice")
	})
	t.Run("pushed meanwhile", func(t *testing.T) {
		t.Parallel()
		hub, _ := open(t, 2)
		pushing := roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := http.DefaultTransport.RoundTrip(r)
			if strings.HasSuffix(r.URL.Path, "/files") {
				hub.Commit("request", map[string]string{"f/0000": "changed"})
			}
			return resp, err
		})
		server := httptest.NewServer(hub)
		t.Cleanup(server.Close)
		c, err := New(Config{APIURL: server.URL, Repository: "acme/okta-access", Token: access.NewSecret(testToken), Transport: pushing})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Files(t.Context(), 1)
		wantError(t, err, "changed while its files were read")
	})
}

func TestBranchHead(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	sha := hub.Commit("release/1.x", map[string]string{"a": "b"})
	for branch, want := range map[string]string{"main": hub.Head("main"), "release/1.x": sha} {
		if got, err := c.BranchHead(t.Context(), branch); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", branch, got, err, want)
		}
	}
	_, err := c.BranchHead(t.Context(), "absent")
	wantError(t, err, `reading the head of branch "absent"`, "404", "contents: read")
	before := len(hub.Requests())
	for _, branch := range []string{"", "../tags/x", "a..b", "a//b", "/a", "a/", "a b", "a?b", "a\nb", "a~1"} {
		_, err := c.BranchHead(t.Context(), branch)
		wantError(t, err, "not a branch name")
	}
	if n := len(hub.Requests()) - before; n != 0 {
		t.Errorf("%d requests were sent for names that are none", n)
	}
	for name, body := range map[string]string{
		"tag":   `{"ref":"refs/heads/main","object":{"type":"tag","sha":"` + sha + `"}}`,
		"other": `{"ref":"refs/heads/mainline","object":{"type":"commit","sha":"` + sha + `"}}`,
		"short": `{"ref":"refs/heads/main","object":{"type":"commit","sha":"abc"}}`,
		"none":  `{"ref":"refs/heads/main"}`,
		"null":  `null`,
	} {
		hub.Inject(githubemu.Fault{Status: 200, Body: body, Count: 1})
		if got, err := c.BranchHead(t.Context(), "main"); err == nil {
			t.Errorf("%s: no error, but %q", name, got)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
