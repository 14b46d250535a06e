// The token endpoint of the org's authorization server, /oauth2/v1/token, for the client credentials of service apps.
// Texts of errors are those of Okta's support articles and of reports in the issues of its SDKs, as noted.

package oktaemu

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	accessLife     = time.Hour // of an access token with Okta scopes; Okta does not let it be changed
	tokenPath      = "/oauth2/v1/token"
	assertionType  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	privateKeyJWT  = "private_key_jwt"
	serviceApp     = "service"
	bearer         = "Bearer"
	invalidClient  = "invalid_client"
	invalidRequest = "invalid_request"
	invalidScope   = "invalid_scope"
)

func tokenEndpointRoutes() []route {
	// okta-sdk-golang v2 sends everything in the query, and Okta takes it.
	query := []string{"grant_type", "scope", "client_assertion_type", "client_assertion", "client_id", "client_secret"}
	return []route{
		{post, tokenPath, nobody, "", query, (*call).issueToken, documented("guides/implement-oauth-for-okta-serviceapp")},
	}
}

// access is an access token. The org keeps its SHA-256 only.
type access struct {
	appID      string
	scopes     []string
	expires    time.Time
	thumbprint string // of the key that a DPoP token is bound to
}

// sameAccess tells whether both are the same token: one never changes once it was given.
func sameAccess(a, b access) bool { return a.appID == b.appID && a.expires.Equal(b.expires) }

// oauthError is an error as the token endpoint writes it.
func oauthError(status int, code, description string) reply {
	r := jsonReply(status, obj{"error": code, "error_description": description})
	r.header.Set("Cache-Control", "no-cache, no-store")
	r.header.Set("Pragma", "no-cache")
	return r
}

// issueToken checks the client first, then the proof, then the scopes.
func (c *call) issueToken() reply {
	form, ok := c.grantForm()
	if !ok {
		return oauthError(http.StatusBadRequest, invalidRequest, "The request body is malformed.")
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return oauthError(http.StatusBadRequest, invalidRequest, "The token request must specify a grant type.")
	default: // other grants exist in Okta; the emulator has no users that sign in to apps
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server.")
	}
	a, bad := c.authenticateClient(form)
	if bad != nil {
		return c.refuseClient(a, *bad)
	}
	thumbprint, bad := c.tokenProof(a)
	if bad != nil {
		return c.refuseClient(a, *bad)
	}
	scopes, bad := a.allowed(strings.Fields(form.Get("scope")))
	if bad != nil {
		return c.refuseClient(a, *bad)
	}
	return c.sendToken(a, scopes, thumbprint)
}

// grantForm reads the parameters of the body and of the query.
func (c *call) grantForm() (url.Values, bool) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, false
	}
	for key, values := range c.query {
		form[key] = append(form[key], values...)
	}
	return form, true
}

// allowed returns those of the scopes that the app was granted. Okta drops the others without a word
// (okta-sdk-golang#145) unless none is left.
func (a app) allowed(asked []string) ([]string, *reply) {
	fail := func(code, description string) ([]string, *reply) {
		r := oauthError(http.StatusBadRequest, code, description)
		return nil, &r
	}
	if len(asked) == 0 {
		return fail(invalidScope, "The authorization server resource does not have any configured default scopes, 'scope' must be provided.")
	}
	var scopes []string
	for _, scope := range asked {
		switch {
		case slices.Contains([]string{"openid", "profile", "email", "address", "phone", "offline_access"}, scope):
			return fail(invalidScope, "Cannot request 'openid' scopes using client credentials.")
		case !strings.HasPrefix(scope, "okta."):
			return fail(invalidScope, "Custom scopes are not allowed for this request.")
		case !slices.Contains(Scopes(), scope):
			return fail(invalidScope, "One or more scopes are not configured for the authorization server resource.")
		case a.granted(scope) && !slices.Contains(scopes, scope):
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return fail("consent_required", "You are not allowed any of the requested scopes.")
	}
	return scopes, nil
}

// granted tells whether the app was granted the scope.
func (a app) granted(scope string) bool {
	return slices.ContainsFunc(a.grants, func(g appGrant) bool { return g.scope == scope })
}

func (c *call) sendToken(a app, scopes []string, thumbprint string) reply {
	kind := bearer
	if thumbprint != "" {
		kind = dpop
	}
	value := c.newAccessToken(a, scopes, thumbprint)
	c.s.access[digest(value)] = access{appID: a.id, scopes: scopes, expires: c.now.Add(accessLife), thumbprint: thumbprint}
	c.caller = principal{clientKind, a.id}
	c.s.log(c.author(), c.now, event{
		kind: "app.oauth2.token.grant.access_token", message: "OIDC access token is granted",
		targets: []party{{id: "AT." + digits62(digest(value), 40), kind: "access_token", alternateID: "unknown", name: "Access Token"}},
		debug: map[string]any{
			"clientAuthType": privateKeyJWT, "grantType": "client_credentials",
			"requestedScopes": strings.Join(scopes, ", "), "grantedScopes": strings.Join(scopes, ", "),
		},
	})
	r := jsonReply(http.StatusOK, obj{
		"token_type": kind, "expires_in": int(accessLife.Seconds()), "access_token": value, "scope": strings.Join(scopes, " "),
	})
	r.header.Set("Cache-Control", "no-cache, no-store")
	r.header.Set("Pragma", "no-cache")
	return r
}

// refuseClient logs a refused request of a client that exists: Okta does for a missing proof (okta-sdk-golang#598).
func (c *call) refuseClient(a app, answer reply) reply {
	if a.id == "" {
		return answer
	}
	var body struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(answer.body, &body) // it is one of the bodies above
	c.caller = principal{clientKind, a.id}
	c.s.log(c.author(), c.now, event{
		kind: "app.oauth2.token.grant", message: "OIDC token request", outcome: "FAILURE", reason: body.Error, severity: "WARN",
		targets: []party{c.s.principalParty(c.caller)}, debug: map[string]any{"grantType": "client_credentials"},
	})
	return answer
}

// newAccessToken makes a token that looks like Okta's. Clients must not look inside; its signature is random.
func (c *call) newAccessToken(a app, scopes []string, thumbprint string) string {
	claims := obj{
		"ver": 1, "jti": "AT." + randomText(43), "iss": c.base, "aud": c.base, "sub": a.clientID, "cid": a.clientID,
		"iat": c.now.Unix(), "exp": c.now.Add(accessLife).Unix(), "scp": scopes,
	}
	if thumbprint != "" {
		claims["cnf"] = obj{"jkt": thumbprint}
	}
	part := func(v obj) string { return base64.RawURLEncoding.EncodeToString(jsonReply(http.StatusOK, v).body) }
	return part(obj{"kid": digits62(c.s.orgID+" signing key", 40), "alg": "RS256"}) + "." + part(claims) + "." + randomText(342)
}

// forgetExpired drops what can no longer be used: access tokens, and identifiers of assertions and proofs.
func (s *state) forgetExpired(now time.Time) {
	for key, until := range s.spent {
		if !now.Before(until) {
			delete(s.spent, key)
		}
	}
	for key, token := range s.access {
		if !now.Before(token.expires) {
			delete(s.access, key)
		}
	}
}

// spend notes an identifier that must be used once, and tells whether it is the first time.
func (s *state) spend(key string, now, until time.Time) bool {
	s.forgetExpired(now)
	key = digest(key)
	if _, used := s.spent[key]; used {
		return false
	}
	s.spent[key] = until
	return true
}
