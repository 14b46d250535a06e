package okta

// Role assignments of users and groups. The SDK's own type of them is not used: it drops the custom role and the
// resource set.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// link is an entry of _links.
type link struct {
	Href string `json:"href"`
}

// roleAssignment is an assignment as Okta gives it.
type roleAssignment struct {
	ID             string     `json:"id"`
	Label          string     `json:"label"`
	Type           string     `json:"type"`
	Status         string     `json:"status"`
	AssignmentType string     `json:"assignmentType"`
	Role           string     `json:"role"`
	ResourceSet    string     `json:"resource-set"`
	Created        *time.Time `json:"created"`
	Links          struct {
		Assignee    link `json:"assignee"`
		Role        link `json:"role"`
		ResourceSet link `json:"resource-set"`
	} `json:"_links"`
}

// roleAssignmentFields are those of a role assignment, standard or custom.
func roleAssignmentFields() known {
	return known{"role assignment", []string{
		"id", "label", "type", "status", "created", "lastUpdated", "assignmentType", "role", "resource-set", "_links", "_embedded",
	}}
}

// UserRoles returns what the account holds, directly and through groups, sorted by key. A type that this program does
// not know is kept.
func (c *Client) UserRoles(ctx context.Context, userID string) ([]org.Assignment, error) {
	op := "listing the roles of user " + quote(userID)
	path, err := under(usersPath+"/", "user", userID, "/roles", callerWord)
	if err != nil {
		return nil, failing(op, err)
	}
	out, err := c.roles(ctx, path, org.PrincipalUser, userID)
	if err != nil {
		return nil, failing(op, err)
	}
	return out, nil
}

// GroupRoles returns what the group holds and gives to its members, sorted by key.
func (c *Client) GroupRoles(ctx context.Context, groupID string) ([]org.Assignment, error) {
	op := "listing the roles of group " + quote(groupID)
	path, err := under(groupsPath+"/", "group", groupID, "/roles")
	if err != nil {
		return nil, failing(op, err)
	}
	out, err := c.roles(ctx, path, org.PrincipalGroup, groupID)
	if err != nil {
		return nil, failing(op, err)
	}
	return out, nil
}

func (c *Client) roles(ctx context.Context, path, principalKind, principalID string) ([]org.Assignment, error) {
	found, err := list[roleAssignment](ctx, c, listing{path: path, known: roleAssignmentFields()})
	if err != nil {
		return nil, err
	}
	out := make([]org.Assignment, 0, len(found))
	for _, r := range found {
		a, err := r.assignment(principalKind, principalID)
		if err != nil {
			return nil, c.unreadable(&wire{method: http.MethodGet, path: path, status: http.StatusOK}, err)
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b org.Assignment) int {
		return strings.Compare(a.Key()+"|"+a.ID, b.Key()+"|"+b.ID)
	})
	return out, nil
}

// assignment is r in this program's words. One without id or type, and one through a group that is not named, is an
// error: it could be taken for another one.
func (r roleAssignment) assignment(principalKind, principalID string) (org.Assignment, error) {
	if r.ID == "" || r.Type == "" {
		return org.Assignment{}, fmt.Errorf("a role assignment has no id or no type (id %q, type %q)", oneLine(r.ID), oneLine(r.Type))
	}
	a := org.Assignment{
		ID: r.ID, PrincipalID: principalID, PrincipalKind: principalKind,
		Type: r.Type, Label: r.Label, Status: r.Status,
		ResourceSetID: firstOf(r.ResourceSet, lastSegment(r.Links.ResourceSet.Href)),
		Created:       timeOf(r.Created),
	}
	if r.Type == access.RoleCustom {
		a.CustomRoleID = firstOf(r.Role, lastSegment(r.Links.Role.Href))
	}
	if principalKind == org.PrincipalUser {
		kind, id := principalOf(r.Links.Assignee.Href)
		switch {
		case kind == org.PrincipalGroup:
			a.ViaGroupID = id
		case r.AssignmentType == org.PrincipalGroup:
			return org.Assignment{}, fmt.Errorf("role %q comes through a group that the answer does not name", oneLine(r.Type))
		}
	}
	return a, nil
}

