package oktaemu

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// defaultOrg is the world that people are made in: the default org.
func defaultOrg(t *testing.T) *world { t.Helper(); return start(t, DefaultSeed()) }

func userJSON(login string, more string) string {
	return fmt.Sprintf(`{"profile":{"login":%q,"email":%q,"firstName":"Isaac","lastName":"Brock"}%s}`, login, login, more)
}

func (w *world) make(login, query, more string) map[string]any {
	w.t.Helper()
	return w.call("POST", "/api/v1/users"+query, userJSON(login, more), 200).object(w.t)
}

func keys(v any) []string { m, _ := v.(map[string]any); return slices.Sorted(maps.Keys(m)) }

// sans drops keys that a test does not compare.
func sans(m map[string]any, names ...string) map[string]any {
	out := maps.Clone(m)
	for _, n := range names {
		delete(out, n)
	}
	return out
}

// causes are the error's summary and its causes.
func causes(t *testing.T, a answer) []string {
	t.Helper()
	body := a.object(t)
	out := []string{body["errorCode"].(string), body["errorSummary"].(string)}
	for _, c := range body["errorCauses"].([]any) {
		out = append(out, c.(map[string]any)["errorSummary"].(string))
	}
	return out
}

func (w *world) events(kind string) int {
	w.t.Helper()
	return len(w.get("/api/v1/logs?limit=1000&filter=" + url.QueryEscape(`eventType eq "`+kind+`"`)).list(w.t))
}

func TestUserShapeAsRecorded(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	made := w.make("isaac@default.example", "?activate=false", `,"credentials":{"password":{}}`)
	id := made["id"].(string)
	self, meta := w.url+"/api/v1/users/"+id, w.url+"/api/v1/meta/"
	typeID := made["type"].(map[string]any)["id"].(string)
	schemaID := "osc" + strings.TrimPrefix(w.get("/api/v1/meta/types/user/default").object(t)["_links"].(map[string]any)["schema"].(map[string]any)["href"].(string), meta+"schemas/user/osc")
	at := made["created"]
	want := map[string]any{
		"id": id, "status": "STAGED", "created": at, "activated": nil, "statusChanged": nil, "lastLogin": nil, "lastUpdated": at, "passwordChanged": nil,
		"type": map[string]any{"id": typeID},
		"profile": map[string]any{
			"firstName": "Isaac", "lastName": "Brock", "mobilePhone": nil, "secondEmail": nil, "login": "isaac@default.example", "email": "isaac@default.example",
		},
		"credentials": map[string]any{"provider": map[string]any{"type": "OKTA", "name": "OKTA"}},
		"_links": map[string]any{
			"schema":   map[string]any{"href": meta + "schemas/user/" + schemaID},
			"activate": map[string]any{"href": self + "/lifecycle/activate", "method": "POST"},
			"self":     map[string]any{"href": self},
			"type":     map[string]any{"href": meta + "types/user/" + typeID},
		},
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("created (-recorded +got):\n%s", diff)
	}
	for _, name := range []string{id, "isaac@default.example", "ISAAC@default.example", "isaac"} {
		if diff := cmp.Diff(made, w.get("/api/v1/users/"+name).object(t)); diff != "" {
			t.Errorf("read back by %s:\n%s", name, diff)
		}
	}
}

func TestUserLinksByStatus(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	base := []string{"schema", "self", "type"}
	for _, c := range []struct {
		login, query, credentials, status string
		links                             []string
	}{
		{"a@default.example", "?activate=true", "", "PROVISIONED", []string{"deactivate", "reactivate", "resetPassword", "suspend"}},
		{"b@default.example", "", `,"credentials":{"password":{"value":"Abcd1234"},"recovery_question":{"question":"Why?","answer":"Forty Two"}}`, "ACTIVE", []string{
			"changePassword", "changeRecoveryQuestion", "deactivate", "expirePassword", "forgotPassword", "resetFactors", "resetPassword", "suspend",
		}},
		{"c@default.example", "?nextLogin=changePassword", `,"credentials":{"password":{"value":"Abcd1234"}}`, "PASSWORD_EXPIRED", []string{
			"changePassword", "changeRecoveryQuestion", "deactivate", "expirePassword", "forgotPassword", "resetPassword", "suspend",
		}},
	} {
		made := w.make(c.login, c.query, c.credentials)
		want := slices.Sorted(slices.Values(append(slices.Clone(base), c.links...)))
		if diff := cmp.Diff(want, keys(made["_links"])); diff != "" || made["status"] != c.status {
			t.Errorf("%s is %v (-want +got):\n%s", c.login, made["status"], diff)
		}
		if made["activated"] == nil || made["statusChanged"] == nil {
			t.Errorf("%s: activated %v, statusChanged %v", c.login, made["activated"], made["statusChanged"])
		}
	}
	b := w.get("/api/v1/users/b@default.example")
	if strings.Contains(b.body, "Abcd1234") || strings.Contains(b.body, "Forty") {
		t.Errorf("a secret is shown: %s", b.body)
	}
	want := map[string]any{
		"password": map[string]any{}, "recovery_question": map[string]any{"question": "Why?"}, "provider": map[string]any{"type": "OKTA", "name": "OKTA"},
	}
	if diff := cmp.Diff(want, b.object(t)["credentials"]); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	w.call("POST", "/api/v1/users/a/lifecycle/deactivate", "", 200)
	if got := keys(w.get("/api/v1/users/a").object(t)["_links"]); !slices.Equal(got, []string{"activate", "delete", "schema", "self", "type"}) {
		t.Errorf("links of a deprovisioned user: %v", got)
	}
}

