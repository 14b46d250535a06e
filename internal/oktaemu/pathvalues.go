// Values in a body by their path, as expressions name them: profile.email, target.id.

package oktaemu

import (
	"fmt"
	"strings"
)

// valuesAt returns the texts, numbers and truth values at the path; of lists, of every item. The empty path is the whole
// body. Names count in any case.
func valuesAt(body obj, path string) []string {
	if path == "" {
		return leaves(body)
	}
	return walk(body, strings.Split(path, "."))
}

func walk(value any, path []string) []string {
	if list, ok := listOf(value); ok {
		var out []string
		for _, item := range list {
			out = append(out, walk(item, path)...)
		}
		return out
	}
	if len(path) > 0 {
		body, _ := value.(obj)
		name, ok := keyOf(body, path[0])
		if !ok {
			return nil
		}
		return walk(body[name], path[1:])
	}
	if _, ok := value.(obj); ok || value == nil {
		return nil
	}
	return []string{fmt.Sprint(value)}
}

// listOf is the list that a value of a body is.
func listOf(value any) ([]any, bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case []obj:
		var out []any
		for _, item := range v {
			out = append(out, item)
		}
		return out, true
	}
	return nil, false
}

// keyOf finds the key of that name, in any case.
func keyOf(body obj, name string) (string, bool) {
	for key := range body {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}

// leaves returns all values in it, in no order.
func leaves(value any) []string {
	list, ok := listOf(value)
	if body, isObject := value.(obj); isObject {
		for _, item := range body {
			list, ok = append(list, item), true
		}
	}
	if !ok {
		return walk(value, nil)
	}
	var out []string
	for _, item := range list {
		out = append(out, leaves(item)...)
	}
	return out
}
