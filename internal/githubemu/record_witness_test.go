//go:build witness

package githubemu

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTargetsAreTheDocuments: what is written down of a request fits GitHub's path, whatever the request looked like.
func TestTargetsAreTheDocuments(t *testing.T) {
	t.Parallel()
	hub := New(Options{})
	for sent, want := range map[string]string{
		"/repos/ACME/okta-access/git/ref/heads/a/b":            repo + "/git/ref/heads%2Fa%2Fb",
		"/repos/acme/okta-access/branches/a/b/protection":      repo + "/branches/a%2Fb/protection",
		"/repositories/742610337/pulls/1/reviews?page=2":       repo + "/pulls/1/reviews?page=2",
		"/repos/acme/okta-access/contents/access/a.yaml?ref=x": repo + "/contents/access%2Fa.yaml?ref=x",
		"/repos/acme/okta-access/contents/":                    repo + "/contents/.",
		"/repos/acme/okta-access":                              repo,
		"/user":                                                "/user",
		"/orgs/acme/teams/secops/memberships/ann":              "/orgs/acme/teams/secops/memberships/ann",
		"/repos/acme/okta-access/hooks":                        repo + "/hooks",
	} {
		r := httptest.NewRequest("GET", sent, nil)
		r.Header.Set("Authorization", "Bearer hush")
		e := hub.exchange(r, nil, answer{status: 200, header: http.Header{}, body: []byte("{}")})
		if e.Target != want {
			t.Errorf("%s is written down as %s, want %s", sent, e.Target, want)
		}
		if line, err := json.Marshal(e); err != nil || strings.Contains(string(line), "hush") {
			t.Errorf("%v: %s", err, line)
		}
	}
}
