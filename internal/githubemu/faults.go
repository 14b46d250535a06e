package githubemu

// This file makes requests go wrong on purpose, and remembers what was asked.

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Fault makes matching requests go wrong. What happens first is what is listed first: Delay, DropBefore, Status, DropAfter,
// Truncate. A write that DropBefore or Status stops has no effect; with DropAfter or AfterEffect it has.
type Fault struct {
	Method string // any where empty
	// Path is a pattern of path.Match over the URL's path, such as "/repos/*/*/pulls/7", or a prefix of the path.
	// Empty matches all.
	Path  string
	Skip  int // lets that many matching requests pass first
	Count int // for how many matching requests it lasts; 0 is for ever

	Delay      time.Duration
	DropBefore bool // the connection ends before anything is done
	Status     int  // answered instead of the real answer
	Body       string
	// AfterEffect lets the request take effect before Status is answered, as a gateway that lost patience does.
	AfterEffect bool
	Header      http.Header // added to the answer, real or not; an empty value removes the header
	DropAfter   bool        // the connection ends before anything is answered
	Truncate    bool        // the headers promise the whole body, half of it follows
}

// Request is a request that was answered, or dropped.
type Request struct {
	Method string
	Path   string // with the query
	Status int    // 0 where the connection was dropped
	Token  int    // which of the tokens that Apps have made it came with, from 1; 0 for none of them
}

// Inject adds faults. The first one that matches a request is the one that acts.
func (h *Hub) Inject(faults ...Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range faults {
		h.faults = append(h.faults, &f)
	}
}

// ClearFaults removes all faults.
func (h *Hub) ClearFaults() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = nil
}

// Requests returns what was asked so far, in order.
func (h *Hub) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// fault returns the fault that acts on the request, with its counters moved on. The caller holds the lock.
func (h *Hub) fault(r *http.Request) Fault {
	for i, f := range h.faults {
		if f.Method != "" && f.Method != r.Method || !f.matches(r.URL.Path) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		acting := *f
		if f.Count > 0 {
			if f.Count--; f.Count == 0 {
				h.faults = slices.Delete(h.faults, i, i+1)
			}
		}
		return acting
	}
	return Fault{}
}

func (f *Fault) matches(p string) bool {
	ok, err := path.Match(f.Path, p)
	return err == nil && ok || strings.HasPrefix(p, f.Path)
}

// answer is what will be sent.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send writes the answer as the fault has it.
func (f Fault) send(w http.ResponseWriter, a answer) {
	if f.DropAfter {
		panic(http.ErrAbortHandler)
	}
	for name, values := range f.Header {
		a.header[name] = values
		if len(values) == 1 && values[0] == "" {
			delete(a.header, name)
		}
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	body := a.body
	if f.Truncate {
		body = body[:len(body)/2]
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
	if f.Truncate {
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}
