package oktaemu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// service is a service app of an org on loopback, with its keys.
type service struct {
	*world
	id        string
	key       *rsa.PrivateKey
	proofKey  *ecdsa.PrivateKey
	ids       int
	assertion map[string]any // changed claims; nil takes one away
	proof     map[string]any
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func startService(t *testing.T, a SeedApp) *service {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	proofKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.Label, a.PublicKey = "Automation", publicPEM(t, key.Public())
	org, err := New(loadOrg(t, "acme.yaml"), WithAPIToken(ownToken), WithServiceApp(a))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	return &service{world: &world{org, t, server.URL}, id: org.ClientID("Automation"), key: key, proofKey: proofKey}
}

func (s *service) jti() string { s.ids++; return fmt.Sprintf("id-%d", s.ids) }

func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, headers map[jose.HeaderKey]any, claims, changed map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, &jose.SignerOptions{ExtraHeaders: headers})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range changed {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s *service) assert() string {
	now := time.Now()
	return sign(s.t, jose.RS256, s.key, nil, map[string]any{
		"iss": s.id, "sub": s.id, "aud": s.url + "/oauth2/v1/token", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": s.jti(),
	}, s.assertion)
}

// prove makes a proof; token is hashed into it where there is one.
func (s *service) prove(method, target, nonce, token string) string {
	claims := map[string]any{"htm": method, "htu": target, "iat": time.Now().Unix(), "jti": s.jti()}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	headers := map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: s.proofKey.Public()}}
	return sign(s.t, jose.ES256, s.proofKey, headers, claims, s.proof)
}

func (s *service) send(method, target, body string, headers map[string]string) answer {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// ask asks for a token.
func (s *service) ask(assertion, scopes string, headers map[string]string) answer {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scopes}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}
	all := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	maps.Copy(all, headers)
	return s.send("POST", "/oauth2/v1/token", form.Encode(), all)
}

func (s *service) wantOAuth(a answer, status int, code, description string) {
	s.t.Helper()
	body := a.object(s.t)
	if a.status != status || body["error"] != code || body["error_description"] != description || len(body) != 2 {
		s.t.Errorf("%d %s, want %d %s: %s", a.status, a.body, status, code, description)
	}
}

// granted asks for a token and returns it.
func (s *service) granted(scopes string) string {
	s.t.Helper()
	a := s.ask(s.assert(), scopes, nil)
	if a.status != 200 {
		s.t.Fatalf("no token: %d %s", a.status, a.body)
	}
	return a.object(s.t)["access_token"].(string)
}

func (s *service) withBearer(method, target, token string) answer {
	s.t.Helper()
	return s.send(method, target, "", map[string]string{"Authorization": "Bearer " + token})
}

func superService(t *testing.T) *service {
	t.Helper()
	return startService(t, SeedApp{Scopes: []string{"okta.users.read", "okta.roles.read"}, Roles: []SeedRole{{Type: superAdmin}}})
}

func TestAccessToken(t *testing.T) {
	t.Parallel()
	s := superService(t)
	a := s.ask(s.assert(), "okta.users.read okta.groups.read okta.users.read", nil)
	body := a.object(t)
	token, _ := body["access_token"].(string)
	if a.status != 200 || body["token_type"] != "Bearer" || body["expires_in"] != 3600.0 || body["scope"] != "okta.users.read" ||
		strings.Count(token, ".") != 2 || !strings.HasPrefix(token, "eyJ") || len(body) != 4 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := s.withBearer("GET", "/api/v1/users", token); got.status != 200 {
		t.Errorf("with the token: %d %s", got.status, got.body)
	}
	host := strings.TrimPrefix(s.url, "http://")
	got := s.withBearer("GET", "/api/v1/groups", token)
	want := `Bearer authorization_uri="http://` + host + `/oauth2/v1/authorize", realm="http://` + host + `", scope="okta.groups.read", error="insufficient_scope", ` +
		`error_description="The access token provided does not contain the required scopes.", resource="/api/v1/groups"`
	if got.status != 403 || got.body != "" || got.header.Get("Www-Authenticate") != want {
		t.Errorf("without the scope: %d %s\n%s\n%s", got.status, got.body, got.header.Get("Www-Authenticate"), want)
	}
	got = s.withBearer("GET", "/api/v1/users", token+"x")
	if got.status != 401 || !strings.Contains(got.header.Get("Www-Authenticate"), `error="invalid_token"`) {
		t.Errorf("unknown token: %d %v", got.status, got.header)
	}
	if got := s.withBearer("GET", "/api/v1/users/me", token); got.status != 403 {
		t.Errorf("me of an app: %d %s", got.status, got.body)
	}
	if got := s.send("GET", "/api/v1/users", "", map[string]string{"Authorization": "DPoP " + token}); got.status != 401 {
		t.Errorf("as DPoP: %d", got.status)
	}
	requests := s.Requests()
	if last := requests[1]; last.Caller != s.id {
		t.Errorf("the caller is %q, not %q", last.Caller, s.id)
	}
}

