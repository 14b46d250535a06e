package runneremu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Result is what came of a stage.
type Result struct {
	Stage      string // main or post
	Conclusion string // success, failure, cancelled, or lost
	ExitCode   int
	Log        string // as the page shows it: masked
	Raw        string // as the program wrote it, but for the masks that it asked for
	Masked     []string

	Outputs, State, Environment map[string]string
	Path                        []string
	Summary, RawSummary         string            // as it is shown, and as it was written
	RawFiles                    map[string]string // the files of commands as they were written, where anything was: "output", "env", …
	SummaryDropped              bool
	Malformed                   []string          // files of commands that could not be read
	Left                        map[string]string // what is in the job's folders after the stage, by path: all files but those of commands, and links
	Unread                      []string          // what of it could not be read
	Annotations                 []Annotation
	Dropped                     map[string]int // annotations beyond the limit, by type
	Commands                    []Command      // what the log asked for
	OpenGroups                  int
	Stopped                     bool // commands were stopped, and never again read

	Signal   string        // the last one that had to be sent
	Took     time.Duration // from the cancellation, or from the start, to the end
	Outlived bool          // the container was there after the CLI was killed
	Killed   bool          // by Kill
}

// Stage is a stage of a step that runs.
type Stage struct {
	step      *Step
	kind      string // main or post
	container string
	cmd       *exec.Cmd
	console   *console
	files     commandFiles
	began     time.Time
	killed    atomic.Bool

	cancel  chan string // what the stage is to conclude with
	exited  chan struct{}
	done    chan struct{}
	result  Result
	failure error
}

// start starts a stage. Source: ContainerActionHandler.cs.
func (s *Step) start(kind, entrypoint string) (*Stage, error) {
	fail := func(err error) (*Stage, error) { return nil, fmt.Errorf("starting the %s stage: %w", kind, err) }
	files, err := s.job.newCommandFiles()
	if err != nil {
		return fail(err)
	}
	variables, args, warnings, err := s.environment(files)
	if err != nil {
		return fail(err)
	}
	g := &Stage{
		step: s, kind: kind, container: "stepdown_" + random(), files: files, console: &console{job: s.job, masks: s.job.masks},
		cancel: make(chan string, 1), exited: make(chan struct{}), done: make(chan struct{}), began: time.Now(),
	}
	if err := s.job.give(); err != nil {
		return fail(err)
	}
	for _, text := range warnings {
		g.console.issue("warning", text, nil)
	}
	s.job.mu.Lock()
	s.job.containers = append(s.job.containers, g.container)
	s.job.mu.Unlock()
	g.cmd = s.job.command(g.container, entrypoint, variables, args)
	g.console.mu.Lock()
	g.console.write("##[command]" + strings.Join(g.cmd.Args, " "))
	g.console.mu.Unlock()
	out, problems := &splitter{line: g.console.line}, &splitter{line: g.console.line}
	g.cmd.Stdout, g.cmd.Stderr = out, problems
	g.cmd.WaitDelay = 5 * time.Second // as the runner waits for streams; ProcessInvoker.cs
	if err := g.cmd.Start(); err != nil {
		return fail(err)
	}
	go func() {
		g.failure = g.cmd.Wait()
		out.end()
		problems.end()
		close(g.exited)
	}()
	go g.watch()
	return g, nil
}

// give gives the runner's user what lies in the folders of the job, as if they had made it.
func (j *Job) give() error {
	if j.options.Owner == 0 {
		return nil
	}
	return filepath.WalkDir(j.options.Dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, j.options.Owner, j.options.Owner)
	})
}

// command is the runner's docker run, or the program alone.
func (j *Job) command(container, entrypoint string, variables map[string]string, args []string) *exec.Cmd {
	keys := slices.Sorted(maps.Keys(variables))
	if j.options.Root != "" {
		cmd := exec.Command(filepath.Join(j.options.Root, entrypoint), args...)
		cmd.Dir = j.Workspace()
		for _, key := range keys {
			cmd.Env = append(cmd.Env, key+"="+variables[key])
		}
		return cmd
	}
	cmd := exec.Command("docker", j.arguments(container, entrypoint, variables, args)...)
	cmd.Dir = j.Workspace()
	cmd.Env = os.Environ()
	for _, key := range keys { // the CLI hands on what it has
		cmd.Env = append(cmd.Env, key+"="+variables[key])
	}
	return cmd
}

// arguments are those of docker run, in the runner's order: without a terminal, without standard input, without an init. Source:
// DockerCommandManager.cs, DockerRun.
func (j *Job) arguments(container, entrypoint string, variables map[string]string, args []string) []string {
	out := []string{"run", "--name", container, "--label", "stepdown", "--workdir", inWorkspace, "--rm"}
	for _, key := range slices.Sorted(maps.Keys(variables)) {
		if key != "GITHUB_ACTIONS" && key != "CI" {
			out = append(out, "-e", key)
		}
	}
	out = append(out, "-e", "GITHUB_ACTIONS=true", "-e", "CI=true")
	if entrypoint != "" {
		out = append(out, "--entrypoint", entrypoint)
	}
	if j.options.Network != "" {
		out = append(out, "--network", j.options.Network)
	}
	socket := "/var/run/docker.sock"
	if path, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		socket = path
	}
	out = append(out, "-v", socket+":/var/run/docker.sock")
	for _, m := range slices.Backward(j.mounts()) {
		out = append(out, "-v", m.host+":"+m.inside)
	}
	return append(append(append(out, j.options.More...), j.options.Image), args...)
}

