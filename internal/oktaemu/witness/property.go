// Properties that an answer has and the document has not. JSON Schema allows them; an emulator has no business with them.

package main

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// undocumented walks a value along the schemas that describe it.
func undocumented(at string, value any, schemas []*openapi3.Schema) []finding {
	switch v := value.(type) {
	case []any:
		var items []*openapi3.Schema
		for _, s := range expand(schemas, nil) {
			items = appendRef(items, s.Items)
		}
		var out []finding
		for _, item := range v {
			out = append(out, undocumented(at+"/*", item, items)...)
		}
		return out
	case map[string]any:
		return undocumentedIn(at, v, expand(schemas, v))
	}
	return nil
}

func undocumentedIn(at string, object map[string]any, schemas []*openapi3.Schema) []finding {
	open := !slices.ContainsFunc(schemas, func(s *openapi3.Schema) bool { return len(s.Properties) > 0 })
	var others []*openapi3.Schema
	for _, s := range schemas {
		allowed := s.AdditionalProperties
		open = open || allowed.Schema != nil || allowed.Has != nil && *allowed.Has
		others = appendRef(others, allowed.Schema)
	}
	var out []finding
	for key, value := range object {
		var known []*openapi3.Schema
		for _, s := range schemas {
			known = appendRef(known, s.Properties[key])
		}
		if len(known) == 0 {
			known = others
			if !open {
				out = append(out, finding{Kind: kindProperty, At: at + "/" + key})
				continue
			}
		}
		out = append(out, undocumented(at+"/"+key, value, known)...)
	}
	return out
}

func appendRef(list []*openapi3.Schema, ref *openapi3.SchemaRef) []*openapi3.Schema {
	if ref == nil || ref.Value == nil {
		return list
	}
	return append(list, ref.Value)
}

// expand adds what the schemas are made of: all of allOf, and of oneOf and anyOf what the discriminator names, or all.
func expand(schemas []*openapi3.Schema, object map[string]any) []*openapi3.Schema {
	var out []*openapi3.Schema
	for _, s := range schemas {
		out = append(out, s)
		var parts []*openapi3.Schema
		for _, ref := range slices.Concat(s.AllOf, chosen(s, object)) {
			parts = appendRef(parts, ref)
		}
		out = append(out, expand(parts, object)...)
	}
	return out
}

func chosen(s *openapi3.Schema, object map[string]any) openapi3.SchemaRefs {
	all := slices.Concat(s.OneOf, s.AnyOf)
	if s.Discriminator == nil || object == nil {
		return all
	}
	kind, _ := object[s.Discriminator.PropertyName].(string)
	target, ok := s.Discriminator.Mapping[kind]
	if !ok {
		return all
	}
	return slices.DeleteFunc(all, func(ref *openapi3.SchemaRef) bool { return ref.Ref != target.Ref })
}
