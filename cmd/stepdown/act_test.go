package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestActWorkflows runs the example workflows themselves, by act, as README.md has a user set them up. What act does not do, and what stands for
// it, is in .ci/act.
func TestActWorkflows(t *testing.T) {
	t.Parallel()
	tools := newActTools(t)
	// Those of a group run one after the other: act calls the containers of one workflow the same.
	for group, scenarios := range map[string][]actScenario{
		"signal":     {{"only signals", (*onAct).signals}},
		"conditions": {{"start nothing", (*onAct).startsNothing}},
		"audit":      {{"finds", (*onAct).audits}},
		"doctor":     {{"says what is off", (*onAct).doctors}},
		"plan and apply": {
			{"plans", (*onAct).plansOnAct},
			{"both at once", (*onAct).bothAtOnce},
			{"carries out", (*onAct).applies},
			{"on a comment", (*onAct).appliesOnComment},
			{"denies by hand", (*onAct).deniesByHand},
			{"killed and post steps down", (*onAct).killedThenPost},
			{"lost then swept", (*onAct).lostThenSwept},
		},
	} {
		t.Run(strings.ReplaceAll(group, " ", "-"), func(t *testing.T) {
			t.Parallel()
			for _, s := range scenarios {
				t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) { s.run(newOnAct(t, tools)) })
			}
		})
	}
}

type actScenario struct {
	name string
	run  func(*onAct)
}

// ended holds the run of a job against how it should have ended: the exit code of the Action's main stage, and what that says. Post never
// fails.
func (w *onAct) ended(r actResult, code string, says ...string) {
	w.t.Helper()
	main, outputs := r.of("Main")
	if outputs["exit-code"] != code || (r.code == 0) != (code == "0") {
		w.t.Errorf("exit code %q, and act ended with %d; want %s\n%s", outputs["exit-code"], r.code, code, r.log)
	}
	for _, text := range says {
		if !strings.Contains(main, text) {
			w.t.Errorf("it does not say %q\n%s", text, main)
		}
	}
	if _, outputs := r.of("Post"); outputs["exit-code"] != "0" {
		w.t.Errorf("post ended with %q\n%s", outputs["exit-code"], r.log)
	}
}

// starts holds what an event starts of all workflows against what it should.
func (w *onAct) starts(event string, payload []byte, want ...string) actResult {
	w.t.Helper()
	r := w.start(event, payload, "")
	if got := r.started(); !slices.Equal(got, want) {
		w.t.Errorf("%s started %q, want %q\n%s", event, got, want, r.log)
	}
	return r
}

// signals: a pull request's own events start the signal and nothing else, which asks nobody for anything.
func (w *onAct) signals() {
	before := len(w.hub.Requests())
	r := w.starts("pull_request", w.hub.PullRequestEvent(1, "opened"), "stepdown-signal")
	if r.code != 0 {
		w.t.Errorf("act ended with %d\n%s", r.code, r.log)
	}
	w.starts("pull_request_review", w.hub.ReviewEvent(1, w.approve("grace")), "stepdown-signal")
	if len(w.hub.Requests()) > before || len(w.org.Requests()) > 0 || w.hub.Head("stepdown-ledger") != "" {
		w.t.Error("somebody was asked for something")
	}
	for name, job := range w.workflows["stepdown-signal.yml"].Jobs {
		if secrets := w.secretsOf("stepdown-signal.yml"); job.Environment != "" || len(job.Permissions) > 0 || len(secrets) > 1 {
			w.t.Errorf("job %s has %+v and %d secrets", name, job, len(secrets))
		}
	}
}

// startsNothing: what the conditions of the jobs keep from starting.
func (w *onAct) startsNothing() {
	w.hub.Comment(1, "mallory", "hello")
	for what, event := range map[string]struct {
		name    string
		payload []byte
	}{
		"the end of a run that a push started":      {"workflow_run", w.hub.WorkflowRunEvent(1, "push")},
		"the end of a run that the clock started":   {"workflow_run", w.hub.WorkflowRunEvent(1, "schedule")},
		"a comment that is no answer":               {"issue_comment", w.hub.CommentEvent(1, w.hub.Comment(1, "mallory", "see /stepdown ready"))},
		"an answer on what is no pull request":      {"issue_comment", []byte(`{"action": "created", "issue": {"number": 9}, "comment": {"body": "/stepdown ready"}}`)},
		"a pull request that runs with all secrets": {"pull_request_target", w.hub.PullRequestEvent(1, "opened")},
	} {
		w.starts(event.name, event.payload)
		w.t.Logf("not started: by %s", what)
	}
	if r := w.start("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request_review"), "stepdown-plan.yml"); len(r.started()) > 0 {
		w.t.Errorf("a review started plan\n%s", r.log)
	}
	w.t.Log("not started: plan, by a review")
	if len(w.org.Requests()) > 0 {
		w.t.Error("the org was asked for something")
	}
}

