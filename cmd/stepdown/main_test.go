package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run this program as the command stepdown, a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(patient{m}, map[string]func(){
		"stepdown":      func() { os.Exit(run()) },
		"stepdown-post": func() { os.Exit(run()) },
		"findings":      func() { os.Exit(findings(os.Args[1])) },
	})
}

// findings prints the control and the resource of each finding of a report, sorted: what a test compares.
func findings(file string) int {
	var report struct {
		Results []struct {
			Findings []struct {
				Control  string
				Resource struct{ Name string }
			}
		}
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var lines []string
	for _, result := range report.Results {
		for _, f := range result.Findings {
			lines = append(lines, f.Control+" "+f.Resource.Name+"\n")
		}
	}
	slices.Sort(lines)
	fmt.Print(strings.Join(lines, ""))
	return 0
}
