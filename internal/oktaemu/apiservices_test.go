package oktaemu

import (
	"strings"
	"testing"
)

func TestAPIServices(t *testing.T) {
	t.Parallel()
	seed, err := LoadSeed(strings.NewReader("org: {subdomain: x}\nusers: [{login: a@b.example, roles: [SUPER_ADMIN]}]\napiServices: [{name: My App, scopes: [okta.logs.read]}, {name: Other, scopes: [okta.users.read]}]\n"), "file")
	if err != nil {
		t.Fatal(err)
	}
	org := keptOrg(t, seed)
	const list = "/integrations/api/v1/api-services"
	before := send(t, org, "GET", list, "")
	found := before.list(t)
	if before.status != 200 || len(found) != 2 || found[0]["name"] != "My App" || found[0]["grantedScopes"].([]any)[0] != "okta.logs.read" {
		t.Errorf("%d %s", before.status, before.body)
	}
	if after := send(t, saveAndLoad(t, org, WithAPIToken(ownToken)), "GET", list, ""); after.body != before.body {
		t.Errorf("saved: %s", after.body)
	}
	for _, bad := range []string{"{name: x}", "{scopes: [a]}", "{name: My App, scopes: [a]}, {name: My App, scopes: [a]}"} {
		if _, err := LoadSeed(strings.NewReader("org: {subdomain: x}\napiServices: ["+bad+"]\n"), "file"); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
