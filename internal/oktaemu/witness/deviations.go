// Where a subject itself differs from its document, and what of the emulator the document does not cover: deviations.yaml
// for Okta, deviations-github.yaml for GitHub.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// expected is such a file.
type expected struct {
	Deviations []*deviation `yaml:"deviations"`
	Outside    []*outside   `yaml:"outside"`
}

// deviation excuses findings. Route, kind, at and detail may hold * for any text; one that is empty fits everything. It
// is the subject's own where it has evidence, and the emulator's, to be mended, where it is a defect.
type deviation struct {
	Route    string `yaml:"route"`
	Status   int    `yaml:"status"` // any where it is 0
	Kind     string `yaml:"kind"`
	At       string `yaml:"at"`
	Detail   string `yaml:"detail"`
	Says     string `yaml:"says"`     // what the subject does
	Evidence string `yaml:"evidence"` // where that is seen
	Defect   string `yaml:"defect"`   // what the emulator does wrong

	used int
}

// outside is what the document does not have: method and path, with * for any text.
type outside struct {
	Route  string `yaml:"route"`
	Reason string `yaml:"reason"`

	used int
}

func readExpected(file string) (*expected, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the deviations: %w", err)
	}
	var out expected
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&out); err != nil {
		return nil, fmt.Errorf("reading the deviations: %w", err)
	}
	for _, d := range out.Deviations {
		if d.Route == "" || d.Kind == "" || (d.Says != "" && d.Evidence != "") == (d.Defect != "") {
			return nil, fmt.Errorf("deviation %q of %q: it needs route and kind, and either says and evidence or defect", d.Kind, d.Route)
		}
	}
	for _, o := range out.Outside {
		if o.Route == "" || o.Reason == "" {
			return nil, errors.New("what is outside the document needs route and reason")
		}
	}
	return &out, nil
}

// excuses returns an entry that fits the finding, or nil. Each entry that fits is counted as used.
func (x *expected) excuses(f finding) *deviation {
	var found *deviation
	for _, d := range x.Deviations {
		if (d.Status == 0 || d.Status == f.Status) && fits(d.Route, f.Route) && fits(d.Kind, f.Kind) && fits(d.At, f.At) && fits(d.Detail, f.Detail) {
			d.used++
			found = d
		}
	}
	return found
}

// leavesOut tells whether the document does not cover the request.
func (x *expected) leavesOut(e exchange) bool {
	for _, o := range x.Outside {
		if fits(o.Route, e.Method+" "+e.url.Path) {
			o.used++
			return true
		}
	}
	return false
}

// stale lists the entries that nothing needed.
func (x *expected) stale() []string {
	var out []string
	for _, d := range x.Deviations {
		name := fmt.Sprintf("%s %d %s %s %s", d.Route, d.Status, d.Kind, d.At, d.Detail)
		if d.used == 0 {
			out = append(out, "the deviations, never used: "+name)
		}
	}
	for _, o := range x.Outside {
		if o.used == 0 {
			out = append(out, "the deviations, outside of the document and never asked for: "+o.Route)
		}
	}
	return out
}

// fits matches text with a pattern in which * stands for any text.
func fits(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
