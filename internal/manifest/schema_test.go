package manifest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// A flag is package state by its nature; go test reads it before any test runs.
var update = flag.Bool("update", false, "write docs/schema/stepdown-v1.json anew")

func TestSchemaFileIsCurrent(t *testing.T) {
	t.Parallel()
	name := filepath.Join("..", "..", "docs", "schema", "stepdown-v1.json")
	if *update {
		if err := os.WriteFile(name, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, Schema()) {
		t.Errorf("%s is not what the tables say\nRun: go test ./internal/manifest -run TestSchemaFileIsCurrent -update", name)
	}
}

func TestSchemaAgreesWithTheParser(t *testing.T) {
	t.Parallel()
	s := compile(t)
	var sources []string
	for _, pattern := range []string{"../../testdata/access/*/*.yaml", "../../examples/access/*.yaml"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, string(data))
		}
	}
	if len(sources) < 10 {
		t.Fatalf("found %d manifests", len(sources))
	}
	for _, source := range append(sources, owner, settings) {
		if problem := s.check(source); problem != "" {
			t.Errorf("the schema refuses what the parser accepts: %s\n%s", problem, source)
		}
	}
	for name, source := range map[string]string{
		"unknown field": strings.Replace(owner, "ticket:", "tickets:", 1),
		"missing":       strings.Replace(owner, "ticket: FIN-1234\n", "", 1),
		"kind":          strings.Replace(owner, "TokenOwner", "Waiver", 1),
		"version":       strings.Replace(owner, "stepdown/v1", "stepdown/v2", 1),
		"type":          strings.Replace(owner, "FIN-1234", "[1]", 1),
		"enumeration":   strings.Replace(owner, "USER_ADMIN", "CUSTOM", 1),
		"pattern":       strings.Replace(owner, "window: 1h30m", "window: soon", 1),
		"window":        strings.Replace(owner, ", window: 1h30m", "", 1),
		"empty list":    strings.Replace(settings, `["svc-*"]`, "[]", 1),
		"twice":         strings.Replace(owner, "Corporate network, nzo1", "nzo1, nzo1", 1),
	} {
		if s.check(source) == "" {
			t.Errorf("%s: the schema accepts it", name)
		}
		if _, err := Parse(name, []byte(source)); err == nil {
			t.Errorf("%s: the parser accepts it", name)
		}
	}
}

// TestWhatTheParserAcceptsIsValidBySchema changes good manifests at random.
func TestWhatTheParserAcceptsIsValidBySchema(t *testing.T) {
	t.Parallel()
	s := compile(t)
	values := []string{
		"x", `"x y"`, "true", "5m", "90s", "0s", "[]", "[a]", "[a, b]", "{}", "1", "", `" x"`, "é", "APP_ADMIN", "handoff", "'a: b'", "日本", `"\t"`, "svc-*",
	}
	slot := regexp.MustCompile(`: ?[^\n,\[\]{}]+`)
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.SampledFrom([]string{owner, settings}).Draw(t, "document")
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			slots := slot.FindAllStringIndex(source, -1)
			at := slots[rapid.IntRange(2, len(slots)-1).Draw(t, "slot")]
			source = source[:at[0]] + ": " + rapid.SampledFrom(values).Draw(t, "value") + source[at[1]:]
		}
		_, err := Parse("f", []byte(source))
		if problem := s.check(source); err == nil && problem != "" {
			t.Fatalf("the schema refuses what the parser accepts: %s\n%s", problem, source)
		}
	})
}

// schema checks documents by the part of JSON Schema that Schema uses. A keyword that it does not know is a panic.
type schema struct{ root map[string]any }

func compile(t *testing.T) schema {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	return schema{root}
}

func (s schema) check(source string) string {
	var value any
	if err := yaml.Unmarshal([]byte(source), &value); err != nil {
		return err.Error()
	}
	return s.validate(s.root, value, "")
}

func (s schema) validate(rule map[string]any, value any, at string) string {
	for _, keyword := range slices.Sorted(maps.Keys(rule)) {
		if problem := s.keyword(rule, keyword, value, at); problem != "" {
			return problem
		}
	}
	return ""
}

func (s schema) keyword(rule map[string]any, keyword string, value any, at string) string {
	mapping, isMapping := value.(map[string]any)
	sequence, isList := value.([]any)
	if date, isDate := value.(time.Time); isDate { // to YAML 1.1; to editors, which know 1.2, it is a text
		value = date.Format(time.RFC3339)
	}
	str, isString := value.(string)
	whole, isWhole := value.(int)
	arg := rule[keyword]
	no := func() string { return fmt.Sprintf("%s: %s %v: %v", at, keyword, arg, value) }
	switch keyword {
	case "$schema", "title", "description", "default", "definitions", "then":
	case "type":
		_, isBool := value.(bool)
		if !map[string]bool{"object": isMapping, "array": isList, "string": isString, "boolean": isBool, "integer": isWhole}[arg.(string)] {
			return no()
		}
	case "const":
		if !reflect.DeepEqual(arg, value) {
			return no()
		}
	case "enum":
		if !slices.ContainsFunc(arg.([]any), func(e any) bool { return reflect.DeepEqual(e, value) }) {
			return no()
		}
	case "pattern":
		if isString && !regexp.MustCompile(arg.(string)).MatchString(str) {
			return no()
		}
	case "minLength":
		if isString && utf8.RuneCountInString(str) < int(arg.(float64)) {
			return no()
		}
	case "maxLength":
		if isString && utf8.RuneCountInString(str) > int(arg.(float64)) {
			return no()
		}
	case "minimum":
		if isWhole && whole < int(arg.(float64)) {
			return no()
		}
	case "maximum":
		if isWhole && whole > int(arg.(float64)) {
			return no()
		}
	case "minItems":
		if isList && len(sequence) < int(arg.(float64)) {
			return no()
		}
	case "uniqueItems":
		for i := range sequence {
			for j := range i {
				if reflect.DeepEqual(sequence[i], sequence[j]) {
					return no()
				}
			}
		}
	case "items":
		for i, e := range sequence {
			if problem := s.validate(arg.(map[string]any), e, fmt.Sprintf("%s[%d]", at, i)); problem != "" {
				return problem
			}
		}
	case "required":
		for _, name := range arg.([]any) {
			if _, given := mapping[name.(string)]; isMapping && !given {
				return no()
			}
		}
	case "properties":
		for name, inner := range arg.(map[string]any) {
			if e, given := mapping[name]; given {
				if problem := s.validate(inner.(map[string]any), e, at+"."+name); problem != "" {
					return problem
				}
			}
		}
	case "additionalProperties":
		for name := range mapping {
			if _, known := rule["properties"].(map[string]any)[name]; !known && arg == false {
				return no() + " " + name
			}
		}
	case "allOf":
		for _, inner := range arg.([]any) {
			if problem := s.validate(inner.(map[string]any), value, at); problem != "" {
				return problem
			}
		}
	case "if":
		if s.validate(arg.(map[string]any), value, at) == "" {
			return s.validate(rule["then"].(map[string]any), value, at)
		}
	case "$ref":
		name := strings.TrimPrefix(arg.(string), "#/definitions/")
		return s.validate(s.root["definitions"].(map[string]any)[name].(map[string]any), value, at)
	default:
		panic("unknown keyword " + keyword)
	}
	return ""
}
