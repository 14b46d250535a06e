package okta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"

	"github.com/stepdown/stepdown/internal/org"
)

const usersPath = "/api/v1/users"

// callerWord is what Okta takes for the caller in the place of a user's id.
const callerWord = "me"

// Org returns the org's id and address. It needs no rights.
func (c *Client) Org(ctx context.Context) (org.Org, error) {
	const op = "reading the org"
	found, seen, err := read[struct {
		ID string `json:"id"`
	}](ctx, c, wellKnown, known{})
	if err == nil && found.ID == "" {
		err = seen.failure(errors.New("it has no id"))
	}
	if err != nil {
		return org.Org{}, failing(op, err)
	}
	return org.Org{ID: found.ID, URL: c.org.String()}, nil
}

// User returns an account. Okta also finds one by the part of its login before the "@" if no other has it: compare the
// login that comes back. The word "me" is refused.
func (c *Client) User(ctx context.Context, idOrLogin string) (org.User, error) {
	op := "reading user " + quote(idOrLogin)
	path, err := under(usersPath+"/", "user", idOrLogin, "", callerWord)
	if err != nil {
		return org.User{}, failing(op, err)
	}
	user, err := c.user(ctx, path)
	if err != nil {
		return org.User{}, failing(op, err)
	}
	return user, nil
}

func (c *Client) user(ctx context.Context, path string) (org.User, error) {
	found, seen, err := read[sdk.User](ctx, c, path, known{})
	if err != nil {
		return org.User{}, err
	}
	if found.Id == "" {
		return org.User{}, seen.failure(errors.New("the account has no id"))
	}
	return userOf(found), nil
}

// Users returns the accounts, sorted by id. Okta leaves those that are DEPROVISIONED out of this list.
func (c *Client) Users(ctx context.Context) ([]org.User, error) {
	const op = "listing users"
	found, err := list[sdk.User](ctx, c, listing{path: usersPath, query: url.Values{"limit": {"200"}}})
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.User, 0, len(found))
	for _, u := range found {
		if u.Id == "" {
			return nil, failing(op, withoutID(usersPath))
		}
		out = append(out, userOf(u))
	}
	slices.SortStableFunc(out, func(a, b org.User) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// EndSessions ends the account's sessions in browsers. OAuth tokens that apps hold for it stay.
func (c *Client) EndSessions(ctx context.Context, userID string) error {
	op := "ending the sessions of user " + quote(userID)
	path, err := under(usersPath+"/", "user", userID, "/sessions", callerWord)
	if err == nil {
		err = c.tell(ctx, call{method: http.MethodDelete, path: path})
	}
	if err != nil {
		return failing(op, err)
	}
	return nil
}

// userOf takes what matters of an account.
func userOf(u sdk.User) org.User {
	out := org.User{ID: u.Id, Status: u.Status}
	if u.Profile != nil {
		out.Login, _ = (*u.Profile)["login"].(string)
	}
	return out
}

// withoutID says that an item of the listing at path has no id, so that nothing could be said of it.
func withoutID(path string) *Error {
	return &Error{Method: http.MethodGet, Path: path, Status: http.StatusOK, Err: errors.New("an item of the list has no id")}
}
