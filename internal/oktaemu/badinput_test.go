package oktaemu

import (
	"fmt"
	"strings"
	"testing"
)

func TestZoneAddresses(t *testing.T) {
	t.Parallel()
	w := acme(t)
	zone := func(kind, value string) string {
		return fmt.Sprintf(`{"type":"IP","name":"z %s %s","gateways":[{"type":%q,"value":%q}]}`, kind, value, kind, value)
	}
	for _, good := range [][2]string{
		{"CIDR", "1.2.3.4/24"}, {"CIDR", "2001:db8::/32"}, {"RANGE", "3.3.4.5-3.3.4.15"}, {"RANGE", "3.3.4.5"}, {"RANGE", "2001:db8::1 - 2001:db8::2"},
	} {
		w.call("POST", "/api/v1/zones", zone(good[0], good[1]), 200)
	}
	for _, bad := range [][2]string{
		{"CIDR", "1.2.3.4/33"},
		{"CIDR", "1.2.3.4"},
		{"CIDR", ""},
		{"RANGE", "3.3.4.15-3.3.4.5"},
		{"RANGE", "1.2.3.4-2001:db8::1"},
		{"RANGE", "1.2.3.4/24"},
		{"RANGE", "1.2.3"},
		{"", "1.2.3.4/24"},
		{"HOST", "a.example"},
	} {
		w.refused("POST", "/api/v1/zones", zone(bad[0], bad[1]), 400, "E0000001")
		w.refused("POST", "/api/v1/zones", strings.Replace(zone(bad[0], bad[1]), "gateways", "proxies", 1), 400, "E0000001")
	}
	w.refused("POST", "/api/v1/zones", `{"type":"IP","name":"x","gateways":"1.2.3.4/24"}`, 400, "E0000001")
}

func TestLengthOfClientSecrets(t *testing.T) {
	t.Parallel()
	w := acme(t)
	app := func(secret string) string {
		return `{"label":"Web ` + secret + `","signOnMode":"OPENID_CONNECT","name":"oidc_client","settings":{"oauthClient":{"application_type":"web","grant_types":["client_credentials"]}},
			"credentials":{"oauthClient":{"token_endpoint_auth_method":"client_secret_basic","client_secret":"` + secret + `"}}}`
	}
	id := w.call("POST", "/api/v1/apps", app(""), 200).object(t)["id"].(string)
	secrets := "/api/v1/apps/" + id + "/credentials/secrets"
	for length, status := range map[int]int{13: 400, 101: 400, 14: 201} {
		secret := strings.Repeat("s", length)
		w.call("POST", secrets, `{"client_secret":"`+secret+`"}`, status)
		if status == 400 {
			w.refused("POST", "/api/v1/apps", app(secret), 400, "E0000001")
		}
	}
}
