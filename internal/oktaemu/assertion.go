// How a service app authenticates at the token endpoint: a JWT that it signs with its private key.
// https://developer.okta.com/docs/api/openapi/okta-oauth/guides/client-auth

package oktaemu

import (
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionLife is how far ahead an assertion may expire. Okta refuses more, without leeway (okta-sdk-golang#573).
const assertionLife = time.Hour

// signingAlgorithms are those that Okta names in its DPoP challenges (okta-sdk-nodejs#453).
func signingAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}
}

func clientRefused(description string) *reply {
	r := oauthError(http.StatusUnauthorized, invalidClient, description)
	return &r
}

// unknownClient has the shape of an API error, unlike all others of this endpoint. It is reported with 400 and with 401.
func unknownClient() *reply {
	r := errorReply(http.StatusBadRequest, invalidClient, "Invalid value for 'client_id' parameter.")
	return &r
}

// authenticateClient finds the app that the assertion names and checks the assertion. The app is returned with a
// refusal too, where it is known.
func (c *call) authenticateClient(form url.Values) (app, *reply) {
	text := form.Get("client_assertion")
	if text == "" {
		return c.refuseSecret(form)
	}
	if form.Get("client_assertion_type") != assertionType {
		return app{}, clientRefused("The client_assertion_type is invalid.") // zitadel/oidc#635
	}
	token, err := jwt.ParseSigned(text, signingAlgorithms())
	if err != nil || len(token.Headers) != 1 {
		return app{}, clientRefused("The client_assertion is not a valid JWT.") // UNVERIFIED text
	}
	var claims jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return app{}, clientRefused("The client_assertion is not a valid JWT.")
	}
	a, ok := c.s.clientByID(claims.Subject)
	if !ok || a.status != active { // that an inactive app is treated like none is UNVERIFIED
		return a, unknownClient()
	}
	if a.method != privateKeyJWT {
		return a, clientRefused(mustUsePrivateKey)
	}
	key, bad := a.verificationKey(token.Headers[0].KeyID)
	if bad != nil {
		return a, bad
	}
	if token.Claims(key, &claims) != nil {
		return a, clientRefused("The client_assertion signature is invalid.")
	}
	return a, c.checkAssertion(a, claims)
}

const mustUsePrivateKey = "Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method."

// refuseSecret answers a client without an assertion: a secret gives no Okta scopes, right or wrong.
func (c *call) refuseSecret(form url.Values) (app, *reply) {
	id, _, basic := c.r.BasicAuth()
	if !basic {
		id = form.Get("client_id")
	}
	a, ok := c.s.clientByID(id)
	switch {
	case id != "" && (!ok || a.status != active):
		return a, unknownClient()
	case ok && (basic || form.Get("client_secret") != ""):
		return a, clientRefused(mustUsePrivateKey)
	}
	return a, clientRefused("Client authentication failed. Either the client or the client credentials are invalid.")
}

// verificationKey picks the public key. Without a kid there must be one active key only (okta-sdk-java#504).
func (a app) verificationKey(kid string) (any, *reply) {
	var usable []appKey
	for _, key := range a.keys {
		if key.status == active && key.use != "enc" && (kid == "" || key.kid == kid) {
			usable = append(usable, key)
		}
	}
	if len(usable) != 1 {
		return nil, clientRefused("The client_assertion JWT kid is invalid.")
	}
	key, ok := usable[0].public()
	if !ok {
		return nil, clientRefused("The client_assertion signature is invalid.")
	}
	return key, nil
}

// checkAssertion checks the claims of an assertion with a good signature. One with an identifier is spent by this request,
// whatever comes of it: a retry with a nonce needs a new one too (okta-sdk-python, dpop).
func (c *call) checkAssertion(a app, claims jwt.Claims) *reply {
	const leeway = time.Minute // of iat: UNVERIFIED
	switch {
	case claims.Issuer != a.clientID:
		return clientRefused("The issuer claim for client_assertion must be the client_id.") // UNVERIFIED text
	case len(claims.Audience) != 1 || claims.Audience[0] != c.base+tokenPath:
		return clientRefused("The audience claim for client_assertion must be the endpoint invoked for the request.")
	case claims.Expiry == nil || !c.now.Before(claims.Expiry.Time()):
		return clientRefused("The client_assertion token is expired.")
	case claims.Expiry.Time().After(c.now.Add(assertionLife)):
		return clientRefused("The client_assertion token has an expiration too far into the future.")
	case claims.IssuedAt != nil && claims.IssuedAt.Time().After(c.now.Add(leeway)):
		return clientRefused("The client_assertion token was issued in the future.") // UNVERIFIED text
	case claims.NotBefore != nil && claims.NotBefore.Time().After(c.now):
		return clientRefused("The client_assertion token is not valid yet.") // UNVERIFIED text
	case claims.ID != "" && !c.s.spend("assertion "+a.id+" "+claims.ID, c.now, claims.Expiry.Time()):
		return clientRefused("The client_assertion token has already been used.")
	}
	return nil
}
