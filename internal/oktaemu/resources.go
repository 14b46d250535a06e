// Resources of a resource set. Whatever a resource was named by, Okta answers with its ORN, and with its REST URL where
// there is one (recorded: TestAccResourceOktaResourceSet_crud/oie-00 id 2). https://developer.okta.com/docs/api,
// guide "Roles", "Supported resources"

package oktaemu

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxResources is how many resources a set may hold, as documented.
const maxResources = 1000

type resource struct {
	id, orn          string // orn is empty for what a seed names and Okta does not know
	path             string // of the REST URL, with the query; empty where there is none
	excluded         []string
	created, updated time.Time
	seq              int
}

// orn is the Okta Resource Name of something of this org.
func (s *state) orn(service string, parts ...string) string {
	return "orn:okta:" + service + ":" + s.orgID + ":" + strings.Join(parts, ":")
}

// containers are the resources that stand for everything of their kind: ORN without partition and org, and REST path.
func containers() map[string]string {
	return map[string]string{
		"directory:users": "/api/v1/users", "directory:groups": "/api/v1/groups", "directory:devices": "/api/v1/devices",
		"idp:apps": "/api/v1/apps", "idp:authorization_servers": "/api/v1/authorizationServers",
		"idp:identity_providers": "/api/v1/idps", "idp:policies": "/api/v1/policies", "directory:realms": "/api/v1/realms",
		"idp:customizations": "", "iam:contained_resources": "", "workflow:flows": "", "support:cases": "",
	}
}

// ornAt is the ORN of the resource with that REST path and query. What the emulator does not hold (devices, servers,
// policies) it takes as a whole only: a single one would not exist.
func (s *state) ornAt(path, query string) (string, bool) {
	path = strings.TrimSuffix(path, "/")
	if name, ok := appType(query); ok && path == "/api/v1/apps" {
		return s.orn("idp", "apps", name), true
	}
	for name, at := range containers() {
		if at != "" && at == path && query == "" {
			service, rest, _ := strings.Cut(name, ":")
			return s.orn(service, rest), true
		}
	}
	parts := strings.Split(strings.TrimPrefix(path, "/api/v1/"), "/")
	if query != "" || len(parts) < 2 {
		return "", false
	}
	id := parts[1]
	_, isUser := s.users.rows[id]
	_, isGroup := s.groups.rows[id]
	a, isApp := s.apps.rows[id]
	switch {
	case parts[0] == "users" && isUser && len(parts) == 2:
		return s.orn("directory", "users", id), true
	case parts[0] == "groups" && isGroup && len(parts) == 2:
		return s.orn("directory", "groups", id), true
	case parts[0] == "groups" && isGroup && len(parts) == 3 && parts[2] == "users":
		return s.orn("directory", "groups", id, "contained_resources"), true
	case parts[0] == "apps" && isApp && len(parts) == 2:
		return s.orn("idp", "apps", a.name, id), true
	}
	return "", false
}

// appType reads the only query that a resource's URL may have: filter=name eq "type".
func appType(query string) (string, bool) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", false
	}
	name, ok := strings.CutPrefix(values.Get("filter"), `name eq "`)
	name, closed := strings.CutSuffix(name, `"`)
	return name, ok && closed && name != ""
}

// pathOf is the REST path of an ORN, empty where it has none, and whether there is such a resource in this org.
func (s *state) pathOf(orn string) (path string, known bool) {
	parts := strings.Split(orn, ":")
	if len(parts) < 5 || parts[0] != "orn" || parts[1] != "okta" || parts[3] != s.orgID {
		return "", false
	}
	service, rest := parts[2], parts[4:]
	if at, ok := containers()[service+":"+rest[0]]; ok && len(rest) == 1 {
		return at, true
	}
	switch {
	case service == "directory" && len(rest) == 2 && (rest[0] == "users" || rest[0] == "groups"), service == "idp" && len(rest) == 3 && rest[0] == "apps":
		path = "/api/v1/" + rest[0] + "/" + rest[len(rest)-1]
	case service == "directory" && len(rest) == 3 && rest[0] == "groups" && rest[2] == "contained_resources":
		path = "/api/v1/groups/" + rest[1] + "/users"
	case service == "idp" && len(rest) == 2 && rest[0] == "apps":
		return "/api/v1/apps/?filter=name+eq+%22" + url.QueryEscape(rest[1]) + "%22", true
	case service == "workflow" && len(rest) == 2 && rest[0] == "flows":
		return "", true
	default:
		return "", false
	}
	back, ok := s.ornAt(path, "")
	return path, ok && back == orn
}

