package action

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
)

// actions returns a runner inside Actions, its standard output, and the file-command files of the step.
func actions(t *testing.T, more map[string]string) (r *Runner, out *bytes.Buffer, file func(variable string) string) {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"GITHUB_ACTIONS": "true"}
	for _, v := range []string{"GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"} {
		env[v] = filepath.Join(dir, v)
		if err := os.WriteFile(env[v], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range more {
		env[k] = v
	}
	out = &bytes.Buffer{}
	return New(func(k string) string { return env[k] }, out), out, func(v string) string {
		data, err := os.ReadFile(env[v])
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
}

// command is what the runner makes of a line. Grammar: actions/runner, ActionCommand.cs.
type command struct {
	name, data string
	properties map[string]string
}

func known(name string) bool {
	return slices.Contains([]string{
		"error", "warning", "notice", "debug", "add-mask", "set-output", "save-state", "group",
		"endgroup", "stop-commands", "add-matcher", "echo", "set-env", "add-path",
	}, strings.ToLower(name))
}

func parse(line string) (command, bool) {
	if c, ok := parseNew(line); ok {
		return c, true
	}
	i := strings.Index(line, "##[")
	if i < 0 {
		return command{}, false
	}
	info, data, ok := strings.Cut(line[i+3:], "]")
	name, _, _ := strings.Cut(info, " ")
	return command{name: name, data: data}, ok && known(name)
}

func parseNew(line string) (command, bool) {
	line = strings.TrimLeftFunc(line, unicode.IsSpace)
	rest, ok := strings.CutPrefix(line, "::")
	if !ok {
		return command{}, false
	}
	info, data, ok := strings.Cut(rest, "::")
	name, properties, _ := strings.Cut(info, " ")
	if !ok || !known(name) {
		return command{}, false
	}
	c := command{name: name, data: unescape(data, false), properties: map[string]string{}}
	for p := range strings.SplitSeq(strings.TrimSpace(properties), ",") {
		if k, v, ok := strings.Cut(p, "="); ok {
			c.properties[k] = unescape(v, true)
		}
	}
	return c, true
}

func unescape(s string, property bool) string {
	s = strings.NewReplacer("%0D", "\r", "%0A", "\n").Replace(s)
	if property {
		s = strings.NewReplacer("%3A", ":", "%2C", ",").Replace(s)
	}
	return strings.ReplaceAll(s, "%25", "%")
}

// commands returns all that the runner would read in the output.
func commands(output string) []command {
	var all []command
	for line := range strings.SplitSeq(strings.ReplaceAll(output, "\r", "\n"), "\n") {
		if c, ok := parse(line); ok {
			all = append(all, c)
		}
	}
	return all
}

// pairs reads a file of outputs or state as the runner does. Grammar: actions/runner, FileCommandManager.cs.
func pairs(t *testing.T, text string) map[string]string {
	t.Helper()
	found := map[string]string{}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			continue
		}
		equals, heredoc := strings.Index(lines[i], "="), strings.Index(lines[i], "<<")
		if equals >= 0 && (heredoc < 0 || equals < heredoc) {
			found[lines[i][:equals]] = lines[i][equals+1:]
			continue
		}
		if heredoc < 0 {
			t.Fatalf("invalid format %q", lines[i])
		}
		end := slices.Index(lines[i+1:], lines[i][heredoc+2:])
		if end < 0 {
			t.Fatalf("no delimiter for %q", lines[i])
		}
		found[lines[i][:heredoc]] = strings.Join(lines[i+1:i+1+end], "\n")
		i += end + 1
	}
	return found
}

