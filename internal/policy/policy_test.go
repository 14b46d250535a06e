package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/policies"
)

var now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func loaded(t *testing.T) *Engine {
	t.Helper()
	engine, err := Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// violating returns an input for which every control has a finding.
func violating() AuditInput {
	s := org.NewSnapshot(org.Org{ID: "00o1", URL: "https://acme.example"}, now)
	s.Users["a"] = org.User{ID: "a", Login: "svc-a@acme.example", Status: "ACTIVE"}
	s.CustomRoles["cr1"] = org.CustomRole{ID: "cr1", Label: "Reader"}
	s.ResourceSets["iam1"] = org.ResourceSet{ID: "iam1", Label: "Some"}
	s.Groups["g"] = org.Group{ID: "g", Name: "Tier 2"}
	s.GroupMembers["g"] = []string{"a"}
	for _, a := range []org.Assignment{
		{ID: "1", PrincipalID: "a", PrincipalKind: org.PrincipalUser, Type: "READ_ONLY_ADMIN"},
		{ID: "1", PrincipalID: "g", PrincipalKind: org.PrincipalGroup, Type: "USER_ADMIN"},
		{ID: "1", PrincipalID: "0oa1", PrincipalKind: org.PrincipalClient, Type: "SUPER_ADMIN"},
	} {
		s.Assignments[a.Key()] = a
	}
	s.Apps["0oa1"] = org.App{ID: "0oa1", Label: "sync", Type: "service"}
	s.Tokens["t1"] = org.Token{ID: "t1", Name: "alpha", UserID: "a", ClientName: org.ClientUser}
	s.Tokens["t2"] = org.Token{ID: "t2", Name: "stray", UserID: "a", ClientName: org.ClientUser}
	return AuditInput{
		Snapshot: s,
		Declared: map[string]Declaration{"a": {
			Name: "alpha", Account: "svc-a@acme.example", UserID: "a", CustomRole: "Reader", CustomRoleID: "cr1",
			ResourceSet: "Some", ResourceSetID: "iam1", TokenNames: []string{"alpha"}, ElevationRole: "READ_ONLY_ADMIN",
			Origin: OriginManifest, Source: access.Position{File: "access/alpha.yaml", Line: 1},
		}},
		Leases:               map[string]Lease{},
		ServiceAccounts:      map[string]bool{"a": true},
		ForbiddenPermissions: map[string][]string{},
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range loaded(t).Catalogue() {
		got = append(got, fmt.Sprintf("%s %s %s", c.ID, c.Name, c.Severity))
		if strings.ContainsAny(c.Description+c.Remediation+c.Title, "\n") {
			t.Errorf("%s: its text has line breaks", c.ID)
		}
		for _, framework := range []string{"iso_27001", "nist_800_53", "pci_dss", "soc2", "stig"} {
			if len(c.Frameworks[framework]) == 0 {
				t.Errorf("%s maps to nothing of %s", c.ID, framework)
			}
		}
	}
	want := []string{
		"OKTA-APP-001 service_app_role high",
		"OKTA-ELV-001 residual_elevation critical", "OKTA-SWP-001 sweep_lives high",
		"OKTA-TOK-001 token_owner_role high",
		"OKTA-TOK-002 unmanaged_token medium",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEveryControlFires evaluates every control of the catalogue on an org that violates all of them.
func TestEveryControlFires(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	facts, err := engine.Facts(t.Context(), violating(), ParamsOf(access.DefaultSettings()))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, c := range engine.Catalogue() {
		findings, err := facts.Audit(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			got[c.Name] = append(got[c.Name], f.Message)
		}
	}
	want := map[string][]string{
		"residual_elevation": {
			`svc-a@acme.example holds READ_ONLY_ADMIN directly: it is the temporary role that "alpha" declares; the role can create API tokens, and no open lease gives it`,
			`svc-a@acme.example holds USER_ADMIN through the group "Tier 2": the role can create API tokens, and no open lease gives it`,
		},
		"service_app_role": {`the service app "sync" (client id 0oa1) holds SUPER_ADMIN, which nobody accepted`},
		"token_owner_role": {
			`svc-a@acme.example owns an API token and holds READ_ONLY_ADMIN directly, which is not the declared custom role "Reader" on "Some"`,
			`svc-a@acme.example owns an API token and holds USER_ADMIN through the group "Tier 2", which is not the declared custom role "Reader" on "Some"`,
			`svc-a@acme.example does not hold the custom role "Reader" on "Some" directly, which it is to hold`,
		},
		"unmanaged_token": {`the API token "stray" of svc-a@acme.example is not declared`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLeaseWithoutTimes: a lease that does not say from when to when excuses nothing, and is itself a finding.
func TestLeaseWithoutTimes(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	for name, lease := range map[string]access.Lease{
		"no end":     {Terms: access.Terms{OpenedAt: now}},
		"no opening": {Terms: access.Terms{EndsAt: now.Add(time.Hour)}},
		"neither":    {},
	} {
		lease.ID, lease.Kind, lease.State = "l", access.LeaseElevation, access.StateElevated
		lease.Account = access.Account{ID: "a", Login: "svc-a@acme.example"}
		lease.Temporary = []access.Role{{Type: access.RoleReadOnlyAdmin}}
		in := violating()
		in.Leases["l"] = LeaseInput(lease)
		findings, err := engine.Audit(t.Context(), "residual_elevation", in, ParamsOf(access.DefaultSettings()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range findings {
			got = append(got, f.Resource.Kind+" "+f.Discriminator)
		}
		if diff := cmp.Diff([]string{"lease open", "user READ_ONLY_ADMIN|||", "user USER_ADMIN|||g"}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAuditRefusesWhatItCannotRelyOn: with less than the whole input, findings would silently be none.
func TestAuditRefusesWhatItCannotRelyOn(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	params := ParamsOf(access.DefaultSettings())
	for name, c := range map[string]struct {
		control string
		change  func(*AuditInput, *Params)
		want    string
	}{
		"unknown control":          {"nothing", func(*AuditInput, *Params) {}, "no such control"},
		"empty input":              {"unmanaged_token", func(in *AuditInput, _ *Params) { *in = AuditInput{} }, "schema"},
		"a nil collection":         {"unmanaged_token", func(in *AuditInput, _ *Params) { in.Tokens = nil }, "tokens"},
		"no declared":              {"unmanaged_token", func(in *AuditInput, _ *Params) { in.Declared = nil }, "declared"},
		"no time for a sweep":      {"sweep_lives", func(_ *AuditInput, p *Params) { p.SweepWithin = "0s" }, "sweep_within"},
		"no known roles":           {"unmanaged_token", func(_ *AuditInput, p *Params) { p.KnownRoles = nil }, "known_roles"},
		"no creator roles":         {"unmanaged_token", func(_ *AuditInput, p *Params) { p.TokenCreatorRoles = nil }, "token_creator_roles"},
		"no forbidden permissions": {"residual_elevation", func(in *AuditInput, _ *Params) { in.ForbiddenPermissions = nil }, "forbidden_permissions"},
		"snapshot without time": {"residual_elevation", func(in *AuditInput, _ *Params) {
			in.TakenAt = time.Time{}
			in.Leases["l"] = Lease{ID: "l", Open: true, State: "elevated", Kind: "elevation", OpenedAt: now, EndsAt: now}
		}, "time"},
		"finding without id": {"unmanaged_token", func(in *AuditInput, _ *Params) { in.Tokens["x"] = org.Token{Name: "x"} }, "required"},
		"findings twice over": {"unmanaged_token", func(in *AuditInput, _ *Params) {
			in.Tokens["x"] = in.Tokens["t2"]
			in.Tokens["y"] = org.Token{ID: "t2", Name: "stray"}
		}, "told apart"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, p := violating(), params
			c.change(&in, &p)
			findings, err := engine.Audit(t.Context(), c.control, in, p)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %d findings and error %v, want one with %q", len(findings), err, c.want)
			}
		})
	}
}

func TestAuditEndsWithItsContext(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	facts, err := engine.Facts(t.Context(), violating(), ParamsOf(access.DefaultSettings()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if findings, err := facts.Audit(ctx, "unmanaged_token"); err == nil {
		t.Errorf("an ended context gave %d findings and no error", len(findings))
	}
}

// TestDecodeFindingFailsClosed: a finding of another shape is an error, never an empty row.
func TestDecodeFindingFailsClosed(t *testing.T) {
	t.Parallel()
	control := Control{ID: "OKTA-XXX-001"}
	good := func() map[string]any {
		return map[string]any{
			"control": "OKTA-XXX-001", "discriminator": "", "msg": "m", "evidence": map[string]any{},
			"resource": map[string]any{"kind": "user", "id": "u", "name": "n"},
		}
	}
	set := func(values ...any) rego.ResultSet {
		return rego.ResultSet{{Expressions: []*rego.ExpressionValue{{Value: values}}}}
	}
	if _, err := decodeFindings(control, set(good())); err != nil {
		t.Fatal(err)
	}
	changed := func(key string, value any) map[string]any {
		f := good()
		f[key] = value
		return f
	}
	without := func(key string) map[string]any {
		f := good()
		delete(f, key)
		return f
	}
	for name, results := range map[string]rego.ResultSet{
		"undefined":         {},
		"two results":       append(set(good()), set(good())...),
		"not a set":         {{Expressions: []*rego.ExpressionValue{{Value: map[string]any{}}}}},
		"not an object":     set("x"),
		"extra key":         set(changed("severity", "low")),
		"missing key":       set(without("discriminator")),
		"other control":     set(changed("control", "OKTA-XXX-002")),
		"empty message":     set(changed("msg", "")),
		"null evidence":     set(changed("evidence", nil)),
		"resource is text":  set(changed("resource", "u")),
		"resource lacks id": set(changed("resource", map[string]any{"kind": "user", "name": "n"})),
		"number as message": set(changed("msg", 1)),
		"indistinguishable": set(good(), changed("msg", "other")),
	} {
		if findings, err := decodeFindings(control, results); err == nil {
			t.Errorf("%s: got %v", name, findings)
		}
	}
}

// TestLoadRefuses compiles the policies with one of them made wrong.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const file = "audit/unmanaged_token/unmanaged_token.rego"
	for name, c := range map[string]struct{ old, new, want string }{
		"misspelt input":      {"input.users[token.user_id]", "input.userz[token.user_id]", "undefined ref"},
		"misspelt parameter":  {"in data.params.known_tokens", "in data.params.tokens", "undefined ref"},
		"network":             {"import data.lib.finding", "x := http.send({})\n\nimport data.lib.finding", "http.send"},
		"clock":               {"count(_namesakes(token)) > 1", "time.now_ns() > 1", "time.now_ns"},
		"unused variable":     {"owner := assignments.login(token.user_id)", "owner := 1\n\tunused := 2", "unused"},
		"no schemas":          {"#   - data.params: schema.params\n", "", "schemas"},
		"no id":               {"#   id: OKTA-TOK-002\n", "", "id"},
		"another's id":        {"OKTA-TOK-002", "OKTA-TOK-001", "is the id of"},
		"no severity":         {"severity: medium", "severity: harmless", "severity"},
		"unknown requirement": {"requires: [leases,", "requires: [leeses,", "leeses"},
		"unknown key":         {"severity: medium", "severity: medium\n#   severety: low", "severety"},
		"another package":     {"package audit.unmanaged_token", "package audit.a.b", "audit.<name>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := copied(t)
			before := string(fsys[file].Data)
			after := strings.Replace(before, c.old, c.new, 1)
			if after == before {
				t.Fatalf("%s does not hold %q", file, c.old)
			}
			fsys[file] = &fstest.MapFile{Data: []byte(after)}
			if _, err := load(t.Context(), fsys); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := load(t.Context(), fstest.MapFS{}); err == nil {
		t.Error("no policies at all load")
	}
}

func copied(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(policies.Files(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(policies.Files(), name)
		out[name] = &fstest.MapFile{Data: data}
		return errors.Join(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDigestIsOfPoliciesWithoutTests(t *testing.T) {
	t.Parallel()
	fsys := copied(t)
	digestOf := func() string {
		sources, err := sourcesOf(fsys, false)
		if err != nil {
			t.Fatal(err)
		}
		return digest(sources)
	}
	want := loaded(t).Digest()
	if got := digestOf(); got != want || len(want) != 64 {
		t.Errorf("digest %q, want %q", got, want)
	}
	fsys["lib/finding/finding_test.rego"].Data = []byte("package x")
	if digestOf() != want {
		t.Error("a test changes the digest")
	}
	fsys["lib/finding/finding.rego"].Data = append(fsys["lib/finding/finding.rego"].Data, '\n')
	if digestOf() == want {
		t.Error("a policy does not change the digest")
	}
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	if !SeverityCritical.AtLeast(SeverityHigh) || SeverityLow.AtLeast(SeverityMedium) || !SeverityLow.AtLeast(SeverityLow) {
		t.Error("severities are out of order")
	}
	if !Severity("dreadful").AtLeast(SeverityCritical) {
		t.Error("an unknown severity is passed over")
	}
	if _, err := ParseSeverity("High"); err == nil {
		t.Error("ParseSeverity accepts what is not a severity")
	}
}
