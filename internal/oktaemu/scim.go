// Filter and search expressions: attribute, operator and value, joined by and, or and parentheses. Which attributes and
// operators there are depends on the list that is asked. https://developer.okta.com/docs/api, "Filter"

package oktaemu

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// filter tells whether something passes, given the values of its attributes.
type filter func(values func(attribute string) []string) bool

// everything passes all.
func everything(func(string) []string) bool { return true }

// beyond is an expression that Okta documents for the list and that the emulator does not know. All other errors are of
// expressions that Okta refuses too.
type beyond struct{ what string }

func (b beyond) Error() string { return b.what + " is not emulated" }

// refused answers an expression that could not be read: as Okta does, or as the emulator where the fault is its own.
func refused(err error, asOkta func(cause string) reply) reply {
	var b beyond
	if errors.As(err, &b) {
		return notEmulated(b.what)
	}
	return asOkta(err.Error())
}

// language is what an expression may say.
type language struct {
	operators map[string][]string // those of each attribute, in lower case; an attribute that is not named is not known
	open      func(string) bool   // tells of further attributes that they are known; they have every operator
	beyond    []string            // attributes that Okta knows besides
	negation  bool                // not and a parenthesis
	foldNames bool                // names of attributes are in lower case here and in any case in the expression
	sameCase  bool                // values are compared by case too
}

// equality is the language that knows eq only, of the attributes given in lower case.
func equality(attributes []string) language {
	l := language{operators: map[string][]string{}, foldNames: true}
	for _, a := range attributes {
		l.operators[a] = []string{"eq"}
	}
	return l
}

// parse reads an expression. Whatever the language does not know is an error.
func (l language) parse(text string) (filter, error) {
	p := &filterParser{rest: text, language: l}
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
	language
	rest string
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
	if p.negation && strings.EqualFold(p.peek(), "not") {
		p.take()
		if p.peek() != "(" { // RFC 7644, 3.4.2.2; that Okta is as strict is UNVERIFIED
			return nil, fmt.Errorf("a parenthesis is missing after not")
		}
		f, err := p.one()
		return func(v func(string) []string) bool { return !f(v) }, err
	}
	if p.peek() == "(" {
		p.take()
		f, err := p.either()
		if err == nil && p.take() != ")" {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return f, err
	}
	return p.comparison()
}

// every are the operators of Okta's filter language. https://developer.okta.com/docs/api, "Operators"
func every() []string { return []string{"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le"} }

// operatorsOf are the operators that an attribute has here.
func (l language) operatorsOf(attribute string) ([]string, error) {
	if known, ok := l.operators[attribute]; ok {
		return known, nil
	}
	if slices.Contains(l.beyond, attribute) {
		return nil, beyond{"attribute " + attribute + " in an expression"}
	}
	if l.open != nil && l.open(attribute) {
		return every(), nil
	}
	return nil, fmt.Errorf("the attribute %q is not known", attribute)
}

// comparison reads an attribute, its operator and a value. Of several values of an attribute one has to fit; ne is that
// none is equal (UNVERIFIED for attributes without or with several values).
func (p *filterParser) comparison() (filter, error) {
	attribute := p.take()
	if p.foldNames {
		attribute = strings.ToLower(attribute)
	}
	known, err := p.operatorsOf(attribute)
	if err != nil {
		return nil, err
	}
	operator := strings.ToLower(p.take())
	if !slices.Contains(known, operator) {
		return nil, fmt.Errorf("the operator %q is not known for %s", operator, attribute)
	}
	if operator == "pr" {
		return func(v func(string) []string) bool { return len(v(attribute)) > 0 }, nil
	}
	want, err := p.value()
	if err != nil {
		return nil, err
	}
	if operator == "ne" {
		return func(v func(string) []string) bool {
			return !slices.ContainsFunc(v(attribute), func(have string) bool { return p.holds("eq", have, want) })
		}, nil
	}
	return func(v func(string) []string) bool {
		return slices.ContainsFunc(v(attribute), func(have string) bool { return p.holds(operator, have, want) })
	}, nil
}

// value reads a value: text in double quotes, a number, true or false.
func (p *filterParser) value() (string, error) {
	token := p.take()
	if token == "true" || token == "false" {
		return token, nil
	}
	if _, err := strconv.ParseFloat(token, 64); err == nil {
		return token, nil
	}
	text, err := strconv.Unquote(token)
	if err != nil {
		return "", fmt.Errorf("a value in double quotes is missing")
	}
	return text, nil
}

func (l language) holds(operator, have, want string) bool {
	if !l.sameCase {
		have, want = strings.ToLower(have), strings.ToLower(want)
	}
	switch operator {
	case "sw":
		return strings.HasPrefix(have, want)
	case "ew":
		return strings.HasSuffix(have, want)
	case "co":
		return strings.Contains(have, want)
	case "eq":
		return ordered(have, want) == 0
	case "gt":
		return ordered(have, want) > 0
	case "ge":
		return ordered(have, want) >= 0
	case "lt":
		return ordered(have, want) < 0
	default:
		return ordered(have, want) <= 0
	}
}

// ordered compares times as times and all else as text.
func ordered(a, b string) int {
	at, errA := time.Parse(time.RFC3339, strings.ToUpper(a))
	bt, errB := time.Parse(time.RFC3339, strings.ToUpper(b))
	if errA == nil && errB == nil {
		return at.Compare(bt)
	}
	return strings.Compare(a, b)
}
