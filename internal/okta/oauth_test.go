package okta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

func TestServiceApp(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	c := appOf(t, a)
	for range 3 {
		if err := readOnce(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	asked, seen := a.requests()
	if want := slices.Repeat([]string{"GET /api/v1/users/00u1/roles Bearer"}, 3); asked != 1 || !cmp.Equal(seen, want) {
		t.Errorf("%d token requests, then %q", asked, seen)
	}
	if _, err := c.Org(t.Context()); err == nil { // the server does not have it; it must have come without a token
		t.Error("no error")
	} else if _, seen := a.requests(); seen[3] != "GET "+wellKnown+" " {
		t.Errorf("the org's public document was asked for with %q", seen[3])
	}
}

func TestOneCredential(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"both":         func(c *Config) { c.Token = access.NewSecret(testToken) },
		"no client id": func(c *Config) { c.OAuth.ClientID = " " },
		"no scopes":    func(c *Config) { c.OAuth.Scopes = nil },
		"no key":       func(c *Config) { c.OAuth.Key = access.Secret{} },
		"a bad key":    func(c *Config) { c.OAuth.Key = access.NewSecret("PLANTED-" + testToken) },
	} {
		config := Config{OrgURL: "https://acme.okta.com", Transport: http.DefaultTransport}
		serviceApp(&config)
		change(&config)
		_, err := New(t.Context(), config)
		if err == nil || strings.Contains(err.Error(), "PLANTED") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOneTokenForAll: fifty calls at the start ask for one token.
func TestOneTokenForAll(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	a.dpop, a.nonce = true, "n1"
	c := appOf(t, a)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := readOnce(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if asked, seen := a.requests(); asked != 3 || len(a.tokensIssued()) != 1 || len(seen) != 50 {
		t.Errorf("%d token requests for %d tokens, %d calls", asked, len(a.tokensIssued()), len(seen))
	}
}

// TestRefresh: a token is renewed before it ends, while the old one is used.
func TestRefresh(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	c := inMemory(t, a)
	synctest.Test(t, func(t *testing.T) {
		step := func(wait time.Duration, want int, what string) {
			t.Helper()
			time.Sleep(wait)
			if err := readOnce(t.Context(), c); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			synctest.Wait()
			if asked, _ := a.requests(); asked != want {
				t.Errorf("%s: %d token requests, want %d", what, asked, want)
			}
		}
		step(0, 1, "at the start")
		step(54*time.Minute, 1, "six minutes before the end")
		step(2*time.Minute, 2, "four minutes before the end")
		step(time.Minute, 2, "with the new token")
		step(3*time.Hour, 3, "long after the end")
		a.sound(t)
	})
}

// TestRefreshFails: what works is used to its end; then the failure is told.
func TestRefreshFails(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	c := inMemory(t, a)
	synctest.Test(t, func(t *testing.T) {
		if err := readOnce(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		a.before = func(w http.ResponseWriter, _ *http.Request) bool { answer(w, 500, `{}`); return true }
		time.Sleep(56 * time.Minute)
		for range 5 {
			if err := readOnce(t.Context(), c); err != nil {
				t.Fatalf("four minutes before the end: %v", err)
			}
			synctest.Wait()
		}
		if asked, _ := a.requests(); asked != 2 {
			t.Errorf("%d token requests: a failing one is repeated with every call", asked)
		}
		time.Sleep(4 * time.Minute)
		e := mustFail(t, readOnce(t.Context(), c))
		if e.Status != 500 || !e.Refused() || e.Path != TokenPath {
			t.Errorf("error = %+v", e)
		}
		a.before = nil
		if err := readOnce(t.Context(), c); err != nil {
			t.Errorf("after the fault: %v", err)
		}
	})
}

// TestTheLastMinuteOfAToken: where no other can be had, it is used until it has really ended.
func TestTheLastMinuteOfAToken(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*authServer, http.ResponseWriter){
		"fails":   func(_ *authServer, w http.ResponseWriter) { answer(w, 503, ``) },
		"refuses": func(_ *authServer, w http.ResponseWriter) { oauthError(w, 401, "invalid_client", "gone") },
		"hangs": func(a *authServer, w http.ResponseWriter) {
			a.mu.Unlock()
			time.Sleep(30 * time.Second)
			a.mu.Lock()
			answer(w, 503, ``)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthServer()
			c := inMemory(t, a)
			synctest.Test(t, func(t *testing.T) {
				if err := readOnce(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				a.set(func() { a.before = func(w http.ResponseWriter, _ *http.Request) bool { fault(a, w); return true } })
				time.Sleep(59*time.Minute + 10*time.Second)
				for range 3 {
					began := time.Now()
					if err := c.RemoveRole(t.Context(), "00u1", "ra1"); err != nil || time.Since(began) > 10*time.Second {
						t.Errorf("less than 50 s before the end, after %v: %v", time.Since(began), err)
					}
				}
				if asked, _ := a.requests(); asked > 5 {
					t.Errorf("%d token requests: a failing one is repeated with every call", asked)
				}
				time.Sleep(50 * time.Second)
				if e := mustFail(t, c.RemoveRole(t.Context(), "00u1", "ra1")); e.Path != TokenPath {
					t.Errorf("after the end: %v", e)
				}
				time.Sleep(10 * time.Minute) // for all that hangs
			})
		})
	}
}

// TestAWaiterLeaves: the end of one caller's context frees that caller, and the others get the token.
func TestAWaiterLeaves(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	slow := memory(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == TokenPath {
			time.Sleep(20 * time.Second)
		}
		return a.RoundTrip(r)
	})
	c := inMemory(t, a, func(c *Config) { c.Transport = slow })
	synctest.Test(t, func(t *testing.T) {
		first, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begun := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.UserRoles(first, "00u1")
			e := mustFail(t, err)
			if !errors.Is(err, context.DeadlineExceeded) || !e.Refused() || time.Since(begun) != 5*time.Second {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
		})
		wg.Go(func() {
			time.Sleep(time.Second)
			if err := readOnce(t.Context(), c); err != nil || time.Since(begun) != 20*time.Second {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
		})
		wg.Wait()
		if asked, seen := a.requests(); asked != 1 || len(seen) != 1 {
			t.Errorf("%d token requests, %d calls", asked, len(seen))
		}
	})
}

// TestRevokedToken: a 401 had no effect, so that reads and writes are sent once more with a new token, and only once.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	for _, dpop := range []bool{false, true} {
		a := newAuthServer()
		a.dpop, a.api = dpop, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }
		c := appOf(t, a)
		if err := c.EndSessions(t.Context(), "00u1"); err != nil {
			t.Fatal(err)
		}
		first := a.tokensIssued()[0]
		a.set(func() { a.refused = func(token string) bool { return token == first } })
		if err := c.EndSessions(t.Context(), "00u1"); err != nil {
			t.Fatalf("with DPoP %v: %v", dpop, err)
		}
		if _, seen := a.requests(); len(a.tokensIssued()) != 2 || len(seen) != 3 {
			t.Errorf("%d tokens, calls %q", len(a.tokensIssued()), seen)
		}
		a.set(func() { a.refused = func(string) bool { return true } })
		e := mustFail(t, c.EndSessions(t.Context(), "00u1"))
		if _, seen := a.requests(); e.Status != 401 || e.Code != "invalid_token" || e.Advice == "" || len(seen) != 5 || len(a.tokensIssued()) != 3 {
			t.Errorf("%d tokens, calls %q: %+v", len(a.tokensIssued()), seen, e)
		}
	}
}

