package cli

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestAuditAsAServiceApp: with the scopes of the verb and no others, an audit sees all that it needs; without one of them it
// says which one, and that it could not know.
func TestAuditAsAServiceApp(t *testing.T) {
	t.Parallel()
	super := []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}}
	for name, tc := range map[string]struct {
		scopes []string
		roles  []oktaemu.SeedRole
		badKey bool
		want   int
		says   string
	}{
		"the verb's":  {scopesOf("audit"), super, false, ExitDone, ""},
		"one less":    {scopesOf("audit")[1:], super, false, ExitUnknown, "A super administrator grants"},
		"no role":     {scopesOf("audit"), nil, false, ExitUnknown, "needs both"},
		"another key": {scopesOf("audit"), super, true, ExitUnknown, "private key"},
	} {
		file, err := os.Open(filepath.Join("..", "..", "testdata", "orgs", "clean.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		seed, err := oktaemu.LoadSeed(file, "clean.yaml")
		_ = file.Close()
		if err != nil {
			t.Fatal(err)
		}
		key := newKey(t)
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if tc.badKey {
			key = newKey(t)
		}
		public, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		org, err := oktaemu.New(seed, oktaemu.WithServiceApp(oktaemu.SeedApp{
			Label: "stepdown", Scopes: tc.scopes, DPoP: true, Roles: tc.roles,
			PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		}))
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(org)
		defer server.Close()
		env := map[string]string{
			"OKTA_ORG_URL": server.URL, envClientID: org.ClientID("stepdown"),
			envKey: strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), "\n", `\n`),
		}
		var out bytes.Buffer
		code := Main(t.Context(), Env{
			Args:   []string{"stepdown", "audit", "--access", filepath.Join("..", "..", "testdata", "access", "clean"), "--report-dir", t.TempDir()},
			Getenv: func(name string) string { return env[name] }, Stdout: &out, Stderr: &out,
		})
		if code != tc.want {
			t.Errorf("%s: exit code %d\n%s", name, code, out.String())
		}
		if text := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(text, tc.says) {
			t.Errorf("%s: it does not say what to do:\n%s", name, out.String())
		}
	}
}
