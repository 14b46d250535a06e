package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// suggest says what an unknown field may have been meant to be: a field of this object with nearly that name, or one of
// that name that belongs deeper.
func (o object) suggest(name string) string {
	names := make([]string, 0, len(o.fields))
	for _, f := range o.fields {
		names = append(names, f.name)
	}
	if hint := didYouMean(name, names); hint != "" {
		return hint
	}
	for _, f := range o.fields {
		inner, ok := f.value.(object)
		if ok && slices.ContainsFunc(inner.fields, func(i field) bool { return i.name == name }) {
			return fmt.Sprintf("It belongs under %s.", f.name)
		}
	}
	return "Known here: " + strings.Join(sortedCopy(names), ", ") + "."
}

// didYouMean names the candidate that is closest to word, if one is close: spelt alike but for case, hyphens and
// underscores, or at most two letters away.
func didYouMean(word string, candidates []string) string {
	const longest = 40 // a longer word is no slip of the pen, and the distance costs its length squared
	if len(word) > longest {
		return ""
	}
	best, bestDistance := "", 3
	for _, c := range sortedCopy(candidates) {
		if d := distance(plain(word), plain(c)); d < bestDistance && d < len(c)/2+1 {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("Did you mean %s?", best)
}

func plain(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// distance is the number of letters to insert, delete or replace to make a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
