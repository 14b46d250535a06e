package oktaemu

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// jsonObject is a JSON jsonObject of a test's expectations.
type jsonObject = map[string]any

// causes are the summaries of an error's causes.
func (a answer) causes(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, c := range a.object(t)["errorCauses"].([]any) {
		out = append(out, c.(jsonObject)["errorSummary"].(string))
	}
	return out
}

// refused checks the code of an error.
func (w *world) refused(method, target, body string, status int, code string) answer {
	w.t.Helper()
	a := w.call(method, target, body, status)
	if got := w.code(a); got != code {
		w.t.Errorf("%s %s: %s, want %s: %s", method, target, got, code, a.body)
	}
	return a
}

// kinds are the types of the org's events, in order.
func (w *world) kinds() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, e := range w.state.events {
		out = append(out, e.kind)
	}
	return out
}

func (w *world) same(what string, want, got any) {
	w.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (w *world) groupID(name string) string {
	w.t.Helper()
	for _, g := range w.get("/api/v1/groups").list(w.t) {
		if g["profile"].(jsonObject)["name"] == name {
			return g["id"].(string)
		}
	}
	w.t.Fatalf("no group %s", name)
	return ""
}

func (w *world) appID(label string) string {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.state.appByLabel(label)
	if !ok {
		w.t.Fatalf("no app %s", label)
	}
	return a.id
}

// iamOrg has a group and apps of three kinds.
func iamOrg(t *testing.T) *world {
	t.Helper()
	seed := DefaultSeed()
	seed.Groups = append(seed.Groups, SeedGroup{Name: "Staff"}, SeedGroup{Name: "Interns"}, SeedGroup{Name: "From Payroll", Type: "APP_GROUP"})
	seed.Apps = []SeedApp{
		{Label: "Robot", Name: "oidc_client", Service: true},
		{Label: "Wiki", Name: "template_swa", SignOnMode: "BROWSER_PLUGIN"},
		{Label: "Blog", Name: "template_swa", SignOnMode: "BROWSER_PLUGIN"},
	}
	return start(t, seed)
}

// adminTwin is where roles are linked to when the emulator is called by an address.
const adminTwin = "https://default-admin.okta.invalid"

func TestAdminTwins(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	id := w.call("POST", "/api/v1/iam/roles", `{"label":"R","description":"d","permissions":["okta.apps.read"]}`, 200).object(t)["id"].(string)
	for host, want := range map[string]string{
		"acme.okta.com": "http://acme-admin.okta.com", "acme.oktapreview.com:8443": "http://acme-admin.oktapreview.com:8443",
		"localhost:1": adminTwin, "acme.localhost:1": adminTwin, "a.b.localhost": adminTwin, "127.0.0.1": adminTwin, "[::1]:8484": adminTwin, "emulator": adminTwin,
		"okta.com": adminTwin,
	} {
		a := send(t, w.Org, "GET", "http://"+host+"/api/v1/iam/roles/"+id, "")
		links := a.object(t)["_links"].(jsonObject)
		w.same(host, want+"/api/v1/iam/roles/"+id, links["self"].(jsonObject)["href"])
	}
}

func TestRoleLinksOfAssignments(t *testing.T) {
	t.Parallel()
	w := acme(t)
	held := w.get("/api/v1/users/" + w.userID("svc-ci-deployer@acme.example") + "/roles").list(t)[0]
	role := w.get("/api/v1/iam/roles/" + text(held, "role")).object(t)["_links"].(jsonObject)
	links := held["_links"].(jsonObject)
	w.same("role", role["self"], links["role"])
	w.same("permissions", role["permissions"], links["permissions"])
}

func TestLifeOfACustomRole(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	const roles = "/api/v1/iam/roles"
	a := w.call("POST", roles, `{"label":"Readers","description":"Reads","permissions":["okta.users.read","okta.workflows.read"]}`, 200)
	made := a.object(t)
	id := made["id"].(string)
	self := adminTwin + "/api/v1/iam/roles/" + id
	w.same("created role", jsonObject{
		"id": id, "label": "Readers", "description": "Reads", "created": made["created"], "lastUpdated": made["created"],
		"_links": jsonObject{"permissions": jsonObject{"href": self + "/permissions"}, "self": jsonObject{"href": self}},
	}, made)
	if !strings.HasPrefix(id, "cr0") || len(id) != 20 || a.header.Get("Link") != "<"+self+`>; rel="self"` {
		t.Errorf("id %s, Link %q", id, a.header.Get("Link"))
	}
	for _, name := range []string{id, "Readers"} {
		w.same("role read back by "+name, made, w.get(roles+"/"+name).object(t))
	}
	changed := w.call("PUT", roles+"/Readers", `{"label":"Reader","description":"Reads more","permissions":["okta.apps.read"]}`, 200).object(t)
	w.same("changed role", changed, w.get(roles+"/"+id).object(t))
	if changed["label"] != "Reader" || changed["description"] != "Reads more" || changed["created"] != made["created"] {
		t.Errorf("changed role is %v", changed)
	}
	w.same("PUT leaves the permissions", []string{"okta.users.read", "okta.workflows.read", "okta.workflows.flows.read"}, w.permissionsOf(id))
	if got := w.get(roles).object(t)["roles"].([]any); !cmp.Equal(got[0], any(changed)) || len(got) != 4 {
		t.Errorf("roles are %v", got)
	}
	w.call("DELETE", roles+"/Reader", "", 204)
	w.refused("GET", roles+"/"+id, "", 404, "E0000007")
	w.same("events", []string{"iam.role.create", "iam.role.permissions.add", "iam.role.update", "iam.role.delete"}, w.kinds())
}

func (w *world) permissionsOf(role string) []string {
	w.t.Helper()
	var out []string
	for _, p := range w.get("/api/v1/iam/roles/" + role + "/permissions").object(w.t)["permissions"].([]any) {
		out = append(out, p.(jsonObject)["label"].(string))
	}
	return out
}

func TestPermissionsOfACustomRole(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	id := w.call("POST", "/api/v1/iam/roles", `{"label":"R","description":"d","permissions":["okta.apps.read"]}`, 200).object(t)["id"].(string)
	permissions := "/api/v1/iam/roles/" + id + "/permissions"
	self := adminTwin + permissions
	const conditions = `{"conditions":{"include":{"okta:ResourceAttribute/User/Profile":["city","state"]}}}`

	w.call("POST", permissions+"/okta.users.read", conditions, 204)
	got := w.get(permissions + "/okta.users.read").object(t)
	w.same("permission", jsonObject{
		"label": "okta.users.read", "created": got["created"], "lastUpdated": got["created"],
		"conditions": jsonObject{"include": jsonObject{"okta:ResourceAttribute/User/Profile": []any{"city", "state"}}},
		"_links":     jsonObject{"role": jsonObject{"href": strings.TrimSuffix(self, "/permissions")}, "self": jsonObject{"href": self + "/okta.users.read"}},
	}, got)
	if list := w.get(permissions).object(t)["permissions"].([]any); !cmp.Equal(list[1], any(got)) || list[0].(jsonObject)["conditions"] != nil {
		t.Errorf("permissions are %v", list)
	}
	w.refused("POST", permissions+"/okta.users.read", "", 400, "E0000001")
	put := w.call("PUT", permissions+"/okta.users.read", `{"conditions":{"exclude":{"a":["b"]}}}`, 200).object(t)
	w.same("replaced conditions", jsonObject{"exclude": jsonObject{"a": []any{"b"}}}, put["conditions"])
	w.same("without conditions", nil, w.call("PUT", permissions+"/okta.users.read", `{}`, 200).object(t)["conditions"])
	w.call("DELETE", permissions+"/okta.users.read", "", 204)
	w.refused("GET", permissions+"/okta.users.read", "", 404, "E0000007")
	w.refused("PUT", permissions+"/okta.users.read", `{}`, 404, "E0000007")
	w.refused("DELETE", permissions+"/okta.apps.read", "", 400, "E0000001") // the last one
	w.refused("POST", permissions+"/okta.nothing.read", "", 400, "E0000001")
	w.refused("POST", permissions+"/okta.groups.read", conditions, 400, "E0000001")
	w.call("POST", permissions+"/okta.workflows.invoke", "", 204)
	w.same("what Okta adds", []string{"okta.apps.read", "okta.workflows.invoke", "okta.workflows.flows.invoke"}, w.permissionsOf(id))
	w.same("events", []string{
		"iam.role.create", "iam.role.permissions.add", "iam.role.permissions.add", "iam.role.permission.conditions.add",
		"iam.role.permission.conditions.delete", "iam.role.permission.conditions.add", "iam.role.permission.conditions.delete",
		"iam.role.permissions.delete", "iam.role.permissions.add",
	}, w.kinds())
}

func TestCustomRoleRefusals(t *testing.T) {
	t.Parallel()
	w := acme(t)
	role := func(label, permissions string) string {
		return fmt.Sprintf(`{"label":%q,"description":"d","permissions":[%s]}`, label, permissions)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		code, cause        string
	}{
		{"POST", "", `{`, 400, "E0000003", ""},
		{"POST", "", `{"description":"d","permissions":["okta.users.read"]}`, 400, "E0000001", "label: "},
		{"POST", "", `{"label":"x","permissions":["okta.users.read"]}`, 400, "E0000001", "description: "},
		{"POST", "", role("x", ""), 400, "E0000001", "permissions: "},
		{"POST", "", role("x", `"okta.made.up"`), 400, "E0000001", "permissions: "},
		{"POST", "", role("Group reader", `"okta.users.read"`), 400, "E0000001", "label: An object with this field already exists"},
		{"POST", "", role("SUPER_ADMIN", `"okta.users.read"`), 400, "E0000001", "label: An object with this field already exists"},
		{"PUT", "/People%20reader", `{"label":"Group reader","description":"d"}`, 400, "E0000001", "label: An object with this field already exists"},
		{"PUT", "/People%20reader", `{"label":"x"}`, 400, "E0000001", "description: "},
		{"PUT", "/SUPER_ADMIN", `{"label":"x","description":"d"}`, 403, "E0000111", ""},
		{"DELETE", "/WORKFLOWS_ADMIN", "", 403, "E0000111", ""},
		{"DELETE", "/nobody", "", 404, "E0000007", ""},
		{"DELETE", "/People%20reader", "", 400, "E0000001", "role: "}, // it is assigned
	} {
		a := w.refused(c.method, "/api/v1/iam/roles"+c.path, c.body, c.status, c.code)
		if c.cause != "" && !strings.HasPrefix(a.causes(t)[0], c.cause) {
			t.Errorf("%s %s %s: causes %q, want %q", c.method, c.path, c.body, a.causes(t), c.cause)
		}
	}
	for i := len(w.get("/api/v1/iam/roles").object(t)["roles"].([]any)) - 3; i < 100; i++ {
		w.call("POST", "/api/v1/iam/roles", role(fmt.Sprint("role ", i), `"okta.users.read"`), 200)
	}
	w.refused("POST", "/api/v1/iam/roles", role("one too many", `"okta.users.read"`), 400, "E0000001")
}

func TestLifeOfAResourceSet(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	const sets = "/api/v1/iam/resource-sets"
	a := w.call("POST", sets, fmt.Sprintf(`{"label":"All","description":"Everything","resources":["%[1]s/api/v1/groups","%[1]s/api/v1/apps","%[1]s/api/v1/users"]}`, w.url), 200)
	made := a.object(t)
	id := made["id"].(string)
	self := w.url + sets + "/" + id
	w.same("created set", jsonObject{
		"id": id, "label": "All", "description": "Everything", "created": made["created"], "lastUpdated": made["created"],
		"_links": jsonObject{"bindings": jsonObject{"href": self + "/bindings"}, "self": jsonObject{"href": self}, "resources": jsonObject{"href": self + "/resources"}},
	}, made)
	if !strings.HasPrefix(id, "iam") || a.header.Get("Link") != "<"+self+`>; rel="self"` {
		t.Errorf("id %s, Link %q", id, a.header.Get("Link"))
	}
	w.same("read back by label", made, w.get(sets+"/All").object(t))
	list := w.get(sets + "/All/resources?limit=200")
	resources := list.object(t)["resources"].([]any)
	first := resources[0].(jsonObject)
	w.same("resource named by its URL", jsonObject{
		"id": first["id"], "orn": "orn:okta:directory:" + w.state.orgID + ":groups", "created": made["created"], "lastUpdated": made["created"],
		"_links": jsonObject{
			"self": jsonObject{"href": w.url + "/api/v1/groups"}, "groups": jsonObject{"href": w.url + "/api/v1/groups"},
			"resource": jsonObject{"href": self + "/resources/" + first["id"].(string)},
		},
	}, first)
	w.same("links of the list", jsonObject{"resource-set": jsonObject{"href": self}, "self": jsonObject{"href": self + "/resources"}}, list.object(t)["_links"])
	w.same("header of the list", []string{"<" + self + `/resources>; rel="self"`}, list.header.Values("Link"))

	changed := w.call("PUT", sets+"/"+id, `{"id":"ignored","label":"Everything","description":"All of it"}`, 200).object(t)
	w.same("changed set", changed, w.get(sets+"/Everything").object(t))
	w.call("DELETE", sets+"/"+id+"/resources/"+first["id"].(string), "", 204)
	w.refused("GET", sets+"/"+id+"/resources/"+first["id"].(string), "", 404, "E0000007")
	w.same("resources left", 2, len(w.get(sets + "/" + id + "/resources").object(t)["resources"].([]any)))
	w.call("DELETE", sets+"/Everything", "", 204)
	w.refused("GET", sets+"/"+id, "", 404, "E0000007")
	w.same("events", []string{
		"iam.resourceset.create", "iam.resourceset.resources.add", "iam.resourceset.update", "iam.resourceset.resources.delete", "iam.resourceset.delete",
	}, w.kinds())
}

func TestResourcesByEveryName(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	admin, staff, wiki := w.userID("admin@default.example"), w.groupID("Staff"), w.appID("Wiki")
	orn := func(rest string) string { return strings.Replace("orn:okta:"+rest, "ORG", w.state.orgID, 1) }
	cases := []struct{ name, orn, path string }{
		{"/api/v1/users", orn("directory:ORG:users"), "/api/v1/users"},
		{orn("directory:ORG:groups"), orn("directory:ORG:groups"), "/api/v1/groups"},
		{"/api/v1/users/" + admin, orn("directory:ORG:users:" + admin), "/api/v1/users/" + admin},
		{"/api/v1/groups/" + staff, orn("directory:ORG:groups:" + staff), "/api/v1/groups/" + staff},
		{"/api/v1/groups/" + staff + "/users", orn("directory:ORG:groups:" + staff + ":contained_resources"), "/api/v1/groups/" + staff + "/users"},
		{"/api/v1/apps/" + wiki, orn("idp:ORG:apps:template_swa:" + wiki), "/api/v1/apps/" + wiki},
		{"/api/v1/apps/?filter=name+eq+%22oidc_client%22", orn("idp:ORG:apps:oidc_client"), "/api/v1/apps/?filter=name+eq+%22oidc_client%22"},
		{orn("iam:ORG:contained_resources"), orn("iam:ORG:contained_resources"), ""},
		{orn("idp:ORG:customizations"), orn("idp:ORG:customizations"), ""},
		{orn("workflow:ORG:flows:123"), orn("workflow:ORG:flows:123"), ""},
	}
	w.call("POST", "/api/v1/iam/resource-sets", `{"label":"S","description":"d","resources":["`+w.url+`/api/v1/apps"]}`, 200)
	const resources = "/api/v1/iam/resource-sets/S/resources"
	for i, c := range cases {
		name := c.name
		if strings.HasPrefix(name, "/") {
			name = w.url + name
		}
		add := fmt.Sprintf(`{"additions":[%q]}`, name)
		if got := w.call("PATCH", resources, add, 200).object(t); got["label"] != "S" {
			t.Errorf("%s: PATCH answers %v", c.name, got)
		}
		w.refused("PATCH", resources, add, 400, "E0000001")
		got := w.get(resources).object(t)["resources"].([]any)[i+1].(jsonObject)
		w.same(c.name, c.orn, got["orn"])
		if c.path == "" {
			w.same(c.name+": no links without a REST URL", nil, got["_links"])
			continue
		}
		w.same(c.name, w.url+c.path, got["_links"].(jsonObject)["self"].(jsonObject)["href"])
	}
	for _, bad := range []string{
		"", "users", "https://elsewhere.example/api/v1/devices", w.url + "/api/v1/groups/00gNobody", w.url + "/api/v1/users?limit=1", w.url + "/api/v1/zones",
		w.url + "/api/v1/apps", // already there
		"orn:okta:directory:00oElsewhere:users", orn("directory:ORG:groups:00gNobody"), orn("nothing:ORG:users"), orn("idp:ORG:apps:oidc_client:" + wiki),
	} {
		w.refused("PATCH", resources, fmt.Sprintf(`{"additions":[%q]}`, bad), 400, "E0000001")
	}
	count := len(cases) + 1
	ids := map[string]bool{}
	for next := resources + "?limit=4"; next != ""; {
		a := w.get(next)
		for _, r := range a.object(t)["resources"].([]any) {
			ids[r.(jsonObject)["id"].(string)] = true
		}
		if links := a.header.Values("Link"); len(links) != 1 || strings.Contains(links[0], "next") {
			t.Errorf("resources are paged in the body alone, and have the header %q", links)
		}
		target, _ := a.object(t)["_links"].(jsonObject)["next"].(jsonObject)
		next, _ = target["href"].(string)
	}
	w.same("resources over all pages", count, len(ids))
}

func TestResourceConditions(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	w.call("POST", "/api/v1/iam/resource-sets", `{"label":"S","description":"d","resources":["`+w.url+`/api/v1/apps"]}`, 200)
	const resources = "/api/v1/iam/resource-sets/S/resources"
	staff := "orn:okta:directory:" + w.state.orgID + ":groups:" + w.groupID("Staff")
	w.refused("POST", resources, `{"resourceOrnOrUrl":"`+w.url+`/api/v1/groups"}`, 400, "E0000001")
	w.refused("POST", resources, `{"resourceOrnOrUrl":"`+w.url+`/api/v1/groups","conditions":{"Exclude":{"okta:ORN":["nothing"]}}}`, 400, "E0000001")
	made := w.call("POST", resources, `{"resourceOrnOrUrl":"`+w.url+`/api/v1/groups","conditions":{"Exclude":{"okta:ORN":["`+staff+`"]}}}`, 200).object(t)
	w.same("conditions", jsonObject{"Exclude": jsonObject{"okta:ORN": []any{staff}}}, made["conditions"])
	one := resources + "/" + made["id"].(string)
	w.same("read back", made, w.get(one).object(t))
	put := w.call("PUT", one, `{"conditions":{}}`, 200).object(t)
	w.same("without conditions", nil, put["conditions"])
	w.same("read back", put, w.get(one).object(t))
	w.refused("PUT", resources+"/ireNobody", `{}`, 404, "E0000007")
}

func TestResourceSetRefusals(t *testing.T) {
	t.Parallel()
	w := acme(t)
	users := `"resources":["` + w.url + `/api/v1/users"]`
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf(`"orn:okta:workflow:%s:flows:%d"`, w.state.orgID, i)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"POST", "", `[`, 400, "E0000003"},
		{"POST", "", `{"description":"d",` + users + `}`, 400, "E0000001"},
		{"POST", "", `{"label":"x",` + users + `}`, 400, "E0000001"},
		{"POST", "", `{"label":"x","description":"d","resources":[]}`, 400, "E0000001"},
		{"POST", "", `{"label":"CI groups","description":"d",` + users + `}`, 400, "E0000001"},
		{"POST", "", `{"label":"x","description":"d","resources":[` + strings.Join(many, ",") + `]}`, 400, "E0000001"},
		{"PUT", "/CI%20groups", `{"label":"All groups","description":"d"}`, 400, "E0000001"},
		{"PUT", "/CI%20groups", `{"label":"x"}`, 400, "E0000001"},
		{"PUT", "/WORKFLOWS_IAM_POLICY", `{"label":"x","description":"d"}`, 403, "E0000111"},
		{"DELETE", "/WORKFLOWS_IAM_POLICY", "", 403, "E0000111"},
		{"DELETE", "/nobody", "", 404, "E0000007"},
		{"DELETE", "/CI%20groups/resources/ireNobody", "", 404, "E0000007"},
	} {
		w.refused(c.method, "/api/v1/iam/resource-sets"+c.path, c.body, c.status, c.code)
	}
	w.call("POST", "/api/v1/iam/resource-sets", `{"label":"x","description":"d","resources":[`+strings.Join(many[1:], ",")+`]}`, 200)
	w.call("DELETE", "/api/v1/iam/resource-sets/CI%20groups", "", 204) // and its bindings with it
	w.wantRoles("svc-ci-deployer@acme.example", "READ_ONLY_ADMIN")
}

