package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
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
