// Package policy loads, type-checks and evaluates the Rego of this program: the controls of an audit, whose catalogue it
// reads out of their annotations, and the admission of a request. Whatever it cannot be sure of is an error: an undefined
// result, a missing or unknown key, an input that does not match its schema.
//
// It imports access, org, the policies and OPA, which nothing else imports.
package policy

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	opaversion "github.com/open-policy-agent/opa/v1/version"

	"github.com/stepdown/stepdown/policies"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// The schemas, by the names that annotations use after "schema.".
const (
	schemaSnapshot  = "snapshot"
	schemaParams    = "params"
	schemaAdmission = "admission"
)

// evaluationTimeout bounds one evaluation: a broken control costs its own result, never the report.
const evaluationTimeout = 30 * time.Second

// Engine evaluates the policies that are compiled into the program. It is safe for concurrent use.
type Engine struct {
	compiler    *ast.Compiler
	controls    []Control
	digest      string
	schemas     map[string]ast.Value
	admission   rego.PreparedEvalQuery
	inputSchema *ast.SchemaSet // that of the admission, for every module that does not name one
}

// Load compiles the embedded policies: strict, type-checked against the schemas, and without the builtins that reach
// outside or read a clock.
func Load(ctx context.Context) (*Engine, error) { return load(ctx, policies.Files()) }

// load is Load for the policies in fsys.
func load(ctx context.Context, fsys fs.FS) (*Engine, error) {
	sources, err := sourcesOf(fsys, false)
	if err != nil {
		return nil, fmt.Errorf("reading the policies: %w", err)
	}
	e := &Engine{digest: digest(sources), schemas: map[string]ast.Value{}}
	schemaSet := ast.NewSchemaSet()
	for _, name := range []string{schemaSnapshot, schemaParams, schemaAdmission} {
		schema, err := readSchema(name)
		if err != nil {
			return nil, fmt.Errorf("reading schema %q: %w", name, err)
		}
		schemaSet.Put(ast.MustParseRef("schema."+name), schema)
		if name == schemaAdmission {
			e.inputSchema = ast.NewSchemaSet()
			e.inputSchema.Put(ast.SchemaRootRef, schema)
			e.inputSchema.Put(ast.MustParseRef("schema."+name), schema)
		}
		if e.schemas[name], err = ast.InterfaceToValue(schema); err != nil {
			return nil, fmt.Errorf("reading schema %q: %w", name, err)
		}
	}
	if e.compiler, err = compile(sources, schemaSet); err != nil {
		return nil, err
	}
	if e.controls, err = catalogue(e.compiler); err != nil {
		return nil, err
	}
	e.admission, err = rego.New(
		rego.Query("data.admission.decision"),
		rego.Compiler(e.compiler),
		rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("preparing the admission: %w", err)
	}
	return e, nil
}

// Catalogue returns the controls, sorted by id.
func (e *Engine) Catalogue() []Control { return slices.Clone(e.controls) }

// Digest returns the SHA-256 over the names and contents of the policy files, without their tests, in hexadecimal.
func (e *Engine) Digest() string { return e.digest }

// OPAVersion returns the version of OPA that evaluates the policies.
func OPAVersion() string { return opaversion.Version }

// sourcesOf returns the contents of the Rego files in fsys by their names, with their tests or without.
func sourcesOf(fsys fs.FS, tests bool) (map[string]string, error) {
	sources := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".rego" || (!tests && strings.HasSuffix(name, "_test.rego")) {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		sources[name] = string(data)
		return err
	})
	return sources, err
}

// digest is that of Digest. Lengths keep one file's end from passing for the next one's beginning.
func digest(sources map[string]string) string {
	names := make([]string, 0, len(sources))
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		fmt.Fprintf(sum, "%d %s %d %s\n", len(name), name, len(sources[name]), sources[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// readSchema returns the embedded JSON Schema of that name.
func readSchema(name string) (any, error) {
	data, err := schemaFiles.ReadFile("schemas/" + name + ".json")
	if err != nil {
		return nil, err
	}
	var schema any
	return schema, json.Unmarshal(data, &schema)
}

// compile parses and compiles the sources.
func compile(sources map[string]string, schemas *ast.SchemaSet) (*ast.Compiler, error) {
	modules := map[string]*ast.Module{}
	for name, source := range sources {
		module, err := ast.ParseModuleWithOpts(name, source, ast.ParserOptions{ProcessAnnotation: true})
		if err != nil {
			return nil, fmt.Errorf("parsing policy %q: %w", name, err)
		}
		modules[name] = module
	}
	compiler := ast.NewCompiler().
		WithStrict(true).
		WithCapabilities(capabilities()).
		WithSchemas(schemas).
		WithUseTypeCheckAnnotations(true)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, fmt.Errorf("compiling the policies: %w", compiler.Errors)
	}
	return compiler, nil
}

// capabilities are OPA's without what reaches outside or differs from one evaluation to the next.
func capabilities() *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.AllowNet = []string{}
	caps.Builtins = slices.DeleteFunc(caps.Builtins, func(b *ast.Builtin) bool {
		return slices.Contains([]string{
			"http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn", "time.now_ns", "uuid.rfc4122", "trace",
		}, b.Name)
	})
	return caps
}
