// Profiles of users and groups, and what their schema says of them.

package oktaemu

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"
)

// profile is the user's, of the attributes that the schema defines now. Two are there even without a value, as recorded.
func (s *state) profile(u user) obj {
	out := obj{"mobilePhone": nil, "secondEmail": nil}
	known := s.schemas[userSchema]
	for name, value := range u.attributes {
		if _, ok := known.find(name); ok {
			out[name] = value
		}
	}
	out["login"], out["email"], out["firstName"], out["lastName"] = u.login, u.email, textOrNull(u.firstName), textOrNull(u.lastName)
	return out
}

// withProfile returns the user with the profile, which must be whole and fit the schema. The subject is what Okta calls
// the request in its answer to an attribute that the schema does not define; recorded for a new user only.
func (c *call) withProfile(u user, profile obj, subject string) (user, *reply) {
	if bad := c.s.schemas[userSchema].check(profile, subject); bad != nil {
		return u, bad
	}
	login := text(profile, "login")
	if other, taken := c.s.userByLogin(login); taken && other.id != u.id {
		r := invalid("login", "An object with this field already exists in the current organization")
		return u, &r
	}
	u.login, u.email, u.firstName, u.lastName = login, text(profile, "email"), text(profile, "firstName"), text(profile, "lastName")
	u.attributes = rest(profile, "login", "email", "firstName", "lastName")
	return u, nil
}

// rest is the profile without those attributes and without nulls, which Okta does not keep, as recorded.
func rest(profile obj, names ...string) obj {
	out := maps.Clone(profile)
	maps.DeleteFunc(out, func(name string, value any) bool { return value == nil || slices.Contains(names, name) })
	return out
}

// check tells what is wrong with a profile: one cause for each attribute, in the order of the schema.
func (s schema) check(profile obj, subject string) *reply {
	for _, name := range slices.Sorted(maps.Keys(profile)) {
		if _, ok := s.find(name); !ok {
			r := errorReply(http.StatusBadRequest, "E0000001", "Api validation failed: "+subject, "Property name '"+name+"' is not defined in profile")
			return &r
		}
	}
	var first string
	var causes []string
	for _, a := range s.attributes() {
		if cause := a.complaint(profile[a.name]); cause != "" {
			first = orElse(first, a.name)
			causes = append(causes, a.name+": "+cause)
		}
	}
	if causes == nil {
		return nil
	}
	r := errorReply(http.StatusBadRequest, "E0000001", "Api validation failed: "+first, causes...)
	return &r
}

// complaint says what is wrong with a value. The wordings are Okta's, except that of a wrong type (UNVERIFIED).
func (a attribute) complaint(value any) string {
	if value == nil || value == "" {
		if a.required() {
			return "The field cannot be left blank"
		}
		return ""
	}
	if !a.takes(value) {
		return "The field is not of the type " + a.text("type")
	}
	length := utf8.RuneCountInString(asText(value))
	isText := a.text("type") == "string"
	switch {
	case a.name == "login" && !isEmail(asText(value)):
		return "Username must be in the form of an email address"
	case a.text("format") == "email" && !isEmail(asText(value)):
		return "Does not match required pattern"
	case isText && a.bound("maxLength", length) > 0:
		return "The field is too long"
	case isText && a.bound("minLength", length) < 0:
		return "The field is too short"
	}
	return ""
}

// bound compares the length with a bound of the attribute: 0 where there is none.
func (a attribute) bound(key string, length int) int {
	switch limit := a.body[key].(type) {
	case int:
		return length - limit
	case float64:
		return length - int(limit)
	}
	return 0
}

// takes tells whether the value has the attribute's type.
func (a attribute) takes(value any) bool {
	var ok bool
	switch a.text("type") {
	case "string":
		_, ok = value.(string)
	case "boolean":
		_, ok = value.(bool)
	case "number":
		_, ok = value.(float64)
	case "integer":
		n, isNumber := value.(float64)
		ok = isNumber && n == float64(int64(n))
	case "array":
		_, ok = value.([]any)
	}
	return ok
}

// isEmail is as strict as the two recorded answers show, no more.
func isEmail(s string) bool { return regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s.]+$`).MatchString(s) }
