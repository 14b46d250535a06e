package okta

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"

	"github.com/stepdown/stepdown/internal/org"
)

// writes are all methods that change the org.
func writes(c *Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"AssignRole": func(ctx context.Context) error {
			return errOf(c.AssignRole(ctx, "00u1", access.Role{Type: "READ_ONLY_ADMIN"}))
		},
		"RemoveRole":  func(ctx context.Context) error { return c.RemoveRole(ctx, "00u1", "ra1") },
		"EndSessions": func(ctx context.Context) error { return c.EndSessions(ctx, "00u1") },
		"RevokeToken": func(ctx context.Context) error { return c.RevokeToken(ctx, "00T1") },
		"RestrictToken": func(ctx context.Context) error {
			_, err := c.RestrictToken(ctx, tokenRead, []string{"nzo1"})
			return err
		},
	}
}

func TestWritesAreSentOnce(t *testing.T) {
	t.Parallel()
	for status, refused := range map[int]bool{
		400: true, 401: true, 403: true, 404: true, 409: true, 408: false, 500: false, 502: false, 503: false, 504: false, 202: false, 302: false,
	} {
		c, log := serve(t, always(status, `{"errorCode":"E0000001","errorSummary":"no"}`))
		for name, write := range writes(c) {
			before := log.count()
			e := mustFail(t, write(t.Context()))
			if sent := log.count() - before; sent != 1 || e.Status != status || e.Refused() != refused || e.NotFound() {
				t.Errorf("%s with status %d: sent %d times, refused %v, error %v", name, status, sent, e.Refused(), e)
			}
		}
	}
}

// TestAGatewaysAnswerIsNoRefusal: what is not in Okta's words says nothing of what Okta did, nor of what it has.
func TestAGatewaysAnswerIsNoRefusal(t *testing.T) {
	t.Parallel()
	for status, bodies := range map[int][]string{
		400: {``, `<html>`, `{"errorCode":"400"}`}, 401: {``, `<html>`, `{"errorCode":"E401"}`}, 403: {``, `{"message":"Forbidden"}`, `{"error":"Forbidden"}`},
		404: {`<html>`, `{}`, `{"errorCode":"E00000071"}`}, 407: {``}, 409: {``, `{"errorCode":"E0000090","errorcode":"E0000001"}`}, 429: {``, `<html>`},
		451: {``}, 460: {``}, 499: {``},
	} {
		for _, body := range bodies {
			c, log := serve(t, always(status, body))
			for name, write := range writes(c) {
				before := log.count()
				if e := mustFail(t, write(t.Context())); e.Refused() || e.NotFound() || log.count()-before != 1 {
					t.Errorf("%s with %d %s: refused %v, not found %v, sent %d times", name, status, body, e.Refused(), e.NotFound(), log.count()-before)
				}
			}
		}
	}
}

// TestOnlyOktaSaysNotFound: the 404 of a proxy is not that an app holds no roles, or that a user does not exist.
func TestOnlyOktaSaysNotFound(t *testing.T) {
	t.Parallel()
	for body, found := range map[string]bool{`<html>404 page not found</html>`: true, `{}`: true, `{"errorCode":"E0000007"}`: false} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/clients/0oa1") || strings.HasSuffix(r.URL.Path, "/apps/0oa1") {
				answer(w, 200, `{"id":"0oa1","client_id":"0oa1","application_type":"service"}`)
				return
			}
			answer(w, 404, body)
		})
		if roles, err := c.AppRoles(t.Context(), "0oa1"); (err != nil) != found {
			t.Errorf("%s: roles %v, %v", body, roles, err)
		}
		_, err := c.User(t.Context(), "00u1")
		if e := mustFail(t, err); e.NotFound() == found {
			t.Errorf("%s: not found %v", body, e.NotFound())
		}
	}
}

func TestWritesAcceptWhatOktaAnswers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 204} {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		for name, write := range writes(c) {
			err := write(t.Context())
			if name == "RestrictToken" { // its answer is the result, so it must be there
				mustFail(t, err)
			} else if err != nil {
				t.Errorf("%s with status %d: %v", name, status, err)
			}
		}
	}
}

