package oktaemu

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const invoice = "svc-invoice-export@acme.example"

func TestRightsAreThoseOfTheOwnerAtTheTimeOfTheCall(t *testing.T) {
	t.Parallel()
	w := acme(t)
	value := w.token(invoice, "x")
	w.as(value, "GET", "/api/v1/users/me", "", 200)
	if got := w.code(w.as(value, "GET", "/api/v1/groups", "", 403)); got != "E0000006" {
		t.Errorf("without roles: %s", got)
	}
	w.must(w.Assign(invoice, "READ_ONLY_ADMIN"))
	w.as(value, "GET", "/api/v1/groups", "", 200)
	w.as(value, "GET", "/api/v1/users/"+invoice+"/roles", "", 403) // read-only admins do not see assignments

	id := w.userID(invoice)
	list := w.get("/api/v1/users/" + id + "/roles").list(t)
	w.call("DELETE", "/api/v1/users/"+id+"/roles/"+list[0]["id"].(string), "", 204)
	w.as(value, "GET", "/api/v1/groups", "", 403)

	w.must(w.AssignGroup("Invoice readers", "SUPER_ADMIN"))
	w.must(w.AddMember("Invoice readers", invoice))
	w.as(value, "GET", "/api/v1/users/"+invoice+"/roles", "", 200)

	w.must(w.SetStatus(invoice, "SUSPENDED"))
	if got := w.code(w.as(value, "GET", "/api/v1/users/me", "", 401)); got != "E0000011" {
		t.Errorf("suspended owner: %s", got)
	}
}

func TestCustomRolePermissions(t *testing.T) {
	t.Parallel()
	w := acme(t)
	people := w.token("svc-payroll-sync@acme.example", "x")
	w.as(people, "GET", "/api/v1/users", "", 200)
	for _, path := range []string{"/api/v1/groups", "/api/v1/api-tokens", "/api/v1/logs", "/api/v1/iam/roles", "/api/v1/zones", "/api/v1/apps", "/api/v1/org"} {
		w.as(people, "GET", path, "", 403)
	}
	w.mu.Lock()
	r, _ := w.state.role("People reader")
	r.permissions = append(slices.Clone(r.permissions), "okta.iam.read")
	w.state.roles.put(r.id, 0, r)
	w.mu.Unlock()
	w.as(people, "GET", "/api/v1/iam/roles", "", 200)
	w.as(people, "POST", "/api/v1/users/"+invoice+"/roles", `{"type":"READ_ONLY_ADMIN"}`, 403)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	w := acme(t)
	for _, token := range []string{"", "00wrong", ownToken + "x"} {
		if got := w.code(w.as(token, "GET", "/api/v1/users", "", 401)); got != "E0000011" {
			t.Errorf("token %q: %s", token, got)
		}
	}
	w.as("", "GET", "/.well-known/okta-organization", "", 200)
	for _, path := range []string{"/api/v1/policies", "/api/v1/users?fields=id", "/oauth2/v1/authorize", "/nowhere"} {
		a := w.call("GET", path, "", 501)
		if !strings.Contains(a.object(t)["errorSummary"].(string), "emulated org has no") {
			t.Errorf("%s: 501 does not say why: %s", path, a.body)
		}
	}
}

