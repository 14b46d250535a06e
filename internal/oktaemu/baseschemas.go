// The schemas that an org begins with, as recorded of the user's; the group's is read out of Okta's OpenAPI document.

package oktaemu

import "time"

// firstSchemas are those of an org without custom attributes.
func firstSchemas(created time.Time) map[string]schema {
	return map[string]schema{
		userSchema: {base: userAttributes(), changed: created},
		groupSchema: {changed: created, base: []attribute{
			baseAttribute("name", "Name", "READ_ONLY", obj{"required": true, "minLength": 1, "maxLength": 255}),
			baseAttribute("description", "Description", "READ_ONLY", obj{"maxLength": 1024}),
		}},
	}
}

func baseAttribute(name, title, self string, more obj) attribute {
	body := obj{
		"title": title, "type": "string", "mutability": "READ_WRITE", "scope": "NONE",
		"permissions": []obj{{"principal": "SELF", "action": self}}, "master": obj{"type": "PROFILE_MASTER"},
	}
	for key, value := range more {
		body[key] = value
	}
	return attribute{name, body}
}

// userAttributes are Okta's 31 base attributes of a user.
func userAttributes() []attribute {
	const see, write, hide = "READ_ONLY", "READ_WRITE", "HIDE"
	name := obj{"required": true, "minLength": 1, "maxLength": 50}
	phone := obj{"maxLength": 100}
	format := func(f string) obj { return obj{"format": f} }
	return []attribute{
		baseAttribute("login", "Username", see, obj{"required": true, "minLength": 5, "maxLength": 100}),
		baseAttribute("firstName", "First name", write, name),
		baseAttribute("lastName", "Last name", write, name),
		baseAttribute("middleName", "Middle name", see, nil),
		baseAttribute("honorificPrefix", "Honorific prefix", see, nil),
		baseAttribute("honorificSuffix", "Honorific suffix", see, nil),
		baseAttribute("email", "Primary email", write, obj{"required": true, "format": "email"}),
		baseAttribute("title", "Title", see, nil),
		baseAttribute("displayName", "Display name", see, nil),
		baseAttribute("nickName", "Nickname", see, nil),
		baseAttribute("profileUrl", "Profile Url", see, format("uri")),
		baseAttribute("secondEmail", "Secondary email", write, format("email")),
		baseAttribute("mobilePhone", "Mobile phone", write, phone),
		baseAttribute("primaryPhone", "Primary phone", hide, phone),
		baseAttribute("streetAddress", "Street address", hide, nil),
		baseAttribute("city", "City", hide, nil),
		baseAttribute("state", "State", hide, nil),
		baseAttribute("zipCode", "Zip code", hide, nil),
		baseAttribute("countryCode", "Country code", hide, format("country-code")),
		baseAttribute("postalAddress", "Postal Address", hide, nil),
		baseAttribute("preferredLanguage", "Preferred language", see, format("language-code")),
		baseAttribute("locale", "Locale", see, format("locale")),
		baseAttribute("timezone", "Time zone", see, format("timezone")),
		baseAttribute("userType", "User type", see, nil),
		baseAttribute("employeeNumber", "Employee number", write, nil),
		baseAttribute("costCenter", "Cost center", see, nil),
		baseAttribute("organization", "Organization", see, nil),
		baseAttribute("division", "Division", see, nil),
		baseAttribute("department", "Department", see, nil),
		baseAttribute("managerId", "ManagerId", see, nil),
		baseAttribute("manager", "Manager", see, nil),
	}
}
