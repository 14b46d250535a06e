package okta

// What the tests share: a client of a server on loopback, or of a transport in memory for tests under synctest.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
)

// testToken looks like an API token and is searched for wherever it may not be.
const testToken = "00planted-SECRET-token-value-0123456789abc"

// requestLog keeps what a server got.
type requestLog struct {
	mu    sync.Mutex
	lines []string
	reqs  []*http.Request
}

func (l *requestLog) add(r *http.Request, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+body))
	l.reqs = append(l.reqs, r)
}

func (l *requestLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lines)
}

// serve starts a server and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc, opts ...func(*Config)) (*Client, *requestLog) {
	t.Helper()
	log := &requestLog{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		log.add(r, string(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return clientOf(t, server.URL, opts...), log
}

func clientOf(t *testing.T, orgURL string, opts ...func(*Config)) *Client {
	t.Helper()
	config := Config{Transport: http.DefaultTransport, OrgURL: orgURL, Token: access.NewSecret(testToken), UserAgent: "stepdown/test"}
	for _, o := range opts {
		o(&config)
	}
	c, err := New(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// always answers every request alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, status, body) }
}

// routes answers by method and path; "%s" in a body becomes the server's URL. Another request fails the test.
func routes(t *testing.T, table map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, ok := table[r.Method+" "+r.URL.RequestURI()]
		if !ok {
			t.Errorf("unexpected request %s %s", r.Method, r.URL.RequestURI())
			answer(w, 501, `{}`)
			return
		}
		answer(w, 200, strings.ReplaceAll(body, "ORG", "http://"+r.Host))
	}
}

// memory is a transport without a network.
type memory func(*http.Request) (*http.Response, error)

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) { return m(r) }

// canned makes a response; headers come in pairs.
func canned(status int, body string, headers ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// mustFail returns the *Error in err.
func mustFail(t *testing.T, err error) *Error {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("no *Error in %v", err)
	}
	if e.Op == "" || !strings.HasPrefix(err.Error(), e.Op+": okta: ") {
		t.Errorf("error %q does not begin with what was being done (%q)", err, e.Op)
	}
	if strings.Contains(err.Error(), testToken) || strings.Contains(fmt.Sprintf("%+v", e), testToken) {
		t.Errorf("the token is in the error: %v", err)
	}
	return e
}

// errOf is the error of a call whose result does not matter.
func errOf[T any](_ T, err error) error { return err }
