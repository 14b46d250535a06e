// The scopes that apps were granted: /api/v1/apps/{app}/grants. Reading them takes a super admin too, as users report.

package oktaemu

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func appGrantRoutes() []route {
	const grants, one = "/api/v1/apps/{app}/grants", "/api/v1/apps/{app}/grants/{grant}"
	const read, manage = "okta.appGrants.read", "okta.appGrants.manage"
	expand := []string{"expand"}
	return []route{
		{get, grants, onlySuper, read, expand, (*call).listGrants, inSpec("listScopeConsentGrants")},
		{post, grants, onlySuper, manage, nil, (*call).createGrant, inSpec("grantConsentToScope")},
		{get, one, onlySuper, read, expand, (*call).getGrant, inSpec("getScopeConsentGrant")},
		{del, one, onlySuper, manage, nil, (*call).deleteGrant, inSpec("revokeScopeConsentGrant")},
	}
}

// appGrant is a scope that an app was granted. By is the user or app that gave it.
type appGrant struct {
	id, scope string
	by        principal
	created   time.Time
}

func (c *call) grantBody(a app, g appGrant) obj {
	self := c.base + "/api/v1/apps/" + a.id
	kind := "User"
	if g.by.kind == clientKind {
		kind = "Client" // UNVERIFIED
	}
	body := obj{
		"id": g.id, "status": active, "created": stamp(g.created), "lastUpdated": stamp(g.created), "issuer": c.base,
		"clientId": a.clientID, "scopeId": g.scope, "source": "ADMIN", "createdBy": obj{"id": g.by.id, "type": kind},
		"_links": obj{
			"app":    obj{"href": self, "title": a.label},
			"self":   obj{"href": self + "/grants/" + g.id, "hints": obj{"allow": []string{"GET", "DELETE"}}},
			"client": obj{"href": c.base + "/oauth2/v1/clients/" + a.clientID, "title": a.label},
		},
	}
	if c.query.Get("expand") == "scope" {
		body["_embedded"] = obj{"scope": obj{"id": g.scope}}
	}
	return body
}

func (c *call) listGrants() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	if len(a.grants) == 0 && c.quirk(GrantsNotFound) {
		return notFound(a.id, "OAuth2ScopeConsentGrant") // UNVERIFIED name
	}
	out := []obj{}
	for _, g := range a.grants {
		out = append(out, c.grantBody(a, g))
	}
	return jsonReply(http.StatusOK, out)
}

// createGrant refuses what is granted already; what Okta answers then is UNVERIFIED, as are the texts.
func (c *call) createGrant() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	scope := text(given, "scopeId")
	switch {
	case a.signOnMode != openIDConnect:
		return invalid("app", "Scopes are granted to OAuth 2.0 clients only.")
	case scope == "":
		return invalid("scopeId", "The field cannot be left blank")
	case strings.TrimSuffix(text(given, "issuer"), "/") != c.base:
		return invalid("issuer", "The issuer must be the URL of the org.")
	case !slices.Contains(Scopes(), scope):
		return invalid("scopeId", "'"+scope+"' is not a valid scope.")
	case a.granted(scope):
		return invalid("scopeId", "'"+scope+"' is granted already.")
	}
	g := appGrant{id: oktaID("oag", a.id, scope, strconv.Itoa(c.s.next())), scope: scope, by: c.caller, created: c.now}
	a.grants = append(slices.Clip(a.grants), g)
	c.s.putApp(a, c.now)
	c.logApp("app.oauth2.admin.consent.grant", "Grant consent for scope to application", a, scopeParty(g))
	return jsonReply(http.StatusCreated, c.grantBody(a, g))
}

// grant finds the grant of the path.
func (c *call) grant() (app, int, *reply) {
	a, bad := c.app()
	if bad != nil {
		return app{}, 0, bad
	}
	at := slices.IndexFunc(a.grants, func(g appGrant) bool { return g.id == c.vars["grant"] })
	if at < 0 {
		r := notFound(c.vars["grant"], "OAuth2ScopeConsentGrant") // UNVERIFIED name
		return app{}, 0, &r
	}
	return a, at, nil
}

func (c *call) getGrant() reply {
	a, at, bad := c.grant()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.grantBody(a, a.grants[at]))
}

// deleteGrant leaves tokens alone: those issued keep the scope until they expire. UNVERIFIED.
func (c *call) deleteGrant() reply {
	a, at, bad := c.grant()
	if bad != nil {
		return *bad
	}
	g := a.grants[at]
	a.grants = slices.Delete(slices.Clone(a.grants), at, at+1)
	c.s.putApp(a, c.now)
	c.logApp("app.oauth2.admin.consent.revoke", "Revoke consent for scope from application", a, scopeParty(g))
	return noContent()
}

func scopeParty(g appGrant) party {
	return party{id: g.scope, kind: "Scope", alternateID: "unknown", name: g.scope}
}
