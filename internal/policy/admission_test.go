package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/stepdown/stepdown/internal/access"
)

func admissible() AdmissionInput {
	in := AdmissionInput{
		Now: now, Trigger: "workflow_run", Action: ActionElevate, Coverage: map[string]Reading{}, AccessDir: "./access/", SettingsSHA: "fff",
		PullRequest: access.PullRequest{
			Repository: "acme/access", Number: 7, State: "open", Author: "dana", AuthorType: "User", HeadSHA: "aaa", HeadRef: "x", HeadRepo: "acme/access",
			BaseRef: "main", DefaultBranch: "main",
		},
		Reviews: []access.Review{
			{ID: 1, User: "grace", UserType: "User", State: "APPROVED", CommitID: "aaa", SubmittedAt: now.Add(-time.Hour)},
			{ID: 2, User: "ada", UserType: "User", State: "APPROVED", CommitID: "aaa", SubmittedAt: now.Add(-time.Minute)},
		},
		Files:       []access.ChangedFile{{Path: "access/alpha.yaml", Status: "added"}},
		MergeBases:  access.MergeBases{Now: "m", Then: []access.ApprovalBase{{Review: 1, SHA: "m"}, {Review: 2, SHA: "m"}}},
		Pushes:      []access.Push{{ID: 1, Ref: "refs/heads/x", After: "aaa", Kind: "push", Actor: "dana", ActorType: "User", At: now}},
		Authorities: []access.Authority{{User: "ada", Permission: "admin"}, {User: "grace", Permission: "write"}},
		Rules:       access.BranchRules{Branch: "main", PullRequest: true, Approvals: 1},
		Manifest:    AdmissionManifest{Path: "access/alpha.yaml", SHA256: "m"},
		Request: AdmissionRequest{
			Account: "svc-a@acme.example", ElevationRole: "READ_ONLY_ADMIN", WindowSeconds: 900, Name: "alpha", Ticket: "OPS-1",
			Reason: "nightly export", Operator: "oscar", Delivery: access.DeliveryHandoff,
		},
		Settings: AdmissionSettings{
			MaxWindowSeconds: 1800, ElevationRoleAllowed: true, ApprovalsKnown: true, ServiceAccount: true, Approvals: 1, MaxApprovalAgeSeconds: 86400, PresenceSeconds: 900,
			Merge: access.MergeAllowed, BranchProtection: access.ProtectionRuleset,
		},
	}
	for _, fact := range AdmissionFacts() {
		in.Coverage[fact] = Reading{Read: true}
	}
	return in
}

