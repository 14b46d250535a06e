package okta

// The transport below the SDK. It is the one place that sends: it adds the credential, bounds the time and the size of each
// request, paces and retries, tells the observer, and turns whatever is not a sound answer into an *Error. It returns
// that as an error, not as a response, so that the SDK's own rules for errors and retries never run: they would send a
// POST again, spin on io.EOF, and drop Okta's error code.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
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
	cred    credential
	observe func(access.Exchange)
	pace    *pace

	userAgent string // of token requests; the SDK sets that of all others
}

func newTransport(c Config, org *url.URL, p *pace) (*transport, error) {
	t := &transport{base: c.Transport, org: org, observe: c.Observe, pace: p, userAgent: c.UserAgent}
	var err error
	t.cred, err = credentialOf(c, org, t.askToken)
	return t, err
}

// wireKey is the context key of a *wire.
type wireKey struct{}

// wire is what the transport saw of a call's last answer, for the caller above the SDK.
type wire struct {
	method, path string
	status       int
	requestID    string
	links        []string // the Link headers, which the SDK does not get to see: it misreads them
	secrets      []string // what may not be in anything that is told of this exchange
}

// outcome is one try: either an answer, with its body read, or an error, with the answer's header if there was one.
type outcome struct {
	answer *http.Response
	err    *Error
	header http.Header
	broken bool // no answer, only a part of one, or a 200 that is none of Okta's
	seen   *wire
	remedy remedy
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
	var tried [remedies]bool
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
		o.err.again = last != nil
		last = o.err
		if o.err.forToken || o.err.unsent {
			return nil, o.err
		}
		if o.remedy != noRemedy && !tried[o.remedy] {
			tried[o.remedy] = true
			try--
			continue
		}
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

// try sends the request once, authorized anew, and gives the turn back.
func (t *transport) try(req *http.Request, body []byte, turn *ticket) outcome {
	auth := http.Header{}
	if req.URL.Path != wellKnown {
		var failed *Error
		if auth, failed = t.cred.authorize(req.Context(), req.Method, req.URL); failed != nil {
			t.pace.leave(turn, 0, nil)
			own := *failed // others may have been given the same one
			return outcome{err: &own}
		}
	}
	o := t.send(req, auth, body, slices.Concat(t.cred.secrets(), secretsOf(auth)))
	t.pace.leave(turn, o.seen.status, o.header)
	t.cred.learn(o.header)
	if len(auth) > 0 && o.header != nil && o.err != nil {
		o.remedy = t.cred.remedy(auth, o.header, o.err)
		t.cred.explain(o.err, o.header)
		o.seen.scrub(o.err) // the advice may quote the header
	}
	if w, ok := req.Context().Value(wireKey{}).(*wire); ok {
		*w = *o.seen
	}
	return o
}

// askToken sends a token request; it is an asker.
func (t *transport) askToken(ctx context.Context, endpoint *url.URL, form url.Values, proof string) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), nil)
	if err != nil {
		return outcome{err: &Error{Method: http.MethodPost, Path: TokenPath, Err: errors.New("the request cannot be made"), unsent: true}}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", t.userAgent)
	own := http.Header{}
	if proof != "" {
		own.Set(proofHeader, proof)
	}
	o := t.send(req, own, []byte(form.Encode()), append(t.cred.secrets(), form.Get("client_assertion"), proof))
	if o.err != nil {
		t.cred.explain(o.err, o.header)
		o.seen.scrub(o.err)
	}
	return o
}

// send sends a request once, with the headers auth, and judges and reports what comes of it, without the secrets.
func (t *transport) send(req *http.Request, auth http.Header, body []byte, secrets []string) outcome {
	ctx, cancel := context.WithTimeout(req.Context(), requestTimeout)
	defer cancel()
	seen := &wire{method: req.Method, path: req.URL.EscapedPath(), secrets: secrets}
	at := time.Now()
	resp, content, err := exchange(t.base, bearing(ctx, req, auth, body))
	o := outcome{broken: err != nil && !errors.Is(err, errTooLarge), seen: seen}
	if resp != nil {
		o.header = resp.Header
		seen.secrets = append(seen.secrets, issued(req.URL.Path, content)...)
		seen.status, seen.requestID = resp.StatusCode, hide(resp.Header.Get("X-Okta-Request-Id"), seen.secrets)
		seen.links = resp.Header.Values("Link")
	}
	switch {
	case err != nil:
		o.err = seen.failure(t.cause(req.Context(), ctx, err))
	default:
		o.err = judge(seen, resp.Header, content)
		o.broken = o.err != nil && seen.status == http.StatusOK
	}
	if o.err != nil {
		seen.scrub(o.err)
	} else {
		o.answer = deliverable(req, resp, content)
	}
	t.report(at, seen, o.err)
	return o
}

// bearing copies the request for one try, with the headers auth.
func bearing(ctx context.Context, req *http.Request, auth http.Header, body []byte) *http.Request {
	out := req.Clone(ctx)
	if body != nil {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	out.Header.Del("Authorization")
	maps.Copy(out.Header, auth)
	return out
}

// errTooLarge says that an answer is larger than maxBody.
var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)

// exchange sends req and reads the answer whole, for as long as the request's context lasts. With an error, the response is
// what came before it, if anything.
func exchange(base http.RoundTripper, req *http.Request) (*http.Response, []byte, error) {
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols { // nothing asked for it: its body is the connection, and has no end
		return resp, nil, nil
	}
	stop := context.AfterFunc(req.Context(), func() { _ = resp.Body.Close() })
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if !stop() && err == nil { // closed meanwhile: it may have more
		err = req.Context().Err()
	}
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
	return &Error{
		Method: w.method, Path: w.path, Status: w.status, RequestID: w.requestID, Err: err,
		forToken: w.method == http.MethodPost && w.path == TokenPath,
	}
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

// scrub takes the secrets out of an error, should a server or a proxy have echoed one.
func (w *wire) scrub(e *Error) {
	for _, field := range []*string{&e.Code, &e.Summary, &e.ErrorID, &e.RequestID, &e.Path, &e.Advice} {
		*field = hide(*field, w.secrets)
	}
	for i := range e.Causes {
		e.Causes[i] = hide(e.Causes[i], w.secrets)
	}
	if e.Err == nil {
		return
	}
	text := e.Err.Error()
	if slices.ContainsFunc(w.secrets, func(s string) bool { return s != "" && strings.Contains(text, s) }) {
		e.Err = errors.New(hide(text, w.secrets))
	}
}

// report tells the observer of one try.
func (t *transport) report(at time.Time, seen *wire, e *Error) {
	if t.observe == nil {
		return
	}
	x := access.Exchange{At: at, Method: seen.method, Path: hide(seen.path, seen.secrets), Status: seen.status, RequestID: seen.requestID}
	if e != nil {
		x.Error = e.observed()
	}
	t.observe(x)
}
