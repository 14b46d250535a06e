// What an org is made of before the first request: the seed and its YAML form.

package oktaemu

import (
	"errors"
	"fmt"
	"io"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxSeedBytes bounds a seed file.
const maxSeedBytes = 64 << 20

// Seed describes an org. See testdata/orgs for whole examples.
type Seed struct {
	Org          SeedOrg           `yaml:"org"`
	Users        []SeedUser        `yaml:"users"`
	Groups       []SeedGroup       `yaml:"groups"`
	CustomRoles  []SeedCustomRole  `yaml:"customRoles"`
	ResourceSets []SeedResourceSet `yaml:"resourceSets"`
	Tokens       []SeedToken       `yaml:"tokens"`
	Zones        []SeedZone        `yaml:"zones"`
	Apps         []SeedApp         `yaml:"apps"`
	APIServices  []SeedAPIService  `yaml:"apiServices"`
	// State is an org that Save wrote, in place of all of the above but Org.
	State *SavedState `yaml:"state"`
}

// SeedOrg is the org itself.
type SeedOrg struct {
	ID        string `yaml:"id,omitempty"` // 00o…; made of the subdomain where it is empty
	Subdomain string `yaml:"subdomain"`
	Company   string `yaml:"company,omitempty"`
	// PageSize caps the page size of every list; 0 leaves Okta's own defaults.
	PageSize int `yaml:"pageSize,omitempty"`
	// Quirks are deviations of some orgs that this one has; see Quirks.
	Quirks []string `yaml:"quirks,omitempty"`
	// RateLimit is how many requests a minute every bucket answers before 429 that RateLimits does not name; where it is
	// 0, each bucket has what Okta last published.
	RateLimit      int            `yaml:"rateLimit,omitempty"`
	RateLimits     map[string]int `yaml:"rateLimits,omitempty"`     // requests a minute by bucket; see Buckets
	PrincipalShare int            `yaml:"principalShare,omitempty"` // percent of a bucket for one token or app; 50 where it is 0
	Concurrency    int            `yaml:"concurrency,omitempty"`    // requests under way at once; 75 where it is 0
	Lag            time.Duration  `yaml:"lag,omitempty"`            // reads show the org as it was that long ago
	Latency        time.Duration  `yaml:"latency,omitempty"`        // before every answer
	ClockSkew      time.Duration  `yaml:"clockSkew,omitempty"`      // of the org's clock
}

func (o SeedOrg) limits() Limits {
	return Limits{Every: o.RateLimit, Buckets: o.RateLimits, PrincipalShare: o.PrincipalShare, Concurrency: o.Concurrency}
}

// SeedUser is an account. Status is ACTIVE where it is empty; without a password nobody can sign in as the user. Profile
// holds further attributes, as text; those that Okta's base schema lacks become custom ones. The email is the login where
// it is not there.
type SeedUser struct {
	Login     string     `yaml:"login"`
	FirstName string     `yaml:"firstName"`
	LastName  string     `yaml:"lastName"`
	Status    string     `yaml:"status"`
	Password  string     `yaml:"password"`
	Roles     []SeedRole `yaml:"roles"`
	Created   time.Time  `yaml:"created"`

	Profile map[string]any `yaml:"profile"`
}

// SeedGroup is a group. Type is OKTA_GROUP where it is empty. The BUILT_IN group Everyone has every user as a member.
type SeedGroup struct {
	Name        string     `yaml:"name"`
	Description string     `yaml:"description"`
	Type        string     `yaml:"type"`
	Members     []string   `yaml:"members"` // logins
	Roles       []SeedRole `yaml:"roles"`
	Created     time.Time  `yaml:"created"`
}

// SeedRole is a role that a principal holds: in YAML either a standard role type as plain text, such as READ_ONLY_ADMIN,
// or a mapping {custom: label, resourceSet: label}. Types that nobody knows are kept as they are.
type SeedRole struct {
	Type        string // standard role type; empty for a custom role
	Custom      string // label of the custom role
	ResourceSet string // label of the resource set
}

// UnmarshalYAML reads either form.
func (r *SeedRole) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*r = SeedRole{Type: n.Value}
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a role is a type, such as READ_ONLY_ADMIN, or {custom: label, resourceSet: label}", n.Line)
	}
	*r = SeedRole{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case value.Kind != yaml.ScalarNode:
			return fmt.Errorf("line %d: field %s of a role is not text", value.Line, key.Value)
		case key.Value == "custom":
			r.Custom = value.Value
		case key.Value == "resourceSet":
			r.ResourceSet = value.Value
		default:
			return fmt.Errorf("line %d: unknown field %s in a role; known: custom, resourceSet", key.Line, key.Value)
		}
	}
	return nil
}

