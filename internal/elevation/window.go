package elevation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// errWindowEnded is the cause when the window ends before the token appears.
var errWindowEnded = errors.New("the window ended and the token had not appeared\nHave the operator at hand. While the approval is fresh, the operator opens it again by the comment /stepdown ready on the pull request.")

// How the look-out for the token adapts: it slows down in a long window and where Okta fails, and gives up on an Okta that
// does not answer several times in a row, because an account whose tokens cannot be seen should not stay elevated. One that answers
// that its rate limit is used up is given longer: its windows are of a minute.
const (
	briskFor     = 2 * time.Minute // poll at the full rate for so long, then at half of it
	maxFailures  = 3               // failed looks in a row
	lookBudget   = 15 * time.Second
	longestPause = 45 * time.Second
	blindFor     = 2 * time.Minute // without a look for the sake of a rate limit
	rolesEvery   = 30 * time.Second
)

// errTakenAway is the cause where the account is not elevated any more: no token can come of it.
var errTakenAway = errors.New("the temporary role is gone before the window is over: a sweep, or somebody, has taken it away\nFind out who, and apply again.")

// awaitToken looks for tokens of the account that were not there before, until there is one or ctx ends. Exactly one, with
// the expected name, is the token; anything else ends the window with an error.
func (r *run) awaitToken(ctx context.Context) (org.Token, error) {
	began, failures, interval := time.Now(), 0, time.Duration(0)
	gone := r.watchRole()
	for {
		looked := time.Now()
		fresh, err := r.look(ctx)
		if ctx.Err() == nil {
			r.Tell.Waiting(time.Until(r.lease.EndsAt))
		}
		switch {
		case rateLimited(err) && time.Since(r.lookedAt) < blindFor:
		case err != nil && ctx.Err() == nil:
			if failures++; failures >= maxFailures {
				return org.Token{}, fmt.Errorf("looking for the token, %d times in a row: %w", failures, err)
			}
		case err == nil && len(fresh) > 0:
			r.ev.Window.TokenSeen = time.Now().UTC()
			return r.judge(fresh)
		case err == nil:
			failures, r.lookedAt = 0, looked
		}
		if gone(ctx) {
			return org.Token{}, errTakenAway
		}
		pause := r.Poll << failures
		if time.Since(began) > briskFor {
			pause *= 2
		}
		interval = r.calmer(interval, rateLimited(err))
		pause = max(pause, interval)
		if cause := sleep(ctx, pause); cause != nil {
			return org.Token{}, fmt.Errorf("waiting for token %q: %w", r.lease.TokenName, cause)
		}
	}
}

// watchRole returns a function that tells, now and then, whether the temporary role has been taken away: two readings in a row do not
// show it. What cannot be read says nothing.
func (r *run) watchRole() func(context.Context) bool {
	asked, missed := time.Now(), 0
	return func(ctx context.Context) bool {
		if time.Since(asked) < rolesEvery || r.Okta.Crowded() {
			return false
		}
		asked = time.Now()
		ctx, cancel := context.WithTimeout(ctx, lookBudget)
		defer cancel()
		roles, err := r.Okta.UserRoles(ctx, r.lease.Account.ID)
		switch {
		case err != nil:
		case slices.ContainsFunc(roles, func(a org.Assignment) bool { return slices.Contains(r.lease.Temporary, roleOf(a)) }):
			missed = 0
		default:
			missed++
		}
		return missed > 1
	}
}

// calmer returns the interval of looks that Okta's limits bear: it doubles while too much is used of them, by whomever, and comes
// back slowly, so that many runs which look out at once come to share what there is.
func (r *run) calmer(interval time.Duration, refused bool) time.Duration {
	if refused || r.Okta.Crowded() {
		return min(max(2*interval, 2*r.Poll), longestPause)
	}
	return interval * 9 / 10
}

// look bounds one look for the token: an account whose tokens cannot be seen should not stay elevated for long.
func (r *run) look(ctx context.Context) ([]org.Token, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lookBudget, fmt.Errorf("no answer within %s", lookBudget))
	defer cancel()
	return r.newTokens(ctx)
}

// newTokens returns the tokens of the account that were not there when the lease was opened.
func (r *run) newTokens(ctx context.Context) ([]org.Token, error) {
	tokens, err := r.ownedTokens(ctx, r.lease.Account.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the tokens of account %q: %w", r.lease.Account.Login, err)
	}
	return slices.DeleteFunc(tokens, func(t org.Token) bool { return slices.Contains(r.lease.TokensBefore, t.ID) }), nil
}

// judge accepts exactly one token: of the expected name, and created in the window.
func (r *run) judge(fresh []org.Token) (org.Token, error) {
	if t := fresh[0]; len(fresh) == 1 && t.Name == r.lease.TokenName && t.ClientName == org.ClientUser && !t.Created.Before(r.ev.Window.GrantSent.Add(-access.ClockSkew)) {
		r.ev.Token = &access.TokenEvidence{ID: t.ID, Name: t.Name, Created: t.Created, Zones: []string{}}
		return t, nil
	}
	names := make([]string, 0, len(fresh))
	for _, t := range fresh {
		names = append(names, fmt.Sprintf("%q (%s)", t.Name, t.ID))
	}
	slices.Sort(names)
	return org.Token{}, fmt.Errorf("exactly one new token called %q was expected, and there is %s\nWhat was created in the window is revoked. Apply again.",
		r.lease.TokenName, strings.Join(names, ", "))
}

// revokeNamed revokes the tokens that an end names, and goes on until a listing shows none of them, or ctx ends.
func (r *run) revokeNamed(ctx context.Context) error {
	return r.insist(ctx, revoking, func() error {
		tokens, err := r.Okta.Tokens(ctx)
		if err != nil {
			return fmt.Errorf("reading the tokens of account %q: %w", r.lease.Account.Login, err)
		}
		var left error
		for _, t := range tokens {
			if !slices.Contains(r.lease.Revokes, t.ID) {
				continue
			}
			left = errors.Join(left, fmt.Errorf("token %q (%s) is still there", t.Name, t.ID))
			if err := r.Okta.RevokeToken(ctx, t.ID); err != nil {
				left = errors.Join(left, fmt.Errorf("revoking token %q (%s): %w", t.Name, t.ID, err))
			}
		}
		return left
	})
}

// revokeStrays revokes every token of the account that appeared since the lease was opened, except keep, and reports it. It
// goes on until a listing shows none, or ctx ends. With an empty keep it leaves none.
func (r *run) revokeStrays(ctx context.Context, keep string) error {
	reported := map[string]bool{}
	return r.insist(ctx, revoking, func() error {
		fresh, err := r.newTokens(ctx)
		if err != nil {
			return err
		}
		var left error
		for _, t := range fresh {
			if t.ID == keep {
				continue
			}
			if !reported[t.ID] {
				reported[t.ID] = true
				what := "token"
				if t.Name == r.lease.TokenName {
					what = "the expected token"
				}
				r.find("%s %q (%s) was created in the window and is revoked", what, t.Name, t.ID)
			}
			if r.ev.Token != nil && r.ev.Token.ID == t.ID {
				r.ev.Token.Revoked = true
			}
			left = errors.Join(left, fmt.Errorf("token %q (%s) is still there", t.Name, t.ID))
			if err := r.Okta.RevokeToken(ctx, t.ID); err != nil {
				left = errors.Join(left, fmt.Errorf("revoking token %q (%s): %w", t.Name, t.ID, err))
			}
		}
		return left
	})
}
