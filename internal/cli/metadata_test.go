package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
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
	for name, in := range action.Inputs {
		if name == "command" || name == "github-token" { // of all
			continue
		}
		want := slices.Sorted(slices.Values(takes[name]))
		var named []string
		said := regexp.MustCompile(`For [a-z][^.]*\.`).FindAllString(in.Description, -1)
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
