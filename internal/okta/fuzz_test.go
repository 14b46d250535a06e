package okta

// Fuzz targets for whatever reads what Okta sent. Each runs its seeds as a test; go test -fuzz looks further.

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stepdown/stepdown/internal/org"
)

// answering is a client to which every answer is body, as sound JSON with status 200. It has no transport of its own, whose
// retries would take their time.
func answering(t testing.TB, body string) *Client {
	o, err := parseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: memory(func(r *http.Request) (*http.Response, error) {
		seen := r.Context().Value(wireKey{}).(*wire)
		seen.status, seen.secrets = http.StatusOK, []string{testToken}
		resp := canned(200, body)
		if e := judge(seen, resp.Header, []byte(body)); e != nil {
			return nil, e
		}
		return resp, nil
	})}
	return &Client{org: o, executor: newExecutor(client, o, ""), maxPages: 3}
}

// length is how many items the list in body has, by a reading of its own; -1 where there is none.
func length(body, field string) int {
	raw := json.RawMessage(body)
	if field != "" {
		var envelope map[string]json.RawMessage
		if json.Unmarshal(raw, &envelope) != nil {
			return -1
		}
		raw = envelope[field]
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || items == nil {
		return -1
	}
	return len(items)
}

// checkError holds what every error is: an *Error, and one printable line of bounded length, without the token.
func checkError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Op == "" {
		t.Errorf("no *Error, or one that does not say what was done: %v", err)
	}
	checkText(t, err.Error())
}

func checkText(t *testing.T, text string) {
	t.Helper()
	if !isPrintable(text) || len(text) > 20_000 || strings.Contains(text, testToken) {
		t.Errorf("text of %d bytes: %.300q", len(text), text)
	}
}

func isPrintable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) })
}

// fuzzListing fuzzes what reads a list. Where it is read, there is one result for each item (each different one, where the
// results are a set), and sound finds nothing wrong with any.
func fuzzListing[T any](f *testing.F, field string, isSet bool, read func(context.Context, *Client) ([]T, error), sound func(T) bool, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
		if field != "" {
			f.Add(`{"` + field + `":` + seed + `,"_links":{"next":{"href":"https://evil.example/?after=1"}}}`)
			f.Add(`{"` + field + `":` + seed + `,"_links":{"next":null}}`)
			f.Add(`{"` + field + `":` + seed + `}`)
		}
	}
	f.Add(`{"created":"` + testToken + `"}`)
	f.Add(`[{"id":"` + testToken + `\n","type":7,"created":"` + testToken + `","uuid":1e400}]`)
	f.Fuzz(func(t *testing.T, body string) {
		c := answering(t, body)
		got, err := read(t.Context(), c)
		if err != nil {
			checkError(t, err)
			if got != nil {
				t.Errorf("%d results beside %v", len(got), err)
			}
			return
		}
		want := length(body, field)
		if len(got) > want || !isSet && len(got) != want || want > 0 && len(got) == 0 {
			t.Errorf("%d results of %d items", len(got), want)
		}
		for _, v := range got {
			if !sound(v) {
				t.Errorf("%+v", v)
			}
		}
		if u := c.Unfamiliar(); len(u) > maxUnfamiliar+1 || !slices.IsSorted(u) || !isPrintable(strings.Join(u, "")) {
			t.Errorf("unfamiliar: %q", u)
		}
	})
}

func isID(id string) bool { return id != "" }

const (
	seedRoles = `[{"id":"IFIFAX2BIRGUSTQ","label":"L","type":"APP_ADMIN","status":"ACTIVE","created":"2025-03-13T23:44:04.000Z","assignmentType":"USER","_links":{"assignee":{"href":"https://acme.okta.com/api/v1/users/00u1"}}},
		{"id":"irb1","role":"cr01","type":"CUSTOM","resource-set":"iam1","_links":{}},{"id":"1","type":"X","assignmentType":"GROUP","_links":{"assignee":{"href":"https://acme.okta.com/api/v1/groups/00g1"}}}]`
	seedNone = `[{"id":"1"}]`
	seedIDs  = `[{"id":"00u1"},{"id":"00u2"},{"id":"00u1"}]`
)

