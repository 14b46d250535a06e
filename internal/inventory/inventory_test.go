package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stepdown/stepdown/internal/org"
)

var takenAt = time.Date(2025, 3, 1, 2, 0, 0, 0, time.UTC)

func collect(t *testing.T, m *memory) org.Snapshot {
	t.Helper()
	snap, err := Collect(t.Context(), m, scope(), takenAt)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func TestACompleteSnapshot(t *testing.T) {
	t.Parallel()
	m := acme()
	snap := collect(t, m)
	if got := broken(snap); len(got) > 0 {
		t.Errorf("not complete: %v", got)
	}
	if snap.Org != m.org || !snap.TakenAt.Equal(takenAt) || snap.SchemaVersion != org.SnapshotSchema {
		t.Errorf("snapshot of %+v at %v, schema %q", snap.Org, snap.TakenAt, snap.SchemaVersion)
	}
	wantAssignments := []string{
		"00g-bound|CUSTOM|cr0-1|iam-1|", "00g-helpdesk|USER_ADMIN|||", "00u-ada|SUPER_ADMIN|||", "00u-bound|CUSTOM|cr0-1|iam-1|",
		"00u-declared|USER_ADMIN|||00g-helpdesk", "00u-gone|AI_AGENT_ADMIN|||", "0oa-sync|CUSTOM|cr0-1|iam-1|",
	}
	if diff := cmp.Diff(wantAssignments, slices.Sorted(maps.Keys(snap.Assignments))); diff != "" {
		t.Errorf("assignments (-want +got):\n%s", diff)
	}
	wantMembers := map[string][]string{"00g-helpdesk": {"00u-declared", "00u-member"}, "00g-bound": {}}
	if diff := cmp.Diff(wantMembers, snap.GroupMembers); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if snap.Users["00u-gone"].Status != "DEPROVISIONED" {
		t.Errorf("a principal that the list leaves out is missing: %v", snap.Users["00u-gone"])
	}
	counts := map[string]string{}
	for name, c := range snap.Coverage {
		counts[name] = fmt.Sprint(c.Count, "/", c.Calls)
	}
	want := map[string]string{
		"users": "8/3", "groups": "4/1", "group_members": "2/2", "group_roles": "2/3", "user_roles": "4/7", "custom_roles": "1/1",
		"resource_sets": "2/1", "bindings": "1/2", "tokens": "3/1", "leases": "0/0", "sweeps": "0/0", "apps": "2/1", "app_roles": "1/2",
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("count/calls (-want +got):\n%s", diff)
	}
}

func TestOnlyThePrincipalsThatMatterAreRead(t *testing.T) {
	t.Parallel()
	m := acme()
	collect(t, m)
	for method, want := range map[string][]string{
		"UserRoles":    {"00u-ada", "00u-bound", "00u-declared", "00u-gone", "00u-owner", "00u-svc"},
		"GroupRoles":   {"00g-bound", "00g-helpdesk", "00g-unsaid"},
		"GroupMembers": {"00g-bound", "00g-helpdesk"},
		"User":         {"00u-gone", "absent@acme.example"},
		"AppRoles":     {"0oa-idle", "0oa-sync"},
		"Bindings":     {"iam-1", "iam-2"},
		"Users":        {""},
	} {
		if diff := cmp.Diff(want, m.called(method)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", method, diff)
		}
	}
}

func TestEachFailingCallFailsItsCollectionsClosed(t *testing.T) {
	t.Parallel()
	for call, want := range map[string][]string{
		"Users":                     {"user_roles", "users"},
		"User 00u-gone":             {"users"},
		"User absent@acme.example":  {"user_roles", "users"},
		"Groups":                    {"group_members", "group_roles", "groups"},
		"GroupMembers 00g-helpdesk": {"group_members"},
		"GroupRoles 00g-unsaid":     {"group_members", "group_roles"},
		"RoleAssignees":             {"user_roles"},
		"UserRoles 00u-bound":       {"user_roles"},
		"CustomRoles":               {"custom_roles"},
		"ResourceSets":              {"bindings", "resource_sets"},
		"Bindings iam-2":            {"bindings"},
		"Tokens":                    {"tokens"},
		"Apps":                      {"app_roles", "apps"},
		"AppRoles 0oa-idle":         {"app_roles"},
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			m := acme()
			m.failures[call] = fmt.Errorf("asking: %w\nsecond line", errForbidden)
			got := broken(collect(t, m))
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
				t.Fatalf("incomplete collections (-want +got):\n%s\n%v", diff, got)
			}
			named := false
			for collection, reason := range got {
				named = named || strings.Contains(reason, "E0000006")
				if reason == "" || strings.Contains(reason, "\n") {
					t.Errorf("the reason of %s is %q", collection, reason)
				}
			}
			if !named {
				t.Errorf("no reason gives Okta's answer: %v", got)
			}
		})
	}
}

func TestAPanicOfOneCallFailsItsCollectionAndLosesNoOther(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		"UserRoles 00u-svc": org.CollectUserRoles,
		"Tokens":            org.CollectTokens,
	} {
		m := acme()
		m.panics = call
		snap := collect(t, m)
		if got := broken(snap); len(got) != 1 || !strings.Contains(got[want], "a broken answer") {
			t.Errorf("%s: incomplete are %v", call, got)
		}
		if _, kept := snap.Assignments["00u-bound|CUSTOM|cr0-1|iam-1|"]; !kept {
			t.Errorf("%s: what others answered is lost", call)
		}
	}
	m := acme()
	m.panics = "Org"
	if _, err := Collect(t.Context(), m, scope(), takenAt); err == nil {
		t.Error("a panic while the org was read is no error")
	}
}

