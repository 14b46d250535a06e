package cli

// What an audit found and no lease is left of: roles that an account should not hold, taken away under a lease of their own.

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/audit"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/internal/report"
)

// residualControl is the id of the control whose findings about accounts are leftovers.
const residualControl = "OKTA-ELV-001"

// maxReportAge is how old the report may be: who works with it is to have read it.
const maxReportAge = 24 * time.Hour

// leftover is what an audit found one account with.
type leftover struct {
	id, login   string
	assignments []string // Okta's ids of those by which it holds roles itself
	viaGroups   []string // what comes through groups, in the words of the finding
	untold      []string // what the audit did not see the assignment of

	account org.User          // as the org has it now; zero where it is gone
	owner   access.TokenOwner // what declares it; where nothing does, its id alone
}

// leftovers are what a sweep clears away beside leases.
type leftovers struct {
	found []leftover
	dir   manifest.Directory
}

// readLeftovers reads a report and what the working tree declares. The report only says where to look: what is removed is what the
// org still shows.
func (s *session) readLeftovers(file string) (leftovers, error) {
	var out leftovers
	f, err := os.Open(file)
	if err != nil {
		return out, usage("Give the report.json of an audit with "+s.option("from-report")+".", "reading the audit's report: %w", err)
	}
	defer f.Close()
	r, err := report.ReadJSON(f)
	if err != nil {
		return out, usage("Give the report.json of an audit by this version with "+s.option("from-report")+".", "%s: %w", file, err)
	}
	if url := normalURL(s.orgURL); url != "" && normalURL(r.Org.URL) != url {
		return out, usage("Give the report of this org, or the URL of that one.", "%s is about %s, and this is %s", file, r.Org.URL, url)
	}
	if age := time.Since(r.Snapshot.TakenAt); age > maxReportAge || age < -access.ClockSkew {
		return out, usage("Run stepdown audit again, and give its report.", "%s is of %s, and counts for %s", file, r.Snapshot.TakenAt.UTC().Format("2006-01-02 15:04 UTC"), maxReportAge)
	}
	if out.found, err = leftoversOf(r); err != nil {
		return out, usage("Run stepdown audit again, and mend what it could not read.", "%s: %w", file, err)
	}
	out.dir, err = s.declared()
	return out, err
}

// leftoversOf returns what the report says that accounts hold, by account. That it could not know is an error.
func leftoversOf(r audit.Report) ([]leftover, error) {
	i := slices.IndexFunc(r.Results, func(one audit.Result) bool { return one.Control.ID == residualControl })
	switch {
	case i < 0:
		return nil, fmt.Errorf("it has no result of %s", residualControl)
	case r.Results[i].Status != audit.StatusPass && r.Results[i].Status != audit.StatusFail:
		return nil, fmt.Errorf("the audit could not know what is left: %s: %s", residualControl, r.Results[i].Reason)
	}
	by := map[string]*leftover{}
	for _, f := range r.Results[i].Findings {
		if f.Resource.Kind != "user" {
			continue // a lease, which the sweep ends
		}
		text := func(field string) string { got, _ := f.Evidence[field].(string); return got }
		ids, told := f.Evidence["assignment_ids"].([]any)
		if f.Resource.ID == "" || text("role_type") == "" || text("account_id") != f.Resource.ID || !told {
			return nil, fmt.Errorf("a finding of %s does not say which role of which account: %q", residualControl, f.Message)
		}
		one := by[f.Resource.ID]
		if one == nil {
			one = &leftover{id: f.Resource.ID, login: f.Resource.Name}
			by[one.id] = one
		}
		switch {
		case text("via_group_id") != "":
			one.viaGroups = append(one.viaGroups, f.Message)
		case len(ids) == 0:
			one.untold = append(one.untold, f.Message)
		}
		for _, id := range ids {
			assignment, _ := id.(string)
			one.assignments = append(one.assignments, assignment)
		}
	}
	var out []leftover
	for _, id := range slices.Sorted(maps.Keys(by)) {
		out = append(out, *by[id])
	}
	return out, nil
}

