package report

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/policy"
)

// Catalogue writes the controls for a terminal: what each requires, how severe a finding is, what it has to see, and the
// requirements of frameworks that it serves.
func Catalogue(w io.Writer, controls []policy.Control) error {
	d := document{title: "What an audit checks"}
	for _, c := range controls {
		rows := [][]string{
			{"severity", string(c.Severity)},
			{"requires", list(c.Requires)},
			{"remediation", c.Remediation},
		}
		for _, framework := range slices.Sorted(maps.Keys(c.Frameworks)) {
			rows = append(rows, []string{framework, strings.Join(c.Frameworks[framework], ", ")})
		}
		d.blocks = append(d.blocks, block{
			heading: c.ID + "  " + c.Title + " (" + c.Name + ")",
			text:    c.Description,
			table:   &table{headers: []string{"", ""}, widths: []int{14, 90}, rows: rows},
		})
	}
	return writeText(w, d)
}
