package runneremu

import (
	"iter"
	"slices"
	"strings"
	"unicode"
)

// Command is what the runner makes of a line of the log.
type Command struct {
	Name, Data string
	Properties map[string]string // names in lower case
}

// commandNames are the commands that the runner knows, besides the token that ends stop-commands. Source: ActionCommandManager.cs.
func commandNames() []string {
	return []string{
		"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice", "remove-matcher", "save-state",
		"set-env", "set-output", "stop-commands", "warning",
	}
}

// ParseCommand reads a line. more is a further name that counts. A comparison by a culture's rules ignores characters that have no weight,
// so that a line is read also without them. Source: ActionCommand.cs, TryParseV2 and TryParse.
func ParseCommand(line, more string) (Command, bool) {
	for _, text := range slices.Compact([]string{line, weighty(line)}) {
		if c, ok := parseColons(text, more); ok {
			return c, true
		}
		if c, ok := parseHashes(text, more); ok {
			return c, true
		}
	}
	return Command{}, false
}

// weighty drops what such a comparison ignores: control and format characters, and marks that join what stands before them.
func weighty(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me)) {
			return -1
		}
		return r
	}, line)
}

func isCommand(name, more string) bool {
	return slices.Contains(commandNames(), strings.ToLower(name)) || more != "" && strings.EqualFold(name, more)
}

// parseColons reads ::name key=value,key=value::data at the start of a line, behind blanks.
func parseColons(line, more string) (Command, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::")
	if !ok {
		return Command{}, false
	}
	info, data, ok := strings.Cut(rest, "::")
	name, properties, _ := strings.Cut(info, " ")
	if !ok || !isCommand(name, more) {
		return Command{}, false
	}
	decode := func(s string) string {
		return unescape(s, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	}
	return Command{
		Name: strings.ToLower(name), Data: unescape(data, "%0D", "\r", "%0A", "\n", "%25", "%"), Properties: propertiesOf(strings.TrimSpace(properties), ",", decode),
	}, true
}

// parseHashes reads ##[name key=value;key=value]data anywhere in a line.
func parseHashes(line, more string) (Command, bool) {
	_, rest, ok := strings.Cut(line, "##[")
	if !ok {
		return Command{}, false
	}
	info, data, ok := strings.Cut(rest, "]")
	name, properties, _ := strings.Cut(info, " ")
	if !ok || !isCommand(name, more) {
		return Command{}, false
	}
	decode := func(s string) string {
		return unescape(s, "%3B", ";", "%0D", "\r", "%0A", "\n", "%5D", "]", "%25", "%")
	}
	return Command{Name: strings.ToLower(name), Data: decode(data), Properties: propertiesOf(properties, ";", decode)}, true
}

func propertiesOf(text, separator string, decode func(string) string) map[string]string {
	out := map[string]string{}
	for property := range strings.SplitSeq(text, separator) {
		if key, value, ok := strings.Cut(property, "="); ok && key != "" && value != "" {
			out[strings.ToLower(key)] = decode(value)
		}
	}
	return out
}

// unescape replaces one code after the other, as the runner does, so that what one leaves can be another's.
func unescape(s string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return s
}

// linesOf yields the lines of a text as .NET reads them: LF, CR and both end one.
func linesOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			i := strings.IndexAny(text, "\r\n")
			if i < 0 {
				yield(text)
				return
			}
			line, end := text[:i], 1
			if strings.HasPrefix(text[i:], "\r\n") {
				end = 2
			}
			if text = text[i+end:]; !yield(line) {
				return
			}
		}
	}
}
