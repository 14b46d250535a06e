package elevation_test

// What can go wrong with one request, and the wire on which it does.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The sides of a wire, and how it can go wrong.
const (
	toOkta   = "okta"
	toGitHub = "github"

	diesBefore    = "dies before it is sent"
	diesAfter     = "dies after its effect"
	cancelled     = "is cancelled, and killed 10 s later"
	fails         = "500 without effect"
	failsAfter    = "500 after its effect"
	rateLimited   = "429"
	forbidden     = "403"
	hangs         = "no answer, without effect"
	hangsAfter    = "no answer, after its effect"
	resets        = "reset before its effect"
	resetsAfter   = "reset after its effect"
	breaksOff     = "half of an answer"
	late          = "takes effect 40 s late"
	stale         = "from it on, reads are 20 s old for a minute"
	down          = "from it on, that side answers nothing for 90 s"
	lockedOut     = "from it on, that side answers 403 for good"
	panics        = "panics"
	never         = "" // nothing goes wrong
	lateEffect    = 40 * time.Second
	staleBy       = 20 * time.Second
	staleFor      = time.Minute
	downFor       = 90 * time.Second
	graceOfRunner = 10 * time.Second // between the runner's signal and its kill; github-actions-facts.md, section 1
)

func everything() []string {
	return []string{diesBefore, diesAfter, cancelled, fails, failsAfter, rateLimited, forbidden, hangs, hangsAfter, resets, resetsAfter, breaksOff, late, stale, down, lockedOut, panics}
}

// mishap is what goes wrong at one request.
type mishap struct {
	at   int // its number, from 1
	what string
}

// fateful carries the requests of one process to both servers, and lets mishaps happen to it.
type fateful struct {
	servers map[string]http.Handler
	onStale func(time.Duration)
	cancel  context.CancelFunc // ends the run as a signal does

	mu      sync.Mutex
	plan    []mishap
	count   int
	sent    []string
	dead    bool
	downTil map[string]time.Time // by side
	locked  map[string]bool
	reached int // how many of the mishaps happened
}

// side is the transport to one of the servers.
type side struct {
	*fateful
	to string
}

func (s side) RoundTrip(req *http.Request) (*http.Response, error) {
	what, err := s.step(req)
	if err != nil {
		return nil, err
	}
	switch what {
	case cancelled:
		s.cancel()
		time.AfterFunc(graceOfRunner, s.die)
	case stale:
		s.onStale(staleBy)
		time.AfterFunc(staleFor, func() { s.onStale(0) })
	case diesBefore:
		s.die()
	case fails:
		return s.refusal(req, http.StatusInternalServerError), nil
	case rateLimited:
		return s.refusal(req, http.StatusTooManyRequests), nil
	case forbidden:
		return s.refusal(req, http.StatusForbidden), nil
	case panics:
		panic("something that nobody thought of")
	case resets:
		return nil, syscall.ECONNRESET
	case hangs:
		return nil, ended(req)
	case late:
		received := receive(req.Clone(context.Background()))
		time.AfterFunc(lateEffect, func() { s.servers[s.to].ServeHTTP(httptest.NewRecorder(), received) })
		return nil, io.ErrUnexpectedEOF
	}
	if s.isDead() {
		return nil, errDead
	}
	recorder := httptest.NewRecorder()
	s.servers[s.to].ServeHTTP(recorder, receive(req))
	switch what {
	case diesAfter:
		s.die()
	case failsAfter:
		return s.refusal(req, http.StatusInternalServerError), nil
	case resetsAfter:
		return nil, syscall.ECONNRESET
	case hangsAfter:
		return nil, ended(req)
	}
	resp := recorder.Result()
	resp.Request = req
	if what == breaksOff {
		body, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{}))
	}
	if s.isDead() {
		return nil, errDead
	}
	return resp, nil
}

// step counts the request and returns what goes wrong with it.
func (s side) step(req *http.Request) (string, error) {
	if err := req.Context().Err(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return "", errDead
	}
	if time.Now().Before(s.downTil[s.to]) {
		return "", syscall.ECONNREFUSED
	}
	if s.locked[s.to] {
		return forbidden, nil
	}
	s.count++
	s.sent = append(s.sent, s.to+" "+req.Method+" "+req.URL.Path)
	for _, m := range s.plan {
		if m.at == s.count {
			s.reached++
			switch m.what {
			case down:
				s.downTil[s.to] = time.Now().Add(downFor)
				return "", syscall.ECONNREFUSED
			case lockedOut:
				s.locked[s.to] = true
				return forbidden, nil
			}
			return m.what, nil
		}
	}
	return never, nil
}

func (f *fateful) die() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
}

func (f *fateful) isDead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// refusal is an answer of that status, in the words of the side.
func (s side) refusal(req *http.Request, status int) *http.Response {
	body := fmt.Sprintf(`{"errorCode":"E0000%03d","errorSummary":"x","errorLink":"","errorId":"oae1","errorCauses":[]}`, map[int]int{500: 9, 429: 47, 403: 6}[status])
	header := http.Header{"Content-Type": {"application/json"}, "X-Okta-Request-Id": {"r1"}, "X-Rate-Limit-Limit": {"600"}, "X-Rate-Limit-Remaining": {"0"}, "X-Rate-Limit-Reset": {strconv.FormatInt(time.Now().Add(2*time.Second).Unix(), 10)}}
	if s.to == toGitHub {
		body = `{"message":"x","documentation_url":"https://docs.github.com/rest"}`
		header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		if status == http.StatusTooManyRequests {
			header.Set("Retry-After", "2")
		}
	}
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// ended waits until the client gives up.
func ended(req *http.Request) error {
	<-req.Context().Done()
	return req.Context().Err()
}

// receive makes of a request what a server gets.
func receive(req *http.Request) *http.Request {
	received := req.Clone(req.Context())
	if req.Body != nil { // what a late effect needs is read now
		body, _ := io.ReadAll(req.Body)
		received.Body = io.NopCloser(bytes.NewReader(body))
	} else {
		received.Body = http.NoBody
	}
	received.RequestURI, received.Host = req.URL.RequestURI(), req.URL.Host
	return received
}

// broken is the rest of a body whose connection ended.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// guard turns the panic with which a server closes a connection into an error.
type guard struct{ http.RoundTripper }

func (g guard) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			resp, err = nil, io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	return g.RoundTripper.RoundTrip(req)
}
