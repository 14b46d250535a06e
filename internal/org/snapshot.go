package org

import (
	"slices"
	"time"
)

// The collections of a snapshot, by the names that controls require them under.
const (
	CollectUsers        = "users"
	CollectGroups       = "groups"
	CollectGroupMembers = "group_members"
	CollectGroupRoles   = "group_roles"
	CollectUserRoles    = "user_roles"
	CollectCustomRoles  = "custom_roles"
	CollectResourceSets = "resource_sets"
	CollectBindings     = "bindings"
	CollectTokens       = "tokens"
	CollectApps         = "apps"
	CollectAppRoles     = "app_roles"
	CollectLeases       = "leases"
	CollectSweeps       = "sweeps"
)

// Collections returns the names of all collections, sorted.
func Collections() []string {
	return []string{
		CollectAppRoles, CollectApps, CollectBindings, CollectCustomRoles, CollectGroupMembers, CollectGroupRoles, CollectGroups, CollectLeases,
		CollectResourceSets, CollectSweeps, CollectTokens, CollectUserRoles, CollectUsers,
	}
}

// The outcomes of a collection. Whatever is not StatusComplete makes the controls that need it an error.
const (
	StatusComplete = "complete"
	StatusFailed   = "failed"
)

// Coverage says how a collection went.
type Coverage struct {
	Status string `json:"status"`
	Count  int    `json:"count"`
	Calls  int    `json:"calls"`            // requests sent for it
	Reason string `json:"reason,omitempty"` // why it is not complete
}

// Snapshot is the state of an org at one time. Collections are keyed by id, or by Key where ids are not unique, so that
// policies look things up without a search. Maps and lists are never nil after New.
type Snapshot struct {
	Org           Org                    `json:"org"`
	TakenAt       time.Time              `json:"taken_at"`
	Coverage      map[string]Coverage    `json:"coverage"`
	Users         map[string]User        `json:"users"`
	Groups        map[string]Group       `json:"groups"`
	GroupMembers  map[string][]string    `json:"group_members"` // of groups that hold roles: group id to user ids
	Assignments   map[string]Assignment  `json:"assignments"`
	CustomRoles   map[string]CustomRole  `json:"custom_roles"`
	ResourceSets  map[string]ResourceSet `json:"resource_sets"`
	Bindings      map[string]Binding     `json:"bindings"`
	Tokens        map[string]Token       `json:"tokens"`
	Unfamiliar    []string               `json:"unfamiliar"` // fields in Okta's answers that this program does not know, sorted
	Apps          map[string]App         `json:"apps"`       // those that may hold roles
	SchemaVersion string                 `json:"schema_version"`
}

// SnapshotSchema is the version of the snapshot's JSON.
const SnapshotSchema = "1"

// NewSnapshot returns an empty snapshot whose every collection is failed until it is said to be complete.
func NewSnapshot(o Org, takenAt time.Time) Snapshot {
	s := Snapshot{
		SchemaVersion: SnapshotSchema,
		Org:           o,
		TakenAt:       takenAt.UTC(),
		Coverage:      map[string]Coverage{},
		Users:         map[string]User{},
		Groups:        map[string]Group{},
		GroupMembers:  map[string][]string{},
		Assignments:   map[string]Assignment{},
		CustomRoles:   map[string]CustomRole{},
		ResourceSets:  map[string]ResourceSet{},
		Bindings:      map[string]Binding{},
		Tokens:        map[string]Token{},
		Unfamiliar:    []string{},
		Apps:          map[string]App{},
	}
	for _, name := range Collections() {
		s.Coverage[name] = Coverage{Status: StatusFailed, Reason: "not collected"}
	}
	return s
}

// Incomplete returns the names among required that are not complete, sorted.
func (s Snapshot) Incomplete(required []string) []string {
	var out []string
	for _, name := range required {
		if s.Coverage[name].Status != StatusComplete {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
