package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/audit"
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/internal/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

var at = time.Date(2030, 1, 1, 2, 0, 0, 0, time.UTC)

func control(id, name, title string, severity policy.Severity) policy.Control {
	return policy.Control{
		ID: id, Name: name, Title: title, Severity: severity,
		Description:      "A service account holds no role that can create API tokens outside an open lease.",
		Remediation:      "Run stepdown sweep for a lease that has outlived its end; then find out in the System Log who gave the role and what was done with it.",
		Requires:         []string{"user_roles", "users"},
		Frameworks:       map[string][]string{"soc2": {"CC6.3"}, "nist_800_53": {"AC-2", "AC-6(7)"}, "custom_book": {"7"}},
		RelatedResources: []string{},
	}
}

func finding(kind, name, msg string, severity policy.Severity) audit.Finding {
	f := policy.Finding{
		Control: "OKTA-ELV-001", Resource: policy.Resource{Kind: kind, ID: "00u1", Name: name}, Discriminator: "x", Message: msg,
		Evidence: map[string]any{"role_type": "READ_ONLY_ADMIN", "line": float64(3)},
	}
	return audit.Finding{Fingerprint: audit.Fingerprint(f), Severity: severity, Finding: f}
}

// sample is a report with all statuses.
func sample() audit.Report {
	r := audit.Report{
		SchemaVersion: audit.SchemaVersion,
		Tool:          audit.Tool{Name: "stepdown", Version: "0.1.0", PolicyDigest: strings.Repeat("ab", 32), OPA: "1.2.3"},
		Run:           audit.RunInfo{ID: "42", URL: "https://github.example/acme/access/actions/runs/42"},
		Org:           org.Org{ID: "00o1", URL: "https://acme.example"},
		FailOn:        "low",
		Snapshot:      audit.SnapshotInfo{TakenAt: at, Digest: strings.Repeat("cd", 32)},
		Results: []audit.Result{
			{
				Control: control("OKTA-ELV-001", "residual_elevation", "Residual elevated roles", policy.SeverityCritical),
				Status:  audit.StatusFail,
				Findings: []audit.Finding{
					finding("lease", "svc-ci-deployer@acme.example", "the lease L7 of svc-ci-deployer@acme.example is stuck: nothing proves that its temporary role is gone", policy.SeverityCritical),
					finding("user", "svc-ci-deployer@acme.example", "svc-ci-deployer@acme.example holds READ_ONLY_ADMIN directly: the role can create API tokens, and no open lease gives it", policy.SeverityCritical),
					finding("user", "svc-helpdesk-bot@acme.example", `svc-helpdesk-bot@acme.example holds USER_ADMIN through the group "Helpdesk tier 2": the role can create API tokens, and no open lease gives it`, policy.SeverityCritical),
				},
			},
			{
				Control: control("OKTA-TOK-001", "token_owner_role", "Token owners with other roles than the intended one", policy.SeverityHigh),
				Status:  audit.StatusError, Findings: []audit.Finding{},
				Reason: "bindings is not complete (failed): listing the members of iam1: okta: 403 E0000006 You do not have permission to access the feature you are requesting",
			},
			{
				Control: control("OKTA-TOK-002", "unmanaged_token", "API tokens that nobody declared", policy.SeverityMedium),
				Status:  audit.StatusPass, Findings: []audit.Finding{},
			},
		},
		Summary: audit.Summary{Pass: 1, Fail: 1, Error: 1, Findings: map[policy.Severity]int{"critical": 3, "high": 0, "medium": 0, "low": 0}},
	}
	for _, name := range org.Collections() {
		c := audit.Collection{Name: name, Coverage: org.Coverage{Status: org.StatusComplete, Count: 12, Calls: 3}}
		if name == org.CollectBindings {
			c.Coverage = org.Coverage{Status: org.StatusFailed, Calls: 1, Reason: "listing the members of iam1: okta: 403 E0000006 You do not have permission to access the feature you are requesting"}
		}
		r.Snapshot.Collections = append(r.Snapshot.Collections, c)
	}
	return r
}

// clean is a report in which everything passes.
func clean() audit.Report {
	r := sample()
	r.Results = r.Results[2:]
	r.Summary = audit.Summary{Pass: 1, Findings: map[policy.Severity]int{"critical": 0, "high": 0, "medium": 0, "low": 0}}
	for i := range r.Snapshot.Collections {
		r.Snapshot.Collections[i].Coverage = org.Coverage{Status: org.StatusComplete, Count: 12, Calls: 3}
	}
	return r
}

