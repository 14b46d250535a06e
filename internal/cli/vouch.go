package cli

// A lease against the manifest that was approved: whoever has the ledger's key could write a lease that nobody approved.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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

// vouch implements elevation.Workflow.Vouch. A lease without an approval, a downgrade's, has nothing to be held against.
func (v voucher) vouch(ctx context.Context, l access.Lease) (doubt string, err error) {
	a := l.Approval
	if a == nil || l.Kind != access.LeaseElevation {
		return "", nil
	}
	if !strings.EqualFold(a.Repository, v.repository) {
		return fmt.Sprintf("it is of repository %q", a.Repository), nil
	}
	data, err := v.hub.File(ctx, a.ManifestPath, a.HeadSHA)
	if err != nil {
		return firstLine(err), nil
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != a.ManifestSHA256 {
		return "", fmt.Errorf("%s at %s has the digest %s, the lease says %s", a.ManifestPath, a.HeadSHA, got, a.ManifestSHA256)
	}
	file, err := manifest.Parse(a.ManifestPath, data)
	if err != nil || file.Owner == nil {
		return "", fmt.Errorf("%s at %s declares no account", a.ManifestPath, a.HeadSHA)
	}
	return "", contradiction(*file.Owner, l)
}

// contradiction says what a lease gives that its manifest does not ask for.
func contradiction(owner access.TokenOwner, l access.Lease) error {
	if owner.Account != l.Account.ID && !strings.EqualFold(owner.Account, l.Account.Login) {
		return fmt.Errorf("the manifest that was approved declares %q, the lease is of %q", owner.Account, l.Account.Login)
	}
	for _, role := range l.Temporary {
		if role != (access.Role{Type: owner.Elevation.Role}) {
			return fmt.Errorf("the manifest that was approved asks for %s, the lease gives %s", owner.Elevation.Role, role)
		}
	}
	return nil
}

// voucher returns what holds leases against their manifests, or nil where no repository is known.
func (s *session) voucher() (*voucher, error) {
	where := s.runner.Context()
	if where.Repository == "" || (s.env.Getenv("GITHUB_TOKEN") == "" && s.runner.Input("github-token") == "") {
		return nil, nil
	}
	hub, err := s.github()
	if err != nil {
		return nil, err
	}
	return &voucher{hub: hub, repository: where.Repository}, nil
}
