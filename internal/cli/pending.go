package cli

// What other requests stand in the way of one: their lease is open, or what they were given is not merged yet.

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/report"
)

// taken refuses a request whose account another request has an open lease for. It is said before the org is looked at: that sees the
// other's temporary role, and no lease.
func (s *session) taken(b *board, leases []access.Lease, r admission.Result) error {
	i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.State.Open() && names(r.Owner, l.Account) })
	if i < 0 {
		return nil
	}
	l, of := leases[i], ""
	if l.Approval != nil {
		of = fmt.Sprintf(" of pull request %d", l.Approval.PullRequest)
	}
	text := fmt.Sprintf("account %q already has an open lease: %s%s, until %s", r.Owner.Account, l.ID, of, l.EndsAt.UTC().Format(time.DateTime+" UTC"))
	b.show(func(t *report.Thread) {
		t.Stage, t.Objections = report.StageRefused, []report.Objection{{Rule: "one-lease", Message: text, Hint: s.waitOrSweep()}}
	})
	s.output("outcome", "refused")
	return coded(ExitFound, fmt.Errorf("%s is not carried out: %s\n%s", r.Owner.Name, text, s.waitOrSweep()))
}

// notMerged returns what is against a request for an account that another pull request was carried out for: as long as that one is not
// merged, nothing declares what it was given, and both merged would declare it twice.
func (s *session) notMerged(ctx context.Context, d *desk, leases []access.Lease, r admission.Result, account access.Account) ([]elevation.Refusal, error) {
	pr := r.Facts.PullRequest
	for _, l := range slices.Backward(leases) {
		if !mayBeWithdrawn(leases, l, pr.Repository) || isOf(l, pr) || (l.Account.ID != account.ID && !names(r.Owner, l.Account)) {
			continue
		}
		other, err := d.hub.PullRequest(ctx, l.Approval.PullRequest)
		if err != nil {
			return nil, fmt.Errorf("finding out what became of the pull request of lease %s: %w", l.ID, err)
		}
		hint := "Merge or close that one first."
		switch {
		case merged(other):
			continue
		case other.State == "closed":
			dir, err := s.onDefaultBranch(ctx, d, pr.DefaultBranch)
			if err != nil {
				return nil, fmt.Errorf("looking whether what lease %s gave is declared: %w", l.ID, err)
			}
			if slices.ContainsFunc(dir.Owners, func(o access.TokenOwner) bool { return declares(o, l) && o.Token.Name == l.TokenName }) {
				continue // which is why it is not taken back
			}
			hint = fmt.Sprintf("It was closed: have what it gave taken back first, by stepdown apply --pull-request %d.", other.Number)
		}
		return []elevation.Refusal{{
			Rule: "account-pending", Field: "account", Hint: hint,
			Message: fmt.Sprintf("pull request %d was carried out for this account under lease %s and is not merged yet", other.Number, l.ID),
		}}, nil
	}
	return nil, nil
}