func TestUserLife(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	id := w.make("life@default.example", "", "")["id"].(string)
	path := "/api/v1/users/" + id
	patched := w.call("POST", path, `{"profile":{"city":"Bern","mobilePhone":"1112223333","nickName":null}}`, 200).object(t)
	if diff := cmp.Diff(patched, w.get(path).object(t)); diff != "" {
		t.Errorf("read back after a partial update:\n%s", diff)
	}
	profile := patched["profile"].(map[string]any)
	if profile["city"] != "Bern" || profile["lastName"] != "Brock" || slices.Contains(keys(profile), "nickName") {
		t.Errorf("partial update made %v", profile)
	}
	w.call("POST", path, `{"profile":{"city":null}}`, 200)
	if profile = w.get(path).object(t)["profile"].(map[string]any); slices.Contains(keys(profile), "city") || profile["mobilePhone"] != "1112223333" {
		t.Errorf("taking one attribute away left %v", profile)
	}
	replaced := w.call("PUT", path, `{"profile":{"login":"new@default.example","email":"mail@default.example","firstName":"I","lastName":"B","postalAddress":null}}`, 200).object(t)
	want := map[string]any{"login": "new@default.example", "email": "mail@default.example", "firstName": "I", "lastName": "B", "mobilePhone": nil, "secondEmail": nil}
	if diff := cmp.Diff(want, replaced["profile"]); diff != "" || replaced["status"] != "PROVISIONED" {
		t.Errorf("full replacement (-want +got):\n%s", diff)
	}
	w.call("GET", "/api/v1/users/life@default.example", "", 404)

	list := w.get("/api/v1/users").list(t)
	last := list[len(list)-1]
	if diff := cmp.Diff(sans(replaced, "_links"), sans(last, "_links")); diff != "" || !slices.Equal(keys(last["_links"]), []string{"self"}) {
		t.Errorf("in the list it has links %v and differs:\n%s", keys(last["_links"]), diff)
	}

	w.call("DELETE", path, "", 204)
	if got := w.get(path).object(t)["status"]; got != "DEPROVISIONED" {
		t.Errorf("the first DELETE left status %v", got)
	}
	if got := w.code(w.call("POST", path, `{"profile":{"city":"Bern"}}`, 403)); got != "E0000038" {
		t.Errorf("changing a deprovisioned user: %s", got)
	}
	if slices.Contains(pluck(w.get("/api/v1/users").list(t), "id"), id) {
		t.Error("a deprovisioned user is listed")
	}
	w.call("DELETE", path+"?sendEmail=true", "", 204)
	for _, method := range []string{"GET", "DELETE", "PUT"} {
		if got := causes(t, w.call(method, path, "{}", 404)); got[0] != "E0000007" || got[1] != "Not found: Resource not found: "+id+" (User)" {
			t.Errorf("%s after the second DELETE: %v", method, got)
		}
	}
	if again := w.make("new@default.example", "", "")["id"]; again == id {
		t.Error("a login that is used again has the id of the deleted user")
	}
	for _, kind := range []string{"user.lifecycle.create", "user.lifecycle.activate", "user.account.update_profile", "user.lifecycle.deactivate", "user.lifecycle.delete.initiated"} {
		if w.events(kind) == 0 {
			t.Errorf("the System Log has no %s", kind)
		}
	}
}

