package elevation_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/org"
)

var noon = elevation.Subject{ID: "l1", OrgURL: "https://acme.okta.com", Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}

// goodFacts are those of an account that may be elevated.
func goodFacts() elevation.Facts {
	return elevation.Facts{
		Caller:      org.User{ID: "00uada", Login: "ada.admin@acme.example", Status: "ACTIVE"},
		CallerRoles: []org.Assignment{{PrincipalID: "00uada", Type: access.RoleSuperAdmin}},
		Account:     org.User{ID: "00usvc", Login: login, Status: "ACTIVE"},
		CustomRole:  org.CustomRole{ID: "cr0reader", Label: "Group reader", Permissions: []string{"okta.groups.read"}},
		ResourceSet: org.ResourceSet{ID: "iamset", Label: "Invoice groups"},
		Zones:       []org.Zone{{ID: "nzo1", Name: "Corporate network", Status: "ACTIVE"}, {ID: "nzo2", Name: "Old", Status: "INACTIVE"}},
	}
}

func custom(role, set, group string) org.Assignment {
	return org.Assignment{PrincipalID: "00usvc", Type: access.RoleCustom, CustomRoleID: role, ResourceSetID: set, ViaGroupID: group}
}

// TestTheCallerMayBeAServiceApp: it is nobody's account, and its own roles count.
func TestTheCallerMayBeAServiceApp(t *testing.T) {
	t.Parallel()
	f := goodFacts()
	f.Caller = org.User{ID: "0oaprovisioner", Login: "0oaprovisioner"}
	f.CallerRoles = []org.Assignment{{PrincipalID: "0oaprovisioner", PrincipalKind: org.PrincipalClient, Type: access.RoleSuperAdmin}}
	if p := elevation.NewPlan(owner(), f, access.DefaultSettings(), noon); len(p.Refusals) != 0 {
		t.Errorf("refused: %+v", p.Refusals)
	}
	f.CallerRoles = nil
	if p := elevation.NewPlan(owner(), f, access.DefaultSettings(), noon); len(p.Refusals) != 1 || p.Refusals[0].Rule != "caller-lacks-rights" {
		t.Errorf("an app without roles: %+v", p.Refusals)
	}
}

// TestEachRefusal changes one thing about an account that may be elevated, and expects to be refused for that alone.
func TestEachRefusal(t *testing.T) {
	t.Parallel()
	for rule, change := range map[string]func(*access.TokenOwner, *elevation.Facts){
		"caller-lacks-rights":   func(_ *access.TokenOwner, f *elevation.Facts) { f.CallerRoles[0].Type = access.RoleOrgAdmin },
		"account-missing":       func(_ *access.TokenOwner, f *elevation.Facts) { f.Account = org.User{} },
		"account-not-active":    func(_ *access.TokenOwner, f *elevation.Facts) { f.Account.Status = "SUSPENDED" },
		"account-is-caller":     func(_ *access.TokenOwner, f *elevation.Facts) { f.Caller.ID = f.Account.ID },
		"not-a-service-account": func(_ *access.TokenOwner, f *elevation.Facts) { f.Account.Login = "dana.ops@acme.example" },
		"custom-role-missing":   func(_ *access.TokenOwner, f *elevation.Facts) { f.CustomRole = org.CustomRole{} },
		"not-a-custom-role":     func(_ *access.TokenOwner, f *elevation.Facts) { f.CustomRole.ID = "WORKFLOWS_ADMIN" },
		"resource-set-missing":  func(_ *access.TokenOwner, f *elevation.Facts) { f.ResourceSet = org.ResourceSet{} },
		"forbidden-permission": func(_ *access.TokenOwner, f *elevation.Facts) {
			f.CustomRole.Permissions = []string{"okta.users.manage"}
		},
		"elevation-role-not-allowed": func(o *access.TokenOwner, _ *elevation.Facts) { o.Elevation.Role = access.RoleOrgAdmin },
		"window-too-long":            func(o *access.TokenOwner, _ *elevation.Facts) { o.Elevation.Window = time.Hour },
		"zone-missing":               func(o *access.TokenOwner, _ *elevation.Facts) { o.Token.Zones = []string{"Nowhere"} },
		"zone-missing (inactive)":    func(o *access.TokenOwner, _ *elevation.Facts) { o.Token.Zones = []string{"Old"} },
		"owns-other-tokens":          func(_ *access.TokenOwner, f *elevation.Facts) { f.Tokens = []org.Token{{ID: "00Told", Name: "old"}} },
		"holds-other-roles": func(_ *access.TokenOwner, f *elevation.Facts) {
			f.Roles = []org.Assignment{{PrincipalID: "00usvc", Type: "APP_ADMIN"}}
		},
		"holds-other-roles (unknown type)": func(_ *access.TokenOwner, f *elevation.Facts) {
			f.Roles = []org.Assignment{{PrincipalID: "00usvc", Type: "AI_AGENT_ADMIN"}}
		},
		"holds-other-roles (through a group)": func(_ *access.TokenOwner, f *elevation.Facts) {
			f.Roles = []org.Assignment{custom("cr0reader", "iamset", "00g1")}
		},
		"holds-other-roles (another set)": func(_ *access.TokenOwner, f *elevation.Facts) {
			f.Roles = []org.Assignment{custom("cr0reader", "iamother", "")}
		},
	} {
		o, f := owner(), goodFacts()
		change(&o, &f)
		plan := elevation.NewPlan(o, f, access.DefaultSettings(), noon)
		want, _, _ := strings.Cut(rule, " ")
		if len(plan.Refusals) != 1 || plan.Refusals[0].Rule != want || plan.Refusals[0].Hint == "" || len(plan.Changes) > 0 {
			t.Errorf("%s: refusals %+v, %d changes", rule, plan.Refusals, len(plan.Changes))
		}
	}
}

