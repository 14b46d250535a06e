// Clients as holders of admin roles: /oauth2/v1/clients/{client}/roles. A client is the OAuth 2.0 side of an app and has
// the app's id. https://developer.okta.com/docs/api, "Client role assignments"

package oktaemu

func (s *state) appByLabel(label string) (app, bool) {
	for _, a := range s.apps.all() {
		if a.label == label {
			return a, true
		}
	}
	return app{}, false
}
