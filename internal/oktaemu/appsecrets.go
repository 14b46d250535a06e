// The client secrets of apps: /api/v1/apps/{app}/credentials/secrets.

package oktaemu

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// maxSecrets is how many secrets an app may have.
const maxSecrets = 2

func appSecretRoutes() []route {
	const secrets, one = "/api/v1/apps/{app}/credentials/secrets", "/api/v1/apps/{app}/credentials/secrets/{secret}"
	const read, manage = "okta.apps.read", "okta.apps.manage"
	return []route{
		{get, secrets, readApps, read, nil, (*call).listSecrets, inSpec("listOAuth2ClientSecrets")},
		{post, secrets, writeApps, manage, nil, (*call).addSecret, inSpec("createOAuth2ClientSecret")},
		{get, one, readApps, read, nil, (*call).getSecret, inSpec("getOAuth2ClientSecret")},
		{del, one, writeApps, manage, nil, (*call).deleteSecret, inSpec("deleteOAuth2ClientSecret")},
		{post, one + "/lifecycle/activate", writeApps, manage, nil, (*call).activateSecret, inSpec("activateOAuth2ClientSecret")},
		{post, one + "/lifecycle/deactivate", writeApps, manage, nil, (*call).deactivateSecret, inSpec("deactivateOAuth2ClientSecret")},
	}
}

// appSecret is a client secret. No client of the emulator can use one: it gives no Okta scopes.
type appSecret struct {
	id, value, status string
	created, updated  time.Time
}

func newSecret(appID, number string, now time.Time) appSecret {
	return appSecret{id: oktaID("ocs", appID, number), value: randomText(64), status: active, created: now, updated: now}
}

// badSecret refuses a secret that is shorter or longer than Okta's document lets the secret of an app be; that this holds
// for further secrets of an app too, and the text, is UNVERIFIED.
func badSecret(field, given string) *reply {
	if given == "" || len(given) >= 14 && len(given) <= 100 {
		return nil
	}
	r := invalid(field, "The field must be between 14 and 100 characters long.")
	return &r
}

// secretBody shows the value each time, as Okta's document has it.
func (c *call) secretBody(a app, s appSecret) obj {
	return obj{
		"id": s.id, "client_secret": s.value, "secret_hash": digest(s.value)[:22], "status": s.status,
		"created": stamp(s.created), "lastUpdated": stamp(s.updated),
		"_links": credentialLinks(c.base+"/api/v1/apps/"+a.id+"/credentials/secrets/"+s.id, s.status),
	}
}

func (c *call) listSecrets() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	out := []obj{}
	for _, s := range a.secrets {
		out = append(out, c.secretBody(a, s))
	}
	return jsonReply(http.StatusOK, out)
}

func (c *call) addSecret() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	if len(a.secrets) >= maxSecrets {
		return invalid("client_secret", "An app has at most 2 client secrets.") // UNVERIFIED text
	}
	given, bad := c.readOptional()
	if bad != nil {
		return *bad
	}
	if bad := badSecret("client_secret", text(given, "client_secret")); bad != nil {
		return *bad
	}
	s := newSecret(a.id, strconv.Itoa(c.s.next()), c.now)
	s.value, s.status = orElse(text(given, "client_secret"), s.value), orElse(text(given, "status"), active)
	a.secrets = append(slices.Clip(a.secrets), s)
	c.s.putApp(a, c.now)
	c.logCredential("create", a, s.id)
	return jsonReply(http.StatusCreated, c.secretBody(a, s))
}

// secret finds the secret of the path.
func (c *call) secret(a app) (int, *reply) {
	at := slices.IndexFunc(a.secrets, func(s appSecret) bool { return s.id == c.vars["secret"] })
	if at < 0 {
		r := notFound(c.vars["secret"], "ClientSecret") // UNVERIFIED name
		return 0, &r
	}
	return at, nil
}

func (c *call) getSecret() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	at, bad := c.secret(a)
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.secretBody(a, a.secrets[at]))
}

func (c *call) deleteSecret() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	at, bad := c.secret(a)
	if bad != nil {
		return *bad
	}
	if a.secrets[at].status == active {
		return invalid("client_secret", "An active client secret cannot be deleted.") // UNVERIFIED text
	}
	id := a.secrets[at].id
	a.secrets = slices.Delete(slices.Clone(a.secrets), at, at+1)
	c.s.putApp(a, c.now)
	c.logCredential("delete", a, id)
	return noContent()
}

func (c *call) activateSecret() reply   { return c.setSecretStatus(active, "activate") }
func (c *call) deactivateSecret() reply { return c.setSecretStatus(inactive, "deactivate") }

func (c *call) setSecretStatus(status, kind string) reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	at, bad := c.secret(a)
	if bad != nil {
		return *bad
	}
	a.secrets = slices.Clone(a.secrets)
	a.secrets[at].status, a.secrets[at].updated = status, c.now
	c.s.putApp(a, c.now)
	c.logCredential(kind, a, a.secrets[at].id)
	return jsonReply(http.StatusOK, c.secretBody(a, a.secrets[at]))
}
