// Rate limits: buckets of routes with windows of a minute, the share of a bucket that one token or app may use, and how
// many requests may be under way at once. https://developer.okta.com/docs/reference/rl-best-practices

package oktaemu

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits are an org's rate limits. What is 0 or absent is as Okta has it.
type Limits struct {
	// Every is how many requests a minute every bucket answers that Buckets does not name.
	Every int `json:"rateLimit"`
	// Buckets is how many requests a minute each bucket answers, by the names of Buckets().
	Buckets map[string]int `json:"rateLimits"`
	// PrincipalShare is how many percent of a bucket one API token or app may use; 50 where it is 0.
	PrincipalShare int `json:"principalShare"`
	// Concurrency is how many requests may be under way at once; 75 where it is 0.
	Concurrency int `json:"concurrency"`
}

// defaultLimits are the numbers of the Enterprise column of Okta's last published table (rl-global-mgmt, autumn 2025).
// Those of /api/v1/iam and of /oauth2/v1/token were not in it: they have what other routes have (UNVERIFIED).
func defaultLimits() map[string]int {
	return map[string]int{
		"/api/v1/apps": 100, "/api/v1/apps/{id}": 600, "/api/v1/groups": 600, "/api/v1/groups/{id}": 600,
		"/api/v1/users": 600, "/api/v1/users/{id}": 600, "GET /api/v1/users/{id}": 1000,
		"/api/v1/logs": 50, "/api/v1/iam": 600, "/api/v1": 600, "/oauth2/v1/clients": 100, "/oauth2/v1/token": 600,
	}
}

// Buckets names the buckets that requests are counted in, sorted.
func Buckets() []string { return slices.Sorted(maps.Keys(defaultLimits())) }

// check says what is wrong with the limits.
func (l Limits) check() error {
	for _, bucket := range slices.Sorted(maps.Keys(l.Buckets)) {
		if _, known := defaultLimits()[bucket]; !known {
			return fmt.Errorf("rateLimits: %q is not a bucket; the buckets are %s", bucket, strings.Join(Buckets(), ", "))
		}
		if l.Buckets[bucket] < 1 {
			return fmt.Errorf("rateLimits: %s is less than 1", bucket)
		}
	}
	switch {
	case l.Every < 0:
		return fmt.Errorf("rateLimit is less than 0")
	case l.PrincipalShare < 0 || l.PrincipalShare > 100:
		return fmt.Errorf("principalShare is not from 0 to 100")
	case l.Concurrency < 0:
		return fmt.Errorf("concurrency is less than 0")
	}
	return nil
}

// bucketOf names the bucket of a request. Below one user, group or app only the thing itself has a bucket of its own; all
// else counts with its collection. Source: terraform-provider-okta, okta/internal/apimutex, which Okta wrote; that
// everything under /oauth2/v1/clients counts there is UNVERIFIED.
func bucketOf(method, path string) string {
	for _, collection := range []string{"/api/v1/apps", "/api/v1/groups", "/api/v1/users"} {
		id, below := strings.CutPrefix(path, collection+"/")
		switch {
		case !below && path == collection:
			return collection
		case !below:
			continue
		case id == "" || strings.Contains(id, "/"):
			return collection
		case collection == "/api/v1/users" && method == http.MethodGet:
			return "GET /api/v1/users/{id}"
		}
		return collection + "/{id}"
	}
	for _, prefix := range []string{"/api/v1/logs", "/api/v1/iam", "/oauth2/v1/clients", "/oauth2/v1/token"} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return prefix
		}
	}
	return "/api/v1"
}

// limiter counts requests. A window begins with the first request in it.
type limiter struct {
	Limits
	windows map[windowKey]window
}

// windowKey is a bucket, or what a principal uses of it.
type windowKey struct {
	bucket    string
	principal string // a token's or app's id; empty for the bucket itself
}

type window struct {
	left   int
	resets time.Time
}

func newLimiter(limits Limits) limiter { return limiter{limits, map[windowKey]window{}} }

// most is how many requests a minute fit into the bucket.
func (l *limiter) most(bucket string) int {
	if n := l.Buckets[bucket]; n > 0 {
		return n
	}
	if l.Every > 0 {
		return l.Every
	}
	return defaultLimits()[bucket]
}

// concurrency is how many requests may be under way at once.
func (l *limiter) concurrency() int {
	if l.Concurrency > 0 {
		return l.Concurrency
	}
	return 75
}

// inForce are the limits with every number as it counts now.
func (l *limiter) inForce() Limits {
	out := Limits{Every: l.Every, Buckets: map[string]int{}, PrincipalShare: l.share(), Concurrency: l.concurrency()}
	for _, bucket := range Buckets() {
		out.Buckets[bucket] = l.most(bucket)
	}
	return out
}

// share is how many percent of a bucket one principal may use.
func (l *limiter) share() int {
	if l.PrincipalShare > 0 {
		return l.PrincipalShare
	}
	return 50
}

// take counts a request in its bucket and tells whether it may pass.
func (l *limiter) take(bucket string, now time.Time) bool {
	return l.count(windowKey{bucket: bucket}, l.most(bucket), now)
}

// takeShare counts a request for its principal and tells whether it may pass.
func (l *limiter) takeShare(bucket, principal string, now time.Time) bool {
	return l.count(windowKey{bucket, principal}, max(1, l.most(bucket)*l.share()/100), now)
}

func (l *limiter) count(key windowKey, most int, now time.Time) bool {
	w := l.windows[key]
	if !now.Before(w.resets) {
		w = window{most, now.Add(time.Minute)}
	}
	passes := w.left > 0
	w.left = max(0, w.left-1)
	l.windows[key] = w
	return passes
}

// describe writes the bucket's state into the headers. It stays that of the bucket where a principal's share refused the
// request, so that there may be some left in a 429: a client that trusts Remaining alone goes wrong (UNVERIFIED).
func (l *limiter) describe(h http.Header, bucket string, now time.Time) {
	w, there := l.windows[windowKey{bucket: bucket}]
	if !there || !now.Before(w.resets) {
		w = window{l.most(bucket), now.Add(time.Minute)}
	}
	setLimit(h, l.most(bucket), w.left, w.resets)
}

func setLimit(h http.Header, most, left int, resets time.Time) {
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(most))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(left))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(resets.Unix(), 10))
}

// crowded answers a request that comes while as many as may be are under way: with limit and remaining 0 and a reset
// that is a hint. Okta counts all traffic but that of agents; here only the Management API refuses.
func (o *Org) crowded(r *http.Request, underWay int64) (reply, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !isAPI(r.URL.Path) || underWay <= int64(o.limits.concurrency()) {
		return reply{}, false
	}
	now := o.now()
	o.state.served++
	out := tooMany()
	setLimit(out.header, 0, 0, now.Add(time.Second))
	o.seal(&out, newCall(o.state, r, nil, now))
	return out, true
}

// SetLimits changes the limits and begins all windows anew.
func (o *Org) SetLimits(limits Limits) error {
	if err := limits.check(); err != nil {
		return fmt.Errorf("setting rate limits: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	limits.Buckets = maps.Clone(limits.Buckets)
	o.limits = newLimiter(limits)
	return nil
}
