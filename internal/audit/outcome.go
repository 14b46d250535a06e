package audit

import (
	"fmt"

	"github.com/stepdown/stepdown/internal/policy"
)

// FailOn is the least severity of a finding that makes an audit end with CodeFindings, or FailOnNone.
type FailOn string

// FailOnNone means that findings do not make an audit fail. Controls that could not be decided still do.
const FailOnNone FailOn = "none"

// ParseFailOn reads none, low, medium, high or critical.
func ParseFailOn(text string) (FailOn, error) {
	if FailOn(text) == FailOnNone {
		return FailOnNone, nil
	}
	severity, err := policy.ParseSeverity(text)
	if err != nil {
		return "", fmt.Errorf("reading fail-on %q: want none, low, medium, high or critical", text)
	}
	return FailOn(severity), nil
}

// The exit codes of an audit.
const (
	CodePass     = 0
	CodeFindings = 1
	CodeUnknown  = 5 // a control could not be decided
)

// Findings counts the findings that are as severe as atLeast or worse.
func (r Report) Findings(atLeast policy.Severity) int {
	count := 0
	for _, result := range r.Results {
		for _, finding := range result.Findings {
			if finding.Severity.AtLeast(atLeast) {
				count++
			}
		}
	}
	return count
}

// Outcome is the exit code of the audit: CodeUnknown where a control could not be decided or none was, whatever failOn says;
// CodeFindings where there are findings at failOn or above; else CodePass. A failOn that ParseFailOn would refuse counts
// every finding.
func (r Report) Outcome(failOn FailOn) int {
	for _, result := range r.Results {
		if result.Status != StatusPass && result.Status != StatusFail {
			return CodeUnknown
		}
	}
	threshold, err := policy.ParseSeverity(string(failOn))
	if err != nil {
		threshold = policy.SeverityLow
	}
	switch {
	case len(r.Results) == 0:
		return CodeUnknown
	case failOn != FailOnNone && r.Findings(threshold) > 0:
		return CodeFindings
	default:
		return CodePass
	}
}
