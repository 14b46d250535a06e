package cli

// A lease against the manifest that was approved: whoever has the ledger's key could write a lease that nobody approved.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/manifest"
)

// voucher holds leases against the manifests that they name, in the repository that they name.
type voucher struct {
	hub        *github.Client
	repository string
}

// vouch implements elevation.Workflow.Vouch. A lease without an approval, a downgrade's, has nothing to be held against. That it
// is of another account than was approved is an error: nothing is done under it. Anything else that it says and the manifest does
// not is a doubt: taking it away from that account is safe, and looking away from it is not.
func (v voucher) vouch(ctx context.Context, l access.Lease) (doubt string, err error) {
	owner, doubt, err := v.approved(ctx, l.Terms)
	if owner == nil {
		return doubt, err
	}
	if !names(*owner, l.Account) {
		return "", fmt.Errorf("the manifest that was approved declares %q, the lease is of %q", owner.Account, l.Account.Login)
	}
	return strings.Join(differences(*owner, l), "; "), nil
}

// approved reads the manifest that a lease names; nil where it cannot be read, or the lease is of no manifest.
func (v voucher) approved(ctx context.Context, l access.Terms) (owner *access.TokenOwner, doubt string, err error) {
	a := l.Approval
	if a == nil || l.Kind != access.LeaseElevation {
		return nil, "", nil
	}
	if !strings.EqualFold(a.Repository, v.repository) {
		return nil, fmt.Sprintf("it is of repository %q", a.Repository), nil
	}
	data, err := v.hub.File(ctx, a.ManifestPath, a.HeadSHA)
	if err != nil {
		return nil, firstLine(err), nil
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != a.ManifestSHA256 {
		return nil, "", fmt.Errorf("%s at %s has the digest %s, the lease says %s", a.ManifestPath, a.HeadSHA, got, a.ManifestSHA256)
	}
	file, err := manifest.Parse(a.ManifestPath, data)
	if err != nil || file.Owner == nil {
		return nil, "", fmt.Errorf("%s at %s declares no account", a.ManifestPath, a.HeadSHA)
	}
	return file.Owner, "", nil
}

// differences say what a lease says otherwise than its manifest.
func differences(owner access.TokenOwner, l access.Lease) []string {
	var out []string
	differ := func(what, asked, given string) {
		out = append(out, fmt.Sprintf("the manifest that was approved asks for %s %q, the lease says %q", what, asked, given))
	}
	if want := (access.Role{Type: owner.Elevation.Role}); !slices.Equal(l.Temporary, []access.Role{want}) {
		differ("the temporary role", want.String(), fmt.Sprint(l.Temporary))
	}
	if !keeps(owner, l) {
		differ("the role", owner.Role.CustomRole+" on "+owner.Role.ResourceSet, l.Intended.String()+", "+l.Label)
	}
	if longer(owner, l) {
		differ("a window of", owner.Elevation.Window.String(), l.EndsAt.Sub(l.OpenedAt).String())
	}
	if owner.Token.Name != l.TokenName {
		differ("the token", owner.Token.Name, l.TokenName)
	}
	return out
}

// longer tells whether the lease is of a longer window than was approved.
func longer(owner access.TokenOwner, l access.Lease) bool {
	return l.EndsAt.Sub(l.OpenedAt) > owner.Elevation.Window
}

// overdue tells whether an open lease lasts longer than was approved: a sweep does not wait for its end.
func (v voucher) overdue(ctx context.Context, l access.Lease) bool {
	owner, _, _ := v.approved(ctx, l.Terms)
	return owner != nil && longer(*owner, l)
}

// voucher returns what holds leases against their manifests, or nil where no repository is known.
func (s *session) voucher() (*voucher, error) {
	if !s.hasHub() {
		return nil, nil
	}
	hub, err := s.github()
	if err != nil {
		return nil, err
	}
	return &voucher{hub: hub, repository: s.runner.Context().Repository}, nil
}
