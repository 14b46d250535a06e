package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/oktaemu"
	"github.com/stepdown/stepdown/internal/runneremu"
)

// attacksOnRunner are what steps before and after, other jobs of the run and what was checked out can do to the Action, where none of it is told
// the credentials.
func attacksOnRunner() map[string]func(*onRunner) {
	return map[string]func(*onRunner){
		"post of another leg of the matrix": scenarioMatrix,
		"state of another run":              scenarioForgedState,
		"half credentials before post":      scenarioStrays,
		"links where reports go":            scenarioLinks,
		"reports that cannot be written":    scenarioEvidenceFolder,
	}
}

// TestRunnerAttacksWithoutDocker.
func TestRunnerAttacksWithoutDocker(t *testing.T) {
	t.Parallel()
	for name, scenario := range attacksOnRunner() {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			scenario(newBareRunner(t))
		})
	}
}

// inWindow begins an apply whose window does not end by itself.
func (w *onRunner) inWindow() (*runneremu.Job, *runneremu.Step, *runneremu.Stage) {
	w.t.Helper()
	w.ask("{window: 5s}", "{window: 25m}")
	w.approve("grace")
	job := w.newJob()
	step := w.step(job, "apply")
	stage := w.begin(step)
	w.until(stage, "the account is elevated", w.elevatedNow)
	return job, step, stage
}

// cancelled ends what inWindow began.
func (w *onRunner) cancelled(step *runneremu.Step, stage *runneremu.Stage) {
	w.t.Helper()
	if !w.elevatedNow() {
		w.t.Error("the account is not elevated any more")
	}
	stage.Cancel()
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	w.ended(main, "cancelled", 3)
	w.ended(w.after(step), "success", 0, "no lease of this run is open")
	w.has(0)
}

// scenarioMatrix: all legs of a matrix have the run and the job. The post of one, whose main got as far as nothing, leaves the lease of another
// alone.
func scenarioMatrix(w *onRunner) {
	_, step, stage := w.inWindow()
	leg := *w
	leg.runner = "another runner"
	main, post := leg.whole(leg.step(leg.newJob(), "downgrade", "account", "svc-reporting@acme.example", "rate-share", "5000"))
	w.ended(main, "failure", 2)
	w.ended(post, "success", 0, "there is no state of this run: looking for its leases in the ledger", "no lease of this run is open")
	w.cancelled(step, stage)
}

// scenarioForgedState: a step before has set the state of a verb that saves none, to the lease of another run; and that of one that would save
// it, in another run.
func scenarioForgedState(w *onRunner) {
	_, step, stage := w.inWindow()
	id := w.lastLease().ID
	for verb, with := range map[string][]string{"controls": nil, "downgrade": {"account", "svc-reporting@acme.example", "rate-share", "5000"}} {
		other := *w
		other.runID, other.env = "4242", map[string]string{"STATE_lease": id, "STATE_began": "true"}
		_, post := other.whole(other.step(other.newJob(), verb, with...))
		w.ended(post, "success", 0)
	}
	w.cancelled(step, stage)
}

// scenarioStrays: what a later step has set for programs of its own is no whole credential, and does not keep post from stepping down.
func scenarioStrays(w *onRunner) {
	job, step, stage := w.inWindow()
	if err := stage.Kill(); err != nil {
		w.t.Fatal(err)
	}
	main := stage.Wait()
	w.kept(main, []string{"began", "lease"})
	job.Set(map[string]string{"OKTA_CLIENT_ID": "0oax", "OKTA_PRIVATE_KEY_ID": "k", "STEPDOWN_APP_ID": "Iv1.x", "GODEBUG": "fips140=only"})
	w.ended(w.after(step), "success", 0, "lease "+main.State["lease"], ": undone", "OKTA_CLIENT_ID, OKTA_PRIVATE_KEY_ID: ignored", "STEPDOWN_APP_ID: ignored")
	w.has(0)
}

// scenarioLinks: what was checked out has links, and a pipe, where reports are written. None is followed, none is waited for.
func scenarioLinks(w *onRunner) {
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	job := w.newJob()
	at := func(name string) string { return filepath.Join(job.Workspace(), name) }
	if err := os.MkdirAll(at("stepdown-report"), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(at("precious"), []byte("as it was"), 0o644); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"evidence.json", "evidence.json.writing", "admission.json", "admission.json.writing"} {
		if err := os.Symlink("../precious", at("stepdown-report/"+name)); err != nil {
			w.t.Fatal(err)
		}
	}
	main, _ := w.whole(w.step(job, "apply"))
	w.ended(main, "success", 0)
	info, err := os.Lstat(at("stepdown-report/evidence.json"))
	if text, readErr := os.ReadFile(at("precious")); string(text) != "as it was" || err != nil || !info.Mode().IsRegular() {
		w.t.Errorf("%q, %v, %v, %v", text, readErr, info, err)
	}

	out := w.t.TempDir()
	leads := out
	if w.image != "" {
		leads = "/tmp" // of the container
	}
	for _, verb := range []string{"audit", "apply"} {
		job := w.newJob()
		w.manifests(job, "acme")
		if err := os.Symlink(leads, filepath.Join(job.Workspace(), "stepdown-report")); err != nil {
			w.t.Fatal(err)
		}
		main, _ := w.whole(w.step(job, verb))
		w.ended(main, "failure", 2, "it leads out of the workspace")
	}
	if left, err := os.ReadDir(out); len(left) > 0 || err != nil {
		w.t.Errorf("written there: %v, %v", left, err)
	}
}

// scenarioEvidenceFolder: the evidence cannot be written, and the outcome does not say that all is done.
func scenarioEvidenceFolder(w *onRunner) {
	w.approve("grace")
	w.tokensOnGrant(func(oktaemu.Request) {})
	job := w.newJob()
	if err := os.MkdirAll(filepath.Join(job.Workspace(), "stepdown-report", "evidence.json", "x"), 0o777); err != nil {
		w.t.Fatal(err)
	}
	main, _ := w.whole(w.step(job, "apply"))
	w.ended(main, "failure", 3, "writing stepdown-report/evidence.json")
	w.outputs(main, map[string]string{"outcome": "failed", "exit-code": "3", "state": "closed"})
}
