package githubemu

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRulesAreEnforced(t *testing.T) {
	t.Parallel()
	pull, force, update := "Changes must be made through a pull request.", "Cannot force-push to this branch", "Cannot update this protected ref."
	for name, test := range map[string]struct {
		rules                   Protection
		forward, forced, delete string // the violation; empty where the push is taken
	}{
		"none":           {Protection{}, "", "", ""},
		"no force push":  {Protection{NoForcePush: true}, "", force, ""},
		"no deletion":    {Protection{NoDeletion: true}, "", "", "Cannot delete this branch"},
		"no update":      {Protection{NoUpdate: true}, update, update, ""},
		"pull request":   {Protection{Approvals: 1}, pull, pull, ""},
		"several":        {Protection{PullRequest: true, NoForcePush: true}, pull, pull + "\n\n" + force, ""},
		"checks":         {Protection{Checks: []string{"ci"}}, `Required status check "ci" is expected.`, `Required status check "ci" is expected.`, ""},
		"bypassed":       {Protection{PullRequest: true, NoForcePush: true, NoDeletion: true, Bypass: []string{"github-actions[bot]"}}, "", "", ""},
		"bypass another": {Protection{NoUpdate: true, Bypass: []string{"ann"}}, update, update, ""},
	} {
		for kind, want := range map[string]string{"forward": test.forward, "forced": test.forced, "deletion": test.delete} {
			hub, c := newClient(t, Options{})
			first := hub.Head("main")
			hub.CreateBranch("rita", "ledger", first)
			second := hub.Commit("main", map[string]string{"a": "1"})
			at, method, body, status := first, "PATCH", any(map[string]any{"sha": second, "force": true}), 200
			switch kind {
			case "forced":
				at, body = second, map[string]any{"sha": first, "force": true}
			case "deletion":
				method, body, status = "DELETE", nil, 204
			}
			hub.ForcePush("rita", "ledger", at)
			hub.Protect("led*", test.rules)
			if want != "" {
				status = 422
			}
			got := c.want(status, method, "/git/refs/heads/ledger", body)
			if want != "" && got["message"] != "Repository rule violations found\n\n"+want+"\n\n" {
				t.Errorf("%s, %s: %q", name, kind, got["message"])
			}
			if refused := want != ""; (hub.Head("ledger") == at) != refused {
				t.Errorf("%s, %s: the branch is at %q, it was at %q", name, kind, hub.Head("ledger"), at)
			}
		}
	}
}

func TestWhatRulesLookLike(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	if got := c.want(200, "GET", "/branches/main", nil)["protected"]; got != false {
		t.Errorf("protected: %v", got)
	}
	hub.Protect("main", Protection{Approvals: 2, DismissStale: true, LastPush: true, CodeOwners: true, NoForcePush: true, NoDeletion: true, LinearHistory: true, Bypass: []string{"ann"}})
	hub.Protect("main", Protection{NoUpdate: true, Checks: []string{"ci"}})
	rules, pages := c.list("/rules/branches/main?per_page=2")
	want := []string{"deletion", "non_fast_forward", "required_linear_history", "pull_request", "update", "required_status_checks"}
	if got := texts(rules, "type"); !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%v in %d pages", got, pages)
	}
	parameters := rules[3]["parameters"].(map[string]any)
	if parameters["required_approving_review_count"] != 2.0 || parameters["require_last_push_approval"] != true ||
		parameters["dismiss_stale_reviews_on_push"] != true || parameters["require_code_owner_review"] != true {
		t.Errorf("parameters %v", parameters)
	}
	if got, _ := c.list("/rules/branches/absent"); len(got) != 0 {
		t.Errorf("of another branch: %v", got)
	}
	if got := c.want(200, "GET", "/branches/main", nil)["protected"]; got != true {
		t.Errorf("protected: %v", got)
	}
	sets, _ := c.list("/rulesets")
	one := fmt.Sprintf("/rulesets/%.0f", sets[0]["id"])
	if got := c.want(200, "GET", one, nil); got["bypass_actors"] != nil || len(got["rules"].([]any)) != 4 {
		t.Errorf("to a workflow: %v", got)
	}
	hub.AddToken("admin", Token{Login: "admin[bot]", Type: Installation, Permissions: map[string]string{"administration": "write"}})
	if got := (client{t: t, hub: hub, token: "admin"}).want(200, "GET", one, nil); len(got["bypass_actors"].([]any)) != 1 {
		t.Errorf("to an administrator: %v", got)
	}

	hub.Unprotect("main")
	hub.ProtectClassic("main")
	if got, _ := c.list("/rules/branches/main"); len(got) != 0 {
		t.Errorf("a classic protection is listed as rules: %v", got)
	}
	if got := c.want(200, "GET", "/branches/main", nil)["protected"]; got != true {
		t.Errorf("protected: %v", got)
	}
	c.want(403, "GET", "/branches/main/protection", nil)
	(client{t: t, hub: hub, token: "admin"}).want(200, "GET", "/branches/main/protection", nil)
	(client{t: t, hub: hub, token: "admin"}).want(404, "GET", "/branches/absent/protection", nil)
}

