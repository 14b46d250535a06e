package github

// This file carries requests: it sets the token for one origin only, reads answers whole, tries reads again that may
// work the second time, and waits for rate limits, each within bounds and the context.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	maxAttempts    = 4                      // of one request
	firstPause     = 250 * time.Millisecond // before the second attempt; doubled before each one after
	attemptTimeout = 30 * time.Second       // of one attempt, body included
	maxWait        = time.Minute            // the longest wait for a rate limit
	maxBody        = 32 << 20               // bytes; a page of changed files with their patches is the largest answer
)

// transport implements http.RoundTripper for reads. Every answer that it returns has status 200 and its whole body in
// memory; every other answer is an *Error.
type transport struct {
	base         http.RoundTripper
	scheme, host string
	token        access.Secret
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return nil, fmt.Errorf("github: %s is not a read", req.Method)
	}
	if req.URL.Scheme != t.scheme || req.URL.Host != t.host {
		return nil, fmt.Errorf("github: refusing to take the token to %s://%s", req.URL.Scheme, req.URL.Host)
	}
	ctx, pause := req.Context(), firstPause
	for attempt := 1; ; attempt++ {
		resp, err := t.once(req)
		wait, again := retryable(err)
		if err == nil || !again || attempt == maxAttempts || ctx.Err() != nil {
			return resp, err
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

// once sends the request one time and reads the answer whole.
func (t *transport) once(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	defer cancel()
	out := req.Clone(ctx)
	out.Header.Set("Authorization", "Bearer "+t.token.Reveal())
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, newError(req, resp, body, t.token)
	case err != nil:
		return nil, fmt.Errorf("reading the answer to GET %s: %w", req.URL.Path, err)
	case len(body) > maxBody:
		return nil, fmt.Errorf("the answer to GET %s is larger than %d bytes", req.URL.Path, maxBody)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, fmt.Errorf("the answer to GET %s is empty", req.URL.Path)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Request = req
	return resp, nil
}

// retryable tells whether a read that failed so may work the next time, and how long GitHub asks to wait first.
func retryable(err error) (wait time.Duration, again bool) {
	var e *Error
	if errors.As(err, &e) {
		switch {
		case e.RetryAfter > 0:
			return e.RetryAfter, e.RetryAfter <= maxWait
		case e.Status == http.StatusBadGateway, e.Status == http.StatusServiceUnavailable, e.Status == http.StatusGatewayTimeout:
			return 0, true
		}
		return 0, false
	}
	for _, severed := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNREFUSED} {
		if errors.Is(err, severed) {
			return 0, true
		}
	}
	return 0, false
}

// rateLimitWait returns how long GitHub asks to wait and whether it asks at all: by Retry-After, or because the limit is
// used up. Source: docs.github.com, "Rate limits for the REST API".
func rateLimitWait(resp *http.Response, now time.Time) (time.Duration, bool) {
	limited := resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusTooManyRequests
	if !limited && resp.StatusCode != http.StatusServiceUnavailable {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 31); err == nil {
		return max(time.Duration(seconds)*time.Second, time.Second), true
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil &&
		limited && resp.Header.Get("X-RateLimit-Remaining") == "0" {
		// The reset has the precision of a second, and clocks differ.
		return max(time.Unix(reset, 0).Sub(now)+time.Second, time.Second), true
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return maxWait, true // "wait for at least one minute", where the headers are silent
	}
	return 0, false
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
