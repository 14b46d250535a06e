package github

// This file reads what a person may do.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// Authority reads what the user may do in the repository, and in which of the teams they are an active member. A team is
// "slug", or "org/slug" with the organisation that owns the repository. That somebody is not in a team is known only where the
// team itself can be read; else it is an error: GitHub answers 404 to both.
func (c *Client) Authority(ctx context.Context, user string, teams []string) (access.Authority, error) {
	a, err := c.authority(ctx, user, teams)
	if err != nil {
		return access.Authority{}, fmt.Errorf("reading the authority of %q: %w", oneLine(user, 80), clean(err))
	}
	return a, nil
}

func (c *Client) authority(ctx context.Context, user string, teams []string) (access.Authority, error) {
	if !isLogin(user) {
		return access.Authority{}, errors.New("not a user name")
	}
	got, _, err := c.api.Repositories.GetPermissionLevel(ctx, c.owner, c.name, url.PathEscape(user))
	if err != nil {
		return access.Authority{}, err
	}
	a := access.Authority{User: got.GetUser().GetLogin(), Permission: got.GetPermission(), Role: got.GetRoleName(), Teams: []string{}}
	switch {
	case !strings.EqualFold(a.User, user):
		return access.Authority{}, fmt.Errorf("github: the answer is for %q", a.User)
	case !slices.Contains([]string{"admin", "write", "read", "none"}, a.Permission) || a.Role == "":
		return access.Authority{}, fmt.Errorf("github: permission %q with role %q is none that is known", a.Permission, a.Role)
	}
	for _, team := range teams {
		member, err := c.isMember(ctx, team, user)
		if err != nil {
			return access.Authority{}, fmt.Errorf("team %q: %w", oneLine(team, 80), clean(err))
		}
		if member {
			a.Teams = append(a.Teams, team)
		}
	}
	slices.Sort(a.Teams)
	a.Teams = slices.Compact(a.Teams)
	return a, nil
}

// isMember tells whether the user is an active member of the team, or of one below it.
func (c *Client) isMember(ctx context.Context, team, user string) (bool, error) {
	org, slug, found := strings.Cut(team, "/")
	if !found {
		org, slug = c.owner, team
	}
	switch {
	case !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(slug):
		return false, errors.New("not a team's slug, or org/slug")
	case !strings.EqualFold(org, c.owner):
		return false, fmt.Errorf("it is one of %q; only teams of %q, which owns the repository, have a say", org, c.owner)
	}
	got, _, err := c.api.Teams.GetTeamMembershipBySlug(ctx, c.owner, slug, url.PathEscape(user))
	switch {
	case status(err) == http.StatusNotFound:
		return false, c.teamIsThere(ctx, slug, err)
	case err != nil:
		return false, err
	case got.GetState() == "active":
		return true, nil
	case got.GetState() == "pending":
		return false, nil
	}
	return false, fmt.Errorf("github: membership %q is none that is known", got.GetState())
}

// teamIsThere returns nil where the team can be read, so that the refusal meant the person.
func (c *Client) teamIsThere(ctx context.Context, slug string, refusal error) error {
	got, _, err := c.api.Teams.GetTeamBySlug(ctx, c.owner, slug)
	switch {
	case status(err) == http.StatusNotFound:
		return fmt.Errorf("it is not there, or the token may not see it: %w", clean(refusal))
	case err != nil:
		return err
	case !strings.EqualFold(got.GetSlug(), slug):
		return fmt.Errorf("github: the answer is for team %q", got.GetSlug())
	}
	return nil
}

// isLogin tells whether s can be the name of a user or a bot, and so cannot leave a route.
func isLogin(s string) bool {
	return len(s) <= 100 && regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(\[bot\])?$`).MatchString(s)
}
