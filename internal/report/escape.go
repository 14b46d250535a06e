package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// What GitHub makes links or pictures of, beside Markdown itself.
const (
	inAddress = `[A-Za-z0-9._~/?#&=%:@+,;-]` // what an address may hold that needs no escape in a code span
	endOfIt   = `[A-Za-z0-9_~/#&=%+-]`       // and what it may end with, so that the full stop of a sentence is not of it

	addresses = `(?:[A-Za-z][A-Za-z0-9+.-]*://|\b(?i:www)\.)` + inAddress + `*` + endOfIt
	issues    = `\b(?i:gh)-[0-9]+`                                                               // as #1 is an issue
	commits   = `(?:^|[\s(\[{"'@,:=])(?P<commit>[0-9]{8}-[0-9]{6}-[0-9a-f]{8}|[0-9a-f]{7,64})\b` // also in owner/repository@commit
	emoji     = `^:(?:[a-z+-][a-z0-9_+-]*|8ball|100|1234):`
)

var (
	references = regexp.MustCompile(addresses + "|" + issues + "|" + commits)
	pictures   = regexp.MustCompile(emoji)
)

// escape makes text harmless in GitHub's Markdown, also in a cell of a table: it shows as it is, and makes no markup, no
// HTML, no link, no mention, no picture and no reference to an issue or a commit. Addresses and digests become code, where
// GitHub makes nothing of them and people can read and copy them. What names an account, such as an e-mail address, stays
// readable.
func escape(text string) string {
	text = plain(text)
	var out strings.Builder
	end := 0
	for _, m := range references.FindAllStringSubmatchIndex(text, -1) {
		from, to := m[0], m[1]
		if m[2] >= 0 {
			from, to = m[2], m[3]
		}
		out.WriteString(escapeProse(text[end:from]))
		out.WriteString("`" + text[from:to] + "`")
		end = to
	}
	out.WriteString(escapeProse(text[end:]))
	return out.String()
}

// escapeProse escapes what stands between code spans. Whatever is beyond its ends counts as no part of a word.
func escapeProse(text string) string {
	runes := []rune(text)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	var out strings.Builder
	for i, r := range runes {
		switch r {
		case '&', '<', '>', '|', '\\', '`', '$':
			fmt.Fprintf(&out, "&#%d;", r)
		case '*', '[', ']', '~', '!':
			out.WriteString("\\" + string(r))
		case '_':
			if !word(at(i-1)) || !word(at(i+1)) {
				out.WriteRune('\\')
			}
			out.WriteRune(r)
		case '@': // an address has a word before it, a mention has none; to GitHub a word is ASCII
			out.WriteRune(r)
			if before := at(i - 1); !word(before) || before > unicode.MaxASCII {
				out.WriteRune('\u200b')
			}
		case '#':
			out.WriteString("\\#")
			if unicode.IsDigit(at(i + 1)) {
				out.WriteRune('\u200b')
			}
		case ':':
			switch {
			case at(i+1) == '/':
				out.WriteString("&#58;") // or what follows becomes a link, where it is no address that could be code
			case pictures.MatchString(string(runes[i:min(i+64, len(runes))])):
				out.WriteString(":\u200b")
			default:
				out.WriteRune(r)
			}
		default:
			out.WriteRune(r)
		}
	}
	return strings.ReplaceAll(out.String(), "www.", "www&#46;")
}
