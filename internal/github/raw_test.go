package github

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// raw is a server that answers what it is told to, right or wrong.
type raw struct {
	mu      sync.Mutex
	answers map[string][]string
	sent    []string // method, path and query, and the body where there is one
	header  func(r *http.Request) http.Header
}

const repo = "/repos/acme/okta-access"

var (
	shaA, shaB, shaC = strings.Repeat("a", 40), strings.Repeat("b", 40), strings.Repeat("c", 40)
	zero             = strings.Repeat("0", 40)
)

// serve answers each route, "GET /pulls" below the repository's or an absolute one such as "GET //user", with the answers in
// turn, the last one for ever: a body, with its status in front if it is not 200, or "drop" to end the connection. What is not
// there is 501.
func serve(t *testing.T, answers map[string][]string) (*raw, *Client) {
	t.Helper()
	s := &raw{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, connect(t, server.URL, testToken)
}

func (s *raw) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+strings.TrimSpace(string(body))))
	var header http.Header
	if s.header != nil {
		header = s.header(r) // which may also put the answer into the queue
	}
	route := r.Method + " /" + r.URL.EscapedPath()
	if below, ok := strings.CutPrefix(r.URL.EscapedPath(), repo); ok {
		route = r.Method + " " + below
	}
	queue := s.answers[route]
	if len(queue) == 0 {
		http.Error(w, `{"message":"unknown `+route+`"}`, http.StatusNotImplemented)
		return
	}
	if len(queue) > 1 {
		s.answers[route] = queue[1:]
	}
	answer, status := queue[0], http.StatusOK
	if answer == "drop" {
		panic(http.ErrAbortHandler)
	}
	if m := regexp.MustCompile(`^(\d{3}) `).FindString(answer); m != "" {
		status, _ = strconv.Atoi(strings.TrimSpace(m))
		answer = answer[len(m):]
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// requests returns what was sent, without the repository's prefix.
func (s *raw) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.sent {
		out = append(out, strings.Replace(r, repo, "", 1))
	}
	return out
}

// count returns how many requests began so.
func (s *raw) count(prefix string) int {
	n := 0
	for _, r := range s.requests() {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

func one(answer string) []string { return []string{answer} }

func quote(format string, args ...any) []string { return one(fmt.Sprintf(format, args...)) }
