package sdk

import (
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"
)

const badge = `{"definitions":{"custom":{"id":"#custom","type":"object","properties":{"badge":{"title":"Badge","type":"string","maxLength":20}}}}}`

func schemas() []call {
	return []call{
		{"GET /api/v1/meta/schemas/user/{schema}", false, func(t *testing.T, w *world) {
			s := from(w.SchemaAPI.GetUserSchema(w.ctx, "default").Execute()).ok(t)
			same(t, "name", text(s.Name), "user")
			has(t, "required", s.Definitions.Base.Required, "login", "email")
			same(t, "login", text(s.Definitions.Base.Properties.Login.Title), "Username")
		}},
		{"POST /api/v1/meta/schemas/user/{schema}", false, func(t *testing.T, w *world) {
			s := from(w.SchemaAPI.UpdateUserProfile(w.ctx, "default").UserSchema(body[okta.UserSchema](t, badge)).Execute()).ok(t)
			same(t, "title", text((*s.Definitions.Custom.Properties)["badge"].Title), "Badge")
			u := from(w.UserAPI.UpdateUser(w.ctx, w.user(t, service)).User(body[okta.UpdateUserRequest](t, `{"profile":{"badge":"A1"}}`)).Execute()).ok(t)
			same(t, "badge", u.Profile.AdditionalProperties["badge"], any("A1"))
		}},
		{"GET /api/v1/meta/schemas/group/default", false, func(t *testing.T, w *world) {
			s := from(w.SchemaAPI.GetGroupSchema(w.ctx).Execute()).ok(t)
			has(t, "required", s.Definitions.Base.Required, "name")
		}},
		{"POST /api/v1/meta/schemas/group/default", false, func(t *testing.T, w *world) {
			s := from(w.SchemaAPI.UpdateGroupSchema(w.ctx).GroupSchema(body[okta.GroupSchema](t, badge)).Execute()).ok(t)
			same(t, "title", text((*s.Definitions.Custom.Properties)["badge"].Title), "Badge")
		}},
		{"GET /api/v1/meta/types/user", false, func(t *testing.T, w *world) {
			same(t, "types", len(from(w.UserTypeAPI.ListUserTypes(w.ctx).Execute()).ok(t)), 1)
		}},
		{"GET /api/v1/meta/types/user/{type}", false, func(t *testing.T, w *world) {
			id := text(from(w.UserTypeAPI.ListUserTypes(w.ctx).Execute()).ok(t)[0].Id)
			got := from(w.UserTypeAPI.GetUserType(w.ctx, id).Execute()).ok(t)
			same(t, "id", text(got.Id), id)
			same(t, "name", got.AdditionalProperties["name"], any("user"))
		}},
	}
}
