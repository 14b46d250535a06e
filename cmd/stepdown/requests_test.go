package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// asked is a run whose requests to GitHub are counted.
type asked struct {
	what    string
	prepare func(*siege)
	args    []string
	code    int
}

// asking are the runs that docs/security.md counts the requests of.
func asking() []asked {
	ready := func(w *siege) { w.approve("grace"); w.tokensOnGrant(func(oktaemu.Request) {}) }
	old := func(w *siege) { w.approve("grace", githubemu.AtTime(time.Now().Add(-time.Hour))) }
	scheduled := func(before func(*siege)) func(*siege) {
		return func(w *siege) { before(w); w.event("schedule", w.hub.ScheduleEvent("7 * * * *")) }
	}
	stuck := func(w *siege) {
		w.approve("grace")
		w.org.Inject(oktaemu.Fault{Method: "DELETE", Path: "/api/v1/users/{user}/roles/{assignment}", Status: 503})
		if got := w.run("apply"); got != 4 {
			w.t.Fatalf("exit code %d\n%s", got, w.out)
		}
		w.org.ClearFaults()
	}
	closed := func(w *siege) {
		for i := range 20 {
			terms, book := w.terms(fmt.Sprintf("%s-closed-%d", time.Now().UTC().Format("20060102-150405"), i)), w.book(ledgerKey)
			_, err := book.Open(w.t.Context(), terms, time.Now())
			for _, state := range []access.State{access.StateReady, access.StateUndoing, access.StateUndone} {
				if err == nil {
					_, err = book.Append(w.t.Context(), terms.ID, access.Entry{State: state, At: time.Now()})
				}
			}
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
	tooMuch := func(w *siege) {
		if err := errors.Join(os.WriteFile(filepath.Join(w.dir, "access", "invoice.yaml"), []byte(request), 0o600), w.org.Assign(victim, temporary)); err != nil {
			w.t.Fatal(err)
		}
	}
	nobody := func(w *siege) { w.hub.Close(1) }
	return []asked{
		{"`plan` of a pull request", ready, []string{"plan", "--pull-request", "1", "--"}, 0},
		{"`apply`, carried out", ready, []string{"apply"}, 0},
		{"`apply`, waiting for the operator", old, []string{"apply"}, 0},
		{"`apply` on its schedule, no open pull request", scheduled(nobody), []string{"apply"}, 0},
		{"`apply` on its schedule, one that waits", scheduled(old), []string{"apply"}, 0},
		{"`sweep`, no lease", nobody, []string{"sweep"}, 0},
		{"`sweep`, one lease", stuck, []string{"sweep"}, 0},
		{"`sweep`, none open and 20 that are closed", closed, []string{"sweep"}, 0},
		{"`downgrade`", tooMuch, []string{"downgrade", victim}, 0},
		{"`audit`, one lease", (*siege).carriedOut, []string{"audit"}, 1},
		{"`doctor`", nobody, []string{"doctor"}, 1},
	}
}

// TestRequestsOfGitHub counts what each run asks of GitHub, and holds docs/security.md against it. The page's numbers have a tenth of
// room, rounded up: a comment whose next state comes while it is written makes a run a few requests shorter.
func TestRequestsOfGitHub(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- requests: generated -->\n", "<!-- /requests -->"
	file := filepath.Join("..", "..", "docs", "security.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(string(page), begin)
	said, _, _ = strings.Cut(said, end)
	var table strings.Builder
	table.WriteString("| run | requests of GitHub's API, at most |\n| --- | --- |\n")
	for _, a := range asking() {
		n := a.count(t)
		t.Logf("%s: %d", a.what, n)
		fmt.Fprintf(&table, "| %s | %d |\n", a.what, (n+n/10+9)/10*10)
		_, row, _ := strings.Cut(said, "| "+a.what+" | ")
		row, _, _ = strings.Cut(row, " |")
		if most, err := strconv.Atoi(row); !*update && (err != nil || most < n || most > n+40) {
			t.Errorf("%s: %d requests, docs/security.md says %q: go test ./cmd/stepdown -run TestRequestsOfGitHub -update", a.what, n, row)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(between(t, string(page), begin, end, table.String())), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// count runs it in a world of its own, with the permissions that its verb is said to need.
func (a asked) count(t *testing.T) int {
	t.Helper()
	w := newSiege(t)
	w.env["GITHUB_ACTIONS"] = "true" // so that what is done is shown on the pull request
	for _, name := range []string{"GITHUB_STATE", "GITHUB_STEP_SUMMARY"} {
		w.env[name] = filepath.Join(w.dir, name)
		if err := os.WriteFile(w.env[name], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(w.dir, "access"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "access", "settings.yaml"), []byte(rulesOfSiege), 0o600); err != nil {
		t.Fatal(err)
	}
	a.prepare(w)
	w.permitted(a.args[0])
	before := len(w.hub.Requests())
	if got := w.run(a.args...); got != a.code {
		t.Errorf("%s: exit code %d, want %d\n%s", a.what, got, a.code, w.out)
	}
	if a.args[0] != "doctor" && strings.Contains(w.out, "permissions:") {
		t.Errorf("%s: what README.md says that its token needs is not enough\n%s", a.what, w.out)
	}
	return len(w.hub.Requests()) - before
}