func TestClientRoles(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	id := w.appID("Robot")
	roles := "/oauth2/v1/clients/" + id + "/roles"
	w.same("no roles", "[]", w.get(roles).body)
	made := w.call("POST", roles, `{"type":"HELP_DESK_ADMIN"}`, 201).object(t)
	w.same("assignment", jsonObject{
		"id": "JBCUYUC7IRCVGS27IFCE2SKO", "label": "Help Desk Administrator", "type": "HELP_DESK_ADMIN", "status": "ACTIVE",
		"created": made["created"], "lastUpdated": made["created"], "assignmentType": "CLIENT",
		"_links": jsonObject{"assignee": jsonObject{"href": w.url + "/oauth2/v1/clients/" + id}},
	}, made)
	w.same("read back", made, w.get(roles+"/JBCUYUC7IRCVGS27IFCE2SKO").object(t))
	w.same("listed", []jsonObject{made}, w.get(roles).list(t))
	w.refused("POST", roles, `{"type":"HELP_DESK_ADMIN"}`, 409, "E0000090")
	w.call("POST", roles, `{"type":"SUPER_ADMIN"}`, 201)
	w.call("POST", roles+"?disableNotifications=true", `{"type":"ORG_ADMIN"}`, 501) // clients have no such parameter
	w.same("held", []string{"HELP_DESK_ADMIN", "SUPER_ADMIN"}, w.RolesOfClient("Robot"))
	w.call("DELETE", roles+"/JBCUYUC7IRCVGS27IFCE2SKO", "", 204)
	w.refused("DELETE", roles+"/JBCUYUC7IRCVGS27IFCE2SKO", "", 404, "E0000007")
	w.call("DELETE", roles+"/"+w.get(roles).list(t)[0]["id"].(string), "", 204)
	w.same("held", []string(nil), w.RolesOfClient("Robot"))
	for _, nobody := range []string{w.appID("Wiki"), "0oaNobody"} {
		w.refused("GET", "/oauth2/v1/clients/"+nobody+"/roles", "", 404, "E0000007")
		w.refused("POST", "/oauth2/v1/clients/"+nobody+"/roles", `{"type":"ORG_ADMIN"}`, 404, "E0000007")
	}
	w.must(w.AssignClient("Robot", "SOMETHING_NEW_ADMIN"))
	w.same("unknown type", "SOMETHING_NEW_ADMIN", w.get(roles).list(t)[0]["type"])
	if w.AssignClient("Robot", "SOMETHING_NEW_ADMIN") == nil || w.AssignClient("Wiki", "ORG_ADMIN") == nil || w.AssignClient("Nobody", "ORG_ADMIN") == nil {
		t.Error("AssignClient takes what cannot be")
	}
	grant, revoke := "app.oauth2.client.privilege.grant", "app.oauth2.client.privilege.revoke"
	w.same("events", []string{grant, grant, grant, revoke, grant}, w.kinds())
}

