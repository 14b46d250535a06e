// Giving and taking roles and memberships, and what the System Log says of it.

package oktaemu

import (
	"slices"
	"strings"
	"time"
)

// author is who makes a change, and by which request.
type author struct {
	party
	tokenID, sessionID, requestID string
	ip, agent, uri                string
}

// system is the author of changes that are made through the Go API and not by a request.
func system() author {
	return author{party: party{id: "system", kind: "SystemPrincipal", alternateID: "system@okta.com", name: "Okta System"}}
}

// grant gives p the role of a, whose id and times it fills, and returns it. It logs nothing.
func (s *state) grant(p principal, a assignment, now time.Time) assignment {
	if iamStandard(a.kind) {
		a.roleID, a.setID = a.kind, fixedSet(a.kind)
	}
	if a.kind != custom && !slices.Contains(roleTypes(), a.kind) {
		s.extra[a.kind] = true
	}
	a.seq, a.created, a.lastUpdated = s.next(), now, now
	a.id = assignmentID(p, a)
	s.held[p] = append(touched(s.held[p], now), a)
	return a
}

// revoke takes the assignment of that id from p itself and tells whether it was there. It logs nothing.
func (s *state) revoke(p principal, id string, now time.Time) bool {
	at := slices.IndexFunc(s.held[p], func(a assignment) bool { return a.id == id })
	if at < 0 {
		return false
	}
	s.held[p] = touched(slices.Delete(slices.Clone(s.held[p]), at, at+1), now)
	return true
}

// touched returns a copy of held in which the roles with base32 ids have moved to now: recorded traffic shows their
// `created` moving whenever the principal's other roles change. Those with targets have the times of their targets.
func touched(held []assignment, now time.Time) []assignment {
	out := slices.Clone(held)
	for i := range out {
		if targetable(out[i].kind) && len(out[i].targets) == 0 {
			out[i].created, out[i].lastUpdated = now, now
		}
	}
	return out
}

// holds tells whether p itself has the role of a.
func (s *state) holds(p principal, a assignment) bool {
	return slices.ContainsFunc(s.held[p], func(h assignment) bool { return s.sameRole(h, a) })
}

func (s *state) sameRole(a, b assignment) bool {
	return a.kind == b.kind && (a.kind != custom || a.roleID == b.roleID && a.setID == b.setID)
}

// lastSuperAdmin tells whether taking a from the user leaves no active user with an individually assigned SUPER_ADMIN.
// Okta's help says that one must remain; with which answer it refuses is UNVERIFIED.
func (s *state) lastSuperAdmin(userID string, a assignment) bool {
	if a.kind != superAdmin {
		return false
	}
	for _, u := range s.users.all() {
		if u.id != userID && u.status == active && s.holds(principal{userKind, u.id}, a) {
			return false
		}
	}
	return true
}

// affected returns the users whose privileges change with the roles of p.
func (s *state) affected(p principal) []string {
	switch p.kind {
	case userKind:
		return []string{p.id}
	case clientKind:
		return nil
	}
	return s.membersOf[p.id]
}