// AssignRole gives the account a role; a custom one on its resource set. It returns the assignment's id where the answer
// tells one. Success means that Okta answered that it is there: read it back.
func (c *Client) AssignRole(ctx context.Context, userID string, role access.Role) (string, error) {
	op := "assigning role " + quote(role.String()) + " to user " + quote(userID)
	path, err := under(usersPath+"/", "user", userID, "/roles", callerWord)
	if err != nil {
		return "", failing(op, err)
	}
	body, err := assignBody(role)
	if err != nil {
		return "", failing(op, &Error{Method: http.MethodPost, Path: path, Err: err, unsent: true})
	}
	answer, _, err := c.do(ctx, call{method: http.MethodPost, path: path, body: body})
	if err != nil {
		return "", failing(op, err)
	}
	made, err := decode[roleAssignment](answer)
	if err != nil || made.Type != role.Type {
		return "", nil // it was accepted; what it is shows when it is read back
	}
	return made.ID, nil
}

// roleRequest is the body of an assignment. The SDK's has the type alone.
type roleRequest struct {
	Type        string `json:"type"`
	Role        string `json:"role,omitempty"`
	ResourceSet string `json:"resource-set,omitempty"`
}

func assignBody(role access.Role) (roleRequest, error) {
	isCustom := role.Type == access.RoleCustom
	switch {
	case role.Type == "":
		return roleRequest{}, errors.New("the role has no type")
	case isCustom && (role.CustomRole == "" || role.ResourceSet == ""):
		return roleRequest{}, errors.New("a custom role needs its id and that of a resource set")
	case !isCustom && (role.CustomRole != "" || role.ResourceSet != ""):
		return roleRequest{}, errors.New("a standard role is assigned without a custom role and a resource set")
	}
	return roleRequest{Type: role.Type, Role: role.CustomRole, ResourceSet: role.ResourceSet}, nil
}

// RemoveRole takes an assignment of the account's own away. A 404 is an error here (see Error.NotFound): it says as
// little as success about what the account still holds. Read it back.
func (c *Client) RemoveRole(ctx context.Context, userID, assignmentID string) error {
	op := "removing role assignment " + quote(assignmentID) + " from user " + quote(userID)
	path, err := under(usersPath+"/", "user", userID, "/roles/", callerWord)
	if err == nil {
		path, err = under(path, "role assignment", assignmentID, "")
	}
	if err == nil {
		err = c.tell(ctx, call{method: http.MethodDelete, path: path})
	}
	if err != nil {
		return failing(op, err)
	}
	return nil
}

// principalOf reads kind and id of a principal from its address. Both are empty for an address of another form.
func principalOf(href string) (kind, id string) {
	u, err := url.Parse(href)
	if err != nil {
		return "", ""
	}
	for prefix, kind := range map[string]string{
		usersPath + "/":  org.PrincipalUser,
		groupsPath + "/": org.PrincipalGroup,
		clientsPath:      org.PrincipalClient,
	} {
		rest, found := strings.CutPrefix(u.Path, prefix)
		id, _, _ := strings.Cut(rest, "/") // the address of a client in its role list ends in "/roles" in Okta's document
		if found && id != "" {
			return kind, id
		}
	}
	return "", ""
}

// clientsPath is where service apps are.
const clientsPath = "/oauth2/v1/clients/"

// lastSegment returns the last segment of an address's path; empty for no address.
func lastSegment(href string) string {
	u, err := url.Parse(href)
	if err != nil || u.Path == "" {
		return ""
	}
	return u.Path[strings.LastIndex(u.Path, "/")+1:]
}

// quote is a name as it stands in an error.
func quote(s string) string { return strconv.Quote(s) }

// timeOf returns the zero time for none.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
