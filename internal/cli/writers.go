package cli

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// plainText writes text that somebody else may have worded: of the characters that a terminal obeys, only line ends and
// tabs get through, and of those that nobody sees none. That nobody reads any more is not an error: the work is worth more than its description.
type plainText struct{ w io.Writer }

func (p plainText) Write(data []byte) (int, error) {
	_, err := io.WriteString(p.w, strings.Map(printable, string(data)))
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		return 0, err
	}
	return len(data), nil
}

// printable replaces control characters, those that turn the direction of text, and those without a shape, by which two names look
// alike. Broken UTF-8 becomes a replacement
// character by itself.
func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point):
		return unicode.ReplacementChar
	}
	return r
}

// oneLine keeps text that somebody else worded from beginning a line of its own.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

// relay writes in the background, so that a reader which has stopped reading, a terminal that was halted, or a full pipe
// cannot keep an account elevated. What does not fit into its queue is dropped.
type relay struct {
	queue chan []byte
	done  chan struct{}
}

// relayQueue is how many writes wait at the most: more than a window's narration has.
const relayQueue = 4096

func newRelay(w io.Writer) *relay {
	r := &relay{queue: make(chan []byte, relayQueue), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for data := range r.queue {
			_, _ = w.Write(data)
		}
	}()
	return r
}

func (r *relay) Write(data []byte) (int, error) {
	select {
	case r.queue <- append([]byte(nil), data...):
	default:
	}
	return len(data), nil
}

// close ends the relay when all is written, or after patience at the latest.
func (r *relay) close(patience time.Duration) {
	close(r.queue)
	select {
	case <-r.done:
	case <-time.After(patience):
	}
}
