package oktaemu

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const rsaN = "owfoXNHcAlAVpIO41840ZU2tZraLGw3yEr3xZvAti7oEZPUKCytk88IDgH7440JOuz8GC_D6vtduWOqnEt0j0_faJnhKHgfj7DTWBOCxzSdjrM-Uyj6-e_XLFvZXzYsQvt52PnBJUV15G1W9QTjlghT_pFrW0xrTtbO1c281u1HJdPd5BeIyPb0pGbciySlx53OqGyxrAxPAt5P5h-n36HJkVsSQtNvgptLyOwWYkX50lgnh2szbJ0_O581bqkNBy9uqlnVeK1RZDQUl4mk8roWYhsx_JOgjpC3YyeXA6hHsT5xWZos_gNx98AHivNaAjzIzvyVItX2-hP0Aoscfff"

// serviceBody is the body with which the Terraform provider creates a service app.
func serviceBody(label, keys string) string {
	return `{"accessibility":{},"credentials":{"oauthClient":{"autoKeyRotation":true,"pkce_required":false,"token_endpoint_auth_method":"private_key_jwt"},` +
		`"userNameTemplate":{"template":"${source.login}","type":"BUILT_IN"}},"label":"` + label + `","name":"oidc_client","settings":{"notes":{},"oauthClient":` +
		`{"application_type":"service","consent_method":"TRUSTED","dpop_bound_access_tokens":false,"grant_types":["client_credentials"],` +
		`"idp_initiated_login":{"default_scope":[],"mode":"DISABLED"},"issuer_mode":"ORG_URL","jwks":{"keys":[` + keys + `]},"response_types":["token"],` +
		`"wildcard_redirect":"DISABLED"}},"signOnMode":"OPENID_CONNECT","visibility":{"hide":{"iOS":true,"web":true}}}`
}

func rsaKey(kid string) string {
	return `{"kty":"RSA","kid":"` + kid + `","e":"AQAB","n":"` + rsaN + `","status":"ACTIVE"}`
}

