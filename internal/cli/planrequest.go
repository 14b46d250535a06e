package cli

// The plan of a pull request, shown on it.

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/policy"
	"github.com/stepdown/stepdown/internal/report"
)

// planRequests plans what pull requests ask for. What they lack yet, approvals above all, is said and is no failure; what stands
// against them however many approve is, as is what the org refuses.
func (s *session) planRequests(ctx context.Context, number int) error {
	d := &desk{q: &requests{}}
	err := s.inRepository()
	if err != nil {
		return err
	}
	if d.client, err = s.okta(ctx, "plan", d.q); err != nil {
		return err
	}
	if d.hub, err = s.github(); err != nil {
		return err
	}
	if d.engine, err = policy.Load(ctx); err != nil {
		return err
	}
	if d.to, err = s.targets(ctx, d.hub, number); err != nil {
		return err
	}
	if d.to.gone != "" {
		closed, err := d.hub.ClosedAt(ctx, d.to.gone)
		if err != nil {
			s.warn(err) // which concerns their comments alone
		}
		d.to.numbers = append(d.to.numbers, closed...)
	}
	var worst error
	for _, n := range d.to.numbers {
		worst = worse(worst, s.planRequest(ctx, d, n))
	}
	if writes := d.q.writes(); len(writes) > 0 {
		return fmt.Errorf("plan sent %d requests that change something: this is a fault of the program", len(writes))
	}
	return worst
}

func (s *session) planRequest(ctx context.Context, d *desk, number int) error {
	r, asks, err := s.admit(ctx, d, number, true)
	if err != nil || !asks {
		return err
	}
	if r.Facts.PullRequest.State == "closed" {
		fmt.Fprintf(s.stdout, "pull request %d is closed\n", number)
		s.closedEarly(ctx, d, r)
		return nil
	}
	b := s.board(ctx, d, r)
	defer b.close()
	against, lacks := sorted(r)
	earlier := s.carriedOutAt(ctx, d, r)
	b.set(func(t *report.Thread) {
		if t.Plan, t.CarriedOut = true, earlier; len(against) > 0 {
			t.Stage = report.StageDenied
		}
		t.Objections, t.Waiting = against, lacks
	})
	denied := error(nil)
	if len(against) > 0 {
		denied = denialError(number, r)
	} else if !r.Decision.Allow {
		fmt.Fprintf(s.stdout, "%v\n", denialError(number, r))
	}
	if r.Owner.Name == "" { // no single manifest that could be planned
		b.show(func(*report.Thread) {})
		return denialError(number, r)
	}
	err = s.planOf(ctx, d, b, r)
	s.showFailure(b, err)
	return worse(denied, err)
}

// carriedOutAt returns the head at which the pull request was carried out, as far as its comment says so and it is not merged. It is
// for words alone.
func (s *session) carriedOutAt(ctx context.Context, d *desk, r admission.Result) string {
	pr := r.Facts.PullRequest
	if !s.comment || pr.Number == 0 || pr.Merged {
		return ""
	}
	comment, err := d.hub.OwnComment(ctx, pr.Number, report.ThreadMarker) // of an error, the board tells
	if stage, about, ok := report.ThreadStage(comment); err == nil && ok && stage == report.StageDone {
		return about
	}
	return ""
}

// planOf checks the org for a request, and says what would be done.
func (s *session) planOf(ctx context.Context, d *desk, b *board, r admission.Result) error {
	w := s.workflow(d.client, nil, d.q)
	facts, err := w.Check(ctx, r.Owner)
	if err != nil {
		return fmt.Errorf("checking the org for the plan: %w", err)
	}
	plan := elevation.NewPlan
	if r.Action == admission.ActionEnd {
		plan = func(o access.TokenOwner, f elevation.Facts, settings access.Settings, subject elevation.Subject) elevation.Plan {
			return elevation.NewEnd(o, f, settings, subject, elevation.Withdrawn{Why: fmt.Sprintf("pull request %d removes %s", r.Facts.PullRequest.Number, r.Facts.ManifestPath)})
		}
	}
	return s.showPlan(b, plan(r.Owner, facts, r.Settings, s.subject(time.Now(), nil)), r)
}

// showPlan says a plan, on the pull request too.
func (s *session) showPlan(b *board, plan elevation.Plan, r admission.Result) error {
	b.show(func(t *report.Thread) {
		if t.Changes = plan.Changes; !t.End {
			t.Kept = plan.Terms.Label
		}
	})
	switch {
	case len(plan.Refusals) > 0:
		b.show(func(t *report.Thread) {
			if t.Stage != report.StageDenied {
				t.Stage = report.StageRefused
			}
			for _, refused := range refusals(plan.Refusals, r.Owner) {
				said := func(o report.Objection) bool { return o.Place == refused.Place }
				if !slices.ContainsFunc(t.Objections, said) { // the settings are asked by the admission and by the plan
					t.Objections = append(t.Objections, refused)
				}
			}
		})
		return refusalError("refused: "+r.Owner.Account+" ("+r.Owner.Name+")", plan.Refusals, r.Owner)
	case plan.InPlace:
		b.show(func(t *report.Thread) {
			if t.Stage != report.StageDenied {
				t.Stage, t.Waiting = report.StageUnchanged, nil
			}
		})
		s.concluding("no change for %s (%s): the org is as declared already; whether for another pull request, only apply knows", r.Owner.Account, r.Owner.Name)
	default:
		s.sayChanges(plan)
		s.because = append(s.because, fmt.Sprintf("Pull request %d: %s planned for %s (%s); the log has them.", r.Facts.PullRequest.Number, number(len(plan.Changes), "change"), r.Owner.Account, r.Owner.Name))
	}
	return nil
}
