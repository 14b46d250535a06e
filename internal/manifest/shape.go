package manifest

import (
	"fmt"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"go.yaml.in/yaml/v3"
)

// shape is what a value may look like. It reads a value into the place that it was made for, and describes itself as JSON
// Schema. A table is made anew for each document, over that document's destination.
type shape interface {
	// read reads n, which stands at path. at is the place of the key that names it.
	read(r *reader, path string, at place, n *yaml.Node)
	// schema describes the values that read accepts. It may accept more where JSON Schema cannot say it, never less.
	schema() map[string]any
	// initial is the value that stands where the manifest is silent, as JSON; nil where there is none to tell.
	initial() any
	// expected says what the value should be, for people.
	expected() string
}

// place is a place in the file, both numbers from 1.
type place struct{ line, column int }

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// reader collects, while the tables read a document, what is wrong with it and where its fields stand.
type reader struct {
	file     string
	problems []Problem
	places   map[string]place
}

// complain records a problem.
func (r *reader) complain(at place, path, message, hint string) {
	r.problems = append(r.problems, Problem{
		File: r.file, Line: at.line, Column: at.column, Field: path, Message: message, Hint: hint,
	})
}

// mismatch records that n is not what s expects.
func (r *reader) mismatch(s shape, path string, n *yaml.Node, hint string) {
	r.complain(placeOf(n), path, "expected "+s.expected()+", found "+describe(n), hint)
}

// positions returns the places of all fields as package access keeps them.
func (r *reader) positions() map[string]access.Position {
	out := make(map[string]access.Position, len(r.places))
	for path, p := range r.places {
		out[path] = access.Position{File: r.file, Line: p.line}
	}
	return out
}

// field is one row of a table.
type field struct {
	name     string
	required bool
	doc      string
	value    shape
}

// object is a mapping with the fields of its table and no others.
type object struct {
	fields []field
	// check compares fields with each other after all are read; nil where there is nothing to compare.
	check func(r *reader, path string, at place)
}

func (o object) expected() string {
	names := make([]string, 0, len(o.fields))
	for _, f := range o.fields {
		names = append(names, f.name)
	}
	return "a mapping with " + strings.Join(names, ", ")
}

func (o object) initial() any { return nil }

func (o object) read(r *reader, path string, at place, n *yaml.Node) {
	if skipped(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.mismatch(o, path, n, "")
		return
	}
	seen := map[string]place{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if skipped(key) {
			continue
		}
		if key.Kind != yaml.ScalarNode {
			r.complain(placeOf(key), path, "expected the name of a field, found "+describe(key), "")
			continue
		}
		full := join(path, key.Value)
		if first, twice := seen[key.Value]; twice {
			r.complain(placeOf(key), full, fmt.Sprintf("is given twice; the first is on line %d", first.line), "Delete one of them.")
			continue
		}
		seen[key.Value] = placeOf(key)
		o.readField(r, full, key, value)
	}
	for _, f := range o.fields {
		if _, given := seen[f.name]; f.required && !given {
			r.complain(at, join(path, f.name), "is missing; expected "+f.value.expected(), "")
		}
	}
	if o.check != nil {
		o.check(r, path, at)
	}
}

// readField reads one field by the row that has its name.
func (o object) readField(r *reader, path string, key, value *yaml.Node) {
	for _, f := range o.fields {
		if f.name == key.Value {
			r.places[path] = placeOf(key)
			f.value.read(r, path, placeOf(key), value)
			return
		}
	}
	r.complain(placeOf(key), shown(path), "is not a known field", o.suggest(key.Value))
}

// shown makes a path that came from outside safe to print.
func shown(path string) string {
	quoted := quote(path)
	return quoted[1 : len(quoted)-1]
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (o object) schema() map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range o.fields {
		s := f.value.schema()
		s["description"] = f.doc
		if start := f.value.initial(); start != nil && !f.required {
			s["default"] = start
		}
		properties[f.name] = s
		if f.required {
			required = append(required, f.name)
		}
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = sortedCopy(required)
	}
	return out
}

// list is a sequence of values of one shape.
type list[T any] struct {
	into  *[]T
	item  func(*T) shape
	least int
	// key identifies an element: no two may have the same.
	key func(T) string
	// of says what the elements are, for people.
	of string
}

func (l list[T]) expected() string { return "a list of " + l.of }

func (l list[T]) initial() any {
	if texts, ok := any(*l.into).([]string); ok && len(texts) > 0 {
		return texts
	}
	return nil
}

func (l list[T]) read(r *reader, path string, _ place, n *yaml.Node) {
	if skipped(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.mismatch(l, path, n, "")
		return
	}
	if len(n.Content) < l.least {
		r.complain(placeOf(n), path, fmt.Sprintf("expected %s, at least %d; found %d", l.expected(), l.least, len(n.Content)), "")
	}
	out, first := make([]T, 0, len(n.Content)), map[string]int{}
	for i, child := range n.Content {
		var element T
		full, before := fmt.Sprintf("%s[%d]", path, i), len(r.problems)
		r.places[full] = placeOf(child)
		l.item(&element).read(r, full, placeOf(child), child)
		if len(r.problems) > before || skipped(child) {
			continue
		}
		key := l.key(element)
		if line, twice := first[key]; twice {
			r.complain(placeOf(child), full, fmt.Sprintf("is in the list twice; the first is on line %d", line), "Delete one of them.")
			continue
		}
		first[key] = child.Line
		out = append(out, element)
	}
	*l.into = out
}

func (l list[T]) schema() map[string]any {
	var element T
	out := map[string]any{"type": "array", "uniqueItems": true, "items": l.item(&element).schema()}
	if l.least > 0 {
		out["minItems"] = l.least
	}
	return out
}
