package okta

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/org"
)

const groupsPath = "/api/v1/groups"

// group is a group as Okta gives it. Its document and its SDK spell the flag "hasAdminPrivlege"; the other spellings
// have been seen in programs that read real orgs.
type group struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Profile struct {
		Name string `json:"name"`
	} `json:"profile"`
	Embedded struct {
		Stats struct {
			Privlege   *bool `json:"hasAdminPrivlege"`
			Privilege  *bool `json:"hasAdminPrivilege"`
			Privileges *bool `json:"hasAdminPrivileges"`
		} `json:"stats"`
	} `json:"_embedded"`
}

// hasAdminRoles is nil where Okta did not say. Where spellings disagree, the one that says yes counts.
func (g group) hasAdminRoles() *bool {
	var out *bool
	for _, said := range []*bool{g.Embedded.Stats.Privlege, g.Embedded.Stats.Privilege, g.Embedded.Stats.Privileges} {
		if said != nil && (out == nil || *said) {
			out = said
		}
	}
	return out
}

// Groups returns all groups, sorted by id.
func (c *Client) Groups(ctx context.Context) ([]org.Group, error) {
	const op = "listing groups"
	found, err := list[group](ctx, c, listing{path: groupsPath, query: url.Values{"limit": {"200"}, "expand": {"stats"}}})
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.Group, 0, len(found))
	for _, g := range found {
		if g.ID == "" {
			return nil, failing(op, withoutID(groupsPath))
		}
		out = append(out, org.Group{ID: g.ID, Name: g.Profile.Name, Type: g.Type, HasAdminRoles: g.hasAdminRoles()})
	}
	slices.SortStableFunc(out, func(a, b org.Group) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// Group returns a group by its id. HasAdminRoles is nil: this answer does not say.
func (c *Client) Group(ctx context.Context, id string) (org.Group, error) {
	op := "reading group " + quote(id)
	path, err := under(groupsPath+"/", "group", id, "")
	if err != nil {
		return org.Group{}, failing(op, err)
	}
	g, seen, err := read[group](ctx, c, path, known{})
	if err == nil && g.ID == "" {
		err = seen.failure(errors.New("it has no id"))
	}
	if err != nil {
		return org.Group{}, failing(op, err)
	}
	return org.Group{ID: g.ID, Name: g.Profile.Name, Type: g.Type}, nil
}

// GroupMembers returns the ids of the group's members, sorted, each once.
func (c *Client) GroupMembers(ctx context.Context, groupID string) ([]string, error) {
	op := "listing the members of group " + quote(groupID)
	path, err := under(groupsPath+"/", "group", groupID, "/users")
	if err != nil {
		return nil, failing(op, err)
	}
	out, err := listIDs(ctx, c, listing{path: path, query: url.Values{"limit": {"200"}}})
	if err != nil {
		return nil, failing(op, err)
	}
	return out, nil
}

// listIDs returns the ids of the items of a listing, sorted, each once.
func listIDs(ctx context.Context, c *Client, l listing) ([]string, error) {
	found, err := list[struct {
		ID string `json:"id"`
	}](ctx, c, l)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(found))
	for _, item := range found {
		if item.ID == "" {
			return nil, withoutID(l.path)
		}
		out = append(out, item.ID)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
