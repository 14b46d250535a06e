// Makes the first state of an org out of a seed, and the ids in it.

package oktaemu

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// epoch is when things of a seed were created that do not say so.
func epoch() time.Time { return time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC) }

func orEpoch(t time.Time) time.Time {
	if t.IsZero() {
		return epoch()
	}
	return t.UTC()
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// build makes the state. The seed has been checked.
func build(seed Seed, now time.Time) (*state, error) {
	s := &state{
		orgID: orElse(seed.Org.ID, oktaID("00o", seed.Org.Subdomain)), subdomain: seed.Org.Subdomain,
		company: orElse(seed.Org.Company, seed.Org.Subdomain), pageSize: seed.Org.PageSize, quirks: seed.Org.Quirks, created: epoch(),
		users: newTable[user](), groups: newTable[group](), roles: newTable[customRole](), sets: newTable[resourceSet](),
		tokens: newTable[token](), zones: newTable[zone](), apps: newTable[app](), groupRules: newTable[groupRule](),
		secrets: map[string]string{}, access: map[string]access{}, spent: map[string]time.Time{}, held: map[principal][]assignment{}, memberOf: map[string][]string{},
		membersOf: map[string][]string{}, sessions: map[string]session{}, extra: map[string]bool{}, schemas: firstSchemas(epoch()),
	}
	if seed.State != nil {
		return s, seed.State.into(s)
	}
	buildIAM(s, seed)
	buildPrincipals(s, seed)
	for _, z := range seed.Zones {
		id := oktaID("nzo", z.Name)
		gateways := []any{}
		for _, cidr := range z.Gateways {
			gateways = append(gateways, obj{"type": "CIDR", "value": cidr})
		}
		s.zones.put(id, s.next(), zone{
			id: id, name: z.Name, kind: "IP", usage: "POLICY", status: orElse(z.Status, active), created: epoch(), updated: epoch(),
			detail: pack(obj{"gateways": gateways, "proxies": nil}),
		})
	}
	for _, a := range seed.Apps {
		buildApp(s, a)
	}
	buildAPIServices(s, seed)
	buildResources(s, seed)
	for _, t := range seed.Tokens {
		buildToken(s, t, now)
	}
	return s, nil
}

func buildIAM(s *state, seed Seed) {
	for _, r := range seed.CustomRoles {
		id := oktaID("cr0", r.Label)
		s.roles.put(id, s.next(), customRole{id: id, label: r.Label, description: r.Description, permissions: r.Permissions, created: epoch()})
	}
	for _, r := range seed.ResourceSets {
		id := oktaID("iam", r.Label)
		s.sets.put(id, s.next(), resourceSet{id: id, label: r.Label, description: r.Description, created: epoch()})
	}
}

func buildResources(s *state, seed Seed) {
	for _, r := range seed.ResourceSets {
		set, _ := s.set(r.Label)
		set.resources, set.added = s.seedResources(r.Resources, set.id), len(r.Resources)
		s.sets.put(set.id, 0, set)
	}
}

func buildPrincipals(s *state, seed Seed) {
	for _, u := range seed.Users {
		created := orEpoch(u.Created)
		id := oktaID("00u", strings.ToLower(u.Login))
		s.users.put(id, s.next(), s.seedUser(id, u))
		for _, r := range u.Roles {
			s.grant(principal{userKind, id}, s.seedRole(r), created)
		}
	}
	for _, g := range seed.Groups {
		created := orEpoch(g.Created)
		id := oktaID("00g", g.Name)
		s.groups.put(id, s.next(), group{
			id: id, name: g.Name, attributes: map[string]any{"description": g.Description},
			kind: orElse(g.Type, oktaGroup), created: created, changed: created, membersChanged: created,
		})
		for _, r := range g.Roles {
			s.grant(principal{groupKind, id}, s.seedRole(r), created)
		}
		buildMembers(s, id, g)
	}
}

// seedUser is the user of a seed. Attributes of its profile that the schema lacks are added to it as text.
func (s *state) seedUser(id string, u SeedUser) user {
	created := orEpoch(u.Created)
	out := user{
		id: id, login: u.Login, email: orElse(text(u.Profile, "email"), u.Login), firstName: u.FirstName, lastName: u.LastName,
		status: orElse(u.Status, active), password: u.Password, provider: oktaProvider(),
		attributes: rest(u.Profile, "email"), created: created, changed: created,
	}
	if out.status != staged {
		out.activated, out.statusChanged = created, created
	}
	if out.password != "" {
		out.passwordChanged = created
	}
	known := s.schemas[userSchema]
	for _, name := range slices.Sorted(maps.Keys(out.attributes)) {
		if _, ok := known.find(name); !ok {
			known.custom = append(slices.Clip(known.custom), baseAttribute(name, name, "READ_ONLY", nil))
		}
	}
	s.schemas[userSchema] = known
	return out
}

func buildMembers(s *state, id string, g SeedGroup) {
	for _, login := range g.Members {
		if u, ok := s.userByLogin(login); ok && !slices.Contains(s.membersOf[id], u.id) {
			s.join(id, u.id)
		}
	}
	if g.Name != everyone || orElse(g.Type, "") != builtIn {
		return
	}
	for _, u := range s.users.all() {
		if !slices.Contains(g.Members, u.login) {
			s.join(id, u.id)
		}
	}
}

// seedRole turns a role of a seed into an assignment that has no id yet.
func (s *state) seedRole(r SeedRole) assignment {
	if r.Type != "" {
		return assignment{kind: r.Type}
	}
	role, _ := s.role(r.Custom)
	set, _ := s.set(r.ResourceSet)
	return assignment{kind: custom, roleID: role.id, setID: set.id}
}

func buildToken(s *state, t SeedToken, now time.Time) {
	owner, _ := s.userByLogin(t.Owner)
	lastUsed := now
	if !t.LastUsed.IsZero() {
		lastUsed = t.LastUsed.UTC()
	}
	net := network{connection: anywhere}
	for _, z := range s.zones.all() {
		if z.name == t.Network {
			net = network{connection: inZone, include: []string{z.id}}
		}
	}
	s.addToken(token{
		name: t.Name, userID: owner.id, clientName: orElse(t.ClientName, userClient), network: net,
		created: orEpoch(t.Created),
	}, t.Value, lastUsed)
}

// addToken adds a token that was last used at lastUsed and returns it with its id. Without a value it cannot be used.
func (s *state) addToken(t token, value string, lastUsed time.Time) token {
	seq := s.next()
	t.id = oktaID("00T", t.userID, t.name, strconv.Itoa(seq))
	t.updated = t.created
	t.expires = lastUsed.Add(tokenLife)
	if t.network.connection == "" {
		t.network.connection = anywhere
	}
	s.tokens.put(t.id, seq, t)
	if value != "" {
		s.secrets[digest(value)] = t.id
	}
	return t
}

// join makes a user a member of a group.
func (s *state) join(groupID, userID string) {
	s.membersOf[groupID] = append(slices.Clip(s.membersOf[groupID]), userID)
	s.memberOf[userID] = append(slices.Clip(s.memberOf[userID]), groupID)
}

// oktaID makes an id of 20 characters that looks like Okta's: the prefix and a digest of the parts, so that the same
// seed gives the same ids.
func oktaID(prefix string, parts ...string) string {
	return prefix + digits62(prefix+"\x00"+strings.Join(parts, "\x00"), 20-len(prefix))
}

// digits62 returns n letters and digits made of the SHA-256 of text.
func digits62(text string, n int) string {
	sum := sha256.Sum256([]byte(text))
	out := new(big.Int).SetBytes(sum[:]).Text(62)
	return out[:n]
}

// targetable tells whether assignments of that type have the same id for every principal: the type in base32.
func targetable(kind string) bool {
	return slices.Contains([]string{"APP_ADMIN", "HELP_DESK_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN"}, kind)
}

// assignmentID makes the id that Okta gives an assignment: base32 of the type for those that can have targets, irb… for
// roles on a resource set, else ra1… (user) or gra… (group). Those that are not base32 are new for every assignment: that Okta
// never gives one twice is UNVERIFIED, the harsher reading for clients that remember ids.
func assignmentID(p principal, a assignment) string {
	number := strconv.Itoa(a.seq)
	switch {
	case targetable(a.kind):
		return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(a.kind))
	case a.roleID != "":
		return oktaID("irb", p.id, a.roleID, a.setID, number)
	case p.kind == groupKind:
		return oktaID("gra", p.id, a.kind, number)
	default:
		return oktaID("ra1", p.id, a.kind, number)
	}
}

func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// newTokenValue makes a token's value as Okta's look: 42 characters, the first two 00. It is random.
func newTokenValue() string { return "00" + randomText(40) }

// randomText returns n random letters, digits, "-" and "_".
func randomText(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	for i, b := range raw {
		raw[i] = alphabet[b&63]
	}
	return string(raw)
}
