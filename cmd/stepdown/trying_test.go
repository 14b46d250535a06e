package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestARefusalIsToldWhileItLasts: whoever watches the log of a sweep sees what Okta refuses, and what it said, and can mend it before the
// time is over.
func TestARefusalIsToldWhileItLasts(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.elevated()
	w.inAction()
	w.org.Inject(oktaemu.Fault{Method: http.MethodDelete, Path: "/api/v1/users/{user}/roles/{assignment}", Status: 403})
	out := &paper{}
	cmd := w.command(t.Context(), "sweep", "--ledger", "branch:stepdown-ledger", "--comment=false")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	out.waitFor(t, "still removing roles of")
	w.org.ClearFaults() // in the 4 s that it goes on
	if got := wait(t, cmd, out); got != 0 {
		t.Errorf("exit code %d\n%s", got, out)
	}
	line := lineWith(out.String(), "still removing roles of")
	for _, want := range []string{`account "` + victim + `": failed 1x, goes on for `, "E0000006", "request id "} {
		if !strings.Contains(line, want) {
			t.Errorf("it does not say %q: %s", want, line)
		}
	}
	if strings.Contains(out.String(), "::warning") || strings.Contains(out.String(), "::error") {
		t.Errorf("an annotation for what passed:\n%s", out)
	}
}

// TestALedgerThatRefusesIsTold before the time that the removal takes.
func TestALedgerThatRefusesIsTold(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.elevated()
	w.hub.Withhold("contents:write", 403)
	w.org.Inject(oktaemu.Fault{Method: http.MethodDelete, Path: "/api/v1/users/{user}/roles/{assignment}", Status: 403})
	if got := w.run("sweep"); got != 4 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
	ledger, roles := strings.Index(w.out, "still writing to the ledger about"), strings.Index(w.out, "still removing roles of")
	if ledger < 0 || roles < ledger || !strings.Contains(lineWith(w.out, "still writing to"), "Resource not accessible") {
		t.Errorf("it does not tell of the ledger first:\n%s", w.out)
	}
}

// inAction has the program run as the Action does.
func (w *siege) inAction() {
	w.env["GITHUB_ACTIONS"] = "true"
	for _, name := range []string{"GITHUB_STATE", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		w.env[name] = filepath.Join(w.dir, name)
	}
}

// lineWith is the first line that holds the text.
func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}