func TestClientAsABindingMember(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	client := w.url + "/oauth2/v1/clients/" + w.appID("Robot")
	w.call("POST", "/api/v1/iam/roles", `{"label":"R","description":"d","permissions":["okta.apps.read"]}`, 200)
	w.call("POST", "/api/v1/iam/resource-sets", `{"label":"S","description":"d","resources":["`+w.url+`/api/v1/apps"]}`, 200)
	const bindings = "/api/v1/iam/resource-sets/S/bindings"
	w.refused("POST", bindings, `{"role":"R","members":["`+w.url+`/oauth2/v1/clients/`+w.appID("Wiki")+`"]}`, 400, "E0000001")
	w.refused("POST", bindings, `{"role":"R","members":[]}`, 400, "E0000001")
	made := w.call("POST", bindings, `{"role":"R","members":["`+client+`"]}`, 200).object(t)
	set, role := w.url+"/api/v1/iam/resource-sets/"+w.get("/api/v1/iam/resource-sets/S").object(t)["id"].(string), w.get("/api/v1/iam/roles/R").object(t)["id"].(string)
	at := func(target string) jsonObject { return jsonObject{"href": target} }
	links := jsonObject{"self": at(set + "/bindings/" + role), "bindings": at(set + "/bindings"), "resource-set": at(set)}
	w.same("a binding is answered with links alone", jsonObject{"_links": links}, made)
	group := `{"additions":["` + w.url + "/api/v1/groups/" + w.groupID("Staff") + `"]}`
	w.same("so is a change of its members", made, w.call("PATCH", bindings+"/R/members", group, 200).object(t))
	one := jsonObject{"self": at(set + "/bindings/" + role), "members": at(set + "/bindings/" + role + "/members"), "resource-set": at(set)}
	w.same("binding", jsonObject{"id": role, "_links": one}, w.get(bindings+"/R").object(t))
	listing := []any{jsonObject{"id": role, "_links": jsonObject{"self": at(adminTwin + "/api/v1/iam/roles/" + role), "members": one["members"]}}}
	w.same("bindings", listing, w.get(bindings).object(t)["roles"])
	members := w.get(bindings + "/R/members").object(t)["members"].([]any)
	w.same("member", client, members[0].(jsonObject)["_links"].(jsonObject)["self"].(jsonObject)["href"])
	w.same("held", []string{"CUSTOM R on S"}, w.RolesOfClient("Robot"))
	listed := w.get("/oauth2/v1/clients/" + w.appID("Robot") + "/roles").list(t)[0]
	w.same("the member's id is the assignment's", members[0].(jsonObject)["id"], listed["id"])
	w.same("by label", 201, w.call("POST", "/api/v1/users/admin@default.example/roles", `{"type":"CUSTOM","role":"R","resource-set":"S"}`, 201).status)
	w.call("DELETE", bindings+"/R/members/"+listed["id"].(string), "", 204)
	w.same("held", []string(nil), w.RolesOfClient("Robot"))
}

