package githubemu

// This file is the wire: how a request finds its route, and the headers of every answer.

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// repositoryID is the id under which GitHub's Link headers name the repository.
const repositoryID = 742_610_337

const docsRoot = "https://docs.github.com/rest"

// maxBody is the size of the largest request body that is read.
const maxBody = 64 << 20

// call is one request on its way through its route.
type call struct {
	r      *http.Request
	base   string            // scheme and host that the links of the answer name
	rest   []string          // what follows /repos/{owner}/{repo}, unescaped
	vars   map[string]string // what the route's pattern left open
	docs   string            // the page that a refusal names
	route  route
	token  Token
	body   []byte
	header http.Header // of the answer
}

// number is a variable of the pattern as a number, 0 where it is none.
func (c call) number(name string) int {
	n, err := strconv.Atoi(c.vars[name])
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (c call) query(name string) string { return c.r.URL.Query().Get(name) }

// read decodes the request's body.
func (c call) read(v any) error { return json.Unmarshal(c.body, v) }

// ServeHTTP implements http.Handler.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	fault := h.fault(r)
	h.mu.Unlock()
	if fault.Delay > 0 {
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
		}
	}
	body := sent(r)
	h.mu.Lock()
	a := answer{}
	if !fault.DropBefore {
		a = h.answer(r, body, fault)
		h.witness(r, body, fault, a)
	}
	seen := Request{Method: r.Method, Path: r.URL.RequestURI(), Status: a.status, Token: h.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")].ordinal}
	if fault.DropAfter {
		seen.Status = 0
	}
	h.requests = append(h.requests, seen)
	h.mu.Unlock()
	if fault.DropBefore {
		panic(http.ErrAbortHandler)
	}
	fault.send(w, a)
}

// sent reads the request's body, of which there is none in a request that never was on a wire.
func sent(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	return body
}

// answer makes the whole answer. The caller holds the lock.
func (h *Hub) answer(r *http.Request, sent []byte, fault Fault) answer {
	a := answer{status: http.StatusOK, header: h.headers(r)}
	var body any
	if fault.Status == 0 || fault.AfterEffect {
		a.status, body = h.route(r, sent, a.header)
	}
	if fault.Status != 0 {
		a.status, a.body, body = fault.Status, []byte(fault.Body), nil
	}
	if body != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(body); err != nil {
			panic(err)
		}
		a.body = b.Bytes()
	}
	if a.status == http.StatusNoContent {
		a.header.Del("Content-Type")
	} else {
		a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	return a
}

// headers are those of every answer.
func (h *Hub) headers(r *http.Request) http.Header {
	now := h.now()
	if !now.Before(h.reset) {
		h.used, h.reset = 0, now.Add(time.Hour)
	}
	h.used = min(h.used+1, h.opts.RateLimit+1)
	sum := sha1.Sum(fmt.Appendf(nil, "%d %s", len(h.requests), r.URL.RequestURI()))
	header := http.Header{}
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Date", now.Format(http.TimeFormat))
	header.Set("Server", "github.com")
	header.Set("X-GitHub-Media-Type", "github.v3; format=json")
	header.Set("X-GitHub-Api-Version-Selected", "2022-11-28")
	header.Set("X-GitHub-Request-Id", strings.ToUpper(fmt.Sprintf("%x:%x:%x:%x:%x", sum[:2], sum[2:5], sum[5:8], sum[8:11], sum[11:15])))
	header.Set("X-RateLimit-Limit", strconv.Itoa(h.opts.RateLimit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, h.opts.RateLimit-h.used)))
	header.Set("X-RateLimit-Used", strconv.Itoa(min(h.used, h.opts.RateLimit)))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(h.reset.Unix(), 10))
	header.Set("X-RateLimit-Resource", "core")
	return header
}

// limited refuses what is over a limit; its status is 200 where nothing is.
func (h *Hub) limited(c call) (int, any) {
	const page = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
	if h.used > h.opts.RateLimit {
		c.header.Set("X-RateLimit-Remaining", "0")
		return refusal(http.StatusForbidden, "API rate limit exceeded for installation ID 51234567.", page)
	}
	if h.opts.ContentLimit == 0 || c.r.Method == http.MethodGet {
		return http.StatusOK, nil
	}
	now, recent := h.opts.Now(), h.writes[:0]
	for _, at := range h.writes {
		if now.Sub(at) < time.Minute {
			recent = append(recent, at)
		}
	}
	h.writes = recent
	if len(h.writes) >= h.opts.ContentLimit {
		c.header.Set("Retry-After", "60")
		return refusal(http.StatusForbidden, "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "+
			"Please retry your request again later.", page+"#about-secondary-rate-limits")
	}
	h.writes = append(h.writes, now)
	return http.StatusOK, nil
}

// route finds the repository and the route in it, and asks whether the caller may use it.
func (h *Hub) route(r *http.Request, body []byte, header http.Header) (int, any) {
	segments, err := pathSegments(r.URL)
	if err != nil {
		return refusal(http.StatusBadRequest, "Problems parsing the path", docsRoot)
	}
	c := call{r: r, base: "http://" + r.Host, docs: docsRoot, body: body, header: header}
	if r.TLS != nil {
		c.base = "https://" + r.Host
	}
	token, status, refused := h.identify(r)
	if status != http.StatusOK {
		return status, refused
	}
	c.token = token
	if status, refused := h.limited(c); status != http.StatusOK {
		return status, refused
	}
	scope, rest, ok := h.scope(segments)
	if !ok || scope == inRepository && !token.reaches(h.opts.Repository) {
		return notFound(c.docs)
	}
	c.rest = rest
	found, vars, ok := h.find(r.Method, scope, rest)
	if !ok {
		return unknownRoute(r)
	}
	c.route, c.vars, c.docs = found, vars, docsRoot+"/"+found.docs
	if status, refused := h.may(c); status != http.StatusOK {
		return status, refused
	}
	return found.serve(h, c)
}

// scope tells whether the path is one in the repository, and what of it is left then. It is false for another repository.
func (h *Hub) scope(segments []string) (string, []string, bool) {
	switch {
	case len(segments) >= 3 && segments[0] == "repos":
		return inRepository, segments[3:], strings.EqualFold(segments[1]+"/"+segments[2], h.opts.Repository)
	case len(segments) >= 2 && segments[0] == "repositories" && segments[1] == strconv.Itoa(repositoryID):
		return inRepository, segments[2:], true
	}
	return "", segments, true
}

// find returns the route, and what its pattern left open. A reference may come with its slashes escaped.
func (h *Hub) find(method, scope string, segments []string) (route, map[string]string, bool) {
	if len(segments) > 0 && segments[0] == "git" {
		segments = strings.Split(strings.Join(segments, "/"), "/")
	}
	for _, candidate := range h.routes {
		if vars, ok := candidate.match(method, scope, segments); ok {
			return candidate, vars, true
		}
	}
	return route{}, nil, false
}

// pathSegments splits the path at its slashes and unescapes what is between them.
func pathSegments(u *url.URL) ([]string, error) {
	var out []string
	for s := range strings.SplitSeq(strings.Trim(u.EscapedPath(), "/"), "/") {
		s, err := url.PathUnescape(s)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
