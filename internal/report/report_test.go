package report

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

func needing(c policy.Control, names ...string) policy.Control {
	c.Requires = slices.Concat(names, c.Requires)
	return c
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
				Control: needing(control("OKTA-TOK-001", "token_owner_role", "Token owners with other roles than the intended one", policy.SeverityHigh), org.CollectBindings),
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
	r.Snapshot.Unfamiliar = []string{"API token.scopes", "role assignment.conditions"}
	return r
}

// unreachable is a report of an org that does not answer, by a run that has no key for the ledger.
func unreachable() audit.Report {
	const down = "reading the org: okta: no answer (GET /.well-known/okta-organization): dial tcp: lookup acme.example: no such host"
	const noKey = "STEPDOWN_LEDGER_KEY is not set: it signs the ledger\nSet it in the environment; it is never taken from a flag."
	r := sample()
	for i, c := range r.Snapshot.Collections {
		r.Snapshot.Collections[i].Coverage = org.Coverage{Status: org.StatusFailed, Reason: down}
		if c.Name == org.CollectLeases {
			r.Snapshot.Collections[i].Coverage.Reason = noKey
		}
	}
	for i := range r.Results {
		r.Results[i].Status, r.Results[i].Findings = audit.StatusError, []audit.Finding{}
		r.Results[i].Control.Requires = org.Collections()[:8+2*i]
		r.Results[i].Reason = "the whole of it, once for each collection"
	}
	r.Summary = audit.Summary{Error: 3, Findings: map[policy.Severity]int{"critical": 0, "high": 0, "medium": 0, "low": 0}}
	return r
}

// clean is a report in which everything passes.
func clean() audit.Report {
	r := sample()
	r.Results, r.Snapshot.Unfamiliar = r.Results[2:], nil
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
			ActsAs:    access.Account{ID: "00u1", Login: "ada.admin@acme.example"},
			Temporary: []access.Role{{Type: access.RoleReadOnlyAdmin}}, Label: "Group reader on Invoice groups",
			Intended:    access.Role{Type: access.RoleCustom, CustomRole: "cr0group", ResourceSet: "iaminvoice"},
			Names:       map[string]string{"cr0group": "Group reader", "iaminvoice": "Invoice groups", "nzocorp": "Corporate network"},
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
		Token:           &access.TokenEvidence{ID: "00T7", Name: "invoice-export", Created: when(58), Zones: []string{"nzocorp", "nzoother"}},
		EffectiveRights: "not tested: the program never held the token",
		Reads: []access.RoleReading{
			{BeganAt: at, Roles: []string{}},
			{BeganAt: when(3), Roles: []string{"cr0group on iaminvoice", "READ_ONLY_ADMIN"}},
			{BeganAt: when(63), Roles: []string{"cr0group on iaminvoice"}},
			{BeganAt: when(74), Roles: []string{`"Group reader" (cr0group) on "Invoice groups" (iaminvoice)`}},
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
		Log:     &access.LogReading{From: when(-28), Until: when(80)},
		Residue: []string{}, Findings: []string{"user.account.update_profile on ada.admin@acme.example was not expected"},
	}
}

