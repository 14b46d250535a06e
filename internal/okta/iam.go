package okta

// Custom roles, resource sets, bindings and the users who hold roles. The SDK has none of these.

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/org"
)

const (
	iamRolesPath     = "/api/v1/iam/roles"
	resourceSetsPath = "/api/v1/iam/resource-sets"
	assigneesPath    = "/api/v1/iam/assignees/users"
)

// customRolePrefix begins the ids of custom roles; those of Okta's own are their types, such as WORKFLOWS_ADMIN.
const customRolePrefix = "cr0"

// labelled is a custom role, a permission or a resource set as Okta gives it.
type labelled struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

// labelledFields are those of a custom role, and of a resource set, which has the same.
func labelledFields(kind string) known {
	return known{kind, []string{"id", "label", "description", "permissions", "isCloneable", "created", "lastUpdated", "_links"}}
}

func permissionFields() known {
	return known{"permission", []string{"label", "conditions", "created", "lastUpdated", "_links"}}
}

// bindingMember is a member of a binding as Okta gives it.
type bindingMember struct {
	ID    string `json:"id"`
	Links struct {
		Self link `json:"self"`
	} `json:"_links"`
}

func bindingMemberFields() known {
	return known{"binding member", []string{"id", "created", "lastUpdated", "_links"}}
}

// RoleAssignees returns the ids of the users whom Okta lists as holding roles, sorted, each once. It is not complete:
// it has no groups and no apps, and whether it has those who hold a role through a group only is not documented.
func (c *Client) RoleAssignees(ctx context.Context) ([]string, error) {
	out, err := listIDs(ctx, c, listing{path: assigneesPath, field: "value"})
	if err != nil {
		return nil, failing("listing the users with roles", err)
	}
	return out, nil
}

// CustomRole returns a custom role with its permissions.
func (c *Client) CustomRole(ctx context.Context, idOrLabel string) (org.CustomRole, error) {
	op := "reading custom role " + quote(idOrLabel)
	found, err := c.labelled(ctx, iamRolesPath+"/", "custom role", idOrLabel)
	if err != nil {
		return org.CustomRole{}, failing(op, err)
	}
	out, err := c.withPermissions(ctx, found)
	if err != nil {
		return org.CustomRole{}, failing(op, err)
	}
	return out, nil
}

// CustomRoles returns all custom roles with their permissions, sorted by id. Okta lists some of its own roles among
// them, such as WORKFLOWS_ADMIN; of these Permissions is nil where Okta has no such list.
func (c *Client) CustomRoles(ctx context.Context) ([]org.CustomRole, error) {
	const op = "listing custom roles"
	found, err := c.labelledList(ctx, iamRolesPath, "custom role", "roles")
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.CustomRole, 0, len(found))
	for _, item := range found {
		role, err := c.withPermissions(ctx, item)
		var e *Error
		if errors.As(err, &e) && e.NotFound() && !strings.HasPrefix(item.ID, customRolePrefix) {
			role, err = org.CustomRole{ID: item.ID, Label: item.Label}, nil
		}
		if err != nil {
			return nil, failing(op, err)
		}
		out = append(out, role)
	}
	return out, nil
}

// withPermissions reads what a custom role permits.
func (c *Client) withPermissions(ctx context.Context, role labelled) (org.CustomRole, error) {
	path, err := under(iamRolesPath+"/", "custom role", role.ID, "/permissions")
	if err != nil {
		return org.CustomRole{}, err
	}
	found, err := list[labelled](ctx, c, listing{path: path, field: "permissions", known: permissionFields()})
	if err != nil {
		return org.CustomRole{}, err
	}
	out := org.CustomRole{ID: role.ID, Label: role.Label, Permissions: make([]string, 0, len(found))}
	for _, p := range found {
		if p.Label == "" {
			return org.CustomRole{}, &Error{Method: http.MethodGet, Path: path, Status: http.StatusOK, Err: errors.New("a permission has no label")}
		}
		out.Permissions = append(out.Permissions, p.Label)
	}
	slices.Sort(out.Permissions)
	return out, nil
}

