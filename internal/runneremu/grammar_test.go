package runneremu

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPairs: what a file of outputs says, and what is wrong with it. Words of actions/runner, FileCommandManager.cs.
func TestPairs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		pairs []Pair
		err   string
	}{
		"":                                {},
		"\n\n":                            {},
		"a=b":                             {pairs: []Pair{{"a", "b"}}},
		"a=b=c\nd=\n":                     {pairs: []Pair{{"a", "b=c"}, {"d", ""}}},
		"a=b\r\n":                         {pairs: []Pair{{"a", "b\r"}}},
		"=b\n":                            {pairs: []Pair{{"", "b"}}},
		"a=b<<c\n":                        {pairs: []Pair{{"a", "b<<c"}}},
		"a<<E\nb\nE\n":                    {pairs: []Pair{{"a", "b"}}},
		"a<<E\nb\nc\n\nE\nd=e":            {pairs: []Pair{{"a", "b\nc\n"}, {"d", "e"}}},
		"a<<E\nE":                         {pairs: []Pair{{"a", ""}}},
		"a<<E=F\nb\nE=F\n":                {pairs: []Pair{{"a", "b"}}},
		"a<<E\n E\nE \nE\n":               {pairs: []Pair{{"a", " E\nE "}}},
		"a<<E\nb\nE\nx=y\nE\n":            {pairs: []Pair{{"a", "b"}, {"x", "y"}}, err: "Invalid format 'E'"},
		"a":                               {err: "Invalid format 'a'"},
		"ok=1\nbad\nlost=1":               {pairs: []Pair{{"ok", "1"}}, err: "Invalid format 'bad'"},
		"<<E\nb\nE\n":                     {err: "Invalid format '<<E'. Name must not be empty and delimiter must not be empty"},
		"a<<\nb\n":                        {err: "Invalid format 'a<<'. Name must not be empty and delimiter must not be empty"},
		"a<<E\nb\n":                       {err: "Invalid value. Matching delimiter not found 'E'"},
		"a<<E\nb":                         {err: "Invalid value. EOF marker missing new line."},
		"a<<E\r\nb\r\nE\r\n":              {pairs: []Pair{{"a", "b\r"}}},
		"reason<<F\nhi\nF\ngranted=yes\n": {pairs: []Pair{{"reason", "hi"}, {"granted", "yes"}}},
	} {
		pairs, err := ParsePairs(text)
		if d := cmp.Diff(want.pairs, pairs); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
		if fmt.Sprint(err) != want.err && (err != nil || want.err != "") {
			t.Errorf("%q: error %v, want %q", text, err, want.err)
		}
	}
}

// TestCommands: what is a command, and what is none. Source: actions/runner, ActionCommand.cs.
func TestCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"::error::x":                            "error x map[]",
		"  \t::error::x":                        "error x map[]",
		"\u00a0::error::x":                      "error x map[]",
		"\u200b:\u200b:err\u00ador::x":          "error x map[]",
		"\x1b::error::x":                        "error x map[]",
		"::ERROR::x":                            "error x map[]",
		"::error file=a%2Cb,line=1,x=::m%0An":   "error m\nn map[file:a,b line:1]",
		"::error title=50%25%3A::100%25 %250A":  "error 100% %0A map[title:50%:]",
		"::set-output name=a::b::c":             "set-output b::c map[name:a]",
		"##[add-mask]x":                         "add-mask x map[]",
		"text ##[error file=a;line=2]x%5D%3B":   "error x]; map[file:a line:2]",
		"::add-mask::":                          "add-mask  map[]",
		"::stop-commands::tok":                  "stop-commands tok map[]",
		"::tok::":                               "tok  map[]",
		"a ::error::x":                          "",
		"\\::error::x":                          "",
		"::unknown::x":                          "",
		"::error":                               "",
		"##[unknown]x":                          "",
		"##\\[error]x":                          "",
		"https://a.example/##[group x":          "",
		"std::string a::b, and [::1]:80 beside": "",
	} {
		got := ""
		if c, ok := ParseCommand(line, "tok"); ok {
			got = fmt.Sprint(c.Name, " ", c.Data, " ", c.Properties)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
	if _, ok := ParseCommand("::tok::", ""); ok {
		t.Error("a token counts that was not given")
	}
}

// TestLog reads whole logs: what is shown, what is not, and what fails the step.
func TestLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ output, log, conclusion string }{
		"plain":           {"a\nb", "a\nb\n", "success"},
		"line ends":       {"a\rb\r\nc\n\nd\n", "a\nb\nc\n\nd\n", "success"},
		"mask":            {"s3cret\n::add-mask::s3cret\nit is s3cret\n", "s3cret\nit is ***\n", "success"},
		"mask of lines":   {"::add-mask::one1%0A two2 %0A\nx two2 one1\n", "x *** ***\n", "success"},
		"empty mask":      {"::add-mask:: \n", "##[warning]Can't add secret mask for empty string in ##[add-mask] command.\n", "success"},
		"group":           {"::group::g\n::endgroup::\n", "##[group]g\n##[endgroup]\n", "success"},
		"debug":           {"::debug::x\n", "", "success"},
		"stop and resume": {"::stop-commands::t0k\n::error::x\n::T0K::\n::error::y\n", "::stop-commands::t0k\n::error::x\n::T0K::\n##[error]y\n", "success"},
		"set-env": {"::set-env name=PATH::/x\n", "##[error]Unable to process command '::set-env name=PATH::/x' successfully.\n##[error]The `set-env` command is disabled. " +
			"Please upgrade to using Environment Files or opt into unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`.\n", "failure"},
		"output without a name":  {"::set-output::x\n", "##[error]Unable to process command '::set-output::x' successfully.\n##[error]Required field 'name' is missing in ##[set-output] command.\n", "failure"},
		"bytes that are no text": {"a\xffb\n", "a\ufffdb\n", "success"},
	} {
		r := ReadLog(c.output)
		if r.Log != c.log || r.Conclusion != c.conclusion {
			t.Errorf("%s: a %s\n%q, want\n%q", name, r.Conclusion, r.Log, c.log)
		}
	}
	if r := ReadLog("::stop-commands::error\n::error::x\n"); r.Conclusion != "failure" || len(r.Annotations) != 3 {
		t.Errorf("a token that is a command is taken: %+v", r)
	}
}