// Where the runner's folders are in the container.
const inWorkspace = "/github/workspace"

type mount struct{ host, inside string }

// mounts are the folders of the job, the ones that paths are translated by first first. Source: ContainerInfo.cs.
func (j *Job) mounts() []mount {
	return []mount{
		{j.Workspace(), inWorkspace},
		{j.temp("_runner_file_commands"), "/github/file_commands"},
		{j.temp("_github_workflow"), "/github/workflow"},
		{j.temp("_github_home"), "/github/home"},
		{j.temp(), "/github/runner_temp"},
	}
}

// translated is a value with a path of the host as it is in the container.
func (j *Job) translated(value string) string {
	for _, m := range j.mounts() {
		if j.options.Root == "" && (value == m.host || strings.HasPrefix(value, m.host+"/")) {
			return m.inside + value[len(m.host):]
		}
	}
	return value
}

// Wait waits for the end of the stage.
func (g *Stage) Wait() Result {
	<-g.done
	return g.result
}

// Output is what the program has written up to now, but for the masks that it asked for.
func (g *Stage) Output() string {
	g.console.mu.Lock()
	defer g.console.mu.Unlock()
	return g.console.raw.String()
}

// Cancel ends the stage as the runner does when the run is cancelled. It does not wait.
func (g *Stage) Cancel() { g.end("cancelled") }

// Kill ends the container as the machine does one that takes too much memory. The runner goes on with what comes after.
func (g *Stage) Kill() error {
	g.killed.Store(true)
	if g.step.job.options.Root != "" {
		return g.cmd.Process.Kill()
	}
	return docker("kill", "--signal", "KILL", g.container)
}

// Lose ends the stage as the loss of the runner does: the container is killed, and nothing of the job runs any more.
func (g *Stage) Lose() {
	g.step.job.mu.Lock()
	g.step.job.lost = true
	g.step.job.mu.Unlock()
	g.end("lost")
}

func (g *Stage) end(how string) {
	select {
	case g.cancel <- how:
	default:
	}
}

// watch waits for what ends the stage, and reads what it left behind.
func (g *Stage) watch() {
	defer close(g.done)
	var late <-chan time.Time
	if g.step.Timeout > 0 {
		late = time.After(g.step.Timeout)
	}
	conclusion, from, signal := "", g.began, ""
	select {
	case <-g.exited:
	case conclusion = <-g.cancel:
	case <-late:
		conclusion = "late"
	}
	if conclusion != "" {
		from = time.Now()
		signal = g.stop(conclusion)
	}
	<-g.exited
	took := time.Since(from)
	if conclusion == "late" {
		g.console.issue("error", fmt.Sprintf("The action has timed out after %s.", g.step.Timeout), nil)
	}
	var kept Result
	if conclusion != "lost" {
		g.files.process(g.step, g.console, &kept)
		maps.Copy(g.step.state, kept.State)
		g.step.job.mu.Lock()
		maps.Copy(g.step.job.environment, kept.Environment)
		g.step.job.mu.Unlock()
	}
	r := g.console.result()
	r.Stage, r.Killed, r.RawFiles = g.kind, g.killed.Load(), g.files.raw()
	r.Left, r.Unread = g.step.job.left()
	r.Outputs, r.State, r.Environment, r.Path, r.Malformed = kept.Outputs, kept.State, kept.Environment, kept.Path, kept.Malformed
	r.Summary, r.RawSummary, r.SummaryDropped = kept.Summary, kept.RawSummary, kept.SummaryDropped
	r.ExitCode, r.Signal, r.Took = g.cmd.ProcessState.ExitCode(), signal, took
	r.Conclusion, r.Outlived = g.conclusion(conclusion), signal == "SIGKILL" && conclusion != "lost" && g.isThere()
	g.result = r
}

// conclusion is what the page shows of the stage: whatever ended it, else whether all went well.
func (g *Stage) conclusion(ended string) string {
	switch {
	case ended == "late":
		return "failure"
	case ended != "":
		return ended
	case g.failure != nil || g.console.failed:
		return "failure"
	}
	return "success"
}

// stop ends the stage and returns the last signal that it took: SIGINT, SIGTERM and SIGKILL, each to the CLI, which hands on the first two
// and of the third knows nothing. Source: ProcessInvoker.cs.
func (g *Stage) stop(how string) string {
	if how == "lost" {
		if g.step.job.options.Root != "" {
			_ = g.cmd.Process.Kill()
		} else if err := docker("kill", "--signal", "KILL", g.container); err != nil {
			_ = g.cmd.Process.Kill() // it had not begun
		}
		return "SIGKILL"
	}
	for _, step := range []struct {
		signal syscall.Signal
		name   string
		wait   time.Duration
	}{{syscall.SIGINT, "SIGINT", g.step.job.options.Interrupt}, {syscall.SIGTERM, "SIGTERM", g.step.job.options.Terminate}} {
		_ = g.cmd.Process.Signal(step.signal)
		select {
		case <-g.exited:
			return step.name
		case <-time.After(step.wait):
		}
	}
	_ = g.cmd.Process.Kill()
	return "SIGKILL"
}

// isThere tells whether the container goes on without its CLI.
func (g *Stage) isThere() bool {
	return g.step.job.options.Root == "" && docker("container", "inspect", g.container) == nil
}

// docker runs the CLI for the harness itself.
func docker(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		return errors.New(string(bytes.TrimSpace(out)))
	}
	return nil
}
