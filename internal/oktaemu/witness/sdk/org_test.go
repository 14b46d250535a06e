package sdk

import (
	"testing"
	"time"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

func tokenName(k okta.ApiToken) string { return k.Name }

func (w *world) token(t *testing.T, name string) okta.ApiToken {
	t.Helper()
	return one(t, from(w.ApiTokenAPI.ListApiTokens(w.ctx).Execute()).ok(t), name, tokenName)
}

func tokensAndOrg() []call {
	return []call{
		{"GET /api/v1/api-tokens", false, func(t *testing.T, w *world) {
			k := w.token(t, "reports")
			same(t, "owner", text(k.UserId), w.user(t, service))
			same(t, "client", text(k.ClientName), "Okta API")
			same(t, "window", text(k.TokenWindow), "P30D")
			same(t, "connection", text(k.Network.Connection), "ANYWHERE")
			if k.ExpiresAt == nil || k.ExpiresAt.Before(time.Now()) {
				t.Errorf("expires at %v", k.ExpiresAt)
			}
		}},
		{"GET /api/v1/api-tokens/{token}", false, func(t *testing.T, w *world) {
			k := from(w.ApiTokenAPI.GetApiToken(w.ctx, text(w.token(t, "reports").Id)).Execute()).ok(t)
			same(t, "name", k.Name, "reports")
		}},
		{"PUT /api/v1/api-tokens/{token}", false, func(t *testing.T, w *world) {
			k := w.token(t, "reports")
			zone := zoneID(w.zone(t))
			k2 := from(w.ApiTokenAPI.UpsertApiToken(w.ctx, text(k.Id)).ApiTokenUpdate(okta.ApiTokenUpdate{
				Name: &k.Name, UserId: k.UserId, ClientName: k.ClientName, Created: k.Created,
				Network: &okta.ApiTokenNetwork{Connection: okta.PtrString("ZONE"), Include: []string{zone}},
			}).Execute()).ok(t)
			same(t, "connection", text(k2.Network.Connection), "ZONE")
			has(t, "zones", k2.Network.Include, zone)
		}},
		{"DELETE /api/v1/api-tokens/{token}", false, func(t *testing.T, w *world) {
			id := text(w.token(t, "reports").Id)
			same(t, "status", done(w.ApiTokenAPI.RevokeApiToken(w.ctx, id).Execute()).ok(t), 204)
			from(w.ApiTokenAPI.GetApiToken(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},
		{"DELETE /api/v1/api-tokens/current", false, func(t *testing.T, w *world) {
			same(t, "status", done(w.ApiTokenAPI.RevokeCurrentApiToken(w.ctx).Execute()).ok(t), 204)
			from(w.UserAPI.GetUser(w.ctx, "me").Execute()).refused(t, 401, "E0000011")
		}},

		{"GET /api/v1/org", false, func(t *testing.T, w *world) {
			o := from(w.OrgSettingGeneralAPI.GetOrgSettings(w.ctx).Execute()).ok(t)
			same(t, "company", text(o.CompanyName), "Acme")
			same(t, "subdomain", text(o.Subdomain), "acme")
			m := from(w.OrgSettingMetadataAPI.GetWellknownOrgMetadata(w.ctx).Execute()).ok(t)
			same(t, "id", text(m.Id), text(o.Id))
		}},
		{"GET /api/v1/org/settings/autoAssignAdminAppSetting", false, func(t *testing.T, w *world) {
			same(t, "setting", text(from(w.OrgSettingAdminAPI.GetAutoAssignAdminAppSetting(w.ctx).Execute()).ok(t).AutoAssignAdminAppSetting), false)
		}},
		{"POST /api/v1/org/settings/autoAssignAdminAppSetting", false, func(t *testing.T, w *world) {
			from(w.OrgSettingAdminAPI.UpdateAutoAssignAdminAppSetting(w.ctx).AutoAssignAdminAppSetting(okta.AutoAssignAdminAppSetting{AutoAssignAdminAppSetting: okta.PtrBool(true)}).Execute()).ok(t)
			same(t, "setting", text(from(w.OrgSettingAdminAPI.GetAutoAssignAdminAppSetting(w.ctx).Execute()).ok(t).AutoAssignAdminAppSetting), true)
		}},
		{"GET /api/v1/org/settings/clientPrivilegesSetting", false, func(t *testing.T, w *world) {
			same(t, "setting", text(from(w.OrgSettingAdminAPI.GetClientPrivilegesSetting(w.ctx).Execute()).ok(t).ClientPrivilegesSetting), false)
		}},
		{"PUT /api/v1/org/settings/clientPrivilegesSetting", false, func(t *testing.T, w *world) {
			from(w.OrgSettingAdminAPI.AssignClientPrivilegesSetting(w.ctx).ClientPrivilegesSetting(okta.ClientPrivilegesSetting{ClientPrivilegesSetting: okta.PtrBool(true)}).Execute()).ok(t)
			same(t, "setting", text(from(w.OrgSettingAdminAPI.GetClientPrivilegesSetting(w.ctx).Execute()).ok(t).ClientPrivilegesSetting), true)
		}},
		{"GET /api/v1/org/orgSettings/thirdPartyAdminSetting", false, func(t *testing.T, w *world) {
			same(t, "setting", text(from(w.OrgSettingAdminAPI.GetThirdPartyAdminSetting(w.ctx).Execute()).ok(t).ThirdPartyAdmin), false)
		}},
		{"POST /api/v1/org/orgSettings/thirdPartyAdminSetting", false, func(t *testing.T, w *world) {
			from(w.OrgSettingAdminAPI.UpdateThirdPartyAdminSetting(w.ctx).ThirdPartyAdminSetting(okta.ThirdPartyAdminSetting{ThirdPartyAdmin: okta.PtrBool(true)}).Execute()).ok(t)
			same(t, "setting", text(from(w.OrgSettingAdminAPI.GetThirdPartyAdminSetting(w.ctx).Execute()).ok(t).ThirdPartyAdmin), true)
		}},
		{"GET /integrations/api/v1/api-services", false, func(t *testing.T, w *world) {
			same(t, "services", len(from(w.ApiServiceIntegrationsAPI.ListApiServiceIntegrationInstances(w.ctx).Execute()).ok(t)), 0)
		}},
		{"GET /api/v1/principal-rate-limits", false, func(t *testing.T, w *world) {
			list := from(w.PrincipalRateLimitAPI.ListPrincipalRateLimitEntities(w.ctx).Filter(`principalType eq "SSWS_TOKEN"`).Execute()).ok(t)
			same(t, "limits", len(list), 0)
		}},
		{"GET /.well-known/okta-organization", false, func(t *testing.T, w *world) {
			m := from(w.OrgSettingMetadataAPI.GetWellknownOrgMetadata(w.ctx).Execute()).ok(t)
			same(t, "pipeline", text(m.Pipeline), "idx")
		}},

		{"GET /api/v1/logs", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			w.assign(t, id, `{"type":"READ_ONLY_ADMIN"}`)
			events := from(w.SystemLogAPI.ListLogEvents(w.ctx).Since(time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)).
				Filter(`eventType eq "user.account.privilege.grant"`).Execute()).ok(t)
			same(t, "events", len(events), 1)
			same(t, "actor", text(events[0].Actor.AlternateId), admin)
			targets := names(events[0].Target, func(p okta.LogTarget) string { return text(p.Id) })
			has(t, "targets", targets, id)
			same(t, "outcome", text(events[0].Outcome.Result), "SUCCESS")
		}},
	}
}

func zoneName(z okta.ListNetworkZones200ResponseInner) string {
	if z.IPNetworkZone == nil {
		return ""
	}
	return z.IPNetworkZone.Name
}

func zoneID(z okta.ListNetworkZones200ResponseInner) string { return text(z.IPNetworkZone.Id) }

func (w *world) zone(t *testing.T) okta.ListNetworkZones200ResponseInner {
	t.Helper()
	return one(t, from(w.NetworkZoneAPI.ListNetworkZones(w.ctx).Execute()).ok(t), "Office", zoneName)
}

func zones() []call {
	const other = `{"type":"IP","name":"Branch","status":"ACTIVE","usage":"POLICY","gateways":[{"type":"CIDR","value":"198.51.100.0/24"}]}`
	return []call{
		{"GET /api/v1/zones", false, func(t *testing.T, w *world) {
			z := w.zone(t).IPNetworkZone
			same(t, "type", z.Type, "IP")
			same(t, "status", text(z.Status), "ACTIVE")
			same(t, "gateway", text(z.Gateways[0].Value), "192.0.2.0/24")
		}},
		{"GET /api/v1/zones/{zone}", false, func(t *testing.T, w *world) {
			id := zoneID(w.zone(t))
			z := from(w.NetworkZoneAPI.GetNetworkZone(w.ctx, id).Execute()).ok(t)
			same(t, "name", zoneName(*z), "Office")
		}},
		{"POST /api/v1/zones", false, func(t *testing.T, w *world) {
			z := from(w.NetworkZoneAPI.CreateNetworkZone(w.ctx).Zone(body[okta.ListNetworkZones200ResponseInner](t, other)).Execute()).ok(t)
			same(t, "name", zoneName(*z), "Branch")
		}},
		{"PUT /api/v1/zones/{zone}", false, func(t *testing.T, w *world) {
			z := from(w.NetworkZoneAPI.ReplaceNetworkZone(w.ctx, zoneID(w.zone(t))).Zone(body[okta.ListNetworkZones200ResponseInner](t, other)).Execute()).ok(t)
			same(t, "name", zoneName(*z), "Branch")
			same(t, "gateway", text(z.IPNetworkZone.Gateways[0].Value), "198.51.100.0/24")
		}},
		{"POST /api/v1/zones/{zone}/lifecycle/deactivate", false, func(t *testing.T, w *world) {
			z := from(w.NetworkZoneAPI.DeactivateNetworkZone(w.ctx, zoneID(w.zone(t))).Execute()).ok(t)
			same(t, "status", text(z.IPNetworkZone.Status), "INACTIVE")
		}},
		{"POST /api/v1/zones/{zone}/lifecycle/activate", false, func(t *testing.T, w *world) {
			id := zoneID(w.zone(t))
			from(w.NetworkZoneAPI.DeactivateNetworkZone(w.ctx, id).Execute()).ok(t)
			z := from(w.NetworkZoneAPI.ActivateNetworkZone(w.ctx, id).Execute()).ok(t)
			same(t, "status", text(z.IPNetworkZone.Status), "ACTIVE")
		}},
		{"DELETE /api/v1/zones/{zone}", false, func(t *testing.T, w *world) {
			id := zoneID(w.zone(t))
			from(w.NetworkZoneAPI.DeactivateNetworkZone(w.ctx, id).Execute()).ok(t)
			same(t, "status", done(w.NetworkZoneAPI.DeleteNetworkZone(w.ctx, id).Execute()).ok(t), 204)
			from(w.NetworkZoneAPI.GetNetworkZone(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},
	}
}
