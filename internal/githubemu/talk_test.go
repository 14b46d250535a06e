package githubemu

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gh "github.com/google/go-github/v88/github"
)

func TestComments(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hub, c := newClient(t, Options{Token: "workflow", Now: func() time.Time { return now }})
	hub.Commit("request", map[string]string{"a": "b"})
	n := hub.OpenPullRequest("rita", "request", "t")
	theirs := hub.Comment(n, "rita", "/stepdown ready", CommentAt(now.Add(-time.Minute)))
	hub.Comment(n, "helper", "beep", CommentByBot())
	path := fmt.Sprintf("/issues/%d/comments", n)
	made := c.want(201, "POST", path, map[string]any{"body": "plan"})
	if user := made["user"].(map[string]any); user["login"] != "github-actions[bot]" || user["type"] != "Bot" {
		t.Errorf("user %v", user)
	}
	own := fmt.Sprintf("/issues/comments/%.0f", made["id"])
	now = now.Add(time.Hour)
	if got := c.want(200, "PATCH", own, map[string]any{"body": "done"}); got["created_at"] == got["updated_at"] || got["body"] != "done" {
		t.Errorf("edited: %v", got)
	}
	if got := c.want(403, "PATCH", fmt.Sprintf("/issues/comments/%d", theirs), map[string]any{"body": "x"})["message"]; got != "Resource not accessible by integration" {
		t.Errorf("%v", got)
	}
	c.want(403, "DELETE", fmt.Sprintf("/issues/comments/%d", theirs), nil)
	if got, _ := c.list(path + "?per_page=1"); !slices.Equal(texts(got, "body"), []string{"/stepdown ready", "beep", "done"}) {
		t.Errorf("%v", texts(got, "body"))
	}
	for name, test := range map[string]struct {
		body    string
		status  int
		message string
	}{
		"longest":            {strings.Repeat("x", 65_536), 201, ""},
		"too long":           {strings.Repeat("x", 65_537), 422, "Body is too long (maximum is 65536 characters)"},
		"umlauts":            {strings.Repeat("ü", 65_536), 201, ""},
		"beyond the plane":   {strings.Repeat("😀", 32_769), 422, "Body is too long"},
		"blank":              {" \n", 422, "Body cannot be blank"},
		"format is no limit": {"%s %d", 201, ""},
	} {
		resp, body := c.do("POST", path, map[string]any{"body": test.body})
		if resp.StatusCode != test.status || !strings.Contains(body, test.message) {
			t.Errorf("%s: %d %.200s", name, resp.StatusCode, body)
		}
	}
	c.want(404, "POST", "/issues/99/comments", map[string]any{"body": "x"})
	c.want(204, "DELETE", own, nil)
	c.want(404, "GET", own, nil)
	hub.EditComment(theirs, "edited")
	hub.SetRole("reader", "read")
	hub.AddToken("ann", Token{Login: "ann", Type: UserToken, Permissions: map[string]string{"pull_requests": "write"}})
	hub.AddToken("reader", Token{Login: "reader", Type: UserToken, Permissions: map[string]string{"pull_requests": "write"}})
	(client{t: t, hub: hub, token: "reader"}).want(403, "PATCH", fmt.Sprintf("/issues/comments/%d", theirs), map[string]any{"body": "x"})
	(client{t: t, hub: hub, token: "ann"}).want(200, "PATCH", fmt.Sprintf("/issues/comments/%d", theirs), map[string]any{"body": "by ann"})
	if got := hub.Comments(n)[0]; got.Body != "by ann" || got.User != "rita" || got.UserType != "User" || !got.UpdatedAt.After(got.CreatedAt) {
		t.Errorf("%+v", got)
	}
	hub.DeleteComment(theirs)
	if got := hub.Comments(n)[0]; got.UserType != "Bot" {
		t.Errorf("%+v", got)
	}
}

