package cli

// Why a request is not admitted, or cannot be carried out: in the log and on its pull request.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/policy"
	"github.com/stepdown/stepdown/internal/report"
)

// deny says why a request is not admitted. A pull request that nobody named may be on its way to an approval, and so may one of
// which the review that the run follows was a mere comment.
func (s *session) deny(ctx context.Context, d *desk, b *board, number int, r admission.Result) error {
	err := denialError(number, r)
	if pr := r.Facts.Coverage[policy.FactPullRequest]; !pr.Read && strings.Contains(pr.Message, "404") {
		err = coded(ExitFound, fmt.Errorf("%w\n  Check %s and the repository: is it pull request %d of %s?", err, s.option("pull-request"), number, s.runner.Context().Repository))
	}
	against, lacks := sorted(r)
	merge := len(against) == 0 && len(lacks) > 0 && !slices.ContainsFunc(lacks, report.Objection.IsApproval) // is all that it waits for
	if merge && (d.to.strict || d.to.named) {
		b.show(func(t *report.Thread) { t.Waiting = lacks })
	}
	if !d.to.named && (!d.to.strict || unreviewed(r) || merge) { // the plan, which the pull request shows, says what is missing
		fmt.Fprintf(s.stdout, "%v\n", err)
		s.closedEarly(ctx, d, r)
		s.mend(ctx, d.book, r.Facts.PullRequest)
		return nil
	}
	switch pr := r.Facts.PullRequest; {
	case merge:
	case pr.State == "closed" && !pr.Merged: // nobody is to mend it
		s.closedEarly(ctx, d, r)
	default:
		b.show(func(t *report.Thread) { t.Stage, t.Objections = report.StageDenied, objections(r, r.Decision.Denials) })
	}
	s.sayTrace(r)
	s.output("outcome", "denied")
	return err
}

// ruleApproved is the rule that denies where approvals are missing, or do not count.
const ruleApproved = "approved"

// unreviewed tells whether nothing is against a request but that nobody has approved it so far. An approval that was dismissed, as by
// a push, was one.
func unreviewed(r admission.Result) bool {
	return len(r.Decision.Denials) > 0 &&
		!slices.ContainsFunc(r.Decision.Denials, func(d policy.Denial) bool { return d.Rule != ruleApproved }) &&
		!slices.ContainsFunc(r.Facts.Reviews, func(v access.Review) bool { return v.State != "COMMENTED" && v.State != "PENDING" })
}

// comesByItself tells whether a denial is of what a request lacks on its way: approvals, a merge. Any other stands however many
// approve it.
func comesByItself(d policy.Denial) bool {
	return d.Rule == ruleApproved || (d.Rule == "pull_request_open" && d.Field == "pull_request.merged")
}

// sorted tells apart what stands against a request and what it lacks yet.
func sorted(r admission.Result) (against, lacks []report.Objection) {
	var stand, come []policy.Denial
	for _, d := range r.Decision.Denials {
		if comesByItself(d) {
			come = append(come, d)
		} else {
			stand = append(stand, d)
		}
	}
	return objections(r, stand), objections(r, come)
}

