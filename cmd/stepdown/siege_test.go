package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// victim is the account that attacks are after.
const victim = "svc-invoice-export@acme.example"

// request is the manifest that frank asks for, as it is where an attack does not change it.
const request = `apiVersion: stepdown/v1
kind: TokenOwner
name: invoice-export
account: svc-invoice-export@acme.example
operator: {name: dana-ops, signIn: password and TOTP in the team vault}
role: {customRole: Group reader, resourceSet: Invoice groups}
token: {name: invoice-export}
elevation: {window: 5s}
reason: Sends each group its invoices
ticket: FIN-1234
owner: team-finance@acme.example
delivery: {method: handoff, destination: vault kv/finance/okta}
`

// rulesOfSiege are the settings on the default branch.
const rulesOfSiege = `apiVersion: stepdown/v1
kind: Settings
serviceAccounts: ["svc-*"]
elevation: {maxWindow: 30m, settle: 300ms, stepDown: 4s, lateEffect: 500ms}
audit:
  knownTokens: [{owner: ada.admin@acme.example, name: stepdown, reason: the program's own}]
  agentClients: [Okta AD agent]
`

// siege is an org and a repository in which frank has asked for a token by pull request 1, from the branch "change". Nobody has
// approved it yet.
type siege struct {
	t       *testing.T
	org     *oktaemu.Org
	hub     *githubemu.Hub
	hubURL  string
	env     map[string]string
	dir     string
	out     string // of the last run, both streams
	mu      sync.Mutex
	onOkta  func(oktaemu.Request) // told of each request to the org, until it is nil
	granted atomic.Bool           // the victim was seen with the temporary role
}

func newSiege(t *testing.T, more ...oktaemu.Option) *siege {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "testdata", "orgs", "acme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seed, err := oktaemu.LoadSeed(file, "acme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	org, err := oktaemu.New(seed, append(more, oktaemu.WithAPIToken(apiToken))...)
	if err != nil {
		t.Fatal(err)
	}
	hub := githubemu.New(githubemu.Options{Repository: "acme/okta-access", DefaultBranch: "main", Token: hubToken})
	hub.Commit("main", map[string]string{
		"access/settings.yaml": rulesOfSiege, ".github/CODEOWNERS": "* @grace\n", ".github/workflows/apply.yml": "on: workflow_run\n",
	})
	hub.Protect("main", githubemu.Protection{PullRequest: true, Approvals: 1, DismissStale: true, LastPush: true, CodeOwners: true, NoForcePush: true, NoDeletion: true})
	okta, repository := httptest.NewServer(org), httptest.NewServer(hub)
	t.Cleanup(okta.Close)
	t.Cleanup(repository.Close)
	w := &siege{t: t, org: org, hub: hub, hubURL: repository.URL, dir: t.TempDir()}
	w.env = map[string]string{
		"OKTA_ORG_URL": okta.URL, "OKTA_API_TOKEN": apiToken, "STEPDOWN_LEDGER_KEY": ledgerKey, "GITHUB_API_URL": repository.URL,
		"GITHUB_REPOSITORY": "acme/okta-access", "GITHUB_TOKEN": hubToken, "GITHUB_EVENT_NAME": "workflow_run", "GITHUB_RUN_ID": "77",
		"GITHUB_EVENT_PATH": filepath.Join(w.dir, "event.json"), "GITHUB_ACTOR": "grace", "PATH": os.Getenv("PATH"), "GOCOVERDIR": os.Getenv("GOCOVERDIR"),
	}
	org.Tap(w.watch)
	w.push("frank", map[string]string{"access/invoice-export.yaml": request})
	hub.OpenPullRequest("frank", "change", "A token")
	return w
}

// push commits to the branch of the request.
func (w *siege) push(who string, files map[string]string) string {
	entries := map[string]githubemu.Entry{}
	for name, content := range files {
		entries[name] = githubemu.Entry{Content: content}
	}
	return w.hub.CommitAs(who, "change", entries)
}

// ask changes a line of the manifest that is asked for.
func (w *siege) ask(old, with string) {
	if !strings.Contains(request, old) {
		w.t.Fatalf("the manifest has no %q", old)
	}
	w.push("frank", map[string]string{"access/invoice-export.yaml": strings.Replace(request, old, with, 1)})
}

// settle changes the settings on the default branch, by adding to a section or a section.
func (w *siege) settings(old, with string) {
	if !strings.Contains(rulesOfSiege, old) {
		w.t.Fatalf("the settings have no %q", old)
	}
	w.hub.Commit("main", map[string]string{"access/settings.yaml": strings.Replace(rulesOfSiege, old, with, 1)})
}

func (w *siege) approve(who string, opts ...githubemu.ReviewOption) int64 {
	return w.hub.Review(1, who, "APPROVED", opts...)
}

// watch notes whether the victim ever holds the temporary role, and lets an attack act in the middle.
func (w *siege) watch(r oktaemu.Request) {
	if r.Method == "POST" && slices.ContainsFunc(w.org.RolesOf(victim), func(role string) bool { return !strings.HasPrefix(role, "CUSTOM") }) {
		w.granted.Store(true)
	}
	w.mu.Lock()
	do := w.onOkta
	w.mu.Unlock()
	if do != nil {
		do(r)
	}
}

// onRequest has the requests to the org told to a function, which several may call at once; nil ends it.
func (w *siege) onRequest(do func(oktaemu.Request)) {
	w.mu.Lock()
	w.onOkta = do
	w.mu.Unlock()
}

