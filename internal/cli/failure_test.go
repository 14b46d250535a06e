package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
)

// atOkta is a way to the org that is a function.
type atOkta func(*http.Request) (*http.Response, error)

func (f atOkta) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// inAction runs the program as the Action does, and returns its exit code, what it printed, and its outputs.
func inAction(t *testing.T, verb string, more map[string]string) (code int, log, outputs string) {
	t.Helper()
	t.Chdir(t.TempDir())
	file := filepath.Join(t.TempDir(), "output")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": file, "GITHUB_STATE": file, "GITHUB_STEP_SUMMARY": file, "INPUT_COMMAND": verb,
		"INPUT_OKTA-ORG-URL": "https://acme.okta.com", "OKTA_API_TOKEN": "00planted", "STEPDOWN_LEDGER_KEY": strings.Repeat("k", 40),
		"INPUT_LEDGER": "ledger", "INPUT_ACCOUNT": "svc@acme.example",
	}
	for name, value := range more {
		env[name] = value
	}
	for _, dir := range []string{"access", "ledger"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	code = Main(t.Context(), Env{
		Args: []string{"stepdown", "action"}, Getenv: func(name string) string { return env[name] }, Stdout: &out, Stderr: &out,
		Transport: atOkta(func(*http.Request) (*http.Response, error) { panic("planted") }),
	})
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return code, out.String(), string(data)
}

// TestAFaultOfTheProgramIsNoBadInput: the runtime would end it with 2, which says that nothing was done.
func TestAFaultOfTheProgramIsNoBadInput(t *testing.T) {
	branch := map[string]string{"INPUT_LEDGER": "branch:stepdown-ledger", "GITHUB_REPOSITORY": "acme/access", "INPUT_GITHUB-TOKEN": "ghs_planted"}
	for verb, want := range map[string]int{"doctor": ExitFailed, "sweep": ExitStuck} {
		code, log, outputs := inAction(t, verb, branch)
		if code != want || !strings.Contains(log, "the program failed: planted") || !strings.Contains(outputs, outcomeName(want)) {
			t.Errorf("%s: exit code %d, want %d\n%s\noutputs:\n%s", verb, code, want, log, outputs)
		}
	}
}

// TestOutputsThatCannotBeSetAreAFailure: what asks them how it went would read nothing.
func TestOutputsThatCannotBeSetAreAFailure(t *testing.T) {
	if code, log, _ := inAction(t, "controls", nil); code != ExitDone {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	for _, path := range []string{"/dev/full", "/nowhere/output", ""} {
		code, log, _ := inAction(t, "controls", map[string]string{"GITHUB_OUTPUT": path})
		if code != ExitFailed || !strings.Contains(log, "::error title=stepdown::the step's outputs are not set") {
			t.Errorf("%q: exit code %d\n%s", path, code, log)
		}
	}
}

// TestErrorsNameWhatTheUserHas: in the Action there are inputs and a step's env, and no flags.
func TestErrorsNameWhatTheUserHas(t *testing.T) {
	none := map[string]string{"OKTA_API_TOKEN": "", "INPUT_ACCOUNT": ""}
	for _, c := range []struct {
		verb, says string
		more       map[string]string
	}{
		{"apply", `the input pull-request="abc": expected a whole number`, map[string]string{"INPUT_PULL-REQUEST": "abc"}},
		{"apply", `the input rate-share="0"`, map[string]string{"INPUT_RATE-SHARE": "0"}},
		{"apply", "the job's \"environment\"", map[string]string{"GITHUB_REPOSITORY": "acme/x", "OKTA_API_TOKEN": ""}},
		{"downgrade", "no account is named", none},
		{"doctor", `the input ledger="folder" names no branch`, map[string]string{"INPUT_LEDGER": "folder"}},
		{"doctor", `the input access="../elsewhere" is no folder of a repository`, map[string]string{"INPUT_ACCESS": "../elsewhere"}},
		{"validate", "actions/checkout", map[string]string{"INPUT_ACCESS": "elsewhere"}},
	} {
		code, log, page := inAction(t, c.verb, c.more)
		if hint := regexp.MustCompile(`\w \(?(Give|Check|README|Name) `).FindString(page); hint != "" {
			t.Errorf("%s: the page runs %q on: %s", c.verb, hint, page)
		}
		if code != ExitUsage || !strings.Contains(log, c.says) || strings.Contains(log, " --") {
			t.Errorf("%s: exit code %d; it should say %q\n%s", c.verb, code, c.says, log)
		}
	}
}

// TestWhatIsLeftIsNotCalledRefused: a run that was refused on its way, and of which roles are left, is more than refused.
func TestWhatIsLeftIsNotCalledRefused(t *testing.T) {
	t.Parallel()
	refused := refusedError("refused")
	for want, err := range map[string]error{
		"refused": refused, "denied": coded(ExitFound, &notDone{outcome: outcomeDenied}), "undone": coded(ExitFailed, &elevation.Undone{Cause: refused}),
		"findings": coded(ExitFound, fmt.Errorf("residue: %w", &elevation.Undone{Cause: refused})), "stuck": coded(ExitStuck, refused), "done": nil,
	} {
		if got := outcomeOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// TestNothingOfAnErrorIsLost: what names no line of a manifest is said too, where it stands beside what does.
func TestNothingOfAnErrorIsLost(t *testing.T) {
	t.Parallel()
	refused := func(name string) error {
		return refusalError("refused: "+name, []elevation.Refusal{{Rule: "r", Field: "role", Message: "no such role in " + name}}, access.TokenOwner{Source: access.Position{File: name, Line: 3}})
	}
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"one":             {refused("a"), []string{"file=a,line=3,title=refused%3A a::role no such role in a"}},
		"two":             {errors.Join(refused("a"), refused("b")), []string{"file=a,line=3,title=refused%3A a::role no such role in a", "file=b,line=3,title=refused%3A b::role no such role in b"}},
		"and what is not": {errors.Join(refused("a"), errors.New("b")), []string{"title=stepdown::refused: a%0A  a:3: role: no such role in a%0Ab", "file=a,line=3,title=refused%3A a::role no such role in a"}},
	} {
		var out bytes.Buffer
		env := map[string]string{"GITHUB_ACTIONS": "true"}
		newSession(Env{Getenv: func(name string) string { return env[name] }, Stdout: &out, Stderr: io.Discard}).annotateError(c.err)
		if want := "::error " + strings.Join(c.want, "\n::error ") + "\n"; out.String() != want {
			t.Errorf("%s: %s\nwant %s", name, out.String(), want)
		}
	}
}