func FuzzUserRoles(f *testing.F) {
	fuzzListing(f, "", false, func(ctx context.Context, c *Client) ([]org.Assignment, error) { return c.UserRoles(ctx, "00u1") },
		func(a org.Assignment) bool { return a.ID != "" && a.Type != "" && a.PrincipalID == "00u1" }, seedRoles, seedNone)
}

func FuzzGroupRoles(f *testing.F) {
	fuzzListing(f, "", false, func(ctx context.Context, c *Client) ([]org.Assignment, error) { return c.GroupRoles(ctx, "00g1") },
		func(a org.Assignment) bool {
			return a.ID != "" && a.Type != "" && a.PrincipalKind == org.PrincipalGroup && a.Direct()
		}, seedRoles, seedNone)
}

func FuzzGroups(f *testing.F) {
	fuzzListing(f, "", false, func(ctx context.Context, c *Client) ([]org.Group, error) { return c.Groups(ctx) },
		func(g org.Group) bool { return isID(g.ID) },
		`[{"id":"00g1","type":"OKTA_GROUP","profile":{"name":"G"},"_embedded":{"stats":{"hasAdminPrivlege":true,"hasAdminPrivilege":false}}}]`)
}

func FuzzGroupMembers(f *testing.F) {
	fuzzListing(f, "", true, func(ctx context.Context, c *Client) ([]string, error) { return c.GroupMembers(ctx, "00g1") }, isID, seedIDs)
}

func FuzzUsers(f *testing.F) {
	fuzzListing(f, "", false, func(ctx context.Context, c *Client) ([]org.User, error) { return c.Users(ctx) },
		func(u org.User) bool { return isID(u.ID) }, "["+recordedUser+"]", seedIDs)
}

func FuzzTokens(f *testing.F) {
	fuzzListing(f, "", false, func(ctx context.Context, c *Client) ([]org.Token, error) { return c.Tokens(ctx) },
		func(k org.Token) bool {
			return isID(k.ID) && slices.IsSorted(k.Network.Include) && k.Network.Exclude != nil
		},
		`[{"id":"00T1","name":"n","userId":"00u1","clientName":"Okta API","network":{"connection":"ZONE","exclude":["nzo1"]},"expiresAt":"2025-12-02T14:47:13.000Z"}]`)
}

func FuzzZones(f *testing.F) {
	fuzzListing(f, "", false, func(ctx context.Context, c *Client) ([]org.Zone, error) { return c.Zones(ctx) },
		func(z org.Zone) bool { return isID(z.ID) }, `[{"id":"nzo1","name":"Z","status":"ACTIVE","gateways":[]}]`)
}

func FuzzRoleAssignees(f *testing.F) {
	fuzzListing(f, "value", true, func(ctx context.Context, c *Client) ([]string, error) { return c.RoleAssignees(ctx) }, isID, seedIDs)
}

func FuzzResourceSets(f *testing.F) {
	fuzzListing(f, "resource-sets", false, func(ctx context.Context, c *Client) ([]org.ResourceSet, error) { return c.ResourceSets(ctx) },
		func(s org.ResourceSet) bool { return isID(s.ID) }, `[{"id":"iam1","label":"L"}]`)
}

// FuzzCustomRoles takes one answer for the list of roles and for that of their permissions.
func FuzzCustomRoles(f *testing.F) {
	f.Add(`{"roles":[{"id":"cr01","label":"L"}],"permissions":[{"label":"okta.users.read"}]}`)
	fuzzListing(f, "roles", false, func(ctx context.Context, c *Client) ([]org.CustomRole, error) { return c.CustomRoles(ctx) },
		func(r org.CustomRole) bool {
			return isID(r.ID) && r.Permissions != nil && !slices.Contains(r.Permissions, "")
		}, `[{"id":"cr01","label":"L"}]`, `[]`)
}

