package cli

// The credential of the org: an API token, or a service app with what each verb needs and no more.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/okta"
)

// The variables of the environment that hold the credential.
const (
	envAPIToken = "OKTA_API_TOKEN"
	envClientID = "OKTA_CLIENT_ID"
	envKey      = "OKTA_PRIVATE_KEY"
	envKeyID    = "OKTA_PRIVATE_KEY_ID"
)

// scopesOf returns the OAuth scopes that a verb asks for. A ".manage" scope is not taken to include ".read".
func scopesOf(verb string) []string {
	switch verb {
	case "plan":
		return []string{"okta.apiTokens.read", "okta.groups.read", "okta.networkZones.read", "okta.roles.read", "okta.users.read"}
	case "audit":
		return []string{"okta.apiTokens.read", "okta.clients.read", "okta.groups.read", "okta.roles.read", "okta.users.read"}
	case "sweep": // and the post step
		return []string{"okta.apiTokens.manage", "okta.apiTokens.read", "okta.logs.read", "okta.roles.manage", "okta.roles.read", "okta.users.manage"}
	default: // apply and downgrade
		return []string{
			"okta.apiTokens.manage", "okta.apiTokens.read", "okta.groups.read", "okta.logs.read", "okta.networkZones.read",
			"okta.roles.manage", "okta.roles.read", "okta.users.manage", "okta.users.read",
		}
	}
}

// credential reads the credential for a verb from the environment, has the runner mask it, and puts it into c.
func (s *session) credential(verb string, c *okta.Config) error {
	token, key := access.NewSecret(strings.Trim(s.env.Getenv(envAPIToken), "\r\n")), access.NewSecret(s.env.Getenv(envKey))
	s.runner.Mask(token)
	for _, part := range keySecrets(key) {
		s.runner.Mask(part)
	}
	id, keyID := strings.TrimSpace(s.env.Getenv(envClientID)), s.env.Getenv(envKeyID)
	hint := s.envHint(envAPIToken, envClientID, envKey)
	isApp := id != "" || !key.IsZero() || keyID != ""
	if strays := s.isSet(envClientID, envKey, envKeyID); !token.IsZero() && len(strays) > 0 && len(s.isSet(envClientID, envKey)) < 2 && verb == "sweep" {
		s.warn(fmt.Errorf("%s: ignored, as no whole credential, beside %s", strings.Join(strays, ", "), envAPIToken)) // another step's; an account may be elevated
		isApp = false
	}
	switch {
	case !token.IsZero() && isApp:
		return usage("Unset one of the two.", "there are two credentials: %s, and a service app's (%s)", envAPIToken, strings.Join(s.isSet(envClientID, envKey, envKeyID), ", "))
	case !token.IsZero():
		c.Token = token
	case !isApp:
		return usage(hint, "%s is not set, nor are %s and %s: an API token of the org, or the client id and the private key of a service app", envAPIToken, envClientID, envKey)
	case id == "":
		return usage(hint, "%s is not set: the client id of the service app whose key %s is", envClientID, envKey)
	case key.IsZero():
		return usage(hint, "%s is not set: the private key of the service app %s, as PEM or as a JWK", envKey, id)
	default:
		c.OAuth = &okta.OAuth{ClientID: id, Key: key, KeyID: keyID, Scopes: scopesOf(verb), Made: s.runner.Mask}
	}
	return nil
}

// isSet returns those of the variables that are not empty.
func (s *session) isSet(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return strings.TrimSpace(s.env.Getenv(name)) == "" })
}

// keySecrets returns what is to be masked of a private key: of PEM all lines, also where their ends are written out; of JSON
// the whole on one line, the private members of every JWK in it, in any case, or, where there are none, all that could be one. JSON is
// never masked line by line: a line can be a lone brace.
func keySecrets(key access.Secret) []access.Secret {
	text := strings.TrimSpace(key.Reveal())
	var tree any
	if json.Unmarshal([]byte(text), &tree) != nil {
		if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") { // damaged: its longer words
			return longWords(text)
		}
		return []access.Secret{access.NewSecret(text), access.NewSecret(strings.NewReplacer(`\r`, "", `\n`, "\n").Replace(text))}
	}
	var line bytes.Buffer
	out := []access.Secret{}
	if json.Compact(&line, []byte(text)) == nil {
		out = append(out, access.NewSecret(line.String()))
	}
	private := privateMembers("", tree)
	if len(private) == 0 {
		private = longWords(text)
	}
	return append(out, private...)
}

// privateMembers returns the values, under whatever is in value, of the members that a JWK keeps private.
func privateMembers(name string, value any) []access.Secret {
	var out []access.Secret
	switch v := value.(type) {
	case string:
		if slices.Contains([]string{"d", "p", "q", "dp", "dq", "qi", "k", "r", "t"}, strings.ToLower(name)) && len(v) >= shortestNumber {
			out = append(out, access.NewSecret(v))
		}
	case []any:
		for _, item := range v {
			out = append(out, privateMembers(name, item)...)
		}
	case map[string]any:
		for _, inner := range slices.Sorted(maps.Keys(v)) {
			out = append(out, privateMembers(inner, v[inner])...)
		}
	}
	return out
}

// shortestNumber is the least length of what is masked: a mask of a letter or two would be in every line.
const shortestNumber = 8

// longWords returns the runs of characters that could be a number of a key.
func longWords(text string) []access.Secret {
	var out []access.Secret
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("{}[]:,\" \t\r\n\\", r) }) {
		if len(word) >= 20 {
			out = append(out, access.NewSecret(word))
		}
	}
	return out
}
