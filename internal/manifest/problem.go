package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a manifest.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`            // from 1
	Column  int    `json:"column"`          // in characters, from 1
	Field   string `json:"field,omitempty"` // dotted path, such as "elevation.window"; empty where it is no field's
	Message string `json:"message"`         // what is wrong and what was expected
	Hint    string `json:"hint,omitempty"`  // what to do next
}

// String gives the problem as compilers do, "access/x.yaml:12:3: elevation.window: …", and the hint on a line of its own.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("\n    " + p.Hint)
	}
	return b.String()
}

// Error is all that is wrong with one manifest, or with an access directory. Problems is never empty; it is sorted by
// file, line and column.
type Error struct {
	Problems []Problem
}

// Error gives one problem a line.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// newError sorts problems and drops those that say the same thing twice.
func newError(problems []Problem) *Error {
	sorted := slices.Clone(problems)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message),
		)
	})
	return &Error{Problems: slices.Compact(sorted)}
}
