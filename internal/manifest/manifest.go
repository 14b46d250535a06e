// Package manifest reads the access directory: YAML documents, strictly, into the types of package access.
//
// Every document is read by a table (see tokenowner.go and settings.go) that also makes the JSON Schema for editors, so
// that the two cannot disagree. What a table does not know is an error, and so is whatever a reviewer could not see for
// what it is: aliases, merge keys, explicit tags, a second document, invisible characters, look-alike logins.
//
// It imports access, the YAML parser and the standard library. It has no clock.
package manifest

import (
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"go.yaml.in/yaml/v3"
)

// MaxBytes is the size up to which a manifest is read. A longer one is an error; nothing is cut.
const MaxBytes = 64 << 10

// File is what one manifest declares: exactly one of its fields is set.
type File struct {
	Owner    *access.TokenOwner
	Settings *access.Settings

	places map[string]place // of each field, by its path
}

// IsManifest tells whether a file of that name is read as a manifest: its name ends in .yaml or .yml.
func IsManifest(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// Parse reads the one document of data. name is the file's path as people are to see it. All that is wrong with the
// document is reported together, as an *Error; File is empty then.
func Parse(name string, data []byte) (File, error) {
	r := &reader{file: name, places: map[string]place{}}
	if problems := checkSource(name, data); len(problems) > 0 {
		return File{}, newError(problems)
	}
	root, problems := decode(name, data)
	if root == nil {
		return File{}, newError(problems)
	}
	r.problems = problems
	file := r.document(root)
	if len(r.problems) > 0 {
		return File{}, newError(r.problems)
	}
	return file, nil
}

// kinds lists the kinds of manifest, in the order in which people are told of them.
func kinds() []string { return []string{access.KindTokenOwner, access.KindSettings} }

// document reads the document by the table of its kind.
func (r *reader) document(root *yaml.Node) File {
	start := place{root.Line, root.Column}
	if root.Kind != yaml.MappingNode {
		r.complain(start, "", "expected a manifest with the fields apiVersion and kind, found "+describe(root), "")
		return File{}
	}
	kind, ok := r.header(root)
	if !ok {
		return File{}
	}
	source := access.Position{File: r.file, Line: root.Line}
	var file File
	switch kind {
	case access.KindTokenOwner:
		owner := defaultTokenOwner()
		tokenOwnerTable(&owner).read(r, "", start, root)
		owner.Source, owner.Fields = source, r.positions()
		file.Owner = &owner
	case access.KindSettings:
		settings := access.DefaultSettings()
		settingsTable(&settings).read(r, "", start, root)
		settings.Source, settings.Fields = source, r.positions()
		file.Settings = &settings
	}
	file.places = r.places
	return file
}

// header reads apiVersion and kind, which choose the table. Without both, nothing can be said of the other fields.
func (r *reader) header(root *yaml.Node) (kind string, ok bool) {
	start := place{root.Line, root.Column}
	read := func(name string, allowed []string) (string, bool) {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if key, value := root.Content[i], root.Content[i+1]; key.Value == name && key.Kind == yaml.ScalarNode {
				var got string
				before := len(r.problems)
				choice{into: &got, of: allowed}.read(r, name, placeOf(key), value)
				return got, len(r.problems) == before && got != ""
			}
		}
		r.complain(start, name, "is missing; expected "+oneOf(allowed), "")
		return "", false
	}
	_, versionOK := read("apiVersion", []string{access.APIVersion})
	kind, kindOK := read("kind", kinds())
	return kind, versionOK && kindOK
}

// oneOf lists choices for people.
func oneOf(choices []string) string {
	if len(choices) == 1 {
		return choices[0]
	}
	last := len(choices) - 1
	return strings.Join(choices[:last], ", ") + " or " + choices[last]
}

// sortedCopy returns values sorted, without changing them.
func sortedCopy(values []string) []string {
	out := slices.Clone(values)
	slices.Sort(out)
	return out
}
