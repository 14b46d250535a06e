package manifest

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The lengths, in characters, up to which texts are read.
const (
	maxLine  = 200
	maxProse = 4000
)

// line is the pattern of a text on one line, without blanks at its ends.
const line = `^\S(.*\S)?$`

// text is a text on one line that identifies something or someone, and so must be what it looks like.
type text struct {
	into    *string
	what    string // what is expected, for people
	pattern string // in the syntax that RE2 and ECMA-262 share; line where it is empty
	most    int    // characters; maxLine where it is 0
	login   bool   // it names an account or a person, so that the whole of it must be of one script
	// check looks at what a pattern cannot say. It returns what is wrong, or "", and what to do next.
	check func(value string) (message, hint string)
}

func (t text) expected() string { return t.what }
func (t text) initial() any     { return nonZero(*t.into) }

func (t text) limits() (pattern string, most int) {
	pattern, most = t.pattern, t.most
	if pattern == "" {
		pattern = line
	}
	if most == 0 {
		most = maxLine
	}
	return pattern, most
}

func (t text) read(r *reader, path string, _ place, n *yaml.Node) {
	value, ok := r.readText(t, path, n)
	if !ok {
		return
	}
	pattern, most := t.limits()
	at := placeOf(n)
	if count := utf8.RuneCountInString(value); count > most {
		r.complain(at, path, fmt.Sprintf("has %d characters; expected at most %d", count, most), "")
		return
	}
	if strings.Contains(value, "\n") {
		r.complain(at, path, "expected "+t.what+", on one line; found a line break", "")
		return
	}
	if message, hint := lookAlike(value, t.login); message != "" {
		r.complain(at, path, message, hint)
		return
	}
	if !regexp.MustCompile(pattern).MatchString(value) {
		r.mismatch(t, path, n, "")
		return
	}
	if t.check != nil {
		if message, hint := t.check(value); message != "" {
			r.complain(at, path, message, hint)
			return
		}
	}
	*t.into = value
}

func (t text) schema() map[string]any {
	pattern, most := t.limits()
	return map[string]any{"type": "string", "pattern": pattern, "minLength": 1, "maxLength": most}
}

// readText returns the text of n. What is no text, or empty, or holds characters that people do not see (which an escape
// in double quotes can bring in), it complains of.
func (r *reader) readText(s shape, path string, n *yaml.Node) (string, bool) {
	if skipped(n) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		hint := ""
		if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
			hint = "If it is meant as text, write it in quotes."
		}
		r.mismatch(s, path, n, hint)
		return "", false
	}
	if strings.TrimSpace(n.Value) == "" {
		r.complain(placeOf(n), path, "expected "+s.expected()+", found an empty text", "")
		return "", false
	}
	if i := strings.IndexFunc(n.Value, invisible); i >= 0 {
		c, _ := utf8.DecodeRuneInString(n.Value[i:])
		r.complain(placeOf(n), path, fmt.Sprintf("holds U+%04X, a character that people do not see", c), "Delete it.")
		return "", false
	}
	return n.Value, true
}

// prose is text for people, on one line or more. Blanks at its ends do not count.
type prose struct {
	into *string
	what string
}

func (p prose) expected() string { return p.what }
func (p prose) initial() any     { return nonZero(*p.into) }

func (p prose) read(r *reader, path string, _ place, n *yaml.Node) {
	value, ok := r.readText(p, path, n)
	if !ok {
		return
	}
	if count := utf8.RuneCountInString(value); count > maxProse {
		r.complain(placeOf(n), path, fmt.Sprintf("has %d characters; expected at most %d", count, maxProse), "")
		return
	}
	*p.into = strings.TrimSpace(value)
}

func (p prose) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": `\S`, "maxLength": maxProse}
}

// choice is one of a few words.
type choice struct {
	into *string
	of   []string
	what string // what is expected, for people; the words themselves where it is empty
}

func (c choice) expected() string { return cmp.Or(c.what, oneOf(c.of)) }
func (c choice) initial() any     { return nonZero(*c.into) }

func (c choice) read(r *reader, path string, _ place, n *yaml.Node) {
	value, ok := r.readText(c, path, n)
	if !ok {
		return
	}
	for _, word := range c.of {
		if word == value {
			*c.into = value
			return
		}
	}
	hint := didYouMean(value, c.of)
	if hint == "" && c.what != "" {
		hint = "Known: " + strings.Join(c.of, ", ") + "."
	}
	r.mismatch(c, path, n, hint)
}