// downgrade is the evidence of a downgrade that went well, with a role that it may not remove.
func downgrade() access.Evidence {
	when := func(seconds int) time.Time { return at.Add(time.Duration(seconds) * time.Second) }
	return access.Evidence{
		SchemaVersion: access.EvidenceSchema, Tool: "stepdown 0.1.0", OrgURL: "https://acme.example", State: access.StateUndone,
		Lease: access.Terms{
			ID: "L8", Kind: access.LeaseDowngrade, Account: access.Account{ID: "00u8", Login: "svc-ci-deployer@acme.example"},
			ActsAs:    access.Account{ID: "0oa1", Login: "0oa1"},
			Temporary: []access.Role{{Type: access.RoleReadOnlyAdmin}, {Type: access.RoleCustom, CustomRole: "cr0people", ResourceSet: "iamold"}},
			Label:     "Group reader on CI groups", Intended: access.Role{Type: access.RoleCustom, CustomRole: "cr0group", ResourceSet: "iamci"},
			Names:       map[string]string{"cr0group": "Group reader", "iamci": "CI groups", "cr0people": "People reader", "00g2": "Helpdesk tier 2"},
			Declaration: "ci-deployer", OpenedAt: at, EndsAt: when(240), Run: access.Run{RunID: "42"},
		},
		Transitions: []access.Transition{
			{State: access.StateLeased, At: at},
			{State: access.StateUndoing, At: when(1), Note: "downgrade to the declared role"},
			{State: access.StateUndone, At: when(14)},
		},
		Window:          access.Window{RevokeAnswered: when(1), Proved: when(13)},
		EffectiveRights: "not tested: the program never held the token",
		Reads: []access.RoleReading{
			{BeganAt: when(0), Roles: []string{"cr0group on iamci", "cr0people on iamold", "READ_ONLY_ADMIN", "REPORT_ADMIN through group 00g2"}},
			{BeganAt: when(13), Roles: []string{"cr0group on iamci", "REPORT_ADMIN through group 00g2"}},
		},
		Writes:   []access.Exchange{{At: when(1), Method: "DELETE", Path: "/api/v1/users/00u8/roles/ra1", Status: 204, RequestID: "aGk1"}},
		Activity: []access.Activity{}, Residue: []string{"REPORT_ADMIN through group 00g2"}, Findings: []string{},
	}
}

// stuck is the evidence of a sweep that Okta refused again and again: it came to no reading.
func stuck() access.Evidence {
	when := func(seconds int) time.Time { return at.Add(time.Duration(seconds) * time.Second) }
	e := evidence()
	e.State, e.Token, e.Activity, e.Reads = access.StateStuck, nil, nil, nil
	e.Transitions = append(e.Transitions[:3:3], access.Transition{State: access.StateUndoing, At: when(901)}, access.Transition{State: access.StateStuck, At: when(960)})
	e.Window, e.Lease.AddsIntended = access.Window{GrantSent: at}, true
	e.Log, e.Findings = &access.LogReading{From: when(-28), Until: when(959)}, []string{}
	e.ReadFailure = "a removal comes before any reading, and Okta did not accept it"
	e.Failure = "removing role \"READ_ONLY_ADMIN\" from user \"00u7\": okta: 500"
	e.Residue = []string{"USER_ADMIN through the group \"Helpdesk tier 2\""}
	e.Writes = nil
	for i := range 42 {
		e.Writes = append(e.Writes, access.Exchange{
			At: when(902 + i), Method: "DELETE", Path: "/api/v1/users/00u7/roles/ra1invoiceexport", Status: 500,
			RequestID: fmt.Sprintf("aGk1Zs9PRZ6Rtqf1Tk0aXAAAB%02d", i), Error: `500 E0000009 "Internal Server Error"`,
		})
	}
	e.Writes = append(e.Writes, access.Exchange{At: when(950), Method: "DELETE", Path: "/api/v1/users/00u7/sessions", Status: 204, RequestID: "bGk1Zs9PRZ6Rtqf1Tk0aXAAABM1"})
	return e
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
	for form, ending := range map[string]string{FormTable: ".txt", FormMarkdown: ".md"} {
		golden(t, "unreachable"+ending, render(t, form, unreachable()))
		golden(t, "downgrade"+ending, renderEvidence(t, form, downgrade()))
	}
	golden(t, "summary.txt", render(t, FormSummary, sample()))
	golden(t, "evidence-summary.txt", renderEvidence(t, FormSummary, evidence()))
	golden(t, "stuck.txt", renderEvidence(t, FormTable, stuck()))
	golden(t, "stuck.md", renderEvidence(t, FormMarkdown, stuck()))
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
	if _, err := For("pdf"); err == nil || !strings.Contains(err.Error(), "json, markdown, summary, table") {
		t.Errorf("got %v", err)
	}
}

