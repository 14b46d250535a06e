package policy

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// AuditInput is what the controls of an audit read: the snapshot's JSON and, beside its collections, what is declared,
// leased, forbidden and taken for a service account. Its maps are not nil.
type AuditInput struct {
	org.Snapshot
	// Declared is keyed by the id of the account, or by "unresolved:" and the account as it was declared.
	Declared map[string]Declaration `json:"declared"`
	// Leases is keyed by the id of the lease.
	Leases map[string]Lease `json:"leases"`
	// ServiceAccounts holds the ids of the users whose login is a service account's by the settings.
	ServiceAccounts map[string]bool `json:"service_accounts"`
	// ForbiddenPermissions holds, by the id of a custom role, those of its permissions that the settings forbid. A role that
	// permits nothing of the kind has an empty list; one whose permissions are not known is not there.
	ForbiddenPermissions map[string][]string `json:"forbidden_permissions"`
	// Sweep is what the ledger says of sweeps of the org.
	Sweep Sweep `json:"sweep"`
}

// Sweep is when a sweep of the org last did its round, and from when on one should have: the last round, else the opening of the
// first lease. Both are zero where there is neither.
type Sweep struct {
	Last  time.Time `json:"last"`
	Since time.Time `json:"since"`
	Run   string    `json:"run"` // URL of the run of the last round, or empty
}

// The origins of a declaration.
const (
	OriginManifest = "manifest"
	OriginLease    = "lease" // a closed lease whose pull request is not merged yet
)

// Declaration is a token owner, resolved against a snapshot. An id that is empty could not be resolved, and then there is
// a problem that says so.
type Declaration struct {
	Name          string   `json:"name"`
	Account       string   `json:"account"` // as declared
	UserID        string   `json:"user_id"`
	CustomRole    string   `json:"custom_role"` // its label where it is known, else as declared
	CustomRoleID  string   `json:"custom_role_id"`
	ResourceSet   string   `json:"resource_set"`
	ResourceSetID string   `json:"resource_set_id"`
	TokenNames    []string `json:"token_names"` // sorted
	ElevationRole string   `json:"elevation_role"`
	// Source is where it is declared: a manifest, or the URL of the lease's pull request.
	Source   access.Position `json:"source"`
	Origin   string          `json:"origin"`
	Problems []Problem       `json:"problems"` // sorted by code
}

// Problem is something that a declaration names and the org does not have, or that it leaves open.
type Problem struct {
	Code    string `json:"code"` // unique within a declaration: account, custom_role, resource_set, duplicate
	Message string `json:"msg"`
}

// Lease is a lease as the controls read it.
type Lease struct {
	ID          string       `json:"id"`
	Kind        string       `json:"kind"`
	AccountID   string       `json:"account_id"`
	Login       string       `json:"login"`
	State       access.State `json:"state"`
	Open        bool         `json:"open"`
	OpenedAt    time.Time    `json:"opened_at"`
	EndsAt      time.Time    `json:"ends_at"`
	TokenName   string       `json:"token_name"`
	Temporary   []LeasedRole `json:"temporary"`
	PullRequest string       `json:"pull_request"` // its URL, or empty
}

// LeasedRole is an access.Role whose every field is always there.
type LeasedRole struct {
	Type        string `json:"type"`
	CustomRole  string `json:"custom_role"`
	ResourceSet string `json:"resource_set"`
}

// LeaseInput returns the lease as the controls read it.
func LeaseInput(l access.Lease) Lease {
	out := Lease{
		ID: l.ID, Kind: l.Kind, AccountID: l.Account.ID, Login: l.Account.Login, State: l.State, Open: l.State.Open(),
		OpenedAt: l.OpenedAt.UTC(), EndsAt: l.EndsAt.UTC(), TokenName: l.TokenName, Temporary: []LeasedRole{},
	}
	for _, r := range l.Temporary {
		out.Temporary = append(out.Temporary, LeasedRole(r))
	}
	if l.Approval != nil {
		out.PullRequest = l.Approval.URL
	}
	return out
}

