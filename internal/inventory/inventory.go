// Package inventory collects a Snapshot of an org at the least number of calls: one listing of each kind, then the roles
// of those principals alone that can matter. Its calls do not grow with the number of users.
//
// What could not be collected, was cut short, or contradicts another collection is said in the snapshot's coverage, with
// the reason; it is never an empty list that looks like an answer.
//
// It imports access, org and the standard library, and has no clock.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/org"
)

// Source is what is asked of Okta. Every method answers for all pages or not at all. An error that has a method
// NotFound() bool, anywhere in its chain, can say that the thing asked for does not exist.
type Source interface {
	Directory
	RoleSource
	Org(ctx context.Context) (org.Org, error)
	Tokens(ctx context.Context) ([]org.Token, error)
	Apps(ctx context.Context) ([]org.App, error) // the OAuth clients, also those to which no role can be assigned
}

// Directory answers who there is.
type Directory interface {
	Users(ctx context.Context) ([]org.User, error) // may leave out users that are DEPROVISIONED
	User(ctx context.Context, idOrLogin string) (org.User, error)
	Groups(ctx context.Context) ([]org.Group, error)
	GroupMembers(ctx context.Context, groupID string) ([]string, error) // ids of users
}

// RoleSource answers who holds what.
type RoleSource interface {
	RoleAssignees(ctx context.Context) ([]string, error) // ids of users; Okta does not say whether through groups too
	UserRoles(ctx context.Context, userID string) ([]org.Assignment, error)
	GroupRoles(ctx context.Context, groupID string) ([]org.Assignment, error)
	AppRoles(ctx context.Context, appID string) ([]org.Assignment, error)
	CustomRoles(ctx context.Context) ([]org.CustomRole, error)
	ResourceSets(ctx context.Context) ([]org.ResourceSet, error)
	Bindings(ctx context.Context, resourceSetID string) ([]org.Binding, error)
}

// Unfamiliar is implemented by a Source that can say which fields it met in Okta's answers and does not know, sorted. What
// they mean is not known, so they make no collection incomplete; the snapshot tells of them.
type Unfamiliar interface{ Unfamiliar() []string }

// Scope names accounts whose roles are read whatever Okta lists.
type Scope struct {
	Accounts         []string                // logins or ids of declared accounts and of the accounts of leases
	IsServiceAccount func(login string) bool // nil means that no login is known to be a service account's
	OwnApp           string                  // client id of the service app that asks; empty where an API token does
}

// Collect takes a snapshot. takenAt is the time that it bears.
//
// Roles are read of these users: those that Okta lists as holding roles, owners of tokens, the accounts of scope, service
// accounts by their login, and members of bindings. Group roles are read of every group
// that Okta does not say is without admin roles, app roles of every service app and of members of bindings.
//
// A collection that fails is said so in Coverage, and the snapshot keeps what is known of it. An account of scope that
// does not exist is simply absent. Leases are not collected here; the caller sets their coverage. Coverage.Calls counts
// calls of Source (one may be several requests), Coverage.Count entries: of group_members memberships, of user_roles,
// group_roles and app_roles assignments. An error means that nothing is known: the org does not answer, or ctx has ended.
func Collect(ctx context.Context, src Source, scope Scope, takenAt time.Time) (org.Snapshot, error) {
	o := attempt(func() (org.Org, error) { return src.Org(ctx) })
	if o.err != nil {
		return org.Snapshot{}, fmt.Errorf("nothing can be known: %w", o.err)
	}
	c := newCollector(src, scope, org.NewSnapshot(o.value, takenAt))
	c.readLists(ctx)
	c.readBindings(ctx)
	c.findAccounts(ctx)
	c.readPrincipals(ctx)
	c.crossCheck(ctx)
	c.findUsers(ctx)
	if err := ctx.Err(); err != nil {
		if cause := context.Cause(ctx); !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return org.Snapshot{}, fmt.Errorf("collecting the inventory: %w", err)
	}
	snapshot := c.finish()
	if u, ok := src.(Unfamiliar); ok {
		snapshot.Unfamiliar = append(snapshot.Unfamiliar, u.Unfamiliar()...)
	}
	return snapshot, nil
}
