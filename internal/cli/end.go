package cli

// The end of what was given: a manifest is removed, or a pull request that was carried out is closed without being merged.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/report"
)

// endDeclared takes back what the manifest gave that an admitted pull request removes.
func (s *session) endDeclared(ctx context.Context, d *desk, b *board, r admission.Result) error {
	w := s.workflow(d.client, d.book, d.q)
	w.StillApproved = func(ctx context.Context) error { return r.Confirm(ctx, d.hub, d.engine, time.Now()) }
	dir, err := s.onDefaultBranch(ctx, d, r.Facts.PullRequest.DefaultBranch)
	if err != nil {
		return fmt.Errorf("looking whether the account is declared elsewhere: %w", err)
	}
	for _, o := range dir.Owners {
		if o.Source.File != r.Facts.ManifestPath && strings.EqualFold(o.Account, r.Owner.Account) {
			s.output("outcome", "refused")
			err := fmt.Errorf("%s is not ended: account %q is declared by %s\nRemove that declaration too, or use stepdown downgrade.", r.Owner.Name, o.Account, o.Source.File)
			b.show(func(t *report.Thread) {
				t.Stage, t.Objections = report.StageRefused, []report.Objection{s.failure(err)}
			})
			return coded(ExitFound, err)
		}
	}
	return s.end(ctx, w, b, r.Owner, r.Settings, s.subject(time.Now(), &r.Approval), elevation.Withdrawn{
		Why: fmt.Sprintf("pull request %d removes %s", r.Approval.PullRequest, r.Approval.ManifestPath),
	})
}

// endWithdrawn takes back what was given for pull requests that were closed without being merged. What was given for those that
// are merged is settled.
func (s *session) endWithdrawn(ctx context.Context, d *desk) error {
	var worst error
	var merged []string
	for _, lease := range d.leases {
		if !mayBeWithdrawn(d.leases, lease, s.runner.Context().Repository) {
			continue
		}
		pr, err := d.hub.PullRequest(ctx, lease.Approval.PullRequest)
		switch {
		case err != nil:
			worst = worse(worst, fmt.Errorf("finding out what became of the pull request of lease %s: %w", lease.ID, err))
		case pr.Merged:
			merged = append(merged, lease.ID)
		case pr.State == "closed":
			worst = worse(worst, s.endLease(ctx, d, lease, pr))
		}
	}
	s.settle(ctx, d, merged)
	return worst
}

// maxSettled is how many leases are settled at once: each is a file of the commit.
const maxSettled = 100

// settle has the ledger forget, in time, what it holds ready only because it might have to be taken back. Where it cannot, that
// costs the next run a request for each.
func (s *session) settle(ctx context.Context, d *desk, merged []string) {
	if b, ok := d.book.(*ledger.Branch); ok && len(merged) > 0 {
		if err := b.Settle(ctx, merged[:min(len(merged), maxSettled)]...); err != nil {
			fmt.Fprintf(s.stderr, "stepdown: %v\n", err)
		}
	}
}

// mayBeWithdrawn tells whether a lease gave something for a pull request of this repository that no end has taken back.
func mayBeWithdrawn(leases []access.Lease, l access.Lease, repository string) bool {
	return l.Kind == access.LeaseElevation && l.State == access.StateClosed && l.Approval != nil &&
		strings.EqualFold(l.Approval.Repository, repository) && !ended(leases, l.ID)
}

// ended tells whether what was given under the lease was taken back.
func ended(leases []access.Lease, id string) bool {
	return slices.ContainsFunc(leases, func(l access.Lease) bool { return l.Ends == id && l.TookBack() })
}

// carriedOut returns the leases under which the pull request was carried out and that no end has taken back.
func carriedOut(leases []access.Lease, pr access.PullRequest) []access.Lease {
	var out []access.Lease
	for _, l := range leases {
		if mayBeWithdrawn(leases, l, pr.Repository) && isOf(l, pr) {
			out = append(out, l)
		}
	}
	return out
}

// endLease takes back what one lease gave. The leases of the desk are read again after it: the next one is ended by what is left.
func (s *session) endLease(ctx context.Context, d *desk, lease access.Lease, pr access.PullRequest) error {
	dir, err := s.onDefaultBranch(ctx, d, pr.DefaultBranch)
	if err != nil {
		return fmt.Errorf("ending what lease %s gave: %w", lease.ID, err)
	}
	if i := slices.IndexFunc(dir.Owners, func(o access.TokenOwner) bool { return declares(o, lease) && o.Token.Name == lease.TokenName }); i >= 0 {
		fmt.Fprintf(s.stdout, "pull request %d was closed without being merged, but %s declares the same token: nothing is taken back\n", pr.Number, dir.Owners[i].Source.File)
		return nil
	}
	w := s.workflow(d.client, d.book, d.q)
	w.StillApproved = func(ctx context.Context) error { return stillWithdrawn(ctx, d, pr.Number) }
	owner := access.TokenOwner{
		Name: lease.Declaration, Account: lease.Account.ID, Token: access.TokenSpec{Name: lease.TokenName},
		Role:   access.Intended{CustomRole: lease.Intended.CustomRole, ResourceSet: lease.Intended.ResourceSet},
		Source: access.Position{File: lease.Approval.ManifestPath, Line: 1},
	}
	approval := *lease.Approval
	shown := owner
	shown.Account = lease.Account.Login
	b := s.board(ctx, d, admission.Result{Facts: admission.Facts{PullRequest: pr, ManifestPath: approval.ManifestPath}, Owner: shown, Action: admission.ActionEnd})
	defer b.close()
	err = s.end(ctx, w, b, owner, dir.Settings, s.subject(time.Now(), &approval), elevation.Withdrawn{
		Lease: lease.ID, TokenID: lease.TokenID, KeepRole: !gave(d.leases, lease) || needed(d.leases, lease, dir),
		Why: fmt.Sprintf("pull request %d was closed without being merged", pr.Number),
	})
	leases, readErr := d.book.Leases(ctx)
	if readErr != nil {
		return worse(err, fmt.Errorf("reading the ledger: %w", readErr))
	}
	d.leases = leases
	return err
}

