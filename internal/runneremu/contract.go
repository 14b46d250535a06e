package runneremu

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Breach is something that an action did and may not do, or did not do and has to.
type Breach struct {
	Kind string // one of the kinds below
	Text string // what it was
}

// The kinds of breaches.
const (
	BreachState      = "state-forgotten"   // the post stage is not handed what it needs
	BreachOutput     = "output-undeclared" // an output that action.yml does not have: how a value that ends its block shows
	BreachMalformed  = "file-malformed"    // the runner cannot read a file of commands
	BreachSignal     = "signal-ignored"    // it took SIGKILL to end it, or the container went on
	BreachPrinted    = "secret-printed"    // the program wrote a secret, whether or not the runner masks it
	BreachShown      = "secret-shown"      // a reader sees a secret
	BreachSummary    = "summary-dropped"   // it was too large
	BreachCommand    = "command-injected"  // the log asks for what no action of ours asks for
	BreachStopped    = "commands-stopped"  // the runner would read no command any more
	BreachSet        = "environment-set"   // a later step gets a variable, or looks for programs in another folder
	BreachKept       = "secret-kept"       // a secret is in a file, or in its name, where later steps and jobs find it
	BreachUnread     = "file-unread"       // a file is left behind in which a secret could not be looked for
	BreachOutcome    = "outcome-missing"   // main ended by itself and does not say how
	BreachCode       = "exit-code-wrong"   // what main says of its exit code is not so
	BreachUnreadable = "text-unreadable"   // the log, the summary, an output or an annotation has characters that change how the rest is shown, or that nobody sees
)

// Contract is what an action is held to.
type Contract struct {
	State   []string // what main has to hand to post
	Outputs []string // what action.yml declares
	Outcome []string // of them, those that main has to set if it ends by itself
	Code    string   // of them, the one that is its exit code
	Secrets []string // what nobody may read
}