// identify reads from the org which accounts the leftovers are of, and finds what declares them by what the org says: an account may
// have another login by now. What is wrong with that is found before anything is removed.
func (s *session) identify(ctx context.Context, w *elevation.Workflow, l *leftovers) error {
	for i := range l.found {
		one := &l.found[i]
		account, err := w.Okta.User(ctx, one.id)
		switch {
		case isMissing(err):
			continue
		case err != nil:
			return fmt.Errorf("reading account %q: %w", one.id, err)
		case account.ID != one.id:
			return usage("Give the report as the audit wrote it.", "%q is not the id of an account", one.id)
		}
		one.account = account
		if one.owner, err = declarationOf(l.dir.Owners, account); err != nil {
			return err
		}
	}
	return nil
}

// declarationOf returns what declares the account, by its id; where nothing does, that alone.
func declarationOf(owners []access.TokenOwner, account org.User) (access.TokenOwner, error) {
	var out access.TokenOwner
	for _, o := range owners {
		if !names(o, access.Account{ID: account.ID, Login: account.Login}) {
			continue
		}
		if out.Name != "" {
			return out, usage("Leave one of them.", "account %s is declared by %s and by %s", oneLine(account.Login), out.Name, o.Name)
		}
		out = o
	}
	out.Account = account.ID
	return out, nil
}

// clear takes the leftovers away, each account under a lease of its own, and ends with the worst that came of it.
func (s *session) clear(ctx context.Context, w *elevation.Workflow, l leftovers) (worst error) {
	for _, one := range l.found {
		if ctx.Err() != nil {
			return worse(worst, fmt.Errorf("not every account was looked at: %w", context.Cause(ctx)))
		}
		for _, path := range one.viaGroups {
			worst = worse(worst, coded(ExitFound, fmt.Errorf("not removed: %s\nTake the account out of the group, or the role from the group: no verb does that.", oneLine(path))))
		}
		for _, path := range one.untold {
			worst = worse(worst, coded(ExitFound, fmt.Errorf("not removed: %s; the audit did not see by which assignment\nLook at the account's roles in the Admin Console.", oneLine(path))))
		}
		if len(one.assignments) > 0 {
			worst = worse(worst, s.clearOne(ctx, w, l.dir.Settings, one))
		}
	}
	if len(l.found) == 0 {
		fmt.Fprintln(s.stdout, "the audit found no role that is left over")
	}
	return worst
}

func (s *session) clearOne(ctx context.Context, w *elevation.Workflow, settings access.Settings, one leftover) error {
	if one.account.ID == "" {
		fmt.Fprintf(s.stdout, "nothing to do: %s is gone from the org\n", oneLine(one.login))
		return nil
	}
	leases, err := w.Ledger.Leases(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	if i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.State.Open() && l.Account.ID == one.id }); i >= 0 {
		return coded(ExitFound, fmt.Errorf("%s is left alone: lease %s of it is open (%s)\n%s", oneLine(one.account.Login), leases[i].ID, leases[i].State, s.waitOrSweep()))
	}
	plan, err := s.planLeftover(ctx, w, settings, one)
	if err == nil && plan.InPlace { // one reading may be of a while ago
		if !sleepUntil(ctx, settings.Elevation.Settle) {
			return fmt.Errorf("waiting to read the roles of %s again: %w", oneLine(one.account.Login), context.Cause(ctx))
		}
		plan, err = s.planLeftover(ctx, w, settings, one)
	}
	switch {
	case err != nil:
		return err
	case len(plan.Refusals) > 0:
		return refusalError(fmt.Sprintf("%s is not cleared", oneLine(one.account.Login)), plan.Refusals, one.owner)
	case plan.InPlace:
		fmt.Fprintf(s.stdout, "nothing to do: %s holds none of what the audit found any more\n", oneLine(one.account.Login))
		return nil
	}
	return s.perform(ctx, w, nil, plan, settings, w.Clear)
}

func (s *session) planLeftover(ctx context.Context, w *elevation.Workflow, settings access.Settings, one leftover) (elevation.Plan, error) {
	facts, err := w.CheckDowngrade(ctx, one.owner)
	if err != nil {
		return elevation.Plan{}, fmt.Errorf("checking the org, before anything is changed: %w", err)
	}
	return elevation.NewLeftover(one.owner, one.assignments, facts, settings, s.subject(time.Now(), nil)), nil
}