// resourceNamed reads a resource's ORN or URL. A path alone is taken from seeds only, which have no host.
func (s *state) resourceNamed(text, host string) (resource, bool) {
	if strings.HasPrefix(text, "orn:") {
		path, ok := s.pathOf(text)
		return resource{orn: text, path: path}, ok
	}
	u, err := url.Parse(text)
	if err != nil || host != "" && u.Host != host {
		return resource{}, false
	}
	orn, ok := s.ornAt(u.Path, u.RawQuery)
	path, _ := s.pathOf(orn)
	return resource{orn: orn, path: path}, ok
}

// seedResources are the resources of a seed's set. What they name need not exist: a seed is not checked for it.
func (s *state) seedResources(names []string, setID string) []resource {
	var out []resource
	for i, text := range names {
		r, ok := s.resourceNamed(text, "")
		if !ok && strings.HasPrefix(text, "orn:") {
			r.orn = text
		} else if !ok {
			r.path = text
			if u, err := url.Parse(text); err == nil {
				r.path = u.RequestURI()
			}
		}
		r.id, r.seq, r.created = oktaID("ire", setID, strconv.Itoa(i+1)), i+1, epoch()
		out = append(out, r)
	}
	return out
}

// withResources returns the set with more resources. Okta documents the limit; that a resource it has is refused, and
// the words, are UNVERIFIED.
func (c *call) withResources(set resourceSet, names []string, field string) (resourceSet, *reply) {
	fail := func(cause string) (resourceSet, *reply) {
		r := invalid(field, cause)
		return resourceSet{}, &r
	}
	set.resources = slices.Clone(set.resources)
	for _, text := range names {
		r, ok := c.s.resourceNamed(text, c.r.Host)
		if !ok {
			return fail("Invalid resource: " + text)
		}
		if slices.ContainsFunc(set.resources, func(other resource) bool { return other.orn == r.orn }) {
			return fail("The resource is already in the resource set: " + text)
		}
		if len(set.resources) >= maxResources {
			return fail(fmt.Sprintf("A resource set can have at most %d resources", maxResources))
		}
		set.added++
		r.id, r.seq, r.created = oktaID("ire", set.id, strconv.Itoa(set.added)), set.added, c.now
		set.resources = append(set.resources, r)
	}
	return set, nil
}

// resourceBody has no _links where the resource has no REST URL (terraform-provider-okta #2224). A change of the set is
// one of each resource too, as recorded.
func (c *call) resourceBody(set resourceSet, r resource) obj {
	body := obj{"id": r.id, "created": stamp(r.created), "lastUpdated": stamp(later(later(r.created, r.updated), set.updated))}
	if r.orn != "" {
		body["orn"] = r.orn
	}
	if len(r.excluded) > 0 {
		body["conditions"] = obj{"Exclude": obj{"okta:ORN": r.excluded}}
	}
	if r.path == "" {
		return body
	}
	links := obj{"self": href(c.base + r.path), "resource": href(c.setURL(set.id) + "/resources/" + r.id)}
	switch r.path {
	case "/api/v1/users":
		links["users"] = href(c.base + r.path)
	case "/api/v1/groups":
		links["groups"] = href(c.base + r.path)
	}
	body["_links"] = links
	return body
}

// listResources has the next page in the body alone: its Link header names the list itself.
func (c *call) listResources() reply {
	set, bad := c.set()
	if bad != nil {
		return *bad
	}
	var items []listed
	for _, r := range set.resources {
		items = append(items, listed{r.seq, func() obj { return c.resourceBody(set, r) }})
	}
	self := c.setURL(set.id) + "/resources"
	return linked(c.bodyPage("resources", items, obj{"resource-set": href(c.setURL(set.id)), "self": href(self)}), self)
}