// evidence is that of an apply that went well, with something to look at.
func evidence() access.Evidence {
	when := func(seconds int) time.Time { return at.Add(time.Duration(seconds) * time.Second) }
	return access.Evidence{
		SchemaVersion: access.EvidenceSchema, Tool: "stepdown 0.1.0", OrgURL: "https://acme.example", State: access.StateClosed,
		Lease: access.Terms{
			ID: "L7", Kind: access.LeaseElevation, Account: access.Account{ID: "00u7", Login: "svc-invoice-export@acme.example"},
			Temporary: []access.Role{{Type: access.RoleReadOnlyAdmin}}, Label: "Group reader on Invoice groups",
			Intended:    access.Role{Type: access.RoleCustom, CustomRole: "cr0group", ResourceSet: "iaminvoice"},
			Declaration: "invoice-export", TokenName: "invoice-export", OpenedAt: at, EndsAt: when(900),
			Approval: &access.Approval{
				Repository: "acme/access", PullRequest: 7, URL: "https://github.example/acme/access/pull/7", HeadSHA: strings.Repeat("a1", 20),
				Requester: "dana-ops", Approvers: []string{"ada-admin", "grace-hopper"}, ApprovedAt: when(-120),
				ManifestPath: "access/invoice-export.yaml", ManifestSHA256: strings.Repeat("ef", 32), SettingsSHA: strings.Repeat("b2", 20),
				RunURL: "https://github.example/acme/access/actions/runs/42",
			},
		},
		Transitions: []access.Transition{
			{State: access.StateLeased, At: at},
			{State: access.StateReady, At: when(2)},
			{State: access.StateElevated, At: when(3), Note: "READ_ONLY_ADMIN answered and read back"},
			{State: access.StateCreated, At: when(61)},
			{State: access.StateSteppedDown, At: when(62)},
			{State: access.StateProved, At: when(74)},
			{State: access.StateClosed, At: when(75)},
		},
		Window: access.Window{
			GrantSent: when(2), GrantAnswered: when(3), TokenSeen: when(61), RevokeAnswered: when(62), Proved: when(74),
			ElevatedSeconds: 60.25, TokenPowerfulSeconds: 4,
		},
		Token:           &access.TokenEvidence{ID: "00T7", Name: "invoice-export", Created: when(58), Zones: []string{"Corporate network"}},
		EffectiveRights: "not tested: the program never held the token",
		Reads: []access.RoleReading{
			{BeganAt: at, Roles: []string{}},
			{BeganAt: when(3), Roles: []string{"CUSTOM cr0group on iaminvoice", "READ_ONLY_ADMIN"}},
			{BeganAt: when(63), Roles: []string{"CUSTOM cr0group on iaminvoice"}},
			{BeganAt: when(74), Roles: []string{"CUSTOM cr0group on iaminvoice"}},
		},
		Writes: []access.Exchange{
			{At: when(2), Method: "POST", Path: "/api/v1/users/00u7/roles", Status: 201, RequestID: "aGk1Zs9PRZ6Rtqf1Tk0aXAAABM0"},
			{At: when(61), Method: "DELETE", Path: "/api/v1/users/00u7/roles/ra1invoiceexport", Error: "EOF"},
			{At: when(62), Method: "DELETE", Path: "/api/v1/users/00u7/roles/ra1invoiceexport", Status: 204, RequestID: "bGk1Zs9PRZ6Rtqf1Tk0aXAAABM1"},
		},
		Activity: []access.Activity{
			{At: when(40), Type: "user.session.start", Target: "svc-invoice-export@acme.example", Expected: true},
			{At: when(58), Type: "system.api_token.create", Target: "invoice-export", Expected: true},
			{At: when(59), Type: "user.account.update_profile", Target: "ada.admin@acme.example"},
		},
		Residue: []string{}, Findings: []string{"user.account.update_profile on ada.admin@acme.example was not expected"},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

func render(t *testing.T, form string, r audit.Report) []byte {
	t.Helper()
	renderer, err := For(form)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := renderer(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func renderEvidence(t *testing.T, form string, e access.Evidence) []byte {
	t.Helper()
	renderer, err := EvidenceFor(form)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := renderer(&out, e); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	for form, ending := range map[string]string{FormTable: ".txt", FormMarkdown: ".md", FormJSON: ".json"} {
		golden(t, "audit"+ending, render(t, form, sample()))
		golden(t, "clean"+ending, render(t, form, clean()))
		golden(t, "evidence"+ending, renderEvidence(t, form, evidence()))
	}
	stuck := evidence()
	stuck.State, stuck.Token, stuck.Activity = access.StateStuck, nil, nil
	stuck.Window = access.Window{GrantSent: at}
	stuck.Failure = "removing role \"READ_ONLY_ADMIN\" from user \"00u7\": okta: 500"
	stuck.Residue = []string{"USER_ADMIN through the group \"Helpdesk tier 2\""}
	golden(t, "stuck.txt", renderEvidence(t, FormTable, stuck))
}

func TestSameReportSameBytes(t *testing.T) {
	t.Parallel()
	for _, form := range []string{FormTable, FormMarkdown, FormJSON} {
		first, firstEvidence := render(t, form, sample()), renderEvidence(t, form, evidence())
		for range 10 { // maps are filled anew each time, and so iterate differently
			if !bytes.Equal(first, render(t, form, sample())) || !bytes.Equal(firstEvidence, renderEvidence(t, form, evidence())) {
				t.Fatalf("%s differs from one time to the next", form)
			}
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	data := render(t, FormJSON, sample())
	got, err := ReadJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got); diff != "" {
		t.Error(diff)
	}
	for _, form := range []string{FormTable, FormMarkdown, FormJSON} {
		if !bytes.Equal(render(t, form, got), render(t, form, sample())) {
			t.Errorf("%s made again from JSON differs", form)
		}
	}
	gotEvidence, err := ReadEvidenceJSON(bytes.NewReader(renderEvidence(t, FormJSON, evidence())))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(evidence(), gotEvidence); diff != "" {
		t.Error(diff)
	}
	for name, bad := range map[string]string{
		"unknown field":   strings.Replace(string(data), `"schema_version"`, `"extra": 1, "schema_version"`, 1),
		"other version":   strings.Replace(string(data), `"schema_version": "1"`, `"schema_version": "2"`, 1),
		"second document": string(data) + "{}",
		"cut short":       string(data[:len(data)/2]),
		"null":            "null",
		"nothing":         "",
	} {
		if _, err := ReadJSON(strings.NewReader(bad)); err == nil {
			t.Errorf("%s is read as a report", name)
		}
		if _, err := ReadEvidenceJSON(strings.NewReader(bad)); err == nil {
			t.Errorf("%s is read as evidence", name)
		}
	}
}

func TestForKnowsItsForms(t *testing.T) {
	t.Parallel()
	if _, err := For("pdf"); err == nil || !strings.Contains(err.Error(), "json, markdown, table") {
		t.Errorf("got %v", err)
	}
}

// hostile are names that someone may give to a token, a group or a role.
var hostile = []string{
	"a|b", "line\nbreak", "tab\tand\rreturn", "`code`", "``` fence", "<script>alert(1)</script>", "<!-- hidden", "</details>",
	"@octocat please", "fixes #12", "[click](https://evil.example)", "![x](http://evil.example/y.png)", "https://evil.example",
	"www.evil.example", "\\| escaped", "**bold** __strong__ ~~gone~~", "&lt;b&gt;", "$\\sqrt{x}$", "\x1b[2J\x1b[31mred",
	"\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "\x1b]0;title\x1b\\x", "\x9b31m", "right\u202eleft", "zero\u200bwidth", "\u2028", "bad\xffutf8",
	"::error::x", strings.Repeat("long", 80), strings.Repeat("漢字", 60), "",
}

func hostileReport(name string) audit.Report {
	r := sample()
	r.Results[0].Findings = []audit.Finding{finding("user", name, "X"+name+" holds it", policy.SeverityCritical)} // the X keeps the message from beginning with the name
	r.Results[1].Reason = name
	r.Snapshot.Collections[0].Reason = name
	r.Org.URL = "o" + name
	return r
}

func TestTableIsHarmlessToATerminal(t *testing.T) {
	t.Parallel()
	for _, name := range hostile {
		e := evidence()
		e.Lease.Account.Login, e.Failure, e.Token.Name, e.Transitions[0].Note = name, name, name, name
		for _, out := range [][]byte{render(t, FormTable, hostileReport(name)), renderEvidence(t, FormTable, e)} {
			for _, r := range string(out) {
				if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar && utf8.ValidString(name)) {
					t.Fatalf("%q puts %U into the table", name, r)
				}
			}
			for line := range strings.Lines(string(out)) {
				if n := columns(strings.ReplaceAll(strings.NewReplacer("─", "-", "│", "|", "┌", "+", "┐", "+", "└", "+", "┘", "+", "├", "+", "┤", "+", "┬", "+", "┴", "+", "┼", "+").Replace(strings.TrimSuffix(line, "\n")), "\ufffd", "?")); n > 120 {
					t.Errorf("%q makes a line of %d columns: %s", name, n, line)
				}
			}
			if strings.Contains(string(out), "[31m") || strings.Contains(string(out), "8;;") {
				t.Errorf("%q leaves a part of its sequence: %s", name, out)
			}
		}
	}
}

// TestMarkdownIsHarmless: no name makes a line of its own, a cell, markup, HTML, a link or a mention.
func TestMarkdownIsHarmless(t *testing.T) {
	t.Parallel()
	shape := strings.Count(string(render(t, FormMarkdown, hostileReport("x"))), "\n")
	for _, name := range hostile {
		out := string(render(t, FormMarkdown, hostileReport(name)))
		if got := strings.Count(out, "\n"); got != shape {
			t.Errorf("%q makes %d lines of %d", name, got, shape)
		}
		for _, bad := range []string{"<script", "<!--", "`", " @octocat", " #12", "k](", "x](", "https://", "http://", "www.", "**bold", "\u202e", "\x1b", "$"} {
			if strings.Contains(out, bad) {
				t.Errorf("%q leaves %q in\n%s", name, bad, out)
			}
		}
		if strings.Count(out, "</details>") != strings.Count(string(render(t, FormMarkdown, hostileReport("x"))), "</details>") {
			t.Errorf("%q ends a part of the page", name)
		}
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, "| ") && strings.Contains(line, "holds it") && strings.Count(line, "|") != 3 {
				t.Errorf("%q makes other cells: %s", name, line)
			}
		}
	}
}

// TestEvidenceSaysNoMoreThanItShows: a final state without the times that prove it is not called proved.
func TestEvidenceSaysNoMoreThanItShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state  access.State
		window access.Window
		want   []string
	}{
		{access.StateClosed, access.Window{GrantSent: at, RevokeAnswered: at, Proved: at, ElevatedSeconds: 1.01}, []string{"proved to be stepped down", "1.1 s"}},
		{access.StateClosed, access.Window{GrantSent: at, RevokeAnswered: at}, []string{"NOT PROVED"}},
		{access.StateUndone, access.Window{}, []string{"undone, never elevated"}},
		{access.StateUndone, access.Window{GrantSent: at}, []string{"NOT PROVED", "not known"}},
		{access.StateStuck, access.Window{GrantSent: at, RevokeAnswered: at}, []string{"STUCK", "not known"}},
		{access.StateElevated, access.Window{GrantSent: at}, []string{"NOT FINISHED", "not known"}},
	} {
		e := evidence()
		e.State, e.Window = c.state, c.window
		out := string(renderEvidence(t, FormTable, e))
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s %+v does not say %q:\n%s", c.state, c.window, want, out[:300])
			}
		}
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"svc-a@acme.example":   "svc-a@acme.example",
		"READ_ONLY_ADMIN":      "READ_ONLY_ADMIN",
		"_x_":                  `\_x\_`,
		"@octocat":             "@\u200boctocat",
		"a|b":                  "a&#124;b",
		"`x`":                  "&#96;x&#96;",
		"<b>":                  "&#60;b&#62;",
		"[a](b)":               `\[a\](b)`,
		"#1":                   "\\#\u200b1",
		"https://evil.example": "https&#58;//evil.example",
		"a\nb":                 "a b",
	} {
		if got := escape(in); got != want {
			t.Errorf("escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLongMarkdownTablesAreCutAndSaySo(t *testing.T) {
	t.Parallel()
	r := sample()
	for range 500 {
		r.Results[0].Findings = append(r.Results[0].Findings, finding("user", "x", "y", policy.SeverityCritical))
	}
	out := string(render(t, FormMarkdown, r))
	if strings.Count(out, "\n| x | y |") >= 500 || !strings.Contains(out, "303 more rows are in the JSON") {
		t.Errorf("a long table is not cut:\n%s", out[len(out)-300:])
	}
}
