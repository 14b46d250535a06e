package githubemu

// This file is the rules of branches: rulesets, classic protection, and what they refuse.

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Protection is what a ruleset demands of a branch.
type Protection struct {
	PullRequest   bool // changes need a pull request; so they do where any of the next four is set
	Approvals     int
	DismissStale  bool // a push dismisses approvals
	LastPush      bool // whoever pushed last cannot approve
	CodeOwners    bool
	NoForcePush   bool
	NoDeletion    bool
	NoUpdate      bool
	LinearHistory bool
	Checks        []string // check runs that have to have succeeded
	Bypass        []string // logins that the rules do not bind, apps as "name[bot]"
}

// needsPull tells whether changes need a pull request.
func (p Protection) needsPull() bool {
	return p.PullRequest || p.Approvals > 0 || p.DismissStale || p.LastPush || p.CodeOwners
}

type ruleset struct {
	id      int64
	branch  string // a pattern of path.Match
	rules   Protection
	created time.Time
}

// Protect adds an active ruleset for the branch, which may be a pattern of path.Match. Rulesets add up.
func (h *Hub) Protect(branch string, p Protection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rulesets = append(h.rulesets, &ruleset{id: h.nextID(), branch: branch, rules: p, created: h.now()})
}

// ProtectClassic gives the branch a branch protection of the older kind: no force pushes, no deletion. Its rules are
// not among those that the rules API lists.
func (h *Hub) ProtectClassic(branch string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.classic[branch] = true
}

// Unprotect removes all rulesets of exactly this branch or pattern, and its classic protection.
func (h *Hub) Unprotect(branch string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.classic, branch)
	h.rulesets = slices.DeleteFunc(h.rulesets, func(r *ruleset) bool { return r.branch == branch })
}

func (r *ruleset) covers(branch string) bool {
	ok, err := path.Match(r.branch, branch)
	return err == nil && ok || r.branch == branch
}

// rulesOf adds up what the rulesets of a branch demand; who bypasses them is left out.
func (h *Hub) rulesOf(branch string) Protection {
	var sum Protection
	for _, r := range h.rulesets {
		if !r.covers(branch) {
			continue
		}
		sum.PullRequest = sum.PullRequest || r.rules.needsPull()
		sum.Approvals = max(sum.Approvals, r.rules.Approvals)
		sum.DismissStale = sum.DismissStale || r.rules.DismissStale
		sum.LastPush = sum.LastPush || r.rules.LastPush
		sum.CodeOwners = sum.CodeOwners || r.rules.CodeOwners
	}
	return sum
}

// protected tells whether anything protects the branch.
func (h *Hub) protected(branch string) bool {
	return h.classic[branch] || slices.ContainsFunc(h.rulesets, func(r *ruleset) bool { return r.covers(branch) })
}

// violation refuses a push that breaks rules, with the words of GitHub; it is "" for one that breaks none. Where the
// branch is not there, before is empty; where it is deleted, after is.
// Sources: actions/github-script#455, googleapis/repo-automation-bots#5551, Mic92/gitea-mq#91.
func (h *Hub) violation(login, branch, before, after string) string {
	kind := h.kindOfMove(before, after)
	var broken []string
	add := func(text string) {
		if !slices.Contains(broken, text) {
			broken = append(broken, text)
		}
	}
	for _, r := range h.rulesets {
		if !r.covers(branch) || slices.ContainsFunc(r.rules.Bypass, func(l string) bool { return strings.EqualFold(l, login) }) {
			continue
		}
		changed := kind == pushed || kind == forcePushed
		if r.rules.NoUpdate && changed {
			add("Cannot update this protected ref.")
		}
		if r.rules.needsPull() && changed {
			add("Changes must be made through a pull request.")
		}
		if r.rules.NoForcePush && kind == forcePushed {
			add("Cannot force-push to this branch")
		}
		if r.rules.NoDeletion && kind == deleted {
			add("Cannot delete this branch")
		}
		for _, name := range r.rules.Checks {
			if kind != deleted && !h.succeeded(after, name) {
				add(fmt.Sprintf("Required status check %q is expected.", name))
			}
		}
		if r.rules.LinearHistory && h.merges(before, after) {
			add("This branch must not contain merge commits.")
		}
	}
	if len(broken) > 0 {
		return "Repository rule violations found\n\n" + strings.Join(broken, "\n\n") + "\n\n"
	}
	switch {
	case h.classic[branch] && kind == forcePushed:
		return "Cannot force-push to this branch"
	case h.classic[branch] && kind == deleted:
		return "Cannot delete this branch"
	}
	return ""
}

// succeeded tells whether the commit has a check run of the name that ended well.
func (h *Hub) succeeded(sha, name string) bool {
	return slices.ContainsFunc(h.checks, func(r *checkRun) bool { return r.sha == sha && r.Name == name && r.Conclusion == "success" })
}

// merges tells whether a push brings a merge commit.
func (h *Hub) merges(before, after string) bool {
	had := ancestors(h.commits, before)
	for sha := range ancestors(h.commits, after) {
		if !had[sha] && len(h.commits[sha].parents) > 1 {
			return true
		}
	}
	return false
}

// rule is one rule on the wire.
type rule struct {
	kind       string
	parameters map[string]any
}

