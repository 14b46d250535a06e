package githubemu

// This file is the payloads of events as they stand in the file that GITHUB_EVENT_PATH names.
// Source: docs.github.com, "Webhook events and payloads".

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

const apiBase = "https://api.github.com"

// workflowRun is a run of a workflow.
type workflowRun struct {
	id                        int64
	event, branch, sha, actor string
	headRepo                  string
	at                        time.Time
	under                     bool // it goes on
	attempt                   int
}

// payload is an event with what all of them have.
func (h *Hub) payload(sender, kind string, fields map[string]any) []byte {
	c := call{base: apiBase}
	event := map[string]any{
		"repository": h.repository(c, h.opts.Repository), "sender": h.user(c, sender, kind),
		"organization": map[string]any{
			"login": h.owner, "id": 18_201_774, "node_id": nodeID("O_", h.owner), "url": apiBase + "/orgs/" + h.owner,
			"repos_url": apiBase + "/orgs/" + h.owner + "/repos", "events_url": apiBase + "/orgs/" + h.owner + "/events",
			"hooks_url": apiBase + "/orgs/" + h.owner + "/hooks", "issues_url": apiBase + "/orgs/" + h.owner + "/issues",
			"members_url":        apiBase + "/orgs/" + h.owner + "/members{/member}",
			"public_members_url": apiBase + "/orgs/" + h.owner + "/public_members{/member}",
			"avatar_url":         "https://avatars.githubusercontent.com/u/18201774?v=4", "description": "",
		},
	}
	maps.Copy(event, fields)
	data, err := json.MarshalIndent(event, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}

// ReviewEvent returns the pull_request_review payload that GitHub would deliver for the review. Its review state is in
// lower case, unlike the REST API's.
func (h *Hub) ReviewEvent(number int, reviewID int64) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pull(number)
	r := p.review(reviewID)
	c := call{base: apiBase}
	shape := h.reviewShape(c, p, r)
	shape["state"] = strings.ToLower(r.state)
	if r.body == "" {
		shape["body"] = nil
	}
	action := "submitted"
	if r.state == "DISMISSED" {
		action = "dismissed"
	}
	return h.payload(r.user, r.kind, map[string]any{"action": action, "review": shape, "pull_request": h.pullSimple(c, p)})
}

// PullRequestEvent returns the pull_request payload of an action, such as closed.
func (h *Hub) PullRequestEvent(number int, action string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pull(number)
	sender, kind := p.author, p.authorKind
	if p.mergedBy != "" {
		sender, kind = p.mergedBy, "User"
	}
	return h.payload(sender, kind, map[string]any{"action": action, "number": number, "pull_request": h.pullShape(call{base: apiBase}, p)})
}

// CommentEvent returns the issue_comment payload of a new comment on a pull request or an issue. It panics if there is
// no such comment there.
func (h *Hub) CommentEvent(number int, commentID int64) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	found := h.comment(commentID)
	if found == nil || found.number != number {
		panic(fmt.Sprintf("githubemu: number %d has no comment %d", number, commentID))
	}
	c := call{base: apiBase}
	return h.payload(found.User, found.UserType, map[string]any{
		"action": "created", "issue": h.issueShape(c, h.issue(number)), "comment": h.commentShape(c, found),
	})
}

// PushEvent returns the push payload of a change of the branch from before to after; either may be empty.
func (h *Hub) PushEvent(branch, before, after, pusher string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	or := func(sha string) string {
		if sha == "" {
			return zeros
		}
		return sha
	}
	commits, had := []any{}, ancestors(h.commits, before)
	for sha := range ancestors(h.commits, after) {
		if !had[sha] {
			commits = append(commits, h.headCommit(sha))
		}
	}
	return h.payload(pusher, kindOf(pusher), map[string]any{
		"ref": "refs/heads/" + branch, "before": or(before), "after": or(after), "base_ref": nil, "commits": commits, "head_commit": h.headCommit(after),
		"created": before == "", "deleted": after == "", "forced": before != "" && after != "" && !ancestors(h.commits, after)[before],
		"pusher":  map[string]any{"name": pusher, "email": pusher + "@users.noreply.invalid"},
		"compare": fmt.Sprintf("https://github.com/%s/compare/%.12s...%.12s", h.opts.Repository, or(before), or(after)),
	})
}

// commitOfRun is the head as a run has it, which is less than pushes have.
func (h *Hub) commitOfRun(sha string) any {
	c := h.commits[sha]
	if c == nil {
		return nil
	}
	who := func(p person) map[string]any { return map[string]any{"name": p.name, "email": p.email} }
	return map[string]any{
		"id": c.sha, "tree_id": c.treeSHA, "message": c.shown(), "timestamp": c.committer.at.Format(stamp),
		"author": who(c.author), "committer": who(c.committer),
	}
}

// headCommit is a commit as pushes have it; null where there is none.
func (h *Hub) headCommit(sha string) any {
	c := h.commits[sha]
	if c == nil {
		return nil
	}
	who := func(p person) map[string]any {
		return map[string]any{"name": p.name, "email": p.email, "username": p.loginOf()}
	}
	return map[string]any{
		"id": c.sha, "tree_id": c.treeSHA, "message": c.shown(), "timestamp": c.committer.at.Format(stamp), "distinct": true,
		"url":    "https://github.com/" + h.opts.Repository + "/commit/" + c.sha,
		"author": who(c.author), "committer": who(c.committer), "added": []any{}, "removed": []any{}, "modified": []any{},
	}
}

