package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decode returns the root of the one document of data. The root is nil where there is no document to read on; it can be
// there together with problems, which are of what the tables skip: anchors, aliases, merge keys and tags.
func decode(name string, data []byte) (*yaml.Node, []Problem) {
	fail := func(line, column int, message, hint string) []Problem {
		return []Problem{{File: name, Line: line, Column: column, Message: message, Hint: hint}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	document, err := next(decoder)
	switch {
	case errors.Is(err, io.EOF) || (err == nil && isNothing(document)):
		return nil, fail(1, 1, "the file has no document; expected a manifest with the fields apiVersion and kind", "")
	case err != nil:
		return nil, syntaxProblem(name, data, err)
	}
	second, err := next(decoder)
	switch {
	case err == nil:
		return nil, fail(second.Line, second.Column, "a second document begins here; a file holds one", "Move it into a file of its own.")
	case !errors.Is(err, io.EOF):
		return nil, syntaxProblem(name, data, err)
	}
	root := document.Content[0]
	return root, hidden(name, root)
}

// next decodes one document. A panic of the parser is an error: its input is anybody's pull request.
func next(decoder *yaml.Decoder) (document *yaml.Node, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			document, err = nil, fmt.Errorf("yaml: the parser gave up: %v", cause)
		}
	}()
	document = &yaml.Node{}
	err = decoder.Decode(document)
	return document, err
}

// syntaxProblem places an error of the YAML parser. The parser gives a line at best, often that
// on which the broken part begins; a tab in the indentation, which it
// explains badly, is placed exactly.
func syntaxProblem(name string, data []byte, err error) []Problem {
	for i, line := range strings.Split(string(data), "\n") {
		indentation := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indentation, '\t'); tab >= 0 && strings.TrimSpace(line) != "" {
			return []Problem{{
				File: name, Line: i + 1, Column: tab + 1, Message: "not YAML: a tab in the indentation", Hint: "Indent with spaces.",
			}}
		}
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		text = strings.TrimPrefix(text, m[0])
		n, _ := strconv.Atoi(m[1])
		if strings.HasPrefix(text, "did not find expected") {
			n++ // the YAML package counts the lines of its parser's errors from 0, those of its scanner's from 1
		}
		line = max(1, min(n, bytes.Count(data, []byte("\n"))+1))
	}
	return []Problem{{File: name, Line: line, Column: 1, Message: "not YAML: " + text}}
}

// hidden reports everything below n by which a document could say something else than it shows.
func hidden(name string, n *yaml.Node) []Problem {
	var problems []Problem
	report := func(message, hint string) {
		problems = append(problems, Problem{File: name, Line: n.Line, Column: n.Column, Message: message, Hint: hint})
	}
	switch {
	case n.Kind == yaml.AliasNode:
		report(fmt.Sprintf("the alias *%s: aliases are not read", n.Value), "Write the value out.")
		return problems
	case n.Anchor != "":
		report(fmt.Sprintf("the anchor &%s: anchors are not read", n.Anchor), "Write each value where it belongs.")
	case isMerge(n):
		report("the merge key <<: merge keys are not read", "Write the fields out.")
	case isTagged(n):
		report(fmt.Sprintf("the tag %s: tags are not read", n.Tag), "Delete it; quote the value if it is text.")
	}
	for _, child := range n.Content {
		problems = append(problems, hidden(name, child)...)
	}
	return problems
}

// isNothing tells whether a document has no content. The YAML package places such content beyond the end of the file.
func isNothing(document *yaml.Node) bool {
	return len(document.Content) == 0 || document.Content[0].Tag == "!!null"
}

func isMerge(n *yaml.Node) bool  { return n.Kind == yaml.ScalarNode && n.Tag == "!!merge" }
func isTagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 }

// skipped tells whether hidden has complained of n, so that no table reads it.
func skipped(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || isMerge(n) || isTagged(n)
}

// describe says what a node is, for people.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
	default:
		return "something else"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "the truth value " + n.Value
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!timestamp":
		return "the date " + n.Value
	case "!!str":
		return "the text " + quote(n.Value)
	}
	return "a value of type " + n.Tag
}

// quote quotes a value for people, cut to a length that leaves the message readable.
func quote(value string) string {
	const most = 60
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return strconv.Quote(value)
}