// plansOnAct: the pull request shows what would be done, and the org is as it was.
func (w *onAct) plansOnAct() {
	r := w.start("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"), "stepdown-plan.yml")
	w.ended(r, "0", "assign-temporary-role")
	says(w.t, "the comment", w.shown(1), []string{"svc-invoice-export@acme.example", "READ_ONLY_ADMIN"})
	if check := w.check(w.hub.Head("change")); check == "" {
		w.t.Error("there is no check run")
	}
	if post, _ := r.of("Post"); !strings.Contains(post, "this run opened no lease") {
		w.t.Errorf("post says:\n%s", post)
	}
	w.nothingGranted()
	w.onlyReads()
	w.quiet(nil)
}

// bothAtOnce: the signal of a pull request starts plan and apply together. They have one comment and one check run between them, and nobody has
// approved anything.
func (w *onAct) bothAtOnce() {
	r := w.starts("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request"), "stepdown-apply", "stepdown-plan")
	says(w.t, "the log", r.log, []string{"apply Main: pull request 1 is not admitted", "plan Main: pull request 1 is not admitted"})
	if r.code != 0 || len(w.hub.Comments(1)) != 1 || !strings.Contains(w.check(w.hub.Head("change")), "waits for an approval") {
		w.t.Errorf("act ended with %d, and there are %d comments\n%s", r.code, len(w.hub.Comments(1)), r.log)
	}
	w.nothingGranted()
	w.onlyReads()
	w.quiet(nil)
}

// onlyReads: nobody sent the org a request that changes something. A service app's own token changes nothing.
func (w *onAct) onlyReads() {
	w.t.Helper()
	for _, r := range w.org.Requests() {
		if r.Method != "GET" && r.Path != "/oauth2/v1/token" {
			w.t.Errorf("the org was sent %s %s", r.Method, r.Path)
		}
	}
}

func (w *onAct) audits() {
	declared := map[string]string{}
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "access", "acme", "*.yaml"))
	for _, path := range paths {
		var data []byte
		if data, err = os.ReadFile(path); err != nil {
			break
		}
		declared["access/"+filepath.Base(path)] = string(data)
	}
	if err == nil {
		err = w.org.Assign(victim, temporary)
	}
	if err != nil || len(declared) < 2 {
		w.t.Fatal(err, len(declared))
	}
	w.hub.Commit("main", declared)
	w.standIns()
	r := w.start("schedule", w.hub.ScheduleEvent("17 3 * * *"), "stepdown-audit.yml")
	w.ended(r, "1", "OKTA-ELV-001", victim)
	_, outputs := r.of("Main")
	artifact := w.uploads.artifact("stepdown-report")
	if !strings.Contains(artifact["report.json"], victim) || artifact["report.md"] == "" || outputs["outcome"] != "fail" || outputs["report"] != "stepdown-report/report.json" || outputs["findings"] == "0" {
		w.t.Errorf("outputs %v, %d files\n%s", outputs, len(artifact), r.log)
	}
	w.onlyReads()
	w.quiet(artifact)
}

// doctors: before the environments and rules of README.md it says what is off; after them it does not.
func (w *onAct) doctors() {
	r := w.start("schedule", w.hub.ScheduleEvent("42 5 * * 1"), "stepdown-doctor.yml")
	w.ended(r, "1", "environments_there", "okta-sweep")
	w.hub.SetRole("identity-admin", "admin")
	w.hub.SetAllowForking(false)
	w.hub.Commit("main", map[string]string{".github/CODEOWNERS": "* @identity-admin\n/access/ @identity-admin\n/.github/ @identity-admin\n"})
	w.hub.Remove("main", ".github/workflows/apply.yml")
	w.hub.Protect("stepdown-ledger", githubemu.Protection{NoForcePush: true, NoDeletion: true})
	for _, name := range []string{"okta", "okta-plan", "okta-audit", "okta-sweep", "okta-doctor"} {
		w.hub.SetEnvironment(name, githubemu.Environment{Branches: []string{"main"}})
	}
	w.ended(w.start("workflow_dispatch", w.hub.DispatchEvent(nil, "grace"), "stepdown-doctor.yml"), "0", "0 off, 0 not known")
	w.quiet(nil)
}

