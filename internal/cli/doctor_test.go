package cli

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/githubemu"
)

const adminToken, jobToken = "github_pat_planted_of_an_administrator", "ghs_planted_of_a_workflow"

// soundHub is a repository set up as docs/security.md says.
func soundHub(t *testing.T) *githubemu.Hub {
	t.Helper()
	hub := githubemu.New(githubemu.Options{Repository: "acme/okta-access", DefaultBranch: "main", Token: jobToken})
	hub.SetRole("identity-admin", "admin")
	hub.AddToken(adminToken, githubemu.Token{Login: "identity-admin", Type: githubemu.UserToken, Permissions: map[string]string{
		"contents": "read", "actions": "read", "administration": "read",
	}})
	hub.SetAllowForking(false)
	files := map[string]string{
		"access/settings.yaml": "apiVersion: stepdown/v1\nkind: Settings\n",
		".github/CODEOWNERS":   "* @identity-admin\n/access/ @identity-admin\n/.github/ @identity-admin\n",
	}
	for name, w := range examples(t) {
		files[".github/workflows/"+name] = strings.ReplaceAll(w.text, "@"+strings.Repeat("0", 40), "@"+strings.Repeat("2", 40))
	}
	hub.Commit("main", files)
	hub.Protect("main", githubemu.Protection{
		PullRequest: true, Approvals: 2, DismissStale: true, LastPush: true, CodeOwners: true, NoForcePush: true, NoDeletion: true,
	})
	hub.Protect("stepdown-ledger", githubemu.Protection{NoForcePush: true, NoDeletion: true})
	for _, name := range []string{"okta", "okta-plan", "okta-audit", "okta-sweep", "okta-doctor"} {
		hub.SetEnvironment(name, githubemu.Environment{Branches: []string{"main"}})
	}
	return hub
}

const allEnvironments = "--environment=okta,okta-plan,okta-audit,okta-sweep,okta-doctor"

// doctor runs the verb against the repository and returns its exit code and what it said.
func doctor(t *testing.T, hub *githubemu.Hub, env map[string]string, args ...string) (int, string) {
	t.Helper()
	server := httptest.NewServer(hub)
	defer server.Close()
	all := map[string]string{"GITHUB_REPOSITORY": "acme/okta-access", "GITHUB_API_URL": server.URL, "GITHUB_TOKEN": adminToken}
	for name, value := range env {
		all[name] = value
	}
	var out bytes.Buffer
	code := Main(context.Background(), Env{Args: append([]string{"stepdown"}, args...), Getenv: func(name string) string { return all[name] }, Stdout: &out, Stderr: &out})
	for _, r := range hub.Requests() {
		if r.Method != "GET" {
			t.Errorf("doctor sent %s %s", r.Method, r.Path)
		}
	}
	if strings.Contains(out.String(), adminToken) && !strings.Contains(out.String(), "::add-mask::") {
		t.Error("the token was printed")
	}
	return code, out.String()
}

func TestDoctorOfASoundRepository(t *testing.T) {
	t.Parallel()
	code, out := doctor(t, soundHub(t), nil, "doctor", allEnvironments)
	if code != ExitDone || !strings.Contains(out, "0 off, 0 not known") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if strings.Contains(out, "FAIL") || !strings.Contains(out, "rules_bypass") {
		t.Errorf("it says:\n%s", out)
	}
}

