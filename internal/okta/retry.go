package okta

// When a request is sent again, and how long is waited before. Reads are sent again after a 429, a fault of a gateway
// or a broken connection; writes after a 429 only, which Okta answers before it acts.

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	// moreTries is how often a request is sent again.
	moreTries = 2
	// maxRateWait is the longest wait for a rate limit's window, which is a minute, to end.
	maxRateWait = 61 * time.Second
	// firstBackoff is the wait before the second try; the next one is twice as long.
	firstBackoff = 250 * time.Millisecond
	// blindRateWait is the wait before the second try after a 429 that does not say how long; the next one is twice as long.
	blindRateWait = time.Second
)

// retryAfter tells whether the request is to be sent again after this outcome of its try (1, 2, …), and when.
func retryAfter(method string, try int, o outcome) (time.Duration, bool) {
	if try > moreTries {
		return 0, false
	}
	factor := time.Duration(1) << (try - 1)
	switch status := o.err.Status; {
	case status == http.StatusTooManyRequests:
		wait, known := untilReset(o.header)
		if !known {
			wait = blindRateWait * factor
		}
		return wait, wait <= maxRateWait
	case method != http.MethodGet:
		return 0, false
	case o.broken, status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return firstBackoff * factor, true
	}
	return 0, false
}

// untilReset reads how long a rate limit lasts, by the server's own clock. It is not known where headers are missing
// or malformed, or where the limit is one of concurrent requests (limit 0): its reset time means nothing.
func untilReset(h http.Header) (time.Duration, bool) {
	reset, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || h.Get("X-Rate-Limit-Limit") == "0" {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	seconds := reset - now.Unix() + 1 // Date and Reset are whole seconds, rounded down
	const day = 24 * 60 * 60
	return time.Duration(min(max(seconds, 1), day)) * time.Second, true
}

// fits tells whether a wait ends before the context does. Where it does not, what Okta said is told at once.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	return !bounded || time.Now().Add(wait).Before(deadline)
}

// sleep waits, or returns the context's error as soon as it ends.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
