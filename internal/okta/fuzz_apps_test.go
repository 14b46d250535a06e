package okta

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// FuzzApps: each client is there.
func FuzzApps(f *testing.F) {
	f.Add(`[{"client_id":"0oa1","client_name":"Sync","application_type":"service"},{"client_id":"0oa2","application_type":"web"},{"client_id":"0oa3"}]`)
	f.Add(`[{"client_id":"","application_type":"service"}]`)
	f.Add(`[{"client_id":7,"client_name":"` + testToken + `"}]`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := answering(t, body).Apps(t.Context())
		if err != nil {
			checkError(t, err)
			return
		}
		if want := length(body, ""); len(got) != want {
			t.Errorf("%d apps of %d", len(got), want)
		}
		for _, a := range got {
			if !isID(a.ID) {
				t.Errorf("%+v", a)
			}
		}
	})
}

func FuzzAppRoles(f *testing.F) {
	read := func(c *Client, t *testing.T) ([]org.Assignment, error) { return c.AppRoles(t.Context(), "0oa1") }
	f.Add(seedRoles)
	f.Add(seedNone)
	f.Add(`{"client_id":"0oa1"}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := read(answering(t, body), t)
		if err != nil {
			checkError(t, err)
			return
		}
		if len(got) != length(body, "") {
			t.Errorf("%d roles of %q", len(got), body)
		}
		for _, a := range got {
			if a.ID == "" || a.Type == "" || a.PrincipalKind != org.PrincipalClient || !a.Direct() {
				t.Errorf("%+v", a)
			}
		}
	})
}

// FuzzTokenAnswer: an access token that is taken can be sent, ends after it is renewed, and is in no error.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(`{"token_type":"Bearer","expires_in":3600,"access_token":"`+testToken+`","scope":"okta.users.read"}`, false)
	f.Add(`{"token_type":"DPoP","expires_in":1,"access_token":"x"}`, true)
	f.Add(`{"token_type":"DPoP","expires_in":3600,"access_token":"`+testToken+`"}`, false)
	f.Add(`{"token_type":"Bearer","expires_in":-1e300,"access_token":"`+testToken+`\n"}`, false)
	f.Add(`{"token_type":"Bearer","expires_in":1e300,"access_token":"a b","scope":7}`, false)
	o := &oauth{scopes: []string{"okta.users.read"}}
	f.Fuzz(func(t *testing.T, body string, proven bool) {
		begun := time.Now()
		seen := &wire{method: http.MethodPost, path: TokenPath, status: http.StatusOK, secrets: issued(TokenPath, []byte(body))}
		if e := judge(seen, http.Header{"Content-Type": {"application/json"}}, []byte(body)); e != nil || body == "" {
			return // it is not read
		}
		g, err := o.read(outcome{answer: canned(200, body), seen: seen}, begun, proven)
		if err != nil {
			checkText(t, err.Error())
			return
		}
		value := g.value.Reveal()
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) || g.dpop && !proven {
			t.Errorf("taken for a token: %q", body)
		}
		if !g.refreshAt.After(begun) || g.endsAt.Before(g.refreshAt) {
			t.Errorf("from %v it is renewed at %v and ends at %v: %q", begun, g.refreshAt, g.endsAt, body)
		}
		if access.NewSecret(value).String() == value {
			t.Error("a token prints itself")
		}
	})
}
