package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// maxMarkdownRows bounds a table in Markdown: a step summary above 1 MiB is refused as a whole.
const maxMarkdownRows = 200

// writeMarkdown writes a document as GitHub's Markdown.
func writeMarkdown(w io.Writer, d document) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "## %s\n", escape(d.title))
	for _, b := range d.blocks {
		out.WriteString("\n")
		if b.heading != "" {
			fmt.Fprintf(&out, "### %s\n\n", escape(b.heading))
		}
		if b.text != "" {
			label, rest, ok := strings.Cut(b.text, ": ")
			if ok && (label == "What to do" || label == "What went wrong" || label == "Maps to" || label == "Could not be decided") {
				fmt.Fprintf(&out, "**%s:** %s\n", escape(label), escape(rest))
			} else {
				fmt.Fprintf(&out, "%s\n", escape(b.text))
			}
		}
		if b.table == nil || len(b.table.rows) == 0 {
			continue
		}
		if b.text != "" {
			out.WriteString("\n")
		}
		if b.folded != "" {
			fmt.Fprintf(&out, "<details><summary>%s</summary>\n\n", escape(b.folded))
		}
		writeMarkdownTable(&out, *b.table)
		if b.folded != "" {
			out.WriteString("\n</details>\n")
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// writeMarkdownTable writes a table, cut after maxMarkdownRows with a line that says so.
func writeMarkdownTable(out *bytes.Buffer, t table) {
	line := func(cells []string) { out.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	dashes := make([]string, len(t.headers))
	for i := range dashes {
		dashes[i] = "---"
	}
	line(t.headers)
	line(dashes)
	for _, row := range t.rows[:min(len(t.rows), maxMarkdownRows)] {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = sign(cell) + escape(cell)
		}
		line(cells)
	}
	if more := len(t.rows) - maxMarkdownRows; more > 0 {
		fmt.Fprintf(out, "\nThe JSON of this report has %s.\n", count(more, "more row"))
	}
}

// sign is what stands before a cell that holds a status and nothing else.
func sign(cell string) string {
	switch cell {
	case wordPass:
		return "✅ "
	case wordFail:
		return "❌ "
	case wordUnknown:
		return "⚠️ "
	default:
		return ""
	}
}