// Params is what tunes the controls: data.params.
type Params struct {
	KnownRoles        []string     `json:"known_roles"`
	TokenCreatorRoles []string     `json:"token_creator_roles"`
	KnownTokens       []KnownToken `json:"known_tokens"`
	KnownApps         []KnownApp   `json:"known_apps"`
	AgentClients      []string     `json:"agent_clients"`
	SweepWithin       string       `json:"sweep_within"` // as Go writes a duration: 2h0m0s
}

// KnownToken accepts the token of that name whose owner has that login.
type KnownToken struct {
	Owner string `json:"owner"`
	Name  string `json:"name"`
}

// KnownApp accepts one role of the app of that client id. A custom role and its set are given by id or label.
type KnownApp struct {
	Client      string `json:"client"`
	Type        string `json:"type"`
	CustomRole  string `json:"custom_role"`
	ResourceSet string `json:"resource_set"`
}

// ParamsOf returns the parameters that the settings give, with the roles that this version knows.
func ParamsOf(s access.Settings) Params {
	p := Params{
		KnownRoles:        access.KnownRoles(),
		TokenCreatorRoles: access.TokenCreatorRoles(),
		KnownTokens:       []KnownToken{},
		KnownApps:         []KnownApp{},
		AgentClients:      filled(s.Audit.AgentClients),
		SweepWithin:       s.Audit.SweepWithin.String(),
	}
	for _, known := range s.Audit.KnownTokens {
		p.KnownTokens = append(p.KnownTokens, KnownToken{Owner: known.Owner, Name: known.Name})
	}
	for _, known := range s.Audit.KnownApps {
		p.KnownApps = append(p.KnownApps, KnownApp{
			Client: known.Client, Type: known.Role.Type, CustomRole: known.Role.CustomRole, ResourceSet: known.Role.ResourceSet,
		})
	}
	return p
}

// MarshalJSON writes the input with empty lists where Go has nil ones: null is undefined to a policy, and undefined is no
// finding. A collection that is nil as a whole stays null and is refused when the input is checked.
func (in AuditInput) MarshalJSON() ([]byte, error) {
	type plain AuditInput // without this method
	out := plain(in)
	out.TakenAt = in.TakenAt.UTC()
	out.Sweep.Last, out.Sweep.Since = in.Sweep.Last.UTC(), in.Sweep.Since.UTC()
	out.GroupMembers = mapValues(in.GroupMembers, filled)
	out.CustomRoles = mapValues(in.CustomRoles, func(r org.CustomRole) org.CustomRole {
		r.Permissions = filled(r.Permissions)
		return r
	})
	out.Bindings = mapValues(in.Bindings, func(b org.Binding) org.Binding {
		b.Members = filled(b.Members)
		return b
	})
	out.Tokens = mapValues(in.Tokens, func(t org.Token) org.Token {
		t.Network.Include, t.Network.Exclude = filled(t.Network.Include), filled(t.Network.Exclude)
		return t
	})
	out.Declared = mapValues(in.Declared, func(d Declaration) Declaration {
		d.TokenNames, d.Problems = filled(d.TokenNames), filled(d.Problems)
		return d
	})
	out.Leases = mapValues(in.Leases, func(l Lease) Lease {
		l.Temporary = filled(l.Temporary)
		return l
	})
	out.ForbiddenPermissions = mapValues(in.ForbiddenPermissions, filled)
	return json.Marshal(out)
}

// filled returns a copy of list that is not nil.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return slices.Clone(list)
}

// mapValues returns a copy of m with each value put through change. A nil map stays nil.
func mapValues[T any](m map[string]T, change func(T) T) map[string]T {
	out := maps.Clone(m)
	for key, value := range out {
		out[key] = change(value)
	}
	return out
}
