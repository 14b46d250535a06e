// Profile schemas of users and of groups: /api/v1/meta/schemas. An org has one of each, and custom attributes are added
// to it. https://developer.okta.com/docs/api, "Schemas"

package oktaemu

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"
)

const (
	userSchema  = "user"
	groupSchema = "group"
)

func schemaRoutes() []route {
	const user, group = "/api/v1/meta/schemas/user/{schema}", "/api/v1/meta/schemas/group/default"
	const read, manage = "okta.schemas.read", "okta.schemas.manage"
	recording := recorded("TestAccResourceOktaUser_customProfileAttributes ids 0, 1")
	return []route{
		{get, user, readSchemas, read, nil, (*call).getUserSchema, recording},
		{post, user, writeSchemas, manage, nil, (*call).postUserSchema, recording},
		{get, group, readSchemas, read, nil, (*call).getGroupSchema, inSpec("getGroupSchema")},
		{post, group, writeSchemas, manage, nil, (*call).postGroupSchema, inSpec("updateGroupSchema")},
	}
}

// attribute is a property of a profile, as it is on the wire. The body is never changed in place.
type attribute struct {
	name string
	body obj
}

func (a attribute) text(key string) string { text, _ := a.body[key].(string); return text }
func (a attribute) required() bool         { yes, _ := a.body["required"].(bool); return yes }

// schema is what a profile may hold. Its slices are replaced, never changed in place.
type schema struct {
	base, custom []attribute
	changed      time.Time
}

// sameSchema tells whether both are the same, whose lists are replaced and never changed in place.
func sameSchema(a, b schema) bool {
	return sameSlice(a.base, b.base) && sameSlice(a.custom, b.custom) && a.changed.Equal(b.changed)
}

// attributes are all of them, the base ones first.
func (s schema) attributes() []attribute { return slices.Concat(s.base, s.custom) }

func (s schema) find(name string) (attribute, bool) {
	all := s.attributes()
	at := slices.IndexFunc(all, func(a attribute) bool { return a.name == name })
	if at < 0 {
		return attribute{}, false
	}
	return all[at], true
}

// schemaID is the id of the default user schema, which goes with the default user type.
func (s *state) schemaID() string { return oktaID("osc", s.orgID) }

func (c *call) getUserSchema() reply {
	if bad := c.knowSchema(); bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.userSchemaBody())
}

func (c *call) postUserSchema() reply {
	if bad := c.knowSchema(); bad != nil {
		return *bad
	}
	if bad := c.changeSchema(userSchema); bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.userSchemaBody())
}

func (c *call) knowSchema() *reply {
	if id := c.vars["schema"]; id != "default" && id != c.s.schemaID() {
		r := notFound(id, "Schema") // UNVERIFIED: what Okta calls it
		return &r
	}
	return nil
}

func (c *call) getGroupSchema() reply { return jsonReply(http.StatusOK, c.groupSchemaBody()) }

func (c *call) postGroupSchema() reply {
	if bad := c.changeSchema(groupSchema); bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.groupSchemaBody())
}

func (c *call) userSchemaBody() obj {
	return c.schemaBody(userSchema, "User", "Okta user profile template with default permission settings", obj{
		"self": obj{"rel": "self", "href": c.base + "/api/v1/meta/schemas/user/" + c.s.schemaID(), "method": get},
		"type": obj{"rel": "type", "href": c.userTypeURL(), "method": get},
	})
}

func (c *call) groupSchemaBody() obj {
	return c.schemaBody(groupSchema, "Okta group", "Okta group", obj{
		"self": obj{"rel": "self", "href": c.base + "/api/v1/meta/schemas/group/default", "method": get},
	})
}

func (c *call) schemaBody(kind, title, description string, links obj) obj {
	s := c.s.schemas[kind]
	ref := func(part string) obj { return obj{"$ref": "#/definitions/" + part} }
	return obj{
		"id": c.base + "/meta/schemas/" + kind + "/default", "$schema": "http://json-schema.org/draft-04/schema#",
		"name": kind, "title": title, "description": description, "type": "object",
		"created": stamp(c.s.created), "lastUpdated": stamp(s.changed), "_links": links,
		"definitions": obj{"custom": definition("#custom", s.custom), "base": definition("#base", s.base)},
		"properties":  obj{"profile": obj{"allOf": []obj{ref("custom"), ref("base")}}},
	}
}

func definition(id string, attributes []attribute) obj {
	properties, required := obj{}, []string{}
	for _, a := range attributes {
		properties[a.name] = a.body
		if a.required() {
			required = append(required, a.name)
		}
	}
	return obj{"id": id, "type": "object", "properties": properties, "required": required}
}

// changeSchema adds and changes the attributes that the body names; custom ones that are null in it are removed, and so
// are the values of them. Of base attributes what is named is changed.
func (c *call) changeSchema(kind string) *reply {
	var body struct {
		Definitions struct {
			Custom, Base struct {
				Properties map[string]obj `json:"properties"`
			}
		} `json:"definitions"`
	}
	if bad := c.read(&body); bad != nil {
		return bad
	}
	now := c.s.schemas[kind]
	changed := schema{base: slices.Clone(now.base), custom: slices.Clone(now.custom), changed: c.now}
	for _, name := range slices.Sorted(maps.Keys(body.Definitions.Custom.Properties)) {
		if bad := changed.put(name, body.Definitions.Custom.Properties[name]); bad != nil {
			return bad
		}
	}
	for i, a := range changed.base {
		if change, named := body.Definitions.Base.Properties[a.name]; named {
			merged := maps.Clone(a.body)
			maps.Copy(merged, change)
			changed.base[i].body = withoutFalse(merged)
		}
	}
	c.s.schemas[kind] = changed
	return nil
}

// put adds, replaces or (where the body is null) removes a custom attribute.
func (s *schema) put(name string, body obj) *reply {
	fail := func(r reply) *reply { return &r }
	if slices.ContainsFunc(s.base, func(a attribute) bool { return a.name == name }) {
		return fail(invalid(name, "An object with this field already exists in the current organization")) // UNVERIFIED wording
	}
	at := slices.IndexFunc(s.custom, func(a attribute) bool { return a.name == name })
	if body == nil {
		if at >= 0 {
			s.custom = slices.Delete(s.custom, at, at+1)
		}
		return nil
	}
	whole := obj{
		"mutability": "READ_WRITE", "scope": "NONE", "master": obj{"type": "PROFILE_MASTER"},
		"permissions": []obj{{"principal": "SELF", "action": "READ_ONLY"}},
	}
	if at >= 0 {
		whole = maps.Clone(s.custom[at].body)
	}
	maps.Copy(whole, body)
	a := attribute{name, withoutFalse(whole)}
	if !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`).MatchString(name) || a.text("type") == "" || a.text("title") == "" {
		return fail(invalid(name, "needs a type and a title, and a name of letters, digits and underscores")) // UNVERIFIED wording
	}
	if at >= 0 {
		s.custom[at] = a
	} else {
		s.custom = append(s.custom, a)
	}
	return nil
}

// withoutFalse leaves out what Okta does not write: nulls, and required where it is false, as recorded.
func withoutFalse(body obj) obj {
	maps.DeleteFunc(body, func(key string, value any) bool { return value == nil || key == "required" && value == false })
	return body
}
