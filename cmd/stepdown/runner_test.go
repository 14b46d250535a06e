package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
	"github.com/stepdown/stepdown/internal/runneremu"
)

// containerImage is the image to run as a runner would. Where none is given, the test is skipped; where one is, it has to be there.
func containerImage(t *testing.T) string {
	t.Helper()
	image := os.Getenv("STEPDOWN_IMAGE")
	if image == "" {
		t.Skip("STEPDOWN_IMAGE is not set: there is no image, and no Docker engine, to run the Action with; .ci/run container has both")
	}
	if out, err := exec.Command("docker", "image", "inspect", image).CombinedOutput(); err != nil {
		t.Fatalf("STEPDOWN_IMAGE is %q: %v: %s", image, err, out)
	}
	return image
}

// onRunner is a siege whose program runs as the Action does: in a container that a runner starts.
type onRunner struct {
	*siege
	image   string
	root    string // the image's files, where there is no image
	runID   string
	runner  string // its name
	orgURL  string
	env     map[string]string // of the job
	more    []string          // options of docker run
	action  runneremu.Metadata
	secrets []string
}

func newOnRunner(t *testing.T) *onRunner {
	t.Helper()
	w := onRunnerOf(t)
	w.image = containerImage(t)
	return w
}

// newBareRunner is the same without Docker: what the container would start is started as it is.
func newBareRunner(t *testing.T) *onRunner {
	t.Helper()
	w := onRunnerOf(t)
	w.root, w.more = t.TempDir(), nil
	binary, err := exec.LookPath("stepdown")
	for _, name := range []string{"stepdown", "stepdown-post"} {
		if err == nil {
			err = os.Symlink(binary, filepath.Join(w.root, name))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func onRunnerOf(t *testing.T) *onRunner {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	action, err := runneremu.ReadMetadata(text)
	if err != nil {
		t.Fatal(err)
	}
	w := newSiege(t)
	return &onRunner{
		siege: w, runID: "77", orgURL: w.env["OKTA_ORG_URL"], env: map[string]string{}, action: action, secrets: []string{apiToken, hubToken, ledgerKey},
		// What the Action needs no more than; the runner gives it all. Without capabilities even root may write only what is its own, and what the
		// runner mounts is its user's.
		more: []string{"--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", fmt.Sprintf("%d:%[1]d", cmp.Or(runnerUser(), os.Getuid()))},
	}
}

// runnerUser is the uid of the user that a runner runs as, where this is run by root, which a runner is not: it is then given the files. Else
// it is who runs this, and 0.
func runnerUser() int {
	if os.Getuid() == 0 {
		return 1001 // GitHub's own
	}
	return 0
}

// asTheRunnerDoes runs a scenario with the runner's own options alone: as root, with the engine's capabilities.
func asTheRunnerDoes(scenario func(*onRunner)) func(*onRunner) {
	return func(w *onRunner) { w.more = nil; scenario(w) }
}

// newJob sets up a runner for another run of the workflow.
func (w *onRunner) newJob() *runneremu.Job {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		w.t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "stepdown-runner-") // what a container leaves behind is root's, as it is on a runner
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	job, err := runneremu.NewJob(runneremu.Options{
		Name: w.runner, Owner: runnerUser(),
		Dir: dir, Action: text, Image: w.image, Root: w.root, Network: "host", More: w.more, Event: w.hub.WorkflowRunEvent(1, "pull_request_review"), Environment: w.env,
		GitHub: map[string]string{
			"repository": "acme/okta-access", "api_url": w.hubURL, "event_name": "workflow_run", "run_id": w.runID, "job": "apply",
			"actor": "grace", "token": hubToken,
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(job.Close)
	return job
}

// step is a step of the job that uses the Action for a verb.
func (w *onRunner) step(job *runneremu.Job, verb string, inputs ...string) *runneremu.Step {
	with := map[string]string{"command": verb, "okta-org-url": w.orgURL}
	for i := 0; i < len(inputs); i += 2 {
		with[inputs[i]] = inputs[i+1]
	}
	step := job.Step(with, map[string]string{"OKTA_API_TOKEN": apiToken, "STEPDOWN_LEDGER_KEY": ledgerKey})
	step.Timeout = 2 * time.Minute
	return step
}

// begin starts main.
func (w *onRunner) begin(step *runneremu.Step) *runneremu.Stage {
	w.t.Helper()
	stage, err := step.Main()
	if err != nil {
		w.t.Fatal(err)
	}
	return stage
}

// after runs post and holds it against the contract.
func (w *onRunner) after(step *runneremu.Step, excused ...string) runneremu.Result {
	w.t.Helper()
	stage, err := step.Post()
	if err != nil {
		w.t.Fatal(err)
	}
	r := stage.Wait()
	w.kept(r, nil, excused...)
	return r
}

// kept holds a stage against the contract of every stage. Kinds of breaches can be excused, where they are what a test is about.
func (w *onRunner) kept(r runneremu.Result, state []string, excused ...string) {
	w.t.Helper()
	contract := runneremu.Contract{State: state, Outputs: w.action.Outputs, Outcome: []string{"outcome"}, Code: "exit-code", Secrets: w.secrets}
	for _, b := range contract.Breaches(r) {
		if !slices.Contains(excused, b.Kind) {
			w.t.Errorf("%s: %s\n%s", b.Kind, b.Text, r.Log)
		}
	}
}

// whole runs a step from its beginning to the end of post, and holds both stages against the contract.
func (w *onRunner) whole(step *runneremu.Step, excused ...string) (main, post runneremu.Result) {
	w.t.Helper()
	main = w.begin(step).Wait()
	w.kept(main, nil, excused...)
	return main, w.after(step, excused...)
}

// ended holds what became of a stage against what should have.
func (w *onRunner) ended(r runneremu.Result, conclusion string, code int, says ...string) {
	w.t.Helper()
	if r.Conclusion != conclusion || r.ExitCode != code {
		w.t.Errorf("it is a %s with exit code %d, not a %s with %d\n%s", r.Conclusion, r.ExitCode, conclusion, code, r.Log)
	}
	for _, text := range says {
		if !strings.Contains(r.Log, text) {
			w.t.Errorf("the log does not say %q\n%s", text, r.Log)
		}
	}
}

// outputs holds outputs against what they should be.
func (w *onRunner) outputs(r runneremu.Result, want map[string]string) {
	w.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := r.Outputs[name]; got != want[name] {
			w.t.Errorf("output %s is %q, want %q\n%s", name, got, want[name], r.Log)
		}
	}
}

// until waits for something that happens while a stage runs.
func (w *onRunner) until(stage *runneremu.Stage, what string, happened func() bool) {
	w.t.Helper()
	for range 1200 {
		if happened() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.t.Fatalf("it never came that %s\n%s", what, stage.Output())
}

// elevatedNow tells whether the victim holds the temporary role.
func (w *onRunner) elevatedNow() bool { return slices.Contains(w.org.RolesOf(victim), temporary) }

// manifests puts manifests where audit, validate and downgrade look for them.
func (w *onRunner) manifests(job *runneremu.Job, from string) {
	w.t.Helper()
	if err := os.CopyFS(filepath.Join(job.Workspace(), "access"), os.DirFS(filepath.Join("..", "..", "testdata", "access", from))); err != nil {
		w.t.Fatal(err)
	}
}

// TestRunnerScenarios runs the Action in its container as a runner does. Every stage of every scenario is held against the same contract:
// no secret is written in any encoding, masked or not; outputs are the declared ones; the log asks for nothing but what it should.
func TestRunnerScenarios(t *testing.T) {
	t.Parallel()
	containerImage(t)
	all := attacksOnRunner()
	maps.Copy(all, map[string]func(*onRunner){
		"apply":                           scenarioApply,
		"apply as the runner runs it":     asTheRunnerDoes(scenarioApply),
		"cancelled as the runner runs it": asTheRunnerDoes(scenarioCancelled),
		"audit as the runner runs it":     asTheRunnerDoes(scenarioAudit),
		"sweep that goes on elsewhere":    scenarioWatch,
		"denied":                          scenarioDenied,
		"cancelled in the window":         scenarioCancelled,
		"cancelled and post proves it":    scenarioHandedOver,
		"cancelled and post steps down":   scenarioCancelledStuck,
		"timed out in the window":         scenarioTimeout,
		"killed and post steps down":      scenarioKilled,
		"killed without post then swept":  scenarioLost,
		"Okta unreachable":                scenarioUnreachable,
		"audit with findings":             scenarioAudit,
		"audit without findings":          scenarioClean,
		"downgrade":                       scenarioDowngrade,
		"bad input":                       scenarioUsage,
		"plan, doctor, controls":          scenarioOthers,
		"waiting":                         scenarioWaiting,
		"summary over 1 MiB":              scenarioLargeSummary,
		"over 10 annotations":             scenarioManyProblems,
		"hostile request":                 scenarioHostileRequest,
		"hostile org":                     scenarioHostileOrg,
		"hostile outputs":                 scenarioHostileOutputs,
		"secrets in every encoding":       scenarioEchoedSecrets,
		"what earlier steps set":          scenarioEnvironment,
		"certificates of an earlier step": scenarioCertificates,
		"service app":                     scenarioServiceApp,
		"state of an earlier step":        scenarioForeignState,
	})
	for name, scenario := range all {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(name, ",", ""), " ", "-"), func(t *testing.T) {
			t.Parallel()
			scenario(newOnRunner(t))
		})
	}
}

// TestRunnerScenariosWithoutDocker runs some of them where there is no engine either, which is most of what they are about.
func TestRunnerScenariosWithoutDocker(t *testing.T) {
	t.Parallel()
	for name, scenario := range map[string]func(*onRunner){
		"apply": scenarioApply, "denied": scenarioDenied, "cancelled": scenarioCancelled, "handed over": scenarioHandedOver, "audit": scenarioAudit, "hostile": scenarioHostileRequest,
		"outputs": scenarioHostileOutputs, "secrets": scenarioEchoedSecrets, "environment": scenarioEnvironment, "others": scenarioOthers, "waiting": scenarioWaiting, "bad input": scenarioUsage, "service app": scenarioServiceApp,
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			scenario(newBareRunner(t))
		})
	}
}

func scenarioApply(w *onRunner) {
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	job := w.newJob()
	step := w.step(job, "apply")
	main := w.begin(step).Wait()
	w.kept(main, []string{"began", "lease"})
	w.ended(main, "success", 0)
	w.outputs(main, map[string]string{"outcome": "done", "exit-code": "0", "state": "closed", "lease": main.State["lease"]})
	if kept, skipped := job.Outputs(main); len(skipped) > 0 || kept["lease"] != main.State["lease"] {
		w.t.Errorf("other jobs are not given %q", skipped)
	}
	if main.Summary == "" || main.Outputs["token-id"] == "" || !w.granted.Load() {
		w.t.Errorf("outputs %v, summary %q, elevated %v", main.Outputs, main.Summary, w.granted.Load())
	}
	w.has(1, "invoice-export")
	w.ended(w.after(step), "success", 0, "no lease of this run is open")
	w.has(1, "invoice-export")
}

func scenarioDenied(w *onRunner) {
	w.approve("frank") // who asks
	main, post := w.whole(w.step(w.newJob(), "apply"))
	w.ended(main, "failure", 1)
	w.outputs(main, map[string]string{"outcome": "denied", "exit-code": "1"})
	w.ended(post, "success", 0, "this run opened no lease")
	w.nothingGranted()
	w.untouched()
}

func scenarioCancelled(w *onRunner) {
	w.ask("{window: 5s}", "{window: 25m}") // it does not end by itself
	w.approve("grace")
	step := w.step(w.newJob(), "apply")
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	stage.Cancel()
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	w.ended(main, "cancelled", 3)
	if main.Signal != "SIGINT" || w.elevatedNow() {
		w.t.Errorf("it took %s, and %s; elevated: %v\n%s", main.Signal, main.Took, w.elevatedNow(), main.Log)
	}
	w.t.Logf("the step-down took %s of the 7.5 s of SIGINT", main.Took.Round(time.Millisecond))
	w.ended(w.after(step), "success", 0, "no lease of this run is open")
	w.has(0)
}

// scenarioHandedOver: the settle time, as it is by default, is longer than the runner waits. The role is taken away and all is said before
// the runner kills main, and post proves it.
func scenarioHandedOver(w *onRunner) {
	w.settings("settle: 300ms, stepDown: 4s", "settle: 10s, stepDown: 30s")
	w.ask("{window: 5s}", "{window: 25m}")
	w.approve("grace")
	step := w.step(w.newJob(), "apply", "comment", "true")
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	stage.Cancel()
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	w.ended(main, "cancelled", 4, "The job's post step goes on with it.")
	w.outputs(main, map[string]string{"outcome": "handed-over", "exit-code": "4", "state": "undoing", "lease": main.State["lease"]})
	if main.Summary == "" || w.elevatedNow() || len(w.hub.Issues()) > 0 {
		w.t.Errorf("summary %q, elevated: %v, issues %v\n%s", main.Summary, w.elevatedNow(), w.hub.Issues(), main.Log)
	}
	w.t.Logf("it ended %s after the signal: %s", main.Took.Round(time.Millisecond), main.Signal)
	says(w.t, "comment", w.shown(1), []string{"stepdown:stage stepping", "what it gave is being taken away"})
	w.ended(w.after(step), "success", 0, "lease "+main.State["lease"], ": undone")
	says(w.t, "comment", w.shown(1), []string{"stepdown:stage undone"})
	w.has(0)
}

// scenarioCancelledStuck: Okta refuses every revoke while main has time. Post, with its minutes, steps down.
func scenarioCancelledStuck(w *onRunner) {
	w.approve("grace")
	w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/{user}/roles/{assignment}", Status: 503})
	step := w.step(w.newJob(), "apply")
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	stage.Cancel()
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	if main.Conclusion != "cancelled" || !w.elevatedNow() {
		w.t.Fatalf("it is a %s, elevated: %v\n%s", main.Conclusion, w.elevatedNow(), main.Log)
	}
	w.org.ClearFaults()
	post := w.after(step)
	w.ended(post, "success", 0, "lease "+main.State["lease"], ": undone")
	w.has(0)
}

// scenarioKilled: the machine kills main, which has saved its state before it did anything.
func scenarioKilled(w *onRunner) {
	w.approve("grace")
	step := w.step(w.newJob(), "apply")
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	if err := stage.Kill(); err != nil {
		w.t.Fatal(err)
	}
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	w.ended(main, "failure", 137)
	if !w.elevatedNow() {
		w.t.Error("the account is not elevated, which proves nothing")
	}
	w.ended(w.after(step), "success", 0, "lease "+main.State["lease"], ": undone")
	w.has(0)
}

func scenarioTimeout(w *onRunner) {
	w.ask("{window: 5s}", "{window: 25m}")
	w.approve("grace")
	step := w.step(w.newJob(), "apply")
	step.Timeout = 15 * time.Second // on a machine that has other things to do
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	w.ended(main, "failure", 3, "##[error]The action has timed out")
	step.Timeout = time.Minute
	w.ended(w.after(step), "success", 0, "no lease of this run is open")
	w.has(0)
}

func scenarioLost(w *onRunner) {
	w.approve("grace")
	w.hub.AddRun(77, "workflow_run", "main", "grace")
	w.hub.SetRun(77, true, 1)
	step := w.step(w.newJob(), "apply")
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	stage.Lose()
	main := stage.Wait()
	w.kept(main, nil)
	w.ended(main, "lost", 137)
	if _, err := step.Post(); err == nil || !w.elevatedNow() {
		w.t.Fatalf("post: %v; elevated: %v", err, w.elevatedNow())
	}
	w.hub.SetRun(77, false, 1)
	w.runID = "78"
	sweep, post := w.whole(w.step(w.newJob(), "sweep"))
	w.ended(sweep, "success", 0, ": undone")
	w.outputs(sweep, map[string]string{"outcome": "done"})
	w.ended(post, "success", 0)
	w.has(0)
}

func scenarioUnreachable(w *onRunner) {
	w.approve("grace")
	w.orgURL = "http://127.0.0.1:9"
	for verb, code := range map[string]int{"apply": 3, "audit": 5} {
		job := w.newJob()
		w.manifests(job, "acme")
		main, post := w.whole(w.step(job, verb))
		w.ended(main, "failure", code, "connect: connection refused")
		w.outputs(main, map[string]string{"exit-code": fmt.Sprint(code)})
		w.ended(post, "success", 0)
	}
	w.nothingGranted()
}

func scenarioAudit(w *onRunner) {
	job := w.newJob()
	w.manifests(job, "acme")
	main, post := w.whole(w.step(job, "audit"))
	w.ended(main, "failure", 1)
	w.outputs(main, map[string]string{"outcome": "fail", "exit-code": "1", "report": "stepdown-report/report.json"})
	if !strings.Contains(main.Summary, "OKTA-ELV-001") || main.Outputs["findings"] == "0" || main.Outputs["findings"] == "" || len(main.Dropped) > 0 {
		w.t.Errorf("outputs %v, annotations dropped %v, summary:\n%s", main.Outputs, main.Dropped, main.Summary)
	}
	if _, err := os.Stat(filepath.Join(job.Workspace(), main.Outputs["report"])); err != nil {
		w.t.Error(err)
	}
	w.ended(post, "success", 0, "this run opened no lease")
	w.untouched()
}

func scenarioUsage(w *onRunner) {
	for with, says := range map[string]string{"bogus": `the input command is "bogus"`, "--help": `the input command is "--help"`, "": `the input command is ""`} {
		main, post := w.whole(w.step(w.newJob(), with))
		w.ended(main, "failure", 2, says)
		if !strings.Contains(main.Summary, "usage") {
			w.t.Errorf("summary %q", main.Summary)
		}
		w.outputs(main, map[string]string{"exit-code": "2"})
		w.ended(post, "success", 0)
	}
	w.untouched()
}

// scenarioWaiting: nobody is there, which is no failure, and is what the step's page says.
func scenarioWaiting(w *onRunner) {
	w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
	main, post := w.whole(w.step(w.newJob(), "apply"))
	w.ended(main, "success", 0, "##[notice]nobody has been there")
	w.outputs(main, map[string]string{"outcome": "waiting", "exit-code": "0"})
	says(w.t, "summary", main.Summary, []string{"stepdown apply: waiting", "The operator (dana-ops) comments /stepdown ready"})
	w.ended(post, "success", 0)
	w.nothingGranted()
}

// scenarioOthers: the verbs that open no lease.
func scenarioOthers(w *onRunner) {
	w.approve("grace")
	job := w.newJob()
	plan, post := w.whole(w.step(job, "plan", "pull-request", "1"))
	w.ended(plan, "success", 0)
	says(w.t, "summary", plan.Summary, []string{"stepdown plan: done"})
	if post.Summary != "" {
		w.t.Errorf("post has a summary: %s", post.Summary)
	}
	w.ended(post, "success", 0, "this run opened no lease")
	if runs := w.hub.CheckRuns(w.hub.Head("change")); len(runs) != 1 || len(w.hub.Comments(1)) != 1 {
		w.t.Errorf("the pull request shows %d check runs and %d comments", len(runs), len(w.hub.Comments(1)))
	}
	if err := os.MkdirAll(filepath.Join(job.Workspace(), "access"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(job.Workspace(), "access", "settings.yaml"), []byte(rulesOfSiege), 0o644); err != nil {
		w.t.Fatal(err)
	}
	for verb, code := range map[string]int{"doctor": 1, "controls": 0, "validate": 0} {
		main, post := w.whole(w.step(job, verb))
		w.ended(main, map[int]string{0: "success", 1: "failure"}[code], code)
		w.outputs(main, map[string]string{"exit-code": fmt.Sprint(code)})
		w.ended(post, "success", 0, "this run opened no lease")
	}
	w.untouched()
}

// quoted is a string as YAML has it in double quotes.
func quoted(text string) string {
	data, _ := json.Marshal(text) // a string always can be
	return string(data)
}