// TestDPoP: the first answer makes the client prove possession, from then on and in every try anew.
func TestDPoP(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	c := inMemory(t, a)
	synctest.Test(t, func(t *testing.T) {
		a.dpop, a.nonce = true, "nonce-1"
		tries := 0
		a.api = func(w http.ResponseWriter, _ *http.Request) {
			if tries++; tries == 1 {
				w.Header().Set("Retry-After", "1")
				answer(w, 429, `{"errorCode":"E0000047"}`)
				return
			}
			answer(w, 200, `[]`)
		}
		if err := readOnce(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Events(t.Context(), day(1), day(2), org.LogFilter{ActorID: "00u1"}); err != nil { // a query, which htu has not
			t.Fatal(err)
		}
		if asked, seen := a.requests(); asked != 3 || len(seen) != 3 || tries != 3 {
			t.Errorf("%d token requests, calls %q", asked, seen)
		}
		a.nonce, a.life = "nonce-2", 3600 // it has changed when the next token is asked for
		time.Sleep(2 * time.Hour)
		if err := readOnce(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if asked, _ := a.requests(); asked != 5 || a.challenges != 3 {
			t.Errorf("%d token requests, %d challenges", asked, a.challenges)
		}
		a.mu.Lock()
		a.apiNonce = "api-nonce" // Okta's API asks for none today; RFC 9449 section 9 lets it
		a.mu.Unlock()
		if err := readOnce(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if err := readOnce(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, seen := a.requests(); len(seen) != 7 { // one of them again, with the nonce
			t.Errorf("calls %q", seen)
		}
		a.api = func(w http.ResponseWriter, _ *http.Request) { // a sound answer has the next one
			a.apiNonce = "api-nonce-2"
			w.Header().Set("DPoP-Nonce", a.apiNonce)
			answer(w, 200, `[]`)
		}
		for range 2 {
			if err := readOnce(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if _, seen := a.requests(); len(seen) != 9 {
			t.Errorf("calls %q", seen)
		}
		a.sound(t)
	})
}

func unique(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }

// TestProofURL: Okta compares the decoded path, with four characters encoded again.
func TestProofURL(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	a.dpop, a.api = true, always(200, `{"id":"cr01","label":"x","permissions":[]}`)
	c := appOf(t, a)
	for label, want := range map[string]string{
		"Group reader": "Group%20reader", "a@b": "a@b", "50% & more/less": "50%25%20&%20more/less", "Zürich": "Zürich", "a+b": "a+b",
		`"x"#1;2`: "%22x%22%231;2",
	} {
		if _, err := c.CustomRole(t.Context(), label); err != nil {
			t.Errorf("%q: %v", label, err)
		}
		target := must(url.Parse("https://acme.okta.com/api/v1/iam/roles/" + url.PathEscape(label) + "?a=b#c"))
		if got := proofURL(target); got != "https://acme.okta.com/api/v1/iam/roles/"+want {
			t.Errorf("%q: %s", label, got)
		}
	}
}

// TestTokenRefusals: each says what to do next, keeps Okta's own words, and is of a call that was certainly not made.
func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	other := func(c *Config) { c.OAuth.Key = access.NewSecret(pkcs8(rsaKey())) }
	says := func(status int, code, description string) func(*authServer) {
		return func(a *authServer) {
			a.before = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("X-Okta-Request-Id", "req1")
				oauthError(w, status, code, description)
				return true
			}
		}
	}
	for name, tc := range map[string]struct {
		server             func(*authServer)
		client             func(*Config)
		code, said, advice string
	}{
		"another key":      {client: other, code: "invalid_client", said: "signature is invalid", advice: "The private key is not the one"},
		"unknown kid":      {client: func(c *Config) { c.OAuth.KeyID = "nope" }, code: "invalid_client", said: "kid is invalid", advice: `no active key of the id "nope"`},
		"no kid":           {server: says(401, "invalid_client", "The client_assertion JWT kid is invalid."), client: func(c *Config) { c.OAuth.KeyID = "" }, code: "invalid_client", said: "kid is invalid", advice: "Set OKTA_PRIVATE_KEY_ID to the key's kid."},
		"unknown app":      {client: func(c *Config) { c.OAuth.ClientID = "0oaother" }, code: "invalid_client", said: "client_id", advice: `"0oaother"`},
		"expired":          {server: says(401, "invalid_client", "The client_assertion token is expired."), code: "invalid_client", said: "expired", advice: "clock"},
		"clock ahead":      {server: says(401, "invalid_client", "The client_assertion token has an expiration too far into the future."), code: "invalid_client", said: "future", advice: "clock"},
		"audience":         {server: says(401, "invalid_client", "The audience claim for client_assertion must be the endpoint invoked for the request."), code: "invalid_client", said: "audience", advice: "custom domain"},
		"inactive":         {server: says(401, "invalid_client", "The client is inactive."), code: "invalid_client", said: "inactive", advice: "active"},
		"not a service":    {server: says(400, "unauthorized_client", "not allowed"), code: "unauthorized_client", said: "not allowed", advice: "API Services"},
		"no scope granted": {server: says(400, "consent_required", "You are not allowed any of the requested scopes."), code: "consent_required", said: "requested scopes", advice: "okta.roles.read, okta.users.read"},
		"no such scope":    {server: says(400, "invalid_scope", "One or more scopes are not configured for the authorization server resource."), code: "invalid_scope", said: "not configured", advice: `tab "Okta API Scopes", or with POST /api/v1/apps/{appId}/grants`},
		"Okta's own form": {server: func(a *authServer) {
			a.before = func(w http.ResponseWriter, _ *http.Request) bool {
				answer(w, 400, `{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter.","errorId":"oae1"}`)
				return true
			}
		}, code: "invalid_client", said: "client_id", advice: "client id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthServer()
			if tc.server != nil {
				tc.server(a)
			}
			opts := []func(*Config){}
			if tc.client != nil {
				opts = append(opts, tc.client)
			}
			c := appOf(t, a, opts...)
			for range 3 {
				err := c.EndSessions(t.Context(), "00u1")
				e := mustFail(t, err)
				if e.Code != tc.code || !strings.Contains(e.Summary, tc.said) || !strings.Contains(e.Advice, tc.advice) || !e.Refused() || e.NotFound() ||
					!strings.Contains(err.Error(), "okta: getting an access token: ") {
					t.Errorf("error = %v\nadvice = %s", err, e.Advice)
				}
			}
			if asked, seen := a.requests(); asked != 1 || len(seen) != 0 {
				t.Errorf("%d token requests, calls %q: a refusal is asked for again", asked, seen)
			}
		})
	}
}

// TestARefusalIsNotForEver: after a pause Okta is asked again.
func TestARefusalIsNotForEver(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	c := inMemory(t, a)
	synctest.Test(t, func(t *testing.T) {
		a.before = func(w http.ResponseWriter, _ *http.Request) bool {
			oauthError(w, 401, "invalid_client", "x")
			return true
		}
		mustFail(t, readOnce(t.Context(), c))
		a.before = nil
		mustFail(t, readOnce(t.Context(), c))
		time.Sleep(time.Minute)
		if err := readOnce(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// TestTokenRequestIsTriedAgain: a token that nobody uses harms nothing. Every try has an assertion of its own.
func TestTokenRequestIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(http.ResponseWriter){
		"429": func(w http.ResponseWriter) { answer(w, 429, `{"errorCode":"E0000047"}`) },
		"503": func(w http.ResponseWriter) { answer(w, 503, `{}`) },
		"cut": func(w http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		a := newAuthServer()
		n := 0
		a.before = func(w http.ResponseWriter, _ *http.Request) bool {
			if n++; n == 1 {
				bad(w)
				return true
			}
			return false
		}
		c := inMemory(t, a, func(c *Config) {
			c.Transport = memory(func(r *http.Request) (resp *http.Response, err error) {
				defer func() {
					if recover() != nil {
						err = io.ErrUnexpectedEOF
					}
				}()
				return a.RoundTrip(r)
			})
		})
		synctest.Test(t, func(t *testing.T) {
			if err := readOnce(t.Context(), c); err != nil || len(unique(a.assertions)) != 2 {
				t.Errorf("%s: %d token requests, %v", name, a.asked, err)
			}
		})
	}
}

// TestUnsoundTokenAnswers are errors, and quote nothing of the answer.
func TestUnsoundTokenAnswers(t *testing.T) {
	t.Parallel()
	const sound = `{"token_type":"Bearer","expires_in":3600,"access_token":"PLANTED","scope":"okta.users.read"}`
	for name, send := range map[string]func(http.ResponseWriter){
		"HTML":        func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>PLANTED") },
		"a redirect":  func(w http.ResponseWriter) { w.Header().Set("Location", "/oauth2/v1/other"); w.WriteHeader(307) },
		"nothing":     func(w http.ResponseWriter) { w.WriteHeader(204) },
		"201":         func(w http.ResponseWriter) { answer(w, 201, sound) },
		"null":        func(w http.ResponseWriter) { answer(w, 200, `null`) },
		"a list":      func(w http.ResponseWriter) { answer(w, 200, `["PLANTED"]`) },
		"cut":         func(w http.ResponseWriter) { answer(w, 200, sound[:60]) },
		"no token":    func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, "PLANTED", "", 1)) },
		"two lines":   func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, "PLANTED", `PLANTED\nx`, 1)) },
		"a space":     func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, "PLANTED", `PLANTED x`, 1)) },
		"DPoP":        func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, "Bearer", "DPoP", 1)) },
		"no life":     func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, `"expires_in":3600,`, "", 1)) },
		"no time":     func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, `3600`, "-1", 1)) },
		"for ever":    func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, `3600`, "1e30", 1)) },
		"life a text": func(w http.ResponseWriter) { answer(w, 200, strings.Replace(sound, `3600`, `"PLANTED"`, 1)) },
	} {
		a := newAuthServer()
		a.before = func(w http.ResponseWriter, _ *http.Request) bool { send(w); return true }
		c := appOf(t, a)
		err := readOnce(t.Context(), c)
		e := mustFail(t, err)
		if _, seen := a.requests(); len(seen) != 0 || !e.Refused() || strings.Contains(fmt.Sprintf("%v %+v", err, e), "PLANTED") {
			t.Errorf("%s: calls %q, %v", name, seen, err)
		}
	}
}