// FuzzBindings takes one answer for the list of bindings and for that of their members.
func FuzzBindings(f *testing.F) {
	f.Add(`{"roles":[{"id":"cr01"}],"members":[{"id":"irb1","_links":{"self":{"href":"https://acme.okta.com/api/v1/users/00u1"}}},{"id":"irb2","_links":{"self":{"href":"orn:x"}}}]}`)
	f.Add(`{"roles":[{"id":"cr01"}],"members":[{"id":"irb1"}]}`)
	fuzzListing(f, "roles", true, func(ctx context.Context, c *Client) ([]org.Binding, error) { return c.Bindings(ctx, "iam1") },
		func(b org.Binding) bool {
			for _, m := range b.Members {
				if m.ID == "" || m.PrincipalID == "" || m.PrincipalKind == "" || !isPrintable(m.PrincipalKind) {
					return false
				}
			}
			return isID(b.CustomRoleID) && b.ResourceSetID == "iam1" && b.Members != nil
		}, `[{"id":"cr01"}]`, `[]`)
}

func FuzzEvents(f *testing.F) {
	fuzzListing(f, "", true, func(ctx context.Context, c *Client) ([]org.LogEvent, error) {
		return c.Events(ctx, day(1), day(2), org.LogFilter{})
	},
		func(e org.LogEvent) bool {
			return e.UUID != "" && e.Type != "" && e.Published.Location() == time.UTC && e.Targets != nil
		},
		`[{"uuid":"u","eventType":"user.session.start","published":"2026-03-02T00:00:00.000Z","outcome":{"result":"SUCCESS"},"actor":{"id":"00u1","alternateId":"a"},"target":[{"id":"00u1","type":"User","displayName":"A"}]},
		{"uuid":"v","eventType":"x","published":"2026-03-02T00:00:00.000Z","target":null}]`)
}

