package okta

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
)

func TestNewChecksTheOrgURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // a URL: accepted as that; else: what the error says
		"https://acme.okta.com":                   "https://acme.okta.com",
		"https://acme.okta.com/":                  "https://acme.okta.com",
		" https://ACME.okta.com:443\n":            "https://acme.okta.com",
		"HTTPS://login.acme.example:8443":         "https://login.acme.example:8443",
		"https://sso-admin.acme.example":          "https://sso-admin.acme.example",
		"http://127.0.0.1:8484":                   "http://127.0.0.1:8484",
		"http://127.9.9.9":                        "http://127.9.9.9",
		"http://[::1]:8484":                       "http://[::1]:8484",
		"http://localhost:8484":                   "http://localhost:8484",
		"":                                        "it is empty",
		"acme.okta.com":                           "names no host",
		"https://":                                "names no host",
		"https:acme.okta.com":                     "names no host",
		"http://acme.okta.com":                    "use https://acme.okta.com",
		"http://127.0.0.1.evil.example":           "plain http",
		"http://localhost.evil.example":           "plain http",
		"http://0.0.0.0":                          "plain http",
		"http://10.0.0.1":                         "plain http",
		"ftp://acme.okta.com":                     "no scheme https",
		"https://acme.okta.com/api/v1":            "scheme and host alone",
		"https://acme.okta.com?token=PLANTED":     "scheme and host alone",
		"https://acme.okta.com?":                  "scheme and host alone",
		"https://acme.okta.com/#PLANTED":          "scheme and host alone",
		"https://user:PLANTED@acme.okta.com":      "user name or password",
		"https://acme.okta.com:port/PLANTED":      "not a URL",
		"https://acme-admin.okta.com":             "use the org's own address: https://acme.okta.com",
		"https://acme-admin.oktapreview.com":      "https://acme.oktapreview.com",
		"https://acme-admin.okta-emea.com:8443":   "https://acme.okta-emea.com:8443",
		"https://Acme-Admin.okta.com":             "https://acme.okta.com",
		"https://acme-admin.okta-gov.com/PLANTED": "scheme and host alone",
	} {
		c, err := New(context.Background(), Config{Transport: http.DefaultTransport, OrgURL: text, Token: access.NewSecret("t")})
		switch {
		case err == nil && c.org.String() != want:
			t.Errorf("%q became %q, want %q", text, c.org, want)
		case err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PLANTED")):
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func TestNewChecksTheToken(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "PLANTED\n", "PLANTED x", "PLANTED\x7f", "PLANTÉD"} {
		_, err := New(context.Background(), Config{Transport: http.DefaultTransport, OrgURL: "https://acme.okta.com", Token: access.NewSecret(token)})
		if err == nil || strings.Contains(err.Error(), "PLANT") {
			t.Errorf("token %q: %v", token, err)
		}
	}
	if _, err := New(context.Background(), Config{Transport: http.DefaultTransport, OrgURL: "https://acme.okta.com", Token: access.NewSecret("t"), UserAgent: "a\nb"}); err == nil {
		t.Error("a user agent of two lines is accepted")
	}
}

// TestWhatIsWrongWithAToken is said, without the token.
func TestWhatIsWrongWithAToken(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]string{
		"": "it is empty", " ": "it is empty", "SSWS " + testToken: "without the word SSWS", "ssws " + testToken: "without the word SSWS",
		testToken + " x": "characters", `"` + testToken + `"`: "characters", testToken + "\n": "characters", testToken + "é": "characters",
	} {
		_, err := New(t.Context(), Config{Transport: http.DefaultTransport, OrgURL: "https://acme.okta.com", Token: access.NewSecret(token)})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%q: %v", token, err)
		}
	}
}