// DispatchEvent returns the workflow_dispatch payload of a run on the default branch.
func (h *Hub) DispatchEvent(inputs map[string]string, sender string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.payload(sender, kindOf(sender), map[string]any{
		"inputs": inputs, "ref": "refs/heads/" + h.opts.DefaultBranch, "workflow": ".github/workflows/stepdown.yml",
	})
}

// ScheduleEvent returns the schedule payload, which has nothing but the expression.
func (h *Hub) ScheduleEvent(cron string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.payload("octocat", "User", map[string]any{"schedule": cron, "workflow": ".github/workflows/stepdown.yml"})
}

// WorkflowRunEvent returns the workflow_run payload that follows a run which the trigger, such as pull_request_review,
// started for the pull request. Its list of pull requests is empty, as GitHub's is for forks and at times for others;
// a client that needs it is to look the head up.
func (h *Hub) WorkflowRunEvent(number int, trigger string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pull(number)
	run := &workflowRun{id: h.nextID(), event: trigger, branch: p.headRef, sha: p.headSHA, actor: p.author, headRepo: p.headRepo, at: h.now()}
	if n := len(p.reviews); n > 0 && strings.HasPrefix(trigger, "pull_request_review") {
		run.actor = p.reviews[n-1].user
	}
	h.runs[run.id] = run
	c, name := call{base: apiBase}, "approval-signal"
	api := fmt.Sprintf("%s/repos/%s/actions/workflows/%d", apiBase, h.opts.Repository, workflowID)
	return h.payload(run.actor, kindOf(run.actor), map[string]any{
		"action": "completed", "workflow_run": h.runShape(c, run), "workflow": map[string]any{
			"id": workflowID, "node_id": nodeID("W_", name), "name": name, "path": ".github/workflows/" + name + ".yml", "state": "active",
			"created_at": creation, "updated_at": creation, "url": api, "badge_url": "https://github.com/" + h.opts.Repository + "/workflows/" + name + "/badge.svg",
			"html_url": "https://github.com/" + h.opts.Repository + "/blob/" + h.opts.DefaultBranch + "/.github/workflows/" + name + ".yml",
		},
	})
}

const workflowID = 71_204_558

// AddRun makes a workflow run known, by its id, of the head of a branch.
func (h *Hub) AddRun(id int64, event, branch, actor string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs[id] = &workflowRun{id: id, event: event, branch: branch, sha: h.branches[branch], actor: actor, headRepo: h.opts.Repository, at: h.now()}
}

// SetRun makes the workflow run one that goes on, or is over, in that attempt. It panics if there is no such run.
func (h *Hub) SetRun(id int64, goesOn bool, attempt int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	run := h.runs[id]
	if run == nil {
		panic(fmt.Sprintf("githubemu: no run %d", id))
	}
	run.under, run.attempt = goesOn, attempt
}

func (h *Hub) readRun(c call) (int, any) {
	run := h.runs[int64(c.number("run"))]
	if run == nil {
		return notFound(c.docs)
	}
	return http.StatusOK, h.runShape(c, run)
}

func (h *Hub) runShape(c call, r *workflowRun) map[string]any {
	api := fmt.Sprintf("%s/repos/%s/actions/runs/%d", c.base, h.opts.Repository, r.id)
	status, conclusion := "completed", any("success")
	if r.under {
		status, conclusion = "in_progress", nil
	}
	suite, repo := r.id+1_000_000_000, c.base+"/repos/"+h.opts.Repository
	return map[string]any{
		"id": r.id, "name": "approval-signal", "node_id": nodeID("WFR_", fmt.Sprint(r.id)), "check_suite_id": suite,
		"check_suite_node_id": nodeID("CS_", fmt.Sprint(suite)), "head_branch": r.branch, "head_sha": r.sha,
		"path": ".github/workflows/approval-signal.yml", "display_title": "approval-signal", "run_number": 1, "run_attempt": max(r.attempt, 1),
		"event": r.event, "status": status, "conclusion": conclusion, "workflow_id": workflowID, "url": api,
		"html_url": fmt.Sprintf("https://github.com/%s/actions/runs/%d", h.opts.Repository, r.id), "pull_requests": []any{},
		"created_at": r.at.Format(stamp), "updated_at": r.at.Format(stamp), "run_started_at": r.at.Format(stamp),
		"actor": h.user(c, r.actor, kindOf(r.actor)), "triggering_actor": h.user(c, r.actor, kindOf(r.actor)), "referenced_workflows": []any{},
		"jobs_url": api + "/jobs", "logs_url": api + "/logs", "artifacts_url": api + "/artifacts", "cancel_url": api + "/cancel",
		"rerun_url": api + "/rerun", "previous_attempt_url": nil, "check_suite_url": fmt.Sprintf("%s/check-suites/%d", repo, suite),
		"workflow_url": fmt.Sprintf("%s/actions/workflows/%d", repo, workflowID), "head_commit": h.commitOfRun(r.sha),
		"repository": h.repository(c, h.opts.Repository), "head_repository": h.repository(c, r.headRepo),
	}
}
