package cli

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
)

func quiet(t *testing.T, env map[string]string) *session {
	t.Helper()
	return newSession(Env{Args: []string{"stepdown"}, Getenv: func(name string) string { return env[name] }, Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}})
}

// TestTheActionsInputsAreTheVerbsFlags holds action.yml, the table of inputs and the flags of each verb together.
func TestTheActionsInputsAreTheVerbsFlags(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct{ Inputs map[string]any }
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	used := []string{"command", "account", "github-token"} // read by name
	root := newRoot(quiet(t, nil))
	for verb, inputs := range actionInputs() {
		c, _, err := root.Find([]string{verb})
		if err != nil || c.Name() != verb {
			t.Errorf("there is no verb %q", verb)
			continue
		}
		for _, name := range inputs {
			used = append(used, name)
			if c.Flags().Lookup(name) == nil {
				t.Errorf("%s has no flag --%s", verb, name)
			}
			if _, ok := action.Inputs[name]; !ok {
				t.Errorf("action.yml has no input %q", name)
			}
		}
	}
	for name := range action.Inputs {
		if !slices.Contains(used, name) {
			t.Errorf("no verb uses the input %q", name)
		}
	}
}

func TestEveryVerbIsDocumented(t *testing.T) {
	t.Parallel()
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s says nothing of itself", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(quiet(t, nil)))
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	stuck := &elevation.Stuck{Why: errors.New("x")}
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, ExitDone},
		{"any error", errors.New("x"), ExitFailed},
		{"usage", usage("", "x"), ExitUsage},
		{"stuck, whatever code it was given", coded(ExitFound, stuck), ExitStuck},
		{"undone", verdict(access.Evidence{}, &elevation.Undone{Cause: errors.New("x")}), ExitFailed},
		{"stuck", verdict(access.Evidence{}, stuck), ExitStuck},
		{"residue", verdict(access.Evidence{Residue: []string{"APP_ADMIN"}}, nil), ExitFound},
		{"findings", verdict(access.Evidence{Findings: []string{"x"}}, nil), ExitFound},
		{"done", verdict(access.Evidence{}, nil), ExitDone},
		{"the worse of two", worse(coded(ExitFound, errors.New("x")), coded(ExitFailed, errors.New("y"))), ExitFailed},
		{"the worse of two, turned round", worse(stuck, coded(ExitFound, errors.New("y"))), ExitStuck},
		{"the worse of none", worse(nil, nil), ExitDone},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if outcomeName(c.want) == "" {
			t.Errorf("exit code %d has no name", c.want)
		}
	}
}

// TestTheTransportTakesNoProxy: an earlier step of the job can set the variables that name one.
func TestTheTransportTakesNoProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	transport, ok := quiet(t, nil).transport().(*http.Transport)
	if !ok || transport.Proxy != nil {
		t.Errorf("transport = %+v", transport)
	}
}

// TestAValueThatLooksLikeAFlagStaysAValue: inputs come from a workflow, and some of them from its event.
func TestAValueThatLooksLikeAFlagStaysAValue(t *testing.T) {
	t.Parallel()
	s := quiet(t, map[string]string{"INPUT_ACCOUNT": "--ledger=/elsewhere", "INPUT_ACCESS": "-x"})
	got := s.flagsOf("downgrade", actionInputs()["downgrade"])
	if want := []string{"--access=-x", "--", "--ledger=/elsewhere"}; !slices.Equal(got, want) {
		t.Errorf("arguments = %q, want %q", got, want)
	}
}
