package github

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
)

// testApp is an App on an emulated repository, reached without sockets.
type testApp struct {
	t      *testing.T
	hub    *githubemu.Hub
	app    githubemu.App
	key    *rsa.PrivateKey
	skew   time.Duration // of GitHub's clock
	before func(*http.Request)
	echoes bool // GitHub, or what stands between, answers with what it was sent

	mu   sync.Mutex
	told []string
	sent []string // every Authorization
}

// newTestApp makes it; call it before the bubble: a key takes time.
func newTestApp(t *testing.T) *testApp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := &testApp{t: t, key: key}
	a.hub = githubemu.New(githubemu.Options{Token: "other", RateLimit: 1 << 20, Now: func() time.Time { return time.Now().Add(a.skew) }})
	a.app = githubemu.App{
		ClientID: "Iv23liStepdown", Number: 4711, Slug: "acme-stepdown", Keys: []*rsa.PublicKey{&key.PublicKey},
		Permissions: map[string]string{"contents": "write", "pull_requests": "write"},
	}
	a.hub.SetApp(a.app)
	return a
}

func (a *testApp) with(change func(*githubemu.App)) {
	app := a.app
	change(&app)
	a.hub.SetApp(app)
}

func pkcs1(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

func (a *testApp) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.sent = append(a.sent, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	a.mu.Unlock()
	if a.before != nil {
		a.before(r)
	}
	w := httptest.NewRecorder()
	if a.echoes {
		w.Header().Set("X-Github-Request-Id", "1")
		w.WriteHeader(401)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "who is " + r.Header.Get("Authorization")})
		return w.Result(), nil
	}
	a.hub.ServeHTTP(w, r)
	return w.Result(), r.Context().Err() // after which nobody reads
}

func (a *testApp) client() *Client {
	a.t.Helper()
	c, err := New(Config{
		APIURL: "http://127.0.0.1:1", Repository: "acme/okta-access", Transport: a,
		App: &App{ID: "Iv23liStepdown", Key: access.NewSecret(pkcs1(a.key)), Made: func(s access.Secret) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.told = append(a.told, s.Reveal())
			for _, sent := range a.sent {
				if sent == s.Reveal() {
					a.t.Error("a token was used before anybody was told of it")
				}
			}
		}},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// asked counts the requests for installations and for tokens, and all others.
func (a *testApp) asked() (installations, tokens, others int) {
	for _, r := range a.hub.Requests() {
		switch {
		case strings.HasSuffix(r.Path, "/installation"):
			installations++
		case strings.HasSuffix(r.Path, "/access_tokens"):
			tokens++
		default:
			others++
		}
	}
	return installations, tokens, others
}

func read(ctx context.Context, c *Client) error { _, err := c.BranchHead(ctx, "main"); return err }

// refusedFor holds an error against what it has to say, and what it must not hold.
func (a *testApp) refusedFor(err error, texts ...string) {
	a.t.Helper()
	wantError(a.t, err, append(texts, "GitHub App Iv23liStepdown")...)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, secret := range append(a.told, a.sent...) {
		if strings.Contains(err.Error(), secret) {
			a.t.Errorf("the error holds a credential: %v", err)
		}
	}
	if status(err) != 0 || refused(err) {
		a.t.Errorf("the refusal of the token is taken for the request's: %v", err)
	}
}

func TestAnApp(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := read(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if i, n, o := a.asked(); i != 1 || n != 1 || o != 20 {
			t.Errorf("%d requests for the installation, %d for tokens, %d others", i, n, o)
		}
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{49 * time.Minute, 1}, {2 * time.Minute, 2}, {0, 2}, {72 * time.Hour, 3}} {
			time.Sleep(step.wait)
			if err := read(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if i, n, _ := a.asked(); i != 1 || n != step.want || len(a.told) != step.want {
				t.Errorf("after %v more: %d requests for the installation, %d tokens, %d told of", step.wait, i, n, len(a.told))
			}
		}
		for _, r := range a.hub.Requests() {
			if r.Status >= 400 {
				t.Errorf("%s %s was refused: %d", r.Method, r.Path, r.Status)
			}
		}
		if who, err := c.whoami(t.Context()); err != nil || who.login != "acme-stepdown[bot]" {
			t.Errorf("it is %+v, %v", who, err)
		}
	})
}

// TestATokenIsForOneRepository: what is asked for, and an answer that gives more is not taken.
func TestATokenIsForOneRepository(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		var body struct {
			Repositories []string
			Permissions  any
		}
		a.before = func(r *http.Request) {
			if r.Method == "POST" {
				reader, _ := r.GetBody()
				_ = json.NewDecoder(reader).Decode(&body)
			}
		}
		if err := read(t.Context(), a.client()); err != nil || len(body.Repositories) != 1 || body.Repositories[0] != "okta-access" || body.Permissions != nil {
			t.Errorf("%v; asked for %+v", err, body)
		}
		for name, answer := range map[string]string{
			"more than":     `{"token":"ghs_1","expires_at":"2100-01-01T00:00:00Z","repositories":[{"full_name":"acme/okta-access"},{"full_name":"acme/payroll"}]}`,
			"no token":      `{"expires_at":"2100-01-01T00:00:00Z"}`,
			"a blank in it": `{"token":"ghs_1 2","expires_at":"2100-01-01T00:00:00Z"}`,
			"no end":        `{"token":"ghs_1"}`,
			"an end before": `{"token":"ghs_1","expires_at":"1999-01-01T00:00:00Z"}`,
			"null":          `null`,
		} {
			a.hub.Inject(githubemu.Fault{Method: "POST", Path: "/app", Status: 201, Body: answer, Count: 1})
			err := read(t.Context(), a.client())
			if a.refusedFor(err); err != nil && strings.Contains(err.Error(), "ghs_1") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestA401IsAnsweredByAnotherToken: once, also for a write that must not be done twice, and no further.
func TestA401IsAnsweredByAnotherToken(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		n, _ := openPull(a.hub)
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		a.hub.RevokeToken(a.hub.InstallationTokens()[0])
		if _, err := c.PutComment(t.Context(), n, "<!-- x -->", "once"); err != nil {
			t.Fatal(err)
		}
		a.hub.RevokeToken(a.hub.InstallationTokens()[1])
		time.Sleep(time.Minute)
		if err := comment(t.Context(), c, n); err != nil { // the write itself meets the 401
			t.Fatal(err)
		}
		if got, err := c.Comments(t.Context(), n); err != nil || len(got) != 2 {
			t.Errorf("%d comments, %v", len(got), err)
		}
		if _, tokens, _ := a.asked(); tokens != 3 {
			t.Errorf("%d tokens", tokens)
		}

		time.Sleep(time.Minute)
		before := len(a.hub.Requests())
		a.hub.Inject(githubemu.Fault{Path: "/repos/acme/okta-access/git", Status: 401, Body: `{"message":"Bad credentials"}`})
		err := read(t.Context(), c)
		wantError(t, err, "401", "Bad credentials", "the App's page")
		if got := a.hub.Requests()[before:]; len(got) != 3 { // the read, a token, the read
			t.Errorf("requests: %+v", got)
		}
	})
}

// comment makes a comment without looking for one first.
func comment(ctx context.Context, c *Client, n int) error {
	_, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.name, n, &gh.IssueComment{Body: gh.Ptr("twice is two")})
	return err
}

// TestA401OfAProxy: one that is not GitHub's own says nothing of whether a write was passed on.
func TestA401OfAProxy(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		n, _ := openPull(a.hub)
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		proxy := githubemu.Fault{Method: "POST", Path: "/repos", Status: 401, AfterEffect: true, Header: http.Header{"X-Github-Request-Id": {""}}}
		a.hub.Inject(proxy)
		wantError(t, comment(t.Context(), c, n), "401")
		a.hub.ClearFaults()
		if got, err := c.Comments(t.Context(), n); err != nil || len(got) != 1 {
			t.Errorf("%d comments, %v", len(got), err)
		}
	})
}

