package runneremu

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets this test's own binary be the action, under the name that action.yml starts.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "action":
		os.Exit(mainStage(os.Args[1]))
	case "action-post":
		fmt.Println("lease:", os.Getenv("STATE_lease"))
		return
	}
	os.Exit(m.Run())
}

const actionYML = `name: bad
inputs:
  how: {default: well}
  token: {default: "${{ github.token }}"}
  my-input: {}
outputs:
  outcome: {description: a word}
  exit-code: {description: a number}
  reason: {description: a line}
runs: {using: docker, image: Dockerfile, entrypoint: /action, post-entrypoint: /action-post, args: ["${{ inputs.how }}"]}
`

const badSecret = `s3cret "value" of <32> & more'characters`

// mainStage is an action that does one thing wrong.
func mainStage(how string) int {
	if how != "forgets" {
		put("GITHUB_STATE", "lease=1\n")
	}
	fmt.Println("::add-mask::" + strings.NewReplacer("%", "%25").Replace(badSecret))
	reason, code := "because", 0
	leaves(how)
	switch how {
	case "fixed-delimiter": // of a value that somebody else has worded
		reason = "a\nEOF\napproved=true\nx<<EOF"
	case "prints":
		fmt.Println("the secret is", badSecret)
	case "prints-hex":
		fmt.Printf("the secret is %x\n", badSecret)
	case "unended":
		put("GITHUB_OUTPUT", "outcome<<EOF\ndone\n")
		return 0
	case "command":
		fmt.Println("title:\n::set-output name=outcome::approved")
	case "large":
		put("GITHUB_STEP_SUMMARY", strings.Repeat("0123456789abcde\n", 70_000))
	case "large-secret":
		put("GITHUB_STEP_SUMMARY", strings.Repeat("0123456789abcde\n", 70_000)+badSecret+"\n")
	case "turns":
		fmt.Println("a name \u202egnp.exe")
	case "hides":
		fmt.Println("owner gra\u200bce")
	case "hides-in-summary":
		put("GITHUB_STEP_SUMMARY", "# done\u2028# not done\n")
	case "hides-in-output":
		reason = "\ufeffbecause"
	case "hides-in-annotation":
		fmt.Println("::error title=done%0Dnot done::x")
	case "silent":
		fmt.Println("::error::it did not work")
		return 0
	case "lies":
		code = 1
	case "contradicts":
		fmt.Println("::set-output name=exit-code::1")
		code = 1
	case "stops":
		fmt.Println("::stop-commands::xyz")
	case "deaf", "killed":
		signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
		fmt.Println("working")
		time.Sleep(time.Minute)
	case "listens":
		heard := make(chan os.Signal, 1)
		signal.Notify(heard, syscall.SIGINT)
		fmt.Println("working")
		fmt.Println("heard", <-heard)
		put("GITHUB_OUTPUT", "outcome=cancelled\nexit-code=1\n")
		return 1
	}
	put("GITHUB_OUTPUT", "outcome=done\nexit-code=0\nreason<<EOF\n"+reason+"\nEOF\n")
	return code
}

// leaves is what an action leaves behind that does so in a wrong way.
func leaves(how string) {
	keep := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(os.Getenv(dir), name), []byte(text), 0o644); err != nil {
			panic(err)
		}
	}
	switch how {
	case "exports":
		put("GITHUB_ENV", "CRED<<EOF\n"+badSecret+"\nEOF\n")
	case "preloads":
		put("GITHUB_ENV", "LD_PRELOAD=/evil.so\n")
	case "leads":
		put("GITHUB_PATH", "/evil\n")
	case "keeps":
		keep("GITHUB_WORKSPACE", "evidence.json", `{"token":"`+jsonEscaped(badSecret)+`"}`)
	case "keeps-at-home":
		keep("HOME", "cred", badSecret)
	case "keeps-in-hex":
		keep("RUNNER_TEMP", "cred", fmt.Sprintf("%x", badSecret))
	case "keeps-in-name":
		keep("GITHUB_WORKSPACE", fmt.Sprintf("%x", badSecret), "")
	case "keeps-in-link":
		if err := os.Symlink(badSecret, filepath.Join(os.Getenv("GITHUB_WORKSPACE"), "link")); err != nil {
			panic(err)
		}
	case "hoards":
		keep("GITHUB_WORKSPACE", "core", "")
		if err := os.Truncate(filepath.Join(os.Getenv("GITHUB_WORKSPACE"), "core"), 1<<30); err != nil { // which takes no room
			panic(err)
		}
	}
}

// put adds to a file of commands.
func put(file, text string) {
	f, err := os.OpenFile(os.Getenv(file), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprint(f, text)
}

// root makes a folder with the action in it.
func root(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"action", "action-post"} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// image makes an image with the action in it, where STEPDOWN_IMAGE says that an engine is there.
func image(t *testing.T) string {
	t.Helper()
	if os.Getenv("STEPDOWN_IMAGE") == "" {
		t.Skip("STEPDOWN_IMAGE is not set: there is no Docker engine to run actions with; .ci/run container has one")
	}
	self, err := os.ReadFile("/proc/self/exe")
	dir := t.TempDir()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "action"), self, 0o755)
	}
	if err == nil {
		err = os.Link(filepath.Join(dir, "action"), filepath.Join(dir, "action-post"))
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "tmp"), 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := "stepdown-bad:" + random()
	out, err := exec.Command("sh", "-c", "tar -C "+dir+" -c . | docker import - "+name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = docker("image", "rm", "--force", name) })
	return name
}

