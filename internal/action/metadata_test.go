package action

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMetadataAndImageAgree holds action.yml and the Dockerfile against each other and against what the runner demands.
func TestMetadataAndImageAgree(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	metadata, image := read("action.yml"), read("Dockerfile")
	for _, line := range []string{"  using: docker", "  image: Dockerfile", "  entrypoint: /stepdown", "  post-entrypoint: /stepdown-post", "  args:\n    - action"} {
		if !strings.Contains(metadata, "\n"+line+"\n") {
			t.Errorf("action.yml has no %q", line)
		}
	}
	for _, text := range []string{"-o /out/stepdown ", "/out/stepdown-post", "FROM scratch\n", "COPY --from=build /out/ /\n", `ENTRYPOINT ["/stepdown"]`, "ca-certificates.crt", "-trimpath ", "TARGETARCH"} {
		if !strings.Contains(image, text) {
			t.Errorf("the Dockerfile has no %q", text)
		}
	}
	if !regexp.MustCompile(`(?m)^ARG BUILD_IMAGE=golang:\S+@sha256:[0-9a-f]{64}$`).MatchString(image) {
		t.Error("the Dockerfile does not name its build image by digest")
	}
	if regexp.MustCompile(`(?m)^USER`).MatchString(image) {
		t.Error("the Dockerfile has a USER instruction: the runner's files could not be written")
	}
	// What the Marketplace refuses is told only when a release is published: a description of 125 characters or more, another colour
	// than these (docs.github.com, "Metadata syntax", branding).
	field := func(name string) string {
		m := regexp.MustCompile(`(?m)^ *` + name + `: (.+)$`).FindStringSubmatch(metadata)
		if m == nil {
			t.Fatalf("action.yml has no %s on one line", name)
		}
		return m[1]
	}
	if n := len([]rune(field("description"))); n >= 125 {
		t.Errorf("the description has %d characters", n)
	}
	if colours := []string{"white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"}; !slices.Contains(colours, field("color")) || field("icon") != "shield" {
		t.Errorf("branding: %s, %s", field("icon"), field("color"))
	}
	names := func(section string) (found []string) {
		_, rest, _ := strings.Cut(metadata, "\n"+section+":\n")
		for line := range strings.Lines(rest) {
			if line[0] != ' ' && line[0] != '\n' && line[0] != '#' {
				break
			}
			if m := regexp.MustCompile(`^  ([^\s:]+):\n$`).FindStringSubmatch(line); m != nil {
				found = append(found, m[1])
			}
		}
		return found
	}
	wantInputs := []string{"command", "okta-org-url", "rate-share", "access", "report-dir", "ledger", "ledger-accept", "environment", "fail-on", "pull-request", "comment", "from-report", "account", "github-token"}
	wantOutputs := []string{"outcome", "exit-code", "state", "lease", "token-id", "evidence", "findings", "report"}
	if got := names("inputs"); !slices.Equal(got, wantInputs) {
		t.Errorf("inputs %v, want %v", got, wantInputs)
	}
	if got := names("outputs"); !slices.Equal(got, wantOutputs) {
		t.Errorf("outputs %v, want %v", got, wantOutputs)
	}
	for _, name := range wantOutputs {
		if !isName(name) {
			t.Errorf("SetOutput refuses output %q", name)
		}
	}
}
