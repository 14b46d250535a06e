package report

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// How many characters of a text are shown. An escaped character takes six bytes at the most.
const (
	mostLogin  = 40  // GitHub's are 39
	mostName   = 100 // of an account, a role, a token, a file
	mostProse  = 300
	mostReason = 500
	mostNames  = 8 // in a list within a line
)

// maxList bounds a list in bytes, so that one cannot take the place of all that comes after it; inReserve is kept free for
// headings, for the lines that say that a list was cut, and for the foot.
const (
	maxList   = 8_000
	inReserve = 2_500
)

// page is Markdown in the making.
type page struct{ out bytes.Buffer }

// line adds a line. Its arguments are Markdown.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

// block adds a paragraph.
func (p *page) block(format string, args ...any) { p.line("\n"+format, args...) }

// alert adds a paragraph that GitHub sets in red.
func (p *page) alert(format string, args ...any) { p.line("\n> [!CAUTION]\n> "+format, args...) }

// writeTo writes the page, if it is not longer than GitHub takes.
func (p *page) writeTo(w io.Writer) error {
	if p.out.Len() > maxThread {
		return fmt.Errorf("writing the comment: it has %d bytes, and the limit is %d", p.out.Len(), maxThread)
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// list adds n lines for as long as there is room, and then says how many more there are. No more are made than are shown.
func (p *page) list(n int, line func(i int) string) {
	room := min(maxList, maxThread-inReserve-p.out.Len())
	for i := range n {
		text := line(i)
		if room -= len(text) + 1; room < 0 {
			p.block("…and %d more.", n-i)
			return
		}
		p.line("%s", text)
	}
}

// items is list for a list in Markdown.
func (p *page) items(n int, item func(i int) string) {
	p.line("")
	p.list(n, item)
}

// lines are items that are there already.
func (p *page) lines(items []string) { p.items(len(items), func(i int) string { return items[i] }) }

// rows is list for a table. The cells are Markdown.
func (p *page) rows(headers []string, n int, cells func(i int) []string) {
	row := func(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }
	p.block("%s", row(headers))
	p.line("%s", row(slices.Repeat([]string{"---"}, len(headers))))
	p.list(n, func(i int) string { return row(cells(i)) })
}

// facts adds a table of names and values. Values that are empty are left out.
func (p *page) facts(heading string, pairs [][2]string) {
	var rows [][]string
	for _, pair := range pairs {
		if pair[1] != "" {
			rows = append(rows, []string{pair[0], pair[1]})
		}
	}
	if len(rows) > 0 {
		p.block("### %s", heading)
		p.rows([]string{"Fact", "Value"}, len(rows), func(i int) []string { return rows[i] })
	}
}

// folded adds what is seen only when it is asked for.
func (p *page) folded(summary string, fill func()) {
	p.block("<details><summary>%s</summary>", summary)
	fill()
	p.block("</details>")
}

// cut makes text of one line, harmless to a terminal, and no longer than that.
func cut(text string, most int) string {
	if far := 8 * most; len(text) > far { // however long it is, it is not read much further than it is shown
		text = text[:far] + strings.Repeat("…", most)
	}
	runes := []rune(strings.Join(strings.Fields(plain(text)), " "))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}

// inline writes a text of outside that may stand anywhere in Markdown, also at the beginning of a line, where a character
// that escape leaves alone begins a list, a heading or a line.
func inline(text string, most int) string {
	text = cut(oneLine(text[:min(len(text), 16*most)]), most)
	if text == "" {
		return "(nothing)"
	}
	out := escape(text)
	word := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz0123456789_+-")
	if colon := strings.LastIndexByte(out, ':'); colon >= 0 && strings.HasSuffix(word, ":") {
		out = out[:colon+1] + "\u200b" + out[colon+1:] // or it is the beginning of an emoji that a colon of ours ends
	}
	if regexp.MustCompile(`^(?:[-+=]|[0-9]+[.)])`).MatchString(out) {
		return fmt.Sprintf("&#%d;", out[0]) + out[1:]
	}
	return out
}

// code writes a name, which people copy, as code; or as inline does where there is something in it that code in a table
// cannot hold. GitHub makes no mention, no reference and no link of what is in code. No code holds what looks like HTML
// either: who looks for a marker such as ThreadMarker must not find one that somebody put into a name.
func code(text string, most int) string {
	short := cut(text, most)
	if short == "" || strings.ContainsFunc(short, func(r rune) bool {
		return strings.ContainsRune("`|<>", r) || (r > unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '…')
	}) {
		return inline(short, most)
	}
	return "`" + short + "`"
}

// names lists names as code.
func names(texts []string, most int) string {
	shown := make([]string, 0, mostNames+1)
	for _, text := range texts[:min(len(texts), mostNames)] {
		shown = append(shown, code(text, most))
	}
	if more := len(texts) - mostNames; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return list(shown)
}

// link makes a link of a label, which is Markdown. An address that is not one of the web becomes no link and is shown.
func link(label, address string) string {
	if !linkable(address) {
		return code(address, mostName)
	}
	return "[" + label + "](" + strings.ReplaceAll(address, "&", "&amp;") + ")"
}

// linkable tells whether an address may become a link: https, or http to this machine, with nothing in it that needs an
// escape in Markdown and no credentials.
func linkable(address string) bool {
	if len(address) > 500 || !regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#]`+inAddress+`*)?$`).MatchString(address) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
}

// fence writes text as a block of code, which GitHub shows with a button that copies it. What is in it must be exact: text
// that cannot be shown as it is, or that is too long, is not shown.
func fence(text string) (string, bool) {
	text = strings.Trim(text, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if plain(line) != line {
			return "", false
		}
	}
	if text == "" || len(text) > 2_000 || strings.Contains(text, "<!--") {
		return "", false
	}
	marks := "```"
	for strings.Contains(text, marks) {
		marks += "`"
	}
	return marks + "sh\n" + text + "\n" + marks, true
}
