package oktaemu

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// log reads the events that pass the filter.
func (w *world) log(filter, more string) []map[string]any {
	w.t.Helper()
	target := "/api/v1/logs?since=" + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) +
		"&until=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + more
	if filter != "" {
		target += "&filter=" + url.QueryEscape(filter)
	}
	return w.get(target).list(w.t)
}

func TestLogOfADowngradeIsAnotherGrant(t *testing.T) {
	t.Parallel()
	w := acme(t)
	id := w.userID(invoice)
	assign := func(role string) string {
		return w.call("POST", "/api/v1/users/"+id+"/roles", `{"type":"`+role+`"}`, 201).object(t)["id"].(string)
	}
	remove := func(assignment string) { w.call("DELETE", "/api/v1/users/"+id+"/roles/"+assignment, "", 204) }
	low, high := assign("REPORT_ADMIN"), assign("READ_ONLY_ADMIN")
	remove(high)
	remove(low)
	w.call("DELETE", "/api/v1/users/"+id+"/sessions", "", 204)

	events := w.log(`target.id eq "`+id+`"`, "")
	want := []string{
		"user.account.privilege.grant", "user.account.privilege.grant", "user.account.privilege.grant",
		"user.account.privilege.revoke", "user.session.clear",
	}
	if diff := cmp.Diff(want, pluck(events, "eventType")); diff != "" {
		t.Fatal(diff)
	}
	debug := events[2]["debugContext"].(map[string]any)["debugData"].(map[string]any)
	if debug["privilegeGranted"] != "REPORT_ADMIN" || debug["requestUri"] != "/api/v1/users/"+id+"/roles/"+high {
		t.Errorf("debug data of the downgrade: %v", debug)
	}
	actor := events[0]["actor"].(map[string]any)
	if actor["alternateId"] != "ada.admin@acme.example" || actor["type"] != "User" {
		t.Errorf("actor %v", actor)
	}
	ada := w.userID("ada.admin@acme.example")
	if got := len(w.log(fmt.Sprintf(`actor.id eq "%s" and (eventType eq "user.session.clear" or eventType eq "x")`, ada), "")); got != 1 {
		t.Errorf("%d events by the filter, want 1", got)
	}
}

func TestLogOfGroupsBindingsAndTokens(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.must(w.AssignGroup("Invoice readers", "USER_ADMIN"))
	w.must(w.AddMember("Invoice readers", invoice))
	w.token(invoice, "x")
	tokens := w.get("/api/v1/api-tokens").list(t)
	w.call("DELETE", "/api/v1/api-tokens/"+tokens[len(tokens)-1]["id"].(string), "", 204)
	w.must(w.DeleteResourceSet("CI groups"))
	got := map[string]int{}
	for _, e := range w.log("", "&limit=1000") {
		got[e["eventType"].(string)]++
	}
	want := map[string]int{
		"group.privilege.grant": 1, "group.user_membership.add": 1, "user.account.privilege.grant": 3,
		"system.api_token.create": 1, "system.api_token.revoke": 1, "iam.resourceset.bindings.delete": 2, "iam.resourceset.delete": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	id := w.userID(invoice)
	created := w.log(`eventType eq "system.api_token.create" and actor.id eq "`+id+`"`, "")
	target := created[0]["target"].([]any)[0].(map[string]any)
	if target["type"] != "Token" || target["displayName"] != "x" || target["id"] != tokens[len(tokens)-1]["id"] {
		t.Errorf("target %v", target)
	}
}

func TestLogPagesAndRefusals(t *testing.T) {
	t.Parallel()
	w := acme(t)
	for i := range 5 {
		w.must(w.Assign(invoice, fmt.Sprintf("T%d_ADMIN", i)))
	}
	whole := pluck(w.log("", ""), "uuid")
	for _, order := range []string{"ASCENDING", "DESCENDING"} {
		var got []string
		next := "/api/v1/logs?limit=2&until=2999-01-01T00:00:00Z&sortOrder=" + order
		for next != "" {
			a := w.get(next)
			got = append(got, pluck(a.list(t), "uuid")...)
			next = ""
			if links := a.header.Values("Link"); len(links) == 2 {
				next = linkTarget(links[1])
			}
		}
		want := append([]string{}, whole...)
		if order == "DESCENDING" {
			for i := range want {
				want[i] = whole[len(whole)-1-i]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", order, diff)
		}
	}
	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	if got := w.get("/api/v1/logs?until=" + past).list(t); len(got) != 0 {
		t.Errorf("%d events before the org began, want 0", len(got))
	}
	// A polling query always has a next page, which shows what came since.
	a := w.get("/api/v1/logs")
	w.must(w.Assign(invoice, "T9_ADMIN"))
	if got := w.get(linkTarget(a.header.Values("Link")[1])).list(t); len(got) != 1 {
		t.Errorf("%d events since the poll, want 1", len(got))
	}
	for _, bad := range []string{"filter=published+gt+%22x%22", "filter=actor.id+eq", "since=2001-01-01T00:00:00Z"} {
		if got := w.code(w.call("GET", "/api/v1/logs?"+bad, "", 400)); got != "E0000053" {
			t.Errorf("%s: %s", bad, got)
		}
	}
}

// linkTarget is the URL of a Link header.
func linkTarget(link string) string {
	target, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
	return target
}
