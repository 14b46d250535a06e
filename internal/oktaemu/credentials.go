// A user's password and recovery question, and the operations on them. No answer shows a secret that a request set.
// https://developer.okta.com/docs/api, "User Credentials"

package oktaemu

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

func credentialRoutes() []route {
	const manage = "okta.users.manage"
	at := func(operation string) string { return "/api/v1/users/{user}/" + operation }
	expire := []string{"tempPassword", "revokeSessions"}
	return []route{
		{post, at("lifecycle/reset_password"), resetPasswords, manage, []string{"sendEmail", "revokeSessions"}, onUser((*call).resetPassword), documented("Users API, Reset a password")},
		{post, at("lifecycle/expire_password"), expirePasswords, manage, expire, onUser((*call).expirePassword), recorded("Shopify/oktakit expire_password")},
		{post, at("lifecycle/expire_password_with_temp_password"), expirePasswords, manage, []string{"revokeSessions"}, onUser((*call).giveTempPassword), documented("Users API, Expire the password with a temporary password")},
		{post, at("credentials/change_password"), writeUsers, manage, []string{"strict"}, onUser((*call).changePassword), recorded("Shopify/oktakit change_password")},
		{post, at("credentials/change_recovery_question"), writeUsers, manage, nil, onUser((*call).changeQuestion), documented("Users API, Update recovery question")},
	}
}

type passwordInput struct {
	Value string          `json:"value"`
	Hash  json.RawMessage `json:"hash"`
}

type credentialsInput struct {
	Password *passwordInput `json:"password"`
	Provider *provider      `json:"provider"`
	Recovery *struct {
		Question string `json:"question"`
		Answer   string `json:"answer"`
	} `json:"recovery_question"`
}

func oktaProvider() provider { return provider{"OKTA", "OKTA"} }

// withCredentials returns the user with the credentials of a request. A password object without a value sets none, as
// recorded. The provider counts where the request says so.
func (c *call) withCredentials(u user, in *credentialsInput, byProvider bool) (user, *reply) {
	if in == nil {
		return u, nil
	}
	if in.Provider != nil && byProvider {
		if !slices.Contains([]string{"OKTA", "FEDERATION", "SOCIAL", "IMPORT", "ACTIVE_DIRECTORY", "LDAP"}, in.Provider.Type) {
			r := invalid("provider", "The field is invalid") // UNVERIFIED wording
			return u, &r
		}
		u.provider = provider{in.Provider.Type, orElse(in.Provider.Name, in.Provider.Type)}
	}
	if in.Recovery != nil {
		if in.Recovery.Question == "" || utf8.RuneCountInString(in.Recovery.Answer) < 4 {
			r := invalid("recovery_question", "The security question answer must be at least 4 characters in length") // UNVERIFIED
			return u, &r
		}
		u.question, u.answer = in.Recovery.Question, in.Recovery.Answer
	}
	switch {
	case in.Password == nil:
	case in.Password.Value != "":
		if bad := weak(u, in.Password.Value); bad != nil {
			return u, bad
		}
		u.password, u.imported, u.passwordChanged = in.Password.Value, false, c.now
	case len(in.Password.Hash) > 0:
		u.password, u.imported, u.passwordChanged, u.provider = "", true, c.now, provider{"IMPORT", "IMPORT"}
	}
	return u, nil
}

// weak tells why the password does not meet the policy that a new org has.
func weak(u user, password string) *reply {
	has := func(is func(rune) bool) bool { return strings.ContainsFunc(password, is) }
	ok := utf8.RuneCountInString(password) >= 8 && has(unicode.IsLower) && has(unicode.IsUpper) && has(unicode.IsDigit)
	for _, part := range strings.FieldsFunc(strings.ToLower(u.login), func(r rune) bool { return strings.ContainsRune(".,-_#@", r) }) {
		ok = ok && (len(part) < 4 || !strings.Contains(strings.ToLower(password), part))
	}
	if ok {
		return nil
	}
	r := invalid("password", "Password requirements were not met. Password requirements: at least 8 characters, a lowercase letter, "+
		"an uppercase letter, a number, no parts of your username.")
	return &r
}

