package okta

// An authorization server and an API behind it, written from RFC 6749, 7523 and 9449 and from Okta's guides. Signatures are
// verified with go-jose, which the adapter does not use.

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/stepdown/stepdown/internal/access"
)

const testClientID = "0oa1gjh63g214q0Hq0g4"

var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey  = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pkcs8(key any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}))
}

// authServer is the org. Its fields are set before it is used, or under mu.
type authServer struct {
	api     http.HandlerFunc // what is behind the authorization
	keys    map[string]crypto.PublicKey
	scopes  string // what is granted; empty means what was asked for
	life    int
	dpop    bool                                              // proofs are required
	nonce   string                                            // required in proofs at the token endpoint
	before  func(w http.ResponseWriter, r *http.Request) bool // answers a token request instead, where it returns true
	refused func(token string) bool                           // the API does not know the token

	mu         sync.Mutex
	apiNonce   string // required in proofs at the API
	jtis       map[string]bool
	tokens     map[string]string // access tokens, with the thumbprint of the key that each is bound to
	issued     []string
	asked      int // token requests
	challenges int
	assertions []string
	proofs     []string
	seen       []string // requests of the API
	bad        []string // what a sound client never does
}

func newAuthServer() *authServer {
	return &authServer{
		api: always(200, `[]`), keys: map[string]crypto.PublicKey{"kid1": ecKey().Public()}, life: 3600,
		jtis: map[string]bool{}, tokens: map[string]string{},
	}
}

func (a *authServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.URL.Path == TokenPath {
		a.token(w, r)
		return
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a.seen = append(a.seen, r.Method+" "+r.URL.RequestURI()+" "+scheme)
	thumb, known := a.tokens[token]
	if !known || (a.refused != nil && a.refused(token)) {
		w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="http://o/oauth2/v1/authorize", realm="http://o", scope="okta.x", error="invalid_token", error_description="The access token is invalid.", resource="/"`)
		w.WriteHeader(401)
		return
	}
	if thumb != "" {
		used, err := a.proof(r, token, a.apiNonce)
		if err == errNonce {
			w.Header().Set("DPoP-Nonce", a.apiNonce)
			w.Header().Set("WWW-Authenticate", `DPoP algs="RS256 ES256", error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"`)
			w.WriteHeader(401)
			return
		}
		if err != nil || scheme != "DPoP" || used != thumb {
			a.bad = append(a.bad, fmt.Sprint("proof of ", r.URL, ": ", err))
			w.Header().Set("WWW-Authenticate", `DPoP algs="RS256 ES256", error="invalid_dpop_proof", error_description="'htu' claim in the DPoP proof JWT is invalid."`)
			w.WriteHeader(400)
			return
		}
	} else if scheme != "Bearer" {
		a.bad = append(a.bad, "a bearer token is shown as "+scheme)
	}
	a.api(w, r)
}

func oauthError(w http.ResponseWriter, status int, code, description string) {
	answer(w, status, fmt.Sprintf(`{"error":%q,"error_description":%q}`, code, description))
}

func (a *authServer) token(w http.ResponseWriter, r *http.Request) {
	a.asked++
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" || r.Method != "POST" || r.Header.Get("Authorization") != "" ||
		r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Accept") != "application/json" {
		a.bad = append(a.bad, fmt.Sprint("token request ", r.Method, " ", r.URL, " ", r.Header))
	}
	a.proofs = append(a.proofs, r.Header.Values("DPoP")...)
	a.assertions = append(a.assertions, r.PostForm.Get("client_assertion"))
	if a.before != nil && a.before(w, r) {
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" || r.PostForm.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		oauthError(w, 400, "invalid_request", "form")
		return
	}
	if why := a.client(r); why != "" {
		oauthError(w, 401, "invalid_client", why)
		return
	}
	kind, thumb := "Bearer", ""
	if a.dpop {
		if r.Header.Get("DPoP") == "" {
			a.challenges++
			oauthError(w, 400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.")
			return
		}
		var err error
		if thumb, err = a.proof(r, "", a.nonce); err == errNonce {
			a.challenges++
			w.Header().Set("dpop-nonce", a.nonce)
			oauthError(w, 400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
			return
		} else if err != nil {
			a.bad = append(a.bad, "token proof: "+err.Error())
			oauthError(w, 400, "invalid_dpop_proof", err.Error())
			return
		}
		kind = "DPoP"
	}
	scopes := a.scopes
	if scopes == "" {
		scopes = r.PostForm.Get("scope")
	}
	token := "eyJ" + rand.Text() + ".PLANTED-access-token." + rand.Text()
	a.tokens[token] = thumb
	a.issued = append(a.issued, token)
	w.Header().Set("X-Okta-Request-Id", token) // which may not be told as it is
	answer(w, 200, fmt.Sprintf(`{"token_type":%q,"expires_in":%d,"access_token":%q,"scope":%q}`, kind, a.life, token, scopes))
}

// client says why the assertion is refused.
func (a *authServer) client(r *http.Request) string {
	signed, err := jose.ParseSignedCompact(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
	})
	if err != nil {
		return "The client_assertion is malformed."
	}
	kid := signed.Signatures[0].Protected.KeyID
	key, known := a.keys[kid]
	if kid == "" && len(a.keys) == 1 {
		for _, key = range a.keys {
			known = true
		}
	}
	if !known {
		return "The client_assertion JWT kid is invalid."
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return "The client_assertion signature is invalid."
	}
	var c struct {
		Iss, Sub, Aud, Jti string
		Iat, Exp           int64
	}
	now := time.Now().Unix()
	switch err := json.Unmarshal(payload, &c); {
	case err != nil:
		return "The client_assertion is malformed."
	case c.Iss != testClientID || c.Sub != c.Iss:
		return "Invalid value for 'client_id' parameter."
	case c.Aud != "http://"+r.Host+TokenPath && c.Aud != "https://"+r.Host+TokenPath:
		return "The audience claim for client_assertion must be the endpoint invoked for the request."
	case c.Exp <= now:
		return "The client_assertion token is expired."
	case c.Exp > now+3600 || c.Iat > now:
		return "The client_assertion token has an expiration too far into the future."
	case c.Jti == "" || a.jtis[c.Jti]:
		return "The client_assertion JWT has been used before."
	}
	a.jtis[c.Jti] = true
	return ""
}