func TestEveryReadRouteAnswers(t *testing.T) {
	t.Parallel()
	w := acme(t)
	ada := w.userID("ada.admin@acme.example")
	group := w.get("/api/v1/groups").list(t)[2]["id"].(string)
	token := w.get("/api/v1/api-tokens").list(t)[0]["id"].(string)
	zone := w.get("/api/v1/zones").list(t)[0]["id"].(string)
	app := w.ClientID("Metrics")
	for _, role := range []string{"APP_ADMIN", "USER_ADMIN"} {
		_ = w.Assign("ada.admin@acme.example", role)
		_ = w.AssignGroup("Helpdesk tier 2", role)
		_ = w.AssignClient("Metrics", role)
	}
	w.call("PUT", "/api/v1/apps/"+app+"/groups/"+group, "", 200)
	rule := w.call("POST", "/api/v1/groups/rules", ruleBody("Clerks", "clerks", w.call("POST", "/api/v1/groups", `{"profile":{"name":"Clerks"}}`, 200).object(t)["id"].(string)), 200).object(t)["id"].(string)
	w.call("POST", "/api/v1/apps/"+app+"/users", `{"id":"`+ada+`"}`, 200)
	resource := w.get("/api/v1/iam/resource-sets/Helpdesk%20groups/resources").object(t)["resources"].([]any)[0].(map[string]any)["id"].(string)
	fill := strings.NewReplacer("{user}", ada, "{group}", group, "{token}", token, "{zone}", zone, "{app}", app, "{schema}", "default", "{type}", "default", "{client}", app, "{rule}", rule,
		"{set}", "Helpdesk%20groups", "{role}", "Group%20reader", "{permission}", "okta.groups.read", "{resource}", resource)
	for _, r := range routes() {
		if r.method != "GET" || slices.ContainsFunc([]string{"{bundle}", "{grant}", "{key}", "{secret}"}, func(v string) bool { return strings.Contains(r.path, v) }) {
			continue // the seed has none of those; other tests read them
		}
		path := fill.Replace(r.path)
		switch {
		case strings.Contains(path, "/targets/catalog"):
			path = strings.Replace(path, "{assignment}", "IFIFAX2BIRGUSTQ", 1)
		case strings.Contains(path, "/roles/{assignment}"):
			path = strings.Replace(path, "{assignment}", "KVJUKUS7IFCE2SKO", 1)
		case strings.Contains(path, "{member}"):
			members := w.get(strings.TrimSuffix(path, "/{member}")).object(t)["members"].([]any)
			path = strings.Replace(path, "{member}", members[0].(map[string]any)["id"].(string), 1)
		}
		a := w.get(path)
		if a.header.Get("X-Okta-Request-Id") == "" || a.header.Get("X-Rate-Limit-Reset") == "" || a.header.Get("Date") == "" {
			t.Errorf("%s: headers are missing: %v", path, a.header)
		}
	}
}

func TestStandardAssignment(t *testing.T) {
	t.Parallel()
	w := acme(t)
	id := w.userID(invoice)
	roles := "/api/v1/users/" + id + "/roles"
	made := w.call("POST", roles, `{"type":"READ_ONLY_ADMIN"}`, 201).object(t)
	if made["assignmentType"] != "USER" || made["label"] != "Read-only Administrator" || !strings.HasPrefix(made["id"].(string), "ra1") {
		t.Errorf("assignment is %v", made)
	}
	if got := w.code(w.call("POST", roles, `{"type":"READ_ONLY_ADMIN"}`, 409)); got != "E0000090" {
		t.Errorf("second time: %s", got)
	}
	w.call("POST", roles, `{"type":"NO_SUCH_ADMIN"}`, 400)
	w.call("POST", roles, `{`, 400)
	w.call("DELETE", roles+"/"+made["id"].(string), "", 204)
	if got := w.code(w.call("DELETE", roles+"/"+made["id"].(string), "", 404)); got != "E0000007" {
		t.Errorf("gone already: %s", got)
	}
	w.wantRoles(invoice)

	w.must(w.SetStatus(invoice, "SUSPENDED"))
	w.call("POST", roles, `{"type":"READ_ONLY_ADMIN"}`, 403)
	w.call("POST", "/api/v1/users/nobody@acme.example/roles", `{"type":"READ_ONLY_ADMIN"}`, 404)
	w.call("POST", "/api/v1/groups/"+w.get("/api/v1/groups").list(t)[0]["id"].(string)+"/roles", `{"type":"READ_ONLY_ADMIN"}`, 400)
}

func TestBase32IDsAreTheSameForEverybodyAndTheirTimesMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, err := New(DefaultSeed(), WithAPIToken(ownToken))
		if err != nil {
			t.Fatal(err)
		}
		const svc = "svc-example@default.example"
		call := func(method, path, body string) answer {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Authorization", "SSWS "+ownToken)
			r.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			org.ServeHTTP(rec, r)
			return answer{rec.Code, rec.Header(), rec.Body.String()}
		}
		made := call("POST", "/api/v1/users/"+svc+"/roles", `{"type":"APP_ADMIN"}`).object(t)
		other := call("POST", "/api/v1/users/admin@default.example/roles", `{"type":"APP_ADMIN"}`).object(t)
		if made["id"] != "IFIFAX2BIRGUSTQ" || other["id"] != made["id"] {
			t.Errorf("ids %v and %v, want IFIFAX2BIRGUSTQ twice", made["id"], other["id"])
		}
		time.Sleep(3 * time.Second)
		call("POST", "/api/v1/users/"+svc+"/roles", `{"type":"READ_ONLY_ADMIN"}`)
		if now := call("GET", "/api/v1/users/"+svc+"/roles", "").list(t)[0]; now["created"] == made["created"] {
			t.Errorf("created of %v did not move when another role changed", now["type"])
		}
	})
}

