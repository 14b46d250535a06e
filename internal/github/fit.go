package github

// This file cuts Markdown to the length that GitHub takes.

import (
	"strings"
	"unicode/utf8"
)

const cutNote = "\n*Cut here: the text is longer than GitHub takes. The run's summary has all of it.*\n"

// fit returns the text, or as many whole lines of it as fit with a note into the limit, as measured; a fence or <details> that
// the cut leaves open is closed before the note.
func fit(text string, limit int, measure func(string) int) string {
	if measure(text) <= limit {
		return text
	}
	var kept strings.Builder
	used, state, closing := measure(cutNote), fence{}, ""
	for line := range strings.Lines(text) {
		next := state.after(line)
		if used+measure(line)+measure(next.closing()) > limit {
			break
		}
		used, state, closing = used+measure(line), next, next.closing()
		kept.WriteString(line)
	}
	if kept.Len() == 0 { // one line alone is too long
		return cutRunes(text, limit-measure(cutNote), measure) + cutNote
	}
	return kept.String() + closing + cutNote
}

// cutRunes cuts between characters.
func cutRunes(text string, limit int, measure func(string) int) string {
	used := 0
	for i, r := range text {
		if used += measure(string(r)); used > limit {
			return text[:i]
		}
	}
	return text
}

// fence is what a line of Markdown leaves open. Source: CommonMark 0.31, "Fenced code blocks".
type fence struct {
	marks   string // of the code block, such as ``` or ~~~~; empty outside of one
	details int
}

// after returns what is open after the line.
func (f fence) after(line string) fence {
	text := strings.TrimRight(line, " \t\r\n")
	body := strings.TrimLeft(text, " ")
	marks := leading(body)
	switch {
	case f.marks != "":
		if body == marks && strings.HasPrefix(marks, f.marks) && len(text)-len(body) < 4 {
			f.marks = ""
		}
	case marks != "" && len(text)-len(body) < 4 && (marks[0] == '~' || !strings.Contains(body[len(marks):], "`")):
		f.marks = marks
	default:
		f.details = max(0, f.details+strings.Count(text, "<details")-strings.Count(text, "</details>"))
	}
	return f
}

// leading returns the three or more backticks or tildes that the text begins with.
func leading(text string) string {
	for _, mark := range []string{"`", "~"} {
		if n := len(text) - len(strings.TrimLeft(text, mark)); n >= 3 {
			return text[:n]
		}
	}
	return ""
}

// closing is what closes all that is open.
func (f fence) closing() string {
	text := ""
	if f.marks != "" {
		text = "\n" + f.marks + "\n"
	}
	return text + strings.Repeat("\n</details>\n", f.details)
}

// utf16Length counts as JavaScript does, which is never less than characters.
func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

func byteLength(s string) int { return len(s) }

// validUTF8 replaces what is not UTF-8, which JSON could not carry.
func validUTF8(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }
