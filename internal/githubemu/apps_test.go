package githubemu

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

// appWorld is a repository with an App installed on it, at a time of the test's.
type appWorld struct {
	t   *testing.T
	hub *Hub
	app App
	key *rsa.PrivateKey
	now time.Time
}

func newAppWorld(t *testing.T) *appWorld {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w := &appWorld{t: t, key: key, now: time.Unix(1_700_000_000, 0)}
	w.hub = New(Options{Token: "workflow", Now: func() time.Time { return w.now }})
	w.app = App{
		ClientID: "Iv23liStepdown", Number: 4711, Slug: "acme-stepdown", Keys: []*rsa.PublicKey{&key.PublicKey},
		Permissions: map[string]string{"contents": "write", "checks": "read"},
	}
	w.hub.SetApp(w.app)
	return w
}

// with changes the App.
func (w *appWorld) with(change func(*App)) {
	a := w.app
	change(&a)
	w.hub.SetApp(a)
}

// jwt signs claims, given as JSON without its braces; %d stand for seconds from now.
func (w *appWorld) jwt(claims string, seconds ...any) string {
	for i := range seconds {
		seconds[i] = w.now.Unix() + int64(seconds[i].(int))
	}
	return sign(w.t, w.key, `{"alg":"RS256"}`, "{"+fmt.Sprintf(claims, seconds...)+"}")
}

func sign(t *testing.T, key *rsa.PrivateKey, header, claims string) string {
	t.Helper()
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	text := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (w *appWorld) good() string { return w.jwt(`"iss":"Iv23liStepdown","iat":%d,"exp":%d`, -60, 300) }

func (w *appWorld) as(token string) client { return client{t: w.t, hub: w.hub, token: token} }

const accessTokens = "//app/installations/51004711/access_tokens"

// token makes one; asked is what it is limited to, nil for nothing.
func (w *appWorld) token(asked any) string {
	w.t.Helper()
	return w.as(w.good()).want(201, "POST", accessTokens, asked)["token"].(string)
}

func TestJWTs(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := w.good()
	for name, test := range map[string]struct{ jwt, says string }{
		"by client id":      {good, ""},
		"by number":         {w.jwt(`"iss":4711,"iat":%d,"exp":%d`, -60, 300), ""},
		"by number as text": {w.jwt(`"iss":"4711","iat":%d,"exp":%d`, -60, 300), ""},
		"at the limits":     {w.jwt(`"iss":"4711","iat":%d,"exp":%d`, 0, 600), ""},
		"another App":       {w.jwt(`"iss":"4712","iat":%d,"exp":%d`, -60, 300), jwtUndecodable},
		"another key":       {sign(t, other, `{"alg":"RS256"}`, `{"iss":"4711","iat":1,"exp":2}`), jwtUndecodable},
		"no signature":      {good[:strings.LastIndex(good, ".")+1], jwtUndecodable},
		"another algorithm": {sign(t, w.key, `{"alg":"none"}`, `{"iss":"4711"}`), jwtUndecodable},
		"from the future":   {w.jwt(`"iss":"4711","iat":%d,"exp":%d`, 1, 300), jwtIssuedAt},
		"a fraction":        {w.jwt(`"iss":"4711","iat":%d.5,"exp":%d`, -60, 300), jwtIssuedAt},
		"no end":            {w.jwt(`"iss":"4711","iat":%d`, -60), jwtExpired},
		"ended":             {w.jwt(`"iss":"4711","iat":%d,"exp":%d`, -60, 0), jwtExpired},
		"too far":           {w.jwt(`"iss":"4711","iat":%d,"exp":%d`, 0, 601), jwtTooFar},
		"too long":          {w.jwt(`"iss":"4711","iat":%d,"exp":%d`, -60, 550), jwtTooFar},
	} {
		resp, body := w.as(test.jwt).do("GET", "/installation", nil)
		if want := map[bool]int{true: 200, false: 401}[test.says == ""]; resp.StatusCode != want || !strings.Contains(body, test.says) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	for _, path := range []string{"", "/pulls", "//user"} {
		if resp, body := w.as(good).do("GET", path, nil); resp.StatusCode != 403 {
			t.Errorf("an App itself at %q: %d %s", path, resp.StatusCode, body)
		}
	}
	if got := w.as("workflow").want(401, "GET", "/installation", nil)["message"]; got != jwtUndecodable {
		t.Errorf("a token where a JWT is wanted: %v", got)
	}
}

func TestInstallationTokens(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t)
	if got := w.as(w.good()).want(200, "GET", "/installation", nil); got["app_slug"] != "acme-stepdown" || got["id"] != 51_004_711.0 || got["suspended_at"] != nil {
		t.Errorf("installation: %v", got)
	}
	got := w.as(w.good()).want(201, "POST", accessTokens, map[string]any{"repositories": []string{"okta-access"}})
	if got["expires_at"] != w.now.Add(time.Hour).UTC().Format(stamp) || got["repository_selection"] != "selected" || len(got["repositories"].([]any)) != 1 {
		t.Errorf("token: %v", got)
	}
	first, all := got["token"].(string), w.token(nil)
	less := w.token(map[string]any{"permissions": map[string]string{"contents": "read"}, "repository_ids": []int64{repositoryID}})
	if made := w.hub.InstallationTokens(); len(made) != 3 || made[0] != first || first == all || len(first) < 100 {
		t.Errorf("made: %q", made)
	}
	for _, token := range []string{first, all, less} {
		w.as(token).want(200, "GET", "/git/ref/heads/main", nil)
		w.as(token).want(403, "GET", "/pulls", nil)
		w.as(token).want(403, "GET", "//user", nil)
	}
	w.as(first).want(201, "POST", "/git/blobs", map[string]any{"content": "x"})
	w.as(less).want(403, "POST", "/git/blobs", map[string]any{"content": "x"})
	if seen := w.hub.Requests(); seen[len(seen)-1].Token != 3 || seen[0].Token != 0 {
		t.Errorf("requests: %+v", seen)
	}
	w.hub.RevokeToken(all)
	w.as(all).want(401, "GET", "", nil)
	w.now = w.now.Add(time.Hour - time.Second)
	w.as(first).want(200, "GET", "", nil)
	w.now = w.now.Add(time.Second)
	if got := w.as(first).want(401, "GET", "", nil)["message"]; got != "Bad credentials" {
		t.Errorf("an ended token: %v", got)
	}
}

func TestInstallationsRefuse(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t)
	here := map[string]any{"repositories": []string{"okta-access"}}
	w.as(w.good()).want(422, "POST", accessTokens, map[string]any{"repositories": []string{"okta-access", "other"}})
	w.as(w.good()).want(422, "POST", accessTokens, map[string]any{"repository_ids": []int64{1}})
	w.as(w.good()).want(422, "POST", accessTokens, map[string]any{"permissions": map[string]string{"checks": "write"}})
	w.as(w.good()).want(404, "POST", "//app/installations/1/access_tokens", here)
	w.as(w.good()).want(404, "GET", "//repos/acme/other/installation", nil)
	token := w.token(here)

	w.with(func(a *App) { a.Repositories = []string{"acme/other"} })
	w.as(w.good()).want(404, "GET", "/installation", nil)
	w.as(w.good()).want(422, "POST", accessTokens, here)
	w.as(w.token(nil)).want(404, "GET", "", nil)
	w.as(token).want(200, "GET", "", nil) // as it was made

	w.with(func(a *App) { a.Suspended = true })
	if got := w.as(w.good()).want(200, "GET", "/installation", nil); got["suspended_at"] == nil {
		t.Errorf("installation: %v", got)
	}
	if got := w.as(w.good()).want(403, "POST", accessTokens, here)["message"]; got != suspended {
		t.Errorf("%v", got)
	}
	w.as(token).want(403, "GET", "", nil)

	w.with(func(a *App) { a.Installation = 7 }) // installed again
	w.as(token).want(401, "GET", "", nil)
	w.as(w.good()).want(404, "POST", accessTokens, here)
	w.as(w.good()).want(201, "POST", "//app/installations/7/access_tokens", here)

	w.with(func(a *App) { a.Uninstalled = true })
	w.as(token).want(401, "GET", "", nil)
	w.as(w.good()).want(404, "GET", "/installation", nil)
	w.as(w.good()).want(404, "POST", accessTokens, here)
}
