package okta

import (
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestAppWithoutRolesInAnOrgThatAnswers404 has the client of an app without roles read from an org with that quirk.
func TestAppWithoutRolesInAnOrgThatAnswers404(t *testing.T) {
	t.Parallel()
	byToken := func(c *Config) { c.Token, c.OAuth = access.NewSecret(testToken), nil }
	c, emu := emulated(t, oktaemu.SeedApp{}, byToken)
	for _, quirks := range [][]string{nil, oktaemu.Quirks()} {
		if err := emu.SetQuirks(quirks...); err != nil {
			t.Fatal(err)
		}
		held, err := c.AppRoles(t.Context(), emu.ClientID("stepdown"))
		if err != nil || held == nil || len(held) != 0 {
			t.Errorf("quirks %v: %v, %v", quirks, held, err)
		}
		if _, err := c.AppRoles(t.Context(), "0oaNobody"); err == nil {
			t.Errorf("quirks %v: an app that is not there has no roles", quirks)
		}
	}
}