func TestGroupDerivedRoleCannotBeRemovedAtTheUser(t *testing.T) {
	t.Parallel()
	w := acme(t)
	const bot = "svc-helpdesk-bot@acme.example"
	id := w.userID(bot)
	var inherited map[string]any
	for _, r := range w.get("/api/v1/users/" + id + "/roles").list(t) {
		if r["type"] == "USER_ADMIN" {
			inherited = r
		}
	}
	group := w.get("/api/v1/groups").list(t)[2]["id"].(string)
	assignee := inherited["_links"].(map[string]any)["assignee"].(map[string]any)["href"]
	if inherited["assignmentType"] != "GROUP" || assignee != w.url+"/api/v1/groups/"+group {
		t.Errorf("inherited role is %v", inherited)
	}
	path := "/roles/" + inherited["id"].(string)
	w.call("DELETE", "/api/v1/users/"+id+path, "", 404)
	w.must(w.Assign(bot, "USER_ADMIN"))
	w.call("DELETE", "/api/v1/users/"+id+path, "", 204) // the same id: now it removed the direct one
	w.wantRoles(bot, "CUSTOM Group reader on Helpdesk groups", "USER_ADMIN via group Helpdesk tier 2")
	w.call("DELETE", "/api/v1/groups/"+group+path, "", 204)
	w.wantRoles(bot, "CUSTOM Group reader on Helpdesk groups")
	gra := w.call("POST", "/api/v1/groups/"+group+"/roles", `{"type":"READ_ONLY_ADMIN"}`, 201).object(t)
	if !strings.HasPrefix(gra["id"].(string), "gra") {
		t.Errorf("group assignment is %v", gra)
	}
}

func TestCustomAssignmentIsABindingMember(t *testing.T) {
	t.Parallel()
	w := acme(t)
	id := w.userID(invoice)
	role := w.get("/api/v1/iam/roles/Group%20reader").object(t)
	set := w.get("/api/v1/iam/resource-sets/Invoice%20groups").object(t)["id"].(string)
	if self := role["_links"].(map[string]any)["self"].(map[string]any)["href"].(string); !strings.Contains(self, "-admin.") {
		t.Errorf("a custom role's links are not on the -admin host: %s", self)
	}
	roleID := role["id"].(string)
	body := fmt.Sprintf(`{"type":"CUSTOM","role":%q,"resource-set":%q}`, roleID, set)
	binding := "/api/v1/iam/resource-sets/" + set + "/bindings/" + roleID
	w.call("GET", binding, "", 404)
	made := w.call("POST", "/api/v1/users/"+id+"/roles", body, 201).object(t)
	if made["role"] != roleID || made["resource-set"] != set || !strings.HasPrefix(made["id"].(string), "irb") || made["label"] != "Group reader" {
		t.Errorf("assignment is %v", made)
	}
	w.call("POST", "/api/v1/users/"+id+"/roles", body, 409)
	w.wantRoles(invoice, "CUSTOM Group reader on Invoice groups")
	w.call("GET", binding+"/members/"+made["id"].(string), "", 200)
	w.call("DELETE", binding+"/members/"+made["id"].(string), "", 204)
	w.wantRoles(invoice)

	user, dana := w.url+"/api/v1/users/"+id, w.url+"/api/v1/users/"+w.userID("dana.ops@acme.example")
	w.call("POST", "/api/v1/iam/resource-sets/"+set+"/bindings", fmt.Sprintf(`{"role":%q,"members":[%q]}`, roleID, user), 200)
	w.call("POST", "/api/v1/iam/resource-sets/"+set+"/bindings", fmt.Sprintf(`{"role":%q,"members":[%q]}`, roleID, dana), 409)
	w.call("PATCH", binding+"/members", fmt.Sprintf(`{"additions":[%q]}`, dana), 200)
	w.call("PATCH", binding+"/members", `{"additions":["https://elsewhere.example/api/v1/users/`+id+`"]}`, 400)
	w.wantRoles("dana.ops@acme.example", "CUSTOM Group reader on Invoice groups")
	w.call("DELETE", binding, "", 204)
	w.wantRoles(invoice)
	w.wantRoles("dana.ops@acme.example")

	w.call("POST", "/api/v1/users/"+id+"/roles", `{"type":"CUSTOM","role":"cr0nope","resource-set":"`+set+`"}`, 404)
	w.call("POST", "/api/v1/users/"+id+"/roles", `{"type":"CUSTOM","role":"`+roleID+`"}`, 400)
	w.must(w.Assign("dana.ops@acme.example", "READ_ONLY_ADMIN"))
	w.must(w.DeleteResourceSet("CI groups"))
	w.wantRoles("svc-ci-deployer@acme.example", "READ_ONLY_ADMIN")
	w.must(w.DeleteCustomRole("People reader"))
	w.wantRoles("svc-payroll-sync@acme.example")
	w.call("GET", "/api/v1/iam/roles/People%20reader", "", 404)
}

