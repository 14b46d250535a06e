package oktaemu

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write docs/okta-fidelity.md anew")

// TestFidelityPageIsCurrent holds docs/okta-fidelity.md against what it is made of.
func TestFidelityPageIsCurrent(t *testing.T) {
	t.Parallel()
	template, err := os.ReadFile(filepath.Join("testdata", "fidelity.md"))
	if err != nil {
		t.Fatal(err)
	}
	deviations, defects, outside := deviationTables(t)
	want := strings.NewReplacer(
		"{{routes}}", routeTable(t), "{{deviations}}", deviations, "{{defects}}", defects, "{{outside}}", outside,
		"{{unverified}}", unverifiedList(t, "."), "{{client}}", unverifiedList(t, filepath.Join("..", "okta")),
	).Replace(string(template))
	page := filepath.Join("..", "..", "docs", "okta-fidelity.md")
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/okta-fidelity.md is not current: go test ./internal/oktaemu -run TestFidelityPageIsCurrent -update")
	}
}

// cell is text for a table of Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`).Replace(text)
}

func routeTable(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("witness", "routes.json"))
	if err != nil {
		t.Fatal(err)
	}
	var witnesses map[string][]string
	if err := json.Unmarshal(data, &witnesses); err != nil {
		t.Fatal(err)
	}
	grades, alone, rows := map[string]int{}, 0, ""
	for _, r := range Routes() {
		by := witnesses[r.Method+" "+r.Path]
		named := strings.Join(by, ", ")
		if len(by) == 0 {
			named = "**none**"
			alone++
		}
		grades[r.Evidence]++
		rows += fmt.Sprintf("| %s | `%s` | %s | %s | %s |\n", r.Method, r.Path, r.Evidence, cell(r.Source), named)
	}
	sum := grades["recorded"] + grades["documented"] + grades["spec"] + grades["unverified"]
	if sum != len(Routes()) {
		t.Errorf("%d of %d routes have one of the four grades of evidence: %v", sum, len(Routes()), grades)
	}
	return fmt.Sprintf("%d routes: %d recorded, %d documented, %d from Okta's OpenAPI document alone, %d unverified; %d have no witness.\n\n",
		len(Routes()), grades["recorded"], grades["documented"], grades["spec"], grades["unverified"], alone) +
		"| method | path | evidence | source | witnesses |\n| --- | --- | --- | --- | --- |\n" + strings.TrimSuffix(rows, "\n")
}

func deviationTables(t *testing.T) (deviations, defects, outside string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("witness", "deviations.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Deviations []struct {
			Route, Kind, At, Detail, Says, Evidence, Defect string
			Status                                          int
		}
		Outside []struct{ Route, Reason string }
	}
	if err := yaml.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	deviations = "| route | what | evidence |\n| --- | --- | --- |\n"
	for _, d := range list.Deviations {
		if d.Defect != "" {
			defects += fmt.Sprintf("- `%s` %s: %s\n", d.Route, cell(d.At), d.Defect)
			continue
		}
		deviations += fmt.Sprintf("| `%s` | %s | %s |\n", d.Route, cell(d.Says), cell(d.Evidence))
	}
	for _, o := range list.Outside {
		outside += fmt.Sprintf("- `%s`: %s\n", o.Route, o.Reason)
	}
	return strings.TrimSuffix(deviations, "\n"), cmp.Or(strings.TrimSuffix(defects, "\n"), "None is known."), strings.TrimSuffix(outside, "\n")
}

// unverifiedList collects the sentences of comments that say UNVERIFIED, by file and by what they stand beside.
func unverifiedList(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "oktaemu.go" {
			continue
		}
		out = append(out, unverifiedIn(t, file)...)
	}
	if len(out) == 0 {
		t.Fatalf("%s: no comment says UNVERIFIED, which cannot be", folder)
	}
	return strings.Join(slices.Compact(out), "\n")
}

func unverifiedIn(t *testing.T, file string) []string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(source), "\n")
	set := gotoken.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, group := range parsed.Comments {
		text := strings.Join(strings.Fields(group.Text()), " ")
		if !strings.Contains(text, "UNVERIFIED") {
			continue
		}
		code, _, _ := strings.Cut(lines[set.Position(group.Pos()).Line-1], "//")
		for _, sentence := range sentences(text) {
			if code = strings.TrimSpace(code); code != "" {
				sentence = "`" + code + "`: " + sentence
			}
			out = append(out, fmt.Sprintf("- %s, %s: %s", filepath.Base(file), beside(set, parsed, group), sentence))
		}
	}
	return out
}

// sentences returns those that say UNVERIFIED; one that hardly says more takes the sentence before it along.
func sentences(text string) []string {
	all := regexp.MustCompile(`(?:[^.]|\.\S)+\.?(?:\s|$)`).FindAllString(text, -1)
	var out []string
	for i, s := range all {
		if !strings.Contains(s, "UNVERIFIED") {
			continue
		}
		if i > 0 && len(s) < 50 {
			s = all[i-1] + s
		}
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

// beside names the declaration that a comment documents or stands in.
func beside(set *gotoken.FileSet, file *ast.File, group *ast.CommentGroup) string {
	line := func(at gotoken.Pos) int { return set.Position(at).Line }
	for _, decl := range file.Decls {
		name, doc := declared(decl)
		if group == doc || line(group.Pos()) >= line(decl.Pos()) && line(group.Pos()) <= line(decl.End()) {
			return "`" + name + "`"
		}
	}
	return "the file"
}

func declared(decl ast.Decl) (string, *ast.CommentGroup) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return d.Name.Name, d.Doc
	case *ast.GenDecl:
		switch s := d.Specs[0].(type) {
		case *ast.TypeSpec:
			return s.Name.Name, d.Doc
		case *ast.ValueSpec:
			return s.Names[0].Name, d.Doc
		}
	}
	return "imports", nil
}
