package org_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/org"
)

func TestNothingIsCompleteUntilItIsSaid(t *testing.T) {
	t.Parallel()
	s := org.NewSnapshot(org.Org{}, time.Time{})
	if got := s.Incomplete(org.Collections()); !slices.Equal(got, org.Collections()) {
		t.Errorf("incomplete = %v", got)
	}
	s.Coverage[org.CollectUsers] = org.Coverage{Status: org.StatusComplete}
	s.Coverage[org.CollectTokens] = org.Coverage{Status: "partly"}
	required := []string{"unheard-of", org.CollectUsers, org.CollectTokens}
	if got, want := s.Incomplete(required), []string{org.CollectTokens, "unheard-of"}; !slices.Equal(got, want) {
		t.Errorf("incomplete = %v, want %v", got, want)
	}
}

// TestAKeyTellsAssignmentsApart that have the same id at Okta: by principal, role, set and path.
func TestAKeyTellsAssignmentsApart(t *testing.T) {
	t.Parallel()
	base := org.Assignment{ID: "IFIFAX2BIRGUSTQ", PrincipalID: "00u1", Type: "APP_ADMIN"}
	seen := map[string]bool{}
	for _, change := range []func(*org.Assignment){
		func(*org.Assignment) {},
		func(a *org.Assignment) { a.PrincipalID = "00u2" },
		func(a *org.Assignment) { a.Type = "CUSTOM" },
		func(a *org.Assignment) { a.CustomRoleID = "cr01" },
		func(a *org.Assignment) { a.ResourceSetID = "iam1" },
		func(a *org.Assignment) { a.ViaGroupID = "00g1" },
	} {
		a := base
		change(&a)
		if seen[a.Key()] {
			t.Errorf("two assignments have the key %s", a.Key())
		}
		seen[a.Key()] = true
	}
	if !base.Direct() {
		t.Error("an assignment without a group is direct")
	}
}
