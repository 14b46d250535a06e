package okta

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeaderNext(t *testing.T) {
	t.Parallel()
	const n = "https://acme.okta.com/api/v1/users?after=1"
	for name, tc := range map[string]struct {
		headers []string
		want    string
		fails   bool
	}{
		"none":                {},
		"two lines":           {headers: []string{`<https://acme.okta.com/x>; rel="self"`, `<` + n + `>; rel="next"`}, want: n},
		"folded":              {headers: []string{`<https://acme.okta.com/x>; rel="self", <` + n + `>; rel="next"`}, want: n},
		"folded, next first":  {headers: []string{`<` + n + `>; rel="next",<https://acme.okta.com/x>; rel="self"`}, want: n},
		"comma in the target": {headers: []string{`<https://a/?x=1,2;3>; rel="self", <` + n + `,5>; rel="next"`}, want: n + ",5"},
		"comma in a title":    {headers: []string{`<https://a/>; title="a, <b>; rel=\"next\""; rel="self", <` + n + `>; rel=next`}, want: n},
		"several relations":   {headers: []string{`<` + n + `>; REL="prev Next"`}, want: n},
		"first rel counts":    {headers: []string{`<` + n + `>; rel="self"; rel="next"`}},
		"parameter alone":     {headers: []string{`<` + n + `>; crossorigin; rel="next"`}, want: n},
		"empty elements":      {headers: []string{`, ,<` + n + `>; rel="next",`}, want: n},
		"next in the name":    {headers: []string{`<https://a/next>; rel="nextish"`}},
		"same twice":          {headers: []string{`<` + n + `>; rel="next"`, `<` + n + `>; rel="next"`}, want: n},
		"two of them":         {headers: []string{`<` + n + `>; rel="next", <` + n + `2>; rel="next"`}, fails: true},
		"no brackets":         {headers: []string{n + `; rel="next"`}, fails: true},
		"open bracket":        {headers: []string{`<` + n + `; rel="next"`}, fails: true},
		"garbage after":       {headers: []string{`<` + n + `> rel="next"`}, fails: true},
		"empty target":        {headers: []string{`<>; rel="next"`}, fails: true},
		"single quotes":       {headers: []string{`<` + n + `>; rel='next'`}, fails: true},
		"single quotes, more": {headers: []string{`<` + n + `>; rel='next prev'`}, fails: true},
	} {
		got, err := headerNext(tc.headers)
		if got != tc.want || (err != nil) != tc.fails {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tc.want)
		}
	}
}

func TestOntoOrg(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ org, link, want string }{
		{"https://acme.okta.com", "https://acme.okta.com/api/v1/users?after=a%2Fb&limit=2", "/api/v1/users?after=a%2Fb&limit=2"},
		{"https://acme.okta.com", "https://ACME.okta.com:443/x", "/x"},
		{"https://acme.okta.com:443", "https://acme.okta.com/x", "/x"},
		{"https://acme.okta.com", "https://acme-admin.okta.com/api/v1/iam/roles?after=1", "/api/v1/iam/roles?after=1"},
		{"https://acme.okta.com", "/api/v1/users?after=1", "/api/v1/users?after=1"},
		{"http://localhost:8484", "http://localhost-admin:8484/x", "/x"},
		{"http://127.0.0.1:8484", "http://127.0.0.1:8484/x", "/x"},
		{"https://acme.okta.com", "https://evil.example/api/v1/users", ""},
		{"https://acme.okta.com", "//evil.example/api/v1/users", ""},
		{"https://acme.okta.com", "https://acme.okta.com.evil.example/x", ""},
		{"https://acme.okta.com", "https://acme.okta.com@evil.example/x", ""},
		{"https://acme.okta.com", "https://user@acme.okta.com/x", ""},
		{"https://acme.okta.com", "https://other-admin.okta.com/x", ""},
		{"https://acme.okta.com", "https://acme.okta.com:8443/x", ""},
		{"https://acme.okta.com", "ftp://acme.okta.com/x", ""},
		{"https://acme.okta.com", "http://[bad", ""},
		{"http://127.0.0.1:8484", "http://127-admin.0.0.1:8484/x", ""},
		{"http://127.0.0.1:8484", "http://127.0.0.1:9/x", ""},
	} {
		org, err := parseOrgURL(tc.org)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ontoOrg(org, tc.link)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s on %s: %q, %v; want %q", tc.link, tc.org, got, err, tc.want)
		}
	}
}

