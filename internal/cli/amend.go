package cli

// What GitHub still shows of leases that are over: somebody ended them where nobody could show it, or a run was lost before it did.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/report"
)

const (
	amendEvery  = 5 * time.Minute // between two looks of a watch: each is a request or two
	amendBudget = time.Minute     // for all of one
	// From when on after its end, and for how long, a lease's comment is looked at: who ended it may just be writing it.
	amendAfter = 2 * time.Minute
	amendFor   = 24 * time.Hour
)

// amend closes the issues of leases that are stuck no more, and corrects pull requests whose comment says that the account may be
// elevated, by the ledger. It comes once everything was swept, and what it cannot do is a warning.
func (s *session) amend(ctx context.Context, w *sweeper) {
	if !w.whole || !s.runner.Active() || !s.hasHub() || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, amendBudget)
	defer cancel()
	hub, err := s.github()
	if err != nil {
		s.warn(fmt.Errorf("what GitHub shows of leases that are over is not looked at: %w", err))
		return
	}
	pulls, err := s.closeIssues(ctx, hub, w.Ledger)
	if err != nil {
		s.warn(fmt.Errorf("issues of leases that are over may still be open: %w", err))
	}
	more, err := s.stale(ctx, hub, w.ended)
	if err != nil {
		s.warn(fmt.Errorf("pull requests may still show leases that are over as open: %w", err))
	}
	pulls = append(pulls, more...)
	slices.Sort(pulls)
	for _, number := range slices.Compact(pulls) {
		s.mend(ctx, w.Ledger, access.PullRequest{Repository: s.runner.Context().Repository, Number: number})
	}
}

// closeIssues closes the open issues of leases that have ended, and returns the pull requests that those were opened for.
func (s *session) closeIssues(ctx context.Context, hub *github.Client, book elevation.Ledger) (pulls []int, err error) {
	issues, err := hub.OpenIssues(ctx, stuckMarker)
	if err != nil || len(issues) == 0 {
		return nil, err
	}
	leases, err := book.Leases(ctx) // now, not as they were when the sweep began
	if err != nil {
		return nil, err
	}
	for _, issue := range issues {
		id, _, _ := strings.Cut(strings.TrimPrefix(issue.Body, stuckMarker), " ")
		i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.ID == id })
		switch {
		case i < 0:
			err = errors.Join(err, fmt.Errorf("%s is of lease %q, which the ledger does not have, or not among its recent ones\nFind out who opened it, and close it by hand.", oneLine(issue.URL), oneLine(id)))
			continue
		case leases[i].State.Open():
			continue
		}
		if number := s.pullOf(leases[i]); number > 0 {
			pulls = append(pulls, number)
		}
		t := alarmed(leases[i].Terms)
		s.sayEnd(&t, recorded(leases[i]), givenUp(leases[i]), access.DefaultSettings())
		closeErr := hub.CloseIssue(ctx, issue, "<!-- stepdown:stuck-outcome "+id+" -->", string(report.Outcome(t)))
		if closeErr == nil {
			s.say(fmt.Sprintf("lease %s is %s: its issue is closed: %s\n", id, leases[i].State, oneLine(issue.URL)))
		}
		err = errors.Join(err, closeErr)
	}
	return pulls, err
}

// stale returns the pull requests of leases that ended lately whose comment, whoever wrote it, still says that the account may be
// elevated. It asks nothing where no lease did.
func (s *session) stale(ctx context.Context, hub *github.Client, ended []access.Lease) (pulls []int, err error) {
	for _, l := range ended {
		ago := time.Since(l.UpdatedAt)
		if number := s.pullOf(l); number > 0 && ago > amendAfter && ago < amendFor {
			pulls = append(pulls, number)
		}
	}
	if len(pulls) == 0 || !s.comment {
		return nil, nil
	}
	last, err := hub.LastComments(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(pulls, func(number int) bool {
		return !slices.ContainsFunc(last[number], func(c access.Comment) bool {
			stage, _, ok := report.ThreadStage(c.Body)
			return ok && stage.Held()
		})
	}), nil
}

// pullOf returns the pull request of this repository that a lease was opened for; 0 where there is none.
func (s *session) pullOf(l access.Lease) int {
	if l.Approval == nil || !strings.EqualFold(l.Approval.Repository, s.runner.Context().Repository) {
		return 0
	}
	return l.Approval.PullRequest
}
