package cli

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHelpSaysTheExitCodes: each verb's help has its codes and no others, and README.md has them all, with the verbs of each.
func TestHelpSaysTheExitCodes(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	verbs := map[int][]string{}
	for _, c := range newRoot(quiet(t, nil)).Commands() {
		if c.Hidden {
			continue
		}
		own, ok := exitsOf()[c.Name()]
		if !ok {
			t.Errorf("nobody says what %s ends with", c.Name())
		}
		var out bytes.Buffer
		if code := Main(context.Background(), Env{Args: []string{"stepdown", c.Name(), "--help"}, Getenv: func(string) string { return "" }, Stdout: &out, Stderr: &out}); code != ExitDone {
			t.Errorf("%s --help: exit code %d", c.Name(), code)
		}
		for code, meaning := range exitMeanings() {
			text, named := own[code]
			if text == "" {
				text = meaning
			}
			says := strings.Contains(out.String(), fmt.Sprintf("\n  %d  %s\n", code, text))
			if want := named || code == ExitDone || code == ExitUsage; says != want {
				t.Errorf("the help of %s says %d: %v, want %v:\n%s", c.Name(), code, says, want, out.String())
			}
			if named {
				verbs[code] = append(verbs[code], "`"+c.Name()+"`")
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(verbs)) {
		slices.Sort(verbs[code])
		if row := " | " + strings.Join(verbs[code], ", ") + " |\n"; !tableRow(string(readme), fmt.Sprintf("| %d | ", code), row) {
			t.Errorf("README.md has no row of exit code %d that ends in %q", code, row)
		}
	}
}

// tableRow tells whether a line begins and ends so.
func tableRow(text, begin, end string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) && strings.HasSuffix(line, end) {
			return true
		}
	}
	return false
}
