package githubemu

// This file is a GitHub App: how it says who it is, its installation, and the tokens that it makes there.
// Sources: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App" and the REST API's "Apps". The documentation has the
// status of a refusal and not its words, which are as users of GitHub Apps report them.

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// App is a GitHub App, and its installation at the owner of the repository.
type App struct {
	ClientID    string
	Number      int64 // its other id, which nothing else has
	Slug        string
	Keys        []*rsa.PublicKey  // those of which the App's page lists the private ones
	Permissions map[string]string // of the installation; metadata is read where it is not said

	// Installation is the number of the installation, 0 for one that the emulator gives; installing again gives another.
	Installation int64
	Uninstalled  bool     // it is not installed at the owner
	Repositories []string // "owner/name" of those that the installation reaches; all of the owner's where it is nil
	Suspended    bool
	TokenLife    time.Duration // how long its tokens live; an hour, as GitHub's do, where it is 0
}

// appItself is the Type of the Token that a JWT is: the App, not an installation of it.
const appItself = "app"

// What GitHub answers to a JWT that it does not take. Sources: actions/create-github-app-token#153 (a key that is not the App's, and
// also an id that is not the key's); octokit/auth-app.js, README and #698 (the times).
const (
	jwtUndecodable = "A JSON web token could not be decoded"
	jwtIssuedAt    = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	jwtExpired     = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	jwtTooFar      = "'Expiration time' claim ('exp') is too far in the future"
	jwtLife        = 600 // seconds ahead that a JWT may end
)

const suspended = "This installation has been suspended"

// SetApp makes an App known, or changes the one with the same Number. Tokens that it has made stay as they are, but those of an
// installation that is gone or suspended are not taken. It panics if the App is malformed.
func (h *Hub) SetApp(a App) {
	if a.ClientID == "" || a.Number == 0 || a.Slug == "" {
		panic(fmt.Sprintf("githubemu: App %q: it needs a client id, a number and a slug", a.Slug))
	}
	a.Permissions = maps.Clone(a.Permissions)
	if a.Permissions == nil {
		a.Permissions = map[string]string{}
	}
	if a.Permissions["metadata"] == "" {
		a.Permissions["metadata"] = "read"
	}
	if a.Installation == 0 {
		a.Installation = 51_000_000 + a.Number
	}
	if a.TokenLife == 0 {
		a.TokenLife = time.Hour
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.apps[a.Number] = a
}

// InstallationTokens returns the tokens that Apps have made, oldest first.
func (h *Hub) InstallationTokens() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.made)
}

// RevokeToken makes a token one that is not taken any more.
func (h *Hub) RevokeToken(value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t, ok := h.tokens[value]; ok {
		t.endsAt = time.Unix(1, 0)
		h.tokens[value] = t
	}
}

// taken refuses a token that an App has made and that is not taken now; its status is 200 where it is.
func (h *Hub) taken(t Token) (int, any) {
	a := h.apps[t.app]
	switch {
	case t.app == 0 && t.endsAt.IsZero():
		return http.StatusOK, nil
	case !t.endsAt.IsZero() && !h.opts.Now().Before(t.endsAt), t.app != 0 && (a.Uninstalled || a.Installation != t.installation):
		return refusal(http.StatusUnauthorized, "Bad credentials", docsRoot)
	case a.Suspended:
		return refusal(http.StatusForbidden, suspended, docsRoot)
	}
	return http.StatusOK, nil
}

// reaches tells whether the token is one for the repository.
func (t Token) reaches(repository string) bool {
	return t.repositories == nil || slices.ContainsFunc(t.repositories, func(r string) bool { return strings.EqualFold(r, repository) })
}

// claims are those of a JWT that count. Times are Integers.
type claims struct {
	Issuer   any         `json:"iss"`
	IssuedAt json.Number `json:"iat"`
	Expires  json.Number `json:"exp"`
}

// identifyApp returns the App that a JWT is signed by, or why GitHub does not take it.
func (h *Hub) identifyApp(jwt string) (App, string) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return App{}, jwtUndecodable
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	var said claims
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !decodePart(parts[0], &header) || !decodePart(parts[1], &said) || header.Algorithm != "RS256" {
		return App{}, jwtUndecodable
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	for _, a := range h.apps {
		if issuer := fmt.Sprint(said.Issuer); issuer != a.ClientID && issuer != strconv.FormatInt(a.Number, 10) {
			continue
		}
		if slices.ContainsFunc(a.Keys, func(k *rsa.PublicKey) bool { return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil }) {
			return a, said.complaint(h.opts.Now())
		}
	}
	return App{}, jwtUndecodable
}

func decodePart(part string, v any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v) == nil
}

// complaint says what GitHub has against the times; empty where nothing. That more than ten minutes between the two are too many, and
// not only from now on, is reported by some; the clock has no leeway here.
func (c claims) complaint(now time.Time) string {
	issued, err := c.IssuedAt.Int64()
	if err != nil || issued > now.Unix() {
		return jwtIssuedAt
	}
	switch expires, err := c.Expires.Int64(); {
	case err != nil || expires <= now.Unix():
		return jwtExpired
	case expires > now.Unix()+jwtLife || expires > issued+jwtLife:
		return jwtTooFar
	}
	return ""
}

