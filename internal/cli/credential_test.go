package cli

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/inventory"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/org"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemKey(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func jwkKey(t *testing.T, kid string) string {
	t.Helper()
	data, err := json.Marshal(jose.JSONWebKey{Key: newKey(t), KeyID: kid})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestOneCredential: exactly one kind, all of it.
func TestOneCredential(t *testing.T) {
	t.Parallel()
	key := pemKey(t)
	for name, tc := range map[string]struct {
		env  map[string]string
		want string // of the error; empty for none
	}{
		"a token":          {env: map[string]string{envAPIToken: "00t"}},
		"a token's line":   {env: map[string]string{envAPIToken: "00t\r\n"}},
		"a scheme":         {env: map[string]string{envAPIToken: "SSWS 00t"}, want: "without the word SSWS"},
		"a token, key id":  {env: map[string]string{envAPIToken: "00t", envKeyID: "k"}, want: "a service app's (OKTA_PRIVATE_KEY_ID)"},
		"two key ids":      {env: map[string]string{envClientID: "0oa1", envKey: jwkKey(t, "kid1"), envKeyID: "kid2"}, want: `its own kid is "kid1", and the key id given is "kid2"`},
		"an app":           {env: map[string]string{envClientID: "0oa1", envKey: key}},
		"with a key id":    {env: map[string]string{envClientID: "0oa1", envKey: key, envKeyID: "k"}},
		"nothing":          {want: "OKTA_API_TOKEN is not set, nor are OKTA_CLIENT_ID and OKTA_PRIVATE_KEY"},
		"both":             {env: map[string]string{envAPIToken: "00t", envClientID: "0oa1", envKey: key}, want: "two credentials"},
		"a token and half": {env: map[string]string{envAPIToken: "00t", envKey: key}, want: "two credentials"},
		"no client id":     {env: map[string]string{envKey: key}, want: "OKTA_CLIENT_ID is not set"},
		"no key":           {env: map[string]string{envClientID: "0oa1"}, want: "OKTA_PRIVATE_KEY is not set"},
		"a key id alone":   {env: map[string]string{envKeyID: "k"}, want: "OKTA_CLIENT_ID is not set"},
		"a bad key":        {env: map[string]string{envClientID: "0oa1", envKey: key[:80]}, want: "private key"},
	} {
		s := quiet(t, tc.env)
		s.orgURL = "https://acme.okta.com"
		_, err := s.okta(t.Context(), "plan", &requests{})
		switch {
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v; want %q", name, err, tc.want)
		case err != nil && (exitCode(err) != ExitUsage || strings.Contains(err.Error(), key[40:60])):
			t.Errorf("%s: exit code %d: %v", name, exitCode(err), err)
		}
	}
}

// TestTheKeyIsMasked before anything can print it, in every form that it is likely to be printed in.
func TestTheKeyIsMasked(t *testing.T) {
	t.Parallel()
	key := pemKey(t)
	data, err := json.MarshalIndent(jose.JSONWebKey{Key: newKey(t), KeyID: "k"}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]string
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		value string
		masks []string
	}{
		"PEM":             {key, strings.Split(strings.TrimSpace(key), "\n")},
		`PEM with \n`:     {strings.ReplaceAll(key, "\n", `\n`), strings.Split(strings.TrimSpace(key), "\n")},
		"JWK":             {string(data), []string{members["d"]}},
		"a JWK, cut":      {string(data[:len(data)-3]), []string{members["d"]}},
		"a JWK, one line": {strings.ReplaceAll(string(data), "\n", ""), []string{members["d"]}},
		"a set":           {`{"keys":[` + string(data) + `]}`, []string{members["d"]}},
		"a list":          {`[` + string(data) + `]`, []string{members["d"]}},
		"upper case":      {strings.ReplaceAll(string(data), `"d"`, `"D"`), []string{members["d"]}},
		"other primes":    {`{"kty":"RSA","d":"` + members["x"] + `","oth":[{"d":"` + members["d"] + `"}]}`, []string{members["x"], members["d"]}},
		"other names":     {strings.ReplaceAll(string(data), `"d"`, `"private"`), []string{members["d"]}},
		"escaped":         {strings.ReplaceAll(string(data), members["d"], `\u00`+fmt.Sprintf("%x", members["d"][0])+members["d"][1:]), []string{members["d"]}},
	} {
		var out bytes.Buffer
		env := map[string]string{"GITHUB_ACTIONS": "true", envClientID: "0oa1", envKey: tc.value}
		s := newSession(Env{Args: []string{"stepdown"}, Getenv: func(name string) string { return env[name] }, Stdout: &out, Stderr: &out})
		s.orgURL = "https://acme.okta.com"
		_, _ = s.okta(t.Context(), "plan", &requests{})
		lines := strings.Split(out.String(), "\n")
		for _, mask := range tc.masks {
			if !slices.Contains(lines, "::add-mask::"+mask) {
				t.Errorf("%s: %q is not masked", name, mask)
			}
		}
		for _, line := range lines {
			if mask, found := strings.CutPrefix(line, "::add-mask::"); found && len(mask) < 4 {
				t.Errorf("%s: %q is masked, which is in every other line", name, mask)
			}
		}
	}
}

// TestScopesOfTheVerbs: what a verb asks for is exactly what the requests need that it can send.
func TestScopesOfTheVerbs(t *testing.T) {
	t.Parallel()
	for verb, methods := range map[string][]string{
		"audit":     methodsOf(reflect.TypeFor[inventory.Source]()),
		"apply":     methodsOf(reflect.TypeFor[elevation.Okta]()),
		"downgrade": methodsOf(reflect.TypeFor[elevation.Okta]()),
		"plan":      calledIn(t, "check.go"),
		"sweep":     {"UserRoles", "RemoveRole", "EndSessions", "Tokens", "RevokeToken", "Events"},
	} {
		if len(methods) == 0 {
			t.Fatalf("%s: no methods", verb)
		}
		needs := map[string]bool{}
		for _, name := range methods {
			for _, scope := range scopesOfMethod(t, name) {
				needs[scope] = true
			}
		}
		want := []string{}
		for scope := range needs {
			want = append(want, scope)
		}
		slices.Sort(want)
		if got := scopesOf(verb); !cmp.Equal(got, want) {
			t.Errorf("%s: %s", verb, cmp.Diff(want, got))
		}
	}
	if slices.ContainsFunc(slices.Concat(scopesOf("plan"), scopesOf("audit")), func(s string) bool { return !strings.HasSuffix(s, ".read") }) {
		t.Error("a verb that only reads asks for more")
	}
}

// TestScopesAreDocumented holds the table in docs/architecture.md.
func TestScopesAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"plan", "audit", "apply", "sweep"} {
		if row := "| `" + verb + "` | `" + strings.Join(scopesOf(verb), " ") + "` |"; !strings.Contains(string(doc), row) {
			t.Errorf("docs/architecture.md has no row %s", row)
		}
	}
	if !cmp.Equal(scopesOf("downgrade"), scopesOf("apply")) {
		t.Error("downgrade does not ask for what apply does")
	}
}

