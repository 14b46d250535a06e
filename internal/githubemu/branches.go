package githubemu

// This file is where branches are, where they were, and who moved them.

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const zeros = "0000000000000000000000000000000000000000"

// Kinds of Activity.
const (
	pushed      = "push"
	forcePushed = "force_push"
	created     = "branch_creation"
	deleted     = "branch_deletion"
	merged      = "pr_merge"
)

// Activity is one change of a branch, as GitHub's activity list has it.
type Activity struct {
	ID            int64
	Before, After string // 40 zeros where there was no branch, or is none
	Ref           string // refs/heads/…
	Type          string // push, force_push, branch_creation, branch_deletion or pr_merge
	Actor         string
	At            time.Time
}

// refChange is where a branch was from then on; no SHA where it was deleted.
type refChange struct {
	at  time.Time
	sha string
}

// CreateBranch makes a branch at a commit. It panics if there is no such commit, or the branch exists.
func (h *Hub) CreateBranch(actor, branch, sha string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.branches[branch] != "" || h.commits[sha] == nil {
		panic(fmt.Sprintf("githubemu: branch %q exists, or commit %q does not", branch, sha))
	}
	h.move(actor, branch, sha, "")
}

// ForcePush moves the branch to any commit, against all rules: as an administrator who bypasses them can. It panics if
// there is no such commit or branch.
func (h *Hub) ForcePush(actor, branch, sha string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.branches[branch] == "" || h.commits[sha] == nil {
		panic(fmt.Sprintf("githubemu: no branch %q, or no commit %q", branch, sha))
	}
	h.move(actor, branch, sha, "")
}

// DeleteBranch deletes the branch, against all rules, and closes the pull requests whose head it is, as GitHub does.
// It panics if there is no such branch.
func (h *Hub) DeleteBranch(actor, branch string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.branches[branch] == "" {
		panic(fmt.Sprintf("githubemu: no branch %q", branch))
	}
	h.move(actor, branch, "", "")
}

// Activity returns all that happened to the branch, newest first.
func (h *Hub) Activity(branch string) []Activity {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Activity
	for _, a := range slices.Backward(h.activity) {
		if a.Ref == "refs/heads/"+branch {
			out = append(out, *a)
		}
	}
	return out
}

// SetRefLag makes reads of refs and branches answer what was so that long ago, as a replica that lags does. Writes are
// not held up by it. Source: none of GitHub's; its readers report it of all that they read after they wrote.
func (h *Hub) SetRefLag(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refLag = d
}

// seenRef is the SHA of the branch as a read sees it.
func (h *Hub) seenRef(branch string) (string, bool) {
	if h.refLag <= 0 {
		sha, ok := h.branches[branch]
		return sha, ok
	}
	limit, sha := h.opts.Now().Add(-h.refLag), ""
	for _, change := range h.refLog[branch] {
		if !change.at.After(limit) {
			sha = change.sha
		}
	}
	return sha, sha != ""
}

// move sets where the branch is, deletes it where sha is empty, and does what follows from it: the activity, the heads of
// pull requests, the dismissal of stale approvals. The kind is found where it is empty.
func (h *Hub) move(actor, branch, sha, kind string) {
	before := h.branches[branch]
	if before == sha {
		return
	}
	if kind == "" {
		kind = h.kindOfMove(before, sha)
	}
	if sha == "" {
		delete(h.branches, branch)
	} else {
		h.branches[branch] = sha
	}
	h.refLog[branch] = append(h.refLog[branch], refChange{at: h.opts.Now(), sha: sha})
	or := func(sha string) string {
		if sha == "" {
			return zeros
		}
		return sha
	}
	h.activity = append(h.activity, &Activity{
		ID: h.nextID(), Before: or(before), After: or(sha), Ref: "refs/heads/" + branch, Type: kind, Actor: actor, At: h.now(),
	})
	for _, p := range h.pulls {
		if p.state == "open" && p.headRef == branch {
			h.moveHead(p, actor, kind, sha)
		}
		if p.state == "open" && p.baseRef == branch && kind == forcePushed {
			h.happened(p, pullEvent{kind: eventBaseForced, actor: actor, commitID: sha})
		}
	}
}

func (h *Hub) kindOfMove(before, after string) string {
	switch {
	case before == "":
		return created
	case after == "":
		return deleted
	case ancestors(h.commits, after)[before]:
		return pushed
	}
	return forcePushed
}

// moveHead follows the branch with an open pull request.
func (h *Hub) moveHead(p *pull, actor, kind, sha string) {
	p.updatedAt = h.now()
	if sha == "" {
		p.close(h.now())
		h.happened(p, pullEvent{kind: eventClosed, actor: actor})
		return
	}
	if kind == forcePushed {
		h.happened(p, pullEvent{kind: eventHeadForced, actor: actor, commitID: sha})
	}
	p.headSHA = sha
	if !h.rulesOf(p.baseRef).DismissStale {
		return
	}
	for _, r := range p.reviews {
		if r.state == "APPROVED" {
			h.dismiss(p, r, actor)
		}
	}
}

// listActivity answers /activity.
func (h *Hub) listActivity(c call) (int, any) {
	ref, kind, actor := c.query("ref"), c.query("activity_type"), c.query("actor")
	if ref != "" && !strings.HasPrefix(ref, "refs/") {
		ref = "refs/heads/" + ref
	}
	if kind != "" && !slices.Contains([]string{pushed, forcePushed, created, deleted, merged, "merge_queue_merge"}, kind) {
		return c.unprocessable("Invalid activity_type parameter")
	}
	periods := map[string]int{"": 1 << 20, "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
	days, ok := periods[c.query("time_period")]
	if !ok {
		return c.unprocessable("Invalid time_period parameter")
	}
	var found []*Activity
	for _, a := range slices.Backward(h.activity) {
		old := c.query("time_period") != "" && a.At.Before(h.now().AddDate(0, 0, -days))
		if (ref == "" || a.Ref == ref) && (kind == "" || a.Type == kind) && (actor == "" || strings.EqualFold(a.Actor, actor)) && !old {
			found = append(found, a)
		}
	}
	if c.query("direction") == "asc" {
		slices.Reverse(found)
	}
	shapes, ok := cursorPage(c, found, func(a *Activity) int64 { return a.ID }, func(a *Activity) any {
		return map[string]any{
			"id": a.ID, "node_id": nodeID("PSH_", fmt.Sprint(a.ID)), "before": a.Before, "after": a.After, "ref": a.Ref,
			"timestamp": a.At.Format(stamp), "activity_type": a.Type, "actor": h.user(c, a.Actor, kindOf(a.Actor)),
		}
	})
	if !ok {
		return c.unprocessable("Invalid cursor") // GitHub's words are not known
	}
	return http.StatusOK, shapes
}