func TestStandardRoleOnAFixedSet(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	id := w.userID("svc-example@default.example")
	made := w.call("POST", "/api/v1/users/"+id+"/roles", `{"type":"WORKFLOWS_ADMIN"}`, 201).object(t)
	w.refused("POST", "/api/v1/users/"+id+"/roles", `{"type":"WORKFLOWS_ADMIN"}`, 409, "E0000263")
	for _, link := range []string{"role", "permissions", "resource-set", "member", "assignee"} {
		target := made["_links"].(jsonObject)[link].(jsonObject)["href"].(string)
		w.get(strings.Replace(target, adminTwin, w.url, 1)) // all of them lead somewhere
	}
	bound := w.get("/api/v1/iam/resource-sets/WORKFLOWS_IAM_POLICY/bindings").object(t)["roles"].([]any)
	w.same("binding", "WORKFLOWS_ADMIN", bound[0].(jsonObject)["id"])
}

func TestGroupEligibility(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	for name, code := range map[string]string{"Everyone": "E0000211", "From Payroll": "E0000194"} {
		w.refused("POST", "/api/v1/groups/"+w.groupID(name)+"/roles", `{"type":"ORG_ADMIN"}`, 400, code)
	}
	staff := w.groupID("Staff")
	w.mu.Lock()
	w.state.membersOf[staff] = make([]string, 5001)
	w.mu.Unlock()
	w.refused("POST", "/api/v1/groups/"+staff+"/roles", `{"type":"ORG_ADMIN"}`, 400, "E0000193")
}

