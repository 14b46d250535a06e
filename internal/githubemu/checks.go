package githubemu

// This file is check runs, which only apps make.

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Limits of the checks API. Source: docs.github.com, "Create a check run". What it calls characters is counted like
// bytes: github/rest-api-description#5399.
const (
	maxOutput      = 65_535
	maxAnnotations = 50
)

// CheckRun is a check run as it stands.
type CheckRun struct {
	ID         int64
	Name       string
	ExternalID string
	Status     string // queued, in_progress or completed
	Conclusion string
	Title      string
	Summary    string
	DetailsURL string
}

type checkRun struct {
	CheckRun
	sha, app               string // login of the app's bot
	text                   string
	hasOutput              bool
	annotations            int
	startedAt, completedAt time.Time
}

// CheckRuns returns the check runs of a commit, oldest first.
func (h *Hub) CheckRuns(sha string) []CheckRun {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []CheckRun
	for _, r := range h.checks {
		if r.sha == sha {
			out = append(out, r.CheckRun)
		}
	}
	return out
}

// sentCheck is what a client says of a check run. What is absent stays as it is.
type sentCheck struct {
	Name        *string `json:"name"`
	HeadSHA     *string `json:"head_sha"`
	DetailsURL  *string `json:"details_url"`
	ExternalID  *string `json:"external_id"`
	Status      *string `json:"status"`
	Conclusion  *string `json:"conclusion"`
	StartedAt   *string `json:"started_at"`
	CompletedAt *string `json:"completed_at"`
	Output      *struct {
		Title       *string `json:"title"`
		Summary     *string `json:"summary"`
		Text        *string `json:"text"`
		Annotations []any   `json:"annotations"`
	} `json:"output"`
}

// check says what is wrong with the check run, or nothing.
func (in sentCheck) check() string {
	if in.Status != nil && !slices.Contains([]string{"queued", "in_progress", "completed"}, *in.Status) {
		return fmt.Sprintf("%s is not a member of [\"queued\", \"in_progress\", \"completed\"].", *in.Status)
	}
	if in.Conclusion != nil && !slices.Contains([]string{
		"success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required",
	}, *in.Conclusion) {
		return *in.Conclusion + " is not a conclusion."
	}
	if in.Status != nil && *in.Status == "completed" && in.Conclusion == nil {
		return `"conclusion" wasn't supplied.`
	}
	if in.Output == nil {
		return ""
	}
	o := in.Output
	if o.Summary == nil || o.Title == nil {
		return `"title" and "summary" have to be supplied.`
	}
	for _, s := range []*string{o.Title, o.Summary, o.Text} {
		if s != nil && len(*s) > maxOutput {
			return fmt.Sprintf("Only 65535 characters are allowed; %d were supplied.", len(*s))
		}
	}
	if len(o.Annotations) > maxAnnotations {
		return fmt.Sprintf("No more than 50 items are allowed; %d were supplied.", len(o.Annotations))
	}
	return ""
}

// apply changes the run to what was sent, which was checked.
func (r *checkRun) apply(in sentCheck, now time.Time) {
	set(&r.Name, in.Name)
	set(&r.DetailsURL, in.DetailsURL)
	set(&r.ExternalID, in.ExternalID)
	set(&r.Status, in.Status)
	set(&r.Conclusion, in.Conclusion)
	if in.Conclusion != nil {
		r.Status = "completed"
	}
	if r.Status != "completed" {
		r.Conclusion, r.completedAt = "", time.Time{}
	} else if r.completedAt.IsZero() {
		r.completedAt = now
	}
	for at, sent := range map[*time.Time]*string{&r.startedAt: in.StartedAt, &r.completedAt: in.CompletedAt} {
		if sent != nil {
			if t, err := time.Parse(time.RFC3339, *sent); err == nil {
				*at = t.UTC().Truncate(time.Second)
			}
		}
	}
	if in.Output != nil {
		r.hasOutput = true
		set(&r.Title, in.Output.Title)
		set(&r.Summary, in.Output.Summary)
		set(&r.text, in.Output.Text)
		r.annotations += len(in.Output.Annotations)
	}
}

// createCheckRun answers POST /check-runs.
func (h *Hub) createCheckRun(c call) (int, any) {
	var in sentCheck
	if c.read(&in) != nil {
		return c.malformed()
	}
	if in.Name == nil || *in.Name == "" || in.HeadSHA == nil {
		return c.badRequest(`"name" and "head_sha" have to be supplied.`)
	}
	if refused := in.check(); refused != "" {
		return c.badRequest(refused)
	}
	if h.commits[*in.HeadSHA] == nil {
		return c.unprocessable("No commit found for SHA: " + *in.HeadSHA)
	}
	run := &checkRun{CheckRun: CheckRun{ID: h.nextID(), Status: "queued"}, sha: *in.HeadSHA, app: c.token.Login, startedAt: h.now()}
	run.apply(in, h.now())
	h.checks = append(h.checks, run)
	c.header.Set("Location", fmt.Sprintf("%s/repos/%s/check-runs/%d", c.base, h.opts.Repository, run.ID))
	return http.StatusCreated, h.checkShape(c, run)
}

