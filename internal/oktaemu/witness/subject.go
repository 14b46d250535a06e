// What is emulated: Okta's org and GitHub's repository, each with its document.

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// subject is what an emulator stands for.
type subject struct {
	name       string
	failure    string // name of the document's schema of an error
	refusal    string // how the emulator says that it does not know a route
	deviations string // file of the known deviations
	// routes says which routes have a witness, and fails where that is not as it is to be.
	routes func(w io.Writer, d *document, all []exchange, record string, update bool) error
}

func subjects() map[string]subject {
	return map[string]subject{
		"okta": {
			name: "Okta", failure: "Error", refusal: "the emulated org has no ", deviations: "deviations.yaml",
			routes: func(w io.Writer, d *document, all []exchange, _ string, update bool) error {
				return currentRoutes(w, d, all, update)
			},
		},
		"github": {
			name: "GitHub", failure: "basic-error", refusal: "the emulated GitHub does not know ", deviations: "deviations-github.yaml",
			routes: everyRoute,
		},
	}
}

// everyRoute fails where a route of the emulator has no answer of success that was held against the document. The
// recorder wrote down which routes there are.
func everyRoute(w io.Writer, d *document, all []exchange, record string, _ bool) error {
	data, err := os.ReadFile(filepath.Join(record, "routes.txt"))
	if err != nil {
		return fmt.Errorf("reading which routes there are: %w", err)
	}
	routes := strings.Split(strings.TrimSpace(string(data)), "\n")
	slices.Sort(routes)
	routes = slices.Compact(routes)
	have := witnessed(d, all)
	without := slices.DeleteFunc(slices.Clone(routes), func(r string) bool { return slices.Contains(have[r], "openapi") })
	fmt.Fprintf(w, "\n%d routes, %d of them with a witness, %d without\n", len(routes), len(routes)-len(without), len(without))
	for _, r := range without {
		fmt.Fprintf(w, "  without: %s\n", r)
	}
	if len(without) > 0 {
		return fmt.Errorf("%d routes have no answer of success that was checked", len(without))
	}
	return nil
}
