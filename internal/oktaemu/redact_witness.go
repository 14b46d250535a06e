//go:build witness

// Takes secrets out of what is written down of an exchange, leaving its shape as it was.

package oktaemu

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// redacted stands for a secret. It is as long as Okta's document wants secrets to be.
const redacted = "[redacted by the witness]"

// secretKeys are the names, in lower case, whose text is a secret wherever it stands, at any depth below too.
func secretKeys() []string {
	return []string{
		"password", "passcode", "answer", "client_secret", "client_assertion", "assertion", "token", "access_token", "id_token",
		"refresh_token", "sessiontoken", "statetoken", "activationtoken", "recoverytoken", "activationurl", "resetpasswordurl",
		"temppassword", "privatekey", "private_key", "xsrf", "_xsrftoken", "authorization", "secret", "sharedsecret",
	}
}

func isSecret(key string) bool { return slices.Contains(secretKeys(), strings.ToLower(key)) }

// privateParts are the members of a JSON Web Key that are not public (RFC 7518, section 6).
func privateParts() []string { return []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} }

// redactJSON returns the JSON without secrets, or nil where the text is not JSON.
func redactJSON(text []byte) json.RawMessage {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var value any
	if dec.Decode(&value) != nil || dec.More() {
		return nil
	}
	return encoded(redact(value, false))
}

// isPublic tells the names below a password that are no secrets: how it is hashed.
func isPublic(key string) bool {
	return slices.Contains([]string{"algorithm", "saltOrder", "type"}, key)
}

// redact replaces text; numbers, booleans and null stay, as do the names.
func redact(value any, secret bool) any {
	switch v := value.(type) {
	case map[string]any:
		_, key := v["kty"]
		for name, inner := range v {
			v[name] = redact(inner, secret && !isPublic(name) || isSecret(name) || key && slices.Contains(privateParts(), name))
		}
	case []any:
		for i, inner := range v {
			v[i] = redact(inner, secret)
		}
	case string:
		if secret {
			return redacted
		}
	}
	return value
}

func encoded(value any) json.RawMessage {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		panic("oktaemu: redacted JSON: " + err.Error()) // it was decoded before
	}
	return bytes.TrimSpace(out.Bytes())
}

// redactSent reads a body by its media type.
func redactSent(mediaType string, body []byte) json.RawMessage {
	if mediaType != "application/x-www-form-urlencoded" {
		return redactJSON(body)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return encoded(withoutSecrets(form))
}

func withoutSecrets(form url.Values) url.Values {
	for key, values := range form {
		for i := range values {
			if isSecret(key) && values[i] != "true" && values[i] != "false" { // tempPassword asks for one
				values[i] = redacted
			}
		}
	}
	return form
}

// redactTarget is the path with the query, as it was sent but for secrets.
func redactTarget(u *url.URL) string {
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + withoutSecrets(u.Query()).Encode()
}
