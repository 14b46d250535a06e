package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
)

func newSweep(s *session) *cobra.Command {
	var now bool
	c := &cobra.Command{
		Use:   "sweep",
		Short: "Undo every open lease that is past its end or stuck, from the ledger alone",
		Long: `sweep takes back what open leases gave once their window is over, or at once where their run gave up. It needs the ledger
and nothing else, it only removes, and it may run beside anything else and again.

The pull request that a lease was opened for shows how it ended.

A lease whose run was killed is due when its window is over. Where you know that the run is dead, --now does not wait for that.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return s.sweep(c.Context(), now) },
	}
	s.orgFlag(c)
	s.reportFlag(c)
	s.ledgerFlag(c)
	s.commentFlag(c)
	c.Flags().BoolVar(&now, "now", false, "undo every open lease, also one whose window is not over")
	return c
}

func (s *session) sweep(ctx context.Context, now bool) error {
	w, v, err := s.sweeper(ctx)
	if err != nil {
		return err
	}
	due := func(l access.Lease) bool {
		return now || l.Due(time.Now()) || v != nil && l.State.Open() && v.overdue(ctx, l)
	}
	var result elevation.Sweep
	s.narrated(w, nil, func() { result, err = w.Sweep(ctx, due) })
	for _, l := range result.NotDue {
		fmt.Fprintf(s.stdout, "not due yet: lease %s of %s, %s, window until %s; if its run is dead: stepdown sweep --now%s\n",
			l.ID, oneLine(l.Account.Login), l.State, l.EndsAt.UTC().Format("2006-01-02 15:04:05 UTC"), s.sweepArgs())
	}
	if len(result.Swept) == 0 && err == nil {
		missing, err := s.noBranch(ctx, w.Ledger)
		if err != nil {
			return err
		}
		if missing {
			fmt.Fprintf(s.stdout, "there is no ledger: the repository has no branch %q, and never had one; if apply has run, look at its input ledger\n", strings.TrimPrefix(s.ledgerName(), branchPrefix))
		}
		fmt.Fprintln(s.stdout, "no lease is due")
		s.output("outcome", "unchanged")
		return nil
	}
	if err != nil {
		err = coded(ExitStuck, err)
	}
	return s.concludeSweep(ctx, result.Swept, err)
}

// sweeper connects to the org and the ledger, and to what holds leases against their manifests, which may be nil.
func (s *session) sweeper(ctx context.Context) (*elevation.Workflow, *voucher, error) {
	var q requests
	client, err := s.okta(ctx, "sweep", &q)
	if err != nil {
		return nil, nil, err
	}
	book, err := s.ledger(false)
	if err != nil {
		return nil, nil, err
	}
	if err := s.prepareReports(); err != nil {
		return nil, nil, err
	}
	w := s.workflow(client, book, &q)
	v, err := s.voucher()
	if v != nil {
		w.Vouch = v.vouch
	}
	return w, v, err
}

// concludeSweep writes the evidence of each lease, ends with the worst of their outcomes, and has the pull requests show them.
func (s *session) concludeSweep(ctx context.Context, swept []elevation.Swept, worst error) error {
	for _, one := range swept {
		path, err := s.writeEvidence("evidence-"+one.Evidence.Lease.ID+"-sweep", one.Evidence)
		if err != nil {
			worst = worse(worst, coded(ExitFailed, err))
		}
		fmt.Fprintf(s.stdout, "lease %s of %s: %s; evidence: %s\n", one.Evidence.Lease.ID, one.Evidence.Lease.Account.Login, one.Evidence.State, path)
		worst = worse(worst, s.verdict(one.Evidence, one.Err))
	}
	s.output("outcome", outcomeName(exitCode(worst)))
	s.showSwept(ctx, swept)
	return worst
}

// worse joins two errors so that the one with the graver exit code is found first.
func worse(a, b error) error {
	if exitCode(b) > exitCode(a) {
		a, b = b, a
	}
	return errors.Join(a, b)
}

func newPost(s *session) *cobra.Command {
	c := &cobra.Command{
		Use:    "post",
		Short:  "End the lease that this job's run left open (the Action's post step)",
		Hidden: true,
		Args:   args(0, 1, "nothing"),
		RunE:   func(c *cobra.Command, _ []string) error { return s.post(c.Context()) },
	}
	return c
}

// post undoes the lease of this job's run if it is still open. Without a lease in the state there was none.
func (s *session) post(ctx context.Context) error {
	s.inAction = true
	s.takeInputs()
	id := s.runner.State("lease")
	if id == "" {
		fmt.Fprintln(s.stdout, "this run opened no lease")
		return nil
	}
	var swept elevation.Swept
	var open bool
	w, _, err := s.sweeper(ctx)
	if err == nil {
		s.narrated(w, nil, func() { swept, open, err = w.Finish(ctx, id) })
	}
	if err != nil {
		return coded(ExitStuck, fmt.Errorf("lease %s may be open, and cannot be ended: %w", id, err))
	}
	if !open {
		fmt.Fprintf(s.stdout, "lease %s is closed\n", id)
		leases, _ := w.Ledger.Leases(ctx)
		if i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.ID == id }); i >= 0 && leases[i].Approval != nil {
			s.mend(ctx, w.Ledger, access.PullRequest{Repository: s.runner.Context().Repository, Number: leases[i].Approval.PullRequest})
		}
		return nil
	}
	return s.concludeSweep(ctx, []elevation.Swept{swept}, nil)
}
