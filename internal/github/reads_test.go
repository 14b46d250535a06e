package github

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
)

// TestReadsTakeNoHalfAnswer goes through what a server can answer with status 200 that is not the answer.
func TestReadsTakeNoHalfAnswer(t *testing.T) {
	t.Parallel()
	pull := func(n int, repo string) string {
		return fmt.Sprintf(`{"number":%d,"state":"open","base":{"ref":"main","repo":{"full_name":%q}}}`, n, repo)
	}
	push := func(change string) string {
		p := fmt.Sprintf(`{"id":1,"ref":"refs/heads/main","before":"%s","after":"%s","activity_type":"push","timestamp":"2026-01-02T03:04:05Z","actor":null}`, shaA, shaB)
		from, to, _ := strings.Cut(change, "=>")
		return "[" + strings.Replace(p, from, to, 1) + "]"
	}
	comment := `{"id":1,"created_at":"2026-01-02T03:04:05Z","issue_url":"https://api.github.com/repos/acme/okta-access/issues/1"}`
	for name, test := range map[string]struct {
		route  string
		read   func(ctx context.Context, c *Client) (any, error)
		bodies []string
	}{
		"OpenPullRequests": {"GET /pulls", func(ctx context.Context, c *Client) (any, error) { return c.OpenPullRequests(ctx, "main") }, []string{
			"[" + pull(1, "acme/other") + "]", "[" + pull(0, "acme/okta-access") + "]", "[" + strings.Replace(pull(1, "acme/okta-access"), "open", "closed", 1) + "]",
			"[" + strings.Replace(pull(1, "acme/okta-access"), "main", "dev", 1) + "]", `[{}]`,
		}},
		"PullRequestsOf": {"GET /commits/" + shaA + "/pulls", func(ctx context.Context, c *Client) (any, error) { return c.PullRequestsOf(ctx, shaA) }, []string{
			"[" + pull(1, "acme/other") + "]", "[" + pull(-1, "acme/okta-access") + "]", `[{}]`,
		}},
		"BranchPushes": {"GET /activity", func(ctx context.Context, c *Client) (any, error) { return c.BranchPushes(ctx, "main") }, []string{
			push("refs/heads/main=>refs/heads/other"), push(shaA + "=>" + shaA[1:]), push(shaB + "=>main"), push(`"id":1=>"id":0`),
			push(`"push"=>""`), push(`2026-01-02T03:04:05Z=>0001-01-01T00:00:00Z`), push(`"timestamp"=>"pushed_at"`),
			"[" + strings.Trim(push(""), "[]") + "," + strings.Trim(push(""), "[]") + "]", `[{}]`,
		}},
		"Authority": {"GET /collaborators/ann/permission", func(ctx context.Context, c *Client) (any, error) { return c.Authority(ctx, "ann", nil) }, []string{
			`{"permission":"admin","role_name":"admin","user":{"login":"mallory"}}`, `{"permission":"admin","role_name":"admin","user":null}`,
			`{"permission":"owner","role_name":"admin","user":{"login":"ann"}}`, `{"permission":"admin","user":{"login":"ann"}}`,
		}},
		"Rules": {"GET /rules/branches/main", func(ctx context.Context, c *Client) (any, error) { return c.Rules(ctx, "main") }, []string{
			`[{}]`, `[{"type":"pull_request","parameters":"x"}]`, `[{"type":"pull_request","parameters":{"required_approving_review_count":"2"}}]`,
		}},
		"OwnersErrors": {"GET /codeowners/errors", func(ctx context.Context, c *Client) (any, error) { return c.OwnersErrors(ctx, shaA) }, []string{
			`{"errors":null}`, `{"errors":[null]}`,
		}},
		"Comments": {"GET /issues/1/comments", func(ctx context.Context, c *Client) (any, error) { return c.Comments(ctx, 1) }, []string{
			"[" + strings.Replace(comment, "issues/1", "issues/11", 1) + "]", "[" + strings.Replace(comment, "acme", "evil", 1) + "]",
			"[" + comment + "," + comment + "]", `[{"id":1}]`, `[{}]`,
		}},
		"Events": {"GET /issues/1/events", func(ctx context.Context, c *Client) (any, error) { return c.Events(ctx, 1) }, []string{
			`[{"event":"closed","created_at":"2026-01-02T03:04:05Z"}]`, `[{"id":1,"created_at":"2026-01-02T03:04:05Z"}]`, `[{"id":1,"event":"closed"}]`,
			`[{"id":1,"event":"closed","created_at":"2026-01-02T03:04:05Z"},{"id":1,"event":"closed","created_at":"2026-01-02T03:04:05Z"}]`,
		}},
		"MergeBase": {"GET /compare/" + shaA + "..." + shaB, func(ctx context.Context, c *Client) (any, error) { return c.MergeBase(ctx, shaA, shaB) }, []string{
			`{"base_commit":{"sha":"` + shaA + `"}}`, `{"base_commit":{"sha":"` + shaC + `"},"merge_base_commit":{"sha":"` + shaC + `"}}`,
			`{"base_commit":{"sha":"` + shaA + `"},"merge_base_commit":{"sha":"main"}}`,
		}},
		"BranchTip": {"GET /git/ref/heads/main", func(ctx context.Context, c *Client) (any, error) { return c.BranchTip(ctx, "main") }, []string{
			`{"ref":"refs/heads/mainline","object":{"type":"commit","sha":"` + shaA + `"}}`, `[{"ref":"refs/heads/main"}]`,
		}},
		"Commit": {"GET /git/commits/" + shaA, func(ctx context.Context, c *Client) (any, error) { return c.Commit(ctx, shaA) }, []string{
			`{"sha":"` + shaB + `","tree":{"sha":"` + shaC + `"},"parents":[]}`, `{"sha":"` + shaA + `","parents":[]}`,
			`{"sha":"` + shaA + `","tree":{"sha":"` + shaC + `"}}`, `{"sha":"` + shaA + `","tree":{"sha":"` + shaC + `"},"parents":[null]}`,
			`{"sha":"` + shaA + `","tree":{"sha":"` + shaC + `"},"parents":[{"sha":"main"}]}`,
		}},
		"Environment": {"GET /environments/production", func(ctx context.Context, c *Client) (any, error) { return c.Environment(ctx, "production") }, []string{
			`{"name":"staging"}`, `{"name":"production","deployment_branch_policy":{}}`,
			`{"name":"production","deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":true}}`,
		}},
		"Workflows": {"GET /actions/permissions/workflow", func(ctx context.Context, c *Client) (any, error) { return c.Workflows(ctx) }, []string{
			`{"default_workflow_permissions":"read"}`, `{"can_approve_pull_request_reviews":false}`,
			`{"default_workflow_permissions":"none","can_approve_pull_request_reviews":false}`,
		}},
		"RepositoryFacts": {"GET ", func(ctx context.Context, c *Client) (any, error) { return c.RepositoryFacts(ctx) }, []string{
			`{"full_name":"acme/other","default_branch":"main","visibility":"private"}`, `{"full_name":"acme/okta-access","visibility":"private"}`,
			`{"full_name":"acme/okta-access","default_branch":"main"}`, `{"full_name":"acme/okta-access","default_branch":"main","visibility":"secret"}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, body := range append(test.bodies, `null`, ``, `[null]`, `{`, `"x"`, `<html>`, "201 []", "202 {}", "204 ", "302 []", "404 {}", "403 {}", "500 {}", "501 {}") {
				_, c := serve(t, map[string][]string{test.route: one(body)})
				if got, err := test.read(t.Context(), c); err == nil {
					t.Errorf("%s: no error, but %+v", body, got)
				} else if errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: not there, which nobody showed: %v", body, err)
				}
			}
		})
	}
}

func TestReadsSendNothingForWhatIsNoName(t *testing.T) {
	t.Parallel()
	s, c := serve(t, nil)
	ctx := t.Context()
	for _, bad := range []string{"", "../tags/x", "a..b", "a//b", "a b", "a?b"} {
		_, err1 := c.OpenPullRequests(ctx, bad)
		_, err2 := c.BranchPushes(ctx, bad)
		_, err3 := c.Rules(ctx, bad)
		_, err4 := c.BranchTip(ctx, bad)
		for _, err := range []error{err1, err2, err3, err4, c.MoveBranch(ctx, bad, "", shaA)} {
			wantError(t, err, "not a branch name")
		}
	}
	for _, bad := range []string{"", "main", shaA[1:], strings.ToUpper(shaA)} {
		_, err1 := c.PullRequestsOf(ctx, bad)
		_, err2 := c.OwnersErrors(ctx, bad)
		_, err3 := c.Commit(ctx, bad)
		_, err4 := c.TreeFiles(ctx, bad)
		_, err5 := c.Blob(ctx, bad)
		_, err6 := c.CreateCommit(ctx, "", map[string][]byte{"a": {}}, []string{bad}, "m")
		err7 := c.PutCheckRun(ctx, bad, access.CheckRun{Name: "n", Title: "t", Status: "queued"})
		for _, err := range []error{err1, err2, err3, err4, err5, err6, err7, c.MoveBranch(ctx, "b", "", bad), c.MoveBranch(ctx, "b", "x"+bad, shaA)} {
			wantError(t, err, "not the full SHA")
		}
	}
	for _, bad := range []string{"", "../x", "a/b", "a b", "-a", "a?b", "a[bot]b"} {
		_, err := c.Authority(ctx, bad, nil)
		wantError(t, err, "not a user name")
	}
	for _, bad := range []string{"", ".", "..", "a\nb", strings.Repeat("x", 256)} {
		_, err := c.Environment(ctx, bad)
		wantError(t, err, "not the name of an environment")
	}
	if sent := s.requests(); len(sent) != 0 {
		t.Errorf("it sent %q", sent)
	}
}

func TestPullRequestNumbers(t *testing.T) {
	t.Parallel()
	base := `"state":"open","base":{"ref":"release/1,x","repo":{"full_name":"Acme/Okta-Access"}}`
	s, c := serve(t, map[string][]string{
		"GET /pulls":                      quote(`[{"number":9,%[1]s},{"number":2,%[1]s}]`, base),
		"GET /commits/" + shaA + "/pulls": quote(`[{"number":9,%[1]s},{"number":2,%[1]s},{"number":9,%[1]s}]`, base),
	})
	for range 2 {
		open, err := c.OpenPullRequests(t.Context(), "release/1,x")
		if d := cmp.Diff([]int{2, 9}, open); d != "" || err != nil {
			t.Errorf("%v\n%s", err, d)
		}
		of, err := c.PullRequestsOf(t.Context(), shaA)
		if d := cmp.Diff([]int{2, 9}, of); d != "" || err != nil {
			t.Errorf("%v\n%s", err, d)
		}
	}
	if first := s.requests()[0]; !strings.Contains(first, "base=release%2F1%2Cx") || !strings.Contains(first, "state=open") {
		t.Errorf("it sent %s", first)
	}
}

func TestAuthority(t *testing.T) {
	t.Parallel()
	const person = `{"permission":"write","role_name":"maintain","user":{"login":"Ann"}}`
	in := func(team string) string { return "GET //orgs/acme/teams/" + team + "/memberships/ann" }
	_, c := serve(t, map[string][]string{
		"GET /collaborators/ann/permission":               one(person),
		"GET /collaborators/renovate%5Bbot%5D/permission": one(`{"permission":"read","role_name":"read","user":{"login":"renovate[bot]"}}`),
		in("leads"):                    one(`{"state":"active","role":"member"}`),
		in("ops"):                      one(`{"state":"active","role":"maintainer"}`),
		in("invited"):                  one(`{"state":"pending"}`),
		in("others"):                   one(`404 {"message":"Not Found"}`),
		"GET //orgs/acme/teams/others": one(`{"slug":"others"}`),
		in("odd"):                      one(`{"state":"inactive"}`),
		in("null"):                     one(`null`),
		in("hidden"):                   one(`404 {"message":"Not Found"}`),
		"GET //orgs/acme/teams/hidden": one(`404 {"message":"Not Found"}`),
		in("refused"):                  one(`403 {"message":"Resource not accessible by integration"}`),
		in("moved"):                    one(`404 {"message":"Not Found"}`),
		"GET //orgs/acme/teams/moved":  one(`{"slug":"renamed"}`),
	})
	got, err := c.Authority(t.Context(), "ann", []string{"ops", "ACME/leads", "invited", "others", "ops"})
	want := access.Authority{User: "Ann", Permission: "write", Role: "maintain", Teams: []string{"ACME/leads", "ops"}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if got, err := c.Authority(t.Context(), "renovate[bot]", nil); err != nil || got.Permission != "read" || got.Teams == nil {
		t.Errorf("a bot: %+v, %v", got, err)
	}
	for team, says := range map[string][]string{
		"odd": {"inactive"}, "null": {"none that is known"}, "moved": {"renamed"},
		"hidden":     {"404", "may not see", "organisation permission members: read", "GitHub App"},
		"refused":    {"403", "members: read", "GitHub App"},
		"evil/leads": {"only teams of"}, "../leads": {"not a team's slug", "\""}, "": {"not a team's slug"}, "a/b/c": {"not a team's slug"},
	} {
		if strings.HasPrefix(team, "..") {
			says = []string{"only teams of"}
		}
		got, err := c.Authority(t.Context(), "ann", []string{"leads", team})
		wantError(t, err, says...)
		if got.User != "" {
			t.Errorf("%s: %+v beside an error", team, got)
		}
	}
	_, err = c.Authority(t.Context(), "nobody", nil)
	wantError(t, err, "501")
}

func TestRules(t *testing.T) {
	t.Parallel()
	rules := `[{"type":"deletion"},{"type":"non_fast_forward","parameters":null},{"type":"update","parameters":{"update_allows_fetch_and_merge":false}},
		{"type":"required_linear_history"},{"type":"required_status_checks","parameters":{}},{"type":"novelty","parameters":[1]},
		{"type":"pull_request","parameters":{"required_approving_review_count":2,"dismiss_stale_reviews_on_push":true}},
		{"type":"pull_request","parameters":{"required_approving_review_count":1,"require_last_push_approval":true,"require_code_owner_review":true}},
		{"type":"pull_request"}]`
	s, c := serve(t, map[string][]string{
		"GET /rules/branches/main":            one(rules),
		"GET /branches/main":                  one(`{"name":"main","protected":true}`),
		"GET /rules/branches/rel%2F1%23%25":   one(`[{"type":"pull_request","parameters":null}]`),
		"GET /branches/rel%2F1%23%25":         one(`{"name":"rel/1#%","protected":false}`),
		"GET /rules/branches/ledger":          one(`[{"type":"deletion"}]`),
		"GET /branches/ledger":                one(`404 {"message":"Branch not found"}`),
		"GET /git/ref/heads/ledger":           one(`404 {"message":"Not Found"}`),
		"GET /git/matching-refs/heads/ledger": one(`[{"ref":"refs/heads/ledger2"}]`),
		"GET /rules/branches/hidden":          one(`[]`),
		"GET /branches/hidden":                one(`404 {"message":"Not Found"}`),
		"GET /git/ref/heads/hidden":           one(`404 {"message":"Not Found"}`),
		"GET /git/matching-refs/heads/hidden": one(`404 {"message":"Not Found"}`),
		"GET /rules/branches/silent":          one(`[]`),
		"GET /branches/silent":                one(`{"name":"silent"}`),
		"GET /rules/branches/redirected":      one(`[]`),
		"GET /branches/redirected":            one(`{"name":"other","protected":true}`),
	})
	for branch, want := range map[string]access.BranchRules{
		"main": {
			Protected: true, PullRequest: true, Approvals: 2, DismissStale: true, LastPush: true, CodeOwners: true,
			NoForcePush: true, NoDeletion: true, NoUpdate: true, LinearHistory: true, RequiredChecks: true,
		},
		"rel/1#%": {PullRequest: true},
		"ledger":  {NoDeletion: true},
	} {
		want.Branch = branch
		got, err := c.Rules(t.Context(), branch)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", branch, err, d)
		}
	}
	for branch, says := range map[string]string{"hidden": "404", "silent": "does not say", "redirected": `"other"`} {
		_, err := c.Rules(t.Context(), branch)
		wantError(t, err, says)
	}
	if n := s.count("GET /rules/branches/main?per_page=100&page=1"); n != 1 {
		t.Errorf("%d such requests", n)
	}
	full := "[" + strings.TrimSuffix(strings.Repeat(`{"type":"novelty"},`, perPage), ",") + "]"
	s, c = serve(t, map[string][]string{
		"GET /rules/branches/main": {full, `[{"type":"deletion"}]`}, "GET /branches/main": one(`{"name":"main","protected":false}`),
	})
	if got, err := c.Rules(t.Context(), "main"); err != nil || !got.NoDeletion || s.count("GET /rules") != 2 {
		t.Errorf("over two pages: %+v, %v", got, err)
	}
}

func TestOwnersErrors(t *testing.T) {
	t.Parallel()
	_, c := serve(t, map[string][]string{"GET /codeowners/errors": one(`{"errors":[{"path":".github/CODEOWNERS","line":3,"kind":"Unknown owner","message":"Unknown\nowner: @x"}]}`)})
	got, err := c.OwnersErrors(t.Context(), shaA)
	want := []access.OwnersError{{Path: ".github/CODEOWNERS", Line: 3, Kind: "Unknown owner", Message: "Unknown owner: @x"}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	absent := `404 {"message":"Not Found"}`
	root := `[{"type":"file","path":"README.md"}]`
	none := map[string][]string{
		"GET /codeowners/errors": one(absent), "GET /contents/.github": one(absent), "GET /contents/docs": one(absent), "GET /contents/": one(root), "GET /contents": one(root),
	}
	_, c = serve(t, none)
	if got, err := c.OwnersErrors(t.Context(), shaA); err != nil || got == nil || len(got) != 0 {
		t.Errorf("no CODEOWNERS: %v, %v", got, err)
	}
	for name, change := range map[string]map[string][]string{
		"one is there":       {"GET /contents/": one(`[{"type":"symlink","path":"CODEOWNERS"}]`), "GET /contents": one(`[{"type":"symlink","path":"CODEOWNERS"}]`)},
		"contents hidden":    {"GET /contents/": one(absent), "GET /contents": one(absent)},
		"directory refused":  {"GET /contents/docs": one(`403 {"message":"no"}`)},
		"refused altogether": {"GET /codeowners/errors": one(`403 {"message":"no"}`)},
	} {
		answers := map[string][]string{}
		for _, m := range []map[string][]string{none, change} {
			for route, a := range m {
				answers[route] = a
			}
		}
		_, c := serve(t, answers)
		if got, err := c.OwnersErrors(t.Context(), shaA); err == nil {
			t.Errorf("%s: no error, but %v", name, got)
		}
	}
}

func TestBranchTip(t *testing.T) {
	t.Parallel()
	absent := `404 {"message":"Not Found"}`
	for name, test := range map[string]struct {
		list     string
		notExist bool
	}{
		"none at all": {`[]`, true}, "only longer names": {`[{"ref":"refs/heads/ledger-old"}]`, true}, "it is listed": {`[{"ref":"refs/heads/ledger"}]`, false},
		"null": {`null`, false}, "null in it": {`[null]`, false}, "hidden": {absent, false}, "refused": {`403 {"message":"x"}`, false},
		"empty repository": {`409 {"message":"Git Repository is empty."}`, false}, "other names": {`[{"ref":"refs/heads/main"}]`, false}, "nothing": {``, false},
	} {
		_, c := serve(t, map[string][]string{"GET /git/ref/heads/ledger": one(absent), "GET /git/matching-refs/heads/ledger": one(test.list)})
		_, err := c.BranchTip(t.Context(), "ledger")
		if err == nil || errors.Is(err, fs.ErrNotExist) != test.notExist {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, c := serve(t, map[string][]string{"GET /git/ref/heads/ledger": one(absent), "GET /git/matching-refs/heads/ledger": one(`[{"ref":"refs/heads/ledger1"}]`)})
	s.header = func(*http.Request) http.Header { return http.Header{"Link": {`<x?page=2>; rel="next"`}} }
	if _, err := c.BranchTip(t.Context(), "ledger"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a list of more than one page: %v", err)
	}
	_, c = serve(t, map[string][]string{"GET /git/ref/heads/ledger": one(`{"ref":"refs/heads/ledger","object":{"type":"commit","sha":"` + shaA + `"}}`)})
	if sha, err := c.BranchTip(t.Context(), "ledger"); err != nil || sha != shaA {
		t.Errorf("%s, %v", sha, err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	absent := `404 {"message":"Not Found"}`
	const patterns = "/deployment-branch-policies"
	_, c := serve(t, map[string][]string{
		"GET /environments/open":   one(`{"name":"open","can_admins_bypass":true,"protection_rules":[],"deployment_branch_policy":null}`),
		"GET /environments/silent": one(`{"name":"silent"}`),
		"GET /environments/locked": one(`{"name":"Locked","can_admins_bypass":false,"protection_rules":[{"type":"wait_timer"},null,
			{"type":"required_reviewers","prevent_self_review":true,"reviewers":[{"type":"User"},{"reviewer":null}]},{"type":"branch_policy"}],
			"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":true}}`),
		"GET /environments/locked" + patterns: one(`{"branch_policies":[{"name":"release/*","type":"branch"},{"name":"main"},{"name":"v*","type":"tag"}]}`),
		"GET /environments/any%2Fname":        one(`{"name":"any/name","deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":false}}`),
		"GET /environments/odd":               one(`{"name":"odd","deployment_branch_policy":{"custom_branch_policies":true}}`),
		"GET /environments/odd" + patterns:    one(`{"branch_policies":[{"name":"x","type":"novelty"}]}`),
		"GET /environments/none":              one(`{"name":"none","deployment_branch_policy":{"custom_branch_policies":true}}`),
		"GET /environments/none" + patterns:   one(`{"total_count":0,"branch_policies":[]}`),
		"GET /environments/cut":               one(`{"name":"cut","deployment_branch_policy":{"custom_branch_policies":true}}`),
		"GET /environments/cut" + patterns:    one(`{"total_count":1}`),
		"GET /environments/absent":            one(absent),
		"GET /environments/listed":            one(absent),
		"GET /environments":                   one(`{"environments":[{"name":"Listed"}]}`),
	})
	for name, want := range map[string]access.Environment{
		"open": {Name: "open", AdminsBypass: true}, "silent": {Name: "silent", AdminsBypass: true},
		"locked":   {Name: "Locked", Reviewers: 2, PreventSelfReview: true, Branches: []string{"main", "release/*"}, Tags: []string{"v*"}},
		"any/name": {Name: "any/name", AdminsBypass: true, ProtectedBranches: true, Branches: []string{}, Tags: []string{}},
		"none":     {Name: "none", AdminsBypass: true, Branches: []string{}, Tags: []string{}},
	} {
		got, err := c.Environment(t.Context(), name)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
	if _, err := c.Environment(t.Context(), "absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	for _, name := range []string{"listed", "odd", "cut"} {
		if got, err := c.Environment(t.Context(), name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, list := range []string{absent, `null`, `{}`, `{"environments":[null]}`, `403 {}`} {
		_, c := serve(t, map[string][]string{"GET /environments/absent": one(absent), "GET /environments": one(list)})
		if _, err := c.Environment(t.Context(), "absent"); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", list, err)
		}
	}
}

func TestWorkflowsAndRepositoryFacts(t *testing.T) {
	t.Parallel()
	_, c := serve(t, map[string][]string{
		"GET /actions/permissions/workflow": {`{"default_workflow_permissions":"read","can_approve_pull_request_reviews":true}`, `403 {"message":"Resource not accessible by integration"}`},
		"GET ":                              {`{"full_name":"Acme/okta-access","default_branch":"trunk","visibility":"internal","allow_forking":false}`, `{"full_name":"acme/okta-access","default_branch":"main","visibility":"public"}`},
	})
	if got, err := c.Workflows(t.Context()); err != nil || got != (access.Workflows{DefaultPermissions: "read", CanApprove: true}) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := c.Workflows(t.Context())
	wantError(t, err, "administration: read", "GitHub App", "workflow's own token never has")
	for _, want := range []access.RepositoryFacts{
		{FullName: "Acme/okta-access", DefaultBranch: "trunk", Visibility: "internal"},
		{FullName: "acme/okta-access", DefaultBranch: "main", Visibility: "public", AllowForking: true},
	} {
		if got, err := c.RepositoryFacts(t.Context()); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
}
