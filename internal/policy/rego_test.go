package policy

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/stepdown/stepdown/policies"
)

// compileAll compiles the policies with their tests.
func compileAll(t *testing.T) *ast.Compiler {
	t.Helper()
	sources, err := sourcesOf(policies.Files(), true)
	if err != nil {
		t.Fatal(err)
	}
	schemas := ast.NewSchemaSet()
	for _, name := range []string{schemaSnapshot, schemaParams, schemaAdmission} {
		schema, err := readSchema(name)
		if err != nil {
			t.Fatal(err)
		}
		schemas.Put(ast.MustParseRef("schema."+name), schema)
	}
	compiler, err := compile(sources, schemas)
	if err != nil {
		t.Fatal(err)
	}
	return compiler
}

// TestRego runs every Rego test, and fails where a line of a policy is not covered by them.
func TestRego(t *testing.T) {
	t.Parallel()
	compiler := compileAll(t)
	coverage := cover.New()
	store := inmem.New()
	ctx := t.Context()
	txn := storage.NewTransactionOrDie(ctx, store)
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(compiler.Modules).
		SetCoverageQueryTracer(coverage).
		RaiseBuiltinErrors(true).
		SetTimeout(5*time.Minute). // on a busy machine too
		RunTests(ctx, txn)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for result := range results {
		ran++
		t.Run(result.Package+"."+result.Name, func(t *testing.T) {
			if result.Error != nil || result.Fail || result.Skip {
				t.Errorf("%s: error %v, fail %v, skip %v", result.Location, result.Error, result.Fail, result.Skip)
			}
			for name, sub := range result.SubResults {
				if sub.Fail {
					t.Errorf("case %q fails", name)
				}
			}
		})
	}
	if ran < 15 {
		t.Errorf("%d Rego tests ran", ran)
	}
	report := coverage.Report(compiler.Modules)
	for name, file := range report.Files {
		for _, lines := range file.NotCovered {
			t.Errorf("%s:%d-%d is not covered", name, lines.Start.Row, lines.End.Row)
		}
	}
}

