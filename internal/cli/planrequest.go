package cli

// The plan of a pull request, shown on it.

import (
	"context"
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/policy"
	"github.com/stepdown/stepdown/internal/report"
)

// planRequests plans what pull requests ask for. What they still need to be admitted is said and is no failure; what the org
// refuses is.
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
		return nil
	}
	b := s.board(ctx, d.hub, r)
	defer b.close()
	b.show(func(t *report.Thread) { t.Objections = s.objections(r) })
	if !r.Decision.Allow {
		fmt.Fprintf(s.stdout, "%v\n", denialError(number, r))
	}
	if r.Owner.Name == "" { // no single manifest that could be planned
		b.show(func(t *report.Thread) { t.Stage = report.StageDenied })
		return denialError(number, r)
	}
	w := s.workflow(d.client, nil, d.q)
	facts, err := w.Check(ctx, r.Owner)
	if err != nil {
		return err
	}
	var plan elevation.Plan
	if r.Action == admission.ActionEnd {
		plan = elevation.NewEnd(r.Owner, facts, r.Settings, s.subject(time.Now(), nil), elevation.Withdrawn{Why: fmt.Sprintf("pull request %d removes %s", number, r.Facts.ManifestPath)})
	} else {
		plan = elevation.NewPlan(r.Owner, facts, r.Settings, s.subject(time.Now(), nil))
	}
	return s.showPlan(b, plan, r)
}

// showPlan says a plan, on the pull request too.
func (s *session) showPlan(b *board, plan elevation.Plan, r admission.Result) error {
	b.show(func(t *report.Thread) { t.Changes, t.Kept = plan.Changes, plan.Terms.Label })
	switch {
	case len(plan.Refusals) > 0:
		b.show(func(t *report.Thread) { t.Stage, t.Objections = report.StageRefused, refusals(plan.Refusals, r.Owner) })
		return refusalError("refused: "+r.Owner.Account+" ("+r.Owner.Name+")", plan.Refusals, r.Owner)
	case plan.InPlace:
		b.show(func(t *report.Thread) { t.Stage = report.StageUnchanged })
		fmt.Fprintf(s.stdout, "no change for %s (%s)\n", r.Owner.Account, r.Owner.Name)
	default:
		s.sayChanges(plan)
	}
	return nil
}
