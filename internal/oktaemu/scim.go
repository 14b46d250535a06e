// The subset of SCIM filters that the emulator reads: attribute eq "value", joined by and, or and parentheses.

package oktaemu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// filter tells whether something passes, given the values of its attributes.
type filter func(values func(attribute string) []string) bool

// parseFilter reads a filter over the attributes given, in lower case. Whatever it does not know is an error.
func parseFilter(text string, attributes []string) (filter, error) {
	p := &filterParser{rest: text, attributes: attributes}
	f, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, fmt.Errorf("%q is not expected", p.peek())
	}
	return f, nil
}

type filterParser struct {
	rest       string
	attributes []string
}

// peek returns the next token without taking it; "" at the end.
func (p *filterParser) peek() string {
	p.rest = strings.TrimLeft(p.rest, " ")
	switch {
	case p.rest == "":
		return ""
	case p.rest[0] == '(' || p.rest[0] == ')':
		return p.rest[:1]
	case p.rest[0] == '"':
		quoted, err := strconv.QuotedPrefix(p.rest)
		if err != nil {
			return p.rest
		}
		return quoted
	}
	if end := strings.IndexAny(p.rest, ` ()"`); end >= 0 {
		return p.rest[:end]
	}
	return p.rest
}

func (p *filterParser) take() string {
	token := p.peek()
	p.rest = p.rest[len(token):]
	return token
}

func (p *filterParser) either() (filter, error) {
	return p.chain("or", p.both, func(a, b bool) bool { return a || b })
}

func (p *filterParser) both() (filter, error) {
	return p.chain("and", p.one, func(a, b bool) bool { return a && b })
}

// chain reads parts joined by word.
func (p *filterParser) chain(word string, part func() (filter, error), join func(a, b bool) bool) (filter, error) {
	left, err := part()
	for err == nil && strings.EqualFold(p.peek(), word) {
		p.take()
		var right filter
		if right, err = part(); err == nil {
			first := left
			left = func(v func(string) []string) bool { return join(first(v), right(v)) }
		}
	}
	return left, err
}

func (p *filterParser) one() (filter, error) {
	if p.peek() == "(" {
		p.take()
		f, err := p.either()
		if err == nil && p.take() != ")" {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return f, err
	}
	attribute := strings.ToLower(p.take())
	if !slices.Contains(p.attributes, attribute) {
		return nil, fmt.Errorf("the attribute %q is not known", attribute)
	}
	if operator := p.take(); !strings.EqualFold(operator, "eq") {
		return nil, fmt.Errorf("the operator %q is not known", operator)
	}
	want, err := strconv.Unquote(p.take())
	if err != nil {
		return nil, fmt.Errorf("a value in double quotes is missing")
	}
	return func(v func(string) []string) bool {
		return slices.ContainsFunc(v(attribute), func(s string) bool { return strings.EqualFold(s, want) })
	}, nil
}
