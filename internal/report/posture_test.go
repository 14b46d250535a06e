package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/posture"
)

// TestPosture: each check is in the table, and what is not ok says below it what to do; foreign text does no harm.
func TestPosture(t *testing.T) {
	t.Parallel()
	checks := []posture.Check{
		{ID: "e_many", Of: "one", Title: "Many", Status: posture.OK, Seen: "so", Why: "reason E"},
		{ID: "e_many", Of: "two", Title: "Many", Status: posture.OK, Seen: "also so", Why: "reason E"},
		{ID: "a_good", Title: "Good", Status: posture.OK, Seen: "so", Why: "reason A"},
		{ID: "b_note", Title: "Noted", Status: posture.Note, Seen: "maybe", Why: "reason B", Mend: "mend B"},
		{ID: "c_unknown", Title: "Unknown", Status: posture.Unknown, Seen: "<b>@everyone</b> \x1b[31m403", Why: "reason C", Mend: "mend C"},
		{ID: "f_unknown", Of: "one", Title: "Unknown too", Status: posture.Unknown, Seen: "<b>@everyone</b> \x1b[31m403", Why: "reason F", Mend: "mend C"},
		{ID: "d_off", Title: "Off", Status: posture.Off, Seen: "wrong", Why: "reason D", Mend: "mend D"},
	}
	var table, md bytes.Buffer
	if err := PostureTable(&table, "acme/okta-access", checks); err != nil {
		t.Fatal(err)
	}
	if err := PostureMarkdown(&md, "acme/okta-access", checks); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"7 checks: 1 off, 2 not known, 1 to note, 3 as they have to be.", "What to do: mend D.", "What to do: mend C.", "mend B", "reason D.", "Many: one, two", "NOT KNOWN c_unknown, f_unknown (one)"} {
		if !strings.Contains(table.String(), text) {
			t.Errorf("the table has no %q:\n%s", text, table.String())
		}
	}
	if strings.Contains(table.String(), "reason A") || strings.Contains(table.String(), "\x1b") {
		t.Errorf("the table:\n%s", table.String())
	}
	at := 0
	for _, text := range []string{"mend D", "mend C", "mend B", "a_good"} { // worst first
		if i := strings.Index(table.String(), text); i < at {
			t.Errorf("%q stands too early, or not at all:\n%s", text, table.String())
		} else {
			at = i
		}
	}
	for text, times := range map[string]int{"e_many": 1, "mend C": 1, "a_good": 1} { // nothing is said twice
		if n := strings.Count(table.String(), text); n != times {
			t.Errorf("%q is said %d times", text, n)
		}
	}
	for line := range strings.Lines(table.String()) {
		if columns(strings.TrimRight(line, "\n")) > 120 && !strings.ContainsAny(line, "─┼┬┴") {
			t.Errorf("%d columns: %s", columns(line), line)
		}
	}
	for _, text := range []string{"### FAIL  d_off: Off", "### NOT KNOWN  c_unknown, f_unknown (one)", "✅ pass", "**What to do:** mend D."} {
		if !strings.Contains(md.String(), text) {
			t.Errorf("the Markdown has no %q:\n%s", text, md.String())
		}
	}
	if strings.Contains(md.String(), "<b>") || strings.Contains(md.String(), " @everyone") {
		t.Errorf("the Markdown:\n%s", md.String())
	}
}
