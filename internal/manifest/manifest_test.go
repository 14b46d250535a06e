package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stepdown/stepdown/internal/access"
)

// owner is a complete TokenOwner; tests change one of its lines.
const owner = `apiVersion: stepdown/v1
kind: TokenOwner
name: invoice-export
account: svc-invoice-export@acme.example
operator: {name: dana-ops, signIn: "password and TOTP in the team vault"}
role: {customRole: Group reader, resourceSet: Invoice groups}
token: {name: invoice-export, zones: [Corporate network, nzo1]}
elevation: {role: USER_ADMIN, window: 1h30m, coElevate: true, breakGlass: {reason: payroll}}
reason: |
  Invoices go to groups.
  Every hour.
ticket: FIN-1234
owner: team-finance@acme.example
delivery: {method: handoff, destination: "vault kv/finance/okta"}
`

const settings = `apiVersion: stepdown/v1
kind: Settings
serviceAccounts: ["svc-*"]
elevation:
  maxWindow: 45m
  settle: 250ms
  stepDown: 90s
  lateEffect: 0s
  roles:
    - {role: USER_ADMIN, accounts: ["svc-x@*"], approvals: 3, teams: [identity-admins]}
  forbiddenPermissions: []
admission:
  approvals: 2
  teams: [security, a_1]
  maxApprovalAge: 1h
  presence: 5m
  pendingFor: 24h
  merge: required
  directReview: true
  branchProtection: classic
  freezes:
    - {from: 2030-12-20T18:00:00+01:00, to: "2031-01-02T06:00:00Z", reason: holidays}
  breakGlass: {allowed: false, maxWindow: 1m}
audit:
  knownTokens: [{owner: ada.admin@acme.example, name: stepdown, reason: its own}]
  knownApps:
    - {client: 0oa1, role: SUPER_ADMIN, reason: its own}
    - {client: 0oa1, customRole: Group reader, resourceSet: Invoice groups, reason: reads}
  agentClients: [Okta AD agent]
  sweepWithin: 90m
`

func TestParseReadsEveryFieldOfATokenOwner(t *testing.T) {
	t.Parallel()
	file, err := Parse("access/x.yaml", []byte(owner))
	if err != nil {
		t.Fatal(err)
	}
	want := access.TokenOwner{
		Name:      "invoice-export",
		Account:   "svc-invoice-export@acme.example",
		Operator:  access.Operator{Name: "dana-ops", SignIn: "password and TOTP in the team vault"},
		Role:      access.Intended{CustomRole: "Group reader", ResourceSet: "Invoice groups"},
		Token:     access.TokenSpec{Name: "invoice-export", Zones: []string{"Corporate network", "nzo1"}},
		Elevation: access.Elevation{Role: access.RoleUserAdmin, Window: 90 * time.Minute, CoElevate: true, BreakGlass: access.BreakGlass{Reason: "payroll"}},
		Reason:    "Invoices go to groups.\nEvery hour.",
		Ticket:    "FIN-1234",
		Owner:     "team-finance@acme.example",
		Delivery:  access.Delivery{Method: access.DeliveryHandoff, Destination: "vault kv/finance/okta"},
		Source:    access.Position{File: "access/x.yaml", Line: 1},
	}
	if diff := cmp.Diff(want, *file.Owner, cmpopts.IgnoreFields(access.TokenOwner{}, "Fields")); diff != "" {
		t.Errorf("TokenOwner (-want +got):\n%s", diff)
	}
	for field, line := range map[string]int{
		"apiVersion": 1, "name": 3, "operator": 5, "operator.signIn": 5, "role.customRole": 6,
		"token.zones[1]": 7, "elevation.window": 8, "reason": 9, "ticket": 12, "delivery.destination": 14,
	} {
		if got := file.Owner.Fields[field]; got != (access.Position{File: "access/x.yaml", Line: line}) {
			t.Errorf("Fields[%q] = %v, want line %d", field, got, line)
		}
	}
	if file.Settings != nil {
		t.Error("Settings is set too")
	}
}

