package admission_test

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // it is what Git names objects by
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/policy"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	got, err := admission.Admit(t.Context(), request(), engine(t), ask())
	if err != nil {
		t.Fatal(err)
	}
	if !got.Decision.Allow || len(got.Decision.Waiting) > 0 || got.Action != admission.ActionElevate || got.Owner.Name != "alpha" {
		t.Errorf("got %+v", got.Decision)
	}
	want := access.Approval{
		Repository: "acme/access", PullRequest: 7, URL: "https://github.example/acme/access/pull/7", HeadSHA: head, Requester: "dana",
		Approvers: []string{"grace"}, ApprovedAt: now.Add(-5 * time.Minute), PresentAt: now.Add(-5 * time.Minute), ManifestPath: "access/alpha.yaml", ManifestSHA256: digest(alpha),
		SettingsSHA: main,
	}
	if diff := cmp.Diff(want, got.Approval); diff != "" {
		t.Error(diff)
	}
	if want := (policy.Presence{By: "grace", How: policy.PresentByApproval, At: now.Add(-5 * time.Minute)}); got.Decision.Present != want {
		t.Errorf("present: %+v", got.Decision.Present)
	}
}

// TestRequestsAreDecidedByTheirFacts: each change of the repository or of the run denies, or waits, by the rule that it
// breaks. What the rules say is for the tests of the Rego; this is about what they are told.
func TestRequestsAreDecidedByTheirFacts(t *testing.T) {
	t.Parallel()
	e := engine(t)
	with := func(r *repo, text string) { r.trees[main]["access/settings.yaml"] = settings + text }
	for name, c := range map[string]struct {
		change func(*repo, *admission.Ask)
		want   []string
	}{
		"nothing":                {func(*repo, *admission.Ask) {}, nil},
		"pull_request_target":    {func(_ *repo, a *admission.Ask) { a.Trigger = "pull_request_target" }, []string{"trigger"}},
		"pull_request":           {func(_ *repo, a *admission.Ask) { a.Trigger = "pull_request" }, []string{"trigger"}},
		"a plan on pull_request": {func(_ *repo, a *admission.Ask) { a.Trigger, a.Plan = "pull_request", true }, nil},
		"direct review":          {func(_ *repo, a *admission.Ask) { a.Trigger = "pull_request_review" }, []string{"trigger"}},
		"direct review, allowed": {func(r *repo, a *admission.Ask) {
			a.Trigger = "pull_request_review"
			with(r, "admission: {directReview: true}\n")
		}, nil},
		"direct review, allowed by the change itself": {func(r *repo, a *admission.Ask) {
			a.Trigger = "pull_request_review"
			r.trees[head]["access/settings.yaml"] = settings + "admission: {directReview: true}\n"
		}, []string{"trigger"}},
		"scheduled":  {func(_ *repo, a *admission.Ask) { a.Trigger = "schedule" }, []string{"scheduled"}},
		"much later": {func(_ *repo, a *admission.Ask) { a.Now = now.Add(time.Hour) }, []string{"presence"}},
		"much later, and the operator is ready": {func(r *repo, a *admission.Ask) {
			a.Now = now.Add(time.Hour)
			r.comments = []access.Comment{
				{ID: 1, User: "oscar", UserType: "User", Body: "/stepdown ready\n", CreatedAt: now.Add(time.Hour), UpdatedAt: now.Add(time.Hour)},
				{ID: 2, User: "eve", UserType: "User", Body: "no, wait", CreatedAt: now.Add(time.Hour), UpdatedAt: now.Add(time.Hour)},
			}
		}, nil},
		"pushed after approval": {func(r *repo, _ *admission.Ask) {
			r.pull.HeadSHA = base
			r.trees[base] = r.trees[head]
			r.pushes["alpha"] = append(r.pushes["alpha"], access.Push{Ref: "refs/heads/alpha", After: base, Kind: "push", Actor: "dana", ActorType: "User"})
		}, []string{"approved"}},
		"pushed by the approver": {func(r *repo, _ *admission.Ask) { r.pushes["alpha"][0].Actor = "Grace" }, []string{"approved"}},
		"approved before it was retargeted": {func(r *repo, _ *admission.Ask) {
			r.bases = []access.PullRequestEvent{{ID: 1, Kind: "base_ref_changed", Actor: "dana", At: now.Add(-time.Minute)}}
		}, []string{"approved"}},
		"approved in the second in which it was retargeted": {func(r *repo, _ *admission.Ask) {
			r.bases = []access.PullRequestEvent{{ID: 1, Kind: "base_ref_changed", Actor: "dana", At: r.reviews[0].SubmittedAt}}
		}, []string{"approved"}},
		"approved after it was retargeted": {func(r *repo, _ *admission.Ask) {
			r.bases = []access.PullRequestEvent{{ID: 1, Kind: "base_ref_changed", Actor: "dana", At: r.reviews[0].SubmittedAt.Add(-time.Second)}}
		}, nil},
		"approved before it was closed and opened again": {func(r *repo, _ *admission.Ask) {
			r.bases = []access.PullRequestEvent{{ID: 1, Kind: "reopened", Actor: "dana", At: now.Add(-time.Minute)}}
		}, []string{"approved"}},
		"approved before a part of it was merged by another": {func(r *repo, _ *admission.Ask) {
			r.moved = []access.Push{{ID: 2, Before: base, After: main, Kind: "pr_merge", At: now.Add(-time.Minute)}}
			r.merges = map[string]string{base: base}
		}, []string{"approved"}},
		"approved in the second in which a part of it was merged": {func(r *repo, _ *admission.Ask) {
			r.moved = []access.Push{{ID: 2, Before: base, After: main, Kind: "pr_merge", At: r.reviews[0].SubmittedAt}}
			r.merges = map[string]string{base: base}
		}, []string{"approved"}},
		"approved before a part of it was merged, and taken elsewhere and back": {func(r *repo, _ *admission.Ask) {
			r.moved = []access.Push{{ID: 2, Before: base, After: main, Kind: "pr_merge", At: now.Add(-time.Minute)}}
			r.merges = map[string]string{base: base}
			r.pushes["alpha"] = append([]access.Push{{ID: 4, Ref: "refs/heads/alpha", Before: base, After: head, Kind: "push", Actor: "dana", ActorType: "User", At: now}}, r.pushes["alpha"]...)
		}, []string{"approved"}},
		"approved after that": {func(r *repo, _ *admission.Ask) {
			r.moved = []access.Push{{ID: 2, Before: base, After: main, Kind: "pr_merge", At: r.reviews[0].SubmittedAt.Add(-time.Second)}}
			r.merges = map[string]string{base: base}
		}, nil},
		"the default branch moved without it": {func(r *repo, _ *admission.Ask) {
			r.moved = []access.Push{{ID: 2, Before: base, After: main, Kind: "push", At: now.Add(-time.Minute)}}
		}, nil},
		"a role with a permission that is forbidden": {func(_ *repo, a *admission.Ask) {
			a.Roles = roles{permissions: []string{"okta.users.manage"}}
		}, []string{"role_permissions"}},
		"not a service account": {func(r *repo, _ *admission.Ask) { with(r, "serviceAccounts: [robot-*]\n") }, []string{"service_account"}},
		"by its id where the login decides": {func(r *repo, _ *admission.Ask) {
			with(r, "elevation:\n  roles:\n    - {role: READ_ONLY_ADMIN, accounts: [svc-beta@*], teams: [developers]}\n")
			r.trees[head]["access/alpha.yaml"] = strings.Replace(alpha, "svc-alpha@acme.example", "00u1abcdefghijklmn", 1)
		}, []string{"account_by_login"}},
		"a bot asks":        {func(r *repo, _ *admission.Ask) { r.pull.Author, r.pull.AuthorType = "x[bot]", "Bot" }, []string{"author_is_a_person"}},
		"push is not known": {func(r *repo, _ *admission.Ask) { r.pushes = nil }, []string{"pusher_known"}},
		"approver may only read": {func(r *repo, _ *admission.Ask) {
			r.people["grace"] = access.Authority{User: "grace", Permission: "read"}
		}, []string{"approved"}},
		"two approvals":   {func(r *repo, _ *admission.Ask) { with(r, "admission: {approvals: 2}\n") }, []string{"approved"}},
		"not in the team": {func(r *repo, _ *admission.Ask) { with(r, "admission: {teams: [security]}\n") }, []string{"approved"}},
		"in the team": {func(r *repo, _ *admission.Ask) {
			with(r, "admission: {teams: [security]}\n")
			r.people["grace"] = access.Authority{User: "Grace", Permission: "admin", Teams: []string{"security"}}
		}, nil},
		"more for the role": {func(r *repo, _ *admission.Ask) {
			with(r, "elevation:\n  roles:\n    - {role: READ_ONLY_ADMIN, accounts: [svc-alpha@*], approvals: 2}\n")
		}, []string{"approved"}},
		"a role that is not allowed": {func(r *repo, _ *admission.Ask) {
			r.trees[head]["access/alpha.yaml"] = strings.Replace(alpha, "window: 10m", "window: 10m\n  role: SUPER_ADMIN", 1)
		}, []string{"elevation_role"}},
		"a window that is too long": {func(r *repo, _ *admission.Ask) {
			r.trees[head]["access/alpha.yaml"] = strings.Replace(alpha, "window: 10m", "window: 30m1ms", 1)
		}, []string{"window_ceiling"}},
		"a freeze": {func(r *repo, _ *admission.Ask) {
			with(r, "admission:\n  freezes:\n    - {from: 2030-01-01T12:00:00+01:00, to: 2030-01-02T00:00:00Z, reason: x}\n")
		}, []string{"freeze"}},
		"an emergency in a freeze, with one approval": {func(r *repo, _ *admission.Ask) {
			with(r, "admission:\n  freezes:\n    - {from: 2030-01-01T12:00:00Z, to: 2030-01-02T00:00:00Z, reason: x}\n")
			r.trees[head]["access/alpha.yaml"] = strings.Replace(alpha, "window: 10m", "window: 10m\n  breakGlass: {reason: payroll}", 1)
		}, []string{"approved"}},
		"an emergency in a freeze, with two": {func(r *repo, _ *admission.Ask) {
			with(r, "admission:\n  freezes:\n    - {from: 2030-01-01T12:00:00Z, to: 2030-01-02T00:00:00Z, reason: x}\n")
			r.trees[head]["access/alpha.yaml"] = strings.Replace(alpha, "window: 10m", "window: 10m\n  breakGlass: {reason: payroll}", 1)
			r.reviews = append(r.reviews, approval(2, "ada", time.Minute))
		}, nil},
		"no rules for the branch": {func(r *repo, _ *admission.Ask) { r.rules = access.BranchRules{} }, []string{"branch_rules"}},
		"no rules are wanted": {func(r *repo, _ *admission.Ask) {
			r.rules = access.BranchRules{}
			with(r, "admission: {branchProtection: none}\n")
		}, nil},
		"an error in CODEOWNERS": {func(r *repo, _ *admission.Ask) {
			r.owners = []access.OwnersError{{Path: "CODEOWNERS", Line: 2, Kind: "Unknown owner", Message: "x"}}
		}, []string{"code_owners"}},
		"a fork with a branch of the same name": {func(r *repo, _ *admission.Ask) { r.pull.HeadRepo = "eve/access" }, []string{"not_a_fork"}},
		"no files":                              {func(r *repo, _ *admission.Ask) { r.files = nil }, []string{"one_manifest"}},
		"two manifests": {func(r *repo, _ *admission.Ask) {
			r.files = append(r.files, access.ChangedFile{Path: "access/beta.yaml", Status: "added"})
		}, []string{"one_manifest"}},
		"a rule of the repository's own in the change": {func(r *repo, _ *admission.Ask) {
			r.trees[head]["access/rules/x.rego"] = "package rules\n\ndeny contains {\"msg\": \"x\"} if true\n"
		}, nil},
		"a rule of the repository's own": {func(r *repo, _ *admission.Ask) {
			r.trees[main]["access/rules/x.rego"] = "package rules\n\ndeny contains {\"msg\": \"x\"} if true\n"
		}, []string{"custom:rules"}},
		"a rule of the repository's own below": {func(r *repo, _ *admission.Ask) {
			r.trees[main]["access/rules/old/x.rego"] = "package rules\n\ndeny contains {\"msg\": \"x\"} if true\n"
		}, nil},
		"a broken rule of the repository's own": {func(r *repo, _ *admission.Ask) { r.trees[main]["access/rules/x.rego"] = "package" }, []string{"custom"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, a := request(), ask()
			c.change(r, &a)
			got, err := admission.Admit(t.Context(), r, e, a)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]string{}, c.want...), rules(got.Decision)); diff != "" {
				t.Errorf("%s\n%+v", diff, got.Decision.Denials)
			}
			if got.Decision.Allow != (got.Approval.HeadSHA != "") {
				t.Errorf("allow %v, approval %+v", got.Decision.Allow, got.Approval)
			}
		})
	}
}