// once has something done at the first request to the org that matches.
func (w *siege) once(method, suffix string, do func()) {
	w.when(func(r oktaemu.Request) bool { return r.Method == method && strings.HasSuffix(r.Path, suffix) }, do)
}

// whenGranted has something done at the request that gives the victim the temporary role.
func (w *siege) whenGranted(do func()) {
	w.when(func(r oktaemu.Request) bool {
		return r.Method == "POST" && strings.HasSuffix(r.Path, "/roles") && w.granted.Load()
	}, do)
}

func (w *siege) when(matches func(oktaemu.Request) bool, do func()) {
	var done atomic.Bool
	w.onRequest(func(r oktaemu.Request) {
		if matches(r) && done.CompareAndSwap(false, true) {
			w.onRequest(nil)
			do()
		}
	})
}

// event writes the payload that starts the run.
func (w *siege) event(name string, payload []byte) {
	w.env["GITHUB_EVENT_NAME"] = name
	if err := os.WriteFile(w.env["GITHUB_EVENT_PATH"], payload, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run runs the program and returns its exit code. The event is the signal of the review, where an attack has not written another.
func (w *siege) run(args ...string) int {
	w.t.Helper()
	return w.bare(append(args, "--ledger", "branch:"+ledger.DefaultBranch)...)
}

// bare runs it without naming the ledger.
func (w *siege) bare(args ...string) int {
	w.t.Helper()
	if _, err := os.Stat(w.env["GITHUB_EVENT_PATH"]); err != nil {
		w.event("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request_review"))
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := w.command(ctx, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	w.out = out.String()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// command is the program in its folder, with its variables.
func (w *siege) command(ctx context.Context, args ...string) *exec.Cmd {
	w.t.Helper()
	binary, err := exec.LookPath("stepdown")
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = w.dir
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// nothingGranted holds the org against what it was.
func (w *siege) nothingGranted() {
	w.t.Helper()
	if roles := w.org.RolesOf(victim); len(roles) > 0 || w.granted.Load() {
		w.t.Errorf("the account holds %q; it was elevated: %v\n%s", roles, w.granted.Load(), w.out)
	}
	if tokens := w.org.TokensOf(victim); len(tokens) > 0 {
		w.t.Errorf("the account owns %q", tokens)
	}
}

// untouched says further that nobody sent the org a request that changes something.
func (w *siege) untouched() {
	w.t.Helper()
	for _, r := range w.org.Requests() {
		if r.Method != "GET" {
			w.t.Errorf("the org was sent %s %s\n%s", r.Method, r.Path, w.out)
		}
	}
}

// deniedBy holds the record of the admission against the rule that an attack should have met: it denied, and its line of the
// trace names the facts that it saw.
func (w *siege) deniedBy(rule string) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "stepdown-report", "admission.json"))
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.out)
	}
	var record struct {
		Decision struct {
			Allow   bool
			Denials []struct{ Rule, Msg, Hint string }
			Trace   []struct {
				Rule, Outcome string
				Facts         []string
			}
		}
	}
	if err := json.Unmarshal(data, &record); err != nil {
		w.t.Fatal(err)
	}
	found := false
	for _, d := range record.Decision.Denials {
		found = found || d.Rule == rule
		if d.Msg == "" || d.Hint == "" {
			w.t.Errorf("denial %+v has no message or no hint", d)
		}
	}
	traced := false
	for _, step := range record.Decision.Trace {
		traced = traced || ((step.Rule == rule || strings.HasPrefix(rule, "custom:") && step.Rule == "custom") && step.Outcome == "deny" && len(step.Facts) > 0)
	}
	if record.Decision.Allow || !found || !traced {
		w.t.Errorf("not denied by %s (in the trace: %v): %+v\n%s", rule, traced, record.Decision, w.out)
	}
}

// book opens the ledger in the repository as the program does.
func (w *siege) book(key string) *ledger.Branch {
	w.t.Helper()
	return openBook(w.t, w.hubURL, key)
}

// term is a lease of the victim's.
func (w *siege) terms(id string) access.Terms {
	return access.Terms{
		ID: id, Kind: access.LeaseElevation, OrgURL: w.env["OKTA_ORG_URL"], Account: access.Account{ID: w.org.UserID(victim), Login: victim},
		Temporary: []access.Role{{Type: temporary}}, Intended: access.Role{Type: access.RoleCustom, CustomRole: "cr0x", ResourceSet: "iamx"}, AddsIntended: true, EndsAt: time.Now().Add(time.Hour), OpenedAt: time.Now(),
		Patience: access.Patience{Settle: access.Duration(300 * time.Millisecond), StepDown: access.Duration(4 * time.Second)},
	}
}

// elevated makes the victim elevated under a lease of a run that is dead, whose window is over.
func (w *siege) elevated() access.Lease {
	w.t.Helper()
	return w.elevatedUntil(time.Now().Add(-30 * time.Minute))
}

// elevatedUntil makes the victim elevated under a lease of a run that is dead, whose window ends at end.
func (w *siege) elevatedUntil(end time.Time) access.Lease {
	w.t.Helper()
	book := w.book(ledgerKey)
	terms := w.terms(fmt.Sprintf("%s-siege", time.Now().UTC().Format("20060102-150405")))
	terms.OpenedAt, terms.EndsAt = time.Now().Add(-time.Hour), end
	lease, err := book.Open(w.t.Context(), terms, terms.OpenedAt)
	for _, state := range []access.State{access.StateReady, access.StateElevated} {
		if err == nil {
			lease, err = book.Append(w.t.Context(), terms.ID, access.Entry{State: state, At: terms.OpenedAt})
		}
	}
	if err == nil {
		err = w.org.Assign(victim, temporary)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return lease
}