func TestUserRefusals(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	const required = "The field cannot be left blank"
	weakText := "password: Password requirements were not met. Password requirements: at least 8 characters, a lowercase letter, an uppercase letter, a number, no parts of your username."
	long := strings.Repeat("x", 51)
	for name, c := range map[string]struct {
		query, body string
		status      int
		want        []string
	}{
		"duplicate login": {"", userJSON("Admin@default.example", ""), 400, []string{
			"E0000001", "Api validation failed: login", "login: An object with this field already exists in the current organization",
		}},
		"no e-mail address": {"", `{"profile":{"login":"isaac","email":"isaac","firstName":"I","lastName":"B"}}`, 400, []string{
			"E0000001", "Api validation failed: login", "login: Username must be in the form of an email address", "email: Does not match required pattern",
		}},
		"empty": {"", `{}`, 400, []string{
			"E0000001", "Api validation failed: login", "login: " + required, "firstName: " + required, "lastName: " + required, "email: " + required,
		}},
		"not in the schema": {"", `{"profile":{"login":"x@default.example","email":"x@default.example","firstName":"I","lastName":"B","notValid":"x"}}`, 400, []string{
			"E0000001", "Api validation failed: newUser", "Property name 'notValid' is not defined in profile",
		}},
		"too long":        {"", `{"profile":{"login":"x@default.example","email":"x@default.example","firstName":"I","lastName":"` + long + `"}}`, 400, []string{"E0000001", "Api validation failed: lastName", "lastName: The field is too long"}},
		"wrong type":      {"", `{"profile":{"login":"x@default.example","email":"x@default.example","firstName":"I","lastName":7}}`, 400, []string{"E0000001", "Api validation failed: lastName", "lastName: The field is not of the type string"}},
		"weak password":   {"", userJSON("x@default.example", `,"credentials":{"password":{"value":"abcd1234"}}`), 400, []string{"E0000001", "Api validation failed: password", weakText}},
		"password of it":  {"", userJSON("isaac@default.example", `,"credentials":{"password":{"value":"Isaac1234"}}`), 400, []string{"E0000001", "Api validation failed: password", weakText}},
		"short answer":    {"", userJSON("x@default.example", `,"credentials":{"recovery_question":{"question":"Why?","answer":"no"}}`), 400, nil},
		"unknown group":   {"", userJSON("x@default.example", `,"groupIds":["00gnone"]`), 404, []string{"E0000007", "Not found: Resource not found: 00gnone (UserGroup)"}},
		"unknown type":    {"", userJSON("x@default.example", `,"type":{"id":"otynone"}`), 404, []string{"E0000007", "Not found: Resource not found: otynone (UserType)"}},
		"not JSON":        {"", `{`, 400, []string{"E0000003", "The request body was not well-formed."}},
		"not a flag":      {"?activate=yes", userJSON("x@default.example", ""), 400, nil},
		"staged, expired": {"?activate=false&nextLogin=changePassword", userJSON("x@default.example", ""), 400, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := causes(t, w.call("POST", "/api/v1/users"+c.query, c.body, c.status))
			if diff := cmp.Diff(c.want, got); diff != "" && c.want != nil {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := len(w.get("/api/v1/users").list(t)); got != 2 {
		t.Errorf("%d users after refusals, want the first two", got)
	}
	svc := "/api/v1/users/svc-example@default.example"
	w.call("PUT", svc, userJSON("admin@default.example", ""), 400)
	w.call("PUT", svc, `{"profile":{"login":"svc-example@default.example"}}`, 400)
	w.call("POST", svc, `{"profile":{"lastName":null}}`, 400)
}

func TestCreateWithGroupsAndProvider(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	group := w.call("POST", "/api/v1/groups", `{"profile":{"name":"Builders"}}`, 200).object(t)["id"].(string)
	everyoneID := w.get("/api/v1/groups?q=every").list(t)[0]["id"].(string)
	made := w.make("fed@default.example", "?provider=true", `,"groupIds":["`+group+`"],"credentials":{"provider":{"type":"FEDERATION","name":"FEDERATION"}}`)
	if made["status"] != "ACTIVE" || made["credentials"].(map[string]any)["provider"].(map[string]any)["type"] != "FEDERATION" {
		t.Errorf("federated user: %v", made)
	}
	if got := pluck(w.get("/api/v1/users/fed/groups").list(t), "id"); !slices.Equal(got, []string{everyoneID, group}) {
		t.Errorf("groups %v, want Everyone and Builders", got)
	}
	w.call("POST", "/api/v1/users", userJSON("x@default.example", `,"groupIds":["`+everyoneID+`"]`), 403)
	hashed := w.make("hash@default.example", "", `,"credentials":{"password":{"hash":{"algorithm":"BCRYPT","value":"x"}}}`)
	if hashed["status"] != "ACTIVE" || hashed["credentials"].(map[string]any)["provider"].(map[string]any)["type"] != "IMPORT" || hashed["passwordChanged"] == nil {
		t.Errorf("user with a hashed password: %v", hashed)
	}
}

// TestLifecycle walks through the statuses. Each step is an operation and what it answers and leaves.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	for _, c := range []struct{ name, query, credentials, steps string }{
		{"without password", "?activate=false", "", `
			STAGED suspend 400 E0000001; STAGED unlock 403 E0000032; STAGED reactivate 403 E0000038; STAGED reset_password?sendEmail=false 403 E0000038
			STAGED activate 200 PROVISIONED; PROVISIONED activate 403 E0000016; PROVISIONED reactivate?sendEmail=true 200 PROVISIONED
			PROVISIONED suspend 400 E0000001; PROVISIONED expire_password 403 E0000038; PROVISIONED deactivate 200 DEPROVISIONED
			DEPROVISIONED deactivate 404 E0000007; DEPROVISIONED suspend 400 E0000001; DEPROVISIONED activate?sendEmail=true 200 PROVISIONED`},
		{"with password", "", `,"credentials":{"password":{"value":"Abcd1234"}}`, `
			ACTIVE activate 403 E0000016; ACTIVE unlock 403 E0000032; ACTIVE unsuspend 400 E0000001; ACTIVE reset_factors 200 ACTIVE
			ACTIVE suspend 200 SUSPENDED; SUSPENDED suspend 400 E0000001; SUSPENDED expire_password 403 E0000038; SUSPENDED unsuspend 200 ACTIVE
			ACTIVE expire_password 200 PASSWORD_EXPIRED; PASSWORD_EXPIRED reset_password?sendEmail=true 200 RECOVERY; RECOVERY reactivate?sendEmail=true 200 RECOVERY
			RECOVERY deactivate?sendEmail=false 200 DEPROVISIONED; DEPROVISIONED activate 200 PROVISIONED; PROVISIONED deactivate 200 DEPROVISIONED`},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := w.make(strings.ReplaceAll(c.name, " ", "-")+"@default.example", c.query, c.credentials)["id"].(string)
			for step := range strings.SplitSeq(strings.ReplaceAll(strings.TrimSpace(c.steps), "\n", ";"), ";") {
				var from, operation, then string
				var status int
				if _, err := fmt.Sscan(step, &from, &operation, &status, &then); err != nil {
					t.Fatal(err)
				}
				if got := w.get("/api/v1/users/" + id).object(t)["status"]; got != from {
					t.Fatalf("%s: status is %v", step, got)
				}
				a := w.call("POST", "/api/v1/users/"+id+"/lifecycle/"+operation, "", status)
				switch {
				case status != 200 && w.code(a) != then:
					t.Errorf("%s: %s", step, a.body)
				case status == 200 && operation != "expire_password" && a.body != "{}":
					t.Errorf("%s answered %s, want {}", step, a.body)
				}
				if status == 200 {
					if got := w.get("/api/v1/users/" + id).object(t)["status"]; got != then {
						t.Errorf("%s: status became %v", step, got)
					}
				}
			}
		})
	}
	w.must(w.SetStatus("svc-example@default.example", "LOCKED_OUT"))
	w.call("POST", "/api/v1/users/svc-example/lifecycle/unlock", "", 200)
	if got := w.get("/api/v1/users/svc-example").object(t)["status"]; got != "ACTIVE" {
		t.Errorf("unlocked: %v", got)
	}
	if got := causes(t, w.call("POST", "/api/v1/users/svc-example/lifecycle/unsuspend", "", 400)); !slices.Equal(got, []string{
		"E0000001", "Api validation failed: suspendUser", "Cannot unsuspend a user that is not suspended",
	}) {
		t.Errorf("unsuspending an active user: %v", got)
	}
	w.call("POST", "/api/v1/users/nobody/lifecycle/suspend", "", 404)
	if got := w.code(w.call("POST", "/api/v1/users/admin/lifecycle/deactivate", "", 403)); got != "E0000006" {
		t.Errorf("deactivating the last super admin: %s", got)
	}
}

