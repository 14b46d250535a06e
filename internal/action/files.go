package action

// This file writes the files that the runner reads after the step: outputs, state and the step summary.

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
)

// maxSummary is the size up to which the runner takes a step's summary, in bytes; it drops a larger one whole.
// Source: actions/runner, FileCommandManager.cs.
const maxSummary = 1 << 20

// summaryNote ends a summary that was cut.
const summaryNote = "\n\n**This summary was cut: a step may write 1 MiB.** The whole is in the report directory.\n"

// SetOutput sets an output of the step. The value is a single line and no secret: outputs are not masked everywhere, and
// the runner drops one that a mask would change. Outside Actions, where GITHUB_OUTPUT is not set, it does nothing.
func (r *Runner) SetOutput(name, value string) error {
	return r.set("output", "GITHUB_OUTPUT", name, value)
}

// SaveState keeps a value for the post step of the same action; see State. It is a single line and no secret: the runner
// shows state in debug logs. Save it before the effect that it is about: what is on disk is kept even when the step is
// killed. Outside Actions, where GITHUB_STATE is not set, it does nothing.
func (r *Runner) SaveState(name, value string) error {
	return r.set("state", "GITHUB_STATE", name, value)
}

// State returns what the main step saved under the name, or "". It is empty in a post step that a local runner such as
// act starts: the ledger is what a post step can rely on.
func (r *Runner) State(name string) string { return r.getenv("STATE_" + name) }

func (r *Runner) set(kind, variable, name, value string) error {
	fail := func(err error) error { return fmt.Errorf("setting %s %q: %w", kind, name, err) }
	if !isName(name) {
		return fail(errors.New("the name has characters other than letters, digits, - and _"))
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		return fail(errors.New("the value has more than one line"))
	}
	path := r.getenv(variable)
	if path == "" {
		if r.Active() {
			return fail(fmt.Errorf("%s is not set", variable))
		}
		return nil
	}
	// The value cannot end the block: it would have to hold what was drawn after it was given, on a line of its own.
	delimiter := "ghadelimiter_" + rand.Text()
	if strings.Contains(value, delimiter) || strings.Contains(name, delimiter) {
		return fail(errors.New("the value holds the delimiter"))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := appendTo(path, fmt.Appendf(nil, "%s<<%s\n%s\n%s\n", name, delimiter, value, delimiter)); err != nil {
		return fail(err)
	}
	return nil
}

// Summary adds Markdown to the step's summary. What would go beyond the runner's limit is cut at the end of a line, and a
// note says so; after that nothing more is added. Outside Actions, where GITHUB_STEP_SUMMARY is not set, it does nothing.
func (r *Runner) Summary(markdown []byte) error {
	path := r.getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		if r.Active() {
			return errors.New("writing the step summary: GITHUB_STEP_SUMMARY is not set")
		}
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.summaryCut || len(markdown) == 0 {
		return nil
	}
	written := 0
	if info, err := os.Stat(path); err == nil {
		written = int(min(info.Size(), maxSummary))
	}
	text, wasCut := fit(markdown, maxSummary-written)
	r.summaryCut = wasCut
	if len(text) == 0 {
		return nil
	}
	if err := appendTo(path, text); err != nil {
		return fmt.Errorf("writing the step summary: %w", err)
	}
	return nil
}

// fit returns the Markdown with a line end, or as many of its lines as leave room for the note. A code block that the cut
// opened is closed.
func fit(markdown []byte, room int) (text []byte, wasCut bool) {
	const fence = "```\n"
	if !bytes.HasSuffix(markdown, []byte("\n")) {
		markdown = append(bytes.Clone(markdown), '\n')
	}
	// Room for the note stays free, so that a later call which does not fit can still say so.
	if len(markdown) <= room-len(summaryNote)-len(fence) {
		return markdown, false
	}
	kept := markdown[:max(0, min(len(markdown), room-len(summaryNote)-len(fence)))]
	kept = bytes.Clone(kept[:bytes.LastIndexByte(kept, '\n')+1])
	open := false
	for line := range bytes.Lines(kept) {
		open = open != bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("```"))
	}
	if open {
		kept = append(kept, fence...)
	}
	if kept = append(kept, summaryNote...); len(kept) > room {
		return nil, true
	}
	return kept, true
}

// appendTo adds the bytes to the file in one write.
func appendTo(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(data)
	return err
}

// isName tells whether the runner takes the name of an output or of state literally.
func isName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}