// list is the rules of a ruleset as the API has them.
func (p Protection) list() []rule {
	var out []rule
	if p.NoDeletion {
		out = append(out, rule{kind: "deletion"})
	}
	if p.NoForcePush {
		out = append(out, rule{kind: "non_fast_forward"})
	}
	if p.NoUpdate {
		out = append(out, rule{kind: "update", parameters: map[string]any{"update_allows_fetch_and_merge": false}})
	}
	if p.LinearHistory {
		out = append(out, rule{kind: "required_linear_history"})
	}
	if len(p.Checks) > 0 {
		checks := []any{}
		for _, name := range p.Checks {
			checks = append(checks, map[string]any{"context": name})
		}
		out = append(out, rule{kind: "required_status_checks", parameters: map[string]any{
			"required_status_checks": checks, "strict_required_status_checks_policy": false, "do_not_enforce_on_create": false,
		}})
	}
	if p.needsPull() {
		out = append(out, rule{kind: "pull_request", parameters: map[string]any{
			"required_approving_review_count": p.Approvals, "dismiss_stale_reviews_on_push": p.DismissStale,
			"require_last_push_approval": p.LastPush, "require_code_owner_review": p.CodeOwners,
			"required_review_thread_resolution": false, "required_reviewers": []any{},
			"allowed_merge_methods": []string{"merge", "squash", "rebase"},
		}})
	}
	return out
}

func (r rule) shape() map[string]any {
	shape := map[string]any{"type": r.kind}
	if r.parameters != nil {
		shape["parameters"] = r.parameters
	}
	return shape
}

// listBranchRules answers /rules/branches/{branch}. It lists what a classic protection demands nowhere, and asks of no
// branch that it exists. Source: docs.github.com, "Get rules for a branch".
func (h *Hub) listBranchRules(c call) (int, any) {
	type ruled struct {
		rule
		set *ruleset
	}
	var found []ruled
	for _, set := range h.rulesets {
		if !set.covers(c.vars["branch"]) {
			continue
		}
		for _, r := range set.rules.list() {
			found = append(found, ruled{rule: r, set: set})
		}
	}
	return http.StatusOK, page(c, found, func(r ruled) any {
		shape := r.shape()
		shape["ruleset_source_type"], shape["ruleset_source"], shape["ruleset_id"] = "Repository", h.opts.Repository, r.set.id
		return shape
	})
}

// rulesetShape is a ruleset as the list has it.
func (h *Hub) rulesetShape(c call, r *ruleset) map[string]any {
	return map[string]any{
		"id": r.id, "name": "protect " + r.branch, "target": "branch", "source_type": "Repository", "source": h.opts.Repository,
		"enforcement": "active", "node_id": nodeID("RRS_", fmt.Sprint(r.id)), "created_at": r.created.Format(stamp), "updated_at": r.created.Format(stamp),
		"_links": map[string]any{
			"self": map[string]any{"href": fmt.Sprintf("%s/repos/%s/rulesets/%d", c.base, h.opts.Repository, r.id)},
			"html": map[string]any{"href": fmt.Sprintf("https://github.com/%s/rules/%d", h.opts.Repository, r.id)},
		},
	}
}

func (h *Hub) listRulesets(c call) (int, any) {
	return http.StatusOK, page(c, h.rulesets, func(r *ruleset) any { return h.rulesetShape(c, r) })
}

// readRuleset answers /rulesets/{ruleset}. Who may bypass it is shown only to who may change it.
// Source: docs.github.com, "Get a repository ruleset".
func (h *Hub) readRuleset(c call) (int, any) {
	for _, r := range h.rulesets {
		if fmt.Sprint(r.id) != c.vars["ruleset"] {
			continue
		}
		shape, rules := h.rulesetShape(c, r), []any{}
		for _, one := range r.rules.list() {
			rules = append(rules, one.shape())
		}
		ref := "refs/heads/" + r.branch
		if r.branch == h.opts.DefaultBranch {
			ref = "~DEFAULT_BRANCH"
		}
		shape["rules"] = rules
		shape["conditions"] = map[string]any{"ref_name": map[string]any{"include": []string{ref}, "exclude": []string{}}}
		shape["current_user_can_bypass"] = "never"
		if slices.ContainsFunc(r.rules.Bypass, func(l string) bool { return strings.EqualFold(l, c.token.Login) }) {
			shape["current_user_can_bypass"] = "always"
		}
		if c.token.has("administration", "write") {
			actors := []any{}
			for _, login := range r.rules.Bypass {
				kind := map[string]string{"Bot": "Integration", "User": "User"}[kindOf(login)]
				actors = append(actors, map[string]any{"actor_id": userID(login), "actor_type": kind, "bypass_mode": "always"})
			}
			shape["bypass_actors"] = actors
		}
		return http.StatusOK, shape
	}
	return notFound(c.docs)
}

// readProtection answers /branches/{branch}/protection: the classic protection alone, which a ruleset is not.
func (h *Hub) readProtection(c call) (int, any) {
	branch := c.vars["branch"]
	if h.branches[branch] == "" {
		return refusal(http.StatusNotFound, "Branch not found", c.docs)
	}
	if !h.classic[branch] {
		return refusal(http.StatusNotFound, "Branch not protected", c.docs)
	}
	api, on := fmt.Sprintf("%s/repos/%s/branches/%s/protection", c.base, h.opts.Repository, branch), func(on bool) map[string]any { return map[string]any{"enabled": on} }
	admins := on(false)
	admins["url"] = api + "/enforce_admins"
	return http.StatusOK, map[string]any{
		"url": api, "enforce_admins": admins, "required_linear_history": on(false), "allow_force_pushes": on(false),
		"allow_deletions": on(false), "block_creations": on(false), "required_conversation_resolution": on(false),
		"lock_branch": on(false), "allow_fork_syncing": on(false),
	}
}
