package oktaemu

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

const dana = "dana.ops@acme.example"

// eventTypes are the types of the events about one thing, in order.
func (w *world) eventTypes(id string) []string {
	w.t.Helper()
	return pluck(w.get("/api/v1/logs?filter="+url.QueryEscape(`target.id eq "`+id+`"`)).list(w.t), "eventType")
}

func TestGroupOfAnApp(t *testing.T) {
	t.Parallel()
	w := acme(t)
	app, id := w.ClientID("Payroll"), w.groupID("Helpdesk tier 2")
	all := "/api/v1/apps/" + app + "/groups"
	one := all + "/" + id
	w.call("GET", one, "", 404)
	made := w.call("PUT", one, "{}", 200).object(t)
	wantBody(t, made, map[string]any{
		"id": id, "lastUpdated": made["lastUpdated"], "priority": 0.0, "profile": map[string]any{},
		"_links": map[string]any{
			"app": map[string]any{"href": w.url + "/api/v1/apps/" + app}, "self": map[string]any{"href": w.url + one},
			"group": map[string]any{"href": w.url + "/api/v1/groups/" + id},
		},
	})
	wantBody(t, w.get(one).object(t), made)
	other := w.call("POST", "/api/v1/groups", `{"profile":{"name":"Second"}}`, 200).object(t)["id"].(string)
	if got := w.call("PUT", all+"/"+other, "", 200).object(t)["priority"]; got != 1.0 {
		t.Errorf("without a priority: %v", got)
	}
	changed := w.call("PUT", one, `{"priority":4,"profile":{"role":"clerk"}}`, 200).object(t)
	if changed["priority"] != 4.0 || changed["profile"].(map[string]any)["role"] != "clerk" {
		t.Errorf("changed: %v", changed)
	}
	if got := w.call("PUT", one, `{"profile":{}}`, 200).object(t)["priority"]; got != 4.0 {
		t.Errorf("changed without a priority: %v", got)
	}
	if got := pluck(w.get(all+"?q=sec").list(t), "id"); !slices.Equal(got, []string{other}) {
		t.Errorf("q found %v", got)
	}
	first := w.get(all + "?limit=1&expand=group")
	if got := first.list(t)[0]["_embedded"].(map[string]any)["group"].(map[string]any)["id"]; got != id || !strings.Contains(first.header.Values("Link")[1], `rel="next"`) {
		t.Errorf("first page: %v %v", first.body, first.header.Values("Link"))
	}
	if got := pluck(w.get("/api/v1/groups/"+id+"/apps").list(t), "label"); !slices.Equal(got, []string{"Payroll"}) {
		t.Errorf("apps of the group: %v", got)
	}
	stats := func() any {
		list := w.get("/api/v1/groups?expand=stats&filter=" + url.QueryEscape(`id eq "`+id+`"`)).list(t)
		return list[0]["_embedded"].(map[string]any)["stats"].(map[string]any)["appsCount"]
	}
	if got := stats(); got != 1.0 {
		t.Errorf("appsCount %v", got)
	}
	w.call("DELETE", one, "", 204)
	w.call("DELETE", one, "", 404)
	if got := stats(); got != 0.0 {
		t.Errorf("appsCount %v", got)
	}
	w.call("PUT", all+"/00gNobody", "", 404)
	w.call("PUT", one, "[", 400)
	events := w.eventTypes(id)
	for _, kind := range []string{"add", "update", "remove"} {
		if !slices.Contains(events, "group.application_assignment."+kind) {
			t.Errorf("no event of the kind %s in %v", kind, events)
		}
	}
}

