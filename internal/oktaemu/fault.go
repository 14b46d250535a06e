// Faults that a test injects, and the rate limit.

package oktaemu

import (
	"context"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// Fault changes how the requests that match are answered. What it does happens in the order of its fields: Delay, then
// DropBefore or LateEffect, then Status, else the real answer changed by Stale, DropAfter and Truncate.
type Fault struct {
	Method string // any where it is empty
	// Path is matched with the request's path, unescaped and without the query: a pattern of path.Match, in which *
	// stands for one segment; or a prefix, when it ends in "/..."; any path where it is empty.
	Path  string
	Skip  int // lets that many matching requests pass first
	Count int // then fires that many times; 0 for ever

	Delay time.Duration // before anything else; a client that goes away meanwhile takes the request with it
	// DropBefore closes the connection before the request has an effect.
	DropBefore bool
	// LateEffect closes the connection at once and lets the request take effect that much later.
	LateEffect time.Duration
	// Status answers with this status and Body, without effect. An empty Body is Okta's own error for the status.
	Status int
	Body   string
	Header http.Header // added to whatever answer is given

	Stale     bool // a GET answers as the org was before the last change that the answer shows, after this injection
	DropAfter bool // the request takes effect, then the connection is closed without an answer
	Truncate  bool // the answer breaks off after half of its body; its Content-Length is that of the whole
}

// fault is an injected Fault and how often it matched.
type fault struct {
	Fault
	seen int
}

// Inject adds faults. The first that matches a request and is not used up decides. A malformed Path panics: it is a
// mistake in the test.
func (o *Org) Inject(faults ...Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range faults {
		if _, err := path.Match(f.Path, ""); err != nil {
			panic("oktaemu: malformed path of a fault: " + f.Path)
		}
		o.keep = o.keep || f.Stale
		o.faults = append(o.faults, &fault{Fault: f})
	}
}

// ClearFaults removes all faults.
func (o *Org) ClearFaults() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = nil
}

// fire returns the fault that decides this request, or the zero Fault.
func (o *Org) fire(r *http.Request) Fault {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.faults {
		if !f.matches(r) || f.Count > 0 && f.seen >= f.Skip+f.Count {
			continue
		}
		if f.seen++; f.seen > f.Skip {
			return f.Fault
		}
	}
	return Fault{}
}

func (f Fault) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	if f.Path == "" {
		return true
	}
	if prefix, ok := strings.CutSuffix(f.Path, "/..."); ok {
		return r.URL.Path == prefix || strings.HasPrefix(r.URL.Path, prefix+"/")
	}
	ok, _ := path.Match(f.Path, r.URL.Path) // checked when it was injected
	return ok
}

// wait holds the request back and tells whether the client is still there.
func (f Fault) wait(ctx context.Context) bool {
	if f.Delay <= 0 {
		return true
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reply is the answer of a fault that has a status.
func (f Fault) reply() reply {
	if f.Body == "" {
		return defaultError(f.Status)
	}
	kind := "text/html"
	if start := strings.TrimSpace(f.Body); strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[") {
		kind = "application/json"
	}
	return reply{status: f.Status, header: http.Header{"Content-Type": {kind}}, body: []byte(f.Body)}
}

// defaultError is Okta's error for a status.
func defaultError(status int) reply {
	switch status {
	case http.StatusNoContent:
		return noContent()
	case http.StatusUnauthorized:
		return invalidToken()
	case http.StatusForbidden:
		return forbidden()
	case http.StatusNotFound:
		return notFound("injected", "Fault")
	case http.StatusConflict:
		return errorReply(status, "E0000268", "Another role change is in progress. Try again later.") // its text is UNVERIFIED
	case http.StatusTooManyRequests:
		return tooMany()
	case http.StatusInternalServerError:
		return errorReply(status, "E0000009", "Internal Server Error")
	}
	return reply{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: []byte("<html><body>" + strconv.Itoa(status) + "</body></html>")}
}

// limiter counts requests in windows of a minute.
type limiter struct {
	most, left int
	refuses    bool
	resets     time.Time
}

// newLimiter limits to perMinute requests, or, where it is 0, counts without refusing.
func newLimiter(perMinute int) limiter {
	const plenty = 600
	if perMinute == 0 {
		return limiter{most: plenty, left: plenty}
	}
	return limiter{most: perMinute, left: perMinute, refuses: true}
}

// take counts a request and tells whether it may pass.
func (l *limiter) take(now time.Time) bool {
	if !now.Before(l.resets) {
		l.left, l.resets = l.most, now.Add(time.Minute)
	}
	if l.left == 0 {
		return !l.refuses
	}
	l.left--
	return true
}

// describe writes the rate limit into the headers. A refusal that a fault made says to come back after a second.
func (l *limiter) describe(h http.Header, now time.Time, refused bool) {
	left, resets := l.left, l.resets
	if refused && left > 0 {
		left, resets = 0, now.Add(time.Second)
	}
	if resets.IsZero() {
		resets = now.Add(time.Minute)
	}
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(l.most))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(left))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(resets.Unix(), 10))
}
