package elevation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// errEnd is the cause of the undo that an end is.
var errEnd = errors.New("what was given is taken back")

// Withdrawn says what an end takes back, and why.
type Withdrawn struct {
	Lease    string // the id of the lease under which it was given; empty where the manifest is all that is known
	TokenID  string // of the one token to revoke; where it is empty, those of the declared name
	KeepRole bool   // something else declares the role, or it was there before
	Why      string // for people
}

// NewEnd plans to take back what a declaration gave: its token is revoked and its role removed, under a lease that names both.
// Nothing else of the account is touched; what else it holds is residue. It is pure.
func NewEnd(owner access.TokenOwner, f Facts, s access.Settings, subject Subject, w Withdrawn) Plan {
	p := Plan{Owner: owner, Terms: baseTerms(owner, f, s, subject)}
	p.Terms.Kind, p.Terms.Ends = access.LeaseEnd, w.Lease
	p.Terms.Temporary, p.Terms.Revokes = []access.Role{}, []string{}
	p.Terms.EndsAt = subject.Now.Add(downgradeWindow * s.Elevation.StepDown)
	if f.Account.ID == "" { // with the account its tokens and roles are gone
		p.InPlace = true
		return p
	}
	if p.Refusals = refuseAccount(owner, f, s); len(p.Refusals) > 0 {
		return p
	}
	var names []string
	for _, t := range f.Tokens {
		if t.ID == w.TokenID || (w.TokenID == "" && t.Name == owner.Token.Name && t.ClientName == org.ClientUser) {
			p.Terms.Revokes, names = append(p.Terms.Revokes, t.ID), append(names, fmt.Sprintf("%q (%s)", t.Name, t.ID))
		}
	}
	slices.Sort(p.Terms.Revokes)
	held := slices.ContainsFunc(f.Roles, func(a org.Assignment) bool { return a.Direct() && roleOf(a) == p.Terms.Intended })
	if held && !w.KeepRole {
		p.Terms.Temporary = append(p.Terms.Temporary, p.Terms.Intended)
	}
	if p.InPlace = len(p.Terms.Revokes) == 0 && len(p.Terms.Temporary) == 0; !p.InPlace {
		p.Changes = endChanges(p, names, w)
	}
	return p
}

func endChanges(p Plan, tokens []string, w Withdrawn) []access.Change {
	account := p.Terms.Account.Login
	changes := []access.Change{{Action: access.ActionOpenLease, Subject: account, Why: w.Why}}
	for _, role := range p.Terms.Temporary {
		changes = append(changes, access.Change{Action: access.ActionRemoveRole, Subject: names(p.Terms.Names).role(role), Why: "nothing declares it any more"})
	}
	for _, token := range tokens {
		changes = append(changes, access.Change{Action: access.ActionRevokeToken, Subject: token, Why: "nothing declares it any more"})
	}
	return append(changes,
		access.Change{Action: access.ActionEndSessions, Subject: account, Why: "sessions may hold what is removed"},
		access.Change{Action: access.ActionProve, Subject: account, Why: "settled reads show that it is gone"},
		access.Change{Action: access.ActionCloseLease, Subject: account, Why: "with its evidence"})
}

// End carries out a plan of NewEnd. The error is nil when what the lease names is proved gone; *Stuck when it is not; any other
// where no lease was opened or nothing was done under it.
func (w *Workflow) End(ctx context.Context, plan Plan) (ev access.Evidence, err error) {
	r, err := w.open(ctx, plan.Terms)
	if err != nil {
		return access.Evidence{}, err
	}
	defer r.rescue(ctx, &ev, &err)
	if err := r.stillApproved(ctx); err != nil {
		err = r.abandon(ctx, err)
		return r.evidence(err), err
	}
	err = r.undo(ctx, errEnd)
	var done *Undone
	if errors.As(err, &done) {
		err = nil
	}
	return r.evidence(err), err
}
