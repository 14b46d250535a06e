package oktaemu

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ownToken = "00own-token-of-the-tests"

// world is an org on loopback and a way to call it.
type world struct {
	*Org
	t   *testing.T
	url string
}

// start serves an org. Where the seed says nothing of rate limits there are none to speak of.
func start(t *testing.T, seed Seed) *world {
	t.Helper()
	if seed.Org.RateLimit == 0 && seed.Org.RateLimits == nil {
		seed.Org.RateLimit = 1_000_000
	}
	org, err := New(seed, WithAPIToken(ownToken))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	return &world{org, t, server.URL}
}

func loadOrg(t *testing.T, name string) Seed {
	t.Helper()
	path := filepath.Join("..", "..", "testdata", "orgs", name)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seed, err := LoadSeed(file, path)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

func acme(t *testing.T) *world { t.Helper(); return start(t, loadOrg(t, "acme.yaml")) }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("not an object: %v in %s", err, a.body)
	}
	return out
}

func (a answer) list(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("not an array: %v in %s", err, a.body)
	}
	return out
}

func (w *world) try(token, method, target, body string) (answer, error) {
	w.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = w.url + target
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "SSWS "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// as calls with a token of its own.
func (w *world) as(token, method, target, body string, want int) answer {
	w.t.Helper()
	got, err := w.try(token, method, target, body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, target, err)
	}
	if got.status != want {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, target, got.status, want, got.body)
	}
	return got
}

// call calls with the first super admin's token.
func (w *world) call(method, target, body string, want int) answer {
	w.t.Helper()
	return w.as(ownToken, method, target, body, want)
}

func (w *world) get(target string) answer { w.t.Helper(); return w.call("GET", target, "", 200) }

func (w *world) code(a answer) string {
	w.t.Helper()
	return a.object(w.t)["errorCode"].(string)
}

func (w *world) userID(login string) string {
	w.t.Helper()
	return w.get("/api/v1/users/" + login).object(w.t)["id"].(string)
}

// must fails the test on an error of a change.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) token(owner, name string) string {
	w.t.Helper()
	value, err := w.AddToken(owner, name)
	w.must(err)
	return value
}

func (w *world) wantRoles(login string, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.RolesOf(login)); diff != "" {
		w.t.Errorf("roles of %s (-want +got):\n%s", login, diff)
	}
}

func pluck(items []map[string]any, key string) []string {
	var out []string
	for _, item := range items {
		text, _ := item[key].(string)
		out = append(out, text)
	}
	return out
}

func TestAcmeHasWhatIsPlanted(t *testing.T) {
	t.Parallel()
	w := acme(t)
	w.wantRoles("ada.admin@acme.example", "SUPER_ADMIN")
	w.wantRoles("dana.ops@acme.example")
	w.wantRoles("svc-payroll-sync@acme.example", "CUSTOM People reader on Payroll people")
	w.wantRoles("svc-ci-deployer@acme.example", "CUSTOM Group reader on CI groups", "READ_ONLY_ADMIN")
	w.wantRoles("svc-helpdesk-bot@acme.example", "CUSTOM Group reader on Helpdesk groups", "USER_ADMIN via group Helpdesk tier 2")
	w.wantRoles("svc-reporting@acme.example", "CUSTOM People reader on All people")
	w.wantRoles("svc-future@acme.example", "AI_AGENT_ADMIN", "CUSTOM Group reader on CI groups")
	w.wantRoles("svc-invoice-export@acme.example")
	for login, want := range map[string][]string{
		"ada.admin@acme.example":          {"stepdown"},
		"svc-badge-printer@acme.example":  {"badge-printer", "test, delete me"},
		"svc-legacy-import@acme.example":  {"legacy-import"},
		"svc-invoice-export@acme.example": nil,
	} {
		if diff := cmp.Diff(want, w.TokensOf(login)); diff != "" {
			t.Errorf("tokens of %s (-want +got):\n%s", login, diff)
		}
	}
}

