package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/policy"
	"github.com/stepdown/stepdown/internal/report"
)

func newApply(s *session) *cobra.Command {
	var number int
	c := &cobra.Command{
		Use:   "apply",
		Short: "Carry out an approved pull request: elevate, have the token created, step down, prove it",
		Long: `apply reads an approved pull request that adds or changes one TokenOwner, and carries it out: it opens a lease, gives the
account its intended role and, for the window, the temporary one, tells the operator what to do, and takes the temporary
role away as soon as the token is there, or when the window ends, or when anything else happens. The window opens only when a
person is there: the approval is minutes old, or the operator has commented /stepdown ready.

A pull request that removes one TokenOwner, once approved, has its token revoked and its role removed; so has one that was carried
out and then closed without being merged.

The pull request is --pull-request, or that of the event in GITHUB_EVENT_PATH; on a schedule it is every open one. The event is only a
hint: the pull request, its reviews, who pushed and its files are read through the API, the manifest at the approved commit,
the settings on the default branch.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return s.apply(c.Context(), number) },
	}
	s.orgFlag(c)
	s.accessFlag(c)
	s.reportFlag(c)
	s.ledgerFlag(c)
	s.commentFlag(c)
	c.Flags().IntVar(&number, "pull-request", 0, "number of the pull request (default: that of the event)")
	return c
}

// desk is what carrying out requests takes.
type desk struct {
	client *okta.Client
	hub    *github.Client
	book   book
	leases []access.Lease
	engine *policy.Engine
	q      *requests
	to     targets

	declared   manifest.Directory // what the default branch declares
	declaredAt string             // at this commit
}

func (s *session) apply(ctx context.Context, number int) error {
	_ = s.runner.SaveState(stateBegan, "true") // without it, the post step asks the ledger
	d, err := s.desk(ctx, number)
	if err != nil {
		return err
	}
	if len(d.to.numbers) == 0 && !d.to.ends {
		fmt.Fprintf(s.stdout, "nothing to do: %s\n", oneLine(d.to.nothing))
		s.output("outcome", "unchanged")
		return nil
	}
	var worst error
	for _, n := range d.to.numbers {
		if ctx.Err() != nil {
			return worse(worst, fmt.Errorf("not every pull request was looked at: %w", context.Cause(ctx)))
		}
		worst = worse(worst, s.carry(ctx, d, n))
	}
	if d.to.ends {
		idle, err := s.endWithdrawn(ctx, d)
		if worst = worse(worst, err); idle && len(d.to.numbers) == 0 && worst == nil {
			fmt.Fprintf(s.stdout, "nothing to do: %s, and nothing that was given is to be taken back\n", oneLine(d.to.nothing))
		}
	}
	if worst == nil && !s.outcome {
		s.output("outcome", "unchanged")
	}
	return worst
}

// desk connects to everything, and finds out which pull requests the run is about. Nothing is begun with a ledger of which a
// part cannot be verified.
func (s *session) desk(ctx context.Context, number int) (*desk, error) {
	d := &desk{q: &requests{}}
	err := s.inRepository()
	if err != nil {
		return nil, err
	}
	if d.client, err = s.okta(ctx, "apply", d.q); err != nil {
		return nil, err
	}
	if d.hub, err = s.github(); err != nil {
		return nil, err
	}
	if d.book, err = s.ledger(true); err != nil {
		return nil, err
	}
	if err = s.prepareReports(); err != nil {
		return nil, err
	}
	if d.engine, err = policy.Load(ctx); err != nil {
		return nil, err
	}
	if d.to, err = s.targets(ctx, d.hub, number); err != nil {
		return nil, err
	}
	if d.leases, err = d.book.Leases(ctx); errors.Is(err, ledger.ErrTampered) {
		return nil, coded(ExitUsage, fmt.Errorf("reading the ledger: %w", err))
	} else if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	return d, nil
}

// carry carries out one pull request, as far as it is admitted.
func (s *session) carry(ctx context.Context, d *desk, number int) error {
	r, asks, err := s.admit(ctx, d, number, false)
	if err != nil || !asks {
		return err
	}
	pr := r.Facts.PullRequest
	if pr.State == "closed" && !merged(pr) && len(carriedOut(d.leases, pr)) > 0 {
		_, err := s.endWithdrawn(ctx, d)
		return err
	}
	if id := endedUnder(d.leases, pr); id != "" && pr.State == "closed" && !pr.Merged {
		fmt.Fprintf(s.stdout, "nothing to do: already ended under lease %s\n", id)
		s.output("outcome", "unchanged")
		return nil
	}
	if l := underWay(d.leases, pr); l.ID != "" {
		return s.busy(d, l)
	}
	if done := lastDone(d.leases, pr); done != "" {
		fmt.Fprintf(s.stdout, "nothing to do: this approval was carried out under lease %s\n", done)
		s.output("outcome", "unchanged")
		s.mend(ctx, d.book, pr)
		return nil
	}
	if err := s.recordAdmission(number, r); err != nil {
		return err
	}
	if d.to.trigger == "pull_request_review" && r.Settings.Admission.DirectReview {
		fmt.Fprintln(s.stdout, "the run was started by pull_request_review, whose workflow file the pull request can change: admission.directReview allows it")
	}
	b := s.board(ctx, d, r)
	defer b.close()
	if !r.Decision.Allow {
		return s.deny(ctx, d, b, number, r)
	}
	r.Approval.RunID, r.Approval.RunURL = s.runner.Context().RunID, s.runner.Context().RunURL()
	fmt.Fprintf(s.stdout, "admitted: %s for %s, approved by %s at %s\n",
		r.Owner.Name, r.Owner.Account, strings.Join(r.Approval.Approvers, ", "), r.Approval.HeadSHA)
	do := s.elevate
	if r.Action == admission.ActionEnd {
		do = s.endDeclared
	}
	err = do(ctx, d, b, r)
	s.showFailure(b, err)
	return err
}

// admit has a pull request decided on, for a plan or to be carried out. asks is false where nothing follows from it: it asks for
// nothing, or could not be decided on.
func (s *session) admit(ctx context.Context, d *desk, number int, plan bool) (r admission.Result, asks bool, err error) {
	spent := presenceSpent(d.leases, access.PullRequest{Repository: s.runner.Context().Repository, Number: number})
	r, err = admission.Admit(ctx, d.hub, d.engine, admission.Ask{
		Number: number, AccessDir: s.accessDir, Trigger: d.to.trigger, PresenceSpent: spent, Plan: plan, Now: time.Now(), Roles: roles{d.client},
	})
	if changesRules(r) { // also where those of the default branch cannot be read, which it may be there to mend
		return r, false, s.sayRules(ctx, d, r, plan)
	}
	nothing := r.Facts.PullRequest.Number != 0 && !r.AsksForSomething() && !d.to.named
	if err != nil && (!nothing || len(objectionsOf(err, "")) == 0) {
		return r, false, s.unreadable(ctx, d, number, r, err)
	}
	if nothing {
		fmt.Fprintf(s.stdout, "pull request %d asks for nothing: it changes no file in %s\n", number, s.accessDir)
		return r, false, nil
	}
	if without := s.withoutSettings(r); without != "" {
		fmt.Fprintln(s.stdout, oneLine(without))
	}
	return r, true, nil
}

// withoutSettings says that the default settings hold because there are no others, where that is so.
func (s *session) withoutSettings(r admission.Result) string {
	if !r.Facts.Coverage[policy.FactDeclared].Read || r.Settings.Source.File != "" {
		return ""
	}
	return fmt.Sprintf("there is no %s on %s: the default settings hold", path.Join(r.Facts.AccessDir, admission.SettingsFile), r.Facts.PullRequest.DefaultBranch)
}

// lastDone returns the id of the lease under which what the pull request asks for at its present head was carried out before.
func lastDone(leases []access.Lease, pr access.PullRequest) string {
	for _, l := range slices.Backward(leases) {
		done := l.State == access.StateClosed || (l.TookBack() && l.Ends == "")
		if done && isOf(l, pr) && l.Approval.HeadSHA == pr.HeadSHA && !ended(leases, l.ID) {
			return l.ID
		}
	}
	return ""
}

// presenceSpent returns when somebody showed to be there for the last window of the pull request that is over, or zero. One that is open
// is this run's own, or keeps this run from opening another.
func presenceSpent(leases []access.Lease, pr access.PullRequest) (at time.Time) {
	for _, l := range leases {
		if isOf(l, pr) && !l.State.Open() && l.Reached(access.StateReady) && l.Approval.PresentAt.After(at) {
			at = l.Approval.PresentAt
		}
	}
	return at
}

// underWay returns the open lease of the pull request, if it has one.
func underWay(leases []access.Lease, pr access.PullRequest) access.Lease {
	i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.State.Open() && isOf(l, pr) })
	if i < 0 {
		return access.Lease{}
	}
	return leases[i]
}

// busy leaves a pull request alone that another run carries out, and what that run says on it: it is the one that knows.
func (s *session) busy(d *desk, l access.Lease) error {
	text := fmt.Sprintf("pull request %d is being carried out under lease %s, which is %s: the account already has an open lease", l.Approval.PullRequest, l.ID, l.State)
	if !d.to.strict && !d.to.named {
		fmt.Fprintln(s.stdout, text)
		return nil
	}
	s.output("outcome", "refused")
	return coded(ExitFound, fmt.Errorf("%s\n%s", text, s.waitOrSweep()))
}

func isOf(l access.Lease, pr access.PullRequest) bool {
	return l.Approval != nil && l.Approval.PullRequest == pr.Number && strings.EqualFold(l.Approval.Repository, pr.Repository)
}

// recordAdmission keeps what was decided and on what facts.
func (s *session) recordAdmission(number int, r admission.Result) error {
	for _, name := range []string{fmt.Sprintf("admission-%d.json", number), "admission.json"} {
		if _, err := s.writeReport(name, func(w io.Writer) error { return writeJSON(w, r.Record()) }); err != nil {
			return err
		}
	}
	return nil
}

// elevate checks the org, says the plan and does it, if somebody is there.
func (s *session) elevate(ctx context.Context, d *desk, b *board, r admission.Result) error {
	w := s.workflow(d.client, d.book, d.q)
	leases, err := d.book.Leases(ctx) // now: this run may have carried out another one
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	if err := s.taken(b, leases, r); err != nil {
		return err
	}
	s.sayLateSweep(ctx, d.book, leases, r.Settings.Audit.SweepWithin)
	facts, err := w.Check(ctx, r.Owner)
	if err != nil {
		return fmt.Errorf("checking the org, before anything is changed: %w", err)
	}
	plan := elevation.NewPlan(r.Owner, facts, r.Settings, s.subject(time.Now(), &r.Approval))
	w.StillApproved = func(ctx context.Context) error { return s.stillToDo(ctx, d, r, plan.Terms.Account) }
	pending, err := s.notMerged(ctx, d, leases, r, plan.Terms.Account)
	if err != nil {
		return err
	}
	if len(pending) > 0 { // said alone: what the org shows of the other is no fault of this one
		plan.InPlace, plan.Refusals = false, pending
	}
	b.show(func(t *report.Thread) { t.Changes, t.Kept = plan.Changes, plan.Terms.Label })
	switch {
	case plan.InPlace:
		b.show(func(t *report.Thread) { t.Stage = report.StageUnchanged })
		fmt.Fprintf(s.stdout, "nothing to do: %s holds exactly %s and owns token %q\n", plan.Terms.Account.Login, plan.Terms.Label, r.Owner.Token.Name)
		s.output("outcome", "unchanged")
		return nil
	case len(plan.Refusals) > 0:
		b.show(func(t *report.Thread) { t.Stage, t.Objections = report.StageRefused, refusals(plan.Refusals, r.Owner) })
		s.output("outcome", "refused")
		return refusalError(fmt.Sprintf("%s is not carried out", r.Owner.Name), plan.Refusals, r.Owner)
	case len(r.Decision.Waiting) > 0:
		return s.wait(b, plan, r)
	}
	issue, err := s.breakGlass(ctx, d, b, r)
	if err != nil {
		return err
	}
	var evidence access.Evidence
	err = s.perform(ctx, w, b, plan, r.Settings, func(ctx context.Context, plan elevation.Plan) (access.Evidence, error) {
		got, err := w.Apply(ctx, plan)
		evidence = got
		return got, err
	})
	s.cameOfRun(ctx, issue, r, evidence, err)
	return err
}

// stillToDo says why what was decided does not hold any more, or was carried out by another run meanwhile.
func (s *session) stillToDo(ctx context.Context, d *desk, r admission.Result, account access.Account) error {
	leases, err := d.book.Leases(ctx) // this run holds the account's lease: no other opens one while it looks
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	if done := lastDone(leases, r.Facts.PullRequest); done != "" {
		return fmt.Errorf("this approval was carried out meanwhile, under lease %s", done)
	}
	r.Input.PresenceSpent = presenceSpent(leases, r.Facts.PullRequest)
	if err := r.Confirm(ctx, d.hub, d.engine, time.Now()); err != nil {
		return err
	}
	pending, err := s.notMerged(ctx, d, leases, r, account)
	if err == nil && len(pending) > 0 {
		err = fmt.Errorf("%s\n%s", pending[0].Message, pending[0].Hint)
	}
	return err
}

// wait says that the request is admitted and that nobody is there. Nothing is held meanwhile, no privilege and no job.
func (s *session) wait(b *board, plan elevation.Plan, r admission.Result) error {
	s.sayChanges(plan)
	waiting := []report.Objection{}
	for _, d := range r.Decision.Waiting {
		hint := d.Hint
		if who := r.Owner.Operator.Name; !strings.Contains(who, "@") { // a login: who reads this may be the operator
			hint = fmt.Sprintf("The operator (%s) comments /stepdown ready on the pull request, once ready to create the token.", who)
		}
		waiting = append(waiting, report.Objection{Rule: d.Rule, Message: d.Message, Hint: hint})
		fmt.Fprintf(s.stdout, "waiting: %s\n  %s\n", oneLine(d.Message), oneLine(hint))
	}
	words := heard(r, time.Now())
	for _, line := range words {
		fmt.Fprintln(s.stdout, oneLine(line))
	}
	b.show(func(t *report.Thread) { t.Stage, t.Waiting, t.Heard = report.StageWaiting, waiting, words })
	for _, w := range waiting {
		s.runner.Notice("waiting", w.Message+"\n"+w.Hint)
		s.because = append(s.because, w.Message+". "+w.Hint)
	}
	s.output("outcome", "waiting")
	return nil
}

// perform says a plan and has it done under its lease. The post step learns of the lease before it is opened.
func (s *session) perform(ctx context.Context, w *elevation.Workflow, b *board, plan elevation.Plan, settings access.Settings, do func(context.Context, elevation.Plan) (access.Evidence, error)) error {
	s.sayChanges(plan)
	s.leases = true
	if err := s.runner.SaveState(stateLease, plan.Terms.ID); err != nil {
		return coded(ExitFailed, err)
	}
	var evidence access.Evidence
	var err error
	s.narrated(w, b, func() { evidence, err = do(ctx, plan) })
	if evidence.Lease.ID == "" {
		taken := errors.Is(err, access.ErrLeaseTaken)
		err = s.noLease(err)
		b.show(func(t *report.Thread) {
			if t.Stage, t.Objections = report.StageFailed, []report.Objection{s.failure(err)}; taken {
				t.Stage = report.StageRefused
			}
		})
		return err
	}
	err = s.conclude(evidence, err)
	b.show(func(t *report.Thread) { s.sayEnd(t, evidence, err, settings) })
	s.alarm(ctx, evidence, err)
	return err
}

// noLease ends a run that could not open its lease. The post step looks for it all the same: an answer may have been lost.
func (s *session) noLease(err error) error {
	if errors.Is(err, access.ErrLeaseTaken) {
		s.output("outcome", "refused")
		return coded(ExitFound, fmt.Errorf("%w\n%s", err, s.waitOrSweep()))
	}
	s.output("outcome", "failed")
	return err
}
