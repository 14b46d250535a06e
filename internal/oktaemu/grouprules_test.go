package oktaemu

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ruleBody is the body with which the Terraform provider creates a rule.
func ruleBody(name, prefix string, groups ...string) string {
	return fmt.Sprintf(`{"actions":{"assignUserToGroups":{"groupIds":["%s"]}},"conditions":{"expression":{"type":"urn:okta:expression:1.0",`+
		`"value":"String.startsWith(user.firstName,\"%s\")"},"people":{"users":{}}},"name":"%s","type":"group_rule"}`, strings.Join(groups, `","`), prefix, name)
}

func (w *world) newGroup(name string) string {
	w.t.Helper()
	return w.call("POST", "/api/v1/groups", `{"profile":{"name":"`+name+`"}}`, 200).object(w.t)["id"].(string)
}

func TestGroupRule(t *testing.T) {
	t.Parallel()
	w := acme(t)
	const rules = "/api/v1/groups/rules"
	group := w.newGroup("Andys")
	made := w.call("POST", rules, ruleBody("andy", "andy", group), 200).object(t)
	id := made["id"].(string)
	one := rules + "/" + id
	if !strings.HasPrefix(id, "0pr") || len(id) != 20 {
		t.Errorf("id %s", id)
	}
	wantBody(t, made, map[string]any{
		"type": "group_rule", "id": id, "status": "INACTIVE", "name": "andy", "created": made["created"], "lastUpdated": made["lastUpdated"],
		"conditions": map[string]any{
			"people":     map[string]any{"users": map[string]any{"exclude": []any{}}, "groups": map[string]any{"exclude": []any{}}},
			"expression": map[string]any{"value": `String.startsWith(user.firstName,"andy")`, "type": "urn:okta:expression:1.0"},
		},
		"actions": map[string]any{"assignUserToGroups": map[string]any{"groupIds": []any{group}}}, "allGroupsValid": true,
	})
	wantBody(t, w.get(one).object(t), made)
	w.call("POST", one+"/lifecycle/activate", "", 204)
	if got := w.get(one).object(t)["status"]; got != "ACTIVE" {
		t.Errorf("status %v", got)
	}
	w.call("PUT", one, ruleBody("andy", "bob", group), 400)
	w.call("DELETE", one, "", 400)
	w.call("POST", one+"/lifecycle/deactivate", "", 204)
	changed := w.call("PUT", one, strings.Replace(ruleBody("bob", "bob", group), `"users":{}`, `"users":{"exclude":["`+w.userID(dana)+`"]}`, 1), 200).object(t)
	if people := changed["conditions"].(map[string]any)["people"].(map[string]any)["users"].(map[string]any)["exclude"]; changed["name"] != "bob" || len(people.([]any)) != 1 {
		t.Errorf("changed: %v", changed)
	}
	if got := pluck(w.get(rules+"?search=BO&limit=1&expand=groupIdToGroupNameMap").list(t), "name"); !slices.Equal(got, []string{"bob"}) {
		t.Errorf("found %v", got)
	}
	names := w.get(one + "?expand=groupIdToGroupNameMap").object(t)["_embedded"].(map[string]any)["groupIdToGroupNameMap"].(map[string]any)
	if names[group] != "Andys" {
		t.Errorf("names %v", names)
	}
	if a := w.call("DELETE", one+"?removeUsers=false", "", 202); a.body != "{}" {
		t.Errorf("body %s", a.body)
	}
	w.call("GET", one, "", 404)
}

func TestGroupRuleRefusals(t *testing.T) {
	t.Parallel()
	w := acme(t)
	const rules = "/api/v1/groups/rules"
	group, admins := w.newGroup("Andys"), w.groupID("Helpdesk tier 2") // which holds a role
	w.call("POST", rules, ruleBody("taken", "a", group), 200)
	for name, body := range map[string]string{
		"no JSON": "[", "no name": ruleBody("", "a", group), "a name that is taken": ruleBody("taken", "a", group), "no such group": ruleBody("a", "a", "00gNobody"),
		"a group with a role": ruleBody("a", "a", admins), "another type": strings.Replace(ruleBody("a", "a", group), "group_rule", "rule", 1),
		"no expression": `{"name":"a","type":"group_rule","actions":{"assignUserToGroups":{"groupIds":["` + group + `"]}}}`,
		"no groups":     strings.Replace(ruleBody("a", "a", group), `"`+group+`"`, "", 1), "the built-in group": ruleBody("a", "a", w.groupID("Everyone")),
	} {
		if a, err := w.try(ownToken, "POST", rules, body); err != nil || a.status != 400 {
			t.Errorf("%s: %d %s %v", name, a.status, a.body, err)
		}
	}
	id := w.get(rules).list(t)[0]["id"].(string)
	w.call("PUT", rules+"/"+id, ruleBody("taken", "a", w.newGroup("Others")), 400)
	for _, call := range []string{"GET ", "PUT ", "DELETE ", "POST /lifecycle/activate", "POST /lifecycle/deactivate"} {
		method, rest, _ := strings.Cut(call, " ")
		w.call(method, rules+"/0prNothing"+rest, ruleBody("a", "a", group), 404)
	}
}

// TestARuleIsInvalidWithoutItsGroup: it can only be read and deleted then.
func TestARuleIsInvalidWithoutItsGroup(t *testing.T) {
	t.Parallel()
	w := acme(t)
	group := w.newGroup("Andys")
	one := "/api/v1/groups/rules/" + w.call("POST", "/api/v1/groups/rules", ruleBody("andy", "andy", group), 200).object(t)["id"].(string)
	w.call("POST", one+"/lifecycle/activate", "", 204)
	w.call("DELETE", "/api/v1/groups/"+group, "", 204)
	if got := w.get(one).object(t); got["status"] != "INVALID" || got["allGroupsValid"] != false {
		t.Errorf("rule: %v", got)
	}
	w.call("POST", one+"/lifecycle/deactivate", "", 400)
	w.call("PUT", one, ruleBody("andy", "a", group), 400)
	w.call("DELETE", one, "", 202)
}

// TestWhatCannotHoldARole: a group with a rule, and an app that is no service app.
func TestWhatCannotHoldARole(t *testing.T) {
	t.Parallel()
	w := acme(t)
	group := w.newGroup("Andys")
	w.call("POST", "/api/v1/groups/rules", ruleBody("andy", "andy", group), 200)
	const role = `{"type":"REPORT_ADMIN"}`
	refused := w.call("POST", "/api/v1/groups/"+group+"/roles", role, 400)
	if got := refused.object(t)["errorSummary"]; w.code(refused) != "E0000192" || got != "Roles cannot be granted to groups with group membership rules. Andys" {
		t.Errorf("a group with a rule: %s", refused.body)
	}
	if got := w.code(w.call("POST", "/oauth2/v1/clients/"+w.ClientID("Payroll")+"/roles", role, 400)); got != "E0000227" {
		t.Errorf("a web app: %s", got)
	}
	if got := w.RolesOfClient("Payroll"); len(got) != 0 {
		t.Errorf("it holds %v", got)
	}
	w.call("POST", "/oauth2/v1/clients/"+w.ClientID("Metrics")+"/roles", role, 201)
}