func TestAccessTokenInTheQuery(t *testing.T) {
	t.Parallel()
	s := superService(t)
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"okta.roles.read"}, "client_assertion_type": {assertionType}, "client_assertion": {s.assert()}}
	if a := s.send("POST", "/oauth2/v1/token?"+form.Encode(), "", nil); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAppWithoutRolesMayDoNothing(t *testing.T) {
	t.Parallel()
	s := startService(t, SeedApp{Scopes: []string{"okta.users.read"}})
	got := s.withBearer("GET", "/api/v1/users", s.granted("okta.users.read"))
	if got.status != 403 || s.code(got) != "E0000006" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestAssertionsThatAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := superService(t)
	for name, test := range map[string]struct {
		claims      map[string]any
		description string
	}{
		"audience": {map[string]any{"aud": s.url}, "The audience claim for client_assertion must be the endpoint invoked for the request."},
		"expired":  {map[string]any{"exp": now.Add(-time.Second).Unix()}, "The client_assertion token is expired."},
		"for ever": {map[string]any{"exp": nil}, "The client_assertion token is expired."},
		"too long": {map[string]any{"exp": now.Add(time.Hour + 5*time.Second).Unix()}, "The client_assertion token has an expiration too far into the future."},
		"issuer":   {map[string]any{"iss": "0oaother"}, "The issuer claim for client_assertion must be the client_id."},
		"future":   {map[string]any{"iat": now.Add(time.Hour).Unix()}, "The client_assertion token was issued in the future."},
	} {
		s.assertion = test.claims
		a := s.ask(s.assert(), "okta.users.read", nil)
		s.wantOAuth(a, 401, "invalid_client", test.description)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	s.assertion = map[string]any{"sub": "0oanobody"}
	if a := s.ask(s.assert(), "okta.users.read", nil); a.status != 400 || s.code(a) != "invalid_client" {
		t.Errorf("unknown client: %d %s", a.status, a.body)
	}
	s.assertion = map[string]any{"jti": nil, "iat": nil}
	s.granted("okta.users.read")

	s.assertion = nil
	once := s.assert()
	if a := s.ask(once, "okta.groups.read", nil); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.wantOAuth(s.ask(once, "okta.users.read", nil), 401, "invalid_client", "The client_assertion token has already been used.")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s.key = other
	s.wantOAuth(s.ask(s.assert(), "okta.users.read", nil), 401, "invalid_client", "The client_assertion signature is invalid.")
}

func TestScopesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := superService(t)
	for scopes, want := range map[string][2]string{
		"":                 {"invalid_scope", "The authorization server resource does not have any configured default scopes, 'scope' must be provided."},
		"okta.groups.read": {"consent_required", "You are not allowed any of the requested scopes."},
		"okta.nothing.do":  {"invalid_scope", "One or more scopes are not configured for the authorization server resource."},
		"openid":           {"invalid_scope", "Cannot request 'openid' scopes using client credentials."},
		"mine":             {"invalid_scope", "Custom scopes are not allowed for this request."},
	} {
		s.wantOAuth(s.ask(s.assert(), scopes, nil), 400, want[0], want[1])
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"okta.users.read"}, "client_id": {s.id}, "client_secret": {"x"}}
	s.wantOAuth(s.send("POST", "/oauth2/v1/token", form.Encode(), nil), 401, "invalid_client", mustUsePrivateKey)
	form.Set("grant_type", "password")
	if a := s.send("POST", "/oauth2/v1/token", form.Encode(), nil); a.status != 400 || a.object(t)["error"] != "unsupported_grant_type" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func boundService(t *testing.T) *service {
	t.Helper()
	return startService(t, SeedApp{DPoP: true, Scopes: []string{"okta.users.read"}, Roles: []SeedRole{{Type: superAdmin}}})
}

