package manifest

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds Parse to what it promises for any bytes: no panic; a file or complaints, never both or neither; each
// complaint at a place that the file has; the same answer twice; and what passes has what must be there.
func FuzzParse(f *testing.F) {
	change := func(old, replacement string) string { return strings.Replace(owner, old, replacement, 1) }
	for _, c := range complaints(change, func(s string) string { return "apiVersion: stepdown/v1\nkind: Settings\n" + s }) {
		f.Add([]byte(c.source))
	}
	for _, source := range []string{
		owner, settings, strings.Repeat("[", 20000), strings.Repeat("{a: ", 20000), strings.Repeat("- ", 20000), "%YAML 9.9\n---\na: b\n",
		"%TAG ! tag:x,2000:\n---\n!a b\n", "---", "a: *a\n", "a: &a [*a]\n", "#\n\n#\n- #\n", "? \n: \n", "\x00", "<<: {}\n", "kind: |2\n  x\n",
	} {
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		again, errAgain := Parse("f", data)
		if diff := cmp.Diff(file, again, cmp.AllowUnexported(File{}, place{})); diff != "" || (err == nil) != (errAgain == nil) {
			t.Fatalf("two answers:\n%s", diff)
		}
		if err == nil {
			checkAccepted(t, file, data)
			return
		}
		var e *Error
		if !errors.As(err, &e) || len(e.Problems) == 0 || file.Owner != nil || file.Settings != nil {
			t.Fatalf("error is %T %v with file %+v", err, err, file)
		}
		if err.Error() != errAgain.Error() {
			t.Fatalf("two errors:\n%v\n%v", err, errAgain)
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, p := range e.Problems {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" || !utf8.ValidString(p.String()) {
				t.Fatalf("problem %+v in a file of %d lines", p, lines)
			}
		}
	})
}

func checkAccepted(t *testing.T, file File, data []byte) {
	t.Helper()
	if (file.Owner == nil) == (file.Settings == nil) {
		t.Fatal("not exactly one of owner and settings")
	}
	if len(data) > MaxBytes {
		t.Fatal("accepted more than the limit")
	}
	if s := file.Settings; s != nil {
		if len(s.ServiceAccounts) == 0 || s.Elevation.MaxWindow < MinWindow || s.Elevation.Settle >= s.Elevation.StepDown || s.Admission.MaxApprovalAge == 0 {
			t.Fatalf("accepted %+v", s)
		}
		return
	}
	o := file.Owner
	for _, value := range []string{
		o.Name, o.Account, o.Operator.Name, o.Operator.SignIn, o.Role.CustomRole, o.Role.ResourceSet, o.Token.Name, o.Elevation.Role, o.Reason, o.Ticket,
		o.Owner, o.Delivery.Method, o.Delivery.Destination,
	} {
		if strings.TrimSpace(value) != value || value == "" || strings.ContainsFunc(value, invisible) {
			t.Fatalf("accepted the value %q of %+v", value, o)
		}
	}
	if o.Elevation.Window < MinWindow || o.Elevation.Window > MaxWindow || o.Source.Line < 1 {
		t.Fatalf("accepted %+v", o)
	}
}