func TestOutputsAreWhatWasSet(t *testing.T) {
	t.Parallel()
	r, out, file := actions(t, nil)
	want := map[string]string{
		"outcome": "closed", "empty": "", "exit-code": "0", "spaces": "  a b\t", "equals": "a=b", "heredoc": "x<<EOF", "unicode": "ä — 🔑",
		"library_delimiter": "_GitHubActionsFileCommandDelimeter_", "command": "::set-output name=a::b", "percent": "100%0A",
	}
	for name, value := range want {
		if err := r.SetOutput(name, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.SaveState(name, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, v := range []string{"GITHUB_OUTPUT", "GITHUB_STATE"} {
		if d := cmp.Diff(want, pairs(t, file(v))); d != "" {
			t.Errorf("%s (-want +got):\n%s", v, d)
		}
	}
	if out.Len() != 0 {
		t.Errorf("something was printed: %q", out)
	}
}

func TestOutputInjection(t *testing.T) {
	t.Parallel()
	r, _, file := actions(t, nil)
	for _, value := range []string{
		"…\n_GitHubActionsFileCommandDelimeter_\napproved=true\nx<<_GitHubActionsFileCommandDelimeter_\n",
		"a\nb", "a\r", "a\n", "\n", "a\x00b",
	} {
		if err := r.SetOutput("reason", value); err == nil {
			t.Errorf("value %q: no error", value)
		}
		if err := r.SaveState("reason", value); err == nil {
			t.Errorf("state %q: no error", value)
		}
	}
	for _, name := range []string{"", "a=b", "a<<b", "a\nb", "a b", "ä"} {
		if err := r.SetOutput(name, "x"); err == nil {
			t.Errorf("name %q: no error", name)
		}
	}
	if text := file("GITHUB_OUTPUT") + file("GITHUB_STATE"); text != "" {
		t.Errorf("something was written: %q", text)
	}
}

func TestDelimiterIsNotRepeated(t *testing.T) {
	t.Parallel()
	r, _, file := actions(t, nil)
	seen := map[string]bool{}
	for range 100 {
		if err := r.SetOutput("a", "b"); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.SplitSeq(file("GITHUB_OUTPUT"), "\n") {
		if _, delimiter, ok := strings.Cut(line, "<<"); ok {
			if len(delimiter) < 36 || seen[delimiter] {
				t.Fatalf("delimiter %q is short or comes twice", delimiter)
			}
			seen[delimiter] = true
		}
	}
}

func TestFilesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, path := range map[string]string{"absent directory": filepath.Join(dir, "no", "such"), "directory": dir} {
		r, _, _ := actions(t, map[string]string{"GITHUB_OUTPUT": path, "GITHUB_STATE": path, "GITHUB_STEP_SUMMARY": path})
		for _, err := range []error{r.SetOutput("a", "b"), r.SaveState("a", "b"), r.Summary([]byte("x"))} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
	unset, _, _ := actions(t, map[string]string{"GITHUB_OUTPUT": "", "GITHUB_STATE": "", "GITHUB_STEP_SUMMARY": ""})
	for _, err := range []error{unset.SetOutput("a", "b"), unset.SaveState("a", "b"), unset.Summary([]byte("x"))} {
		if err == nil || !strings.Contains(err.Error(), "is not set") {
			t.Errorf("unset inside Actions: %v", err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestBrokenStandardOutput(t *testing.T) {
	t.Parallel()
	r := New(func(string) string { return "true" }, broken{})
	r.Mask(access.NewSecret("secret"))
	r.Error("a", "b", 1, "c")
	r.Group("g")()
	if _, err := fmt.Fprintln(r.Log(broken{}), "x"); err == nil {
		t.Error("text that could not be written: no error")
	}
}

func TestOutsideActions(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := New(func(string) string { return "" }, &out)
	r.Mask(access.NewSecret("topsecret"))
	r.Error("title", "file", 1, "message")
	end := r.Group("group")
	end()
	for _, err := range []error{r.SetOutput("a", "b"), r.SaveState("a", "b"), r.Summary([]byte("x"))} {
		if err != nil {
			t.Error(err)
		}
	}
	if r.Active() || out.Len() != 0 {
		t.Errorf("active %v, printed %q", r.Active(), &out)
	}
	if r.Log(&out) != io.Writer(&out) {
		t.Error("Log changes the writer outside Actions")
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	r, out, _ := actions(t, nil)
	secret := "-----BEGIN KEY-----\nabc+/de%0A=\r\n\n  indented::x\n-----END KEY-----\n"
	r.Mask(access.NewSecret(secret))
	var masked []string
	for _, c := range commands(out.String()) {
		if c.name != "add-mask" || strings.TrimSpace(c.data) == "" {
			t.Errorf("command %+v", c)
		}
		masked = append(masked, c.data)
	}
	for _, want := range []string{
		secret, "-----BEGIN KEY-----", "abc+/de%0A=", "indented::x", base64.StdEncoding.EncodeToString([]byte(secret)),
		fmt.Sprintf("%x", secret), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		if !slices.Contains(masked, want) {
			t.Errorf("not masked: %q", want)
		}
	}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "::add-mask::") {
			t.Errorf("a line of the secret stands alone: %q", line)
		}
	}
	out.Reset()
	r.Mask(access.Secret{})
	r.Mask(access.NewSecret(" \n"))
	for _, c := range commands(out.String()) {
		if strings.TrimSpace(c.data) == "" {
			t.Errorf("an empty mask: %+v", c)
		}
	}
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	r, out, _ := actions(t, nil)
	message := "first 100% %s %0A\r\n::set-output name=approved::true\n##[add-mask]x"
	r.Error("ti,tle: x=\n::error::y", "access/a,b::c.yaml", 12, message)
	r.Error("", "", 7, "w")
	want := []command{
		{"error", strings.ReplaceAll(message, "\r", ""), map[string]string{"title": "ti,tle: x= ::error::y", "file": "access/a,b::c.yaml", "line": "12"}},
		{"error", "w", map[string]string{}},
	}
	if d := cmp.Diff(want, commands(out.String()), cmp.AllowUnexported(command{})); d != "" {
		t.Errorf("(-want +got):\n%s\n%s", d, out)
	}
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("%d lines were printed", n)
	}
}

// TestAnnotationsTurnNothingAround: no annotation and no group clears a terminal, or writes backwards.
func TestAnnotationsTurnNothingAround(t *testing.T) {
	t.Parallel()
	r, out, _ := actions(t, nil)
	const hostile = "a\x1b[2Jb\u202ec\u2066d\x00e\rf\tg\u200bh\u2028i\ufeffj\u3164k⚠\ufe0f"
	r.Error(hostile, hostile, 1, hostile)
	r.Warning(hostile, hostile)
	r.Group(hostile)()
	if i := strings.IndexFunc(unescape(out.String(), true), func(c rune) bool {
		return c != '\n' && c != '\t' && unicode.IsControl(c) || unicode.In(c, unicode.Bidi_Control, unicode.Cf, unicode.Zl, unicode.Zp) || c == '\u3164'
	}); i >= 0 {
		t.Errorf("%q", out)
	}
	if c := commands(out.String()); len(c) != 4 || c[0].data != "a\ufffd[2Jb\ufffdc\ufffdd\ufffde\nf\tg\ufffdh\ufffdi\ufffdj\ufffdk⚠\ufe0f" || c[1].name != "warning" {
		t.Errorf("%+v", c)
	}
}

// TestMaskedWithinOtherText: what is encoded with something before and after the secret is masked too.
func TestMaskedWithinOtherText(t *testing.T) {
	t.Parallel()
	const secret = "00plantedplantedplanted?>~plan1"
	r, out, _ := actions(t, nil)
	r.Mask(access.NewSecret(secret))
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for before := range 6 {
			text := e.EncodeToString([]byte(strings.Repeat("x", before) + secret + "yz"))
			shown := text
			for _, c := range commands(out.String()) {
				shown = strings.ReplaceAll(shown, c.data, "***")
			}
			if !strings.Contains(shown, "***") || len(shown) > len("***")+before*4/3+4+8 {
				t.Errorf("%q is shown as %q", text, shown)
			}
		}
	}
	if upper := strings.ToUpper(fmt.Sprintf("%x", secret)); !strings.Contains(out.String(), upper) {
		t.Error("upper case is not masked")
	}
}

func TestAnnotationLength(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"x", "ä", "🔑"} {
		for _, n := range []int{4095, 4096, 4097, 9000} {
			got := cut(strings.Repeat(c, n), 4096)
			units := len(utf16.Encode([]rune(got)))
			whole := len(utf16.Encode([]rune(strings.Repeat(c, n))))
			if units > 4096 || (whole <= 4096) == strings.HasSuffix(got, "…") || units < min(whole, 4095) {
				t.Errorf("%d times %q became %d units, ending in %q", n, c, units, got[len(got)-4:])
			}
		}
	}
	r, out, _ := actions(t, nil)
	r.Error(strings.Repeat("t", 5000), "", 0, strings.Repeat("m", 5000))
	if c := commands(out.String()); len(c) != 1 || len([]rune(c[0].data)) != 4096 || len([]rune(c[0].properties["title"])) != 200 {
		t.Errorf("%d commands, %d bytes", len(c), out.Len())
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	r, out, _ := actions(t, nil)
	end := r.Group("step\n::error::x")
	end()
	end()
	if want := "::group::step ::error::x\n::endgroup::\n"; out.String() != want {
		t.Errorf("%q, want %q", out, want)
	}
}

func TestCommandsBeginALine(t *testing.T) {
	t.Parallel()
	r, out, _ := actions(t, nil)
	log := r.Log(out)
	fmt.Fprint(log, "reading … ")
	r.Mask(access.NewSecret("s3cret"))
	fmt.Fprint(log, "done\n")
	r.Error("t", "", 0, "m")
	var names []string
	for _, c := range commands(out.String()) {
		names = append(names, c.name)
	}
	if c := commands(out.String()); len(c) == 0 || c[0].data != "s3cret" {
		t.Errorf("the first mask is not read: %q", out)
	}
	if len(names) < 2 || names[0] != "add-mask" || names[len(names)-1] != "error" || strings.Contains(out.String(), "\n\n") {
		t.Errorf("commands %v in %q", names, out)
	}
}

func TestLogMakesCommandsHarmless(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"::error::x", "  \t::add-mask::x", "a\n::set-output name=a::b", "a\r::error::x", "\u00a0::error::x", "\u200b::error::x", "\ufeff::error::x",
		"\x00::error::x", ":\u200b:error::x", "##[error]x", "a ##[add-mask]x", "###[error]x", "#\u200b#[error]x", "##\u00ad[error]x", "\x1b::error::x",
		"::stop-commands::x", "a\n\n\n::error::x",
	} {
		r, out, _ := actions(t, nil)
		if n, err := io.WriteString(r.Log(out), text); err != nil || n != len(text) {
			t.Errorf("%q: wrote %d, %v", text, n, err)
		}
		if c := commands(visible(out.String())); len(c) != 0 {
			t.Errorf("%q became %q, which the runner reads as %+v", text, out, c)
		}
	}
	for _, text := range []string{"plain\n", "std::string a::b", "https://a.example: ok\n", "# heading\n## [link](x)\n", "10:20:30 x", "[::1]:80", "ä — 🔑 %0A"} {
		r, out, _ := actions(t, nil)
		_, _ = io.WriteString(r.Log(out), text)
		if out.String() != text {
			t.Errorf("%q became %q", text, out)
		}
	}
}

// visible drops what a comparison by a culture's rules may ignore.
func visible(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\r' || c >= ' ' && c < 0x7f {
			return c
		}
		return -1
	}, s)
}

// TestLogOfAnything writes random pieces, cut anywhere, and looks for a command in what came out.
func TestLogOfAnything(t *testing.T) {
	t.Parallel()
	words := []string{":", "::", "#", "##", "[", "]", " ", "\t", "\r", "\n", "error", "add-mask", "x", "\u200b", "\u00a0", "é", "\\", "%0A", "\x1b"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		r, out := New(func(string) string { return "true" }, nil), &bytes.Buffer{}
		log := r.Log(out)
		var text strings.Builder
		for range rng.IntN(14) {
			word := words[rng.IntN(len(words))]
			text.WriteString(word)
			at := rng.IntN(len(word) + 1)
			_, _ = io.WriteString(log, word[:at])
			_, _ = io.WriteString(log, word[at:])
		}
		for _, read := range []string{out.String(), visible(out.String())} {
			if c := commands(read); len(c) != 0 {
				t.Fatalf("%q became %q, which the runner reads as %+v", text.String(), out, c)
			}
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	r, _, file := actions(t, nil)
	for _, text := range []string{"# One", "", "two\n"} {
		if err := r.Summary([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got := file("GITHUB_STEP_SUMMARY"); got != "# One\ntwo\n" {
		t.Errorf("%q", got)
	}
}

func TestSummaryBudget(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("ä", 49) + "\n"
	for name, parts := range map[string][]string{
		"one":         {strings.Repeat(line, 20_000)},
		"in parts":    {strings.Repeat(line, 9_000), strings.Repeat(line, 9_000), "after\n"},
		"no line end": {"# head\n", strings.Repeat("x", 2<<20), "after\n"},
		"code block":  {"# head\n```\n" + strings.Repeat(line, 20_000)},
		"just fits":   {strings.Repeat(line, 10_000), strings.Repeat("y", maxSummary-990_000-1) + "\n", "after\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, file := actions(t, nil)
			for _, p := range parts {
				if err := r.Summary([]byte(p)); err != nil {
					t.Fatal(err)
				}
			}
			got := file("GITHUB_STEP_SUMMARY")
			if len(got) > maxSummary {
				t.Errorf("%d bytes", len(got))
			}
			if !strings.HasSuffix(got, summaryNote) || strings.Count(got, summaryNote) != 1 || strings.Contains(got, "after") {
				t.Errorf("it ends in %q", got[max(0, len(got)-200):])
			}
			body := strings.TrimSuffix(got, summaryNote)
			if strings.Count(body, "```")%2 != 0 || body != "" && !strings.HasSuffix(body, "\n") {
				t.Errorf("the cut is in a line or leaves a code block open: %q", body[max(0, len(body)-60):])
			}
		})
	}
	t.Run("already full", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "summary")
		if err := os.WriteFile(path, bytes.Repeat([]byte("x"), maxSummary), 0o600); err != nil {
			t.Fatal(err)
		}
		r, _, file := actions(t, map[string]string{"GITHUB_STEP_SUMMARY": path})
		if err := r.Summary([]byte("more\n")); err != nil || len(file("GITHUB_STEP_SUMMARY")) != maxSummary {
			t.Errorf("%v, %d bytes", err, len(file("GITHUB_STEP_SUMMARY")))
		}
	})
}

func TestInputsStateContext(t *testing.T) {
	t.Parallel()
	r, _, _ := actions(t, map[string]string{
		"INPUT_OKTA-ORG-URL": " https://acme.okta.com \n", "STATE_lease": "lease-1", "GITHUB_REPOSITORY": "acme/okta-access", "GITHUB_RUN_ID": "42",
		"GITHUB_RUN_ATTEMPT": "2", "GITHUB_EVENT_NAME": "pull_request_review", "GITHUB_EVENT_PATH": "/github/workflow/event.json",
		"GITHUB_API_URL": "https://ghe.example/api/v3", "GITHUB_SERVER_URL": "https://ghe.example", "GITHUB_WORKSPACE": "/github/workspace",
	})
	if got := r.Input("okta-org-url"); got != "https://acme.okta.com" {
		t.Errorf("input %q", got)
	}
	if got := r.Input("absent"); got != "" {
		t.Errorf("input %q", got)
	}
	if got := r.State("lease"); got != "lease-1" {
		t.Errorf("state %q", got)
	}
	c := r.Context()
	want := Context{
		Repository: "acme/okta-access", EventName: "pull_request_review", EventPath: "/github/workflow/event.json", APIURL: "https://ghe.example/api/v3",
		ServerURL: "https://ghe.example", RunID: "42", RunAttempt: "2", Workspace: "/github/workspace",
	}
	if d := cmp.Diff(want, c); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := c.RunURL(); got != "https://ghe.example/acme/okta-access/actions/runs/42/attempts/2" {
		t.Errorf("run URL %q", got)
	}
	local := New(func(string) string { return "" }, io.Discard).Context()
	if local.RunURL() != "" || local.APIURL != "https://api.github.com" {
		t.Errorf("outside Actions: %+v, %q", local, local.RunURL())
	}
}