// TestWhatCannotBeReadIsADenial, which says why and which permission is missing.
func TestWhatCannotBeReadIsADenial(t *testing.T) {
	t.Parallel()
	e := engine(t)
	failures := map[string]error{
		"403":      errors.New("github: 403 Forbidden\nthe job needs `permissions: X: read`"),
		"404":      errors.New("github: 404 Not Found\nGitHub answers so also to a token that may not see it: X: read"),
		"502":      errors.New("github: 502 Bad Gateway"),
		"cut list": errors.New("the list has 3000 entries, and GitHub lists no more"),
	}
	for method, c := range map[string]struct{ fact, permission string }{
		"PullRequest":               {"pull_request", "pull-requests: read"},
		"Reviews":                   {"reviews", "pull-requests: read"},
		"Events":                    {"events", "pull-requests: read"},
		"PushesSince":               {"merge_bases", "contents: read"},
		"MergeBase":                 {"merge_bases", "contents: read"},
		"Files":                     {"files", "pull-requests: read"},
		"BranchHead":                {"declared", "contents: read"},
		"Dir access":                {"declared", "contents: read"},
		"File access/settings.yaml": {"declared", "contents: read"},
		"Dir access/rules":          {"custom_rules", "contents: read"},
		"File access/rules/x.rego":  {"custom_rules", "contents: read"},
		"File access/alpha.yaml":    {"manifest", "contents: read"},
		"BranchPushes":              {"pushes", "contents: read"},
		"Authority":                 {"authorities", "members: read"},
		"Rules":                     {"rules", "metadata: read"},
		"OwnersErrors":              {"owners_errors", "contents: read"},
		"Comments":                  {"comments", "pull-requests: read"},
	} {
		for status, failure := range failures {
			t.Run(method+" "+status, func(t *testing.T) {
				t.Parallel()
				r := request()
				r.trees[main]["access/rules/x.rego"] = "package rules\n\ndeny contains {\"msg\": \"x\"} if false\n"
				r.fail[method] = failure
				got, err := admission.Admit(t.Context(), r, e, ask())
				if err != nil {
					t.Fatal(err)
				}
				message, hint, _ := strings.Cut(failure.Error(), "\n")
				if hint == "" {
					hint = c.permission
				}
				if diff := cmp.Diff([]string{"facts_readable"}, rules(got.Decision)); diff != "" {
					t.Errorf("%s\n%+v", diff, got.Decision.Denials)
				}
				i := slices.IndexFunc(got.Decision.Denials, func(d policy.Denial) bool { return d.Field == "coverage."+c.fact })
				if i < 0 || got.Decision.Denials[i].Message != message || !strings.Contains(got.Decision.Denials[i].Hint, hint) {
					t.Errorf("got %+v", got.Decision.Denials)
				}
				if c.fact == "pull_request" && len(got.Decision.Denials) != 1 {
					t.Errorf("without the pull request, more is missed: %+v", got.Decision.Denials)
				}
			})
		}
	}
}