func TestParseReadsEveryFieldOfSettings(t *testing.T) {
	t.Parallel()
	file, err := Parse("access/settings.yaml", []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	want := access.Settings{
		ServiceAccounts: []string{"svc-*"},
		Elevation: access.ElevationSettings{
			MaxWindow: 45 * time.Minute, Settle: 250 * time.Millisecond, StepDown: 90 * time.Second, LateEffect: 0,
			Roles:                []access.AllowedRole{{Role: "USER_ADMIN", Accounts: []string{"svc-x@*"}, Approvals: 3, Teams: []string{"identity-admins"}}},
			ForbiddenPermissions: []string{},
		},
		Admission: access.AdmissionSettings{
			Approvals: 2, Teams: []string{"security", "a_1"}, MaxApprovalAge: time.Hour, Presence: 5 * time.Minute, PendingFor: 24 * time.Hour,
			Merge: access.MergeRequired, DirectReview: true, BranchProtection: access.ProtectionClassic,
			Freezes: []access.Freeze{{
				From: time.Date(2030, 12, 20, 17, 0, 0, 0, time.UTC), To: time.Date(2031, 1, 2, 6, 0, 0, 0, time.UTC), Reason: "holidays",
			}},
			BreakGlass: access.BreakGlassSettings{MaxWindow: time.Minute},
		},
		Audit: access.AuditSettings{
			KnownTokens: []access.KnownToken{{Owner: "ada.admin@acme.example", Name: "stepdown", Reason: "its own"}},
			KnownApps: []access.KnownApp{
				{Client: "0oa1", Role: access.Role{Type: "SUPER_ADMIN"}, Reason: "its own"},
				{Client: "0oa1", Role: access.Role{Type: "CUSTOM", CustomRole: "Group reader", ResourceSet: "Invoice groups"}, Reason: "reads"},
			},
			AgentClients: []string{"Okta AD agent"},
			SweepWithin:  90 * time.Minute,
		},
		Source: access.Position{File: "access/settings.yaml", Line: 1},
	}
	if diff := cmp.Diff(want, *file.Settings, cmpopts.IgnoreFields(access.Settings{}, "Fields")); diff != "" {
		t.Errorf("Settings (-want +got):\n%s", diff)
	}
	if got := file.Settings.Fields["elevation.roles[0].role"].Line; got != 10 {
		t.Errorf("elevation.roles[0].role is on line %d, want 10", got)
	}
}

func TestAbsentFieldsTakeTheDefaultsOneByOne(t *testing.T) {
	t.Parallel()
	file, err := Parse("s.yaml", []byte("apiVersion: stepdown/v1\nkind: Settings\nelevation: {settle: 5s}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := access.DefaultSettings()
	want.Elevation.Settle = 5 * time.Second
	if diff := cmp.Diff(want, *file.Settings, cmpopts.IgnoreFields(access.Settings{}, "Fields", "Source")); diff != "" {
		t.Errorf("Settings (-want +got):\n%s", diff)
	}

	silent := strings.Replace(owner, "elevation: {role: USER_ADMIN, window: 1h30m, coElevate: true, breakGlass: {reason: payroll}}\n", "", 1)
	file, err = Parse("o.yaml", []byte(silent))
	if err != nil {
		t.Fatal(err)
	}
	wantElevation := access.Elevation{Role: access.DefaultElevationRole, Window: DefaultWindow}
	if file.Owner.Elevation != wantElevation {
		t.Errorf("Elevation = %+v, want %+v", file.Owner.Elevation, wantElevation)
	}
}

func TestYAMLThatIsJSONOrHasCarriageReturnsIsRead(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"json": `{"apiVersion": "stepdown/v1", "kind": "Settings", "admission": {"maxApprovalAge": "2h"}}`,
		"crlf": strings.ReplaceAll(owner, "\n", "\r\n"),
		"end":  "---\n" + owner + "...\n",
	} {
		if _, err := Parse(name, []byte(source)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExamplesParse(t *testing.T) {
	t.Parallel()
	for dir, owners := range map[string][]string{
		"examples/access":       {"invoice-export"},
		"testdata/access/acme":  {"badge-printer", "ci-deployer", "future-agent", "helpdesk-bot", "payroll-sync", "reporting"},
		"testdata/access/clean": {"badge-printer", "payroll-sync"},
	} {
		got, err := ReadDir(os.DirFS(filepath.FromSlash("../..")), dir)
		if err != nil {
			t.Errorf("%s:\n%v", dir, err)
			continue
		}
		var names []string
		for _, o := range got.Owners {
			names = append(names, o.Name)
			if !got.Settings.IsServiceAccount(o.Account) {
				t.Errorf("%s: %s is no service account by the settings beside it", dir, o.Account)
			}
		}
		if diff := cmp.Diff(owners, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
		if got.Settings.Source.File == "" {
			t.Errorf("%s has no settings", dir)
		}
	}
}

// problemsOf returns what err says, without the hints, one problem a line.
func problemsOf(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *Error", err, err)
	}
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		p.Hint = ""
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}