func TestLastSuperAdminStays(t *testing.T) {
	t.Parallel()
	w := acme(t)
	for i, login := range []string{"grace.hopper@acme.example", "ada.admin@acme.example"} {
		roles := "/api/v1/users/" + w.userID(login) + "/roles"
		w.call("DELETE", roles+"/"+w.get(roles).list(t)[0]["id"].(string), "", []int{204, 403}[i])
	}
	w.wantRoles("ada.admin@acme.example", "SUPER_ADMIN")
}

func TestPaging(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	for i := range 7 {
		seed.Users = append(seed.Users, SeedUser{Login: fmt.Sprintf("u%d@default.example", i), Roles: []SeedRole{{Custom: "R", ResourceSet: fmt.Sprintf("S%d", i)}}})
		seed.ResourceSets = append(seed.ResourceSets, SeedResourceSet{Label: fmt.Sprintf("S%d", i)})
		seed.Tokens = append(seed.Tokens, SeedToken{Name: fmt.Sprintf("t%d", i), Owner: "admin@default.example"})
	}
	seed.CustomRoles = []SeedCustomRole{{Label: "R"}}
	seed.Users = append(seed.Users, SeedUser{Login: "gone@default.example", Status: "DEPROVISIONED"})
	seed.Org.PageSize = 3
	w := start(t, seed)
	group := w.get("/api/v1/groups").list(t)[0]["id"].(string)
	for _, c := range []struct {
		path  string
		total int
	}{{"/api/v1/users?limit=2", 9}, {"/api/v1/users", 9}, {"/api/v1/api-tokens", 8}, {"/api/v1/groups/" + group + "/users", 10}} {
		var ids []string
		for next := c.path; next != ""; {
			a := w.get(next)
			ids = append(ids, pluck(a.list(t), "id")...)
			links := a.header.Values("Link")
			if !strings.HasSuffix(links[0], `rel="self"`) || strings.Contains(links[0], ",") {
				t.Fatalf("%s: links %q", c.path, links)
			}
			next = ""
			if len(links) == 2 {
				next, _, _ = strings.Cut(strings.TrimPrefix(links[1], "<"), ">")
			}
		}
		if slices.Sort(ids); len(slices.Compact(ids)) != c.total {
			t.Errorf("%s: %d different items, want %d", c.path, len(ids), c.total)
		}
	}
	for _, c := range []struct {
		path, key string
		total     int
	}{{"/api/v1/iam/resource-sets", "resource-sets", 7}, {"/api/v1/iam/assignees/users", "value", 8}, {"/api/v1/iam/roles?limit=1", "roles", 4}} {
		count := 0
		for next := c.path; next != ""; {
			body := w.get(next).object(t)
			count += len(body[c.key].([]any))
			links, _ := body["_links"].(map[string]any)
			target, _ := links["next"].(map[string]any)
			next, _ = target["href"].(string)
		}
		if count != c.total {
			t.Errorf("%s: %d items, want %d", c.path, count, c.total)
		}
	}
	w.call("GET", "/api/v1/users?limit=0", "", 400)
	w.call("GET", "/api/v1/users?limit=201", "", 400)
	for query, want := range map[string]int{`status eq "DEPROVISIONED"`: 1, `profile.login eq "u3@default.example" and status eq "ACTIVE"`: 1, `status eq "SUSPENDED" or profile.login eq "u1@default.example"`: 1} {
		if got := len(w.get("/api/v1/users?filter=" + strings.NewReplacer(" ", "%20", `"`, "%22").Replace(query)).list(t)); got != want {
			t.Errorf("filter %s: %d, want %d", query, got, want)
		}
	}
	w.call("GET", "/api/v1/users?search=profile.login%20ne%20%22u%22", "", 400)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := acme(t)
	value := w.token(invoice, "mine")
	list := w.get("/api/v1/api-tokens").list(t)
	mine := list[len(list)-1]
	if mine["name"] != "mine" || mine["clientName"] != "Okta API" || mine["userId"] != w.userID(invoice) || !strings.HasPrefix(mine["id"].(string), "00T") {
		t.Fatalf("token is %v", mine)
	}
	path := "/api/v1/api-tokens/" + mine["id"].(string)
	zone := w.get("/api/v1/zones").list(t)[0]["id"].(string)
	echo := fmt.Sprintf(`"name":"mine","userId":%q,"clientName":"Okta API","created":%q`, mine["userId"], mine["created"])
	w.call("PUT", path, `{`+echo+`,"network":{"connection":"ZONE","include":["nzoNope"]}}`, 400)
	w.call("PUT", path, `{"network":{"connection":"ANYWHERE"}}`, 400)
	w.call("PUT", path, `{`+strings.Replace(echo, "mine", "other", 1)+`,"network":{"connection":"ANYWHERE"}}`, 400)
	got := w.call("PUT", path, `{`+echo+`,"network":{"connection":"ZONE","include":["`+zone+`"]}}`, 200).object(t)
	if diff := cmp.Diff(map[string]any{"connection": "ZONE", "include": []any{zone}}, got["network"]); diff != "" {
		t.Error(diff)
	}
	w.as(value, "DELETE", "/api/v1/api-tokens/current", "", 204)
	w.as(value, "GET", "/api/v1/users/me", "", 401)
	w.call("GET", path, "", 404)
	w.token(invoice, "again")
	w.must(w.SetStatus(invoice, "DEPROVISIONED"))
	if got := w.TokensOf(invoice); len(got) != 0 {
		t.Errorf("a deprovisioned user still owns %v", got)
	}
}

