// Package action speaks with the Actions runner: inputs, outputs, state, masks, annotations and the step summary.
//
// It stands over go-githubactions v1.3.2, which only it imports, for the commands on standard output and for inputs. It
// writes around that library where the library is unsafe:
//   - outputs and state have a fixed heredoc delimiter there, with which a value can add outputs of its own (the class of
//     CVE-2022-35954), and a file that cannot be written panics: files.go writes them with a random one and returns errors;
//   - a command panics if standard output cannot be written: sink swallows the error;
//   - its Context reads the event into an untyped map: Context here has only what the environment says;
//   - its Infof writes raw text, which the runner reads as commands: Log makes foreign text harmless.
//
// Outside Actions nothing is written at all: no masks, which would print the secret, and no commands.
package action

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"

	"github.com/sethvargo/go-githubactions"

	"github.com/stepdown/stepdown/internal/access"
)

// maxMessage is where the runner cuts a message, in UTF-16 code units. Source: actions/runner, ExecutionContext.cs.
const maxMessage = 4096

// maxTitle keeps a title on one line of the page, in UTF-16 code units.
const maxTitle = 200

// Runner is the Actions runner of this step. It is safe for concurrent use.
type Runner struct {
	getenv  func(string) string
	stdout  io.Writer // as it was given to New
	sink    *sink
	library *githubactions.Action

	mu         sync.Mutex // guards the files and what follows
	summaryCut bool
}

// New reads the environment through getenv and writes commands to stdout. It writes nothing itself.
func New(getenv func(string) string, stdout io.Writer) *Runner {
	s := &sink{w: stdout, fresh: true}
	return &Runner{
		getenv: getenv, stdout: stdout, sink: s,
		library: githubactions.New(githubactions.WithWriter(s), githubactions.WithGetenv(getenv)),
	}
}

// Active tells whether this is a step of GitHub Actions.
func (r *Runner) Active() bool { return r.getenv("GITHUB_ACTIONS") == "true" }

// Input returns the value of the input, without blanks around it. An input that was not given is empty, as is one that
// was given empty.
func (r *Runner) Input(name string) string { return r.library.GetInput(name) }

// Mask keeps the secret out of the log and the summary. Call it before the secret is used for the first time. It masks
// the value, each of its lines, and the encodings that the runner does not derive by itself in every version; the runner
// derives the base64 at other offsets, and the JSON, URI and XML forms. It does not cover digests, parts, or anything
// that is not written through the runner: API bodies and files must not hold the secret in the first place.
func (r *Runner) Mask(secret access.Secret) {
	if !r.Active() || secret.IsZero() {
		return
	}
	value := secret.Reveal()
	masks := []string{value}
	for line := range strings.FieldsFuncSeq(value, func(c rune) bool { return c == '\n' || c == '\r' }) {
		masks = append(masks, strings.TrimSpace(line))
	}
	masks = append(masks, inBase64(value)...)
	masks = append(masks,
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawStdEncoding.EncodeToString([]byte(value)),
		base64.RawURLEncoding.EncodeToString([]byte(value)), hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))),
		url.QueryEscape(value),
	)
	seen := map[string]bool{}
	for _, mask := range masks {
		// The runner complains of an empty mask, in the log.
		if strings.TrimSpace(mask) == "" || seen[mask] {
			continue
		}
		seen[mask] = true
		r.library.AddMask(mask)
	}
}

// inBase64 is what of a value does not depend on what stands around it in a longer text that is encoded, at each of the three offsets and in both
// alphabets. What the runner masks of it ends as if nothing came after. What is short could be anything else, and is left out.
func inBase64(value string) []string {
	var out []string
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range min(3, len(value)) {
			rest := value[shift:]
			if whole := rest[:len(rest)/3*3]; len(whole) >= 9 {
				out = append(out, e.EncodeToString([]byte(whole)))
			}
		}
	}
	return out
}

// Error writes an error annotation: on the file and line where they are known ("" and 0 where not), with a title.
// The runner shows the first ten of a kind in a step.
func (r *Runner) Error(title, file string, line int, message string) {
	r.annotate("error", title, file, line, message)
}

// Warning writes a warning annotation with a title.
func (r *Runner) Warning(title, message string) { r.annotate("warning", title, "", 0, message) }

// Notice writes a notice, an annotation of what is no fault, with a title.
func (r *Runner) Notice(title, message string) { r.annotate("notice", title, "", 0, message) }

func (r *Runner) annotate(kind, title, file string, line int, message string) {
	if !r.Active() {
		return
	}
	properties := githubactions.CommandProperties{}
	if title != "" {
		properties["title"] = cut(legible(oneLine(title)), maxTitle)
	}
	if file != "" {
		properties["file"] = legible(oneLine(file))
		if line > 0 {
			properties["line"] = strconv.Itoa(line)
		}
	}
	// The command escapes what would end it: line breaks and per cent signs, and in properties colons and commas.
	// The message is data here and never a format, which Errorf and its like would take it for.
	r.library.IssueCommand(&githubactions.Command{Name: kind, Message: cut(legible(message), maxMessage), Properties: properties})
}

// Group folds what follows under a title until end is called. end may be called more than once.
func (r *Runner) Group(title string) (end func()) {
	if !r.Active() {
		return func() {}
	}
	r.library.Group(cut(legible(oneLine(title)), maxTitle))
	return sync.OnceFunc(r.library.EndGroup)
}

// Log returns a writer for text that somebody else may have worded: lines that the runner would read as commands are made
// harmless. Give it the writer that New was given where both are standard output: the runner reads a command only at the
// start of a line, and this is how a command knows where one starts. Outside Actions it returns w.
func (r *Runner) Log(w io.Writer) io.Writer {
	if !r.Active() {
		return w
	}
	if same(w, r.stdout) {
		w = plain{r.sink}
	}
	return &guard{w: w, start: true}
}

// same tells whether both are the same writer; comparing values of some types panics.
func same(a, b io.Writer) bool {
	return a != nil && b != nil && reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}

// sink is standard output. As the writer of commands it never fails, because the library panics when it does and nobody
// reads the log then; and it begins a line of its own, without which a mask would not be one.
type sink struct {
	mu    sync.Mutex
	w     io.Writer
	fresh bool // at the start of a line
}

// Write writes a command.
func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fresh {
		_, _ = s.w.Write([]byte("\n"))
	}
	_, _ = s.w.Write(p)
	s.fresh = true
	return len(p), nil
}

// plain writes text to the sink.
type plain struct{ s *sink }

func (t plain) Write(p []byte) (int, error) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	n, err := t.s.w.Write(p)
	if n > 0 {
		t.s.fresh = p[n-1] == '\n'
	}
	return n, err
}

// legible replaces characters that change how what stands around them is shown, or that nobody sees: controls, those that turn the direction of
// writing or end a line, and those without a shape. The guard of Log has the commands of the runner to itself; terminals and pages have these.
func legible(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point):
			return unicode.ReplacementChar
		}
		return c
	}, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
}

// oneLine makes line breaks blanks.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c == '\n' || c == '\r' }), " ")
}

// cut shortens s to at most n UTF-16 code units, which is what the runner counts, and says so at its end.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n { // no string has more code units than bytes
		return s
	}
	units, end := 0, 0
	for i, c := range s {
		if units += utf16.RuneLen(c); units > n {
			return s[:end] + "…"
		}
		if units < n {
			end = i + len(string(c))
		}
	}
	return s
}