// TestWriteWithAnUnusableAnswer: the effect is unknown, so it is neither success nor refusal.
func TestWriteWithAnUnusableAnswer(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"HTML": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>Sign in</html>") },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			answer(w, 201, `{"id":`)
		},
	} {
		c, log := serve(t, h)
		e := mustFail(t, errOf(c.AssignRole(t.Context(), "00u1", access.Role{Type: "X"})))
		if e.Refused() || e.Status/100 != 2 || log.count() != 1 {
			t.Errorf("%s: sent %d times: %+v", name, log.count(), e)
		}
	}
}

// TestAnAnswerThatSwitchesProtocols: its body is the connection, which stays open and does not end with any context.
func TestAnAnswerThatSwitchesProtocols(t *testing.T) {
	t.Parallel()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = http.ReadRequest(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn) // until the client closes it
			}()
		}
	}()
	c := clientOf(t, "http://"+listener.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- c.RemoveRole(t.Context(), "00u1", "ra1") }()
	select {
	case err := <-ended:
		if e := mustFail(t, err); e.Refused() || e.Status != http.StatusSwitchingProtocols {
			t.Errorf("error = %+v", e)
		}
	case <-time.After(10 * time.Second):
		t.Error("the call does not end")
	}
}

// TestABodyThatDoesNotEnd is read no longer than a try may take, or the caller waits; what came of it is no answer.
func TestABodyThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	c := clientOf(t, "http://127.0.0.1:1", func(c *Config) {
		c.Transport = memory(func(*http.Request) (*http.Response, error) {
			resp := canned(http.StatusOK, "")
			read, write := io.Pipe()
			go func() { _, _ = io.WriteString(write, `{}`) }()
			resp.Body = read
			return resp, nil
		})
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if e := mustFail(t, c.RemoveRole(t.Context(), "00u1", "ra1")); e.Refused() || time.Since(began) != requestTimeout {
			t.Errorf("after %v: %+v", time.Since(began), e)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if e := mustFail(t, c.RemoveRole(ctx, "00u1", "ra1")); e.Refused() || !errors.Is(e, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("after %v: %+v", time.Since(began), e)
		}
	})
}

// TestRedirectsAreNotFollowed: the token never leaves the org's own host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		answer(w, 200, `[]`)
	}))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", other.URL+r.URL.Path)
			w.WriteHeader(status)
		})
		_, err := c.UserRoles(t.Context(), "00u1")
		e := mustFail(t, err)
		if e.Status != status || e.Refused() || log.count() != 1 {
			t.Errorf("status %d: %d requests, %v", status, log.count(), e)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests followed a redirect to another host", n)
	}
}

