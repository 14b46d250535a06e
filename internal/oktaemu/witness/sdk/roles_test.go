package sdk

import (
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

type assigned = okta.ListGroupAssignedRoles200ResponseInner

func kindOf(r assigned) string {
	if r.CustomRole != nil {
		return r.CustomRole.Type
	}
	if r.StandardRole != nil {
		return r.StandardRole.Type
	}
	return "" // what the SDK makes of a type that it does not know
}

func (w *world) assign(t *testing.T, userID, text string) *okta.AssignRoleToUser201Response {
	t.Helper()
	return from(w.RoleAssignmentAUserAPI.AssignRoleToUser(w.ctx, userID).AssignRoleRequest(body[okta.AssignRoleToUserRequest](t, text)).Execute()).ok(t)
}

func (w *world) custom(t *testing.T) string {
	t.Helper()
	return `{"type":"CUSTOM","role":"` + w.customRole(t) + `","resource-set":"` + w.set(t) + `"}`
}

func assignments() []call {
	return []call{
		{"GET /api/v1/users/{id}/roles", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			w.assign(t, id, `{"type":"READ_ONLY_ADMIN"}`)
			w.assign(t, id, w.custom(t))
			roles := from(w.RoleAssignmentAUserAPI.ListAssignedRolesForUser(w.ctx, id).Execute()).ok(t)
			standard := one(t, roles, "READ_ONLY_ADMIN", kindOf).StandardRole
			same(t, "label", text(standard.Label), "Read-only Administrator")
			same(t, "assignment type", text(standard.AssignmentType), "USER")
			same(t, "assignee", standard.Links.Assignee.Href, base+"/api/v1/users/"+id)
			custom := one(t, roles, "CUSTOM", kindOf).CustomRole
			same(t, "role", text(custom.Role), w.customRole(t))
			same(t, "set", text(custom.ResourceSet), w.set(t))
			same(t, "label", text(custom.Label), "User reader")
		}},
		{"POST /api/v1/users/{id}/roles", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			same(t, "type", w.assign(t, id, `{"type":"ORG_ADMIN"}`).StandardRole.Type, "ORG_ADMIN")
			same(t, "type", w.assign(t, id, w.custom(t)).CustomRole.Type, "CUSTOM")
			from(w.RoleAssignmentAUserAPI.AssignRoleToUser(w.ctx, id).AssignRoleRequest(body[okta.AssignRoleToUserRequest](t, `{"type":"ORG_ADMIN"}`)).Execute()).refused(t, 409, "E0000090")
		}},
		{"GET /api/v1/users/{id}/roles/{id}", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			made := w.assign(t, id, `{"type":"APP_ADMIN"}`)
			same(t, "id", text(made.StandardRole.Id), "IFIFAX2BIRGUSTQ")
			read := from(w.RoleAssignmentAUserAPI.GetUserAssignedRole(w.ctx, id, text(made.StandardRole.Id)).Execute()).ok(t)
			same(t, "type", read.StandardRole.Type, "APP_ADMIN")
		}},
		{"DELETE /api/v1/users/{id}/roles/{id}", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			made := w.assign(t, id, `{"type":"READ_ONLY_ADMIN"}`)
			same(t, "status", done(w.RoleAssignmentAUserAPI.UnassignRoleFromUser(w.ctx, id, text(made.StandardRole.Id)).Execute()).ok(t), 204)
			same(t, "roles", len(from(w.RoleAssignmentAUserAPI.ListAssignedRolesForUser(w.ctx, id).Execute()).ok(t)), 0)
			done(w.RoleAssignmentAUserAPI.UnassignRoleFromUser(w.ctx, id, text(made.StandardRole.Id)).Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/groups/{id}/roles", false, func(t *testing.T, w *world) {
			id := w.group(t, "Helpers")
			w.assignGroup(t, id, w.custom(t))
			roles := from(w.RoleAssignmentBGroupAPI.ListGroupAssignedRoles(w.ctx, id).Execute()).ok(t)
			custom := one(t, roles, "CUSTOM", kindOf).CustomRole
			same(t, "assignment type", text(custom.AssignmentType), "GROUP")
			// the member of the group has it too, and its entry says where it comes from
			inherited := from(w.RoleAssignmentAUserAPI.ListAssignedRolesForUser(w.ctx, w.user(t, service)).Execute()).ok(t)
			same(t, "inherited", text(one(t, inherited, "CUSTOM", kindOf).CustomRole.AssignmentType), "GROUP")
		}},
		{"POST /api/v1/groups/{id}/roles", false, func(t *testing.T, w *world) {
			made := w.assignGroup(t, w.group(t, "Helpers"), `{"type":"HELP_DESK_ADMIN"}`)
			same(t, "type", made.StandardRole.Type, "HELP_DESK_ADMIN")
			same(t, "id", text(made.StandardRole.Id), "JBCUYUC7IRCVGS27IFCE2SKO")
		}},
		{"GET /api/v1/groups/{id}/roles/{id}", false, func(t *testing.T, w *world) {
			id := w.group(t, "Helpers")
			made := w.assignGroup(t, id, `{"type":"READ_ONLY_ADMIN"}`)
			read := from(w.RoleAssignmentBGroupAPI.GetGroupAssignedRole(w.ctx, id, text(made.StandardRole.Id)).Execute()).ok(t)
			same(t, "type", read.StandardRole.Type, "READ_ONLY_ADMIN")
		}},
		{"DELETE /api/v1/groups/{id}/roles/{id}", false, func(t *testing.T, w *world) {
			id := w.group(t, "Helpers")
			made := w.assignGroup(t, id, `{"type":"READ_ONLY_ADMIN"}`)
			same(t, "status", done(w.RoleAssignmentBGroupAPI.UnassignRoleFromGroup(w.ctx, id, text(made.StandardRole.Id)).Execute()).ok(t), 204)
			same(t, "roles", len(from(w.RoleAssignmentBGroupAPI.ListGroupAssignedRoles(w.ctx, id).Execute()).ok(t)), 0)
		}},
		{"GET /api/v1/users/{id}/roles/{id}/governance", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			role := text(w.assign(t, id, `{"type":"ORG_ADMIN"}`).StandardRole.Id)
			got := from(w.RoleAssignmentAUserAPI.GetUserAssignedRoleGovernance(w.ctx, id, role).Execute()).ok(t)
			same(t, "grants", len(got.Grants), 0)
			same(t, "assignee", got.Links.Assignee.Href, base+"/api/v1/users/"+id)
		}},
		{"GET /api/v1/users/{id}/roles/{id}/governance/{grant}", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			role := text(w.assign(t, id, `{"type":"ORG_ADMIN"}`).StandardRole.Id)
			from(w.RoleAssignmentAUserAPI.GetRoleAssignmentGovernanceGrant(w.ctx, id, role, "grant").Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/iam/governance/bundles", false, func(t *testing.T, w *world) {
			same(t, "bundles", len(from(w.GovernanceBundleAPI.ListGovernanceBundles(w.ctx).Execute()).ok(t).Bundles), 0)
		}},
		{"GET /api/v1/iam/governance/bundles/{bundle}", false, func(t *testing.T, w *world) {
			from(w.GovernanceBundleAPI.GetGovernanceBundle(w.ctx, "enb0nothing").Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/iam/governance/optIn", false, func(t *testing.T, w *world) {
			same(t, "status", text(from(w.GovernanceBundleAPI.GetOptInStatus(w.ctx).Execute()).ok(t).OptInStatus), "OPTED_OUT")
		}},
		{"GET /api/v1/iam/assignees/users", false, func(t *testing.T, w *world) {
			w.assign(t, w.user(t, service), `{"type":"READ_ONLY_ADMIN"}`)
			list := from(w.RoleAssignmentAUserAPI.ListUsersWithRoleAssignments(w.ctx).Execute()).ok(t)
			has(t, "users", names(list.Value, func(u okta.RoleAssignedUser) string { return text(u.Id) }), w.user(t, admin), w.user(t, service))
		}},
	}
}

