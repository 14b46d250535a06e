package elevation

import (
	"context"
	"errors"
	"slices"

	"github.com/stepdown/stepdown/internal/access"
)

// errDowngrade is the cause of the undo that a downgrade is.
var errDowngrade = errors.New("downgrade to the declared role")

// downgradeWindow is how long after its opening a downgrade's lease becomes due for a sweep, as a multiple of the
// step-down's budget.
const downgradeWindow = 2

// NewDowngrade plans to bring an account to its declared role: the lease names every other role that the account holds
// itself as what it will remove. Roles through groups are left, and reported. It is pure.
func NewDowngrade(owner access.TokenOwner, f Facts, s access.Settings, subject Subject) Plan {
	p := Plan{Owner: owner, Terms: baseTerms(owner, f, s, subject)}
	p.Terms.Kind = access.LeaseDowngrade
	p.Terms.Temporary = []access.Role{}
	p.Terms.EndsAt = subject.Now.Add(downgradeWindow * s.Elevation.StepDown)
	p.Refusals = slices.Concat(refuseAccount(owner, f, s), refuseRole(owner, f), refuseLastSuperAdmin(f))
	if len(p.Refusals) > 0 {
		return p
	}
	held, viaGroup := false, false
	for _, a := range f.Roles {
		switch role := roleOf(a); {
		case !a.Direct():
			viaGroup = true
		case role == p.Terms.Intended:
			held = true
		case !slices.Contains(p.Terms.Temporary, role):
			p.Terms.Temporary = append(p.Terms.Temporary, role)
		}
	}
	p.InPlace = held && len(p.Terms.Temporary) == 0 && !viaGroup
	if p.InPlace {
		return p
	}
	p.Changes = downgradeChanges(p, f, "it is not the declared role")
	if !held {
		p.Changes = slices.Insert(p.Changes, 1, access.Change{Action: access.ActionAssignIntended, Subject: p.Terms.Label, Why: "the one role that the account keeps"})
	}
	return p
}

// downgradeChanges are the removal of what the terms name, for the reason given, and what goes with it.
func downgradeChanges(p Plan, f Facts, why string) []access.Change {
	account, proof := p.Terms.Account.Login, "settled reads show that it is gone"
	if p.Terms.Label != "" {
		proof = "settled reads show " + p.Terms.Label
	}
	changes := []access.Change{{Action: access.ActionOpenLease, Subject: account, Why: "it names what will be removed"}}
	for _, role := range p.Terms.Temporary {
		changes = append(changes, access.Change{Action: access.ActionRemoveRole, Subject: f.Names.role(role), Why: why})
	}
	return append(changes,
		access.Change{Action: access.ActionEndSessions, Subject: account, Why: "sessions may hold what is removed"},
		access.Change{Action: access.ActionProve, Subject: account, Why: proof},
		access.Change{Action: access.ActionCloseLease, Subject: account, Why: "with its evidence"})
}

// refuseLastSuperAdmin keeps an org from losing the only user who can give it another. A credential of a service app is not one.
func refuseLastSuperAdmin(f Facts) []Refusal {
	if !isSuperAdmin(f.Roles) || f.OtherSuperAdmin != "" {
		return nil
	}
	return []Refusal{refuse("last-super-admin", "account", "Assign SUPER_ADMIN to a person, individually, and run it again.",
		"account %q is the last active user to whom SUPER_ADMIN is assigned individually: without it nobody could administer the org", f.Account.Login)}
}

// Downgrade carries out a plan of NewDowngrade. The error is nil when the account is proved to be as declared, apart from
// the residue in the evidence; *Stuck when it is not; any other where no lease was opened.
func (w *Workflow) Downgrade(ctx context.Context, plan Plan) (access.Evidence, error) {
	return w.downgrade(ctx, plan, errDowngrade)
}

func (w *Workflow) downgrade(ctx context.Context, plan Plan, cause error) (ev access.Evidence, err error) {
	r, err := w.open(ctx, plan.Terms)
	if err != nil {
		return access.Evidence{}, err
	}
	defer r.rescue(ctx, &ev, &err)
	if slices.ContainsFunc(plan.Changes, func(c access.Change) bool { return c.Action == access.ActionAssignIntended }) {
		if err := r.assign(ctx, r.lease.Intended, new(string)); err != nil {
			r.find("the intended role was not assigned: %v", err)
		}
	}
	err = r.undo(ctx, cause)
	var done *Undone
	if errors.As(err, &done) {
		err = nil
	}
	return r.evidence(err), err
}
