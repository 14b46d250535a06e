// Resource sets and their resources: /api/v1/iam/resource-sets. Pages are in the body.

package oktaemu

import (
	"net/http"
	"strings"
	"time"
)

func resourceSetRoutes() []route {
	paged := []string{"limit", "after"}
	return []route{
		{get, "/api/v1/iam/resource-sets", readRoles, "okta.roles.read", paged, (*call).listSets, evidence{}},
		{get, "/api/v1/iam/resource-sets/{set}", readRoles, "okta.roles.read", nil, (*call).getSet, evidence{}},
		{get, "/api/v1/iam/resource-sets/{set}/resources", readRoles, "okta.roles.read", paged, (*call).listResources, evidence{}},
	}
}

type resourceSet struct {
	id, label, description string
	resources              []string
	created                time.Time
}

// set finds the resource set of the path, by id or label.
func (c *call) set() (resourceSet, *reply) {
	set, ok := c.s.set(c.vars["set"])
	if !ok {
		r := notFound(c.vars["set"], "ResourceSet")
		return resourceSet{}, &r
	}
	return set, nil
}

func (c *call) setURL(id string) string { return c.base + "/api/v1/iam/resource-sets/" + id }

func (c *call) setBody(r resourceSet) obj {
	self := c.setURL(r.id)
	return obj{
		"id": r.id, "label": r.label, "description": r.description, "created": stamp(r.created), "lastUpdated": stamp(r.created),
		"_links": obj{"self": href(self), "resources": href(self + "/resources"), "bindings": href(self + "/bindings")},
	}
}

func (c *call) listSets() reply {
	var items []listed
	for seq, r := range c.s.sets.all() {
		items = append(items, listed{seq, func() obj { return c.setBody(r) }})
	}
	return c.bodyPage("resource-sets", items, nil)
}

func (c *call) getSet() reply {
	set, bad := c.set()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.setBody(set))
}

func (c *call) listResources() reply {
	set, bad := c.set()
	if bad != nil {
		return *bad
	}
	var items []listed
	for i, resource := range set.resources {
		items = append(items, listed{i + 1, func() obj { return c.resourceBody(set, resource) }})
	}
	return c.bodyPage("resources", items, obj{"resource-set": href(c.setURL(set.id))})
}

func (c *call) resourceBody(set resourceSet, resource string) obj {
	id := oktaID("ire", set.id, resource)
	links := obj{"self": href(c.setURL(set.id) + "/resources/" + id)}
	body := obj{"id": id, "created": stamp(set.created), "lastUpdated": stamp(set.created), "_links": links}
	if strings.HasPrefix(resource, "orn:") {
		body["orn"] = resource
		return body
	}
	if strings.HasPrefix(resource, "/") {
		resource = c.base + resource
	}
	links["resource"] = href(resource)
	return body
}
