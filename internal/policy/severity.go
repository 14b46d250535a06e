package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says how bad a finding of a control is.
type Severity string

// The severities, from the least.
const (
	SeverityLow      Severity = "low"
	SeverityMedium   Severity = "medium"
	SeverityHigh     Severity = "high"
	SeverityCritical Severity = "critical"
)

// Severities returns all severities, the worst first.
func Severities() []Severity {
	return []Severity{SeverityCritical, SeverityHigh, SeverityMedium, SeverityLow}
}

// Rank orders severities: the greater, the worse. What is not a severity ranks above all, so that it is never passed over.
func (s Severity) Rank() int {
	i := slices.Index(Severities(), s)
	return len(Severities()) - i // i is -1 where s is unknown
}

// AtLeast tells whether s is as bad as other or worse.
func (s Severity) AtLeast(other Severity) bool { return s.Rank() >= other.Rank() }

// ParseSeverity returns the severity of that name.
func ParseSeverity(name string) (Severity, error) {
	s := Severity(name)
	if !slices.Contains(Severities(), s) {
		names := make([]string, 0, len(Severities()))
		for _, known := range Severities() {
			names = append(names, string(known))
		}
		return "", fmt.Errorf("reading severity %q: want one of %s", name, strings.Join(names, ", "))
	}
	return s, nil
}
