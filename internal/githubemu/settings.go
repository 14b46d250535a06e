package githubemu

// This file is the settings of the repository: environments, and what workflows may do.

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Environment is how an environment is protected.
type Environment struct {
	Reviewers         int // how many people are asked, one of whom has to approve
	PreventSelfReview bool
	AdminsBypass      bool
	ProtectedBranches bool     // only protected branches deploy
	Branches, Tags    []string // patterns of what may deploy; all may where both are empty and ProtectedBranches is not set
	Secrets           []string // names
}

type settings struct {
	visibility   string
	allowForking bool
	environments map[string]Environment
	defaultPerms string
	canApprove   bool
}

func newSettings() settings {
	return settings{visibility: "private", allowForking: true, environments: map[string]Environment{}, defaultPerms: "read"}
}

// SetEnvironment makes or changes an environment.
func (h *Hub) SetEnvironment(name string, e Environment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settings.environments[name] = e
}

// SetWorkflows says what a workflow's token may do unless the workflow says it, read or write, and whether workflows can
// approve pull requests. At first it is read, and they cannot.
func (h *Hub) SetWorkflows(defaultPermissions string, canApprove bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settings.defaultPerms, h.settings.canApprove = defaultPermissions, canApprove
}

// custom tells whether patterns say what may deploy.
func (e Environment) custom() bool { return len(e.Branches)+len(e.Tags) > 0 }

func (h *Hub) environmentShape(c call, name string) map[string]any {
	e := h.settings.environments[name]
	id := userID("environment " + name)
	var policy any
	rules := []any{}
	if e.Reviewers > 0 {
		reviewers := []any{}
		for i := range e.Reviewers {
			reviewers = append(reviewers, map[string]any{"type": "User", "reviewer": h.user(c, fmt.Sprintf("reviewer-%d", i+1), "User")})
		}
		rules = append(rules, map[string]any{
			"id": id + 1, "node_id": nodeID("GA_", name+"1"), "type": "required_reviewers", "prevent_self_review": e.PreventSelfReview, "reviewers": reviewers,
		})
	}
	if e.ProtectedBranches || e.custom() {
		rules = append(rules, map[string]any{"id": id + 2, "node_id": nodeID("GA_", name+"2"), "type": "branch_policy"})
		policy = map[string]any{"protected_branches": e.ProtectedBranches, "custom_branch_policies": !e.ProtectedBranches}
	}
	return map[string]any{
		"id": id, "node_id": nodeID("EN_", name), "name": name, "url": c.base + "/repos/" + h.opts.Repository + "/environments/" + name,
		"html_url":   "https://github.com/" + h.opts.Repository + "/deployments/activity_log?environments_filter=" + name,
		"created_at": creation, "updated_at": creation, "can_admins_bypass": e.AdminsBypass, "protection_rules": rules, "deployment_branch_policy": policy,
	}
}

func (h *Hub) listEnvironments(c call) (int, any) {
	names := slices.Sorted(maps.Keys(h.settings.environments))
	return http.StatusOK, map[string]any{
		"total_count": len(names), "environments": page(c, names, func(name string) any { return h.environmentShape(c, name) }),
	}
}

func (h *Hub) readEnvironment(c call) (int, any) {
	if _, ok := h.settings.environments[c.vars["environment"]]; !ok {
		return notFound(c.docs)
	}
	return http.StatusOK, h.environmentShape(c, c.vars["environment"])
}

// listBranchPolicies answers the patterns of what may deploy.
func (h *Hub) listBranchPolicies(c call) (int, any) {
	e, ok := h.settings.environments[c.vars["environment"]]
	if !ok {
		return notFound(c.docs)
	}
	policies := []any{}
	if !e.ProtectedBranches {
		for kind, patterns := range map[string][]string{"branch": e.Branches, "tag": e.Tags} {
			for _, p := range patterns {
				policies = append(policies, map[string]any{"id": userID(kind + p), "node_id": nodeID("GBP_", kind+p), "name": p, "type": kind})
			}
		}
	}
	slices.SortFunc(policies, func(a, b any) int { return int(a.(map[string]any)["id"].(int64) - b.(map[string]any)["id"].(int64)) })
	return http.StatusOK, map[string]any{"total_count": len(policies), "branch_policies": page(c, policies, func(p any) any { return p })}
}

// listEnvironmentSecrets answers the names of the secrets; nobody reads their values.
func (h *Hub) listEnvironmentSecrets(c call) (int, any) {
	e, ok := h.settings.environments[c.vars["environment"]]
	if !ok {
		return notFound(c.docs)
	}
	names := slices.Sorted(slices.Values(e.Secrets))
	return http.StatusOK, map[string]any{"total_count": len(names), "secrets": page(c, names, func(name string) any {
		return map[string]any{"name": name, "created_at": creation, "updated_at": creation}
	})}
}

func (h *Hub) readActionsPermissions(call) (int, any) {
	return http.StatusOK, map[string]any{"enabled": true, "allowed_actions": "all", "sha_pinning_required": false}
}

func (h *Hub) readWorkflowPermissions(call) (int, any) {
	return http.StatusOK, map[string]any{
		"default_workflow_permissions": h.settings.defaultPerms, "can_approve_pull_request_reviews": h.settings.canApprove,
	}
}
