package okta

// When a request is sent again, and how long is waited before.
//
//	what came of a try                         GET                      POST, PUT, PATCH, DELETE
//	429 that says when the window ends         again after it           again after it
//	429 for requests at once, or Okta's        again, blind             again, blind
//	  without readable headers
//	429 of somebody else's                     again, blind             returned; effect unknown
//	409 E0000268, a concurrent role change     as any 409               again, blind
//	500, 502, 503, 504                         again                    returned; effect unknown
//	no answer: closed, reset, not in time      again                    returned; effect unknown
//	200 that is cut off, empty, no JSON        again                    returned; effect unknown
//	an answer of more than maxBody             returned                 returned; effect unknown
//	101, 3xx, other 2xx                        returned                 returned; effect unknown
//	an access token or proof refused           again, once, at once     again, once, at once
//	401 of somebody else's                     again, once, at once     returned; effect unknown
//	409 E0000090 or E0000263, not at first     -                        returned; effect unknown
//	other 4xx of Okta's                        returned                 returned; refused
//	other 4xx                                  returned                 returned; effect unknown
//
// Okta's are a 429 with E0000047 or its rate limit headers, and else a 4xx with an error code of its shape or of OAuth's: a
// gateway may answer with a 4xx of its own when Okta has done it. So a write is sent again only where Okta said that it did not
// do it: what a failure of a write says of its effect (Error.Refused) is about its last try, and all tries before it had none,
// unless the last one finds in place what it was to make.
//
// "Again" is at most twice, and never where the wait would not end before the context. So a call that writes ends within
// three times requestTimeout and two times maxRateWait, about four minutes; a request that reads likewise, not counting the
// wait for its turn (pace.go), which ends with the context alone. A blind wait begins at its first length, doubles, and has up
// to a half added by chance, so that several that were refused together do not come back together.

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// moreTries is how often a request is sent again.
	moreTries = 2
	// maxRateWait is the longest wait for a rate limit's window, which is a minute, to end.
	maxRateWait = 61 * time.Second
	// firstBackoff is the wait before the second try of a read.
	firstBackoff = 250 * time.Millisecond
	// blindRateWait is the wait before the second try where Okta refused it and did not say for how long.
	blindRateWait = time.Second
)

// codeRoleChange is Okta's error code for "Concurrent role assignment changes are not supported" or the like, which it asks to
// try again. Source: its list of error codes; the text is UNVERIFIED.
const codeRoleChange = "E0000268"

// retryAfter tells whether the request is to be sent again after this outcome of its try (1, 2, …), and when.
func retryAfter(method string, try int, o outcome) (time.Duration, bool) {
	if try > moreTries {
		return 0, false
	}
	isRead := method == http.MethodGet
	switch status := o.err.Status; {
	case status == http.StatusTooManyRequests && (isRead || o.err.own):
		if wait, known := untilReset(o.header); known {
			return wait, wait <= maxRateWait
		}
		return blind(blindRateWait, try), true
	case !isRead:
		return blind(blindRateWait, try), status == http.StatusConflict && o.err.own && o.err.Code == codeRoleChange
	case o.broken, status == http.StatusInternalServerError, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return blind(firstBackoff, try), true
	}
	return 0, false
}

// blind is a wait whose length nobody told.
func blind(first time.Duration, try int) time.Duration {
	wait := first << (try - 1)
	return wait + rand.N(wait/2)
}

// untilReset reads how long a rate limit lasts, by the server's own clock. It is not known where headers are missing
// or malformed, or where the limit is one of concurrent requests (limit 0): its reset time means nothing.
func untilReset(h http.Header) (time.Duration, bool) {
	reset, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || reset < 0 || h.Get("X-Rate-Limit-Limit") == "0" {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	const day = 24 * 60 * 60
	begin := max(now.Unix(), 0)
	seconds := min(max(reset, begin)-begin, day) + 1 // Date and Reset are whole seconds, rounded down
	return time.Duration(seconds) * time.Second, true
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
