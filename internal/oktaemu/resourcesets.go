// Resource sets: /api/v1/iam/resource-sets. Pages are in the body.
// https://developer.okta.com/docs/api, "Resource sets"

package oktaemu

import (
	"fmt"
	"net/http"
	"time"
)

func resourceSetRoutes() []route {
	const sets, read, manage, cassette = "/api/v1/iam/resource-sets", "okta.roles.read", "okta.roles.manage", "TestAccResourceOktaResourceSet_crud/oie-00 "
	paged := []string{"limit", "after"}
	return []route{
		{get, sets, readRoles, read, paged, (*call).listSets, documented("Administrator Roles API, List all Resource Sets")},
		{post, sets, writeRoles, manage, nil, (*call).createSet, recorded(cassette + "id 0")},
		{get, sets + "/{set}", readRoles, read, nil, (*call).getSet, recorded(cassette + "id 1")},
		{put, sets + "/{set}", writeRoles, manage, nil, (*call).putSet, recorded(cassette + "id 7")},
		{del, sets + "/{set}", writeRoles, manage, nil, (*call).removeSet, recorded(cassette + "id 14")},
		{get, sets + "/{set}/resources", readRoles, read, paged, (*call).listResources, recorded(cassette + "id 2")},
		{patch, sets + "/{set}/resources", writeRoles, manage, nil, (*call).addResources, documented("Administrator Roles API, Update resources")},
		{post, sets + "/{set}/resources", writeRoles, manage, nil, (*call).createResource, inSpec("addResourceSetResource")},
		{get, sets + "/{set}/resources/{resource}", readRoles, read, nil, (*call).getResource, inSpec("getResourceSetResource")},
		{put, sets + "/{set}/resources/{resource}", writeRoles, manage, nil, (*call).putResource, inSpec("replaceResourceSetResource")},
		{del, sets + "/{set}/resources/{resource}", writeRoles, manage, nil, (*call).deleteResource, recorded(cassette + "id 9")},
	}
}

// maxResourceSets is Okta's limit for an org (help.okta.com, "Work with the resource set component").
const maxResourceSets = 10_000

type resourceSet struct {
	id, label, description string
	resources              []resource
	added                  int       // how many resources it ever had
	created, updated       time.Time // updated is zero where the set never was
}

// set finds the resource set of the path, by id or label. Those that standard roles are bound to are found by id and
// are in no list (UNVERIFIED).
func (c *call) set() (resourceSet, *reply) {
	name := c.vars["set"]
	if set, ok := c.s.set(name); ok {
		return set, nil
	}
	for _, r := range iamRoles() {
		if id := fixedSet(r.id); id == name {
			return resourceSet{id: id, label: r.label + " resources", description: r.label + " resources", created: epoch()}, nil
		}
	}
	r := notFound(name, "ResourceSet")
	return resourceSet{}, &r
}

// changeableSet is the set of the path, if it is not one of Okta's own. Its answer for those is UNVERIFIED.
func (c *call) changeableSet() (resourceSet, *reply) {
	set, bad := c.set()
	if _, ok := c.s.sets.rows[set.id]; bad == nil && !ok {
		refusal := readOnly("resource set")
		return resourceSet{}, &refusal
	}
	return set, bad
}

func (c *call) setURL(id string) string { return c.base + "/api/v1/iam/resource-sets/" + id }

func (c *call) setBody(r resourceSet) obj {
	self := c.setURL(r.id)
	return obj{
		"id": r.id, "label": r.label, "description": r.description,
		"created": stamp(r.created), "lastUpdated": stamp(later(r.created, r.updated)),
		"_links": obj{"self": href(self), "resources": href(self + "/resources"), "bindings": href(self + "/bindings")},
	}
}

func (c *call) setReply(r resourceSet) reply {
	return linked(jsonReply(http.StatusOK, c.setBody(r)), c.setURL(r.id))
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
	return c.setReply(set)
}

func (c *call) freeSetLabel(label, ownID string) *reply {
	if other, ok := c.s.set(label); ok && other.id != ownID {
		return labelTaken()
	}
	return nil
}

// createSet answers 200, as recorded. Beyond the limit the answer is UNVERIFIED, and so is that the System Log has the
// resources as an event of their own.
func (c *call) createSet() reply {
	var body struct {
		labelled
		Resources []string `json:"resources"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if bad := body.check(); bad != nil {
		return *bad
	}
	if len(body.Resources) == 0 {
		return invalid("resources", "The field cannot be left blank")
	}
	if bad := c.freeSetLabel(body.Label, ""); bad != nil {
		return *bad
	}
	if len(c.s.sets.rows) >= maxResourceSets {
		return invalid("resourceSets", fmt.Sprintf("An organization can have at most %d resource sets", maxResourceSets))
	}
	seq := c.s.next()
	set := resourceSet{id: oktaID("iam", body.Label, fmt.Sprint(seq)), label: body.Label, description: body.Description, created: c.now}
	set, bad := c.withResources(set, body.Resources, "resources")
	if bad != nil {
		return *bad
	}
	c.s.sets.put(set.id, seq, set)
	c.logSet("iam.resourceset.create", "Create resource set", set)
	c.logSet("iam.resourceset.resources.add", "Add resources to resource set", set, set.resources...)
	return c.setReply(set)
}

func (c *call) logSet(kind, message string, set resourceSet, resources ...resource) {
	e := event{kind: kind, message: message, targets: []party{setParty(set)}}
	for _, r := range resources {
		e.targets = append(e.targets, party{id: r.id, kind: "RESOURCE", alternateID: orElse(r.orn, "unknown"), name: orElse(r.orn, r.path)})
	}
	c.s.log(c.author(), c.now, e)
}

// putSet changes label and description and nothing else.
func (c *call) putSet() reply {
	set, bad := c.changeableSet()
	if bad != nil {
		return *bad
	}
	var body labelled
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if bad := body.check(); bad != nil {
		return *bad
	}
	if bad := c.freeSetLabel(body.Label, set.id); bad != nil {
		return *bad
	}
	set.label, set.description, set.updated = body.Label, body.Description, c.now
	c.s.sets.put(set.id, 0, set)
	c.logSet("iam.resourceset.update", "Update resource set", set)
	return c.setReply(set)
}

// removeSet deletes the set and its bindings, as documented: whoever held a role on it holds it no more.
func (c *call) removeSet() reply {
	set, bad := c.changeableSet()
	if bad != nil {
		return *bad
	}
	c.s.deleteSet(c.author(), set, c.now)
	return noContent()
}

// deleteSet forgets the set with its bindings and logs it.
func (s *state) deleteSet(by author, set resourceSet, now time.Time) {
	s.unassignAll(by, now, func(a assignment) bool { return a.setID == set.id })
	s.sets.remove(set.id)
	s.log(by, now, event{kind: "iam.resourceset.delete", message: "Delete resource set", targets: []party{setParty(set)}})
}
