package github

// This file carries requests: it asks for the token of each and sets it for one origin only, reads answers whole, sends again what may be sent
// again (retry.go), and waits for rate limits, each within bounds and the context.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	attemptTimeout = 30 * time.Second // of one attempt, body included
	maxBody        = 32 << 20         // bytes; a page of changed files with their patches is the largest answer
)

// transport implements http.RoundTripper for GET, POST and PATCH. Every answer that it returns has status 200, or 201 to a
// write, and its whole body in memory; every other answer is an *Error.
type transport struct {
	base         http.RoundTripper
	scheme, host string
	tokens       tokens
}

// tokens give each request its token.
type tokens interface {
	// token returns what to send a request with. It may have to get it first, and gives up on that with ctx.
	token(ctx context.Context) (access.Secret, error)
	// another is told that GitHub answered 401 to a token, and tells whether the request may be sent again with what token returns
	// then. It may wait before it does.
	another(ctx context.Context, refused access.Secret) bool
}

// given is a token that somebody gave: there is no other.
type given struct{ value access.Secret }

func (g given) token(context.Context) (access.Secret, error) { return g.value, nil }
func (given) another(context.Context, access.Secret) bool    { return false }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := drain(req)
	switch {
	case err != nil:
		return nil, err
	case req.Method != http.MethodGet && req.Method != http.MethodPost && req.Method != http.MethodPatch:
		return nil, fmt.Errorf("github: %s is none of the methods that are used", req.Method)
	case req.URL.Scheme != t.scheme || req.URL.Host != t.host:
		return nil, fmt.Errorf("github: refusing to take the token to %s://%s", req.URL.Scheme, req.URL.Host)
	}
	ctx, pause, fate := req.Context(), firstPause, fateOf(req.Context())
	twiceIsOnce, replaced := req.Method == http.MethodGet || fate != nil, false
	for attempt := 1; ; attempt++ {
		token, err := t.tokens.token(ctx)
		if err != nil {
			return nil, err // it has been tried as often as it may
		}
		resp, err := t.once(req, body, token)
		if err == nil {
			return resp, nil
		}
		if fate != nil && !refused(err) {
			fate.lost = true
		}
		if !replaced && unauthorized(err, twiceIsOnce) && t.tokens.another(ctx, token) {
			replaced = true
			continue
		}
		wait, again := retryable(err, twiceIsOnce)
		if !again || attempt >= maxAttempts || ctx.Err() != nil {
			return nil, err
		}
		if wait == 0 {
			wait, pause = pause, 2*pause
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return nil, err // the refusal says more than "deadline exceeded" would after a wait for nothing
		}
		if sleep(ctx, wait) != nil {
			return nil, err
		}
	}
}

// isApp tells whether the tokens are those of an App that this program acts as.
func (t *transport) isApp() bool { _, is := t.tokens.(*app); return is }

// drain reads the body of the request, so that it can be sent more than once, and closes it.
func drain(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// once sends the request one time and reads the answer whole.
func (t *transport) once(req *http.Request, body []byte, token access.Secret) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	defer cancel()
	out := req.Clone(ctx)
	if body != nil {
		// With GetBody net/http itself sends a POST again, but only over a connection to which it wrote nothing.
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, _ = out.GetBody()
		out.ContentLength = int64(len(body))
	}
	out.Header.Set("Authorization", "Bearer "+token.Reveal())
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	isAnswer := resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusCreated && req.Method != http.MethodGet
	switch {
	case !isAnswer:
		return nil, newError(req, resp, answer, token, t.isApp())
	case err != nil:
		return nil, fmt.Errorf("reading the answer to %s %s: %w", req.Method, req.URL.Path, err)
	case len(answer) > maxBody:
		return nil, fmt.Errorf("the answer to %s %s is larger than %d bytes", req.Method, req.URL.Path, maxBody)
	case len(bytes.TrimSpace(answer)) == 0:
		return nil, fmt.Errorf("the answer to %s %s is empty", req.Method, req.URL.Path)
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	resp.Request = req
	return resp, nil
}
