package cli

import (
	"slices"
	"testing"

	"github.com/stepdown/stepdown/internal/audit"
	"github.com/stepdown/stepdown/internal/policy"
)

// TestLeftoversOfAReport: of accounts only, each with all that was found, and never of a report that does not know.
func TestLeftoversOfAReport(t *testing.T) {
	t.Parallel()
	finding := func(kind, id string, evidence map[string]any) audit.Finding {
		return audit.Finding{Finding: policy.Finding{Resource: policy.Resource{Kind: kind, ID: id, Name: id + "@acme.example"}, Message: "m", Evidence: evidence}}
	}
	role := func(account, kind, group string, ids ...any) map[string]any {
		return map[string]any{"account_id": account, "role_type": kind, "via_group_id": group, "assignment_ids": append([]any{}, ids...)}
	}
	report := func(control string, status audit.Status, findings ...audit.Finding) audit.Report {
		return audit.Report{Results: []audit.Result{{Control: policy.Control{ID: control}, Status: status, Findings: findings}}}
	}
	got, err := leftoversOf(report(residualControl, audit.StatusFail,
		finding("user", "00ub", role("00ub", "ORG_ADMIN", "", "ra1", "ra2")), finding("lease", "l1", map[string]any{"account_id": "00uc"}),
		finding("user", "00ua", role("00ua", "CUSTOM", "")), finding("user", "00ub", role("00ub", "USER_ADMIN", "00g"))))
	if err != nil || len(got) != 2 || got[0].id != "00ua" || got[1].login != "00ub@acme.example" ||
		len(got[0].assignments) > 0 || len(got[0].untold) != 1 || !slices.Equal(got[1].assignments, []string{"ra1", "ra2"}) || len(got[1].viaGroups) != 1 || len(got[1].untold) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := leftoversOf(report(residualControl, audit.StatusPass)); err != nil || len(got) != 0 {
		t.Errorf("of a pass: %+v, %v", got, err)
	}
	for name, bad := range map[string]audit.Report{
		"not known":         report(residualControl, audit.StatusError),
		"a status of later": report(residualControl, "waived"),
		"no such control":   report("OKTA-TOK-001", audit.StatusPass),
		"no results":        {},
		"no role":           report(residualControl, audit.StatusFail, finding("user", "00ua", role("00ua", "", ""))),
		"no account":        report(residualControl, audit.StatusFail, finding("user", "", role("", "ORG_ADMIN", ""))),
		"another account":   report(residualControl, audit.StatusFail, finding("user", "00ua", role("00ub", "ORG_ADMIN", ""))),
		"no list of ids":    report(residualControl, audit.StatusFail, finding("user", "00ua", map[string]any{"account_id": "00ua", "role_type": "ORG_ADMIN"})),
		"no evidence":       report(residualControl, audit.StatusFail, finding("user", "00ua", nil)),
		"a role that is a list": report(residualControl, audit.StatusFail, finding("user", "00ua",
			map[string]any{"account_id": "00ua", "role_type": []any{"ORG_ADMIN"}})),
	} {
		if got, err := leftoversOf(bad); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
