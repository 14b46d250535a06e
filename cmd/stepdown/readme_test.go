package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/stepdown/stepdown/internal/policy"
)

var update = flag.Bool("update", false, "write the generated parts of README.md and docs/security.md anew")

// TestReadmeIsCurrent holds the tables of README.md against what they are made of: action.yml and the controls' metadata; and the job
// of apply against the example.
func TestReadmeIsCurrent(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "README.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	current := string(data)
	for name, table := range map[string]string{"action inputs": actionTables(t), "permissions": permissionsTable(t), "controls": controlsTable(t), "apply job": applyJob(t)} {
		current = between(t, current, "<!-- "+name+": generated -->\n", "<!-- /"+name+" -->", table)
	}
	if *update {
		if err := os.WriteFile(file, []byte(current), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if current != string(data) {
		t.Error("README.md is not current: go test ./cmd/stepdown -run TestReadmeIsCurrent -update")
	}
}

// firstCommands are those of README.md that put the workflows into a repository, for an org at that URL.
func firstCommands(t *testing.T, org string) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^\*\*1\. The workflows\.\*\*(?:.*\n)+?\n((?:    .*\n)+)`).FindSubmatch(readme)
	if commands == nil {
		t.Fatal("README.md has no first commands")
	}
	checkout, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("STEPDOWN/", checkout+"/", "https://YOURS.okta.com", org).Replace(string(commands[1]))
}

// TestReadmesFirstCommands runs them, and nothing else, in an empty folder: all workflows are there, of the commit and the org; and where the
// commit is not given, none is left without one.
func TestReadmesFirstCommands(t *testing.T) {
	t.Parallel()
	commit := strings.Repeat("4f", 20)
	for name, c := range map[string]struct {
		env  []string
		pins string
		fail bool
	}{
		"given":     {env: []string{"COMMIT=" + commit}, pins: commit},
		"not given": {pins: strings.Repeat("0", 40), fail: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -e\n"+firstCommands(t, "https://gnome.okta.com"))
			cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH")}, c.env...)
			if out, err := cmd.CombinedOutput(); (err != nil) != c.fail || c.fail && !strings.Contains(string(out), "COMMIT") {
				t.Fatalf("%v: %s", err, out)
			}
			paths, err := filepath.Glob(filepath.Join(dir, ".github", "workflows", "*.yml"))
			if err != nil || len(paths) != 6 {
				t.Fatalf("there are %q: %v", paths, err)
			}
			for _, path := range paths {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				uses := regexp.MustCompile(`uses: stepdown/stepdown@(\S*)`).FindAllStringSubmatch(string(data), -1)
				for _, u := range uses {
					if u[1] != c.pins {
						t.Errorf("%s: pins %q", filepath.Base(path), u[1])
					}
				}
				if signal := filepath.Base(path) == "stepdown-signal.yml"; (len(uses) == 0) != signal || !c.fail && strings.Contains(string(data), "acme.okta.com") {
					t.Errorf("%s is not as it should be:\n%s", filepath.Base(path), data)
				}
			}
		})
	}
}

// between replaces what lies between two marks.
func between(t *testing.T, text, begin, end, with string) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("the page has no %q with %q after it", begin, end)
	}
	return before + begin + with + end + after
}

func actionTables(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Inputs, Outputs map[string]struct{ Description, Default string }
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| input | default | what it is |\n| --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(action.Inputs)) {
		in, byDefault := action.Inputs[name], ""
		if in.Default != "" {
			byDefault = "`" + in.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, byDefault, in.Description)
	}
	b.WriteString("\n| output | what it is |\n| --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(action.Outputs)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, action.Outputs[name].Description)
	}
	return b.String()
}

func controlsTable(t *testing.T) string {
	t.Helper()
	engine, err := policy.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| control | severity | what it requires |\n| --- | --- | --- |\n")
	for _, c := range engine.Catalogue() {
		fmt.Fprintf(&b, "| %s `%s` | %s | %s |\n", c.ID, c.Name, c.Severity, c.Description)
	}
	b.WriteString("\n`stepdown controls` adds the remediation, the collections that each needs, and the requirements of NIST SP 800-53, SOC 2,\nISO/IEC 27001, PCI DSS and the DISA STIG that it serves.\n")
	return b.String()
}

// applyJob is the job of the example that applies, from its environment to the end of the step, without comments.
func applyJob(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "workflows", "stepdown-apply.yml"))
	if err != nil {
		t.Fatal(err)
	}
	begin, end := strings.Index(string(data), "    environment:"), strings.Index(string(data), "      - if: always()")
	if begin < 0 || end < begin {
		t.Fatal("the job of apply has no environment, or nothing after its step")
	}
	out := "```yaml\n"
	for line := range strings.Lines(string(data)[begin:end]) {
		text, _, _ := strings.Cut(line, " # ")
		if text = strings.TrimRight(text, " \n"); text != "" && !strings.HasPrefix(strings.TrimSpace(text), "#") {
			out += text + "\n"
		}
	}
	return out + "```\n"
}
