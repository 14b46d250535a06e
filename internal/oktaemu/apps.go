// Apps: /api/v1/apps. https://developer.okta.com/docs/api, "Applications"

package oktaemu

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	oidcClient    = "oidc_client"
	openIDConnect = "OPENID_CONNECT"
	inactive      = "INACTIVE"
)

func appRoutes() []route {
	const apps, one = "/api/v1/apps", "/api/v1/apps/{app}"
	const read, manage = "okta.apps.read", "okta.apps.manage"
	list := []string{"q", "limit", "after", "filter", "includeNonDeleted"}
	const cassette = "TestAccResourceOktaAppGroupAssignment_crud/oie-00 id "
	return slices.Concat([]route{
		{get, apps, readApps, read, list, (*call).listApps, recorded("TestAccDataSourceOktaApp_read/oie-00")},
		{post, apps, writeApps, manage, []string{"activate"}, (*call).createApp, recorded("TestAccResourceOktaAppOauth_serviceWithJWKS/oie-00 id 0")},
		{get, one, readApps, read, nil, (*call).getApp, recorded(cassette + "13")},
		{put, one, writeApps, manage, nil, (*call).putApp, recorded("TestAccResourceOktaAppBookmarkApplication_crud/skip-auth-policy-00 id 7")},
		{del, one, writeApps, manage, nil, (*call).deleteApp, recorded(cassette + "74")},
		{post, one + "/lifecycle/activate", writeApps, manage, nil, (*call).activateApp, inSpec("activateApplication")},
		{post, one + "/lifecycle/deactivate", writeApps, manage, nil, (*call).deactivateApp, recorded(cassette + "73")},
	}, appUserRoutes(), appGroupRoutes(), appKeyRoutes(), appSecretRoutes(), appGrantRoutes(), clientRoutes())
}

// app is an app instance. Profile is everything that was given and that Okta added, as JSON; the fields beside it are
// those that decide something.
type app struct {
	id, clientID, name, label, status, signOnMode string
	kind, method                                  string // of an OIDC app: application_type, token_endpoint_auth_method
	dpop                                          bool   // token requests need a DPoP proof
	created, updated                              time.Time
	profile                                       string
	keys                                          []appKey
	secrets                                       []appSecret
	grants                                        []appGrant
	users                                         []appUser // without those who have it through a group
	groups                                        []appGroup
}

// isService tells whether the app is an OAuth service app.
func (a app) isService() bool { return a.kind == serviceApp }

// clientByID finds an app by its client id.
func (s *state) clientByID(id string) (app, bool) {
	for _, a := range s.apps.all() {
		if a.clientID != "" && a.clientID == id {
			return a, true
		}
	}
	return app{}, false
}

func (s *state) appByLabel(label string) (app, bool) {
	for _, a := range s.apps.all() {
		if a.label == label {
			return a, true
		}
	}
	return app{}, false
}

func (s *state) putApp(a app, now time.Time) app {
	a.updated = now
	s.apps.put(a.id, 0, a)
	return a
}

// app finds the app of the path.
func (c *call) app() (app, *reply) {
	a, ok := c.s.apps.rows[c.vars["app"]]
	if !ok {
		r := notFound(c.vars["app"], "AppInstance")
		return app{}, &r
	}
	return a, nil
}

// changeable finds the app of the path for a change. An app that holds an admin role or was granted scopes is a super
// admin's to change (terraform-provider-okta#2025; guides/implement-oauth-for-okta-serviceapp).
func (c *call) changeable() (app, *reply) {
	a, bad := c.app()
	if bad != nil {
		return app{}, bad
	}
	return a, c.mayChange(a)
}

func (c *call) mayChange(a app) *reply {
	if (len(c.s.held[principal{clientKind, a.id}]) > 0 || len(a.grants) > 0) && !c.may(onlySuper) {
		r := forbidden()
		return &r
	}
	return nil
}

func (c *call) listApps() reply {
	pass := filter(func(func(string) []string) bool { return true })
	if text := c.query.Get("filter"); text != "" {
		l := equality([]string{"id", "name", "status", "credentials.signing.kid", "settings.slo.enabled"})
		l.beyond = []string{"user.id", "group.id"} // the first is documented, with expand; clients use the second
		asked, err := l.parse(text)
		if err != nil {
			return refused(err, invalidSearch)
		}
		pass = asked
	}
	begins := func(name string) bool {
		return strings.HasPrefix(strings.ToLower(name), strings.ToLower(c.query.Get("q")))
	}
	var items []listed
	for seq, a := range c.s.apps.all() {
		values := func(attribute string) []string { return valuesAt(c.appBody(a), attribute) }
		if (begins(a.name) || begins(a.label)) && pass(values) {
			items = append(items, listed{seq, func() obj { return c.appBody(a) }})
		}
	}
	return c.linkPage(items, 20, 200)
}