// FuzzObjects is for what reads a single object.
func FuzzObjects(f *testing.F) {
	for _, seed := range []string{`{"id":"00o1"}`, recordedUser, `{"id":"00g1","profile":{"name":"G"}}`, `{"id":"cr01","label":"L","permissions":[{"label":"p"}]}`, `{"id":null}`, `{"profile":{"login":7}}`, `[]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c := answering(t, body)
		ctx := t.Context()
		o, err1 := c.Org(ctx)
		u, err2 := c.User(ctx, "x")
		g, err3 := c.Group(ctx, "x")
		r, err4 := c.CustomRole(ctx, "x")
		s, err5 := c.ResourceSet(ctx, "x")
		k, err6 := c.RestrictToken(ctx, org.Token{ID: "x"}, []string{"nzo1"})
		for i, got := range []struct {
			id  string
			err error
		}{{o.ID, err1}, {u.ID, err2}, {g.ID, err3}, {r.ID, err4}, {s.ID, err5}, {k.ID, err6}} {
			if got.err != nil {
				checkError(t, got.err)
			}
			if (got.id == "") != (got.err != nil) {
				t.Errorf("object %d: id %q, error %v", i, got.id, got.err)
			}
		}
	})
}

// FuzzJudge is for errors, and for what is no sound answer.
func FuzzJudge(f *testing.F) {
	f.Add("POST", 409, "application/json", "", `{"errorCode":"E0000268","errorSummary":"s","errorId":"oae1","errorCauses":[{"errorSummary":"c"}]}`)
	f.Add("GET", 401, "text/html", `Bearer error="invalid_token", error_description="`+testToken+`"`, `<html>`)
	f.Add("GET", 400, "application/json", ``, `{"error":"use_dpop_nonce","error_description":"a\nb"}`)
	f.Add("GET", 200, "text/html; charset=utf-8", ``, `<html>`)
	f.Add("DELETE", 204, "", ``, ``)
	f.Add("GET", 200, "application/json", ``, `[{"id":`)
	f.Add("GET", 429, "", ``, `{"errorCauses":[{},{"errorSummary":"`+testToken+`"}]}`)
	f.Fuzz(func(t *testing.T, method string, status int, kind, challenge, body string) {
		seen := &wire{method: method, path: "/api/v1/x", status: status, secrets: []string{testToken}}
		e := judge(seen, http.Header{"Content-Type": {kind}, "Www-Authenticate": {challenge}}, []byte(body))
		if e == nil {
			if status/100 != 2 || body != "" && !json.Valid([]byte(body)) || body == "" && method == http.MethodGet {
				t.Errorf("taken for sound: %s %d %q", method, status, body)
			}
			return
		}
		if seen.scrub(e); isPrintable(method) {
			checkText(t, e.Error())
			checkText(t, e.observed())
		}
		if (e.Refused() && (status < 400 || status >= 500 || status == 408 || e.Code == "")) || e.Status != status {
			t.Errorf("status %d: %+v", status, e)
		}
	})
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer authorization_uri="http://x/oauth2", error="invalid_token", error_description="a \"b\", c"`, "error")
	f.Add(`DPoP error=use_dpop_nonce`, "error")
	f.Add(`Bearer error="`, "error")
	f.Fuzz(func(t *testing.T, challenge, name string) {
		if got := challengeParam(challenge, name); len(got) > len(challenge) {
			t.Errorf("%q of %q", got, challenge)
		}
		if got := challengeParam(`Bearer x="1", error="e", `+challenge, "error"); got != "e" {
			t.Errorf("the first is %q", got)
		}
	})
}

// FuzzNextPage is for the next page's address, from header and body: it is on the org's own host, or an error.
func FuzzNextPage(f *testing.F) {
	for _, target := range []string{"https://acme.okta.com/api/v1/users?after=1", "https://acme-admin.okta.com/x", "/x", "//evil.example/x", `\\evil.example`, "https://acme.okta.com@evil.example", "?after=1", "x/../../y", "http://[::1]", "https:x", "/\\evil.example"} {
		f.Add(`<`+target+`>; rel="next"`, `{"next":{"href":"`+target+`"}}`)
	}
	f.Add(`<https://a/>; rel="self", <https://acme.okta.com/y>; rel="next"`, `null`)
	c := answering(f, "")
	f.Fuzz(func(t *testing.T, header, links string) {
		fromBody, err := bodyNext(json.RawMessage(links))
		if err != nil {
			checkText(t, c.unreadable(&wire{method: "GET", path: "/x", status: 200}, err).Error())
			return
		}
		target, err := c.nextTarget(fromBody, []string{header})
		if err != nil {
			if checkText(t, c.unreadable(&wire{method: "GET", path: "/x", status: 200}, err).Error()); target != "" {
				t.Errorf("%q beside %v", target, err)
			}
			return
		}
		if target == "" {
			return
		}
		u, err := url.Parse(c.org.String() + target)
		if !strings.HasPrefix(target, "/") || err != nil || u.Host != c.org.Host || u.User != nil || u.Scheme != "https" {
			t.Errorf("target %q is %v, %v", target, u, err)
		}
	})
}

// FuzzRateHeaders is for the headers of rate limits: waits are bounded and not negative, and what is clear is of one window.
func FuzzRateHeaders(f *testing.F) {
	f.Add("600", "599", "1700000060", "Tue, 14 Nov 2023 22:13:20 GMT", 200)
	f.Add("0", "0", "1700000000", "Tue, 14 Nov 2023 22:13:20 GMT", 429)
	f.Add("-1", "x", "9223372036854775807", "", 429)
	f.Add("600", "0", "-9223372036854775808", "Mon, 01 Jan 0001 00:00:00 GMT", 200)
	f.Add("99999999999999999999", "1", "1", "Fri, 31 Dec 9999 23:59:59 GMT", 200)
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date string, status int) {
		h := http.Header{"X-Rate-Limit-Limit": {limit}, "X-Rate-Limit-Remaining": {remaining}, "X-Rate-Limit-Reset": {reset}, "Date": {date}}
		wait, known := untilReset(h)
		if wait < 0 || wait > 25*time.Hour || known != (wait > 0) {
			t.Errorf("%v, %v", wait, known)
		}
		s := rateOf(h)
		if s.kind >= saidOddly && (s.limit < 1 || s.limit > maxLimit || s.remaining < 0 || s.remaining > s.limit || s.reset < 0) {
			t.Errorf("%+v", s)
		}
		p := newPace(DefaultRateCeiling, defaultConcurrency)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			turn, err := p.enter(ctx, http.MethodGet, "/api/v1/users")
			cancel()
			if err != nil {
				return // its turn came just too late
			}
			p.leave(turn, status, h)
			r := turn.rate
			if left := time.Until(r.end); r.flying != 0 || p.reading != 0 || r.used < 0 || r.known && (left > window+slack*time.Second || r.limit < 1) {
				t.Errorf("%+v", r)
			}
		}
	})
}