// resetPassword sends the user to a link that is mailed or answered. Which statuses it takes besides the documented
// ACTIVE is read off the links that recorded users have (UNVERIFIED).
func (c *call) resetPassword(u user) reply {
	mail, bad := c.flag("sendEmail", true)
	if bad != nil {
		return *bad
	}
	if !slices.Contains([]string{active, provisioned, passwordExpired, recovery, lockedOut}, u.status) {
		return wrongStatus()
	}
	c.s.enter(c.author(), u, recovery, c.now)
	if mail {
		return done()
	}
	return jsonReply(http.StatusOK, obj{"resetPasswordUrl": c.base + "/signin/reset-password/" + c.s.oneTimeToken(u)})
}

// expirePassword answers with the user, or with a temporary password where the request asks for one in the old way.
func (c *call) expirePassword(u user) reply {
	temporary, bad := c.flag("tempPassword", false)
	if bad != nil {
		return *bad
	}
	if temporary {
		return c.giveTempPassword(u)
	}
	if !slices.Contains(statusesOfPasswords(), u.status) {
		return wrongStatus()
	}
	c.s.enter(c.author(), u, passwordExpired, c.now)
	return jsonReply(http.StatusOK, c.userBody(c.s.users.rows[u.id]))
}

func (c *call) giveTempPassword(u user) reply {
	if !slices.Contains(statusesOfPasswords(), u.status) {
		return wrongStatus()
	}
	u.password, u.imported, u.passwordChanged = randomText(12), false, c.now
	c.s.enter(c.author(), u, passwordExpired, c.now)
	return jsonReply(http.StatusOK, obj{"tempPassword": u.password})
}

// statusesOfPasswords are those in which a password can expire: UNVERIFIED beyond ACTIVE.
func statusesOfPasswords() []string { return []string{active, passwordExpired, recovery} }

// changePassword checks the old password. RECOVERY becomes ACTIVE by it, as documented; that PASSWORD_EXPIRED does too is
// UNVERIFIED.
func (c *call) changePassword(u user) reply {
	var body struct {
		Old passwordInput `json:"oldPassword"`
		New passwordInput `json:"newPassword"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if !u.hasPassword() || !slices.Contains([]string{staged, active, passwordExpired, recovery}, u.status) {
		return errorReply(http.StatusForbidden, "E0000035", "Change password not allowed on specified user.")
	}
	if body.Old.Value != u.password || u.password == "" {
		return credentialsRefused("oldPassword: The credentials provided were incorrect.")
	}
	if bad := weak(u, body.New.Value); bad != nil {
		return *bad
	}
	u.password, u.passwordChanged, u.changed = body.New.Value, c.now, c.now
	c.s.users.put(u.id, 0, u)
	c.s.log(c.author(), c.now, event{kind: "user.account.update_password", message: "User update password for Okta", targets: []party{c.s.userParty(u.id)}})
	if u.status == recovery || u.status == passwordExpired {
		c.s.enter(c.author(), u, active, c.now)
	}
	return jsonReply(http.StatusOK, u.credentials())
}

// credentialsRefused is documented; its cause is UNVERIFIED.
func credentialsRefused(cause string) reply {
	return errorReply(http.StatusForbidden, "E0000014", "Update of credentials failed", cause)
}

// changeQuestion checks the password.
func (c *call) changeQuestion(u user) reply {
	var in credentialsInput
	if bad := c.read(&in); bad != nil {
		return *bad
	}
	if !u.hasPassword() || !slices.Contains([]string{staged, active, recovery}, u.status) {
		return errorReply(http.StatusForbidden, "E0000036", "Change recovery question not allowed on specified user.")
	}
	if in.Password == nil || in.Password.Value != u.password || u.password == "" {
		return credentialsRefused("password: The credentials provided were incorrect.")
	}
	if in.Recovery == nil {
		return invalid("recovery_question", "The field cannot be left blank")
	}
	in.Password = nil
	u, bad := c.withCredentials(u, &in, false)
	if bad != nil {
		return *bad
	}
	u.changed = c.now
	c.s.users.put(u.id, 0, u)
	c.s.log(c.author(), c.now, event{kind: "user.account.update_secondary_question", message: "Update recovery question", targets: []party{c.s.userParty(u.id)}})
	return jsonReply(http.StatusOK, u.credentials())
}
