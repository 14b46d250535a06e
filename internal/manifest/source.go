package manifest

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkSource looks at the bytes of a manifest before anything reads them: their number, their encoding, characters that
// a reviewer cannot see, and credentials. Where it finds something, the document is not what it seems to be and is not
// read any further.
func checkSource(name string, data []byte) []Problem {
	if len(data) > MaxBytes {
		return []Problem{{
			File: name, Line: 1, Column: 1,
			Message: fmt.Sprintf("the file is larger than %d bytes, the most that a manifest may have", MaxBytes),
		}}
	}
	if problems := checkCharacters(name, data); len(problems) > 0 {
		return problems
	}
	return checkCredentials(name, data)
}

// checkCharacters reports the first character of each line that is not UTF-8, or that people do not see, or that YAML
// takes for a line break where editors show none.
func checkCharacters(name string, data []byte) []Problem {
	var problems []Problem
	for i, line := range bytes.SplitAfter(data, []byte("\n")) {
		for column := 1; len(line) > 0; column++ {
			c, size := utf8.DecodeRune(line)
			message, hint := "", ""
			switch {
			case c == utf8.RuneError && size == 1:
				message = fmt.Sprintf("the byte 0x%02X is not UTF-8", line[0])
				hint = "Save the file as UTF-8 without a byte order mark."
			case c == '\n' || c == '\t' || bytes.Equal(line, []byte("\r\n")):
			case c == '\r':
				message = "a carriage return within a line, which YAML reads as a line break and editors do not show as one"
			case c == '\uFEFF' && i == 0 && column == 1:
				message, hint = "a byte order mark; expected UTF-8 without one", "Save the file as UTF-8 without a byte order mark."
			case invisible(c):
				message = fmt.Sprintf("the character U+%04X is invisible or changes how the text around it is shown", c)
				hint = "Delete it: a reviewer must see what is declared."
			}
			if message != "" {
				problems = append(problems, Problem{File: name, Line: i + 1, Column: column, Message: message, Hint: hint})
				break
			}
			line = line[size:]
		}
	}
	return problems
}

// invisible tells whether people do not see c, or see the text around it changed by it. A tab and a line break are for
// the caller to judge.
func invisible(c rune) bool {
	switch c {
	case '\t', '\n':
		return false
	case '\u2800', '\u3164', '\uFFA0', '\u115F', '\u1160', '\u034F':
		return true // blank braille, Hangul fillers, grapheme joiner: letters and marks without a shape
	}
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}

// credential matches what must never be in a repository: an Okta API token (42 characters, "00" first), a private key, a
// GitHub token.
var credential = regexp.MustCompile(`\b00[0-9A-Za-z_-]{40}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[0-9A-Za-z]{36}|\bgithub_pat_[0-9A-Za-z_]{22}`)

// checkCredentials reports lines that hold a credential. It never repeats it.
func checkCredentials(name string, data []byte) []Problem {
	var problems []Problem
	for i, line := range strings.Split(string(data), "\n") {
		if at := credential.FindStringIndex(line); at != nil {
			problems = append(problems, Problem{
				File: name, Line: i + 1, Column: utf8.RuneCountInString(line[:at[0]]) + 1,
				Message: "this looks like a credential; a manifest says where credentials are kept, never what they are",
				Hint:    "Revoke it: whoever can read the repository has seen it.",
			})
		}
	}
	return problems
}