// TestWhatMovesWhileItIsReadIsADenial: facts of two moments do not belong together.
func TestWhatMovesWhileItIsReadIsADenial(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for name, c := range map[string]struct {
		move func(*repo)
		fact string
	}{
		"head":            {func(r *repo) { r.pull.HeadSHA = base }, "pull_request"},
		"merge":           {func(r *repo) { r.pull.State, r.pull.Merged = "closed", true }, "pull_request"},
		"draft":           {func(r *repo) { r.pull.Draft = true }, "pull_request"},
		"default branch":  {func(r *repo) { r.heads["main"] = base }, "declared"},
		"pull is deleted": {func(r *repo) { r.fail["PullRequest"] = errors.New("404") }, "pull_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request()
			r.after = func(method string) {
				if method == "Comments" {
					c.move(r)
				}
			}
			got, err := admission.Admit(t.Context(), r, e, ask())
			if err != nil || len(got.Decision.Denials) != 1 || got.Decision.Denials[0].Field != "coverage."+c.fact {
				t.Errorf("got %+v, %v", got.Decision.Denials, err)
			}
		})
	}
}

// TestAnOrgThatDoesNotAnswerIsNoDenial: nobody did anything wrong, and nothing is decided.
func TestAnOrgThatDoesNotAnswerIsNoDenial(t *testing.T) {
	t.Parallel()
	question := ask()
	question.Roles = roles{err: errors.New("503")}
	got, err := admission.Admit(t.Context(), request(), engine(t), question)
	if err == nil || !strings.Contains(err.Error(), "503") || got.Decision.Allow {
		t.Errorf("got %+v, %v", got.Decision, err)
	}
}

