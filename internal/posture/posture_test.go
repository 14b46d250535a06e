package posture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
)

// repo is a Source of values. What is in refused answers an error.
type repo struct {
	facts    access.RepositoryFacts
	rules    map[string]access.BranchRules
	tips     map[string]string
	past     []access.Push
	files    map[string]string
	errs     []access.OwnersError
	envs     map[string]access.Environment
	settings access.Workflows
	refused  map[string]bool
}

const tip = "1111111111111111111111111111111111111111"

func (r repo) refuse(what string) error {
	if r.refused[what] {
		return fmt.Errorf("reading %s: github: 403\nthe token may lack a permission", what)
	}
	return nil
}

func (r repo) RepositoryFacts(context.Context) (access.RepositoryFacts, error) {
	return r.facts, r.refuse("repository")
}

func (r repo) Workflows(context.Context) (access.Workflows, error) {
	return r.settings, r.refuse("workflows")
}

func (r repo) Rules(_ context.Context, branch string) (access.BranchRules, error) {
	return r.rules[branch], r.refuse("rules " + branch)
}

func (r repo) BranchHead(_ context.Context, branch string) (string, error) {
	return r.tips[branch], r.refuse("head")
}

func (r repo) BranchTip(_ context.Context, branch string) (string, error) {
	sha, ok := r.tips[branch]
	if !ok {
		return "", errors.Join(fs.ErrNotExist, r.refuse("tip"))
	}
	return sha, r.refuse("tip")
}

func (r repo) BranchHistory(_ context.Context, branch string) ([]access.Push, error) {
	return r.past, r.refuse("past")
}

func (r repo) Environment(_ context.Context, name string) (access.Environment, error) {
	env, ok := r.envs[name]
	if !ok {
		return env, fs.ErrNotExist
	}
	return env, r.refuse("environment")
}