// TestAnnotationLimits: ten of a type, 4096 characters, and the log has all of it.
func TestAnnotationLimits(t *testing.T) {
	t.Parallel()
	var output strings.Builder
	output.WriteString("::add-mask::s3cretvalue\n")
	for i := range 13 {
		fmt.Fprintf(&output, "::error title=s3cretvalue,file=/github/workspace/a.yaml,line=%d::s3cretvalue %s\n", i, strings.Repeat("🔑", 3000))
	}
	output.WriteString("::warning::w\n")
	r := ReadLog(output.String())
	if len(r.Annotations) != 11 || r.Dropped["error"] != 3 || r.Dropped["warning"] != 0 {
		t.Fatalf("%d annotations, dropped %v", len(r.Annotations), r.Dropped)
	}
	a := r.Annotations[0]
	if !strings.HasPrefix(a.Message, "*** 🔑") || len([]rune(a.Message)) != 4+2046 || a.Title != "s3cretvalue" {
		t.Errorf("%q %q", a.Title, a.Message)
	}
	if strings.Count(r.Log, "##[error]*** "+strings.Repeat("🔑", 3000)) != 13 {
		t.Error("the log does not have all of them")
	}
}

// TestMasks: the encodings that the runner masks with a value, and those that it does not, which an action must never print.
func TestMasks(t *testing.T) {
	t.Parallel()
	const secret = "Pa$$ \"w0rd\" <of> 'some' & length?+/=%"
	masked := map[string]bool{
		"as it is": true, "as base64": true, "as base64, at another offset": true, "as base64, at a third offset": true, "as a JSON string": true,
		"as XML": true, "as a URI": true,
		"as base64url": false, "as base64url, at another offset": false, "as base64url, at a third offset": false, "as hex": false, "as HEX": false,
		"as a query": false, "as per cent codes": false, "as JSON codes": false, "reversed": false, "by its beginning": false, "by its end": false,
	}
	m := &masker{}
	m.add(secret)
	for name, form := range Forms(secret) {
		want, known := masked[name]
		got := m.mask("a " + form + " z")
		if strings.HasPrefix(name, "as base64") && want { // as it comes within a longer text
			got = m.mask("a " + map[string]string{
				"as base64": derivedFrom(secret)[0], "as base64, at another offset": derivedFrom(secret)[1], "as base64, at a third offset": derivedFrom(secret)[2],
			}[name] + " z")
		}
		if !known || (got == "a *** z") != want {
			t.Errorf("%s: %q, masked should be %v", name, got, want)
		}
	}
	m.add("length?+")
	m.add("abab")
	for text, want := range map[string]string{"ababab": "***", "x" + secret + "z": "x***z", "abababab!": "***!", "nothing": "nothing"} {
		if got := m.mask(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// TestWhatStandsOutIsFound: leaks in any encoding, and characters that turn a line around.
func TestWhatStandsOutIsFound(t *testing.T) {
	t.Parallel()
	const secret = "00plantedplantedplantedplanted+/\"1"
	for name, form := range Forms(secret) {
		if found := strings.Join(Leaks("x"+form+"y", secret), ", "); !strings.Contains(found, name) {
			t.Errorf("a secret %s is not found: %q", name, found)
		}
	}
	if found := Leaks("00plantedpl anted and nothing else", secret); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	got := Unreadable("a\tb\nä — 🔑⚠\ufe0f\u00a0\u202e\x1b[31m\u2066\u200b\u200d\u2028\u2029\ufeff\u00ad\u2060\u3164\u0085\U000e0041\u200b")
	want := []string{"U+202E", "U+001B", "U+2066", "U+200B", "U+200D", "U+2028", "U+2029", "U+FEFF", "U+00AD", "U+2060", "U+3164", "U+0085", "U+E0041"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