// TestTheCredentialStaysWithTheOrg: the token request follows no redirect to another host.
func TestTheCredentialStaysWithTheOrg(t *testing.T) {
	t.Parallel()
	hits := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	t.Cleanup(other.Close)
	a := newAuthServer()
	a.before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Location", other.URL+TokenPath)
		w.WriteHeader(308)
		return true
	}
	mustFail(t, readOnce(t.Context(), appOf(t, a)))
	if hits != 0 {
		t.Error("the assertion went to another host")
	}
}

// TestCallRefusals name the scope, and the role that is needed besides.
func TestCallRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		send         func(http.ResponseWriter)
		code, advice string
	}{
		"scope": {func(w http.ResponseWriter) {
			w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="http://o", realm="http://o", scope="okta.roles.read", error="insufficient_scope", error_description="The access token provided does not contain the required scopes.", resource="/api/v1/users/00u1/roles"`)
			w.WriteHeader(403)
		}, "insufficient_scope", "the scope okta.roles.read. A super administrator grants scopes"},
		"role": {func(w http.ResponseWriter) {
			answer(w, 403, `{"errorCode":"E0000006","errorSummary":"You do not have permission"}`)
		}, "E0000006", "both the scope (okta.roles.read) and an admin role"},
		"feature": {func(w http.ResponseWriter) { answer(w, 401, `{"errorCode":"E0000015","errorSummary":"feature"}`) }, "E0000015", ""},
	} {
		a := newAuthServer()
		a.api = func(w http.ResponseWriter, _ *http.Request) { tc.send(w) }
		c := appOf(t, a)
		err := readOnce(t.Context(), c)
		e := mustFail(t, err)
		if asked, seen := a.requests(); e.Code != tc.code || !strings.Contains(e.Advice, tc.advice) || len(seen) != 1 || asked != 1 {
			t.Errorf("%s: calls %q: %v\nadvice = %s", name, seen, err, e.Advice)
		}
	}
}

// TestCallerOfAServiceApp: it is known without a call, and short of a scope it is told before anything is done.
func TestCallerOfAServiceApp(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	a.api = func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/oauth2/v1/clients/" + testClientID + "/roles":
			answer(w, 200, `[{"id":"ra1","type":"SUPER_ADMIN","label":"Super Administrator","status":"ACTIVE","assignmentType":"CLIENT"}]`)
		default:
			answer(w, 200, `[{"id":"ra2","type":"READ_ONLY_ADMIN","label":"x","status":"ACTIVE","assignmentType":"USER"}]`)
		}
	}
	c := appOf(t, a)
	caller, err := c.Caller(t.Context())
	if _, seen := a.requests(); err != nil || caller.ID != testClientID || caller.Login != testClientID || len(seen) != 0 {
		t.Fatalf("caller %+v after %q: %v", caller, seen, err)
	}
	roles, err := c.CallerRoles(t.Context(), caller)
	if err != nil || len(roles) != 1 || roles[0].Type != "SUPER_ADMIN" || roles[0].PrincipalKind != "CLIENT" || !roles[0].Direct() {
		t.Errorf("roles %+v: %v", roles, err)
	}
	a.set(func() { a.api = always(404, `{"errorCode":"E0000007","errorSummary":"Not found"}`) })
	if roles, err = c.CallerRoles(t.Context(), caller); err != nil || len(roles) != 0 {
		t.Errorf("roles of an app without any %+v: %v", roles, err)
	}
	short := newAuthServer()
	short.scopes = "okta.users.read"
	_, err = appOf(t, short).Caller(t.Context())
	if e := mustFail(t, err); !strings.Contains(err.Error(), "was not granted okta.roles.read") || e.Advice != grantScopes || !e.Refused() {
		t.Errorf("error = %v", err)
	}
	users := clientOf(t, "https://acme.okta.com", func(c *Config) {
		c.Transport = memory(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/api/v1/users/00u1/roles" {
				t.Errorf("asked for %s", r.URL)
			}
			return canned(200, `[]`), nil
		})
	})
	if _, err := users.CallerRoles(t.Context(), org.User{ID: "00u1"}); err != nil {
		t.Error(err)
	}
}

// TestTheServiceAppsSecretsAreNowhere: a server that echoes all that it gets, and what it gave, gets none of it told.
func TestTheServiceAppsSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	for _, dpop := range []bool{false, true} {
		var mu sync.Mutex
		var told []string
		tell := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprintf(format, args...))
		}
		a := newAuthServer()
		a.dpop = dpop
		echo := func(w http.ResponseWriter, status int, parts ...string) {
			said := strings.Join(parts, " ")
			w.Header().Set("X-Okta-Request-Id", said)
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="x", scope=%q, error_description=%q`, said, said))
			answer(w, status, fmt.Sprintf(`{"errorCode":%q,"errorSummary":%q,"errorId":%q,"errorCauses":[{"errorSummary":%q}]}`, said, said, said, said))
		}
		a.api = func(w http.ResponseWriter, r *http.Request) {
			echo(w, 403, r.Header.Get("Authorization"), r.Header.Get("DPoP"))
		}
		c := appOf(t, a, func(c *Config) { c.Observe = func(x access.Exchange) { tell("%+v", x) } })
		err := readOnce(t.Context(), c)
		tell("%v %+v", err, mustFail(t, err))
		a.set(func() {
			a.before = func(w http.ResponseWriter, r *http.Request) bool {
				echo(w, 400, r.PostForm.Get("client_assertion"), r.Header.Get("DPoP"), a.issued[0])
				return true
			}
			a.refused = func(string) bool { return true }
		})
		tell("%+v %+v %#v", c.cred, c, c.cred)
		err = readOnce(t.Context(), c)
		tell("%v %+v", err, mustFail(t, err))
		all := strings.Join(told, "\n")
		secrets := slices.Concat(a.tokensIssued(), a.assertions, a.proofs, []string{"PLANTED", pkcs8(ecKey())[40:80]})
		for _, secret := range secrets {
			if begin := secret[:min(len(secret), 60)]; begin != "" && strings.Contains(all, begin) { // what is told can be cut off
				t.Fatalf("with DPoP %v, %q… is told:\n%s", dpop, begin, all)
			}
		}
		if !strings.Contains(all, "Method:POST Path:"+TokenPath) {
			t.Errorf("the token request was not observed:\n%s", all)
		}
	}
}