func (r repo) File(_ context.Context, path, sha string) ([]byte, error) {
	content, ok := r.files[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(content), r.refuse(path)
}

func (r repo) Dir(_ context.Context, dir, sha string) ([]string, error) {
	var paths []string
	for path := range r.files {
		if strings.HasPrefix(path, dir+"/") {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil, errors.Join(fs.ErrNotExist, r.refuse("dir"))
	}
	slices.Sort(paths)
	return paths, r.refuse("dir")
}

func (r repo) OwnersErrors(context.Context, string) ([]access.OwnersError, error) {
	return r.errs, r.refuse("owners errors")
}

const apply = `on: {workflow_run: {workflows: [s], types: [completed]}, push: {branches: [main]}}
permissions: {}
jobs:
  apply:
    environment: okta
    concurrency: {group: x, cancel-in-progress: false}
    steps:
      - uses: stepdown/stepdown@2222222222222222222222222222222222222222
        with: {command: apply}
        env: {OKTA_API_TOKEN: "${{ secrets.OKTA_API_TOKEN }}"}
`

// sound is a repository in which every check is ok that can be.
func sound() repo {
	return repo{
		facts: access.RepositoryFacts{FullName: "acme/okta-access", DefaultBranch: "main", Visibility: "private"},
		rules: map[string]access.BranchRules{
			"main":            {Branch: "main", Protected: true, PullRequest: true, Approvals: 2, DismissStale: true, LastPush: true, CodeOwners: true, NoForcePush: true, NoDeletion: true},
			"stepdown-ledger": {Branch: "stepdown-ledger", Protected: true, NoForcePush: true, NoDeletion: true, NoUpdate: true},
		},
		tips:     map[string]string{"main": tip, "stepdown-ledger": tip},
		files:    map[string]string{"access/settings.yaml": "kind: Settings\n", ".github/CODEOWNERS": "* @acme/all\n/access/ @acme/security\n/.github/ @acme/security\n", ".github/workflows/apply.yml": apply},
		envs:     map[string]access.Environment{"okta": {Name: "okta", Branches: []string{"main"}, Tags: []string{}}},
		settings: access.Workflows{DefaultPermissions: "read"},
		refused:  map[string]bool{},
	}
}

func judged(r repo) map[string]Check {
	checks := Judge(Collect(context.Background(), r, Wanted{LedgerBranch: "stepdown-ledger", Environments: []string{"okta"}, AccessDir: "access"}))
	byID := map[string]Check{}
	for _, c := range checks {
		if c.Of != "" {
			c.ID += ":" + c.Of
		}
		byID[c.ID] = c
	}
	return byID
}

func TestASoundRepositoryIsOK(t *testing.T) {
	t.Parallel()
	checks := judged(sound())
	if len(checks) < 24 {
		t.Errorf("only %d checks", len(checks))
	}
	for id, c := range checks {
		want := OK
		if id == "rules_bypass" { // never seen
			want = Note
		}
		if c.Status != want || c.Title == "" || c.Why == "" || c.Seen == "" {
			t.Errorf("%s: %+v", id, c)
		}
	}
}

// TestWhatIsOffIsSaid changes one thing in a sound repository, and wants that one check to tell.
func TestWhatIsOffIsSaid(t *testing.T) {
	t.Parallel()
	main := func(change func(*access.BranchRules)) func(*repo) { return rules("main", change) }
	ledger := func(change func(*access.BranchRules)) func(*repo) { return rules("stepdown-ledger", change) }
	env := func(change func(*access.Environment)) func(*repo) {
		return func(r *repo) {
			e := r.envs["okta"]
			change(&e)
			r.envs["okta"] = e
		}
	}
	workflow := func(old, with string) func(*repo) {
		return func(r *repo) {
			if !strings.Contains(apply, old) {
				panic(old)
			}
			r.files[".github/workflows/apply.yml"] = strings.ReplaceAll(apply, old, with)
		}
	}
	owners := func(content string) func(*repo) {
		return func(r *repo) { r.files[".github/CODEOWNERS"] = content }
	}
	const pin = "@2222222222222222222222222222222222222222"
	for _, c := range []struct {
		name, id string
		want     Status
		change   func(*repo)
	}{
		{"public", "repository_private", Off, func(r *repo) { r.facts.Visibility = "public" }},
		{"internal", "repository_private", Note, func(r *repo) { r.facts.Visibility = "internal" }},
		{"a visibility that nobody knows", "repository_private", Unknown, func(r *repo) { r.facts.Visibility = "" }},
		{"forks", "repository_forks", Note, func(r *repo) { r.facts.AllowForking = true }},
		{"no pull request", "default_pull_request", Off, main(func(b *access.BranchRules) { b.PullRequest = false })},
		{"no approvals", "default_approvals", Off, main(func(b *access.BranchRules) { b.Approvals = 0 })},
		{"approvals without a pull request", "default_approvals", Off, main(func(b *access.BranchRules) { b.PullRequest = false })},
		{"one approval", "default_approvals", Note, main(func(b *access.BranchRules) { b.Approvals = 1 })},
		{"stale approvals stand", "default_stale", Off, main(func(b *access.BranchRules) { b.DismissStale = false })},
		{"the last pusher approves", "default_last_push", Off, main(func(b *access.BranchRules) { b.LastPush = false })},
		{"no code owners", "default_code_owners", Off, main(func(b *access.BranchRules) { b.CodeOwners = false })},
		{"force pushes", "default_history", Off, main(func(b *access.BranchRules) { b.NoForcePush = false })},
		{"deletion", "default_history", Off, main(func(b *access.BranchRules) { b.NoDeletion = false })},
		{"no rule at all", "default_pull_request", Off, main(func(b *access.BranchRules) { *b = access.BranchRules{} })},
		{"a classic protection", "default_pull_request", Unknown, main(func(b *access.BranchRules) { *b = access.BranchRules{Protected: true} })},
		{"no CODEOWNERS", "owners_file", Off, func(r *repo) { delete(r.files, ".github/CODEOWNERS") }},
		{"a mistake in CODEOWNERS", "owners_valid", Off, func(r *repo) { r.errs = []access.OwnersError{{Line: 3, Kind: "Unknown owner"}} }},
		{"nobody owns the manifests", "owners_access", Off, owners("/.github/ @s\n")},
		{"a later line without owners", "owners_access", Off, owners("* @s\n/access/\n")},
		{"manifests of one ending have no owners", "owners_access", Off, owners("* @s\n/access/*.yml\n")},
		{"the rules have no owners", "owners_access", Off, owners("/access/* @s\n")},
		{"a later line that takes owners from some", "owners_access", Unknown, owners("* @s\n/access/payroll*\n")},
		{"one that GitHub does not understand", "owners_access", Unknown, owners("* @s\n!/access/\n")},
		{"workflows have no owners", "owners_github", Off, owners("* @s\n.github/workflows/\n")},
		{"only what lies in .github itself has", "owners_github", Off, owners(".github/* @s\n")},
		{"CODEOWNERS has none", "owners_itself", Off, owners("* @s\nCODEOWNERS\n")},
		{"another CODEOWNERS that would count more", "owners_itself", Off, func(r *repo) {
			delete(r.files, ".github/CODEOWNERS")
			r.files["CODEOWNERS"] = "/CODEOWNERS @s\n"
		}},
		{"no ledger yet", "ledger_branch", Note, func(r *repo) { delete(r.tips, "stepdown-ledger") }},
		{"a ledger that was deleted", "ledger_branch", Off, func(r *repo) {
			delete(r.tips, "stepdown-ledger")
			r.past = []access.Push{{Kind: access.PushDeletion, Actor: "mallory"}, {Kind: "branch_creation"}}
		}},
		{"a ledger that is gone", "ledger_branch", Off, func(r *repo) {
			delete(r.tips, "stepdown-ledger")
			r.past = []access.Push{{Kind: "push", Actor: "mallory"}}
		}},
		{"a ledger whose past is not told", "ledger_branch", Unknown, func(r *repo) {
			delete(r.tips, "stepdown-ledger")
			r.refused["past"] = true
		}},
		{"the ledger can be rewritten", "ledger_history", Off, ledger(func(b *access.BranchRules) { b.NoForcePush = false })},
		{"the ledger can be deleted", "ledger_history", Off, ledger(func(b *access.BranchRules) { b.NoDeletion = false })},
		{"the ledger cannot be written", "ledger_writable", Off, ledger(func(b *access.BranchRules) { b.PullRequest = true })},
		{"the ledger waits for checks", "ledger_writable", Off, ledger(func(b *access.BranchRules) { b.RequiredChecks = true })},
		{"a classic protection of the ledger", "ledger_writable", Unknown, ledger(func(b *access.BranchRules) { *b = access.BranchRules{Protected: true} })},
		{"everybody may write to it", "ledger_update", Note, ledger(func(b *access.BranchRules) { b.NoUpdate = false })},
		{"no environment", "environments_there", Off, func(r *repo) { delete(r.envs, "okta") }},
		{"an environment that nothing uses", "environments_there", Note, func(r *repo) {
			delete(r.envs, "okta")
			r.files[".github/workflows/apply.yml"] = "on: push\njobs: {}\n"
		}},
		{"an environment of which it is not known what uses it", "environments_there", Off, func(r *repo) {
			delete(r.envs, "okta")
			r.files[".github/workflows/apply.yml"] = "a: [\n"
		}},
		{"an environment that another job would make", "environments_there", Off, func(r *repo) {
			delete(r.envs, "okta")
			r.files[".github/workflows/apply.yml"] = "on: push\njobs: {a: {environment: OKTA}}\n"
		}},
		{"any branch", "environment_branches:okta", Off, env(func(e *access.Environment) { e.Branches = nil })},
		{"no branch", "environment_branches:okta", Off, env(func(e *access.Environment) { e.Branches = []string{} })},
		{"a pattern", "environment_branches:okta", Off, env(func(e *access.Environment) { e.Branches = []string{"ma*"} })},
		{"pull requests too", "environment_branches:okta", Off, env(func(e *access.Environment) { e.Branches = []string{"main", "refs/pull/*/merge"} })},
		{"tags", "environment_branches:okta", Off, env(func(e *access.Environment) { e.Tags = []string{"v*"} })},
		{"protected branches", "environment_branches:okta", Unknown, env(func(e *access.Environment) { e.ProtectedBranches, e.Branches = true, nil })},
		{"protected branches, and a ledger that takes pushes", "environment_branches:okta", Off, func(r *repo) {
			env(func(e *access.Environment) { e.ProtectedBranches, e.Branches = true, nil })(r)
			ledger(func(b *access.BranchRules) { b.NoUpdate = false })(r)
		}},
		{"protected branches, of which there are none", "environment_branches:okta", Off, func(r *repo) {
			env(func(e *access.Environment) { e.ProtectedBranches, e.Branches = true, nil })(r)
			r.rules = map[string]access.BranchRules{}
		}},
		{"reviewers", "environment_reviewers:okta", Note, env(func(e *access.Environment) { e.Reviewers = 2 })},
		{"administrators", "environment_admins:okta", Note, env(func(e *access.Environment) { e.AdminsBypass = true })},
		{"a token that writes", "workflow_permissions", Off, func(r *repo) { r.settings.DefaultPermissions = "write" }},
		{"a default that nobody knows", "workflow_permissions", Unknown, func(r *repo) { r.settings.DefaultPermissions = "" }},
		{"workflows approve", "workflow_approvals", Off, func(r *repo) { r.settings.CanApprove = true }},
		{"pull_request_target", "workflow_target", Off, func(r *repo) {
			r.files[".github/workflows/x.yaml"] = "on: [push, pull_request_target]\njobs: {}\n"
		}},
		{"no YAML", "workflow_target", Unknown, func(r *repo) { r.files[".github/workflows/x.yml"] = "a: [\n" }},
		{"a tag", "workflow_pins", Off, workflow(pin, "@v1")},
		{"the examples' placeholder", "workflow_pins", Off, workflow(pin, "@0000000000000000000000000000000000000000")},
		{"another action by a tag", "workflow_pins", Off, workflow("    steps:\n", "    steps:\n      - uses: actions/checkout@v4\n")},
		{"no permissions", "workflow_token", Off, workflow("permissions: {}\n", "")},
		{"all permissions", "workflow_token", Off, workflow("permissions: {}", "permissions: write-all")},
		{"no environment in the job", "workflow_apply", Off, workflow("    environment: okta\n", "")},
		{"an environment that was not looked at", "workflow_apply", Unknown, workflow("environment: okta", "environment: {name: other}")},
		{"an environment that is computed", "workflow_apply", Unknown, workflow("environment: okta", "environment: ${{ inputs.e }}")},
		{"no concurrency", "workflow_apply", Off, workflow("    concurrency: {group: x, cancel-in-progress: false}\n", "")},
		{"cancelled by the next", "workflow_apply", Off, workflow("cancel-in-progress: false", "cancel-in-progress: true")},
		{"perhaps cancelled", "workflow_apply", Unknown, workflow("cancel-in-progress: false", "cancel-in-progress: ${{ inputs.c }}")},
		{"a command that is computed", "workflow_apply", Off, func(r *repo) {
			r.files[".github/workflows/apply.yml"] = strings.NewReplacer("command: apply", "command: '${{ inputs.c }}'", "    concurrency: {group: x, cancel-in-progress: false}\n", "").Replace(apply)
		}},
		{"a sweep that waits", "environment_reviewers:okta", Off, func(r *repo) {
			workflow("command: apply", "command: sweep")(r)
			env(func(e *access.Environment) { e.Reviewers = 1 })(r)
		}},
		{"a workflow that is called", "workflow_apply", Unknown, func(r *repo) {
			r.files[".github/workflows/apply.yml"] = "on: push\npermissions: {}\njobs: {a: {uses: acme/stepdown/.github/workflows/apply.yml" + pin + ", secrets: inherit}}\n"
		}},
		{"a secret for the whole workflow", "workflow_apply", Off, func(r *repo) {
			r.files[".github/workflows/apply.yml"] = "on: push\npermissions: {}\nenv: {KEY: '${{ secrets.KEY }}'}\njobs: {a: {steps: [{uses: acme/stepdown" + pin + ", with: {command: audit}}]}}\n"
		}},
		{"an image by a tag", "workflow_pins", Off, workflow("stepdown/stepdown"+pin, "docker://registry.example/acme/stepdown:v1")},
		{"under another name's spelling", "workflow_pins", Off, workflow("stepdown/stepdown"+pin, "Acme/Stepdown@main")},
		{"runs on reviews", "workflow_events", Note, workflow("push: {branches: [main]}", "pull_request_review: {}")},
		{"nothing runs it", "workflow_pins", Note, func(r *repo) { delete(r.files, ".github/workflows/apply.yml") }},
	} {
		r := sound()
		c.change(&r)
		got := judged(r)[c.id]
		if got.Status != c.want || got.Seen == "" || got.Mend == "" || got.Why == "" {
			t.Errorf("%s: %s is %q, want %q: %+v", c.name, c.id, got.Status, c.want, got)
		}
	}
}

// TestWhatIsNamedHasToBeThere: a name that somebody gave is no default, so that one that is misspelt does not pass.
func TestWhatIsNamedHasToBeThere(t *testing.T) {
	t.Parallel()
	r := sound()
	r.files = map[string]string{}
	for named, want := range map[bool]Status{true: Off, false: Note} {
		wanted := Wanted{LedgerBranch: "stepdown-ledger", Environments: []string{"okta-swep", "okta", "okta-none"}, Named: named, AccessDir: "access"}
		seen := 0
		for _, c := range Judge(Collect(context.Background(), r, wanted)) {
			switch {
			case c.ID == "environments_there":
				if seen++; c.Status != want || !strings.Contains(c.Seen, "okta-swep, okta-none") {
					t.Errorf("named %v: %+v", named, c)
				}
			case c.Of != "" && c.Of != "okta":
				t.Errorf("it says again that there is none: %+v", c)
			}
		}
		if seen != 1 {
			t.Errorf("named %v: said %d times", named, seen)
		}
	}
}

// TestWhoMayBeWaitedFor: whether an environment may have reviewers is told by what runs in it, and where nothing does by its name.
func TestWhoMayBeWaitedFor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Status{"okta": Note, "okta-plan": Note, "okta-audit": Off, "okta-sweep": Off, "okta-doctor": Note, "other": Note} {
		r := sound()
		r.files = map[string]string{}
		r.envs = map[string]access.Environment{name: {Name: name, Branches: []string{"main"}, Reviewers: 1}}
		for _, c := range Judge(Collect(context.Background(), r, Wanted{LedgerBranch: "stepdown-ledger", Environments: []string{name}, AccessDir: "access"})) {
			if c.ID == "environment_reviewers" && c.Status != want {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// TestOnlyTheDefaultBranchIsAdmitted: what is said of an environment is what is so.
func TestOnlyTheDefaultBranchIsAdmitted(t *testing.T) {
	t.Parallel()
	for seen, env := range map[string]access.Environment{
		"it admits every branch and tag":                 {},
		"it admits no branch, so that no job can use it": {Branches: []string{}},
		`it admits tags: ["main"]`:                       {Branches: []string{"main"}, Tags: []string{"main"}},
		`it admits ["dev" "main"], not only "main"`:      {Branches: []string{"dev", "main"}},
	} {
		r := sound()
		r.envs["okta"] = env
		if got := judged(r)["environment_branches:okta"]; got.Status != Off || got.Seen != seen {
			t.Errorf("%+v: %+v", env, got)
		}
	}
}

func TestNamesSecret(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"${{ secrets.KEY }}": true, "${{ toJSON(secrets) }}": true, "${{ secrets[matrix.name] }}": true, "inherit": true,
		"${{ secrets.GITHUB_TOKEN }}": false, "${{ github.token }}": false, "secrets.KEY": false, "${{ secrets.GITHUB_TOKEN || secrets.KEY }}": true,
	} {
		if got := namesSecret(map[string]any{"a": []any{text}}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func rules(branch string, change func(*access.BranchRules)) func(*repo) {
	return func(r *repo) {
		b := r.rules[branch]
		change(&b)
		r.rules[branch] = b
	}
}

// TestSettingsThatAreNotThereAreNoted and are not off.
func TestSettingsThatAreNotThereAreNoted(t *testing.T) {
	t.Parallel()
	r := sound()
	delete(r.files, "access/settings.yaml")
	if c := judged(r)["settings_there"]; c.Status != Note || !strings.Contains(c.Seen, "access/settings.yaml") || c.Mend == "" {
		t.Errorf("%+v", c)
	}
}

// TestWhatIsNotReadIsUnknown: each refusal makes the checks that need it unknown, and they say which permission is missing.
func TestWhatIsNotReadIsUnknown(t *testing.T) {
	t.Parallel()
	for refused, ids := range map[string][]string{
		"repository": {
			"repository_private", "repository_forks", "default_pull_request", "default_approvals", "default_stale", "default_last_push",
			"default_code_owners", "default_history", "rules_bypass", "settings_there", "owners_file", "environment_branches:okta", "workflow_target", "workflow_pins", "workflow_token", "workflow_apply", "workflow_events",
		},
		"workflows":                   {"workflow_permissions", "workflow_approvals"},
		"rules main":                  {"default_pull_request", "default_approvals", "default_stale", "default_last_push", "default_code_owners", "default_history", "rules_bypass"},
		"rules stepdown-ledger":       {"ledger_history", "ledger_writable", "ledger_update"},
		"tip":                         {"ledger_branch"},
		"head":                        {"settings_there", "owners_file", "workflow_target", "workflow_pins", "workflow_token", "workflow_apply", "workflow_events"},
		"environment":                 {"environments_there", "environment_branches:okta", "environment_reviewers:okta", "environment_admins:okta"},
		"dir":                         {"workflow_target", "workflow_pins", "workflow_token", "workflow_apply", "workflow_events"},
		".github/CODEOWNERS":          {"owners_file"},
		"access/settings.yaml":        {"settings_there"},
		"owners errors":               {"owners_valid"},
		".github/workflows/apply.yml": {"workflow_target"},
	} {
		r := sound()
		r.refused[refused] = true
		checks := judged(r)
		for _, id := range ids {
			c := checks[id]
			if c.Status != Unknown || !strings.Contains(c.Seen, "403") || !strings.Contains(c.Mend, ": read") || strings.Contains(c.Seen, "\n") {
				t.Errorf("%s refused: %+v", refused, c)
			}
		}
		for id, c := range checks {
			if c.Status == Unknown && !slices.Contains(ids, id) && !strings.HasPrefix(id, "workflow_") {
				t.Errorf("%s refused: %s is unknown too", refused, id)
			}
		}
	}
	r := sound()
	r.refused["workflows"] = true
	if mend := judged(r)["workflow_permissions"].Mend; !strings.Contains(mend, "administration: read") || !strings.Contains(mend, "GitHub App") {
		t.Errorf("mend = %q", mend)
	}
}

// TestNothingReadIsNeverOK: facts that nobody collected pass nothing.
func TestNothingReadIsNeverOK(t *testing.T) {
	t.Parallel()
	for _, c := range Judge(Facts{Wanted: Wanted{LedgerBranch: "l", AccessDir: "access"}, Environments: []Fact[Environment]{{}}}) {
		if c.Status != Unknown {
			t.Errorf("%s is %q: %s", c.ID, c.Status, c.Seen)
		}
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	for want, statuses := range map[Status][]Status{
		OK: {}, Note: {OK, Note}, Unknown: {Unknown, Note, OK}, Off: {OK, Off, Unknown},
	} {
		var checks []Check
		for _, s := range statuses {
			checks = append(checks, Check{Status: s})
		}
		if got := Worst(checks); got != want {
			t.Errorf("%v: %q", statuses, got)
		}
	}
}
