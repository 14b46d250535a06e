package okta

// Who the credential belongs to, and what that one holds.

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/stepdown/stepdown/internal/org"
)

// Caller returns whom the credential belongs to: the owner of the API token; or the service app, with its client id for id
// and login, which no account has. An app that was not granted every scope that was asked for is an error that names them:
// it would be found out in the middle of a change otherwise.
func (c *Client) Caller(ctx context.Context) (org.User, error) {
	const op = "reading the caller's own account"
	app, isApp := c.cred.(*oauth)
	if !isApp {
		user, err := c.user(ctx, usersPath+"/"+callerWord)
		if err != nil {
			return org.User{}, failing(op, err)
		}
		return user, nil
	}
	missing, failed := app.missing(ctx)
	if failed != nil {
		return org.User{}, failing(op, failed)
	}
	if len(missing) > 0 {
		return org.User{}, failing(op, &Error{
			Method: http.MethodPost, Path: TokenPath, Status: http.StatusOK, forToken: true, Advice: grantScopes,
			Err: errors.New("the app " + quote(app.clientID) + " was not granted " + strings.Join(missing, ", ")),
		})
	}
	return org.User{ID: app.clientID, Login: app.clientID}, nil
}

// CallerRoles returns what the caller, as Caller returned it, holds, sorted by key.
func (c *Client) CallerRoles(ctx context.Context, caller org.User) ([]org.Assignment, error) {
	app, isApp := c.cred.(*oauth)
	if !isApp || caller.ID != app.clientID {
		return c.UserRoles(ctx, caller.ID)
	}
	op := "listing the roles of service app " + quote(caller.ID)
	path, err := under(clientsPath, "service app", caller.ID, "/roles")
	if err != nil {
		return nil, failing(op, err)
	}
	out, err := c.roles(ctx, path, org.PrincipalClient, caller.ID)
	var e *Error
	if errors.As(err, &e) && e.NotFound() { // Okta has been seen to say this of apps without roles; this one exists: it has just been given a token
		return []org.Assignment{}, nil
	}
	if err != nil {
		return nil, failing(op, err)
	}
	return out, nil
}
