package cli

import (
	"cmp"
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
	var from string
	var every time.Duration
	c := &cobra.Command{
		Use:   "sweep",
		Short: "Undo every open lease that is past its end or stuck, from the ledger alone",
		Long: `sweep takes back what open leases gave once their window is over, or at once where their run gave up. It needs the ledger
and nothing else, it only removes, and it may run beside anything else and again.

The pull request that a lease was opened for shows how it ended.

A lease whose run was killed is due when its window is over, or as soon as GitHub says that the run is over, for which GITHUB_TOKEN needs
actions: read. Where you know that the run is dead, --now does not wait for that.

With --watch it goes on until a signal ends it, for where no schedule is to be relied on. It ends with what came of its last round.

With --from-report, roles that an audit found service accounts with and no lease gave (OKTA-ELV-001) are taken away too, each account's
under a lease that names them: those of the report that the account still holds itself. It reads the settings and the declarations in
--access, and needs the credential that downgrade needs.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case every > 0 && (now || from != ""):
				return usage("Give it alone: what it sweeps at once are leases that are due, again and again.", "--watch does not go with --now or --from-report")
			case c.Flags().Changed("access") && from == "" && !s.inAction:
				return usage("", "--access is for --from-report: leases need no manifests")
			case every > 0:
				s.watching = true
				return s.watch(c.Context(), every)
			}
			return s.sweep(c.Context(), now, from)
		},
	}
	s.orgFlag(c)
	s.accessFlag(c)
	s.reportFlag(c)
	s.ledgerFlag(c)
	s.commentFlag(c)
	c.Flags().BoolVar(&now, "now", false, "undo every open lease, also one whose window is not over")
	c.Flags().StringVar(&from, "from-report", "", "report.json of an audit, whose findings about accounts are cleared away too")
	c.Flags().DurationVar(&every, "watch", 0, "sweep again each time that this has passed, such as 1m, until a signal ends it")
	return c
}

func (s *session) sweep(ctx context.Context, now bool, from string) error {
	if from == "" {
		w, err := s.sweeper(ctx, false)
		if err != nil {
			return err
		}
		err = s.sweepLeases(ctx, w, now, s.mustBeThere)
		s.amend(ctx, w)
		return err
	}
	_ = s.runner.SaveState(stateBegan, "true") // without it, the post step asks the ledger
	rest, err := s.readLeftovers(from)
	if err != nil {
		return err
	}
	begins := s.noFolder()
	w, err := s.sweeper(ctx, true)
	if err != nil {
		return err
	}
	if err := s.identify(ctx, w.Workflow, &rest); err != nil {
		return err
	}
	err = s.sweepLeases(ctx, w, now, nil)
	if missing, _ := s.noBranch(ctx, w.book); missing || begins {
		err = worse(err, s.begun())
	}
	err = worse(err, s.clear(ctx, w.Workflow, rest))
	s.amend(ctx, w)
	if s.outcome || err != nil {
		s.output("outcome", outcomeName(exitCode(err)))
	}
	return err
}

// begun says that there was no ledger, so that what is open in another is not swept. Where its name is not the one that a first ledger
// has, that is something to look at.
func (s *session) begun() error {
	name := s.ledgerName()
	if name == defaultBranch || name == defaultFolder {
		fmt.Fprintf(s.stdout, "there was no ledger in %s\n", name)
		return nil
	}
	return coded(ExitFound, fmt.Errorf("there was no ledger in %s: what is open in another is not swept\nIf there is another, sweep that one with --ledger.", name))
}

// mustBeThere says that there is no ledger to sweep, where there is none; that is an error where there should be one.
func (s *session) mustBeThere(ctx context.Context, book elevation.Ledger) (string, error) {
	missing, err := s.noBranch(ctx, book)
	if !missing || err != nil {
		return "", err
	}
	return fmt.Sprintf("there is no ledger: the repository has no branch %q, and never had one; if apply has run, look at its input ledger\n", strings.TrimPrefix(s.ledgerName(), branchPrefix)), nil
}

// sweepLeases undoes the open leases that are due, and leaves word that it looked. Where none is due, nothing, if it is not nil, says
// what is wrong with that.
func (s *session) sweepLeases(ctx context.Context, w *sweeper, now bool, nothing func(context.Context, elevation.Ledger) (string, error)) (err error) {
	due := func(l access.Lease) bool {
		return now || l.Due(time.Now()) || w.vouch != nil && l.State.Open() && (w.vouch.overdue(ctx, l) || s.isOrphaned(ctx, w.vouch, l))
	}
	var result elevation.Sweep
	s.narrated(w.Workflow, nil, func() { result, err = w.Sweep(ctx, due) })
	w.whole, w.ended = err == nil, result.Ended
	idle := s.notDue(result.NotDue)
	switch {
	case err != nil:
		s.say(idle)
		return s.concludeSweep(ctx, result.Swept, coded(ExitStuck, err))
	case len(result.Swept) > 0:
		s.say(idle)
		err = s.concludeSweep(ctx, result.Swept, nil)
		if exitCode(err) == ExitStuck { // whether one could be ended is what is in doubt
			return err
		}
		word := s.leaveWord(ctx, w)
		if ctx.Err() != nil { // a signal ends the sweep, which has done its work
			return err
		}
		return worse(err, word)
	}
	if err = s.leaveWord(ctx, w); nothing != nil {
		missing, missingErr := nothing(ctx, w.Ledger)
		idle, err = idle+missing, worse(err, missingErr)
	}
	if err != nil {
		return err
	}
	last := "no lease is due\n"
	if len(result.NotDue) > 0 {
		last = "no other lease is open\n"
	}
	s.say(idle + last)
	s.output("outcome", "unchanged")
	return nil
}

// notDue says which open leases are left alone.
func (s *session) notDue(leases []access.Lease) (text string) {
	for _, l := range leases {
		text += fmt.Sprintf("not due yet: lease %s of %s, %s, window until %s; if its run is dead: stepdown sweep --now%s\n",
			l.ID, oneLine(l.Account.Login), l.State, l.EndsAt.UTC().Format("2006-01-02 15:04:05 UTC"), s.sweepArgs())
	}
	return text
}

// isOrphaned tells whether the run that opened the lease is over: nobody steps down for it any more. Where that cannot be read, the
// lease waits for the end of its window.
func (s *session) isOrphaned(ctx context.Context, v *voucher, l access.Lease) bool {
	if l.RunID == "" || l.Approval == nil || !strings.EqualFold(l.Approval.Repository, v.repository) || l.RunID == s.thisRun().RunID {
		return false
	}
	over, err := v.hub.RunIsOver(ctx, l.Run)
	if err != nil {
		s.warn(fmt.Errorf("lease %s waits for the end of its window: %w", l.ID, err))
	}
	return over
}

// sweeper is what a sweep takes.
type sweeper struct {
	*elevation.Workflow
	book  book
	vouch *voucher // holds leases against their manifests; may be nil

	whole bool           // the last sweep could read every lease
	ended []access.Lease // those that it found ended
}

// sweeper connects to the org and the ledger. opens says that it will open leases too.
func (s *session) sweeper(ctx context.Context, opens bool) (*sweeper, error) {
	var q requests
	s.leases, s.removes = true, !opens
	verb := "sweep"
	if opens {
		verb = "downgrade"
	}
	client, err := s.okta(ctx, verb, &q)
	if err != nil {
		return nil, err
	}
	book, err := s.ledger(opens)
	if err != nil {
		return nil, err
	}
	if err := s.prepareReports(); err != nil && opens {
		return nil, err
	} else if err != nil { // that there will be no evidence is no reason to leave an account elevated
		s.warn(err)
	}
	w := s.workflow(client, book, &q)
	w.HandOver = 0 // nobody follows
	v, err := s.voucher()
	if v != nil {
		w.Vouch = v.vouch
	}
	return &sweeper{Workflow: w, book: book, vouch: v}, err
}

// concludeSweep writes the evidence of each lease, ends with the worst of their outcomes, and has the pull requests show them.
func (s *session) concludeSweep(ctx context.Context, swept []elevation.Swept, worst error) error {
	for _, one := range swept {
		path, err := s.writeEvidence(fmt.Sprintf("evidence-%s-sweep-%d", one.Evidence.Lease.ID, len(one.Evidence.Transitions)), one.Evidence)
		if err != nil {
			worst = worse(worst, coded(ExitFailed, err))
		}
		s.say(fmt.Sprintf("lease %s of %s: %s; evidence: %s\n", one.Evidence.Lease.ID, one.Evidence.Lease.Account.Login, one.Evidence.State, path))
		err = s.verdict(one.Evidence, one.Err)
		s.alarm(ctx, one.Evidence, err)
		worst = worse(worst, err)
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

// The states of the Action that the post step reads.
const (
	stateBegan = "began" // a verb that opens leases has begun
	stateLease = "lease" // the id of the last lease that it was about to open
)

// post undoes the leases of this job that are still open: the one that the state names, and those that the ledger has of the run, the job
// and the runner. What a state says counts only for a lease of this job: a step before can have set it, where main has not.
func (s *session) post(ctx context.Context) error {
	s.inAction, s.shown = true, true // a summary of its own it has only of what it did
	s.takeInputs()
	id, run := s.runner.State(stateLease), s.thisRun()
	s.leases = true
	verb := s.runner.Input("command")
	opens := verb == "apply" || verb == "downgrade" || verb == "sweep" && s.runner.Input("from-report") != ""
	lost := s.runner.State(stateBegan) == "" && run.RunID != ""
	if !opens || id == "" && !lost {
		fmt.Fprintln(s.stdout, "this run opened no lease")
		return nil
	}
	if id == "" {
		fmt.Fprintln(s.stdout, "there is no state of this run: looking for its leases in the ledger")
	}
	ours := func(l access.Lease) bool {
		ofRun := l.RunID == run.RunID && l.Job == run.Job
		return ofRun && (l.ID == id || run.RunID != "" && l.RunAttempt == run.RunAttempt && l.Runner == run.Runner)
	}
	var swept []elevation.Swept
	w, err := s.sweeper(ctx, false)
	if err == nil {
		s.narrated(w.Workflow, nil, func() { swept, err = w.Finish(ctx, ours) })
	}
	switch {
	case err != nil && id == "" && exitCode(err) == ExitUsage: // unless main was given others, which act does
		fmt.Fprintf(s.stdout, "with these inputs this run could open no lease: %v\n", err)
		return nil
	case err != nil:
		return coded(ExitStuck, fmt.Errorf("lease %s may be open, and cannot be ended: %w", cmp.Or(id, "of run "+run.RunID), err))
	case len(swept) > 0:
		return s.concludeSweep(ctx, swept, nil)
	}
	fmt.Fprintln(s.stdout, "no lease of this run is open")
	leases, _ := w.Ledger.Leases(ctx)
	if i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.ID == id }); i >= 0 && leases[i].Approval != nil {
		s.mend(ctx, w.Ledger, access.PullRequest{Repository: s.runner.Context().Repository, Number: leases[i].Approval.PullRequest})
	}
	return nil
}
