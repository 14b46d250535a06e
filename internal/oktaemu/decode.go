// The way back of codec.go: YAML into a state. It is strict: what it does not know is an error with its line.

package oktaemu

import (
	"encoding"
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

// decodeInto reads a value that encodeValue wrote. v must be addressable.
func decodeInto(n *yaml.Node, v reflect.Value) error {
	v = open(v)
	if n.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: a saved state has no aliases", n.Line)
	}
	if n.Tag == "!!null" && v.Kind() != reflect.String {
		v.SetZero()
		return nil
	}
	switch own := v.Addr().Interface().(type) {
	case saver:
		return own.load(n)
	case *time.Time:
		at, err := time.Parse(time.RFC3339Nano, n.Value)
		if err != nil {
			return fmt.Errorf("line %d: %q is not a time", n.Line, n.Value)
		}
		*own = at.UTC()
		return nil
	case encoding.TextUnmarshaler:
		return own.UnmarshalText([]byte(n.Value))
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeInto(n, v.Elem())
	case reflect.Slice, reflect.Array:
		return decodeList(n, v)
	case reflect.Map:
		return decodeMap(n, v)
	case reflect.Struct:
		return decodeStruct(n, v)
	}
	return n.Decode(v.Addr().Interface())
}

func decodeList(n *yaml.Node, v reflect.Value) error {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		var text string
		if err := n.Decode(&text); err != nil {
			return err
		}
		v.SetBytes([]byte(text))
		return nil
	}
	if n.Kind != yaml.SequenceNode || v.Kind() == reflect.Array && len(n.Content) != v.Len() {
		return fmt.Errorf("line %d: this is not a list, or not of the right length", n.Line)
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	}
	for i, item := range n.Content {
		if err := decodeInto(item, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func decodeMap(n *yaml.Node, v reflect.Value) error {
	out := reflect.MakeMap(v.Type())
	pairs := n.Content
	if v.Type().Key().Kind() != reflect.String {
		pairs = nil
		for _, item := range n.Content {
			fields, err := fieldsOf(item, "key", "value")
			if err != nil {
				return err
			}
			pairs = append(pairs, fields["key"], fields["value"])
		}
	} else if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: this is not a mapping", n.Line)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := decodeInto(pairs[i], key); err != nil {
			return err
		}
		if err := decodeInto(pairs[i+1], value); err != nil {
			return err
		}
		if out.MapIndex(key).IsValid() {
			return fmt.Errorf("line %d: the key is there twice", pairs[i].Line)
		}
		out.SetMapIndex(key, value)
	}
	v.Set(out)
	return nil
}

// fieldsOf reads a mapping that has exactly these fields.
func fieldsOf(n *yaml.Node, names ...string) (map[string]*yaml.Node, error) {
	out := map[string]*yaml.Node{}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2*len(names) {
		for i := 0; i < len(n.Content); i += 2 {
			out[n.Content[i].Value] = n.Content[i+1]
		}
	}
	for _, name := range names {
		if out[name] == nil {
			return nil, fmt.Errorf("line %d: this is not a mapping of %v", n.Line, names)
		}
	}
	return out, nil
}

func decodeStruct(n *yaml.Node, v reflect.Value) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: this is not a mapping", n.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		field, known := v.Type().FieldByName(name)
		switch {
		case !known || len(field.Index) != 1 || field.Tag.Get("save") == "-":
			return fmt.Errorf("line %d: field %s not found in type %s", n.Content[i].Line, name, v.Type().Name())
		case seen[name]:
			return fmt.Errorf("line %d: field %s is there twice", n.Content[i].Line, name)
		}
		seen[name] = true
		if err := decodeInto(n.Content[i+1], v.FieldByIndex(field.Index)); err != nil {
			return err
		}
	}
	return nil
}

// load reads the rows.
func (t *table[T]) load(n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: this is not a list", n.Line)
	}
	*t = newTable[T]()
	for _, item := range n.Content {
		fields, err := fieldsOf(item, "key", "seq", "row")
		if err != nil {
			return err
		}
		var id string
		var seq int
		var row T
		if err := fields["key"].Decode(&id); err != nil {
			return err
		}
		if err := fields["seq"].Decode(&seq); err != nil {
			return err
		}
		if err := decodeInto(fields["row"], reflect.ValueOf(&row).Elem()); err != nil {
			return err
		}
		if _, there := t.rows[id]; there {
			return fmt.Errorf("line %d: %s is there twice", item.Line, id)
		}
		t.put(id, seq, row)
	}
	return nil
}
