package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
)

// Decision is the answer of the admission.
type Decision struct {
	Allow      bool      `json:"allow"`
	Denials    []Denial  `json:"denials"`              // sorted; empty where it is allowed
	Waiting    []Denial  `json:"waiting"`              // why what is allowed does not begin yet; empty where it is denied
	Approvers  []string  `json:"approvers"`            // whose approvals count, sorted
	ApprovedAt time.Time `json:"approved_at,omitzero"` // when the latest approval that counts was given; zero where there is none
	Present    Presence  `json:"present,omitzero"`     // who is there to create the token; zero where nobody is, or need be
	// Trace says of every rule what became of it, in the order of the rules.
	Trace []TraceStep `json:"trace"`
}

// Denial is a reason against a request, or, in Decision.Waiting, against beginning now.
type Denial struct {
	Rule    string `json:"rule"`
	Field   string `json:"field"` // of the manifest or of the facts
	Message string `json:"msg"`   // what was seen
	Hint    string `json:"hint"`  // what would mend it
}

// Presence says who is there, by what it is known, and since when.
type Presence struct {
	By  string    `json:"by"`
	How string    `json:"how"` // PresentByApproval or PresentByComment
	At  time.Time `json:"at"`
}

// The values of Presence.How.
const (
	PresentByApproval = "approval" // somebody approved it a moment ago
	PresentByComment  = "comment"  // the operator wrote /stepdown ready
)

// TraceStep says what became of one rule, and which facts it looked at.
type TraceStep struct {
	Rule    string   `json:"rule"`
	Title   string   `json:"title"`
	Facts   []string `json:"facts"`
	Outcome string   `json:"outcome"`
}

// The values of TraceStep.Outcome. A rule is also not applicable where one of its facts could not be read: then
// facts_readable denies.
const (
	OutcomePass          = "pass"
	OutcomeDeny          = "deny"
	OutcomeWait          = "wait"
	OutcomeNotApplicable = "not_applicable"
)

// decodeDecision reads a decision: exactly its keys, and no contradiction among them.
func decodeDecision(results rego.ResultSet) (Decision, error) {
	value, err := single(results)
	if err != nil {
		return Decision{}, err
	}
	object, err := exactKeys(value, "allow", "approved_at", "approvers", "denials", "present", "trace", "waiting")
	if err != nil {
		return Decision{}, err
	}
	for name, keys := range map[string][]string{
		"denials": {"field", "hint", "msg", "rule"}, "waiting": {"field", "hint", "msg", "rule"}, "trace": {"facts", "outcome", "rule", "title"},
	} {
		if err := exactItems(object[name], keys...); err != nil {
			return Decision{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := exactKeys(object["present"], "at", "by", "how"); err != nil {
		return Decision{}, fmt.Errorf("present: %w", err)
	}
	var wire struct {
		Decision
		ApprovedAt string `json:"approved_at"`
		Present    struct {
			By  string `json:"by"`
			How string `json:"how"`
			At  string `json:"at"`
		} `json:"present"`
	}
	if err := decode(value, &wire); err != nil {
		return Decision{}, err
	}
	decision := wire.Decision
	decision.Present.By, decision.Present.How = wire.Present.By, wire.Present.How
	if decision.ApprovedAt, err = instant(wire.ApprovedAt); err != nil {
		return Decision{}, err
	}
	if decision.Present.At, err = instant(wire.Present.At); err != nil {
		return Decision{}, err
	}
	return decision, decision.check()
}

// instant reads a time of a policy; none where it is empty.
func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// exactItems tells whether value is a list of objects that have exactly the keys.
func exactItems(value any, keys ...string) error {
	list, ok := value.([]any)
	if !ok {
		return fmt.Errorf("want a list, got %T", value)
	}
	for _, item := range list {
		if _, err := exactKeys(item, keys...); err != nil {
			return err
		}
	}
	return nil
}

// check tells what contradicts itself in a decision.
func (d Decision) check() error {
	present := d.Present
	for _, denial := range slices.Concat(d.Denials, d.Waiting) {
		if strings.TrimSpace(denial.Rule) == "" || denial.Field == "" || strings.TrimSpace(denial.Message) == "" || strings.TrimSpace(denial.Hint) == "" {
			return fmt.Errorf("a denial of rule %q does not say what was seen, where, and what mends it", denial.Rule)
		}
	}
	switch {
	case d.Allow != (len(d.Denials) == 0):
		return errors.New("allow and denials contradict each other")
	case d.Allow && (len(d.Approvers) == 0 || d.ApprovedAt.IsZero()):
		return errors.New("it allows what nobody approved")
	case !d.Allow && (len(d.Waiting) > 0 || present != Presence{}):
		return errors.New("it waits with what it denies")
	case present != Presence{} && (present.By == "" || present.At.IsZero() || present.How != PresentByApproval && present.How != PresentByComment):
		return errors.New("it does not say who is present, how and since when")
	case present != Presence{} && len(d.Waiting) > 0:
		return errors.New("it waits for who is present")
	}
	return d.checkTrace()
}

// checkTrace holds the trace against the rest: each rule is there once, and denies there if and only if it denies.
func (d Decision) checkTrace() error {
	outcomes, denied, waits := map[string]string{}, false, false
	for _, step := range d.Trace {
		if _, twice := outcomes[step.Rule]; twice || step.Rule == "" || step.Title == "" {
			return fmt.Errorf("the trace has rule %q twice or without a title", step.Rule)
		}
		if !slices.Contains([]string{OutcomePass, OutcomeDeny, OutcomeWait, OutcomeNotApplicable}, step.Outcome) {
			return fmt.Errorf("the trace has outcome %q", step.Outcome)
		}
		outcomes[step.Rule] = step.Outcome
		denied = denied || step.Outcome == OutcomeDeny
		waits = waits || step.Outcome == OutcomeWait
	}
	for _, denial := range d.Denials {
		if outcomes[denial.Rule] != OutcomeDeny {
			return fmt.Errorf("rule %q denies, and its outcome in the trace is %q", denial.Rule, outcomes[denial.Rule])
		}
	}
	for _, reason := range d.Waiting {
		if outcomes[reason.Rule] != OutcomeWait {
			return fmt.Errorf("rule %q waits, and its outcome in the trace is %q", reason.Rule, outcomes[reason.Rule])
		}
	}
	if denied == d.Allow || d.Allow && waits != (len(d.Waiting) > 0) {
		return errors.New("the trace contradicts the decision")
	}
	return nil
}
