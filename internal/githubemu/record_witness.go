//go:build witness

// Writes down what the repository answered, one JSON line an exchange, for internal/oktaemu/witness to hold against
// GitHub's own OpenAPI document, and beside it which routes there are. The lines go into a file of the process's own in
// the folder $STEPDOWN_HUB_WITNESS_DIR; without it, nothing is written. Credentials are in none of what is written.

package githubemu

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// exchange is a line of the record, as the program that reads it has it.
type exchange struct {
	Method   string            `json:"method"`
	Route    string            `json:"route"` // as in the route table; empty for what is not in it
	Target   string            `json:"target"`
	Agent    string            `json:"agent"`
	SentType string            `json:"sentType"`
	Sent     json.RawMessage   `json:"sent,omitempty"`
	Status   int               `json:"status"`
	Header   map[string]string `json:"header"`
	Body     json.RawMessage   `json:"body,omitempty"`
	Bytes    int               `json:"bytes"` // length of the answer's body
}

// tape is the file of this process and what is in it already. It is the one state of the package: files belong to
// processes, not to repositories.
type tape struct {
	mu   sync.Mutex
	file *os.File
	seen map[[sha256.Size]byte]bool
}

var openTape = sync.OnceValue(func() *tape {
	dir := os.Getenv("STEPDOWN_HUB_WITNESS_DIR")
	if dir == "" {
		return nil
	}
	var list strings.Builder
	for _, r := range routes() {
		list.WriteString(r.method + " " + documented(r) + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "routes.txt"), []byte(list.String()), 0o644); err != nil {
		panic("githubemu: writing the routes: " + err.Error())
	}
	file, err := os.CreateTemp(dir, "exchanges-*.jsonl")
	if err != nil {
		panic("githubemu: opening the record of exchanges: " + err.Error())
	}
	return &tape{file: file, seen: map[[sha256.Size]byte]bool{}}
})

// documented is the route's path as GitHub writes it, which has one variable for what is several segments here.
func documented(r route) string {
	return strings.NewReplacer("/ref/heads/{branch}", "/ref/{ref}", "/refs/heads/{branch}", "/refs/{ref}").Replace(r.pattern())
}

// pattern is the whole path, as GitHub's documentation writes it.
func (r route) pattern() string {
	if r.path == "" {
		return r.scope
	}
	return r.scope + "/" + strings.NewReplacer("...}", "}", "{#", "{").Replace(r.path)
}

// witness writes the exchange down unless a fault made the answer: that is then the test's and not the emulator's.
func (h *Hub) witness(r *http.Request, sent []byte, f Fault, a answer) {
	t := openTape()
	if t == nil || f.Status != 0 || f.Truncate || f.DropBefore || len(f.Header) > 0 {
		return
	}
	t.write(h.exchange(r, sent, a))
}

// exchange is what is written of a request and its answer. The target is as GitHub's document has it: a reference and a
// path are one segment, and the repository goes by its name.
func (h *Hub) exchange(r *http.Request, sent []byte, a answer) exchange {
	e := exchange{
		Method: r.Method, Target: r.URL.EscapedPath(), Agent: r.UserAgent(), SentType: "application/json", Sent: asJSON(sent),
		Status: a.status, Header: map[string]string{}, Body: asJSON(h.withoutTokens(a.body)), Bytes: len(a.body),
	}
	for _, name := range []string{"Content-Type", "Link"} {
		e.Header[name] = a.header.Get(name)
	}
	if segments, err := pathSegments(r.URL); err == nil {
		scope, rest, _ := h.scope(segments)
		if found, vars, ok := h.find(r.Method, scope, rest); ok {
			e.Route, e.Target = documented(found), h.filled(found, vars)
		}
	}
	if r.URL.RawQuery != "" {
		e.Target += "?" + r.URL.RawQuery
	}
	return e
}

// filled fills the route's path with what the request has.
func (h *Hub) filled(r route, vars map[string]string) string {
	var out []string
	for part := range strings.SplitSeq(r.path, "/") {
		name, open := strings.CutPrefix(strings.TrimSuffix(strings.TrimSuffix(part, "}"), "..."), "{")
		if open {
			part = url.PathEscape(vars[strings.TrimPrefix(name, "#")])
		}
		if n := len(out); n > 0 && out[n-1] == "heads" {
			out[n-1] += "%2F" + part
			continue
		}
		out = append(out, part)
	}
	path := strings.Join(out, "/")
	if r.path == "contents" {
		path += "/." // the root, which has no name in the document
	}
	if r.scope != inRepository {
		return "/" + path
	}
	return strings.TrimSuffix("/repos/"+h.opts.Repository+"/"+path, "/")
}

// withoutTokens takes the tokens that Apps have made out of an answer.
func (h *Hub) withoutTokens(body []byte) []byte {
	for _, value := range h.made {
		body = bytes.ReplaceAll(body, []byte(value), []byte("ghs_withheld"))
	}
	return body
}

func asJSON(text []byte) json.RawMessage {
	text = bytes.TrimSpace(text)
	if !json.Valid(text) {
		return nil
	}
	return text
}

// write adds the exchange unless it is there.
func (t *tape) write(e exchange) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic("githubemu: an exchange is not JSON: " + err.Error())
	}
	key := sha256.Sum256(line.Bytes())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen[key] {
		return
	}
	t.seen[key] = true
	if _, err := t.file.Write(line.Bytes()); err != nil {
		panic("githubemu: writing the record of exchanges: " + err.Error())
	}
}
