package okta

// One test for each trap of okta-sdk-golang v2, named after it: they fail if the SDK's own behaviour comes through.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
)

const readOnlyRole = `{"id":"ra1x","type":"READ_ONLY_ADMIN","status":"ACTIVE","assignmentType":"USER"}`

func TestTrap01_CacheServesStaleRoles(t *testing.T) {
	t.Parallel()
	held := ""
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case "POST":
			held = readOnlyRole
			answer(w, 201, held)
		case "DELETE":
			held = ""
			w.WriteHeader(204)
		default:
			answer(w, 200, "["+held+"]")
		}
	})
	ctx := t.Context()
	expect := func(want int) {
		t.Helper()
		roles, err := c.UserRoles(ctx, "00u1")
		if err != nil || len(roles) != want {
			t.Fatalf("roles = %v, %v; want %d", roles, err, want)
		}
	}
	expect(0)
	if _, err := c.AssignRole(ctx, "00u1", access.Role{Type: "READ_ONLY_ADMIN"}); err != nil {
		t.Fatal(err)
	}
	expect(1)
	if err := c.RemoveRole(ctx, "00u1", "ra1x"); err != nil {
		t.Fatal(err)
	}
	expect(0)
}

// TestTrap02_RateLimitLosesTheError covers waits and what is said when they do not help.
func TestTrap02_RateLimitLosesTheError(t *testing.T) {
	t.Parallel()
	date := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	limit := func(limit string, reset time.Duration) []string {
		return []string{
			"Date", date.Format(http.TimeFormat), "X-Rate-Limit-Reset", fmt.Sprint(date.Add(reset).Unix()),
			"X-Rate-Limit-Limit", limit, "X-Okta-Request-Id", "req429",
		}
	}
	body := `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}`
	for name, tc := range map[string]struct {
		headers []string
		body    string
		refuse  int // how many tries are refused
		timeout time.Duration
		tries   int
		took    time.Duration
		blind   bool // up to a half longer
		fails   bool
	}{
		"waits for the reset by the server's clock": {headers: limit("600", 30*time.Second), body: body, refuse: 1, tries: 2, took: 31 * time.Second},
		"gives up after three tries":                {headers: limit("600", 9*time.Second), body: body, refuse: 9, tries: 3, took: 20 * time.Second, fails: true},
		"without headers":                           {headers: []string{"X-Okta-Request-Id", "req429"}, body: body, refuse: 2, tries: 3, blind: true, took: 3 * time.Second},
		"without headers, exhausted":                {headers: []string{"X-Okta-Request-Id", "req429"}, body: body, refuse: 9, tries: 3, blind: true, took: 3 * time.Second, fails: true},
		"malformed headers":                         {headers: []string{"X-Rate-Limit-Limit", "600", "X-Rate-Limit-Reset", "soon", "X-Okta-Request-Id", "req429"}, refuse: 1, tries: 2, blind: true, took: time.Second},
		"a limit of concurrency has no reset":       {headers: limit("0", 50*time.Second), body: body, refuse: 1, tries: 2, blind: true, took: time.Second},
		"a reset that is too far away":              {headers: limit("600", time.Hour), body: body, refuse: 9, tries: 1, fails: true},
		"a deadline before the reset":               {headers: limit("600", 30*time.Second), body: body, refuse: 9, tries: 1, timeout: 10 * time.Second, fails: true},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+", "+method, func(t *testing.T) {
				tries := 0
				c := clientOf(t, "https://acme.okta.com", func(c *Config) {
					c.Transport = memory(func(r *http.Request) (*http.Response, error) {
						if sent, _ := io.ReadAll(bodyOf(r)); method == "POST" && !strings.Contains(string(sent), "READ_ONLY_ADMIN") {
							t.Errorf("try %d has the body %q", tries, sent)
						}
						if tries++; tries <= tc.refuse {
							return canned(429, tc.body, tc.headers...), nil
						}
						if method == "POST" {
							return canned(201, `{}`), nil
						}
						return canned(200, `[]`), nil
					})
				})
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour)
					if tc.timeout != 0 {
						ctx, cancel = context.WithTimeout(t.Context(), tc.timeout)
					}
					defer cancel()
					began := time.Now()
					var err error
					if method == "GET" {
						_, err = c.UserRoles(ctx, "00u1")
					} else {
						_, err = c.AssignRole(ctx, "00u1", access.Role{Type: "READ_ONLY_ADMIN"})
					}
					took, most := time.Since(began), tc.took
					if tc.blind {
						most += tc.took / 2
					}
					if took < tc.took || took > most || tries != tc.tries {
						t.Errorf("%d tries in %v, want %d in %v", tries, took, tc.tries, tc.took)
					}
					if !tc.fails {
						if err != nil {
							t.Error(err)
						}
						return
					}
					e := mustFail(t, err)
					if e.Status != 429 || e.Code != "E0000047" || e.RequestID != "req429" || !e.Refused() {
						t.Errorf("error = %+v", e)
					}
				})
			})
		}
	}
}

