package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// nonsense are values that a flag cannot have, whichever verb it is of. "FILE" stands for a file, "NOWHERE" for a path in a
// folder that there is not.
func nonsense() map[string][]string {
	return map[string][]string{
		"okta-org-url":  {"", "nonsense", "http://okta.example.com", "ftp://acme.okta.com", "https://acme-admin.okta.com", "https://u:p@acme.okta.com", "https://acme.okta.com/x?y"},
		"rate-share":    {"0", "-1", "101", "half", ""},
		"access":        {"", "NOWHERE", "FILE"},
		"report-dir":    {"", "FILE", "FILE/below"},
		"ledger":        {"", "FILE", "branch:", "branch:a..b", "branch:-x", "branch:a b", "branch:/x", "branch:x.lock", "branch:a:b"},
		"ledger-accept": {"", "nonsense", "-1", "12,nonsense", "abc123", strings.Repeat("a", 41)},
		"comment":       {"maybe", ""},
		"pull-request":  {"-3", "0", "many", "", "99999999999999999999"},
		"now":           {"maybe"},
		"watch":         {"", "0s", "-1m", "2h", "often"},
		"from-report":   {"", "NOWHERE", "FILE"},
		"keep":          {"maybe"},
		"format":        {"", "nonsense", "Table"},
		"fail-on":       {"", "nonsense", "Low"},
		"environment":   {"", " , "},
		"addr":          {"", "nonsense", "127.0.0.1:port", "127.0.0.1:99999"},
		"control":       {"", "nonsense", "0.0.0.0:0", "127.0.0.1:99999"},
		"org":           {"", "NOWHERE", "FILE"},
		"save":          {"", "NOWHERE"},
		"api-token":     {""},
	}
}

// verbArgs are what a verb needs beside its flags.
var verbArgs = map[string][]string{
	"validate": nil, "plan": nil, "apply": nil, "downgrade": {victim}, "sweep": nil, "audit": nil, "report": {"report.json"}, "controls": nil,
	"doctor": nil, "demo": nil, "emulate": nil,
}

// TestNonsenseInAFlagIsBadInput gives each flag of each verb values that it cannot have: the program ends with 2, names the flag, and
// has asked nobody to change anything.
func TestNonsenseInAFlagIsBadInput(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	if got := w.bare("--help"); got != 0 {
		t.Fatal(w.out)
	}
	for _, line := range regexp.MustCompile(`(?m)^  ([a-z]+) `).FindAllStringSubmatch(w.out[strings.Index(w.out, "Available Commands"):], -1) {
		if _, known := verbArgs[line[1]]; !known && line[1] != "help" {
			t.Errorf("nobody tests the flags of %q", line[1])
		}
	}
	for verb, args := range verbArgs {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			w.workingTree()
			if got := w.bare(verb, "--help"); got != 0 {
				t.Fatal(w.out)
			}
			for _, found := range regexp.MustCompile(`(?m)^ +(?:-., )?--([a-z-]+)`).FindAllStringSubmatch(w.out, -1) {
				name := found[1]
				values, known := nonsense()[name]
				if !known && name != "help" {
					t.Errorf("nobody gives nonsense to --%s of %s", name, verb)
				}
				for _, value := range values {
					value = strings.NewReplacer("FILE", filepath.Join(w.dir, "file"), "NOWHERE", filepath.Join(w.dir, "nowhere", "x")).Replace(value)
					got := w.bare(slices.Concat([]string{verb, "--" + name + "=" + value}, args)...)
					if got != 2 || !strings.Contains(w.out, "--"+name) {
						t.Errorf("%s --%s=%q ended with %d:\n%.400s", verb, name, value, got, w.out)
					}
				}
			}
			w.untouched()
		})
	}
}

// TestALedgerThatIsNotThere: one of another name than the one that a new repository has not yet proves nothing.
func TestALedgerThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	w.workingTree()
	for _, c := range []struct {
		verb, ledger, says string
		code               int
	}{
		{"sweep", "branch:stepdown-ledger", "no lease is due", 0},
		{"sweep", "branch:stepdown-ledgre", "--ledger", 2},
		{"sweep", "ledgre", "--ledger", 2},
		{"audit", "branch:stepdown-ledgre", "has no branch", 5},
		{"audit", "ledgre", "there is no ledger", 5},
	} {
		if got := w.bare(c.verb, "--ledger", c.ledger); got != c.code || !strings.Contains(w.out, c.says) {
			t.Errorf("%s --ledger %s ended with %d:\n%s", c.verb, c.ledger, got, w.out)
		}
	}
	w.untouched()
	w.elevated()
	if got := w.bare("sweep", "--ledger", "branch:stepdown-ledgre"); got != 2 || len(w.org.RolesOf(victim)) == 0 {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
}

// workingTree puts the manifests where a run looks for them, beside a file that is none.
func (w *siege) workingTree() {
	w.t.Helper()
	dir := filepath.Join(w.dir, "access")
	if err := os.Mkdir(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for name, text := range map[string]string{"access/settings.yaml": rulesOfSiege, "access/invoice-export.yaml": request, "file": "x"} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}
