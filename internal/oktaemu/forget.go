// What goes with a user, a group or an app that is deleted: all that names it but group rules, which go on naming users and
// groups (terraform-provider-okta#157, #1674). That no role assignment outlives its principal is UNVERIFIED.

package oktaemu

import (
	"maps"
	"slices"
	"time"
)

// forgetUser deletes a user that is DEPROVISIONED and so has no apps of its own any more.
func (s *state) forgetUser(by author, userID string, now time.Time) {
	for _, groupID := range s.memberOf[userID] {
		s.membersOf[groupID] = without(s.membersOf[groupID], userID)
	}
	delete(s.memberOf, userID)
	s.revokeTokensOf(userID, now)
	s.endSessions(userID)
	delete(s.held, principal{userKind, userID})
	s.users.remove(userID)
}

func (s *state) forgetGroup(by author, groupID string, now time.Time) {
	s.invalidateRules(by, groupID, now)
	s.dismiss(by, principal{groupKind, groupID}, now)
	for _, userID := range s.membersOf[groupID] {
		s.memberOf[userID] = without(s.memberOf[userID], groupID)
	}
	delete(s.membersOf, groupID)
	s.untarget(func(t target) bool { return t.groupID == groupID })
	for _, a := range s.apps.clone().all() {
		if _, assigned := a.group(groupID); assigned {
			s.apps.put(a.id, 0, a.withoutGroup(groupID))
		}
	}
	s.groups.remove(groupID)
}

func (s *state) forgetApp(by author, appID string, now time.Time) {
	s.dismiss(by, principal{clientKind, appID}, now)
	maps.DeleteFunc(s.access, func(_ string, token access) bool { return token.appID == appID })
	s.untarget(func(t target) bool { return t.appID == appID })
	s.apps.remove(appID)
}

// dismiss takes every role from the principal, and logs it.
func (s *state) dismiss(by author, p principal, now time.Time) {
	for _, a := range slices.Clone(s.held[p]) {
		s.unassign(by, p, a, now)
	}
	delete(s.held, p)
}

// untarget takes a target that is gone off every assignment. One whose last target it was is for everything from then
// on, as an assignment without targets is (UNVERIFIED).
func (s *state) untarget(gone func(target) bool) {
	for p, held := range s.held {
		if !slices.ContainsFunc(held, func(a assignment) bool { return slices.ContainsFunc(a.targets, gone) }) {
			continue
		}
		held = slices.Clone(held)
		for i := range held {
			held[i].targets = slices.DeleteFunc(slices.Clone(held[i].targets), gone)
		}
		s.held[p] = held
	}
}