func TestThePlanIsPureAndSaysEverything(t *testing.T) {
	t.Parallel()
	o := owner()
	o.Token.Zones = []string{"Corporate network"}
	plan := elevation.NewPlan(o, goodFacts(), access.DefaultSettings(), noon)
	if again := elevation.NewPlan(o, goodFacts(), access.DefaultSettings(), noon); !reflect.DeepEqual(plan, again) {
		t.Errorf("two plans of one input: %+v, %+v", plan, again)
	}
	want := []access.ChangeAction{
		access.ActionOpenLease, access.ActionAssignIntended, access.ActionEndSessions, access.ActionElevate, access.ActionAwaitToken,
		access.ActionStepDown, access.ActionProve, access.ActionEndSessions, access.ActionRestrictToken, access.ActionCloseLease,
	}
	var got []access.ChangeAction
	for _, c := range plan.Changes {
		got = append(got, c.Action)
	}
	if !slices.Equal(got, want) {
		t.Errorf("changes = %v", got)
	}
	if terms := plan.Terms; !terms.AddsIntended || !terms.EndsAt.Equal(noon.Now.Add(o.Elevation.Window)) || terms.OrgURL != noon.OrgURL {
		t.Errorf("terms = %+v", terms)
	}
}

// TestADowngradeNamesWhatItRemoves: the account's own roles but the declared one. Roles through groups are not named.
func TestADowngradeNamesWhatItRemoves(t *testing.T) {
	t.Parallel()
	f := goodFacts()
	f.Roles = []org.Assignment{
		custom("cr0reader", "iamset", ""), custom("cr0reader", "iamother", ""),
		{PrincipalID: "00usvc", Type: "AI_AGENT_ADMIN"},
		{PrincipalID: "00usvc", Type: access.RoleOrgAdmin, ViaGroupID: "00g1"},
	}
	plan := elevation.NewDowngrade(owner(), f, access.DefaultSettings(), noon)
	want := []access.Role{{Type: access.RoleCustom, CustomRole: "cr0reader", ResourceSet: "iamother"}, {Type: "AI_AGENT_ADMIN"}}
	if !slices.Equal(plan.Terms.Temporary, want) || plan.Terms.AddsIntended || len(plan.Refusals) > 0 {
		t.Errorf("terms = %+v, refusals = %+v", plan.Terms, plan.Refusals)
	}
	f.Account.Status = "SUSPENDED"
	if plan := elevation.NewDowngrade(owner(), f, access.DefaultSettings(), noon); len(plan.Refusals) > 0 {
		t.Errorf("a suspended account keeps its roles: %+v", plan.Refusals)
	}
	f.Roles = f.Roles[:1]
	if plan := elevation.NewDowngrade(owner(), f, access.DefaultSettings(), noon); !plan.InPlace || len(plan.Changes) > 0 {
		t.Errorf("an account that is as declared: %+v", plan.Changes)
	}
}

// TestTheLastSuperAdminIsNotDowngraded: nobody could give the org another.
func TestTheLastSuperAdminIsNotDowngraded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wf, _ := w.workflow(w.line)
	if err := w.org.Assign(login, "SUPER_ADMIN"); err != nil {
		t.Fatal(err)
	}
	facts, err := wf.CheckDowngrade(t.Context(), owner())
	if err != nil || facts.OtherSuperAdmin != "ada.admin@acme.example" {
		t.Fatalf("the other super admin is %q, %v", facts.OtherSuperAdmin, err)
	}
	if plan := elevation.NewDowngrade(owner(), facts, access.DefaultSettings(), noon); len(plan.Refusals) > 0 {
		t.Errorf("refused: %+v", plan.Refusals)
	}
	facts.OtherSuperAdmin = ""
	plan := elevation.NewDowngrade(owner(), facts, access.DefaultSettings(), noon)
	if len(plan.Refusals) != 1 || plan.Refusals[0].Rule != "last-super-admin" || len(plan.Changes) > 0 {
		t.Errorf("got %+v", plan)
	}
}
