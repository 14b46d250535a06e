// DPoP: access tokens that only the holder of a key can use. https://www.rfc-editor.org/rfc/rfc9449 and
// https://developer.okta.com/docs/guides/dpop/oktaresourceserver/main

package oktaemu

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	dpop         = "DPoP"
	invalidProof = "invalid_dpop_proof"
	nonceDay     = 24 * time.Hour // a nonce is renewed daily
	nonceDays    = 3              // and accepted this long
	// How old a proof may be and how far ahead its time. Okta documents neither: UNVERIFIED.
	proofAge, proofLead = 5 * time.Minute, time.Minute
)

// proof is what the claims of a good proof say.
type proof struct {
	thumbprint, nonce, ath, jti string
}

// problem is what is wrong with a proof, in Okta's words.
type problem string

func badClaim(name string) problem {
	return problem("'" + name + "' claim in the DPoP proof JWT is invalid.")
}

// readProof checks the proof of the request as far as it does not depend on where it is used: the header, the signature
// with the key in it, and that it was made for this method, this URL and this time.
func (c *call) readProof() (proof, problem) {
	values := c.r.Header.Values(dpop)
	if len(values) == 0 {
		return proof{}, "The DPoP proof JWT header is missing."
	}
	token, err := jwt.ParseSigned(values[0], signingAlgorithms())
	if err != nil || len(values) > 1 || len(token.Headers) != 1 {
		return proof{}, "The DPoP proof JWT is invalid." // UNVERIFIED text, as are those below but the ones about htu
	}
	header := token.Headers[0]
	if header.ExtraHeaders[jose.HeaderType] != "dpop+jwt" {
		return proof{}, "The 'typ' header in the DPoP proof JWT is invalid."
	}
	if header.JSONWebKey == nil || !header.JSONWebKey.Valid() || !header.JSONWebKey.IsPublic() {
		return proof{}, "The 'jwk' header in the DPoP proof JWT is invalid."
	}
	var claims struct {
		Method   string           `json:"htm"`
		URL      string           `json:"htu"`
		IssuedAt *jwt.NumericDate `json:"iat"`
		ID       string           `json:"jti"`
		Nonce    string           `json:"nonce"`
		Hash     string           `json:"ath"`
	}
	if token.Claims(header.JSONWebKey.Key, &claims) != nil {
		return proof{}, "The DPoP proof JWT signature is invalid."
	}
	switch {
	case claims.Method != c.r.Method:
		return proof{}, badClaim("htm")
	case claims.URL != c.proofURL():
		return proof{}, badClaim("htu")
	case claims.IssuedAt == nil, claims.IssuedAt.Time().After(c.now.Add(proofLead)), claims.IssuedAt.Time().Before(c.now.Add(-proofAge)):
		return proof{}, badClaim("iat")
	}
	sum, err := header.JSONWebKey.Thumbprint(crypto.SHA256)
	if err != nil {
		return proof{}, "The 'jwk' header in the DPoP proof JWT is invalid."
	}
	return proof{base64.RawURLEncoding.EncodeToString(sum), claims.Nonce, claims.Hash, claims.ID}, ""
}

// proofURL is the URL that htu must be: without a query, and with the path decoded, in which a space and the characters %,
// " and # are encoded again and no others. A proof for …/users/a%40b is refused, one for …/users/a@b is not. It was found
// out against a real org: okta-sdk-java#1526 and #1528; see also okta-sdk-python#541 and okta-sdk-nodejs#521.
func (c *call) proofURL() string {
	var out strings.Builder
	out.WriteString(c.base)
	for _, b := range []byte(c.r.URL.Path) {
		if strings.IndexByte(` %"#`, b) >= 0 {
			fmt.Fprintf(&out, "%%%02X", b)
			continue
		}
		out.WriteByte(b)
	}
	return out.String()
}

// once tells whether the proof's identifier is new to the org.
func (c *call) once(p proof) bool {
	return p.jti != "" && c.s.spend("proof "+p.thumbprint+" "+p.jti, c.now, c.now.Add(proofAge+proofLead))
}

// tokenProof checks the proof that a token request carries and returns the thumbprint of its key, "" where there is
// none and the app needs none. A proof that nobody asked for binds the token all the same: Okta describes
// dpop_bound_access_tokens as refusing requests without a proof, as RFC 9449 does, and not as ignoring those with one.
func (c *call) tokenProof(a app) (string, *reply) {
	if !a.dpop && len(c.r.Header.Values(dpop)) == 0 {
		return "", nil
	}
	p, wrong := c.readProof()
	if wrong == "" && !c.nonceFits(p.nonce) {
		r := oauthError(http.StatusBadRequest, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
		r.header.Set("Dpop-Nonce", c.nonce(0))
		return "", &r
	}
	if wrong == "" && !c.once(p) { // the documented first proof has no jti; the one with the nonce has
		wrong = badClaim("jti")
	}
	if wrong != "" {
		r := oauthError(http.StatusBadRequest, invalidProof, string(wrong))
		return "", &r
	}
	return p.thumbprint, nil
}

// nonce is the nonce of so many days ago.
func (c *call) nonce(daysAgo int) string {
	day := c.now.Unix()/int64(nonceDay.Seconds()) - int64(daysAgo)
	return digits62(c.s.orgID+" nonce "+strconv.FormatInt(day, 10), 32)
}

func (c *call) nonceFits(nonce string) bool {
	for day := range nonceDays {
		if nonce == c.nonce(day) {
			return true
		}
	}
	return false
}

// accessProof checks the proof that comes with an access token: it needs no nonce, but the token's hash and its key.
func (c *call) accessProof(value string, token access) problem {
	p, wrong := c.readProof()
	sum := sha256.Sum256([]byte(value))
	switch {
	case wrong != "":
		return wrong
	case p.ath != base64.RawURLEncoding.EncodeToString(sum[:]):
		return badClaim("ath")
	case p.thumbprint != token.thumbprint:
		return "The DPoP proof JWT is not signed with the key that the access token is bound to." // UNVERIFIED text
	case !c.once(p):
		return badClaim("jti")
	}
	return ""
}