func TestUserOfAnApp(t *testing.T) {
	t.Parallel()
	w := acme(t)
	app, id := w.ClientID("Payroll"), w.userID(dana)
	all := "/api/v1/apps/" + app + "/users"
	one := all + "/" + id
	w.call("GET", one, "", 404)
	made := w.call("POST", all, `{"id":"`+id+`","scope":"USER","credentials":{"password":{},"userName":"`+dana+`"}}`, 200).object(t)
	null := any(nil)
	wantBody(t, made, map[string]any{
		"id": id, "externalId": null, "created": made["created"], "lastUpdated": made["lastUpdated"], "scope": "USER", "status": "ACTIVE",
		"statusChanged": made["statusChanged"], "passwordChanged": null, "syncState": "DISABLED", "credentials": map[string]any{"userName": dana},
		"profile": map[string]any{
			"street_address": null, "country": null, "website": null, "zoneinfo": "America/Los_Angeles", "birthdate": null, "gender": null,
			"formatted": null, "profile": null, "locality": null, "given_name": "Dana", "middle_name": null, "locale": "en_US", "picture": null,
			"name": "Dana Ops", "nickname": null, "phone_number": null, "region": null, "postal_code": null, "family_name": "Ops", "email": dana,
		},
		"_links": map[string]any{
			"app": map[string]any{"href": w.url + "/api/v1/apps/" + app}, "user": map[string]any{"href": w.url + "/api/v1/users/" + id},
		},
	})
	wantBody(t, w.get(one).object(t), made)
	if got := pluck(w.get(all+"?q=dana").list(t), "id"); !slices.Equal(got, []string{id}) {
		t.Errorf("q found %v", got)
	}
	changed := w.call("POST", one, `{"credentials":{"userName":"dana"},"profile":{"nickname":"D"}}`, 200).object(t)
	if changed["profile"].(map[string]any)["nickname"] != "D" || changed["credentials"].(map[string]any)["userName"] != "dana" || changed["created"] != made["created"] {
		t.Errorf("changed: %v", changed)
	}
	if got := w.get(one + "?expand=user").object(t)["_embedded"].(map[string]any)["user"].(map[string]any)["id"]; got != id {
		t.Errorf("embedded: %v", got)
	}
	links := w.get("/api/v1/users/" + id + "/appLinks").list(t)
	if len(links) != 1 || links[0]["appInstanceId"] != app || links[0]["label"] != "Payroll" {
		t.Errorf("links on the dashboard: %v", links)
	}
	w.call("DELETE", one, "", 204)
	w.call("DELETE", one, "", 404)
	w.call("POST", one, `{"profile":{}}`, 404)
	w.call("POST", all, `{}`, 400)
	w.call("POST", all, `{"id":"00uNobody"}`, 404)
	w.call("GET", "/api/v1/apps/0oaNothing/users", "", 404)
	events := w.eventTypes(id)
	for _, kind := range []string{"add", "update", "remove"} {
		if !slices.Contains(events, "application.user_membership."+kind) {
			t.Errorf("no event of the kind %s in %v", kind, events)
		}
	}
}

func TestUserOfAnAppThroughAGroup(t *testing.T) {
	t.Parallel()
	w := acme(t)
	app, group, id := w.ClientID("Payroll"), w.groupID("Helpdesk tier 2"), w.userID(dana)
	w.call("PUT", "/api/v1/apps/"+app+"/groups/"+group, "", 200)
	w.must(w.AddMember("Helpdesk tier 2", dana))
	one := "/api/v1/apps/" + app + "/users/" + id
	got := w.get(one).object(t)
	if got["scope"] != "GROUP" || got["_links"].(map[string]any)["group"] == nil {
		t.Errorf("through a group: %v", got)
	}
	w.call("DELETE", one, "", 404)
	if got := w.call("POST", one, `{"profile":{}}`, 200).object(t)["scope"]; got != "USER" {
		t.Errorf("scope of the user's own: %v", got)
	}
	w.call("DELETE", one, "", 204)
	if got := w.get(one).object(t)["scope"]; got != "GROUP" {
		t.Errorf("scope afterwards: %v", got)
	}
	w.must(w.SetStatus(dana, deprovisioned))
	w.call("GET", one, "", 404)
}

