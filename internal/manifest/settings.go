package manifest

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// settingsTable is the table of kind Settings, read into s. Where a document is silent, s keeps what it holds; a list
// that is given replaces the whole list.
func settingsTable(s *access.Settings) object {
	var version, kind string
	return object{fields: []field{
		{"apiVersion", true, "The version of this format.", choice{into: &version, of: []string{access.APIVersion}}},
		{"kind", true, "Settings are the rules of an organisation: what manifests may ask for.", choice{into: &kind, of: []string{access.KindSettings}}},
		{"serviceAccounts", false, "Patterns of logins that tell a service account from a person's; * and ? stand for any characters, case does not count.", list[string]{
			into: &s.ServiceAccounts, item: namingPattern, key: strings.ToLower, least: 1, of: "patterns of logins, such as svc-*",
		}},
		{"elevation", false, "What an elevation may do, and how patient the program is with Okta.", elevationSettings(&s.Elevation)},
		{"admission", false, "What counts as an approval, and when an elevation may begin.", admissionSettings(&s.Admission)},
		{"audit", false, "What the audit may take as known.", auditSettings(&s.Audit)},
	}}
}

func elevationSettings(e *access.ElevationSettings) object {
	return object{
		fields: []field{
			{"maxWindow", false, "The longest window that a manifest may ask for.", duration{&e.MaxWindow, MinWindow, MaxWindow}},
			{"settle", false, "The least time between the two reads that prove a step-down. It has to be longer than the org's reads lag behind its writes.", duration{&e.Settle, 100 * time.Millisecond, 5 * time.Minute}},
			{"stepDown", false, "How long a step-down is tried before it is called stuck.", duration{&e.StepDown, time.Second, 30 * time.Minute}},
			{"lateEffect", false, "How long after a request without an answer it may still take effect.", duration{&e.LateEffect, 0, 30 * time.Minute}},
			{"keepToken", false, "True leaves the expected token in place, with its role, when a run fails after the token was seen. It is revoked otherwise: whoever holds its value has whatever role could not be taken away.", boolean{&e.KeepToken}},
			{"roles", false, "Temporary roles above " + access.DefaultElevationRole + ", who may be given them, and what that takes.", list[access.AllowedRole]{
				into: &e.Roles, item: allowedRole, key: func(a access.AllowedRole) string { return a.Role }, of: "mappings with role and accounts",
			}},
			{"forbiddenPermissions", false, "Patterns of permissions that an intended role may not hold.", list[string]{
				into: &e.ForbiddenPermissions, item: anyPattern, key: strings.ToLower, of: "patterns of permissions, such as okta.users.credentials.*",
			}},
		},
		check: func(r *reader, field string, at place) {
			if e.Settle < e.StepDown {
				return
			}
			where, given := r.places[join(field, "settle")]
			if !given {
				where = r.places[join(field, "stepDown")]
			}
			r.complain(where, join(field, "settle"), fmt.Sprintf(
				"is %s, and stepDown is %s: a proof needs two reads that far apart, so that every step-down would end as stuck", FormatDuration(e.Settle), FormatDuration(e.StepDown)),
				"Make stepDown longer than settle.")
		},
	}
}

func allowedRole(a *access.AllowedRole) shape {
	return object{fields: []field{
		{"role", true, "The type of a standard role.", standardRole(&a.Role)},
		{"accounts", true, "Patterns of the logins of the accounts that may be given it.", list[string]{
			into: &a.Accounts, item: anyPattern, key: strings.ToLower, least: 1, of: "patterns of logins, such as svc-hr-*",
		}},
		{"approvals", false, "How many people have to approve it, where that is more than admission.approvals.", number{&a.Approvals, 1, maxApprovals}},
		{"teams", false, "Slugs of the teams whose members approve it, instead of admission.teams.", teams(&a.Teams)},
	}}
}