func wantBody(t *testing.T, got, want map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestServiceAppIsAsRecorded(t *testing.T) {
	t.Parallel()
	w := acme(t)
	got := w.call("POST", "/api/v1/apps?activate=true", serviceBody("Robot", rsaKey("SIGNING_KEY_RSA")), 200).object(t)
	id := got["id"].(string)
	self, org := w.url+"/api/v1/apps/"+id, w.get("/api/v1/org").object(t)["id"].(string)
	key := got["settings"].(map[string]any)["oauthClient"].(map[string]any)["jwks"].(map[string]any)["keys"].([]any)[0].(map[string]any)
	keyID, _ := key["id"].(string)
	signing := got["credentials"].(map[string]any)["signing"].(map[string]any)["kid"]
	if !strings.HasPrefix(id, "0oa") || len(id) != 20 || !strings.HasPrefix(keyID, "pks") || signing == "" {
		t.Errorf("ids %s, %s, %v", id, keyID, signing)
	}
	links := got["_links"].(map[string]any)
	wantBody(t, maps.Clone(links["deactivate"].(map[string]any)), map[string]any{"href": self + "/lifecycle/deactivate"})
	if diff := cmp.Diff([]any{map[string]any{"name": "jwks", "href": self + "/credentials/jwks"}}, links["clientCredentials"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"accessPolicy", "appLinks", "clientCredentials", "deactivate", "groups", "logo", "policies", "profileEnrollment", "uploadLogo", "users"},
		slices.Sorted(maps.Keys(links))); diff != "" {
		t.Error(diff)
	}
	null := any(nil)
	wantBody(t, got, map[string]any{
		"id": id, "orn": "orn:okta:idp:" + org + ":apps:oidc_client:" + id, "name": "oidc_client", "label": "Robot", "status": "ACTIVE",
		"created": got["created"], "lastUpdated": got["lastUpdated"], "_links": links, "features": []any{}, "signOnMode": "OPENID_CONNECT",
		"accessibility": map[string]any{"selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null},
		"visibility": map[string]any{
			"autoLaunch": false, "autoSubmitToolbar": false, "hide": map[string]any{"iOS": true, "web": true},
			"appLinks": map[string]any{"oidc_client_link": true},
		},
		"credentials": map[string]any{
			"userNameTemplate": map[string]any{"template": "${source.login}", "type": "BUILT_IN"}, "signing": map[string]any{"kid": signing},
			"oauthClient": map[string]any{"autoKeyRotation": true, "client_id": id, "token_endpoint_auth_method": "private_key_jwt", "pkce_required": false},
		},
		"universalLogout": map[string]any{"status": "DISABLED", "supportType": "FULL", "identityStack": "NOT_SHARED", "protocol": "GLOBAL_TOKEN_REVOCATION"},
		"settings": map[string]any{
			"app": map[string]any{}, "manualProvisioning": false, "implicitAssignment": false, "emOptInStatus": "NONE",
			"notifications": map[string]any{"vpn": map[string]any{"network": map[string]any{"connection": "DISABLED"}, "message": null, "helpUrl": null}},
			"notes":         map[string]any{"admin": null, "enduser": null},
			"oauthClient": map[string]any{
				"client_uri": null, "logo_uri": null, "redirect_uris": []any{}, "response_types": []any{"token"}, "grant_types": []any{"client_credentials"},
				"jwks": map[string]any{"keys": []any{map[string]any{
					"kty": "RSA", "id": keyID, "status": "ACTIVE", "kid": "SIGNING_KEY_RSA", "use": null, "e": "AQAB", "n": rsaN,
				}}},
				"application_type": "service", "consent_method": "TRUSTED", "issuer_mode": "ORG_URL",
				"idp_initiated_login": map[string]any{"mode": "DISABLED", "default_scope": []any{}}, "wildcard_redirect": "DISABLED",
				"dpop_bound_access_tokens": false, "participate_slo": false,
			},
		},
	})
	wantBody(t, w.get("/api/v1/apps/"+id).object(t), got)
}

func TestLifeOfAnApp(t *testing.T) {
	t.Parallel()
	w := acme(t)
	apps := "/api/v1/apps"
	bookmark := `{"label":"Wiki","name":"bookmark","signOnMode":"BOOKMARK","settings":{"app":{"requestIntegration":false,"url":"https://wiki.example"}}}`
	made := w.call("POST", apps, bookmark, 200).object(t)
	one := apps + "/" + made["id"].(string)
	if settings := made["settings"].(map[string]any); settings["app"].(map[string]any)["url"] != "https://wiki.example" || settings["oauthClient"] != nil {
		t.Errorf("settings are %v", settings)
	}
	if got := w.code(w.call("POST", apps, bookmark, 400)); got != "E0000001" {
		t.Errorf("same label: %s", got)
	}
	changed := w.call("PUT", one, strings.Replace(bookmark, "Wiki", "Handbook", 1), 200).object(t)
	if changed["label"] != "Handbook" || changed["id"] != made["id"] || changed["created"] != made["created"] {
		t.Errorf("changed to %v", changed)
	}
	wantBody(t, w.get(one).object(t), changed)
	for query, want := range map[string][]string{
		"?q=hand": {"Handbook"}, "?q=nothing": nil, `?filter=name+eq+"bookmark"`: {"Handbook"}, "?limit=1": {"Payroll"},
	} {
		if diff := cmp.Diff(want, pluck(w.get(apps+query).list(t), "label")); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if got := w.code(w.call("DELETE", one, "", 403)); got != "E0000056" {
		t.Errorf("deleting an active app: %s", got)
	}
	if got := w.call("POST", one+"/lifecycle/deactivate", "", 200).body; got != "{}" {
		t.Errorf("deactivated: %s", got)
	}
	if got := w.get(one).object(t); got["status"] != "INACTIVE" || got["_links"].(map[string]any)["activate"] == nil {
		t.Errorf("inactive: %v", got)
	}
	w.get(one + "/users")
	w.call("DELETE", one, "", 204)
	if got := w.code(w.call("GET", one, "", 404)); got != "E0000007" {
		t.Errorf("deleted: %s", got)
	}
}

func TestAppsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := acme(t)
	many := make([]string, maxKeys+1)
	for i := range many {
		many[i] = rsaKey(fmt.Sprint(i))
	}
	good := serviceBody("Robot", rsaKey("a"))
	for name, body := range map[string]string{
		"no label":       strings.Replace(good, `"label":"Robot"`, `"label":""`, 1),
		"no keys":        serviceBody("Robot", ""),
		"same kid twice": serviceBody("Robot", rsaKey("a")+","+rsaKey("a")),
		"no kid":         serviceBody("Robot", rsaKey("a")+","+strings.Replace(rsaKey("b"), `"kid":"b",`, "", 1)),
		"51 keys":        serviceBody("Robot", strings.Join(many, ",")),
		"private key":    serviceBody("Robot", strings.Replace(rsaKey("a"), `"kty"`, `"d":"x","kty"`, 1)),
		"no kind":        strings.Replace(good, `"application_type":"service",`, "", 1),
		"no grant":       strings.Replace(good, `"client_credentials"`, `"authorization_code"`, 1),
	} {
		if got := w.code(w.call("POST", "/api/v1/apps", body, 400)); got != "E0000001" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := w.code(w.call("POST", "/api/v1/apps", "[", 400)); got != "E0000003" {
		t.Errorf("no JSON: %s", got)
	}
}

func TestKeysOfAnApp(t *testing.T) {
	t.Parallel()
	w := acme(t)
	id := w.call("POST", "/api/v1/apps", serviceBody("Robot", rsaKey("a")), 200).object(t)["id"].(string)
	keys := "/api/v1/apps/" + id + "/credentials/jwks"
	first := w.get(keys).object(t)["keys"].([]any)[0].(map[string]any)
	w.call("POST", keys+"/"+first["id"].(string)+"/lifecycle/deactivate", "", 400)
	made := w.call("POST", keys, rsaKey("b"), 201).object(t)
	one := keys + "/" + made["id"].(string)
	wantBody(t, w.get(one).object(t), made)
	wantBody(t, made["_links"].(map[string]any), map[string]any{"deactivate": map[string]any{
		"href": w.url + one + "/lifecycle/deactivate", "hints": map[string]any{"allow": []any{"POST"}},
	}})
	w.call("POST", keys, rsaKey("b"), 400)
	w.call("DELETE", one, "", 400)
	if got := w.call("POST", one+"/lifecycle/deactivate", "", 200).object(t); got["status"] != "INACTIVE" {
		t.Errorf("deactivated: %v", got)
	}
	if got := w.call("POST", one+"/lifecycle/activate", "", 200).object(t); got["status"] != "ACTIVE" {
		t.Errorf("activated: %v", got)
	}
	w.call("POST", one+"/lifecycle/deactivate", "", 200)
	w.call("DELETE", one, "", 204)
	w.call("GET", one, "", 404)
	if got := w.get(keys).object(t)["keys"].([]any); len(got) != 1 {
		t.Errorf("keys: %v", got)
	}
	w.get("/api/v1/apps/" + id + "/credentials/keys")
}

func TestSecretsOfAnApp(t *testing.T) {
	t.Parallel()
	w := acme(t)
	body := `{"label":"Portal","name":"oidc_client","signOnMode":"OPENID_CONNECT","credentials":{"oauthClient":{}},"settings":{"oauthClient":` +
		`{"application_type":"web","grant_types":["authorization_code"],"response_types":["code"],"redirect_uris":["https://portal.example"]}}}`
	made := w.call("POST", "/api/v1/apps", body, 200).object(t)
	client := made["credentials"].(map[string]any)["oauthClient"].(map[string]any)
	secrets := "/api/v1/apps/" + made["id"].(string) + "/credentials/secrets"
	list := w.get(secrets).list(t)
	if len(list) != 1 || list[0]["client_secret"] != client["client_secret"] || client["token_endpoint_auth_method"] != "client_secret_basic" {
		t.Errorf("secrets %v of %v", list, client)
	}
	second := w.call("POST", secrets, "null", 201).object(t) // as Okta's SDK for Go sends it
	one := secrets + "/" + second["id"].(string)
	wantBody(t, w.get(one).object(t), second)
	w.call("POST", secrets, "", 400)
	w.call("DELETE", one, "", 400)
	w.call("POST", one+"/lifecycle/deactivate", "", 200)
	w.call("POST", one+"/lifecycle/activate", "", 200)
	w.call("POST", one+"/lifecycle/deactivate", "", 200)
	w.call("DELETE", one, "", 204)
	w.call("GET", one, "", 404)
}

func TestGrantsOfAnApp(t *testing.T) {
	t.Parallel()
	s := superService(t)
	grants := "/api/v1/apps/" + s.id + "/grants"
	grant := func(issuer, scope string) string { return `{"issuer":"` + issuer + `","scopeId":"` + scope + `"}` }
	made := s.call("POST", grants, grant(s.url, "okta.groups.read"), 201).object(t)
	one := grants + "/" + made["id"].(string)
	app := s.url + "/api/v1/apps/" + s.id
	wantBody(t, made, map[string]any{
		"id": made["id"], "status": "ACTIVE", "created": made["created"], "lastUpdated": made["created"], "issuer": s.url, "clientId": s.id,
		"scopeId": "okta.groups.read", "source": "ADMIN", "createdBy": map[string]any{"id": s.userID("ada.admin@acme.example"), "type": "User"},
		"_links": map[string]any{
			"app":    map[string]any{"href": app, "title": "Automation"},
			"self":   map[string]any{"href": s.url + one, "hints": map[string]any{"allow": []any{"GET", "DELETE"}}},
			"client": map[string]any{"href": s.url + "/oauth2/v1/clients/" + s.id, "title": "Automation"},
		},
	})
	if len(s.get(grants).list(t)) != 3 || !strings.HasPrefix(made["id"].(string), "oag") {
		t.Errorf("grants: %s", s.get(grants).body)
	}
	if got := s.get(one + "?expand=scope").object(t)["_embedded"]; got == nil {
		t.Error("the scope is not embedded")
	}
	if a := s.ask(s.assert(), "okta.groups.read", nil); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, body := range []string{
		grant(s.url, "okta.groups.read"), grant(s.url, "okta.nothing"), grant("https://other.example", "okta.apps.read"), grant(s.url, ""), `{"scopeId":"okta.apps.read"}`,
	} {
		if got := s.code(s.call("POST", grants, body, 400)); got != "E0000001" {
			t.Errorf("%s: %s", body, got)
		}
	}
	s.must(s.Assign(invoice, "APP_ADMIN"))
	lesser := s.token(invoice, "x")
	s.as(lesser, "GET", grants, "", 403)
	s.as(lesser, "POST", "/api/v1/apps/"+s.id+"/credentials/jwks", rsaKey("x"), 403) // it was granted scopes
	s.call("DELETE", one, "", 204)
	s.call("GET", one, "", 404)
	var kinds []string
	for _, e := range s.get("/api/v1/logs?filter=" + strings.ReplaceAll(`target.id eq "`+s.id+`"`, " ", "+")).list(t) {
		kinds = append(kinds, e["eventType"].(string))
	}
	for _, kind := range []string{"app.oauth2.admin.consent.grant", "app.oauth2.admin.consent.revoke"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("%s is not in the log: %v", kind, kinds)
		}
	}
}

func TestTokenDiesWithItsApp(t *testing.T) {
	t.Parallel()
	s := superService(t)
	token := s.granted("okta.users.read")
	s.call("POST", "/api/v1/apps/"+s.id+"/lifecycle/deactivate", "", 200)
	if a := s.withBearer("GET", "/api/v1/users", token); a.status != 401 {
		t.Errorf("inactive: %d", a.status)
	}
	if a := s.ask(s.assert(), "okta.users.read", nil); a.status != 400 || s.code(a) != "invalid_client" {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.call("POST", "/api/v1/apps/"+s.id+"/lifecycle/activate", "", 200)
	if a := s.withBearer("GET", "/api/v1/users", token); a.status != 200 {
		t.Errorf("active: %d", a.status)
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	w := acme(t)
	clients := "/oauth2/v1/clients"
	body := `{"client_name":"Robot","application_type":"service","grant_types":["client_credentials"],"response_types":["token"],` +
		`"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[` + rsaKey("a") + `]}}`
	made := w.call("POST", clients, body, 201).object(t)
	id := made["client_id"].(string)
	one := clients + "/" + id
	wantBody(t, w.get(one).object(t), made)
	if made["client_name"] != "Robot" || made["jwks"] == nil || made["client_secret"] != nil {
		t.Errorf("client: %v", made)
	}
	if got := w.get("/api/v1/apps/" + id).object(t); got["label"] != "Robot" {
		t.Errorf("app: %v", got)
	}
	changed := w.call("PUT", one, strings.Replace(body, `{"client_name":"Robot"`, `{"client_id":"`+id+`","client_name":"Robot 2","dpop_bound_access_tokens":true`, 1), 200).object(t)
	if changed["client_name"] != "Robot 2" || changed["dpop_bound_access_tokens"] != true {
		t.Errorf("changed: %v", changed)
	}
	w.call("PUT", one, body, 400)
	if got := pluck(w.get(clients+"?q=rob").list(t), "client_name"); !slices.Equal(got, []string{"Robot 2"}) {
		t.Errorf("found %v", got)
	}
	w.call("DELETE", one, "", 204)
	w.call("GET", one, "", 404)
	w.call("GET", "/api/v1/apps/"+id, "", 404)
}

func TestZones(t *testing.T) {
	t.Parallel()
	w := acme(t)
	zones := "/api/v1/zones"
	null := any(nil)
	for name, test := range map[string]struct {
		body string
		want map[string]any
	}{
		"ip": {`"type":"IP","gateways":[{"type":"CIDR","value":"1.2.3.4/24"}],"proxies":[{"type":"RANGE","value":"3.3.4.5-3.3.4.15"}]`, map[string]any{
			"gateways": []any{map[string]any{"type": "CIDR", "value": "1.2.3.4/24"}}, "proxies": []any{map[string]any{"type": "RANGE", "value": "3.3.4.5-3.3.4.15"}},
		}},
		"dynamic": {`"type":"DYNAMIC","locations":[{"country":"US"},{"country":"AF","region":"AF-BGL"}],"proxyType":""`, map[string]any{
			"locations": []any{map[string]any{"country": "AF", "region": "AF-BGL"}, map[string]any{"country": "US", "region": null}}, "proxyType": "",
		}},
		"tor": {`"type":"DYNAMIC","usage":"BLOCKLIST","proxyType":"TorAnonymizer"`, map[string]any{"locations": null, "proxyType": "TorAnonymizer"}},
		"v2": {`"type":"DYNAMIC_V2","asns":{},"ipServiceCategories":{"exclude":["SURFSHARK_VPN"],"include":["ALL_IP_SERVICES"]}`, map[string]any{
			"locations":           map[string]any{"include": []any{}, "exclude": []any{}},
			"ipServiceCategories": map[string]any{"include": []any{"ALL_IP_SERVICES"}, "exclude": []any{"SURFSHARK_VPN"}},
			"asns":                map[string]any{"include": []any{}, "exclude": []any{}},
		}},
	} {
		made := w.call("POST", zones, `{"name":"`+name+`",`+test.body+`}`, 200).object(t)
		for field, value := range test.want {
			if diff := cmp.Diff(value, made[field]); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", name, field, diff)
			}
		}
		wantBody(t, w.get(zones+"/"+made["id"].(string)).object(t), made)
		w.call("POST", zones, `{"name":"`+name+`",`+test.body+`}`, 400)
	}
	for _, body := range []string{`{"type":"IP"}`, `{"name":"x","type":"MOON"}`, `{"name":"x","type":"IP","usage":"FUN"}`} {
		w.call("POST", zones, body, 400)
	}
	if got := pluck(w.get(zones+`?filter=usage+eq+"BLOCKLIST"`).list(t), "name"); !slices.Equal(got, []string{"tor"}) {
		t.Errorf("blocklists: %v", got)
	}
}

func TestLifeOfAZone(t *testing.T) {
	t.Parallel()
	w := acme(t)
	made := w.call("POST", "/api/v1/zones", `{"name":"office","type":"IP","gateways":[]}`, 200).object(t)
	id := made["id"].(string)
	one := "/api/v1/zones/" + id
	if got := w.call("PUT", one, `{"name":"offices","type":"IP","gateways":[]}`, 200).object(t); got["name"] != "offices" || got["id"] != id {
		t.Errorf("changed: %v", got)
	}
	w.token(invoice, "bound")
	list := w.get("/api/v1/api-tokens?limit=200").list(t)
	token := list[slices.Index(pluck(list, "name"), "bound")]
	pin := func(network string) string {
		return fmt.Sprintf(`{"name":"bound","userId":%q,"clientName":%q,"network":%s}`, token["userId"], token["clientName"], network)
	}
	w.call("PUT", "/api/v1/api-tokens/"+token["id"].(string), pin(`{"connection":"ZONE","include":["`+id+`"]}`), 200)
	w.call("POST", one+"/lifecycle/deactivate", "", 400)
	w.call("DELETE", one, "", 400)
	w.call("PUT", one, `{"name":"offices","type":"IP","gateways":[],"status":"INACTIVE"}`, 400)
	w.call("PUT", "/api/v1/api-tokens/"+token["id"].(string), pin(`{"connection":"ANYWHERE"}`), 200)
	w.call("DELETE", one, "", 400) // it is active
	if got := w.call("POST", one+"/lifecycle/deactivate", "", 200).object(t); got["status"] != "INACTIVE" {
		t.Errorf("deactivated: %v", got)
	}
	w.call("DELETE", one, "", 204)
	w.call("GET", one, "", 404)
}

func TestOrgSettings(t *testing.T) {
	t.Parallel()
	w := acme(t)
	for path, test := range map[string][2]string{
		"/api/v1/org/settings/autoAssignAdminAppSetting": {"POST", "autoAssignAdminAppSetting"},
		"/api/v1/org/settings/clientPrivilegesSetting":   {"PUT", "clientPrivilegesSetting"},
		"/api/v1/org/orgSettings/thirdPartyAdminSetting": {"POST", "thirdPartyAdmin"},
	} {
		method, name := test[0], test[1]
		wantBody(t, w.get(path).object(t), map[string]any{name: false})
		wantBody(t, w.call(method, path, `{"`+name+`":true}`, 200).object(t), map[string]any{name: true})
		wantBody(t, w.get(path).object(t), map[string]any{name: true})
		w.call(method, path, `{}`, 400)
	}
	id := w.call("POST", "/api/v1/apps", serviceBody("Robot", rsaKey("a")), 200).object(t)["id"].(string)
	w.mu.Lock()
	held := w.state.holdingsOf(principal{clientKind, id})
	w.mu.Unlock()
	if len(held) != 1 || held[0].kind != superAdmin {
		t.Errorf("a new service app holds %v", held)
	}
	server := w.as("", "GET", "/.well-known/oauth-authorization-server", "", 200).object(t)
	if server["token_endpoint"] != w.url+"/oauth2/v1/token" || server["issuer"] != w.url {
		t.Errorf("server: %v", server)
	}
	w.as("", "GET", "/oauth2/v1/keys", "", 200)
	if got := w.get("/integrations/api/v1/api-services").body; got != "[]" {
		t.Errorf("services: %s", got)
	}
}

func TestSeedOfAServiceApp(t *testing.T) {
	t.Parallel()
	seed, err := LoadSeed(strings.NewReader(`
org: {subdomain: small}
users: [{login: a@small.example, roles: [SUPER_ADMIN]}]
apps:
  - {label: Robot, service: true, scopes: [okta.users.read], roles: [READ_ONLY_ADMIN], dpop: true, keyId: one}
`), "small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, seed)
	app := w.get("/api/v1/apps").list(t)[0]
	client := app["settings"].(map[string]any)["oauthClient"].(map[string]any)
	if client["application_type"] != "service" || client["dpop_bound_access_tokens"] != true || w.ClientID("Robot") != app["id"] || w.ClientID("None") != "" {
		t.Errorf("app: %v", app)
	}
	for text, want := range map[string]string{
		"{label: x, dpop: true}":                                 "set service",
		"{label: x, service: true, scopes: [okta.nothing.read]}": "is not an Okta scope",
		"{label: x, service: true, publicKey: no}":               "not one PEM block",
		"{label: x, service: true, roles: [{custom: gone}]}":     "custom role \"gone\" is not in this seed",
	} {
		_, err := LoadSeed(strings.NewReader("org: {subdomain: small}\napps:\n  - "+text+"\n"), "small.yaml")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
