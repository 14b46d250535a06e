// The Admin Console as small HTML pages: signing in, who holds what, API tokens, and creating one. A person and a
// browser use it; so does the demo's operator. What a session may do depends on what its user holds at that moment.

package oktaemu

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// sessionCookie is the name of the cookie of a session.
const sessionCookie = "sid"

// page answers a request to the console.
func (c *call) page() reply {
	signedIn := c.resume()
	switch c.r.Method + " " + c.r.URL.Path {
	case "GET /":
		return redirect("/admin")
	case "GET /login/login.htm":
		return c.render(http.StatusOK, "login", pageData{Title: "Sign in"})
	case "POST /login/login.htm":
		return c.signIn()
	case "GET /signed-out":
		return c.render(http.StatusOK, "signedout", pageData{Title: "Signed out"})
	}
	answer, known := map[string]func() reply{
		"POST /login/signout":                  c.signOut,
		"GET /admin":                           c.home,
		"GET /admin/access/administrators":     c.administrators,
		"GET /admin/access/api/tokens":         c.tokenList,
		"GET /admin/access/api/tokens/create":  c.tokenForm,
		"POST /admin/access/api/tokens/create": c.tokenCreate,
	}[c.r.Method+" "+c.r.URL.Path]
	switch {
	case !known:
		return notEmulated("page " + c.r.Method + " " + c.r.URL.Path)
	case !signedIn:
		return redirect("/login/login.htm")
	case c.r.Method == http.MethodPost && !c.genuine():
		return c.refuse("This form is out of date. Go back, reload the page and try again.")
	}
	return answer()
}

// consolePages are the pages that page answers.
func consolePages() []destination {
	return []destination{
		{get, "/"},
		{get, "/login/login.htm"},
		{post, "/login/login.htm"},
		{post, "/login/signout"},
		{get, "/signed-out"},
		{get, "/admin"},
		{get, "/admin/access/administrators"},
		{get, "/admin/access/api/tokens"},
		{get, "/admin/access/api/tokens/create"},
		{post, "/admin/access/api/tokens/create"},
	}
}

// resume finds the session of the cookie. Its user must be active.
func (c *call) resume() bool {
	cookie, err := c.r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	held, ok := c.s.sessions[cookie.Value]
	if !ok || c.s.users.rows[held.userID].status != active {
		return false
	}
	c.caller, c.sessionID = principal{userKind, held.userID}, held.logID
	return true
}

// session returns the current session and its key.
func (c *call) session() (string, session) {
	cookie, err := c.r.Cookie(sessionCookie)
	if err != nil {
		return "", session{}
	}
	return cookie.Value, c.s.sessions[cookie.Value]
}

// form reads the posted fields.
func (c *call) form() url.Values {
	values, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return values
}

// genuine tells whether the form carries the session's own _xsrfToken.
func (c *call) genuine() bool {
	_, held := c.session()
	return held.xsrf != "" && same(c.form().Get("_xsrfToken"), held.xsrf)
}

// same compares secrets in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// signIn starts a session. Nobody signs in without a password or with another status than ACTIVE.
func (c *call) signIn() reply {
	form := c.form()
	login := strings.TrimSpace(form.Get("login"))
	u, ok := c.s.userByLogin(login)
	if !ok || u.password == "" || !same(digest(form.Get("password")), digest(u.password)) || u.status != active {
		if ok {
			c.caller = principal{userKind, u.id}
			c.s.log(c.author(), c.now, event{
				kind: "user.session.start", message: "User login to Okta", outcome: "FAILURE",
				reason: "INVALID_CREDENTIALS", severity: "WARN", targets: nil,
			})
			c.caller = principal{}
		}
		return c.render(http.StatusUnauthorized, "login", pageData{Title: "Sign in", Login: login, Problem: "Unable to sign in"})
	}
	u.lastLogin = c.now
	c.s.users.put(u.id, 0, u)
	key := "102" + randomText(32)
	started := session{userID: u.id, xsrf: randomText(32), logID: "trs" + digits62(c.requestID, 22)}
	c.s.sessions[key] = started
	c.caller, c.sessionID = principal{userKind, u.id}, started.logID
	c.s.log(c.author(), c.now, event{kind: "user.session.start", message: "User login to Okta"})
	r := redirect("/admin")
	cookie := http.Cookie{Name: sessionCookie, Value: key, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.r.TLS != nil}
	r.header.Add("Set-Cookie", cookie.String())
	return r
}

