// Package org holds what is observed in an Okta org: principals, role assignments, tokens, and the snapshot of them that
// an audit reads, with the coverage of each collection. Its JSON is what the policies read.
//
// It imports the standard library only.
package org

import (
	"strings"
	"time"
)

// Org identifies the org.
type Org struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

// User is an account.
type User struct {
	ID     string `json:"id"`
	Login  string `json:"login"`
	Status string `json:"status"` // ACTIVE, SUSPENDED, DEPROVISIONED, …, as Okta gives it
}

// Group is a group. HasAdminRoles is nil where Okta did not say.
type Group struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	Type          string `json:"type"`
	HasAdminRoles *bool  `json:"has_admin_roles"`
}

// The kinds of principal.
const (
	PrincipalUser   = "USER"
	PrincipalGroup  = "GROUP"
	PrincipalClient = "CLIENT"
	// PrincipalUnknown is a member of a binding that this program cannot tell; its id is its address at Okta.
	PrincipalUnknown = "UNKNOWN"
)

// App is an app that can be a caller by OAuth: its id is that of its OAuth client. Only a service app can hold roles.
type App struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Type  string `json:"type"` // application_type, as Okta gives it
}

// MayHoldRoles tells whether roles can be assigned to the app: to a service app, and, for all that this program knows, to
// one of a type that it does not know. Source: Okta refuses roles of other apps with E0000227.
func (a App) MayHoldRoles() bool {
	switch a.Type {
	case "web", "native", "browser":
		return false
	}
	return true
}

// Assignment is a role that a principal holds, directly or through a group.
type Assignment struct {
	ID            string    `json:"id"` // not unique: Okta gives some roles the same id for every principal
	PrincipalID   string    `json:"principal_id"`
	PrincipalKind string    `json:"principal_kind"` // USER, GROUP or CLIENT
	Type          string    `json:"type"`           // the standard role type, or CUSTOM; unknown types are kept
	Label         string    `json:"label"`
	Status        string    `json:"status"`
	CustomRoleID  string    `json:"custom_role_id"`  // only with CUSTOM, else empty
	ResourceSetID string    `json:"resource_set_id"` // only with CUSTOM and standard roles bound to a set, else empty
	ViaGroupID    string    `json:"via_group_id"`    // the group that it comes through; empty when it is direct
	Created       time.Time `json:"-"`               // moves with other changes; never a source of "since when"
}

// Key identifies the assignment in a snapshot: principal, role and path, never the assignment's id.
func (a Assignment) Key() string {
	return strings.Join([]string{a.PrincipalID, a.Type, a.CustomRoleID, a.ResourceSetID, a.ViaGroupID}, "|")
}

// Direct tells whether the assignment is the principal's own and so can be removed from it.
func (a Assignment) Direct() bool { return a.ViaGroupID == "" }

// CustomRole is a custom role and what it permits.
type CustomRole struct {
	ID          string   `json:"id"`
	Label       string   `json:"label"`
	Permissions []string `json:"permissions"`
}

// ResourceSet is a set of resources that custom roles are bound to.
type ResourceSet struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

// Binding says that a principal is a member of the binding of a custom role to a resource set.
type Binding struct {
	ResourceSetID string   `json:"resource_set_id"`
	CustomRoleID  string   `json:"custom_role_id"`
	Members       []Member `json:"members"`
}

// Key identifies the binding in a snapshot.
func (b Binding) Key() string { return b.ResourceSetID + "|" + b.CustomRoleID }

// Member is a principal of a binding.
type Member struct {
	ID            string `json:"id"` // irb…
	PrincipalID   string `json:"principal_id"`
	PrincipalKind string `json:"principal_kind"` // USER, GROUP, CLIENT or UNKNOWN
}

// ClientUser is the clientName of a token that a person created; any other value names an agent of Okta's.
const ClientUser = "Okta API"

// Token is the metadata of an API token. Okta never shows its value again.
type Token struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	UserID     string    `json:"user_id"` // empty where Okta leaves it out
	ClientName string    `json:"client_name"`
	Created    time.Time `json:"created"`
	ExpiresAt  time.Time `json:"expires_at"`
	Network    Network   `json:"network"`
}

// NetworkZone is the connection of a token that may be used from certain zones only.
const NetworkZone = "ZONE"

// Network is where a token may be used from.
type Network struct {
	Connection string   `json:"connection"`
	Include    []string `json:"include"` // ids of zones
	Exclude    []string `json:"exclude"`
}

// Zone is a network zone.
type Zone struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

// LogFilter narrows the System Log to the events of an actor and about a target. What is empty does not narrow.
type LogFilter struct {
	ActorID  string
	TargetID string
}

// LogEvent is an event of the System Log.
type LogEvent struct {
	UUID      string      `json:"uuid"`
	Type      string      `json:"type"`
	Published time.Time   `json:"published"`
	Outcome   string      `json:"outcome"`
	ActorID   string      `json:"actor_id"`
	Actor     string      `json:"actor"` // alternate id: a login
	Targets   []LogTarget `json:"targets"`
}

// LogTarget is what an event was about.
type LogTarget struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"name"`
}