func TestThirdPartyStatus(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	roles := "/api/v1/groups/" + w.groupID("Staff") + "/roles"
	w.refused("POST", roles+"?disableNotifications=true", "", 400, "E0000003") // it holds nothing
	w.refused("POST", roles, "", 400, "E0000003")
	before := w.call("POST", roles+"?disableNotifications=true", `{"type":"ORG_ADMIN"}`, 201).object(t)
	for _, nothing := range []string{"", "{}"} { // the latter by terraform-provider-okta
		if a := w.call("POST", roles+"?disableNotifications=false", nothing, 201); a.body != "" {
			t.Errorf("%q: the answer is %s", nothing, a.body)
		}
	}
	w.same("roles", []jsonObject{before}, w.get(roles).list(t))
	changes := slices.DeleteFunc(w.kinds(), func(k string) bool { return k != "iam.policy.assignee_configuration.update" })
	w.same("events", 3, len(changes))
}

func TestOnlySuperAdminsGiveAndTakeRoles(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	const svc = "svc-example@default.example"
	w.call("POST", "/api/v1/iam/roles", `{"label":"R","description":"d","permissions":["okta.iam.read","okta.users.manage"]}`, 200)
	w.call("POST", "/api/v1/iam/resource-sets", `{"label":"S","description":"d","resources":["`+w.url+`/api/v1/users"]}`, 200)
	w.call("POST", "/api/v1/users/"+svc+"/roles", `{"type":"CUSTOM","role":"R","resource-set":"S"}`, 201)
	w.must(w.Assign(svc, "ORG_ADMIN"))
	value := w.token(svc, "t")
	admin := "/api/v1/users/" + w.userID("admin@default.example") + "/roles"
	held := w.as(value, "GET", admin, "", 200).list(t)[0]["id"].(string)
	for _, c := range [][3]string{
		{"POST", "/api/v1/users/" + svc + "/roles", `{"type":"SUPER_ADMIN"}`},
		{"DELETE", admin + "/" + held, ""},
		{"POST", "/api/v1/iam/roles", `{"label":"X","description":"d","permissions":["okta.users.read"]}`},
		{"POST", "/api/v1/iam/roles/R/permissions/okta.apps.manage", ""},
		{"POST", "/oauth2/v1/clients/" + w.appID("Robot") + "/roles", `{"type":"SUPER_ADMIN"}`},
		{"PATCH", "/api/v1/iam/resource-sets/S/resources", `{"additions":["` + w.url + `/api/v1/apps"]}`},
	} {
		if got := w.code(w.as(value, c[0], c[1], c[2], 403)); got != "E0000006" {
			t.Errorf("%s %s: %s", c[0], c[1], got)
		}
	}
}

