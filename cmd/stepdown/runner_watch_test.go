package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// scenarioWatch runs the image as docs/recovery.md says for a sweep beside the schedule, by the page's own commands but for the network. There is
// no runner then: whoever types the commands owns the folder for evidence.
func scenarioWatch(w *onRunner) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "recovery.md"))
	if err != nil {
		w.t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)(?:^    .*\n)*^    docker run .*\n(?:^    .*\n)*`).FindString(string(page))
	if text == "" {
		w.t.Fatal("the page has no docker run")
	}
	lease := w.elevated()
	var settings strings.Builder
	for name, value := range w.siege.env {
		if strings.HasPrefix(name, "OKTA_") || name == "STEPDOWN_LEDGER_KEY" || name == "GITHUB_API_URL" || name == "GITHUB_REPOSITORY" || name == "GITHUB_TOKEN" {
			fmt.Fprintf(&settings, "%s=%s\n", name, value)
		}
	}
	dir := w.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sweep.env"), []byte(settings.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
	text = strings.NewReplacer("docker run ", "exec docker run --rm --network host ", " IMAGE ", " "+w.image+" ").Replace(text)
	cmd, out := exec.CommandContext(w.t.Context(), "sh", "-e", "-c", text), &paper{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	until(w.t, "no lease is open", out, func() bool {
		return len(w.org.RolesOf(victim)) == 0 && !slices.ContainsFunc(w.leases(), isOpen)
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	if got := wait(w.t, cmd, out); got != 0 || !strings.Contains(out.String(), "ended by a signal") {
		w.t.Errorf("exit code %d\n%s", got, out)
	}
	if kept, err := filepath.Glob(filepath.Join(dir, "evidence", "*")); err != nil || !slices.ContainsFunc(kept, func(name string) bool { return strings.Contains(name, lease.ID) }) {
		w.t.Errorf("the folder for evidence has %q: %v\n%s", kept, err, out)
	}
}
