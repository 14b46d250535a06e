package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// DefaultWindow is the window of a TokenOwner that says nothing of its elevation.
const DefaultWindow = 15 * time.Minute

// The bounds of any window, whatever the settings say.
const (
	MinWindow = 5 * time.Second
	MaxWindow = 8 * time.Hour
)

// defaultTokenOwner holds what stands where a TokenOwner is silent.
func defaultTokenOwner() access.TokenOwner {
	return access.TokenOwner{Elevation: access.Elevation{Role: access.DefaultElevationRole, Window: DefaultWindow}}
}

// tokenOwnerTable is the table of kind TokenOwner, read into o.
func tokenOwnerTable(o *access.TokenOwner) object {
	var version, kind string
	return object{
		fields: []field{
			{"apiVersion", true, "The version of this format.", choice{into: &version, of: []string{access.APIVersion}}},
			{"kind", true, "A TokenOwner declares a service account that owns one API token and holds one custom role.", choice{into: &kind, of: []string{access.KindTokenOwner}}},
			{"name", true, "Name of the declaration, unique in the access directory.", text{
				into: &o.Name, most: 63, pattern: `^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`, what: "lower-case letters, digits and hyphens, such as invoice-export",
			}},
			{"account", true, "Login or id of the service account in Okta.", accountText(&o.Account)},
			{"operator", true, "The person who signs in as the account to create the token.", operatorTable(&o.Operator)},
			{"role", true, "The one role that the account keeps: a custom role on a resource set, each by id or label.", intendedTable(&o.Role)},
			{"token", true, "The token that the account owns.", tokenTable(&o.Token)},
			{"elevation", false, fmt.Sprintf("The temporary role. Where it is absent: %s for %s.", access.DefaultElevationRole, FormatDuration(DefaultWindow)), elevationTable(&o.Elevation)},
			{"reason", true, "Why the account needs the token.", prose{&o.Reason, "the reason for which the account needs the token"}},
			{"ticket", true, "The ticket under which this was asked for.", text{into: &o.Ticket, what: "the id or address of a ticket"}},
			{"owner", true, "The person or team that answers for the account.", text{into: &o.Owner, login: true, what: "the person or team that answers for the account"}},
			{"delivery", true, "Where the token goes.", deliveryTable(&o.Delivery)},
		},
		check: func(r *reader, _ string, at place) {
			if o.Account != "" && strings.EqualFold(o.Account, o.Operator.Name) {
				where, given := r.places["operator.name"]
				if !given {
					where = at
				}
				r.complain(where, "operator.name", "is the service account itself", "Name the person who signs in as the account.")
			}
		},
	}
}

// accountText is a login or an id of Okta's. Letters beyond ASCII are refused rather than compared: they can look like
// others and change length when their case is folded; the id serves such accounts. "me" is Okta's name for whoever asks.
func accountText(into *string) text {
	return text{
		into: into, login: true, most: 100, pattern: `^[A-Za-z0-9_][A-Za-z0-9._+'@-]*$`,
		what: "the login or id of an Okta account, in ASCII",
		check: func(value string) (string, string) {
			if strings.EqualFold(value, "me") {
				return `"me" is whoever asks Okta, not an account`, "Give the account's login or id."
			}
			return "", ""
		},
	}
}

func operatorTable(o *access.Operator) object {
	return object{fields: []field{
		{"name", true, "GitHub user name or e-mail address.", text{into: &o.Name, login: true, pattern: `^\S+$`, what: "a GitHub user name or an e-mail address"}},
		{"signIn", true, "How to sign in as the account: where its credentials are kept, never what they are.", prose{&o.SignIn, "the way to sign in as the account"}},
	}}
}

func intendedTable(i *access.Intended) object {
	return object{fields: []field{
		{"customRole", true, "Id or label of the custom role.", text{into: &i.CustomRole, what: "the id or label of a custom role", check: notStandard}},
		{"resourceSet", true, "Id or label of the resource set.", text{into: &i.ResourceSet, what: "the id or label of a resource set"}},
	}}
}

// notStandard refuses what names, or looks like it names, a standard role: Okta answers for those where it is asked for
// a custom role by label (GET /api/v1/iam/roles/SUPER_ADMIN resolves).
func notStandard(value string) (message, hint string) {
	known := slices.ContainsFunc(access.KnownRoles(), func(role string) bool { return strings.EqualFold(role, value) })
	if known || regexp.MustCompile(`^[A-Z][A-Z0-9_]*_ADMIN$`).MatchString(value) {
		return fmt.Sprintf("%s is the type of a standard role; expected a custom role", quote(value)),
			"Give the custom role's id (cr0…) if its label looks like this."
	}
	return "", ""
}

func tokenTable(t *access.TokenSpec) object {
	zone := func(into *string) shape { return text{into: into, what: "the id or name of a network zone"} }
	return object{fields: []field{
		{"name", true, "Name that the token is given when it is created.", text{into: &t.Name, what: "the name of the token"}},
		{"zones", false, "Network zones, by id or name, that the token may be used from. None means anywhere.", list[string]{
			into: &t.Zones, item: zone, key: strings.ToLower, of: "network zones, each by id or name",
		}},
	}}
}

func elevationTable(e *access.Elevation) object {
	return object{fields: []field{
		{"role", false, "The temporary role. One above the default needs the settings to allow it for the account.", standardRole(&e.Role)},
		{"window", true, "How long the account may hold the temporary role, at the most.", duration{&e.Window, MinWindow, MaxWindow}},
		{"coElevate", false, "True accepts that tokens which the account already owns are elevated too, as a rotation must.", boolean{&e.CoElevate}},
		{"breakGlass", false, "Asks for an elevation in an emergency: no freeze holds it up, but it takes one more approval, two at the least, and its window is shorter.", object{fields: []field{
			{"reason", true, "Why it cannot wait.", prose{&e.BreakGlass.Reason, "the reason for which the elevation cannot wait"}},
		}}},
	}}
}

// standardRole is the type of a role that a manifest may name for an elevation. Whether it is allowed is for the
// admission to decide.
func standardRole(into *string) shape {
	types := slices.DeleteFunc(access.KnownRoles(), func(role string) bool { return role == access.RoleCustom })
	return choice{into: into, of: types, what: "the type of a standard role, such as " + access.DefaultElevationRole}
}

func deliveryTable(d *access.Delivery) object {
	return object{fields: []field{
		{"method", true, "How the token gets there. With handoff the operator, who alone is shown it, takes it there.", choice{into: &d.Method, of: []string{access.DeliveryHandoff}}},
		{"destination", true, "Where the token is kept, for people: a path in a vault, the name of a secret.", text{into: &d.Destination, what: "where the token is kept, such as vault kv/finance/okta"}},
	}}
}