func auditSettings(a *access.AuditSettings) object {
	client := func(into *string) shape {
		return text{into: into, what: "a token's clientName, such as Okta AD agent", check: agent}
	}
	return object{fields: []field{
		{"knownTokens", false, "Tokens that no TokenOwner declares and that are accepted: the program's own, above all.", list[access.KnownToken]{
			into: &a.KnownTokens, item: knownToken, of: "mappings with owner, name and reason",
			key: func(k access.KnownToken) string { return strings.ToLower(k.Owner) + "\n" + k.Name },
		}},
		{"knownApps", false, "Roles of service apps that are accepted: those of the program's own app, above all.", list[access.KnownApp]{
			into: &a.KnownApps, item: knownApp, of: "mappings with client, reason, and role or customRole and resourceSet",
			key: func(k access.KnownApp) string { return k.Client + "\n" + k.Role.String() },
		}},
		{"agentClients", false, "Values of a token's clientName whose tokens belong to Okta's agents.", list[string]{
			into: &a.AgentClients, item: client, key: func(s string) string { return s }, of: "values of clientName",
		}},
		{"sweepWithin", false, "How long ago the last sweep may be. GitHub starts scheduled workflows late at times, or leaves a run out.", duration{&a.SweepWithin, time.Hour, 168 * time.Hour}},
	}}
}

// clientUser is the clientName of every token that a person created: org.ClientUser, which this package may not import.
const clientUser = "Okta API"

// agent refuses the one clientName that is no agent's: with it the audit would look at no token at all.
func agent(value string) (message, hint string) {
	if strings.EqualFold(value, clientUser) {
		return quote(value) + " is the clientName of every token that a person created, not an agent's", "Accept a token of a person's by its owner and name, under knownTokens."
	}
	return "", ""
}

func knownToken(k *access.KnownToken) shape {
	return object{fields: []field{
		{"owner", true, "Login of the token's owner.", text{into: &k.Owner, login: true, most: 100, pattern: `^\S+$`, what: "the login of the token's owner"}},
		{"name", true, "Name of the token.", text{into: &k.Name, what: "the name of the token"}},
		{"reason", true, "Why it is accepted.", prose{&k.Reason, "the reason for which the token is accepted"}},
	}}
}

// knownApp is one role of one app: a standard role by its type, or a custom one with its set.
func knownApp(k *access.KnownApp) shape {
	return object{
		fields: []field{
			{"client", true, "Client id of the service app.", text{into: &k.Client, pattern: `^[0-9A-Za-z_-]+$`, what: "the client id of a service app, such as 0oa1b2c3d4e5f6g7h8i9"}},
			{"role", false, "The type of a standard role.", standardRole(&k.Role.Type)},
			{"customRole", false, "The custom role, by label or id.", text{into: &k.Role.CustomRole, what: "the label or the id of a custom role"}},
			{"resourceSet", false, "The resource set that it is bound to, by label or id.", text{into: &k.Role.ResourceSet, what: "the label or the id of a resource set"}},
			{"reason", true, "Why it is accepted.", prose{&k.Reason, "the reason for which the role is accepted"}},
		},
		check: func(r *reader, path string, at place) {
			_, standard := r.places[join(path, "role")]
			_, custom := r.places[join(path, "customRole")]
			_, set := r.places[join(path, "resourceSet")]
			if standard == custom || custom != set {
				r.complain(at, path, "names not one role: it is a standard role, or a custom role on a resource set", "Give role, or customRole and resourceSet.")
			}
			if custom {
				k.Role.Type = access.RoleCustom
			}
		},
	}
}

// anyPattern is a pattern in the syntax of path.Match.
func anyPattern(into *string) shape {
	return text{into: into, login: true, pattern: `^\S+$`, what: "a pattern without blanks, such as svc-*", check: wellFormed}
}

// namingPattern is a pattern that leaves some logins out: one that all logins match would make every person's account a
// service account.
func namingPattern(into *string) shape {
	return text{into: into, login: true, pattern: `^\S+$`, what: "a pattern without blanks, such as svc-*", check: func(value string) (string, string) {
		if message, hint := wellFormed(value); message != "" {
			return message, hint
		}
		if strings.Trim(value, "*?") == "" {
			return fmt.Sprintf("%s matches every login, also a person's", quote(value)), "Name what only service accounts have, such as svc-*."
		}
		return "", ""
	}}
}

func wellFormed(value string) (message, hint string) {
	if _, err := path.Match(strings.ToLower(value), ""); err != nil {
		return quote(value) + " is not a well-formed pattern", `* stands for any characters, ? for one, [a-z] for a range; a \ before one of them takes it as it is.`
	}
	return "", ""
}
