// Package runneremu does with a container action what GitHub's runner does: it reads action.yml, starts each stage by the runner's own
// docker run, reads the log and the files of commands by the runner's grammar, keeps masks, state and outputs, and ends a stage that is
// cancelled, that takes too long, or whose runner is lost.
//
// It shares nothing with package action, so that one mistake cannot hide in both. What it repeats was read in actions/runner 2.336.0; the
// file is named where something is repeated. Where the source leaves something open, it takes the reading that is harsher for the action:
//   - commands are looked for also behind characters that a comparison by a culture's rules gives no weight to;
//   - titles of annotations, outputs and state are not masked: only messages, the log and the summary are;
//   - an expression in action.yml that it does not know is an error.
//
// It deviates in three things, all of which a sandbox without a bridge needs: a network can be given, where the runner gives one only to
// jobs with services; the engine's socket is mounted from where DOCKER_HOST says that it is; and instead of an image there can be a folder
// that has its files, whose programs are started without Docker, with the same environment and the host's paths.
package runneremu

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what a job on a runner is like.
type Options struct {
	Name   string // of the runner; "runner" where it is empty
	Owner  int    // uid of the runner's user, whose the files are that it mounts; 0 where they are of who runs this
	Dir    string // an empty folder of its own, for the runner's temporary files and the workspace
	Action []byte // action.yml

	Image   string   // of the action; or, without Docker:
	Root    string   // a folder that has what the image has
	Network string   // of the action's containers; empty for the engine's own
	More    []string // options of docker run beyond the runner's, such as --read-only

	GitHub      map[string]string // the github context beyond what is made up here: "repository", "event_name", "token", …
	Event       []byte            // the payload
	Environment map[string]string // what the workflow and earlier steps of the job have set
	Secrets     []string          // what the server had masked when the job began

	Interrupt, Terminate time.Duration // how long a signal has its chance; the runner's 7.5 and 2.5 seconds where they are 0
}

// Job is a job on a runner. Its masks hold for all of its steps.
type Job struct {
	options Options
	action  Metadata
	github  map[string]string
	masks   *masker

	mu          sync.Mutex
	environment map[string]string // what steps left in GITHUB_ENV too
	lost        bool
	containers  []string
	own         []string // the files of commands that stages were given
}

// Close removes containers that outlived their stages. Until then they go on beside the post stage, as on a runner of one's own.
func (j *Job) Close() {
	if j.options.Root != "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, name := range j.containers {
		_ = docker("rm", "--force", name) // mostly there is none
	}
}

// NewJob sets up a runner for a job.
func NewJob(options Options) (*Job, error) {
	if (options.Image == "") == (options.Root == "") {
		return nil, errors.New("setting up a runner: give either an image or a folder with its files")
	}
	action, err := ReadMetadata(options.Action)
	if err != nil {
		return nil, err
	}
	if options.Interrupt == 0 {
		options.Interrupt = 7500 * time.Millisecond
	}
	if options.Terminate == 0 {
		options.Terminate = 2500 * time.Millisecond
	}
	j := &Job{options: options, action: action, masks: &masker{}, environment: maps.Clone(options.Environment)}
	if j.environment == nil {
		j.environment = map[string]string{}
	}
	for _, dir := range []string{j.Workspace(), j.temp("_github_home"), j.temp("_github_workflow"), j.temp("_runner_file_commands")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("setting up a runner: %w", err)
		}
	}
	if err := os.WriteFile(j.temp("_github_workflow", "event.json"), options.Event, 0o644); err != nil {
		return nil, fmt.Errorf("setting up a runner: %w", err)
	}
	j.github = contextOf(options.GitHub)
	j.github["workspace"] = j.Workspace()
	j.github["event_path"] = j.temp("_github_workflow", "event.json")
	for _, secret := range append([]string{runtimeToken, j.github["token"]}, options.Secrets...) {
		j.masks.add(secret)
	}
	return j, nil
}

// Workspace is the folder that the job's steps work in.
func (j *Job) Workspace() string {
	return filepath.Join(j.options.Dir, "work", "repository", "repository")
}

// temp is a path under the runner's temporary folder.
func (j *Job) temp(path ...string) string {
	return filepath.Join(append([]string{j.options.Dir, "work", "_temp"}, path...)...)
}

// Lost tells whether the runner is gone: nothing of the job runs any more.
func (j *Job) Lost() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lost
}

// Outputs are those of a stage that other jobs are given: the server drops what a mask would change. Source: JobExtension.cs.
func (j *Job) Outputs(r Result) (kept map[string]string, skipped []string) {
	kept = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.Outputs)) {
		if j.masks.mask(r.Outputs[name]) != r.Outputs[name] {
			skipped = append(skipped, name)
			continue
		}
		kept[name] = r.Outputs[name]
	}
	return kept, skipped
}

// contextOf is the github context that a job has at least. Names: docs.github.com, "Contexts reference".
func contextOf(given map[string]string) map[string]string {
	c := map[string]string{
		"action": "__stepdown_stepdown", "action_repository": "stepdown/stepdown", "action_ref": "v1", "actor": "octocat", "actor_id": "1",
		"api_url": "https://api.github.com", "base_ref": "", "event_name": "workflow_dispatch", "graphql_url": "https://api.github.com/graphql",
		"head_ref": "", "job": "job", "ref": "refs/heads/main", "ref_name": "main", "ref_protected": "true", "ref_type": "branch",
		"repository": "octocat/hello", "repository_id": "1", "repository_owner_id": "1", "retention_days": "90",
		"run_attempt": "1", "run_id": "1", "run_number": "1", "server_url": "https://github.com", "sha": strings.Repeat("0", 40),
		"triggering_actor": "octocat", "workflow": "workflow",
	}
	maps.Copy(c, given)
	c["repository_owner"], _, _ = strings.Cut(c["repository"], "/")
	return c
}

// random is part of a name that nothing else has.
func random() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Step is a step of the job that uses the action.
type Step struct {
	job     *Job
	with    map[string]string
	env     map[string]string
	state   map[string]string
	begun   bool
	Timeout time.Duration // timeout-minutes, of either stage; 0 for none
}

// Step adds a step to the job: what its "with" and its "env" have.
func (j *Job) Step(with, env map[string]string) *Step {
	return &Step{job: j, with: with, env: env, state: map[string]string{}}
}

// Set has another step of the job have set variables through GITHUB_ENV.
func (j *Job) Set(variables map[string]string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	maps.Copy(j.environment, variables)
}

// Main starts the step.
func (s *Step) Main() (*Stage, error) {
	s.begun = true
	return s.start("main", s.job.action.Entrypoint)
}

// Post starts the step's post stage, as the runner does at the end of a job, whatever came of main. Of a runner that is lost it does not.
// Source: ActionRunner.cs, StepsRunner.cs.
func (s *Step) Post() (*Stage, error) {
	switch {
	case s.job.Lost():
		return nil, errors.New("starting the post stage: the runner is lost")
	case !s.begun:
		return nil, errors.New("starting the post stage: main was skipped")
	case s.job.action.PostEntrypoint == "":
		return nil, errors.New("starting the post stage: action.yml has no post-entrypoint")
	}
	return s.start("post", s.job.action.PostEntrypoint)
}
