package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/org"
)

// memory is an org held in memory. Its fields are what it answers; the maps from ids are answers to single questions.
type memory struct {
	org       org.Org
	users     []org.User // what the list shows
	unlisted  []org.User // what only a single question shows
	groups    []org.Group
	members   map[string][]string
	roles     map[string][]org.Assignment // of users and groups
	assignees []string
	custom    []org.CustomRole
	sets      []org.ResourceSet
	bindings  map[string][]org.Binding
	tokens    []org.Token
	apps      []org.App

	mu       sync.Mutex
	calls    []string // "UserRoles 00u1", in the order of arrival
	busy     int
	busiest  int
	delay    time.Duration
	onCall   func(call string, nth int) // may change the org, under the lock; nth counts calls alike, from 1
	failures map[string]error           // by call or by method
	panics   string                     // a call that panics
}

var errForbidden = errors.New(`okta: 403 E0000006 "You do not have permission"`)

// notFound is what the adapter answers for a 404.
type notFound struct{ what string }

func (e notFound) Error() string { return "okta: 404 E0000007 " + e.what }
func (notFound) NotFound() bool  { return true }

// enter notes a call and says how it goes.
func (m *memory) enter(ctx context.Context, method, id string) error {
	call := strings.TrimSpace(method + " " + id)
	m.mu.Lock()
	m.calls = append(m.calls, call)
	nth := 0
	for _, c := range m.calls {
		if c == call {
			nth++
		}
	}
	m.busy++
	m.busiest = max(m.busiest, m.busy)
	if m.onCall != nil {
		m.onCall(call, nth)
	}
	err := cmpErr(m.failures[call], m.failures[method])
	m.mu.Unlock()

	time.Sleep(m.delay)

	m.mu.Lock()
	m.busy--
	m.mu.Unlock()
	if call == m.panics {
		panic("a broken answer")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// answer gives value, read under the lock, unless the call fails.
func answer[T any](ctx context.Context, m *memory, method, id string, value func() T) (T, error) {
	var zero T
	if err := m.enter(ctx, method, id); err != nil {
		return zero, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return value(), nil
}

func (m *memory) Org(ctx context.Context) (org.Org, error) {
	return answer(ctx, m, "Org", "", func() org.Org { return m.org })
}

func (m *memory) Users(ctx context.Context) ([]org.User, error) {
	return answer(ctx, m, "Users", "", func() []org.User { return m.users })
}

func (m *memory) User(ctx context.Context, idOrLogin string) (org.User, error) {
	if err := m.enter(ctx, "User", idOrLogin); err != nil {
		return org.User{}, err
	}
	for _, u := range slices.Concat(m.users, m.unlisted) {
		if u.ID == idOrLogin || strings.EqualFold(u.Login, idOrLogin) {
			return u, nil
		}
	}
	return org.User{}, fmt.Errorf("reading user %q: %w", idOrLogin, notFound{idOrLogin})
}

func (m *memory) Groups(ctx context.Context) ([]org.Group, error) {
	return answer(ctx, m, "Groups", "", func() []org.Group { return m.groups })
}

func (m *memory) GroupMembers(ctx context.Context, id string) ([]string, error) {
	return answer(ctx, m, "GroupMembers", id, func() []string { return m.members[id] })
}

func (m *memory) RoleAssignees(ctx context.Context) ([]string, error) {
	return answer(ctx, m, "RoleAssignees", "", func() []string { return m.assignees })
}

func (m *memory) UserRoles(ctx context.Context, id string) ([]org.Assignment, error) {
	return answer(ctx, m, "UserRoles", id, func() []org.Assignment { return m.roles[id] })
}

func (m *memory) GroupRoles(ctx context.Context, id string) ([]org.Assignment, error) {
	return answer(ctx, m, "GroupRoles", id, func() []org.Assignment { return m.roles[id] })
}

func (m *memory) CustomRoles(ctx context.Context) ([]org.CustomRole, error) {
	return answer(ctx, m, "CustomRoles", "", func() []org.CustomRole { return m.custom })
}

func (m *memory) ResourceSets(ctx context.Context) ([]org.ResourceSet, error) {
	return answer(ctx, m, "ResourceSets", "", func() []org.ResourceSet { return m.sets })
}

func (m *memory) Bindings(ctx context.Context, id string) ([]org.Binding, error) {
	return answer(ctx, m, "Bindings", id, func() []org.Binding { return m.bindings[id] })
}

func (m *memory) Tokens(ctx context.Context) ([]org.Token, error) {
	return answer(ctx, m, "Tokens", "", func() []org.Token { return m.tokens })
}

func (m *memory) Apps(ctx context.Context) ([]org.App, error) {
	return answer(ctx, m, "Apps", "", func() []org.App { return m.apps })
}

func (m *memory) AppRoles(ctx context.Context, id string) ([]org.Assignment, error) {
	return answer(ctx, m, "AppRoles", id, func() []org.Assignment { return m.roles[id] })
}

// called returns the calls of a method, sorted.
func (m *memory) called(method string) []string {
	out := []string{}
	for _, c := range m.calls {
		if name, id, _ := strings.Cut(c, " "); name == method {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func role(principal, kind, roleType string) org.Assignment {
	return org.Assignment{ID: "ra-" + roleType, PrincipalID: principal, PrincipalKind: kind, Type: roleType, Status: "ACTIVE"}
}

func customRole(principal, kind, role, set string) org.Assignment {
	return org.Assignment{ID: "irb-" + principal, PrincipalID: principal, PrincipalKind: kind, Type: "CUSTOM", CustomRoleID: role, ResourceSetID: set}
}

func via(a org.Assignment, group string) org.Assignment {
	a.ViaGroupID = group
	return a
}

func bound(set, role string, members ...org.Member) org.Binding {
	return org.Binding{ResourceSetID: set, CustomRoleID: role, Members: members}
}

func user(id string) org.Member {
	return org.Member{ID: "irb-" + id, PrincipalID: id, PrincipalKind: org.PrincipalUser}
}

func group(id string) org.Member {
	return org.Member{ID: "irb-" + id, PrincipalID: id, PrincipalKind: org.PrincipalGroup}
}

func app(id string) org.Member {
	return org.Member{ID: "irb-" + id, PrincipalID: id, PrincipalKind: org.PrincipalClient}
}

func said(b bool) *bool { return &b }

// acme is an org in which everything agrees. It has one principal for each way in which one comes to be read.
func acme() *memory {
	const u, g = org.PrincipalUser, org.PrincipalGroup
	return &memory{
		org: org.Org{ID: "00o1", URL: "https://acme.okta.com"},
		users: []org.User{
			{ID: "00u-ada", Login: "ada@acme.example", Status: "ACTIVE"},
			{ID: "00u-bob", Login: "bob@acme.example", Status: "ACTIVE"}, // nothing makes him matter
			{ID: "00u-owner", Login: "token.owner@acme.example", Status: "ACTIVE"},
			{ID: "00u-declared", Login: "Declared@acme.example", Status: "ACTIVE"},
			{ID: "00u-svc", Login: "svc-x@acme.example", Status: "ACTIVE"},
			{ID: "00u-member", Login: "member@acme.example", Status: "ACTIVE"},
			{ID: "00u-bound", Login: "bound@acme.example", Status: "ACTIVE"},
		},
		unlisted: []org.User{{ID: "00u-gone", Login: "gone@acme.example", Status: "DEPROVISIONED"}},
		groups: []org.Group{
			{ID: "00g-everyone", Name: "Everyone", Type: "BUILT_IN", HasAdminRoles: said(false)},
			{ID: "00g-helpdesk", Name: "Helpdesk", Type: "OKTA_GROUP", HasAdminRoles: said(true)},
			{ID: "00g-unsaid", Name: "Unsaid", Type: "OKTA_GROUP"},
			{ID: "00g-bound", Name: "Bound", Type: "OKTA_GROUP", HasAdminRoles: said(true)},
		},
		members: map[string][]string{"00g-helpdesk": {"00u-member", "00u-declared"}, "00g-bound": {}},
		roles: map[string][]org.Assignment{
			"00u-ada":      {role("00u-ada", u, "SUPER_ADMIN")},
			"00u-gone":     {role("00u-gone", u, "AI_AGENT_ADMIN")},
			"00u-declared": {via(role("00u-declared", u, "USER_ADMIN"), "00g-helpdesk")},
			"00u-bound":    {customRole("00u-bound", u, "cr0-1", "iam-1")},
			"00g-helpdesk": {role("00g-helpdesk", g, "USER_ADMIN")},
			"00g-bound":    {customRole("00g-bound", g, "cr0-1", "iam-1")},
			"0oa-sync":     {customRole("0oa-sync", org.PrincipalClient, "cr0-1", "iam-1")},
		},
		assignees: []string{"00u-ada", "00u-gone", "00u-bound"},
		custom:    []org.CustomRole{{ID: "cr0-1", Label: "People reader", Permissions: []string{"okta.users.read"}}},
		sets:      []org.ResourceSet{{ID: "iam-1", Label: "People"}, {ID: "iam-2", Label: "Nobody"}},
		bindings:  map[string][]org.Binding{"iam-1": {bound("iam-1", "cr0-1", user("00u-bound"), group("00g-bound"), app("0oa-sync"))}},
		apps:      []org.App{{ID: "0oa-idle", Label: "Idle", Type: "service"}, {ID: "0oa-sync", Label: "Sync", Type: "service"}},
		tokens: []org.Token{
			{ID: "00T-1", Name: "stepdown", UserID: "00u-ada", ClientName: org.ClientUser},
			{ID: "00T-2", Name: "x", UserID: "00u-owner", ClientName: org.ClientUser},
			{ID: "00T-3", Name: "orphan", ClientName: org.ClientUser},
		},
		failures: map[string]error{},
	}
}

func scope() Scope {
	return Scope{
		Accounts:         []string{"declared@ACME.example", "absent@acme.example", "00u-svc"},
		IsServiceAccount: func(login string) bool { return strings.HasPrefix(login, "svc-") },
	}
}

// broken returns the collections that are not complete, with their reasons; leases, which nobody collects here, aside.
func broken(s org.Snapshot) map[string]string {
	out := map[string]string{}
	for name, coverage := range maps.All(s.Coverage) {
		if name != org.CollectLeases && name != org.CollectSweeps && coverage.Status != org.StatusComplete {
			out[name] = coverage.Reason
		}
	}
	return out
}