func TestManyFailuresAreSummed(t *testing.T) {
	t.Parallel()
	m := acme()
	m.failures["UserRoles"] = errForbidden
	want := `roles of user "00u-ada": okta: 403 E0000006 "You do not have permission" (and 5 more of 6 failed)`
	if got := broken(collect(t, m))[org.CollectUserRoles]; got != want {
		t.Errorf("reason is\n%s\nwant\n%s", got, want)
	}
}

func TestNothingIsKnown(t *testing.T) {
	t.Parallel()
	m := acme()
	m.failures["Org"] = errForbidden
	if snap, err := Collect(t.Context(), m, scope(), takenAt); !errors.Is(err, errForbidden) || snap.Coverage != nil {
		t.Errorf("org unreadable: %v", err)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the run was cancelled")
	m = acme()
	m.onCall = func(call string, _ int) {
		if call == "Bindings iam-1" {
			cancel(cause)
		}
	}
	snap, err := Collect(ctx, m, scope(), takenAt)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || snap.Coverage != nil {
		t.Errorf("cancelled: %v", err)
	}
	if calls := m.called("UserRoles"); len(calls) > 0 {
		t.Errorf("after the end it still asked for %v", calls)
	}
}

func TestTheSnapshotDoesNotDependOnTheOrderOfAnswers(t *testing.T) {
	t.Parallel()
	var first []byte
	for i := range 8 {
		m := acme()
		m.failures["UserRoles 00u-svc"], m.failures["UserRoles 00u-ada"], m.failures["GroupRoles"] = errForbidden, errForbidden, errForbidden
		m.delay = time.Duration(i%3) * time.Millisecond
		if i%2 == 1 {
			slices.Reverse(m.users)
			slices.Reverse(m.groups)
			slices.Reverse(m.assignees)
			slices.Reverse(m.members["00g-helpdesk"])
		}
		got, err := json.Marshal(collect(t, m))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if string(got) != string(first) {
			t.Fatalf("run %d differs:\n%s\n%s", i, got, first)
		}
		if m.busiest > 3*parallel {
			t.Errorf("%d calls at once, more than %d of each kind", m.busiest, parallel)
		}
	}
}

func TestCallsAreMadeTogether(t *testing.T) {
	t.Parallel()
	m := acme()
	m.delay = 5 * time.Millisecond
	collect(t, m)
	if m.busiest < 2 {
		t.Error("one call at a time")
	}
}

func TestAGroupThatOnlyAUsersRolesNameIsRead(t *testing.T) {
	t.Parallel()
	m := acme()
	m.groups[1].HasAdminRoles = said(false) // Okta's flag is wrong
	snap := collect(t, m)
	if got := broken(snap); len(got) > 0 {
		t.Errorf("not complete: %v", got)
	}
	if diff := cmp.Diff([]string{"00u-declared", "00u-member"}, snap.GroupMembers["00g-helpdesk"]); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestAnAccountIsFoundByItsIDOrItsLogin(t *testing.T) {
	t.Parallel()
	m := acme()
	s := Scope{Accounts: []string{"GONE@acme.example", "00u-bob", "00u-nobody"}}
	snap, err := Collect(t.Context(), m, s, takenAt)
	if err != nil {
		t.Fatal(err)
	}
	if got := broken(snap); len(got) > 0 {
		t.Errorf("not complete: %v", got)
	}
	if _, found := snap.Users["00u-gone"]; !found {
		t.Error("an account that the list leaves out was not found")
	}
	if !slices.Contains(m.called("UserRoles"), "00u-bob") || slices.Contains(m.called("UserRoles"), "00u-nobody") {
		t.Errorf("roles were read of %v", m.called("UserRoles"))
	}
}

// told is a Source that met fields which it does not know.
type told struct{ *memory }

func (told) Unfamiliar() []string { return []string{"role assignment.conditions"} }

// TestUnfamiliarFieldsAreTold, and make nothing incomplete.
func TestUnfamiliarFieldsAreTold(t *testing.T) {
	t.Parallel()
	snap, err := Collect(t.Context(), told{acme()}, scope(), takenAt)
	if err != nil || len(broken(snap)) > 0 || !slices.Equal(snap.Unfamiliar, []string{"role assignment.conditions"}) {
		t.Errorf("%v, %v, %v", snap.Unfamiliar, broken(snap), err)
	}
	if snap := collect(t, acme()); snap.Unfamiliar == nil || len(snap.Unfamiliar) > 0 {
		t.Errorf("without it: %#v", snap.Unfamiliar)
	}
}

// TestTheAppThatAsksIsListed: a list without it was filtered.
func TestTheAppThatAsksIsListed(t *testing.T) {
	t.Parallel()
	for own, want := range map[string]string{"0oa-sync": "", "0oa-stepdown": `the list lacks the app "0oa-stepdown", which asks`} {
		s := scope()
		s.OwnApp = own
		snap, err := Collect(t.Context(), acme(), s, takenAt)
		if err != nil {
			t.Fatal(err)
		}
		if got := broken(snap)[org.CollectApps]; got != want {
			t.Errorf("%s: %q, want %q", own, got, want)
		}
	}
}
