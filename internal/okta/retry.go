package okta

// When a request is sent again, and how long is waited before. Reads are sent again after a 429, a fault of a gateway
// or a broken connection; writes after a 429 only, which Okta answers before it acts.

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
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

// pace holds reads back while Okta says that their rate limit is used up. Writes are never held back: a step-down goes
// out at once, and Okta says if it is too early.
type pace struct {
	mu    sync.Mutex
	until map[string]time.Time // by bucket
}

func newPace() *pace { return &pace{until: map[string]time.Time{}} }

// bucket names the rate limit that a path counts towards, as finely as it is documented: "/api/v1/users".
func bucket(path string) string {
	parts := strings.SplitN(path, "/", 5)
	return strings.Join(parts[:min(len(parts), 4)], "/")
}

// note remembers what an answer says of its rate limit.
func (p *pace) note(path string, h http.Header) {
	wait, known := untilReset(h)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !known || h.Get("X-Rate-Limit-Remaining") != "0" {
		delete(p.until, bucket(path))
		return
	}
	p.until[bucket(path)] = time.Now().Add(min(wait, maxRateWait))
}

// wait holds the caller back until the limit's window ends; not at all where the context would end before.
func (p *pace) wait(ctx context.Context, path string) {
	p.mu.Lock()
	until := p.until[bucket(path)]
	p.mu.Unlock()
	if left := min(time.Until(until), maxRateWait); left > 0 && fits(ctx, left) {
		_ = sleep(ctx, left) // the end of the context is seen by the request that follows
	}
}
