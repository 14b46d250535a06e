package oktaemu

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestSeedErrorsAreInTheWordsOfTheFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"apps:\n- {label: a, jwks: 1}\n":      "line 2: unknown field jwks in apps; known: name, label, status, signOnMode, service, publicKey, keyId, scopes, roles, dpop",
		"zone: []\n":                          "line 1: unknown field zone in the org file; known: org, users, groups,",
		"org: {domain: a}\n":                  "unknown field domain in org; known: id, subdomain,",
		"users:\n- {roles: [{set: a}]}\n":     "line 2: unknown field set in a role; known: custom, resourceSet",
		"users: {login: a}\n":                 "line 1: a mapping where a list is wanted",
		"users:\n- a\n":                       "line 2: the text `a` where a mapping is wanted",
		"org: {lag: soon}\n":                  "the text `soon` where a duration such as 5s is wanted",
		"org: {pageSize: many}\n":             "the text `many` where a whole number is wanted",
		"users: [{login: a, created: once}]":  "the text `once` where a time such as 2025-01-13T10:00:00Z is wanted",
		"apps: [{label: a, service: perhaps}": "",
		"apps: [{label: a, service: no way}]": "where true or false is wanted",
	} {
		_, err := LoadSeed(strings.NewReader(text), "x")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "oktaemu.") || strings.Contains(err.Error(), "unmarshal") {
			t.Errorf("%s: %v names Go", text, err)
		}
	}
}

// TestEverySectionHasAName holds the sections against the types, so that an error of a new one is in words too.
func TestEverySectionHasAName(t *testing.T) {
	t.Parallel()
	whole := reflect.TypeFor[Seed]()
	for i := range whole.NumField() {
		part := whole.Field(i).Type
		if part.Kind() == reflect.Slice {
			part = part.Elem()
		}
		if part.Kind() != reflect.Struct {
			continue
		}
		if section, fields, ok := sectionOf(part.String()); !ok || section == "" || strings.Contains(strings.Join(fields, ",")+",", ",,") {
			t.Errorf("%s: section %q, fields %q", part, section, fields)
		}
	}
}

// TestOrgFileIsDocumented holds docs/emulator.md against the sections and fields of an org file, and loads its example.
func TestOrgFileIsDocumented(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "emulator.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(data), "## The org file")
	page, _, _ = strings.Cut(page, "\n## ")
	whole := reflect.TypeFor[Seed]()
	for i := range whole.NumField() {
		part, name := whole.Field(i).Type, yamlName(whole.Field(i))
		if part.Kind() == reflect.Slice {
			part = part.Elem()
		}
		_, after, found := strings.Cut(page, "\n`"+name+"`")
		if _, later, second := strings.Cut(page, "and `"+name+"`\n"); !found && second {
			after, found = later, true
		}
		if !found {
			t.Errorf("section %s is not there", name)
			continue
		}
		if part.Kind() != reflect.Struct {
			continue
		}
		table, _, _ := strings.Cut(strings.TrimLeft(after[strings.Index(after, "\n|"):], "\n"), "\n\n")
		for _, field := range fieldNames(part) {
			if !regexp.MustCompile("(?m)^\\| (`\\w+`, )?`" + field + "`").MatchString(table) {
				t.Errorf("field %s of %s is not there", field, name)
			}
		}
	}
	var example strings.Builder
	_, rest, _ := strings.Cut(page, "A whole org with a service app")
	for line := range strings.Lines(rest) {
		if code, is := strings.CutPrefix(line, "    "); is {
			example.WriteString(code)
		}
	}
	seed, err := LoadSeed(strings.NewReader(example.String()), "docs/emulator.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(seed, WithAPIToken(ownToken)); err != nil || len(seed.Apps) != 1 {
		t.Errorf("%d apps: %v", len(seed.Apps), err)
	}
}