func TestIssues(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	hub.Commit("request", map[string]string{"a": "b"})
	n := hub.OpenPullRequest("rita", "request", "t")
	made := c.want(201, "POST", "/issues", map[string]any{"title": "review", "body": "b", "labels": []string{"break-glass", "access"}})
	if made["number"] != float64(n+1) {
		t.Errorf("issues and pull requests count apart: %v", made["number"])
	}
	numbers := func(query string) []string { got, _ := c.list("/issues" + query); return texts(got, "number") }
	for query, want := range map[string][]string{
		"": {"2", "1"}, "?direction=asc": {"1", "2"}, "?labels=Access,break-glass": {"2"}, "?labels=absent": {}, "?creator=rita": {"1"}, "?state=closed": {},
	} {
		if got := numbers(query); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	if got := c.want(200, "GET", "/issues/1", nil); got["pull_request"] == nil {
		t.Error("a pull request is no pull request")
	}
	if got := c.want(200, "GET", "/issues/2", nil); got["pull_request"] != nil {
		t.Error("an issue is a pull request")
	}
	c.want(422, "POST", "/issues", map[string]any{"body": "b"})
	c.want(422, "POST", "/issues", map[string]any{"title": strings.Repeat("t", 257)})
	c.want(422, "POST", "/issues", map[string]any{"title": "t", "body": strings.Repeat("b", 65_537)})
	c.want(422, "PATCH", "/issues/2", map[string]any{"state": "odd"})
	c.want(200, "PATCH", "/issues/2", map[string]any{"state": "closed", "title": "reviewed"})
	if got := hub.Issues(); len(got) != 1 || got[0].State != "closed" || got[0].Title != "reviewed" || got[0].User != "github-actions[bot]" || len(got[0].Labels) != 2 {
		t.Errorf("%+v", got)
	}
	c.want(200, "PATCH", "/issues/1", map[string]any{"state": "closed"})
	if got := c.want(200, "GET", "/pulls/1", nil)["state"]; got != "closed" {
		t.Errorf("the pull request is %v", got)
	}
}

// TestPermissionOfAConversation: a workflow's token needs the permission of what is talked about.
func TestPermissionOfAConversation(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	hub.Commit("request", map[string]string{"a": "b"})
	n := hub.OpenPullRequest("rita", "request", "t")
	c.want(201, "POST", "/issues", map[string]any{"title": "i"})
	hub.Withhold("pull_requests:write", 403)
	c.want(403, "POST", fmt.Sprintf("/issues/%d/comments", n), map[string]any{"body": "x"})
	c.want(201, "POST", "/issues/2/comments", map[string]any{"body": "x"})
	hub.Withhold("pull_requests:write", 0)
	hub.Withhold("issues", 403)
	c.want(201, "POST", fmt.Sprintf("/issues/%d/comments", n), map[string]any{"body": "x"})
	c.want(403, "GET", "/issues/2/comments", nil)
}

func TestCheckRuns(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{Token: "workflow"})
	sha := hub.Commit("request", map[string]string{"a": "b"})
	hub.AddToken("other", Token{Login: "other[bot]", Type: Installation, Permissions: map[string]string{"checks": "write"}})
	other := client{t: t, hub: hub, token: "other"}
	output := map[string]any{"title": "waiting", "summary": "s"}
	made := c.want(201, "POST", "/check-runs", map[string]any{"name": "stepdown", "head_sha": sha, "status": "in_progress", "external_id": "l1", "output": output})
	if app := made["app"].(map[string]any); app["slug"] != "github-actions" || app["id"] != 15368.0 || made["conclusion"] != nil {
		t.Errorf("made: %v", made)
	}
	path := fmt.Sprintf("/check-runs/%.0f", made["id"])
	if got := other.want(403, "PATCH", path, map[string]any{"status": "completed", "conclusion": "success"})["message"]; !strings.Contains(fmt.Sprint(got), "Invalid app_id") {
		t.Errorf("%v", got)
	}
	if got := c.want(200, "PATCH", path, map[string]any{"conclusion": "failure", "details_url": "https://x.example"}); got["status"] != "completed" || got["completed_at"] == nil {
		t.Errorf("completed: %v", got)
	}
	other.want(201, "POST", "/check-runs", map[string]any{"name": "stepdown", "head_sha": sha})
	c.want(201, "POST", "/check-runs", map[string]any{"name": "stepdown", "head_sha": sha})
	for query, want := range map[string]float64{"": 2, "?filter=all": 3, "?check_name=stepdown&app_id=15368": 1, "?check_name=absent": 0} {
		if got := c.want(200, "GET", "/commits/request/check-runs"+query, nil)["total_count"]; got != want {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	for name, body := range map[string]map[string]any{
		"no name":          {"head_sha": sha},
		"no such commit":   {"name": "x", "head_sha": strings.Repeat("a", 40)},
		"odd status":       {"name": "x", "head_sha": sha, "status": "done"},
		"no conclusion":    {"name": "x", "head_sha": sha, "status": "completed"},
		"odd conclusion":   {"name": "x", "head_sha": sha, "conclusion": "fine"},
		"no summary":       {"name": "x", "head_sha": sha, "output": map[string]any{"title": "t"}},
		"long summary":     {"name": "x", "head_sha": sha, "output": map[string]any{"title": "t", "summary": strings.Repeat("x", 65_536)}},
		"many annotations": {"name": "x", "head_sha": sha, "output": map[string]any{"title": "t", "summary": "s", "annotations": make([]any, 51)}},
	} {
		if resp, answer := c.do("POST", "/check-runs", body); resp.StatusCode != 422 {
			t.Errorf("%s: %d %s", name, resp.StatusCode, answer)
		}
	}
	c.want(422, "GET", "/commits/absent/check-runs", nil)
	got := hub.CheckRuns(sha)
	if len(got) != 3 || got[0].Conclusion != "failure" || got[0].ExternalID != "l1" || got[0].Title != "waiting" || got[0].DetailsURL != "https://x.example" {
		t.Errorf("%+v", got)
	}
}

// TestEventsAreGitHubs reads each payload with the types of go-github, strictly as far as they know the fields.
func TestEventsAreGitHubs(t *testing.T) {
	t.Parallel()
	hub := New(Options{})
	first := hub.Head("main")
	head := hub.Commit("request", map[string]string{"a": "b"})
	n := hub.OpenPullRequest("rita", "request", "t")
	review := hub.Review(n, "ann", "APPROVED")
	comment := hub.Comment(n, "rita", "/stepdown ready")
	second := hub.Commit("main", map[string]string{"c": "d"})
	parse := func(kind string, payload []byte) any {
		t.Helper()
		event, err := gh.ParseWebHook(kind, payload)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		return event
	}
	if e := parse("pull_request_review", hub.ReviewEvent(n, review)).(*gh.PullRequestReviewEvent); e.GetReview().GetState() != "approved" || e.GetPullRequest().GetNumber() != n || e.GetSender().GetLogin() != "ann" {
		t.Errorf("review: %v", e)
	}
	e := parse("workflow_run", hub.WorkflowRunEvent(n, "pull_request_review")).(*gh.WorkflowRunEvent)
	if run := e.GetWorkflowRun(); e.GetAction() != "completed" || run.GetEvent() != "pull_request_review" || run.GetHeadSHA() != head || run.GetHeadBranch() != "request" ||
		run.GetHeadRepository().GetFullName() != "acme/okta-access" || len(run.PullRequests) != 0 || run.GetConclusion() != "success" || e.GetRepo().GetFullName() != "acme/okta-access" ||
		run.GetActor().GetLogin() != "ann" {
		t.Errorf("workflow run: %v", e)
	}
	c := client{t: t, hub: hub}
	if got := c.want(200, "GET", fmt.Sprintf("/actions/runs/%d", e.GetWorkflowRun().GetID()), nil); got["head_sha"] != head {
		t.Errorf("the run by API: %v", got)
	}
	if e := parse("issue_comment", hub.CommentEvent(n, comment)).(*gh.IssueCommentEvent); e.GetAction() != "created" || !e.GetIssue().IsPullRequest() || e.GetComment().GetID() != comment ||
		e.GetComment().GetBody() != "/stepdown ready" || e.GetIssue().GetNumber() != n || e.GetSender().GetLogin() != "rita" {
		t.Errorf("comment: %v", e)
	}
	if e := parse("push", hub.PushEvent("main", first, second, "ann")).(*gh.PushEvent); e.GetRef() != "refs/heads/main" || e.GetBefore() != first || e.GetAfter() != second ||
		e.GetForced() || e.GetPusher().GetName() != "ann" || e.GetHeadCommit().GetID() != second || len(e.Commits) != 1 {
		t.Errorf("push: %v", e)
	}
	if e := parse("push", hub.PushEvent("gone", second, "", "ann")).(*gh.PushEvent); e.GetAfter() != zeros || !e.GetDeleted() || e.HeadCommit != nil {
		t.Errorf("deletion: %v", e)
	}
	if e := parse("push", hub.PushEvent("main", second, head, "ann")).(*gh.PushEvent); !e.GetForced() {
		t.Errorf("forced: %v", e)
	}
	dispatch := parse("workflow_dispatch", hub.DispatchEvent(map[string]string{"pull-request": "1"}, "ann")).(*gh.WorkflowDispatchEvent)
	var inputs map[string]string
	if err := json.Unmarshal(dispatch.Inputs, &inputs); err != nil || inputs["pull-request"] != "1" || dispatch.GetRef() != "refs/heads/main" || dispatch.GetSender().GetLogin() != "ann" {
		t.Errorf("dispatch: %v %v", inputs, dispatch)
	}
	hub.Merge(n)
	if e := parse("pull_request", hub.PullRequestEvent(n, "closed")).(*gh.PullRequestEvent); e.GetAction() != "closed" || !e.GetPullRequest().GetMerged() || e.GetNumber() != n || e.GetSender().GetLogin() != "octocat" {
		t.Errorf("pull request: %v", e)
	}
	var schedule struct {
		Schedule   string        `json:"schedule"`
		Repository gh.Repository `json:"repository"`
	}
	if err := json.Unmarshal(hub.ScheduleEvent("17 3 * * *"), &schedule); err != nil || schedule.Schedule != "17 3 * * *" || schedule.Repository.GetDefaultBranch() != "main" {
		t.Errorf("schedule: %v %+v", err, schedule)
	}
	hub.SetAuthor(n, "", "User")
	hub.SetFork(n, "")
	if run := parse("workflow_run", hub.WorkflowRunEvent(n, "pull_request")).(*gh.WorkflowRunEvent).GetWorkflowRun(); run.HeadRepository != nil {
		t.Errorf("a deleted fork: %v", run.HeadRepository)
	}
}