func bodyOf(r *http.Request) io.Reader {
	if r.Body == nil {
		return strings.NewReader("")
	}
	return r.Body
}

func TestTrap02_RateLimitWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	c := clientOf(t, "https://acme.okta.com", func(c *Config) {
		c.Transport = memory(func(*http.Request) (*http.Response, error) { return canned(429, `{"errorCode":"E0000047"}`), nil })
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, cancel)
		began := time.Now()
		e := mustFail(t, c.RemoveRole(ctx, "00u1", "ra1x"))
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if !e.Refused() || !errors.Is(e, context.Canceled) {
			t.Errorf("error = %+v", e)
		}
	})
}

// TestTrap02_ReadsWaitWhereTheLimitIsUsedUp and writes do not.
func TestTrap02_ReadsWaitWhereTheLimitIsUsedUp(t *testing.T) {
	t.Parallel()
	c := clientOf(t, "https://acme.okta.com", func(c *Config) {
		c.Transport = memory(func(r *http.Request) (*http.Response, error) {
			if r.Method == "DELETE" {
				return canned(204, ""), nil
			}
			now := time.Now()
			return canned(200, `[]`, "Date", now.UTC().Format(http.TimeFormat), "X-Rate-Limit-Limit", "600",
				"X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", fmt.Sprint(now.Unix()+20)), nil
		})
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		at := func(want time.Duration, err error) {
			t.Helper()
			if took := time.Since(began); err != nil || took != want {
				t.Fatalf("%v after %v, want %v", err, took, want)
			}
		}
		_, err := c.UserRoles(t.Context(), "00u1")
		at(0, err)
		_, err = c.Groups(t.Context())
		at(0, err) // another limit
		_, err = c.UserRoles(t.Context(), "00u1")
		at(21*time.Second, err)
		at(21*time.Second, c.RemoveRole(t.Context(), "00u1", "ra1x"))
	})
}

// hangUp is a server that reads requests and closes the connection; the first `sound` requests are answered.
func hangUp(t *testing.T, sound int32) (string, *atomic.Int32) {
	t.Helper()
	var got atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if got.Add(1) <= sound {
			answer(w, 200, `[]`)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, &got
}

func TestTrap03_EOFIsNotRetried(t *testing.T) {
	t.Parallel()
	for name, sound := range map[string]int32{"on a new connection": 0, "on a connection used before": 1} {
		for method, write := range map[string]func(context.Context, *Client) error{
			"POST": func(ctx context.Context, c *Client) error {
				return errOf(c.AssignRole(ctx, "00u1", access.Role{Type: "SUPER_ADMIN"}))
			},
			"DELETE": func(ctx context.Context, c *Client) error { return c.RemoveRole(ctx, "00u1", "ra1x") },
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				t.Parallel()
				orgURL, got := hangUp(t, sound)
				c := clientOf(t, orgURL)
				for range sound {
					if _, err := c.UserRoles(t.Context(), "00u1"); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // the SDK by itself goes on until then
				defer cancel()
				e := mustFail(t, write(ctx, c))
				if n := got.Load() - sound; n != 1 {
					t.Errorf("the write was sent %d times", n)
				}
				if e.Status != 0 || e.Refused() || e.Method != method || !strings.Contains(e.Error(), "okta: no answer ("+method+" /api/v1/users/00u1/roles") {
					t.Errorf("error = %v", e)
				}
			})
		}
	}
	t.Run("GET is tried three times", func(t *testing.T) {
		t.Parallel()
		orgURL, got := hangUp(t, 0)
		_, err := clientOf(t, orgURL).UserRoles(t.Context(), "00u1")
		mustFail(t, err)
		if n := got.Load(); n != 3 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestTrap04_TimeoutsDoNothing(t *testing.T) {
	t.Parallel()
	hanging := memory(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	c := clientOf(t, "https://acme.okta.com", func(c *Config) { c.Transport = hanging })
	t.Run("a request has a deadline of its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			e := mustFail(t, c.RemoveRole(t.Context(), "00u1", "ra1x"))
			if took := time.Since(began); took != requestTimeout || e.Refused() || errors.Is(e, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", took, e)
			}
		})
	})
	t.Run("the caller's deadline counts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			began := time.Now()
			_, err := c.UserRoles(ctx, "00u1")
			e := mustFail(t, err)
			if took := time.Since(began); took != 3*time.Second || !errors.Is(e, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", took, e)
			}
		})
	})
	t.Run("nothing is sent when it has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		e := mustFail(t, c.EndSessions(ctx, "00u1"))
		if !errors.Is(e, context.Canceled) || !e.Refused() {
			t.Errorf("error = %v", e)
		}
	})
	t.Run("on the wire", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
		t.Cleanup(func() { close(release) })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := c.EndSessions(ctx, "00u1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
	})
}