func TestPagesThatCannotBeFollowed(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{
		"to another host":         `<https://evil.example/api/v1/users?after=1>; rel="next"`,
		"to another port":         `<http://127.0.0.1:1/api/v1/users?after=1>; rel="next"`,
		"to the page itself":      `</api/v1/users?limit=200>; rel="next"`,
		"in a circle of two":      `</api/v1/users?after=OTHER>; rel="next"`,
		"without end":             `</api/v1/users?after=COUNT>; rel="next"`,
		"in an unreadable header": `</api/v1/users?after=1; rel="next"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n++
				other := "a"
				if r.URL.Query().Get("after") == "a" {
					other = "b"
				}
				w.Header().Set("Link", strings.NewReplacer("OTHER", other, "COUNT", fmt.Sprint(n)).Replace(next))
				answer(w, 200, `[{"id":"00u1"}]`)
			})
			c.maxPages = 10
			users, err := c.Users(t.Context())
			mustFail(t, err)
			if users != nil || log.count() > 10 {
				t.Errorf("%d requests, users %v", log.count(), users)
			}
		})
	}
}

// TestBodyPages: /iam gives the next page in the body, in a header, or in both.
func TestBodyPages(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"body", "header", "both"} {
		c, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
			after := r.URL.Query().Get("after")
			if after == "2" {
				answer(w, 200, `{"value":[{"id":"00u1"},{"id":"00u3"}],"_links":{"self":{"href":"x"},"next":null}}`)
				return
			}
			next, links := "http://"+r.Host+"/api/v1/iam/assignees/users?after=2", ""
			if where != "body" {
				w.Header().Add("Link", "<"+next+`>; rel="next"`)
			}
			if where != "header" {
				links = `,"_links":{"next":{"href":"` + next + `"}}`
			}
			answer(w, 200, `{"value":[{"id":"00u3"},{"id":"00u2"}]`+links+`}`)
		})
		ids, err := c.RoleAssignees(t.Context())
		if want := []string{"00u1", "00u2", "00u3"}; err != nil || !cmp.Equal(ids, want) || log.count() != 2 {
			t.Errorf("%s: %v, %v, %d requests", where, ids, err, log.count())
		}
	}
}

// TestPagesTellTheirEnd: where body and header disagree the body counts, in both directions of the disagreement; a circle and too
// many pages say what they are.
func TestPagesTellTheirEnd(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		next, header string // of every page but the last, "3"; COUNT is the next page's number
		pages        int
		fails        string
	}{
		"body before header":      {next: "/api/v1/iam/roles?after=COUNT", header: "/api/v1/iam/roles?after=1", pages: 3},
		"body before another":     {next: "https://acme-admin.okta.com/api/v1/iam/roles?after=COUNT", header: "https://evil.example/", pages: 3},
		"header alone, relative":  {header: "?after=COUNT", fails: "another shape"},
		"header alone, by path":   {header: "/api/v1/iam/roles?after=COUNT", pages: 3},
		"itself":                  {next: "/api/v1/iam/roles", fails: "circle"},
		"A, B, A":                 {next: "/api/v1/iam/roles?after=2", fails: "circle"},
		"the other host":          {next: "https://evil.example/api/v1/iam/roles?after=COUNT", fails: "another host"},
		"another org's admin":     {next: "https://other-admin.okta.com/api/v1/iam/roles?after=COUNT", fails: "another host"},
		"the same, by plain http": {next: "http://acme.okta.com/api/v1/iam/roles?after=COUNT", pages: 3}, // asked by https all the same
		"more than the cap":       {next: "/api/v1/iam/roles?after=COUNT0", fails: "more than 4 pages"},
	} {
		n := 0
		c := clientOf(t, "https://acme.okta.com", func(c *Config) {
			c.Transport = memory(func(r *http.Request) (*http.Response, error) {
				switch {
				case r.URL.Host != "acme.okta.com" || r.URL.Scheme != "https":
					t.Errorf("%s: asked %s", name, r.URL)
				case strings.HasSuffix(r.URL.Path, "/permissions"):
					return canned(200, `{"permissions":[]}`), nil
				case r.URL.Path != iamRolesPath:
					return canned(200, `{}`), nil
				}
				n++
				number := strings.NewReplacer("COUNT", fmt.Sprint(n+1))
				body, headers := `{"roles":[{"id":"cr0`+fmt.Sprint(n)+`"}]`, []string{}
				if r.URL.Query().Get("after") != "3" {
					if tc.next != "" {
						body += `,"_links":{"next":{"href":"` + number.Replace(tc.next) + `"}}`
					}
					if tc.header != "" {
						headers = []string{"Link", `<https://acme.okta.com/x>; rel="self", <` + number.Replace(tc.header) + `>; rel="next"`}
					}
				}
				return canned(200, body+"}", headers...), nil
			})
		})
		c.maxPages = 4
		roles, err := c.CustomRoles(t.Context())
		if len(roles) != tc.pages || (err == nil) != (tc.fails == "") || err != nil && !strings.Contains(err.Error(), tc.fails) {
			t.Errorf("%s: %d roles, %v", name, len(roles), err)
		}
	}
}

