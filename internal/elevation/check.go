package elevation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// Facts are what the org says of a declaration, read before anything is changed. What does not exist has an empty ID.
type Facts struct {
	Caller      org.User
	CallerRoles []org.Assignment
	Account     org.User
	Roles       []org.Assignment // of the account
	// OtherSuperAdmin is the login of an active user beside the account to whom SUPER_ADMIN is assigned individually; empty where
	// the account does not hold it so, or nobody else does. Of CheckDowngrade only.
	OtherSuperAdmin string
	Tokens          []org.Token // that the account owns
	CustomRole      org.CustomRole
	ResourceSet     org.ResourceSet
	Zones           []org.Zone // all of the org; read only where the manifest names zones
	Names           names      // of what the roles name by id
}

// names are labels of ids, for people.
type names map[string]string

// of returns the label and, in brackets, the id; the id alone where there is no label.
func (n names) of(id string) string {
	if label := n[id]; label != "" {
		return fmt.Sprintf("%q (%s)", label, id)
	}
	return id
}

// known returns a copy without the ids that have no label.
func (n names) known() map[string]string {
	out := maps.Clone(n)
	maps.DeleteFunc(out, func(id, label string) bool { return id == "" || label == "" })
	return out
}

// learn looks up what assignments name by id and n does not know. It is for people only: what cannot be looked up keeps
// its id.
func (w *Workflow) learn(ctx context.Context, n names, assignments []org.Assignment) {
	for _, a := range assignments {
		if a.Type == access.RoleCustom && a.Label != "" {
			n[a.CustomRoleID] = a.Label
		}
		if _, known := n[a.ViaGroupID]; !known && !a.Direct() {
			group, _ := w.Okta.Group(ctx, a.ViaGroupID)
			n[a.ViaGroupID] = group.Name
		}
		if _, known := n[a.ResourceSetID]; !known && a.ResourceSetID != "" {
			set, _ := w.Okta.ResourceSet(ctx, a.ResourceSetID)
			n[a.ResourceSetID] = set.Label
		}
	}
}

// Check reads the facts of a declaration. It changes nothing.
func (w *Workflow) Check(ctx context.Context, owner access.TokenOwner) (Facts, error) {
	f := Facts{Names: names{}}
	var err error
	if f.Caller, err = w.Okta.Caller(ctx); err != nil {
		return f, fmt.Errorf("finding out whose credential this is: %w", err)
	}
	if f.CallerRoles, err = w.Okta.CallerRoles(ctx, f.Caller); err != nil {
		return f, fmt.Errorf("reading the roles of the credential's own account or app %q: %w\nThe credential must be that of a super administrator: nobody else may give and take admin roles.", f.Caller.Login, err)
	}
	if f.Account, err = w.Okta.User(ctx, owner.Account); err != nil && !notFound(err) {
		return f, fmt.Errorf("reading account %q: %w", owner.Account, err)
	}
	if f.Account.ID != owner.Account && !strings.EqualFold(f.Account.Login, owner.Account) {
		f.Account = org.User{} // Okta also finds accounts by a shortened login: that is not the one that was declared
	}
	if f.Account.ID != "" {
		if err := w.checkAccount(ctx, &f); err != nil {
			return f, err
		}
	}
	if err := w.checkRole(ctx, owner.Role, &f); err != nil {
		return f, err
	}
	if len(owner.Token.Zones) > 0 {
		if f.Zones, err = w.Okta.Zones(ctx); err != nil {
			return f, fmt.Errorf("reading network zones: %w", err)
		}
	}
	f.Names[f.CustomRole.ID], f.Names[f.ResourceSet.ID] = f.CustomRole.Label, f.ResourceSet.Label
	for _, z := range f.Zones {
		f.Names[z.ID] = z.Name
	}
	w.learn(ctx, f.Names, f.Roles)
	return f, nil
}