// TestATokenEndpointThatIsNone is of a host that is not an org.
func TestATokenEndpointThatIsNone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404, 405} {
		a := newAuthServer()
		a.before = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html>404 page not found</html>")
			return true
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if e := mustFail(t, readOnce(ctx, appOf(t, a))); !strings.Contains(e.Advice, "does not look like an Okta org") {
			t.Errorf("%d: %v, advice %q", status, e, e.Advice)
		}
	}
}

// TestAnEchoedTokenIsNoScope: what a server puts in the place of a scope is not told as one, and never a token.
func TestAnEchoedTokenIsNoScope(t *testing.T) {
	t.Parallel()
	for asked, said := range map[string]string{"TOKEN": access.NewSecret("x").String(), "okta.a.read okta.b": "okta.a.read okta.b", "x; run this <now>": "okta.roles.read"} {
		a := newAuthServer()
		a.api = func(w http.ResponseWriter, r *http.Request) {
			_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+strings.ReplaceAll(asked, "TOKEN", token)+`"`)
			answer(w, 403, `{"errorCode":"E0000006","errorSummary":"x"}`)
		}
		e := mustFail(t, readOnce(t.Context(), appOf(t, a)))
		if !strings.Contains(e.Advice, "("+said+")") {
			t.Errorf("%q: advice %q", asked, e.Advice)
		}
		for _, token := range a.issued {
			if strings.Contains(fmt.Sprintf("%+v", *e), token) {
				t.Errorf("the access token is in the error: %+v", *e)
			}
		}
	}
}

// TestAProofIsNotForgotten: a token that is bound to no key is not taken where Okta had demanded a proof.
func TestAProofIsNotForgotten(t *testing.T) {
	t.Parallel()
	a := newAuthServer()
	a.dpop = true
	a.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("DPoP") == "" {
			return false
		}
		a.tokens["plain"] = ""
		answer(w, 200, `{"token_type":"Bearer","access_token":"plain","expires_in":3600}`)
		return true
	}
	if e := mustFail(t, readOnce(t.Context(), appOf(t, a))); !strings.Contains(e.Error(), "not bound") || len(a.seen) != 0 {
		t.Errorf("%v; requests %q", e, a.seen)
	}
}