func TestAnotherHostIsNotSentTo(t *testing.T) {
	t.Parallel()
	sent := false
	org, err := parseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := newTransport(Config{Token: access.NewSecret(testToken), Transport: memory(func(*http.Request) (*http.Response, error) { sent = true; return canned(200, `[]`), nil })}, org, newPace(DefaultRateCeiling, defaultConcurrency))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"https://evil.example/api/v1/users", "http://acme.okta.com/api/v1/users", "https://acme.okta.com.evil.example/", "https://acme.okta.com:8443/"} {
		req, _ := http.NewRequest("GET", target, nil)
		if _, err := tr.RoundTrip(req); err == nil || sent {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	chunk := strings.Repeat(" ", 1<<20)
	c, log := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for { // without end
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := c.UserRoles(ctx, "00u1")
	mustFail(t, err)
	if !strings.Contains(err.Error(), "larger than 32 MiB") || log.count() != 1 {
		t.Errorf("%d requests: %v", log.count(), err)
	}
}

// TestTheTokenIsNowhere: a server that echoes the token gets it into no error and no observation.
func TestTheTokenIsNowhere(t *testing.T) {
	t.Parallel()
	var seen []access.Exchange
	observe := func(c *Config) { c.Observe = func(x access.Exchange) { seen = append(seen, x) } }
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "SSWS ")
		w.Header().Set("X-Okta-Request-Id", token)
		w.Header().Set("WWW-Authenticate", `Bearer error="`+token+`"`)
		answer(w, 401, fmt.Sprintf(`{"errorCode":%q,"errorSummary":%q,"errorId":%q,"errorCauses":[{"errorSummary":%q}]}`, token, "bad "+token+"\nnext", token, token))
	}, observe)
	for _, write := range writes(c) {
		mustFail(t, write(t.Context()))
	}
	_, err := c.User(t.Context(), testToken)
	e := mustFailAbout(t, err)
	if strings.Contains(e.Error(), testToken) || strings.Contains(e.Error(), "\n") {
		t.Errorf("error = %q", e)
	}
	broken := clientOf(t, "https://acme.okta.com", observe, func(c *Config) {
		c.Transport = memory(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("dialling with %v: %w", r.Header, io.EOF)
		})
	})
	mustFail(t, broken.EndSessions(t.Context(), "00u1"))
	if got := fmt.Sprintf("%+v", seen); strings.Contains(got, testToken) || len(seen) != 7 {
		t.Errorf("observed %d: %s", len(seen), got)
	}
}

// mustFailAbout is mustFail for a call whose argument is the token itself, which the operation then names.
func mustFailAbout(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := err.(interface{ Unwrap() error })
	if !ok {
		t.Fatalf("error = %v", err)
	}
	return e.Unwrap().(*Error)
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var seen []access.Exchange
	n := 0
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		w.Header().Set("X-Okta-Request-Id", fmt.Sprint("req", n))
		switch n {
		case 1:
			answer(w, 503, `{}`)
		case 2:
			answer(w, 200, `[]`)
		default:
			answer(w, 403, `{"errorCode":"E0000006","errorSummary":"You do not have permission"}`)
		}
	}, func(c *Config) { c.Observe = func(x access.Exchange) { seen = append(seen, x) } })
	if _, err := c.Events(t.Context(), day(1), day(2), org.LogFilter{ActorID: "00u1"}); err != nil {
		t.Fatal(err)
	}
	mustFail(t, errOf(c.AssignRole(t.Context(), "00u1", access.Role{Type: "X"})))
	for i := range seen {
		if seen[i].At.IsZero() {
			t.Error("an exchange has no time")
		}
		seen[i].At = day(0).AddDate(-1, 0, 0)
	}
	at := day(0).AddDate(-1, 0, 0)
	want := []access.Exchange{
		{At: at, Method: "GET", Path: "/api/v1/logs", Status: 503, RequestID: "req1", Error: "503: the answer does not say why"},
		{At: at, Method: "GET", Path: "/api/v1/logs", Status: 200, RequestID: "req2"},
		{At: at, Method: "POST", Path: "/api/v1/users/00u1/roles", Status: 403, RequestID: "req3", Error: `403 E0000006 "You do not have permission"`},
	}
	if !cmp.Equal(want, seen) {
		t.Error(cmp.Diff(want, seen))
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "reqABC")
		answer(w, 400, `{"errorCode":"E0000001","errorSummary":"Api validation failed: type","errorLink":"E0000001","errorId":"oae1","errorCauses":[{"errorSummary":"type: unknown"},{"errorSummary":"other"}]}`)
	})
	_, err := c.AssignRole(t.Context(), "00u1", access.Role{Type: "NOPE_ADMIN"})
	want := `assigning role "NOPE_ADMIN" to user "00u1": okta: 400 E0000001 "Api validation failed: type" "type: unknown", "other" (POST /api/v1/users/00u1/roles, request id reqABC)`
	if e := mustFail(t, err); err.Error() != want || e.ErrorID != "oae1" || len(e.Causes) != 2 {
		t.Errorf("error = %s\nwant    %s", err, want)
	}
}