func (w *Workflow) checkAccount(ctx context.Context, f *Facts) error {
	var err error
	if f.Roles, err = w.Okta.UserRoles(ctx, f.Account.ID); err != nil {
		return fmt.Errorf("reading the roles of account %q: %w", f.Account.Login, err)
	}
	if f.Tokens, err = w.ownedTokens(ctx, f.Account.ID); err != nil {
		return fmt.Errorf("reading the tokens of account %q: %w", f.Account.Login, err)
	}
	return nil
}

// checkRole reads the role that a manifest names, of an account that is declared.
func (w *Workflow) checkRole(ctx context.Context, named access.Intended, f *Facts) error {
	if named == (access.Intended{}) {
		return nil
	}
	var err error
	if f.CustomRole, err = w.Okta.CustomRole(ctx, named.CustomRole); err != nil && !notFound(err) {
		return fmt.Errorf("reading custom role %q: %w", named.CustomRole, err)
	}
	if f.ResourceSet, err = w.Okta.ResourceSet(ctx, named.ResourceSet); err != nil && !notFound(err) {
		return fmt.Errorf("reading resource set %q: %w", named.ResourceSet, err)
	}
	return nil
}

// CheckDowngrade is Check, and looks further for who would be super administrator without the account, if it is one.
func (w *Workflow) CheckDowngrade(ctx context.Context, owner access.TokenOwner) (Facts, error) {
	f, err := w.Check(ctx, owner)
	if err != nil {
		return f, err
	}
	if f.OtherSuperAdmin, err = w.otherSuperAdmin(ctx, f); err != nil {
		err = fmt.Errorf("looking for a super administrator beside account %q: %w", f.Account.Login, err)
	}
	return f, err
}

// isSuperAdmin tells whether SUPER_ADMIN is assigned individually: an org has to keep one user of whom that is so.
func isSuperAdmin(roles []org.Assignment) bool {
	return slices.ContainsFunc(roles, func(a org.Assignment) bool { return a.Direct() && a.Type == access.RoleSuperAdmin })
}

// otherSuperAdmin returns the login of a user who would stay super administrator without the account.
func (w *Workflow) otherSuperAdmin(ctx context.Context, f Facts) (string, error) {
	if !isSuperAdmin(f.Roles) {
		return "", nil
	}
	ids, err := w.Okta.RoleAssignees(ctx)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if id == f.Account.ID {
			continue
		}
		roles, err := w.Okta.UserRoles(ctx, id)
		if err != nil {
			return "", err
		}
		if !isSuperAdmin(roles) {
			continue
		}
		user, err := w.Okta.User(ctx, id)
		if err != nil {
			return "", err
		}
		if user.Status == statusActive {
			return user.Login, nil
		}
	}
	return "", nil
}

// ownedTokens returns the tokens of a user. Okta lists some tokens, its agents' above all, without an owner: they are
// nobody's here, and the audit reports them.
func (w *Workflow) ownedTokens(ctx context.Context, userID string) ([]org.Token, error) {
	all, err := w.Okta.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t org.Token) bool { return t.UserID != userID }), nil
}

// roleOf says what an assignment gives.
func roleOf(a org.Assignment) access.Role {
	r := access.Role{Type: a.Type}
	if a.Type == access.RoleCustom {
		r.CustomRole, r.ResourceSet = a.CustomRoleID, a.ResourceSetID
	}
	return r
}

// rolesOf says what assignments give, sorted.
func rolesOf(assignments []org.Assignment) []access.Role {
	roles := []access.Role{}
	for _, a := range assignments {
		roles = append(roles, roleOf(a))
	}
	slices.SortFunc(roles, func(a, b access.Role) int { return strings.Compare(a.String(), b.String()) })
	return roles
}

// describe names an assignment for people: the role, and the group that it comes through.
func (n names) describe(a org.Assignment) string {
	text := n.role(roleOf(a))
	if !a.Direct() {
		text += " through group " + n.of(a.ViaGroupID)
	}
	return text
}

// role names a role for people.
func (n names) role(r access.Role) string {
	if r.Type != access.RoleCustom {
		return r.Type
	}
	return fmt.Sprintf("%s on %s", n.of(r.CustomRole), n.of(r.ResourceSet))
}
