package elevation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
)

// Refusal says why something is not done, which field of the manifest it is about, and what would mend it.
type Refusal struct {
	Rule    string `json:"rule"`
	Field   string `json:"field,omitempty"` // dotted path in the manifest
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// refuse makes a refusal. hint says what would mend it; format and args say what was seen.
func refuse(rule, field, hint, format string, args ...any) Refusal {
	return Refusal{Rule: rule, Field: field, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// Plan is what a run will do: nothing if there are refusals, or if the account is as it is declared.
type Plan struct {
	Owner    access.TokenOwner
	Terms    access.Terms
	Changes  []access.Change
	Refusals []Refusal
	ZoneIDs  []string // that the token will be pinned to
	InPlace  bool     // role and token are there already, and nothing else is
}

// Subject identifies the run that a plan is made for. ID is that of the lease it would open.
type Subject struct {
	ID       string
	OrgURL   string
	Now      time.Time
	Run      access.Run
	Approval *access.Approval
}

// NewPlan makes the plan of an elevation out of a declaration and the facts. It is pure: the same input gives the same
// plan, and apply does exactly what it says.
func NewPlan(owner access.TokenOwner, f Facts, s access.Settings, subject Subject) Plan {
	p := Plan{Owner: owner, Terms: elevationTerms(owner, f, s, subject)}
	if p.InPlace = inPlace(owner, f, p.Terms.Intended); p.InPlace {
		return p
	}
	p.Refusals = slices.Concat(
		refuseAccount(owner, f, s), refuseRole(owner, f), refusePermissions(f, s), refuseHoldings(owner, f, p.Terms.Intended), refuseElevation(owner, f, s))
	var zones []Refusal
	p.ZoneIDs, zones = resolveZones(owner, f)
	p.Refusals = append(p.Refusals, zones...)
	if len(p.Refusals) == 0 {
		p.Changes = elevationChanges(owner, p)
	}
	return p
}

func elevationTerms(owner access.TokenOwner, f Facts, s access.Settings, subject Subject) access.Terms {
	t := baseTerms(owner, f, s, subject)
	t.Kind = access.LeaseElevation
	t.Temporary = []access.Role{{Type: owner.Elevation.Role}}
	t.AddsIntended = !slices.ContainsFunc(f.Roles, func(a org.Assignment) bool { return a.Direct() && roleOf(a) == t.Intended })
	t.TokenName, t.KeepToken = owner.Token.Name, s.Elevation.KeepToken
	t.EndsAt = subject.Now.Add(owner.Elevation.Window)
	t.TokensBefore = []string{}
	for _, token := range f.Tokens {
		t.TokensBefore = append(t.TokensBefore, token.ID)
	}
	slices.Sort(t.TokensBefore)
	return t
}

func baseTerms(owner access.TokenOwner, f Facts, s access.Settings, subject Subject) access.Terms {
	t := access.Terms{
		ID:          subject.ID,
		OrgURL:      subject.OrgURL,
		Account:     access.Account{ID: f.Account.ID, Login: f.Account.Login},
		ActsAs:      access.Account{ID: f.Caller.ID, Login: f.Caller.Login},
		Intended:    access.Role{Type: access.RoleCustom, CustomRole: f.CustomRole.ID, ResourceSet: f.ResourceSet.ID},
		Label:       fmt.Sprintf("%s on %s", f.CustomRole.Label, f.ResourceSet.Label),
		RolesBefore: rolesOf(f.Roles),
		Patience:    s.Elevation.Patience(),
		Names:       f.Names.known(),
		Declaration: owner.Name,
		OpenedAt:    subject.Now,
		Approval:    subject.Approval,
		Run:         subject.Run,
	}
	return t
}

// inPlace tells whether the account already is what the manifest declares: one token of that name, that one role.
func inPlace(owner access.TokenOwner, f Facts, intended access.Role) bool {
	zones, missing := resolveZones(owner, f)
	return f.CustomRole.ID != "" && f.ResourceSet.ID != "" && f.Account.Status == statusActive && len(missing) == 0 &&
		len(f.Tokens) == 1 && f.Tokens[0].Name == owner.Token.Name && f.Tokens[0].ClientName == org.ClientUser &&
		(len(zones) == 0 || slices.Equal(zones, slices.Sorted(slices.Values(f.Tokens[0].Network.Include)))) &&
		len(f.Roles) == 1 && f.Roles[0].Direct() && roleOf(f.Roles[0]) == intended && !owner.Elevation.CoElevate
}

// customRolePrefix begins the id of every custom role. Okta lists some of its own roles among them, by their type.
const customRolePrefix = "cr0"

// statusActive is the status of a user who may sign in and whose tokens work.
const statusActive = "ACTIVE"

func refuseAccount(owner access.TokenOwner, f Facts, s access.Settings) []Refusal {
	var out []Refusal
	if !slices.ContainsFunc(f.CallerRoles, func(a org.Assignment) bool { return a.Type == access.RoleSuperAdmin }) {
		out = append(out, refuse("caller-lacks-rights", "account", "Use a credential of a super administrator: nobody else may give and take admin roles.",
			"the credential belongs to %q, which is not a super administrator", f.Caller.Login))
	}
	if f.Account.ID == "" {
		out = append(out, refuse("account-missing", "account", "Create the service account first, or mend the login.",
			"there is no account %q in the org", owner.Account))
		return out
	}
	if f.Account.ID == f.Caller.ID {
		out = append(out, refuse("account-is-caller", "account", "Declare another account: the program never changes the roles of the account that it runs as.",
			"account %q is the one that this credential belongs to", f.Account.Login))
	}
	return append(out, refuseService(f, s)...)
}

func refuseService(f Facts, s access.Settings) []Refusal {
	if s.IsServiceAccount(f.Account.Login) {
		return nil
	}
	return []Refusal{refuse("not-a-service-account", "account", "Declare a service account, or widen serviceAccounts in the settings on the default branch.",
		"account %q is not a service account: its login matches none of %s", f.Account.Login, strings.Join(s.ServiceAccounts, ", "))}
}

func refuseRole(owner access.TokenOwner, f Facts) []Refusal {
	var out []Refusal
	if f.CustomRole.ID == "" {
		out = append(out, refuse("custom-role-missing", "role.customRole", "Create it under Security > Administrators > Roles, or mend the name.",
			"there is no custom role %q in the org", owner.Role.CustomRole))
	}
	if f.ResourceSet.ID == "" {
		out = append(out, refuse("resource-set-missing", "role.resourceSet", "Create it under Security > Administrators > Resources, or mend the name.",
			"there is no resource set %q in the org", owner.Role.ResourceSet))
	}
	if f.CustomRole.ID != "" && !strings.HasPrefix(f.CustomRole.ID, customRolePrefix) {
		out = append(out, refuse("not-a-custom-role", "role.customRole", "Declare a custom role.",
			"%q is %s, one of Okta's own roles, whose permissions cannot be read", owner.Role.CustomRole, f.CustomRole.ID))
	}
	return out
}

// RefuseDeclaration says what the settings object to in a declaration, as far as that can be known without the org. An
// account that is declared by its id is judged once its login is known.
func RefuseDeclaration(owner access.TokenOwner, s access.Settings) []Refusal {
	f := Facts{Account: org.User{Login: owner.Account}}
	if !strings.Contains(owner.Account, "@") {
		return refuseElevation(owner, f, withAnyAccount(s))
	}
	return append(refuseService(f, s), refuseElevation(owner, f, s)...)
}

// withAnyAccount returns settings that allow each role that they allow to any account.
func withAnyAccount(s access.Settings) access.Settings {
	roles := slices.Clone(s.Elevation.Roles)
	for i := range roles {
		roles[i].Accounts = []string{"*"}
	}
	s.Elevation.Roles = roles
	return s
}

func refusePermissions(f Facts, s access.Settings) []Refusal {
	forbidden := s.Forbids(f.CustomRole.Permissions)
	if len(forbidden) == 0 {
		return nil
	}
	return []Refusal{refuse("forbidden-permission", "role.customRole", "Take the permission out of the role, or choose a role without it.",
		"custom role %q holds %s, which the settings forbid", f.CustomRole.Label, strings.Join(forbidden, ", "))}
}

func refuseHoldings(owner access.TokenOwner, f Facts, intended access.Role) []Refusal {
	var out []Refusal
	var others, groups []string
	for _, a := range f.Roles {
		if !a.Direct() || roleOf(a) != intended {
			others = append(others, f.Names.describe(a))
			if !a.Direct() {
				groups = append(groups, f.Names.of(a.ViaGroupID))
			}
		}
	}
	if len(others) > 0 {
		var hints []string
		if len(others) > len(groups) {
			hints = append(hints, "Bring it to its declared role first: stepdown downgrade "+f.Account.Login)
		}
		if len(groups) > 0 {
			slices.Sort(groups)
			hints = append(hints, "Take the account out of group "+strings.Join(slices.Compact(groups), ", ")+", or the role from the group: no verb does that.")
		}
		out = append(out, refuse("holds-other-roles", "account", strings.Join(hints, " "),
			"account %q already holds %s", f.Account.Login, strings.Join(others, "; ")))
	}
	return append(out, refuseTokens(owner, f, len(others) > 0)...)
}

// refuseTokens refuses to elevate tokens that are there. Of the declared token it says so only where nothing else is wrong:
// to mend a role, it need not be made again.
func refuseTokens(owner access.TokenOwner, f Facts, wrongRoles bool) []Refusal {
	if owner.Elevation.CoElevate {
		return nil
	}
	var declared, others []string
	for _, t := range f.Tokens {
		if text := fmt.Sprintf("%q (%s)", t.Name, t.ID); t.Name == owner.Token.Name && len(declared) == 0 {
			declared = append(declared, text)
		} else {
			others = append(others, text)
		}
	}
	slices.Sort(others)
	switch {
	case len(others) > 0:
		list := strings.Join(others, ", ")
		return []Refusal{refuse("owns-other-tokens", "token", "Revoke "+list+" first, or accept it with elevation.coElevate: true.",
			"account %q already owns %s, which would be elevated too", f.Account.Login, list)}
	case len(declared) > 0 && !wrongRoles:
		return []Refusal{refuse("owns-its-token", "token",
			fmt.Sprintf("To bring its role in order: stepdown downgrade %s. To have a new token made beside it: elevation.coElevate: true.", f.Account.Login),
			"account %q already owns the declared token %s, which would be elevated too", f.Account.Login, declared[0])}
	}
	return nil
}

func refuseElevation(owner access.TokenOwner, f Facts, s access.Settings) []Refusal {
	var out []Refusal
	if f.Account.ID != "" && f.Account.Status != statusActive {
		out = append(out, refuse("account-not-active", "account", "Activate or unsuspend the account: it has to sign in, and its tokens work only while it is ACTIVE.",
			"account %q is %s", f.Account.Login, f.Account.Status))
	}
	login := f.Account.Login
	if login == "" {
		login = owner.Account
	}
	if !s.AllowsElevation(owner.Elevation.Role, login) {
		out = append(out, refuse("elevation-role-not-allowed", "elevation.role", fmt.Sprintf("Use %s, or have elevation.roles in the settings name this account for that role.", access.DefaultElevationRole),
			"the settings do not let %q be given %s", login, owner.Elevation.Role))
	}
	if owner.Elevation.Window > s.Elevation.MaxWindow {
		out = append(out, refuse("window-too-long", "elevation.window", "Ask for a shorter window.",
			"the window of %s is longer than the %s that the settings allow", owner.Elevation.Window, s.Elevation.MaxWindow))
	}
	return out
}

// resolveZones finds the ids of the zones that the manifest names.
func resolveZones(owner access.TokenOwner, f Facts) ([]string, []Refusal) {
	var ids []string
	var out []Refusal
	for _, name := range owner.Token.Zones {
		matching := slices.DeleteFunc(slices.Clone(f.Zones), func(z org.Zone) bool {
			return z.ID != name && z.Name != name
		})
		if len(matching) != 1 || matching[0].Status != statusActive {
			out = append(out, refuse("zone-missing", "token.zones", "Name an active zone of Security > Networks by its name or id.",
				"%d network zones are called %q, and a token can be pinned only to one that is ACTIVE", len(matching), name))
			continue
		}
		ids = append(ids, matching[0].ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), out
}

func elevationChanges(owner access.TokenOwner, p Plan) []access.Change {
	t := p.Terms
	temporary := t.Temporary[0].String()
	changes := []access.Change{{Action: access.ActionOpenLease, Subject: t.Account.Login, Why: fmt.Sprintf("so that %s can be taken back whatever happens", temporary)}}
	if t.AddsIntended {
		changes = append(changes, access.Change{Action: access.ActionAssignIntended, Subject: t.Label, Why: "the one role that the account keeps"})
	}
	changes = append(changes,
		access.Change{Action: access.ActionEndSessions, Subject: t.Account.Login, Why: "sessions that are open would be elevated too"},
		access.Change{Action: access.ActionElevate, Subject: temporary, Why: fmt.Sprintf("for at most %s, so that the account can create its token", owner.Elevation.Window)},
		access.Change{Action: access.ActionAwaitToken, Subject: owner.Token.Name, Why: fmt.Sprintf("created by %s in the Admin Console, signed in as the account", owner.Operator.Name)},
		access.Change{Action: access.ActionStepDown, Subject: temporary, Why: "as soon as the token is seen, and in every other case"},
		access.Change{Action: access.ActionProve, Subject: t.Account.Login, Why: fmt.Sprintf("settled reads show %s, and %s gone by every path", t.Label, temporary)},
		access.Change{Action: access.ActionEndSessions, Subject: t.Account.Login, Why: "the session that the token was created in"})
	if len(p.ZoneIDs) > 0 {
		changes = append(changes, access.Change{Action: access.ActionRestrictToken, Subject: owner.Token.Name, Why: "to " + strings.Join(owner.Token.Zones, ", ")})
	}
	return append(changes, access.Change{Action: access.ActionCloseLease, Subject: t.Account.Login, Why: "with its evidence"})
}
