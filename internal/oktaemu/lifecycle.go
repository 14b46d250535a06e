// The statuses of a user and the operations that change them: /api/v1/users/{id}/lifecycle.
// https://developer.okta.com/docs/api, "User Lifecycle"

package oktaemu

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	staged          = "STAGED"
	provisioned     = "PROVISIONED"
	recovery        = "RECOVERY"
	passwordExpired = "PASSWORD_EXPIRED"
	lockedOut       = "LOCKED_OUT"
	suspended       = "SUSPENDED"
	deprovisioned   = "DEPROVISIONED"
)

func lifecycleRoutes() []route {
	const manage = "okta.users.manage"
	mail := []string{"sendEmail"}
	at := func(operation string) string { return "/api/v1/users/{user}/lifecycle/" + operation }
	return []route{
		{post, at("activate"), activateUsers, manage, mail, onUser((*call).activateUser), recorded("TestAccResourceOktaUser_updateAllAttributes/oie-00 id 5")},
		{post, at("reactivate"), activateUsers, manage, mail, onUser((*call).reactivateUser), documented("Users API, Reactivate a user")},
		{post, at("deactivate"), deactivateUsers, manage, mail, onUser((*call).deactivateUser), recorded("TestAccResourceOktaUser_statusDeprovisioned id 5")},
		{post, at("suspend"), suspendUsers, manage, nil, onUser((*call).suspendUser), recorded("Shopify/oktakit suspend_user")},
		{post, at("unsuspend"), unsuspendUsers, manage, nil, onUser((*call).unsuspendUser), documented("Users API, Unsuspend a user")},
		{post, at("unlock"), unlockUsers, manage, nil, onUser((*call).unlockUser), documented("Users API, Unlock a user")},
		{post, at("reset_factors"), resetFactors, manage, nil, onUser((*call).resetFactors), documented("Users API, Reset the factors")},
	}
}

// onUser answers with what f makes of the user of the path, whom the caller may change.
func onUser(f func(*call, user) reply) func(*call) reply {
	return func(c *call) reply {
		u, bad := c.user()
		if bad != nil {
			return *bad
		}
		if bad := c.guarded(u); bad != nil {
			return *bad
		}
		return f(c, u)
	}
}

func wrongStatus() reply {
	return errorReply(http.StatusForbidden, "E0000038", "This operation is not allowed in the user's current status.")
}

func done() reply { return jsonReply(http.StatusOK, obj{}) }

// enter gives the user a status and logs what the System Log calls that. Whoever is not ACTIVE loses the sessions;
// DEPROVISIONED loses the tokens, the apps and the password too, but keeps groups and roles. Sources: Okta support, "How to
// understand the different user statuses" and "Deactivated users not removed from Okta groups automatically"; that roles
// stay is UNVERIFIED.
func (s *state) enter(by author, u user, status string, now time.Time) {
	was := u.status
	u.status, u.statusChanged, u.changed = status, now, now
	if (was == staged || was == deprovisioned) && status != deprovisioned {
		u.activated = now
	}
	if status == deprovisioned {
		u.password, u.imported, u.passwordChanged, u.question, u.answer = "", false, time.Time{}, "", ""
	}
	s.users.put(u.id, 0, u)
	if e := statusEvent(was, status); e.kind != "" {
		e.targets = []party{s.userParty(u.id)}
		s.log(by, now, e)
	}
	if status != active {
		s.endSessions(u.id)
	}
	if status == deprovisioned {
		s.revokeTokensOf(u.id, now)
		s.leaveApps(by, u.id, now)
	}
}

// statusEvent is the event of a change of status; without a kind where there is none.
func statusEvent(was, status string) event {
	switch {
	case status == suspended:
		return event{kind: "user.lifecycle.suspend", message: "Suspend Okta user"}
	case status == deprovisioned:
		return event{kind: "user.lifecycle.deactivate", message: "Deactivate Okta user"}
	case status == recovery:
		return event{kind: "user.account.reset_password", message: "User reset password for Okta"}
	case status == passwordExpired:
		return event{kind: "user.account.expire_password", message: "Expire password for Okta user"}
	case status == lockedOut:
		return event{kind: "user.account.lock", message: "Max sign in attempts exceeded"}
	case was == suspended && status == active:
		return event{kind: "user.lifecycle.unsuspend", message: "Unsuspend Okta user"}
	case was == lockedOut && status == active:
		return event{kind: "user.account.unlock", message: "Unlock user account by admin"}
	case status == active || status == provisioned:
		return event{kind: "user.lifecycle.activate", message: "Activate Okta user"}
	}
	return event{}
}

