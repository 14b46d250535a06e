// The public keys of service apps: /api/v1/apps/{app}/credentials/jwks.

package oktaemu

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys an app may have.
const maxKeys = 50

func appKeyRoutes() []route {
	const keys, one = "/api/v1/apps/{app}/credentials/jwks", "/api/v1/apps/{app}/credentials/jwks/{key}"
	const read, manage = "okta.apps.read", "okta.apps.manage"
	// Okta's management document of 2026.06.3 gives the list as an array with a wrapped example, that of okta-sdk-golang
	// 6.1.6 as an object with keys.
	list := unverified("the list is an object with keys")
	return []route{
		{get, keys, readApps, read, nil, (*call).listKeys, list},
		{post, keys, writeApps, manage, nil, (*call).addKey, inSpec("addJwk")},
		{get, one, readApps, read, nil, (*call).getKey, inSpec("getJwk")},
		{del, one, writeApps, manage, nil, (*call).deleteKey, inSpec("deletejwk")},
		{post, one + "/lifecycle/activate", writeApps, manage, nil, (*call).activateKey, inSpec("activateOAuth2ClientJsonWebKey")},
		{post, one + "/lifecycle/deactivate", writeApps, manage, nil, (*call).deactivateKey, inSpec("deactivateOAuth2ClientJsonWebKey")},
		{get, "/api/v1/apps/{app}/credentials/keys", readApps, read, nil, (*call).listSigningKeys, unverified("the app's own certificate")},
	}
}

// appKey is a key as it was registered. Kid may be empty, for the only key of an app.
type appKey struct {
	id, kid, status, use, alg string
	kty, e, n, crv, x, y      string
	created, updated          time.Time
}

// public returns the key to verify with. Okta takes keys that nothing can be verified with, such as an EC key without a
// curve.
func (k appKey) public() (any, bool) {
	text, err := json.Marshal(map[string]string{"kty": k.kty, "e": k.e, "n": k.n, "crv": k.crv, "x": k.x, "y": k.y})
	if err != nil {
		return nil, false
	}
	var key jose.JSONWebKey
	if key.UnmarshalJSON(text) != nil || !key.IsPublic() {
		return nil, false
	}
	return key.Key, true
}

// body is the key as it stands in an app: without times and links, as recorded.
func (k appKey) body() obj {
	out := obj{"id": k.id, "kid": k.kid, "status": k.status, "kty": k.kty, "use": nil}
	if k.kid == "" {
		out["kid"] = nil
	}
	if k.use != "" {
		out["use"] = k.use
	}
	if k.alg != "" {
		out["alg"] = k.alg
	}
	if k.kty == "EC" {
		out["x"], out["y"], out["crv"] = k.x, k.y, nil
		if k.crv != "" {
			out["crv"] = k.crv
		}
		return out
	}
	out["e"], out["n"] = k.e, k.n
	return out
}

// keyOfPEM makes a key of a PEM public key (PKIX). Its kid is made of it.
func keyOfPEM(text string) (appKey, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return appKey{}, errors.New("not one PEM block")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return appKey{}, fmt.Errorf("not a PKIX public key: %w", err)
	}
	raw, err := (jose.JSONWebKey{Key: parsed}).MarshalJSON()
	if err != nil {
		return appKey{}, err
	}
	var fields struct{ Kty, E, N, Crv, X, Y string }
	if err := json.Unmarshal(raw, &fields); err != nil {
		return appKey{}, err
	}
	if fields.Kty != "RSA" && fields.Kty != "EC" {
		return appKey{}, fmt.Errorf("a %s key: only RSA and EC are known", fields.Kty)
	}
	return appKey{
		kid: digits62(string(raw), 40), status: active, kty: fields.Kty,
		e: fields.E, n: fields.N, crv: fields.Crv, x: fields.X, y: fields.Y,
	}, nil
}

// keysOf reads the key set of an app's body. A key with the kid of one that the app has keeps its id.
func (c *call) keysOf(a app, set obj) ([]appKey, *reply) {
	list, _ := set["keys"].([]any)
	var out []appKey
	for _, item := range list {
		given, _ := item.(obj)
		key, bad := c.newKey(a, given, out)
		if bad != nil {
			return nil, bad
		}
		if at := slices.IndexFunc(a.keys, func(k appKey) bool { return k.kid == key.kid && k.n == key.n && k.x == key.x }); at >= 0 {
			key.id, key.created = a.keys[at].id, a.keys[at].created
		}
		out = append(out, key)
	}
	return out, nil
}

