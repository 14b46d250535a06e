package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// asApp has the program act as a GitHub App, in Actions, where the token that it has besides is good for nothing. Its tokens live as
// long as is said.
func (w *siege) asApp(life time.Duration) (app githubemu.App, key string) {
	w.t.Helper()
	private := rsaKey(w.t)
	app = githubemu.App{
		ClientID: "Iv23liStepdown", Number: 4711, Slug: "acme-stepdown", Keys: []*rsa.PublicKey{&private.PublicKey}, TokenLife: life,
		Permissions: map[string]string{"contents": "write", "pull_requests": "write", "checks": "write", "issues": "write", "actions": "read"},
	}
	w.hub.SetApp(app)
	key = pemOf(private)
	for name, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "STEPDOWN_APP_ID": "Iv23liStepdown", "STEPDOWN_APP_KEY": key, "GITHUB_TOKEN": "ghs_useless", "INPUT_GITHUB-TOKEN": "ghs_useless",
	} {
		w.env[name] = value
	}
	for _, name := range []string{"GITHUB_STATE", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"} {
		w.env[name] = filepath.Join(w.dir, name)
		if err := os.WriteFile(w.env[name], nil, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	return app, key
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemOf(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// hushed holds all that was printed and written against what is secret: the App's key, its tokens, and JWTs. Masks say it, to the
// runner alone.
func (w *siege) hushed(key string) {
	w.t.Helper()
	secrets := append(slices.DeleteFunc(strings.Split(key, "\n"), func(line string) bool { return len(line) < 8 }), "eyJ")
	for _, token := range w.hub.InstallationTokens() {
		secrets = append(secrets, token)
		if !strings.Contains(w.out, "::add-mask::"+token+"\n") {
			w.t.Errorf("a token is not masked: %s", token)
		}
	}
	check := func(where, text string) {
		for line := range strings.Lines(text) {
			for _, secret := range secrets {
				if strings.Contains(line, secret) && !(where == "the log" && strings.HasPrefix(line, "::add-mask::")) {
					w.t.Errorf("%s holds a secret: %s", where, line)
				}
			}
		}
	}
	check("the log", w.out)
	if err := fs.WalkDir(os.DirFS(w.dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(w.dir, path))
		check(path, string(data))
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	for path, content := range w.hub.Files(ledger.DefaultBranch) {
		check("the ledger's "+path, content)
	}
	for _, c := range w.hub.Comments(1) {
		check("a comment", c.Body)
	}
}

// TestATokenThatEndsInTheWindow: the window outlives the App's token, and all that comes after is done with later ones.
func TestATokenThatEndsInTheWindow(t *testing.T) {
	t.Parallel()
	w := newSiege(t)
	_, key := w.asApp(2 * time.Second)
	w.ask("{window: 5s}", "{window: 30s}")
	w.approve("grace")
	w.whenGranted(func() {
		time.AfterFunc(4*time.Second, func() { _, _ = w.org.AddToken(victim, "invoice-export") })
	})
	if got := w.run("apply"); got != 0 {
		t.Fatalf("exit code %d\n%s", got, w.out)
	}
	if roles := w.org.RolesOf(victim); slices.Contains(roles, temporary) || !w.granted.Load() {
		t.Errorf("the account holds %q; it was elevated: %v", roles, w.granted.Load())
	}
	leases, err := w.book(ledgerKey).Leases(t.Context())
	if err != nil || len(leases) != 1 || leases[0].State != "closed" {
		t.Errorf("leases: %+v, %v", leases, err)
	}
	var wrote []int
	for _, r := range w.hub.Requests() {
		if r.Method != "GET" && strings.HasSuffix(r.Path, "/git/refs/heads/"+ledger.DefaultBranch) && r.Status == 200 {
			wrote = append(wrote, r.Token)
		}
	}
	if n := len(wrote); n < 2 || wrote[0] == 0 || wrote[n-1] <= wrote[0] {
		t.Errorf("the ledger was written with the tokens %v", wrote)
	}
	if c := w.hub.Comments(1); len(c) != 1 || c[0].User != "acme-stepdown[bot]" {
		t.Errorf("comments: %+v", c)
	}
	w.hushed(key)
}

// TestAnAppThatIsRefused: nothing is asked of the org, let alone granted, where GitHub does not take the App.
func TestAnAppThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*siege, *githubemu.App)
		code   int
		says   string
	}{
		"a wrong key":     {func(w *siege, _ *githubemu.App) { w.env["STEPDOWN_APP_KEY"] = pemOf(rsaKey(w.t)) }, 3, "do not belong to the same App"},
		"a damaged key":   {func(w *siege, _ *githubemu.App) { w.env["STEPDOWN_APP_KEY"] = w.env["STEPDOWN_APP_KEY"][:800] }, 2, "damaged PEM"},
		"no key":          {func(w *siege, _ *githubemu.App) { delete(w.env, "STEPDOWN_APP_KEY") }, 2, "STEPDOWN_APP_KEY is not set"},
		"no id":           {func(w *siege, _ *githubemu.App) { w.env["STEPDOWN_APP_ID"] = "" }, 2, "STEPDOWN_APP_ID is not set"},
		"not installed":   {func(_ *siege, a *githubemu.App) { a.Uninstalled = true }, 3, "is not installed on acme/okta-access"},
		"suspended":       {func(_ *siege, a *githubemu.App) { a.Suspended = true }, 3, "Unsuspend"},
		"another's app":   {func(w *siege, _ *githubemu.App) { w.env["STEPDOWN_APP_ID"] = "Iv23liOther" }, 3, "do not belong to the same App"},
		"few permissions": {func(_ *siege, a *githubemu.App) { a.Permissions = map[string]string{"contents": "write"} }, 3, "the GitHub App needs the repository permission pull-requests: read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSiege(t)
			app, key := w.asApp(0)
			w.approve("grace")
			tc.change(w, &app)
			w.hub.SetApp(app)
			w.tokensOnGrant(func(oktaemu.Request) {})
			if got := w.run("apply"); got != tc.code || !strings.Contains(w.out, tc.says) {
				t.Errorf("exit code %d, want %d and %q\n%s", got, tc.code, tc.says, w.out)
			}
			w.nothingGranted()
			w.untouched()
			w.hushed(key)
		})
	}
}