func TestCleanAndDefaultStart(t *testing.T) {
	t.Parallel()
	start(t, loadOrg(t, "clean.yaml")).wantRoles("svc-payroll-sync@acme.example", "CUSTOM People reader on Payroll people")
	w := start(t, DefaultSeed())
	w.wantRoles("admin@default.example", "SUPER_ADMIN")
	w.wantRoles("svc-example@default.example")
}

func TestSameSeedSameIDs(t *testing.T) {
	t.Parallel()
	strip := func(w *world, body string) string { return strings.ReplaceAll(body, w.url, "") }
	a, b := acme(t), acme(t)
	for _, path := range []string{"/api/v1/users", "/api/v1/groups?expand=stats", "/api/v1/iam/roles", "/api/v1/iam/resource-sets", "/api/v1/zones"} {
		if diff := cmp.Diff(strip(a, a.get(path).body), strip(b, b.get(path).body)); diff != "" {
			t.Errorf("%s differs between two starts:\n%s", path, diff)
		}
	}
	ids := pluck(a.get("/api/v1/users").list(t), "id")
	if len(ids[0]) != 20 || !strings.HasPrefix(ids[0], "00u") {
		t.Errorf("user id %q does not look like Okta's", ids[0])
	}
}

func TestLoadSeedComplains(t *testing.T) {
	t.Parallel()
	const head = "org: {subdomain: x}\n"
	for _, c := range []struct{ name, yaml, want string }{
		{"unknown field", head + "userz: []\n", "line 2: unknown field userz in"},
		{"unknown field of a user", head + "users:\n  - login: a@x\n    pasword: x\n", "line 4: unknown field pasword in"},
		{"unknown field of a role", head + "users:\n  - login: a@x\n    roles:\n      - {costum: x}\n", "line 5: unknown field costum in"},
		{"second document", head + "---\norg: {}\n", "line 2: a second document"},
		{"repeated key", head + "org: {}\n", `line 2: mapping key "org" already defined`},
		{"empty", "", "holds no document"},
		{"no subdomain", "users: []\n", "subdomain is missing"},
		{"unknown custom role", head + "users: [{login: a@x, roles: [{custom: R, resourceSet: S}]}]\n", `custom role "R" is not in this seed`},
		{"unknown member", head + "groups: [{name: G, members: [b@x]}]\n", `member "b@x" is not a user`},
		{"unknown owner", head + "tokens: [{name: T, owner: b@x}]\n", `owner "b@x" is not a user`},
		{"unknown zone", head + "tokens: [{name: T, network: Z}]\n", `network "Z" is neither`},
		{"unknown status", head + "users: [{login: a@x, status: GONE}]\n", `status "GONE" is not one of`},
		{"profile that is not text", head + "users: [{login: a@x, profile: {age: 3}}]\n", "age in profile is not text"},
		{"profile with a login", head + "users: [{login: a@x, profile: {login: b@x}}]\n", "login does not belong in profile"},
		{"user twice", head + "users: [{login: a@x}, {login: A@x}]\n", "is there twice"},
		{"role twice", head + "users: [{login: a@x, roles: [APP_ADMIN, APP_ADMIN]}]\n", "listed twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := LoadSeed(strings.NewReader(c.yaml), "org.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "org.yaml") {
				t.Errorf("error %v, want one with org.yaml and %q", err, c.want)
			}
		})
	}
}

func TestAPITokenNeedsASuperAdmin(t *testing.T) {
	t.Parallel()
	if _, err := New(Seed{Org: SeedOrg{Subdomain: "x"}}, WithAPIToken("00x")); err == nil {
		t.Error("an org without super admin took an API token")
	}
	if _, err := New(DefaultSeed(), WithAPIToken("")); err == nil {
		t.Error("an empty API token was taken")
	}
}