// updateCheckRun answers PATCH /check-runs/{check}. Only the app that made it may.
func (h *Hub) updateCheckRun(c call) (int, any) {
	var in sentCheck
	if c.read(&in) != nil {
		return c.malformed()
	}
	i := slices.IndexFunc(h.checks, func(r *checkRun) bool { return r.ID == int64(c.number("check")) })
	if i < 0 {
		return notFound(c.docs)
	}
	run := h.checks[i]
	if run.app != c.token.Login {
		return refusal(http.StatusForbidden, fmt.Sprintf("Invalid app_id `%d` - check run can only be modified by the GitHub App that created it.",
			appID(c.token.Login)), c.docs)
	}
	if refused := in.check(); refused != "" {
		return c.badRequest(refused)
	}
	run.apply(in, h.now())
	return http.StatusOK, h.checkShape(c, run)
}

// listCheckRuns answers /commits/{ref}/check-runs: of each name and app the newest, unless all are asked for.
func (h *Hub) listCheckRuns(c call) (int, any) {
	commit := h.resolve(c.vars["ref"])
	if commit == nil {
		return c.unprocessable("No commit found for SHA: " + c.vars["ref"])
	}
	var found []*checkRun
	seen := map[string]bool{}
	for _, r := range slices.Backward(h.checks) {
		key := r.app + "\x00" + r.Name
		if r.sha != commit.sha || seen[key] && c.query("filter") != "all" {
			continue
		}
		seen[key] = true
		if cmp.Or(c.query("check_name"), r.Name) == r.Name && cmp.Or(c.query("status"), r.Status) == r.Status &&
			cmp.Or(c.query("app_id"), digits(appID(r.app))) == digits(appID(r.app)) {
			found = append(found, r)
		}
	}
	return http.StatusOK, map[string]any{
		"total_count": len(found), "check_runs": page(c, found, func(r *checkRun) any { return h.checkShape(c, r) }),
	}
}

// appID is the number of an app, by the login of its bot.
func appID(login string) int64 {
	if login == actionsBot {
		return 15_368
	}
	return userID("app " + login)
}

// app is the GitHub App of a bot.
func (h *Hub) app(c call, login string) map[string]any {
	name, owner := strings.TrimSuffix(login, "[bot]"), h.owner
	if login == actionsBot {
		owner = "github"
	}
	return map[string]any{
		"id": appID(login), "slug": name, "node_id": nodeID("A_", login), "name": name, "description": "", "external_url": "https://github.com/apps/" + name,
		"html_url": "https://github.com/apps/" + name, "created_at": creation, "updated_at": creation, "client_id": "Iv1.0000000000000000",
		"owner": h.user(c, owner, "Organization"), "permissions": map[string]any{"checks": "write", "metadata": "read"}, "events": []any{},
	}
}

func (h *Hub) checkShape(c call, r *checkRun) map[string]any {
	api := fmt.Sprintf("%s/repos/%s/check-runs/%d", c.base, h.opts.Repository, r.ID)
	web := fmt.Sprintf("https://github.com/%s/runs/%d", h.opts.Repository, r.ID)
	output := map[string]any{"title": nil, "summary": nil, "text": text(r.text), "annotations_count": r.annotations, "annotations_url": api + "/annotations"}
	if r.hasOutput {
		output["title"], output["summary"] = r.Title, r.Summary
	}
	details := web
	if r.DetailsURL != "" {
		details = r.DetailsURL
	}
	pulls := []any{}
	for _, n := range h.pullNumbers() {
		if p := h.pulls[n]; p.headSHA == r.sha && p.state == "open" && p.headRepo == h.opts.Repository {
			pulls = append(pulls, h.pullStub(c, p))
		}
	}
	return map[string]any{
		"id": r.ID, "node_id": nodeID("CR_", fmt.Sprint(r.ID)), "head_sha": r.sha, "external_id": r.ExternalID, "url": api, "html_url": web,
		"details_url": details, "status": r.Status, "conclusion": text(r.Conclusion), "started_at": optional(r.startedAt),
		"completed_at": optional(r.completedAt), "output": output, "name": r.Name, "check_suite": map[string]any{"id": appID(r.app) + 5_000_000_000},
		"app": h.app(c, r.app), "pull_requests": pulls,
	}
}

// pullStub is a pull request where it is only mentioned.
func (h *Hub) pullStub(c call, p *pull) map[string]any {
	repo := map[string]any{"id": repositoryID, "url": c.base + "/repos/" + h.opts.Repository, "name": h.name}
	return map[string]any{
		"id": 1_900_000_000 + p.number, "number": p.number, "url": fmt.Sprintf("%s/repos/%s/pulls/%d", c.base, h.opts.Repository, p.number),
		"head": map[string]any{"ref": p.headRef, "sha": p.headSHA, "repo": repo}, "base": map[string]any{"ref": p.baseRef, "sha": p.baseSHA, "repo": repo},
	}
}
