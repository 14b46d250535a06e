package cli

// How a lease ended, shown on the pull request that it was opened for by whoever ended it instead of its run.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/report"
)

// aftermathBudget bounds how long a manifest is waited for that only adds to what is shown.
const aftermathBudget = 10 * time.Second

// showSwept shows how leases were ended, once all of them were. That it cannot is a warning: what was taken back is.
func (s *session) showSwept(ctx context.Context, swept []elevation.Swept) {
	var boards []*board
	for _, one := range swept {
		boards = append(boards, s.showEnd(ctx, one))
	}
	for _, b := range boards {
		b.close()
	}
}

// showEnd begins to show how a lease was ended by another than its run.
func (s *session) showEnd(ctx context.Context, one elevation.Swept) *board {
	b := s.aftermath(ctx, one.Evidence.Lease)
	b.show(func(t *report.Thread) {
		s.sayEnd(t, one.Evidence, s.verdict(one.Evidence, one.Err), access.DefaultSettings())
		if one.Err == nil && one.Evidence.Lease.Kind == access.LeaseElevation {
			t.Objections = append(t.Objections, report.Objection{
				Rule: "run", Message: "the run that opened the lease did not end it, so that this one took back what it gave",
				Hint: strings.TrimSpace("Look at that run for why it was lost, and run it again while the approval is fresh. " + one.Evidence.Lease.Approval.RunURL),
			})
		}
	})
	s.cameOfSwept(ctx, b, one.Evidence.Lease)
	return b
}

// mend shows how the last lease of a pull request ended where its comment still says that the account may be elevated, and the ledger
// that it is not: the run that knew better was lost before it could say so.
func (s *session) mend(ctx context.Context, book elevation.Ledger, pr access.PullRequest) {
	if !s.comment {
		return
	}
	hub, err := s.github()
	if err != nil {
		return // nothing was to be said to begin with
	}
	ctx, cancel := context.WithTimeout(ctx, boardBudget)
	defer cancel()
	comment, err := hub.OwnComment(ctx, pr.Number, report.ThreadMarker)
	stage, about, ok := report.ThreadStage(comment)
	if err != nil || !ok || !stage.Held() {
		return
	}
	leases, err := book.Leases(ctx) // now, not as they were when the run began
	if err != nil || underWay(leases, pr).ID != "" {
		return
	}
	for _, l := range slices.Backward(leases) {
		if isOf(l, pr) && l.Approval.HeadSHA == about {
			s.showLost(ctx, hub, l)
			return
		}
	}
}

// showLost shows how a lease ended, by the ledger, and until when it has to be merged, where that can be read.
func (s *session) showLost(ctx context.Context, hub *github.Client, lease access.Lease) {
	ev := recorded(lease)
	b := s.aftermath(ctx, lease.Terms)
	pr, err := hub.PullRequest(ctx, lease.Approval.PullRequest)
	dir := manifest.Directory{}
	if err == nil {
		dir, err = s.onDefaultBranch(ctx, &desk{hub: hub}, pr.DefaultBranch)
	}
	b.show(func(t *report.Thread) {
		s.sayEnd(t, ev, givenUp(lease), dir.Settings)
		t.Merged, t.PendingUntil = merged(pr), time.Time{}
		if err == nil && t.Stage == report.StageDone {
			t.PendingUntil = lease.UpdatedAt.Add(dir.Settings.Admission.PendingFor)
		}
	})
	b.close()
}

// recorded is what the ledger keeps of the evidence of a lease.
func recorded(lease access.Lease) access.Evidence {
	ev := access.Evidence{Lease: lease.Terms, State: lease.State}
	for _, e := range lease.Events {
		ev.Transitions = append(ev.Transitions, access.Transition{State: e.State, At: e.At, Note: e.Note})
	}
	if lease.TokenID != "" {
		ev.Token = &access.TokenEvidence{ID: lease.TokenID, Name: lease.TokenName}
	}
	return ev
}

// givenUp is how an end is undone that was given up before it took anything back, by what the ledger keeps of it; nil for any other
// lease.
func givenUp(lease access.Lease) error {
	if lease.Kind != access.LeaseEnd || lease.State != access.StateUndone || lease.TookBack() {
		return nil
	}
	why := access.NothingDone
	for _, e := range lease.Events {
		if e.State == access.StateUndoing && e.Note != "" {
			why = e.Note
		}
	}
	return &elevation.Undone{Cause: errors.New(why)}
}

// aftermath begins to write on the pull request that a lease names, or returns nil where that is not wanted, or where it names
// none of this repository.
func (s *session) aftermath(ctx context.Context, lease access.Terms) *board {
	a := lease.Approval
	if !s.comment || a == nil || a.PullRequest <= 0 || !strings.EqualFold(a.Repository, s.runner.Context().Repository) {
		return nil
	}
	hub, err := s.github()
	if err != nil {
		s.warn(fmt.Errorf("pull request %d does not show how lease %s ended: %w", a.PullRequest, lease.ID, err))
		return nil
	}
	b := &board{to: hub, number: a.PullRequest, sha: a.HeadSHA, thread: s.threadOfLease(ctx, hub, lease), warn: s.warn}
	return b.begin(ctx)
}

// threadOfLease is what a lease says of the request that it was opened for, and what the manifest says that it names, if it can be
// read and is what was approved.
func (s *session) threadOfLease(ctx context.Context, hub *github.Client, lease access.Terms) report.Thread {
	a := lease.Approval
	t := report.Thread{
		End: lease.Kind == access.LeaseEnd, Name: lease.Declaration, Account: lease.Account.Login, ManifestPath: a.ManifestPath, HeadSHA: a.HeadSHA,
		URL: a.URL, Requester: a.Requester, Approvers: a.Approvers, ApprovedAt: a.ApprovedAt, TokenName: lease.TokenName,
		Now: time.Now().UTC(), RunURL: s.runner.Context().RunURL(),
	}
	if t.End {
		return t
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), aftermathBudget)
	defer cancel()
	if owner, _, _ := (voucher{hub: hub, repository: a.Repository}).approved(ctx, lease); owner != nil {
		s.declare(&t, *owner)
	}
	t.Account, t.Kept = lease.Account.Login, lease.Label
	for _, role := range lease.Temporary {
		t.Role = role.Type
	}
	return t
}

// commented reads the input comment, which says whether pull requests show what is done.
func (s *session) commented() bool {
	if on, err := strconv.ParseBool(s.runner.Input("comment")); err == nil {
		return on
	}
	return s.runner.Active()
}