// Breaches holds a stage against the contract.
func (c Contract) Breaches(r Result) []Breach {
	var out []Breach
	add := func(kind, format string, args ...any) { out = append(out, Breach{kind, fmt.Sprintf(format, args...)}) }
	for _, name := range c.State {
		if r.State[name] == "" {
			add(BreachState, "state %q is not saved", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Outputs)) {
		if !slices.Contains(c.Outputs, name) {
			add(BreachOutput, "output %q is not one that action.yml declares", name)
		}
	}
	for _, file := range r.Unread {
		add(BreachUnread, "a file that is left behind cannot be searched: %s", file)
	}
	for _, file := range []string{"env", "path"} {
		if text := r.RawFiles[file]; text != "" {
			add(BreachSet, "GITHUB_%s has %q", strings.ToUpper(file), text)
		}
	}
	for _, file := range r.Malformed {
		add(BreachMalformed, "the runner cannot read GITHUB_%s", strings.ToUpper(file))
	}
	if r.Signal == "SIGKILL" && r.Conclusion != "lost" {
		add(BreachSignal, "SIGINT and SIGTERM did not end it; the container went on: %v", r.Outlived)
	}
	if r.SummaryDropped {
		add(BreachSummary, "the summary is larger than the runner takes")
	}
	for _, command := range r.Commands {
		if !slices.Contains([]string{"add-mask", "debug", "endgroup", "error", "group", "notice", "warning"}, command.Name) {
			add(BreachCommand, "the log has the command %s with %q", command.Name, command.Data)
		}
	}
	if r.Stopped || r.OpenGroups != 0 {
		add(BreachStopped, "commands are stopped: %v; groups left open: %d", r.Stopped, r.OpenGroups)
	}
	out = slices.Concat(out, c.outcome(r), unreadable(r), c.secrets(r))
	slices.SortFunc(out, func(a, b Breach) int { return strings.Compare(a.Kind+a.Text, b.Kind+b.Text) })
	return out
}

// outcome looks whether a main stage that ended by itself, be it upon a signal, says how. What post sets is dropped.
func (c Contract) outcome(r Result) []Breach {
	if r.Stage != "main" || r.Conclusion == "lost" || r.Signal == "SIGKILL" || r.Killed {
		return nil
	}
	var out []Breach
	for _, name := range append(slices.Clone(c.Outcome), c.Code) {
		if name != "" && r.Outputs[name] == "" {
			out = append(out, Breach{BreachOutcome, fmt.Sprintf("output %q is not set", name)})
		}
	}
	if code := r.Outputs[c.Code]; code != "" && code != strconv.Itoa(r.ExitCode) {
		out = append(out, Breach{BreachCode, fmt.Sprintf("output %q is %q, and the exit code is %d", c.Code, code, r.ExitCode)})
	}
	return out
}

// unreadable looks for what Unreadable finds, wherever people read what a stage wrote. In a summary, a blank without a width may stand: the Action
// itself puts one where a name would be a mention or a number a reference.
func unreadable(r Result) []Breach {
	texts := map[string]string{"log": r.Raw, "summary": strings.ReplaceAll(r.RawSummary, "\u200b", "")}
	for name, value := range r.Outputs {
		texts["output "+name] = name + value
	}
	for name, value := range r.State {
		texts["state "+name] = name + value
	}
	for i, a := range r.Annotations {
		texts[fmt.Sprintf("annotation %d", i+1)] = a.Title + a.File + a.Line + a.Message
	}
	var out []Breach
	for where, text := range texts {
		if found := Unreadable(text); len(found) > 0 {
			out = append(out, Breach{BreachUnreadable, fmt.Sprintf("the %s has %q", where, found)})
		}
	}
	return out
}

// secrets looks for the secrets in all that is kept of the stage, as the program wrote it and as a reader sees it.
func (c Contract) secrets(r Result) []Breach {
	var out []Breach
	values := strings.Join(append(slices.Collect(maps.Values(r.Outputs)), slices.Collect(maps.Values(r.State))...), "\n")
	annotations := ""
	for _, a := range r.Annotations {
		annotations += a.Title + "\n" + a.File + "\n" + a.Message + "\n"
	}
	for i, secret := range c.Secrets {
		written := map[string]string{"log": r.Raw}
		for file, text := range r.RawFiles {
			written["file GITHUB_"+strings.ToUpper(file)] = text
		}
		for where, text := range written {
			for _, form := range Leaks(text, secret) {
				out = append(out, Breach{BreachPrinted, fmt.Sprintf("secret %d is in the %s %s", i+1, where, form)})
			}
		}
		for file, text := range r.Left {
			for _, form := range Leaks(file+"\n"+text, secret) {
				out = append(out, Breach{BreachKept, fmt.Sprintf("secret %d is in the file %q %s", i+1, file, form)})
			}
		}
		for where, text := range map[string]string{"log": r.Log, "summary": r.Summary, "outputs or state": values, "annotations": annotations} {
			for _, form := range Leaks(text, secret) {
				out = append(out, Breach{BreachShown, fmt.Sprintf("secret %d is in the %s %s", i+1, where, form)})
			}
		}
	}
	return out
}

// Forms are a value in the encodings that a leak is looked for in, named in words. They are more than what the runner masks.
func Forms(secret string) map[string]string {
	inner := func(e *base64.Encoding, shift int) string { // what does not depend on what stands around it
		rest := secret[min(shift, len(secret)):]
		return e.EncodeToString([]byte(rest[:len(rest)/3*3]))
	}
	reversed := []byte(secret)
	slices.Reverse(reversed)
	var escaped, numeric strings.Builder
	for _, c := range []byte(secret) {
		fmt.Fprintf(&escaped, "%%%02x", c)
		fmt.Fprintf(&numeric, `\u%04x`, c)
	}
	out := map[string]string{
		"as it is": secret, "as base64": inner(base64.RawStdEncoding, 0), "as base64, at another offset": inner(base64.RawStdEncoding, 1),
		"as base64, at a third offset": inner(base64.RawStdEncoding, 2), "as base64url": inner(base64.RawURLEncoding, 0),
		"as base64url, at another offset": inner(base64.RawURLEncoding, 1), "as base64url, at a third offset": inner(base64.RawURLEncoding, 2),
		"as hex": hex.EncodeToString([]byte(secret)), "as HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"as a JSON string": jsonEscaped(secret), "as XML": xmlEscaped(secret), "as a URI": uriEscaped(secret), "as a query": url.QueryEscape(secret),
		"as per cent codes": escaped.String(), "as JSON codes": numeric.String(), "reversed": string(reversed),
	}
	if len(secret) >= 24 {
		out["by its beginning"], out["by its end"] = secret[:12], secret[len(secret)-12:]
	}
	return out
}

// Leaks says in which encodings a text has a secret.
func Leaks(text, secret string) []string {
	var out []string
	for name, form := range Forms(secret) {
		if len(form) >= 8 && strings.Contains(text, form) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Unreadable returns the characters of a text that change how a terminal or a page shows what stands around them, or that nobody sees: controls
// other than line ends and tabs, those that turn the direction of writing or end a line in some viewers, and those without a shape, by which two
// names that look the same differ. The selectors of how an emoji is drawn are none of them.
func Unreadable(text string) []string {
	var out []string
	for _, c := range text {
		if c == '\n' || c == '\t' || !unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) {
			continue
		}
		if s := fmt.Sprintf("U+%04X", c); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
