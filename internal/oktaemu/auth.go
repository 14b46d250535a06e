// Who calls, and whether the caller may: API tokens, and the rights and scopes that a route takes.

package oktaemu

import (
	"slices"
	"strings"
)

// authenticate finds the caller by the Authorization header, or answers why there is none.
func (c *call) authenticate() *reply {
	scheme, value, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if scheme == "SSWS" && c.authenticateToken(strings.TrimSpace(value)) {
		return nil
	}
	r := invalidToken()
	return &r
}

// authenticateToken finds the caller by its API token. The owner must be active and the token alive; each use renews it.
func (c *call) authenticateToken(value string) bool {
	t, ok := c.s.tokens.rows[c.s.secrets[digest(value)]]
	if !ok || c.s.users.rows[t.userID].status != active || !c.now.Before(t.expires) {
		return false
	}
	t.expires = c.now.Add(tokenLife)
	c.s.tokens.put(t.id, 0, t)
	c.caller, c.tokenID = principal{userKind, t.userID}, t.id
	return true
}

// authorize answers why the caller may not use the route, if so. By OAuth both are needed: the scope, and the right that
// the caller's roles give.
func (c *call) authorize(to route) *reply {
	if to.need == nobody {
		return nil
	}
	if c.oauth && !slices.Contains(c.scopes, to.scope) {
		r := insufficientScope(c, to.scope)
		return &r
	}
	if !c.may(to.need) {
		r := forbidden()
		return &r
	}
	return nil
}

// may tells whether the caller has the right now.
func (c *call) may(need right) bool { return c.s.may(c.caller, need) }
