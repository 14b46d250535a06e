package manifest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// lookAlike tells what is wrong with a text that identifies something and could be taken for another: letters of two
// scripts in one word (a Latin "admin" with a Cyrillic a), letters that are drawn as other letters, blanks other than the
// space. A login is one word whatever it holds. The message is empty where nothing is wrong.
// Source of the idea: Unicode Technical Standard 39, "single script".
func lookAlike(value string, login bool) (message, hint string) {
	for _, c := range value {
		switch {
		case c == ' ':
		case unicode.IsSpace(c):
			return fmt.Sprintf("holds U+%04X, a blank other than the space", c), "Write a space."
		case c >= 0xFF01 && c <= 0xFF5E, unicode.IsLetter(c) && unicode.Is(unicode.Common, c) && !cjkMark(c),
			c > unicode.MaxASCII && (unicode.ToLower(c) <= unicode.MaxASCII || unicode.ToUpper(c) <= unicode.MaxASCII):
			return fmt.Sprintf("holds %q (U+%04X), which looks like another letter", c, c), "Write it in plain letters."
		}
	}
	between := func(c rune) bool { return !login && !unicode.IsLetter(c) && !unicode.IsMark(c) }
	for word := range strings.FieldsFuncSeq(value, between) {
		if scripts := scriptsOf(word); len(scripts) > 1 {
			return fmt.Sprintf("mixes letters of the scripts %s in %q; one could be taken for the other", strings.Join(scripts, " and "), word),
				"Write the word in one script. An id of Okta's serves where a label mixes them."
		}
	}
	return "", ""
}

// cjkMark tells whether c is a letter that Japanese shares between its scripts, such as the mark for long vowels.
func cjkMark(c rune) bool { return c >= 0x3000 && c <= 0x30FF }

// scriptsOf returns the scripts of the letters of word, sorted. Scripts that one language writes together count as one.
func scriptsOf(word string) []string {
	var found []string
	for _, c := range word {
		if !unicode.IsLetter(c) || unicode.In(c, unicode.Common, unicode.Inherited) {
			continue
		}
		name := scriptOf(c)
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

func scriptOf(c rune) string {
	switch {
	case unicode.Is(unicode.Latin, c):
		return "Latin"
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul):
		return "Han"
	}
	var names []string
	for name, table := range unicode.Scripts {
		if unicode.Is(table, c) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, "/")
}
