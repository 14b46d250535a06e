package oktaemu

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestLogFilters(t *testing.T) {
	t.Parallel()
	w := acme(t)
	id := w.userID(invoice)
	w.call("POST", "/api/v1/users/"+id+"/roles", `{"type":"REPORT_ADMIN"}`, 201)
	w.call("DELETE", "/api/v1/users/"+id+"/sessions", "", 204)
	w.call("POST", "/api/v1/groups", `{"profile":{"name":"Readers of Logs"}}`, 200)
	for expression, want := range map[string]int{
		`eventType sw "user."`: 2,
		`eventType ew ".clear" or displayMessage co "privilege"`:                                         2,
		`not (eventType sw "user.")`:                                                                     1,
		`eventType ne "user.session.clear" and outcome.result eq "SUCCESS"`:                              2,
		`target.id eq "` + id + `" and not (eventType eq "user.session.clear")`:                          1,
		`target.displayName eq "Readers of Logs" and target.type pr`:                                     1,
		`actor.type eq "User" and actor.displayName pr and severity eq "INFO"`:                           3,
		`client.ipAddress eq "127.0.0.1" and client.userAgent.rawUserAgent pr`:                           3,
		`debugContext.debugData.privilegeGranted eq "REPORT_ADMIN"`:                                      1,
		`debugContext.debugData.requestUri sw "/api/v1/groups"`:                                          1,
		`transaction.type eq "WEB" and authenticationContext.authenticationStep eq 0`:                    3,
		`securityContext.isProxy eq true or device.name pr or client.geographicalContext.city eq "Bern"`: 0,
		`uuid gt "g" or uuid lt "0"`:                                                                     0,
		`outcome.reason pr`:                                                                              0,
	} {
		if got := len(w.log(expression, "")); got != want {
			t.Errorf("%s: %d events, want %d", expression, got, want)
		}
	}
	for _, expression := range []string{
		`published gt "2024-01-01T00:00:00Z"`, `target.changeDetails.from pr`, `target[type eq "User"]`, `actor.shoeSize eq "44"`,
		`not eventType pr`, `eventType is "x"`, `device. pr`, `debugContext.debugData pr`,
	} {
		a := w.call("GET", "/api/v1/logs?filter="+url.QueryEscape(expression), "", 400)
		if w.code(a) != "E0000053" {
			t.Errorf("%s: %s", expression, a.body)
		}
	}
}

func TestLogKeywords(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.call("POST", "/api/v1/groups", `{"profile":{"name":"Readers of Logs"}}`, 200)
	w.call("POST", "/api/v1/groups", `{"profile":{"name":"Readers"}}`, 200)
	for q, want := range map[string]int{
		"readers": 2, "READERS logs": 1, "reader": 0, "group.lifecycle.create": 2, "of lifecycle nothing": 0, " ": 2,
	} {
		if got := len(w.log("", "&q="+url.QueryEscape(q))); got != want {
			t.Errorf("%q: %d events, want %d", q, got, want)
		}
	}
	if got := len(w.log(`target.displayName eq "Readers"`, "&q=logs")); got != 0 {
		t.Errorf("filter and q together: %d events, want 0", got)
	}
	for _, q := range []string{strings.Repeat("a+", 11), strings.Repeat("a", 41)} {
		w.refused("GET", "/api/v1/logs?q="+q, "", 400, "E0000001")
	}
}

func TestNoEventsOnDemand(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.must(w.Assign(invoice, "REPORT_ADMIN"))
	first := w.get("/api/v1/logs?limit=0")
	links := first.header.Values("Link")
	if first.body != "[]" || len(links) != 2 {
		t.Fatalf("%s %v", first.body, links)
	}
	if got := w.get(strings.Replace(linkTarget(links[1]), "limit=0", "limit=5", 1)).list(t); len(got) != 1 {
		t.Errorf("%d events after the empty page, want 1", len(got))
	}
	bounded := w.get("/api/v1/logs?limit=0&until=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	if links := bounded.header.Values("Link"); bounded.body != "[]" || len(links) != 1 {
		t.Errorf("%s %v", bounded.body, links)
	}
	w.refused("GET", "/api/v1/logs?limit=1001", "", 400, "E0000001")
}

func TestFiltersOfAppsAndZones(t *testing.T) {
	t.Parallel()
	w := acme(t)
	made := w.call("POST", "/api/v1/apps", `{"name":"bookmark","label":"Mark","signOnMode":"BOOKMARK","settings":{"app":{"url":"https://mark.example"},"slo":{"enabled":true}},
		"credentials":{"signing":{"kid":"k1"}}}`, 200).object(t)
	for expression, want := range map[string]int{
		`id eq "` + made["id"].(string) + `"`: 1, `name eq "bookmark" and status eq "ACTIVE"`: 1, `credentials.signing.kid eq "none"`: 0,
		`settings.slo.enabled eq true`: 1,
	} {
		if got := len(w.get("/api/v1/apps?filter=" + url.QueryEscape(expression)).list(t)); got != want {
			t.Errorf("%s: %d apps, want %d", expression, got, want)
		}
	}
	for expression, want := range map[string]int{`user.id eq "00u"`: 501, `label eq "Mark"`: 400, `status ne "ACTIVE"`: 400} {
		w.call("GET", "/api/v1/apps?filter="+url.QueryEscape(expression), "", want)
	}
	w.call("POST", "/api/v1/zones", `{"type":"IP","name":"Mine","gateways":[{"type":"CIDR","value":"192.0.2.0/24"}]}`, 200)
	all := len(w.get("/api/v1/zones").list(t))
	if got := len(w.get("/api/v1/zones?filter=" + url.QueryEscape(fmt.Sprintf(`system eq %t`, false))).list(t)); got != all {
		t.Errorf("%d zones that are not the system's, want %d", got, all)
	}
}
