package elevation_test

import (
	"slices"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/org"
)

// TestWhatALeftoverIs: of what an audit found, what the account holds itself by the same assignment, and is not to keep.
func TestWhatALeftoverIs(t *testing.T) {
	t.Parallel()
	readOnly, super := access.Role{Type: access.RoleReadOnlyAdmin}, access.Role{Type: access.RoleSuperAdmin}
	reader := access.Role{Type: access.RoleCustom, CustomRole: "cr0reader", ResourceSet: "iamset"}
	with := func(a org.Assignment, id string) org.Assignment {
		a.ID = id
		return a
	}
	direct := func(role access.Role, id string) org.Assignment {
		return org.Assignment{ID: id, PrincipalID: "00usvc", Type: role.Type}
	}
	declared := with(custom("cr0reader", "iamset", ""), "c")
	holds := func(roles ...org.Assignment) elevation.Facts {
		f := goodFacts()
		f.Roles = roles
		return f
	}
	change := func(f elevation.Facts, do func(*elevation.Facts)) elevation.Facts {
		do(&f)
		return f
	}
	undeclared := access.TokenOwner{Account: "00usvc"}
	for name, test := range map[string]struct {
		owner   access.TokenOwner
		facts   elevation.Facts
		found   []string
		removes []access.Role
		refused string
	}{
		"held":                {owner(), holds(declared, direct(readOnly, "r")), []string{"r"}, []access.Role{readOnly}, ""},
		"gone":                {owner(), holds(declared), []string{"r"}, nil, ""},
		"given again":         {owner(), holds(direct(readOnly, "r2")), []string{"r"}, nil, ""},
		"the declared role":   {owner(), holds(declared), []string{"c"}, nil, ""},
		"it on another set":   {owner(), holds(with(custom("cr0reader", "iamother", ""), "c")), []string{"c"}, []access.Role{{Type: access.RoleCustom, CustomRole: "cr0reader", ResourceSet: "iamother"}}, ""},
		"another beside it":   {owner(), holds(direct(readOnly, "r"), direct(access.Role{Type: access.RoleOrgAdmin}, "o")), []string{"r"}, []access.Role{readOnly}, ""},
		"through a group":     {owner(), holds(org.Assignment{ID: "r", PrincipalID: "00usvc", Type: readOnly.Type, ViaGroupID: "00g1"}), []string{"r"}, nil, ""},
		"of no manifest's":    {undeclared, holds(direct(readOnly, "r"), declared), []string{"r", "c"}, []access.Role{readOnly, reader}, ""},
		"the account is gone": {undeclared, elevation.Facts{}, []string{"r"}, nil, ""},
		"the last super admin": {
			owner(), holds(direct(super, "s")), []string{"s"}, []access.Role{super}, "last-super-admin",
		},
		"the last, and another role": {owner(), holds(direct(super, "s"), direct(readOnly, "r")), []string{"r"}, []access.Role{readOnly}, ""},
		"the program's own account": {
			owner(), change(holds(direct(readOnly, "r")), func(f *elevation.Facts) { f.Caller.ID = f.Account.ID }), []string{"r"}, []access.Role{readOnly}, "account-is-caller",
		},
		"a person": {
			owner(), change(holds(direct(readOnly, "r")), func(f *elevation.Facts) { f.Account.Login = "grace.hopper@acme.example" }), []string{"r"}, []access.Role{readOnly}, "not-a-service-account",
		},
		"the declared role is not in the org": {
			owner(), change(holds(declared), func(f *elevation.Facts) { f.ResourceSet = org.ResourceSet{} }), []string{"c"}, []access.Role{reader}, "resource-set-missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := elevation.NewLeftover(test.owner, test.found, test.facts, access.DefaultSettings(), noon)
			if !slices.Equal(p.Terms.Temporary, test.removes) && len(p.Terms.Temporary)+len(test.removes) > 0 {
				t.Errorf("removes %v, want %v", p.Terms.Temporary, test.removes)
			}
			if p.InPlace != (len(test.removes) == 0) || p.Terms.Kind != access.LeaseDowngrade || !p.Terms.Leftover || p.Terms.AddsIntended {
				t.Errorf("got %+v", p)
			}
			var rules []string
			for _, r := range p.Refusals {
				rules = append(rules, r.Rule)
			}
			if want := slices.DeleteFunc([]string{test.refused}, func(s string) bool { return s == "" }); !slices.Equal(rules, want) && len(rules)+len(want) > 0 {
				t.Errorf("refused by %q, want %q", rules, want)
			}
			if done := len(test.removes) > 0 && test.refused == ""; done != (len(p.Changes) > 0) {
				t.Errorf("changes %+v", p.Changes)
			}
		})
	}
}