// carried holds what is left of a request that was carried out.
func (w *onAct) carried(r actResult) {
	w.t.Helper()
	w.ended(r, "0", "admitted: invoice-export")
	w.has(1, "invoice-export")
	if w.customRole().Type != access.RoleCustom || !w.granted.Load() {
		w.t.Errorf("it was elevated: %v", w.granted.Load())
	}
	leases := w.leases()
	if len(leases) != 1 || leases[0].State != access.StateClosed || leases[0].RunID != w.runID || leases[0].Job != "apply" {
		w.t.Errorf("leases %+v", leases)
	}
	artifact := w.uploads.artifact("stepdown-evidence")
	if !strings.Contains(artifact["evidence.json"], `"state": "closed"`) || !strings.Contains(artifact["admission.json"], `"allow": true`) {
		w.t.Errorf("the evidence is %q", artifact)
	}
	_, outputs := r.of("Main")
	if outputs["state"] != "closed" || outputs["lease"] != leases[0].ID || outputs["token-id"] != w.tokenID("invoice-export") {
		w.t.Errorf("outputs %v", outputs)
	}
	if post, _ := r.of("Post"); !strings.Contains(post, "looking for its leases in the ledger") || !strings.Contains(post, "no lease of this run is open") {
		w.t.Errorf("post says:\n%s", post)
	}
	says(w.t, "the comment", w.shown(1), []string{"invoice-export"})
	w.quiet(artifact)
}

func (w *onAct) applies() {
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	w.carried(w.starts("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request_review"), "stepdown-apply"))
}

func (w *onAct) appliesOnComment() {
	w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour)))
	w.tokensOnGrant(func(oktaemu.Request) {})
	w.carried(w.starts("issue_comment", w.hub.CommentEvent(1, w.hub.Comment(1, "Dana-Ops", "/stepdown ready\n")), "stepdown-apply"))
}

// deniesByHand: whoever starts it by hand gets no more than an event does.
func (w *onAct) deniesByHand() {
	w.approve("frank") // who asks
	r := w.start("workflow_dispatch", w.hub.DispatchEvent(map[string]string{"pull-request": "1"}, "grace"), "stepdown-apply.yml")
	w.ended(r, "1", "denied")
	artifact := w.uploads.artifact("stepdown-evidence")
	if !strings.Contains(artifact["admission.json"], `"allow": false`) || artifact["evidence.json"] != "" {
		w.t.Errorf("the evidence is %q", artifact)
	}
	if check := w.check(w.hub.Head("change")); check == "" || w.shown(1) == "" {
		w.t.Errorf("the check run is %q, and the comment:\n%s", check, w.shown(1))
	}
	w.nothingGranted()
	w.onlyReads()
	w.quiet(artifact)
}

// killed runs apply and kills the Action's container when the account is elevated, as a machine without memory does.
func (w *onAct) killed() actResult {
	w.t.Helper()
	w.ask("{window: 5s}", "{window: 25m}")
	w.approve("grace")
	w.hub.AddRun(77, "workflow_run", "main", "grace")
	w.hub.SetRun(77, true, 1)
	w.whenGranted(func() {
		go func() {
			out, err := exec.Command("docker", "ps", "-q", "--filter", "name=act-stepdown-apply", "--filter", "ancestor="+w.image).Output()
			if ids := strings.Fields(string(out)); err == nil && len(ids) == 1 {
				_ = exec.Command("docker", "kill", ids[0]).Run()
			}
		}()
	})
	r := w.start("workflow_run", w.hub.WorkflowRunEvent(1, "pull_request_review"), "stepdown-apply.yml")
	if main, outputs := r.of("Main"); r.code == 0 || outputs["exit-code"] != "" || !strings.Contains(main, "ELEVATED") {
		w.t.Errorf("it was not killed\n%s", r.log)
	}
	return r
}

// killedThenPost: post is given no state, and finds the lease by the run in the ledger.
func (w *onAct) killedThenPost() {
	post, outputs := w.killed().of("Post")
	if !strings.Contains(post, "looking for its leases in the ledger") || !strings.Contains(post, ": undone") || outputs["exit-code"] != "0" {
		w.t.Errorf("post ended with %q:\n%s", outputs["exit-code"], post)
	}
	w.has(0)
}

// lostThenSwept: post is not even given what it needs to look, and a sweep ends the lease.
func (w *onAct) lostThenSwept() {
	w.inPost = false
	post, _ := w.killed().of("Post")
	if !slices.Contains(w.org.RolesOf(victim), temporary) {
		w.t.Fatalf("the account is not elevated, which proves nothing\n%s", post)
	}
	if strings.Contains(post, "opened no lease") || !strings.Contains(post, "with these inputs this run could open no lease: GITHUB_TOKEN is not set") {
		w.t.Errorf("post says:\n%s", post)
	}
	w.inPost, w.runID = true, "78"
	w.hub.SetRun(77, false, 1)
	r := w.start("schedule", w.hub.ScheduleEvent("3,13,23,33,43,53 * * * *"), "stepdown-sweep.yml")
	w.ended(r, "0", ": undone")
	w.has(0)
	if leases := w.leases(); len(leases) != 1 || leases[0].State != access.StateUndone {
		w.t.Errorf("leases %+v", leases)
	}
	artifact := w.uploads.artifact("stepdown-evidence")
	if len(artifact) == 0 {
		w.t.Errorf("there is no evidence\n%s", r.log)
	}
	w.quiet(artifact)
}