func TestAnEndedContextIsAnError(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for _, method := range []string{"PullRequest", "Files", "Authority", "Comments"} {
		ctx, cancel := context.WithCancel(t.Context())
		r := request()
		r.after = func(m string) {
			if m == method {
				cancel()
			}
		}
		if got, err := admission.Admit(ctx, r, e, ask()); !errors.Is(err, context.Canceled) || got.Decision.Allow {
			t.Errorf("ended after %s: %+v, %v", method, got.Decision, err)
		}
		cancel()
	}
}

// TestManifestsThatAreWrongAreErrors: what is wrong with one is an error of its own kind.
func TestManifestsThatAreWrongAreErrors(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for name, c := range map[string]struct {
		change func(*repo)
		want   string
	}{
		"no YAML":      {func(r *repo) { r.trees[head]["access/alpha.yaml"] = "{" }, "access/alpha.yaml"},
		"settings":     {func(r *repo) { r.trees[head]["access/alpha.yaml"] = settings }, "expected TokenOwner, found Settings"},
		"bad settings": {func(r *repo) { r.trees[main]["access/settings.yaml"] = "x: 1" }, "access/settings.yaml"},
		"two for one account": {func(r *repo) {
			r.trees[main]["access/beta.yaml"] = strings.Replace(alpha, "name: alpha\n", "name: beta\n", 1)
		}, "is declared twice"},
	} {
		r := request()
		c.change(r)
		got, err := admission.Admit(t.Context(), r, e, ask())
		var problems *manifest.Error
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) || got.Decision.Allow || got.Approval.HeadSHA != "" {
			t.Errorf("%s: got %+v, %v", name, got.Decision, err)
		}
	}
}