// TestTrap05_CredentialInTheURL: the token is in the Authorization header, and nowhere else.
func TestTrap05_CredentialInTheURL(t *testing.T) {
	t.Parallel()
	c, log := serve(t, always(200, `{"id":"00u1","status":"ACTIVE","profile":{"login":"a@acme.example"}}`))
	if _, err := c.Caller(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Org(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := log.reqs[0].Header.Values("Authorization"); !cmp.Equal(got, []string{"SSWS " + testToken}) {
		t.Errorf("Authorization = %q", got)
	}
	if got := log.reqs[1].Header.Values("Authorization"); got != nil {
		t.Errorf("the token was sent to %s", log.reqs[1].URL)
	}
	for _, r := range log.reqs {
		if strings.Contains(r.URL.String(), testToken) {
			t.Errorf("the token is in %s", r.URL)
		}
		delete(r.Header, "Authorization")
		if strings.Contains(fmt.Sprint(r.Header), testToken) {
			t.Errorf("the token is in %v", r.Header)
		}
	}
}

func TestTrap06_PagesBleedIntoEachOther(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "" {
			w.Header().Add("Link", "<http://"+r.Host+`/api/v1/api-tokens?after=x>; rel="next"`)
			answer(w, 200, `[{"id":"00T1","name":"one","userId":"00u1","network":{"connection":"ZONE","include":["nzo1"]},"expiresAt":"2025-12-02T14:47:13.000Z"},{"id":"00T2","name":"two"}]`)
			return
		}
		answer(w, 200, `[{"id":"00T3"}]`)
	})
	tokens, err := c.Tokens(t.Context())
	if err != nil || len(tokens) != 3 {
		t.Fatal(tokens, err)
	}
	if last := tokens[2]; last.Name != "" || last.UserID != "" || len(last.Network.Include) != 0 || !last.ExpiresAt.IsZero() {
		t.Errorf("fields of the first page are in %+v", last)
	}
	if tokens[0].ID != "00T1" || tokens[0].Name != "one" {
		t.Errorf("the first page was overwritten: %+v", tokens[0])
	}
}

func TestTrap07_FoldedLinkHeaderLoops(t *testing.T) {
	t.Parallel()
	c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
		self := "<http://" + r.Host + `/api/v1/users?limit=200>; rel="self"`
		switch r.URL.Query().Get("after") {
		case "":
			w.Header().Add("Link", self+", <http://"+r.Host+`/api/v1/users?after=a,b&limit=200>; rel="next"`)
			answer(w, 200, `[{"id":"00u2"}]`)
		case "a,b":
			w.Header().Add("Link", self)
			answer(w, 200, `[{"id":"00u1"}]`)
		}
	})
	users, err := c.Users(t.Context())
	if err != nil || len(users) != 2 || users[0].ID != "00u1" {
		t.Errorf("users = %v, %v", users, err)
	}
	if want := []string{"GET /api/v1/users?limit=200", "GET /api/v1/users?after=a,b&limit=200"}; !cmp.Equal(log.lines, want) {
		t.Error(cmp.Diff(want, log.lines))
	}
}

