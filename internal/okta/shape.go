package okta

// Whether a JSON text has each member once and under its own name. Go's decoder takes "TYPE" for "type" too, and of several the
// last one, so that what it reads could be another thing than what a reader who goes by the letter sees.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// member is a name and its value in an object.
type member struct {
	name  string
	value json.RawMessage
}

// singular returns an error if an object in raw has a member twice, or under a name that differs from the one that t has
// for it in its case alone. It looks at what is decoded into t, and at nothing else.
func singular(raw json.RawMessage, t reflect.Type) error {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil // such as a time, or what is decoded later
	}
	raw = bytes.TrimSpace(raw)
	switch t.Kind() {
	case reflect.Pointer:
		return singular(raw, t.Elem())
	case reflect.Slice, reflect.Array:
		if len(raw) == 0 || raw[0] != '[' {
			return nil
		}
		var items []json.RawMessage
		err := json.Unmarshal(raw, &items)
		for i := 0; i < len(items) && err == nil; i++ {
			err = singular(items[i], t.Elem())
		}
		return err
	case reflect.Struct, reflect.Map:
		return singularObject(raw, t)
	}
	return nil
}

// singularObject is singular for what a struct or a map is made of.
func singularObject(raw json.RawMessage, t reflect.Type) error {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	members, err := membersOf(raw)
	if err != nil {
		return err
	}
	fields := fieldsOf(t)
	seen := map[string]bool{}
	for _, m := range members {
		inner, wanted := fields[m.name]
		if t.Kind() == reflect.Map {
			inner, wanted = t.Elem(), true
		}
		if !wanted {
			for name := range fields {
				if strings.EqualFold(name, m.name) {
					return fmt.Errorf("it has a member %q where %q was expected", m.name, name)
				}
			}
			continue
		}
		if seen[m.name] {
			return fmt.Errorf("it has the member %q twice", m.name)
		}
		seen[m.name] = true
		if err := singular(m.value, inner); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOf returns the members that a struct type is decoded from.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct {
		return fields
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() || (f.Anonymous && name == ""):
		case name == "":
			fields[f.Name] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	return fields
}

// membersOf takes an object apart, in its order.
func membersOf(raw json.RawMessage) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var out []member
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, isName := token.(string)
		if !isName {
			return nil, errors.New("a member has no name")
		}
		m := member{name: name}
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}