// bad are what an action does wrong, and what the harness is to say of it.
func bad() map[string][]string {
	return map[string][]string{
		"well":            nil,
		"listens":         nil,
		"forgets":         {BreachState},
		"fixed-delimiter": {BreachOutput},
		"unended":         {BreachMalformed, BreachOutcome},
		"prints":          {BreachPrinted},
		"prints-hex":      {BreachPrinted, BreachShown},
		"command":         {BreachCommand},
		"large":           {BreachSummary},
		"killed":          nil,
		"turns":           {BreachUnreadable},
		"stops":           {BreachStopped, BreachCommand},
		"deaf":            {BreachSignal},
		"silent":          {BreachOutcome},
		"lies":            {BreachCode},
		"contradicts":     {BreachCommand, BreachCode},
		"large-secret":    {BreachSummary, BreachPrinted},
		"exports":         {BreachSet, BreachPrinted},
		"preloads":        {BreachSet},
		"leads":           {BreachSet},
		"keeps":           {BreachKept},
		"keeps-at-home":   {BreachKept},
		"keeps-in-hex":    {BreachKept},
		"keeps-in-name":   {BreachKept},
		"keeps-in-link":   {BreachKept},
		"hoards":          {BreachUnread},

		"hides":               {BreachUnreadable},
		"hides-in-summary":    {BreachUnreadable},
		"hides-in-output":     {BreachUnreadable},
		"hides-in-annotation": {BreachUnreadable},
	}
}

// tried runs the action as a step that does one thing wrong, and returns what the harness says, and what post printed.
func tried(t *testing.T, how string, options Options) (kinds []string, main, post Result) {
	t.Helper()
	options.Dir, options.Action, options.Interrupt, options.Terminate = t.TempDir(), []byte(actionYML), 3*time.Second, time.Second
	job, err := NewJob(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(job.Close)
	step := job.Step(map[string]string{"how": how}, nil)
	stage, err := step.Main()
	if err != nil {
		t.Fatal(err)
	}
	if how == "deaf" || how == "listens" || how == "killed" {
		for range 600 {
			if strings.Contains(stage.Output(), "working") {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if how == "killed" {
			if err := stage.Kill(); err != nil {
				t.Error(err)
			}
		} else {
			stage.Cancel()
		}
	}
	main = stage.Wait()
	contract := Contract{State: []string{"lease"}, Outputs: []string{"outcome", "exit-code", "reason"}, Outcome: []string{"outcome"}, Code: "exit-code", Secrets: []string{badSecret}}
	for _, b := range contract.Breaches(main) {
		if t.Logf("%s: %s", b.Kind, b.Text); !slices.Contains(kinds, b.Kind) {
			kinds = append(kinds, b.Kind)
		}
	}
	stage, err = step.Post()
	if err != nil {
		t.Fatal(err)
	}
	return kinds, main, stage.Wait()
}

// TestBadActions: the harness says exactly what an action does wrong.
func TestBadActions(t *testing.T) {
	t.Parallel()
	dir := root(t)
	for how, want := range bad() {
		t.Run(how, func(t *testing.T) { t.Parallel(); isSaid(t, how, want, Options{Root: dir}) })
	}
}

// TestBadActionsInContainers is the same with an engine.
func TestBadActionsInContainers(t *testing.T) {
	t.Parallel()
	name := image(t)
	for how, want := range bad() {
		t.Run(how, func(t *testing.T) { t.Parallel(); isSaid(t, how, want, Options{Image: name, Network: "none"}) })
	}
}

func isSaid(t *testing.T, how string, want []string, options Options) {
	t.Helper()
	kinds, main, post := tried(t, how, options)
	slices.Sort(want)
	if slices.Sort(kinds); !slices.Equal(kinds, want) {
		t.Errorf("%s: the harness says %q, want %q\n%s", how, kinds, want, main.Log)
	}
	conclusion := map[string]string{"deaf": "cancelled", "listens": "cancelled", "unended": "failure", "killed": "failure", "lies": "failure", "contradicts": "failure"}
	if conclusion[how] == "" {
		conclusion[how] = "success"
	}
	lease := "lease: 1"
	if how == "forgets" {
		lease = "lease: \n"
	}
	if main.Conclusion != conclusion[how] || post.Conclusion != "success" || !strings.Contains(post.Log, lease) {
		t.Errorf("%s: main is a %s, post a %s\n%s%s", how, main.Conclusion, post.Conclusion, main.Log, post.Log)
	}
	if signal := map[string]string{"deaf": "SIGKILL", "listens": "SIGINT"}[how]; main.Signal != signal {
		t.Errorf("%s: it took %q, want %q", how, main.Signal, signal)
	}
}
