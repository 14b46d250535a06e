package okta

// What to do about a refusal, where the credential is a service app. Okta's own words are kept beside it; the texts that are
// looked for are those that its support articles and users quote:
//   - https://support.okta.com/help/s/article/okta-client-assertion-error-invalid-key-id
//   - https://support.okta.com/help/s/article/error-occurs-during-authentication-due-to-invalid-client-assertion-signature
//   - https://support.okta.com/help/s/article/the-audience-claim-for-client-assertion-must-be-the-endpoint-invoked-for-the-request
//   - https://support.okta.com/help/s/article/error-one-or-more-scopes-are-not-configured-for-the-authorization-server-resource
//   - https://github.com/okta/okta-sdk-golang/issues/145 (insufficient_scope)

import (
	"net/http"
	"strings"
)

const (
	grantScopes = `A super administrator grants scopes under the app's tab "Okta API Scopes", or with POST /api/v1/apps/{appId}/grants.`
	setClock    = "Set the clock of this machine by a time server: Okta's and its own differ by minutes."
)

func (o *oauth) explain(e *Error, got http.Header) {
	switch {
	case e.Advice != "":
	case e.forToken:
		e.Advice = o.tokenAdvice(e)
	default:
		e.Advice = callAdvice(e, got)
	}
}

// tokenAdvice is about an error of the token endpoint.
func (o *oauth) tokenAdvice(e *Error) string {
	said := strings.ToLower(e.Summary)
	has := func(words ...string) bool {
		for _, word := range words {
			if !strings.Contains(said, word) {
				return false
			}
		}
		return true
	}
	switch {
	case e.Code == "" && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout && e.Status != 0:
		return "This does not look like an Okta org: " + o.endpoint.Host + " has no token endpoint that answers as Okta's. Give the org's own address, such as https://acme.okta.com."
	case e.Code == "invalid_client" && has("kid") && o.key.id == "":
		return "No key id was sent, which works only while the app has one active key. Set OKTA_PRIVATE_KEY_ID to the key's kid."
	case e.Code == "invalid_client" && has("kid"):
		return "The app has no active key of the id " + quote(o.key.id) + ". Give the kid that the app's page shows under Public Keys, or the private key that belongs to one of them."
	case e.Code == "invalid_client" && has("signature"):
		return "The private key is not the one whose public part is registered with the app, or that key is inactive: register it, or give the other one."
	case e.Code == "invalid_client" && (has("expir") || has("issued")): // "… is expired.", "… has an expiration too far into the future."
		return setClock
	case e.Code == "invalid_client" && has("audience"):
		return "The assertion was made for " + o.endpoint.String() + ": give the address by which Okta knows the org, its own or its custom domain."
	case e.Code == "invalid_client" && has("client_id"):
		return "No active app of this org has the client id " + quote(o.clientID) + ": check the id and the org, and activate the app."
	case e.Code == "invalid_client": // UNVERIFIED what Okta says for an inactive app
		return "Check that the app " + quote(o.clientID) + " is active, authenticates by public key / private key, and has this key among its own."
	case e.Code == "unauthorized_client":
		return "The app " + quote(o.clientID) + " may not use client credentials: make it an API Services app."
	case e.Code == "invalid_scope", e.Code == "consent_required", e.Code == "access_denied":
		return "Asked for were " + strings.Join(o.scopes, ", ") + ". " + grantScopes
	case e.Code == codeNeedsProof:
		return "The proof of possession was refused. " + setClock
	}
	return ""
}

// isScope tells whether s can be the names of scopes, and not whatever else a server sends.
func isScope(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._ -"
	return strings.Trim(s, letters) == "" && strings.TrimSpace(s) != "" && len(s) <= 200
}

// callAdvice is about an error of a call with an access token.
func callAdvice(e *Error, got http.Header) string {
	scope := ScopeOf(e.Method, e.Path)
	for _, challenge := range got.Values("WWW-Authenticate") {
		if asked := challengeParam(challenge, "scope"); isScope(asked) {
			scope = asked
		}
	}
	if scope == "" {
		scope = "the one that this call needs"
	}
	switch {
	case e.Code == "insufficient_scope":
		return "The app was not granted the scope " + scope + ". " + grantScopes
	case e.Status == http.StatusForbidden && e.Code == "E0000006":
		return "A service app needs both the scope (" + scope + `) and an admin role that allows the call: a super administrator assigns one under the app's tab "Admin roles".`
	case e.Code == codeNeedsProof:
		return "The proof of possession was refused. " + setClock
	case e.Status == http.StatusUnauthorized:
		return "Okta refuses the access token that it gave: check that the app is active, has an admin role, and may be used from this network."
	}
	return ""
}
