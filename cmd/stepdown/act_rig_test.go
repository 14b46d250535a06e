package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// actTools is what the tests with act need, which .ci/run act gives.
type actTools struct {
	act    string // the program
	image  string // of the Action
	runner string // the image that stands for ubuntu-latest
	commit string // of the Action, which the image is tagged for
}

// newActTools finds them and gives the image the name by which act looks for the Action's: so it is the one that was built, measured and
// looked into, and act builds none.
func newActTools(t *testing.T) actTools {
	t.Helper()
	a := actTools{act: os.Getenv("STEPDOWN_ACT"), runner: os.Getenv("STEPDOWN_RUNNER_IMAGE"), commit: strings.Repeat("5", 40)}
	if a.act == "" || a.runner == "" {
		t.Skip("STEPDOWN_ACT or STEPDOWN_RUNNER_IMAGE is not set: there is no act, or no image for it to run workflows in; .ci/run act has both")
	}
	a.image = containerImage(t)
	// Source: nektos/act v0.2.89, pkg/runner/action.go, execAsDocker.
	name := "act-stepdown-stepdown-" + a.commit + "-dockeraction:latest"
	if out, err := exec.Command("docker", "tag", a.image, name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", name).Run() })
	return a
}

// onAct is a siege whose repository has the example workflows, and act to run them.
type onAct struct {
	*siege
	actTools
	dir       string // of everything that act is given
	workflows map[string]exampleJobs
	keys      map[string]string // the private key of each verb's app, by verb
	uploads   *uploads
	runID     string
	inPost    bool // post has GITHUB_TOKEN, which stands for the default of github-token that act does not give it
}

// exampleJobs is what is looked at of a workflow.
type exampleJobs struct {
	Jobs map[string]struct {
		Environment string
		Permissions map[string]string
	}
}

// admin is the token that only doctor is given.
const admin = "github_pat_planted_of_an_administrator"

func newOnAct(t *testing.T, tools actTools) *onAct {
	t.Helper()
	w := &onAct{actTools: tools, dir: t.TempDir(), keys: map[string]string{}, workflows: map[string]exampleJobs{}, uploads: newUploads(t), runID: "77", inPost: true}
	var apps []oktaemu.Option
	for _, verb := range []string{"apply", "audit", "plan", "sweep"} {
		app, key := appOf(t, verb)
		apps, w.keys[verb] = append(apps, app), key
	}
	w.siege = newSiege(t, apps...)
	w.hub.AddToken(admin, githubemu.Token{Login: "identity-admin", Type: githubemu.UserToken, Permissions: map[string]string{
		"contents": "read", "actions": "read", "administration": "read",
	}})
	w.repository()
	w.standIns()
	return w
}

// appOf is a service app with the scopes that docs/architecture.md has for the verb, and its key.
func appOf(t *testing.T, verb string) (app oktaemu.Option, key string) {
	t.Helper()
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `" + verb + "` \\| `([^`]+)` \\|$").FindSubmatch(docs)
	if row == nil {
		t.Fatalf("docs/architecture.md has no scopes for %s", verb)
	}
	public, private, err := ecPair()
	if err != nil {
		t.Fatal(err)
	}
	return oktaemu.WithServiceApp(oktaemu.SeedApp{
		Label: "stepdown " + verb, PublicKey: public, Scopes: strings.Fields(string(row[1])), Roles: []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}}, DPoP: true,
	}), private
}

// repository makes the repository of a user by the commands of README.md, and puts what comes of it on the default branch.
func (w *onAct) repository() {
	w.t.Helper()
	script := "set -e\ngit init -q -b main\n" + firstCommands(w.t, w.siege.env["OKTA_ORG_URL"])
	script += "git add .\ngit -c user.name=frank -c user.email=frank@acme.example commit -q -m 'Use stepdown'\n"
	w.shell(filepath.Join(w.dir, "repository"), script, "COMMIT="+w.commit)
	files := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(w.dir, "repository", ".github", "workflows", "*"))
	for _, path := range paths {
		var data []byte
		if data, err = os.ReadFile(path); err != nil {
			w.t.Fatal(err)
		}
		var jobs exampleJobs
		if err = yaml.Unmarshal(data, &jobs); err != nil {
			w.t.Fatal(err)
		}
		files[".github/workflows/"+filepath.Base(path)], w.workflows[filepath.Base(path)] = string(data), jobs
	}
	if err != nil || len(files) != 6 {
		w.t.Fatalf("the repository has %d workflows: %v", len(files), err)
	}
	w.hub.Commit("main", files)
}

// shell runs a script in a folder, which it makes.
func (w *onAct) shell(dir, script string, env ...string) {
	w.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(w.t.Context(), "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
}

// standIns writes those of the Actions of others. That of actions/checkout checks the default branch out as it is by now.
func (w *onAct) standIns() {
	w.t.Helper()
	write := func(path, text string) {
		path = filepath.Join(w.dir, path)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	write("checkout/action.yml", `name: checkout