func (c *call) getApp() reply {
	a, bad := c.app()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.appBody(a))
}

func (c *call) createApp() reply {
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	a, bad := c.addApp(given, c.query.Get("activate") != "false")
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.appBody(a))
}

// addApp makes an app of a body as POST /api/v1/apps takes it.
func (c *call) addApp(given obj, activate bool) (app, *reply) {
	seq := c.s.next()
	a := app{created: c.now, updated: c.now, status: inactive}
	if activate {
		a.status = active
	}
	a.signOnMode = text(given, "signOnMode")
	a.name = orElse(text(given, "name"), builtInApp(a.signOnMode, c.s.subdomain, text(given, "label")))
	a.signOnMode = orElse(a.signOnMode, map[string]string{oidcClient: openIDConnect, "bookmark": "BOOKMARK"}[a.name])
	if a.signOnMode == "" {
		r := invalid("signOnMode", "The field cannot be left blank")
		return app{}, &r
	}
	a.id = oktaID("0oa", text(given, "label"), strconv.Itoa(seq))
	if a.signOnMode == openIDConnect {
		a.clientID = orElse(text(object(given, "credentials", "oauthClient"), "client_id"), a.id)
		if _, taken := c.s.clientByID(a.clientID); taken {
			r := invalid("credentials.oauthClient.client_id", "The client_id is already in use.") // UNVERIFIED text
			return app{}, &r
		}
	}
	a, bad := c.setApp(a, given)
	if bad != nil {
		return app{}, bad
	}
	c.s.apps.put(a.id, seq, a)
	c.logApp("application.lifecycle.create", "Create application", a)
	if activate {
		c.logApp("application.lifecycle.activate", "Activate application", a)
	}
	if a.isService() && c.s.settings.clientPrivileges {
		c.s.assign(c.author(), principal{clientKind, a.id}, assignment{kind: superAdmin}, c.now)
	}
	return a, nil
}

// builtInApp is the name of the app definition where none is given.
func builtInApp(mode, subdomain, label string) string {
	switch mode {
	case openIDConnect:
		return oidcClient
	case "BOOKMARK":
		return "bookmark"
	}
	return strings.ToLower(subdomain + "_" + strings.ReplaceAll(label, " ", "") + "_1")
}

func (c *call) putApp() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	given, bad := c.readObject()
	if bad != nil {
		return *bad
	}
	if a, bad = c.setApp(a, given); bad != nil {
		return *bad
	}
	a = c.s.putApp(a, c.now)
	c.logApp("application.lifecycle.update", "Update application", a)
	return jsonReply(http.StatusOK, c.appBody(a))
}

func (c *call) deleteApp() reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	if a.status == active {
		return errorReply(http.StatusForbidden, "E0000056", "Delete application forbidden.", "The application must be deactivated before deletion.")
	}
	c.dropApp(a)
	return noContent()
}

func (c *call) dropApp(a app) {
	c.s.forgetApp(c.author(), a.id, c.now)
	c.logApp("application.lifecycle.delete", "Delete application", a)
}

func (c *call) activateApp() reply { return c.setAppStatus(active, "activate", "Activate application") }

func (c *call) deactivateApp() reply {
	return c.setAppStatus(inactive, "deactivate", "Deactivate application")
}

func (c *call) setAppStatus(status, kind, message string) reply {
	a, bad := c.changeable()
	if bad != nil {
		return *bad
	}
	if a.status != status {
		a.status = status
		c.s.putApp(a, c.now)
		c.logApp("application.lifecycle."+kind, message, a)
	}
	return jsonReply(http.StatusOK, obj{})
}

func appParty(a app) party {
	return party{id: a.id, kind: "AppInstance", alternateID: a.label, name: orElse(map[string]string{oidcClient: "OpenID Connect Client"}[a.name], a.name)}
}

func (c *call) logApp(kind, message string, a app, more ...party) {
	c.s.log(c.author(), c.now, event{kind: kind, message: message, targets: append([]party{appParty(a)}, more...)})
}
