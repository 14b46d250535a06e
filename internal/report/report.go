// Package report shows what an audit and an apply found: as tables for a terminal, as Markdown for a step summary, as JSON,
// from which the others can be made again. Text that came from outside is made harmless where it is written, so that no
// renderer can forget it.
//
// It imports access, org, audit, posture and policy's severities, and tablewriter, which nothing else imports. It has no clock.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/audit"
)

// Renderer writes a report. The same report gives the same bytes.
type Renderer func(io.Writer, audit.Report) error

// EvidenceRenderer writes the evidence of an apply. The same evidence gives the same bytes.
type EvidenceRenderer func(io.Writer, access.Evidence) error

// The names of the forms.
const (
	FormTable    = "table"
	FormMarkdown = "markdown"
	FormJSON     = "json"
	FormSummary  = "summary" // for a terminal, where the whole was shown before
)

// For returns the renderer of that name.
func For(name string) (Renderer, error) {
	return lookUp(name, map[string]Renderer{FormTable: Table, FormMarkdown: Markdown, FormJSON: JSON, FormSummary: Summary})
}

// EvidenceFor returns the renderer of evidence of that name.
func EvidenceFor(name string) (EvidenceRenderer, error) {
	return lookUp(name, map[string]EvidenceRenderer{
		FormTable: EvidenceTable, FormMarkdown: EvidenceMarkdown, FormJSON: EvidenceJSON, FormSummary: EvidenceSummary,
	})
}

// lookUp finds a renderer by name.
func lookUp[R any](name string, renderers map[string]R) (R, error) {
	renderer, ok := renderers[name]
	if !ok {
		names := slices.Sorted(maps.Keys(renderers))
		return renderer, fmt.Errorf("choosing the form of the report: there is no %q; want one of %s", name, strings.Join(names, ", "))
	}
	return renderer, nil
}

// Table writes a report for a terminal, at most 120 columns wide.
func Table(w io.Writer, r audit.Report) error { return writeText(w, auditDocument(r)) }

// Markdown writes a report for a step summary or a comment on GitHub.
func Markdown(w io.Writer, r audit.Report) error { return writeMarkdown(w, auditDocument(r)) }

// Summary writes the verdict of a report and its table of controls for a terminal, and nothing else.
func Summary(w io.Writer, r audit.Report) error { return writeText(w, summaryDocument(r)) }

// EvidenceSummary writes the outcome, what is to be looked at, and what was done, for a terminal.
func EvidenceSummary(w io.Writer, e access.Evidence) error {
	return writeText(w, evidenceSummary(e))
}

// EvidenceTable writes evidence for a terminal, at most 120 columns wide.
func EvidenceTable(w io.Writer, e access.Evidence) error { return writeText(w, evidenceDocument(e)) }

// Brief writes, as Markdown, how a run ended that has no report of its own.
func Brief(w io.Writer, title, text string) error {
	return writeMarkdown(w, document{title: title, blocks: []block{{text: text}}})
}

// EvidenceMarkdown writes evidence for a step summary or a comment on GitHub.
func EvidenceMarkdown(w io.Writer, e access.Evidence) error {
	return writeMarkdown(w, evidenceDocument(e))
}