// TestNamesInCapitalsAreNotPassedOver: a file that one reader sees and another does not is read by nobody.
func TestNamesInCapitalsAreNotPassedOver(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for name, fact := range map[string]string{"access/Settings.YAML": "declared", "access/rules/x.Rego": "custom_rules"} {
		r := request()
		r.trees[main][name] = settings
		got, err := admission.Admit(t.Context(), r, e, ask())
		if err != nil || got.Decision.Allow || !strings.Contains(got.Input.Coverage[fact].Message, "lower case") {
			t.Errorf("%s: %+v, %v", name, got.Decision.Denials, err)
		}
	}
	r := request()
	for i := range 51 {
		r.trees[main]["access/rules/x"+strings.Repeat("x", i)+".rego"] = "package rules\n\ndeny contains {\"msg\": \"x\"} if false\n"
	}
	if got, err := admission.Admit(t.Context(), r, e, ask()); err != nil || !strings.Contains(got.Input.Coverage["custom_rules"].Message, "50 files") {
		t.Errorf("51 files of rules: %+v, %v", got.Decision.Denials, err)
	}
}

func TestRenamesAndMerges(t *testing.T) {
	t.Parallel()
	e := engine(t)
	renamed := request()
	renamed.files = []access.ChangedFile{{Path: "access/alpha.yaml", PreviousPath: "access/old.yaml", Status: "renamed"}}
	renamed.trees[main]["access/old.yaml"] = alpha
	merged := request()
	merged.pull.State, merged.pull.Merged = "closed", true
	merged.trees[main]["access/alpha.yaml"] = alpha
	changed := request()
	changed.pull.State, changed.pull.Merged = "closed", true
	changed.trees[main]["access/alpha.yaml"] = alpha + "# and more\n"
	gone := request()
	gone.pull.State, gone.pull.Merged = "closed", true
	for name, c := range map[string]struct {
		repo *repo
		want []string
	}{"renamed": {renamed, []string{}}, "merged": {merged, []string{}}, "changed since": {changed, []string{"merged_manifest"}}, "gone since": {gone, []string{"merged_manifest"}}} {
		got, err := admission.Admit(t.Context(), c.repo, e, ask())
		if err != nil || !slices.Equal(rules(got.Decision), c.want) {
			t.Errorf("%s: %v, %v", name, rules(got.Decision), err)
		}
	}
}

// blobSHA is what Git names a content by, as GitHub gives it.
func blobSHA(content string) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content))) //nolint:gosec // it is Git's
}

// removal is a repository with a pull request that removes a manifest, open or merged.
func removal(merged bool) *repo {
	r := request()
	r.files = []access.ChangedFile{{Path: "access/alpha.yaml", Status: "removed", BlobSHA: blobSHA(alpha)}}
	delete(r.trees[head], "access/alpha.yaml")
	r.trees[main]["access/alpha.yaml"] = alpha
	if merged {
		r.pull.State, r.pull.Merged = "closed", true
		r.trees[base] = maps.Clone(r.trees[main])
		delete(r.trees[main], "access/alpha.yaml")
		r.pushes["main"] = []access.Push{
			{ID: 3, Ref: "refs/heads/main", Before: head, After: main, Kind: "push"},
			{ID: 2, Ref: "refs/heads/main", Before: base, After: head, Kind: "pr_merge"},
			{ID: 1, Ref: "refs/heads/main", Before: strings.Repeat("0", 40), After: base, Kind: "branch_creation"},
		}
	}
	return r
}

