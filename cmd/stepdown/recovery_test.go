package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// missing skips a test where a tool of the machine is not there, which is a failure in .ci/run.
func missing(t *testing.T, why any) {
	t.Helper()
	if os.Getenv("STEPDOWN_CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// TestRecoveryByHand does what docs/recovery.md says, by its own commands, after a run that was lost in its window. A sweep then
// proves it and closes the lease.
func TestRecoveryByHand(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not here; .ci/run has it")
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "recovery.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^    (curl .*)$`).FindAllStringSubmatch(string(page), -1)
	if len(commands) != 5 {
		t.Fatalf("the page has %d commands", len(commands))
	}
	w := newSiege(t)
	w.elevated()
	if _, err := w.org.AddToken(victim, "invoice-export"); err != nil {
		t.Fatal(err)
	}
	do := func(n int, env ...string) string {
		t.Helper()
		cmd := exec.Command("sh", "-c", commands[n][1]+" -f")
		cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "OKTA_ORG_URL="+w.env["OKTA_ORG_URL"], "OKTA_API_TOKEN="+apiToken, "ID="+w.org.UserID(victim))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", commands[n][1], err, out)
		}
		return string(out)
	}
	var roles []struct{ ID, Type string }
	if err := json.Unmarshal([]byte(do(0)), &roles); err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		if role.Type == temporary {
			do(1, "ASSIGNMENT="+role.ID)
		}
	}
	do(2)
	var tokens []struct{ ID, UserID, Name string }
	if err := json.Unmarshal([]byte(do(3)), &tokens); err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if token.UserID == w.org.UserID(victim) {
			do(4, "TOKEN="+token.ID)
		}
	}
	if roles := w.org.RolesOf(victim); slices.Contains(roles, temporary) || len(w.org.TokensOf(victim)) > 0 {
		t.Errorf("by hand, the account holds %q and owns %q", roles, w.org.TokensOf(victim))
	}
	if got := w.run("sweep", "--now"); got > 1 || !strings.Contains(w.out, ": undone;") {
		t.Errorf("exit code %d\n%s", got, w.out)
	}
}

// TestRecoveryWithoutThePostStep does what docs/recovery.md says for a run that died in its window: the first command leaves it and names
// it, the second ends it.
func TestRecoveryWithoutThePostStep(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "recovery.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## When the post step did not run")
	section, _, _ = strings.Cut(section, "\n## ")
	commands := regexp.MustCompile(`(?m)^    stepdown (.*)$`).FindAllStringSubmatch(section, -1)
	if len(commands) != 2 {
		t.Fatalf("the section has %d commands", len(commands))
	}
	w := newSiege(t)
	for _, name := range []string{"GITHUB_EVENT_NAME", "GITHUB_RUN_ID", "GITHUB_ACTOR"} { // on a person's machine
		delete(w.env, name)
	}
	for name := range w.env {
		if !slices.Contains([]string{"GITHUB_API_URL", "GITHUB_EVENT_PATH", "PATH", "GOCOVERDIR"}, name) && !strings.Contains(section, "`"+name+"`") {
			t.Errorf("the page does not name %s", name)
		}
	}
	lease := w.elevatedUntil(time.Now().Add(20 * time.Minute))
	run := func(n int) int { return w.bare(strings.Fields(commands[n][1])...) }
	if got := run(0); got != 0 || !strings.Contains(w.out, "not due yet: lease "+lease.ID) || !slices.Contains(w.org.RolesOf(victim), temporary) {
		t.Errorf("%s: exit code %d, the account holds %q\n%s", commands[0][1], got, w.org.RolesOf(victim), w.out)
	}
	if got := run(1); got != 0 || !strings.Contains(w.out, ": undone;") || slices.Contains(w.org.RolesOf(victim), temporary) {
		t.Errorf("%s: exit code %d, the account holds %q\n%s", commands[1][1], got, w.org.RolesOf(victim), w.out)
	}
}