// ResourceSet returns a resource set.
func (c *Client) ResourceSet(ctx context.Context, idOrLabel string) (org.ResourceSet, error) {
	found, err := c.labelled(ctx, resourceSetsPath+"/", "resource set", idOrLabel)
	if err != nil {
		return org.ResourceSet{}, failing("reading resource set "+quote(idOrLabel), err)
	}
	return org.ResourceSet(found), nil
}

// ResourceSets returns all resource sets, sorted by id.
func (c *Client) ResourceSets(ctx context.Context) ([]org.ResourceSet, error) {
	found, err := c.labelledList(ctx, resourceSetsPath, "resource set", "resource-sets")
	if err != nil {
		return nil, failing("listing resource sets", err)
	}
	out := make([]org.ResourceSet, 0, len(found))
	for _, item := range found {
		out = append(out, org.ResourceSet(item))
	}
	return out, nil
}

// Bindings returns which principals hold which custom roles on the resource set, sorted by role, their members by id. A
// member that is neither user, group nor client is of kind org.PrincipalUnknown.
func (c *Client) Bindings(ctx context.Context, resourceSetID string) ([]org.Binding, error) {
	op := "listing the bindings of resource set " + quote(resourceSetID)
	path, err := under(resourceSetsPath+"/", "resource set", resourceSetID, "/bindings")
	if err != nil {
		return nil, failing(op, err)
	}
	roles, err := listIDs(ctx, c, listing{path: path, field: "roles"})
	if err != nil {
		return nil, failing(op, err)
	}
	out := make([]org.Binding, 0, len(roles))
	for _, role := range roles {
		members, err := c.members(ctx, path, role)
		if err != nil {
			return nil, failing(op, err)
		}
		out = append(out, org.Binding{ResourceSetID: resourceSetID, CustomRoleID: role, Members: members})
	}
	return out, nil
}

// members reads the members of one role's binding.
func (c *Client) members(ctx context.Context, bindings, role string) ([]org.Member, error) {
	path, err := under(bindings+"/", "custom role", role, "/members")
	if err != nil {
		return nil, err
	}
	found, err := list[bindingMember](ctx, c, listing{path: path, field: "members", known: bindingMemberFields()})
	if err != nil {
		return nil, err
	}
	out := make([]org.Member, 0, len(found))
	for _, m := range found {
		if m.ID == "" {
			return nil, withoutID(path)
		}
		out = append(out, m.member())
	}
	slices.SortStableFunc(out, func(a, b org.Member) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// member is m in this program's words. A principal of a kind that this program does not know keeps its address for its id.
func (m bindingMember) member() org.Member {
	kind, id := principalOf(m.Links.Self.Href)
	if kind == "" {
		kind, id = org.PrincipalUnknown, firstOf(oneLine(m.Links.Self.Href), m.ID)
	}
	return org.Member{ID: m.ID, PrincipalID: id, PrincipalKind: kind}
}

// labelled reads one role or set by id or label.
func (c *Client) labelled(ctx context.Context, prefix, kind, idOrLabel string) (labelled, error) {
	path, err := under(prefix, kind, idOrLabel, "")
	if err != nil {
		return labelled{}, err
	}
	found, seen, err := read[labelled](ctx, c, path, labelledFields(kind))
	if err == nil && found.ID == "" {
		err = seen.failure(errors.New("it has no id"))
	}
	return found, err
}

// labelledList reads all roles or sets, sorted by id.
func (c *Client) labelledList(ctx context.Context, path, kind, field string) ([]labelled, error) {
	found, err := list[labelled](ctx, c, listing{path: path, field: field, known: labelledFields(kind)})
	if err != nil {
		return nil, err
	}
	for _, item := range found {
		if item.ID == "" {
			return nil, withoutID(path)
		}
	}
	slices.SortStableFunc(found, func(a, b labelled) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}
