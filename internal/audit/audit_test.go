package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/internal/policy"
)

var takenAt = time.Date(2030, 1, 1, 2, 0, 0, 0, time.UTC)

func engine(t *testing.T) *policy.Engine {
	t.Helper()
	e, err := policy.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// builder makes a snapshot whose ids are the names of things.
type builder struct{ org.Snapshot }

func newBuilder() builder {
	b := builder{org.NewSnapshot(org.Org{ID: "00oacme", URL: "https://acme.example"}, takenAt)}
	for _, name := range org.Collections() {
		b.Coverage[name] = org.Coverage{Status: org.StatusComplete}
	}
	b.CustomRoles["cr-people"] = org.CustomRole{ID: "cr-people", Label: "People reader", Permissions: []string{"okta.users.read"}}
	b.CustomRoles["cr-group"] = org.CustomRole{ID: "cr-group", Label: "Group reader", Permissions: []string{"okta.groups.read"}}
	for _, label := range []string{"Payroll people", "All people", "CI groups", "Helpdesk groups"} {
		b.ResourceSets["iam-"+label] = org.ResourceSet{ID: "iam-" + label, Label: label}
	}
	return b
}

func (b builder) user(login string, roles ...string) {
	id := "00u-" + login
	b.Users[id] = org.User{ID: id, Login: login + "@acme.example", Status: "ACTIVE"}
	for _, role := range roles {
		b.assign(org.Assignment{PrincipalID: id, PrincipalKind: org.PrincipalUser}, role)
	}
}

// assign reads a role as "TYPE" or "custom role id on set label".
func (b builder) assign(a org.Assignment, role string) {
	a.Type = role
	if custom, set, ok := strings.Cut(role, " on "); ok {
		a.Type, a.CustomRoleID, a.ResourceSetID = access.RoleCustom, custom, "iam-"+set
		binding := org.Binding{CustomRoleID: custom, ResourceSetID: a.ResourceSetID}
		binding.Members = append(b.Bindings[binding.Key()].Members, org.Member{ID: "irb", PrincipalID: a.PrincipalID, PrincipalKind: a.PrincipalKind})
		b.Bindings[binding.Key()] = binding
	}
	b.Assignments[a.Key()] = a
}

func (b builder) token(name, owner string) {
	b.Tokens["00T-"+name] = org.Token{ID: "00T-" + name, Name: name, UserID: "00u-" + owner, ClientName: org.ClientUser, Created: takenAt}
}

// acme is an org with planted problems, and what is declared for it.
func acme() Input {
	b := newBuilder()
	b.user("ada.admin", access.RoleSuperAdmin)
	b.user("grace.hopper", access.RoleSuperAdmin)
	b.user("svc-payroll-sync", "cr-people on Payroll people")
	b.user("svc-ci-deployer", "cr-group on CI groups", access.RoleReadOnlyAdmin)
	b.user("svc-helpdesk-bot", "cr-group on Helpdesk groups")
	b.user("svc-reporting", "cr-people on All people")
	b.user("svc-future", "cr-group on CI groups", "AI_AGENT_ADMIN")
	b.user("svc-legacy-import", "cr-people on All people")
	b.user("svc-badge-printer", "cr-people on All people")
	b.user("svc-invoice-export")
	b.user("svc-ad-agent", "cr-people on All people")
	b.Groups["g-tier2"] = org.Group{ID: "g-tier2", Name: "Helpdesk tier 2"}
	b.GroupMembers["g-tier2"] = []string{"00u-svc-helpdesk-bot"}
	b.assign(org.Assignment{PrincipalID: "g-tier2", PrincipalKind: org.PrincipalGroup}, access.RoleUserAdmin)
	b.assign(org.Assignment{PrincipalID: "00u-svc-helpdesk-bot", PrincipalKind: org.PrincipalUser, ViaGroupID: "g-tier2"}, access.RoleUserAdmin)
	for _, name := range []string{"payroll-sync", "ci-deployer", "helpdesk-bot", "reporting", "legacy-import", "badge-printer"} {
		b.token(name, "svc-"+name)
	}
	b.token("future-agent", "svc-future")
	b.token("test, delete me", "svc-badge-printer")
	b.token("stepdown", "ada.admin")
	b.token("ad-agent", "svc-ad-agent")
	agent := b.Tokens["00T-ad-agent"]
	agent.ClientName = "Okta AD agent"
	b.Tokens["00T-ad-agent"] = agent

	settings := access.DefaultSettings()
	settings.Audit.KnownTokens = []access.KnownToken{{Owner: "ada.admin@acme.example", Name: "stepdown"}}
	settings.Audit.AgentClients = []string{"Okta AD agent"}
	return Input{
		Snapshot: b.Snapshot, Settings: settings, FailOn: FailOn(policy.SeverityLow),
		Tool: Tool{Name: "stepdown", Version: "0.1.0"},
		Owners: []access.TokenOwner{
			owner("payroll-sync", "svc-payroll-sync", "People reader", "Payroll people"),
			owner("ci-deployer", "svc-ci-deployer", "cr-group", "CI groups"),
			owner("helpdesk-bot", "00u-svc-helpdesk-bot", "Group reader", "iam-Helpdesk groups"),
			owner("reporting", "SVC-Reporting", "People reader", "Payroll people"),
			owner("future-agent", "svc-future", "Group reader", "CI groups"),
			owner("badge-printer", "svc-badge-printer", "People reader", "All people"),
		},
	}
}

func owner(name, account, role, set string) access.TokenOwner {
	if !strings.HasPrefix(account, "00u") {
		account += "@acme.example"
	}
	return access.TokenOwner{
		Name: name, Account: account, Role: access.Intended{CustomRole: role, ResourceSet: set},
		Token:     access.TokenSpec{Name: name},
		Elevation: access.Elevation{Role: access.DefaultElevationRole},
		Source:    access.Position{File: "access/" + name + ".yaml", Line: 1},
	}
}

// pendingLease is a closed lease of svc-invoice-export whose pull request is not merged.
func pendingLease() access.Lease {
	return access.Lease{
		State: access.StateClosed,
		Terms: access.Terms{
			ID: "L1", Kind: access.LeaseElevation,
			Account:     access.Account{ID: "00u-svc-invoice-export", Login: "svc-invoice-export@acme.example"},
			Temporary:   []access.Role{{Type: access.RoleReadOnlyAdmin}},
			Intended:    access.Role{Type: access.RoleCustom, CustomRole: "cr-group", ResourceSet: "iam-CI groups"},
			Declaration: "invoice-export", TokenName: "invoice-export",
			OpenedAt: takenAt.Add(-time.Hour), EndsAt: takenAt.Add(-30 * time.Minute),
			Approval: &access.Approval{URL: "https://github.example/acme/access/pull/7"},
		},
	}
}

func run(t *testing.T, in Input) Report {
	t.Helper()
	report, err := Run(t.Context(), engine(t), in)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// lines gives the results as "control status" and the findings as "control: resource discriminator".
func lines(r Report) []string {
	var out []string
	for _, result := range r.Results {
		out = append(out, fmt.Sprintf("%s %s %s", result.Control.Name, result.Status, result.Reason))
		for _, f := range result.Findings {
			out = append(out, fmt.Sprintf("  %s %s", f.Resource.Name, f.Discriminator))
		}
	}
	return out
}

func TestAcmeHasExactlyThePlantedFindings(t *testing.T) {
	t.Parallel()
	report := run(t, acme())
	want := []string{
		"service_app_role pass ",
		"residual_elevation fail ",
		"  svc-ci-deployer@acme.example READ_ONLY_ADMIN|||",
		"  svc-future@acme.example AI_AGENT_ADMIN|||",
		"  svc-helpdesk-bot@acme.example USER_ADMIN|||g-tier2",
		"sweep_lives pass ",
		"token_owner_role fail ",
		"  svc-ci-deployer@acme.example extra|READ_ONLY_ADMIN|||",
		"  svc-future@acme.example extra|AI_AGENT_ADMIN|||",
		"  svc-helpdesk-bot@acme.example extra|USER_ADMIN|||g-tier2",
		"  svc-reporting@acme.example extra|CUSTOM|cr-people|iam-All people|",
		"  svc-reporting@acme.example missing|CUSTOM|cr-people|iam-Payroll people|",
		"unmanaged_token fail ",
		"  legacy-import ",
		"  test, delete me ",
	}
	if diff := cmp.Diff(want, lines(report)); diff != "" {
		t.Error(diff)
	}
	summary := Summary{Pass: 2, Fail: 3, Findings: map[policy.Severity]int{"critical": 3, "high": 5, "medium": 2, "low": 0}}
	if diff := cmp.Diff(summary, report.Summary); diff != "" {
		t.Error(diff)
	}
}

func TestPendingLeaseDeclares(t *testing.T) {
	t.Parallel()
	in := acme()
	b := builder{in.Snapshot}
	b.user("svc-invoice-export", "cr-group on CI groups")
	b.token("invoice-export", "svc-invoice-export")
	mentions := func() string {
		var out []string
		for _, line := range lines(run(t, in)) {
			if strings.Contains(line, "invoice-export") {
				out = append(out, line)
			}
		}
		return strings.Join(out, "\n")
	}
	if mentions() == "" {
		t.Error("without a declaration its token is accepted")
	}
	in.Pending = []access.Lease{pendingLease()}
	if got := mentions(); got != "" {
		t.Errorf("a pending lease does not declare: %s", got)
	}
	b.user("svc-invoice-export", "cr-group on CI groups", access.RoleReadOnlyAdmin)
	if got := mentions(); strings.Count(got, "READ_ONLY_ADMIN") != 2 {
		t.Errorf("the temporary role of a closed lease is not found twice: %s", got)
	}
	in.Pending[0].State = access.StateUndone
	if got := mentions(); !strings.Contains(got, "  invoice-export ") {
		t.Errorf("an undone lease declares a token: %s", got)
	}
}

// TestIncompleteCollectionsFailClosed: each collection in turn, in each way of not being complete.
func TestIncompleteCollectionsFailClosed(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for _, name := range org.Collections() {
		for _, coverage := range []org.Coverage{{Status: org.StatusFailed, Reason: "403 E0000006"}, {Status: "truncated"}, {}} {
			in := acme()
			in.Snapshot.Coverage[name] = coverage
			report, err := Run(t.Context(), e, in)
			if err != nil {
				t.Fatal(err)
			}
			errors := 0
			for _, result := range report.Results {
				needs := strings.Contains(" "+strings.Join(result.Control.Requires, " ")+" ", " "+name+" ")
				if needs != (result.Status == StatusError) {
					t.Errorf("%s is %v: %s is %s", name, coverage, result.Control.Name, result.Status)
				}
				if needs && (!strings.Contains(result.Reason, name) || !strings.Contains(result.Reason, coverage.Reason) || len(result.Findings) > 0) {
					t.Errorf("%s is %v: %s has reason %q and %d findings", name, coverage, result.Control.Name, result.Reason, len(result.Findings))
				}
				if needs {
					errors++
				}
			}
			if errors == 0 || report.Summary.Error != errors || report.Outcome(FailOnNone) != CodeUnknown {
				t.Errorf("%s is %v: %d errors, outcome %d", name, coverage, errors, report.Outcome(FailOnNone))
			}
		}
	}
}

func TestUnusableInputIsAnErrorOfEveryControl(t *testing.T) {
	t.Parallel()
	in := acme()
	in.Snapshot.Tokens = nil
	report := run(t, in)
	if report.Summary.Error != len(report.Results) || report.Outcome(FailOnNone) != CodeUnknown {
		t.Errorf("a snapshot without a collection gives %v", lines(report))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := Run(ctx, engine(t), acme())
	if err == nil && report.Summary.Error != len(report.Results) {
		t.Errorf("an ended context gives %v", lines(report))
	}
}

func TestDeclaredProblems(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.user("svc-a")
	b.user("svc-b")
	b.Users["00u-twin"] = org.User{ID: "00u-twin", Login: "SVC-B@acme.example"}
	b.ResourceSets["iam-twin"] = org.ResourceSet{ID: "iam-twin", Label: "CI groups"}
	got := declared(b.Snapshot, []access.TokenOwner{
		owner("a", "svc-a", "Raeder", "CI groups"),
		owner("z", "00u-svc-a", "People reader", "All people"),
		owner("b", "svc-b", "cr-group", "All people"),
		owner("c", "svc-c", "", ""),
	}, nil)
	want := map[string][]string{
		"00u-svc-a": {
			`custom_role: the org has no custom role "Raeder"`,
			`duplicate: "z" declares the same account (access/z.yaml:1)`,
			`resource_set: the org has 2 of resource set "CI groups": iam-CI groups, iam-twin`,
		},
		"unresolved:svc-b@acme.example": {`account: the org has 2 of account "svc-b@acme.example": 00u-svc-b, 00u-twin`},
		"unresolved:svc-c@acme.example": {
			`account: the org has no account "svc-c@acme.example"`,
			`custom_role: the org has no custom role ""`,
			`resource_set: the org has no resource set ""`,
		},
	}
	texts := map[string][]string{}
	for key, d := range got {
		for _, p := range d.Problems {
			texts[key] = append(texts[key], p.Code+": "+p.Message)
		}
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
	in := acme()
	in.Owners = append(in.Owners, owner("gone", "svc-gone", "People reader", "All people"))
	if got := strings.Join(lines(run(t, in)), "\n"); !strings.Contains(got, "  gone account") {
		t.Errorf("a declared account that the org does not have passes:\n%s", got)
	}
}

// TestAManifestIsTheLastWordOnItsAccount, whatever a pull request that nobody closes once gave.
func TestAManifestIsTheLastWordOnItsAccount(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.user("svc-invoice-export")
	lease := pendingLease()
	manifest := owner("invoice-export", "svc-invoice-export", "Group reader", "CI groups")
	manifest.Token.Name = "invoice-export-2029"
	one := func(o access.TokenOwner) policy.Declaration {
		all := declared(b.Snapshot, []access.TokenOwner{o}, []access.Lease{lease})
		if len(all) != 1 {
			t.Errorf("%d declarations of one account", len(all))
		}
		return all["00u-svc-invoice-export"]
	}
	want := fromManifest(b.Snapshot, manifest)
	want.TokenNames = []string{"invoice-export", "invoice-export-2029"}
	if diff := cmp.Diff(want, one(manifest)); diff != "" {
		t.Errorf("of the same role, the pending token is declared beside the manifest's: %s", diff)
	}
	for _, role := range []access.Intended{
		{CustomRole: "Group reader", ResourceSet: "All people"},
		{CustomRole: "People reader", ResourceSet: "CI groups"},
		{CustomRole: "Raeder", ResourceSet: "CI groups"},
	} {
		manifest.Role = role
		if diff := cmp.Diff(fromManifest(b.Snapshot, manifest), one(manifest)); diff != "" {
			t.Errorf("%v: a pending lease of another role changes the manifest: %s", role, diff)
		}
	}
	for _, lost := range []struct{ pending, declared access.Intended }{
		{access.Intended{CustomRole: "gone", ResourceSet: "iam-CI groups"}, access.Intended{CustomRole: "lost", ResourceSet: "CI groups"}},
		{access.Intended{CustomRole: "cr-group", ResourceSet: "gone"}, access.Intended{CustomRole: "cr-group", ResourceSet: "lost"}},
	} {
		lease.Intended = access.Role{Type: access.RoleCustom, CustomRole: lost.pending.CustomRole, ResourceSet: lost.pending.ResourceSet}
		manifest.Role = lost.declared
		if got := one(manifest); len(got.TokenNames) != 1 {
			t.Errorf("two roles that the org does not have pass for the same: %v", got.TokenNames)
		}
	}
}

// TestTheNewestPendingLeaseDeclares and no other of its account does.
func TestTheNewestPendingLeaseDeclares(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.user("svc-invoice-export")
	lease := func(id string, opened time.Time, set, token string) access.Lease {
		l := pendingLease()
		l.ID, l.OpenedAt, l.Intended.ResourceSet, l.TokenName = id, opened, "iam-"+set, token
		return l
	}
	old := lease("L9", takenAt.AddDate(-1, 0, 0), "All people", "old")
	first := lease("L1", takenAt.Add(-time.Hour), "Payroll people", "first")
	second := lease("L2", takenAt.Add(-time.Hour), "CI groups", "second")
	undone := lease("L3", takenAt, "All people", "undone")
	undone.State = access.StateUndone
	for _, pending := range [][]access.Lease{{old, first, second, undone}, {undone, second, first, old}} {
		all := declared(b.Snapshot, nil, pending)
		got := all["00u-svc-invoice-export"]
		if len(all) != 1 || got.ResourceSetID != "iam-CI groups" || !slices.Equal(got.TokenNames, []string{"second"}) {
			t.Errorf("of several pending leases got %+v", all)
		}
	}
}

// only runs the audit and returns the findings about svc-x, as "control discriminator".
func only(t *testing.T, in Input) []string {
	t.Helper()
	out := []string{}
	for _, result := range run(t, in).Results {
		if result.Status == StatusError {
			t.Fatal(result.Reason)
		}
		for _, f := range result.Findings {
			if f.Resource.Name == "svc-x@acme.example" || f.Resource.Name == "x" {
				out = append(out, strings.TrimSpace(result.Control.Name+" "+f.Discriminator))
			}
		}
	}
	return out
}

// TestAnOldPullRequestExcusesNothing: the role that a lease of a year ago gave is not the one that the manifest declares.
func TestAnOldPullRequestExcusesNothing(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.user("svc-x", "cr-people on All people")
	b.token("x", "svc-x")
	lease := pendingLease()
	lease.Account = access.Account{ID: "00u-svc-x", Login: "svc-x@acme.example"}
	lease.Intended = access.Role{Type: access.RoleCustom, CustomRole: "cr-people", ResourceSet: "iam-All people"}
	lease.OpenedAt, lease.EndsAt, lease.TokenName = takenAt.AddDate(-1, 0, 0), takenAt.AddDate(-1, 0, 0), "x"
	got := only(t, Input{
		Snapshot: b.Snapshot, Settings: access.DefaultSettings(), Owners: []access.TokenOwner{owner("x", "svc-x", "cr-people", "Payroll people")},
		Pending: []access.Lease{lease}, Leases: []access.Lease{lease},
	})
	want := []string{"token_owner_role extra|CUSTOM|cr-people|iam-All people|", "token_owner_role missing|CUSTOM|cr-people|iam-Payroll people|"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLeasesThatExcuseNothing: only one that is of now, and no longer than any manifest may ask for, does.
func TestLeasesThatExcuseNothing(t *testing.T) {
	t.Parallel()
	flagged := []string{"residual_elevation open", "residual_elevation READ_ONLY_ADMIN|||"}
	for name, c := range map[string]struct {
		opened, ends time.Time
		want         []string
	}{
		"now":                     {takenAt.Add(-time.Minute), takenAt.Add(time.Minute), []string{}},
		"a clock within the skew": {takenAt.Add(access.ClockSkew), takenAt.Add(time.Hour), []string{}},
		"a clock that ran ahead":  {takenAt.Add(access.ClockSkew + time.Second), takenAt.Add(time.Hour), flagged},
		"a year ahead":            {takenAt.AddDate(1, 0, 0), takenAt.AddDate(1, 0, 0).Add(time.Hour), flagged},
		"8 hours":                 {takenAt.Add(-time.Hour), takenAt.Add(7 * time.Hour), []string{}},
		"over 8 hours":            {takenAt.Add(-time.Hour), takenAt.Add(7*time.Hour + time.Second), flagged},
		"without times":           {time.Time{}, time.Time{}, flagged},
		"in another zone": {
			takenAt.Add(-time.Minute).In(time.FixedZone("", 3600)), takenAt.Add(time.Minute).In(time.FixedZone("", -3600)), []string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder()
			b.user("svc-x", access.RoleReadOnlyAdmin)
			lease := pendingLease()
			lease.State, lease.Account = access.StateElevated, access.Account{ID: "00u-svc-x", Login: "svc-x@acme.example"}
			lease.OpenedAt, lease.EndsAt = c.opened, c.ends
			got := only(t, Input{Snapshot: b.Snapshot, Settings: access.DefaultSettings(), Leases: []access.Lease{lease}})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhatCustomRolesPermit: by the settings, and where nobody can tell.
func TestWhatCustomRolesPermit(t *testing.T) {
	t.Parallel()
	strict := access.DefaultSettings()
	strict.Elevation.ForbiddenPermissions = []string{"okta.groups.*"}
	finding := []string{"residual_elevation CUSTOM|cr-x|iam-All people|"}
	for name, c := range map[string]struct {
		permissions []string
		settings    access.Settings
		want        []string
	}{
		"reads":                 {[]string{"okta.users.read"}, access.DefaultSettings(), []string{}},
		"nothing":               {[]string{}, access.DefaultSettings(), []string{}},
		"writes":                {[]string{"okta.users.manage", "okta.users.read"}, access.DefaultSettings(), finding},
		"makes tokens":          {[]string{"okta.users.apitokens.manage"}, access.DefaultSettings(), finding},
		"not forbidden here":    {[]string{"okta.users.manage"}, strict, []string{}},
		"forbidden here":        {[]string{"okta.groups.read"}, strict, finding},
		"nobody knows":          {nil, access.DefaultSettings(), finding},
		"nobody knows, allowed": {nil, strict, finding},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder()
			b.CustomRoles["cr-x"] = org.CustomRole{ID: "cr-x", Label: "X", Permissions: c.permissions}
			b.user("svc-x", "cr-x on All people")
			in := Input{Snapshot: b.Snapshot, Settings: c.settings}
			if diff := cmp.Diff(c.want, only(t, in)); diff != "" {
				t.Errorf("not declared: %s", diff)
			}
			b.token("x", "svc-x")
			in.Owners = []access.TokenOwner{owner("x", "svc-x", "cr-x", "All people")}
			if diff := cmp.Diff(c.want, only(t, in)); diff != "" {
				t.Errorf("declared: %s", diff)
			}
		})
	}
	b := newBuilder()
	b.user("svc-x", "cr-unlisted on All people")
	if got := only(t, Input{Snapshot: b.Snapshot, Settings: strict}); len(got) != 1 {
		t.Errorf("a role that the org does not list: %v", got)
	}
}

// TestNoSettingsHideWhatPeopleMade: a token of a person's is looked at, whatever the settings call an agent.
func TestNoSettingsHideWhatPeopleMade(t *testing.T) {
	t.Parallel()
	in := acme()
	want := lines(run(t, in))
	in.Settings.Audit.AgentClients = append(in.Settings.Audit.AgentClients, org.ClientUser)
	if diff := cmp.Diff(want, lines(run(t, in))); diff != "" {
		t.Error(diff)
	}
}

func TestSameInputSameBytes(t *testing.T) {
	t.Parallel()
	e := engine(t)
	var first []byte
	for range 5 {
		in := acme()
		rand.Shuffle(len(in.Owners), func(i, j int) { in.Owners[i], in.Owners[j] = in.Owners[j], in.Owners[i] })
		report, err := Run(t.Context(), e, in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if !bytes.Equal(first, got) {
			t.Fatal(cmp.Diff(string(first), string(got)))
		}
	}
}

// BenchmarkLargeOrg audits an org of 2000 declared accounts. A rule that looks through all of a collection for each of its
// entries shows here as tens of seconds instead of one.
func BenchmarkLargeOrg(b *testing.B) {
	engine, err := policy.Load(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	in := acme()
	s := builder{in.Snapshot}
	for i := range 2000 {
		login := fmt.Sprintf("svc-x%d", i)
		s.user(login, "cr-people on All people", "APP_ADMIN")
		s.token("token-of-"+login, login)
		o := owner(login, login, "People reader", "All people")
		o.Token.Name = "token-of-" + login
		in.Owners = append(in.Owners, o)
	}
	for b.Loop() {
		report, err := Run(b.Context(), engine, in)
		if err != nil || report.Summary.Findings["high"] != 2005 {
			b.Fatalf("%+v, %v", report.Summary, err)
		}
	}
}

func TestFingerprintIsOfTheCauseOnly(t *testing.T) {
	t.Parallel()
	f := policy.Finding{Control: "C", Resource: policy.Resource{Kind: "user", ID: "u", Name: "n"}, Discriminator: "d", Message: "m"}
	same := f
	same.Message, same.Resource.Name, same.Evidence = "other", "renamed", map[string]any{"x": 1}
	if Fingerprint(f) != Fingerprint(same) {
		t.Error("the wording changes the fingerprint")
	}
	other := f
	other.Resource.ID, other.Discriminator = "ud", ""
	if Fingerprint(f) == Fingerprint(other) {
		t.Error("two causes have one fingerprint")
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	finding := func(s policy.Severity) Result {
		return Result{Status: StatusFail, Findings: []Finding{{Severity: s}}}
	}
	pass := Result{Status: StatusPass}
	for _, c := range []struct {
		failOn  FailOn
		results []Result
		want    int
	}{
		{"low", nil, CodeUnknown},
		{"none", nil, CodeUnknown},
		{"low", []Result{pass}, CodePass},
		{"low", []Result{pass, finding("low")}, CodeFindings},
		{"medium", []Result{pass, finding("low")}, CodePass},
		{"medium", []Result{finding("medium")}, CodeFindings},
		{"high", []Result{finding("critical")}, CodeFindings},
		{"critical", []Result{finding("high")}, CodePass},
		{"none", []Result{finding("critical")}, CodePass},
		{"none", []Result{finding("critical"), {Status: StatusError}}, CodeUnknown},
		{"low", []Result{{Status: ""}}, CodeUnknown},
		{"", []Result{finding("low")}, CodeFindings},
	} {
		if got := (Report{Results: c.results}).Outcome(c.failOn); got != c.want {
			t.Errorf("fail on %q, %v: got %d, want %d", c.failOn, c.results, got, c.want)
		}
	}
	for _, text := range []string{"none", "low", "medium", "high", "critical"} {
		if got, err := ParseFailOn(text); err != nil || string(got) != text {
			t.Errorf("ParseFailOn(%q) = %q, %v", text, got, err)
		}
	}
	if _, err := ParseFailOn("warning"); err == nil {
		t.Error("ParseFailOn accepts what is not a severity")
	}
}
