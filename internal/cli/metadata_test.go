package cli

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/stepdown/stepdown/internal/elevation"
)

// TestActionSaysWhichVerbsAnInputServes: the last sentence of each input's description names the verbs that take it.
func TestActionSaysWhichVerbsAnInputServes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Inputs map[string]struct {
			Description, Default string
			Required             bool
		}
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	takes := map[string][]string{"account": {"downgrade"}}
	for verb, inputs := range actionInputs() {
		for _, input := range inputs {
			takes[input] = append(takes[input], verb)
		}
	}
	verbs := slices.Collect(maps.Keys(actionInputs()))
	takes["command"] = verbs
	takes["github-token"] = slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool { return verb == "validate" || verb == "controls" })
	for name, in := range action.Inputs {
		want := slices.Sorted(slices.Values(takes[name]))
		var named []string
		said := regexp.MustCompile(`(For|The verb:) [a-z][^.]*\.`).FindAllString(in.Description, -1)
		if len(said) > 0 {
			for _, word := range regexp.MustCompile(`[a-z]+`).FindAllString(said[len(said)-1], -1) {
				if _, verb := actionInputs()[word]; verb && !slices.Contains(named, word) {
					named = append(named, word)
				}
			}
		}
		slices.Sort(named)
		if !slices.Equal(named, want) {
			t.Errorf("input %s says that it is for %q, and is for %q", name, named, want)
		}
	}
	for name := range takes {
		if _, there := action.Inputs[name]; !there {
			t.Errorf("action.yml has no input %s, which %q take", name, takes[name])
		}
	}
}

// TestVersionsAgree: what builds the image is what tests the program, the image says which version it has, and the project's own workflow runs
// nothing that can change by itself.
func TestVersionsAgree(t *testing.T) {
	t.Parallel()
	read := func(path ...string) string {
		data, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	dockerfile, workflow := read("Dockerfile"), read(".github", "workflows", "ci.yml")
	image := regexp.MustCompile(`(?m)^ARG BUILD_IMAGE=golang:([0-9.]+)-[a-z]+@sha256:[0-9a-f]{64}$`).FindStringSubmatch(dockerfile)
	if image == nil || !regexp.MustCompile(`go-version: `+regexp.QuoteMeta(image[1])+`\b`).MatchString(workflow) {
		t.Errorf("the Dockerfile builds with %q, and ci.yml tests with another", image)
	}
	if !regexp.MustCompile(`(?m)^ARG VERSION=` + regexp.QuoteMeta(Version) + `$`).MatchString(dockerfile) {
		t.Errorf("the Dockerfile does not say that its program is %s", Version)
	}
	for _, uses := range regexp.MustCompile(`uses: .*`).FindAllString(workflow, -1) {
		if !regexp.MustCompile(`@[0-9a-f]{40} # v[0-9.]+$`).MatchString(uses) {
			t.Errorf("ci.yml: %s: name its commit, and its version in a comment", uses)
		}
	}
}

// TestActionListsItsOutcomes: each value that the program gives the output is in its description, and no other.
func TestActionListsItsOutcomes(t *testing.T) {
	t.Parallel()
	given := map[string]bool{outcomeOf(elevation.ErrHandedOver): true, outcomeOf(coded(ExitFailed, &elevation.Undone{Cause: io.EOF})): true}
	for code := ExitDone; code <= ExitUnknown; code++ {
		given[outcomeName(code)] = true
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range sources {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range regexp.MustCompile(`(?:output\("outcome", |audit\.Code\w+: )"([a-z-]+)"`).FindAllSubmatch(data, -1) {
			given[string(value[1])] = true
		}
	}
	data, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Outputs map[string]struct{ Description string }
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(action.Outputs["outcome"].Description, "")
	said := map[string]bool{}
	for _, list := range regexp.MustCompile(`: ([^.]*)\.`).FindAllStringSubmatch(text, -1) {
		for _, value := range regexp.MustCompile(`[a-z-]+`).FindAllString(list[1], -1) {
			said[value] = value != "or"
		}
	}
	delete(said, "or")
	if diff := cmp.Diff(given, said); diff != "" {
		t.Error(diff)
	}
}
