// From a request to an answer: faults, routing, authentication, rights, and sending.

package oktaemu

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds a request's body.
const maxBody = 1 << 20

// call is a request that is being answered, under the org's lock.
type call struct {
	s         *state
	r         *http.Request
	body      []byte
	vars      map[string]string
	query     url.Values
	base      string // scheme and host, as the client called them
	now       time.Time
	requestID string
	caller    principal // the token's owner, the session's user, or the service app; the zero value where there is none
	oauth     bool      // the caller came by an OAuth token, which has scopes
	scopes    []string
	scheme    string // by which it came: Bearer or DPoP
	tokenID   string // of an API token
	sessionID string
}

// ServeHTTP answers a request as the org does, or as an injected fault says.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client broke off
	}
	underWay := o.underWay.Add(1)
	defer o.underWay.Add(-1)
	if refusal, crowded := o.crowded(r, underWay); crowded {
		o.record(Request{Method: r.Method, Path: r.URL.RequestURI(), Status: refusal.status})
		refusal.send(w, false)
		return
	}
	f, held := o.fire(r)
	if !wait(r.Context(), held) {
		o.record(Request{Method: r.Method, Path: r.URL.RequestURI()})
		panic(http.ErrAbortHandler)
	}
	if f.DropBefore || f.ResetBefore || f.LateEffect > 0 {
		o.record(Request{Method: r.Method, Path: r.URL.RequestURI()})
		if f.LateEffect > 0 {
			late := r.Clone(context.WithoutCancel(r.Context()))
			o.later(f.LateEffect, func() { o.answer(late, body, &fault{}) })
		}
		sever(w, f.ResetBefore)
		return
	}
	answer, done := o.answer(r, body, f)
	if f.DropAfter || f.ResetAfter {
		done.Status = 0
		o.record(done)
		sever(w, f.ResetAfter)
		return
	}
	o.record(done)
	o.witness(r, body, f, answer)
	answer.send(w, f.Truncate)
}

// send writes the answer; truncated, it breaks off after half of the body.
func (r reply) send(w http.ResponseWriter, truncate bool) {
	for key, values := range r.header {
		w.Header()[key] = values
	}
	if r.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if !truncate {
		_, _ = w.Write(r.body) // the client may have gone; there is nobody to tell
		return
	}
	_, _ = w.Write(r.body[:len(r.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// record remembers the request and tells the taps, outside the lock.
func (o *Org) record(done Request) {
	o.mu.Lock()
	if len(o.requests) >= maxRequests {
		o.requests = slices.Clone(o.requests[maxRequests/2:])
	}
	o.requests = append(o.requests, done)
	taps := o.taps
	o.mu.Unlock()
	for _, tap := range taps {
		tap(done)
	}
}

// answer works out the answer, with its effect.
func (o *Org) answer(r *http.Request, body []byte, f *fault) (reply, Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state.served++
	c := newCall(o.state, r, body, o.now())
	var out reply
	switch {
	case f.Status != 0:
		out = f.reply()
	case isAPI(r.URL.Path):
		out = o.answerAPI(c, f)
	default:
		out = c.page()
	}
	o.commit(r.Method != http.MethodGet, c.now)
	if isAPI(r.URL.Path) {
		bucket := bucketOf(r.Method, r.URL.Path)
		o.limits.describe(out.header, bucket, c.now)
		if f.Status == http.StatusTooManyRequests {
			setLimit(out.header, o.limits.most(bucket), 0, c.now.Add(max(time.Second, f.LimitReset)))
		}
	}
	for key, values := range f.Header {
		out.header[http.CanonicalHeaderKey(key)] = values
	}
	o.seal(&out, c)
	return out, Request{Method: r.Method, Path: r.URL.RequestURI(), Status: out.status, Caller: o.state.principalParty(c.caller).alternateID}
}

// seal adds the headers that every answer has.
func (o *Org) seal(out *reply, c *call) {
	*out = out.withErrorID(c.requestID)
	out.header.Set("X-Okta-Request-Id", c.requestID)
	out.header.Set("Date", c.now.Format(http.TimeFormat))
	if out.header.Get("Cache-Control") == "" {
		out.header.Set("Cache-Control", "no-cache, no-store")
	}
}

func newCall(s *state, r *http.Request, body []byte, now time.Time) *call {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return &call{
		s: s, r: r, body: body, query: r.URL.Query(), base: scheme + "://" + r.Host, now: now,
		requestID: digits62(s.orgID+" request "+strconv.Itoa(s.served), 27),
	}
}

// isAPI tells the API's paths from the Admin Console's.
func isAPI(path string) bool {
	return slices.ContainsFunc([]string{"/api/", "/oauth2/", "/.well-known/", "/integrations/", "/privileged-access/"},
		func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// answerAPI routes, authenticates and authorises. A GET is answered from the state that the org's lag and the fault
// leave it; who the caller is and may do is of the present.
func (o *Org) answerAPI(c *call, f *fault) reply {
	found, known := match(o.routes, c)
	bucket := bucketOf(c.r.Method, c.r.URL.Path)
	if !o.limits.take(bucket, c.now) {
		return tooMany()
	}
	if !known || found.need != nobody {
		if bad := c.authenticate(found.scope); bad != nil {
			return *bad
		}
		if !o.limits.takeShare(bucket, orElse(c.tokenID, c.caller.id), c.now) {
			return tooMany()
		}
	}
	if !known {
		return c.unknown(o.routes)
	}
	if found.need != nobody && !c.takesJSON() {
		return notJSON()
	}
	for key := range c.query {
		if !slices.Contains(found.query, key) {
			return notEmulated("query parameter " + key + " on " + c.r.Method + " " + found.path)
		}
	}
	if bad := c.authorize(found); bad != nil {
		return *bad
	}
	if c.r.Method != http.MethodGet {
		return found.answer(c)
	}
	c.s = o.readable(f, c.now)
	out := found.answer(c)
	if f.Stale {
		out = o.before(c, found, out)
	}
	c.s = o.state
	return out
}

// author is the caller as the System Log names it.
func (c *call) author() author {
	ip, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		ip = c.r.RemoteAddr
	}
	return author{
		party: c.s.principalParty(c.caller), tokenID: c.tokenID, sessionID: c.sessionID, requestID: c.requestID,
		ip: ip, agent: c.r.UserAgent(), uri: c.r.URL.Path,
	}
}