func (c *call) signOut() reply {
	key, _ := c.session()
	c.s.log(c.author(), c.now, event{kind: "user.session.end", message: "User logout from Okta"})
	delete(c.s.sessions, key)
	c.caller = principal{}
	r := redirect("/signed-out")
	gone := http.Cookie{Name: sessionCookie, Path: "/", HttpOnly: true, MaxAge: -1}
	r.header.Add("Set-Cookie", gone.String())
	return r
}

// enter notes in the log that the session opened the console, once, as Okta does.
func (c *call) enter() {
	key, held := c.session()
	if held.admin {
		return
	}
	held.admin = true
	c.s.sessions[key] = held
	c.s.log(c.author(), c.now, event{
		kind: "user.session.access_admin_app", message: "User accessing Okta admin app",
		targets: []party{{id: oktaID("0oa", c.s.orgID, "admin"), kind: "AppInstance", alternateID: "Okta Admin Console", name: "Okta Admin Console"}},
	})
}

// home is for whoever holds any role.
func (c *call) home() reply {
	held := c.roleNames(c.caller.id)
	if len(held) == 0 {
		return c.refuse("Your account holds no administrator role, so it has no access to the Admin Console.")
	}
	c.enter()
	return c.render(http.StatusOK, "home", pageData{Title: "Dashboard", Roles: held})
}

// administrators is for super admins only: Okta documents that nobody else may view them.
func (c *call) administrators() reply {
	if !c.may(writeRoles) {
		return c.refuse("Only super administrators may view administrators.")
	}
	c.enter()
	var rows []adminRow
	for _, u := range c.s.users.all() {
		if held := c.roleNames(u.id); len(held) > 0 {
			rows = append(rows, adminRow{u.displayName(), u.login, u.status, held})
		}
	}
	return c.render(http.StatusOK, "administrators", pageData{Title: "Administrators", Admins: rows})
}

// tokenList shows every token to whoever may read tokens, else the user's own.
func (c *call) tokenList() reply {
	if len(c.s.holdings(c.caller.id)) == 0 {
		return c.refuse("Your account holds no administrator role, so it has no access to the Admin Console.")
	}
	c.enter()
	var rows []tokenRow
	for _, t := range c.s.tokens.all() {
		if t.userID == c.caller.id || c.may(readTokens) {
			rows = append(rows, c.tokenRow(t))
		}
	}
	return c.render(http.StatusOK, "tokens", pageData{Title: "API tokens", Tokens: rows, MayCreate: c.s.mayCreateTokens(c.caller.id)})
}

func (c *call) tokenForm() reply {
	if !c.s.mayCreateTokens(c.caller.id) {
		return c.refuseToken()
	}
	c.enter()
	return c.render(http.StatusOK, "create", c.createData())
}

func (c *call) createData() pageData {
	data := pageData{Title: "Create token", Network: anywhere}
	for _, z := range c.s.zones.all() {
		data.Zones = append(data.Zones, zoneChoice{z.id, z.name})
	}
	return data
}

// tokenCreate makes the token and shows its value, once.
func (c *call) tokenCreate() reply {
	if !c.s.mayCreateTokens(c.caller.id) {
		return c.refuseToken()
	}
	form := c.form()
	data := c.createData()
	data.Name, data.Network = strings.TrimSpace(form.Get("name")), form.Get("network")
	net := network{connection: anywhere}
	if data.Network != anywhere {
		net = network{connection: inZone, include: []string{data.Network}}
	}
	switch {
	case data.Name == "":
		data.Problem = "The token needs a name."
	case data.Network != anywhere && !slices.ContainsFunc(data.Zones, func(z zoneChoice) bool { return z.ID == data.Network }):
		data.Problem = "The token needs a network: anywhere, or one of the zones."
	}
	if data.Problem != "" {
		return c.render(http.StatusBadRequest, "create", data)
	}
	value := newTokenValue()
	made := c.s.createToken(c.author(), token{name: data.Name, userID: c.caller.id, network: net}, value, c.now)
	return c.render(http.StatusOK, "created", pageData{Title: "Token created", Name: made.name, Value: value})
}

func (c *call) refuseToken() reply {
	return c.refuse("Your administrator roles do not let you create API tokens.")
}

func (c *call) refuse(why string) reply {
	return c.render(http.StatusForbidden, "refused", pageData{Title: "Access denied", Problem: why})
}

func redirect(to string) reply {
	return reply{status: http.StatusSeeOther, header: http.Header{"Location": {to}}}
}
