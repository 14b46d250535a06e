package access

import "time"

// Position is a place in a manifest.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// TokenOwner declares a service account that owns one API token and holds one custom role.
type TokenOwner struct {
	Name      string    // name of the declaration, unique in the access directory
	Account   string    // login or id of the service account in Okta
	Operator  Operator  // the person who signs in as the account to create the token
	Role      Intended  // the one role that the account keeps
	Token     TokenSpec // the token that the account owns
	Elevation Elevation // how it is elevated to have the token created
	Reason    string
	Ticket    string
	Owner     string // the person or team that answers for the account
	Delivery  Delivery

	Source Position            // of the document
	Fields map[string]Position // of each field, by its dotted path, such as "elevation.window"
}

// Operator names who signs in as the account, and how: nobody should have to ask when the window is open.
type Operator struct {
	Name   string // GitHub user name or e-mail address
	SignIn string // how to sign in as the account; where its credentials are kept, never what they are
}

// Intended is the role that the account keeps, as declared: each by id or by label.
type Intended struct {
	CustomRole  string
	ResourceSet string
}

// TokenSpec declares the token.
type TokenSpec struct {
	Name  string
	Zones []string // network zones, by id or name, that it may be used from; none means anywhere
}

// Elevation declares the temporary role.
type Elevation struct {
	Role      string        // a standard role type; DefaultElevationRole where the manifest says nothing
	Window    time.Duration // from the grant to the step-down, at the most
	CoElevate bool          // true accepts that tokens which the account already owns are elevated too
	// BreakGlass says why the elevation cannot wait for the end of a freeze; zero where it can. It takes one more approval,
	// and its window is shorter.
	BreakGlass BreakGlass
}

// BreakGlass asks for an elevation in an emergency.
type BreakGlass struct {
	Reason string
}

// Asked tells whether the elevation is one in an emergency.
func (b BreakGlass) Asked() bool { return b.Reason != "" }

// The ways in which a token reaches the place where it is used.
const (
	// DeliveryHandoff means that the operator, who alone is shown the token, puts it into Destination.
	DeliveryHandoff = "handoff"
)

// Delivery declares where the token goes.
type Delivery struct {
	Method      string // DeliveryHandoff
	Destination string // for people: a path in a vault, the name of a secret
}
