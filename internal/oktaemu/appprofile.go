// What an app is made of: the body as given, with what Okta adds to it.

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
)

// appDefaults are what Okta adds to a body, as recorded for OIDC apps and bookmarks.
func appDefaults(a app) obj {
	out := obj{
		"accessibility": obj{"selfService": false, "errorRedirectUrl": nil, "loginRedirectUrl": nil},
		"visibility": obj{
			"autoLaunch": false, "autoSubmitToolbar": false, "hide": obj{"iOS": false, "web": false}, "appLinks": obj{"login": true},
		},
		"features": []any{},
		"credentials": obj{
			"userNameTemplate": obj{"template": "${source.login}", "type": "BUILT_IN"}, "signing": obj{},
		},
		"settings": obj{
			"app": obj{}, "manualProvisioning": false, "implicitAssignment": false, "notes": obj{"admin": nil, "enduser": nil},
			"notifications": obj{"vpn": obj{"network": obj{"connection": "DISABLED"}, "message": nil, "helpUrl": nil}},
		},
	}
	if a.signOnMode != openIDConnect {
		return out
	}
	out["visibility"].(obj)["appLinks"] = obj{"oidc_client_link": true}
	out["universalLogout"] = obj{"status": "DISABLED", "supportType": "FULL", "identityStack": "NOT_SHARED", "protocol": "GLOBAL_TOKEN_REVOCATION"}
	out["credentials"].(obj)["oauthClient"] = obj{
		"autoKeyRotation": true, "token_endpoint_auth_method": "client_secret_basic", "pkce_required": false,
	}
	out["settings"].(obj)["emOptInStatus"] = "NONE"
	out["settings"].(obj)["oauthClient"] = obj{
		"client_uri": nil, "logo_uri": nil, "redirect_uris": []any{}, "response_types": []any{}, "grant_types": []any{},
		"consent_method": "TRUSTED", "issuer_mode": "ORG_URL", "idp_initiated_login": obj{"mode": "DISABLED", "default_scope": []any{}},
		"wildcard_redirect": "DISABLED", "dpop_bound_access_tokens": false, "participate_slo": false,
	}
	return out
}

// setApp gives the app what a body says. Keys that the body does not name stay. Texts of causes are UNVERIFIED.
func (c *call) setApp(a app, given obj) (app, *reply) {
	fail := func(field, cause string) (app, *reply) {
		r := invalid(field, cause)
		return app{}, &r
	}
	a.label = text(given, "label")
	if a.label == "" {
		return fail("label", "The field cannot be left blank")
	}
	for _, other := range c.s.apps.all() {
		if other.label == a.label && other.id != a.id {
			return fail("label", "Application label must not be the same as another existing application label.")
		}
	}
	profile := merged(appDefaults(a), given)
	for _, own := range []string{"id", "orn", "name", "label", "status", "created", "lastUpdated", "signOnMode", "_links", "_embedded"} {
		delete(profile, own)
	}
	if a.signOnMode == openIDConnect {
		oauth, credentials := object(profile, "settings", "oauthClient"), object(profile, "credentials", "oauthClient")
		bad := badSecret("credentials.oauthClient.client_secret", text(credentials, "client_secret"))
		if bad != nil {
			return app{}, bad
		}
		if a, bad = c.setOAuth(a, oauth, text(credentials, "token_endpoint_auth_method")); bad != nil {
			return app{}, bad
		}
		delete(oauth, "jwks")
		delete(credentials, "client_id")
		delete(credentials, "client_secret")
	}
	a.profile = pack(profile)
	return a, nil
}