// hostile are names that someone may give to a token, a group or a role.
var hostile = []string{
	"a|b", "line\nbreak", "tab\tand\rreturn", "`code`", "``` fence", "<script>alert(1)</script>", "<!-- hidden", "</details>",
	"@octocat please", "fixes #12", "[click](https://evil.example)", "![x](http://evil.example/y.png)", "https://evil.example",
	"www.evil.example", "\\| escaped", "**bold** __strong__ ~~gone~~", "&lt;b&gt;", "$\\sqrt{x}$", "\x1b[2J\x1b[31mred",
	"\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "\x1b]0;title\x1b\\x", "\x9b31m", "right\u202eleft", "zero\u200bwidth", "\u2028", "bad\xffutf8",
	"fixes owner/repo#12", "see GH-12", "octocat/hello@deadbeef01", "at 0123456789abcdef0123456789abcdef01234567", ":white_check_mark: pass",
	"漢@octocat", "`https://evil.example`", "https://evil.example/`|<b>", "x`https://evil.example/a`b", "HTTP://EVIL.example", "https://ü.example",
	"www.ü.example", "_www.evil.example", "https://", "ftp://evil.example.", "https://evil.example/\\|x",
	"::error::x", strings.Repeat("long", 80), strings.Repeat("漢字", 60), "",
}