func TestGroupStatsInBothSpellings(t *testing.T) {
	t.Parallel()
	w := acme(t)
	got := map[string]bool{}
	for _, g := range w.get("/api/v1/groups?expand=stats").list(t) {
		stats := g["_embedded"].(map[string]any)["stats"].(map[string]any)
		if stats["hasAdminPrivilege"] != stats["hasAdminPrivlege"] {
			t.Errorf("the two spellings differ: %v", stats)
		}
		if stats["hasAdminPrivilege"].(bool) {
			got[g["profile"].(map[string]any)["name"].(string)] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"Helpdesk tier 2": true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMembersOfAdminGroupsAreForSuperAdmins(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.must(w.Assign(invoice, "USER_ADMIN"))
	value, id := w.token(invoice, "x"), w.userID(invoice)
	groups := w.get("/api/v1/groups").list(t)
	w.as(value, "PUT", "/api/v1/groups/"+groups[2]["id"].(string)+"/users/"+id, "", 403)
	w.as(value, "PUT", "/api/v1/groups/"+groups[1]["id"].(string)+"/users/"+id, "", 204)
	w.as(value, "DELETE", "/api/v1/groups/"+groups[1]["id"].(string)+"/users/"+id, "", 204)
	w.call("PUT", "/api/v1/groups/"+groups[2]["id"].(string)+"/users/"+id, "", 204)
	w.wantRoles(invoice, "USER_ADMIN", "USER_ADMIN via group Helpdesk tier 2")
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.Tap(func(Request) { w.RolesOf(invoice) })
	w.Inject(Fault{Method: "GET", Path: "/api/v1/users/*/roles", Stale: true})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			login := fmt.Sprintf("svc-%s@acme.example", []string{"future", "reporting"}[i%2])
			_ = w.Assign(login, fmt.Sprintf("TYPE_%d_ADMIN", i))
			_, _ = w.try(ownToken, "GET", "/api/v1/users/"+login+"/roles", "")
			_, _ = w.AddToken(login, "t")
		})
	}
	all.Wait()
	if got := len(w.RolesOf("svc-reporting@acme.example")); got != 5 {
		t.Errorf("%d roles, want 5", got)
	}
	if got := len(w.Requests()); got != 8 {
		t.Errorf("%d requests, want 8", got)
	}
}
