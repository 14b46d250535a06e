// Network zones: /api/v1/zones. The emulator keeps them; it does not enforce them.

package oktaemu

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

func zoneRoutes() []route {
	const zones, one = "/api/v1/zones", "/api/v1/zones/{zone}"
	const read, manage = "okta.networkZones.read", "okta.networkZones.manage"
	crud := recorded("TestAccResourceOktaNetworkZone_crud/oie-00 ids 0 to 9")
	return []route{
		{get, zones, readZones, read, []string{"limit", "after", "filter"}, (*call).listZones, inSpec("listNetworkZones")},
		{post, zones, writeZones, manage, nil, (*call).createZone, crud},
		{get, one, readZones, read, nil, (*call).getZone, crud},
		{put, one, writeZones, manage, nil, (*call).putZone, inSpec("replaceNetworkZone")},
		{del, one, writeZones, manage, nil, (*call).deleteZone, inSpec("deleteNetworkZone")},
		{post, one + "/lifecycle/activate", writeZones, manage, nil, (*call).activateZone, crud},
		{post, one + "/lifecycle/deactivate", writeZones, manage, nil, (*call).deactivateZone, inSpec("deactivateNetworkZone")},
	}
}

// zone is a network zone. Detail is what its type has besides, as JSON.
type zone struct {
	id, name, status, kind, usage string
	detail                        string
	system                        bool
	created, updated              time.Time
}

func (c *call) zoneBody(z zone) obj {
	self := c.base + "/api/v1/zones/" + z.id
	next := "deactivate"
	if z.status != active {
		next = "activate"
	}
	body := unpack(z.detail)
	body["id"], body["name"], body["type"], body["status"], body["usage"], body["system"] = z.id, z.name, z.kind, z.status, z.usage, z.system
	body["created"], body["lastUpdated"] = stamp(z.created), stamp(z.updated)
	body["_links"] = obj{
		"self": obj{"href": self, "hints": obj{"allow": []string{"GET", "PUT", "DELETE"}}},
		next:   obj{"href": self + "/lifecycle/" + next, "hints": obj{"allow": []string{"POST"}}},
	}
	return body
}

func (c *call) listZones() reply {
	pass := filter(func(func(string) []string) bool { return true })
	if text := c.query.Get("filter"); text != "" {
		asked, err := equality([]string{"id", "usage", "system"}).parse(text)
		if err != nil {
			return refused(err, invalidSearch)
		}
		pass = asked
	}
	var items []listed
	for seq, z := range c.s.zones.all() {
		values := map[string]string{"id": z.id, "usage": z.usage, "system": strconv.FormatBool(z.system)}
		if pass(func(attribute string) []string { return []string{values[attribute]} }) {
			items = append(items, listed{seq, func() obj { return c.zoneBody(z) }})
		}
	}
	return c.linkPage(items, 200, 200)
}

// zone finds the zone of the path.
func (c *call) zone() (zone, *reply) {
	z, ok := c.s.zones.rows[c.vars["zone"]]
	if !ok {
		r := notFound(c.vars["zone"], "NetworkZone")
		return zone{}, &r
	}
	return z, nil
}

func (c *call) getZone() reply {
	z, bad := c.zone()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.zoneBody(z))
}

// createZone answers 200, as recorded.
func (c *call) createZone() reply {
	seq := c.s.next()
	z := zone{id: oktaID("nzo", strconv.Itoa(seq), string(c.body)), created: c.now}
	z, bad := c.setZone(z)
	if bad != nil {
		return *bad
	}
	c.s.zones.put(z.id, seq, z)
	c.logZone("zone.create", "Create network zone", z)
	return jsonReply(http.StatusOK, c.zoneBody(z))
}

func (c *call) putZone() reply {
	z, bad := c.zone()
	if bad != nil {
		return *bad
	}
	was := z
	if z, bad = c.setZone(z); bad != nil {
		return *bad
	}
	if z.status != was.status && z.status != active && c.zoneInUse(z) {
		return zoneInUse()
	}
	c.s.zones.put(z.id, 0, z)
	c.logZone("zone.update", "Update network zone", z)
	return jsonReply(http.StatusOK, c.zoneBody(z))
}

