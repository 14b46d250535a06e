package elevation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stepdown/stepdown/internal/org"
)

// restrict pins the token to its zones and reads until Okta shows it, which may lag behind.
func (r *run) restrict(ctx context.Context, token org.Token, zoneIDs []string) error {
	if len(zoneIDs) > 0 {
		if _, err := r.Okta.RestrictToken(ctx, token, zoneIDs); err != nil {
			return fmt.Errorf("pinning token %q to its network zones: %w", token.Name, err)
		}
	}
	for patience := r.settle() + r.Poll; ; {
		err := r.readZones(ctx, token, zoneIDs)
		if err == nil {
			return nil
		}
		if !rateLimited(err) { // a rate limit says nothing of the token: only ctx ends that
			patience -= r.Poll
		}
		if cause := sleep(ctx, r.Poll); cause != nil || patience <= 0 {
			return fmt.Errorf("reading token %q back: %w", token.Name, errors.Join(err, cause))
		}
	}
}

// readZones notes the zones that the token is pinned to, or says why they are not those.
func (r *run) readZones(ctx context.Context, token org.Token, zoneIDs []string) error {
	tokens, err := r.ownedTokens(ctx, r.lease.Account.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(tokens, func(t org.Token) bool { return t.ID == token.ID })
	if i < 0 {
		return errors.New("it is gone")
	}
	got := slices.Sorted(slices.Values(tokens[i].Network.Include))
	if len(zoneIDs) > 0 && (tokens[i].Network.Connection != org.NetworkZone || !slices.Equal(got, zoneIDs)) {
		return fmt.Errorf("it may be used from %v, not from %v", got, zoneIDs)
	}
	r.ev.Token.Zones = slices.Clone(got)
	return nil
}