// TestRegoIsFormatted is opa fmt --diff, and holds each file to the folder that its package names.
func TestRegoIsFormatted(t *testing.T) {
	t.Parallel()
	sources, err := sourcesOf(policies.Files(), true)
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range sources {
		formatted, err := format.Source(name, []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if string(formatted) != source {
			t.Errorf("%s is not as opa fmt has it", name)
		}
		module := ast.MustParseModule(source)
		dir := strings.ReplaceAll(path.Dir(name), "/", ".")
		pkg := strings.TrimPrefix(module.Package.Path.String(), "data.")
		if strings.TrimSuffix(pkg, "_test") != dir || strings.HasSuffix(name, "_test.rego") != strings.HasSuffix(pkg, "_test") {
			t.Errorf("%s has package %s", name, pkg)
		}
	}
}

// TestEveryPolicyNamesItsSchema and documents its package and its public rules: without a schema a misspelt field compiles.
func TestEveryPolicyNamesItsSchema(t *testing.T) {
	t.Parallel()
	compiler := compileAll(t)
	for name, module := range compiler.Modules {
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		annotations := compiler.GetAnnotationSet().GetPackageScope(module.Package)
		if annotations == nil || annotations.Title == "" || annotations.Description == "" {
			t.Errorf("%s: the package has no title or description", name)
			continue
		}
		if strings.Contains(readSource(t, name), "input.") && len(annotations.Schemas) == 0 {
			t.Errorf("%s reads the input and names no schema", name)
		}
		for i, rule := range module.Rules {
			public := !strings.HasPrefix(rule.Head.Ref().String(), "_")
			first := i == 0 || module.Rules[i-1].Head.Ref().String() != rule.Head.Ref().String()
			if public && first && len(rule.Annotations) == 0 {
				t.Errorf("%s: rule %s has no annotations", name, rule.Head.Ref())
			}
		}
	}
}

func readSource(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(policies.Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestFieldsThatPoliciesReadExist finds misspelt fields below a collection. OPA takes the values of an object with free keys
// for any, so its type check ends at input.users[id]; here every name that follows a variable must be a field of a schema or
// a key that the policies themselves write.
func TestFieldsThatPoliciesReadExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range []string{schemaSnapshot, schemaParams, schemaAdmission} {
		schema, err := readSchema(name)
		if err != nil {
			t.Fatal(err)
		}
		collectFields(schema, known)
	}
	for _, annotation := range []string{"annotations", "custom", "id", "scope"} {
		known[annotation] = true
	}
	modules := map[string]*ast.Module{}
	sources, err := sourcesOf(policies.Files(), false)
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range sources {
		modules[name] = ast.MustParseModule(source)
		for _, rule := range modules[name].Rules {
			known[strings.TrimPrefix(rule.Head.Ref()[0].String(), "data.")] = true
		}
		ast.WalkTerms(modules[name], func(term *ast.Term) bool {
			if object, ok := term.Value.(ast.Object); ok {
				object.Foreach(func(key, _ *ast.Term) {
					if text, ok := key.Value.(ast.String); ok {
						known[string(text)] = true
					}
				})
			}
			return false
		})
	}
	for name, module := range modules {
		for _, misspelt := range unknownFields(module, known) {
			t.Errorf("%s reads %s, which nothing has", name, misspelt)
		}
	}
	module := ast.MustParseModule("package p\nx if { some u in input.users; u.loginn }")
	if len(unknownFields(module, known)) != 1 {
		t.Error("a misspelt field is not found")
	}
}

// unknownFields returns the references of a module whose constant parts are not all known names. Calls of builtins and
// references to data outside the parameters are the compiler's to check.
func unknownFields(module *ast.Module, known map[string]bool) []string {
	builtins := map[string]bool{}
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		builtins[b.Name] = true
	}
	var out []string
	for _, rule := range module.Rules {
		ast.WalkRefs(rule, func(ref ast.Ref) bool {
			if builtins[ref.String()] || ref.HasPrefix(ast.MustParseRef("rego.metadata")) {
				return false
			}
			for _, part := range ref[1:] {
				if text, ok := part.Value.(ast.String); ok && !known[string(text)] && string(text) != "params" {
					out = append(out, ref.String())
				}
			}
			return false
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// collectFields adds the names of the properties that a schema has, at every depth.
func collectFields(schema any, into map[string]bool) {
	object, ok := schema.(map[string]any)
	if !ok {
		return
	}
	for name, value := range object {
		if properties, ok := value.(map[string]any); ok && name == "properties" {
			for property, inner := range properties {
				into[property] = true
				collectFields(inner, into)
			}
			continue
		}
		collectFields(value, into)
	}
}

// TestRegoInputsMatchTheirSchemas keeps what the Rego tests feed to the policies from drifting from what Go feeds to them.
func TestRegoInputsMatchTheirSchemas(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	compiler := compileAll(t)
	for pkg, schema := range map[string]string{
		"admission_test":                schemaAdmission,
		"audit.residual_elevation_test": schemaSnapshot,
		"audit.service_app_role_test":   schemaSnapshot,
		"audit.token_owner_role_test":   schemaSnapshot,
		"audit.unmanaged_token_test":    schemaSnapshot,
	} {
		results, err := rego.New(rego.Query("data."+pkg+".cases"), rego.Compiler(compiler)).Eval(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		value, err := single(results)
		if err != nil {
			t.Fatal(err)
		}
		cases := value.(map[string]any)
		if len(cases) < 10 {
			t.Errorf("%s has %d cases", pkg, len(cases))
		}
		for name, c := range cases {
			input := c.(map[string]any)["input"]
			if _, _, err := engine.parse(t.Context(), schema, input); err != nil {
				t.Errorf("%s: case %q: %v", pkg, name, err)
			}
		}
	}
	results, err := rego.New(rego.Query("data.lib.fixture_test.params"), rego.Compiler(compiler)).Eval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	params, err := single(results)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := engine.parse(t.Context(), schemaParams, params); err != nil {
		data, _ := json.Marshal(params)
		t.Errorf("%s: %v", data, err)
	}
}
