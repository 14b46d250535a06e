package policy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/stepdown/stepdown/internal/access"
)

// AdmissionInput is what the admission decides on. Nothing in it comes from the change that is to be admitted, except
// Request, and that at the approved commit.
type AdmissionInput struct {
	Now         time.Time            `json:"now"`
	PullRequest access.PullRequest   `json:"pull_request"`
	Reviews     []access.Review      `json:"reviews"` // in the order in which they were given
	Files       []access.ChangedFile `json:"files"`
	AccessDir   string               `json:"access_dir"` // where manifests lie, relative to the repository
	Request     AdmissionRequest     `json:"request"`
	Settings    AdmissionSettings    `json:"settings"`
}

// AdmissionRequest is what the manifest asks for.
type AdmissionRequest struct {
	Account       string `json:"account"`
	ElevationRole string `json:"elevation_role"`
	WindowSeconds int64  `json:"window_seconds"`
	Name          string `json:"name"`
	Ticket        string `json:"ticket"`
	Reason        string `json:"reason"`
}

// AdmissionSettings are the bounds that the settings set.
type AdmissionSettings struct {
	MaxWindowSeconds      int64 `json:"max_window_seconds"`
	ElevationRoleAllowed  bool  `json:"elevation_role_allowed"` // access.Settings.AllowsElevation for this request
	MaxApprovalAgeSeconds int64 `json:"max_approval_age_seconds"`
}

// Decision is the answer of the admission.
type Decision struct {
	Allow      bool      `json:"allow"`
	Denials    []Denial  `json:"denials"`              // sorted; empty where it is allowed
	Approvers  []string  `json:"approvers"`            // whose approvals count, sorted
	ApprovedAt time.Time `json:"approved_at,omitzero"` // when the latest approval that counts was given; zero where there is none
}

// Denial is a reason against a request.
type Denial struct {
	Rule    string `json:"rule"`
	Field   string `json:"field"` // of the manifest or of the facts
	Message string `json:"msg"`   // what was seen
	Hint    string `json:"hint"`  // what would mend it
}

// Admission decides on a request. An error admits nothing.
func (e *Engine) Admission(ctx context.Context, in AdmissionInput) (Decision, error) {
	in.Now = in.Now.UTC()
	in.AccessDir = path.Clean(in.AccessDir)
	in.Reviews, in.Files = filled(in.Reviews), filled(in.Files)
	input, _, err := e.parse(ctx, schemaAdmission, in)
	if err != nil {
		return Decision{}, fmt.Errorf("deciding on the admission: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, evaluationTimeout)
	defer cancel()
	results, err := e.admission.Eval(ctx, rego.EvalParsedInput(input))
	if err != nil {
		return Decision{}, fmt.Errorf("deciding on the admission: %w", err)
	}
	decision, err := decodeDecision(results)
	if err != nil {
		return Decision{}, fmt.Errorf("reading the decision of the admission: %w", err)
	}
	return decision, nil
}

// decodeDecision reads a decision: exactly its keys, and no contradiction among them.
func decodeDecision(results rego.ResultSet) (Decision, error) {
	value, err := single(results)
	if err != nil {
		return Decision{}, err
	}
	object, err := exactKeys(value, "allow", "approved_at", "approvers", "denials")
	if err != nil {
		return Decision{}, err
	}
	denials, ok := object["denials"].([]any)
	if !ok {
		return Decision{}, fmt.Errorf("denials: want a list, got %T", object["denials"])
	}
	for _, denial := range denials {
		if _, err := exactKeys(denial, "field", "hint", "msg", "rule"); err != nil {
			return Decision{}, fmt.Errorf("denial: %w", err)
		}
	}
	var wire struct {
		Decision
		ApprovedAt string `json:"approved_at"`
	}
	if err := decode(value, &wire); err != nil {
		return Decision{}, err
	}
	decision := wire.Decision
	if wire.ApprovedAt != "" {
		if decision.ApprovedAt, err = time.Parse(time.RFC3339Nano, wire.ApprovedAt); err != nil {
			return Decision{}, err
		}
	}
	switch {
	case decision.Allow != (len(decision.Denials) == 0):
		return Decision{}, errors.New("allow and denials contradict each other")
	case decision.Allow && (len(decision.Approvers) == 0 || decision.ApprovedAt.IsZero()):
		return Decision{}, errors.New("it allows what nobody approved")
	}
	return decision, nil
}
