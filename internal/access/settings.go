package access

import (
	"path"
	"slices"
	"strings"
	"time"
)

// Settings are the rules of an organisation: what manifests may ask for. They are read from the default branch, never
// from the change that is to be admitted.
type Settings struct {
	// ServiceAccounts holds patterns of logins, such as "svc-*", that tell a service account from a person's.
	// The syntax is that of path.Match, but * and ? also match a slash; case does not count.
	ServiceAccounts []string
	Elevation       ElevationSettings
	Admission       AdmissionSettings
	Audit           AuditSettings

	Source Position
	Fields map[string]Position
}

// ElevationSettings bound what an elevation may do and how patient the program is with Okta.
type ElevationSettings struct {
	MaxWindow            time.Duration
	Roles                []AllowedRole // temporary roles above DefaultElevationRole, and who may be given them
	ForbiddenPermissions []string      // patterns of permissions that an intended role may not hold
	Settle               time.Duration // the least time between the two reads that prove a step-down
	StepDown             time.Duration // how long a step-down is tried before it is called stuck
	LateEffect           time.Duration // how long after an unanswered request it may still take effect
	KeepToken            bool          // an undo leaves the expected token in place, once it was seen
}

// Patience returns how patient an undo is to be.
func (e ElevationSettings) Patience() Patience {
	return Patience{Settle: Duration(e.Settle), StepDown: Duration(e.StepDown), LateEffect: Duration(e.LateEffect)}
}

// AllowedRole lets the accounts that match be given a temporary role above DefaultElevationRole, and says what an
// approval of it takes. DefaultElevationRole may have an entry for that alone.
type AllowedRole struct {
	Role      string
	Accounts  []string // patterns of logins, as in Settings.ServiceAccounts
	Approvals int      // that it takes, where that is more than AdmissionSettings.Approvals
	Teams     []string // whose members approve it, instead of AdmissionSettings.Teams; none leaves it at those
}

// AdmissionSettings bound what counts as an approval.
type AdmissionSettings struct {
	Approvals        int      // of different people that a request takes
	Teams            []string // slugs of teams, one of which each of them has to be in; none means anybody who may write
	MaxApprovalAge   time.Duration
	Presence         time.Duration // how long an approval, or the operator's word, says that somebody is there
	PendingFor       time.Duration // how long a request that is applied and not merged counts as declared
	Merge            string        // MergeAllowed or MergeRequired
	DirectReview     bool          // a run on pull_request_review may apply, although the change can edit its workflow
	BranchProtection string        // ProtectionRuleset, ProtectionClassic or ProtectionNone
	Freezes          []Freeze
	BreakGlass       BreakGlassSettings
}

// The values of AdmissionSettings.Merge.
const (
	MergeAllowed  = "allowed"  // a request is admitted open or merged
	MergeRequired = "required" // a request is admitted merged only
)

// The values of AdmissionSettings.BranchProtection: what has to protect the default branch.
const (
	ProtectionRuleset = "ruleset" // rules that can be read, and that require a pull request and an approval
	ProtectionClassic = "classic" // those, or a branch protection whose rules cannot be read
	ProtectionNone    = "none"
)

// Freeze is a time in which nothing is elevated, From included and To not.
type Freeze struct {
	From, To time.Time
	Reason   string
}

// BreakGlassSettings bound requests that are exempt from freezes.
type BreakGlassSettings struct {
	Allowed   bool
	MaxWindow time.Duration
}

// AuditSettings tell the audit what it may take as known.
type AuditSettings struct {
	// KnownTokens are tokens that no TokenOwner declares and that are accepted: the program's own, above all.
	KnownTokens []KnownToken
	// KnownApps are roles of service apps that are accepted: those of the program's own app, above all.
	KnownApps []KnownApp
	// AgentClients are values of a token's clientName, such as "Okta AD agent", whose tokens belong to Okta's agents.
	AgentClients []string
	// SweepWithin is how long ago the last round of a sweep may be: nobody else ends what a lost run has left.
	SweepWithin time.Duration
}

// KnownToken accepts the token of that name whose owner has that login.
type KnownToken struct {
	Owner  string
	Name   string
	Reason string
}

// KnownApp accepts one role of the service app of that client id. An app is never known by its label, which whoever can
// make apps can choose.
type KnownApp struct {
	Client string
	Role   Role // a custom one by labels or ids
	Reason string
}

