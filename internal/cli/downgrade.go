package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/elevation"
)

func newDowngrade(s *session) *cobra.Command {
	c := &cobra.Command{
		Use:   "downgrade ACCOUNT",
		Short: "Bring an account to its declared role, under a lease that names what is removed",
		Long: `downgrade removes every role that the account holds itself and that its manifest does not declare, and assigns the
declared one if it is missing. What is removed is written into a lease first. Roles that come through groups are named,
not removed. ACCOUNT is the account or the name of its declaration.`,
		Args: args(1, 1, "one account"),
		RunE: func(c *cobra.Command, given []string) error { return s.downgrade(c.Context(), given[0]) },
	}
	s.orgFlag(c)
	s.accessFlag(c)
	s.reportFlag(c)
	s.ledgerFlag(c)
	return c
}

func (s *session) downgrade(ctx context.Context, account string) error {
	_ = s.runner.SaveState(stateBegan, "true") // without it, the post step asks the ledger
	dir, err := s.declared()
	if err != nil {
		return err
	}
	owners, err := choose(dir.Owners, []string{account})
	if err != nil {
		return err
	}
	owner := owners[0]
	var q requests
	client, err := s.okta(ctx, "downgrade", &q)
	if err != nil {
		return err
	}
	book, err := s.ledger(true)
	if err != nil {
		return err
	}
	if err := s.prepareReports(); err != nil {
		return err
	}
	w := s.workflow(client, book, &q)
	facts, err := w.CheckDowngrade(ctx, owner)
	if err != nil {
		return fmt.Errorf("checking the org, before anything is changed: %w", err)
	}
	plan := elevation.NewDowngrade(owner, facts, dir.Settings, s.subject(time.Now(), nil))
	if len(plan.Refusals) > 0 {
		return refusalError(fmt.Sprintf("%s is not downgraded", owner.Account), plan.Refusals, owner)
	}
	if plan.InPlace {
		fmt.Fprintf(s.stdout, "nothing to do: %s holds exactly %s\n", plan.Terms.Account.Login, plan.Terms.Label)
		s.output("outcome", "unchanged")
		return nil
	}
	return s.perform(ctx, w, nil, plan, dir.Settings, w.Downgrade)
}