// TestDoctorWithAWorkflowsToken: what it cannot see is no pass, and it says which permission would show it.
func TestDoctorWithAWorkflowsToken(t *testing.T) {
	t.Parallel()
	code, out := doctor(t, soundHub(t), map[string]string{"GITHUB_TOKEN": jobToken}, "doctor", allEnvironments)
	if code != ExitUnknown || !strings.Contains(out, "0 off, 2 not known") || !strings.Contains(out, "administration: read") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestDoctorSaysWhatIsOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*githubemu.Hub)
		check  string
		code   int
	}{
		{"public", func(h *githubemu.Hub) { h.SetVisibility("public") }, "repository_private", ExitFound},
		{"no rules", func(h *githubemu.Hub) { h.Unprotect("main") }, "default_pull_request", ExitFound},
		{"a classic protection", func(h *githubemu.Hub) { h.Unprotect("main"); h.ProtectClassic("main") }, "default_pull_request", ExitUnknown},
		{"the ledger unprotected", func(h *githubemu.Hub) { h.Unprotect("stepdown-ledger") }, "ledger_history", ExitFound},
		{"an environment for every branch", func(h *githubemu.Hub) { h.SetEnvironment("okta", githubemu.Environment{}) }, "environment_branches (okta", ExitFound},
		{"an environment for protected branches", func(h *githubemu.Hub) {
			h.SetEnvironment("okta", githubemu.Environment{ProtectedBranches: true})
		}, "environment_branches (okta", ExitFound},
		{"an environment for pull requests too", func(h *githubemu.Hub) {
			h.SetEnvironment("okta", githubemu.Environment{Branches: []string{"main", "refs/pull/*/merge"}})
		}, "environment_branches (okta", ExitFound},
		{"a tag of the name", func(h *githubemu.Hub) {
			h.SetEnvironment("okta", githubemu.Environment{Branches: []string{"main"}, Tags: []string{"main"}})
		}, "environment_branches (okta", ExitFound},
		{"a sweep that waits", func(h *githubemu.Hub) {
			h.SetEnvironment("okta-sweep", githubemu.Environment{Branches: []string{"main"}, Reviewers: 1})
		}, "environment_reviewers (okta-sweep)", ExitFound},
		{"a ledger that was deleted", func(h *githubemu.Hub) {
			h.CommitAs("octocat", "stepdown-ledger", nil)
			h.DeleteBranch("mallory", "stepdown-ledger")
		}, "ledger_branch", ExitFound},
		{"workflows that write", func(h *githubemu.Hub) { h.SetWorkflows("write", false) }, "workflow_permissions", ExitFound},
		{"workflows that approve", func(h *githubemu.Hub) { h.SetWorkflows("read", true) }, "workflow_approvals", ExitFound},
		{"no code owners", func(h *githubemu.Hub) { h.Remove("main", ".github/CODEOWNERS") }, "owners_file", ExitFound},
		{"an owner that is none", func(h *githubemu.Hub) {
			h.Outsider("mallory")
			h.Commit("main", map[string]string{".github/CODEOWNERS": "* @identity-admin\n/access/ @mallory\n"})
		}, "owners_valid", ExitFound},
		{"pull_request_target", func(h *githubemu.Hub) {
			h.Commit("main", map[string]string{".github/workflows/x.yml": "on: pull_request_target\njobs: {}\n"})
		}, "workflow_target", ExitFound},
		{"environments hidden", func(h *githubemu.Hub) { h.Withhold("actions", 404) }, "environment_branches (okta", ExitUnknown},
		{"contents refused", func(h *githubemu.Hub) { h.Withhold("contents", 403) }, "owners_file", ExitUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hub := soundHub(t)
			c.change(hub)
			code, out := doctor(t, hub, nil, "doctor", allEnvironments)
			word := map[int]string{ExitFound: "FAIL", ExitUnknown: "NOT KNOWN"}[c.code]
			if code != c.code || !regexp.MustCompile(`(?m)^`+word+`\s.*`+regexp.QuoteMeta(c.check)).MatchString(out) {
				t.Errorf("exit code %d, want %d and %s %s:\n%s", code, c.code, word, c.check, out)
			}
		})
	}
}

// TestDoctorInActions: the inputs are its flags, and the summary has what it found.
func TestDoctorInActions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "INPUT_COMMAND": "doctor", "INPUT_ENVIRONMENT": "okta, okta-plan,okta-audit,okta-sweep,okta-doctor,okta-none",
		"INPUT_LEDGER": "branch:stepdown-ledger", "INPUT_GITHUB-TOKEN": adminToken, "GITHUB_TOKEN": "",
		"GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"), "GITHUB_OUTPUT": filepath.Join(dir, "output"),
	}
	code, out := doctor(t, soundHub(t), env, "action")
	if code != ExitFound || !strings.Contains(out, "::error title=stepdown::1 setting not as") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	summary, err := os.ReadFile(filepath.Join(dir, "summary"))
	if err != nil || !regexp.MustCompile(`FAIL +environments_there.*\n\n.*okta-none`).Match(summary) {
		t.Errorf("the summary: %v\n%s", err, summary)
	}
	output, err := os.ReadFile(filepath.Join(dir, "output"))
	if err != nil || !regexp.MustCompile(`exit-code<<\S+\n1\n`).Match(output) {
		t.Errorf("the output: %v\n%s", err, output)
	}
}

func TestDoctorNeedsToKnowWhatToLookAt(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no environment": {"doctor", "--environment="},
		"no branch":      {"doctor", "--ledger="},
		"no name":        {"doctor", "--ledger=branch:"},
		"a folder":       {"doctor", "--ledger=stepdown-ledger"},
		"an argument":    {"doctor", "okta"},
	} {
		if code, out := doctor(t, soundHub(t), nil, args...); code != ExitUsage {
			t.Errorf("%s: exit code %d:\n%s", name, code, out)
		}
	}
	if code, _ := doctor(t, soundHub(t), map[string]string{"GITHUB_TOKEN": ""}, "doctor"); code != ExitUsage {
		t.Errorf("without a token: exit code %d", code)
	}
}
