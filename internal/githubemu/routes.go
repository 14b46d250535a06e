package githubemu

// This file is the wire: who may ask, which routes there are, paging, the headers of every answer, and refusals.

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// repositoryID is the id under which GitHub's Link headers name the repository.
const repositoryID = 742_610_337

// limits of the REST API. Source: docs.github.com, "Using pagination in the REST API"; "List pull requests files".
const (
	defaultPerPage = 30
	maxPerPage     = 100
	maxPullFiles   = 3000
	maxDirEntries  = 1000
)

// call is one request on its way through the routes.
type call struct {
	r    *http.Request
	base string   // scheme and host that the links of the answer name
	rest []string // what follows /repos/{owner}/{repo}, unescaped
	docs string   // the page that a refusal names
}

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
	h.mu.Lock()
	a := answer{}
	if !fault.DropBefore {
		a = h.answer(r, fault)
	}
	seen := Request{Method: r.Method, Path: r.URL.RequestURI(), Status: a.status}
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

// answer makes the whole answer. The caller holds the lock.
func (h *Hub) answer(r *http.Request, fault Fault) answer {
	a := answer{status: http.StatusOK, header: h.headers(r)}
	var body any
	if fault.Status != 0 {
		a.status, a.body = fault.Status, []byte(fault.Body)
	} else if a.status, body = h.admit(r, a.header); a.status == http.StatusOK {
		a.status, body = h.route(r, a.header)
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
	a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
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

// admit decides whether the caller may ask at all. To somebody without credentials a private repository is not there.
func (h *Hub) admit(r *http.Request, header http.Header) (int, any) {
	credential := r.Header.Get("Authorization")
	switch {
	case h.opts.Token == "":
	case credential == "":
		return notFound("https://docs.github.com/rest")
	case credential != "Bearer "+h.opts.Token && credential != "token "+h.opts.Token:
		return refusal(http.StatusUnauthorized, "Bad credentials", "https://docs.github.com/rest")
	}
	if h.used > h.opts.RateLimit {
		header.Set("X-RateLimit-Remaining", "0")
		return refusal(http.StatusForbidden, "API rate limit exceeded for installation ID 51234567.",
			"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api")
	}
	return http.StatusOK, nil
}

// route finds the repository and the route in it.
func (h *Hub) route(r *http.Request, header http.Header) (int, any) {
	segments, err := pathSegments(r.URL)
	if err != nil {
		return refusal(http.StatusBadRequest, "Problems parsing the path", "https://docs.github.com/rest")
	}
	c := call{r: r, base: "http://" + r.Host, docs: "https://docs.github.com/rest"}
	if r.TLS != nil {
		c.base = "https://" + r.Host
	}
	switch {
	case len(segments) >= 3 && segments[0] == "repos":
		if !strings.EqualFold(segments[1]+"/"+segments[2], h.opts.Repository) {
			return notFound(c.docs)
		}
		c.rest = segments[3:]
	case len(segments) >= 2 && segments[0] == "repositories" && segments[1] == strconv.Itoa(repositoryID):
		c.rest = segments[2:]
	default:
		return unknownRoute(r)
	}
	if r.Method != http.MethodGet {
		return unknownRoute(r)
	}
	return h.read(c, header)
}

// read answers the routes of a repository.
func (h *Hub) read(c call, header http.Header) (int, any) {
	section := ""
	if len(c.rest) > 0 {
		section = c.rest[0]
	}
	switch section {
	case "":
		return http.StatusOK, h.repository(c, h.opts.Repository)
	case "pulls":
		return h.needing("pull_requests", "https://docs.github.com/rest/pulls/pulls#get-a-pull-request", c, header, h.readPull)
	case "contents":
		return h.needing("contents", "https://docs.github.com/rest/repos/contents#get-repository-content", c, header, h.readContents)
	case "branches", "git":
		return h.needing("contents", "https://docs.github.com/rest/git/refs#get-a-reference", c, header, h.readRef)
	}
	return unknownRoute(c.r)
}

// needing asks for a permission before it answers.
func (h *Hub) needing(permission, docs string, c call, header http.Header, read func(call, http.Header) (int, any)) (int, any) {
	c.docs = docs
	header.Set("X-Accepted-GitHub-Permissions", permission+"=read")
	switch status := h.withheld[permission]; status {
	case 0:
		return read(c, header)
	case http.StatusNotFound:
		return notFound(docs)
	default:
		return refusal(status, "Resource not accessible by integration", docs)
	}
}

// readPull answers /pulls/{number}, /pulls/{number}/reviews and /pulls/{number}/files.
func (h *Hub) readPull(c call, header http.Header) (int, any) {
	if len(c.rest) < 2 || len(c.rest) > 3 {
		return unknownRoute(c.r)
	}
	number, err := strconv.Atoi(c.rest[1])
	if err != nil {
		return unknownRoute(c.r)
	}
	p := h.pulls[number]
	if p == nil {
		return notFound(c.docs)
	}
	if len(c.rest) == 2 {
		return http.StatusOK, h.pullShape(c, p)
	}
	switch c.rest[2] {
	case "reviews":
		return http.StatusOK, page(c, header, p.reviews, func(r *review) any { return h.reviewShape(c, p, r) })
	case "files":
		changes := h.changes(p)
		changes = changes[:min(len(changes), maxPullFiles)]
		return http.StatusOK, page(c, header, changes, func(f fileChange) any { return h.fileShape(c, p, f) })
	}
	return unknownRoute(c.r)
}

// page shapes one page of the list and adds the Link header.
func page[T any](c call, header http.Header, items []T, shape func(T) any) []any {
	query := c.r.URL.Query()
	perPage := defaultPerPage
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil && n > 0 {
		perPage = min(n, maxPerPage)
	}
	number := 1
	if n, err := strconv.Atoi(query.Get("page")); err == nil && n > 0 {
		number = n
	}
	last := max(1, (len(items)+perPage-1)/perPage)
	link := func(page int, rel string) string {
		query.Set("page", strconv.Itoa(page))
		return fmt.Sprintf("<%s/repositories/%d/%s?%s>; rel=%q", c.base, repositoryID, strings.Join(c.rest, "/"), query.Encode(), rel)
	}
	var links []string
	if number > 1 {
		links = append(links, link(min(number-1, last), "prev"))
	}
	if number < last {
		links = append(links, link(number+1, "next"), link(last, "last"))
	}
	if number > 1 {
		links = append(links, link(1, "first"))
	}
	if len(links) > 0 {
		header.Set("Link", strings.Join(links, ", "))
	}
	start := min((number-1)*perPage, len(items))
	shapes := []any{}
	for _, item := range items[start:min(start+perPage, len(items))] {
		shapes = append(shapes, shape(item))
	}
	return shapes
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

// refusal is an error as GitHub words it.
func refusal(status int, message, docs string) (int, any) {
	return status, map[string]any{"message": message, "documentation_url": docs, "status": strconv.Itoa(status)}
}

func notFound(docs string) (int, any) { return refusal(http.StatusNotFound, "Not Found", docs) }

func unknownRoute(r *http.Request) (int, any) {
	return refusal(http.StatusNotImplemented,
		fmt.Sprintf("the emulated GitHub does not know %s %s", r.Method, r.URL.Path), "https://docs.github.com/rest")
}
