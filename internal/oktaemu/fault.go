// Faults: what an org does wrong on purpose, by route and by the number of the call.

package oktaemu

import (
	"context"
	"net"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault changes how the requests that match are answered. What it does happens in the order of its fields: Delay, then
// DropBefore, ResetBefore or LateEffect, then Status, else the real answer changed by Stale or StaleFor, DropAfter or
// ResetAfter, and Truncate.
type Fault struct {
	Method string // in any case; any method where it is empty
	// Path is a path of the route table, such as /api/v1/users/{user}/roles, for what that route answers; or it is
	// matched with the request's path, unescaped and without the query: a pattern of path.Match, in which * stands for one
	// segment; or a prefix, when it ends in "/..."; any path where it is empty.
	Path  string
	Skip  int // lets that many matching requests pass first
	Count int // then fires that many times; 0 for ever

	Delay time.Duration // before anything else; a client that goes away meanwhile takes the request with it
	// DropBefore closes the connection before the request has an effect. ResetBefore resets it (TCP RST).
	DropBefore, ResetBefore bool
	// LateEffect closes the connection at once and lets the request take effect that much later by the org's clock.
	LateEffect time.Duration
	// Status answers with this status and Body, without effect. An empty Body is Okta's own error for the status.
	Status int
	Body   string
	Header http.Header // added to whatever answer is given
	// LimitReset is, with status 429, how long until X-Rate-Limit-Reset; a second where it is 0.
	LimitReset time.Duration

	Stale bool // a GET answers as the org was before the last change that the answer shows, after this injection
	// StaleFor has a GET answer as the org was that long ago, but not before this injection.
	StaleFor time.Duration
	// DropAfter lets the request take effect, then closes the connection without an answer. ResetAfter resets it.
	DropAfter, ResetAfter bool
	Truncate              bool // the answer breaks off after half of its body; its Content-Length is that of the whole
}

// fault is an injected Fault and how often it matched.
type fault struct {
	Fault
	seen   int
	behind *replica // of StaleFor
}

// spent tells whether it fires no more.
func (f *fault) spent() bool { return f.Count > 0 && f.seen >= f.Skip+f.Count }

// byRoute tells whether Path is one of the route table.
func (f Fault) byRoute() bool { return strings.Contains(f.Path, "{") }

// Inject adds faults. The first that matches a request and is not used up decides. A fault that could never fire, does
// nothing or contradicts itself panics: it is a mistake in the test.
func (o *Org) Inject(faults ...Fault) {
	if err := o.inject(faults); err != nil {
		panic("oktaemu: " + err.Error())
	}
}

// inject adds all of the faults or none.
func (o *Org) inject(faults []Fault) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	faults = slices.Clone(faults)
	for i := range faults {
		faults[i].Method = strings.ToUpper(faults[i].Method)
		if err := faults[i].check(o.routes); err != nil {
			return err
		}
	}
	for _, f := range faults {
		added := &fault{Fault: f}
		if f.StaleFor > 0 {
			added.behind = o.follow()
		}
		if f.Stale && o.stale == nil {
			o.stale = o.follow()
		}
		o.faults = append(o.faults, added)
	}
	return nil
}

// ClearFaults removes all faults.
func (o *Org) ClearFaults() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clearFaults()
}

func (o *Org) clearFaults() {
	for _, f := range o.faults {
		o.unfollow(f.behind)
	}
	o.unfollow(o.stale)
	o.faults, o.stale = nil, nil
}

// fire returns the fault that decides this request, or one that does nothing, and how long to hold the request back.
func (o *Org) fire(r *http.Request) (*fault, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.faults {
		if f.spent() || !f.matches(o.routes, r) {
			continue
		}
		if f.seen++; f.seen > f.Skip {
			return f, o.latency + f.Delay
		}
	}
	return &fault{}, o.latency
}

func (f Fault) matches(routes []route, r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	if f.byRoute() {
		found, ok := match(routes, &call{r: r})
		return ok && found.path == f.Path
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

// wait holds a request back and tells whether the client is still there.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// sever ends the connection without an answer: closed, or reset, so that the client reads a connection reset by peer.
func sever(w http.ResponseWriter, reset bool) {
	if !reset {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, or no network at all
	}
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = wrapped.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closing sends RST then
	}
	_ = conn.Close()
}

// SetLatency holds every request back that long before it is answered.
func (o *Org) SetLatency(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.latency = max(0, d)
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
