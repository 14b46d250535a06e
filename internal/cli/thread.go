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
	"github.com/stepdown/stepdown/internal/policy"
	"github.com/stepdown/stepdown/internal/report"
)

// board begins to write on the pull request, or returns nil where that is not wanted.
func (s *session) board(ctx context.Context, hub *github.Client, r admission.Result) *board {
	pr := r.Facts.PullRequest
	if !s.comment || pr.Number == 0 {
		return nil
	}
	return newBoard(ctx, hub, pr.Number, pr.HeadSHA, s.threadOf(r), func(err error) { fmt.Fprintf(s.stderr, "stepdown: %v\n", err) })
}

// threadOf is what is known of a request once it was decided on.
func (s *session) threadOf(r admission.Result) report.Thread {
	o := r.Owner
	t := report.Thread{
		Stage: report.StagePlanned, Name: o.Name, Account: o.Account, ManifestPath: r.Facts.ManifestPath, HeadSHA: r.Facts.PullRequest.HeadSHA,
		Role: o.Elevation.Role, Kept: kept(o.Role), Window: manifest.FormatDuration(o.Elevation.Window),
		Requester: r.Facts.PullRequest.Author, Approvers: r.Decision.Approvers, ApprovedAt: r.Decision.ApprovedAt,
		Operator: o.Operator.Name, SignIn: o.Operator.SignIn, TokenName: o.Token.Name, Zones: o.Token.Zones, Destination: o.Delivery.Destination,
		OrgURL: s.orgURL, Now: time.Now().UTC(), RunURL: s.runner.Context().RunURL(), BreakGlass: o.Elevation.BreakGlass.Reason,
		URL: r.Facts.PullRequest.URL, Ticket: o.Ticket, Reason: o.Reason,
	}
	if r.Action == admission.ActionEnd {
		t.Stage = report.StageEnding
	}
	for _, step := range r.Decision.Trace {
		t.Trace = append(t.Trace, report.TraceLine{Rule: step.Rule, Title: step.Title, Facts: step.Facts, Outcome: step.Outcome})
	}
	return t
}

// kept names the role that an account keeps, as it was declared.
func kept(role access.Intended) string {
	if role.CustomRole == "" {
		return ""
	}
	return role.CustomRole + " on " + role.ResourceSet
}

// objections are the denials of an admission.
func (s *session) objections(r admission.Result) []report.Objection {
	out := []report.Objection{}
	for _, d := range r.Decision.Denials {
		out = append(out, report.Objection{Rule: d.Rule, Place: placed(r, d), Message: d.Message, Hint: d.Hint})
	}
	return out
}

func placed(r admission.Result, d policy.Denial) string {
	if at := r.Place(d); at.File != "" {
		return fmt.Sprintf("%s:%d", at.File, at.Line)
	}
	return d.Field
}

// refusals are what a plan objects to.
func refusals(list []elevation.Refusal, owner access.TokenOwner) []report.Objection {
	out := []report.Objection{}
	for _, r := range list {
		out = append(out, report.Objection{Rule: r.Rule, Place: strings.TrimSuffix(place(owner, r.Field), ": "+r.Field), Message: r.Message, Hint: r.Hint})
	}
	return out
}

// objectionsOf are what is wrong with a manifest, where that is the error.
func objectionsOf(err error) []report.Objection {
	var input *manifest.Error
	if !errors.As(err, &input) {
		return nil
	}
	out := []report.Objection{}
	for _, p := range input.Problems {
		out = append(out, report.Objection{Rule: "manifest", Place: fmt.Sprintf("%s:%d", p.File, p.Line), Message: strings.TrimSpace(p.Field + " " + p.Message), Hint: p.Hint})
	}
	return out
}

// settle says how it ended.
func settle(t *report.Thread, ev access.Evidence, err error, settings access.Settings) {
	t.Findings, t.Residue, t.ElevatedSeconds = ev.Findings, ev.Residue, ev.Window.ElevatedSeconds
	t.Transitions = ev.Transitions
	switch {
	case ev.State == access.StateStuck || exitCode(err) == ExitStuck:
		t.Stage, t.CommandByHand = report.StageStuck, "stepdown sweep --now"
	case ev.State == access.StateClosed:
		t.Stage, t.PendingUntil = report.StageDone, t.Now.Add(settings.Admission.PendingFor)
		if ev.Token != nil {
			t.TokenID = ev.Token.ID
		}
	case ev.Lease.Kind == access.LeaseEnd && err == nil:
		t.Stage = report.StageEnded
	default:
		t.Stage = report.StageUndone
	}
	if err != nil {
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
