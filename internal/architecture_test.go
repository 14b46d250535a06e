// Package internal has no code: this test holds the import table of docs/architecture.md against what the packages import.
package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stepdown/stepdown/"

// table says what each package may import of this module, and of elsewhere beyond the standard library. Test files are
// free. A package that is not in the table must not exist.
var table = map[string]struct{ own, foreign []string }{
	"cmd/stepdown":       {own: []string{"internal/action", "internal/cli"}},
	"internal/access":    {},
	"internal/org":       {},
	"internal/manifest":  {own: []string{"internal/access"}, foreign: []string{"go.yaml.in/yaml/v3"}},
	"internal/admission": {own: []string{"internal/access", "internal/manifest", "internal/policy"}},
	"internal/elevation": {own: []string{"internal/access", "internal/org"}},
	"internal/ledger":    {own: []string{"internal/access"}, foreign: []string{"github.com/rogpeppe/go-internal/lockedfile"}},
	"internal/inventory": {own: []string{"internal/access", "internal/org"}},
	"internal/policy":    {own: []string{"internal/access", "internal/org", "policies"}, foreign: []string{"github.com/open-policy-agent/opa/"}},
	"internal/audit":     {own: []string{"internal/access", "internal/org", "internal/policy"}},
	"internal/posture":   {own: []string{"internal/access"}, foreign: []string{"go.yaml.in/yaml/v3"}},
	"internal/report":    {own: []string{"internal/access", "internal/org", "internal/policy", "internal/audit", "internal/posture"}, foreign: []string{"github.com/olekukonko/tablewriter", "github.com/olekukonko/tablewriter/"}},
	"internal/okta":      {own: []string{"internal/access", "internal/org"}, foreign: []string{"github.com/okta/okta-sdk-golang/v2/", "github.com/lestrrat-go/jwx/v3/"}},
	"internal/github":    {own: []string{"internal/access"}, foreign: []string{"github.com/google/go-github/", "github.com/go-jose/go-jose/v4", "github.com/go-jose/go-jose/v4/"}},
	"internal/action":    {own: []string{"internal/access"}, foreign: []string{"github.com/sethvargo/go-githubactions"}},
	"internal/oktaemu":   {foreign: []string{"go.yaml.in/yaml/v3", "github.com/go-jose/go-jose/v4", "github.com/go-jose/go-jose/v4/"}},
	"internal/oktaemu/witness": { // a module of its own
		foreign: []string{"github.com/getkin/kin-openapi/", "go.yaml.in/yaml/v3"},
	},
	"internal/githubemu": {},
	"internal/runneremu": {foreign: []string{"go.yaml.in/yaml/v3"}},
	"internal/demo":      {own: []string{"internal/oktaemu", "internal/githubemu"}, foreign: []string{"golang.org/x/net/html"}},
	"internal/cli":       {own: []string{"internal/"}, foreign: []string{"github.com/spf13/cobra"}},
	"policies":           {},
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	seen := 0
	err := fs.WalkDir(os.DirFS(".."), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && file != "." {
				return fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		seen++
		row, known := table[path.Dir(file)]
		if !known {
			t.Errorf("%s: package %s is not in the table", file, path.Dir(file))
		}
		for _, imported := range importsOf(t, filepath.Join("..", file)) {
			if strings.HasSuffix(imported, "/template") {
				t.Errorf("%s imports %s, which calls methods by names that only the data has: the linker then keeps every method of every type, 8 MB of them", file, imported)
			}
			if !allowed(imported, row.own, row.foreign) {
				t.Errorf("%s may not import %s", file, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Errorf("only %d files were looked at", seen)
	}
}

func importsOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	return out
}

func allowed(imported string, own, foreign []string) bool {
	matches := func(list []string, name string) bool {
		return slices.ContainsFunc(list, func(p string) bool { return name == p || (strings.HasSuffix(p, "/") && strings.HasPrefix(name, p)) })
	}
	if name, ours := strings.CutPrefix(imported, module); ours {
		return matches(own, name)
	}
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") || matches(foreign, imported)
}

// TestFunctionsAreShort holds the other limit: 60 lines for a function.
func TestFunctionsAreShort(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(os.DirFS(".."), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, filepath.Join("..", file), nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range parsed.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1; lines > 60 {
				t.Errorf("%s: %s has %d lines", file, f.Name.Name, lines)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSizes holds the limits of docs/architecture.md: 400 lines for a file of code.
func TestSizes(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(os.DirFS(".."), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		data, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			return err
		}
		if lines := strings.Count(string(data), "\n"); lines > 400 {
			t.Errorf("%s has %d lines", file, lines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