func TestEnds(t *testing.T) {
	t.Parallel()
	e := engine(t)
	frozen := "admission:\n  freezes:\n    - {from: 2030-01-01T00:00:00Z, to: 2030-01-02T00:00:00Z, reason: x}\n"
	for name, c := range map[string]struct {
		merged bool
		change func(*repo, *admission.Ask)
		want   []string
	}{
		"open":   {false, func(*repo, *admission.Ask) {}, nil},
		"merged": {true, func(*repo, *admission.Ask) {}, nil},
		"by the clock, in a freeze": {false, func(r *repo, a *admission.Ask) {
			a.Trigger, a.Now = "schedule", now.Add(time.Hour)
			r.trees[main]["access/settings.yaml"] = settings + frozen
		}, nil},
		"not approved":                  {false, func(r *repo, _ *admission.Ask) { r.reviews = nil }, []string{"approved"}},
		"merged, and declared again":    {true, func(r *repo, _ *admission.Ask) { r.trees[main]["access/alpha.yaml"] = alpha }, []string{"merged_manifest"}},
		"closed":                        {false, func(r *repo, _ *admission.Ask) { r.pull.State = "closed" }, []string{"pull_request_open"}},
		"merged, and nobody knows when": {true, func(r *repo, _ *admission.Ask) { r.pushes["main"] = r.pushes["main"][2:] }, []string{"facts_readable"}},
		"not said what is removed":      {false, func(r *repo, _ *admission.Ask) { r.files[0].BlobSHA = "" }, []string{"facts_readable"}},
		"another manifest is there by now": {false, func(r *repo, _ *admission.Ask) {
			r.trees[main]["access/alpha.yaml"] = strings.ReplaceAll(alpha, "alpha", "beta")
		}, []string{"facts_readable"}},
		"merged, and another manifest came and went": {true, func(r *repo, _ *admission.Ask) {
			r.trees[head]["access/alpha.yaml"] = strings.ReplaceAll(alpha, "alpha", "beta")
		}, nil},
		"merged, and only another manifest was there": {true, func(r *repo, _ *admission.Ask) {
			r.trees[base]["access/alpha.yaml"] = strings.ReplaceAll(alpha, "alpha", "beta")
		}, []string{"facts_readable"}},
		"of the settings": {false, func(r *repo, _ *admission.Ask) { r.files[0].Path = "access/settings.yaml" }, []string{"only_a_manifest"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, a := removal(c.merged), ask()
			c.change(r, &a)
			got, err := admission.Admit(t.Context(), r, e, a)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]string{}, c.want...), rules(got.Decision)); diff != "" {
				t.Errorf("%s\n%+v", diff, got.Decision.Denials)
			}
			if len(c.want) == 0 && (got.Action != admission.ActionEnd || got.Owner.Name != "alpha" || got.Approval.ManifestSHA256 != digest(alpha)) {
				t.Errorf("got %s of %q, %+v", got.Action, got.Owner.Name, got.Approval)
			}
		})
	}
}

// TestWhoIsAskedAbout: every person whose review stands, with the teams of the role; nobody else.
func TestWhoIsAskedAbout(t *testing.T) {
	t.Parallel()
	r := request()
	r.trees[main]["access/settings.yaml"] = settings + "admission: {teams: [security, identity]}\n"
	bot := approval(3, "helper[bot]", time.Minute)
	bot.UserType = "Bot"
	talk := approval(4, "heidi", time.Minute)
	talk.State = "COMMENTED"
	gone := approval(5, "frank", time.Minute)
	gone.State = "DISMISSED"
	no := approval(6, "ada", time.Minute)
	no.State = "CHANGES_REQUESTED"
	r.reviews = append(r.reviews, approval(2, "GRACE", time.Minute), bot, talk, approval(9, "", time.Minute), gone, no)
	r.people["GRACE"] = access.Authority{User: "grace", Permission: "write", Teams: []string{"security"}}
	got, err := admission.Admit(t.Context(), r, engine(t), ask())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"GRACE security identity", "ada security identity"}, r.asked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"no_changes_requested"}, rules(got.Decision)); diff != "" {
		t.Error(diff)
	}

	r = request()
	r.people["grace"] = access.Authority{User: "ada", Permission: "admin"}
	if got, err := admission.Admit(t.Context(), r, engine(t), ask()); err != nil || !strings.Contains(got.Input.Coverage["authorities"].Message, "ada") {
		t.Errorf("the authority of another is believed: %+v, %v", got.Decision, err)
	}
}

