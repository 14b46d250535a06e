package elevation

import (
	"context"
	"errors"
	"slices"

	"github.com/stepdown/stepdown/internal/access"
)

// errLeftover is the cause of the undo that takes leftovers away.
var errLeftover = errors.New("an audit found it, and no lease gives it")

// NewLeftover plans to take roles away from an account that an audit found it with: as a downgrade, whose lease names the roles of those
// assignments that are still there. What was given since has other ids, and stays, unless it is the same role. The account may be
// undeclared: then owner has its Account and nothing more, and no role is known to be the intended one. The intended role is never
// removed, and what comes through groups is left. It is pure.
func NewLeftover(owner access.TokenOwner, assignments []string, f Facts, s access.Settings, subject Subject) Plan {
	p := Plan{Owner: owner, Terms: baseTerms(owner, f, s, subject)}
	p.Terms.Kind, p.Terms.Leftover = access.LeaseDowngrade, true
	p.Terms.Temporary = []access.Role{}
	p.Terms.EndsAt = subject.Now.Add(downgradeWindow * s.Elevation.StepDown)
	if owner.Name == "" {
		p.Terms.Intended, p.Terms.Label = access.Role{}, ""
	}
	if f.Account.ID == "" { // with the account its roles are gone
		p.InPlace = true
		return p
	}
	for _, a := range f.Roles {
		role := roleOf(a)
		if a.Direct() && role != p.Terms.Intended && slices.Contains(assignments, a.ID) && !slices.Contains(p.Terms.Temporary, role) {
			p.Terms.Temporary = append(p.Terms.Temporary, role)
		}
	}
	if p.InPlace = len(p.Terms.Temporary) == 0; p.InPlace {
		return p
	}
	p.Refusals = refuseAccount(owner, f, s)
	if owner.Name != "" { // which of its roles is the intended one has to be known
		p.Refusals = append(p.Refusals, refuseRole(owner, f)...)
	}
	if slices.Contains(p.Terms.Temporary, access.Role{Type: access.RoleSuperAdmin}) {
		p.Refusals = append(p.Refusals, refuseLastSuperAdmin(f)...)
	}
	if len(p.Refusals) == 0 {
		p.Changes = downgradeChanges(p, f, errLeftover.Error())
	}
	return p
}

// Clear carries out a plan of NewLeftover, as Downgrade does one of NewDowngrade.
func (w *Workflow) Clear(ctx context.Context, plan Plan) (access.Evidence, error) {
	return w.downgrade(ctx, plan, errLeftover)
}
