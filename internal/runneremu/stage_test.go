package runneremu

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newJob(t *testing.T, o Options) *Job {
	t.Helper()
	if o.Dir = t.TempDir(); o.Action == nil {
		o.Action = []byte(actionYML)
	}
	if o.Root == "" && o.Image == "" {
		o.Image = "stepdown:ci"
	}
	j, err := NewJob(o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestDockerRun holds the whole command line against the runner's. Source: DockerCommandManager.cs, DockerRun.
func TestDockerRun(t *testing.T) {
	t.Parallel()
	j := newJob(t, Options{})
	got := j.arguments("NAME", "/action", map[string]string{"INPUT_A": "secret", "HOME": "/x", "CI": "true", "GITHUB_ACTIONS": "true"}, []string{"well"})
	dir := filepath.Join(j.options.Dir, "work")
	want := []string{
		"run", "--name", "NAME", "--label", "stepdown", "--workdir", "/github/workspace", "--rm", "-e", "HOME", "-e", "INPUT_A", "-e", "GITHUB_ACTIONS=true", "-e", "CI=true",
		"--entrypoint", "/action", "-v", "SOCKET:/var/run/docker.sock", "-v", dir + "/_temp:/github/runner_temp", "-v", dir + "/_temp/_github_home:/github/home",
		"-v", dir + "/_temp/_github_workflow:/github/workflow", "-v", dir + "/_temp/_runner_file_commands:/github/file_commands",
		"-v", dir + "/repository/repository:/github/workspace", "stepdown:ci", "well",
	}
	if o := j.options; o.Interrupt != 7500*time.Millisecond || o.Terminate != 2500*time.Millisecond {
		t.Errorf("a signal has its chance for %s and %s", o.Interrupt, o.Terminate)
	}
	for i, arg := range got {
		if strings.HasSuffix(arg, ":/var/run/docker.sock") {
			got[i] = "SOCKET:/var/run/docker.sock"
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestEnvironment: who wins where two set a variable, and what paths become.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	action := strings.Replace(actionYML, "runs: {using: docker,", "runs: {env: {FROM_ACTION: \"${{ inputs.how }}\", OKTA: action}, using: docker,", 1)
	j := newJob(t, Options{
		Action: []byte(action), GitHub: map[string]string{"repository": "acme/repo", "token": "ghs_1"},
		Environment: map[string]string{
			"OKTA": "job", "GITHUB_REPOSITORY": "evil/repo", "GITHUB_TOKEN": "earlier step", "INPUT_HOW": "evil", "STATE_lease": "evil", "HOME": "/evil",
			"RUNNER_TEMP": "/evil", "RUNNER_DEBUG": "1", "HTTPS_PROXY": "http://proxy", "ACTIONS_RUNTIME_TOKEN": "evil", "GITHUB_ACTIONS": "false",
		},
	})
	s := j.Step(map[string]string{"my-input": "two\nlines", "other one": "x"}, map[string]string{"STEP": "1", "WHERE": j.Workspace() + "/a", "BESIDE": j.Workspace() + "-b"})
	s.state["lease"] = "7"
	files, err := j.newCommandFiles()
	if err != nil {
		t.Fatal(err)
	}
	got, args, warnings, err := s.environment(files)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"OKTA": "job", "FROM_ACTION": "well", "GITHUB_REPOSITORY": "acme/repo", "GITHUB_REPOSITORY_OWNER": "acme", "GITHUB_TOKEN": "earlier step",
		"INPUT_HOW": "well", "INPUT_TOKEN": "ghs_1", "INPUT_MY-INPUT": "two\nlines", "INPUT_OTHER_ONE": "x", "STATE_lease": "7", "HOME": "/github/home",
		"RUNNER_TEMP": "/github/runner_temp", "RUNNER_DEBUG": "1", "HTTPS_PROXY": "http://proxy", "ACTIONS_RUNTIME_TOKEN": runtimeToken, "GITHUB_ACTIONS": "true",
		"GITHUB_WORKSPACE": "/github/workspace", "GITHUB_EVENT_PATH": "/github/workflow/event.json", "STEP": "1", "WHERE": "/github/workspace/a",
		"BESIDE": j.Workspace() + "-b",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for name := range got {
		if strings.HasPrefix(name, "GITHUB_") && strings.Contains(name, "TOKEN") && got[name] == "ghs_1" || name == "PATH" {
			t.Errorf("the container is given %s", name)
		}
	}
	if !strings.HasPrefix(got["GITHUB_OUTPUT"], "/github/file_commands/set_output_") || !slices.Equal(args, []string{"well"}) {
		t.Errorf("%q %q", got["GITHUB_OUTPUT"], args)
	}
	if want := []string{"Unexpected input(s) 'other one', valid inputs are ['how', 'token', 'my-input', 'entrypoint', 'args']"}; !slices.Equal(warnings, want) {
		t.Errorf("%q, want %q", warnings, want)
	}
}

// TestMetadataIsRefused: what this does not repeat is an error, and is not left out.
func TestMetadataIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"node":  "runs: {using: node20, main: a.js}",
		"image": "runs: {using: docker}",
		"pre":   "runs: {using: docker, image: Dockerfile, pre-entrypoint: /x}",
		"yaml":  "runs: [",
	} {
		if _, err := ReadMetadata([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for _, text := range []string{"${{ secrets.X }}", "${{ github.token || 'x' }}", "${{ hashFiles('x') }}", "a ${{ github.token }} ${{ env.X }}"} {
		if got, err := expand(text, map[string]map[string]string{"github": {"token": "t"}}); err == nil {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	if got, err := expand("${{github.token}}-${{ inputs.a-b }}", map[string]map[string]string{"github": {"token": "t"}, "inputs": {"a-b": "u"}}); err != nil || got != "t-u" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWhatAStageLeavesBehind reads files that a program could have left.
func TestWhatAStageLeavesBehind(t *testing.T) {
	t.Parallel()
	j := newJob(t, Options{})
	s := j.Step(nil, nil)
	left := func(contents map[string]string) (Result, *console) {
		files, err := j.newCommandFiles()
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range contents {
			if err := os.WriteFile(files.paths[name], []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := &console{job: j, masks: j.masks}
		for _, line := range []string{"::add-mask::h1dden-value", "::set-output name=a::of the log", "::save-state name=lease::of the log", "::set-output name=c::3"} {
			c.line(line)
		}
		var r Result
		files.process(s, c, &r)
		return r, c
	}
	r, c := left(map[string]string{
		"output": "a=1\nbroken\nb=2\n", "state": "lease=7\n", "env": "X=1\nnode_options=--require evil\n", "path": "/evil\n\n", "step_summary": "# h1dden-value\r\nx",
	})
	if !maps.Equal(r.Outputs, map[string]string{"a": "1", "c": "3"}) || !maps.Equal(r.State, map[string]string{"lease": "7"}) || !maps.Equal(r.Environment, map[string]string{"X": "1"}) ||
		!slices.Equal(r.Path, []string{"/evil"}) || r.Summary != "# ***\nx\n" || !slices.Equal(r.Malformed, []string{"output"}) || !c.failed {
		t.Errorf("%+v, failed %v", r, c.failed)
	}
	var said []string
	for _, a := range c.annotations {
		said = append(said, a.Message)
	}
	want := []string{"Unable to process file command 'output' successfully.", "Invalid format 'broken'", "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."}
	if d := cmp.Diff(want, said); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for size, kept := range map[int]bool{maxSummary: true, maxSummary + 1: false} {
		r, c := left(map[string]string{"step_summary": string(bytes.Repeat([]byte("x"), size))})
		if len(r.RawSummary) != size || (r.Summary != "") != kept || r.SummaryDropped == kept || (len(c.annotations) == 0) != kept || c.failed {
			t.Errorf("a summary of %d bytes: kept %v, %d annotations, failed %v", size, r.Summary != "", len(c.annotations), c.failed)
		}
	}
}

// TestEnds: what takes too long, and what is lost.
func TestEnds(t *testing.T) {
	t.Parallel()
	dir := root(t)
	t.Run("timeout", func(t *testing.T) {
		t.Parallel()
		j := newJob(t, Options{Root: dir, Interrupt: 200 * time.Millisecond, Terminate: 200 * time.Millisecond})
		step := j.Step(map[string]string{"how": "deaf"}, nil)
		step.Timeout = time.Second
		stage, err := step.Main()
		if err != nil {
			t.Fatal(err)
		}
		r := stage.Wait()
		if r.Conclusion != "failure" || r.Signal != "SIGKILL" || !strings.Contains(r.Log, "##[error]The action has timed out after 1s.") || r.State["lease"] != "1" {
			t.Errorf("%+v", r)
		}
		if _, err := step.Post(); err != nil {
			t.Errorf("post: %v", err)
		}
	})
	t.Run("lost", func(t *testing.T) {
		t.Parallel()
		step := newJob(t, Options{Root: dir}).Step(map[string]string{"how": "deaf"}, nil)
		if _, err := step.Post(); err == nil {
			t.Error("post runs where main did not")
		}
		stage, err := step.Main()
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			if strings.Contains(stage.Output(), "working") {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		stage.Lose()
		r := stage.Wait()
		if _, err := step.Post(); r.Conclusion != "lost" || len(r.State) != 0 || err == nil {
			t.Errorf("%+v; post: %v", r, err)
		}
	})
}

// TestMasksOutliveTheStage: what main had masked is masked in post too, and in another step of the job.
func TestMasksOutliveTheStage(t *testing.T) {
	t.Parallel()
	j := newJob(t, Options{Root: root(t), GitHub: map[string]string{"token": "ghs_thetoken"}})
	for _, how := range []string{"well", "prints"} {
		stage, err := j.Step(map[string]string{"how": how}, nil).Main()
		if err != nil {
			t.Fatal(err)
		}
		if r := stage.Wait(); strings.Contains(r.Log, badSecret) || r.Conclusion != "success" {
			t.Errorf("%+v", r)
		}
	}
	kept, skipped := j.Outputs(Result{Outputs: map[string]string{"a": "plain", "b": "has ghs_thetoken"}})
	if !maps.Equal(kept, map[string]string{"a": "plain"}) || !slices.Equal(skipped, []string{"b"}) {
		t.Errorf("other jobs are given %v, and not %q", kept, skipped)
	}
	if got := j.masks.mask(fmt.Sprint(badSecret, " ghs_thetoken ", runtimeToken)); got != "*** *** ***" {
		t.Errorf("%q", got)
	}
}
