package github

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
)

// inMemory serves a hub without sockets, so that waits take no time under synctest.
func inMemory(t *testing.T, opts githubemu.Options) (*githubemu.Hub, *Client) {
	t.Helper()
	opts.Token = testToken
	hub := githubemu.New(opts)
	c, err := New(Config{
		APIURL: "http://127.0.0.1:1", Repository: "acme/okta-access", Token: access.NewSecret(testToken),
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			hub.ServeHTTP(w, r)
			return w.Result(), nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return hub, c
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	hub, _ := start(t)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	const wrong = "ghs_wrong"
	_, err := connect(t, server.URL, wrong).PullRequest(t.Context(), 1)
	wantError(t, err, "401", "Bad credentials", "(request ", "github.token")
	if strings.Contains(err.Error(), wrong) {
		t.Errorf("error holds the token: %v", err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Status != 401 || e.RequestID == "" || e.Path != "/repos/acme/okta-access/pulls/1" {
		t.Errorf("the error is %#v", e)
	}

	c := connect(t, server.URL, testToken)
	hub.Withhold("pull_requests", 403)
	_, err = c.Reviews(t.Context(), 1)
	wantError(t, err, "403", "Resource not accessible", "\n", "pull-requests: read", "pull_requests=read")
	if n := len(hub.Requests()); n != 2 {
		t.Errorf("%d requests: a refusal was asked again", n)
	}

	hub.Inject(githubemu.Fault{Status: 422, Body: `{"message":"you sent ` + testToken + `\n::error::x` + strings.Repeat("x", 5000) + `"}`})
	_, err = c.Reviews(t.Context(), 1)
	wantError(t, err, "422", "[redacted]")
	if len(err.Error()) > 600 || strings.Contains(err.Error(), "\n") {
		t.Errorf("GitHub's words are not one short line: %d bytes", len(err.Error()))
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		if r.Header.Get("Authorization") != "" {
			t.Error("the token came to another host")
		}
		_, _ = w.Write([]byte(`[]`))
	}))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		hub, c := start(t)
		hub.Inject(githubemu.Fault{Status: status, Header: http.Header{"Location": {other.URL + "/repos/acme/okta-access/pulls/1/reviews"}}})
		_, err := c.Reviews(t.Context(), 1)
		wantError(t, err, strconv.Itoa(status), "redirects are not followed")
	}
	if reached.Load() != 0 {
		t.Errorf("%d redirects were followed", reached.Load())
	}
}

func TestTransportGuards(t *testing.T) {
	t.Parallel()
	tr := &transport{scheme: "https", host: "api.github.com", tokens: given{access.NewSecret(testToken)}, base: roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("sent")
	})}
	for _, target := range []string{"https://api.github.com.evil.example/", "http://api.github.com/", "https://api.github.com:444/"} {
		req := httptest.NewRequest(http.MethodGet, target, nil)
		_, err := tr.RoundTrip(req)
		wantError(t, err, "refusing to take the token")
	}
	for _, method := range []string{http.MethodDelete, http.MethodPut, http.MethodHead, "GRAB"} {
		_, err := tr.RoundTrip(httptest.NewRequest(method, "https://api.github.com/", nil))
		wantError(t, err, "none of the methods")
	}
	_, err := tr.RoundTrip(httptest.NewRequest(http.MethodPost, "https://api.github.com.evil.example/", strings.NewReader("{}")))
	wantError(t, err, "refusing to take the token")
}

func TestReadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubemu.Fault{
		"502": {Status: 502}, "503": {Status: 503, Body: "<html>"}, "504": {Status: 504}, "dropped": {DropBefore: true},
		"dropped after": {DropAfter: true}, "truncated": {Truncate: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, c := start(t)
			fault.Count = 2
			hub.Inject(fault)
			sha, err := c.BranchHead(t.Context(), "main")
			if err != nil || sha != hub.Head("main") {
				t.Errorf("%q, %v", sha, err)
			}
			if n := len(hub.Requests()); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
		})
	}
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault    githubemu.Fault
		requests int
	}{
		"503":       {githubemu.Fault{Status: 503}, maxAttempts},
		"500":       {githubemu.Fault{Status: 500}, 1},
		"429":       {githubemu.Fault{Status: 429, Header: http.Header{"Retry-After": {"1"}}}, maxAttempts},
		"long wait": {githubemu.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hub, c := inMemory(t, githubemu.Options{})
				hub.Inject(test.fault)
				started := time.Now()
				_, err := c.BranchHead(t.Context(), "main")
				wantError(t, err, name[:1])
				if n := len(hub.Requests()); n != test.requests {
					t.Errorf("%d requests, want %d", n, test.requests)
				}
				if d := time.Since(started); d > 3*maxWait {
					t.Errorf("it took %s", d)
				}
			})
		})
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	type result struct {
		err  error
		took time.Duration
		hub  *githubemu.Hub
	}
	run := func(t *testing.T, timeout time.Duration, fault func(now time.Time) githubemu.Fault) (r result) {
		synctest.Test(t, func(t *testing.T) {
			hub, c := inMemory(t, githubemu.Options{})
			hub.Inject(fault(time.Now()))
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			started := time.Now()
			_, err := c.BranchHead(ctx, "main")
			r = result{err, time.Since(started), hub}
		})
		return r
	}
	limited := func(wait time.Duration) func(time.Time) githubemu.Fault {
		return func(now time.Time) githubemu.Fault {
			return githubemu.Fault{Count: 1, Status: 403, Body: `{"message":"API rate limit exceeded"}`, Header: http.Header{
				"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(now.Add(wait).Unix(), 10)},
			}}
		}
	}
	secondary := func(time.Time) githubemu.Fault {
		return githubemu.Fault{Count: 1, Status: 403, Body: `{"message":"You have exceeded a secondary rate limit."}`, Header: http.Header{"Retry-After": {"20"}}}
	}
	if r := run(t, time.Hour, limited(30*time.Second)); r.err != nil || r.took < 30*time.Second || r.took > 32*time.Second {
		t.Errorf("primary: %v after %s", r.err, r.took)
	}
	if r := run(t, time.Hour, secondary); r.err != nil || r.took != 20*time.Second {
		t.Errorf("secondary: %v after %s", r.err, r.took)
	}
	r := run(t, time.Hour, limited(30*time.Minute))
	wantError(t, r.err, "rate limit", "run again in 30m")
	if r.took != 0 {
		t.Errorf("it waited %s for a limit that is out of bounds", r.took)
	}
	r = run(t, 10*time.Second, limited(30*time.Second))
	wantError(t, r.err, "403", "rate limit")
	if isContextError(r.err) || r.took != 0 {
		t.Errorf("a wait beyond the deadline: %v after %s", r.err, r.took)
	}
}

func TestUsedUpLimitOfTheEmulator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := inMemory(t, githubemu.Options{RateLimit: 2})
		for range 2 {
			if _, err := c.BranchHead(t.Context(), "main"); err != nil {
				t.Fatal(err)
			}
		}
		_, err := c.BranchHead(t.Context(), "main")
		wantError(t, err, "API rate limit exceeded", "run again in 1h0m")
	})
}

func TestContextEndsAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub, c := inMemory(t, githubemu.Options{})
		hub.Inject(githubemu.Fault{Status: 429, Header: http.Header{"Retry-After": {"50"}}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		started := time.Now()
		_, err := c.BranchHead(ctx, "main")
		if err == nil || time.Since(started) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(started))
		}
	})
}

func TestHungServer(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	hub.Inject(githubemu.Fault{Delay: 10 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.BranchHead(ctx, "main"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
