package github

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/githubemu"
)

// payloads are one payload of every event that is accepted, and what they say.
func payloads(t testing.TB) (map[string][]byte, map[string]Event) {
	t.Helper()
	hub := githubemu.New(githubemu.Options{})
	sha := hub.Commit("request", map[string]string{"access/a.yaml": "a\n"})
	n := hub.OpenPullRequest("rita", "request", "t")
	review := hub.Review(n, "ann", "APPROVED")
	comment := hub.Comment(n, "olga", "/stepdown ready\n")
	data := map[string][]byte{
		"pull_request_review": hub.ReviewEvent(n, review), "pull_request": hub.PullRequestEvent(n, "closed"),
		"workflow_run": hub.WorkflowRunEvent(n, "pull_request_review"), "issue_comment": hub.CommentEvent(n, comment),
		"workflow_dispatch": hub.DispatchEvent(map[string]string{"pull-request": "12"}, "olga"), "schedule": hub.ScheduleEvent("17 4 * * *"),
		"push": hub.PushEvent("main", "", hub.Head("main"), "ben"),
	}
	const repository = "acme/okta-access"
	return data, map[string]Event{
		"pull_request_review": {Action: "submitted", Repository: repository, Number: n, HeadSHA: sha, ReviewState: "approved", Sender: "ann"},
		"pull_request":        {Action: "closed", Repository: repository, Number: n, HeadSHA: sha, Sender: "rita"},
		"workflow_run":        {Action: "completed", Repository: repository, HeadSHA: sha, Trigger: "pull_request_review", Sender: "ann"},
		"issue_comment":       {Action: "created", Repository: repository, Number: n, Comment: "/stepdown ready\n", Sender: "olga"},
		"workflow_dispatch":   {Repository: repository, Number: 12, Ref: "refs/heads/main", Sender: "olga"},
		"schedule":            {Repository: repository, Sender: "octocat"},
		"push":                {Repository: repository, HeadSHA: hub.Head("main"), Ref: "refs/heads/main", Sender: "ben"},
	}
}

