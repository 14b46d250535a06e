package oktaemu

import (
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestWitnesses runs the tests of the module internal/oktaemu/witness, which this module's go test does not enter: Okta's
// SDK for Go, version 6, as a client of the emulator, and the check against Okta's OpenAPI document, with its planted faults.
func TestWitnesses(t *testing.T) {
	t.Parallel()
	module := os.DirFS("witness")
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			_, err = fs.ReadFile(module, name) // go test keeps a result until a file that the test has read changes
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := inWitness("mod", "download"); err != nil {
		if os.Getenv("STEPDOWN_CI") != "" {
			t.Fatalf("the witnesses cannot be had: %v\n%s", err, out)
		}
		t.Skipf("the witnesses cannot be had here: %v\n%s", err, out)
	}
	out, err := inWitness("test", "./...")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Count(out, "ok  \t") < 2 {
		t.Errorf("two packages were to be tested:\n%s", out)
	}
}

// inWitness runs the go command in the witnesses' module.
func inWitness(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = "witness"
	out, err := cmd.CombinedOutput()
	return string(out), err
}