inputs: {ref: {default: ""}, persist-credentials: {default: "true"}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {REF: "${{ inputs.ref }}", PERSIST: "${{ inputs.persist-credentials }}"}
      run: |
        [ "$REF" = main ] && [ "$PERSIST" = false ] || { echo "checks out $REF and keeps the token: $PERSIST"; exit 1; }
        cp -R "$GITHUB_ACTION_PATH/tree/." .
`)
	for path, content := range w.hub.Files("main") {
		write(filepath.Join("checkout", "tree", path), content)
	}
	write("upload-artifact/action.yml", `name: upload-artifact
inputs: {name: {default: artifact}, path: {required: true}, if-no-files-found: {default: warn}, retention-days: {default: "0"}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FROM: "${{ inputs.path }}", NONE: "${{ inputs.if-no-files-found }}"}
      run: |
        if [ ! -e "$FROM" ]; then echo "no files found: $NONE"; [ "$NONE" != error ]; exit; fi
        exec 3<>/dev/tcp/`+strings.Replace(w.uploads.address(), ":", "/", 1)+`
        { echo "$NAME"; tar -c -C "$FROM" .; } >&3
        read -r reply <&3
        [ "$reply" = ok ]
`)
}

// secretsOf are those that README.md has for the environment of the workflow's job, and the job's own token, which can do what the job says.
func (w *onAct) secretsOf(file string) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	if file == "" {
		file = "stepdown-apply.yml" // all of them are run, and would have what the most powerful has
	}
	for _, job := range w.workflows[file].Jobs {
		token := "ghs_planted_for_" + file
		permissions := map[string]string{}
		for name, level := range job.Permissions {
			permissions[strings.ReplaceAll(name, "-", "_")] = level
		}
		w.hub.AddToken(token, githubemu.Token{Login: ourBot, Type: githubemu.Installation, Permissions: permissions})
		out["GITHUB_TOKEN"] = token
		verb := map[string]string{"okta": "apply", "okta-plan": "plan", "okta-audit": "audit", "okta-sweep": "sweep"}[job.Environment]
		if verb != "" {
			out["OKTA_CLIENT_ID"], out["OKTA_PRIVATE_KEY"] = w.org.ClientID("stepdown "+verb), w.keys[verb]
		}
		if verb != "" && verb != "plan" {
			out["STEPDOWN_LEDGER_KEY"] = ledgerKey
		}
		if job.Environment == "okta-doctor" {
			out["STEPDOWN_DOCTOR_TOKEN"] = admin
		}
	}
	return out
}

// line is one of act's log.
type line struct {
	JobID, Job, Stage, Step, Command, Msg string
}

// actResult is what came of a run of act.
type actResult struct {
	code  int
	log   string
	lines []line
}

// start has act run a workflow, or all where none is named, for an event, and waits for its end.
func (w *onAct) start(event string, payload []byte, file string) actResult {
	w.t.Helper()
	path := filepath.Join(w.dir, "event.json")
	if err := os.WriteFile(path, payload, 0o600); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{
		event, "--json", "-W", filepath.Join(".github", "workflows", file), "-e", path, "-P", "ubuntu-latest=" + w.runner, "--pull=false", "--rebuild=false", "--network", "host",
		"--no-cache-server", "--container-daemon-socket", "-", "--action-cache-path", filepath.Join(w.dir, "cache"), "--actor", "grace", "--rm",
		"--env", "GITHUB_API_URL=" + w.hubURL, "--env", "GITHUB_REPOSITORY=acme/okta-access", "--env", "GITHUB_RUN_ID=" + w.runID,
	}
	cmd := exec.CommandContext(ctx, w.act)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "XDG_CONFIG_HOME=" + filepath.Join(w.dir, "config"), "XDG_CACHE_HOME=" + filepath.Join(w.dir, "cache"), "DOCKER_HOST=" + os.Getenv("DOCKER_HOST")}
	secrets := w.secretsOf(file)
	if w.inPost {
		args = append(args, "--env", "GITHUB_TOKEN="+secrets["GITHUB_TOKEN"])
	}
	for name, value := range secrets {
		args, cmd.Env = append(args, "-s", name), append(cmd.Env, name+"="+value)
	}
	for ref, from := range w.actions() {
		args = append(args, "--local-repository", ref+"="+from)
	}
	cmd.Args, cmd.Dir = append(cmd.Args, args...), filepath.Join(w.dir, "repository")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		w.t.Fatalf("act: %v: %v\n%s", err, ctx.Err(), out.String())
	}
	r := readActLog(out.String())
	r.code, w.siege.out = cmd.ProcessState.ExitCode(), r.log
	for _, job := range r.started() {
		w.t.Logf("ran: %s.yml on %s", job, event)
	}
	return r
}

// readActLog reads act's log, of which it leaves out what asks for masks.
func readActLog(text string) actResult {
	var r actResult
	for text := range strings.Lines(text) {
		var l line
		switch {
		case json.Unmarshal([]byte(text), &l) != nil:
			r.log += text
		case l.Command != "add-mask":
			r.lines = append(r.lines, l)
			r.log += fmt.Sprintf("%s %s: %s\n", l.JobID, l.Stage, strings.TrimRight(l.Msg, "\n"))
		}
	}
	return r
}

// started are the workflows of which a job was started.
func (r actResult) started() []string {
	var out []string
	for _, l := range r.lines {
		if workflow, _, _ := strings.Cut(l.Job, "/"); l.Stage == "Main" && !slices.Contains(out, workflow) {
			out = append(out, workflow)
		}
	}
	slices.Sort(out)
	return out
}

// of is what the Action's step said in a stage, and the outputs that it gave there.
func (r actResult) of(stage string) (text string, outputs map[string]string) {
	outputs = map[string]string{}
	for _, l := range r.lines {
		if l.Stage != stage || !strings.HasPrefix(l.Step, "stepdown/") {
			continue
		}
		text += strings.TrimRight(l.Msg, "\n") + "\n"
		if _, pair, ok := strings.Cut(l.Msg, "::set-output:: "); ok {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			outputs[name] = value
		}
	}
	return text, outputs
}

// actions are the folders that stand for the Actions that the workflows use: this one's own is the checkout itself.
func (w *onAct) actions() map[string]string {
	w.t.Helper()
	out, uses := map[string]string{}, regexp.MustCompile(`uses: (\S+/(\S+)@[0-9a-f]{40})`)
	for path, text := range w.hub.Files("main") {
		if !strings.HasPrefix(path, ".github/workflows/stepdown-") {
			continue
		}
		for _, use := range uses.FindAllStringSubmatch(text, -1) {
			out[use[1]] = filepath.Join(w.dir, use[2])
			if use[2] == "stepdown" {
				out[use[1]], _ = filepath.Abs(filepath.Join("..", ".."))
			}
		}
	}
	return out
}

// uploads is what the stand-in of actions/upload-artifact was given: artifacts by name, each files by path.
type uploads struct {
	mu       sync.Mutex
	listener net.Listener
	given    map[string]map[string]string
}

func newUploads(t *testing.T) *uploads {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	u := &uploads{listener: listener, given: map[string]map[string]string{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if err := u.take(conn); err != nil {
				fmt.Fprintln(conn, err)
			}
			_ = conn.Close()
		}
	}()
	return u
}

func (u *uploads) address() string { return u.listener.Addr().String() }

// take reads a line with the name and then a tar archive, and says that it has.
func (u *uploads) take(conn net.Conn) error {
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewReader(conn)
	name, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	files, archive := map[string]string{}, tar.NewReader(in)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeReg {
			files[strings.TrimPrefix(header.Name, "./")] = string(data)
		}
	}
	u.mu.Lock()
	u.given[strings.TrimSpace(name)] = files
	u.mu.Unlock()
	_, err = fmt.Fprintln(conn, "ok")
	return err
}

// artifact takes the artifact of that name; nil where none was given.
func (u *uploads) artifact(name string) map[string]string {
	u.mu.Lock()
	defer u.mu.Unlock()
	files := u.given[name]
	delete(u.given, name)
	return files
}

// quiet holds everything that stays of a run against the secrets.
func (w *onAct) quiet(artifact map[string]string) {
	w.t.Helper()
	secrets := []string{apiToken, hubToken, ledgerKey, admin, "ghs_planted_for_", "eyJ"}
	for _, key := range w.keys {
		secrets = append(secrets, slices.DeleteFunc(strings.Split(key, "\n"), func(l string) bool { return len(l) < 20 || strings.HasPrefix(l, "-") })...)
	}
	texts := map[string]string{"the log": w.siege.out}
	for name, text := range artifact {
		texts["artifact "+name] = text
	}
	for name, text := range w.hub.Files(ledger.DefaultBranch) {
		texts["ledger "+name] = text
	}
	for _, c := range w.hub.Comments(1) {
		texts["a comment"] += c.Body
	}
	for where, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				w.t.Errorf("%s holds a secret, %.12s…", where, secret)
			}
		}
	}
}
