package sdk

import (
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

// reportsApp is the id of the app that the org has from the start.
func (w *world) reportsApp(t *testing.T) string {
	t.Helper()
	return text(one(t, w.apps(t), "Reports app", appLabel).OpenIdConnectApplication.Id)
}

// helped assigns the group Helpers to the app.
func (w *world) helped(t *testing.T) (app, group string) {
	t.Helper()
	app, group = w.reportsApp(t), w.group(t, "Helpers")
	got := from(w.ApplicationGroupsAPI.AssignGroupToApplication(w.ctx, app, group).ApplicationGroupAssignment(okta.ApplicationGroupAssignment{}).Execute()).ok(t)
	same(t, "id", text(got.Id), group)
	same(t, "priority", text(got.Priority), 0)
	return app, group
}

// served assigns the service account to the app.
func (w *world) served(t *testing.T) (app, user string) {
	t.Helper()
	app, user = w.reportsApp(t), w.user(t, service)
	got := from(w.ApplicationUsersAPI.AssignUserToApplication(w.ctx, app).AppUser(okta.AppUserAssignRequest{Id: &user}).Execute()).ok(t)
	same(t, "id", text(got.Id), user)
	same(t, "scope", text(got.Scope), "USER")
	return app, user
}

func appAssignments() []call {
	const groups, users = "/api/v1/apps/{app}/groups", "/api/v1/apps/{app}/users"
	return []call{
		{"PUT " + groups + "/{group}", false, func(t *testing.T, w *world) { w.helped(t) }},
		{"GET " + groups, false, func(t *testing.T, w *world) {
			app, group := w.helped(t)
			list := from(w.ApplicationGroupsAPI.ListApplicationGroupAssignments(w.ctx, app).Execute()).ok(t)
			has(t, "groups", names(list, func(g okta.ApplicationGroupAssignment) string { return text(g.Id) }), group)
		}},
		{"GET " + groups + "/{group}", false, func(t *testing.T, w *world) {
			app, group := w.helped(t)
			same(t, "id", text(from(w.ApplicationGroupsAPI.GetApplicationGroupAssignment(w.ctx, app, group).Execute()).ok(t).Id), group)
		}},
		{"DELETE " + groups + "/{group}", false, func(t *testing.T, w *world) {
			app, group := w.helped(t)
			same(t, "status", done(w.ApplicationGroupsAPI.UnassignApplicationFromGroup(w.ctx, app, group).Execute()).ok(t), 204)
			from(w.ApplicationGroupsAPI.GetApplicationGroupAssignment(w.ctx, app, group).Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/groups/{group}/apps", false, func(t *testing.T, w *world) {
			_, group := w.helped(t)
			has(t, "apps", names(from(w.GroupAPI.ListAssignedApplicationsForGroup(w.ctx, group).Execute()).ok(t), appLabel), "Reports app")
		}},
		{"POST " + users, false, func(t *testing.T, w *world) { w.served(t) }},
		{"GET " + users, false, func(t *testing.T, w *world) {
			app, user := w.served(t)
			list := from(w.ApplicationUsersAPI.ListApplicationUsers(w.ctx, app).Execute()).ok(t)
			has(t, "users", names(list, func(u okta.AppUser) string { return text(u.Id) }), user)
		}},
		{"GET " + users + "/{user}", false, func(t *testing.T, w *world) {
			app, user := w.served(t)
			got := from(w.ApplicationUsersAPI.GetApplicationUser(w.ctx, app, user).Execute()).ok(t)
			same(t, "name", text(got.Credentials.UserName), service)
		}},
		{"DELETE " + users + "/{user}", false, func(t *testing.T, w *world) {
			app, user := w.served(t)
			same(t, "status", done(w.ApplicationUsersAPI.UnassignUserFromApplication(w.ctx, app, user).Execute()).ok(t), 204)
			from(w.ApplicationUsersAPI.GetApplicationUser(w.ctx, app, user).Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/users/{user}/appLinks", false, func(t *testing.T, w *world) {
			app, user := w.served(t)
			list := from(w.UserResourcesAPI.ListAppLinks(w.ctx, user).Execute()).ok(t)
			has(t, "apps", names(list, func(l okta.AssignedAppLink) string { return text(l.AppInstanceId) }), app)
		}},
	}
}

// rule makes a rule for a group of its own.
func (w *world) rule(t *testing.T) string {
	t.Helper()
	group := from(w.GroupAPI.AddGroup(w.ctx).Group(body[okta.AddGroupRequest](t, `{"profile":{"name":"Andys"}}`)).Execute()).ok(t)
	in := body[okta.CreateGroupRuleRequest](t, `{"name":"andy","type":"group_rule","actions":{"assignUserToGroups":{"groupIds":["`+text(group.Id)+`"]}},
		"conditions":{"expression":{"type":"urn:okta:expression:1.0","value":"user.firstName==\"andy\""},"people":{"users":{"exclude":[]}}}}`)
	made := from(w.GroupRuleAPI.CreateGroupRule(w.ctx).GroupRule(in).Execute()).ok(t)
	same(t, "status", text(made.Status), "INACTIVE")
	return text(made.Id)
}

func (w *world) ruleIs(t *testing.T, id, want string) {
	t.Helper()
	same(t, "status", text(from(w.GroupRuleAPI.GetGroupRule(w.ctx, id).Execute()).ok(t).Status), want)
}

func groupRules() []call {
	const one = "/api/v1/groups/rules/{rule}"
	return []call{
		{"POST /api/v1/groups/rules", false, func(t *testing.T, w *world) { w.rule(t) }},
		{"GET /api/v1/groups/rules", false, func(t *testing.T, w *world) {
			w.rule(t)
			has(t, "rules", names(from(w.GroupRuleAPI.ListGroupRules(w.ctx).Execute()).ok(t), func(r okta.GroupRule) string { return text(r.Name) }), "andy")
		}},
		{"GET " + one, false, func(t *testing.T, w *world) { w.ruleIs(t, w.rule(t), "INACTIVE") }},
		{"POST " + one + "/lifecycle/activate", false, func(t *testing.T, w *world) {
			id := w.rule(t)
			same(t, "status", done(w.GroupRuleAPI.ActivateGroupRule(w.ctx, id).Execute()).ok(t), 204)
			w.ruleIs(t, id, "ACTIVE")
		}},
		{"POST " + one + "/lifecycle/deactivate", false, func(t *testing.T, w *world) {
			id := w.rule(t)
			done(w.GroupRuleAPI.ActivateGroupRule(w.ctx, id).Execute()).ok(t)
			same(t, "status", done(w.GroupRuleAPI.DeactivateGroupRule(w.ctx, id).Execute()).ok(t), 204)
			w.ruleIs(t, id, "INACTIVE")
		}},
		{"PUT " + one, false, func(t *testing.T, w *world) {
			id := w.rule(t)
			r := from(w.GroupRuleAPI.GetGroupRule(w.ctx, id).Execute()).ok(t)
			r.SetName("bob")
			same(t, "name", text(from(w.GroupRuleAPI.ReplaceGroupRule(w.ctx, id).GroupRule(*r).Execute()).ok(t).Name), "bob")
		}},
		{"DELETE " + one, false, func(t *testing.T, w *world) {
			id := w.rule(t)
			same(t, "status", done(w.GroupRuleAPI.DeleteGroupRule(w.ctx, id).Execute()).ok(t), 202)
			from(w.GroupRuleAPI.GetGroupRule(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},
	}
}