func (w *world) assignGroup(t *testing.T, groupID, text string) *okta.AssignRoleToGroup200Response {
	t.Helper()
	return from(w.RoleAssignmentBGroupAPI.AssignRoleToGroup(w.ctx, groupID).AssignRoleRequest(body[okta.AssignRoleToGroupRequest](t, text)).Execute()).ok(t)
}

func iam() []call {
	return []call{
		{"GET /api/v1/iam/roles", false, func(t *testing.T, w *world) {
			list := from(w.RoleECustomAPI.ListRoles(w.ctx).Execute()).ok(t)
			r := one(t, list.Roles, "User reader", func(r okta.IamRole) string { return r.Label })
			same(t, "description", r.Description, "Reads users")
		}},
		{"GET /api/v1/iam/roles/{role}", false, func(t *testing.T, w *world) {
			byID := from(w.RoleECustomAPI.GetRole(w.ctx, w.customRole(t)).Execute()).ok(t)
			byLabel := from(w.RoleECustomAPI.GetRole(w.ctx, "User reader").Execute()).ok(t)
			same(t, "id", text(byLabel.Id), text(byID.Id))
			from(w.RoleECustomAPI.GetRole(w.ctx, "cr0nothing").Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/iam/roles/{role}/permissions", false, func(t *testing.T, w *world) {
			list := from(w.RoleECustomPermissionAPI.ListRolePermissions(w.ctx, w.customRole(t)).Execute()).ok(t)
			has(t, "permissions", names(list.Permissions, func(p okta.Permission) string { return text(p.Label) }), "okta.users.read", "okta.groups.read")
		}},
		{"POST /api/v1/iam/roles", false, func(t *testing.T, w *world) {
			r := from(w.RoleECustomAPI.CreateRole(w.ctx).Instance(body[okta.CreateIamRoleRequest](t, `{"label":"New","description":"d","permissions":["okta.users.read"]}`)).Execute()).ok(t)
			same(t, "label", r.Label, "New")
			same(t, "prefix", text(r.Id)[:3], "cr0")
		}},
		{"PUT /api/v1/iam/roles/{role}", false, func(t *testing.T, w *world) {
			r := from(w.RoleECustomAPI.ReplaceRole(w.ctx, w.customRole(t)).Instance(body[okta.UpdateIamRoleRequest](t, `{"label":"Renamed","description":"d"}`)).Execute()).ok(t)
			same(t, "label", r.Label, "Renamed")
		}},
		{"DELETE /api/v1/iam/roles/{role}", false, func(t *testing.T, w *world) {
			id := w.customRole(t)
			same(t, "status", done(w.RoleECustomAPI.DeleteRole(w.ctx, id).Execute()).ok(t), 204)
			from(w.RoleECustomAPI.GetRole(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/iam/roles/{role}/permissions/{type}", false, func(t *testing.T, w *world) {
			p := from(w.RoleECustomPermissionAPI.GetRolePermission(w.ctx, w.customRole(t), "okta.users.read").Execute()).ok(t)
			same(t, "label", text(p.Label), "okta.users.read")
		}},
		{"POST /api/v1/iam/roles/{role}/permissions/{type}", false, func(t *testing.T, w *world) {
			same(t, "status", done(w.RoleECustomPermissionAPI.CreateRolePermission(w.ctx, w.customRole(t), "okta.apps.read").Execute()).ok(t), 204)
			list := from(w.RoleECustomPermissionAPI.ListRolePermissions(w.ctx, w.customRole(t)).Execute()).ok(t)
			has(t, "permissions", names(list.Permissions, func(p okta.Permission) string { return text(p.Label) }), "okta.apps.read")
		}},
		{"PUT /api/v1/iam/roles/{role}/permissions/{type}", false, func(t *testing.T, w *world) { // the SDK's conditions cannot hold the lists that Okta has in them
			p := from(w.RoleECustomPermissionAPI.ReplaceRolePermission(w.ctx, w.customRole(t), "okta.users.read").Instance(okta.CreateUpdateIamRolePermissionRequest{}).Execute()).ok(t)
			same(t, "label", text(p.Label), "okta.users.read")
			same(t, "conditions", p.Conditions.Get(), nil)
		}},
		{"DELETE /api/v1/iam/roles/{role}/permissions/{type}", false, func(t *testing.T, w *world) {
			same(t, "status", done(w.RoleECustomPermissionAPI.DeleteRolePermission(w.ctx, w.customRole(t), "okta.groups.read").Execute()).ok(t), 204)
			same(t, "permissions", len(from(w.RoleECustomPermissionAPI.ListRolePermissions(w.ctx, w.customRole(t)).Execute()).ok(t).Permissions), 1)
		}},

		{"GET /api/v1/iam/resource-sets", false, func(t *testing.T, w *world) {
			list := from(w.RoleCResourceSetAPI.ListResourceSets(w.ctx).Execute()).ok(t)
			set := one(t, list.ResourceSets, "People", func(s okta.ResourceSet) string { return text(s.Label) })
			same(t, "description", text(set.Description), "Users and groups")
		}},
		{"GET /api/v1/iam/resource-sets/{set}", false, func(t *testing.T, w *world) {
			set := from(w.RoleCResourceSetAPI.GetResourceSet(w.ctx, "People").Execute()).ok(t)
			same(t, "id", text(set.Id), w.set(t))
		}},
		{"GET /api/v1/iam/resource-sets/{set}/resources", false, func(t *testing.T, w *world) {
			same(t, "resources", len(w.resources(t)), 2)
		}},
		{"POST /api/v1/iam/resource-sets", false, func(t *testing.T, w *world) {
			set := from(w.RoleCResourceSetAPI.CreateResourceSet(w.ctx).Instance(body[okta.CreateResourceSetRequest](t, `{"label":"New","description":"d","resources":["`+base+`/api/v1/groups"]}`)).Execute()).ok(t)
			same(t, "label", text(set.Label), "New")
			same(t, "prefix", text(set.Id)[:3], "iam")
		}},
		{"PUT /api/v1/iam/resource-sets/{set}", false, func(t *testing.T, w *world) {
			set := from(w.RoleCResourceSetAPI.ReplaceResourceSet(w.ctx, w.set(t)).Instance(body[okta.ResourceSet](t, `{"label":"Renamed","description":"d"}`)).Execute()).ok(t)
			same(t, "label", text(set.Label), "Renamed")
		}},
		{"DELETE /api/v1/iam/resource-sets/{set}", false, func(t *testing.T, w *world) {
			id := w.set(t)
			same(t, "status", done(w.RoleCResourceSetAPI.DeleteResourceSet(w.ctx, id).Execute()).ok(t), 204)
			from(w.RoleCResourceSetAPI.GetResourceSet(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},
		{"PATCH /api/v1/iam/resource-sets/{set}/resources", false, func(t *testing.T, w *world) {
			from(w.RoleCResourceSetResourceAPI.AddResourceSetResources(w.ctx, w.set(t)).Instance(body[okta.ResourceSetResourcePatchRequest](t, `{"additions":["`+base+`/api/v1/apps"]}`)).Execute()).ok(t)
			same(t, "resources", len(w.resources(t)), 3)
		}},
		{"POST /api/v1/iam/resource-sets/{set}/resources", false, func(t *testing.T, w *world) {
			from(w.RoleCResourceSetResourceAPI.AddResourceSetResource(w.ctx, w.set(t)).Instance(body[okta.ResourceSetResourcePostRequest](t, `{"resourceOrnOrUrl":"`+base+`/api/v1/apps","conditions":{}}`)).Execute()).ok(t)
			same(t, "resources", len(w.resources(t)), 3)
		}},
		{"GET /api/v1/iam/resource-sets/{set}/resources/{resource}", false, func(t *testing.T, w *world) {
			id := text(w.resources(t)[0].Id)
			same(t, "id", text(from(w.RoleCResourceSetResourceAPI.GetResourceSetResource(w.ctx, w.set(t), id).Execute()).ok(t).Id), id)
		}},
		{"PUT /api/v1/iam/resource-sets/{set}/resources/{resource}", false, func(t *testing.T, w *world) {
			id := text(w.resources(t)[0].Id)
			changed := body[okta.ResourceSetResourcePutRequest](t, `{"conditions":{}}`)
			same(t, "id", text(from(w.RoleCResourceSetResourceAPI.ReplaceResourceSetResource(w.ctx, w.set(t), id).ResourceSetResourcePutRequest(changed).Execute()).ok(t).Id), id)
		}},
		{"DELETE /api/v1/iam/resource-sets/{set}/resources/{resource}", false, func(t *testing.T, w *world) {
			id := text(w.resources(t)[0].Id)
			same(t, "status", done(w.RoleCResourceSetResourceAPI.DeleteResourceSetResource(w.ctx, w.set(t), id).Execute()).ok(t), 204)
			same(t, "resources", len(w.resources(t)), 1)
		}},
	}
}

func (w *world) resources(t *testing.T) []okta.ResourceSetResource {
	t.Helper()
	return from(w.RoleCResourceSetResourceAPI.ListResourceSetResources(w.ctx, w.set(t)).Execute()).ok(t).Resources
}

func bindings() []call {
	bind := func(t *testing.T, w *world) (set, role string) {
		t.Helper()
		set, role = w.set(t), w.customRole(t)
		made := from(w.RoleDResourceSetBindingAPI.CreateResourceSetBinding(w.ctx, set).Instance(body[okta.ResourceSetBindingCreateRequest](t,
			`{"role":"`+role+`","members":["`+base+`/api/v1/users/`+w.user(t, service)+`"]}`)).Execute()).ok(t)
		same(t, "self", made.Links.Self.Href, base+"/api/v1/iam/resource-sets/"+set+"/bindings/"+role)
		return set, role
	}
	members := func(t *testing.T, w *world, set, role string) []okta.ResourceSetBindingMember {
		t.Helper()
		return from(w.RoleDResourceSetBindingMemberAPI.ListMembersOfBinding(w.ctx, set, role).Execute()).ok(t).Members
	}
	const prefix = " /api/v1/iam/resource-sets/{set}/bindings"
	return []call{
		{"GET" + prefix, false, func(t *testing.T, w *world) {
			set, role := bind(t, w)
			list := from(w.RoleDResourceSetBindingAPI.ListBindings(w.ctx, set).Execute()).ok(t)
			same(t, "bindings", len(list.Roles), 1)
			same(t, "role", text(list.Roles[0].Id), role)
		}},
		{"POST" + prefix, false, func(t *testing.T, w *world) {
			bind(t, w)
			held := from(w.RoleAssignmentAUserAPI.ListAssignedRolesForUser(w.ctx, w.user(t, service)).Execute()).ok(t)
			same(t, "label", text(one(t, held, "CUSTOM", kindOf).CustomRole.Label), "User reader")
		}},
		{"GET" + prefix + "/{role}", false, func(t *testing.T, w *world) {
			set, role := bind(t, w)
			b := from(w.RoleDResourceSetBindingAPI.GetBinding(w.ctx, set, role).Execute()).ok(t)
			same(t, "id", text(b.Id), role)
		}},
		{"DELETE" + prefix + "/{role}", false, func(t *testing.T, w *world) {
			set, role := bind(t, w)
			same(t, "status", done(w.RoleDResourceSetBindingAPI.DeleteBinding(w.ctx, set, role).Execute()).ok(t), 204)
			same(t, "roles", len(from(w.RoleAssignmentAUserAPI.ListAssignedRolesForUser(w.ctx, w.user(t, service)).Execute()).ok(t)), 0)
		}},
		{"GET" + prefix + "/{role}/members", false, func(t *testing.T, w *world) {
			set, role := bind(t, w)
			list := members(t, w, set, role)
			same(t, "members", len(list), 1)
			same(t, "principal", list[0].Links.Self.Href, base+"/api/v1/users/"+w.user(t, service))
		}},
		{"PATCH" + prefix + "/{role}/members", false, func(t *testing.T, w *world) {
			set, role := bind(t, w)
			from(w.RoleDResourceSetBindingMemberAPI.AddMembersToBinding(w.ctx, set, role).Instance(body[okta.ResourceSetBindingAddMembersRequest](t,
				`{"additions":["`+base+`/api/v1/groups/`+w.group(t, "Helpers")+`"]}`)).Execute()).ok(t)
			same(t, "members", len(members(t, w, set, role)), 2)
		}},
		{"GET" + prefix + "/{role}/members/{member}", false, func(t *testing.T, w *world) {
			set, role := bind(t, w)
			id := text(members(t, w, set, role)[0].Id)
			m := from(w.RoleDResourceSetBindingMemberAPI.GetMemberOfBinding(w.ctx, set, role, id).Execute()).ok(t)
			same(t, "id", text(m.Id), id)
		}},
		{"DELETE" + prefix + "/{role}/members/{member}", false, func(t *testing.T, w *world) {
			set, role := bind(t, w)
			id := text(members(t, w, set, role)[0].Id)
			same(t, "status", done(w.RoleDResourceSetBindingMemberAPI.UnassignMemberFromBinding(w.ctx, set, role, id).Execute()).ok(t), 204)
			same(t, "roles", len(from(w.RoleAssignmentAUserAPI.ListAssignedRolesForUser(w.ctx, w.user(t, service)).Execute()).ok(t)), 0)
		}},
	}
}
