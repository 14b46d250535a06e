package okta

// DPoP (RFC 9449), as Okta does it: each request bears a proof, signed for it alone, that its sender has the key to which
// the access token is bound. See https://developer.okta.com/docs/guides/dpop/.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// The names of DPoP on the wire.
const (
	dpopScheme  = "DPoP"
	proofHeader = "DPoP"
	// codeNeedsProof is what the token endpoint answers, with status 400, to an app that must bring a proof and brings none.
	codeNeedsProof = "invalid_dpop_proof"
	// codeNeedsNonce comes with the header DPoP-Nonce, which the next proof is to hold.
	codeNeedsNonce = "use_dpop_nonce"
	nonceHeader    = "DPoP-Nonce"
)

// prover makes proofs. Its key lives and ends with the client: nothing outlasts the program that a stolen token could be
// used with. It is safe for concurrent use.
type prover struct {
	mu     sync.Mutex
	key    signingKey
	public jwk.Key
	// The two nonces are apart, as in RFC 9449 section 8.2: one is the token endpoint's, one the API's, which asks for none today.
	tokenNonce, apiNonce string
}

// newProver makes the key: EC P-256, because Okta's API names ES256 in its own challenges ("algs" in
// okta/okta-sdk-nodejs#453), and making one costs next to nothing.
func newProver() (*prover, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, errors.New("no key for DPoP could be made")
	}
	public, err := jwk.Import(private.Public())
	if err != nil {
		return nil, errors.New("no key for DPoP could be made")
	}
	return &prover{key: signingKey{private: private, alg: jwa.ES256()}, public: public}, nil
}

// proof makes a proof for one try of a request; token is the access token that goes with it, empty for a token request.
func (p *prover) proof(method string, target *url.URL, token string) (string, error) {
	claims := map[string]any{"htm": method, "htu": proofURL(target), "iat": time.Now().Unix(), "jti": rand.Text()}
	p.mu.Lock()
	nonce := p.tokenNonce
	if token != "" {
		nonce = p.apiNonce
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	p.mu.Unlock()
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return p.key.sign(claims, "dpop+jwt", p.public)
}

// proofURL is the target without query and fragment, with its path decoded: that is what Okta compares (observed on real
// orgs in okta/okta-sdk-java#1526 and okta/okta-sdk-python#541), and not the path as it was sent, which RFC 9449 would have.
func proofURL(target *url.URL) string { return target.Scheme + "://" + target.Host + target.Path }

// note remembers the nonce of an answer, if it has one.
func (p *prover) note(toTokenEndpoint bool, h http.Header) {
	nonce := h.Get(nonceHeader)
	if nonce == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := &p.apiNonce
	if toTokenEndpoint {
		kept = &p.tokenNonce
	}
	*kept = nonce
}

// challenged tells whether an API answer is a DPoP challenge with this error. Okta has been seen to give these with status
// 400 where RFC 9449 has 401 (okta/okta-sdk-nodejs#453).
func challenged(status int, h http.Header, code string) bool {
	if status != http.StatusUnauthorized && status != http.StatusBadRequest {
		return false
	}
	for _, challenge := range h.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(strings.TrimSpace(challenge), " ")
		if strings.EqualFold(scheme, dpopScheme) && challengeParam(challenge, "error") == code {
			return true
		}
	}
	return false
}
