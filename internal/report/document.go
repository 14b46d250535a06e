package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// document is what a report says, before it has a form. Its text is plain: whatever in it came from outside is escaped by
// the function that writes it, which cannot tell it from ours and so escapes all of it.
type document struct {
	title  string
	blocks []block
}

// block is a heading, a paragraph or a table; whatever of the three is there, in this order.
type block struct {
	heading string
	text    string
	table   *table
	// folded, where it is not empty, is what stands for the table until it is asked for, where the form can do that.
	folded string
	// minor tables are left out where the form cannot fold them.
	minor bool
}

// table has rows of as many cells as there are headers.
type table struct {
	headers []string
	widths  []int // the most that a column takes in a terminal; 0 where it is as wide as it needs to be
	rows    [][]string
}

// The words for a status, in order of concern. Markdown puts a sign before them.
const (
	wordPass    = "pass"
	wordFail    = "FAIL"
	wordUnknown = "NOT KNOWN"
)

// stamp writes a time for people; a zero time is "never".
func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// moment writes a time for a column whose header says UTC.
func moment(t time.Time) string { return strings.TrimSuffix(stamp(t), " UTC") }

// list joins texts for people; none is "none".
func list(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}

// oneLine joins the lines of an error for people: what is wrong and, from the second line on, what to do. Each line is
// a sentence of its own; the last one ends as it was written.
func oneLine(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteString(" ")
		}
		out.WriteString(line)
		if !strings.ContainsAny(line[len(line)-1:], ".!?:;,") {
			out.WriteString(".")
		}
	}
	joined := strings.ReplaceAll(out.String(), ".; ", ". ") // errors that were joined after a hint
	if !strings.HasSuffix(strings.TrimSpace(text), ".") {
		joined = strings.TrimSuffix(joined, ".")
	}
	return joined
}

// sentence is oneLine with a full stop at its end.
func sentence(text string) string {
	text = oneLine(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// present leaves out empty texts.
func present(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}