// setZone gives the zone what the body says. Texts of causes are UNVERIFIED.
func (c *call) setZone(z zone) (zone, *reply) {
	fail := func(field, cause string) (zone, *reply) {
		r := invalid(field, cause)
		return zone{}, &r
	}
	given, bad := c.readObject()
	if bad != nil {
		return zone{}, bad
	}
	kind := orElse(text(given, "type"), z.kind)
	switch {
	case text(given, "name") == "":
		return fail("name", "The field cannot be left blank")
	case !slices.Contains([]string{"IP", "DYNAMIC", "DYNAMIC_V2"}, kind):
		return fail("type", "The field must be one of IP, DYNAMIC, DYNAMIC_V2.")
	case z.kind != "" && z.kind != kind:
		return fail("type", "The type of a zone cannot be changed.")
	}
	z.kind, z.name, z.updated = kind, text(given, "name"), c.now
	z.status = orElse(text(given, "status"), orElse(z.status, active))
	z.usage = orElse(text(given, "usage"), orElse(z.usage, "POLICY"))
	for _, other := range c.s.zones.all() {
		if other.name == z.name && other.id != z.id {
			return fail("name", "A network zone with this name already exists.")
		}
	}
	if z.usage != "POLICY" && z.usage != "BLOCKLIST" {
		return fail("usage", "The field must be one of POLICY, BLOCKLIST.")
	}
	if z.status != active && z.status != inactive {
		return fail("status", "The field must be one of ACTIVE, INACTIVE.")
	}
	if field, cause := badAddresses(given); z.kind == "IP" && field != "" {
		return fail(field, cause)
	}
	z.detail = pack(zoneDetail(z.kind, given))
	return z, nil
}

// zoneDetail are the fields of a type of zone, as recorded: locations sorted and with a region, which may be null.
func zoneDetail(kind string, given obj) obj {
	sides := func(field string, of func(any) any) obj {
		side := object(given, field)
		return obj{"include": of(side["include"]), "exclude": of(side["exclude"])}
	}
	switch kind {
	case "IP":
		return obj{"gateways": given["gateways"], "proxies": given["proxies"]}
	case "DYNAMIC":
		out := obj{"locations": nil, "proxyType": given["proxyType"]}
		if list, ok := given["locations"].([]any); ok && len(list) > 0 {
			out["locations"] = locations(list)
		}
		if list, ok := given["asns"].([]any); ok && len(list) > 0 {
			out["asns"] = list
		}
		return out
	}
	return obj{
		"locations": sides("locations", locations), "ipServiceCategories": sides("ipServiceCategories", orEmpty), "asns": sides("asns", orEmpty),
	}
}

func orEmpty(list any) any {
	if list == nil {
		return []any{}
	}
	return list
}

func locations(list any) any {
	items, _ := list.([]any)
	out := []obj{}
	for _, item := range items {
		given, _ := item.(obj)
		out = append(out, obj{"country": given["country"], "region": given["region"]})
	}
	slices.SortStableFunc(out, func(a, b obj) int {
		return cmp.Or(cmp.Compare(text(a, "country"), text(b, "country")), cmp.Compare(text(a, "region"), text(b, "region")))
	})
	return out
}

// zoneInUse tells whether an API token may be used from the zone only, or not from it. Such a zone stays as it is:
// Okta's release notes say so; with which answer is UNVERIFIED.
func (c *call) zoneInUse(z zone) bool {
	for _, t := range c.s.tokens.all() {
		if slices.Contains(t.network.include, z.id) || slices.Contains(t.network.exclude, z.id) {
			return true
		}
	}
	return false
}

func zoneInUse() reply {
	return invalid("zone", "The network zone is used by an API token and cannot be deactivated or deleted.")
}

// deleteZone takes a zone that is not active: the Terraform provider deactivates first. How Okta refuses an active one is
// UNVERIFIED.
func (c *call) deleteZone() reply {
	z, bad := c.zone()
	switch {
	case bad != nil:
		return *bad
	case c.zoneInUse(z):
		return zoneInUse()
	case z.system, z.status == active:
		return invalid("zone", "An active network zone cannot be deleted.")
	}
	c.s.zones.remove(z.id)
	c.logZone("zone.delete", "Delete network zone", z)
	return noContent()
}

func (c *call) activateZone() reply {
	return c.setZoneStatus(active, "zone.activate", "Activate network zone")
}

func (c *call) deactivateZone() reply {
	return c.setZoneStatus(inactive, "zone.deactivate", "Deactivate network zone")
}

// setZoneStatus moves lastUpdated even where nothing changes, as recorded.
func (c *call) setZoneStatus(status, kind, message string) reply {
	z, bad := c.zone()
	if bad != nil {
		return *bad
	}
	if status == inactive && c.zoneInUse(z) {
		return zoneInUse()
	}
	z.status, z.updated = status, c.now
	c.s.zones.put(z.id, 0, z)
	c.logZone(kind, message, z)
	return jsonReply(http.StatusOK, c.zoneBody(z))
}

func (c *call) logZone(kind, message string, z zone) {
	c.s.log(c.author(), c.now, event{kind: kind, message: message, targets: []party{{id: z.id, kind: "NetworkZone", alternateID: "unknown", name: z.name}}})
}
