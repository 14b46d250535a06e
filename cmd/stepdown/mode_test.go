package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

// mode is how the program that a script runs authenticates to the org, and how the org answers it.
type mode struct {
	name  string
	oauth bool          // as a service app, not by an API token
	dpop  bool          // the app's tokens are bound to a key
	lag   time.Duration // reads show the org as it was that long ago
}

// appLabel is the label of the program's own service app. testdata/access/acme/settings.yaml accepts its role.
const appLabel = "stepdown"

// credential is what a mode's program has in its environment, and the org's other half of it.
type credential struct {
	env     map[string]string
	option  oktaemu.Option
	secrets []string
}

// credential makes it anew for each script.
func (m mode) credential() (credential, error) {
	if !m.oauth {
		return credential{
			env:     map[string]string{"OKTA_API_TOKEN": apiToken},
			option:  oktaemu.WithAPIToken(apiToken),
			secrets: []string{apiToken},
		}, nil
	}
	public, text, err := ecPair()
	if err != nil {
		return credential{}, err
	}
	return credential{
		env: map[string]string{"OKTA_CLIENT_ID": appID(), "OKTA_PRIVATE_KEY": text},
		option: oktaemu.WithServiceApp(oktaemu.SeedApp{
			Label: appLabel, PublicKey: public,
			Scopes: appScopes(), Roles: []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}}, DPoP: m.dpop,
		}),
		secrets: slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return line == "" || strings.HasPrefix(line, "-----") }),
	}, nil
}

// ecPair makes the two halves of an app's key, as PEM.
func ecPair() (public, private string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	text := func(kind string, data []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
	}
	return text("PUBLIC KEY", open), text("PRIVATE KEY", secret), err
}

// appID is the client id that the emulated org gives the program's app.
func appID() string {
	org, err := oktaemu.New(oktaemu.DefaultSeed(), oktaemu.WithServiceApp(oktaemu.SeedApp{Label: appLabel}))
	if err != nil {
		panic(err)
	}
	return org.ClientID(appLabel)
}

// appScopes are those that README tells a user to grant for every verb together.
func appScopes() []string {
	return []string{
		"okta.roles.manage", "okta.roles.read", "okta.users.manage", "okta.users.read", "okta.groups.read", "okta.apiTokens.manage",
		"okta.apiTokens.read", "okta.networkZones.read", "okta.clients.read", "okta.logs.read",
	}
}

// modes are those that the scripts run in here. The one in which the org lags waits much, and so runs in .ci/run alone,
// which sets STEPDOWN_LAG; there the scripts run so only.
func modes(t *testing.T) []mode {
	lag := os.Getenv("STEPDOWN_LAG")
	if lag == "" {
		return []mode{{name: "token"}, {name: "oauth", oauth: true}, {name: "dpop", oauth: true, dpop: true}}
	}
	d, err := time.ParseDuration(lag)
	if err != nil {
		t.Fatal(err)
	}
	return []mode{{name: "token", lag: d}, {name: "dpop", oauth: true, dpop: true, lag: d}}
}

// TestScripts runs the scenarios of testdata/script in every mode: each against an emulated org and repository of its own.
// The commands that they use beside testscript's own are in scene_test.go.
func TestScripts(t *testing.T) {
	t.Parallel()
	for _, m := range modes(t) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Dir:                 "../../testdata/script",
				Setup:               m.setUp,
				Cmds:                commands(),
				Condition:           m.holds,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
			})
		})
	}
}

// window is how long a window of a script is: a change shows late, and the window has room for two.
func (m mode) window(d time.Duration) time.Duration { return d + 3*m.lag }

// manifest is a manifest whose short window has room for the org's lag.
func (m mode) manifest(text string) string {
	return strings.ReplaceAll(text, "window: 5s", "window: "+m.window(5*time.Second).String())
}

// holds tells whether a script is run in the mode of that name: [token] or [oauth], which [dpop] is too, and [lag].
func (m mode) holds(condition string) (bool, error) {
	switch condition {
	case "token":
		return !m.oauth, nil
	case "oauth":
		return m.oauth, nil
	case "lag":
		return m.lag > 0, nil
	}
	return false, fmt.Errorf("there is no condition %q", condition)
}

// patient runs tests more at once than there are processors, because scripts mostly wait.
type patient struct{ *testing.M }

func (p patient) Run() int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", "12")
	}
	return p.M.Run()
}