// objections are denials of an admission.
func objections(r admission.Result, denials []policy.Denial) []report.Objection {
	out := []report.Objection{}
	for _, d := range denials {
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

// denialError lists the denials. A hint that is that of several is given once, after the last of them in a row.
func denialError(number int, r admission.Result) error {
	what := fmt.Sprintf("pull request %d is not admitted", number)
	text, places := what, []manifest.Problem{}
	for i, d := range r.Decision.Denials {
		text += "\n  " + d.Rule + ": " + oneLine(d.Message)
		if at := r.Place(d); at.File != "" {
			text += fmt.Sprintf(" (%s:%d: %s)", at.File, at.Line, d.Field)
			places = append(places, manifest.Problem{File: at.File, Line: at.Line, Field: d.Field, Message: oneLine(d.Message), Hint: oneLine(d.Hint)})
		} else if d.Field != "" {
			text += " (" + oneLine(d.Field) + ")"
		}
		if i+1 == len(r.Decision.Denials) || r.Decision.Denials[i+1].Hint != d.Hint {
			text += "\n    " + oneLine(d.Hint)
		}
	}
	return coded(ExitFound, &notDone{outcome: outcomeDenied, what: what, text: text, places: places, whole: len(places) == len(r.Decision.Denials)})
}

// sayTrace prints what each rule of the admission said, and on which facts. What denies comes last, where it is seen.
func (s *session) sayTrace(r admission.Result) {
	end := s.runner.Group("what each rule of the admission saw")
	defer end()
	steps := slices.Clone(r.Decision.Trace)
	slices.SortStableFunc(steps, func(a, b policy.TraceStep) int { return denies(a) - denies(b) })
	facts := factsOf(r)
	for _, step := range steps {
		if step.Outcome == policy.OutcomeNotApplicable { // the pull request's comment has them, and the record
			continue
		}
		fmt.Fprintf(s.stdout, "  %-15s %-24s %s\n", step.Outcome, step.Rule, oneLine(strings.Join(seen(facts, step), ", ")))
	}
}

func denies(step policy.TraceStep) int {
	if step.Outcome == policy.OutcomeDeny {
		return 1
	}
	return 0
}

// factsOf are the facts of an admission as the policy read them; nil where they cannot be written.
func factsOf(r admission.Result) (facts any) {
	data, err := json.Marshal(r.Input)
	if err != nil || json.Unmarshal(data, &facts) != nil {
		return nil
	}
	return facts
}

// seen are the facts that a rule looked at, with what they were.
func seen(facts any, step policy.TraceStep) []string {
	out := make([]string, 0, len(step.Facts))
	for _, fact := range step.Facts {
		out = append(out, report.Fact(facts, fact))
	}
	return out
}

// refusals are what a plan objects to.
func refusals(list []elevation.Refusal, owner access.TokenOwner) []report.Objection {
	out := []report.Objection{}
	for _, r := range list {
		out = append(out, report.Objection{Rule: r.Rule, Place: strings.TrimSuffix(place(owner, r.Field), ": "+r.Field), Message: r.Message, Hint: r.Hint})
	}
	return out
}

// objectionsOf are what is wrong with a manifest, or with a document of the default branch, where that is the error.
func objectionsOf(err error, branch string) []report.Objection {
	var input *manifest.Error
	if !errors.As(err, &input) {
		return nil
	}
	out := []report.Objection{}
	for _, p := range input.Problems {
		o := report.Objection{Rule: "manifest", Place: fmt.Sprintf("%s:%d", p.File, p.Line), Message: strings.TrimSpace(p.Field + " " + p.Message), Hint: p.Hint}
		if ofDefaultBranch(err) {
			o.Message = strings.TrimSpace(o.Message + "\n" + p.Hint)
			o.Rule, o.Place = "", o.Place+" on "+branch
			o.Hint = fmt.Sprintf("Whoever looks after %s mends it in %s: this request cannot.", p.File, branch)
		}
		out = append(out, o)
	}
	return out
}

// ofDefaultBranch tells whether it is a document of the default branch that is not well-formed, which Admit says around the
// error; one of the request is the error itself.
func ofDefaultBranch(err error) bool {
	var input *manifest.Error
	_, bare := err.(*manifest.Error) //nolint:errorlint // whether something is around it is the question
	return errors.As(err, &input) && !bare
}

// unreadable ends with what the admission could not even be asked about: a manifest that cannot be read is shown where it was
// written, and so is whatever else went wrong.
func (s *session) unreadable(ctx context.Context, d *desk, number int, r admission.Result, err error) error {
	pr := r.Facts.PullRequest
	wrong, lenient := objectionsOf(err, pr.DefaultBranch), !d.to.strict && !d.to.named
	if pr.HeadSHA != "" && underWay(d.leases, pr).ID == "" && (len(wrong) > 0 || !lenient) {
		b := s.board(ctx, d, r)
		switch {
		case len(wrong) > 0 && !ofDefaultBranch(err):
			b.show(func(t *report.Thread) { t.Stage, t.Objections = report.StageDenied, wrong })
		case len(wrong) > 0:
			b.show(func(t *report.Thread) { t.Stage, t.Objections = report.StageFailed, wrong })
		default:
			s.showFailure(b, err)
		}
		b.close()
	}
	if len(wrong) > 0 && lenient && !ofDefaultBranch(err) { // which nobody else would notice
		fmt.Fprintf(s.stdout, "pull request %d cannot be decided on: %v\n", number, err)
		return nil
	}
	return err
}

// showFailure shows that a run failed before it had a lease, where nothing else was shown of how it ended.
func (s *session) showFailure(b *board, err error) {
	if err == nil {
		return
	}
	b.show(func(t *report.Thread) {
		if t.Stage != report.StagePlanned && t.Stage != report.StageEnding {
			return
		}
		t.Stage, t.Waiting, t.Objections = report.StageFailed, nil, []report.Objection{s.failure(err)}
	})
}

// failure is an error as an objection: what went wrong, and what to do about it.
func (s *session) failure(err error) report.Objection {
	line, hint, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return report.Objection{Rule: "run", Message: line, Hint: strings.TrimSpace(hint + s.advice(err))}
}
