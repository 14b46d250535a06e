//go:build witness

// Writes down what the org answered, one JSON line an exchange, for the module in witness/ to hold against Okta's own
// OpenAPI document. The lines go into a file of the process's own in the folder $STEPDOWN_WITNESS_DIR; without it,
// nothing is written. Each line is written whole at once, so that a killed process leaves at most its last one short.
// No secret is written: see redact_witness.go.

package oktaemu

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
)

// exchange is a line of the record. Bodies that are neither JSON nor forms are left out.
type exchange struct {
	Method   string            `json:"method"`
	Route    string            `json:"route"` // as in the route table; empty for what is not in it
	Target   string            `json:"target"`
	Agent    string            `json:"agent"`
	Scheme   string            `json:"scheme"` // of Authorization
	SentType string            `json:"sentType"`
	Sent     json.RawMessage   `json:"sent,omitempty"` // JSON, or a form as an object of arrays
	Status   int               `json:"status"`
	Header   map[string]string `json:"header"` // lines of one name are joined by newlines
	Body     json.RawMessage   `json:"body,omitempty"`
	Bytes    int               `json:"bytes"` // length of the answer's body
}

// tape is the file of this process and what is in it already. It is the one state of the package: files belong to
// processes, not to orgs.
type tape struct {
	mu   sync.Mutex
	file *os.File
	seen map[[sha256.Size]byte]bool
}

var openTape = sync.OnceValue(func() *tape {
	dir := os.Getenv("STEPDOWN_WITNESS_DIR")
	if dir == "" {
		return nil
	}
	file, err := os.CreateTemp(dir, "exchanges-*.jsonl")
	if err != nil {
		panic("oktaemu: opening the record of exchanges: " + err.Error())
	}
	return &tape{file: file, seen: map[[sha256.Size]byte]bool{}}
})

// witness writes the exchange down unless a fault made the answer: that is then the test's and not the emulator's.
func (o *Org) witness(r *http.Request, body []byte, f *fault, out reply) {
	t := openTape()
	if t == nil || f.Status != 0 || f.Truncate || len(f.Header) > 0 {
		return
	}
	t.write(o.exchange(r, body, out))
}

// exchange is what is written of a request and its answer.
func (o *Org) exchange(r *http.Request, body []byte, out reply) exchange {
	e := exchange{
		Method: r.Method, Target: redactTarget(r.URL), Agent: r.UserAgent(), SentType: mediaType(r.Header), Status: out.status,
		Header: keptHeader(out.header), Body: redactJSON(out.body), Bytes: len(out.body),
	}
	e.Scheme, _, _ = strings.Cut(r.Header.Get("Authorization"), " ")
	e.Sent = redactSent(e.SentType, body)
	if found, ok := match(o.routes, &call{r: r}); ok {
		e.Route = found.path
	}
	return e
}

// write adds the exchange unless one like it, but for times and counters of the headers, is there.
func (t *tape) write(e exchange) {
	header := e.Header
	e.Header = map[string]string{"Content-Type": header["Content-Type"], "Link": header["Link"]}
	key := sha256.Sum256(line(e))
	e.Header = header
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen[key] {
		return
	}
	t.seen[key] = true
	if _, err := t.file.Write(line(e)); err != nil {
		panic("oktaemu: writing the record of exchanges: " + err.Error())
	}
}

func line(e exchange) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic("oktaemu: an exchange is not JSON: " + err.Error()) // its bodies were decoded before
	}
	return out.Bytes()
}

// keptHeader keeps the headers that a client acts on, and no cookies.
func keptHeader(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range []string{
		"Cache-Control", "Content-Type", "Date", "Link", "Www-Authenticate", "X-Okta-Request-Id",
		"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset",
	} {
		if values := h[name]; len(values) > 0 {
			out[name] = strings.Join(values, "\n")
		}
	}
	return out
}

func mediaType(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