func TestDeactivationTakesAUserOffApps(t *testing.T) {
	t.Parallel()
	w := acme(t)
	users, id := "/api/v1/apps/"+w.ClientID("Payroll")+"/users", w.userID(dana)
	w.call("POST", users, `{"id":"`+id+`"}`, 200)
	w.call("POST", "/api/v1/users/"+id+"/lifecycle/deactivate", "", 200)
	if got := w.get(users).list(t); len(got) != 0 {
		t.Errorf("users of the app: %v", got)
	}
	if got := w.eventTypes(id); !slices.Contains(got, "application.user_membership.remove") {
		t.Errorf("events: %v", got)
	}
	if got := w.code(w.call("POST", users, `{"id":"`+id+`"}`, 403)); got != "E0000038" {
		t.Errorf("assigning a user who is DEPROVISIONED: %s", got)
	}
}

func TestWhoMayAssignApps(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.call("POST", "/api/v1/iam/roles", `{"label":"Assigner","description":"-","permissions":["okta.apps.assignment.manage"]}`, 200)
	w.call("POST", "/api/v1/iam/resource-sets", `{"label":"Apps","description":"-","resources":["`+w.url+`/api/v1/apps"]}`, 200)
	for _, test := range []struct {
		role   string
		status int
	}{
		{`{"type":"APP_ADMIN"}`, 200}, {`{"type":"CUSTOM","role":"Assigner","resource-set":"Apps"}`, 200}, {`{"type":"READ_ONLY_ADMIN"}`, 403}, {`{"type":"USER_ADMIN"}`, 403},
	} {
		made := w.call("POST", "/api/v1/users/"+dana+"/roles", test.role, 201).object(t)
		token, err := w.AddToken(dana, test.role)
		w.must(err)
		w.as(token, "POST", "/api/v1/apps/"+w.ClientID("Payroll")+"/users", `{"id":"`+w.userID(dana)+`"}`, test.status)
		w.call("DELETE", "/api/v1/users/"+dana+"/roles/"+made["id"].(string), "", 204)
	}
}

// TestNothingNamesWhatIsDeleted deletes a user, a group and an app with all that an org can attach to them.
func TestNothingNamesWhatIsDeleted(t *testing.T) {
	t.Parallel()
	s := startService(t, SeedApp{Scopes: []string{"okta.users.read"}, Roles: []SeedRole{{Type: superAdmin}}})
	s.granted("okta.users.read")
	user, group, app := s.userID(dana), s.call("POST", "/api/v1/groups", `{"profile":{"name":"Gone"}}`, 200).object(t)["id"].(string), s.id
	s.must(s.AddMember("Gone", dana))
	for _, assigned := range []string{app, s.ClientID("Payroll")} {
		s.call("PUT", "/api/v1/apps/"+assigned+"/groups/"+group, "", 200)
		s.call("POST", "/api/v1/apps/"+assigned+"/users", `{"id":"`+user+`"}`, 200)
	}
	s.must(s.Assign(dana, "READ_ONLY_ADMIN"))
	s.must(s.AssignGroup("Gone", "REPORT_ADMIN"))
	s.must(s.Assign(invoice, "USER_ADMIN"))
	s.must(s.Assign(invoice, "APP_ADMIN"))
	targets := "/api/v1/users/" + s.userID(invoice) + "/roles/"
	s.call("PUT", targets+"KVJUKUS7IFCE2SKO/targets/groups/"+group, "", 204)
	s.call("PUT", targets+"IFIFAX2BIRGUSTQ/targets/catalog/apps/oidc_client/"+app, "", 204)
	_, err := s.AddToken(dana, "of dana")
	s.must(err)

	s.call("DELETE", "/api/v1/groups/"+group, "", 204)
	s.call("DELETE", "/api/v1/users/"+user, "", 204)
	_, err = s.AddToken(dana, "of dana, deprovisioned")
	s.must(err)
	s.call("DELETE", "/api/v1/users/"+user, "", 204)
	s.call("POST", "/api/v1/apps/"+app+"/lifecycle/deactivate", "", 200)
	s.call("DELETE", "/api/v1/apps/"+app, "", 204)
	s.state.events = nil // the System Log goes on naming them
	left, err := s.saved()
	s.must(err)
	for what, id := range map[string]string{"user": user, "group": group, "app": app} {
		for n, line := range strings.Split(string(left), "\n") {
			if strings.Contains(line, id) {
				t.Errorf("the %s is still there, line %d: %s", what, n, line)
			}
		}
	}
}
