// A subject's own OpenAPI document: finding Okta's, which ships in the module of Okta's SDK for Go, reading one, and the
// operation that a request calls.

package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

const sdkModule = "github.com/okta/okta-sdk-golang/v6"

// document is a subject's document.
type document struct {
	of         subject
	operations []operation
	failure    *openapi3.Schema // of the body of an error
}

// operation is a method on a path.
type operation struct {
	name     string // "GET /api/v1/users/{id}"
	segments []string
	*openapi3.Operation
	method string
	query  []string // names of its query parameters
}

// locate finds the document in the module cache.
func locate() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", sdkModule).Output()
	if err != nil {
		return "", fmt.Errorf("finding the module %s: %w", sdkModule, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "okta", "api", "openapi.yaml"), nil
}

// readDocument reads the document, YAML or JSON. Okta's generator writes enumerations that may grow as x-okta-known-values; they are
// taken as enumerations, since the emulator has no business with a value that Okta does not know.
func readDocument(file string, of subject) (*document, error) {
	fail := func(err error) (*document, error) {
		return nil, fmt.Errorf("reading the document of %s: %w", of.name, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fail(err)
	}
	var tree map[string]any
	unmarshal := yaml.Unmarshal
	if filepath.Ext(file) == ".json" {
		unmarshal = json.Unmarshal
	}
	if err := unmarshal(data, &tree); err != nil {
		return fail(err)
	}
	prepare(tree)
	text, err := json.Marshal(tree)
	if err != nil {
		return fail(err)
	}
	t, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return fail(err)
	}
	failure := t.Components.Schemas[of.failure]
	if failure == nil {
		return fail(fmt.Errorf("it has no schema %q", of.failure))
	}
	d := &document{of: of, failure: failure.Value}
	for path, item := range t.Paths.Map() {
		for method, o := range item.Operations() {
			d.operations = append(d.operations, newOperation(method, path, item, o))
		}
	}
	slices.SortFunc(d.operations, func(a, b operation) int { return strings.Compare(a.name, b.name) })
	return d, nil
}

// prepare changes the document in two ways: enumerations as said, and references to examples are left out, for some
// have no target.
func prepare(node any) {
	switch n := node.(type) {
	case map[string]any:
		enumerate(n)
		for key, inner := range n {
			if m, ok := inner.(map[string]any); ok && strings.HasPrefix(fmt.Sprint(m["$ref"]), "#/components/examples/") {
				delete(n, key)
				continue
			}
			prepare(inner)
		}
	case []any:
		for _, inner := range n {
			prepare(inner)
		}
	}
}

func enumerate(schema map[string]any) {
	known, ok := schema["x-okta-known-values"].([]any)
	if _, closed := schema["enum"]; !ok || closed {
		return
	}
	if schema["nullable"] == true {
		known = append(slices.Clone(known), nil)
	}
	schema["enum"] = known
}

func newOperation(method, path string, item *openapi3.PathItem, o *openapi3.Operation) operation {
	out := operation{name: method + " " + path, segments: strings.Split(path, "/"), Operation: o, method: method}
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		if p.Value.In == openapi3.ParameterInQuery {
			out.query = append(out.query, p.Value.Name)
		}
	}
	return out
}

// find returns the operation that a request calls: of several that fit, the one with the longest literal beginning.
func (d *document) find(method, path string) (operation, bool) {
	have := strings.Split(path, "/")
	var best operation
	found, rank := false, ""
	for _, o := range d.operations {
		if r, ok := fit(o.segments, have); ok && o.method == method && (!found || r < rank) {
			best, found, rank = o, true, r
		}
	}
	return best, found
}

// fit ranks how a path fits a template: a letter a segment, a for a literal and b for a variable.
func fit(template, path []string) (string, bool) {
	if len(template) != len(path) {
		return "", false
	}
	rank := make([]byte, len(path))
	for i, want := range template {
		value, err := url.PathUnescape(path[i])
		switch {
		case err != nil:
			return "", false
		case value == want:
			rank[i] = 'a'
		case strings.HasPrefix(want, "{") && value != "":
			rank[i] = 'b'
		default:
			return "", false
		}
	}
	return string(rank), true
}
