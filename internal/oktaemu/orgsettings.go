// The org itself and its settings.

package oktaemu

import (
	"net/http"
)

func orgRoutes() []route {
	const org, read, manage = "/api/v1/org", "okta.orgs.read", "okta.orgs.manage"
	const autoAssign, privileges = org + "/settings/autoAssignAdminAppSetting", org + "/settings/clientPrivilegesSetting"
	const thirdParty = org + "/orgSettings/thirdPartyAdminSetting"
	return []route{
		{get, "/.well-known/okta-organization", nobody, "", nil, (*call).organization, recorded("TestAccResourceOktaAppOauth_basic/oie-00 id 2")},
		{get, "/.well-known/oauth-authorization-server", nobody, "", []string{"client_id"}, (*call).authorizationServer, documented("okta-oauth, getWellKnownOAuthConfiguration")},
		{get, "/oauth2/v1/keys", nobody, "", []string{"client_id"}, (*call).serverKeys, documented("okta-oauth, oauthKeys")},
		{get, org, readOrg, read, nil, (*call).getOrg, inSpec("getOrgSettings")},
		{get, autoAssign, readOrg, read, nil, (*call).autoAssign, inSpec("getAutoAssignAdminAppSetting")},
		{post, autoAssign, onlySuper, manage, nil, (*call).autoAssign, inSpec("updateAutoAssignAdminAppSetting")},
		{get, privileges, readOrg, read, nil, (*call).clientPrivileges, inSpec("getClientPrivilegesSetting")},
		{put, privileges, onlySuper, manage, nil, (*call).clientPrivileges, inSpec("assignClientPrivilegesSetting")},
		{get, thirdParty, readOrg, read, nil, (*call).thirdParty, inSpec("getThirdPartyAdminSetting")},
		{post, thirdParty, onlySuper, manage, nil, (*call).thirdParty, inSpec("updateThirdPartyAdminSetting")},
		{get, "/integrations/api/v1/api-services", readApps, "okta.oauthIntegrations.read", []string{"after"}, (*call).listAPIServices, inSpec("listApiServiceIntegrationInstances")},
		{get, "/api/v1/principal-rate-limits", readOrg, "okta.principalRateLimits.read", []string{"filter", "after", "limit"}, (*call).listNone, unverified("an org has none of its own")},
	}
}

// settings are those of the org that have routes. The zero value is that of a new org.
type settings struct{ autoAssign, clientPrivileges, thirdParty bool }

// organization needs no token.
func (c *call) organization() reply {
	return jsonReply(http.StatusOK, obj{
		"id": c.s.orgID, "cell": "emu1", "pipeline": "idx",
		"settings": obj{
			"analyticsCollectionEnabled": false, "bugReportingEnabled": true, "omEnabled": false, "pssoEnabled": false,
			"desktopMFAEnabled": false, "itpEnabled": false,
		},
		"_links": obj{"organization": href(c.base)},
	})
}

// getOrg gives an org without an address.
func (c *call) getOrg() reply {
	org := c.base + "/api/v1/org"
	return jsonReply(http.StatusOK, obj{
		"id": c.s.orgID, "companyName": c.s.company, "subdomain": c.s.subdomain, "status": active,
		"created": stamp(c.s.created), "lastUpdated": stamp(c.s.created), "expiresAt": nil,
		"address1": nil, "address2": nil, "city": nil, "state": nil, "country": nil, "postalCode": nil, "phoneNumber": nil,
		"supportPhoneNumber": nil, "website": nil, "endUserSupportHelpURL": nil,
		"_links": obj{
			"uploadLogo": href(org + "/logo"), "contacts": href(org + "/contacts"), "preferences": href(org + "/preferences"),
			"oktaCommunication": href(org + "/privacy/oktaCommunication"), "oktaSupport": href(org + "/privacy/oktaSupport"), "logo": nil,
		},
	})
}

// authorizationServer describes the org's authorization server as far as the emulator has it.
func (c *call) authorizationServer() reply {
	return jsonReply(http.StatusOK, obj{
		"issuer": c.base, "authorization_endpoint": c.base + "/oauth2/v1/authorize", "token_endpoint": c.base + tokenPath,
		"registration_endpoint": c.base + "/oauth2/v1/clients", "jwks_uri": c.base + "/oauth2/v1/keys",
		"grant_types_supported": []string{"client_credentials"}, "response_types_supported": []string{"token"},
		"token_endpoint_auth_methods_supported": []string{privateKeyJWT}, "scopes_supported": Scopes(),
		"dpop_signing_alg_values_supported": signingAlgorithms(),
	})
}

// serverKeys has no key: the tokens of the org's own authorization server are not for others to check.
func (c *call) serverKeys() reply { return jsonReply(http.StatusOK, obj{"keys": []obj{}}) }

// listNone answers for what an org does not have here.
func (c *call) listNone() reply { return jsonReply(http.StatusOK, []obj{}) }

// setting answers with a setting, after the body changed it where it may. Okta's list of event types has
// iam.policy.configuration.update, but nothing says that the other two settings make one, so they are not in the log.
func (c *call) setting(name, message string, value *bool) reply {
	if c.r.Method != http.MethodGet {
		given, bad := c.readObject()
		if bad != nil {
			return *bad
		}
		wanted, ok := given[name].(bool)
		if !ok {
			return invalid(name, "The field must be true or false.") // UNVERIFIED text
		}
		*value = wanted
		kinds := map[string]string{"thirdPartyAdmin": "iam.policy.assignee_configuration.update"}
		if kind, logged := kinds[name]; logged {
			c.s.log(c.author(), c.now, event{kind: kind, message: message, targets: []party{{id: c.s.orgID, kind: "Org", alternateID: "unknown", name: c.s.company}}})
		}
	}
	return jsonReply(http.StatusOK, obj{name: *value})
}

func (c *call) autoAssign() reply {
	return c.setting("autoAssignAdminAppSetting", "", &c.s.settings.autoAssign)
}

func (c *call) clientPrivileges() reply {
	return c.setting("clientPrivilegesSetting", "", &c.s.settings.clientPrivileges)
}

func (c *call) thirdParty() reply {
	return c.setting("thirdPartyAdmin", "Update third-party admin setting", &c.s.settings.thirdParty)
}
