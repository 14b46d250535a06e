package okta

// Service apps and the roles that they hold. The SDK has neither.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/org"
)

// clientList is where the OAuth clients are listed: the apps that can be callers, as OAuth sees them.
const clientList = "/oauth2/v1/clients"

// client is an OAuth client as Okta gives it.
type client struct {
	ID   string `json:"client_id"`
	Name string `json:"client_name"`
	Type string `json:"application_type"`
}

// Apps returns the OAuth clients, also those to which no role can be assigned, sorted by id.
func (c *Client) Apps(ctx context.Context) ([]org.App, error) {
	const op = "listing OAuth clients"
	found, err := list[client](ctx, c, listing{path: clientList, query: url.Values{"limit": {"200"}}})
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.App, 0, len(found))
	for _, f := range found {
		if f.ID == "" {
			return nil, failing(op, withoutID(clientList))
		}
		out = append(out, org.App{ID: f.ID, Label: f.Name, Type: f.Type})
	}
	slices.SortStableFunc(out, func(a, b org.App) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// AppRoles returns what the service app holds, sorted by key. Okta has been seen to answer 404 for an app without roles, so
// that a 404 counts as none once the app itself was found.
func (c *Client) AppRoles(ctx context.Context, appID string) ([]org.Assignment, error) {
	op := "listing the roles of app " + quote(appID)
	path, err := under(clientsPath, "app", appID, "/roles")
	if err != nil {
		return nil, failing(op, err)
	}
	out, err := c.roles(ctx, path, org.PrincipalClient, appID)
	var e *Error
	if errors.As(err, &e) && e.NotFound() && c.appExists(ctx, appID) == nil {
		return []org.Assignment{}, nil
	}
	if err != nil {
		return nil, failing(op, err)
	}
	return out, nil
}

// appExists returns nil where Okta shows the app.
func (c *Client) appExists(ctx context.Context, appID string) error {
	path, err := under(clientsPath, "app", appID, "")
	if err != nil {
		return err
	}
	found, _, err := read[client](ctx, c, path, known{})
	if err == nil && found.ID != appID {
		err = &Error{Method: http.MethodGet, Path: path, Status: http.StatusOK, Err: fmt.Errorf("the answer is about another app, %q", oneLine(found.ID))}
	}
	return err
}
