package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/githubemu"
)

// githubs is GitHub's document, which comes from npm: `.ci/run hubwitness` gets it.
func githubs(t *testing.T) *document {
	t.Helper()
	file := os.Getenv("STEPDOWN_GITHUB_DOCUMENT")
	if file == "" {
		t.Skip("STEPDOWN_GITHUB_DOCUMENT does not name GitHub's OpenAPI document")
	}
	d, err := readDocument(file, subjects()["github"])
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// hubAsked asks an emulated repository with a pull request and returns the exchange as a record has it.
func hubAsked(t *testing.T, method, target, body string) exchange {
	t.Helper()
	hub := githubemu.New(githubemu.Options{})
	hub.Commit("request", map[string]string{"a": "b"})
	hub.Review(hub.OpenPullRequest("rita", "request", "t"), "ann", "APPROVED")
	hub.Protect("main", githubemu.Protection{Approvals: 1})
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	rec := httptest.NewRecorder()
	hub.ServeHTTP(rec, r)
	return exchange{
		Method: method, Target: target, SentType: "application/json", Sent: json.RawMessage(body), Status: rec.Code,
		Header: map[string]string{"Content-Type": rec.Header().Get("Content-Type")}, Body: rec.Body.Bytes(), Bytes: rec.Body.Len(), url: r.URL,
	}
}

// TestPlantedFaultsOfGitHubAreFound shows that the check can fail: each fault is planted into an answer that passes
// without it.
func TestPlantedFaultsOfGitHubAreFound(t *testing.T) {
	d := githubs(t)
	const repo = "/repos/acme/okta-access"
	for name, test := range map[string]struct {
		method, path, body string
		plant              func(*exchange)
		kind, at           string
	}{
		"a field is absent":           {"GET", "/pulls/1", "", func(e *exchange) { e.Body = within(t, e.Body, nil, "merged") }, "required", ""},
		"a field deep down is absent": {"GET", "/activity", "", func(e *exchange) { e.Body = within(t, e.Body, nil, "actor", "login") }, "required", "/*/actor"},
		"a number is text":            {"GET", "/pulls/1/reviews", "", func(e *exchange) { e.Body = within(t, e.Body, "7", "id") }, "type", "/*/id"},
		"a kind that is none":         {"GET", "/activity", "", func(e *exchange) { e.Body = within(t, e.Body, "forced_push", "activity_type") }, "enum", "/*/activity_type"},
		"a time that is none":         {"GET", "/activity", "", func(e *exchange) { e.Body = within(t, e.Body, "yesterday", "timestamp") }, "format", "/*/timestamp"},
		"a property of our own":       {"GET", "/branches/main", "", func(e *exchange) { e.Body = within(t, e.Body, true, "locked") }, kindProperty, "/locked"},
		"a rule's parameter is gone":  {"GET", "/rules/branches/main", "", func(e *exchange) { e.Body = within(t, e.Body, nil, "parameters", "require_last_push_approval") }, "required", "/*/parameters"},
		"a null where none may be":    {"GET", "/git/ref/heads%2Fmain", "", func(e *exchange) { e.Body = bytes.Replace(e.Body, []byte(`"commit"`), []byte("null"), 1) }, "nullable", "/object/type"},
		"another status":              {"POST", "/git/blobs", `{"content":"x"}`, func(e *exchange) { e.Status = 202 }, kindStatus, ""},
		"a bad request is taken":      {"POST", "/git/blobs", `{"content":"x"}`, func(e *exchange) { e.Sent = json.RawMessage(`{"content":7}`) }, inRequest + "type", "/content"},
		"no such route":               {"GET", "/git/ref/heads%2Fmain", "", func(e *exchange) { e.url = e.url.JoinPath("more") }, kindRoute, ""},
	} {
		e := hubAsked(t, test.method, repo+test.path, test.body)
		x, err := readExpected(subjects()["github"].deviations)
		if err != nil {
			t.Fatal(err)
		}
		if before := check(d, x, []exchange{e}); len(before.Groups) > 0 || before.Checked != 1 {
			t.Errorf("%s: fails before the fault is planted: %+v", name, before)
			continue
		}
		test.plant(&e)
		got := check(d, x, []exchange{e})
		if !slices.ContainsFunc(got.Groups, func(g *group) bool { return g.Kind == test.kind && strings.HasPrefix(g.At, test.at) }) {
			t.Errorf("%s: not found; groups:", name)
			for _, g := range got.Groups {
				t.Errorf("  %+v", g.finding)
			}
		}
	}
}

// TestRoutesWithoutAWitnessAreFound shows that the other check can fail.
func TestRoutesWithoutAWitnessAreFound(t *testing.T) {
	d := githubs(t)
	dir := t.TempDir()
	list := "GET /repos/{owner}/{repo}/activity\n"
	e := hubAsked(t, "GET", "/repos/acme/okta-access/activity", "")
	e.Route = "/repos/{owner}/{repo}/activity"
	for more, fails := range map[string]bool{"": false, "GET /repos/{owner}/{repo}/issues\n": true} {
		if err := os.WriteFile(filepath.Join(dir, "routes.txt"), []byte(list+more), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := everyRoute(&bytes.Buffer{}, d, []exchange{e}, dir, false); (err != nil) != fails {
			t.Errorf("with %q: %v", more, err)
		}
	}
	e.Status = http.StatusNotFound
	if err := everyRoute(&bytes.Buffer{}, d, []exchange{e}, dir, false); err == nil {
		t.Error("a refusal is no witness")
	}
}
