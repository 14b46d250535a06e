// What a query of the System Log asks for: filter and keywords.
// https://developer.okta.com/docs/reference/system-log-query

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// logFilter joins the parameters filter and q.
func (c *call) logFilter() (filter, *reply) {
	pass, bad := c.keywords()
	if bad != nil || c.query.Get("filter") == "" {
		return pass, bad
	}
	l := language{open: logAttribute, negation: true, foldNames: true}
	asked, err := l.parse(c.query.Get("filter"))
	if err != nil {
		r := refused(err, invalidFilter)
		return nil, &r
	}
	return func(v func(string) []string) bool { return pass(v) && asked(v) }, nil
}

func invalidFilter(cause string) reply {
	return errorReply(http.StatusBadRequest, "E0000053", "Invalid SCIM filter.", cause)
}

// logAttribute tells whether events have the attribute, which is in lower case, so that a filter may name it. Below what
// is null in every event of the emulator any name passes. Published is for since and until, and what changed in a target
// (changeDetails) cannot be filtered. That Okta refuses names that no event has is UNVERIFIED.
func logAttribute(path string) bool {
	if path == "published" {
		return false
	}
	for _, free := range []string{"debugcontext.debugdata.", "transaction.detail.", "target.detailentry."} {
		if strings.HasPrefix(path, free) && len(path) > len(free) {
			return true
		}
	}
	return hasPath(event{targets: []party{{}}}.body(), strings.Split(path, "."))
}

// hasPath tells whether there is something at the path, or null on the way.
func hasPath(value any, path []string) bool {
	switch v := value.(type) {
	case nil:
		return !slices.Contains(path, "")
	case []obj:
		return len(v) > 0 && hasPath(v[0], path)
	case obj:
		if len(path) == 0 {
			return false
		}
		name, ok := keyOf(v, path[0])
		return ok && hasPath(v[name], path[1:])
	}
	return len(path) == 0
}

// keywords reads q: words that all have to be in the event, in any case, as whole words of its values. How Okta refuses
// more or longer ones than it documents is UNVERIFIED.
func (c *call) keywords() (filter, *reply) {
	words := strings.Fields(strings.ToLower(c.query.Get("q")))
	tooLong := func(word string) bool { return len(word) > 40 }
	if len(words) > 10 || slices.ContainsFunc(words, tooLong) {
		r := invalid("q", "There can be at most 10 keywords of at most 40 characters each.")
		return nil, &r
	}
	if len(words) == 0 {
		return everything, nil
	}
	return func(values func(string) []string) bool {
		var have []string
		for _, value := range values("") {
			value = strings.ToLower(value)
			have = append(append(have, strings.Fields(value)...), strings.FieldsFunc(value, notOfWord)...)
		}
		return !slices.ContainsFunc(words, func(word string) bool { return !slices.Contains(have, word) })
	}, nil
}

func notOfWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