func TestGroupTargets(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	user := "/api/v1/users/" + w.userID("svc-example@default.example")
	for _, holder := range []string{user, "/api/v1/groups/" + w.groupID("Interns"), "/oauth2/v1/clients/" + w.appID("Robot")} {
		id := w.call("POST", holder+"/roles", `{"type":"GROUP_MEMBERSHIP_ADMIN"}`, 201).object(t)["id"].(string)
		targets := holder + "/roles/" + id + "/targets/groups"
		w.same("without targets", "[]", w.get(targets).body)
		staff, interns := w.groupID("Staff"), w.groupID("Interns")
		w.call("PUT", targets+"/"+staff, "", 204)
		w.call("PUT", targets+"/"+staff, "", 204)
		w.same("one target", []jsonObject{w.get("/api/v1/groups/" + staff).object(t)}, w.get(targets).list(t))
		w.refused("DELETE", targets+"/"+staff, "", 400, "E0000001") // the last one
		w.call("PUT", targets+"/"+interns, "", 204)
		w.same("two targets", []string{staff, interns}, pluck(w.get(targets).list(t), "id"))
		w.same("a page", []string{staff}, pluck(w.get(targets+"?limit=1").list(t), "id"))
		w.call("DELETE", targets+"/"+staff, "", 204)
		w.refused("DELETE", targets+"/"+staff, "", 404, "E0000007")
		w.refused("PUT", targets+"/00gNobody", "", 404, "E0000007")
		apps := holder + "/roles/" + id + "/targets/catalog/apps"
		w.refused("GET", apps, "", 400, "E0000091")
		w.refused("PUT", apps+"/oidc_client", "", 400, "E0000091")
		w.refused("PUT", strings.Replace(targets, id, "ra1Nobody", 1)+"/"+staff, "", 404, "E0000007")
	}
	expanded := w.get(user + "/roles?expand=targets/groups").list(t)[0]
	w.same("embedded", w.groupID("Interns"), expanded["_embedded"].(jsonObject)["targets"].(jsonObject)["groups"].([]any)[0].(jsonObject)["id"])
	if _, ok := w.get(user + "/roles?expand=targets/catalog/apps").list(t)[0]["_embedded"]; ok {
		t.Error("a role for groups embeds apps")
	}
	w.call("GET", user+"/roles?expand=everything", "", 501)
	id := expanded["id"].(string)
	w.same("as ORN", []jsonObject{{
		"assignmentType": "USER", "orn": "orn:okta:directory:" + w.state.orgID + ":groups:" + w.groupID("Interns"),
		"_links": jsonObject{"self": jsonObject{"href": w.url + "/api/v1/groups/" + w.groupID("Interns")}},
	}}, w.get(user+"/roles/"+id+"/targets").list(t))
	w.same("through groups", "[]", w.get(user+"/roles/"+id+"/targets?assignmentType=GROUP").body)
}

