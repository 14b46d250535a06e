package oktaemu

import "testing"

func TestQuirks(t *testing.T) {
	t.Parallel()
	w := acme(t)
	app := w.call("POST", "/api/v1/apps", `{"label":"Web","signOnMode":"OPENID_CONNECT","name":"oidc_client","settings":{"oauthClient":{"application_type":"web","grant_types":["client_credentials"]}},
		"credentials":{"oauthClient":{"token_endpoint_auth_method":"client_secret_basic"}}}`, 200).object(t)["id"].(string)
	roles, grants := "/oauth2/v1/clients/"+app+"/roles", "/api/v1/apps/"+app+"/grants"
	w.same("none", "[] []", w.get(roles).body+" "+w.get(grants).body)
	w.must(w.SetQuirks(Quirks()...))
	w.refused("GET", roles, "", 404, "E0000007")
	w.refused("GET", grants, "", 404, "E0000007")
	if err := w.SetQuirks("none such"); err == nil {
		t.Error("a quirk that there is not was taken")
	}
	w.same("kept", Quirks(), saveAndLoad(t, w.Org).state.quirks)
}
