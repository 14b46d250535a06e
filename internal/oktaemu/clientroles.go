// Clients as holders of admin roles: /oauth2/v1/clients/{client}/roles. A client is the OAuth 2.0 side of an app and has
// the app's id. https://developer.okta.com/docs/api, "Client role assignments"

package oktaemu

// client finds the client of the path. Apps that are no OAuth 2.0 clients are none.
func (c *call) client() (app, *reply) {
	a, ok := c.s.apps.rows[c.vars["client"]]
	if !ok || !a.isClient() {
		r := notFound(c.vars["client"], "PublicClientApp")
		return app{}, &r
	}
	return a, nil
}

// isClient tells whether the app has an OAuth 2.0 client.
func (a app) isClient() bool { return a.signOnMode == "OPENID_CONNECT" }

func (s *state) appByLabel(label string) (app, bool) {
	for _, a := range s.apps.all() {
		if a.label == label {
			return a, true
		}
	}
	return app{}, false
}