// gave tells whether the account has its role by the lease, or by an earlier one whose end left it to this one.
func gave(leases []access.Lease, lease access.Lease) bool {
	given := lease.AddsIntended
	for _, l := range leases { // oldest first
		switch {
		case l.Account.ID != lease.Account.ID || l.Intended != lease.Intended:
		case l.TookBack() && slices.Contains(l.Temporary, l.Intended):
			given = false
		case l.Kind == access.LeaseElevation && l.State == access.StateClosed && l.AddsIntended:
			given = true
		}
	}
	return given
}

// needed tells whether something else than the lease gives the account its role: a manifest of the default branch, or another
// request that was carried out and whose manifest was not removed since.
func needed(leases []access.Lease, lease access.Lease, dir manifest.Directory) bool {
	removed := func(l access.Lease) bool {
		return slices.ContainsFunc(leases, func(e access.Lease) bool {
			return e.TookBack() && e.Ends == "" && e.Account.ID == l.Account.ID && e.Declaration == l.Declaration && e.OpenedAt.After(l.OpenedAt)
		})
	}
	return slices.ContainsFunc(dir.Owners, func(o access.TokenOwner) bool { return declares(o, lease) }) || slices.ContainsFunc(leases, func(l access.Lease) bool {
		return l.ID != lease.ID && l.Account.ID == lease.Account.ID && l.Intended == lease.Intended &&
			l.Kind == access.LeaseElevation && l.State == access.StateClosed && !ended(leases, l.ID) && !removed(l)
	})
}

// declares tells whether a manifest is that of the lease's account.
func declares(o access.TokenOwner, lease access.Lease) bool {
	return o.Account == lease.Account.ID || strings.EqualFold(o.Account, lease.Account.Login)
}

// stillWithdrawn is asked before anything is taken back.
func stillWithdrawn(ctx context.Context, d *desk, number int) error {
	pr, err := d.hub.PullRequest(ctx, number)
	if err == nil && (pr.State != "closed" || pr.Merged) {
		err = fmt.Errorf("pull request %d is open again, or merged\nRun it again.", number)
	}
	return err
}

// onDefaultBranch reads what the default branch declares: its files once for each commit that it is at.
func (s *session) onDefaultBranch(ctx context.Context, d *desk, branch string) (manifest.Directory, error) {
	sha, err := d.hub.BranchHead(ctx, branch)
	if err != nil {
		return manifest.Directory{}, err
	}
	if sha == d.declaredAt {
		return d.declared, nil
	}
	files := map[string][]byte{}
	names, err := d.hub.Dir(ctx, s.accessDir, sha)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return manifest.Directory{}, err
	}
	for _, name := range names {
		if !manifest.IsManifest(name) {
			continue
		}
		if files[name], err = d.hub.File(ctx, name, sha); err != nil {
			return manifest.Directory{}, err
		}
	}
	dir, err := manifest.Combine(files)
	if err == nil {
		d.declared, d.declaredAt = dir, sha
	}
	return dir, err
}

// end checks the org, shows the plan and does it.
func (s *session) end(ctx context.Context, w *elevation.Workflow, b *board, owner access.TokenOwner, settings access.Settings, subject elevation.Subject, why elevation.Withdrawn) error {
	facts, err := w.Check(ctx, owner)
	if err != nil {
		err = fmt.Errorf("checking the org, before anything is changed: %w", err)
		s.showFailure(b, err)
		return err
	}
	plan := elevation.NewEnd(owner, facts, settings, subject, why)
	switch {
	case len(plan.Refusals) > 0:
		b.show(func(t *report.Thread) { t.Stage, t.Objections = report.StageRefused, refusals(plan.Refusals, owner) })
		s.output("outcome", "refused")
		return refusalError(fmt.Sprintf("%s is not ended", owner.Name), plan.Refusals, owner)
	case plan.InPlace:
		b.show(func(t *report.Thread) { t.Stage = report.StageUnchanged })
		fmt.Fprintf(s.stdout, "nothing to do: neither the role nor the token of %s is there\n", owner.Name)
		s.output("outcome", "unchanged")
		return nil
	}
	b.show(func(t *report.Thread) {
		t.Stage, t.Changes, t.Account = report.StageEnding, plan.Changes, plan.Terms.Account.Login
	})
	return s.perform(ctx, w, b, plan, settings, w.End)
}