func TestAppTargets(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	user := "/api/v1/users/" + w.userID("svc-example@default.example")
	const id = "IFIFAX2BIRGUSTQ"
	w.call("POST", user+"/roles", `{"type":"APP_ADMIN"}`, 201)
	apps, wiki, blog := user+"/roles/"+id+"/targets/catalog/apps", w.appID("Wiki"), w.appID("Blog")
	w.call("PUT", apps+"/template_swa/"+wiki, "", 204)
	w.same("an instance", []jsonObject{{
		"id": wiki, "name": "Wiki", "status": "ACTIVE", "_links": jsonObject{"self": jsonObject{"href": w.url + "/api/v1/apps/" + wiki}},
	}}, w.get(apps).list(t))
	w.call("PUT", apps+"/template_swa/"+blog, "", 204)
	w.refused("PUT", apps+"/oidc_client/"+blog, "", 404, "E0000007") // it is another app's
	w.call("PUT", apps+"/facebook", "", 204)
	w.same("three", []string{"Wiki", "Blog", "facebook"}, pluck(w.get(apps).list(t), "name"))
	if _, ok := w.get(apps).list(t)[2]["id"]; ok {
		t.Error("an app of the catalog has an id")
	}
	w.call("PUT", apps+"/template_swa", "", 204) // takes the place of its instances
	w.same("all instances", []string{"facebook", "template_swa"}, pluck(w.get(apps).list(t), "name"))
	w.call("DELETE", apps+"/facebook", "", 204)
	w.call("PUT", apps+"/template_swa/"+wiki, "", 204) // and an instance the place of the app
	w.same("one instance", []string{"Wiki"}, pluck(w.get(apps).list(t), "name"))
	w.refused("DELETE", apps+"/template_swa/"+wiki, "", 400, "E0000001")
	w.refused("DELETE", apps+"/template_swa/"+blog, "", 404, "E0000007")
	w.refused("PUT", user+"/roles/"+id+"/targets/groups/"+w.groupID("Staff"), "", 400, "E0000091")
	embedded := w.get(user + "/roles?expand=targets%2Fcatalog%2Fapps").list(t)[0]["_embedded"].(jsonObject)["targets"].(jsonObject)["catalog"].(jsonObject)["apps"]
	w.same("embedded", wiki, embedded.([]any)[0].(jsonObject)["id"])
	w.call("PUT", apps, "", 200) // all apps again
	w.same("no targets", "[]", w.get(apps).body)
	w.call("PUT", apps+"/no_such_app", "", 501)
	group := "/api/v1/groups/" + w.groupID("Staff")
	w.call("POST", group+"/roles", `{"type":"APP_ADMIN"}`, 201)
	w.call("PUT", group+"/roles/"+id+"/targets/catalog/apps/facebook", "", 200)
	w.call("PUT", group+"/roles/"+id+"/targets/catalog/apps/template_swa/"+wiki, "", 204)
	w.call("DELETE", user+"/roles/"+id, "", 204)
	w.refused("GET", apps, "", 404, "E0000007")
	w.call("POST", user+"/roles", `{"type":"APP_ADMIN"}`, 201)
	w.same("a new assignment has no old targets", "[]", w.get(apps).body)
}

func TestTargetLimit(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	for i := range maxTargets + 1 {
		seed.Groups = append(seed.Groups, SeedGroup{Name: fmt.Sprint("g", i)})
	}
	w := start(t, seed)
	w.must(w.Assign("svc-example@default.example", "USER_ADMIN"))
	targets := "/api/v1/users/svc-example@default.example/roles/KVJUKUS7IFCE2SKO/targets/groups/"
	for i := range maxTargets {
		w.call("PUT", targets+oktaID("00g", fmt.Sprint("g", i)), "", 204)
	}
	w.refused("PUT", targets+oktaID("00g", fmt.Sprint("g", maxTargets)), "", 400, "E0000093")
	w.same("the largest page", maxTargets, len(w.get(strings.TrimSuffix(targets, "/")+"?limit=200").list(t)))
	w.same("a page as it comes", 20, len(w.get(strings.TrimSuffix(targets, "/")).list(t)))
}

// inBubble is an org that is called without a network, so that synctest's clock governs it.
func inBubble(t *testing.T) func(method, path, body string) answer {
	t.Helper()
	org, err := New(DefaultSeed(), WithAPIToken(ownToken))
	if err != nil {
		t.Fatal(err)
	}
	return func(method, path, body string) answer {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "SSWS "+ownToken)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		org.ServeHTTP(rec, r)
		return answer{rec.Code, rec.Header(), rec.Body.String()}
	}
}

// As recorded: a change of the set moves the times of its resources; taking a resource moves nothing.
func TestTimesOfRolesSetsAndResources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		call := inBubble(t)
		begin := time.Now()
		const set, role = "/api/v1/iam/resource-sets/S", "/api/v1/iam/roles/R"
		call("POST", "/api/v1/iam/resource-sets", `{"label":"S","description":"d","resources":["http://example.com/api/v1/apps","http://example.com/api/v1/users"]}`)
		call("POST", "/api/v1/iam/roles", `{"label":"R","description":"d","permissions":["okta.users.read"]}`)
		updated := func(path, list string) string {
			body := call("GET", path, "").object(t)
			if list != "" {
				body = body[list].([]any)[0].(jsonObject)
			}
			if body["created"] != stamp(begin) {
				t.Errorf("%s was created at %v", path, body["created"])
			}
			return body["lastUpdated"].(string)
		}
		first := call("GET", set+"/resources", "").object(t)["resources"].([]any)[1].(jsonObject)["id"].(string)
		for _, step := range []struct {
			method, path, body             string
			set, resource, role, permitted int // seconds after the beginning
		}{
			{"PUT", set, `{"label":"S","description":"e"}`, 1, 1, 0, 0},
			{"DELETE", set + "/resources/" + first, "", 1, 1, 0, 0},
			{"PUT", role, `{"label":"R","description":"e"}`, 1, 1, 3, 0},
			{"POST", role + "/permissions/okta.apps.read", "", 1, 1, 3, 0},
			{"PUT", role + "/permissions/okta.users.read", "", 1, 1, 3, 5},
		} {
			time.Sleep(time.Second)
			if a := call(step.method, step.path, step.body); a.status > 204 {
				t.Fatalf("%s %s: %d %s", step.method, step.path, a.status, a.body)
			}
			at := func(seconds int) string { return stamp(begin.Add(time.Duration(seconds) * time.Second)) }
			want := []string{at(step.set), at(step.resource), at(step.role), at(step.permitted)}
			got := []string{
				updated(set, ""), updated(set+"/resources", "resources"), updated(role, ""), updated(role+"/permissions", "permissions"),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %s %s (-want +got):\n%s", step.method, step.path, diff)
			}
		}
	})
}

