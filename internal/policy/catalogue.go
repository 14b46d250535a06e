package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stepdown/stepdown/internal/org"
)

// Control is a control of the catalogue, as the annotations of its package describe it.
type Control struct {
	ID               string              `json:"id"`   // OKTA-<AREA>-<NNN>, never reused
	Name             string              `json:"name"` // the last part of its package, such as token_owner_role
	Title            string              `json:"title"`
	Description      string              `json:"description"` // the requirement
	Severity         Severity            `json:"severity"`
	Remediation      string              `json:"remediation"`
	Requires         []string            `json:"requires"`   // the collections without which it cannot be decided, sorted
	Frameworks       map[string][]string `json:"frameworks"` // published requirements that it serves, by framework
	RelatedResources []string            `json:"related_resources"`
}

// custom is the custom section of a control's annotations.
type custom struct {
	ID          string              `json:"id"`
	Severity    string              `json:"severity"`
	Remediation string              `json:"remediation"`
	Requires    []string            `json:"requires"`
	Frameworks  map[string][]string `json:"frameworks"`
}

// catalogue returns the controls of the compiled policies, sorted by id. Every package below audit is a control; one whose
// annotations are incomplete is an error, never left out.
func catalogue(compiler *ast.Compiler) ([]Control, error) {
	packages := map[string]*ast.Annotations{}
	for _, module := range compiler.Modules {
		path := module.Package.Path // data.audit.<name>
		if len(path) < 2 || path[1].Value.Compare(ast.String("audit")) != 0 {
			continue
		}
		if len(path) != 3 {
			return nil, fmt.Errorf("reading package %s: a control's package is audit.<name>", path)
		}
		name := string(path[2].Value.(ast.String))
		packages[name] = compiler.GetAnnotationSet().GetPackageScope(module.Package)
	}
	var controls []Control
	for name, annotations := range packages {
		control, err := controlOf(name, annotations)
		if err != nil {
			return nil, fmt.Errorf("reading the annotations of audit.%s: %w", name, err)
		}
		controls = append(controls, control)
	}
	slices.SortFunc(controls, func(a, b Control) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name)) })
	for i := 1; i < len(controls); i++ {
		if controls[i].ID == controls[i-1].ID {
			return nil, fmt.Errorf("reading the catalogue: %s is the id of %s and of %s", controls[i].ID, controls[i-1].Name, controls[i].Name)
		}
	}
	if len(controls) == 0 {
		return nil, errors.New("reading the catalogue: the policies hold no control")
	}
	return controls, nil
}

// controlOf makes a control of the annotations of its package.
func controlOf(name string, a *ast.Annotations) (Control, error) {
	if a == nil {
		return Control{}, errors.New("it has no annotations of scope package")
	}
	data, err := json.Marshal(a.Custom)
	if err != nil {
		return Control{}, err
	}
	var c custom
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Control{}, fmt.Errorf("custom: %w", err)
	}
	severity, err := ParseSeverity(c.Severity)
	if err != nil {
		return Control{}, err
	}
	slices.Sort(c.Requires)
	control := Control{
		ID: c.ID, Name: name, Title: a.Title, Description: a.Description, Severity: severity, Remediation: c.Remediation,
		Requires: c.Requires, Frameworks: c.Frameworks, RelatedResources: []string{},
	}
	for _, related := range a.RelatedResources {
		control.RelatedResources = append(control.RelatedResources, related.Ref.String())
	}
	return control, control.check(len(a.Schemas))
}

// check tells what a control lacks, given how many schemas its package names: without one, a misspelt field would be
// undefined, and undefined is no finding.
func (c Control) check(schemas int) error {
	switch {
	case !regexp.MustCompile(`^OKTA-[A-Z]{3}-[0-9]{3}$`).MatchString(c.ID):
		return fmt.Errorf("id %q is not of the form OKTA-XXX-000", c.ID)
	case c.Title == "" || c.Description == "" || c.Remediation == "":
		return errors.New("title, description and remediation are required")
	case len(c.Requires) == 0 || len(c.Frameworks) == 0:
		return errors.New("requires and frameworks are required")
	case schemas < 2:
		return errors.New("schemas for input and data.params are required")
	}
	for _, name := range c.Requires {
		if !slices.Contains(org.Collections(), name) {
			return fmt.Errorf("requires %q, which is not a collection", name)
		}
	}
	return nil
}