// DefaultSettings are in force where the access directory has no Settings document, and field by field where it is
// silent.
func DefaultSettings() Settings {
	return Settings{
		ServiceAccounts: []string{"svc-*", "svc.*", "svc_*"},
		Elevation: ElevationSettings{
			MaxWindow:            30 * time.Minute,
			ForbiddenPermissions: defaultForbiddenPermissions(),
			Settle:               10 * time.Second,
			StepDown:             2 * time.Minute,
			LateEffect:           time.Minute,
		},
		Admission: AdmissionSettings{
			Approvals:        1,
			MaxApprovalAge:   24 * time.Hour,
			Presence:         15 * time.Minute,
			PendingFor:       7 * 24 * time.Hour,
			Merge:            MergeAllowed,
			BranchProtection: ProtectionRuleset,
			BreakGlass:       BreakGlassSettings{Allowed: true, MaxWindow: 10 * time.Minute},
		},
		Audit: AuditSettings{SweepWithin: 2 * time.Hour},
	}
}

// defaultForbiddenPermissions are those with which the holder could widen its own or others' access.
// Source: Okta's permission catalogue (developer.okta.com, "permissions"); the choice is this program's.
func defaultForbiddenPermissions() []string {
	return []string{
		"okta.agents.manage", "okta.agents.register",
		"okta.apps.clientCredentials.read", "okta.apps.manage", "okta.apps.manageFirstPartyApps",
		"okta.authzServers.manage", "okta.customizations.manage", "okta.directories.manage",
		"okta.eventhooks.manage", "okta.groups.manage", "okta.groups.members.manage",
		"okta.identityProviders.manage", "okta.inlinehooks.manage", "okta.policies.manage",
		"okta.profilesources.import.run", "okta.realms.manage",
		"okta.users.apitokens.*", "okta.users.create", "okta.users.credentials.*",
		"okta.users.groupMembership.manage", "okta.users.lifecycle.*", "okta.users.manage",
		"okta.workflows.invoke",
	}
}

// IsServiceAccount tells whether login is that of a service account by these settings.
func (s Settings) IsServiceAccount(login string) bool { return matchAny(s.ServiceAccounts, login) }

// AllowsElevation tells whether the account of that login may be given role for a window.
// DefaultElevationRole needs no entry.
func (s Settings) AllowsElevation(role, login string) bool {
	return role == DefaultElevationRole || slices.ContainsFunc(s.Elevation.Roles, func(a AllowedRole) bool {
		return a.Role == role && matchAny(a.Accounts, login)
	})
}

// ApprovalsFor returns how many people have to approve that an account is given role, and the teams that each of them has
// to be in one of; no teams means anybody who may write. An entry for the role counts where it is harder than what holds
// for all. account is a login; of an id, nobody can tell (ApprovalsKnown).
func (s Settings) ApprovalsFor(role, account string) (count int, teams []string) {
	count, teams = max(1, s.Admission.Approvals), s.Admission.Teams
	strictest := -1
	for _, entry := range s.Elevation.Roles {
		if entry.Role != role || !matchAny(entry.Accounts, account) {
			continue
		}
		count = max(count, entry.Approvals)
		if len(entry.Teams) > 0 && entry.Approvals > strictest {
			strictest, teams = entry.Approvals, entry.Teams
		}
	}
	return count, slices.Clone(teams)
}

// ApprovalsKnown tells whether it can be told who has to approve that an account is given role: not where an entry for the role says
// so for some accounts, and the account is named by its id.
func (s Settings) ApprovalsKnown(role, account string) bool {
	return strings.Contains(account, "@") || !slices.ContainsFunc(s.Elevation.Roles, func(entry AllowedRole) bool {
		return entry.Role == role && (entry.Approvals > 0 || len(entry.Teams) > 0)
	})
}

// Forbids returns those of permissions that an intended role may not hold, sorted.
func (s Settings) Forbids(permissions []string) []string {
	var out []string
	for _, p := range permissions {
		if matchAny(s.Elevation.ForbiddenPermissions, p) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// matchAny tells whether value matches one of the patterns. A malformed pattern matches nothing: the manifest package
// refuses it when it is read.
func matchAny(patterns []string, value string) bool {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x00") } // path.Match stops at slashes
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(plain(p), plain(value))
		return err == nil && ok
	})
}