func TestReadEvent(t *testing.T) {
	t.Parallel()
	data, want := payloads(t)
	for name, payload := range data {
		want := want[name]
		want.Name = name
		got, err := ReadEvent(name, payload)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
		if !strings.Contains(accepted, name) {
			t.Errorf("%s is not among those that an error lists", name)
		}
	}
	sample, err := os.ReadFile("../../testdata/events/pull_request_review.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadEvent("pull_request_review", sample)
	if err != nil || got.Number != 7 || got.ReviewState != "approved" || got.Repository != "acme/okta-access" || !isSHA(got.HeadSHA) || got.Sender == "" {
		t.Errorf("the sample: %+v, %v", got, err)
	}
	if got, err := ReadEvent("schedule", []byte(`{"schedule":"0 4 * * *"}`)); err != nil || got != (Event{Name: "schedule"}) {
		t.Errorf("an older server's schedule: %+v, %v", got, err)
	}
}

func TestReadEventRefuses(t *testing.T) {
	t.Parallel()
	data, _ := payloads(t)
	with := func(name, key string, value any) string {
		var payload map[string]any
		if err := json.Unmarshal(data[name], &payload); err != nil {
			t.Fatal(err)
		}
		keys := strings.Split(key, ".")
		at := payload
		for _, k := range keys[:len(keys)-1] {
			at = at[k].(map[string]any)
		}
		if at[keys[len(keys)-1]] = value; value == "absent" {
			delete(at, keys[len(keys)-1])
		}
		changed, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		return string(changed)
	}
	for name := range data {
		for what, payload := range map[string]string{
			"empty": ``, "null": `null`, "array": `[]`, "string": `"x"`, "object": `{}`, "two": string(data[name]) + string(data[name]), "cut": string(data[name][:200]),
			"large": `{"x":"` + strings.Repeat("x", maxEvent) + `"}`, "no name": with(name, "repository.full_name", ""), "route": with(name, "repository.full_name", "a/b/../c"),
			"sender": with(name, "sender.login", "a\n::error::b"), "repository is a number": with(name, "repository.full_name", 7),
		} {
			if got, err := ReadEvent(name, []byte(payload)); err == nil {
				t.Errorf("%s, %s: no error, but %+v", name, what, got)
			}
		}
	}
	for _, change := range [][3]string{
		{"pull_request_review", "action", "absent"},
		{"pull_request_review", "review.state", "absent"},
		{"pull_request_review", "review", "absent"},
		{"pull_request_review", "pull_request.number", "absent"},
		{"pull_request_review", "pull_request.number", "7"},
		{"pull_request_review", "pull_request.head.sha", "main"},
		{"pull_request_review", "review.state", "approved\n"},
		{"pull_request", "pull_request", "absent"},
		{"pull_request", "action", "closed now"},
		{"workflow_run", "action", "requested"},
		{"workflow_run", "workflow_run.head_sha", "absent"},
		{"workflow_run", "workflow_run.head_sha", "refs/heads/main"},
		{"workflow_run", "workflow_run.event", "absent"},
		{"workflow_run", "workflow_run.event", "$(x)"},
		{"issue_comment", "action", "edited"},
		{"issue_comment", "issue.pull_request", "absent"},
		{"issue_comment", "comment", "absent"},
		{"issue_comment", "issue.number", "absent"},
		{"workflow_dispatch", "ref", "absent"},
		{"workflow_dispatch", "ref", "main"},
		{"workflow_dispatch", "ref", "refs/pull/1/merge"},
		{"workflow_dispatch", "inputs", "x"},
		{"push", "after", "absent"},
		{"push", "after", "main"},
		{"push", "ref", "absent"},
		{"push", "ref", "refs/heads/../x"},
		{"schedule", "schedule", "absent"},
	} {
		if got, err := ReadEvent(change[0], []byte(with(change[0], change[1], change[2]))); err == nil {
			t.Errorf("%s with %s %q: no error, but %+v", change[0], change[1], change[2], got)
		}
	}
	for _, number := range []any{-1, 0, 7.5, 1e300} {
		if got, err := ReadEvent("pull_request", []byte(with("pull_request", "pull_request.number", number))); err == nil {
			t.Errorf("number %v: no error, but %+v", number, got)
		}
	}
	for input, want := range map[any]int{"": 0, "7": 7, 7.0: 7, nil: 0, "absent": 0, "999999999": 999999999, "0": -1, "-7": -1, "#7": -1, "07": -1, " 7": -1, "7\n": -1, "1e3": -1, "9999999999": -1, 7.5: -1, true: -1} {
		got, err := ReadEvent("workflow_dispatch", []byte(with("workflow_dispatch", "inputs.pull-request", input)))
		if want >= 0 && (err != nil || got.Number != want) || want < 0 && err == nil {
			t.Errorf("input %v: %d, %v; want %d", input, got.Number, err, want)
		}
	}
	if got, err := ReadEvent("workflow_dispatch", []byte(with("workflow_dispatch", "inputs", nil))); err != nil || got.Number != 0 {
		t.Errorf("no inputs: %+v, %v", got, err)
	}
	_, err := ReadEvent("issue_comment", []byte(with("issue_comment", "issue.pull_request", "absent")))
	wantError(t, err, "is not a pull request")
	_, err = ReadEvent("pull_request_target", data["pull_request"])
	wantError(t, err, "secrets of the default branch", "workflow_run")
	for _, name := range []string{"", "issues", "PUSH", "repository_dispatch", "check_run", "push\n"} {
		_, err := ReadEvent(name, data["push"])
		wantError(t, err, "none that is accepted", accepted)
	}
}

// FuzzReadEvent looks for a payload that panics, or that is read into something malformed.
func FuzzReadEvent(f *testing.F) {
	data, _ := payloads(f)
	for name, payload := range data {
		f.Add(name, payload)
	}
	for name := range data {
		f.Add(name, []byte(`{"action":"completed","pull_request":null,"review":{},"workflow_run":{"pull_requests":[null]},"repository":{"owner":null},"inputs":[]}`))
	}
	word := regexp.MustCompile(`^[a-z_]*$`)
	f.Fuzz(func(t *testing.T, name string, payload []byte) {
		got, err := ReadEvent(name, payload)
		if err != nil {
			if got != (Event{}) {
				t.Errorf("%+v beside error %v", got, err)
			}
			return
		}
		_, _, repositoryErr := splitRepository(got.Repository)
		switch {
		case got.Name != name, got.Number < 0, got.HeadSHA != "" && !isSHA(got.HeadSHA), got.Ref != "" && !isRef(got.Ref), got.Sender != "" && !isLogin(got.Sender),
			!word.MatchString(got.Action + got.Trigger + got.ReviewState), repositoryErr != nil && !(name == "schedule" && got.Repository == ""):
			t.Errorf("it was read into %+v", got)
		}
	})
}