func hostileReport(name string) audit.Report {
	r := sample()
	r.Results[0].Findings = []audit.Finding{finding("user", name, "X"+name+" holds it", policy.SeverityCritical)} // the X keeps the message from beginning with the name
	r.Results[2].Status, r.Results[2].Reason = audit.StatusError, name                                            // nothing that it requires is missing
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

// prose takes the code spans out of Markdown, as CommonMark finds them where every run of backticks is one long, and says
// whether that was so and each span holds what nobody can mistake.
func prose(markdown string) (string, bool) {
	span := regexp.MustCompile("`[A-Za-z0-9._~/?#&=%:@+,;-]+`")
	rest := span.ReplaceAllString(markdown, "\x00")
	return rest, !strings.Contains(rest, "`") && !strings.Contains(rest, "\x00\x00")
}

// inMarkup is what cmark makes markup of, before it decodes anything; inText is what GitHub makes links and pictures of
// in the text that comes out.
const (
	inMarkup = `<script|<!--|k\]\(|x\]\(|://|www\.|\*\*bold|\$|\x{202e}|\x1b`
	inText   = `(?m)(^|[^A-Za-z0-9_])@[A-Za-z0-9]|#[0-9]|(?i:\bgh-[0-9])|(^|[\s(\[{"'@,:=])[0-9a-f]{7,64}\b|:[a-z+-][a-z0-9_+-]*:`
)

// TestMarkdownIsHarmless: no name makes a line of its own, a cell, markup, HTML, a link, a mention, a reference or a picture.
// In code spans GitHub makes none of these; that there are no others than ours is what prose tells.
func TestMarkdownIsHarmless(t *testing.T) {
	t.Parallel()
	markup, text, escaped := regexp.MustCompile(inMarkup), regexp.MustCompile(inText), regexp.MustCompile(`\\([[:punct:]])`)
	plainly := string(render(t, FormMarkdown, hostileReport("x")))
	for _, name := range hostile {
		e := evidence()
		e.Lease.Account.Login, e.Failure, e.Token.Name, e.Transitions[0].Note = name, "it: "+name, name, name
		e.Lease.Names = map[string]string{"cr0group": name, "iaminvoice": name, "nzocorp": name}
		out := string(render(t, FormMarkdown, hostileReport(name)))
		if got := strings.Count(out, "\n"); got != strings.Count(plainly, "\n") {
			t.Errorf("%q makes %d lines of %d", name, got, strings.Count(plainly, "\n"))
		}
		for _, page := range []string{out, string(renderEvidence(t, FormMarkdown, e))} {
			rest, whole := prose(page)
			if !whole {
				t.Errorf("%q makes code of its own:\n%s", name, page)
			}
			if found := markup.FindString(rest); found != "" {
				t.Errorf("%q leaves %q in\n%s", name, found, page)
			}
			if found := text.FindString(html.UnescapeString(escaped.ReplaceAllString(rest, "$1"))); found != "" {
				t.Errorf("%q shows %q in\n%s", name, found, page)
			}
		}
		if strings.Count(out, "</details>") != strings.Count(plainly, "</details>") {
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
		"svc-a@acme.example":                "svc-a@acme.example",
		"READ_ONLY_ADMIN":                   "READ_ONLY_ADMIN",
		"_x_":                               `\_x\_`,
		"@octocat":                          "@\u200boctocat",
		"a|b":                               "a&#124;b",
		"`x`":                               "&#96;x&#96;",
		"<b>":                               "&#60;b&#62;",
		"[a](b)":                            `\[a\](b)`,
		"#1":                                "\\#\u200b1",
		"a\nb":                              "a b",
		"https://acme.example":              "`https://acme.example`",
		"run https://acme.example/runs/42.": "run `https://acme.example/runs/42`.",
		"(HTTP://a.example/?q=1&x=_y_)":     "(`HTTP://a.example/?q=1&x=_y_`)",
		"https://a`b":                       "`https://a`&#96;b",
		"https://a|b":                       "`https://a`&#124;b",
		"https://ü.example":                 "https&#58;//ü.example",
		"www.a.example":                     "`www.a.example`",
		"_www.a.example":                    "\\_www&#46;a.example",
		"o/r#1":                             "o/r\\#\u200b1",
		"o/r@abcdef1, GH-7":                 "o/r@`abcdef1`, `GH-7`",
		"dev-1234567.acme.example":          "dev-1234567.acme.example",
		":x: at 02:15:00":                   ":\u200bx: at 02:15:00",
		"漢@octocat":                         "漢@\u200boctocat",
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
	if strings.Count(out, "\n| x | y |") >= 500 || !strings.Contains(out, "The JSON of this report has 303 more rows.") {
		t.Errorf("a long table is not cut:\n%s", out[len(out)-300:])
	}
}

// TestACauseIsToldOnce: however many collections have it.
func TestACauseIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, form := range []string{FormTable, FormMarkdown} {
		out := strings.Join(strings.Fields(string(render(t, form, unreachable()))), " ")
		for _, part := range strings.Split(out, "Could not be decided:")[1:] {
			part, _, _ = strings.Cut(part, "This is not a pass.")
			if n := strings.Count(part, "no such host"); n != 1 {
				t.Errorf("%s: a control tells the cause %d times: %s", form, n, part)
			}
		}
		if strings.Contains(out, "..") || strings.Contains(out, "ledger Set") {
			t.Errorf("%s joins sentences without regard to their ends:\n%s", form, out)
		}
	}
}

func TestUndecided(t *testing.T) {
	t.Parallel()
	collection := func(name, status, reason string) audit.Collection {
		return audit.Collection{Name: name, Coverage: org.Coverage{Status: status, Reason: reason}}
	}
	collections := []audit.Collection{
		collection("a", org.StatusFailed, "down"), collection("b", org.StatusFailed, "down"), collection("c", org.StatusFailed, "down"),
		collection("d", org.StatusFailed, "403\nGive it the scope."), collection("e", org.StatusComplete, "of no account"), collection("f", "truncated", ""),
	}
	for _, c := range []struct {
		requires []string
		want     string
	}{
		{[]string{"a", "b"}, "a, b are not complete: down."},
		{[]string{"c", "b", "a", "e"}, "a, b, c (3) are not complete: down."},
		{[]string{"a", "d"}, "a is not complete: down. d is not complete: 403. Give it the scope."},
		{[]string{"f", "new"}, "f is not complete: truncated. new is not complete: not collected."},
		{[]string{"e"}, "the engine said so. See there."},
	} {
		result := audit.Result{Control: policy.Control{Requires: c.requires}, Reason: "the engine said so\nSee there."}
		if got := undecided(result, collections); got != c.want {
			t.Errorf("%v: got %q, want %q", c.requires, got, c.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                             "",
		"a: b":                         "a: b",
		"it is not set\nSet it.":       "it is not set. Set it.",
		"two:\n  this\n  that":         "two: this. that",
		"a 403\nGive it.; b 403":       "a 403. Give it. b 403",
		"is that the key\nIs it?\n":    "is that the key. Is it?",
		"it was said.\nDo it again.\n": "it was said. Do it again.",
	} {
		if got := oneLine(in); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestDowngradeHasItsOwnWords: no window, no token, no approval, and no more than is proved.
func TestDowngradeHasItsOwnWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*access.Evidence)
		want   []string
	}{
		{"done", func(*access.Evidence) {}, []string{"Downgrade of svc-ci-deployer@acme.example: done, 2 roles removed, and proved"}},
		{
			"of what an audit found", func(e *access.Evidence) { e.Lease.Leftover, e.Lease.Temporary = true, e.Lease.Temporary[:1] },
			[]string{"Clearing of what an audit found left over on svc-ci-deployer@acme.example: done, 1 role removed, and proved"},
		},
		{"one role", func(e *access.Evidence) { e.Lease.Temporary = e.Lease.Temporary[:1] }, []string{"done, 1 role removed, and proved"}},
		{"no role", func(e *access.Evidence) { e.Lease.Temporary = nil }, []string{"done, no role was to be removed, and proved", "no role "}},
		{"not proved", func(e *access.Evidence) { e.Window.Proved = time.Time{} }, []string{"done, but NOT PROVED", "not known: it is not proved"}},
		{"stuck", func(e *access.Evidence) { e.State = access.StateStuck }, []string{"STUCK, it may still hold what it should not", "not known: it is not proved"}},
		{"open", func(e *access.Evidence) { e.State = access.StateUndoing }, []string{"NOT FINISHED (undoing)", "not known: it is not proved"}},
	} {
		e := downgrade()
		c.change(&e)
		for _, form := range []string{FormTable, FormMarkdown, FormSummary} {
			out := string(renderEvidence(t, form, e))
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%s, %s: it does not say %q:\n%s", c.name, form, want, out)
				}
			}
			for _, word := range []string{"levat", "Token", "Temporary", "Window", "window", "pprov"} {
				if strings.Contains(out, word) {
					t.Errorf("%s, %s: it says %q:\n%s", c.name, form, word, out)
				}
			}
		}
	}
	e := evidence()
	e.State, e.Window = access.StateUndone, access.Window{}
	if out := string(renderEvidence(t, FormTable, e)); !strings.HasPrefix(out, "Elevation of svc-invoice-export@acme.example: undone, never elevated") {
		t.Errorf("an elevation that a sweep ended: %s", out)
	}
}

// TestEvidenceShowsLabels: with the id in brackets, and the id alone where there is no label.
func TestEvidenceShowsLabels(t *testing.T) {
	t.Parallel()
	out := string(renderEvidence(t, FormMarkdown, evidence()))
	for _, want := range []string{
		`| Role that it keeps | "Group reader" (cr0group) on "Invoice groups" (iaminvoice) |`, `"Corporate network" (nzocorp), nzoother`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %s:\n%s", want, out)
		}
	}
	if strings.Contains(out, "on iaminvoice") {
		t.Errorf("it leaves an id that has a label:\n%s", out)
	}
	e := evidence()
	e.Lease.Names = nil
	if out := string(renderEvidence(t, FormMarkdown, e)); !strings.Contains(out, "Group reader on Invoice groups (CUSTOM cr0group on iaminvoice)") {
		t.Errorf("without names:\n%s", out)
	}
}

// TestSummaryIsShort: a title and a table.
func TestSummaryIsShort(t *testing.T) {
	t.Parallel()
	for _, r := range []audit.Report{sample(), clean(), unreachable()} {
		whole, short := string(render(t, FormTable, r)), string(render(t, FormSummary, r))
		if title, _, _ := strings.Cut(whole, "\n"); !strings.HasPrefix(short, title+"\n") {
			t.Errorf("another title: %s", short)
		}
		if n := strings.Count(short, "\n"); n != 7+len(r.Results) {
			t.Errorf("%d lines:\n%s", n, short)
		}
	}
	if out := string(render(t, FormSummary, unreachable())); !strings.HasPrefix(out, "Okta access audit: NOT KNOWN") {
		t.Errorf("got %s", out)
	}
}
