// Package sdk has only tests: Okta's own SDK for Go, version 6, as a client of the emulator. Nobody here wrote it, and it
// reads every property of what it gets, so it shows where an answer has another shape than Okta's.
package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

const (
	base    = "http://acme.okta.example"
	secret  = "00token-of-the-witness"
	admin   = "ada@acme.example"
	service = "svc-reports@acme.example"
)

// call is a typed call of the SDK. Its test asserts what was decoded, not only that nothing failed. While a route is
// pending, the emulator must not know it: when it does, take the mark away.
type call struct {
	route   string // of the emulator; names of variables do not matter
	pending bool
	do      func(*testing.T, *world)
}

// world is an org of its own and the SDK's client for it.
type world struct {
	*okta.APIClient
	ctx context.Context
	org *oktaemu.Org
}

func TestTypedCalls(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, r := range oktaemu.Routes() {
		known[shape(r.Method+" "+r.Path)] = true
	}
	witnessed := map[string]bool{}
	for _, c := range slices.Concat(people(), schemas(), assignments(), targets(), iam(), bindings(), tokensAndOrg(), zones(), apps(), appAssignments(), groupRules(), keys(), clients()) {
		witnessed[shape(c.route)] = true
		t.Run(strings.NewReplacer("/", " ", "{", "", "}", "").Replace(c.route), func(t *testing.T) {
			t.Parallel()
			switch {
			case c.pending && known[shape(c.route)]:
				t.Errorf("the emulator knows %s now: take the mark pending away", c.route)
			case !c.pending && !known[shape(c.route)]:
				t.Fatalf("the emulator does not know %s: mark it pending", c.route)
			case c.pending:
				t.Skip("pending: the emulator has no such route yet")
			}
			c.do(t, newWorld(t, secret))
		})
	}
	for _, r := range oktaemu.Routes() {
		if !witnessed[shape(r.Method+" "+r.Path)] {
			t.Logf("no typed call for %s %s", r.Method, r.Path)
		}
	}
}

// shape is a route without the names of its variables.
func shape(route string) string { return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(route, "{}") }

func seed() oktaemu.Seed {
	return oktaemu.Seed{
		Org: oktaemu.SeedOrg{Subdomain: "acme", Company: "Acme"},
		Users: []oktaemu.SeedUser{
			{Login: admin, FirstName: "Ada", LastName: "Admin", Password: "emulated-password", Roles: []oktaemu.SeedRole{{Type: "SUPER_ADMIN"}}},
			{Login: service, FirstName: "Reports", LastName: "Service", Password: "emulated-password"},
		},
		Groups: []oktaemu.SeedGroup{
			{Name: "Everyone", Type: "BUILT_IN", Description: "All users in your organization"},
			{Name: "Helpers", Description: "They help", Members: []string{service}},
		},
		CustomRoles:  []oktaemu.SeedCustomRole{{Label: "User reader", Description: "Reads users", Permissions: []string{"okta.users.read", "okta.groups.read"}}},
		ResourceSets: []oktaemu.SeedResourceSet{{Label: "People", Description: "Users and groups", Resources: []string{"/api/v1/users", "/api/v1/groups"}}},
		Tokens:       []oktaemu.SeedToken{{Name: "reports", Owner: service, Value: "00reports"}},
		Zones:        []oktaemu.SeedZone{{Name: "Office", Gateways: []string{"192.0.2.0/24"}}},
		Apps:         []oktaemu.SeedApp{{Name: "oidc_client", Label: "Reports app", SignOnMode: "OPENID_CONNECT"}},
	}
}

// newWorld makes an org and a client that holds the token. The SDK drops the port of its host, so the transport dials the emulator
// whatever the host.
func newWorld(t *testing.T, token string) *world {
	t.Helper()
	org, err := oktaemu.New(seed(), oktaemu.WithAPIToken(secret))
	if err != nil {
		t.Fatal(err)
	}
	return (&world{org: org}).connect(t, okta.WithToken(token))
}

