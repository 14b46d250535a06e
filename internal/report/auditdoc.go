package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stepdown/stepdown/internal/audit"
	"github.com/stepdown/stepdown/internal/policy"
)

// auditDocument is what a report says to people: the verdict, the controls, the findings of each, and what was not seen.
func auditDocument(r audit.Report) document {
	d := document{title: auditTitle(r)}
	d.blocks = append(d.blocks, block{text: provenance(r)}, block{table: controls(r)})
	for _, result := range r.Results {
		switch {
		case result.Status == audit.StatusPass:
		case result.Status == audit.StatusFail:
			d.blocks = append(d.blocks, findings(result)...)
		default:
			d.blocks = append(d.blocks, block{
				heading: result.Control.ID + "  " + result.Control.Title + " (not known)",
				text:    "Could not be decided: " + undecided(result, r.Snapshot.Collections) + " This is not a pass.",
			})
		}
	}
	if len(r.Snapshot.Unfamiliar) > 0 {
		d.blocks = append(d.blocks, block{text: unfamiliar(r.Snapshot.Unfamiliar)})
	}
	return document{title: d.title, blocks: append(d.blocks, coverage(r))}
}

// summaryDocument is the verdict and the table of controls.
func summaryDocument(r audit.Report) document {
	return document{title: auditTitle(r), blocks: []block{{table: controls(r)}}}
}

// auditTitle is the line that a report begins with.
func auditTitle(r audit.Report) string { return "Okta access audit: " + verdict(r) }

// verdict is the audit in one line. Where nothing could be decided it does not speak of findings: that there are none would
// be no news.
func verdict(r audit.Report) string {
	if r.Summary.Error > 0 && r.Summary.Error == len(r.Results) {
		return wordUnknown + ", no control could be decided"
	}
	total := r.Findings(policy.SeverityLow)
	var parts []string
	for _, severity := range policy.Severities() {
		if n := r.Summary.Findings[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	text := "no findings"
	if total > 0 {
		text = count(total, "finding") + " (" + strings.Join(parts, ", ") + ")"
	}
	if r.Summary.Error > 0 {
		text += ", " + count(r.Summary.Error, "control") + " not known"
	}
	return text
}

// provenance says what was looked at, when and with what.
func provenance(r audit.Report) string {
	made := r.Tool.Name + " " + r.Tool.Version
	if r.Tool.Source != "" {
		made += " of " + r.Tool.Source
	}
	text := fmt.Sprintf("%s as of %s, by %s, policies %s", r.Org.URL, stamp(r.Snapshot.TakenAt), made, short(r.Tool.PolicyDigest))
	if r.Run.URL != "" {
		text += ", run " + r.Run.URL
	}
	return text + "."
}

// unfamiliar names what Okta's answers held beyond what this program reads.
func unfamiliar(fields []string) string {
	return oneLine("Okta's answers held fields that this program does not know: " + strings.Join(fields, ", ") + ".")
}

// short abbreviates a digest.
func short(digest string) string { return digest[:min(12, len(digest))] }

// controls is the table of all controls.
func controls(r audit.Report) *table {
	t := &table{headers: []string{"Control", "Checks for", "Severity", "Status", "Findings"}, widths: []int{0, 56, 0, 0, 0}}
	for _, result := range r.Results {
		number := strconv.Itoa(len(result.Findings))
		word := wordUnknown
		switch result.Status {
		case audit.StatusPass:
			word = wordPass
		case audit.StatusFail:
			word = wordFail
		default:
			number = "-"
		}
		t.rows = append(t.rows, []string{result.Control.ID, result.Control.Title, string(result.Control.Severity), word, number})
	}
	return t
}

// findings is what is said of a control that fails.
func findings(result audit.Result) []block {
	t := &table{headers: []string{"Where", "What"}, widths: []int{34, 75}}
	for _, f := range result.Findings {
		where := f.Resource.Name
		if where == "" {
			where = f.Resource.ID
		}
		if f.Resource.Kind != "user" {
			where = f.Resource.Kind + " " + where
		}
		t.rows = append(t.rows, []string{where, strings.TrimPrefix(f.Message, f.Resource.Name+" ")})
	}
	c := result.Control
	return []block{
		{heading: fmt.Sprintf("%s  %s (%s)", c.ID, c.Title, c.Severity), text: c.Description, table: t},
		{text: "What to do: " + c.Remediation},
		{text: "Maps to: " + frameworks(c) + "."},
	}
}

// frameworks lists the published requirements that a control serves.
func frameworks(c policy.Control) string {
	names := map[string]string{
		"nist_800_53": "NIST SP 800-53", "soc2": "SOC 2", "iso_27001": "ISO/IEC 27001", "pci_dss": "PCI DSS", "stig": "DISA STIG",
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(c.Frameworks)) {
		name, ok := names[key]
		if !ok {
			name = key
		}
		parts = append(parts, name+" "+strings.Join(c.Frameworks[key], ", "))
	}
	return strings.Join(parts, "; ")
}
