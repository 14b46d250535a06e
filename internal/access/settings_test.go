package access_test

import (
	"slices"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
)

func TestApprovalsFor(t *testing.T) {
	t.Parallel()
	s := access.DefaultSettings()
	s.Admission.Teams = []string{"security"}
	s.Elevation.Roles = []access.AllowedRole{
		{Role: access.RoleUserAdmin, Accounts: []string{"svc-hr-*"}, Approvals: 2, Teams: []string{"identity"}},
		{Role: access.RoleReadOnlyAdmin, Accounts: []string{"svc-pay-*"}, Approvals: 3},
	}
	easy := s
	easy.Admission.Approvals = 4
	none := access.Settings{}
	for name, c := range map[string]struct {
		settings      access.Settings
		role, account string
		count         int
		teams         []string
	}{
		"the entry of the role":                {s, access.RoleUserAdmin, "SVC-HR-1@acme.example", 2, []string{"identity"}},
		"an account that the entry leaves out": {s, access.RoleUserAdmin, "svc-it-1@acme.example", 1, []string{"security"}},
		"an entry without teams":               {s, access.RoleReadOnlyAdmin, "svc-pay-1@acme.example", 3, []string{"security"}},
		"the least role":                       {s, access.RoleReadOnlyAdmin, "svc-it-1@acme.example", 1, []string{"security"}},
		"all take more than the entry":         {easy, access.RoleUserAdmin, "svc-hr-1@acme.example", 4, []string{"identity"}},
		"settings that say nothing":            {none, access.RoleUserAdmin, "svc-hr-1@acme.example", 1, nil},
	} {
		count, teams := c.settings.ApprovalsFor(c.role, c.account)
		if count != c.count || !slices.Equal(teams, c.teams) {
			t.Errorf("%s: got %d of %v, want %d of %v", name, count, teams, c.count, c.teams)
		}
	}
}

// TestOfAnAccountByItsIDNobodyKnowsWhoApproves, where the settings say it by login.
func TestOfAnAccountByItsIDNobodyKnowsWhoApproves(t *testing.T) {
	t.Parallel()
	s := access.DefaultSettings()
	s.Elevation.Roles = []access.AllowedRole{
		{Role: access.RoleUserAdmin, Accounts: []string{"svc-hr-*"}, Teams: []string{"identity"}},
		{Role: access.RoleOrgAdmin, Accounts: []string{"svc-hr-*"}},
	}
	for _, c := range []struct {
		role, account string
		want          bool
	}{
		{access.RoleUserAdmin, "00u1", false},
		{access.RoleUserAdmin, "svc-it-1@acme.example", true},
		{access.RoleOrgAdmin, "00u1", true},
		{access.RoleReadOnlyAdmin, "00u1", true},
	} {
		if got := s.ApprovalsKnown(c.role, c.account); got != c.want {
			t.Errorf("%s for %s: %v", c.role, c.account, got)
		}
	}
}