func (w *world) connect(t *testing.T, settings ...okta.ConfigSetter) *world {
	t.Helper()
	server := httptest.NewServer(w.org)
	t.Cleanup(server.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	cfg, err := okta.NewConfiguration(append([]okta.ConfigSetter{
		okta.WithOrgUrl(base), okta.WithTestingDisableHttpsCheck(true), okta.WithCache(false),
		okta.WithHttpClientPtr(&http.Client{Transport: transport}),
	}, settings...)...)
	if err != nil {
		t.Fatal(err)
	}
	return &world{APIClient: okta.NewAPIClient(cfg), ctx: cfg.Context, org: w.org}
}

// result is what a call of the SDK returned.
type result[T any] struct {
	value T
	resp  *okta.APIResponse
	err   error
}

func from[T any](value T, resp *okta.APIResponse, err error) result[T] {
	return result[T]{value, resp, err}
}

func (r result[T]) ok(t *testing.T) T {
	t.Helper()
	if r.err != nil {
		t.Fatalf("%v%s", r.err, wire(r.err))
	}
	return r.value
}

// refused asserts Okta's error.
func (r result[T]) refused(t *testing.T, status int, code string) {
	t.Helper()
	if r.err == nil {
		t.Fatal("nothing was refused")
	}
	var body struct{ ErrorCode string }
	_ = json.Unmarshal([]byte(wire(r.err)), &body)
	if r.resp == nil || r.resp.StatusCode != status || body.ErrorCode != code {
		t.Errorf("refused with %v %q, want %d %s", r.err, wire(r.err), status, code)
	}
}

// wire is the body of an error.
func wire(err error) string {
	var with interface{ Body() []byte }
	if errors.As(err, &with) {
		return " " + string(with.Body())
	}
	return ""
}

// done is for calls that answer without a body.
func done(resp *okta.APIResponse, err error) result[int] {
	if resp == nil {
		return result[int]{0, nil, err}
	}
	return result[int]{resp.StatusCode, resp, err}
}

// body makes a request's body out of JSON, by the SDK's own rules.
func body[T any](t *testing.T, text string) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%T: %v", out, err)
	}
	return out
}

// same asserts equality of two values or of what two pointers point to.
func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// text is what a pointer points to.
func text[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

func has(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s: %q is not among %q", what, w, got)
		}
	}
}

func names[T any](list []T, name func(T) string) []string {
	var out []string
	for _, item := range list {
		out = append(out, name(item))
	}
	return out
}

// one returns the item of that name.
func one[T any](t *testing.T, list []T, want string, name func(T) string) T {
	t.Helper()
	at := slices.IndexFunc(list, func(item T) bool { return name(item) == want })
	if at < 0 {
		t.Fatalf("no %q among %q", want, names(list, name))
	}
	return list[at]
}

func (w *world) user(t *testing.T, login string) string {
	t.Helper()
	return text(from(w.UserAPI.GetUser(w.ctx, login).Execute()).ok(t).Id)
}

// profile of a group. The SDK takes every profile for one of Active Directory, which has all properties of the other.
func profile(g okta.Group) okta.OktaActiveDirectoryGroupProfile {
	return text(text(g.Profile).OktaActiveDirectoryGroupProfile)
}

func groupName(g okta.Group) string { return text(profile(g).Name) }

func (w *world) group(t *testing.T, name string) string {
	t.Helper()
	return text(one(t, from(w.GroupAPI.ListGroups(w.ctx).Execute()).ok(t), name, groupName).Id)
}

func (w *world) customRole(t *testing.T) string {
	t.Helper()
	roles := from(w.RoleECustomAPI.ListRoles(w.ctx).Execute()).ok(t).Roles
	return text(one(t, roles, "User reader", func(r okta.IamRole) string { return r.Label }).Id)
}

func (w *world) set(t *testing.T) string {
	t.Helper()
	sets := from(w.RoleCResourceSetAPI.ListResourceSets(w.ctx).Execute()).ok(t).ResourceSets
	return text(one(t, sets, "People", func(s okta.ResourceSet) string { return text(s.Label) }).Id)
}