// TestANewTokenIsNotKnownEverywhere: a 401 to one that was just made is waited for, and it is not thrown away.
func TestANewTokenIsNotKnownEverywhere(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		lag := githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/git", Status: 401, Body: `{"message":"Bad credentials"}`, Count: 1}
		a.hub.Inject(lag)
		begun := time.Now()
		if err := read(t.Context(), c); err != nil || time.Since(begun) != settling {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		if _, n, _ := a.asked(); n != 1 {
			t.Errorf("%d tokens", n)
		}
		a.hub.Inject(lag)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if err := read(short, a.client()); status(err) != 401 || time.Since(begun) != 0 {
			t.Errorf("with too little time, after %v: %v", time.Since(begun), err)
		}
	})
}

// TestRenewalFails: a token that works is used to its end, and the failure is not met at every request.
func TestRenewalFails(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubemu.Fault{"fails": {Status: 500}, "is refused": {Status: 403}, "hangs": {Delay: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newTestApp(t)
			synctest.Test(t, func(t *testing.T) {
				c := a.client()
				if err := read(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				fault.Method, fault.Path = "POST", "/app"
				a.hub.Inject(fault)
				time.Sleep(51 * time.Minute)
				begun := time.Now()
				for range 10 {
					if err := read(t.Context(), c); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(begun); took > renewalWait {
					t.Errorf("the requests waited %v", took)
				}
				if _, n, _ := a.asked(); n > 2 {
					t.Errorf("%d tokens were asked for: a failing renewal is met at every request", n)
				}
				time.Sleep(10 * time.Minute)
				short, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				a.refusedFor(read(short, c))
				a.hub.ClearFaults()
				if err := read(t.Context(), c); err != nil {
					t.Errorf("after the fault: %v", err)
				}
			})
		})
	}
}

// TestSomebodyRenews: while one request renews a token that works, the others do not wait; where none works they do, within their
// context, and one that gives up does not take the token from the others.
func TestSomebodyRenews(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		slow := githubemu.Fault{Method: "POST", Path: "/app", Delay: 8 * time.Second}
		a.hub.Inject(slow)
		begun := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := read(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := read(short, c)
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("a request whose time is over, after %v: %v", took, err)
		}
		wg.Wait()
		time.Sleep(51 * time.Minute)
		wg.Go(func() {
			if err := read(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		begun = time.Now()
		if err := read(t.Context(), c); err != nil || time.Since(begun) != 0 {
			t.Errorf("beside a renewal, after %v: %v", time.Since(begun), err)
		}
		wg.Wait()
		if _, n, _ := a.asked(); n != 2 {
			t.Errorf("%d tokens", n)
		}
	})
}

// TestATokenForAWriteIsTriedAgain: making one may be repeated, also where the write that needs it may not.
func TestATokenForAWriteIsTriedAgain(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		n, _ := openPull(a.hub)
		a.hub.Inject(
			githubemu.Fault{Method: "POST", Path: "/app", Status: 502, AfterEffect: true, Count: 2},
			githubemu.Fault{Method: "GET", Path: "/repos/acme/okta-access/installation", Status: 503, Count: 1},
		)
		if err := comment(t.Context(), c, n); err != nil {
			t.Fatal(err)
		}
		if i, tokens, others := a.asked(); i != 2 || tokens != 3 || others != 1 {
			t.Errorf("%d requests for the installation, %d for tokens, %d others", i, tokens, others)
		}
	})
}