// newKey reads a key that joins others. Texts of causes are UNVERIFIED.
func (c *call) newKey(a app, given obj, others []appKey) (appKey, *reply) {
	fail := func(cause string) (appKey, *reply) {
		r := invalid("jwks", cause)
		return appKey{}, &r
	}
	key := appKey{
		kid: text(given, "kid"), status: orElse(text(given, "status"), active), use: text(given, "use"), alg: text(given, "alg"),
		kty: text(given, "kty"), e: text(given, "e"), n: text(given, "n"), crv: text(given, "crv"), x: text(given, "x"), y: text(given, "y"),
		created: c.now, updated: c.now,
	}
	_, private := given["d"]
	switch {
	case private:
		return fail("A private key must not be sent.")
	case key.kty == "RSA" && (key.n == "" || key.e == ""), key.kty == "EC" && (key.x == "" || key.y == ""), key.kty != "RSA" && key.kty != "EC":
		return fail("The key is neither a whole RSA key nor a whole EC key.")
	case key.status != active && key.status != inactive:
		return fail("The status is ACTIVE or INACTIVE.")
	case len(others) >= maxKeys:
		return fail("An app has at most 50 keys.")
	case len(others) > 0 && (key.kid == "" || others[0].kid == ""):
		return fail("Each of several keys must have a kid.")
	case slices.ContainsFunc(others, func(k appKey) bool { return k.kid == key.kid }):
		return fail("The kid must be unique within the app.")
	}
	key.id = oktaID("pks", a.id, key.kid, strconv.Itoa(c.s.next()))
	return key, nil
}

func keyBodies(keys []appKey) []obj {
	out := []obj{}
	for _, key := range keys {
		out = append(out, key.body())
	}
	return out
}

// keyBody is a key on its own: with times and with links to what can be done with it.
func (c *call) keyBody(a app, k appKey) obj {
	out := k.body()
	out["created"], out["lastUpdated"] = stamp(k.created), stamp(k.updated)
	out["_links"] = credentialLinks(c.base+"/api/v1/apps/"+a.id+"/credentials/jwks/"+k.id, k.status)
	return out
}

// credentialLinks are those of a key or a secret.
func credentialLinks(self, status string) obj {
	allow := func(target, method string) obj { return obj{"href": target, "hints": obj{"allow": []string{method}}} }
	if status == active {
		return obj{"deactivate": allow(self+"/lifecycle/deactivate", http.MethodPost)}
	}
	return obj{"activate": allow(self+"/lifecycle/activate", http.MethodPost), "delete": allow(self, http.MethodDelete)}
}

func (c *call) listKeys() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	keys := []obj{}
	for _, key := range a.keys {
		keys = append(keys, c.keyBody(a, key))
	}
	return jsonReply(http.StatusOK, obj{"keys": keys})
}

func (c *call) addKey() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	key, bad := c.newKey(a, given, a.keys)
	if bad != nil {
		return *bad
	}
	a.keys = append(slices.Clip(a.keys), key)
	c.s.putApp(a, c.now)
	c.logCredential("create", a, key.id)
	return jsonReply(http.StatusCreated, c.keyBody(a, key))
}

// key finds the key of the path.
func (c *call) key(a app) (int, *reply) {
	at := slices.IndexFunc(a.keys, func(k appKey) bool { return k.id == c.vars["key"] })
	if at < 0 {
		r := notFound(c.vars["key"], "PublicKeyEntity") // UNVERIFIED name
		return 0, &r
	}
	return at, nil
}

func (c *call) getKey() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	at, bad := c.key(a)
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.keyBody(a, a.keys[at]))
}

func (c *call) deleteKey() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	at, bad := c.key(a)
	if bad != nil {
		return *bad
	}
	if a.keys[at].status == active {
		return invalid("jwks", "An active key cannot be deleted.") // UNVERIFIED text
	}
	id := a.keys[at].id
	a.keys = slices.Delete(slices.Clone(a.keys), at, at+1)
	c.s.putApp(a, c.now)
	c.logCredential("delete", a, id)
	return noContent()
}

func (c *call) activateKey() reply   { return c.setKeyStatus(active, "activate") }
func (c *call) deactivateKey() reply { return c.setKeyStatus(inactive, "deactivate") }

// setKeyStatus refuses to deactivate the last active key of an app that signs with keys: Okta does (reported for agents,
// UNVERIFIED for apps).
func (c *call) setKeyStatus(status, kind string) reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	at, bad := c.key(a)
	if bad != nil {
		return *bad
	}
	others := slices.ContainsFunc(a.keys, func(k appKey) bool { return k.status == active && k.id != a.keys[at].id })
	if status == inactive && !others && a.method == privateKeyJWT {
		return invalid("jwks", "The only active key cannot be deactivated.")
	}
	a.keys = slices.Clone(a.keys)
	a.keys[at].status, a.keys[at].updated = status, c.now
	c.s.putApp(a, c.now)
	c.logCredential(kind, a, a.keys[at].id)
	return jsonReply(http.StatusOK, c.keyBody(a, a.keys[at]))
}

func (c *call) logCredential(kind string, a app, id string) {
	messages := map[string]string{
		"create": "Create OAuth client credentials", "delete": "Delete OAuth client credentials",
		"activate": "Activate OAuth client credentials", "deactivate": "Deactivate OAuth client credentials",
	}
	c.logApp("app.oauth2.credentials.lifecycle."+kind, messages[kind], a, party{id: id, kind: "OAuthClientCredential", alternateID: "unknown", name: id})
}

// listSigningKeys lists the key that Okta signs with for the app. Only its kid and dates are there.
func (c *call) listSigningKeys() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, []obj{{
		"kid": digits62(c.s.orgID+" app signing key", 40), "kty": "RSA", "use": "sig", "e": "AQAB",
		"created": stamp(a.created), "lastUpdated": stamp(a.created), "expiresAt": stamp(a.created.AddDate(10, 0, 0)),
	}})
}