// activate makes a user ACTIVE who has a password, or whose password another provider checks; else PROVISIONED.
func (c *call) activate(u user) {
	status := provisioned
	if u.hasPassword() || u.provider.Type == "FEDERATION" || u.provider.Type == "SOCIAL" {
		status = active
	}
	c.s.enter(c.author(), u, status, c.now)
}

// activateUser takes users that are STAGED or DEPROVISIONED; all others are active already.
func (c *call) activateUser(u user) reply {
	mail, bad := c.flag("sendEmail", true)
	if bad != nil {
		return *bad
	}
	if u.status != staged && u.status != deprovisioned {
		return errorReply(http.StatusForbidden, "E0000016", "Activation failed because the user is already active")
	}
	c.activate(u)
	return c.activationReply(u, mail)
}

// reactivateUser takes users that have not finished what activation or a reset asked of them.
func (c *call) reactivateUser(u user) reply {
	mail, bad := c.flag("sendEmail", false)
	if bad != nil {
		return *bad
	}
	if u.status != provisioned && u.status != recovery {
		return wrongStatus()
	}
	c.s.log(c.author(), c.now, event{kind: "user.lifecycle.reactivate", message: "Reactivate Okta user", targets: []party{c.s.userParty(u.id)}})
	return c.activationReply(u, mail)
}

// activationReply is empty, or the link that the user was not mailed. Nothing answers it here.
func (c *call) activationReply(u user, mailed bool) reply {
	if mailed {
		return done()
	}
	token := c.s.oneTimeToken(u)
	return jsonReply(http.StatusOK, obj{"activationUrl": c.base + "/tokens/" + token + "/verify", "activationToken": token})
}

func (s *state) oneTimeToken(u user) string {
	return digits62(u.id+" one-time token "+strconv.Itoa(s.next()), 20)
}

// deactivateUser tells a client who deactivates twice that there is no such user: clients take E0000007 for "disabled
// already" (demisto/content, Okta IAM).
func (c *call) deactivateUser(u user) reply {
	if _, bad := c.flag("sendEmail", false); bad != nil {
		return *bad
	}
	if u.status == deprovisioned {
		return notFound(u.id, "User")
	}
	if bad := c.deprovision(u); bad != nil {
		return *bad
	}
	return done()
}

// keepsSuperAdmin refuses to put the last active super admin out of action (UNVERIFIED: that and how Okta refuses it).
func (c *call) keepsSuperAdmin(u user) *reply {
	for _, a := range c.s.held[principal{userKind, u.id}] {
		if c.s.lastSuperAdmin(u.id, a) {
			r := forbidden()
			return &r
		}
	}
	return nil
}

func (c *call) deprovision(u user) *reply {
	if bad := c.keepsSuperAdmin(u); bad != nil {
		return bad
	}
	c.s.enter(c.author(), u, deprovisioned, c.now)
	return nil
}

func (c *call) suspendUser(u user) reply {
	if u.status != active {
		return errorReply(http.StatusBadRequest, "E0000001", "Api validation failed: suspendUser", "Cannot suspend a user that is not active")
	}
	if bad := c.keepsSuperAdmin(u); bad != nil {
		return *bad
	}
	c.s.enter(c.author(), u, suspended, c.now)
	return done()
}

// unsuspendUser refuses with the same subject as suspendUser, as a client's tests have it (UNVERIFIED).
func (c *call) unsuspendUser(u user) reply {
	if u.status != suspended {
		return errorReply(http.StatusBadRequest, "E0000001", "Api validation failed: suspendUser", "Cannot unsuspend a user that is not suspended")
	}
	c.s.enter(c.author(), u, active, c.now)
	return done()
}

func (c *call) unlockUser(u user) reply {
	if u.status != lockedOut {
		return errorReply(http.StatusForbidden, "E0000032", "Unlock is not allowed for this user.")
	}
	c.s.enter(c.author(), u, active, c.now)
	return done()
}

// resetFactors has none to reset: nobody enrolls any here.
func (c *call) resetFactors(u user) reply {
	if !slices.Contains([]string{active, passwordExpired, recovery, provisioned}, u.status) {
		return wrongStatus() // UNVERIFIED
	}
	c.s.log(c.author(), c.now, event{kind: "user.mfa.factor.reset_all", message: "Reset all factors for user", targets: []party{c.s.userParty(u.id)}})
	return done()
}
