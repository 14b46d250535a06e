package action

// This file keeps the runner from reading commands in text that was not meant as one.
//
// The runner reads "::name …::data" at the start of a line, after blanks, and "##[name …]data" anywhere in a line. It
// splits lines at LF and at CR. It compares by the rules of a culture, by which invisible characters do not count.
// Source: actions/runner, ActionCommand.cs (TryParse, TryParseV2) and OutputManager.cs.

import (
	"io"
	"sync"
)

// guard is a writer that puts a backslash where a command could begin: before a colon that is the first visible thing of
// a line, and before a bracket that follows two hash signs. Blanks, control characters and everything outside ASCII
// count as invisible, so that the culture's rules do not matter. It holds nothing back and needs no line to be whole.
type guard struct {
	mu     sync.Mutex
	w      io.Writer
	start  bool // nothing visible was written in this line
	hashes int  // hash signs just before
}

// Write implements io.Writer. The count is of the bytes of p.
func (g *guard) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]byte, 0, len(p)+2)
	for _, b := range p {
		if g.start && b == ':' || g.hashes >= 2 && b == '[' {
			out = append(out, '\\')
		}
		out = append(out, b)
		switch {
		case b == '\n' || b == '\r':
			g.start, g.hashes = true, 0
		case b == '#':
			g.start = false
			g.hashes++
		case b > ' ' && b < 0x7f:
			g.start, g.hashes = false, 0
		case b == ' ' || b == '\t':
			g.hashes = 0
		}
	}
	if _, err := g.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
