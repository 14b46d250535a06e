// Network zones: /api/v1/zones. The emulator keeps them; it does not enforce them.

package oktaemu

import (
	"net/http"
	"time"
)

func zoneRoutes() []route {
	return []route{
		{get, "/api/v1/zones", readZones, "okta.networkZones.read", []string{"limit", "after"}, (*call).listZones, evidence{}},
		{get, "/api/v1/zones/{zone}", readZones, "okta.networkZones.read", nil, (*call).getZone, evidence{}},
	}
}

type zone struct {
	id, name, status string
	gateways         []string
	created          time.Time
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
