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
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/internal/report"
)

// endDeclared takes back what the manifest gave that an admitted pull request removes.
func (s *session) endDeclared(ctx context.Context, d *desk, b *board, r admission.Result) error {
	w := s.workflow(d.client, d.book, d.q)
	facts, err := s.checkBeforeEnd(ctx, w, b, r.Owner)
	if err != nil {
		return err
	}
	elsewhere := func(ctx context.Context) error { return s.declaredElsewhere(ctx, d, r, facts.Account) }
	w.StillApproved = func(ctx context.Context) error {
		if err := elsewhere(ctx); err != nil {
			return err
		}
		return r.Confirm(ctx, d.hub, d.engine, time.Now())
	}
	if err := elsewhere(ctx); exitCode(err) == ExitFound {
		s.output("outcome", "refused")
		b.show(func(t *report.Thread) {
			t.Stage, t.Objections = report.StageRefused, []report.Objection{s.failure(err)}
		})
		return err
	} else if err != nil {
		return err
	}
	return s.end(ctx, w, b, elevation.NewEnd(r.Owner, facts, r.Settings, s.subject(time.Now(), &r.Approval), elevation.Withdrawn{
		Why: fmt.Sprintf("pull request %d removes %s", r.Approval.PullRequest, r.Approval.ManifestPath),
	}), r.Settings)
}

// declaredElsewhere says which other manifest declares the account of one that is removed. Any of them may name it by its login, by
// its id, or by a login that it had: what the org says of the account counts too.
func (s *session) declaredElsewhere(ctx context.Context, d *desk, r admission.Result, account org.User) error {
	dir, err := s.onDefaultBranch(ctx, d, r.Facts.PullRequest.DefaultBranch)
	if err != nil {
		return fmt.Errorf("looking whether the account is declared elsewhere: %w", err)
	}
	for _, o := range dir.Owners {
		same := strings.EqualFold(o.Account, r.Owner.Account) || account.ID != "" && names(o, access.Account{ID: account.ID, Login: account.Login})
		if o.Source.File != r.Facts.ManifestPath && same {
			return coded(ExitFound, fmt.Errorf("%s is not ended: account %q is declared by %s\nRemove that declaration too, or use stepdown downgrade.", r.Owner.Name, o.Account, o.Source.File))
		}
	}
	return s.givenElsewhere(ctx, d, r, account)
}