// TestOtherShapesAreErrors: no answer of another shape is taken for an empty list.
func TestOtherShapesAreErrors(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `[]`, `{"value":null}`, `{"value":{}}`, `{"roles":[]}`, `{"value":[null]}`, `{"value":["00u1"]}`, `{"value":[{}]}`,
		`{"value":[],"_links":[]}`, `{"value":[],"_links":{"next":{}}}`, `{"value":[],"_links":{"next":"x"}}`, `"value"`,
		`{"value":[],"_links":{"next":{"href":"https://evil.example/"}}}`,
	} {
		c, _ := serve(t, always(200, body))
		ids, err := c.RoleAssignees(t.Context())
		if err == nil {
			t.Errorf("%s: %v", body, ids)
			continue
		}
		if e := mustFail(t, err); e.Status != 200 || e.Path != "/api/v1/iam/assignees/users" {
			t.Errorf("%s: %+v", body, e)
		}
	}
}

// TestSecondPageFails: what the first page held is not returned.
func TestSecondPageFails(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 500} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("after") != "" {
				answer(w, status, `{}`)
				return
			}
			w.Header().Set("Link", `</api/v1/groups?after=1>; rel="next"`)
			answer(w, 200, `[{"id":"00g1"}]`)
		})
		groups, err := c.Groups(t.Context())
		if e := mustFail(t, err); groups != nil || e.Status != status || e.Path != "/api/v1/groups" {
			t.Errorf("groups %v, %+v", groups, e)
		}
	}
}

func FuzzHeaderNext(f *testing.F) {
	f.Add(`<https://acme.okta.com/x>; rel="self", <https://acme.okta.com/y>; rel="next"`)
	f.Add(`<>;;=,"`)
	org := &url.URL{Scheme: "https", Host: "acme.okta.com"}
	f.Fuzz(func(t *testing.T, header string) {
		next, err := headerNext([]string{header})
		if err != nil && next != "" {
			t.Errorf("%q beside %v", next, err)
		}
		if target, err := ontoOrg(org, next); err == nil && !strings.HasPrefix(target, "/") {
			t.Errorf("target %q", target)
		}
	})
}
