package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
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
	"github.com/stepdown/stepdown/internal/policy"
)

func newApply(s *session) *cobra.Command {
	var number int
	c := &cobra.Command{
		Use:   "apply",
		Short: "Carry out an approved pull request: elevate, have the token created, step down, prove it",
		Long: `apply reads an approved pull request that adds or changes one TokenOwner, and carries it out: it opens a lease, gives the
account its intended role and, for the window, the temporary one, tells the operator what to do, and takes the temporary
role away as soon as the token is there, or when the window ends, or when anything else happens.

The pull request is the one of GITHUB_EVENT_PATH, or --pull-request. The event is only a hint: the pull request, its
reviews and its files are read through the API, the manifest at the approved commit, the settings on the default branch.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return s.apply(c.Context(), number) },
	}
	s.orgFlag(c)
	s.accessFlag(c)
	s.reportFlag(c)
	s.ledgerFlag(c)
	c.Flags().IntVar(&number, "pull-request", 0, "number of the pull request (default: that of the event)")
	return c
}

// application is an admitted request on its way to the org.
type application struct {
	owner    access.TokenOwner
	settings access.Settings
	approval access.Approval
}

func (s *session) apply(ctx context.Context, number int) error {
	var q requests
	client, err := s.okta(ctx, "apply", &q)
	if err != nil {
		return err
	}
	hub, err := s.github()
	if err != nil {
		return err
	}
	book, err := s.ledger(true)
	if err != nil {
		return err
	}
	if number, err = s.pullRequest(number); err != nil {
		return err
	}
	if err := s.prepareReports(); err != nil {
		return err
	}
	app, err := s.admit(ctx, hub, number)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "admitted: %s for %s, approved by %s at %s\n",
		app.owner.Name, app.owner.Account, strings.Join(app.approval.Approvers, ", "), app.approval.HeadSHA)
	if done, err := alreadyApplied(ctx, book, app.approval); err != nil || done != "" {
		if err == nil {
			fmt.Fprintf(s.stdout, "nothing to do: this approval was carried out under lease %s\n", done)
			s.output("outcome", "unchanged")
		}
		return err
	}
	return s.carryOut(ctx, s.workflow(client, book, &q), app)
}

// pullRequest finds out which pull request the run is about.
func (s *session) pullRequest(number int) (int, error) {
	where := s.runner.Context()
	if !slices.Contains([]string{"", "pull_request_review", "workflow_dispatch"}, where.EventName) {
		return 0, usage("Trigger it by pull_request_review, or by hand with workflow_dispatch.",
			"apply does not run on %s: somebody has to be there to create the token, and it must not be the pull request's author who starts it", where.EventName)
	}
	if number != 0 {
		return number, nil
	}
	if where.EventPath == "" {
		return 0, usage("Give --pull-request, or run it in GitHub Actions on pull_request_review.", "the pull request is not known")
	}
	data, err := os.ReadFile(where.EventPath)
	if err != nil {
		return 0, coded(ExitUsage, fmt.Errorf("reading the event: %w", err))
	}
	event, err := github.ReadEvent(cmp.Or(where.EventName, "pull_request_review"), data)
	if err != nil {
		return 0, coded(ExitUsage, fmt.Errorf("reading the event in %s: %w", where.EventPath, err))
	}
	if event.Number == 0 {
		return 0, usage("Give --pull-request, or the input pull-request.", "the event %s does not say which pull request", event.Name)
	}
	if !strings.EqualFold(event.Repository, where.Repository) {
		return 0, usage("", "the event is about repository %q, the run about %q", event.Repository, where.Repository)
	}
	return event.Number, nil
}

// admit decides whether the pull request may be carried out.
func (s *session) admit(ctx context.Context, hub *github.Client, number int) (application, error) {
	facts, err := admission.Collect(ctx, hub, number, s.accessDir)
	if err != nil {
		return application{}, err
	}
	app := application{settings: access.DefaultSettings()}
	files := facts.Declared
	if facts.ManifestPath != "" {
		file, err := manifest.Parse(facts.ManifestPath, facts.Manifest)
		if err != nil {
			return app, err
		}
		if file.Owner == nil {
			return app, usage("Put settings into a pull request of their own; nothing is elevated for them.", "%s does not declare a %s", facts.ManifestPath, access.KindTokenOwner)
		}
		app.owner = *file.Owner
	}
	directory, err := manifest.Combine(files)
	if err != nil {
		return app, fmt.Errorf("reading %s on branch %s: %w", s.accessDir, facts.PullRequest.DefaultBranch, err)
	}
	app.settings = directory.Settings
	if facts.ManifestPath != "" {
		for _, file := range facts.Files {
			delete(files, file.PreviousPath) // renamed: what it was called before is no second declaration
		}
		files[facts.ManifestPath] = facts.Manifest
		if _, err := manifest.Combine(files); err != nil {
			return app, err
		}
	}
	engine, err := policy.Load(ctx)
	if err != nil {
		return app, err
	}
	decision, err := admission.Decide(ctx, engine, facts, app.owner, app.settings, time.Now())
	if err != nil {
		return app, err
	}
	if !decision.Allow {
		s.output("outcome", "denied")
		return app, denialError(number, decision.Denials, app.owner)
	}
	app.approval = admission.Approve(facts, decision, s.runner.Context().RunID, s.runner.Context().RunURL())
	return app, nil
}

func denialError(number int, denials []policy.Denial, owner access.TokenOwner) error {
	text := fmt.Sprintf("pull request %d is not admitted", number)
	for _, d := range denials {
		text += "\n  " + d.Rule + ": " + d.Message
		if owner.Source.File != "" && d.Field != "" {
			text += " (" + place(owner, d.Field) + ")"
		}
		text += "\n    " + d.Hint
	}
	return coded(ExitFound, errors.New(text))
}

// alreadyApplied returns the id of the lease under which this approval was carried out before.
func alreadyApplied(ctx context.Context, book *ledger.Folder, a access.Approval) (string, error) {
	leases, err := book.Leases(ctx)
	if err != nil {
		return "", coded(ExitUsage, fmt.Errorf("reading the ledger: %w", err))
	}
	i := slices.IndexFunc(leases, func(l access.Lease) bool {
		return l.State == access.StateClosed && l.Approval != nil && l.Approval.Repository == a.Repository &&
			l.Approval.PullRequest == a.PullRequest && l.Approval.HeadSHA == a.HeadSHA
	})
	if i < 0 {
		return "", nil
	}
	return leases[i].ID, nil
}

// carryOut checks the org, says the plan and does it.
func (s *session) carryOut(ctx context.Context, w *elevation.Workflow, app application) error {
	facts, err := w.Check(ctx, app.owner)
	if err != nil {
		return fmt.Errorf("checking the org, before anything is changed: %w", err)
	}
	plan := elevation.NewPlan(app.owner, facts, app.settings, s.subject(time.Now(), &app.approval))
	switch {
	case plan.InPlace:
		fmt.Fprintf(s.stdout, "nothing to do: %s holds exactly %s and owns token %q\n", plan.Terms.Account.Login, plan.Terms.Label, app.owner.Token.Name)
		s.output("outcome", "unchanged")
		return nil
	case len(plan.Refusals) > 0:
		s.output("outcome", "refused")
		return refusalError(fmt.Sprintf("%s is not carried out", app.owner.Name), plan.Refusals, app.owner)
	}
	return s.perform(ctx, w, plan, w.Apply)
}

// perform says a plan and has it done under its lease. The post step learns of the lease before it is opened.
func (s *session) perform(ctx context.Context, w *elevation.Workflow, plan elevation.Plan, do func(context.Context, elevation.Plan) (access.Evidence, error)) error {
	s.sayChanges(plan)
	if err := s.runner.SaveState("lease", plan.Terms.ID); err != nil {
		return coded(ExitFailed, err)
	}
	var evidence access.Evidence
	var err error
	s.narrated(w, func() { evidence, err = do(ctx, plan) })
	if evidence.Lease.ID == "" {
		return s.noLease(err)
	}
	return s.conclude(evidence, err)
}

// noLease ends a run that could not open its lease, so that the post step has nothing to look for.
func (s *session) noLease(err error) error {
	if stateErr := s.runner.SaveState("lease", ""); stateErr != nil {
		err = errors.Join(err, stateErr)
	}
	if errors.Is(err, access.ErrLeaseTaken) {
		s.output("outcome", "refused")
		return coded(ExitFound, fmt.Errorf("%w\nWait until its window is over, or end it: stepdown sweep (with --now, if its run is dead)", err))
	}
	s.output("outcome", "failed")
	return err
}
