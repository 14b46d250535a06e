package github

// When a request is sent again, and how long is waited before.
//
//	what came of a try                      GET, Git data           other writes
//	403, 429 that says how long to wait     again after it          again after it
//	429 that does not                       again after a minute    again after a minute
//	503 that says how long to wait          again after it          returned; effect unknown
//	401, and there is another token         once, at once           once, if GitHub itself said it
//	502, 503, 504                           again, blind            returned; effect unknown
//	no answer: closed, reset, refused       again, blind            returned; effect unknown
//	an answer that is cut off               again, blind            returned; effect unknown
//	no whole answer within attemptTimeout   returned                returned; effect unknown
//	500, another 5xx                        returned                returned; effect unknown
//	an answer that is empty or too large    returned                returned; effect unknown
//	3xx, other 2xx                          returned                returned; effect unknown
//	other 4xx                               returned                returned; refused
//
// Git data are the writes of trees, commits and references (resendable): objects are named by their content and a reference
// moves by compare-and-swap, so that twice is once. The other writes, comments, check runs and issues, would be there twice: they
// are sent again only where GitHub said that it did not take them.
//
// A reference may have been moved by a try whose answer was lost, moved on by somebody else, and refused to the next try:
// fate tells MoveBranch that an answer was lost, and it then looks (refs.go).
//
// "Again" is at most three times, and never where the wait would not end before the context. A blind wait begins at firstPause
// and doubles.

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

const (
	maxAttempts = 4                      // of one request
	firstPause  = 250 * time.Millisecond // before the second attempt; doubled before each one after
	maxWait     = time.Minute            // the longest wait for a rate limit
)

// fate is what is known of a write that may be sent again.
type fate struct {
	lost bool // the answer to a try was lost, so that it may have had its effect
}

type fateKey struct{}

// resendable marks the requests of the context as ones that have the same effect twice as once.
func resendable(ctx context.Context) (context.Context, *fate) {
	f := &fate{}
	return context.WithValue(ctx, fateKey{}, f), f
}

// fateOf returns what resendable put into the context, or nil.
func fateOf(ctx context.Context) *fate {
	f, _ := ctx.Value(fateKey{}).(*fate)
	return f
}

// retryable tells whether a request that failed so may be sent again, and how long GitHub asks to wait first; 0 is blind.
func retryable(err error, twiceIsOnce bool) (wait time.Duration, again bool) {
	var e *Error
	if errors.As(err, &e) {
		switch {
		case !twiceIsOnce && !refused(err):
			return 0, false
		case e.RetryAfter > 0:
			return e.RetryAfter, e.RetryAfter <= maxWait
		case e.Status == http.StatusBadGateway, e.Status == http.StatusServiceUnavailable, e.Status == http.StatusGatewayTimeout:
			return 0, true
		}
		return 0, false
	}
	if !twiceIsOnce {
		return 0, false
	}
	for _, severed := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNREFUSED} {
		if errors.Is(err, severed) {
			return 0, true
		}
	}
	return 0, false
}

// unauthorized tells whether a request may be sent again because it had no effect for want of a token that is taken. GitHub looks at the
// token before all else. A 401 without its request id may be a proxy's, which says nothing of what was passed on.
func unauthorized(err error, twiceIsOnce bool) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized && (twiceIsOnce || e.RequestID != "")
}

// refused tells whether GitHub said that it did not do what was asked. Anything else than a 4xx leaves that open.
func refused(err error) bool {
	s := status(err)
	return s >= 400 && s < 500
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
