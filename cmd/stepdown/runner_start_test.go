package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// stopwatch starts the program again and again, and prints how long each start takes until it has ended.
const stopwatch = `package main

import (
	"fmt"
	"os"
	"os/exec"
	"time"
)

func main() {
	for range 31 {
		began := time.Now()
		if out, err := exec.Command("/stepdown", "--version").CombinedOutput(); err != nil {
			fmt.Println(err, string(out))
			os.Exit(1)
		}
		fmt.Println(time.Since(began))
	}
}
`

// TestRunnerStart measures how long the program takes to start, inside the container, beside what a start takes with the engine's part.
func TestRunnerStart(t *testing.T) {
	image := containerImage(t) // not beside other tests: it measures
	const most = 50 * time.Millisecond
	own := startTime(t, image)
	var whole []time.Duration
	for range 5 {
		began := time.Now()
		docker(t, "run", "--rm", "--network", "none", image, "--version")
		whole = append(whole, time.Since(began))
	}
	t.Logf("start: %s of the program, in the container; %s with the engine's part", own.Round(100*time.Microsecond), median(whole).Round(time.Millisecond))
	if own > most {
		t.Errorf("the program takes %s to start, more than %s", own, most)
	}
}

// startTime is the middle one of many starts.
func startTime(t *testing.T, image string) time.Duration {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte(stopwatch), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "stopwatch"), source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var times []time.Duration
	for line := range strings.Lines(docker(t, "run", "--rm", "--network", "none", "-v", dir+":/watch:ro", "--entrypoint", "/watch/stopwatch", image)) {
		d, err := time.ParseDuration(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		times = append(times, d)
	}
	if len(times) < 31 {
		t.Fatalf("only %d starts", len(times))
	}
	return median(times)
}

func median(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)/2] }

// docker runs the CLI.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %q: %v: %s", args, err, out)
	}
	return string(out)
}
