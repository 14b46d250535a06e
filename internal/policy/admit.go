package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/rego"
)

// Admission decides on a request without custom rules. An error admits nothing.
func (e *Engine) Admission(ctx context.Context, in AdmissionInput) (Decision, error) {
	return e.AdmissionWith(ctx, in, nil)
}

// AdmissionWith decides on a request. custom holds files of Rego by their path: what they deny is denied, and so is
// everything where one of them cannot be asked. They can allow nothing. An error admits nothing.
func (e *Engine) AdmissionWith(ctx context.Context, in AdmissionInput, custom map[string][]byte) (Decision, error) {
	input, _, err := e.parse(ctx, schemaAdmission, in)
	if err != nil {
		return Decision{}, fmt.Errorf("deciding on the admission: %w", err)
	}
	own, cancel := context.WithTimeout(ctx, evaluationTimeout)
	defer cancel()
	results, err := e.admission.Eval(own, rego.EvalParsedInput(input))
	if err = cmp.Or(err, own.Err()); err != nil { // OPA may answer before it notices that the context ended
		return Decision{}, fmt.Errorf("deciding on the admission: %w", err)
	}
	decision, err := decodeDecision(results)
	if err != nil {
		return Decision{}, fmt.Errorf("reading the decision of the admission: %w", err)
	}
	denials, steps := e.custom(ctx, input, custom)
	if err := ctx.Err(); err != nil {
		return Decision{}, fmt.Errorf("evaluating the custom rules: %w", err)
	}
	decision.Trace = append(decision.Trace, steps...)
	if decision.Denials = append(decision.Denials, denials...); len(denials) > 0 {
		decision.Allow, decision.Waiting, decision.Present = false, []Denial{}, Presence{}
	}
	slices.SortFunc(decision.Denials, compareDenials)
	if err := decision.check(); err != nil {
		return Decision{}, fmt.Errorf("reading the decision of the admission: %w", err)
	}
	return decision, nil
}

// compareDenials orders denials for people, the same way each time.
func compareDenials(a, b Denial) int {
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Hint, b.Hint))
}
