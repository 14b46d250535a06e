package policy

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the schemas anew from the Go types")

// TestSchemasAreThoseOfTheTypes keeps internal/policy/schemas equal to what the Go types encode to.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	for name, typ := range map[string]reflect.Type{
		schemaSnapshot:  reflect.TypeFor[AuditInput](),
		schemaParams:    reflect.TypeFor[Params](),
		schemaAdmission: reflect.TypeFor[AdmissionInput](),
	} {
		schema := schemaOf(t, typ)
		schema["$schema"] = "http://json-schema.org/draft-07/schema#"
		want, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := filepath.Join("schemas", name+".json")
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s encodes to; run go test ./internal/policy -update", path, typ)
		}
	}
}

// schemaOf returns the JSON Schema of what a value of typ encodes to. Unknown keys and null lists are refused.
func schemaOf(t *testing.T, typ reflect.Type) map[string]any {
	t.Helper()
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case typ.Kind() == reflect.Pointer:
		schema := schemaOf(t, typ.Elem())
		schema["type"] = []any{schema["type"], "null"}
		return schema
	}
	switch typ.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t, typ.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t, typ.Elem())}
	case reflect.Struct:
		properties, required := map[string]any{}, []string{}
		for _, field := range reflect.VisibleFields(typ) {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Anonymous || name == "-" {
				continue
			}
			if name == "" {
				t.Fatalf("%s.%s has no JSON name", typ, field.Name)
			}
			properties[name] = schemaOf(t, field.Type)
			if !strings.Contains(options, "omit") {
				required = append(required, name)
			}
		}
		slices.Sort(required)
		return map[string]any{
			"type": "object", "properties": properties, "required": required, "additionalProperties": false,
		}
	}
	t.Fatalf("no schema for %s", typ)
	return nil
}
