// OAuth clients: /oauth2/v1/clients, another view of OIDC apps. https://developer.okta.com/docs/api, "OAuth 2.0 clients"

package oktaemu

import (
	"maps"
	"net/http"
	"strings"
)

func clientRoutes() []route {
	const clients, one = "/oauth2/v1/clients", "/oauth2/v1/clients/{client}"
	return []route{
		{get, clients, readApps, "okta.clients.read", []string{"limit", "after", "q"}, (*call).listClients, documented("okta-oauth, listClients")},
		{post, clients, writeApps, "okta.clients.register", nil, (*call).createClient, documented("okta-oauth, createClient")},
		{get, one, readApps, "okta.clients.read", nil, (*call).getClient, documented("okta-oauth, getClient")},
		{put, one, writeApps, "okta.clients.manage", nil, (*call).putClient, documented("okta-oauth, replaceClient")},
		{del, one, writeApps, "okta.clients.manage", nil, (*call).deleteClient, documented("okta-oauth, deleteClient")},
	}
}

// ofApp are the fields of a client that an app has in settings.oauthClient.
func ofApp() []string {
	return []string{
		"client_uri", "logo_uri", "redirect_uris", "post_logout_redirect_uris", "response_types", "grant_types", "application_type",
		"dpop_bound_access_tokens", "initiate_login_uri", "tos_uri", "policy_uri", "jwks_uri", "frontchannel_logout_uri",
		"frontchannel_logout_session_required",
	}
}

// clientBody is without the secret but at the client's creation.
func (c *call) clientBody(a app) obj {
	body := obj{
		"client_id": a.clientID, "client_id_issued_at": a.created.Unix(), "client_name": a.label, "client_secret_expires_at": 0,
		"token_endpoint_auth_method": a.method,
	}
	settings := object(unpack(a.profile), "settings", "oauthClient")
	for _, field := range ofApp() {
		if value, ok := settings[field]; ok {
			body[field] = value
		}
	}
	if len(a.keys) > 0 {
		body["jwks"] = obj{"keys": keyBodies(a.keys)}
	}
	return body
}

// appOfClient turns a client's body into an app's.
func appOfClient(given obj) obj {
	settings := obj{}
	for _, field := range append(ofApp(), "jwks") {
		if value, ok := given[field]; ok {
			settings[field] = value
		}
	}
	return obj{
		"name": oidcClient, "signOnMode": openIDConnect, "label": given["client_name"],
		"credentials": obj{"oauthClient": obj{"token_endpoint_auth_method": given["token_endpoint_auth_method"], "client_id": given["client_id"]}},
		"settings":    obj{"oauthClient": settings},
	}
}

func (c *call) listClients() reply {
	var items []listed
	for seq, a := range c.s.apps.all() {
		if a.clientID != "" && strings.HasPrefix(strings.ToLower(a.label), strings.ToLower(c.query.Get("q"))) {
			items = append(items, listed{seq, func() obj { return c.clientBody(a) }})
		}
	}
	return c.linkPage(items, 20, 200)
}

// client finds the app of the client id in the path.
func (c *call) client() (app, *reply) {
	a, ok := c.s.clientByID(c.vars["client"])
	if !ok {
		r := notFound(c.vars["client"], "PublicClientApp") // UNVERIFIED name
		return app{}, &r
	}
	return a, nil
}

func (c *call) getClient() reply {
	a, bad := c.client()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.clientBody(a))
}

func (c *call) createClient() reply {
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	a, bad := c.addApp(appOfClient(given), true)
	if bad != nil {
		return *bad
	}
	c.logApp("app.oauth2.client.lifecycle.create", "Create OAuth client", a)
	body := c.clientBody(a)
	if len(a.secrets) > 0 {
		body["client_secret"] = a.secrets[0].value
	}
	return jsonReply(http.StatusCreated, body)
}

func (c *call) putClient() reply {
	a, bad := c.client()
	if bad == nil {
		bad = c.mayChange(a)
	}
	if bad != nil {
		return *bad
	}
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	if id := text(given, "client_id"); id != a.clientID {
		return invalid("client_id", "The client_id must be that of the client.") // UNVERIFIED text
	}
	// What only an app has stays.
	profile := unpack(a.profile)
	changed := appOfClient(given)
	maps.DeleteFunc(object(changed, "settings", "oauthClient"), func(_ string, value any) bool { return value == nil })
	if a, bad = c.setApp(a, merged(profile, changed)); bad != nil {
		return *bad
	}
	a = c.s.putApp(a, c.now)
	c.logApp("app.oauth2.client.lifecycle.update", "Update OAuth client", a)
	return jsonReply(http.StatusOK, c.clientBody(a))
}

// deleteClient deletes the app at once: a client has no lifecycle of its own.
func (c *call) deleteClient() reply {
	a, bad := c.client()
	if bad == nil {
		bad = c.mayChange(a)
	}
	if bad != nil {
		return *bad
	}
	c.dropApp(a)
	return noContent()
}