// TestAForksBranchIsNotOneHere: a branch of the same name here has other pushes.
// TestMorePeopleThanAreAskedAbout: of whom nobody asked, what they may do is not known.
func TestMorePeopleThanAreAskedAbout(t *testing.T) {
	t.Parallel()
	for people, denied := range map[int][]string{100: {}, 101: {"facts_readable"}} {
		r := request()
		for i := range people - 1 { // beside grace
			user := fmt.Sprint("user", i)
			r.reviews = append(r.reviews, approval(int64(i+2), user, time.Minute))
			r.people[user] = access.Authority{User: user, Permission: "write"}
		}
		got, err := admission.Admit(t.Context(), r, engine(t), ask())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(denied, rules(got.Decision)); diff != "" {
			t.Errorf("%d people: %s", people, diff)
		}
		if len(r.asked) != 100 {
			t.Errorf("%d people: %d were asked about", people, len(r.asked))
		}
		if message := got.Input.Coverage["authorities"].Message; people > 100 && !strings.Contains(message, "more than 100 people") {
			t.Errorf("message %q", message)
		}
	}
}

func TestAForksBranchIsNotOneHere(t *testing.T) {
	t.Parallel()
	r := request()
	r.pull.HeadRepo = "eve/access"
	if got, err := admission.Admit(t.Context(), r, engine(t), ask()); err != nil || len(got.Facts.Pushes) > 0 {
		t.Errorf("a fork has the pushes %+v, %v", got.Facts.Pushes, err)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for name, c := range map[string]struct {
		change func(*repo)
		want   string
	}{
		"nothing": {func(*repo) {}, ""},
		"a comment": {func(r *repo) {
			talk := approval(2, "grace", 0)
			talk.State = "COMMENTED"
			r.reviews = append(r.reviews, talk)
		}, ""},
		"a push":       {func(r *repo) { r.pull.HeadSHA = base }, "was pushed to"},
		"a draft":      {func(r *repo) { r.pull.Draft = true }, "pull request 7 changed"},
		"closed":       {func(r *repo) { r.pull.State = "closed" }, "pull request 7 changed"},
		"another base": {func(r *repo) { r.pull.BaseRef = "x" }, "pull request 7 changed"},
		"dismissed":    {func(r *repo) { r.reviews[0].State = "DISMISSED" }, "the reviews of pull request 7 changed"},
		"changes requested": {func(r *repo) {
			r.reviews = append(r.reviews, access.Review{ID: 2, User: "heidi", State: "CHANGES_REQUESTED"})
		}, "the reviews of pull request 7 changed"},
		"review is gone":  {func(r *repo) { r.reviews = nil }, "the reviews of pull request 7 changed"},
		"deleted account": {func(r *repo) { r.reviews = append(r.reviews, access.Review{ID: 2, State: "CHANGES_REQUESTED"}) }, "the reviews of pull request 7 changed"},
		"settings":        {func(r *repo) { r.heads["main"] = base }, `branch "main"`},
		"rights are gone": {func(r *repo) {
			r.people["grace"] = access.Authority{User: "grace", Permission: "read"}
			r.people["ada"] = access.Authority{User: "ada", Permission: "read"}
		}, "approval of grace does not count"},
		"one of two rights is gone": {func(r *repo) {
			r.people["ada"] = access.Authority{User: "ada", Permission: "none"}
		}, `by now those of ["grace"]`},
		"retargeted and back": {func(r *repo) {
			r.bases = []access.PullRequestEvent{{ID: 1, Kind: "base_ref_changed", Actor: "dana", At: now.Add(-time.Minute)}}
		}, "before the base of the pull request changed"},
		"a bot pushed the same head": {func(r *repo) {
			r.pushes["alpha"] = append(r.pushes["alpha"], access.Push{ID: 2, Ref: "refs/heads/alpha", After: head, Kind: "push", Actor: "x[bot]", ActorType: "Bot"})
		}, "nobody can tell who had it push"},
		"the branch is not protected any more": {func(r *repo) { r.rules = access.BranchRules{Branch: "main"} }, "is not protected"},
		"the approval is too old":              {func(r *repo) { r.later = 24 * time.Hour }, "does not count: it is"},
		"the operator went away":               {func(r *repo) { r.later = 12 * time.Minute }, "has to wait by now: presence"},
		"no rights":                            {func(r *repo) { r.fail["Authority"] = errors.New("503") }, "503"},
		"no events":                            {func(r *repo) { r.fail["Events"] = errors.New("503") }, "503"},
		"no answer":                            {func(r *repo) { r.fail["Reviews"] = errors.New("502") }, "502"},
		"no pull request":                      {func(r *repo) { r.fail["PullRequest"] = errors.New("404") }, "404"},
		"no head":                              {func(r *repo) { r.fail["BranchHead"] = errors.New("403") }, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request()
			r.reviews = append(r.reviews, approval(9, "ada", 5*time.Minute))
			got, err := admission.Admit(t.Context(), r, e, ask())
			if err != nil || !got.Decision.Allow {
				t.Fatal(err, got.Decision)
			}
			c.change(r)
			requests := 0
			r.after = func(string) { requests++ }
			err = got.Confirm(t.Context(), r, e, now.Add(r.later))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || requests > 10 {
				t.Errorf("got %v after %d requests, want %q", err, requests, c.want)
			}
		})
	}
	r := request()
	r.reviews = nil
	got, err := admission.Admit(t.Context(), r, e, ask())
	if err != nil || got.Confirm(t.Context(), r, e, now) == nil {
		t.Errorf("what is denied is confirmed: %v", err)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	got, err := admission.Admit(t.Context(), request(), engine(t), ask())
	if err != nil {
		t.Fatal(err)
	}
	for field, line := range map[string]int{
		"request.ticket": 11, "elevation.window": 9, "elevation.breakGlass": 8, "token.zones[0]": 7, "token.zones[4]": 7, "token.x.y": 7,
		"reviews": 0, "coverage.manifest": 0, "settings.freezes": 0, "access/rules/x.rego:3": 0, "": 0,
	} {
		want := access.Position{File: "access/alpha.yaml", Line: line}
		if line == 0 {
			want = access.Position{}
		}
		if at := got.Place(policy.Denial{Field: field}); at != want {
			t.Errorf("%s is at %+v, want %+v", field, at, want)
		}
	}
	got.Owner.Fields = nil
	if at := got.Place(policy.Denial{Field: "elevation.window"}); at != got.Owner.Source {
		t.Errorf("a field that is not given is at %+v", at)
	}
	if at := (admission.Result{}).Place(policy.Denial{Field: "ticket"}); at != (access.Position{}) {
		t.Errorf("without a manifest, a field is at %+v", at)
	}
}

// TestRecordIsWhatWasDecidedOn: its JSON is the same each time, and comes to the same decision.
func TestRecordIsWhatWasDecidedOn(t *testing.T) {
	t.Parallel()
	e := engine(t)
	var records [][]byte
	for range 3 {
		r := request()
		r.comments = []access.Comment{
			{ID: 1, User: "eve", UserType: "User", Body: "what a day", CreatedAt: now, UpdatedAt: now},
			{ID: 2, User: "oscar", UserType: "User", Body: "/stepdown ready", CreatedAt: now, UpdatedAt: now},
		}
		r.trees[main]["access/rules/x.rego"] = "package rules\n\ndeny contains {\"msg\": \"x\"} if false\n"
		got, err := admission.Admit(t.Context(), r, e, ask())
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(got.Record())
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, data)
	}
	if !bytes.Equal(records[0], records[1]) || !bytes.Equal(records[0], records[2]) || bytes.Contains(records[0], []byte("null")) {
		t.Errorf("%s\n%s", records[0], records[1])
	}
	if bytes.Contains(records[0], []byte("what a day")) {
		t.Error("the record holds what people wrote to each other")
	}
	var record admission.Record
	if err := json.Unmarshal(records[0], &record); err != nil {
		t.Fatal(err)
	}
	again, err := e.Admission(t.Context(), record.Input)
	if err != nil || !again.Allow || again.Present != record.Decision.Present || record.SchemaVersion != "1" {
		t.Errorf("%+v, %v", again, err)
	}
	if len(record.Input.CustomRules) != 1 || record.Input.CustomRules[0].Path != "access/rules/x.rego" {
		t.Errorf("custom rules: %+v", record.Input.CustomRules)
	}
}

