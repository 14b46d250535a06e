package okta

// The Link header of RFC 8288, as lines of their own or folded into one by a proxy.

import (
	"errors"
	"strings"
)

var errLink = errors.New("the Link header cannot be read, so the next page is not known")

// headerNext returns the target of the link with relation "next"; empty where there is none. A header that cannot be
// read, or has two next links, is an error: it could hide a page.
func headerNext(headers []string) (string, error) {
	next := ""
	for _, rest := range headers {
		for {
			rest = strings.TrimLeft(rest, " \t,")
			if rest == "" {
				break
			}
			target, params, found := strings.Cut(strings.TrimPrefix(rest, "<"), ">")
			if !found || rest[0] != '<' {
				return "", errLink
			}
			isNext, after, err := linkParams(params)
			if err != nil {
				return "", err
			}
			rest = after
			if !isNext {
				continue
			}
			if target == "" || (next != "" && next != target) {
				return "", errLink
			}
			next = target
		}
	}
	return next, nil
}

// linkParams reads the parameters of one link, up to the comma before the next link, and tells whether its relation is
// "next".
func linkParams(s string) (isNext bool, rest string, err error) {
	seenRel := false
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == ',' {
			return isNext, s, nil
		}
		if s[0] != ';' {
			return false, "", errLink
		}
		s = strings.TrimLeft(s[1:], " \t")
		end := strings.IndexAny(s, "=;,")
		if end < 0 {
			return isNext, "", nil // a last parameter without a value
		}
		name, value := strings.TrimSpace(s[:end]), ""
		s = s[end:]
		if s[0] == '=' {
			quoted := strings.HasPrefix(strings.TrimLeft(s[1:], " \t"), `"`)
			if value, s = paramValue(s[1:]); !quoted && strings.ContainsAny(value, "'\"`") && strings.EqualFold(name, "rel") {
				return false, "", errLink // rel='next' is a token to RFC 8288, and was meant to be "next"
			}
		}
		if strings.EqualFold(name, "rel") && !seenRel { // RFC 8288: only the first one counts
			seenRel = true
			for _, relation := range strings.Fields(value) {
				isNext = isNext || strings.EqualFold(relation, "next")
			}
		}
	}
}
