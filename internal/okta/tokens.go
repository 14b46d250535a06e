package okta

// API tokens and the network zones that they can be pinned to. The SDK has no tokens; its type of a zone cannot read
// every kind of zone.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/org"
)

const (
	tokensPath = "/api/v1/api-tokens"
	zonesPath  = "/api/v1/zones"
)

// currentWord is what Okta takes for the calling token in the place of a token's id.
const currentWord = "current"

// timeFormat is how Okta writes times.
const timeFormat = "2006-01-02T15:04:05.000Z"

// apiToken is a token's metadata as Okta gives it.
type apiToken struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	UserID     string     `json:"userId"`
	ClientName string     `json:"clientName"`
	Created    *time.Time `json:"created"`
	ExpiresAt  *time.Time `json:"expiresAt"`
	Network    network    `json:"network"`
}

// tokenFields are those of an API token. Okta's document spells the links "_link", its answers "_links".
func tokenFields() known {
	return known{"API token", []string{
		"id", "name", "userId", "clientName", "created", "lastUpdated", "expiresAt", "tokenWindow", "network", "_link", "_links",
	}}
}

type network struct {
	Connection string   `json:"connection"`
	Include    []string `json:"include,omitempty"`
	Exclude    []string `json:"exclude,omitempty"`
}

// token is t in this program's words; the zones are sorted, and never nil.
func (t apiToken) token() org.Token {
	return org.Token{
		ID: t.ID, Name: t.Name, UserID: t.UserID, ClientName: t.ClientName,
		Created: timeOf(t.Created), ExpiresAt: timeOf(t.ExpiresAt),
		Network: org.Network{Connection: t.Network.Connection, Include: sorted(t.Network.Include), Exclude: sorted(t.Network.Exclude)},
	}
}

// sorted returns a sorted copy of values.
func sorted(values []string) []string {
	out := append([]string{}, values...)
	slices.Sort(out)
	return out
}

// Tokens returns the metadata of the org's active API tokens, those of Okta's agents among them, sorted by id. UserID
// is empty where Okta leaves it out.
func (c *Client) Tokens(ctx context.Context) ([]org.Token, error) {
	const op = "listing API tokens"
	found, err := list[apiToken](ctx, c, listing{path: tokensPath, known: tokenFields()})
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.Token, 0, len(found))
	for _, t := range found {
		if t.ID == "" {
			return nil, failing(op, withoutID(tokensPath))
		}
		out = append(out, t.token())
	}
	slices.SortStableFunc(out, func(a, b org.Token) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// Crowded tells whether so much is used of the limit that Tokens counts towards, by everybody, that looks at the tokens should
// become rarer: so a hundred runs that look out for theirs leave each other, and whoever steps down, what they need. It is false
// where Okta has told of no limit.
func (c *Client) Crowded() bool {
	return c.tempo.crowded(bucketOf(http.MethodGet, tokensPath), time.Now())
}

// RevokeToken revokes a token. The word "current", which would revoke the caller's own, is refused.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	op := "revoking API token " + quote(id)
	path, err := under(tokensPath+"/", "API token", id, "", currentWord)
	if err == nil {
		err = c.tell(ctx, call{method: http.MethodDelete, path: path})
	}
	if err != nil {
		return failing(op, err)
	}
	return nil
}

// tokenUpdate is the body of a change of a token: all that was read, and the new network condition. What Okta does with
// another name or owner is not documented.
type tokenUpdate struct {
	Name       string  `json:"name"`
	UserID     string  `json:"userId,omitempty"`
	ClientName string  `json:"clientName,omitempty"`
	Created    string  `json:"created,omitempty"`
	Network    network `json:"network"`
}

// RestrictToken lets t, as it was read, be used from the zones alone, and returns the token as Okta then gives it. Zones
// that t excludes stay excluded. No zone at all is an error, for it would lift the restriction.
func (c *Client) RestrictToken(ctx context.Context, t org.Token, zoneIDs []string) (org.Token, error) {
	op := "restricting API token " + quote(t.ID)
	path, err := under(tokensPath+"/", "API token", t.ID, "", currentWord)
	if err == nil && (len(zoneIDs) == 0 || slices.Contains(zoneIDs, "")) {
		err = &Error{Method: http.MethodPut, Path: path, Err: errors.New("no network zone is given"), unsent: true}
	}
	if err != nil {
		return org.Token{}, failing(op, err)
	}
	update := tokenUpdate{
		Name: t.Name, UserID: t.UserID, ClientName: t.ClientName,
		Network: network{Connection: org.NetworkZone, Include: sorted(zoneIDs), Exclude: t.Network.Exclude},
	}
	if !t.Created.IsZero() {
		update.Created = t.Created.UTC().Format(timeFormat)
	}
	got, seen, err := ask[apiToken](ctx, c, call{method: http.MethodPut, path: path, body: update, known: tokenFields()})
	if err == nil && got.ID != t.ID {
		err = seen.failure(fmt.Errorf("the answer is about another token, %q", oneLine(got.ID)))
	}
	if err != nil {
		return org.Token{}, failing(op, err)
	}
	return got.token(), nil
}

// Zones returns the network zones, sorted by id.
func (c *Client) Zones(ctx context.Context) ([]org.Zone, error) {
	const op = "listing network zones"
	found, err := list[struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Status string `json:"status"`
	}](ctx, c, listing{path: zonesPath})
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.Zone, 0, len(found))
	for _, z := range found {
		if z.ID == "" {
			return nil, failing(op, withoutID(zonesPath))
		}
		out = append(out, org.Zone{ID: z.ID, Name: z.Name, Status: z.Status})
	}
	slices.SortStableFunc(out, func(a, b org.Zone) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}
