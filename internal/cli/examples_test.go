package cli

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/posture"
)

// exampleStep, exampleJob and exampleWorkflow are what the tests look at.
type exampleStep struct {
	Uses, Run string
	With      map[string]string
}

type exampleJob struct {
	Environment string
	Permissions map[string]string
	Timeout     int `yaml:"timeout-minutes"`
	Steps       []exampleStep
}

type exampleWorkflow struct {
	text        string
	On          map[string]any
	Permissions map[string]string
	Jobs        map[string]yaml.Node
}

// examples reads examples/workflows.
func examples(t *testing.T) map[string]exampleWorkflow {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "examples", "workflows", "*.yml"))
	if err != nil || len(paths) != 6 {
		t.Fatalf("examples: %q, %v", paths, err)
	}
	all := map[string]exampleWorkflow{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		w := exampleWorkflow{text: string(data)}
		if err := yaml.Unmarshal(data, &w); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[filepath.Base(path)] = w
	}
	return all
}

// TestTheExampleWorkflowsGiveNothingAway holds what makes them safe, whoever edits them next.
func TestTheExampleWorkflowsGiveNothingAway(t *testing.T) {
	t.Parallel()
	for file, w := range examples(t) {
		if w.Permissions == nil || len(w.Permissions) != 0 {
			t.Errorf("%s: permissions at the top are %v, not {}", file, w.Permissions)
		}
		for _, event := range []string{"pull_request_target", "pull_request", "pull_request_review"} {
			if _, ok := w.On[event]; ok && (event == "pull_request_target" || file != "stepdown-signal.yml") {
				t.Errorf("%s runs on %s", file, event)
			}
		}
		jobs := 0
		for name, node := range w.Jobs {
			jobs++
			var j exampleJob
			if err := node.Decode(&j); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			raw, err := yaml.Marshal(&node)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(raw), "secrets") && j.Environment == "" {
				t.Errorf("%s: job %s uses a secret and has no environment", file, name)
			}
			if j.Permissions == nil && file != "stepdown-signal.yml" {
				t.Errorf("%s: job %s does not say what its token may do", file, name)
			}
			if j.Timeout == 0 {
				t.Errorf("%s: job %s has no timeout", file, name)
			}
			for _, step := range j.Steps {
				holdStep(t, file, step)
			}
		}
		if jobs != 1 {
			t.Errorf("%s has %d jobs", file, jobs)
		}
		before, _, _ := strings.Cut(w.text, "jobs:")
		if strings.Contains(before, "secrets.") {
			t.Errorf("%s uses a secret outside a job", file)
		}
	}
}

func holdStep(t *testing.T, file string, step exampleStep) {
	t.Helper()
	if strings.Contains(step.Run, "${{") {
		t.Errorf("%s: run has an expression: %s", file, step.Run)
	}
	if strings.HasPrefix(step.Uses, "actions/checkout@") {
		if file != "stepdown-audit.yml" {
			t.Errorf("%s checks something out", file)
		}
		if step.With["persist-credentials"] != "false" {
			t.Errorf("%s leaves the token behind", file)
		}
	}
}

// TestTheExampleWorkflowsAreOfThisAction holds their inputs and commands against action.yml and the verbs, and their actions
// against what a pin has to be.
func TestTheExampleWorkflowsAreOfThisAction(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct{ Inputs map[string]any }
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	var commands []string
	for file, w := range examples(t) {
		for _, line := range regexp.MustCompile(`(?m)^.*uses: .*$`).FindAllString(w.text, -1) {
			if !regexp.MustCompile(`uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # \S`).MatchString(line) {
				t.Errorf("%s: not pinned, or without its version: %s", file, line)
			}
		}
		for _, node := range w.Jobs {
			var j exampleJob
			if err := node.Decode(&j); err != nil {
				t.Fatal(err)
			}
			for _, step := range j.Steps {
				if !strings.HasPrefix(step.Uses, "stepdown/stepdown@") {
					continue
				}
				commands = append(commands, step.With["command"])
				for name := range step.With {
					if _, ok := action.Inputs[name]; !ok {
						t.Errorf("%s: action.yml has no input %q", file, name)
					}
				}
			}
		}
	}
	slices.Sort(commands)
	if want := []string{"apply", "audit", "doctor", "plan", "sweep"}; !slices.Equal(commands, want) {
		t.Errorf("commands %q, want %q", commands, want)
	}
	for _, command := range commands {
		if _, ok := actionInputs()[command]; !ok {
			t.Errorf("there is no command %q", command)
		}
	}
}

// TestTheDocumentsNameTheExamplesEnvironments: README.md, docs/security.md, the examples and doctor have the same environments, and
// the secrets of each.
func TestTheDocumentsNameTheExamplesEnvironments(t *testing.T) {
	t.Parallel()
	page := func(name string) string {
		data, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	readme, security := page("README.md"), page("docs/security.md")
	row := func(text, begin string) string {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, begin) {
				return line
			}
		}
		return ""
	}
	var names []string
	for file, w := range examples(t) {
		environment := regexp.MustCompile(`(?m)^    environment: (\S+)`).FindStringSubmatch(w.text)
		if environment == nil {
			continue
		}
		name := environment[1]
		names = append(names, name)
		if !strings.Contains(row(readme, "| `"+file+"` |"), "| `"+name+"` |") {
			t.Errorf("README.md does not say that %s runs in %s", file, name)
		}
		said := row(security, "| `"+name+"` |")
		for _, secret := range regexp.MustCompile(`secrets\.([A-Z_]+)`).FindAllStringSubmatch(w.text, -1) {
			if !strings.Contains(said, "`"+secret[1]+"`") {
				t.Errorf("docs/security.md does not say that %s holds %s", name, secret[1])
			}
		}
		if !strings.Contains(said, "`"+file+"`") {
			t.Errorf("docs/security.md does not say that %s is of %s: %s", name, file, said)
		}
	}
	slices.Sort(names)
	if all := slices.Sorted(slices.Values(posture.DefaultEnvironments())); !slices.Equal(names, all) {
		t.Errorf("the examples have %q, doctor looks at %q", names, all)
	}
}

// TestTheDoctorFindsNothingInTheExamples: once the placeholder is a commit, what is recommended is what is checked.
func TestTheDoctorFindsNothingInTheExamples(t *testing.T) {
	t.Parallel()
	var facts posture.Facts
	facts.Files.Known = true
	for _, name := range []string{"okta", "okta-plan", "okta-audit", "okta-sweep", "okta-doctor"} {
		facts.Environments = append(facts.Environments, posture.Fact[posture.Environment]{
			Known: true, Value: posture.Environment{Environment: access.Environment{Name: name, Branches: []string{"main"}}, Exists: true},
		})
	}
	all := examples(t)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		text := strings.ReplaceAll(all[file].text, "@"+strings.Repeat("0", 40), "@"+strings.Repeat("2", 40))
		facts.Files.Value = append(facts.Files.Value, posture.File{Path: file, Content: text})
	}
	found := 0
	for _, c := range posture.Judge(facts) {
		if slices.Contains([]string{"workflow_target", "workflow_pins", "workflow_token", "workflow_apply", "workflow_events"}, c.ID) {
			if found++; c.Status != posture.OK {
				t.Errorf("%+v", c)
			}
		}
	}
	if found != 5 {
		t.Errorf("%d checks of workflow files", found)
	}
}
