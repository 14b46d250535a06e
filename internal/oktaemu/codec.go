// Any value of a state as YAML and back, by reflection: what is added to a state later is saved without a word here.
// Fields that are zero are left out; what cannot be written is an error, never left out.

package oktaemu

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"go.yaml.in/yaml/v3"
)

// saver is a type that writes itself.
type saver interface {
	save() (*yaml.Node, error)
	load(n *yaml.Node) error
}

// open makes an unexported field readable and writable as an exported one is. v must be addressable.
func open(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// addressable returns v, or a copy of it that has an address.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return open(v)
	}
	held := reflect.New(v.Type()).Elem()
	held.Set(v)
	return held
}

// encodeValue writes a value.
func encodeValue(v reflect.Value) (*yaml.Node, error) {
	v = addressable(v)
	switch own := v.Addr().Interface().(type) {
	case saver:
		return own.save()
	case *time.Time:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: own.UTC().Format(time.RFC3339Nano)}, nil
	case encoding.TextMarshaler:
		if v.Kind() == reflect.Pointer && v.IsNil() {
			break
		}
		text, err := own.MarshalText()
		return textNode(string(text)), err
	}
	switch v.Kind() {
	case reflect.String:
		return textNode(v.String()), nil
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		n := &yaml.Node{}
		return n, n.Encode(plain(v))
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nullNode(), nil
		}
		if v.Kind() == reflect.Interface && !jsonLike(v.Elem().Type()) {
			return nil, fmt.Errorf("a value of type %s cannot be saved in a field of any type", v.Elem().Type())
		}
		return encodeValue(v.Elem())
	case reflect.Slice, reflect.Array:
		return encodeList(v)
	case reflect.Map:
		return encodeMap(v)
	case reflect.Struct:
		return encodeStruct(v)
	}
	return nil, fmt.Errorf("a value of type %s cannot be saved", v.Type())
}

// plain is a number or truth value without its named type.
func plain(v reflect.Value) any {
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return v.Float()
	}
	return v.Bool()
}

// jsonLike tells whether a value of the type comes back from YAML as something that JSON writes alike.
func jsonLike(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Uint8 && (t.Elem().Kind() == reflect.Interface || jsonLike(t.Elem()))
	case reflect.Map:
		return t.Key().Kind() == reflect.String && (t.Elem().Kind() == reflect.Interface || jsonLike(t.Elem()))
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return t.PkgPath() == "" || t.Kind() == reflect.String && t.String() != "json.Number"
	}
	return false
}

func nullNode() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} }

func textNode(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	if strings.ContainsAny(text, "\n\r\t") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func encodeList(v reflect.Value) (*yaml.Node, error) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return nullNode(), nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		return textNode(string(v.Bytes())), nil
	}
	out := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range v.Len() {
		item, err := encodeValue(v.Index(i))
		if err != nil {
			return nil, fmt.Errorf("%d: %w", i, err)
		}
		out.Content = append(out.Content, item)
	}
	return out, nil
}

// encodeMap writes a map with text as keys as a mapping, else as a list of keys and values; sorted in both cases.
func encodeMap(v reflect.Value) (*yaml.Node, error) {
	if v.IsNil() {
		return nullNode(), nil
	}
	type pair struct {
		order      string
		key, value *yaml.Node
	}
	var pairs []pair
	for it := v.MapRange(); it.Next(); {
		key, err := encodeValue(it.Key())
		value, bad := encodeValue(it.Value())
		if err := errors.Join(err, bad); err != nil {
			return nil, fmt.Errorf("%v: %w", it.Key(), err)
		}
		pairs = append(pairs, pair{flat(key), key, value})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.order, b.order) })
	out := &yaml.Node{Kind: yaml.MappingNode}
	byText := v.Type().Key().Kind() == reflect.String
	if !byText {
		out.Kind = yaml.SequenceNode
	}
	for _, p := range pairs {
		if byText {
			out.Content = append(out.Content, p.key, p.value)
			continue
		}
		out.Content = append(out.Content, mapping("key", p.key, "value", p.value))
	}
	return out, nil
}

// flat is everything that a node says, to sort by.
func flat(n *yaml.Node) string {
	out := n.Value
	for _, inner := range n.Content {
		out += "\x00" + flat(inner)
	}
	return out
}

// mapping is a mapping of names and nodes in turn.
func mapping(pairs ...any) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		out.Content = append(out.Content, textNode(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return out
}

// encodeStruct writes the fields that are not zero. Of other packages' types it knows nothing.
func encodeStruct(v reflect.Value) (*yaml.Node, error) {
	if !ours(v.Type()) {
		return nil, fmt.Errorf("a value of type %s cannot be saved", v.Type())
	}
	out := &yaml.Node{Kind: yaml.MappingNode}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Tag.Get("save") == "-" || v.Field(i).IsZero() {
			continue
		}
		value, err := encodeValue(v.Field(i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
		out.Content = append(out.Content, textNode(field.Name), value)
	}
	return out, nil
}

// ours tells whether the type is of this package, or has no name.
func ours(t reflect.Type) bool {
	return t.PkgPath() == "" || t.PkgPath() == reflect.TypeFor[state]().PkgPath()
}

// save writes the rows in their order.
func (t *table[T]) save() (*yaml.Node, error) {
	out := &yaml.Node{Kind: yaml.SequenceNode}
	for _, id := range t.order {
		row := t.rows[id]
		node, err := encodeValue(reflect.ValueOf(&row).Elem())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		seq := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(t.seqs[id])}
		out.Content = append(out.Content, mapping("key", textNode(id), "seq", seq, "row", node))
	}
	return out, nil
}