// appRoutes are what an App itself may ask.
func appRoutes() []route {
	return []route{
		{method: http.MethodGet, scope: inRepository, path: "installation", docs: "apps/apps#get-a-repository-installation-for-the-authenticated-app", serve: (*Hub).readInstallation, asApp: true},
		{method: http.MethodPost, path: "app/installations/{#installation_id}/access_tokens", docs: "apps/apps#create-an-installation-access-token-for-an-app", serve: (*Hub).createToken, asApp: true},
	}
}

// reaches tells whether the App is installed on the repository.
func (a App) reaches(repository string) bool {
	return !a.Uninstalled && Token{repositories: a.Repositories}.reaches(repository)
}

func (a App) selection() string {
	if a.Repositories == nil {
		return "all"
	}
	return "selected"
}

// readInstallation answers the App's installation on the repository, also where it is suspended.
func (h *Hub) readInstallation(c call) (int, any) {
	a := h.apps[c.token.app]
	if !a.reaches(h.opts.Repository) {
		return notFound(c.docs)
	}
	owner := h.user(c, h.owner, "Organization").(map[string]any)
	shape := map[string]any{
		"id": a.Installation, "client_id": a.ClientID, "app_id": a.Number, "app_slug": a.Slug, "account": owner, "target_id": owner["id"],
		"target_type": "Organization", "repository_selection": a.selection(), "permissions": a.Permissions, "events": []any{},
		"access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", c.base, a.Installation),
		"repositories_url":  c.base + "/installation/repositories",
		"html_url":          fmt.Sprintf("https://github.com/organizations/%s/settings/installations/%d", h.owner, a.Installation),
		"created_at":        creation, "updated_at": creation, "single_file_name": nil, "single_file_paths": []any{}, "has_multiple_single_files": false,
		"suspended_by": nil, "suspended_at": nil,
	}
	if a.Suspended {
		shape["suspended_by"], shape["suspended_at"] = owner, creation
	}
	return http.StatusOK, shape
}

// createToken makes a token of the installation, for all that it reaches and may, or for less.
func (h *Hub) createToken(c call) (int, any) {
	a := h.apps[c.token.app]
	var asked struct {
		Repositories []string          `json:"repositories"`
		IDs          []int64           `json:"repository_ids"`
		Permissions  map[string]string `json:"permissions"`
	}
	switch {
	case a.Uninstalled || c.vars["installation_id"] != strconv.FormatInt(a.Installation, 10):
		return notFound(c.docs)
	case a.Suspended:
		return refusal(http.StatusForbidden, suspended, c.docs)
	case len(bytes.TrimSpace(c.body)) > 0 && c.read(&asked) != nil:
		return c.malformed()
	}
	limited := a.Repositories
	if asked.Repositories != nil || asked.IDs != nil {
		limited = []string{h.opts.Repository} // the one that there is
		others := slices.DeleteFunc(asked.Repositories, func(name string) bool { return strings.EqualFold(name, h.name) })
		if len(others) > 0 || slices.ContainsFunc(asked.IDs, func(id int64) bool { return id != repositoryID }) || !a.reaches(h.opts.Repository) {
			return c.unprocessable("There is at least one repository that does not exist or is not accessible to the parent installation.")
		}
	}
	granted := a.Permissions
	if asked.Permissions != nil {
		granted = asked.Permissions
		for name, level := range granted {
			if !(Token{Permissions: a.Permissions}).has(name, level) {
				return c.unprocessable("The permissions requested are not granted to this installation.")
			}
		}
	}
	ends := h.opts.Now().UTC().Add(a.TokenLife).Truncate(time.Second)
	value := h.mint(a, ends)
	h.tokens[value] = Token{
		Login: a.Slug + "[bot]", Type: Installation, Permissions: maps.Clone(granted), app: a.Number, installation: a.Installation,
		repositories: limited, endsAt: ends, ordinal: len(h.made),
	}
	shape := map[string]any{"token": value, "expires_at": ends.Format(stamp), "permissions": granted, "repository_selection": a.selection()}
	if asked.Repositories != nil || asked.IDs != nil {
		shape["repository_selection"], shape["repositories"] = "selected", []any{h.repository(c, h.opts.Repository)}
	}
	return http.StatusCreated, shape
}

// mint makes the text of a token, in the form ghs_APPID_JWT that GitHub has begun to give them: it is long, and has dots.
// Source: docs.github.com, "Generating an installation access token for a GitHub App".
func (h *Hub) mint(a App, ends time.Time) string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	n := len(h.made) + 1
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %d", a.Number, a.Slug, n, ends.UnixNano()))
	value := fmt.Sprintf("ghs_%d_%s.%s.%s", a.Number, part(`{"alg":"EdDSA","typ":"JWT"}`),
		part(fmt.Sprintf(`{"exp":%d,"ins":%d,"jti":"%x"}`, ends.Unix(), a.Installation, sum[:8])), base64.RawURLEncoding.EncodeToString(sum[:]))
	h.made = append(h.made, value)
	return value
}