func TestStaleApprovalsAreDismissed(t *testing.T) {
	t.Parallel()
	for _, dismiss := range []bool{true, false} {
		hub, c := newClient(t, Options{})
		hub.Protect("main", Protection{DismissStale: dismiss, Approvals: 1})
		hub.Commit("request", map[string]string{"a": "1"})
		n := hub.OpenPullRequest("rita", "request", "t")
		hub.Review(n, "grace", "APPROVED")
		hub.Commit("request", map[string]string{"a": "2"})
		want := map[bool]string{true: "DISMISSED", false: "APPROVED"}[dismiss]
		if got, _ := c.list(fmt.Sprintf("/pulls/%d/reviews", n)); got[0]["state"] != want {
			t.Errorf("dismiss %v: %v", dismiss, got[0]["state"])
		}
	}
}

func TestOwnersErrors(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	c.want(404, "GET", "/codeowners/errors", nil)
	hub.Outsider("mallory")
	hub.SetRole("reader", "read")
	hub.AddTeam("secops", "ann")
	hub.Commit("main", map[string]string{
		"docs/CODEOWNERS": "* @mallory\n",
		"CODEOWNERS": strings.Join([]string{
			"# comment @mallory", "* @ann ann@acme.example", "", "/access/ @acme/secops # @mallory", "/a @mallory", "/b @acme/absent @ann", "/c @reader",
			"***/*.rb @ann", "!/d @ann", "/e docs@", "/[f] @ann", "/g", "/h @other/secops",
		}, "\n") + "\n",
	})
	errors := c.want(200, "GET", "/codeowners/errors?ref=main", nil)["errors"].([]any)
	var got []string
	for _, e := range errors {
		e := e.(map[string]any)
		got = append(got, fmt.Sprintf("%v %v %v", e["line"], e["column"], e["kind"]))
		if e["path"] != "CODEOWNERS" {
			t.Errorf("path %v", e["path"])
		}
	}
	want := []string{"5 4 Unknown owner", "6 4 Unknown owner", "7 4 Unknown owner", "8 1 Invalid pattern", "9 1 Invalid pattern", "10 4 Invalid owner", "11 1 Invalid pattern", "13 4 Unknown owner"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := errors[0].(map[string]any)["message"]; got != "Unknown owner on line 5: make sure @mallory exists and has write access to the repository\n\n  /a @mallory\n     ^" {
		t.Errorf("%q", got)
	}
	hub.Commit("main", map[string]string{".github/CODEOWNERS": "* @ann\n"}) // it comes first
	if got := c.want(200, "GET", "/codeowners/errors", nil)["errors"].([]any); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{Token: "workflow"})
	permission := func(user string) string {
		t.Helper()
		got := c.want(200, "GET", "/collaborators/"+user+"/permission", nil)
		return fmt.Sprint(got["permission"], " ", got["role_name"], " ", got["user"].(map[string]any)["login"])
	}
	for _, name := range []string{"admin", "maintain", "write", "triage", "read", "none"} {
		hub.SetRole("u-"+name, name)
	}
	hub.SetCustomRole("sec", "security reviewer", "triage")
	for user, want := range map[string]string{
		"u-admin": "admin admin", "u-maintain": "write maintain", "u-write": "write write", "u-triage": "read triage",
		"u-read": "read read", "u-none": "none none", "sec": "read security reviewer", "grace": "write write", "U-ADMIN": "admin admin",
	} {
		if got := permission(user); got != want+" "+user {
			t.Errorf("%s: %s, want %s", user, got, want)
		}
	}
	if got := c.want(404, "GET", "/collaborators/dependabot%5Bbot%5D/permission", nil)["message"]; got != "dependabot[bot] is not a user" {
		t.Errorf("%v", got)
	}
	hub.SetVisibility("public")
	for user, want := range map[string]string{"grace": "read read", "u-none": "read read", "u-write": "write write"} {
		if got := permission(user); got != want+" "+user {
			t.Errorf("public, %s: %s, want %s", user, got, want)
		}
	}

	hub.AddTeam("secops", "ann", "Grace")
	hub.PendingMember("secops", "pete")
	c.want(404, "GET", "//orgs/acme/teams/secops/memberships/ann", nil) // a workflow's token cannot read it
	hub.AddToken("app", Token{Login: "stepdown[bot]", Type: Installation, Permissions: map[string]string{"members": "read"}})
	app := client{t: t, hub: hub, token: "app"}
	for path, want := range map[string]any{"secops/memberships/ann": "active", "secops/memberships/grace": "active", "secops/memberships/pete": "pending"} {
		if got := app.want(200, "GET", "//orgs/acme/teams/"+path, nil)["state"]; got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	app.want(404, "GET", "//orgs/acme/teams/secops/memberships/mallory", nil)
	app.want(404, "GET", "//orgs/acme/teams/absent/memberships/ann", nil)
	app.want(404, "GET", "//orgs/other/teams/secops/memberships/ann", nil)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	hub, c := newClient(t, Options{})
	c.want(404, "GET", "/environments/production", nil)
	hub.SetEnvironment("production", Environment{Reviewers: 2, PreventSelfReview: true, Branches: []string{"main"}, Tags: []string{"v*"}, Secrets: []string{"B", "A"}})
	hub.SetEnvironment("open", Environment{AdminsBypass: true})
	hub.SetEnvironment("protected", Environment{ProtectedBranches: true})
	hub.SetWorkflows("write", true)
	if got := c.want(200, "GET", "/environments", nil)["total_count"]; got != 3.0 {
		t.Errorf("%v environments", got)
	}
	production := c.want(200, "GET", "/environments/production", nil)
	rule := production["protection_rules"].([]any)[0].(map[string]any)
	if len(rule["reviewers"].([]any)) != 2 || rule["prevent_self_review"] != true || production["can_admins_bypass"] != false ||
		production["deployment_branch_policy"].(map[string]any)["custom_branch_policies"] != true {
		t.Errorf("production: %v", production)
	}
	if got := c.want(200, "GET", "/environments/open", nil)["deployment_branch_policy"]; got != nil {
		t.Errorf("open: %v", got)
	}
	if got := c.want(200, "GET", "/environments/protected", nil)["deployment_branch_policy"].(map[string]any)["protected_branches"]; got != true {
		t.Errorf("protected: %v", got)
	}
	if got := c.want(200, "GET", "/environments/production/deployment-branch-policies", nil); got["total_count"] != 2.0 {
		t.Errorf("policies: %v", got)
	}
	c.want(403, "GET", "/environments/production/secrets", nil)
	c.want(403, "GET", "/actions/permissions/workflow", nil)
	hub.AddToken("app", Token{Login: "x[bot]", Type: Installation, Permissions: map[string]string{"environments": "read", "administration": "read"}})
	app := client{t: t, hub: hub, token: "app"}
	if got := app.want(200, "GET", "/environments/production/secrets", nil)["secrets"].([]any)[0].(map[string]any)["name"]; got != "A" {
		t.Errorf("secrets: %v", got)
	}
	if got := app.want(200, "GET", "/actions/permissions/workflow", nil); got["default_workflow_permissions"] != "write" || got["can_approve_pull_request_reviews"] != true {
		t.Errorf("workflows: %v", got)
	}
	app.want(200, "GET", "/actions/permissions", nil)
	hub.SetVisibility("internal")
	hub.SetAllowForking(false)
	if got := c.want(200, "GET", "", nil); got["visibility"] != "internal" || got["private"] != true || got["allow_forking"] != false || got["default_branch"] != "main" {
		t.Errorf("repository: %v", got)
	}
}
