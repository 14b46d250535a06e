// Changes that a test makes from outside, by login and name, as if an administrator had made them.

package oktaemu

import (
	"fmt"
	"slices"
	"time"
)

// change runs f under the lock. Its error says what was being done.
func (o *Org) change(doing string, f func(s *state, now time.Time) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	err := f(o.state, now)
	o.commit(true, now)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func (s *state) needUser(login string) (user, error) {
	u, ok := s.userByLogin(login)
	if !ok {
		return user{}, fmt.Errorf("the org has no user %q", login)
	}
	return u, nil
}

func (s *state) needGroup(name string) (group, error) {
	g, ok := s.groupByName(name)
	if !ok {
		return group{}, fmt.Errorf("the org has no group %q", name)
	}
	return g, nil
}

// Assign gives the user a standard role, of any type. A role that the user holds already is an error.
func (o *Org) Assign(login, roleType string) error {
	return o.change(fmt.Sprintf("assigning role %q to user %q", roleType, login), func(s *state, now time.Time) error {
		u, err := s.needUser(login)
		if err != nil {
			return err
		}
		return s.assignType(principal{userKind, u.id}, roleType, now)
	})
}

// AssignCustom gives the user a custom role on a resource set, both by label. One that the user holds already is an error.
func (o *Org) AssignCustom(login, role, set string) error {
	return o.change(fmt.Sprintf("assigning %q on %q to user %q", role, set, login), func(s *state, now time.Time) error {
		u, err := s.needUser(login)
		if err != nil {
			return err
		}
		wanted := s.seedRole(SeedRole{Custom: role, ResourceSet: set})
		if wanted.roleID == "" || wanted.setID == "" {
			return fmt.Errorf("the org has no such custom role or resource set")
		}
		p := principal{userKind, u.id}
		if s.holds(p, wanted) {
			return fmt.Errorf("it is held already")
		}
		s.assign(system(), p, wanted, now)
		return nil
	})
}

// AssignGroup gives the group a standard role, of any type. A role that the group holds already is an error.
func (o *Org) AssignGroup(group, roleType string) error {
	return o.change(fmt.Sprintf("assigning role %q to group %q", roleType, group), func(s *state, now time.Time) error {
		g, err := s.needGroup(group)
		if err != nil {
			return err
		}
		return s.assignType(principal{groupKind, g.id}, roleType, now)
	})
}

// AssignClient gives the service app of that label a standard role, of any type. A role that it holds already is an error.
func (o *Org) AssignClient(label, roleType string) error {
	return o.change(fmt.Sprintf("assigning role %q to app %q", roleType, label), func(s *state, now time.Time) error {
		a, ok := s.appByLabel(label)
		if !ok || !a.isService() {
			return fmt.Errorf("the org has no service app %q", label)
		}
		return s.assignType(principal{clientKind, a.id}, roleType, now)
	})
}

func (s *state) assignType(p principal, roleType string, now time.Time) error {
	wanted := assignment{kind: roleType}
	if roleType == custom || roleType == "" {
		return fmt.Errorf("%q is not a standard role", roleType)
	}
	if s.holds(p, wanted) {
		return fmt.Errorf("it is held already")
	}
	s.assign(system(), p, wanted, now)
	return nil
}

// AddMember makes the user a member of the group.
func (o *Org) AddMember(group, login string) error {
	return o.change(fmt.Sprintf("adding user %q to group %q", login, group), func(s *state, now time.Time) error {
		u, err := s.needUser(login)
		if err != nil {
			return err
		}
		g, err := s.needGroup(group)
		if err != nil {
			return err
		}
		s.addMember(system(), g.id, u.id, now)
		return nil
	})
}

// SetStatus changes the user's status. Whoever is not ACTIVE loses the sessions; DEPROVISIONED loses the tokens and
// the password too.
func (o *Org) SetStatus(login, status string) error {
	return o.change(fmt.Sprintf("setting the status of user %q", login), func(s *state, now time.Time) error {
		u, err := s.needUser(login)
		if err != nil {
			return err
		}
		if !slices.Contains(userStatuses(), status) {
			return fmt.Errorf("%q is not a status", status)
		}
		s.enter(system(), u, status, now)
		return nil
	})
}

func (s *state) revokeTokensOf(userID string, now time.Time) {
	for _, t := range s.tokens.clone().all() {
		if t.userID == userID {
			s.revokeToken(system(), t.id, now)
		}
	}
}

// AddToken gives the user a new API token and returns its value.
func (o *Org) AddToken(owner, name string) (value string, err error) {
	err = o.change(fmt.Sprintf("adding token %q of user %q", name, owner), func(s *state, now time.Time) error {
		u, err := s.needUser(owner)
		if err != nil {
			return err
		}
		by := system()
		by.party = s.userParty(u.id)
		value = newTokenValue()
		s.createToken(by, token{name: name, userID: u.id}, value, now)
		return nil
	})
	return value, err
}

// createToken adds a token that a person created and logs it.
func (s *state) createToken(by author, t token, value string, now time.Time) token {
	t.clientName, t.created = userClient, now
	t = s.addToken(t, value, now)
	by.uri = "/api/internal/tokens"
	s.log(by, now, event{kind: "system.api_token.create", message: "Create API token", targets: []party{tokenParty(t)}})
	return t
}

// DeleteCustomRole deletes the custom role and every assignment of it.
func (o *Org) DeleteCustomRole(label string) error {
	return o.change(fmt.Sprintf("deleting custom role %q", label), func(s *state, now time.Time) error {
		r, ok := s.role(label)
		if !ok {
			return fmt.Errorf("the org has no such custom role")
		}
		s.unassignAll(system(), now, func(a assignment) bool { return a.roleID == r.id })
		s.deleteRole(system(), r, now)
		return nil
	})
}

// DeleteResourceSet deletes the resource set and every assignment on it.
func (o *Org) DeleteResourceSet(label string) error {
	return o.change(fmt.Sprintf("deleting resource set %q", label), func(s *state, now time.Time) error {
		r, ok := s.set(label)
		if !ok {
			return fmt.Errorf("the org has no such resource set")
		}
		s.deleteSet(system(), r, now)
		return nil
	})
}