// privileges lists what a user holds, as the System Log does: by role, direct and through groups.
func (s *state) privileges(userID string) string {
	var names []string
	for _, h := range s.holdings(userID) {
		names = append(names, s.describe(h.assignment))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// changing runs a change and logs, for each of the users whose privileges it changed, user.account.privilege.grant
// while any privilege remains and .revoke only when all are gone. That a change of a group logs for its members too is
// UNVERIFIED.
func (s *state) changing(by author, now time.Time, userIDs []string, change func()) {
	before := make([]string, len(userIDs))
	for i, id := range userIDs {
		before[i] = s.privileges(id)
	}
	change()
	for i, id := range userIDs {
		after := s.privileges(id)
		if after == before[i] {
			continue
		}
		e := event{
			kind: "user.account.privilege.grant", message: "Grant user privilege", targets: []party{s.userParty(id)},
			debug: map[string]any{"privilegeGranted": after},
		}
		if after == "" {
			e = event{
				kind: "user.account.privilege.revoke", message: "Revoke user privilege", targets: []party{s.userParty(id)},
				debug: map[string]any{"privilegeRevoked": before[i]},
			}
		}
		s.log(by, now, e)
	}
}

// assign gives p the role and logs it.
func (s *state) assign(by author, p principal, a assignment, now time.Time) assignment {
	var made assignment
	s.changing(by, now, s.affected(p), func() { made = s.grant(p, a, now) })
	s.logHeld(by, now, p, made, true)
	return made
}

// unassign takes the assignment from p and logs it.
func (s *state) unassign(by author, p principal, a assignment, now time.Time) {
	s.changing(by, now, s.affected(p), func() { s.revoke(p, a.id, now) })
	s.logHeld(by, now, p, a, false)
}

// logHeld logs what is not about users: the privileges of a group or a service app, and members of a binding. Like a
// user's, a service app's revoke is logged only when nothing is left (UNVERIFIED for apps).
func (s *state) logHeld(by author, now time.Time, p principal, a assignment, given bool) {
	holder := s.principalParty(p)
	debug := map[string]any{"privilegeGranted": s.describe(a)}
	switch p.kind {
	case groupKind:
		kind, message := "group.privilege.grant", "Grant group privilege"
		if !given {
			kind, message = "group.privilege.revoke", "Revoke group privilege"
		}
		s.log(by, now, event{kind: kind, message: message, targets: []party{holder}, debug: debug})
	case clientKind:
		kind, message := "app.oauth2.client.privilege.grant", "Grant OAuth 2.0 client privilege"
		if len(s.held[p]) == 0 {
			kind, message = "app.oauth2.client.privilege.revoke", "Revoke OAuth 2.0 client privilege"
		} else {
			debug["privilegeGranted"] = strings.Join(s.heldBy(p), ", ")
		}
		s.log(by, now, event{kind: kind, message: message, targets: []party{holder}, debug: debug})
	}
	if a.kind != custom {
		return
	}
	kind, message := "iam.resourceset.bindings.add", "Add bindings to resource set"
	if !given {
		kind, message = "iam.resourceset.bindings.delete", "Delete bindings from resource set"
	}
	s.log(by, now, event{kind: kind, message: message, targets: []party{
		setParty(s.sets.rows[a.setID]), roleParty(s.roles.rows[a.roleID]), holder,
	}})
}

// unassignAll takes every assignment that fits from its principal, in the order in which they were made.
func (s *state) unassignAll(by author, now time.Time, fits func(assignment) bool) {
	var gone []bound
	for p, held := range s.held {
		for _, a := range held {
			if fits(a) {
				gone = append(gone, bound{p, a})
			}
		}
	}
	slices.SortFunc(gone, func(a, b bound) int { return a.seq - b.seq })
	for _, b := range gone {
		s.unassign(by, b.principal, b.assignment, now)
	}
}

func roleParty(r customRole) party {
	return party{id: r.id, kind: "CUSTOM_ROLE", alternateID: "unknown", name: r.label}
}

func setParty(r resourceSet) party {
	return party{id: r.id, kind: "RESOURCE_SET", alternateID: "unknown", name: r.label}
}

// addMember makes the user a member of the group and logs it.
func (s *state) addMember(by author, groupID, userID string, now time.Time) {
	if slices.Contains(s.membersOf[groupID], userID) {
		return
	}
	s.changing(by, now, []string{userID}, func() { s.joinNow(groupID, userID, now) })
	s.log(by, now, event{
		kind: "group.user_membership.add", message: "Add user to group membership",
		targets: []party{s.userParty(userID), s.principalParty(principal{groupKind, groupID})},
	})
}

// removeMember takes the user out of the group and logs it.
func (s *state) removeMember(by author, groupID, userID string, now time.Time) {
	if !slices.Contains(s.membersOf[groupID], userID) {
		return
	}
	s.changing(by, now, []string{userID}, func() {
		s.membersOf[groupID] = without(s.membersOf[groupID], userID)
		s.memberOf[userID] = without(s.memberOf[userID], groupID)
		s.membersMoved(groupID, now)
	})
	s.log(by, now, event{
		kind: "group.user_membership.remove", message: "Remove user from group membership",
		targets: []party{s.userParty(userID), s.principalParty(principal{groupKind, groupID})},
	})
}

func without(list []string, gone string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == gone })
}

// revokeToken ends a token and logs it.
func (s *state) revokeToken(by author, id string, now time.Time) {
	t := s.tokens.rows[id]
	s.tokens.remove(id)
	for value, tokenID := range s.secrets {
		if tokenID == id {
			delete(s.secrets, value)
		}
	}
	s.log(by, now, event{kind: "system.api_token.revoke", message: "Revoke API token", targets: []party{tokenParty(t)}})
}

// endSessions ends every session of the user.
func (s *state) endSessions(userID string) {
	for id, session := range s.sessions {
		if session.userID == userID {
			delete(s.sessions, id)
		}
	}
}