var errNonce = fmt.Errorf("nonce")

// proof verifies the request's proof and returns its key's thumbprint.
func (a *authServer) proof(r *http.Request, token, nonce string) (string, error) {
	if len(r.Header.Values("DPoP")) != 1 {
		return "", fmt.Errorf("%d proofs", len(r.Header.Values("DPoP")))
	}
	a.proofs = append(a.proofs, r.Header.Get("DPoP"))
	signed, err := jose.ParseSignedCompact(r.Header.Get("DPoP"), []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		return "", err
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders["typ"] != "dpop+jwt" || header.JSONWebKey == nil || !header.JSONWebKey.IsPublic() || !header.JSONWebKey.Valid() {
		return "", fmt.Errorf("header %+v", header)
	}
	payload, err := signed.Verify(header.JSONWebKey)
	if err != nil {
		return "", err
	}
	var c struct {
		Htm, Htu, Jti, Ath, Nonce string
		Iat                       int64
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return "", err
	}
	want := r.Host + r.URL.Path // decoded: see proofURL
	sum := sha256.Sum256([]byte(token))
	ath := base64.RawURLEncoding.EncodeToString(sum[:])
	if token == "" {
		ath = ""
	}
	age := time.Now().Unix() - c.Iat
	switch {
	case c.Htm != r.Method, c.Htu != "http://"+want && c.Htu != "https://"+want, c.Ath != ath, age < 0 || age > 60:
		return "", fmt.Errorf("claims %+v do not fit %s %s", c, r.Method, want)
	case c.Jti == "" || a.jtis[c.Jti]:
		return "", fmt.Errorf("used before: %q", c.Jti)
	case nonce != "" && c.Nonce != nonce:
		a.jtis[c.Jti] = true
		return "", errNonce
	}
	a.jtis[c.Jti] = true
	thumb, err := header.JSONWebKey.Thumbprint(crypto.SHA256)
	return string(thumb), err
}

// RoundTrip lets tests under synctest use the server without a network.
func (a *authServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	a.ServeHTTP(rec, in)
	out := rec.Result()
	body, _ := io.ReadAll(out.Body)
	out.Body = io.NopCloser(bytes.NewReader(body))
	return out, nil
}

// serviceApp is the credential of the tests.
func serviceApp(c *Config) {
	c.Token = access.Secret{}
	c.OAuth = &OAuth{ClientID: testClientID, Key: access.NewSecret(pkcs8(ecKey())), KeyID: "kid1", Scopes: []string{"okta.users.read", "okta.roles.read"}}
}

// appOf starts the server and returns a client of it.
func appOf(t *testing.T, a *authServer, opts ...func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	t.Cleanup(func() { a.sound(t) })
	return clientOf(t, server.URL, append([]func(*Config){serviceApp}, opts...)...)
}

// inMemory returns a client of the server for a test under synctest.
func inMemory(t *testing.T, a *authServer, opts ...func(*Config)) *Client {
	t.Helper()
	opts = append([]func(*Config){serviceApp, func(c *Config) { c.Transport = a }}, opts...)
	return clientOf(t, "https://acme.okta.com", opts...)
}

// sound fails the test if the client did what no sound client does.
func (a *authServer) sound(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, what := range a.bad {
		t.Error(what)
	}
}

func (a *authServer) requests() (tokens int, api []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked, slices.Clone(a.seen)
}

// set changes the server while it is used.
func (a *authServer) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

func (a *authServer) tokensIssued() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.issued)
}

// readOnce sends one request through the client.
func readOnce(ctx context.Context, c *Client) error {
	_, err := c.UserRoles(ctx, "00u1")
	return err
}
