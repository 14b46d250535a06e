// Who calls, and whether the caller may: API tokens, access tokens of service apps, and the rights and scopes that a
// route takes.

package oktaemu

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// authenticate finds the caller by the Authorization header, or answers why there is none. The answer to an access token
// names the scope that the route takes.
func (c *call) authenticate(scope string) *reply {
	scheme, value, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	value = strings.TrimSpace(value)
	switch {
	case scheme == "SSWS" && c.authenticateToken(value):
		return nil
	case scheme == bearer, scheme == dpop:
		return c.authenticateAccess(scheme, value, scope)
	}
	r := invalidToken()
	return &r
}

// authenticateToken finds the caller by its API token. The owner must be active and the token alive; each use renews it.
func (c *call) authenticateToken(value string) bool {
	t, ok := c.s.tokens.rows[c.s.secrets[digest(value)]]
	if !ok || c.s.users.rows[t.userID].status != active || !c.now.Before(t.expires) {
		return false
	}
	t.expires = c.now.Add(tokenLife)
	c.s.tokens.put(t.id, 0, t)
	c.caller, c.tokenID = principal{userKind, t.userID}, t.id
	return true
}

// authenticateAccess finds the service app that an access token was issued to. The app must be active. A token that is
// bound to a key needs the scheme DPoP and a proof; one that is not needs Bearer. That a token used with the other
// scheme is refused as invalid is UNVERIFIED.
func (c *call) authenticateAccess(scheme, value, scope string) *reply {
	token, ok := c.s.access[digest(value)]
	bound := token.thumbprint != ""
	if !ok || !c.now.Before(token.expires) || c.s.apps.rows[token.appID].status != active || bound != (scheme == dpop) {
		r := c.challenge(http.StatusUnauthorized, scheme, scope, "invalid_token", "The access token is invalid.")
		return &r
	}
	if bound {
		if wrong := c.accessProof(value, token); wrong != "" { // with 400, as reported: okta-sdk-nodejs#521
			r := c.challenge(http.StatusBadRequest, scheme, scope, invalidProof, string(wrong))
			return &r
		}
	}
	c.caller, c.oauth, c.scopes, c.scheme = principal{clientKind, token.appID}, true, token.scopes, scheme
	return nil
}

// challenge refuses an access token: without a body, and with a header as recorded in okta-sdk-golang#145 (Bearer) and
// okta-sdk-nodejs#453 (DPoP), where the URLs are http.
func (c *call) challenge(status int, scheme, scope, code, description string) reply {
	lead := scheme + " "
	if scheme == dpop {
		var names []string
		for _, algorithm := range signingAlgorithms() {
			names = append(names, string(algorithm))
		}
		lead += fmt.Sprintf("algs=%q, ", strings.Join(names, " "))
	}
	return reply{status: status, header: http.Header{"Www-Authenticate": {lead + fmt.Sprintf(
		`authorization_uri="http://%s/oauth2/v1/authorize", realm="http://%s", scope="%s", error="%s", error_description="%s", resource="%s"`,
		c.r.Host, c.r.Host, scope, code, description, c.r.URL.Path,
	)}}}
}

// authorize answers why the caller may not use the route, if so. By OAuth both are needed: the scope, and the right that
// the caller's roles give.
func (c *call) authorize(to route) *reply {
	if to.need == nobody {
		return nil
	}
	if c.oauth && !slices.Contains(c.scopes, to.scope) {
		r := c.challenge(http.StatusForbidden, c.scheme, to.scope, "insufficient_scope", "The access token provided does not contain the required scopes.")
		return &r
	}
	if !c.may(to.need) {
		r := forbidden()
		return &r
	}
	return nil
}

// may tells whether the caller has the right now.
func (c *call) may(need right) bool { return c.s.may(c.caller, need) }