// TestExampleRule holds the example against requests that it allows and denies.
func TestExampleRule(t *testing.T) {
	t.Parallel()
	e := engine(t)
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "access", "rules", "zones.rego"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		manifest string
		fields   []string
	}{
		"with zones":              {alpha, nil},
		"without zones":           {strings.Replace(alpha, ", zones: [Corporate]", "", 1), []string{"token.zones"}},
		"approved by who answers": {strings.Replace(alpha, "team-finance", "Grace", 1), []string{"owner"}},
	} {
		r := request()
		r.trees[head]["access/alpha.yaml"] = c.manifest
		r.trees[main]["access/rules/zones.rego"] = string(data)
		got, err := admission.Admit(t.Context(), r, e, ask())
		var fields []string
		for _, d := range got.Decision.Denials {
			fields = append(fields, d.Field)
			if d.Rule != "custom:rules.zones" || got.Place(d).Line == 0 {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if err != nil || !slices.Equal(fields, c.fields) {
			t.Errorf("%s: %v, %v", name, fields, err)
		}
	}
}

func TestIsManifest(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"access/a.yaml": true, "access/a.yml": true, "access/settings.yaml": false, "access/b/a.yaml": false, "a.yaml": false, "access/a.json": false,
	} {
		if admission.IsManifest(file, "access") != want {
			t.Errorf("%s: %v", file, !want)
		}
	}
}
