package github

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
)

// TestFactsOfTheEmulator reads every fact from a server that another hand wrote.
func TestFactsOfTheEmulator(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	ctx := t.Context()
	n, sha := openPull(hub)
	hub.Commit("other", map[string]string{"b": "b"})
	second := hub.OpenPullRequest("ben", "other", "t")
	hub.SetRole("ann", "maintain")
	hub.AddTeam("leads", "ann")
	hub.PendingMember("ops", "ann")
	hub.Protect("main", githubemu.Protection{Approvals: 2, DismissStale: true})
	hub.Protect("ma*", githubemu.Protection{Approvals: 1, LastPush: true, CodeOwners: true, NoForcePush: true, NoDeletion: true, NoUpdate: true, LinearHistory: true})
	hub.SetEnvironment("production", githubemu.Environment{Reviewers: 2, PreventSelfReview: true, Branches: []string{"main"}, Tags: []string{"v*"}})
	hub.SetWorkflows("write", true)
	hub.SetVisibility("internal")
	hub.SetAllowForking(false)
	app := with(t, hub, "ghs_app", githubemu.Token{Login: "stepdown[bot]", Type: githubemu.Installation, Permissions: map[string]string{
		"metadata": "read", "contents": "read", "members": "read", "administration": "read", "actions": "read",
	}})
	check := func(name string, want, got any, err error) {
		t.Helper()
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
	open, err := c.OpenPullRequests(ctx, "main")
	check("OpenPullRequests", []int{n, second}, open, err)
	hub.SetBase(n, "other")
	hub.SetDraft(n, true)
	hub.SetBase(n, "main")
	before := hub.Head("main")
	hub.Commit("main", map[string]string{"c": "c"})
	hub.ForcePush("mallory", "main", before)
	changes, err := c.Events(ctx, n)
	var kinds []string
	for _, change := range changes {
		kinds = append(kinds, change.Kind+" by "+change.Actor)
	}
	check("Events", []string{"base_ref_changed by rita", "base_ref_changed by rita", "base_ref_force_pushed by mallory"}, kinds, err)
	base, err := c.MergeBase(ctx, hub.Head("main"), sha)
	check("MergeBase", hub.Head("main"), base, err)
	since, err := c.PushesSince(ctx, "main", time.Now().Add(-time.Hour))
	if err != nil || len(since) == 0 || since[0].After != hub.Head("main") {
		t.Errorf("PushesSince: %+v, %v", since, err)
	}
	since, err = c.PushesSince(ctx, "main", time.Now().Add(time.Hour))
	if err != nil || len(since) != 1 || since[0].After != hub.Head("main") {
		t.Errorf("PushesSince, of the future: %+v, %v", since, err)
	}
	of, err := c.PullRequestsOf(ctx, sha)
	check("PullRequestsOf", []int{n}, of, err)
	authority, err := app.Authority(ctx, "ann", []string{"leads", "ops"})
	check("Authority", access.Authority{User: "ann", Permission: "write", Role: "maintain", Teams: []string{"leads"}}, authority, err)
	rules, err := c.Rules(ctx, "main")
	check("Rules", access.BranchRules{
		Branch: "main", Protected: true, PullRequest: true, Approvals: 2, DismissStale: true, LastPush: true, CodeOwners: true,
		NoForcePush: true, NoDeletion: true, NoUpdate: true, LinearHistory: true,
	}, rules, err)
	rules, err = c.Rules(ctx, "mars")
	if err != nil || rules.Protected || !rules.NoDeletion {
		t.Errorf("rules of a branch that is not there: %+v, %v", rules, err)
	}
	owners, err := c.OwnersErrors(ctx, sha)
	check("OwnersErrors", []access.OwnersError{}, owners, err)
	env, err := c.Environment(ctx, "production")
	check("Environment", access.Environment{
		Name: "production", Reviewers: 2, PreventSelfReview: true, Branches: []string{"main"}, Tags: []string{"v*"},
	}, env, err)
	if _, err := c.Environment(ctx, "staging"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an environment that is not there: %v", err)
	}
	flows, err := app.Workflows(ctx)
	check("Workflows", access.Workflows{DefaultPermissions: "write", CanApprove: true}, flows, err)
	_, err = c.Workflows(ctx)
	wantError(t, err, "administration: read", "GitHub App")
	facts, err := c.RepositoryFacts(ctx)
	check("RepositoryFacts", access.RepositoryFacts{FullName: "acme/okta-access", DefaultBranch: "main", Visibility: "internal"}, facts, err)
}

func TestPushesOfTheEmulator(t *testing.T) {
	t.Parallel()
	hub, c := start(t)
	ctx := t.Context()
	for i := range 250 {
		hub.CommitAs("rita", "feature/a,b", map[string]githubemu.Entry{"n": {Content: fmt.Sprint(i)}})
	}
	hub.ForcePush("mallory", "feature/a,b", hub.Head("main"))
	hub.DeleteBranch("mallory", "feature/a,b")
	got, err := c.BranchPushes(ctx, "feature/a,b")
	if err != nil || len(got) != 252 || got[0].Kind != access.PushDeletion || got[0].After != zero || got[1].Kind != access.PushForced || got[1].Actor != "mallory" || got[2].Actor != "rita" {
		t.Fatalf("%d pushes, %v", len(got), err)
	}
	for i := range len(got) - 1 {
		if got[i].Before != got[i+1].After {
			t.Fatalf("push %d does not follow the one before it", got[i].ID)
		}
	}
	if got, err := c.BranchPushes(ctx, "feature/a"); err != nil || len(got) != 0 {
		t.Errorf("a branch that never was: %v, %v", got, err)
	}
	hub.Inject(githubemu.Fault{Count: 1, Header: http.Header{"Link": {""}}})
	_, err = c.BranchPushes(ctx, "feature/a,b")
	wantError(t, err, "ends before the oldest")
}
