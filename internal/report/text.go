package report

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// textWidth is how wide paragraphs are in a terminal; tables keep below 120 by their columns' widths.
const textWidth = 116

// writeText writes a document for a terminal.
func writeText(w io.Writer, d document) error {
	var out bytes.Buffer
	title := wrap(plain(d.title), textWidth)
	out.WriteString(strings.Join(title, "\n") + "\n" + strings.Repeat("=", min(columns(title[0]), textWidth)) + "\n")
	for _, b := range d.blocks {
		out.WriteString("\n")
		if b.heading != "" {
			out.WriteString(strings.Join(wrap(plain(b.heading), textWidth), "\n") + "\n")
		}
		if b.folded != "" {
			out.WriteString(plain(b.folded) + "\n")
		}
		if b.text != "" {
			out.WriteString(strings.Join(wrap(plain(b.text), textWidth), "\n") + "\n")
		}
		if b.table != nil && len(b.table.rows) > 0 && !b.minor {
			if err := writeTextTable(&out, *b.table); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// writeTextTable writes a table with light lines.
func writeTextTable(w io.Writer, t table) error {
	writer := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Symbols:  tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{Separators: tw.Separators{BetweenRows: tw.Off, BetweenColumns: tw.On}},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
	)
	if strings.Join(t.headers, "") != "" {
		writer.Header(t.headers)
	}
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = plain(cell)
			if i < len(t.widths) && t.widths[i] > 0 {
				cells[i] = strings.Join(wrap(cells[i], t.widths[i]), "\n")
			}
		}
		if err := writer.Append(cells); err != nil {
			return err
		}
	}
	return writer.Render()
}

// wrap breaks text at spaces into lines of at most width columns. A word that is longer than that is broken too, after a
// slash where there is one.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		gap := " "
		for _, piece := range pieces(word, width) {
			if line == "" {
				gap = ""
			}
			if columns(line+gap+piece) > width {
				lines = append(lines, line)
				line, gap = "", ""
			}
			line += gap + piece
			gap = ""
		}
	}
	return append(lines, line)
}

// pieces cuts a word that is longer than width into parts of at most width columns.
func pieces(word string, width int) []string {
	if columns(word) <= width {
		return []string{word}
	}
	var out []string
	part := ""
	for _, r := range word {
		if columns(part+string(r)) > width {
			out = append(out, part)
			part = ""
		}
		if part += string(r); r == '/' {
			out = append(out, part)
			part = ""
		}
	}
	if part != "" {
		out = append(out, part)
	}
	return out
}

// columns is how many columns text takes at the most. From Hangul on, a character may be two wide.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

// terminalCodes are the sequences with which text moves a terminal's cursor, or more.
var terminalCodes = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]*(\x07|\x1b\\\\)?")

// plain makes text harmless to a terminal: no escape sequences, no control, direction or invisible characters, no line breaks.
func plain(text string) string {
	text = terminalCodes.ReplaceAllString(text, "")
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