// givenElsewhere says which other pull request was carried out for the account and is open: what it was given is not declared yet.
func (s *session) givenElsewhere(ctx context.Context, d *desk, r admission.Result, account org.User) error {
	leases, err := d.book.Leases(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	for _, l := range leases {
		if l.Account.ID != account.ID || !mayBeWithdrawn(leases, l, r.Facts.PullRequest.Repository) {
			continue
		}
		pr, err := d.hub.PullRequest(ctx, l.Approval.PullRequest)
		if err != nil {
			return fmt.Errorf("finding out what became of the pull request of lease %s: %w", l.ID, err)
		}
		if pr.State == "open" {
			return coded(ExitFound, fmt.Errorf("%s is not ended: pull request %d was carried out for account %q and is open\nMerge or close it first.", r.Owner.Name, pr.Number, l.Account.Login))
		}
	}
	return nil
}

// endWithdrawn takes back what was given for pull requests that were closed without being merged into the default branch. What was
// given for those that are merged there is settled. The ledger is read again: this run may have carried requests out since it began.
// idle says that there was neither.
func (s *session) endWithdrawn(ctx context.Context, d *desk) (idle bool, worst error) {
	leases, err := d.book.Leases(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the ledger: %w", err)
	}
	d.leases, idle = leases, true
	var settled []string
	for _, lease := range leases {
		if !mayBeWithdrawn(leases, lease, s.runner.Context().Repository) {
			continue
		}
		pr, err := d.hub.PullRequest(ctx, lease.Approval.PullRequest)
		switch {
		case err != nil:
			worst = worse(worst, fmt.Errorf("finding out what became of the pull request of lease %s: %w", lease.ID, err))
		case merged(pr):
			settled = append(settled, lease.ID)
		case pr.State == "closed":
			idle = false
			worst = worse(worst, s.endLease(ctx, d, lease, pr))
		}
	}
	return !s.settle(ctx, d, settled) && idle, worst
}

// merged tells whether the default branch was given what the pull request asks for. GitHub also calls merged what was merged into
// any other branch, to which whoever can push could have turned the pull request: the default branch declares nothing by that.
func merged(pr access.PullRequest) bool {
	return pr.Merged && pr.BaseRef != "" && pr.BaseRef == pr.DefaultBranch
}

// maxSettled is how many leases are settled at once: each is a file of the commit.
const maxSettled = 100

// settle has the ledger forget, in time, what it holds ready only because it might have to be taken back, and tells whether there was
// any. Where it cannot, that costs the next run a request for each.
func (s *session) settle(ctx context.Context, d *desk, merged []string) bool {
	b, ok := d.book.(*ledger.Branch)
	if !ok || len(merged) == 0 {
		return false
	}
	settled, err := b.Settle(ctx, merged[:min(len(merged), maxSettled)]...)
	if err != nil {
		fmt.Fprintf(s.stderr, "stepdown: %v\n", err)
	}
	for _, id := range settled {
		if err == nil {
			fmt.Fprintf(s.stdout, "lease %s is settled: its pull request is merged, and the default branch declares what it gave\n", id)
		}
	}
	return err != nil || len(settled) > 0
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
	why := withdrawn(pr)
	left := claimsOn(d.leases, lease, dir)
	if left.declaredBy != "" {
		fmt.Fprintf(s.stdout, "%s, but %s declares the same token: nothing is taken back\n", why, left.declaredBy)
		return nil
	}
	w := s.workflow(d.client, d.book, d.q)
	w.StillApproved = func(ctx context.Context) error { return s.stillWithdrawn(ctx, d, lease, pr.Number, left) }
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
	facts, err := s.checkBeforeEnd(ctx, w, b, owner)
	if err == nil {
		err = s.end(ctx, w, b, elevation.NewEnd(owner, facts, dir.Settings, s.subject(time.Now(), &approval), elevation.Withdrawn{
			Lease: lease.ID, TokenID: lease.TokenID, KeepRole: left.role, Why: why,
		}), dir.Settings)
	}
	leases, readErr := d.book.Leases(ctx)
	if readErr != nil {
		return worse(err, fmt.Errorf("reading the ledger: %w", readErr))
	}
	d.leases = leases
	return err
}

// withdrawn says in words how a pull request was withdrawn.
func withdrawn(pr access.PullRequest) string {
	if pr.Merged {
		return fmt.Sprintf("pull request %d was merged into %q and not into %q", pr.Number, pr.BaseRef, pr.DefaultBranch)
	}
	return fmt.Sprintf("pull request %d was closed without being merged", pr.Number)
}

// claims are what else than a lease there is a reason for in what it gave.
type claims struct {
	declaredBy string // the manifest of the default branch that declares the same token and role; empty where none does
	role       bool   // the role has another reason to be there
}

func claimsOn(leases []access.Lease, lease access.Lease, dir manifest.Directory) claims {
	c := claims{role: !gave(leases, lease) || needed(leases, lease, dir)}
	for _, o := range dir.Owners {
		if declares(o, lease) && o.Token.Name == lease.TokenName && c.declaredBy == "" {
			c.declaredBy = o.Source.File
		}
	}
	return c
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

// declares tells whether a manifest is that of the lease's account and role.
func declares(o access.TokenOwner, lease access.Lease) bool {
	return names(o, lease.Account) && keeps(o, lease)
}

// keeps tells whether a manifest has the account keep the lease's role. Manifests name roles by label or id, the lease by id, with the
// label as the org had it then.
func keeps(o access.TokenOwner, lease access.Lease) bool {
	named := func(name, id string) bool { return name == id || strings.EqualFold(name, lease.Names[id]) }
	return lease.Intended.Type == access.RoleCustom &&
		named(o.Role.CustomRole, lease.Intended.CustomRole) && named(o.Role.ResourceSet, lease.Intended.ResourceSet)
}

// names tells whether a manifest is of an account, which it may name by login or id.
func names(o access.TokenOwner, account access.Account) bool {
	return o.Account == account.ID || strings.EqualFold(o.Account, account.Login)
}

// stillWithdrawn is asked under the lease of an end, before anything is taken back: nobody else can be given anything from then on,
// and whoever was given it since the end was decided on has to keep it.
func (s *session) stillWithdrawn(ctx context.Context, d *desk, lease access.Lease, number int, was claims) error {
	leases, err := d.book.Leases(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	pr, err := d.hub.PullRequest(ctx, number)
	if err != nil {
		return err
	}
	if pr.State != "closed" || merged(pr) {
		return fmt.Errorf("pull request %d is open again, or merged\nRun it again.", number)
	}
	dir, err := s.onDefaultBranch(ctx, d, pr.DefaultBranch)
	if err != nil {
		return err
	}
	if ended(leases, lease.ID) || claimsOn(leases, lease, dir) != was {
		return fmt.Errorf("what lease %s gave is by now given by something else, or not any more, since that was looked at\nRun it again.", lease.ID)
	}
	return nil
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

// checkBeforeEnd reads what the org says of what is to be taken back.
func (s *session) checkBeforeEnd(ctx context.Context, w *elevation.Workflow, b *board, owner access.TokenOwner) (elevation.Facts, error) {
	facts, err := w.Check(ctx, owner)
	if err != nil {
		err = fmt.Errorf("checking the org, before anything is changed: %w", err)
		s.showFailure(b, err)
	}
	return facts, err
}

// end shows a plan to take something back and does it.
func (s *session) end(ctx context.Context, w *elevation.Workflow, b *board, plan elevation.Plan, settings access.Settings) error {
	switch owner := plan.Owner; {
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
