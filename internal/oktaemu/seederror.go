// Errors of reading an org file in the words of the file: sections and fields, where the YAML decoder names Go types.

package oktaemu

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// inWords says the decoder's complaints in the words of an org file.
func inWords(err error) error {
	var notATime *time.ParseError
	if errors.As(err, &notATime) {
		return fmt.Errorf("the text `%s` where %s is wanted", notATime.Value, wantedKind("time.Time"))
	}
	var complaints *yaml.TypeError
	if !errors.As(err, &complaints) {
		return err
	}
	said := make([]error, len(complaints.Errors))
	for i, text := range complaints.Errors {
		said[i] = errors.New(complaintInWords(text))
	}
	return errors.Join(said...)
}

func complaintInWords(text string) string {
	unknown := regexp.MustCompile(`^(line \d+: )field (.*) not found in type (\S+)$`)
	if m := unknown.FindStringSubmatch(text); m != nil {
		if section, known, ok := sectionOf(m[3]); ok {
			return fmt.Sprintf("%sunknown field %s in %s; known: %s", m[1], m[2], section, strings.Join(known, ", "))
		}
	}
	misfit := regexp.MustCompile("^(line \\d+: )cannot unmarshal !!(\\w+)( `.*`)? into (\\S+)$")
	if m := misfit.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%s%s%s where %s is wanted", m[1], yamlKind(m[2]), m[3], wantedKind(m[4]))
	}
	return text
}

// sectionOf returns what an org file calls a Go type of the seed, and the type's fields.
func sectionOf(goType string) (section string, fields []string, ok bool) {
	whole := reflect.TypeFor[Seed]()
	if goType == whole.String() {
		return "the org file", fieldNames(whole), true
	}
	for i := range whole.NumField() {
		part := whole.Field(i).Type
		if part.Kind() == reflect.Slice {
			part = part.Elem()
		}
		if part.String() == goType {
			return yamlName(whole.Field(i)), fieldNames(part), true
		}
	}
	return "", nil, false
}

func fieldNames(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		out = append(out, yamlName(t.Field(i)))
	}
	return out
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

// yamlKind is what a person calls the kind of a YAML value by its short tag.
func yamlKind(tag string) string {
	switch tag {
	case "seq":
		return "a list"
	case "map":
		return "a mapping"
	case "str":
		return "the text"
	case "null":
		return "nothing"
	}
	return "the value"
}

// wantedKind is what a person calls a Go type of the seed.
func wantedKind(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case goType == "string":
		return "text"
	case goType == "bool":
		return "true or false"
	case slices.Contains([]string{"int", "int64"}, goType):
		return "a whole number"
	case goType == "time.Time":
		return "a time such as 2025-01-13T10:00:00Z"
	case goType == "time.Duration":
		return "a duration such as 5s"
	}
	return "a mapping"
}
