// The org itself, its network zones and its apps: read only.

package oktaemu

import "net/http"

// organization needs no token.
func (c *call) organization() reply {
	return jsonReply(http.StatusOK, obj{
		"id": c.s.orgID, "cell": "emu1", "pipeline": "idx", "settings": obj{},
		"_links": obj{"organization": href(c.base)},
	})
}

func (c *call) getOrg() reply {
	return jsonReply(http.StatusOK, obj{
		"id": c.s.orgID, "companyName": c.s.company, "subdomain": c.s.subdomain, "status": active,
		"created": stamp(c.s.created), "lastUpdated": stamp(c.s.created), "expiresAt": nil,
		"_links": obj{"uploadLogo": href(c.base + "/api/v1/org/logo")},
	})
}

func (c *call) zoneBody(z zone) obj {
	gateways := []obj{}
	for _, g := range z.gateways {
		gateways = append(gateways, obj{"type": "CIDR", "value": g})
	}
	return obj{
		"id": z.id, "name": z.name, "type": "IP", "status": z.status, "usage": "POLICY", "system": false, "gateways": gateways,
		"proxies": nil, "created": stamp(z.created), "lastUpdated": stamp(z.created),
		"_links": obj{"self": href(c.base + "/api/v1/zones/" + z.id)},
	}
}

func (c *call) listZones() reply {
	var items []listed
	for seq, z := range c.s.zones.all() {
		items = append(items, listed{seq, func() obj { return c.zoneBody(z) }})
	}
	return c.linkPage(items, 200, 200)
}

func (c *call) getZone() reply {
	z, ok := c.s.zones.rows[c.vars["zone"]]
	if !ok {
		return notFound(c.vars["zone"], "NetworkZone")
	}
	return jsonReply(http.StatusOK, c.zoneBody(z))
}

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
