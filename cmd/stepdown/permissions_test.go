package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/stepdown/stepdown/internal/githubemu"
)

// permission is what a verb's token must be allowed, as a job's `permissions` name it, and what for.
type permission struct{ name, level, why string }

// permissionsOf returns what each verb's token needs: of a verb that has an example, what its job is given there, with the reason in its
// comment. TestRequestsOfGitHub runs each verb with that and no more.
func permissionsOf(t *testing.T, verb string) (out []permission) {
	t.Helper()
	switch verb {
	case "downgrade":
		return []permission{
			{"contents", "write", "the ledger"},
			{"issues", "write", "to call for somebody where it is stuck; without it, that is a warning"},
		}
	case "doctor": // whose example uses another token than the job's
		return []permission{
			{"contents", "read", "CODEOWNERS, and the branches"},
			{"actions", "read", "the environments"},
			{"administration", "read", "settings that a workflow's own token can never see, so that the example has the secret `STEPDOWN_DOCTOR_TOKEN`; without it, what rests on them is not known"},
		}
	}
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "workflows", "stepdown-"+verb+".yml"))
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct{ Permissions yaml.Node }
	}
	if err := yaml.Unmarshal(data, &workflow); err != nil {
		t.Fatal(err)
	}
	given := workflow.Jobs[verb].Permissions.Content
	for i := 0; i+1 < len(given); i += 2 {
		out = append(out, permission{given[i].Value, given[i+1].Value, strings.TrimPrefix(given[i+1].LineComment, "# ")})
	}
	if len(out) == 0 {
		t.Fatalf("the example of %s has no permissions in a job %q", verb, verb)
	}
	return out
}

// permissionsTable says for README.md what each verb's token needs.
func permissionsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| verb | permission of its token | what for |\n| --- | --- | --- |\n")
	for _, verb := range []string{"plan", "apply", "downgrade", "sweep", "audit", "doctor"} {
		first := "`" + verb + "`"
		for _, p := range permissionsOf(t, verb) {
			fmt.Fprintf(&b, "| %s | `%s: %s` | %s |\n", first, p.name, p.level, p.why)
			first = ""
		}
	}
	return b.String()
}

// permitted gives the token of the siege what the verb is said to need, and no more.
func (w *siege) permitted(verb string) {
	w.t.Helper()
	given := map[string]string{}
	for _, p := range permissionsOf(w.t, verb) {
		if p.name != "administration" { // which a workflow's own token never has
			given[strings.ReplaceAll(p.name, "-", "_")] = p.level
		}
	}
	w.hub.AddToken(hubToken, githubemu.Token{Login: "github-actions[bot]", Type: githubemu.Installation, Permissions: given})
}
