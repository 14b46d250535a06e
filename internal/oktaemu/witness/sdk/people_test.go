package sdk

import (
	"strings"
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

func userLogin(u okta.User) string { return text(u.Profile.Login) }

const newUser = `{"profile":{"firstName":"Nora","lastName":"New","email":"nora@acme.example","login":"nora@acme.example"},"credentials":{"password":{"value":"Correct-horse-9"}}}`

// newcomer is a user of the test's own.
func (w *world) newcomer(t *testing.T, activate bool) okta.User {
	t.Helper()
	return *from(w.UserAPI.CreateUser(w.ctx).Body(body[okta.CreateUserRequest](t, newUser)).Activate(activate).Execute()).ok(t)
}

func (w *world) statusIs(t *testing.T, id, want string) {
	t.Helper()
	same(t, "status", text(from(w.UserAPI.GetUser(w.ctx, id).Execute()).ok(t).Status), want)
}

func people() []call {
	return []call{
		{"GET /api/v1/users", false, func(t *testing.T, w *world) {
			page := from(w.UserAPI.ListUsers(w.ctx).Limit(1).Execute())
			same(t, "first page", len(page.ok(t)), 1)
			if !page.resp.HasNextPage() {
				t.Fatal("there is no second page")
			}
			var second []okta.User
			if _, err := page.resp.Next(&second); err != nil {
				t.Fatal(err)
			}
			all := append(page.value, second...)
			has(t, "logins", names(all, userLogin), admin, service)
			found := from(w.UserAPI.ListUsers(w.ctx).Search(`profile.login eq "` + service + `"`).Execute()).ok(t)
			same(t, "found", len(found), 1)
		}},
		{"GET /api/v1/users/me", false, func(t *testing.T, w *world) {
			me := from(w.UserAPI.GetUser(w.ctx, "me").Execute()).ok(t)
			same(t, "login", text(me.Profile.Login), admin)
		}},
		{"GET /api/v1/users/{id}", false, func(t *testing.T, w *world) {
			u := from(w.UserAPI.GetUser(w.ctx, service).Execute()).ok(t)
			same(t, "login", text(u.Profile.Login), service)
			same(t, "status", text(u.Status), "ACTIVE")
			same(t, "first name", text(u.Profile.FirstName.Get()), "Reports")
			if u.Created == nil || u.Created.IsZero() || len(text(u.Id)) != 20 {
				t.Errorf("id %q, created %v", text(u.Id), u.Created)
			}
			from(w.UserAPI.GetUser(w.ctx, "nobody").Execute()).refused(t, 404, "E0000007")
		}},
		{"GET /api/v1/users/{id}/groups", false, func(t *testing.T, w *world) {
			groups := from(w.UserResourcesAPI.ListUserGroups(w.ctx, w.user(t, service)).Execute()).ok(t)
			has(t, "groups", names(groups, groupName), "Helpers", "Everyone")
		}},
		{"DELETE /api/v1/users/{id}/sessions", false, func(t *testing.T, w *world) {
			same(t, "status", done(w.UserSessionsAPI.RevokeUserSessions(w.ctx, w.user(t, service)).Execute()).ok(t), 204)
		}},
		{"POST /api/v1/users", false, func(t *testing.T, w *world) {
			u := w.newcomer(t, true)
			same(t, "login", text(u.Profile.Login), "nora@acme.example")
			same(t, "status", text(u.Status), "ACTIVE")
			from(w.UserAPI.CreateUser(w.ctx).Body(body[okta.CreateUserRequest](t, newUser)).Execute()).refused(t, 400, "E0000001")
		}},
		{"POST /api/v1/users/{id}", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			u := from(w.UserAPI.UpdateUser(w.ctx, id).User(body[okta.UpdateUserRequest](t, `{"profile":{"lastName":"Robot"}}`)).Execute()).ok(t)
			same(t, "last name", text(u.Profile.LastName.Get()), "Robot")
			same(t, "first name, which was not sent", text(u.Profile.FirstName.Get()), "Reports")
		}},
		{"PUT /api/v1/users/{id}", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			u := from(w.UserAPI.ReplaceUser(w.ctx, id).User(body[okta.UpdateUserRequest](t,
				`{"profile":{"firstName":"Rita","lastName":"Robot","email":"`+service+`","login":"`+service+`"}}`)).Execute()).ok(t)
			same(t, "first name", text(u.Profile.FirstName.Get()), "Rita")
		}},
		{"POST /api/v1/users/{id}/lifecycle/activate", false, func(t *testing.T, w *world) {
			u := w.newcomer(t, false)
			same(t, "status", text(u.Status), "STAGED")
			from(w.UserLifecycleAPI.ActivateUser(w.ctx, text(u.Id)).SendEmail(false).Execute()).ok(t)
			w.statusIs(t, text(u.Id), "ACTIVE")
		}},
		{"POST /api/v1/users/{id}/lifecycle/deactivate", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			done(w.UserLifecycleAPI.DeactivateUser(w.ctx, id).Execute()).ok(t)
			w.statusIs(t, id, "DEPROVISIONED")
		}},
		{"POST /api/v1/users/{id}/lifecycle/suspend", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			done(w.UserLifecycleAPI.SuspendUser(w.ctx, id).Execute()).ok(t)
			w.statusIs(t, id, "SUSPENDED")
		}},
		{"POST /api/v1/users/{id}/lifecycle/unsuspend", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			done(w.UserLifecycleAPI.SuspendUser(w.ctx, id).Execute()).ok(t)
			done(w.UserLifecycleAPI.UnsuspendUser(w.ctx, id).Execute()).ok(t)
			w.statusIs(t, id, "ACTIVE")
		}},
		{"POST /api/v1/users/{id}/lifecycle/unlock", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			done(w.UserLifecycleAPI.UnlockUser(w.ctx, id).Execute()).refused(t, 403, "E0000032") // it is not locked
			if err := w.org.SetStatus(service, "LOCKED_OUT"); err != nil {
				t.Fatal(err)
			}
			done(w.UserLifecycleAPI.UnlockUser(w.ctx, id).Execute()).ok(t)
			w.statusIs(t, id, "ACTIVE")
		}},
		{"POST /api/v1/users/{id}/lifecycle/reactivate", false, func(t *testing.T, w *world) {
			from(w.UserLifecycleAPI.ReactivateUser(w.ctx, w.user(t, service)).Execute()).refused(t, 403, "E0000038") // it is active
			nora := strings.Replace(newUser, `"password":{"value":"Correct-horse-9"}`, "", 1)
			u := from(w.UserAPI.CreateUser(w.ctx).Body(body[okta.CreateUserRequest](t, nora)).Activate(true).Execute()).ok(t)
			same(t, "status", text(u.Status), "PROVISIONED")
			if got := text(from(w.UserLifecycleAPI.ReactivateUser(w.ctx, text(u.Id)).SendEmail(false).Execute()).ok(t).ActivationToken); got == "" {
				t.Error("there is no activation token")
			}
		}},
		{"POST /api/v1/users/{id}/lifecycle/reset_factors", false, func(t *testing.T, w *world) {
			done(w.UserLifecycleAPI.ResetFactors(w.ctx, w.user(t, service)).Execute()).ok(t)
		}},
		{"POST /api/v1/users/{id}/lifecycle/reset_password", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			reset := from(w.UserCredAPI.ResetPassword(w.ctx, id).SendEmail(false).Execute()).ok(t)
			if !strings.HasPrefix(text(reset.ResetPasswordUrl), base) {
				t.Errorf("the URL is %q", text(reset.ResetPasswordUrl))
			}
			w.statusIs(t, id, "RECOVERY")
		}},
		{"POST /api/v1/users/{id}/lifecycle/expire_password", false, func(t *testing.T, w *world) {
			u := from(w.UserCredAPI.ExpirePassword(w.ctx, w.user(t, service)).Execute()).ok(t)
			same(t, "status", text(u.Status), "PASSWORD_EXPIRED")
		}},
		{"POST /api/v1/users/{id}/lifecycle/expire_password_with_temp_password", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			if got := text(from(w.UserCredAPI.ExpirePasswordWithTempPassword(w.ctx, id).Execute()).ok(t).TempPassword); got == "" {
				t.Error("there is no temporary password")
			}
			w.statusIs(t, id, "PASSWORD_EXPIRED")
		}},
		{"POST /api/v1/users/{id}/credentials/change_password", false, func(t *testing.T, w *world) {
			change := func(old string) result[*okta.UserCredentials] {
				return from(w.UserCredAPI.ChangePassword(w.ctx, w.user(t, service)).ChangePasswordRequest(body[okta.ChangePasswordRequest](t,
					`{"oldPassword":{"value":"`+old+`"},"newPassword":{"value":"Correct-horse-9"}}`)).Execute())
			}
			same(t, "provider", text(change("emulated-password").ok(t).Provider.Type), "OKTA")
			change("emulated-password").refused(t, 403, "E0000014")
		}},
		{"POST /api/v1/users/{id}/credentials/change_recovery_question", false, func(t *testing.T, w *world) {
			got := from(w.UserCredAPI.ChangeRecoveryQuestion(w.ctx, w.user(t, service)).UserCredentials(body[okta.UserCredentials](t,
				`{"password":{"value":"emulated-password"},"recovery_question":{"question":"Which horse?","answer":"Correct"}}`)).Execute()).ok(t)
			same(t, "question", text(got.RecoveryQuestion.Question), "Which horse?")
		}},
		{"DELETE /api/v1/users/{id}", false, func(t *testing.T, w *world) {
			id := w.user(t, service)
			done(w.UserAPI.DeleteUser(w.ctx, id).Execute()).ok(t) // the first deactivates
			w.statusIs(t, id, "DEPROVISIONED")
			same(t, "status", done(w.UserAPI.DeleteUser(w.ctx, id).Execute()).ok(t), 204)
			from(w.UserAPI.GetUser(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},

		{"GET /api/v1/groups", false, func(t *testing.T, w *world) {
			groups := from(w.GroupAPI.ListGroups(w.ctx).Expand("stats").Execute()).ok(t)
			g := one(t, groups, "Helpers", groupName)
			same(t, "type", text(g.Type), "OKTA_GROUP")
			same(t, "members", text(g.Embedded.Stats.UsersCount), 1)
			same(t, "admin", text(g.Embedded.Stats.HasAdminPrivlege), false)
		}},
		{"GET /api/v1/groups/{id}", false, func(t *testing.T, w *world) {
			id := w.group(t, "Helpers")
			g := from(w.GroupAPI.GetGroup(w.ctx, id).Execute()).ok(t)
			same(t, "id", text(g.Id), id)
			same(t, "description", text(profile(*g).Description), "They help")
		}},
		{"GET /api/v1/groups/{id}/users", false, func(t *testing.T, w *world) {
			members := from(w.GroupAPI.ListGroupUsers(w.ctx, w.group(t, "Helpers")).Execute()).ok(t)
			same(t, "members", len(members), 1)
			same(t, "login", userLogin(members[0]), service)
		}},
		{"PUT /api/v1/groups/{id}/users/{id}", false, func(t *testing.T, w *world) {
			same(t, "status", done(w.GroupAPI.AssignUserToGroup(w.ctx, w.group(t, "Helpers"), w.user(t, admin)).Execute()).ok(t), 204)
			has(t, "members", names(from(w.GroupAPI.ListGroupUsers(w.ctx, w.group(t, "Helpers")).Execute()).ok(t), userLogin), admin)
		}},
		{"DELETE /api/v1/groups/{id}/users/{id}", false, func(t *testing.T, w *world) {
			same(t, "status", done(w.GroupAPI.UnassignUserFromGroup(w.ctx, w.group(t, "Helpers"), w.user(t, service)).Execute()).ok(t), 204)
			same(t, "members", len(from(w.GroupAPI.ListGroupUsers(w.ctx, w.group(t, "Helpers")).Execute()).ok(t)), 0)
		}},
		{"POST /api/v1/groups", false, func(t *testing.T, w *world) {
			g := from(w.GroupAPI.AddGroup(w.ctx).Group(body[okta.AddGroupRequest](t, `{"profile":{"name":"New","description":"d"}}`)).Execute()).ok(t)
			same(t, "name", groupName(*g), "New")
			same(t, "type", text(g.Type), "OKTA_GROUP")
		}},
		{"PUT /api/v1/groups/{id}", false, func(t *testing.T, w *world) {
			g := from(w.GroupAPI.ReplaceGroup(w.ctx, w.group(t, "Helpers")).Group(body[okta.AddGroupRequest](t, `{"profile":{"name":"Helpers","description":"new"}}`)).Execute()).ok(t)
			same(t, "description", text(profile(*g).Description), "new")
		}},
		{"DELETE /api/v1/groups/{id}", false, func(t *testing.T, w *world) {
			id := w.group(t, "Helpers")
			same(t, "status", done(w.GroupAPI.DeleteGroup(w.ctx, id).Execute()).ok(t), 204)
			from(w.GroupAPI.GetGroup(w.ctx, id).Execute()).refused(t, 404, "E0000007")
		}},
	}
}
