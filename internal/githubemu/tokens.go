package githubemu

// This file is who asks, and what they may.

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kinds of Token.
const (
	Installation = "installation" // of a GitHub App, such as a workflow's GITHUB_TOKEN
	UserToken    = "user"         // a fine-grained personal access token
)

// Token is a credential.
type Token struct {
	Login       string            // of the user, or of the app's bot, "name[bot]"
	Type        string            // Installation or UserToken
	Permissions map[string]string // such as "contents" or "members" -> "read" or "write", which includes reading

	app, installation int64     // whose token it is; 0 where a test gave it
	repositories      []string  // that it is for; all where it is nil
	endsAt            time.Time // zero where it has no end
	ordinal           int       // among all that Apps have made, from 1
}

const actionsBot = "github-actions[bot]"

// workflowToken is a GITHUB_TOKEN with the permissions that the program documents. A workflow cannot get members,
// administration, environments or secrets at all.
// Source: docs.github.com, "Workflow syntax for GitHub Actions", permissions.
func workflowToken() Token {
	return Token{Login: actionsBot, Type: Installation, Permissions: map[string]string{
		"metadata": "read", "actions": "read", "contents": "write", "pull_requests": "write", "issues": "write",
		"checks": "write", "statuses": "write",
	}}
}

// AddToken makes a credential known. It panics if it is malformed.
func (h *Hub) AddToken(value string, t Token) {
	if value == "" || t.Login == "" || t.Type != Installation && t.Type != UserToken {
		panic(fmt.Sprintf("githubemu: token of %q, type %q: it needs a value, a login and a type", t.Login, t.Type))
	}
	t.Permissions = maps.Clone(t.Permissions)
	if t.Permissions == nil {
		t.Permissions = map[string]string{}
	}
	if t.Permissions["metadata"] == "" {
		t.Permissions["metadata"] = "read" // GitHub gives it with any other
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens[value] = t
}

// Withhold makes all tokens lack a permission, such as "contents", or only its higher level, as "contents:write":
// requests that need it are answered with the status, 403 as GitHub refuses a workflow's token or 404 as it hides what a
// token may not see. Status 0 gives it back.
func (h *Hub) Withhold(permission string, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if status == 0 {
		delete(h.withheld, permission)
		return
	}
	h.withheld[permission] = status
}

// identify returns the token of the request. To somebody without credentials the repository is not there; a public one
// would be, but no workflow asks that way.
func (h *Hub) identify(r *http.Request) (Token, int, any) {
	credential := r.Header.Get("Authorization")
	value, ok := strings.CutPrefix(credential, "Bearer ")
	if !ok {
		value, ok = strings.CutPrefix(credential, "token ")
	}
	if t, known := h.tokens[value]; ok && known {
		status, body := h.taken(t)
		return t, status, body
	}
	switch {
	case ok && strings.HasPrefix(value, "eyJ"): // a JWT
		a, complaint := h.identifyApp(value)
		if complaint != "" {
			status, body := refusal(http.StatusUnauthorized, complaint, docsRoot)
			return Token{}, status, body
		}
		return Token{Login: a.Slug, Type: appItself, app: a.Number}, http.StatusOK, nil
	case h.opts.Token == "", ok && value == h.opts.Token:
		return workflowToken(), http.StatusOK, nil
	case credential == "":
		status, body := notFound(docsRoot)
		return Token{}, status, body
	}
	status, body := refusal(http.StatusUnauthorized, "Bad credentials", docsRoot)
	return Token{}, status, body
}

// may refuses the call where its token lacks the route's permission, or where a test withholds it. Its status is 200
// where the call may go on.
func (h *Hub) may(c call) (int, any) {
	permission, level := c.route.permission, c.route.level
	switch asApp := c.token.Type == appItself; {
	case c.route.asApp && !asApp:
		return refusal(http.StatusUnauthorized, jwtUndecodable, c.docs)
	case c.route.asApp:
		return http.StatusOK, nil
	case asApp: // the status is not documented
		return c.forbidden(http.StatusForbidden)
	}
	c.header.Set("X-Accepted-GitHub-Permissions", accepted(permission, level))
	if permission == "" {
		return http.StatusOK, nil
	}
	if strings.Contains(permission, "|") {
		permission = h.conversation(c)
	}
	status := h.withheld[permission+":"+level]
	if status == 0 {
		status = h.withheld[permission]
	}
	if status == 0 && !c.token.has(permission, level) {
		status = http.StatusForbidden
		if permission == "members" {
			// GitHub answers 403 or hides the team. This takes 404, which cannot be told from "is not a member".
			status = http.StatusNotFound
		}
	}
	switch {
	case status == http.StatusNotFound:
		return notFound(c.docs)
	case status != 0:
		return c.forbidden(status)
	case c.route.appOnly && c.token.Type != Installation:
		return refusal(http.StatusForbidden, "You must authenticate via a GitHub App.", c.docs)
	case permission == "contents" && level == "write" && c.token.Type == UserToken && !h.people.atLeast(c.token.Login, "write"):
		return notFound(c.docs) // as GitHub answers who may not push
	}
	return http.StatusOK, nil
}

// accepted is the header X-Accepted-GitHub-Permissions: alternatives stand between semicolons.
func accepted(permission, level string) string {
	var out []string
	for p := range strings.SplitSeq(permission, "|") {
		if p != "" {
			out = append(out, p+"="+level)
		}
	}
	return strings.Join(out, "; ")
}

func (t Token) has(permission, level string) bool {
	return slices.Contains(map[string][]string{"read": {"read", "write", "admin"}, "write": {"write", "admin"}}[level], t.Permissions[permission])
}

// forbidden is the refusal of a token that lacks a permission, as GitHub words it for its kind.
func (c call) forbidden(status int) (int, any) {
	if c.token.Type == UserToken {
		return refusal(status, "Resource not accessible by personal access token", c.docs)
	}
	return refusal(status, "Resource not accessible by integration", c.docs)
}

// conversation tells which permission a comment or an issue needs. GitHub's documentation wants one of issues and
// pull_requests; a workflow's token is reported to need the one of its kind, which is the harsher reading.
func (h *Hub) conversation(c call) string {
	number := c.number("number")
	if id := c.number("comment"); id != 0 {
		if found := h.comment(int64(id)); found != nil {
			number = found.number
		}
	}
	if h.pulls[number] != nil {
		return "pull_requests"
	}
	return "issues"
}

// readUser answers GET /user, which an installation is not.
func (h *Hub) readUser(c call) (int, any) {
	if c.token.Type != UserToken {
		return c.forbidden(http.StatusForbidden)
	}
	shape := h.user(c, c.token.Login, "User").(map[string]any)
	for _, absent := range []string{"name", "company", "location", "email", "hireable", "bio", "twitter_username", "notification_email"} {
		shape[absent] = nil
	}
	shape["blog"], shape["public_repos"], shape["public_gists"], shape["followers"], shape["following"] = "", 0, 0, 0, 0
	shape["created_at"], shape["updated_at"] = creation, creation
	return http.StatusOK, shape
}