// setOAuth sets what is of OAuth clients only.
func (c *call) setOAuth(a app, oauth obj, method string) (app, *reply) {
	fail := func(field, cause string) (app, *reply) {
		r := invalid(field, cause)
		return app{}, &r
	}
	a.kind, a.method = text(oauth, "application_type"), method
	a.dpop, _ = oauth["dpop_bound_access_tokens"].(bool)
	if !slices.Contains([]string{"web", "native", "browser", serviceApp}, a.kind) {
		return fail("settings.oauthClient.application_type", "The field must be one of web, native, browser, service.")
	}
	if !slices.Contains([]string{"client_secret_basic", "client_secret_post", "client_secret_jwt", privateKeyJWT, "none"}, method) {
		return fail("credentials.oauthClient.token_endpoint_auth_method", "The value is not a client authentication method.")
	}
	grants := texts(oauth, "grant_types")
	if len(grants) == 0 {
		return fail("settings.oauthClient.grant_types", "The field cannot be left blank")
	}
	if a.isService() && !slices.Contains(grants, "client_credentials") {
		return fail("settings.oauthClient.grant_types", "A service app must have the grant type client_credentials.")
	}
	if set, ok := oauth["jwks"].(obj); ok {
		keys, bad := c.keysOf(a, set)
		if bad != nil {
			return app{}, bad
		}
		a.keys = keys
	}
	if method == privateKeyJWT && len(a.keys) == 0 && text(oauth, "jwks_uri") == "" {
		return fail("settings.oauthClient.jwks", "'jwks' or 'jwks_uri' must be set for private_key_jwt.")
	}
	if strings.HasPrefix(method, "client_secret") && len(a.secrets) == 0 {
		a.secrets = []appSecret{newSecret(a.id, "1", c.now)}
	}
	return a, nil
}

// appORN is the app's Okta Resource Name.
func (s *state) appORN(a app) string {
	return "orn:okta:idp:" + s.orgID + ":apps:" + a.name + ":" + a.id
}

func (c *call) appBody(a app) obj {
	body := merged(appDefaults(a), unpack(a.profile))
	body["id"], body["orn"], body["name"], body["label"] = a.id, c.s.appORN(a), a.name, a.label
	body["status"], body["signOnMode"] = a.status, a.signOnMode
	body["created"], body["lastUpdated"] = stamp(a.created), stamp(a.updated)
	body["_links"] = c.appLinks(a)
	if a.signOnMode != openIDConnect {
		return body
	}
	credentials, oauth := object(body, "credentials", "oauthClient"), object(body, "settings", "oauthClient")
	object(body, "credentials", "signing")["kid"] = digits62(c.s.orgID+" app signing key", 40)
	credentials["client_id"] = a.clientID
	if strings.HasPrefix(a.method, "client_secret") && len(a.secrets) > 0 {
		credentials["client_secret"] = a.secrets[0].value
	}
	if len(a.keys) > 0 {
		oauth["jwks"] = obj{"keys": keyBodies(a.keys)}
	}
	return body
}

func (c *call) appLinks(a app) obj {
	self := c.base + "/api/v1/apps/" + a.id
	allow := func(target string, methods ...string) obj {
		return obj{"href": target, "hints": obj{"allow": methods}}
	}
	next, link := "deactivate", "login"
	if a.status != active {
		next = "activate"
	}
	links := obj{
		"uploadLogo": allow(self+"/logo", http.MethodPost), "policies": allow(self+"/policies", http.MethodPut),
		"groups": href(self + "/groups"), "users": href(self + "/users"), next: href(self + "/lifecycle/" + next),
		"profileEnrollment": href(c.base + "/api/v1/policies/" + oktaID("rst", c.s.orgID, "profile enrollment")),
		"accessPolicy":      href(c.base + "/api/v1/policies/" + oktaID("rst", c.s.orgID, "access")),
		"logo":              []obj{{"name": "medium", "href": c.base + "/assets/img/logos/default.png", "type": "image/png"}},
	}
	if a.signOnMode == openIDConnect {
		link = "oidc_client_link"
		name := "secrets"
		if a.method == privateKeyJWT {
			name = "jwks"
		}
		if a.method != "none" {
			links["clientCredentials"] = []obj{{"name": name, "href": self + "/credentials/" + name}}
		}
	}
	links["appLinks"] = []obj{{"name": link, "href": c.base + "/home/" + a.name + "/" + a.id + "/aln" + digits62(a.id, 17), "type": "text/html"}}
	return links
}
