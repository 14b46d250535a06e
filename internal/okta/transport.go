package okta

// The transport below the SDK. It is the one place that sends: it adds the token, bounds the time and the size of each
// request, paces and retries, tells the observer, and turns whatever is not a sound answer into an *Error. It returns
// that as an error, not as a response, so that the SDK's own rules for errors and retries never run: they would send a
// POST again, spin on io.EOF, and drop Okta's error code.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// requestTimeout bounds one try, with its answer. Okta gives up on a query of the System Log after 30 s.
	requestTimeout = 40 * time.Second
	// maxBody bounds an answer. The largest pages, of the System Log, have a few MiB.
	maxBody = 32 << 20
	// wellKnown is answered to anybody, so the token is not sent there.
	wellKnown = "/.well-known/okta-organization"
)

type transport struct {
	base    http.RoundTripper
	org     *url.URL
	token   access.Secret
	observe func(access.Exchange)
	pace    *pace
}

func newTransport(base http.RoundTripper, org *url.URL, token access.Secret, observe func(access.Exchange), p *pace) *transport {
	return &transport{base: base, org: org, token: token, observe: observe, pace: p}
}

// wireKey is the context key of a *wire.
type wireKey struct{}

// wire is what the transport saw of a call's last answer, for the caller above the SDK.
type wire struct {
	method, path string
	status       int
	requestID    string
	links        []string // the Link headers, which the SDK does not get to see: it misreads them
}

// outcome is one try: either an answer, with its body read, or an error, with the answer's header if there was one.
type outcome struct {
	answer *http.Response
	err    *Error
	header http.Header
	broken bool // no answer, only a part of one, or a 200 that is none of Okta's
}

// RoundTrip implements http.RoundTripper. Its errors are *Error.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := takeBody(req)
	if err == nil && (req.URL.Scheme != t.org.Scheme || req.URL.Host != t.org.Host) {
		err = fmt.Errorf("the request is for another host, %q", req.URL.Host)
	}
	if err != nil {
		return nil, &Error{Method: req.Method, Path: req.URL.EscapedPath(), Err: err, unsent: true}
	}
	var last *Error
	for try := 1; ; try++ {
		turn, err := t.pace.enter(req.Context(), req.Method, req.URL.Path)
		switch {
		case err != nil && last == nil:
			return nil, &Error{Method: req.Method, Path: req.URL.EscapedPath(), Err: err, unsent: true}
		case err != nil:
			last.Err = err
			return nil, last
		}
		o := t.try(req, body, turn)
		if o.err == nil {
			return o.answer, nil
		}
		last = o.err
		wait, again := retryAfter(req.Method, try, o)
		if !again || !fits(req.Context(), wait) {
			return nil, o.err
		}
		if err := sleep(req.Context(), wait); err != nil {
			o.err.Err = err
			return nil, o.err
		}
	}
}

// takeBody reads and closes the request's body, as a RoundTripper must.
func takeBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// try sends the request once.
func (t *transport) try(req *http.Request, body []byte, turn *ticket) outcome {
	ctx, cancel := context.WithTimeout(req.Context(), requestTimeout)
	defer cancel()
	seen := &wire{method: req.Method, path: req.URL.EscapedPath()}
	at := time.Now()
	resp, content, err := exchange(t.base, t.authorized(ctx, req, body))
	o := outcome{broken: err != nil && !errors.Is(err, errTooLarge)}
	if resp != nil {
		o.header = resp.Header
		seen.status, seen.requestID = resp.StatusCode, t.clean(resp.Header.Get("X-Okta-Request-Id"))
		seen.links = resp.Header.Values("Link")
	}
	t.pace.leave(turn, seen.status, o.header)
	switch {
	case err != nil:
		o.err = seen.failure(t.cause(req.Context(), ctx, err))
	default:
		o.err = judge(seen, resp.Header, content)
		o.broken = o.err != nil && seen.status == http.StatusOK
	}
	if o.err != nil {
		t.scrub(o.err)
	} else {
		o.answer = deliverable(req, resp, content)
	}
	t.report(at, seen, o.err)
	if w, ok := req.Context().Value(wireKey{}).(*wire); ok {
		*w = *seen
	}
	return o
}

// authorized copies the request for one try, with the token.
func (t *transport) authorized(ctx context.Context, req *http.Request, body []byte) *http.Request {
	out := req.Clone(ctx)
	if body != nil {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	out.Header.Del("Authorization")
	if req.URL.Path != wellKnown {
		out.Header.Set("Authorization", "SSWS "+t.token.Reveal())
	}
	return out
}

// errTooLarge says that an answer is larger than maxBody.
var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)

// exchange sends req and reads the answer whole. With an error, the response is what came before it, if anything.
func exchange(base http.RoundTripper, req *http.Request) (*http.Response, []byte, error) {
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return resp, nil, fmt.Errorf("the answer was cut off: %w", err)
	}
	if len(content) > maxBody {
		return resp, nil, errTooLarge
	}
	return resp, content, nil
}

// deliverable is the answer as the SDK gets it: with a body in memory, and without Link headers.
func deliverable(req *http.Request, resp *http.Response, content []byte) *http.Response {
	out := *resp
	out.Header = resp.Header.Clone()
	out.Header.Del("Link")
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	out.Request = req
	return &out
}

// failure makes an error of what the wire had.
func (w *wire) failure(err error) *Error {
	return &Error{Method: w.method, Path: w.path, Status: w.status, RequestID: w.requestID, Err: err}
}

// cause says why there is no answer. The end of the caller's context stays recognisable; that of the try's own
// deadline must not look like it; and io.EOF is taken away, because the SDK would send the request again at once.
func (t *transport) cause(callers, own context.Context, err error) error {
	switch {
	case callers.Err() != nil:
		return callers.Err()
	case own.Err() != nil:
		return fmt.Errorf("none came within %v", requestTimeout)
	case errors.Is(err, io.EOF):
		return errors.New("the connection was closed: " + err.Error())
	}
	return err
}

// scrub takes the token out of an error, should a server or a proxy have echoed it.
func (t *transport) scrub(e *Error) {
	for _, field := range []*string{&e.Code, &e.Summary, &e.ErrorID, &e.RequestID, &e.Path} {
		*field = t.clean(*field)
	}
	for i := range e.Causes {
		e.Causes[i] = t.clean(e.Causes[i])
	}
	if e.Err != nil && strings.Contains(e.Err.Error(), t.token.Reveal()) {
		e.Err = errors.New(t.clean(e.Err.Error()))
	}
}

// clean returns s as one printable line without the token.
func (t *transport) clean(s string) string {
	return oneLine(strings.ReplaceAll(s, t.token.Reveal(), t.token.String()))
}

// report tells the observer of one try.
func (t *transport) report(at time.Time, seen *wire, e *Error) {
	if t.observe == nil {
		return
	}
	x := access.Exchange{At: at, Method: seen.method, Path: t.clean(seen.path), Status: seen.status, RequestID: seen.requestID}
	if e != nil {
		x.Error = e.observed()
	}
	t.observe(x)
}
