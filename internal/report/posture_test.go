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
		{ID: "a_good", Title: "Good", Status: posture.OK, Seen: "so", Why: "reason A"},
		{ID: "b_note", Title: "Noted", Status: posture.Note, Seen: "maybe", Why: "reason B", Mend: "mend B"},
		{ID: "c_unknown", Title: "Unknown", Status: posture.Unknown, Seen: "<b>@everyone</b> \x1b[31m403", Why: "reason C", Mend: "mend C"},
		{ID: "d_off", Title: "Off", Status: posture.Off, Seen: "wrong", Why: "reason D", Mend: "mend D"},
	}
	var table, md bytes.Buffer
	if err := PostureTable(&table, "acme/okta-access", checks); err != nil {
		t.Fatal(err)
	}
	if err := PostureMarkdown(&md, "acme/okta-access", checks); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"4 checks: 1 off, 1 not known, 1 to note, 1 as they have to be.", "What to do: mend D.", "What to do: mend C.", "What to do: mend B.", "reason D."} {
		if !strings.Contains(table.String(), text) {
			t.Errorf("the table has no %q:\n%s", text, table.String())
		}
	}
	if strings.Contains(table.String(), "reason A") || strings.Contains(table.String(), "\x1b") {
		t.Errorf("the table:\n%s", table.String())
	}
	if off, unknown := strings.Index(table.String(), "mend D"), strings.Index(table.String(), "mend C"); off > unknown {
		t.Error("what is not known stands before what is off")
	}
	for line := range strings.Lines(table.String()) {
		if columns(strings.TrimRight(line, "\n")) > 120 && !strings.ContainsAny(line, "─┼┬┴") {
			t.Errorf("%d columns: %s", columns(line), line)
		}
	}
	for _, text := range []string{"❌ FAIL", "⚠️ NOT KNOWN", "✅ pass", "**What to do:** mend D."} {
		if !strings.Contains(md.String(), text) {
			t.Errorf("the Markdown has no %q:\n%s", text, md.String())
		}
	}
	if strings.Contains(md.String(), "<b>") || strings.Contains(md.String(), " @everyone") {
		t.Errorf("the Markdown:\n%s", md.String())
	}
}
