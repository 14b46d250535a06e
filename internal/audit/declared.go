package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/internal/policy"
)

// The codes of a declaration's problems.
const (
	problemAccount     = "account"
	problemCustomRole  = "custom_role"
	problemResourceSet = "resource_set"
	problemDuplicate   = "duplicate"
)

// declared resolves what is declared against the snapshot, keyed as policy.AuditInput.Declared wants it. A manifest is the
// last word on its account. A pending lease declares an account that no manifest does, and of several of one account the
// newest alone: an old pull request that nobody closes must not outlive what was decided after it. Two manifests of one
// account are a problem of both.
func declared(s org.Snapshot, owners []access.TokenOwner, pending []access.Lease) map[string]policy.Declaration {
	out := map[string]policy.Declaration{}
	sorted := slices.SortedFunc(slices.Values(owners), func(a, b access.TokenOwner) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Source.File, b.Source.File))
	})
	for _, owner := range sorted {
		d := fromManifest(s, owner)
		key := keyOf(d)
		if first, ok := out[key]; ok {
			d = duplicate(first, d)
		}
		out[key] = d
	}
	for key, d := range newest(s, pending) {
		if manifest, ok := out[key]; ok {
			d = expecting(manifest, d)
		}
		out[key] = d
	}
	return out
}

// newest resolves the newest of the pending leases of each account.
func newest(s org.Snapshot, pending []access.Lease) map[string]policy.Declaration {
	out := map[string]policy.Declaration{}
	sorted := slices.SortedFunc(slices.Values(pending), func(a, b access.Lease) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	for _, lease := range sorted {
		if lease.State != access.StateClosed || lease.Kind != access.LeaseElevation {
			continue // what is open, undone or a downgrade declares nothing
		}
		d := fromLease(s, lease)
		out[keyOf(d)] = d
	}
	return out
}

// keyOf is the key of a declaration in policy.AuditInput.Declared.
func keyOf(d policy.Declaration) string {
	if d.UserID == "" {
		return "unresolved:" + d.Account
	}
	return d.UserID
}

// fromManifest resolves a token owner, whose account, role and set are each an id or a name.
func fromManifest(s org.Snapshot, o access.TokenOwner) policy.Declaration {
	d := policy.Declaration{
		Name: o.Name, Account: o.Account, CustomRole: o.Role.CustomRole, ResourceSet: o.Role.ResourceSet,
		TokenNames: []string{o.Token.Name}, ElevationRole: cmp.Or(o.Elevation.Role, access.DefaultElevationRole),
		Source: o.Source, Origin: policy.OriginManifest, Problems: []policy.Problem{},
	}
	return resolve(s, d)
}

// fromLease resolves what a closed lease gave, which it holds by id.
func fromLease(s org.Snapshot, l access.Lease) policy.Declaration {
	d := policy.Declaration{
		Name: l.Declaration, Account: cmp.Or(l.Account.ID, l.Account.Login),
		CustomRole: l.Intended.CustomRole, ResourceSet: l.Intended.ResourceSet,
		TokenNames: []string{l.TokenName}, Origin: policy.OriginLease, Problems: []policy.Problem{},
	}
	if len(l.Temporary) > 0 {
		d.ElevationRole = l.Temporary[0].Type
	}
	if l.Approval != nil {
		d.Source.File = l.Approval.URL
	}
	return resolve(s, d)
}

// resolve fills in the ids of d and names by which people know them, or says what is wrong.
func resolve(s org.Snapshot, d policy.Declaration) policy.Declaration {
	var problem string
	d.UserID, problem = lookUp(s.Users, d.Account, "account", func(u org.User) bool { return strings.EqualFold(u.Login, d.Account) })
	d = noting(d, problemAccount, problem)
	if d.UserID != "" {
		d.Account = s.Users[d.UserID].Login
	}
	d.CustomRoleID, problem = lookUp(s.CustomRoles, d.CustomRole, "custom role", func(r org.CustomRole) bool { return r.Label == d.CustomRole })
	d = noting(d, problemCustomRole, problem)
	if d.CustomRoleID != "" {
		d.CustomRole = s.CustomRoles[d.CustomRoleID].Label
	}
	d.ResourceSetID, problem = lookUp(s.ResourceSets, d.ResourceSet, "resource set", func(r org.ResourceSet) bool { return r.Label == d.ResourceSet })
	d = noting(d, problemResourceSet, problem)
	if d.ResourceSetID != "" {
		d.ResourceSet = s.ResourceSets[d.ResourceSetID].Label
	}
	return d
}

// lookUp finds the id of what is declared as an id, or else by a name, which named compares. A name that is held more than
// once finds nothing, as it would be a guess which is meant.
func lookUp[T any](in map[string]T, declared, kind string, named func(T) bool) (id, problem string) {
	if _, ok := in[declared]; ok && declared != "" {
		return declared, ""
	}
	var ids []string
	for key, value := range in {
		if declared != "" && named(value) {
			ids = append(ids, key)
		}
	}
	slices.Sort(ids)
	switch len(ids) {
	case 1:
		return ids[0], ""
	case 0:
		return "", fmt.Sprintf("the org has no %s %q", kind, declared)
	default:
		return "", fmt.Sprintf("the org has %d of %s %q: %s", len(ids), kind, declared, strings.Join(ids, ", "))
	}
}

// noting adds a problem, if there is one.
func noting(d policy.Declaration, code, message string) policy.Declaration {
	if message != "" {
		d.Problems = append(d.Problems, policy.Problem{Code: code, Message: message})
		slices.SortFunc(d.Problems, func(a, b policy.Problem) int { return cmp.Compare(a.Code, b.Code) })
	}
	return d
}

// duplicate keeps the first declaration of an account and says that there is a second. Only the first one's token is
// declared.
func duplicate(first, second policy.Declaration) policy.Declaration {
	first.Problems = slices.DeleteFunc(slices.Clone(first.Problems), func(p policy.Problem) bool { return p.Code == problemDuplicate })
	return noting(first, problemDuplicate, fmt.Sprintf("%q declares the same account (%s:%d)", second.Name, second.Source.File, second.Source.Line))
}

// expecting gives the manifest's declaration, with the pending lease's token beside its own where both declare the same role
// on the same set, as far as the org has them: a rotation whose pull request is not merged yet.
func expecting(manifest, pending policy.Declaration) policy.Declaration {
	same := manifest.CustomRoleID == pending.CustomRoleID && manifest.ResourceSetID == pending.ResourceSetID
	if same && manifest.CustomRoleID != "" && manifest.ResourceSetID != "" {
		manifest.TokenNames = slices.Compact(slices.Sorted(slices.Values(slices.Concat(manifest.TokenNames, pending.TokenNames))))
	}
	return manifest
}