// TestInstalledAgain: a new installation is found, and the tokens of the old one are given up.
func TestInstalledAgain(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		a.with(func(app *githubemu.App) { app.Installation = 7 })
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		a.with(func(app *githubemu.App) { app.Installation, app.Uninstalled = 7, true })
		time.Sleep(time.Minute)
		a.refusedFor(read(t.Context(), c), "404", "is not installed on acme/okta-access")
	})
}

// TestAppsAreRefused: what GitHub says no to, and what is said to do about it. A request goes nowhere without a token.
func TestAppsAreRefused(t *testing.T) {
	t.Parallel()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	body := func(message string) string { return `{"message":"` + message + `"}` }
	for name, test := range map[string]struct {
		change func(*githubemu.App)
		skew   time.Duration
		fault  githubemu.Fault
		says   []string
	}{
		"not installed":        {change: func(a *githubemu.App) { a.Uninstalled = true }, says: []string{"404", "is not installed on acme/okta-access"}},
		"installed beside":     {change: func(a *githubemu.App) { a.Repositories = []string{"acme/x"} }, says: []string{"404", "is not installed"}},
		"removed meanwhile":    {fault: githubemu.Fault{Method: "POST", Status: 404, Body: body("Not Found")}, says: []string{"404", "install it again"}},
		"reach was taken":      {fault: githubemu.Fault{Method: "POST", Status: 422, Body: body("There is at least one repository")}, says: []string{"422", "Repository access"}},
		"suspended":            {change: func(a *githubemu.App) { a.Suspended = true }, says: []string{"the installation has been suspended", "Unsuspend"}},
		"suspended just now":   {fault: githubemu.Fault{Method: "POST", Status: 403, Body: body("This installation has been suspended")}, says: []string{"403", "Unsuspend"}},
		"another key":          {change: func(a *githubemu.App) { a.Keys = []*rsa.PublicKey{&other.PublicKey} }, says: []string{"401", "could not be decoded", "STEPDOWN_APP_KEY"}},
		"a clock that is fast": {skew: -2 * time.Minute, says: []string{"401", "'Issued at'", "NTP"}},
		"a clock that is slow": {skew: 20 * time.Minute, says: []string{"401", "'Expiration time'", "NTP"}},
		"too far, it says":     {fault: githubemu.Fault{Status: 401, Body: body("'Expiration time' claim ('exp') is too far in the future")}, says: []string{"401", "NTP"}},
		"deleted":              {fault: githubemu.Fault{Status: 404, Body: body("Integration not found")}, says: []string{"404", "no such App"}},
		"moved":                {fault: githubemu.Fault{Status: 301}, says: []string{"301", "renamed"}},
		"trouble":              {fault: githubemu.Fault{Status: 502}, says: []string{"502", "GitHub has trouble"}},
		"limited":              {fault: githubemu.Fault{Status: 403, Header: http.Header{"Retry-After": {"900"}}}, says: []string{"403", "run again in 15m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newTestApp(t)
			a.t = t
			synctest.Test(t, func(t *testing.T) {
				if a.skew = test.skew; test.change != nil {
					a.with(test.change)
				}
				if test.fault.Status != 0 {
					a.hub.Inject(test.fault)
				}
				err := read(t.Context(), a.client())
				a.refusedFor(err, append(test.says, "making a token")...)
				if _, _, others := a.asked(); others != 0 || len(a.told) > 0 {
					t.Errorf("%d requests without a token, told of %d", others, len(a.told))
				}
			})
		})
	}
}