// SeedCustomRole is a custom role.
type SeedCustomRole struct {
	Label       string   `yaml:"label"`
	Description string   `yaml:"description"`
	Permissions []string `yaml:"permissions"`
}

// SeedResourceSet is a resource set. Resources are paths such as /api/v1/users, URLs or ORNs.
type SeedResourceSet struct {
	Label       string   `yaml:"label"`
	Description string   `yaml:"description"`
	Resources   []string `yaml:"resources"`
}

// SeedToken is an API token. Owner may be empty: Okta lists some tokens without one. ClientName is "Okta API" where it
// is empty. Network is ANYWHERE where it is empty, else the name of the zone that the token may be used from. Without a
// value nobody can use the token. LastUsed is the start of the emulation where it is absent.
type SeedToken struct {
	Name       string    `yaml:"name"`
	Owner      string    `yaml:"owner"`
	ClientName string    `yaml:"clientName"`
	Network    string    `yaml:"network"`
	Value      string    `yaml:"value"`
	Created    time.Time `yaml:"created"`
	LastUsed   time.Time `yaml:"lastUsed"`
}

// SeedZone is a network zone. The emulator does not enforce zones.
type SeedZone struct {
	Name     string   `yaml:"name"`
	Status   string   `yaml:"status"`   // ACTIVE where it is empty
	Gateways []string `yaml:"gateways"` // CIDR
}

// LoadSeed reads a seed from YAML. It is strict: an unknown field, a repeated key, a second document or parts that do
// not fit together are errors that begin with name and, where YAML knows it, the line.
func LoadSeed(r io.Reader, name string) (Seed, error) {
	limited := &io.LimitedReader{R: r, N: maxSeedBytes + 1}
	dec := yaml.NewDecoder(limited)
	dec.KnownFields(true)
	var seed Seed
	if err := dec.Decode(&seed); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file holds no document")
		}
		return Seed{}, fmt.Errorf("reading org seed %s: %w", name, inWords(err))
	}
	var second yaml.Node
	switch err := dec.Decode(&second); {
	case limited.N <= 0:
		return Seed{}, fmt.Errorf("reading org seed %s: the file is larger than %d bytes", name, maxSeedBytes)
	case err == nil:
		return Seed{}, fmt.Errorf("reading org seed %s: line %d: a second document; a seed is one document", name, second.Line)
	case !errors.Is(err, io.EOF):
		return Seed{}, fmt.Errorf("reading org seed %s: %w", name, err)
	}
	if err := seed.check(); err != nil {
		return Seed{}, fmt.Errorf("reading org seed %s: %w", name, err)
	}
	if seed.State != nil { // of which check knows nothing
		if _, err := build(seed, epoch()); err != nil {
			return Seed{}, fmt.Errorf("reading org seed %s: %w", name, err)
		}
	}
	return seed, nil
}

// DefaultSeed is a small org: the super admin admin@default.example, the service account svc-example@default.example
// without roles, both with the password "emulated-password", the group Everyone, and a web app.
func DefaultSeed() Seed {
	const password = "emulated-password"
	return Seed{
		Org: SeedOrg{Subdomain: "default", Company: "Default"},
		Users: []SeedUser{
			{
				Login: "admin@default.example", FirstName: "Default", LastName: "Admin", Password: password,
				Roles: []SeedRole{{Type: superAdmin}},
			},
			{Login: "svc-example@default.example", FirstName: "Example", LastName: "Service", Password: password},
		},
		Apps:   []SeedApp{{Label: "Intranet"}},
		Groups: []SeedGroup{{Name: everyone, Type: builtIn, Description: "All users in your organization"}},
	}
}
