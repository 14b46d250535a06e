// The Okta scopes that an app can be granted.

package oktaemu

import "strings"

// oktaScopes are those of the security schemes in Okta's OpenAPI documents: the Management API's 2026 document and, for
// okta.clients, that of the OAuth API.
const oktaScopes = `agentPools.manage agentPools.read apiTokens.manage apiTokens.read appGrants.manage appGrants.read
apps.interclientTrust.manage apps.interclientTrust.read apps.manage apps.read authenticators.manage authenticators.manage.self
authenticators.read authorizationServers.manage authorizationServers.read behaviors.manage behaviors.read botProtection.manage
botProtection.read brands.manage brands.read captchas.manage captchas.read clients.manage clients.read clients.register
customTelephonyProvider.manage customTelephonyProvider.read deviceAssurance.manage deviceAssurance.read
deviceIntegrations.manage deviceIntegrations.read devicePostureChecks.manage devicePostureChecks.read devices.manage
devices.read directories.groups.manage directories.groups.read domains.manage domains.read dr.manage dr.read
emailDomains.manage emailDomains.read emailServers.manage emailServers.read eventHooks.manage eventHooks.read features.manage
features.read governance.accessRequests.manage governance.accessRequests.read governance.entitlements.manage
governance.entitlements.read groups.manage groups.read identitySources.manage identitySources.read idps.manage idps.read
inlineHooks.manage inlineHooks.read linkedObjects.manage linkedObjects.read logStreams.manage logStreams.read logs.read
manifests.manage manifests.read networkZones.manage networkZones.read oauthIntegrations.manage oauthIntegrations.read
operations.read orgs.manage orgs.read personal.adminSettings.manage personal.adminSettings.read policies.manage policies.read
principalRateLimits.manage principalRateLimits.read privilegedResources.manage privilegedResources.read
profileMappings.manage profileMappings.read pushProviders.manage pushProviders.read rateLimits.manage rateLimits.read
realmAssignments.manage realmAssignments.read realms.manage realms.read riskEvents.manage riskProviders.manage
riskProviders.read roles.manage roles.read schemas.manage schemas.read securityEventsProviders.manage
securityEventsProviders.read serviceAccounts.manage serviceAccounts.okta.manage serviceAccounts.okta.read
serviceAccounts.read sessions.manage sessions.read templates.manage templates.read threatInsights.manage threatInsights.read
trustedOrigins.manage trustedOrigins.read uischemas.manage uischemas.read userRisk.manage userRisk.read userTypes.manage
userTypes.read users.manage users.manage.self users.read users.read.self`

// Scopes returns every Okta scope that the emulator knows, such as okta.roles.read.
func Scopes() []string {
	out := strings.Fields(oktaScopes)
	for i := range out {
		out[i] = "okta." + out[i]
	}
	return out
}