func (s *service) bound() string {
	s.t.Helper()
	endpoint := s.url + "/oauth2/v1/token"
	first := s.ask(s.assert(), "okta.users.read", map[string]string{"DPoP": s.prove("POST", endpoint, "", "")})
	s.wantOAuth(first, 400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
	a := s.ask(s.assert(), "okta.users.read", map[string]string{"DPoP": s.prove("POST", endpoint, first.header.Get("dpop-nonce"), "")})
	body := a.object(s.t)
	if a.status != 200 || body["token_type"] != "DPoP" {
		s.t.Fatalf("%d %s", a.status, a.body)
	}
	return body["access_token"].(string)
}

func (s *service) withProof(method, target, token, proof string) answer {
	s.t.Helper()
	return s.send(method, target, "", map[string]string{"Authorization": "DPoP " + token, "DPoP": proof})
}

func TestBoundToken(t *testing.T) {
	t.Parallel()
	s := boundService(t)
	s.wantOAuth(s.ask(s.assert(), "okta.users.read", nil), 400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.")
	token := s.bound()
	users := s.url + "/api/v1/users"
	proof := s.prove("GET", users, "", token)
	if a := s.withProof("GET", "/api/v1/users?limit=1", token, proof); a.status != 200 {
		t.Fatalf("%d %s %v", a.status, a.body, a.header)
	}
	refused := func(a answer, status int, code, description string) {
		t.Helper()
		header := a.header.Get("Www-Authenticate")
		if a.status != status || a.body != "" || !strings.HasPrefix(header, "DPoP algs=\"RS256 RS384 RS512 ES256 ES384 ES512\", authorization_uri=") ||
			!strings.Contains(header, `error="`+code+`", error_description="`+description+`", resource="/api/v1/users"`) {
			t.Errorf("%d %s\n%s", a.status, a.body, header)
		}
	}
	refused(s.withProof("GET", "/api/v1/users", token, proof), 400, "invalid_dpop_proof", "'jti' claim in the DPoP proof JWT is invalid.")
	refused(s.withProof("GET", "/api/v1/users", token, s.prove("POST", users, "", token)), 400, "invalid_dpop_proof", "'htm' claim in the DPoP proof JWT is invalid.")
	refused(s.withProof("GET", "/api/v1/users", token, s.prove("GET", users+"?limit=1", "", token)), 400, "invalid_dpop_proof", "'htu' claim in the DPoP proof JWT is invalid.")
	refused(s.withProof("GET", "/api/v1/users", token, s.prove("GET", users, "", token+"x")), 400, "invalid_dpop_proof", "'ath' claim in the DPoP proof JWT is invalid.")
	s.proof = map[string]any{"iat": time.Now().Add(-time.Hour).Unix()}
	refused(s.withProof("GET", "/api/v1/users", token, s.prove("GET", users, "", token)), 400, "invalid_dpop_proof", "'iat' claim in the DPoP proof JWT is invalid.")
	s.proof = map[string]any{"jti": nil}
	refused(s.withProof("GET", "/api/v1/users", token, s.prove("GET", users, "", token)), 400, "invalid_dpop_proof", "'jti' claim in the DPoP proof JWT is invalid.")
	s.proof = nil

	if a := s.withBearer("GET", "/api/v1/users", token); a.status != 401 {
		t.Errorf("as Bearer: %d %s", a.status, a.body)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.proofKey = other
	if a := s.withProof("GET", "/api/v1/users", token, s.prove("GET", users, "", token)); a.status != 400 {
		t.Errorf("with another key: %d %s", a.status, a.body)
	}
}

// TestProofOfAPathThatIsEncoded: each path with the proof that Okta takes for it and one that it refuses. Where nobody has
// that login, an answer of 404 shows that the proof was good.
func TestProofOfAPathThatIsEncoded(t *testing.T) {
	t.Parallel()
	s := boundService(t)
	token := s.bound()
	const users = "/api/v1/users/"
	for _, test := range []struct {
		sent, good, bad string
		status          int
	}{
		{users + strings.ReplaceAll(invoice, "@", "%40"), users + invoice, users + strings.ReplaceAll(invoice, "@", "%40"), 200},
		{users + invoice, users + invoice, users + strings.ReplaceAll(invoice, "@", "%40"), 200},
		{users + "Gruppenpr%C3%BCfer", users + "Gruppenprüfer", users + "Gruppenpr%C3%BCfer", 404},
		{users + "a%3Bb", users + "a;b", users + "a%3Bb", 404},
		{users + "a%5Bb%5D%7C%5E", users + "a[b]|^", users + "a%5Bb%5D%7C%5E", 404},
		{users + "a%20b", users + "a%20b", users + "a b", 404},
		{users + "a%25b", users + "a%25b", users + "a%b", 404},
		{users + "a%22b", users + "a%22b", users + `a"b`, 404},
		{users + "a%23b", users + "a%23b", users + "a#b", 404},
	} {
		if a := s.withProof("GET", test.sent, token, s.prove("GET", s.url+test.bad, "", token)); a.status != 400 {
			t.Errorf("%s with a proof for %s: %d %s", test.sent, test.bad, a.status, a.body)
		}
		if a := s.withProof("GET", test.sent, token, s.prove("GET", s.url+test.good, "", token)); a.status != test.status {
			t.Errorf("%s with a proof for %s: %d %s", test.sent, test.good, a.status, a.body)
		}
	}
}

func TestTokensAndNoncesAge(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public := publicPEM(t, key.Public())
	synctest.Test(t, func(t *testing.T) {
		org, err := New(loadOrg(t, "acme.yaml"), WithServiceApp(SeedApp{
			Label: "Robot", PublicKey: public, DPoP: true, Scopes: []string{"okta.users.read"}, Roles: []SeedRole{{Type: superAdmin}},
		}))
		if err != nil {
			t.Fatal(err)
		}
		const base = "http://emu.example"
		s := &service{world: &world{org, t, base}, id: org.ClientID("Robot"), proofKey: key}
		serve := func(method, target, body string, headers map[string]string) answer {
			r := httptest.NewRequest(method, base+target, strings.NewReader(body))
			for name, value := range headers {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			org.ServeHTTP(w, r)
			return answer{w.Code, w.Result().Header, w.Body.String()}
		}
		ask := func(nonce string) answer {
			now := time.Now()
			assertion := sign(t, jose.ES256, key, nil, map[string]any{
				"iss": s.id, "sub": s.id, "aud": base + "/oauth2/v1/token", "exp": now.Add(time.Hour).Unix(), "jti": s.jti(),
			}, nil)
			form := url.Values{"grant_type": {"client_credentials"}, "scope": {"okta.users.read"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}
			return serve("POST", "/oauth2/v1/token", form.Encode(), map[string]string{"DPoP": s.prove("POST", base+"/oauth2/v1/token", nonce, "")})
		}
		s.wantOAuth(ask("made up"), 400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
		nonce := ask("").header.Get("Dpop-Nonce")
		token := ask(nonce).object(t)["access_token"].(string)
		read := func() int {
			return serve("GET", "/api/v1/users", "", map[string]string{"Authorization": "DPoP " + token, "DPoP": s.prove("GET", base+"/api/v1/users", "", token)}).status
		}
		time.Sleep(time.Hour - time.Second)
		if got := read(); got != 200 {
			t.Errorf("before its end: %d", got)
		}
		time.Sleep(time.Second)
		if got := read(); got != 401 {
			t.Errorf("expired: %d", got)
		}
		time.Sleep(47 * time.Hour)
		if got := ask(nonce); got.status != 200 {
			t.Errorf("nonce of two days ago: %d %s", got.status, got.body)
		}
		time.Sleep(25 * time.Hour)
		old := ask(nonce)
		s.wantOAuth(old, 400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
		if got := old.header.Get("Dpop-Nonce"); got == nonce || got == "" {
			t.Errorf("the nonce is still %q", got)
		}
	})
}

func TestProofsWithABadHeader(t *testing.T) {
	t.Parallel()
	s := boundService(t)
	claims := func() map[string]any {
		return map[string]any{"htm": "POST", "htu": s.url + "/oauth2/v1/token", "iat": time.Now().Unix(), "jti": s.jti()}
	}
	for name, headers := range map[string]map[jose.HeaderKey]any{
		"type":        {"typ": "JWT", "jwk": jose.JSONWebKey{Key: s.proofKey.Public()}},
		"no key":      {"typ": "dpop+jwt"},
		"private key": {"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: s.proofKey}},
		"other key":   {"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: s.key.Public()}},
	} {
		a := s.ask(s.assert(), "okta.users.read", map[string]string{"DPoP": sign(t, jose.ES256, s.proofKey, headers, claims(), nil)})
		if a.status != 400 || a.object(t)["error"] != "invalid_dpop_proof" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := s.ask(s.assert(), "okta.users.read", map[string]string{"DPoP": "nonsense"}); a.status != 400 {
		t.Errorf("nonsense: %d", a.status)
	}
}

func TestWhichKeySigned(t *testing.T) {
	t.Parallel()
	s := superService(t)
	keys := "/api/v1/apps/" + s.id + "/credentials/jwks"
	added := s.call("POST", keys, rsaKey("second"), 201).object(t)["id"].(string)
	s.wantOAuth(s.ask(s.assert(), "okta.users.read", nil), 401, "invalid_client", "The client_assertion JWT kid is invalid.")
	kid := s.get(keys).object(t)["keys"].([]any)[0].(map[string]any)["kid"].(string)
	named := func(kid string) string {
		now := time.Now()
		return sign(t, jose.RS256, s.key, map[jose.HeaderKey]any{"kid": kid}, map[string]any{
			"iss": s.id, "sub": s.id, "aud": s.url + "/oauth2/v1/token", "exp": now.Add(time.Minute).Unix(), "jti": s.jti(),
		}, nil)
	}
	if a := s.ask(named(kid), "okta.users.read", nil); a.status != 200 {
		t.Errorf("named: %d %s", a.status, a.body)
	}
	s.wantOAuth(s.ask(named("other"), "okta.users.read", nil), 401, "invalid_client", "The client_assertion JWT kid is invalid.")
	s.call("POST", keys+"/"+added+"/lifecycle/deactivate", "", 200)
	s.granted("okta.users.read") // one active key is left
}

func TestAssertionOfAnAppWithASecret(t *testing.T) {
	t.Parallel()
	s := superService(t)
	body := strings.Replace(serviceBody("Automation", ""), "private_key_jwt", "client_secret_post", 1)
	s.call("PUT", "/api/v1/apps/"+s.id, body, 200)
	s.wantOAuth(s.ask(s.assert(), "okta.users.read", nil), 401, "invalid_client", mustUsePrivateKey)
}

func TestAppThatHoldsARoleIsASuperAdminsToChange(t *testing.T) {
	t.Parallel()
	s := startService(t, SeedApp{Roles: []SeedRole{{Type: "READ_ONLY_ADMIN"}}})
	s.must(s.Assign(invoice, "APP_ADMIN"))
	lesser := s.token(invoice, "x")
	s.as(lesser, "POST", "/api/v1/apps/"+s.id+"/lifecycle/deactivate", "", 403)
	other := s.as(lesser, "POST", "/api/v1/apps", serviceBody("Other", rsaKey("a")), 200).object(t)["id"].(string)
	s.as(lesser, "POST", "/api/v1/apps/"+other+"/lifecycle/deactivate", "", 200)
}
