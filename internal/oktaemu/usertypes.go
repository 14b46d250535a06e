// User types: /api/v1/meta/types/user. The emulated org has the default one. https://developer.okta.com/docs/api,
// "User Types"

package oktaemu

import "net/http"

func userTypeRoutes() []route {
	recording := recorded("TestAccDataSourceOktaUserType_read ids 1, 3")
	return []route{
		{get, "/api/v1/meta/types/user", readSchemas, "okta.userTypes.read", nil, (*call).listUserTypes, recording},
		{get, "/api/v1/meta/types/user/{type}", readSchemas, "okta.userTypes.read", nil, (*call).getUserType, recording},
	}
}

// typeID is the id of the default user type.
func (s *state) typeID() string { return oktaID("oty", s.orgID) }

func (c *call) userTypeURL() string { return c.base + "/api/v1/meta/types/user/" + c.s.typeID() }

func (c *call) userTypeBody() obj {
	creator := oktaID("spr", c.s.orgID)
	return obj{
		"id": c.s.typeID(), "name": "user", "displayName": "User", "default": true,
		"description": "Okta user profile template with default permission settings",
		"createdBy":   creator, "lastUpdatedBy": creator, "created": stamp(c.s.created), "lastUpdated": stamp(c.s.created),
		"_links": obj{
			"schema": obj{"rel": "schema", "href": c.base + "/api/v1/meta/schemas/user/" + c.s.schemaID(), "method": get},
			"self":   obj{"rel": "self", "href": c.userTypeURL(), "method": get},
		},
	}
}

func (c *call) listUserTypes() reply { return jsonReply(http.StatusOK, []obj{c.userTypeBody()}) }

func (c *call) getUserType() reply {
	if id := c.vars["type"]; id != "default" && id != c.s.typeID() {
		return notFound(id, "UserType") // UNVERIFIED: what Okta calls it
	}
	return jsonReply(http.StatusOK, c.userTypeBody())
}
