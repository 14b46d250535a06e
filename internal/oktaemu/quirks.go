// Quirks: what some orgs of Okta have been seen to answer otherwise than the rest. An org has none unless it is told to.

package oktaemu

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// RolesNotFound has the roles of a service app without any answered 404, as SpecterOps/OktaHound met it.
	RolesNotFound = "rolesNotFound"
	// GrantsNotFound has the scopes of an app without any answered 404, as SpecterOps/OktaHound met it.
	GrantsNotFound = "grantsNotFound"
)

// Quirks lists all that an org may have.
func Quirks() []string { return []string{RolesNotFound, GrantsNotFound} }

// SetQuirks gives the org these quirks and no others.
func (o *Org) SetQuirks(quirks ...string) error {
	if err := checkQuirks(quirks); err != nil {
		return fmt.Errorf("setting quirks: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state.quirks = slices.Clone(quirks)
	return nil
}

func checkQuirks(quirks []string) error {
	for _, q := range quirks {
		if !slices.Contains(Quirks(), q) {
			return fmt.Errorf("there is no quirk %q; there are %s", q, strings.Join(Quirks(), ", "))
		}
	}
	return nil
}

// quirk tells whether the org has it.
func (c *call) quirk(name string) bool { return slices.Contains(c.s.quirks, name) }
