package elevation_test

import (
	"slices"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/org"
)

// TestWhatALeftoverIs: of what an audit found, what the account holds itself now, and is not to keep.
func TestWhatALeftoverIs(t *testing.T) {
	t.Parallel()
	reader := access.Role{Type: access.RoleCustom, CustomRole: "cr0reader", ResourceSet: "iamset"}
	readOnly, orgAdmin, super := access.Role{Type: access.RoleReadOnlyAdmin}, access.Role{Type: access.RoleOrgAdmin}, access.Role{Type: access.RoleSuperAdmin}
	holds := func(roles ...org.Assignment) elevation.Facts {
		f := goodFacts()
		f.Roles = roles
		return f
	}
	direct := func(role access.Role) org.Assignment { return org.Assignment{PrincipalID: "00usvc", Type: role.Type} }
	undeclared := access.TokenOwner{Account: "00usvc"}
	bare := func(f elevation.Facts) elevation.Facts {
		f.CustomRole, f.ResourceSet = org.CustomRole{}, org.ResourceSet{}
		return f
	}
	for name, test := range map[string]struct {
		owner   access.TokenOwner
		facts   elevation.Facts
		found   []access.Role
		removes []access.Role
		refused string
	}{
		"held":                       {owner(), holds(custom("cr0reader", "iamset", ""), direct(readOnly)), []access.Role{readOnly}, []access.Role{readOnly}, ""},
		"gone":                       {owner(), holds(custom("cr0reader", "iamset", "")), []access.Role{readOnly}, nil, ""},
		"the declared role":          {owner(), holds(custom("cr0reader", "iamset", "")), []access.Role{reader}, nil, ""},
		"that of another set":        {owner(), holds(custom("cr0reader", "iamother", "")), []access.Role{reader}, nil, ""},
		"given since":                {owner(), holds(direct(readOnly), direct(orgAdmin)), []access.Role{readOnly}, []access.Role{readOnly}, ""},
		"through a group":            {owner(), holds(org.Assignment{PrincipalID: "00usvc", Type: readOnly.Type, ViaGroupID: "00g1"}), []access.Role{readOnly}, nil, ""},
		"of nobody's account":        {undeclared, bare(holds(direct(readOnly), custom("cr0reader", "iamset", ""))), []access.Role{readOnly, reader}, []access.Role{readOnly, reader}, ""},
		"the account is gone":        {undeclared, elevation.Facts{}, []access.Role{readOnly}, nil, ""},
		"the last super admin":       {owner(), holds(direct(super)), []access.Role{super}, []access.Role{super}, "last-super-admin"},
		"the last, and another role": {owner(), holds(direct(super), direct(readOnly)), []access.Role{readOnly}, []access.Role{readOnly}, ""},
		"the program's own account": {owner(), func() elevation.Facts {
			f := holds(direct(readOnly))
			f.Caller.ID = f.Account.ID
			return f
		}(), []access.Role{readOnly}, []access.Role{readOnly}, "account-is-caller"},
		"a person": {owner(), func() elevation.Facts {
			f := holds(direct(readOnly))
			f.Account.Login = "grace.hopper@acme.example"
			return f
		}(), []access.Role{readOnly}, []access.Role{readOnly}, "not-a-service-account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := elevation.NewLeftover(test.owner, test.found, test.facts, access.DefaultSettings(), noon)
			if !slices.Equal(p.Terms.Temporary, test.removes) && len(p.Terms.Temporary)+len(test.removes) > 0 {
				t.Errorf("removes %v, want %v", p.Terms.Temporary, test.removes)
			}
			if p.InPlace != (len(test.removes) == 0) || p.Terms.Kind != access.LeaseDowngrade || p.Terms.AddsIntended {
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
