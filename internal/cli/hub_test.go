package cli

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stepdown/stepdown/internal/githubemu"
)

// TestTheCredentialOfTheRepository: a token, or all of an App, which wins.
func TestTheCredentialOfTheRepository(t *testing.T) {
	t.Parallel()
	hub := githubemu.New(githubemu.Options{Token: "ghs_given"})
	key := rsaPEM(t, hub)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	for name, tc := range map[string]struct {
		env  map[string]string
		want string // of the error; empty for none
		has  bool
		as   string // whose token the program has
	}{
		"nothing":           {want: "GITHUB_TOKEN is not set: a token that may read the repository and its pull requests; nor are STEPDOWN_APP_ID and STEPDOWN_APP_KEY"},
		"a token":           {env: map[string]string{"GITHUB_TOKEN": "ghs_given"}, has: true},
		"an input":          {env: map[string]string{"INPUT_GITHUB-TOKEN": "ghs_given"}, has: true},
		"an App":            {env: map[string]string{envAppID: "Iv23liStepdown", envAppKey: key}, has: true, as: "app"},
		"by number":         {env: map[string]string{envAppID: "4711", envAppKey: strings.ReplaceAll(key, "\n", `\n`)}, has: true, as: "app"},
		"an App and both":   {env: map[string]string{envAppID: "4711", envAppKey: key, "GITHUB_TOKEN": "wrong", "INPUT_GITHUB-TOKEN": "wrong"}, has: true, as: "app"},
		"no key":            {env: map[string]string{envAppID: "4711", envAppKey: " \n", "GITHUB_TOKEN": "ghs_given"}, has: true, want: `STEPDOWN_APP_KEY is not set: the private key of the GitHub App "4711"`},
		"no id":             {env: map[string]string{envAppKey: key, "INPUT_GITHUB-TOKEN": "ghs_given"}, has: true, want: "STEPDOWN_APP_ID is not set"},
		"nothing but an id": {env: map[string]string{envAppID: "4711"}, has: true, want: "STEPDOWN_APP_KEY is not set"},
		"a key that isn't":  {env: map[string]string{envAppID: "4711", envAppKey: key[:400], "GITHUB_TOKEN": "ghs_given"}, has: true, want: "reading the GitHub App's private key: it is damaged PEM"},
	} {
		env := map[string]string{"GITHUB_REPOSITORY": "acme/okta-access", "GITHUB_API_URL": server.URL}
		for k, v := range tc.env {
			env[k] = v
		}
		s := quiet(t, env)
		before := len(hub.Requests())
		client, err := s.github()
		if s.hasHub() != tc.has {
			t.Errorf("%s: has a credential: %v", name, s.hasHub())
		}
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) || exitCode(err) != ExitUsage || strings.Contains(err.Error(), key[60:80]) {
				t.Errorf("%s: exit code %d: %v; want %q", name, exitCode(err), err, tc.want)
			}
			if _, err := s.voucher(); tc.has && err == nil {
				t.Errorf("%s: a sweep would go on without", name)
			}
			continue
		}
		if err == nil {
			_, err = client.BranchHead(t.Context(), "main")
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if v, err := s.voucher(); v == nil || err != nil {
			t.Errorf("%s: a sweep would go without: %v", name, err)
		}
		last := hub.Requests()[before:]
		if byApp := last[len(last)-1].Token > 0; byApp != (tc.as == "app") {
			t.Errorf("%s: by the App's token: %v", name, byApp)
		}
	}
}

// TestAnAppsSecretsAreMasked: the lines of its key, and each token before it is used. All parts of a run share one token.
func TestAnAppsSecretsAreMasked(t *testing.T) {
	t.Parallel()
	hub := githubemu.New(githubemu.Options{Token: "ghs_given"})
	key := rsaPEM(t, hub)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	for _, written := range []string{key, strings.ReplaceAll(key, "\n", `\n`)} {
		var out bytes.Buffer
		env := map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/okta-access", "GITHUB_API_URL": server.URL, envAppID: "4711", envAppKey: written, "GITHUB_TOKEN": "ghs_given",
		}
		s := newSession(Env{Args: []string{"stepdown"}, Getenv: func(name string) string { return env[name] }, Stdout: &out, Stderr: &out})
		made := len(hub.InstallationTokens())
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				client, err := s.github()
				if err == nil {
					_, err = client.BranchHead(t.Context(), "main")
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		tokens := hub.InstallationTokens()[made:]
		if len(tokens) != 1 {
			t.Errorf("%d tokens were made", len(tokens))
		}
		lines := strings.Split(out.String(), "\n")
		for _, secret := range append(strings.Split(strings.TrimSpace(key), "\n"), tokens...) {
			if !slices.Contains(lines, "::add-mask::"+secret) {
				t.Errorf("%.20q is not masked", secret)
			}
		}
	}
}

// rsaPEM makes a key, and the App "Iv23liStepdown", 4711, that has it.
func rsaPEM(t *testing.T, hub *githubemu.Hub) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hub.SetApp(githubemu.App{
		ClientID: "Iv23liStepdown", Number: 4711, Slug: "acme-stepdown", Keys: []*rsa.PublicKey{&key.PublicKey}, Permissions: map[string]string{"contents": "write"},
	})
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}