// As recorded: with targets, an assignment was created with the first and changed with the last of them.
func TestTargetsMoveTheTimesOfAnAssignment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		call := inBubble(t)
		const roles = "/api/v1/users/svc-example@default.example/roles"
		begin := time.Now()
		call("POST", roles, `{"type":"APP_ADMIN"}`)
		times := func() []string {
			a := call("GET", roles+"/IFIFAX2BIRGUSTQ", "").object(t)
			return []string{a["created"].(string), a["lastUpdated"].(string)}
		}
		at := func(seconds int) string { return stamp(begin.Add(time.Duration(seconds) * time.Second)) }
		for _, step := range []struct {
			method, path, body string
			want               []string
		}{
			{"PUT", roles + "/IFIFAX2BIRGUSTQ/targets/catalog/apps/facebook", "", []string{at(1), at(1)}},
			{"PUT", roles + "/IFIFAX2BIRGUSTQ/targets/catalog/apps/bookmark", "", []string{at(1), at(2)}},
			{"POST", roles, `{"type":"ORG_ADMIN"}`, []string{at(1), at(2)}},
			{"DELETE", roles + "/IFIFAX2BIRGUSTQ/targets/catalog/apps/facebook", "", []string{at(2), at(2)}},
			{"PUT", roles + "/IFIFAX2BIRGUSTQ/targets/catalog/apps", "", []string{at(5), at(5)}},
		} {
			time.Sleep(time.Second)
			if a := call(step.method, step.path, step.body); a.status > 204 {
				t.Fatalf("%s %s: %d %s", step.method, step.path, a.status, a.body)
			}
			if diff := cmp.Diff(step.want, times()); diff != "" {
				t.Errorf("after %s %s (-want +got):\n%s", step.method, step.path, diff)
			}
		}
	})
}

func TestGovernanceOfAnOrgThatHasNone(t *testing.T) {
	t.Parallel()
	w := iamOrg(t)
	self := w.url + "/api/v1/iam/governance/bundles"
	w.same("bundles", jsonObject{"bundles": []any{}, "_links": jsonObject{"self": jsonObject{"href": self}}}, w.get(self).object(t))
	w.refused("GET", self+"/enbNobody", "", 404, "E0000007")
	w.same("opt-in", "OPTED_OUT", w.get("/api/v1/iam/governance/optIn").object(t)["optInStatus"])
	user := "/api/v1/users/" + w.userID("admin@default.example")
	role := user + "/roles/" + w.get(user + "/roles").list(t)[0]["id"].(string)
	w.same("grants", jsonObject{
		"grants": []any{}, "_links": jsonObject{"self": jsonObject{"href": w.url + role + "/governance"}, "assignee": jsonObject{"href": w.url + user}},
	}, w.get(role+"/governance").object(t))
	w.refused("GET", role+"/governance/grant1", "", 404, "E0000007")
	w.refused("GET", user+"/roles/ra1Nobody/governance", "", 404, "E0000007")
}

func TestEveryIAMRouteSaysHowItIsKnown(t *testing.T) {
	t.Parallel()
	for _, list := range [][]route{roleRoutes(), roleTargetRoutes(), customRoleRoutes(), resourceSetRoutes(), bindingRoutes(), governanceRoutes()} {
		for _, r := range list {
			if r.evidence.grade == "" || r.evidence.source == "" || r.scope == "" {
				t.Errorf("%s %s has no evidence or no scope", r.method, r.path)
			}
			if (r.method == "GET") != (r.need == readRoles && r.scope == "okta.roles.read") {
				t.Errorf("%s %s takes %s and %s", r.method, r.path, r.need, r.scope)
			}
		}
	}
}

func TestMemberLimit(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.CustomRoles, seed.ResourceSets = []SeedCustomRole{{Label: "R"}}, []SeedResourceSet{{Label: "S"}}
	for i := range maxMembers {
		seed.Users = append(seed.Users, SeedUser{Login: fmt.Sprintf("u%d@default.example", i), Roles: []SeedRole{{Custom: "R", ResourceSet: "S"}}})
	}
	w := start(t, seed)
	user := "/api/v1/users/" + w.userID("svc-example@default.example")
	w.refused("POST", user+"/roles", `{"type":"CUSTOM","role":"R","resource-set":"S"}`, 400, "E0000001")
	w.refused("PATCH", "/api/v1/iam/resource-sets/S/bindings/R/members", `{"additions":["`+w.url+user+`"]}`, 400, "E0000001")
	members := w.get("/api/v1/iam/resource-sets/S/bindings/R/members").object(t)
	w.same("a page of members", 100, len(members["members"].([]any)))
}