func TestActivationAndResetLinks(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	w.make("link@default.example", "?activate=false", "")
	for _, operation := range []string{"activate?sendEmail=false", "reactivate"} {
		a := w.call("POST", "/api/v1/users/link/lifecycle/"+operation, "", 200).object(t)
		if token := a["activationToken"].(string); len(token) != 20 || a["activationUrl"] != w.url+"/tokens/"+token+"/verify" {
			t.Errorf("%s answered %v", operation, a)
		}
	}
	reset := w.call("POST", "/api/v1/users/link/lifecycle/reset_password?sendEmail=false&revokeSessions=true", "", 200).object(t)
	if !strings.HasPrefix(reset["resetPasswordUrl"].(string), w.url+"/signin/reset-password/") {
		t.Errorf("reset answered %v", reset)
	}
	for _, operation := range []string{"expire_password?tempPassword=true", "expire_password_with_temp_password?revokeSessions=true"} {
		if a := w.call("POST", "/api/v1/users/svc-example/lifecycle/"+operation, "", 200).object(t); len(a["tempPassword"].(string)) < 8 {
			t.Errorf("%s answered %v", operation, a)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	w.make("cred@default.example", "", `,"credentials":{"password":{"value":"Abcd1234"}}`)
	path := "/api/v1/users/cred"
	change := path + "/credentials/change_password"
	if got := w.code(w.call("POST", change, `{"oldPassword":{"value":"Wrong123"},"newPassword":{"value":"Efgh5678"}}`, 403)); got != "E0000014" {
		t.Errorf("wrong old password: %s", got)
	}
	w.call("POST", change, `{"oldPassword":{"value":"Abcd1234"},"newPassword":{"value":"weak"}}`, 400)
	w.call("POST", path+"/lifecycle/reset_password?sendEmail=true", "", 200)
	a := w.call("POST", change, `{"oldPassword":{"value":"Abcd1234"},"newPassword":{"value":"Efgh5678"}}`, 200)
	if a.body != `{"password":{},"provider":{"type":"OKTA","name":"OKTA"}}` {
		t.Errorf("changing the password answered %s", a.body)
	}
	if got := w.get(path).object(t)["status"]; got != "ACTIVE" {
		t.Errorf("a changed password left status %v", got)
	}
	question := path + "/credentials/change_recovery_question"
	w.call("POST", question, `{"password":{"value":"Abcd1234"},"recovery_question":{"question":"Why?","answer":"because"}}`, 403)
	w.call("POST", question, `{"password":{"value":"Efgh5678"},"recovery_question":{"question":"Why?","answer":"because"}}`, 200)
	set := w.call("POST", path, `{"credentials":{"password":{"value":"Ijkl9012"}}}`, 200).object(t)
	if diff := cmp.Diff([]string{"password", "provider", "recovery_question"}, keys(set["credentials"])); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	w.call("POST", change, `{"oldPassword":{"value":"Ijkl9012"},"newPassword":{"value":"Efgh5678"}}`, 200)
	if got := w.code(w.call("POST", "/api/v1/users/svc-example2/credentials/change_password", `{}`, 404)); got != "E0000007" {
		t.Errorf("unknown user: %s", got)
	}
}

func TestDeprovisionedLosesTokensAndKeepsGroups(t *testing.T) {
	t.Parallel()
	w := acme(t)
	const bot = "svc-helpdesk-bot@acme.example"
	w.token(bot, "bot's own")
	before := pluck(w.get("/api/v1/users/"+bot+"/groups").list(t), "id")
	w.call("DELETE", "/api/v1/users/"+bot, "", 204)
	if got := w.TokensOf(bot); got != nil {
		t.Errorf("tokens left: %v", got)
	}
	w.wantRoles(bot, "CUSTOM Group reader on Helpdesk groups", "USER_ADMIN via group Helpdesk tier 2")
	if diff := cmp.Diff(before, pluck(w.get("/api/v1/users/"+bot+"/groups").list(t), "id")); diff != "" {
		t.Errorf("groups changed:\n%s", diff)
	}
	w.call("DELETE", "/api/v1/users/"+bot, "", 204)
	for _, path := range []string{"/api/v1/groups/" + before[len(before)-1] + "/users", "/api/v1/iam/assignees/users"} {
		if strings.Contains(w.get(path).body, oktaID("00u", bot)) {
			t.Errorf("%s names the deleted user", path)
		}
	}
}

func TestUserLists(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	for _, login := range []string{"carl@one.example", "berta@one.example", "anna@two.example"} {
		w.call("POST", "/api/v1/users", strings.Replace(userJSON(login, ""), `"Isaac"`, `"`+strings.SplitN(login, "@", 2)[0]+`","city":"Bern"`, 1), 200)
	}
	w.call("POST", "/api/v1/users/carl/lifecycle/deactivate", "", 200)
	logins := func(query string) string {
		var out []string
		for _, u := range w.get("/api/v1/users?" + query).list(t) {
			name, _, _ := strings.Cut(u["profile"].(map[string]any)["login"].(string), "@")
			out = append(out, name)
		}
		return strings.Join(out, " ")
	}
	search := func(s string) string { return "search=" + url.QueryEscape(s) }
	find := func(s string) string { return "filter=" + url.QueryEscape(s) }
	for query, want := range map[string]string{
		"":                                "admin svc-example berta anna",
		"q=BER":                           "berta",
		"q=bro":                           "berta anna",
		"q=nobody":                        "",
		"q=bro&limit=1":                   "berta",
		find(`status eq "DEPROVISIONED"`): "carl",
		find(`lastUpdated gt "2025-01-01T00:00:00.000Z"`):                                                   "carl berta anna",
		find(`profile.firstName eq "anna" or id eq "x"`):                                                    "anna",
		find(`profile.firstName eq "Anna"`):                                                                 "",
		find(`profile.lastName eq "Brock"`) + "&q=ann":                                                      "anna",
		search(`profile.lastName eq "brock" and (status lt "DEPROVISIONED" or status gt "DEPROVISIONED")`):  "berta anna",
		search(`profile.email co "@one."`):                                                                  "carl berta",
		search(`profile.city sw "be"`) + "&sortBy=profile.firstName":                                        "anna berta carl",
		search(`profile.city pr`) + "&sortBy=profile.firstName&sortOrder=desc":                              "carl berta anna",
		search(`type.id pr and activated pr and created ge "2020-01-01T00:00:00.000Z" and profile.city pr`): "carl berta anna",
		"sortBy=profile.firstName":                                                                          "admin svc-example berta anna",
	} {
		if got := logins(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		search(`status ne "ACTIVE"`):                       "E0000031",
		search(`profile.city co "x"`):                      "E0000031",
		search(`profile.nothing eq "x"`):                   "E0000031",
		search(`Profile.city eq "x"`):                      "E0000031",
		find(`profile.city eq "x"`):                        "E0000031",
		find(`profile.login sw "x"`):                       "E0000031",
		find(`status eq "X"`) + "&" + search(`status pr`):  "E0000033",
		search(`profile.city pr`) + "&sortBy=profile.none": "E0000031",
	} {
		if got := w.code(w.call("GET", "/api/v1/users?"+query, "", 400)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	var paged []string
	for next := "/api/v1/users?limit=1&" + search(`profile.city pr`) + "&sortBy=profile.firstName"; next != ""; {
		a := w.get(next)
		paged = append(paged, pluck(a.list(t), "id")...)
		next = ""
		if links := a.header.Values("Link"); len(links) == 2 {
			next, _, _ = strings.Cut(strings.TrimPrefix(links[1], "<"), ">")
		}
	}
	if len(paged) != 3 || len(slices.Compact(slices.Sorted(slices.Values(paged)))) != 3 {
		t.Errorf("paged through %v", paged)
	}
	if got := w.get("/api/v1/users?q=bro").header.Values("Link"); got != nil {
		t.Errorf("q has Link headers: %v", got)
	}
	w.get("/api/v1/users/anna/appLinks")
}

func TestOnlySuperAdminsChangeAdmins(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	w.make("desk@default.example", "", `,"credentials":{"password":{"value":"Abcd1234"}}`)
	w.make("org@default.example", "", `,"credentials":{"password":{"value":"Abcd1234"}}`)
	w.make("plain@default.example", "", "")
	w.must(w.Assign("org@default.example", "ORG_ADMIN"))
	w.must(w.Assign("desk@default.example", "HELP_DESK_ADMIN"))
	orgAdmin, desk := w.token("org@default.example", "x"), w.token("desk@default.example", "x")
	group := w.call("POST", "/api/v1/groups", `{"profile":{"name":"Admins"}}`, 200).object(t)["id"].(string)
	w.must(w.AssignGroup("Admins", "READ_ONLY_ADMIN"))
	for _, c := range []struct {
		token, method, path, body string
		onPlain                   int
	}{
		{orgAdmin, "POST", "", `{"profile":{"city":"Bern"}}`, 200},
		{orgAdmin, "PUT", "", `{"profile":{"login":"plain@default.example","email":"plain@default.example","firstName":"P","lastName":"P"}}`, 200},
		{desk, "POST", "", `{"profile":{"city":"Bern"}}`, 403},
		{desk, "POST", "/lifecycle/reset_password?sendEmail=true", "", 200},
		{desk, "POST", "/lifecycle/deactivate", "", 403},
		{orgAdmin, "DELETE", "/sessions", "", 204},
		{orgAdmin, "POST", "/lifecycle/deactivate", "", 200},
		{orgAdmin, "DELETE", "", "", 204},
	} {
		if got := w.code(w.as(c.token, c.method, "/api/v1/users/admin@default.example"+c.path, c.body, 403)); got != "E0000006" {
			t.Errorf("%s %s of an admin: %s", c.method, c.path, got)
		}
		w.as(c.token, c.method, "/api/v1/users/plain@default.example"+c.path, c.body, c.onPlain)
	}
	w.as(orgAdmin, "PUT", "/api/v1/groups/"+group, `{"profile":{"name":"Mine"}}`, 403)
	w.as(orgAdmin, "DELETE", "/api/v1/groups/"+group, "", 403)
	w.as(orgAdmin, "POST", "/api/v1/users", userJSON("sly@default.example", `,"groupIds":["`+group+`"]`), 403)
	w.as(desk, "POST", "/api/v1/users", userJSON("x@default.example", ""), 403)
	w.as(desk, "POST", "/api/v1/groups", `{"profile":{"name":"X"}}`, 403)
	w.as(orgAdmin, "POST", "/api/v1/meta/schemas/user/default", `{}`, 403)
	w.make("anew@default.example", "", "")
	if got := w.get("/api/v1/users/me").object(t)["profile"].(map[string]any)["login"]; got != "admin@default.example" {
		t.Errorf("me is %v", got)
	}
}

func TestGroupLife(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	made := w.call("POST", "/api/v1/groups", `{"profile":{"name":"Payroll","description":"testing, testing"}}`, 200).object(t)
	id := made["id"].(string)
	path := "/api/v1/groups/" + id
	at := made["created"]
	logo := func(size string) any {
		return map[string]any{"name": size, "href": w.url + "/assets/img/logos/groups/odyssey/okta-" + size + ".png", "type": "image/png"}
	}
	want := map[string]any{
		"id": id, "created": at, "lastUpdated": at, "lastMembershipUpdated": at, "objectClass": []any{"okta:user_group"}, "type": "OKTA_GROUP",
		"profile": map[string]any{"name": "Payroll", "description": "testing, testing"},
		"_links": map[string]any{
			"logo":  []any{logo("medium"), logo("large")},
			"users": map[string]any{"href": w.url + path + "/users"}, "apps": map[string]any{"href": w.url + path + "/apps"},
		},
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("created (-recorded +got):\n%s", diff)
	}
	if diff := cmp.Diff(made, w.get(path).object(t)); diff != "" {
		t.Errorf("read back:\n%s", diff)
	}
	replaced := w.call("PUT", path, `{"profile":{"name":"Payroll two","description":"other"}}`, 200).object(t)
	if diff := cmp.Diff(map[string]any{"name": "Payroll two", "description": "other"}, replaced["profile"]); diff != "" || replaced["created"] != at {
		t.Errorf("replaced:\n%s", diff)
	}
	svc := w.userID("svc-example@default.example")
	for range 2 {
		w.call("PUT", path+"/users/"+svc, "", 204)
	}
	members := w.get(path + "/users").list(t)
	if len(members) != 1 || members[0]["id"] != svc || !slices.Equal(keys(members[0]["_links"]), []string{"self"}) {
		t.Errorf("members: %v", members)
	}
	w.must(w.AssignGroup("Payroll two", "READ_ONLY_ADMIN"))
	stats := w.get("/api/v1/groups?q=payroll&expand=stats").list(t)[0]["_embedded"].(map[string]any)["stats"].(map[string]any)
	if stats["usersCount"] != 1.0 || stats["hasAdminPrivilege"] != true || stats["hasAdminPrivlege"] != true {
		t.Errorf("stats: %v", stats)
	}
	for _, path := range []string{path + "/apps", "/api/v1/groups/rules"} {
		if a := w.get(path); a.body != "[]" {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	w.call("DELETE", path, "", 204)
	w.wantRoles("svc-example@default.example")
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if got := causes(t, w.call(method, path, `{"profile":{"name":"x"}}`, 404)); got[1] != "Not found: Resource not found: "+id+" (UserGroup)" {
			t.Errorf("%s after deletion: %v", method, got)
		}
	}
	if got := pluck(w.get("/api/v1/users/svc-example/groups").list(t), "id"); slices.Contains(got, id) {
		t.Error("the deleted group still has a member")
	}
	for _, kind := range []string{"group.lifecycle.create", "group.profile.update", "group.lifecycle.delete", "group.privilege.revoke", "group.user_membership.add"} {
		if w.events(kind) != 1 {
			t.Errorf("the System Log has %d of %s, want 1", w.events(kind), kind)
		}
	}
}

func TestTimesOfGroupsAndUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, err := New(DefaultSeed(), WithAPIToken(ownToken))
		if err != nil {
			t.Fatal(err)
		}
		call := func(method, path, body string) map[string]any {
			time.Sleep(3 * time.Second)
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Authorization", "SSWS "+ownToken)
			r.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			org.ServeHTTP(rec, r)
			var out map[string]any
			_ = json.Unmarshal(rec.Body.Bytes(), &out) // nothing, after a 204
			return out
		}
		made := call("POST", "/api/v1/groups", `{"profile":{"name":"Payroll"}}`)
		path := "/api/v1/groups/" + made["id"].(string)
		moved := func(what string, keys ...string) {
			now := call("GET", path, "")
			for _, key := range []string{"created", "lastUpdated", "lastMembershipUpdated", "activated", "statusChanged", "passwordChanged"} {
				if (now[key] != made[key]) != slices.Contains(keys, key) {
					t.Errorf("%s: %s was %v and is %v", what, key, made[key], now[key])
				}
			}
			made = now
		}
		call("PUT", path+"/users/svc-example@default.example", "")
		moved("adding a member", "lastMembershipUpdated")
		call("PUT", path, `{"profile":{"name":"Payroll two"}}`)
		moved("renaming", "lastUpdated")
		call("DELETE", path+"/users/svc-example@default.example", "")
		moved("removing a member", "lastMembershipUpdated")

		made = call("POST", "/api/v1/users?activate=false", userJSON("isaac@default.example", ""))
		path = "/api/v1/users/" + made["id"].(string)
		call("POST", path, `{"credentials":{"password":{"value":"Abcd1234"}}}`)
		moved("a password", "lastUpdated", "passwordChanged")
		call("POST", path+"/lifecycle/activate", "")
		moved("activating", "lastUpdated", "activated", "statusChanged")
		call("POST", path, `{"profile":{"city":"Bern"}}`)
		moved("a new profile", "lastUpdated")
		call("POST", path+"/lifecycle/suspend", "")
		moved("suspending", "lastUpdated", "statusChanged")
		call("POST", path+"/lifecycle/deactivate", "")
		moved("deactivating", "lastUpdated", "statusChanged", "passwordChanged")
	})
}

func TestGroupRefusalsAndLists(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	for _, name := range []string{"Payroll", "Payroll readers", "Builders"} {
		w.call("POST", "/api/v1/groups", `{"profile":{"name":"`+name+`","description":"of `+name+`"}}`, 200)
	}
	for body, want := range map[string][]string{
		`{"profile":{"name":"Payroll"}}`:                          {"E0000001", "Api validation failed: name", "name: An object with this field already exists in the current organization"},
		`{"profile":{"description":"x"}}`:                         {"E0000001", "Api validation failed: name", "name: The field cannot be left blank"},
		`{"profile":{"name":"x","cost":"1"}}`:                     {"E0000001", "Api validation failed: profile", "Property name 'cost' is not defined in profile"},
		`{"profile":{"name":"` + strings.Repeat("x", 256) + `"}}`: {"E0000001", "Api validation failed: name", "name: The field is too long"},
		`[]`: {"E0000003", "The request body was not well-formed."},
	} {
		if diff := cmp.Diff(want, causes(t, w.call("POST", "/api/v1/groups", body, 400))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	everyoneID := w.get("/api/v1/groups?q=Everyone").list(t)[0]["id"].(string)
	for _, method := range []string{"PUT", "DELETE"} {
		w.call(method, "/api/v1/groups/"+everyoneID, `{"profile":{"name":"x"}}`, 403)
	}
	w.call("DELETE", "/api/v1/groups/"+everyoneID+"/users/"+w.userID("admin@default.example"), "", 403)
	names := func(query string) string {
		var out []string
		for _, g := range w.get("/api/v1/groups?" + query).list(t) {
			out = append(out, g["profile"].(map[string]any)["name"].(string))
		}
		return strings.Join(out, ", ")
	}
	for query, want := range map[string]string{
		"":          "Everyone, Payroll, Payroll readers, Builders",
		"q=payroll": "Payroll, Payroll readers",
		"filter=" + url.QueryEscape(`type eq "BUILT_IN"`):                                                           "Everyone",
		"filter=" + url.QueryEscape(`type eq "APP_GROUP"`) + "&q=pay":                                               "",
		"filter=" + url.QueryEscape(`type eq "OKTA_GROUP" and lastMembershipUpdated lt "2020-01-01T00:00:00.000Z"`): "",
		"search=" + url.QueryEscape(`profile.description co "payroll"`) + "&sortBy=profile.name&sortOrder=desc":     "Payroll readers, Payroll",
		"search=" + url.QueryEscape(`type eq "OKTA_GROUP" and profile.name sw "b"`):                                 "Builders",
		"expand=app&limit=1": "Everyone",
	} {
		if got := names(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	w.call("GET", "/api/v1/groups?filter="+url.QueryEscape(`profile.name eq "Payroll"`), "", 400)
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	const path = "/api/v1/meta/schemas/user/default"
	body := `{"definitions":{"custom":{"id":"#custom","type":"object","properties":{"costCode":{"title":"Cost code","type":"string","required":false,"scope":"NONE","permissions":[{"principal":"SELF","action":"READ_ONLY"}],"maxLength":4}}}}}`
	changed := w.call("POST", path, body, 200).object(t)
	read := w.get(path).object(t)
	if diff := cmp.Diff(changed, read); diff != "" {
		t.Errorf("read back:\n%s", diff)
	}
	definitions := read["definitions"].(map[string]any)
	want := map[string]any{"costCode": map[string]any{
		"title": "Cost code", "type": "string", "mutability": "READ_WRITE", "scope": "NONE", "maxLength": 4.0,
		"permissions": []any{map[string]any{"principal": "SELF", "action": "READ_ONLY"}}, "master": map[string]any{"type": "PROFILE_MASTER"},
	}}
	custom := definitions["custom"].(map[string]any)
	if diff := cmp.Diff(want, custom["properties"]); diff != "" || custom["id"] != "#custom" {
		t.Errorf("custom (-recorded +got):\n%s", diff)
	}
	base := definitions["base"].(map[string]any)
	if got := keys(base["properties"]); len(got) != 31 {
		t.Errorf("%d base attributes: %v", len(got), got)
	}
	if diff := cmp.Diff([]any{"login", "firstName", "lastName", "email"}, base["required"]); diff != "" {
		t.Errorf("required (-recorded +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"$schema", "_links", "created", "definitions", "description", "id", "lastUpdated", "name", "properties", "title", "type"}, keys(read)); diff != "" {
		t.Errorf("keys (-recorded +got):\n%s", diff)
	}
	links := read["_links"].(map[string]any)
	self := links["self"].(map[string]any)["href"].(string)
	if diff := cmp.Diff(read, w.get(self).object(t)); diff != "" {
		t.Errorf("by its id:\n%s", diff)
	}

	w.call("POST", "/api/v1/users", strings.Replace(userJSON("c@default.example", ""), `"Isaac"`, `"Isaac","costCode":"A1"`, 1), 200)
	if got := w.get("/api/v1/users?search=" + url.QueryEscape(`profile.costCode eq "a1"`)).list(t); len(got) != 1 {
		t.Errorf("found %d by the custom attribute", len(got))
	}
	w.call("POST", "/api/v1/users/c", `{"profile":{"costCode":"A1234"}}`, 400)
	w.call("POST", path, `{"definitions":{"custom":{"properties":{"costCode":{"title":"Code of costs"}}}}}`, 200)
	want["costCode"].(map[string]any)["title"] = "Code of costs"
	if diff := cmp.Diff(want, w.get(path).object(t)["definitions"].(map[string]any)["custom"].(map[string]any)["properties"]); diff != "" {
		t.Errorf("after a change of the title (-want +got):\n%s", diff)
	}
	w.call("POST", path, `{"definitions":{"custom":{"properties":{"costCode":null}}}}`, 200)
	if got := keys(w.get("/api/v1/users/c").object(t)["profile"]); slices.Contains(got, "costCode") {
		t.Errorf("the value outlived its attribute: %v", got)
	}
	w.call("POST", path, `{"definitions":{"base":{"properties":{"city":{"required":true}}}}}`, 200)
	w.call("POST", "/api/v1/users", userJSON("d@default.example", ""), 400)
	for _, bad := range []string{`{`, `{"definitions":{"custom":{"properties":{"city":{"title":"City","type":"string"}}}}}`, `{"definitions":{"custom":{"properties":{"a b":{"title":"x","type":"string"}}}}}`} {
		w.call("POST", path, bad, 400)
	}
	w.call("GET", "/api/v1/meta/schemas/user/oscnone", "", 404)
	w.call("GET", "/api/v1/meta/types/user/otynone", "", 404)

	group := "/api/v1/meta/schemas/group/default"
	w.call("POST", group, strings.ReplaceAll(body, `"maxLength":4`, `"maxLength":9`), 200)
	w.call("POST", "/api/v1/groups", `{"profile":{"name":"Coded","costCode":"B2"}}`, 200)
	if got := w.get("/api/v1/groups?search=" + url.QueryEscape(`profile.costCode eq "B2"`)).list(t); len(got) != 1 || got[0]["profile"].(map[string]any)["costCode"] != "B2" {
		t.Errorf("groups found by the custom attribute: %v", got)
	}
}

func TestUserTypes(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	one := w.get("/api/v1/meta/types/user/default")
	if list := w.get("/api/v1/meta/types/user"); list.body != "["+one.body+"]" {
		t.Errorf("the list is %s", list.body)
	}
	if diff := cmp.Diff([]string{"_links", "created", "createdBy", "default", "description", "displayName", "id", "lastUpdated", "lastUpdatedBy", "name"}, keys(one.object(t))); diff != "" {
		t.Errorf("keys (-recorded +got):\n%s", diff)
	}
}

func TestSeedProfiles(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.Users[1].Profile = map[string]any{"email": "team@default.example", "department": "IT", "ownerTeam": "payroll"}
	w := start(t, seed)
	got := w.get("/api/v1/users/svc-example").object(t)["profile"]
	want := map[string]any{
		"login": "svc-example@default.example", "email": "team@default.example", "firstName": "Example", "lastName": "Service",
		"department": "IT", "ownerTeam": "payroll", "mobilePhone": nil, "secondEmail": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var schema struct {
		Definitions struct {
			Custom struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(w.get("/api/v1/meta/schemas/user/default").body), &schema); err != nil || len(schema.Definitions.Custom.Properties) != 1 {
		t.Errorf("custom attributes %v, %v", schema.Definitions.Custom.Properties, err)
	}
}