func TestTrap08_WWWAuthenticateAndOtherContent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status  int
		kind    string
		auth    string
		body    string
		want    Error
		refused bool
		says    string
	}{
		"403 of OAuth": {
			status: 403, kind: "application/json",
			auth: `Bearer authorization_uri="http://x/oauth2/v1/authorize", realm="http://x", scope="okta.roles.read", error="insufficient_scope", error_description="The access token, it \"lacks\" scope", resource="/api/v1/users"`,
			want: Error{Status: 403, Code: "insufficient_scope", Summary: `The access token, it "lacks" scope`}, refused: true,
		},
		"401 of OAuth with DPoP": {
			status: 401, auth: `DPoP error=invalid_token, error_description="expired"`,
			want: Error{Status: 401, Code: "invalid_token", Summary: "expired"}, refused: true,
		},
		"401 that says nothing": {status: 401, auth: `Bearer`, want: Error{Status: 401}, says: "does not say why"},
		"403 with both": {
			status: 403, kind: "application/json", auth: `Bearer error="x", error_description="y"`, body: `{"errorCode":"E0000006","errorSummary":"You do not have permission"}`,
			want: Error{Status: 403, Code: "E0000006", Summary: "You do not have permission"}, refused: true,
		},
		"200 of HTML":         {status: 200, kind: "text/html; charset=utf-8", body: "<html>Sign in</html>", want: Error{Status: 200}, says: `"text/html", not JSON`},
		"200 without type":    {status: 200, kind: " ", body: "[]", want: Error{Status: 200}, says: "not JSON"},
		"200 of nothing":      {status: 200, kind: "application/json", want: Error{Status: 200}, says: "empty"},
		"200 of white space":  {status: 200, kind: "application/json", body: " \n", want: Error{Status: 200}, says: "not valid JSON"},
		"200 of null":         {status: 200, kind: "application/json", body: "null", want: Error{Status: 200}, says: "a list was expected"},
		"200 of an object":    {status: 200, kind: "application/json", body: `{"roles":[]}`, want: Error{Status: 200}, says: "a list was expected"},
		"200 of half":         {status: 200, kind: "application/json", body: `[{"id":"ra1"`, want: Error{Status: 200}, says: "not valid JSON"},
		"200 of more":         {status: 200, kind: "application/json", body: `[] []`, want: Error{Status: 200}, says: "not valid JSON"},
		"200 with null in it": {status: 200, kind: "application/json", body: `[null]`, want: Error{Status: 200}, says: "item 1"},
		"204":                 {status: 204, kind: "application/json", want: Error{Status: 204}, says: "the status is none"},
		"206":                 {status: 206, kind: "application/json", body: `[]`, want: Error{Status: 206}, says: "the status is none"},
		"502 of HTML":         {status: 502, kind: "text/html", body: "<html>", want: Error{Status: 502}, says: "does not say why"},
		"500":                 {status: 500, kind: "application/json", body: `{"errorCode":"E0000009","errorSummary":"Internal Server Error","errorId":"oaeX"}`, want: Error{Status: 500, Code: "E0000009", Summary: "Internal Server Error", ErrorID: "oaeX"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Okta-Request-Id", "reqX")
				w.Header().Set("Content-Type", tc.kind)
				if tc.auth != "" {
					w.Header().Set("WWW-Authenticate", tc.auth)
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			roles, err := c.UserRoles(t.Context(), "00u1")
			e := mustFail(t, err)
			if roles != nil {
				t.Errorf("roles = %v beside the error", roles)
			}
			got := Error{Status: e.Status, Code: e.Code, Summary: e.Summary, ErrorID: e.ErrorID}
			if !cmp.Equal(got, tc.want, cmp.AllowUnexported(Error{})) {
				t.Error(cmp.Diff(tc.want, got, cmp.AllowUnexported(Error{})))
			}
			if e.RequestID != "reqX" || e.Path != "/api/v1/users/00u1/roles" || e.Method != "GET" || e.Refused() != tc.refused {
				t.Errorf("error = %+v", e)
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q does not say %q", err, tc.says)
			}
		})
	}
}

// TestTrap09_AdminHostLinks: links on the Admin Console's host are asked of the org's own host.
func TestTrap09_AdminHostLinks(t *testing.T) {
	t.Parallel()
	var asked []string
	c := clientOf(t, "https://acme.okta.com", func(c *Config) {
		c.Transport = memory(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			if r.URL.Query().Get("after") == "" && r.URL.Path == "/api/v1/iam/roles" {
				return canned(200, `{"roles":[{"id":"cr01","label":"One"}],"_links":{"next":{"href":"https://acme-admin.okta.com/api/v1/iam/roles?after=2"}}}`), nil
			}
			if strings.HasSuffix(r.URL.Path, "/permissions") {
				return canned(200, `{"permissions":[]}`), nil
			}
			return canned(200, `{"roles":[{"id":"cr02","label":"Two"}]}`), nil
		})
	})
	roles, err := c.CustomRoles(t.Context())
	if err != nil || len(roles) != 2 {
		t.Fatalf("roles = %v, %v", roles, err)
	}
	want := []string{
		"https://acme.okta.com/api/v1/iam/roles", "https://acme.okta.com/api/v1/iam/roles?after=2",
		"https://acme.okta.com/api/v1/iam/roles/cr01/permissions", "https://acme.okta.com/api/v1/iam/roles/cr02/permissions",
	}
	if !cmp.Equal(asked, want) {
		t.Error(cmp.Diff(want, asked))
	}
}

