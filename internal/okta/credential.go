package okta

// Credentials: what a request bears to say who asks. The transport knows them by this interface alone.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// credential authorizes requests. It is safe for concurrent use.
type credential interface {
	// authorize returns the headers that one try of a request to target is to bear. It may have to ask Okta for a token first.
	authorize(ctx context.Context, method string, target *url.URL) (http.Header, *Error)
	// learn takes what any answer says that later requests are to follow.
	learn(got http.Header)
	// remedy says what may make a request succeed that was refused with e, and sees to it that the next authorize does it.
	remedy(sent, got http.Header, e *Error) remedy
	// explain adds to e what the caller can do about it, where that depends on the credential.
	explain(e *Error, got http.Header)
	// secrets are the values that may be in nothing but requests.
	secrets() []string
}

// remedy is a reason to send a request that had no effect once more, at once. Each helps once for a request.
type remedy int

const (
	noRemedy remedy = iota
	newToken
	newNonce
	remedies
)

// credentialOf checks the configuration's credential. ask sends a token request.
func credentialOf(c Config, org *url.URL, ask asker) (credential, error) {
	switch {
	case c.OAuth != nil && !c.Token.IsZero():
		return nil, errors.New("reading the credential: there are an API token and a service app's key\ngive one of them")
	case c.OAuth != nil:
		return newOAuth(*c.OAuth, org, ask)
	}
	if wrong := tokenFault(c.Token.Reveal()); wrong != "" {
		return nil, errors.New("reading the API token: " + wrong)
	}
	return &ssws{c.Token}, nil
}

// tokenFault says what is wrong with an API token, without quoting it; empty if nothing is.
func tokenFault(token string) string {
	const alone = "\ngive the token's value alone, without quotes, spaces or line ends"
	scheme, _, _ := strings.Cut(token, " ")
	switch {
	case strings.TrimSpace(token) == "":
		return "it is empty" + alone
	case strings.EqualFold(scheme, "SSWS"):
		return "it begins with SSWS, the name of the scheme\ngive the token's value alone, without the word SSWS"
	case !isHeaderText(token) || strings.ContainsAny(token, " \"'`"):
		return "it holds characters that no API token has" + alone
	}
	return ""
}

// ssws is an API token as a credential: all that its owner may do.
type ssws struct{ token access.Secret }

func (s *ssws) authorize(context.Context, string, *url.URL) (http.Header, *Error) {
	return http.Header{"Authorization": {"SSWS " + s.token.Reveal()}}, nil
}

func (*ssws) learn(http.Header) {}

func (*ssws) remedy(http.Header, http.Header, *Error) remedy { return noRemedy }

func (*ssws) explain(e *Error, _ http.Header) {
	if e.Status == http.StatusUnauthorized {
		e.Advice = "The API token is wrong, expired, of another org, or may not be used from this network."
	}
}

func (s *ssws) secrets() []string { return []string{s.token.Reveal()} }

// Format keeps the token from being printed: fmt does not ask a field that is not exported how it wants to be.
func (s *ssws) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "API token") }

// hide returns s as one printable line without the secrets.
func hide(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, access.NewSecret(secret).String())
		}
	}
	return oneLine(s)
}

// secretsOf returns what headers that authorize a request may not be quoted with.
func secretsOf(auth http.Header) []string {
	var out []string
	for _, value := range auth {
		_, bare, _ := strings.Cut(value[0], " ")
		out = append(out, bare, value[0])
	}
	return out
}

// issued returns the token that an answer of the token endpoint issues, so that nothing else of the same answer can repeat it.
func issued(path string, content []byte) []string {
	var body struct {
		Token string `json:"access_token"`
	}
	if path != TokenPath || json.Unmarshal(content, &body) != nil {
		return nil
	}
	return []string{body.Token}
}
