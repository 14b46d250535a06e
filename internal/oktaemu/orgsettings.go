// The org itself and its settings.

package oktaemu

import "net/http"

func orgRoutes() []route {
	return []route{
		{get, "/.well-known/okta-organization", nobody, "", nil, (*call).organization, evidence{}},
		{get, "/api/v1/org", readOrg, "okta.orgs.read", nil, (*call).getOrg, evidence{}},
	}
}

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