func (c choice) schema() map[string]any {
	if len(c.of) == 1 {
		return map[string]any{"const": c.of[0]}
	}
	return map[string]any{"type": "string", "enum": c.of}
}

// boolean is true or false, and none of the other words that some YAML parsers take for them.
type boolean struct{ into *bool }

func (b boolean) expected() string { return "true or false" }
func (b boolean) initial() any     { return *b.into }

func (b boolean) read(r *reader, path string, _ place, n *yaml.Node) {
	switch {
	case skipped(n):
	case n.Kind == yaml.ScalarNode && n.Tag == "!!bool" && (n.Value == "true" || n.Value == "false"):
		*b.into = n.Value == "true"
	default:
		r.mismatch(b, path, n, "")
	}
}

func (b boolean) schema() map[string]any { return map[string]any{"type": "boolean"} }

// number is a whole number within bounds, written in decimal digits.
type number struct {
	into        *int
	least, most int
}

func (n number) expected() string {
	return fmt.Sprintf("a whole number from %d to %d", n.least, n.most)
}

func (n number) initial() any {
	if *n.into == 0 {
		return nil
	}
	return *n.into
}

func (n number) read(r *reader, path string, _ place, node *yaml.Node) {
	if skipped(node) {
		return
	}
	value, err := strconv.Atoi(node.Value)
	if node.Kind != yaml.ScalarNode || node.Tag != "!!int" || err != nil || strconv.Itoa(value) != node.Value || value < n.least || value > n.most {
		r.mismatch(n, path, node, "")
		return
	}
	*n.into = value
}

func (n number) schema() map[string]any {
	return map[string]any{"type": "integer", "minimum": n.least, "maximum": n.most}
}

// instantPattern is RFC 3339 to the second, with its T and its zone in capital letters.
const instantPattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$`

var instantSyntax = regexp.MustCompile(instantPattern)

// instant is a point in time, with its zone. YAML takes it for a date where it is not in quotes.
type instant struct{ into *time.Time }

func (i instant) expected() string { return "a time with its zone, such as 2030-12-20T18:00:00Z" }
func (i instant) initial() any     { return nil }

func (i instant) read(r *reader, path string, _ place, n *yaml.Node) {
	if skipped(n) {
		return
	}
	value, err := time.Parse(time.RFC3339, n.Value)
	if n.Kind != yaml.ScalarNode || (n.Tag != "!!str" && n.Tag != "!!timestamp") || !instantSyntax.MatchString(n.Value) || err != nil || value.Year() < 2000 {
		r.mismatch(i, path, n, "")
		return
	}
	*i.into = value
}

func (i instant) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": instantPattern}
}

// durationPattern is the part of Go's syntax of durations that manifests use.
const durationPattern = `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`

var durationSyntax = regexp.MustCompile(durationPattern)

// duration is a length of time within bounds.
type duration struct {
	into        *time.Duration
	least, most time.Duration
}

func (d duration) expected() string {
	return fmt.Sprintf("a duration from %s to %s, such as %s", FormatDuration(d.least), FormatDuration(d.most), d.example())
}

// example returns a duration within the bounds, as people write it.
func (d duration) example() string {
	for _, e := range []time.Duration{15 * time.Minute, 10 * time.Second, time.Second} {
		if e >= d.least && e <= d.most {
			return FormatDuration(e)
		}
	}
	return FormatDuration(d.least)
}

func (d duration) initial() any {
	if *d.into == 0 {
		return nil
	}
	return FormatDuration(*d.into)
}

func (d duration) read(r *reader, path string, _ place, n *yaml.Node) {
	if skipped(n) {
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || !durationSyntax.MatchString(n.Value) {
		hint := ""
		if n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || n.Tag == "!!float") {
			hint = "Say the unit: ms, s, m or h."
		}
		r.mismatch(d, path, n, hint)
		return
	}
	value, err := time.ParseDuration(n.Value)
	if err != nil || value < d.least || value > d.most {
		r.mismatch(d, path, n, "")
		return
	}
	*d.into = value
}

func (d duration) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": durationPattern}
}

// FormatDuration gives a duration as people write it: 15m, not 15m0s.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// nonZero returns value, or nil where it is empty.
func nonZero(value string) any {
	if value == "" {
		return nil
	}
	return value
}