// TestTrap10_ConfigurationBleedsIn: what lies about on a shared runner has no effect, and nothing is printed.
func TestTrap10_ConfigurationBleedsIn(t *testing.T) {
	home := t.TempDir()
	yaml := "okta:\n  client:\n    orgUrl: https://evil.example\n    token: evil\n    authorizationMode: Bearer\n    cache:\n      enabled: true\n    requestTimeout: 1\n"
	for _, dir := range []string{filepath.Join(home, ".okta"), home} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".okta/okta.yaml", ".okta.yaml"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(home)
	for name, value := range map[string]string{
		"HOME": home, "OKTA_CLIENT_ORGURL": "https://evil.example", "OKTA_CLIENT_TOKEN": "evil", "OKTA_CLIENT_AUTHORIZATIONMODE": "PrivateKey",
		"OKTA_CLIENT_CLIENTID": "evil", "OKTA_CLIENT_PRIVATEKEY": "evil", "OKTA_CLIENT_SCOPES": "okta.users.read", "OKTA_CLIENT_CACHE_ENABLED": "not a bool",
		"OKTA_CLIENT_REQUEST_TIMEOUT": "1", "OKTA_CLIENT_RATE_LIMIT_MAX_RETRIES": "99", "OKTA_CLIENT_PROXY_HOST": "127.0.0.1", "OKTA_CLIENT_PROXY_PORT": "1",
		"OKTA_TESTING_DISABLE_HTTPS_CHECK": "true", "OKTA_USERAGENTEXTRA": "evil", "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	stdout := capture(t)
	hits := 0
	c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits++
		answer(w, 200, `{"id":"00u1"}`)
	})
	for range 2 {
		if _, err := c.Caller(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if hits != 2 {
		t.Errorf("%d requests: the cache is on", hits)
	}
	if got := log.reqs[0].Header; got.Get("Authorization") != "SSWS "+testToken || strings.Contains(fmt.Sprint(got), "evil") || !strings.HasSuffix(got.Get("User-Agent"), " stepdown/test") {
		t.Errorf("headers = %v", got)
	}
	if _, err := New(t.Context(), Config{OrgURL: "http://acme.okta.com", Token: access.NewSecret("x"), Transport: http.DefaultTransport}); err == nil {
		t.Error("OKTA_TESTING_DISABLE_HTTPS_CHECK lets plain http through")
	}
	if out := stdout(); out != "" {
		t.Errorf("printed %q", out)
	}
}

// capture collects what is written to standard output until the returned function is called.
func capture(t *testing.T) func() string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdout
	os.Stdout = w
	t.Cleanup(func() { os.Stdout = before })
	return func() string {
		os.Stdout = before
		_ = w.Close()
		out, _ := io.ReadAll(r)
		return string(out)
	}
}

// TestTrap11_SharedExecutor: requests at the same time do not see each other's state; run it with -race.
func TestTrap11_SharedExecutor(t *testing.T) {
	t.Parallel()
	var wrong atomic.Int32
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hasType := r.Header.Get("Content-Type") != ""
		if r.Header.Get("Accept") != "application/json" || hasType != (r.Method == "POST") || r.Header.Get("X-Okta-Retry-Count") != "" || len(r.Header.Values("Authorization")) != 1 {
			wrong.Add(1)
		}
		if r.Method == "GET" {
			answer(w, 200, `[{"id":"`+strings.Split(r.URL.Path, "/")[4]+`","type":"X"}]`)
			return
		}
		answer(w, 201, `{}`)
	})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			id := fmt.Sprintf("00u%d", i)
			roles, err := c.UserRoles(context.Background(), id)
			if err != nil || len(roles) != 1 || roles[0].ID != id {
				t.Errorf("roles of %s = %v, %v", id, roles, err)
			}
			if _, err := c.AssignRole(context.Background(), id, access.Role{Type: "X"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := wrong.Load(); n != 0 {
		t.Errorf("%d requests had wrong headers", n)
	}
}

// TestTrap12_MalformedLinkHeaderPanics: the SDK would crash on it.
func TestTrap12_MalformedLinkHeaderPanics(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<http://[bad>; rel="next"`)
		answer(w, 200, `[]`)
	})
	_, err := c.Users(t.Context())
	mustFail(t, err)
}

// TestConnectionRefused says what could not be reached.
func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	c := clientOf(t, "http://"+l.Addr().String())
	e := mustFail(t, c.RevokeToken(t.Context(), "00T1"))
	if e.Status != 0 || e.Refused() || !strings.HasPrefix(e.Error(), "okta: no answer (DELETE /api/v1/api-tokens/00T1): ") || !strings.Contains(e.Error(), "refused") {
		t.Errorf("error = %v", e)
	}
}