// TestWhatIsEchoedIsRedacted: a JWT that comes back is in no error, nor is a token.
func TestWhatIsEchoedIsRedacted(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	synctest.Test(t, func(t *testing.T) {
		c := a.client()
		if err := read(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		a.echoes = true
		err := read(t.Context(), c)
		if wantError(t, err, "who is Bearer [redacted]"); strings.Contains(err.Error(), a.told[0]) {
			t.Error(err)
		}
		a.refusedFor(read(t.Context(), a.client()), "who is Bearer [redacted]")
	})
}

// TestClocksThatDiffer: JWTs are taken from a clock that is a minute fast or minutes slow, and the token is renewed in time.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-time.Minute, 7 * time.Minute} {
		a := newTestApp(t)
		a.skew = skew
		synctest.Test(t, func(t *testing.T) {
			c := a.client()
			for range 40 {
				if err := read(t.Context(), c); err != nil {
					t.Fatalf("GitHub's clock is %v ahead: %v", skew, err)
				}
				time.Sleep(3 * time.Minute)
			}
			for _, r := range a.hub.Requests() {
				if r.Status == 401 {
					t.Errorf("%s %s was refused", r.Method, r.Path)
				}
			}
		})
	}
}

// TestAnAppWithoutPermission: the refusal names the App's page and not the job.
func TestAnAppWithoutPermission(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	a.with(func(app *githubemu.App) { app.Permissions = map[string]string{"contents": "read"} })
	synctest.Test(t, func(t *testing.T) {
		_, err := a.client().PullRequest(t.Context(), 1)
		wantError(t, err, "403", "the GitHub App needs the repository permission pull-requests: read", "accept")
	})
}

func TestAppsThatAreNone(t *testing.T) {
	t.Parallel()
	key := newTestApp(t).key
	good := Config{APIURL: "https://api.github.com", Repository: "acme/okta-access", Transport: http.DefaultTransport}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}))
	lines := pkcs1(key)
	for name, test := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"pkcs1":            {func(c *Config) { c.App.Key = access.NewSecret(lines) }, ""},
		"pkcs8":            {func(c *Config) { c.App.Key = access.NewSecret(pkcs8) }, ""},
		"written out ends": {func(c *Config) { c.App.Key = access.NewSecret(strings.ReplaceAll(lines, "\n", `\n`)) }, ""},
		"carriage returns": {func(c *Config) { c.App.Key = access.NewSecret(`"` + strings.ReplaceAll(lines, "\n", `\r\n`) + `"`) }, ""},
		"one line":         {func(c *Config) { c.App.Key = access.NewSecret(strings.ReplaceAll(lines, "\n", " ")) }, ""},
		"indented":         {func(c *Config) { c.App.Key = access.NewSecret("  " + strings.ReplaceAll(lines, "\n", "\r\n    ")) }, ""},
		"a number":         {func(c *Config) { c.App.ID = " 4711\n" }, ""},
		"no id":            {func(c *Config) { c.App.ID = " " }, "client id"},
		"a route as id":    {func(c *Config) { c.App.ID = "1/../2" }, "client id"},
		"no key":           {func(c *Config) { c.App.Key = access.Secret{} }, "it is empty"},
		"no PEM":           {func(c *Config) { c.App.Key = access.NewSecret("PLANTED") }, "it is not PEM"},
		"too long":         {func(c *Config) { c.App.Key = access.NewSecret(strings.Repeat("PLANTED", 9000)) }, "too long"},
		"damaged":          {func(c *Config) { c.App.Key = access.NewSecret(lines[:300]) }, "damaged PEM"},
		"a line is gone":   {func(c *Config) { c.App.Key = access.NewSecret(lines[:32] + lines[32+65:]) }, "no RSA key"},
		"public":           {func(c *Config) { c.App.Key = access.NewSecret(public) }, "it is public"},
		"two":              {func(c *Config) { c.App.Key = access.NewSecret(lines + lines) }, "more than one"},
		"encrypted": {func(c *Config) {
			c.App.Key = access.NewSecret(strings.Replace(lines, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n", 1))
		}, "passphrase"},
		"both": {func(c *Config) { c.Token = access.NewSecret("t") }, "two credentials"},
	} {
		config := good
		config.App = &App{ID: "Iv23liStepdown", Key: access.NewSecret(pkcs1(key))}
		test.change(&config)
		_, err := New(config)
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "PLANTED") || strings.Contains(err.Error(), lines[100:120]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
