// Makes the apps of a seed.

package oktaemu

import "fmt"

// SeedApp is an app. Service makes it an OAuth service app that authenticates with a private key.
type SeedApp struct {
	Name       string `yaml:"name"` // of the integration, such as oidc_client, which it is where it is empty
	Label      string `yaml:"label"`
	Status     string `yaml:"status"`     // ACTIVE where it is empty
	SignOnMode string `yaml:"signOnMode"` // OPENID_CONNECT where it is empty

	Service   bool       `yaml:"service"`
	PublicKey string     `yaml:"publicKey"` // PEM, PKIX
	KeyID     string     `yaml:"keyId"`     // kid of the key; made of it where it is empty
	Scopes    []string   `yaml:"scopes"`    // granted
	Roles     []SeedRole `yaml:"roles"`
	DPoP      bool       `yaml:"dpop"` // token requests need a DPoP proof
}

// WithServiceApp adds an active service app to the seed. ClientID tells its client id.
func WithServiceApp(a SeedApp) Option {
	a.Service = true
	return func(o *options) { o.apps = append(o.apps, a) }
}

// ClientID returns the client id of the app of that label; "" where there is none.
func (o *Org) ClientID(label string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, _ := o.state.appByLabel(label)
	return a.clientID
}

// app checks what only service apps have.
func (c *seedCheck) app(a SeedApp, roles, sets map[string]bool) {
	who := fmt.Sprintf("app %q", a.Label)
	c.roles(who, a.Roles, roles, sets)
	if !a.Service {
		if a.PublicKey != "" || a.KeyID != "" || a.DPoP || len(a.Scopes)+len(a.Roles) > 0 {
			c.add("%s: publicKey, keyId, scopes, roles and dpop are for service apps: set service", who)
		}
		return
	}
	known := unique(c, who+": scope", a.Scopes, func(s string) string { return s })
	for _, scope := range Scopes() {
		delete(known, scope)
	}
	for scope := range known {
		c.add("%s: scope %q is not an Okta scope", who, scope)
	}
	if a.PublicKey == "" {
		return
	}
	if _, err := keyOfPEM(a.PublicKey); err != nil {
		c.add("%s: publicKey: %w", who, err)
	}
}

func buildApp(s *state, from SeedApp) {
	id := oktaID("0oa", from.Label)
	a := app{
		id: id, name: orElse(from.Name, oidcClient), label: from.Label, status: orElse(from.Status, active),
		signOnMode: orElse(from.SignOnMode, openIDConnect), created: epoch(), updated: epoch(),
	}
	if a.signOnMode == openIDConnect {
		a.clientID = id
	}
	grant, response := "authorization_code", "code"
	if a.clientID != "" {
		a.kind, a.method = "web", "client_secret_basic"
	}
	if from.Service {
		a.kind, a.method, a.dpop = serviceApp, privateKeyJWT, from.DPoP
		grant, response = "client_credentials", "token"
	}
	if a.clientID != "" {
		a.profile = pack(obj{
			"credentials": obj{"oauthClient": obj{"token_endpoint_auth_method": a.method}},
			"settings": obj{"oauthClient": obj{
				"application_type": a.kind, "grant_types": []any{grant}, "response_types": []any{response}, "dpop_bound_access_tokens": a.dpop,
			}},
		})
	}
	if key, err := keyOfPEM(from.PublicKey); err == nil {
		key.kid = orElse(from.KeyID, key.kid)
		key.id, key.created, key.updated = oktaID("pks", id, key.kid), epoch(), epoch()
		a.keys = []appKey{key}
	}
	for _, scope := range from.Scopes {
		a.grants = append(a.grants, appGrant{id: oktaID("oag", id, scope), scope: scope, created: epoch()})
	}
	s.apps.put(id, s.next(), a)
	for _, r := range from.Roles {
		s.grant(principal{clientKind, id}, s.seedRole(r), epoch())
	}
}
