package sdk

import (
	"slices"
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

// targeted is how the SDK narrows the standard roles of one kind of principal to groups or apps.
type targeted struct {
	prefix                    string
	appAdded                  int // the status of an app that becomes a target
	hold                      func(t *testing.T, w *world, kind string) (principal, role string)
	groups                    func(w *world, principal, role string) result[[]okta.Group]
	addGroup, dropGroup       func(w *world, principal, role, group string) result[int]
	apps                      func(w *world, principal, role string) result[[]okta.CatalogApplication]
	addApp, dropApp           func(w *world, principal, role, name string) result[int]
	addInstance, dropInstance func(w *world, principal, role, name, app string) result[int]
}

func targets() []call {
	return slices.Concat(targetsOfUsers(), targetCalls(userTargets()), targetCalls(groupTargets()), targetCalls(clientTargets()))
}

func userTargets() targeted {
	return targeted{
		prefix: " /api/v1/users/{id}/roles/{id}/targets/", appAdded: 204,
		hold: func(t *testing.T, w *world, kind string) (string, string) {
			user := w.user(t, service)
			return user, text(w.assign(t, user, `{"type":"`+kind+`"}`).StandardRole.Id)
		},
		groups: func(w *world, p, r string) result[[]okta.Group] {
			return from(w.RoleBTargetAdminAPI.ListGroupTargetsForRole(w.ctx, p, r).Execute())
		},
		addGroup: func(w *world, p, r, group string) result[int] {
			return done(w.RoleBTargetAdminAPI.AssignGroupTargetToUserRole(w.ctx, p, r, group).Execute())
		},
		dropGroup: func(w *world, p, r, group string) result[int] {
			return done(w.RoleBTargetAdminAPI.UnassignGroupTargetFromUserAdminRole(w.ctx, p, r, group).Execute())
		},
		apps: func(w *world, p, r string) result[[]okta.CatalogApplication] {
			return from(w.RoleBTargetAdminAPI.ListApplicationTargetsForApplicationAdministratorRoleForUser(w.ctx, p, r).Execute())
		},
		addApp: func(w *world, p, r, name string) result[int] {
			return done(w.RoleBTargetAdminAPI.AssignAppTargetToAdminRoleForUser(w.ctx, p, r, name).Execute())
		},
		dropApp: func(w *world, p, r, name string) result[int] {
			return done(w.RoleBTargetAdminAPI.UnassignAppTargetFromAppAdminRoleForUser(w.ctx, p, r, name).Execute())
		},
		addInstance: func(w *world, p, r, name, app string) result[int] {
			return done(w.RoleBTargetAdminAPI.AssignAppInstanceTargetToAppAdminRoleForUser(w.ctx, p, r, name, app).Execute())
		},
		dropInstance: func(w *world, p, r, name, app string) result[int] {
			return done(w.RoleBTargetAdminAPI.UnassignAppInstanceTargetFromAdminRoleForUser(w.ctx, p, r, name, app).Execute())
		},
	}
}

func groupTargets() targeted {
	return targeted{
		prefix: " /api/v1/groups/{id}/roles/{id}/targets/", appAdded: 200,
		hold: func(t *testing.T, w *world, kind string) (string, string) {
			group := w.group(t, "Helpers")
			return group, text(w.assignGroup(t, group, `{"type":"`+kind+`"}`).StandardRole.Id)
		},
		groups: func(w *world, p, r string) result[[]okta.Group] {
			return from(w.RoleBTargetBGroupAPI.ListGroupTargetsForGroupRole(w.ctx, p, r).Execute())
		},
		addGroup: func(w *world, p, r, group string) result[int] {
			return done(w.RoleBTargetBGroupAPI.AssignGroupTargetToGroupAdminRole(w.ctx, p, r, group).Execute())
		},
		dropGroup: func(w *world, p, r, group string) result[int] {
			return done(w.RoleBTargetBGroupAPI.UnassignGroupTargetFromGroupAdminRole(w.ctx, p, r, group).Execute())
		},
		apps: func(w *world, p, r string) result[[]okta.CatalogApplication] {
			return from(w.RoleBTargetBGroupAPI.ListApplicationTargetsForApplicationAdministratorRoleForGroup(w.ctx, p, r).Execute())
		},
		addApp: func(w *world, p, r, name string) result[int] {
			return done(w.RoleBTargetBGroupAPI.AssignAppTargetToAdminRoleForGroup(w.ctx, p, r, name).Execute())
		},
		dropApp: func(w *world, p, r, name string) result[int] {
			return done(w.RoleBTargetBGroupAPI.UnassignAppTargetToAdminRoleForGroup(w.ctx, p, r, name).Execute())
		},
		addInstance: func(w *world, p, r, name, app string) result[int] {
			return done(w.RoleBTargetBGroupAPI.AssignAppInstanceTargetToAppAdminRoleForGroup(w.ctx, p, r, name, app).Execute())
		},
		dropInstance: func(w *world, p, r, name, app string) result[int] {
			return done(w.RoleBTargetBGroupAPI.UnassignAppInstanceTargetToAppAdminRoleForGroup(w.ctx, p, r, name, app).Execute())
		},
	}
}

func clientTargets() targeted {
	return targeted{
		prefix: " /oauth2/v1/clients/{client}/roles/{id}/targets/", appAdded: 204,
		hold: func(t *testing.T, w *world, kind string) (string, string) {
			app := text(w.serviceApp(t, newKey(t), "false").Id)
			return app, text(w.assignClient(t, app, `{"type":"`+kind+`"}`).StandardRole.Id)
		},
		groups: func(w *world, p, r string) result[[]okta.Group] {
			return from(w.RoleBTargetClientAPI.ListGroupTargetRoleForClient(w.ctx, p, r).Execute())
		},
		addGroup: func(w *world, p, r, group string) result[int] {
			return done(w.RoleBTargetClientAPI.AssignGroupTargetRoleForClient(w.ctx, p, r, group).Execute())
		},
		dropGroup: func(w *world, p, r, group string) result[int] {
			return done(w.RoleBTargetClientAPI.RemoveGroupTargetRoleFromClient(w.ctx, p, r, group).Execute())
		},
		apps: func(w *world, p, r string) result[[]okta.CatalogApplication] {
			return from(w.RoleBTargetClientAPI.ListAppTargetRoleToClient(w.ctx, p, r).Execute())
		},
		addApp: func(w *world, p, r, name string) result[int] {
			return done(w.RoleBTargetClientAPI.AssignAppTargetRoleToClient(w.ctx, p, r, name).Execute())
		},
		dropApp: func(w *world, p, r, name string) result[int] {
			return done(w.RoleBTargetClientAPI.RemoveAppTargetRoleFromClient(w.ctx, p, r, name).Execute())
		},
		addInstance: func(w *world, p, r, name, app string) result[int] {
			return done(w.RoleBTargetClientAPI.AssignAppTargetInstanceRoleForClient(w.ctx, p, r, name, app).Execute())
		},
		dropInstance: func(w *world, p, r, name, app string) result[int] {
			return done(w.RoleBTargetClientAPI.RemoveAppTargetInstanceRoleForClient(w.ctx, p, r, name, app).Execute())
		},
	}
}

// groupNames and appNames read the targets back. An instance is named by its label.
func (of targeted) groupNames(t *testing.T, w *world, p, r string) []string {
	t.Helper()
	return names(of.groups(w, p, r).ok(t), groupName)
}

func (of targeted) appNames(t *testing.T, w *world, p, r string) []string {
	t.Helper()
	return names(of.apps(w, p, r).ok(t), func(a okta.CatalogApplication) string { return text(a.Name) + " " + text(a.DisplayName) })
}

// targetCalls are the calls for one kind of principal. The last target can never be removed.
func targetCalls(of targeted) []call {
	more := func(t *testing.T, w *world) string {
		t.Helper()
		return text(from(w.GroupAPI.AddGroup(w.ctx).Group(body[okta.AddGroupRequest](t, `{"profile":{"name":"More"}}`)).Execute()).ok(t).Id)
	}
	list := func(t *testing.T, what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s are %q, want %q", what, got, want)
		}
	}
	return []call{
		{"GET" + of.prefix + "groups", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "HELP_DESK_ADMIN")
			list(t, "targets", of.groupNames(t, w, p, r))
			of.addGroup(w, p, r, "00g0nothing").refused(t, 404, "E0000007")
		}},
		{"PUT" + of.prefix + "groups/{id}", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "HELP_DESK_ADMIN")
			same(t, "status", of.addGroup(w, p, r, w.group(t, "Helpers")).ok(t), 204)
			list(t, "targets", of.groupNames(t, w, p, r), "Helpers")
		}},
		{"DELETE" + of.prefix + "groups/{id}", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "HELP_DESK_ADMIN")
			of.addGroup(w, p, r, w.group(t, "Helpers")).ok(t)
			of.addGroup(w, p, r, more(t, w)).ok(t)
			same(t, "status", of.dropGroup(w, p, r, w.group(t, "Helpers")).ok(t), 204)
			list(t, "targets", of.groupNames(t, w, p, r), "More")
		}},
		{"GET" + of.prefix + "catalog/apps", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "APP_ADMIN")
			list(t, "targets", of.appNames(t, w, p, r))
			of.addInstance(w, p, r, "oidc_client", "0oa0nothing").refused(t, 404, "E0000007")
		}},
		{"PUT" + of.prefix + "catalog/apps/{name}", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "APP_ADMIN")
			same(t, "status", of.addApp(w, p, r, "oidc_client").ok(t), of.appAdded)
			list(t, "targets", of.appNames(t, w, p, r), "oidc_client OpenID Connect Client")
		}},
		{"DELETE" + of.prefix + "catalog/apps/{name}", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "APP_ADMIN")
			of.addApp(w, p, r, "oidc_client").ok(t)
			of.addApp(w, p, r, "facebook").ok(t)
			same(t, "status", of.dropApp(w, p, r, "oidc_client").ok(t), 204)
			list(t, "targets", of.appNames(t, w, p, r), "facebook Facebook")
		}},
		{"PUT" + of.prefix + "catalog/apps/{name}/{app}", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "APP_ADMIN")
			same(t, "status", of.addInstance(w, p, r, "oidc_client", w.reportsApp(t)).ok(t), 204)
			same(t, "instance", text(of.apps(w, p, r).ok(t)[0].Id), w.reportsApp(t))
		}},
		{"DELETE" + of.prefix + "catalog/apps/{name}/{app}", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "APP_ADMIN")
			of.addInstance(w, p, r, "oidc_client", w.reportsApp(t)).ok(t)
			of.addApp(w, p, r, "facebook").ok(t)
			same(t, "status", of.dropInstance(w, p, r, "oidc_client", w.reportsApp(t)).ok(t), 204)
			list(t, "targets", of.appNames(t, w, p, r), "facebook Facebook")
		}},
	}
}

// targetsOfUsers are the calls that users alone have.
func targetsOfUsers() []call {
	of := userTargets()
	return []call{
		{"GET /api/v1/users/{id}/roles/{id}/targets", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "HELP_DESK_ADMIN")
			of.addGroup(w, p, r, w.group(t, "Helpers")).ok(t)
			list := from(w.RoleBTargetAdminAPI.GetRoleTargetsByUserIdAndRoleId(w.ctx, p, r).Execute()).ok(t)
			same(t, "targets", len(list), 1)
			same(t, "assignment type", text(list[0].AssignmentType), "USER")
			same(t, "target", list[0].Links.Self.Href, base+"/api/v1/groups/"+w.group(t, "Helpers"))
		}},
		{"PUT /api/v1/users/{id}/roles/{id}/targets/catalog/apps", false, func(t *testing.T, w *world) {
			p, r := of.hold(t, w, "APP_ADMIN")
			of.addApp(w, p, r, "oidc_client").ok(t)
			done(w.RoleBTargetAdminAPI.AssignAllAppsAsTargetToRoleForUser(w.ctx, p, r).Execute()).ok(t)
			same(t, "targets", len(of.apps(w, p, r).ok(t)), 0)
		}},
	}
}
