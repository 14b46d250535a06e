package cli

// What the pull request's comment says, made of what was decided and done.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/report"
)

// board begins to write on the pull request, or returns nil where that is not wanted. Without a ledger, it writes over nothing
// that belongs to a lease.
func (s *session) board(ctx context.Context, d *desk, r admission.Result) *board {
	pr := r.Facts.PullRequest
	if !s.comment || pr.Number == 0 {
		return nil
	}
	b := &board{to: d.hub, number: pr.Number, sha: pr.HeadSHA, thread: s.threadOf(r), warn: s.warn}
	if d.book == nil {
		b.may = func(ctx context.Context, t report.Thread) error { // again each time: a window may have opened since
			why, err := leaseShown(ctx, d.hub, pr, t.Stage)
			if why != "" {
				err = errors.New(why)
			}
			return err
		}
	}
	return b.begin(ctx)
}

// warn tells what went wrong beside the work.
func (s *session) warn(err error) {
	if !s.repeats(err.Error()) {
		fmt.Fprintf(s.stderr, "stepdown: %v\n", err)
	}
}

// leaseShown says why a plan is not written into the comment, or is empty: what the comment says is of a lease, and the run or the sweep that ends that
// lease says how.
func leaseShown(ctx context.Context, hub *github.Client, pr access.PullRequest, plan report.Stage) (why string, err error) {
	comment, err := hub.OwnComment(ctx, pr.Number, report.ThreadMarker)
	if err != nil {
		return "", fmt.Errorf("finding out whether a lease is shown: %w", err)
	}
	stage, about, ok := report.ThreadStage(comment)
	switch {
	case ok && stage == report.StageDone && !pr.Merged && plan == report.StageUnchanged && about != pr.HeadSHA:
		return fmt.Sprintf("its comment says that the request was carried out at commit %.12s, and nothing else is asked for at this one", about), nil
	case !ok || !stage.OutranksPlan(about, pr.HeadSHA):
		return "", nil
	case stage.Held():
		return fmt.Sprintf("its comment says that the request is %s, and no plan is written over that: whoever ends its lease says how it ended; if its run is dead, stepdown sweep ends it, once its window is over", stage), nil
	default:
		return fmt.Sprintf("its comment says that the request is %s at this commit, and no plan is written over that", stage), nil
	}
}

// threadOf is what is known of a request once it was decided on.
func (s *session) threadOf(r admission.Result) report.Thread {
	t := report.Thread{
		Stage: report.StagePlanned, ManifestPath: r.Facts.ManifestPath, HeadSHA: r.Facts.PullRequest.HeadSHA, URL: r.Facts.PullRequest.URL,
		Requester: r.Facts.PullRequest.Author, Approvers: r.Decision.Approvers, ApprovedAt: r.Decision.ApprovedAt,
		Merged: merged(r.Facts.PullRequest), Now: time.Now().UTC(), RunURL: s.runner.Context().RunURL(),
	}
	t.Remark = s.withoutSettings(r)
	facts := factsOf(r)
	for _, step := range r.Decision.Trace {
		t.Trace = append(t.Trace, report.TraceLine{Rule: step.Rule, Title: step.Title, Facts: seen(facts, step), Outcome: step.Outcome})
	}
	if r.Action == admission.ActionEnd { // which has no role, no window and no operator, and another reason than the manifest's
		t.Stage, t.End = report.StageEnding, true
		t.Name, t.Account, t.TokenName = r.Owner.Name, r.Owner.Account, r.Owner.Token.Name
		return t
	}
	s.declare(&t, r.Owner)
	return t
}

// declare says what a manifest asks for.
func (s *session) declare(t *report.Thread, o access.TokenOwner) {
	t.Name, t.Account, t.TokenName, t.Ticket, t.Reason = o.Name, o.Account, o.Token.Name, o.Ticket, o.Reason
	t.Role, t.Kept, t.BreakGlass = o.Elevation.Role, kept(o.Role), o.Elevation.BreakGlass.Reason
	if o.Elevation.Window > 0 {
		t.Window = manifest.FormatDuration(o.Elevation.Window)
	}
	t.Operator, t.SignIn, t.Zones, t.Destination, t.OrgURL = o.Operator.Name, o.Operator.SignIn, o.Token.Zones, o.Delivery.Destination, s.orgURL
}

// kept names the role that an account keeps, as it was declared.
func kept(role access.Intended) string {
	if role.CustomRole == "" {
		return ""
	}
	return role.CustomRole + " on " + role.ResourceSet
}

// sayEnd says how it ended.
func (s *session) sayEnd(t *report.Thread, ev access.Evidence, err error, settings access.Settings) {
	t.Findings, t.Residue, t.ElevatedSeconds = ev.Findings, ev.Residue, ev.Window.ElevatedSeconds
	t.Transitions = ev.Transitions
	var undone *elevation.Undone
	var stuck *elevation.Stuck
	switch {
	case errors.Is(err, elevation.ErrHandedOver):
		t.Stage = report.StageStepping
	case ev.State == access.StateStuck || exitCode(err) == ExitStuck:
		t.Stage, t.CommandByHand = report.StageStuck, s.sweepCommand(ev)
	case ev.State == access.StateClosed:
		t.Stage, t.PendingUntil = report.StageDone, t.Now.Add(settings.Admission.PendingFor)
		if ev.Token != nil {
			t.TokenID = ev.Token.ID
		}
	case ev.Lease.Kind == access.LeaseEnd && !errors.As(err, &undone) && (err == nil || exitCode(err) == ExitFound):
		t.Stage = report.StageEnded
	default:
		t.Stage = report.StageUndone
	}
	switch {
	case errors.As(err, &undone):
		t.Objections = append(t.Objections, s.failure(undone.Cause))
	case errors.As(err, &stuck) && stuck.Why != nil: // with what to do about it: a sweep alone may not help
		t.Objections = append(t.Objections, s.failure(stuck.Why))
	case err != nil && exitCode(err) != ExitFound: // findings and residue are listed
		t.Objections = append(t.Objections, report.Objection{Rule: "run", Message: firstLine(err)})
	}
}

// firstLine returns what an error says, without what to do next.
func firstLine(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
