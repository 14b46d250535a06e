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
	"github.com/stepdown/stepdown/internal/report"
)

// residualControl is the id of the control whose findings about accounts are leftovers.
const residualControl = "OKTA-ELV-001"

// leftover is what an audit found one account with.
type leftover struct {
	id, login string
	roles     []access.Role // that it holds itself
	viaGroups []string      // what comes through groups, in the words of the finding
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
		return out, usage("Give the report.json of an audit with --from-report.", "reading the audit's report: %w", err)
	}
	defer f.Close()
	r, err := report.ReadJSON(f)
	if err != nil {
		return out, usage("Give the report.json of an audit by this version with --from-report.", "%s: %w", file, err)
	}
	if url := normalURL(s.orgURL); url != "" && normalURL(r.Org.URL) != url {
		return out, usage("Give the report of this org, or the URL of that one.", "%s is about %s, and this is %s", file, r.Org.URL, url)
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
		role := access.Role{Type: text("role_type")}
		if role.Type == access.RoleCustom {
			role.CustomRole, role.ResourceSet = text("custom_role_id"), text("resource_set_id")
		}
		if f.Resource.ID == "" || role.Type == "" || text("account_id") != f.Resource.ID {
			return nil, fmt.Errorf("a finding of %s does not say which role of which account: %q", residualControl, f.Message)
		}
		one := by[f.Resource.ID]
		if one == nil {
			one = &leftover{id: f.Resource.ID, login: f.Resource.Name}
			by[one.id] = one
		}
		if text("via_group_id") != "" {
			one.viaGroups = append(one.viaGroups, f.Message)
		} else {
			one.roles = append(one.roles, role)
		}
	}
	var out []leftover
	for _, id := range slices.Sorted(maps.Keys(by)) {
		out = append(out, *by[id])
	}
	return out, nil
}

// clear takes the leftovers away, each account under a lease of its own, and ends with the worst that came of it.
func (s *session) clear(ctx context.Context, w *elevation.Workflow, l leftovers) error {
	var worst error
	for _, one := range l.found {
		if ctx.Err() != nil {
			return worse(worst, fmt.Errorf("not every account was looked at: %w", context.Cause(ctx)))
		}
		for _, path := range one.viaGroups {
			worst = worse(worst, coded(ExitFound, fmt.Errorf("not removed: %s\nTake the account out of the group, or the role from the group: no verb does that.", oneLine(path))))
		}
		if len(one.roles) > 0 {
			worst = worse(worst, s.clearOne(ctx, w, l.dir, one))
		}
	}
	if len(l.found) == 0 {
		fmt.Fprintln(s.stdout, "the audit found no role that is left over")
	}
	return worst
}

func (s *session) clearOne(ctx context.Context, w *elevation.Workflow, dir manifest.Directory, one leftover) error {
	owner, err := declarationOf(dir.Owners, one)
	if err != nil {
		return err
	}
	leases, err := w.Ledger.Leases(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	if i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.State.Open() && l.Account.ID == one.id }); i >= 0 {
		return coded(ExitFound, fmt.Errorf("%s is left alone: lease %s of it is open (%s)\n%s", oneLine(one.login), leases[i].ID, leases[i].State, s.waitOrSweep()))
	}
	facts, err := w.CheckDowngrade(ctx, owner)
	if err != nil {
		return fmt.Errorf("checking the org, before anything is changed: %w", err)
	}
	plan := elevation.NewLeftover(owner, one.roles, facts, dir.Settings, s.subject(time.Now(), nil))
	switch {
	case len(plan.Refusals) > 0:
		return refusalError(fmt.Sprintf("%s is not cleared", oneLine(one.login)), plan.Refusals, owner)
	case plan.InPlace:
		fmt.Fprintf(s.stdout, "nothing to do: %s holds none of what the audit found any more\n", oneLine(one.login))
		return nil
	}
	return s.perform(ctx, w, nil, plan, dir.Settings, w.Clear)
}

// declarationOf returns what declares the account, by its id; where nothing does, that alone.
func declarationOf(owners []access.TokenOwner, one leftover) (access.TokenOwner, error) {
	var out access.TokenOwner
	for _, o := range owners {
		if !names(o, access.Account{ID: one.id, Login: one.login}) {
			continue
		}
		if out.Name != "" {
			return out, usage("Leave one of them.", "account %s is declared by %s and by %s", oneLine(one.login), out.Name, o.Name)
		}
		out = o
	}
	out.Account = one.id
	return out, nil
}
