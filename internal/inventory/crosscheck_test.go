package inventory

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stepdown/stepdown/internal/org"
)

// TestCollectionsThatContradictEachOtherFailClosed breaks the org in one way each.
func TestCollectionsThatContradictEachOtherFailClosed(t *testing.T) {
	t.Parallel()
	const u, g = org.PrincipalUser, org.PrincipalGroup
	for name, tc := range map[string]struct {
		change func(*memory)
		want   map[string]string // collection: part of the reason
	}{
		"no users": {
			func(m *memory) { m.users = nil },
			map[string]string{"users": "came back empty", "user_roles": "service accounts are not known"},
		},
		"no groups": {
			func(m *memory) { m.groups = nil },
			map[string]string{"groups": "came back empty", "group_roles": "not known", "group_members": "not known"},
		},
		"no tokens": {
			func(m *memory) { m.tokens = nil },
			map[string]string{"tokens": "came back empty"},
		},
		"no assignees": {
			func(m *memory) { m.assignees = nil },
			map[string]string{"user_roles": "came back empty"},
		},
		"no super admin": {
			func(m *memory) { m.roles["00u-ada"] = []org.Assignment{role("00u-ada", u, "ORG_ADMIN")} },
			map[string]string{"user_roles": "no user is seen to hold SUPER_ADMIN"},
		},
		"a binding that a user's roles do not show": {
			func(m *memory) { m.roles["00u-bound"] = nil },
			map[string]string{"user_roles": `user "bound@acme.example" is bound to role "cr0-1" on resource set "iam-1", which its roles do not show`},
		},
		"a binding that a user's roles show on another set": {
			func(m *memory) { m.roles["00u-bound"] = []org.Assignment{customRole("00u-bound", u, "cr0-1", "iam-2")} },
			map[string]string{"user_roles": "is bound to", "bindings": `holds custom role "cr0-1" on resource set "iam-2", which no binding shows`},
		},
		"a binding that a group's roles do not show": {
			func(m *memory) {
				m.roles["00g-bound"] = []org.Assignment{role("00g-bound", g, "REPORT_ADMIN")}
			},
			map[string]string{"group_roles": `group "Bound" is bound to`},
		},
		"a role that no binding shows": {
			func(m *memory) {
				m.bindings["iam-1"] = []org.Binding{bound("iam-1", "cr0-1", group("00g-bound"), app("0oa-sync"))}
			},
			map[string]string{"bindings": `user "bound@acme.example" holds custom role "cr0-1" on resource set "iam-1", which no binding shows`},
		},
		"a group's role that no binding shows": {
			func(m *memory) { m.bindings["iam-1"] = []org.Binding{bound("iam-1", "cr0-1", user("00u-bound"))} },
			map[string]string{"bindings": `group "Bound" holds custom role`},
		},
		"a group said to hold roles that lists none": {
			func(m *memory) { m.roles["00g-helpdesk"] = nil },
			map[string]string{"group_roles": `group "Helpdesk" is said to hold admin roles, and none is listed`},
		},
		"a custom role that is not listed": {
			func(m *memory) { m.custom = nil },
			map[string]string{"custom_roles": `custom role "cr0-1" is in use, and was not listed`},
		},
		"a resource set that is not listed": {
			func(m *memory) { m.sets = m.sets[1:] },
			map[string]string{"resource_sets": `resource set "iam-1" is in use, and was not listed`},
		},
		"a group that is not listed": {
			func(m *memory) { m.groups = slices.Delete(m.groups, 1, 2) },
			map[string]string{"groups": `group "00g-helpdesk" is in use, and was not listed`},
		},
		"an app that is bound, and whose roles do not show it": {
			func(m *memory) { m.roles["0oa-sync"] = nil },
			map[string]string{"app_roles": `client "Sync" is bound to role "cr0-1"`},
		},
		"an app's role that no binding shows": {
			func(m *memory) {
				m.bindings["iam-1"] = []org.Binding{bound("iam-1", "cr0-1", user("00u-bound"), group("00g-bound"))}
			},
			map[string]string{"bindings": `client "Sync" holds custom role`},
		},
		"an app that is bound and not listed": {
			func(m *memory) { m.apps = m.apps[:1] },
			map[string]string{"apps": `service app "0oa-sync" is in use, and was not listed`},
		},
		"a user that is listed as a holder and holds nothing": {
			func(m *memory) { m.assignees = append(m.assignees, "00u-svc") },
			map[string]string{"user_roles": `user "svc-x@acme.example" is listed as holding roles, and holds none`},
		},
		"users that are there and not listed": {
			func(m *memory) {
				m.unlisted = append(m.unlisted, m.users[2:]...)
				m.users = m.users[:2]
			},
			map[string]string{"users": "are there and not in the list"},
		},
		"a user without a login": {
			func(m *memory) { m.users[4].Login = "" },
			map[string]string{"users": `user "00u-svc" has no login`, "user_roles": "service accounts are not known"},
		},
		"two users of one id": {
			func(m *memory) { m.users = append(m.users, org.User{ID: "00u-svc", Login: "x@acme.example"}) },
			map[string]string{"users": `two entries of the id "00u-svc"`, "user_roles": "service accounts are not known"},
		},
		"a role through a group that lists no such member": {
			func(m *memory) { m.members["00g-helpdesk"] = []string{} },
			map[string]string{"group_members": "which does not have it as a member"},
		},
		"a role through a group that lists no such role": {
			func(m *memory) {
				m.groups[1].HasAdminRoles = said(false)
				m.roles["00g-helpdesk"] = []org.Assignment{role("00g-helpdesk", g, "REPORT_ADMIN")}
			},
			map[string]string{"group_roles": "whose roles do not show it"},
		},
		"no OAuth clients": {
			func(m *memory) {
				m.apps, m.roles["0oa-sync"] = nil, nil
				m.bindings["iam-1"] = []org.Binding{bound("iam-1", "cr0-1", user("00u-bound"), group("00g-bound"))}
			},
			map[string]string{"apps": "came back empty", "app_roles": "service apps are not known"},
		},
		"a member of an unknown kind": {
			func(m *memory) {
				m.bindings["iam-1"][0].Members = append(m.bindings["iam-1"][0].Members, org.Member{ID: "irb-9", PrincipalID: "x", PrincipalKind: "DEVICE"})
			},
			map[string]string{"bindings": `of kind "DEVICE"`},
		},
		"a member that the adapter could not tell": {
			func(m *memory) {
				m.bindings["iam-1"][0].Members = append(m.bindings["iam-1"][0].Members, org.Member{ID: "irb-9", PrincipalID: "https://acme.example/api/v1/robots/7", PrincipalKind: org.PrincipalUnknown})
			},
			map[string]string{"bindings": `a member "irb-9" of kind "UNKNOWN", id "https://acme.example/api/v1/robots/7"`},
		},
		"a custom role without ids": {
			func(m *memory) { m.roles["00u-svc"] = []org.Assignment{customRole("00u-svc", u, "", "")} },
			map[string]string{"user_roles": "without the role's id or the set's"},
		},
		"an assignment of somebody else": {
			func(m *memory) { m.roles["00u-svc"] = []org.Assignment{role("00u-bob", u, "APP_ADMIN")} },
			map[string]string{"user_roles": `an assignment of user "00u-bob" was among them`},
		},
		"an assignment without a type": {
			func(m *memory) { m.roles["00u-svc"] = []org.Assignment{role("00u-svc", u, "")} },
			map[string]string{"user_roles": "without a type"},
		},
		"an entry without an id": {
			func(m *memory) { m.tokens = append(m.tokens, org.Token{Name: "x"}) },
			map[string]string{"tokens": "without an id"},
		},
		"an assignee that does not exist": {
			func(m *memory) { m.assignees = append(m.assignees, "00u-void") },
			map[string]string{"users": `user "00u-void" holds a role, a token or a membership, and does not exist`, "user_roles": "listed as holding roles"},
		},
		"a member that does not exist": {
			func(m *memory) { m.members["00g-helpdesk"] = append(m.members["00g-helpdesk"], "00u-void") },
			map[string]string{"users": `"00u-void"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := acme()
			tc.change(m)
			got := broken(collect(t, m))
			if diff := cmp.Diff(slices.Sorted(maps.Keys(tc.want)), slices.Sorted(maps.Keys(got))); diff != "" {
				t.Fatalf("incomplete collections (-want +got):\n%s\n%v", diff, got)
			}
			for collection, part := range tc.want {
				if !strings.Contains(got[collection], part) {
					t.Errorf("the reason of %s is %q, without %q", collection, got[collection], part)
				}
			}
		})
	}
}

func TestAChangeBetweenTwoReadsIsNoContradiction(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*memory){
		"assigned after the bindings were read": func(m *memory) {
			full := m.bindings["iam-1"]
			m.bindings["iam-1"] = []org.Binding{bound("iam-1", "cr0-1", group("00g-bound"), app("0oa-sync"))}
			m.onCall = func(call string, nth int) {
				if call == "Bindings iam-1" && nth == 2 {
					m.bindings["iam-1"] = full
				}
			}
		},
		"removed after the bindings were read": func(m *memory) {
			m.roles["00u-bound"] = nil
			m.onCall = func(call string, nth int) {
				if call == "Bindings iam-1" && nth == 2 {
					m.bindings["iam-1"] = []org.Binding{bound("iam-1", "cr0-1", group("00g-bound"), app("0oa-sync"))}
					m.assignees = slices.DeleteFunc(m.assignees, func(id string) bool { return id == "00u-bound" })
				}
			}
		},
		"a group's role shows late": func(m *memory) {
			roles := m.roles["00g-helpdesk"]
			m.roles["00g-helpdesk"] = nil
			m.roles["00u-declared"] = nil
			m.onCall = func(call string, nth int) {
				if call == "GroupRoles 00g-helpdesk" && nth == 2 {
					m.roles["00g-helpdesk"] = roles
				}
			}
		},
		"a new member shows in the second read": func(m *memory) {
			m.roles["00u-bound"] = nil
			m.onCall = func(call string, nth int) {
				if call == "Bindings iam-1" && nth == 2 {
					m.bindings["iam-1"] = []org.Binding{bound("iam-1", "cr0-1", group("00g-bound"), app("0oa-sync"), user("00u-bob"))}
					m.assignees = slices.DeleteFunc(m.assignees, func(id string) bool { return id == "00u-bound" })
					m.roles["00u-bob"] = []org.Assignment{customRole("00u-bob", org.PrincipalUser, "cr0-1", "iam-1")}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := acme()
			change(m)
			snap := collect(t, m)
			if got := broken(snap); len(got) > 0 {
				t.Errorf("not complete: %v", got)
			}
			for _, b := range snap.Bindings {
				for _, member := range b.Members {
					if !slices.ContainsFunc(slices.Collect(maps.Values(snap.Assignments)), func(a org.Assignment) bool { return a.PrincipalID == member.PrincipalID }) {
						t.Errorf("the roles of %s, a member of a binding, were not read", member.PrincipalID)
					}
				}
			}
		})
	}
}

func TestRolesThatOktaBindsUnderTheirTypeAgree(t *testing.T) {
	t.Parallel()
	m := acme()
	m.bindings["iam-2"] = []org.Binding{bound("iam-2", "WORKFLOWS_ADMIN", user("00u-owner"))}
	a := role("00u-owner", org.PrincipalUser, "WORKFLOWS_ADMIN")
	a.ResourceSetID = "iam-2"
	m.roles["00u-owner"] = []org.Assignment{a}
	if got := broken(collect(t, m)); len(got) > 0 {
		t.Errorf("not complete: %v", got)
	}
}

func TestManyContradictionsAreCounted(t *testing.T) {
	t.Parallel()
	m := acme()
	for _, id := range []string{"00u-bob", "00u-ada", "00u-svc", "00u-owner", "00u-member", "00u-declared"} {
		m.bindings["iam-1"][0].Members = append(m.bindings["iam-1"][0].Members, user(id))
	}
	reason := broken(collect(t, m))[org.CollectUserRoles]
	if !strings.HasSuffix(reason, "and 1 more") || strings.Count(reason, "is bound to") != 5 {
		t.Errorf("reason is %q", reason)
	}
}
