package githubemu

// This file is the list of all routes, with the permission that each needs.
// Source: docs.github.com, "Permissions required for GitHub Apps".

import (
	"net/http"
	"strings"
)

// inRepository is the scope of routes below /repos/{owner}/{repo}.
const inRepository = "/repos/{owner}/{repo}"

// route is one route.
type route struct {
	method string
	scope  string // inRepository, or empty
	path   string // {name} is one segment, {#name} is one of digits, {name...} is one or more
	// permission is what the token needs, at the level read or write; alternatives stand between bars, of which the one
	// of the issue or pull request counts. Without one, every token may.
	permission, level string
	docs              string // page below docsRoot
	serve             func(*Hub, call) (int, any)
	appOnly           bool // for installation tokens only
	asApp             bool // for the JWT of an App only
}

// match tells whether the route is the request's, and what its pattern left open.
func (r route) match(method, scope string, segments []string) (map[string]string, bool) {
	if r.method != method || r.scope != scope {
		return nil, false
	}
	var parts []string
	if r.path != "" {
		parts = strings.Split(r.path, "/")
	}
	vars, extra := map[string]string{}, len(segments)-len(parts)
	at := 0
	for _, part := range parts {
		name, open := strings.CutPrefix(part, "{")
		take := 1
		if strings.HasSuffix(part, "...}") {
			take += extra
		}
		if take < 1 || at+take > len(segments) {
			return nil, false
		}
		value := strings.Join(segments[at:at+take], "/")
		name, digits := strings.CutPrefix(name, "#")
		if !open && value != part || open && value == "" || digits && strings.Trim(value, "0123456789") != "" {
			return nil, false
		}
		if open {
			vars[strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")] = value
		}
		at += take
	}
	return vars, at == len(segments)
}

// routes are all routes. The first that matches counts.
func routes() []route {
	var out []route
	for _, group := range [][]route{codeRoutes(), gitRoutes(), talkRoutes(), settingRoutes(), appRoutes()} {
		out = append(out, group...)
	}
	return out
}

func reads(path, permission, docs string, serve func(*Hub, call) (int, any)) route {
	return route{method: http.MethodGet, scope: inRepository, path: path, permission: permission, level: "read", docs: docs, serve: serve}
}

func writes(method, path, permission, docs string, serve func(*Hub, call) (int, any)) route {
	return route{method: method, scope: inRepository, path: path, permission: permission, level: "write", docs: docs, serve: serve}
}

// codeRoutes are pull requests, commits, branches and files.
func codeRoutes() []route {
	return []route{
		reads("", "metadata", "repos/repos#get-a-repository", (*Hub).readRepository),
		reads("pulls", "pull_requests", "pulls/pulls#list-pull-requests", (*Hub).listPulls),
		reads("pulls/{#number}", "pull_requests", "pulls/pulls#get-a-pull-request", (*Hub).readPull),
		reads("pulls/{#number}/reviews", "pull_requests", "pulls/reviews#list-reviews-for-a-pull-request", (*Hub).listReviews),
		reads("pulls/{#number}/files", "pull_requests", "pulls/pulls#list-pull-requests-files", (*Hub).listPullFiles),
		reads("pulls/{#number}/commits", "pull_requests", "pulls/pulls#list-commits-on-a-pull-request", (*Hub).listPullCommits),
		reads("contents", "contents", "repos/contents#get-repository-content", (*Hub).readContents),
		reads("contents/{path...}", "contents", "repos/contents#get-repository-content", (*Hub).readContents),
		reads("commits", "contents", "commits/commits#list-commits", (*Hub).listCommits),
		reads("commits/{sha...}/pulls", "pull_requests", "commits/commits#list-pull-requests-associated-with-a-commit", (*Hub).listPullsOfCommit),
		reads("commits/{ref...}/check-runs", "checks", "checks/runs#list-check-runs-for-a-git-reference", (*Hub).listCheckRuns),
		reads("commits/{ref...}", "contents", "commits/commits#get-a-commit", (*Hub).readCommit),
		reads("compare/{basehead...}", "contents", "commits/commits#compare-two-commits", (*Hub).compare),
		reads("activity", "contents", "repos/repos#list-repository-activities", (*Hub).listActivity),
		reads("branches/{branch...}/protection", "administration", "branches/branch-protection#get-branch-protection", (*Hub).readProtection),
		reads("branches/{branch...}", "contents", "branches/branches#get-a-branch", (*Hub).readBranch),
		reads("codeowners/errors", "contents", "repos/repos#list-codeowners-errors", (*Hub).listOwnersErrors),
	}
}

// gitRoutes are Git's own data.
func gitRoutes() []route {
	return []route{
		reads("git/ref/heads/{branch...}", "contents", "git/refs#get-a-reference", (*Hub).readRef),
		reads("git/matching-refs/{ref...}", "contents", "git/refs#list-matching-references", (*Hub).listMatchingRefs),
		writes(http.MethodPost, "git/refs", "contents", "git/refs#create-a-reference", (*Hub).createRef),
		writes(http.MethodPatch, "git/refs/heads/{branch...}", "contents", "git/refs#update-a-reference", (*Hub).updateRef),
		writes(http.MethodDelete, "git/refs/heads/{branch...}", "contents", "git/refs#delete-a-reference", (*Hub).deleteRef),
		reads("git/blobs/{sha}", "contents", "git/blobs#get-a-blob", (*Hub).readBlob),
		writes(http.MethodPost, "git/blobs", "contents", "git/blobs#create-a-blob", (*Hub).createBlob),
		reads("git/trees/{sha...}", "contents", "git/trees#get-a-tree", (*Hub).readTree),
		writes(http.MethodPost, "git/trees", "contents", "git/trees#create-a-tree", (*Hub).createTree),
		reads("git/commits/{sha}", "contents", "git/commits#get-a-commit-object", (*Hub).readGitCommit),
		writes(http.MethodPost, "git/commits", "contents", "git/commits#create-a-commit", (*Hub).createGitCommit),
	}
}

// talkRoutes are issues, comments and check runs.
func talkRoutes() []route {
	const either = "issues|pull_requests"
	appOnly := func(r route) route { r.appOnly = true; return r }
	return []route{
		reads("issues", "issues", "issues/issues#list-repository-issues", (*Hub).listIssues),
		writes(http.MethodPost, "issues", "issues", "issues/issues#create-an-issue", (*Hub).createIssue),
		reads("issues/{#number}", either, "issues/issues#get-an-issue", (*Hub).readIssue),
		writes(http.MethodPatch, "issues/{#number}", either, "issues/issues#update-an-issue", (*Hub).updateIssue),
		reads("issues/{#number}/events", either, "issues/events#list-issue-events", (*Hub).listEvents),
		reads("issues/{#number}/comments", either, "issues/comments#list-issue-comments", (*Hub).listComments),
		writes(http.MethodPost, "issues/{#number}/comments", either, "issues/comments#create-an-issue-comment", (*Hub).createComment),
		reads("issues/comments", either, "issues/comments#list-issue-comments-for-a-repository", (*Hub).listAllComments),
		reads("issues/comments/{#comment}", either, "issues/comments#get-an-issue-comment", (*Hub).readComment),
		writes(http.MethodPatch, "issues/comments/{#comment}", either, "issues/comments#update-an-issue-comment", (*Hub).updateComment),
		writes(http.MethodDelete, "issues/comments/{#comment}", either, "issues/comments#delete-an-issue-comment", (*Hub).deleteComment),
		appOnly(writes(http.MethodPost, "check-runs", "checks", "checks/runs#create-a-check-run", (*Hub).createCheckRun)),
		appOnly(writes(http.MethodPatch, "check-runs/{#check}", "checks", "checks/runs#update-a-check-run", (*Hub).updateCheckRun)),
	}
}

// settingRoutes are people, rules and settings.
func settingRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "user", docs: "users/users#get-the-authenticated-user", serve: (*Hub).readUser},
		{
			method: http.MethodGet, path: "orgs/{org}/teams/{team_slug}", permission: "members", level: "read",
			docs: "teams/teams#get-a-team-by-name", serve: (*Hub).readTeam,
		},
		{
			method: http.MethodGet, path: "orgs/{org}/teams/{team_slug}/memberships/{username}", permission: "members", level: "read",
			docs: "teams/members#get-team-membership-for-a-user", serve: (*Hub).readMembership,
		},
		reads("collaborators/{username}/permission", "metadata", "collaborators/collaborators#get-repository-permissions-for-a-user", (*Hub).readPermission),
		reads("rules/branches/{branch...}", "metadata", "repos/rules#get-rules-for-a-branch", (*Hub).listBranchRules),
		reads("rulesets", "metadata", "repos/rules#get-all-repository-rulesets", (*Hub).listRulesets),
		reads("rulesets/{#ruleset}", "metadata", "repos/rules#get-a-repository-ruleset", (*Hub).readRuleset),
		reads("environments", "actions", "deployments/environments#list-environments", (*Hub).listEnvironments),
		reads("environments/{environment}", "actions", "deployments/environments#get-an-environment", (*Hub).readEnvironment),
		reads("environments/{environment}/deployment-branch-policies", "actions", "deployments/branch-policies#list-deployment-branch-policies", (*Hub).listBranchPolicies),
		reads("environments/{environment}/secrets", "environments", "actions/secrets#list-environment-secrets", (*Hub).listEnvironmentSecrets),
		reads("actions/permissions", "administration", "actions/permissions#get-github-actions-permissions-for-a-repository", (*Hub).readActionsPermissions),
		reads("actions/permissions/workflow", "administration", "actions/permissions#get-default-workflow-permissions-for-a-repository", (*Hub).readWorkflowPermissions),
		reads("actions/runs/{#run}", "actions", "actions/workflow-runs#get-a-workflow-run", (*Hub).readRun),
	}
}
