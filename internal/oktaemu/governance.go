// Governance of admin roles, for an org that has not opted in to it: nothing is there. Okta documents the routes; what
// it answers for such an org is UNVERIFIED. https://developer.okta.com/docs/api, "Governance bundles"

package oktaemu

import "net/http"

func governanceRoutes() []route {
	const bundles, read = "/api/v1/iam/governance/bundles", "okta.roles.read"
	return []route{
		{get, bundles, readRoles, read, []string{"limit", "after"}, (*call).listBundles, unverified("an empty list without opting in")},
		{get, bundles + "/{bundle}", readRoles, read, nil, (*call).getBundle, unverified("the type that the 404 names")},
		{get, "/api/v1/iam/governance/optIn", readRoles, read, nil, (*call).getOptIn, inSpec("getOptInStatus")},
		{get, userRoot + "/roles/{assignment}/governance", readRoles, read, nil, (*call).getRoleGovernance, unverified("an empty list without opting in")},
		{get, userRoot + "/roles/{assignment}/governance/{grant}", readRoles, read, nil, (*call).getRoleGrant, unverified("the type that the 404 names")},
	}
}

func (c *call) listBundles() reply {
	return c.bodyPage("bundles", nil, obj{"self": href(c.base + "/api/v1/iam/governance/bundles")})
}

func (c *call) getBundle() reply { return notFound(c.vars["bundle"], "GovernanceBundle") }

func (c *call) getOptIn() reply {
	links := obj{"optInStatus": href(c.base + "/api/v1/iam/governance/optIn")}
	return jsonReply(http.StatusOK, obj{"optInStatus": "OPTED_OUT", "_links": links})
}

// getRoleGovernance lists where a role comes from besides its own assignment.
func (c *call) getRoleGovernance() reply {
	p, h, bad := c.holdingOfPath()
	if bad != nil {
		return *bad
	}
	user := c.principalURL(p)
	links := obj{"self": href(user + "/roles/" + h.id + "/governance"), "assignee": href(user)}
	return jsonReply(http.StatusOK, obj{"grants": []obj{}, "_links": links})
}

func (c *call) getRoleGrant() reply {
	if _, _, bad := c.holdingOfPath(); bad != nil {
		return *bad
	}
	return notFound(c.vars["grant"], "RoleGovernanceGrant")
}
