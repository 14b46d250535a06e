package cli

// Why something is not done, and the lines of manifests that this is about.

import (
	"fmt"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/manifest"
)

// The outcomes of what is not done.
const (
	outcomeDenied  = "denied"  // by the admission
	outcomeRefused = "refused" // by the plan
)

// notDone is why something is not done.
type notDone struct {
	outcome string
	what    string
	text    string             // all of it
	places  []manifest.Problem // as far as lines of a manifest are the reason
	whole   bool               // places has every reason
}

func (e *notDone) Error() string { return e.text }

// refusalError lists why something is not done.
func refusalError(what string, refusals []elevation.Refusal, owner access.TokenOwner) error {
	e := &notDone{outcome: outcomeRefused, what: strings.Join(strings.Fields(what), " "), text: what, whole: true}
	for _, r := range refusals {
		e.text += fmt.Sprintf("\n  %s: %s", place(owner, r.Field), r.Message)
		if r.Hint != "" {
			e.text += "\n    " + r.Hint
		}
		at := placeOf(owner, r.Field)
		e.places = append(e.places, manifest.Problem{File: at.File, Line: at.Line, Field: r.Field, Message: r.Message, Hint: r.Hint})
	}
	return coded(ExitFound, e)
}

// refusedError says that declarations would be refused, each of which is told of already.
func refusedError(format string, args ...any) error {
	return coded(ExitFound, &notDone{outcome: outcomeRefused, text: fmt.Sprintf(format, args...)})
}

// placeOf is where a field of a manifest stands, or the manifest where it has no such field.
func placeOf(owner access.TokenOwner, field string) access.Position {
	if at, ok := owner.Fields[field]; ok {
		return at
	}
	return owner.Source
}

// place names a field of a manifest as file:line: field.
func place(owner access.TokenOwner, field string) string {
	at := placeOf(owner, field)
	if field == "" {
		return fmt.Sprintf("%s:%d", at.File, at.Line)
	}
	return fmt.Sprintf("%s:%d: %s", at.File, at.Line, field)
}

// fault is what is wrong with a line of a manifest.
type fault struct {
	title string
	at    manifest.Problem
}

// faultsOf are the lines of manifests that an error is about; whole tells whether they say all that it says.
func faultsOf(err error) (faults []fault, whole bool) {
	switch e := err.(type) { //nolint:errorlint // what is around it is looked at too
	case *manifest.Error:
		for _, p := range e.Problems {
			faults = append(faults, fault{"manifest", p})
		}
		return faults, true
	case *notDone:
		for _, p := range e.places {
			faults = append(faults, fault{e.what, p})
		}
		return faults, e.whole
	case interface{ Unwrap() []error }:
		whole = true
		for _, one := range e.Unwrap() {
			more, all := faultsOf(one)
			faults, whole = append(faults, more...), whole && all
		}
		return faults, whole
	case interface{ Unwrap() error }:
		return faultsOf(e.Unwrap())
	}
	return nil, false
}

// annotateError says an error as annotations, on the lines of manifests that it is about.
func (s *session) annotateError(err error) {
	faults, whole := faultsOf(err)
	if !whole { // first, for the runner shows ten
		s.runner.Error("stepdown", "", 0, err.Error())
	}
	said := map[string]string{}
	for _, f := range faults {
		place := fmt.Sprintf("%s:%d:%s", f.at.File, f.at.Line, f.at.Field)
		if by := said[place]; by != "" && by != f.title { // the admission and the plan ask the same settings
			continue
		}
		said[place] = f.title
		s.runner.Error(f.title, f.at.File, f.at.Line, strings.TrimSpace(f.at.Field+" "+f.at.Message+"\n"+f.at.Hint))
	}
}
