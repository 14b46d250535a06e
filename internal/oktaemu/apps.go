// Apps: /api/v1/apps.

package oktaemu

import (
	"net/http"
	"time"
)

func appRoutes() []route {
	return []route{
		{get, "/api/v1/apps", readApps, "okta.apps.read", []string{"limit", "after", "filter"}, (*call).listApps, evidence{}},
		{get, "/api/v1/apps/{app}", readApps, "okta.apps.read", nil, (*call).getApp, evidence{}},
	}
}

type app struct {
	id, name, label, status, signOnMode string
	created                             time.Time
}

// isService tells whether the app acts for itself and so can hold admin roles.
func (a app) isService() bool { return a.signOnMode == "OPENID_CONNECT" }

func (c *call) appBody(a app) obj {
	return obj{
		"id": a.id, "name": a.name, "label": a.label, "status": a.status, "signOnMode": a.signOnMode,
		"created": stamp(a.created), "lastUpdated": stamp(a.created),
		"_links": obj{"self": href(c.base + "/api/v1/apps/" + a.id)},
	}
}

func (c *call) listApps() reply {
	pass := filter(func(func(string) []string) bool { return true })
	if text := c.query.Get("filter"); text != "" {
		asked, err := parseFilter(text, []string{"id", "name", "status"})
		if err != nil {
			return errorReply(http.StatusBadRequest, "E0000031", "Invalid search criteria.", err.Error())
		}
		pass = asked
	}
	var items []listed
	for seq, a := range c.s.apps.all() {
		values := map[string]string{"id": a.id, "name": a.name, "status": a.status}
		if pass(func(attribute string) []string { return []string{values[attribute]} }) {
			items = append(items, listed{seq, func() obj { return c.appBody(a) }})
		}
	}
	return c.linkPage(items, 20, 200)
}

func (c *call) getApp() reply {
	a, ok := c.s.apps.rows[c.vars["app"]]
	if !ok {
		return notFound(c.vars["app"], "AppInstance")
	}
	return jsonReply(http.StatusOK, c.appBody(a))
}