func methodsOf(of reflect.Type) []string {
	out := []string{}
	for i := range of.NumMethod() {
		out = append(out, of.Method(i).Name)
	}
	return out
}

// calledIn returns the methods of the org that a file of the workflow calls.
func calledIn(t *testing.T, file string) []string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "elevation", file))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, match := range regexp.MustCompile(`\.Okta\.(\w+)\(`).FindAllStringSubmatch(string(source), -1) {
		out = append(out, match[1])
	}
	return out
}

// scopeLog answers no request, and keeps the scopes that they need. One is enough: done ends whoever would try again.
type scopeLog struct {
	scopes []string
	done   context.CancelFunc
}

func (l *scopeLog) RoundTrip(r *http.Request) (*http.Response, error) {
	if scope := okta.ScopeOf(r.Method, r.URL.Path); scope != "" {
		l.scopes = append(l.scopes, scope)
	}
	if l.done != nil {
		l.done()
	}
	return nil, errors.New("no network")
}

// scopesOfMethod calls a method of the client and returns the scopes that its first request needs; what follows up on one
// is of the same family.
func scopesOfMethod(t *testing.T, name string) []string {
	t.Helper()
	log := &scopeLog{}
	client, err := okta.New(t.Context(), okta.Config{OrgURL: "https://acme.okta.com", Token: access.NewSecret("00t"), Transport: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	log.done = cancel
	method := reflect.ValueOf(client).MethodByName(name)
	arguments := []reflect.Value{}
	for k := range method.Type().NumIn() {
		switch method.Type().In(k) {
		case reflect.TypeFor[string]():
			arguments = append(arguments, reflect.ValueOf("id1"))
		case reflect.TypeFor[[]string]():
			arguments = append(arguments, reflect.ValueOf([]string{"id1"}))
		case reflect.TypeFor[time.Time]():
			arguments = append(arguments, reflect.ValueOf(time.Unix(int64(k), 0)))
		case reflect.TypeFor[access.Role]():
			arguments = append(arguments, reflect.ValueOf(access.Role{Type: "READ_ONLY_ADMIN"}))
		case reflect.TypeFor[org.Token]():
			arguments = append(arguments, reflect.ValueOf(org.Token{ID: "id1"}))
		case reflect.TypeFor[org.LogFilter]():
			arguments = append(arguments, reflect.ValueOf(org.LogFilter{TargetID: "id1"}))
		case reflect.TypeFor[org.User]():
			arguments = append(arguments, reflect.ValueOf(org.User{ID: "id1"}))
		default:
			arguments = append(arguments, reflect.ValueOf(ctx))
		}
	}
	method.Call(arguments)
	if len(log.scopes) == 0 && name != "Org" && name != "Crowded" { // which send nothing
		t.Errorf("%s sent nothing", name)
	}
	return slices.Compact(log.scopes)
}
