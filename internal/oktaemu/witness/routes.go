// Which clients exercised which routes of the emulator: routes.json, which docs/okta-fidelity.md is made of.

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const routesFile = "routes.json"

// witnessOf tells by the request's User-Agent who made it. The product says its name behind that of the SDK it uses.
func witnessOf(agent string) string {
	switch {
	case strings.HasPrefix(agent, "okta-sdk-golang/6."):
		return "go v6"
	case strings.HasPrefix(agent, "@okta/okta-sdk-nodejs/"):
		return "node"
	case strings.HasPrefix(agent, "okta-sdk-golang/2."), strings.HasPrefix(agent, "stepdown/"):
		return "stepdown"
	}
	return ""
}

// witnessed lists, by route of the emulator, who got an answer of success there, and openapi where such an answer was
// held against the document.
func witnessed(d *document, all []exchange) map[string][]string {
	out := map[string][]string{}
	add := func(route, witness string) {
		if witness != "" && !slices.Contains(out[route], witness) {
			out[route] = append(out[route], witness)
			slices.Sort(out[route])
		}
	}
	for _, e := range all {
		if e.Route == "" || !e.succeeded() {
			continue
		}
		route := e.Method + " " + e.Route
		add(route, witnessOf(e.Agent))
		if _, ok := d.find(e.Method, e.url.EscapedPath()); ok {
			add(route, "openapi")
		}
	}
	return out
}

// currentRoutes compares routes.json with the record, or writes it.
func currentRoutes(w io.Writer, d *document, all []exchange, update bool) error {
	routes := witnessed(d, all)
	want, err := json.MarshalIndent(routes, "", "  ")
	if err != nil {
		return err
	}
	want = append(want, '\n')
	count := map[string]int{}
	for _, witnesses := range routes {
		for _, name := range witnesses {
			count[name]++
		}
	}
	fmt.Fprintf(w, "\nroutes with an answer of success, by witness: openapi %d, go v6 %d, node %d, stepdown %d\n",
		count["openapi"], count["go v6"], count["node"], count["stepdown"])
	if update {
		return os.WriteFile(routesFile, want, 0o644)
	}
	have, err := os.ReadFile(routesFile)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("%s is not current; see what changed, then: .ci/run witness with STEPDOWN_WITNESS_UPDATE=1, and go test ./internal/oktaemu -run Fidelity -update", routesFile)
	}
	return nil
}