// outcomes returns what became of each rule, but for those that passed.
func outcomes(d Decision) map[string]string {
	out := map[string]string{}
	for _, step := range d.Trace {
		if step.Outcome != OutcomePass {
			out[step.Rule] = step.Outcome
		}
	}
	return out
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	got, err := engine.Admission(t.Context(), admissible())
	if err != nil {
		t.Fatal(err)
	}
	idle := map[string]string{"approval_by_team": "not_applicable", "break_glass": "not_applicable", "custom": "not_applicable", "merged_manifest": "not_applicable"}
	if diff := cmp.Diff(idle, outcomes(got)); diff != "" {
		t.Error(diff)
	}
	got.Trace = nil
	want := Decision{
		Allow: true, Denials: []Denial{}, Waiting: []Denial{}, Approvers: []string{"ada", "grace"}, ApprovedAt: now.Add(-time.Minute),
		Present: Presence{By: "ada", How: PresentByApproval, At: now.Add(-time.Minute)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	in := admissible()
	in.Reviews = nil
	in.Settings.ElevationRoleAllowed = false
	got, err = engine.Admission(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(idle, map[string]string{"approved": "deny", "elevation_role": "deny", "presence": "wait"})
	if diff := cmp.Diff(idle, outcomes(got)); diff != "" {
		t.Error(diff)
	}
	got.Trace = nil
	want = Decision{Denials: []Denial{
		{
			Rule: "approved", Field: "reviews", Message: "no review approves the pull request",
			Hint: "Have people who may write to the repository, and neither wrote nor pushed it, approve the present head: it takes 1.",
		},
		{
			Rule: "elevation_role", Field: "elevation.role",
			Message: "the settings do not allow svc-a@acme.example to be given READ_ONLY_ADMIN",
			Hint:    "Ask for READ_ONLY_ADMIN, or have the role allowed for this account in the settings on the default branch.",
		},
	}, Waiting: []Denial{}, Approvers: []string{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAdmissionCases says which case of the Rego tests is wrong; their own test only says that one is.
func TestAdmissionCases(t *testing.T) {
	t.Parallel()
	results, err := rego.New(rego.Query("data.admission_test.wrong"), rego.Compiler(compileAll(t))).Eval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	value, err := single(results)
	if err != nil {
		t.Fatal(err)
	}
	for name, what := range value.(map[string]any) {
		t.Errorf("%s: wrong %v", name, what)
	}
}

func TestAdmissionWithoutFactsFailsClosed(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	for name, in := range map[string]AdmissionInput{"nothing at all": {}, "nothing but the time": {Now: now}} {
		got, err := engine.Admission(t.Context(), in)
		if err == nil && got.Allow {
			t.Errorf("%s is admitted: %+v", name, got)
		}
	}
	for _, fact := range AdmissionFacts() {
		in := admissible()
		in.Coverage[fact] = Reading{Message: "403", Hint: "give it"}
		got, err := engine.Admission(t.Context(), in)
		want := []Denial{{Rule: "facts_readable", Field: "coverage." + fact, Message: "403", Hint: "give it"}}
		if err != nil || got.Allow || !slices.Equal(got.Denials, want) {
			t.Errorf("without %s: %+v, %v", fact, got.Denials, err)
		}
	}
	in := admissible()
	in.Reviews[0].SubmittedAt = time.Time{}
	got, err := engine.Admission(t.Context(), in)
	if err != nil || !slices.Equal(got.Approvers, []string{"ada"}) {
		t.Errorf("a review without a time counts, or costs the others: %+v, %v", got, err)
	}
	in.Reviews[1].SubmittedAt = time.Time{}
	got, err = engine.Admission(t.Context(), in)
	if err != nil || got.Allow || len(got.Denials) != 2 {
		t.Errorf("two reviews without a time: %+v, %v", got, err)
	}
	in = admissible()
	in.Now = time.Time{}
	if got, err := engine.Admission(t.Context(), in); err == nil {
		t.Errorf("without the present time: %+v", got)
	}
}

// TestDecodeDecisionFailsClosed: whatever is not exactly a decision is an error.
func TestDecodeDecisionFailsClosed(t *testing.T) {
	t.Parallel()
	step := func(rule, outcome string) map[string]any {
		return map[string]any{"rule": rule, "title": "t", "facts": []any{"f"}, "outcome": outcome}
	}
	good := map[string]any{
		"allow": true, "denials": []any{}, "waiting": []any{}, "approvers": []any{"grace"}, "approved_at": "2030-01-01T11:00:00Z",
		"present": map[string]any{"by": "", "how": "", "at": ""}, "trace": []any{step("r", "pass")},
	}
	denial := map[string]any{"rule": "r", "field": "f", "msg": "m", "hint": "h"}
	mute := map[string]any{"rule": "r", "field": "f", "msg": " ", "hint": "h"}
	here := map[string]any{"by": "grace", "how": "approval", "at": "2030-01-01T11:00:00Z"}
	result := func(value any) rego.ResultSet {
		return rego.ResultSet{{Expressions: []*rego.ExpressionValue{{Value: value}}}}
	}
	if _, err := decodeDecision(result(good)); err != nil {
		t.Fatal(err)
	}
	change := func(pairs ...any) rego.ResultSet {
		d := maps.Clone(good)
		for i := 0; i < len(pairs); i += 2 {
			d[pairs[i].(string)] = pairs[i+1]
		}
		return result(d)
	}
	missing := maps.Clone(good)
	delete(missing, "denials")
	denied := []any{step("r", "deny")}
	waits := []any{step("r", "wait")}
	for name, ok := range map[string]rego.ResultSet{
		"denied":  change("allow", false, "denials", []any{denial}, "trace", denied),
		"waiting": change("waiting", []any{denial}, "trace", waits),
		"present": change("present", here),
	} {
		if _, err := decodeDecision(ok); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, results := range map[string]rego.ResultSet{
		"undefined":             {},
		"true":                  result(true),
		"missing key":           result(missing),
		"extra key":             change("ttl", 1),
		"allow is text":         change("allow", "true"),
		"denials are null":      change("denials", nil),
		"denial lacks a key":    change("denials", []any{map[string]any{"rule": "r"}}),
		"denial says nothing":   change("allow", false, "denials", []any{mute}, "trace", denied),
		"allow with denials":    change("denials", []any{denial}, "trace", denied),
		"deny without denials":  change("allow", false),
		"allow without anybody": change("approvers", []any{}),
		"allow without a time":  change("approved_at", ""),
		"garbled time":          change("approved_at", "yesterday"),
		"denied and waiting":    change("allow", false, "denials", []any{denial}, "trace", denied, "waiting", []any{denial}),
		"denied and present":    change("allow", false, "denials", []any{denial}, "trace", denied, "present", here),
		"present and waiting":   change("waiting", []any{denial}, "trace", waits, "present", here),
		"present somehow":       change("present", map[string]any{"by": "grace", "how": "spirit", "at": "2030-01-01T11:00:00Z"}),
		"present at no time":    change("present", map[string]any{"by": "grace", "how": "comment", "at": ""}),
		"present without how":   change("present", map[string]any{"by": "grace"}),
		"not in the trace":      change("allow", false, "denials", []any{denial}),
		"another in the trace":  change("allow", false, "denials", []any{denial}, "trace", []any{step("x", "deny")}),
		"denies in the trace":   change("trace", denied),
		"waits in the trace":    change("trace", waits),
		"waits, and not there":  change("waiting", []any{denial}),
		"twice in the trace":    change("trace", []any{step("r", "pass"), step("r", "pass")}),
		"strange outcome":       change("trace", []any{step("r", "fine")}),
		"trace is an object":    change("trace", step("r", "pass")),
	} {
		if decision, err := decodeDecision(results); err == nil {
			t.Errorf("%s: got %+v", name, decision)
		}
	}
}

const customHeader = "package rules.zones\n\n"

// TestCustomRulesDeny, and cannot do anything else.
func TestCustomRulesDeny(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	const file = "access/rules/zones.rego"
	decide := func(source string) Decision {
		t.Helper()
		d, err := engine.AdmissionWith(t.Context(), admissible(), map[string][]byte{
			file: []byte(source), "access/rules/a.rego": []byte("package rules.a\n\ndeny contains {\"msg\": \"never\"} if false\n"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	silent := decide(customHeader + "deny contains {\"msg\": \"a token needs a zone\"} if count(input.request.zones) > 0\n")
	if !silent.Allow || outcomes(silent)["custom"] != "" || outcomes(silent)["custom:rules.zones"] != "" {
		t.Errorf("rules that deny nothing: %+v", silent)
	}
	rules := func(d Decision) (out []string) {
		for _, step := range d.Trace[len(d.Trace)-3:] {
			out = append(out, step.Rule+" "+step.Outcome)
		}
		return out
	}
	if diff := cmp.Diff([]string{"custom pass", "custom:rules.a pass", "custom:rules.zones pass"}, rules(silent)); diff != "" {
		t.Error(diff)
	}
	loud := decide(customHeader + `deny contains {"msg": "a token needs a zone", "field": "token.zones"} if count(input.request.zones) == 0

deny contains {"msg": sprintf("by %s", [input.pull_request.author]), "hint": "ask another"} if true
`)
	want := []Denial{
		{Rule: "custom:rules.zones", Field: file, Message: "by dana", Hint: "ask another"},
		{Rule: "custom:rules.zones", Field: "token.zones", Message: "a token needs a zone", Hint: "It is a rule of this repository, in " + file + " on the default branch."},
	}
	if diff := cmp.Diff(want, loud.Denials); diff != "" || loud.Allow || loud.Present != (Presence{}) {
		t.Errorf("allow %v, present %v: %s", loud.Allow, loud.Present, diff)
	}
	if diff := cmp.Diff([]string{"custom pass", "custom:rules.a pass", "custom:rules.zones deny"}, rules(loud)); diff != "" {
		t.Error(diff)
	}
}

// TestCustomRulesFailClosed: a file that cannot be asked denies, and says where it is wrong.
func TestCustomRulesFailClosed(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	for name, c := range map[string]struct{ source, place, want string }{
		"not Rego":            {customHeader + "deny if if", ":3", "not Rego"},
		"empty":               {"", ":1", "empty"},
		"a comment":           {"# nothing\n", ":1", "empty"},
		"the built-in":        {"package admission\n\n_denials contains 1 if false\n", ":1", `package is "admission"`},
		"another package":     {"package rulesx\n\ndeny contains {\"msg\": \"x\"} if false\n", ":1", `package is "rulesx"`},
		"no deny":             {customHeader + "allow := true\n", ":1", "no rule deny"},
		"deny is a value":     {customHeader + "deny := []\n", ":3", "deny is not a set"},
		"deny is an object":   {customHeader + "deny[x] := 1 if some x in [\"a\"]\n", ":3", "deny is not a set"},
		"deny is text":        {customHeader + "deny contains \"x\" if true\n", ":1", "not an object"},
		"no msg":              {customHeader + "deny contains {\"hint\": \"x\"} if true\n", ":1", "without msg"},
		"another key":         {customHeader + "deny contains {\"msg\": \"x\", \"rule\": \"approved\"} if true\n", ":1", `"rule"`},
		"empty msg":           {customHeader + "deny contains {\"msg\": \" \"} if true\n", ":1", `"msg"`},
		"msg is a number":     {customHeader + "deny contains {\"msg\": 1} if true\n", ":1", `"msg"`},
		"misspelt field":      {customHeader + "deny contains {\"msg\": \"x\"} if input.request.zone == 1\n", ":3", "undefined ref: input.request.zone"},
		"misspelt below list": {customHeader + "deny contains {\"msg\": \"x\"} if {\n\tsome r in input.reviews\n\tr.usr == 1\n}\n", ":5", "undefined ref"},
		"network":             {customHeader + "deny contains {\"msg\": \"x\"} if http.send({}).status_code == 1\n", ":3", "http.send"},
		"clock":               {customHeader + "deny contains {\"msg\": \"x\"} if time.now_ns() > 1\n", ":3", "time.now_ns"},
		"reads the built-in":  {customHeader + "deny contains {\"msg\": \"x\"} if not data.admission.decision.allow\n", ":3", "data.admission"},
		"reads another":       {customHeader + "deny contains {\"msg\": \"x\"} if data.rules.a.deny\n", ":3", "data.rules.a"},
		"imports another":     {customHeader + "import data.lib.instants\n\ndeny contains {\"msg\": \"x\"} if instants.of(\"\") == 1\n", ":3", "data.lib.instants"},
		"unused variable":     {customHeader + "deny contains {\"msg\": \"x\"} if {\n\ty := 1\n}\n", ":4", "unused"},
		"error":               {customHeader + "deny contains {\"msg\": \"x\"} if 1 / count(input.comments) == 1\n", ":3", "divide by zero"},
		"conflict":            {customHeader + "x := y if some y in [1, 2]\n\ndeny contains {\"msg\": \"x\"} if x == 1\n", ":3", "conflicting"},
		"too many":            {customHeader + "deny contains {\"msg\": sprintf(\"%d\", [i])} if some i in numbers.range(1, 101)\n", ":1", "101 times"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := engine.AdmissionWith(t.Context(), admissible(), map[string][]byte{"access/rules/x.rego": []byte(c.source)})
			if err != nil {
				t.Fatal(err)
			}
			if got.Allow || len(got.Denials) != 1 || outcomes(got)["custom"] != OutcomeDeny {
				t.Fatalf("got %+v", got)
			}
			d := got.Denials[0]
			if d.Rule != "custom" || d.Field != "access/rules/x.rego"+c.place || !strings.Contains(d.Message, c.want) || strings.Contains(d.Message, "\n") {
				t.Errorf("got %+v", d)
			}
		})
	}
}

// TestCustomRulesThatDoNotEndFailClosed: what takes too long denies; an ended context is an error.
func TestCustomRulesThatDoNotEndFailClosed(t *testing.T) {
	t.Parallel()
	engine := loaded(t)
	const endless = customHeader + `deny contains {"msg": "x"} if {
	some a in numbers.range(1, 100000)
	some b in numbers.range(1, 100000)
	a + b == 0
}
`
	files := map[string][]byte{"access/rules/x.rego": []byte(endless)}
	got, err := engine.AdmissionWith(t.Context(), admissible(), files)
	if err != nil || got.Allow || len(got.Denials) != 1 || !strings.Contains(got.Denials[0].Message, "not done after 5s") {
		t.Errorf("got %+v, %v", got.Denials, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if got, err := engine.AdmissionWith(ctx, admissible(), files); err == nil {
		t.Errorf("an ended context gave %+v", got)
	}
}

// TestAdmissionInputIsTheSameEachTime: the record of a decision has no nil lists and no time zones.
func TestAdmissionInputIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	in := admissible()
	before := fmt.Sprintf("%+v", in)
	first, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	there := in
	zone := time.FixedZone("there", 7200)
	there.Now = in.Now.In(zone)
	there.Reviews = slices.Clone(in.Reviews)
	for i := range there.Reviews {
		there.Reviews[i].SubmittedAt = there.Reviews[i].SubmittedAt.In(zone)
	}
	second, err := json.Marshal(there)
	if err != nil || !bytes.Equal(first, second) || bytes.Contains(first, []byte("null")) {
		t.Errorf("%v\n%s\n%s", err, first, second)
	}
	if after := fmt.Sprintf("%+v", in); after != before {
		t.Errorf("encoding changed the input:\n%s\n%s", before, after)
	}
}