func (c *call) addResources() reply {
	set, bad := c.changeableSet()
	if bad != nil {
		return *bad
	}
	var body struct {
		Additions []string `json:"additions"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if len(body.Additions) == 0 {
		return invalid("additions", "The field cannot be left blank")
	}
	before := len(set.resources)
	set, bad = c.withResources(set, body.Additions, "additions")
	if bad != nil {
		return *bad
	}
	c.s.sets.put(set.id, 0, set)
	c.logSet("iam.resourceset.resources.add", "Add resources to resource set", set, set.resources[before:]...)
	return c.setReply(set)
}

// conditions are how a resource is narrowed: by what is left out of it.
type conditions struct {
	Exclude struct {
		ORNs []string `json:"okta:ORN"`
	} `json:"Exclude"`
}

// check refuses exclusions that are no ORNs of this org.
func (c *call) checkExcluded(orns []string) *reply {
	for _, orn := range orns {
		if _, ok := c.s.pathOf(orn); !ok {
			r := invalid("conditions", "Invalid resource: "+orn)
			return &r
		}
	}
	return nil
}

// createResource adds one resource with conditions, which Okta's document requires.
func (c *call) createResource() reply {
	set, bad := c.changeableSet()
	if bad != nil {
		return *bad
	}
	var body struct {
		Name       string      `json:"resourceOrnOrUrl"`
		Conditions *conditions `json:"conditions"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if body.Conditions == nil {
		return invalid("conditions", "The field cannot be left blank")
	}
	if bad := c.checkExcluded(body.Conditions.Exclude.ORNs); bad != nil {
		return *bad
	}
	set, bad = c.withResources(set, []string{body.Name}, "resourceOrnOrUrl")
	if bad != nil {
		return *bad
	}
	made := &set.resources[len(set.resources)-1] // of a slice that is not yet in the state
	made.excluded = body.Conditions.Exclude.ORNs
	c.s.sets.put(set.id, 0, set)
	c.logSet("iam.resourceset.resources.add", "Add resources to resource set", set, *made)
	return jsonReply(http.StatusOK, c.resourceBody(set, *made))
}

// resourceAt finds the resource of the path, and its place in the set.
func (c *call) resourceAt(set resourceSet) (int, *reply) {
	at := slices.IndexFunc(set.resources, func(r resource) bool { return r.id == c.vars["resource"] })
	if at < 0 {
		r := notFound(c.vars["resource"], "ResourceSetResource")
		return 0, &r
	}
	return at, nil
}

func (c *call) getResource() reply {
	set, bad := c.set()
	if bad != nil {
		return *bad
	}
	at, bad := c.resourceAt(set)
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.resourceBody(set, set.resources[at]))
}

// putResource replaces the conditions.
func (c *call) putResource() reply {
	set, bad := c.changeableSet()
	if bad != nil {
		return *bad
	}
	at, bad := c.resourceAt(set)
	if bad != nil {
		return *bad
	}
	var body struct {
		Conditions conditions `json:"conditions"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if bad := c.checkExcluded(body.Conditions.Exclude.ORNs); bad != nil {
		return *bad
	}
	set.resources = slices.Clone(set.resources)
	set.resources[at].excluded, set.resources[at].updated = body.Conditions.Exclude.ORNs, c.now
	c.s.sets.put(set.id, 0, set)
	c.logSet("iam.resourceset.resources.update", "Update resources of resource set", set, set.resources[at])
	return jsonReply(http.StatusOK, c.resourceBody(set, set.resources[at]))
}

// deleteResource leaves the times of the set as they are, as recorded.
func (c *call) deleteResource() reply {
	set, bad := c.changeableSet()
	if bad != nil {
		return *bad
	}
	at, bad := c.resourceAt(set)
	if bad != nil {
		return *bad
	}
	gone := set.resources[at]
	set.resources = slices.Delete(slices.Clone(set.resources), at, at+1)
	c.s.sets.put(set.id, 0, set)
	c.logSet("iam.resourceset.resources.delete", "Delete resources from resource set", set, gone)
	return noContent()
}
