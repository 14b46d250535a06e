package sdk

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

type anApp = okta.ListApplications200ResponseInner

func appLabel(a anApp) string {
	if a.OpenIdConnectApplication == nil {
		return ""
	}
	return a.OpenIdConnectApplication.Label
}

// jwk is a public key as Okta takes it.
func jwk(key *rsa.PrivateKey, kid string) string {
	b64 := base64.RawURLEncoding
	return `{"kty":"RSA","use":"sig","kid":"` + kid + `","status":"ACTIVE","e":"` + b64.EncodeToString(big.NewInt(int64(key.E)).Bytes()) + `","n":"` + b64.EncodeToString(key.N.Bytes()) + `"}`
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// serviceApp makes a service app with one key.
func (w *world) serviceApp(t *testing.T, key *rsa.PrivateKey, dpop string) *okta.OpenIdConnectApplication {
	t.Helper()
	app := body[anApp](t, `{"name":"oidc_client","label":"Night audit, DPoP `+dpop+`","signOnMode":"OPENID_CONNECT",
		"credentials":{"oauthClient":{"autoKeyRotation":true,"pkce_required":false,"token_endpoint_auth_method":"private_key_jwt"}},
		"settings":{"oauthClient":{"application_type":"service","grant_types":["client_credentials"],"response_types":["token"],
		"dpop_bound_access_tokens":`+dpop+`,"jwks":{"keys":[`+jwk(key, "first")+`]}}}}`)
	return from(w.ApplicationAPI.CreateApplication(w.ctx).Application(app).Execute()).ok(t).OpenIdConnectApplication
}

// apps lists the service apps. While apps are bare, a defect that ../deviations.yaml names, the SDK cannot read one.
func (w *world) apps(t *testing.T) []anApp {
	t.Helper()
	listed := from(w.ApplicationAPI.ListApplications(w.ctx).Filter(`name eq "oidc_client"`).Execute())
	if listed.err != nil && strings.Contains(listed.err.Error(), "required property credentials") {
		t.Skip("known defect: apps are bare")
	}
	return listed.ok(t)
}

func (w *world) appStatus(t *testing.T, id, want string) {
	t.Helper()
	same(t, "status", text(from(w.ApplicationAPI.GetApplication(w.ctx, id).Execute()).ok(t).OpenIdConnectApplication.Status), want)
}

func apps() []call {
	return []call{
		{"GET /api/v1/apps", false, func(t *testing.T, w *world) {
			list := w.apps(t)
			a := one(t, list, "Reports app", appLabel).OpenIdConnectApplication
			same(t, "mode", a.SignOnMode, "OPENID_CONNECT")
			same(t, "status", text(a.Status), "ACTIVE")
		}},
		{"GET /api/v1/apps/{app}", false, func(t *testing.T, w *world) {
			id := text(one(t, w.apps(t), "Reports app", appLabel).OpenIdConnectApplication.Id)
			same(t, "label", appLabel(*from(w.ApplicationAPI.GetApplication(w.ctx, id).Execute()).ok(t)), "Reports app")
		}},
		{"POST /api/v1/apps", false, func(t *testing.T, w *world) {
			a := w.serviceApp(t, newKey(t), "false")
			same(t, "label", a.Label, "Night audit, DPoP false")
			same(t, "client id", text(a.Credentials.OauthClient.ClientId), text(a.Id))
			same(t, "type", text(a.Settings.OauthClient.ApplicationType), "service")
			same(t, "keys", len(a.Settings.OauthClient.Jwks.Keys), 1)
		}},
		{"PUT /api/v1/apps/{app}", false, func(t *testing.T, w *world) {
			a := w.serviceApp(t, newKey(t), "false")
			a.Label = "Day audit"
			got := from(w.ApplicationAPI.ReplaceApplication(w.ctx, text(a.Id)).Application(anApp{OpenIdConnectApplication: a}).Execute()).ok(t)
			same(t, "label", appLabel(*got), "Day audit")
		}},
		{"POST /api/v1/apps/{app}/lifecycle/deactivate", false, func(t *testing.T, w *world) {
			id := text(w.serviceApp(t, newKey(t), "false").Id)
			done(w.ApplicationAPI.DeactivateApplication(w.ctx, id).Execute()).ok(t)
			w.appStatus(t, id, "INACTIVE")
		}},
		{"POST /api/v1/apps/{app}/lifecycle/activate", false, func(t *testing.T, w *world) {
			id := text(w.serviceApp(t, newKey(t), "false").Id)
			done(w.ApplicationAPI.DeactivateApplication(w.ctx, id).Execute()).ok(t)
			done(w.ApplicationAPI.ActivateApplication(w.ctx, id).Execute()).ok(t)
			w.appStatus(t, id, "ACTIVE")
		}},
		{"DELETE /api/v1/apps/{app}", false, func(t *testing.T, w *world) {
			id := text(w.serviceApp(t, newKey(t), "false").Id)
			if done(w.ApplicationAPI.DeleteApplication(w.ctx, id).Execute()).err == nil {
				t.Error("an active app was deleted")
			}
			done(w.ApplicationAPI.DeactivateApplication(w.ctx, id).Execute()).ok(t)
			same(t, "status", done(w.ApplicationAPI.DeleteApplication(w.ctx, id).Execute()).ok(t), 204)
			from(w.ApplicationAPI.GetApplication(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},

		{"GET /api/v1/apps/{app}/credentials/keys", false, func(t *testing.T, w *world) {
			list := from(w.ApplicationSSOCredentialKeyAPI.ListApplicationKeys(w.ctx, w.reportsApp(t)).Execute()).ok(t)
			same(t, "keys", len(list), 1)
			same(t, "type", text(list[0].Kty), "RSA")
		}},
		{"POST /api/v1/apps/{app}/grants", false, func(t *testing.T, w *world) {
			g := w.grant(t, text(w.serviceApp(t, newKey(t), "false").Id), "okta.users.read")
			same(t, "scope", g.ScopeId, "okta.users.read")
			same(t, "issuer", g.Issuer, base)
			same(t, "status", text(g.Status), "ACTIVE")
		}},
		{"GET /api/v1/apps/{app}/grants", false, func(t *testing.T, w *world) {
			id := text(w.serviceApp(t, newKey(t), "false").Id)
			w.grant(t, id, "okta.users.read")
			w.grant(t, id, "okta.logs.read")
			list := from(w.ApplicationGrantsAPI.ListScopeConsentGrants(w.ctx, id).Execute()).ok(t)
			has(t, "scopes", names(list, func(g okta.OAuth2ScopeConsentGrant) string { return g.ScopeId }), "okta.users.read", "okta.logs.read")
		}},
		{"GET /api/v1/apps/{app}/grants/{grant}", false, func(t *testing.T, w *world) {
			id := text(w.serviceApp(t, newKey(t), "false").Id)
			g := w.grant(t, id, "okta.users.read")
			same(t, "scope", from(w.ApplicationGrantsAPI.GetScopeConsentGrant(w.ctx, id, text(g.Id)).Execute()).ok(t).ScopeId, "okta.users.read")
		}},
		{"DELETE /api/v1/apps/{app}/grants/{grant}", false, func(t *testing.T, w *world) {
			id := text(w.serviceApp(t, newKey(t), "false").Id)
			g := w.grant(t, id, "okta.users.read")
			same(t, "status", done(w.ApplicationGrantsAPI.RevokeScopeConsentGrant(w.ctx, id, text(g.Id)).Execute()).ok(t), 204)
			from(w.ApplicationGrantsAPI.GetScopeConsentGrant(w.ctx, id, text(g.Id)).Execute()).refused(t, 404, "E0000007")
		}},
	}
}

func (w *world) grant(t *testing.T, appID, scope string) *okta.OAuth2ScopeConsentGrant {
	t.Helper()
	return from(w.ApplicationGrantsAPI.GrantConsentToScope(w.ctx, appID).OAuth2ScopeConsentGrant(body[okta.OAuth2ScopeConsentGrant](t,
		`{"issuer":"`+base+`","scopeId":"`+scope+`"}`)).Execute()).ok(t)
}

// ambiguous returns the id of a key that the SDK read and then could not place: its types for signing and for encryption take
// each other's keys, also those of Okta's own documentation. Any other error fails.
func ambiguous[T any](t *testing.T, r result[T]) string {
	t.Helper()
	if r.err == nil || !strings.Contains(r.err.Error(), "matches more than one schema in oneOf") {
		t.Fatalf("the SDK says %v%s: read its answer as it is meant", r.err, wire(r.err))
	}
	var key struct{ ID, Kid, Use string }
	if err := json.Unmarshal([]byte(wire(r.err)), &key); err != nil {
		t.Fatal(err)
	}
	same(t, "kid", key.Kid, "second")
	same(t, "use", key.Use, "sig")
	return key.ID
}

func keys() []call {
	add := func(t *testing.T, w *world) (app, key string) {
		t.Helper()
		app = text(w.serviceApp(t, newKey(t), "false").Id)
		key2 := body[okta.OAuth2ClientJsonWebKeyRsaRequest](t, jwk(newKey(t), "second"))
		signing := okta.AddJwkRequest{OAuth2ClientJsonSigningKeyRequest: &okta.OAuth2ClientJsonSigningKeyRequest{OAuth2ClientJsonWebKeyRsaRequest: &key2}}
		key = ambiguous(t, from(w.ApplicationSSOPublicKeysAPI.AddJwk(w.ctx, app).AddJwkRequest(signing).Execute()))
		return app, key
	}
	status := func(t *testing.T, w *world, app, key, want string) {
		t.Helper()
		got := from(w.ApplicationSSOPublicKeysAPI.GetJwk(w.ctx, app, key).Execute()).ok(t)
		same(t, "status", text(got.OAuth2ClientJsonWebKeyRsaResponse.Status), want)
	}
	secret := func(t *testing.T, w *world) (app string, made *okta.OAuth2ClientSecret) {
		t.Helper()
		app = text(w.serviceApp(t, newKey(t), "false").Id)
		return app, from(w.ApplicationSSOPublicKeysAPI.CreateOAuth2ClientSecret(w.ctx, app).Execute()).ok(t)
	}
	const jwks, secrets = " /api/v1/apps/{app}/credentials/jwks", " /api/v1/apps/{app}/credentials/secrets"
	return []call{
		{"GET" + jwks, false, func(t *testing.T, w *world) {
			app, _ := add(t, w)
			same(t, "keys", len(from(w.ApplicationSSOPublicKeysAPI.ListJwk(w.ctx, app).Execute()).ok(t).Keys), 2)
		}},
		{"POST" + jwks, false, func(t *testing.T, w *world) {
			app, key := add(t, w)
			status(t, w, app, key, "ACTIVE")
		}},
		{"GET" + jwks + "/{key}", false, func(t *testing.T, w *world) {
			app, key := add(t, w)
			status(t, w, app, key, "ACTIVE")
		}},
		{"POST" + jwks + "/{key}/lifecycle/deactivate", false, func(t *testing.T, w *world) {
			app, key := add(t, w)
			from(w.ApplicationSSOPublicKeysAPI.DeactivateOAuth2ClientJsonWebKey(w.ctx, app, key).Execute()).ok(t)
			status(t, w, app, key, "INACTIVE")
		}},
		{"POST" + jwks + "/{key}/lifecycle/activate", false, func(t *testing.T, w *world) {
			app, key := add(t, w)
			from(w.ApplicationSSOPublicKeysAPI.DeactivateOAuth2ClientJsonWebKey(w.ctx, app, key).Execute()).ok(t)
			ambiguous(t, from(w.ApplicationSSOPublicKeysAPI.ActivateOAuth2ClientJsonWebKey(w.ctx, app, key).Execute()))
			status(t, w, app, key, "ACTIVE")
		}},
		{"DELETE" + jwks + "/{key}", false, func(t *testing.T, w *world) {
			app, key := add(t, w)
			from(w.ApplicationSSOPublicKeysAPI.DeactivateOAuth2ClientJsonWebKey(w.ctx, app, key).Execute()).ok(t)
			same(t, "status", done(w.ApplicationSSOPublicKeysAPI.Deletejwk(w.ctx, app, key).Execute()).ok(t), 204)
			same(t, "keys", len(from(w.ApplicationSSOPublicKeysAPI.ListJwk(w.ctx, app).Execute()).ok(t).Keys), 1)
		}},
		{"GET" + secrets, false, func(t *testing.T, w *world) {
			app, made := secret(t, w)
			list := from(w.ApplicationSSOPublicKeysAPI.ListOAuth2ClientSecrets(w.ctx, app).Execute()).ok(t)
			has(t, "secrets", names(list, func(s okta.OAuth2ClientSecret) string { return text(s.Id) }), text(made.Id))
		}},
		{"POST" + secrets, false, func(t *testing.T, w *world) {
			_, made := secret(t, w)
			same(t, "status", text(made.Status), "ACTIVE")
			if text(made.ClientSecret) == "" || text(made.SecretHash) == "" {
				t.Errorf("secret %q, hash %q", text(made.ClientSecret), text(made.SecretHash))
			}
		}},
		{"GET" + secrets + "/{secret}", false, func(t *testing.T, w *world) {
			app, made := secret(t, w)
			got := from(w.ApplicationSSOPublicKeysAPI.GetOAuth2ClientSecret(w.ctx, app, text(made.Id)).Execute()).ok(t)
			same(t, "hash", text(got.SecretHash), text(made.SecretHash))
		}},
		{"POST" + secrets + "/{secret}/lifecycle/activate", false, func(t *testing.T, w *world) {
			app, made := secret(t, w)
			from(w.ApplicationSSOPublicKeysAPI.DeactivateOAuth2ClientSecret(w.ctx, app, text(made.Id)).Execute()).ok(t)
			got := from(w.ApplicationSSOPublicKeysAPI.ActivateOAuth2ClientSecret(w.ctx, app, text(made.Id)).Execute()).ok(t)
			same(t, "status", text(got.Status), "ACTIVE")
		}},
		{"POST" + secrets + "/{secret}/lifecycle/deactivate", false, func(t *testing.T, w *world) {
			app, made := secret(t, w)
			got := from(w.ApplicationSSOPublicKeysAPI.DeactivateOAuth2ClientSecret(w.ctx, app, text(made.Id)).Execute()).ok(t)
			same(t, "status", text(got.Status), "INACTIVE")
		}},
		{"DELETE" + secrets + "/{secret}", false, func(t *testing.T, w *world) {
			app, made := secret(t, w)
			from(w.ApplicationSSOPublicKeysAPI.DeactivateOAuth2ClientSecret(w.ctx, app, text(made.Id)).Execute()).ok(t)
			same(t, "status", done(w.ApplicationSSOPublicKeysAPI.DeleteOAuth2ClientSecret(w.ctx, app, text(made.Id)).Execute()).ok(t), 204)
		}},
	}
}

func (w *world) assignClient(t *testing.T, app, text string) *okta.ListRolesForClient200ResponseInner {
	t.Helper()
	return from(w.RoleAssignmentClientAPI.AssignRoleToClient(w.ctx, app).AssignRoleToClientRequest(body[okta.AssignRoleToClientRequest](t, text)).Execute()).ok(t)
}

// clients hold roles and get tokens.
func clients() []call {
	const roles = " /oauth2/v1/clients/{client}/roles"
	return []call{
		{"GET" + roles, false, func(t *testing.T, w *world) {
			app := text(w.serviceApp(t, newKey(t), "false").Id)
			w.assignClient(t, app, w.custom(t))
			list := from(w.RoleAssignmentClientAPI.ListRolesForClient(w.ctx, app).Execute()).ok(t)
			same(t, "roles", len(list), 1)
			same(t, "assignment type", text(list[0].CustomRole.AssignmentType), "CLIENT")
			same(t, "role", text(list[0].CustomRole.Role), w.customRole(t))
		}},
		{"POST" + roles, false, func(t *testing.T, w *world) {
			app := text(w.serviceApp(t, newKey(t), "false").Id)
			made := w.assignClient(t, app, `{"type":"HELP_DESK_ADMIN"}`)
			same(t, "id", text(made.StandardRole.Id), "JBCUYUC7IRCVGS27IFCE2SKO")
			same(t, "assignee", made.StandardRole.Links.Assignee.Href, base+"/oauth2/v1/clients/"+app)
		}},
		{"GET" + roles + "/{assignment}", false, func(t *testing.T, w *world) {
			app := text(w.serviceApp(t, newKey(t), "false").Id)
			made := w.assignClient(t, app, `{"type":"READ_ONLY_ADMIN"}`)
			read := from(w.RoleAssignmentClientAPI.RetrieveClientRole(w.ctx, app, text(made.StandardRole.Id)).Execute()).ok(t)
			same(t, "type", read.StandardRole.Type, "READ_ONLY_ADMIN")
		}},
		{"DELETE" + roles + "/{assignment}", false, func(t *testing.T, w *world) {
			app := text(w.serviceApp(t, newKey(t), "false").Id)
			made := w.assignClient(t, app, `{"type":"READ_ONLY_ADMIN"}`)
			same(t, "status", done(w.RoleAssignmentClientAPI.DeleteRoleFromClient(w.ctx, app, text(made.StandardRole.Id)).Execute()).ok(t), 204)
			same(t, "roles", len(from(w.RoleAssignmentClientAPI.ListRolesForClient(w.ctx, app).Execute()).ok(t)), 0)
		}},
		{"POST /oauth2/v1/token", false, func(t *testing.T, w *world) {
			for _, dpop := range []string{"false", "true"} {
				key := newKey(t)
				app := text(w.serviceApp(t, key, dpop).Id)
				w.grant(t, app, "okta.users.read")
				w.assignClient(t, app, `{"type":"READ_ONLY_ADMIN"}`)
				pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
				if err != nil {
					t.Fatal(err)
				}
				as := w.connect(t, okta.WithAuthorizationMode("PrivateKey"), okta.WithClientId(app), okta.WithScopes([]string{"okta.users.read"}),
					okta.WithPrivateKey(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))), okta.WithPrivateKeyId("first"))
				u := from(as.UserAPI.GetUser(as.ctx, service).Execute()).ok(t)
				same(t, "login, DPoP "+dpop, text(u.Profile.Login), service)
				if err := from(as.GroupAPI.ListGroups(as.ctx).Execute()).err; err == nil {
					t.Errorf("DPoP %s: groups were listed without their scope", dpop)
				}
			}
		}},
	}
}
