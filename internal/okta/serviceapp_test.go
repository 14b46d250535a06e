package okta

// The service app against the emulated org, which was written apart from the adapter: what both have from Okta's documents
// must fit together.

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/oktaemu"
	"github.com/stepdown/stepdown/internal/org"
)

// emulated starts the org of testdata with a service app, and returns a client of it.
func emulated(t *testing.T, a oktaemu.SeedApp, opts ...func(*Config)) (*Client, *oktaemu.Org) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "testdata", "orgs", "acme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seed, err := oktaemu.LoadSeed(file, "acme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a.Label = "stepdown"
	a.PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(rsaKey().Public()))}))
	emu, err := oktaemu.New(seed, oktaemu.WithAPIToken(testToken), oktaemu.WithServiceApp(a))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(emu)
	t.Cleanup(server.Close)
	app := func(c *Config) {
		c.Token = access.Secret{}
		c.OAuth = &OAuth{ClientID: emu.ClientID("stepdown"), Key: access.NewSecret(pkcs8(rsaKey())), Scopes: changing()}
	}
	return clientOf(t, server.URL, append([]func(*Config){app}, opts...)...), emu
}

// changing are the scopes of a run that changes the org.
func changing() []string {
	return []string{"okta.roles.read", "okta.roles.manage", "okta.users.read", "okta.users.manage", "okta.apiTokens.read", "okta.groups.read", "okta.networkZones.read", "okta.logs.read"}
}

func TestServiceAppOfAnOrg(t *testing.T) {
	t.Parallel()
	for _, dpop := range []bool{false, true} {
		c, _ := emulated(t, oktaemu.SeedApp{Scopes: changing(), DPoP: dpop, Roles: []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}}})
		caller, err := c.Caller(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held, err := c.CallerRoles(t.Context(), caller)
		if err != nil || len(held) != 1 || held[0].Type != "SUPER_ADMIN" {
			t.Errorf("the caller %+v holds %+v: %v", caller, held, err)
		}
		user, err := c.User(t.Context(), "svc-invoice-export@acme.example") // "@" is in the path
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.CustomRole(t.Context(), "Group reader"); err != nil { // and so is a space
			t.Error(err)
		}
		if _, err := c.AssignRole(t.Context(), user.ID, access.Role{Type: "READ_ONLY_ADMIN"}); err != nil {
			t.Fatal(err)
		}
		roles, err := c.UserRoles(t.Context(), user.ID)
		at := slices.IndexFunc(roles, func(a org.Assignment) bool { return a.Type == "READ_ONLY_ADMIN" })
		if err != nil || at < 0 {
			t.Fatalf("roles %+v: %v", roles, err)
		}
		if err := c.RemoveRole(t.Context(), user.ID, roles[at].ID); err != nil {
			t.Error(err)
		}
		if err := c.EndSessions(t.Context(), user.ID); err != nil {
			t.Error(err)
		}
		for name, read := range map[string]func() error{
			"tokens": func() error { _, err := c.Tokens(t.Context()); return err },
			"zones":  func() error { _, err := c.Zones(t.Context()); return err },
			"groups": func() error { _, err := c.Groups(t.Context()); return err },
		} {
			if err := read(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestServiceAppIsRefused: what is lacking, the scope or the role, is named.
func TestServiceAppIsRefused(t *testing.T) {
	t.Parallel()
	super := []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}}
	for name, tc := range map[string]struct {
		app          oktaemu.SeedApp
		change       func(*Config)
		code, advice string
	}{
		"no role":       {app: oktaemu.SeedApp{Scopes: changing()}, code: "E0000006", advice: "admin role"},
		"no such scope": {app: oktaemu.SeedApp{Scopes: []string{"okta.users.read"}, Roles: super}, code: "insufficient_scope", advice: "okta.roles.read"},
		"no scope":      {app: oktaemu.SeedApp{Roles: super}, advice: "Okta API Scopes"},
		"another key":   {app: oktaemu.SeedApp{Scopes: changing(), Roles: super}, change: func(c *Config) { c.OAuth.Key = access.NewSecret(pkcs8(ecKey())) }, code: "invalid_client", advice: "key"},
		"another app":   {app: oktaemu.SeedApp{Scopes: changing(), Roles: super}, change: func(c *Config) { c.OAuth.ClientID = "0oanobody" }, code: "invalid_client", advice: "0oanobody"},
		"inactive":      {app: oktaemu.SeedApp{Scopes: changing(), Roles: super, Status: "INACTIVE"}, code: "invalid_client", advice: "active"},
	} {
		for _, dpop := range []bool{false, true} {
			tc.app.DPoP = dpop
			opts := []func(*Config){}
			if tc.change != nil {
				opts = append(opts, tc.change)
			}
			c, _ := emulated(t, tc.app, opts...)
			_, err := c.UserRoles(t.Context(), "00u1")
			e := mustFail(t, err)
			if (tc.code != "" && e.Code != tc.code) || !strings.Contains(e.Advice, tc.advice) || !e.Refused() {
				t.Errorf("%s, with DPoP %v: %v\nadvice = %q", name, dpop, err, e.Advice)
			}
		}
	}
}
