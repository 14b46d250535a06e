// Package okta is the adapter to Okta's Management API: it reads and changes an org in the words of packages access and
// org. It stands on okta-sdk-golang v2 for requests, authentication mode and types, and puts its own transport below
// it, because the SDK alone would serve stale lists, repeat writes and lose what an error said; see transport.go.
//
// No list is ever cut short: a page that is missing, truncated or of another shape is an error. No write is repeated,
// except after a 429, which Okta answers before it acts. Every error is an *Error by errors.As.
package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/cache"

	"github.com/stepdown/stepdown/internal/access"
)

// Config says which org to talk to, and as whom. Nothing else has an effect: neither OKTA_* variables nor the files
// ~/.okta/okta.yaml and .okta.yaml nor the proxy variables are read.
type Config struct {
	// OrgURL is the org's own address, such as https://acme.okta.com: https, or http for a loopback host only.
	OrgURL string
	// Token is an API token, and OAuth a service app: one of the two is given. They are shown to OrgURL and to nobody else.
	Token access.Secret
	OAuth *OAuth
	// Transport carries every request. It is required, because http.DefaultTransport would take a proxy from the
	// environment. Where it is faulty or slow is not its own business: requests have a deadline of their own.
	Transport http.RoundTripper
	// Observe is told of every request that was sent, each try by itself, after its answer was read; it may be nil.
	// It is called from the goroutine of the call, possibly from several at once.
	Observe func(access.Exchange)
	// UserAgent is added to the SDK's User-Agent.
	UserAgent string
}

// Client talks to one org. It is safe for concurrent use.
type Client struct {
	org      *url.URL
	cred     credential
	executor *sdk.RequestExecutor // a template: every request works on a copy, since requests change it
	maxPages int
}

// maxPages bounds a listing: at 200 items a page it is a million items, more than any org that this program can audit.
const maxPages = 5000

// New makes a client. It checks the configuration and sends nothing; ctx is not kept.
func New(ctx context.Context, c Config) (*Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("setting up the connection to Okta: %w", err)
	}
	org, err := parseOrgURL(c.OrgURL)
	if err != nil {
		return nil, fmt.Errorf("reading the org's URL: %w", err)
	}
	if !isHeaderText(c.UserAgent) {
		return nil, errors.New("reading the user agent: it holds characters that a header may not")
	}
	if c.Transport == nil {
		return nil, errors.New("connecting to Okta: no transport was given")
	}
	wire, err := newTransport(c, org)
	if err != nil {
		return nil, err
	}
	httpClient := &http.Client{
		Transport:     wire,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{org: org, cred: wire.cred, executor: newExecutor(httpClient, org, c.UserAgent), maxPages: maxPages}, nil
}

// newExecutor makes the SDK's request executor without its NewClient, which would read files and variables, and print
// to standard output where it cannot parse them. The SDK does not export its configuration's type; freshConfig gets an
// empty one all the same. The SDK never sees the credential: the transport puts it in.
func newExecutor(httpClient *http.Client, org *url.URL, userAgent string) *sdk.RequestExecutor {
	config := freshConfig(sdk.WithCache(false))
	for _, set := range []sdk.ConfigSetter{
		sdk.WithOrgUrl(org.String()),
		sdk.WithAuthorizationMode("SSWS"),
		sdk.WithToken("set-by-transport"),
		sdk.WithUserAgentExtra(userAgent),
		sdk.WithRateLimitMaxRetries(0),
		sdk.WithRequestTimeout(0),
	} {
		set(config)
	}
	return sdk.NewRequestExecutor(httpClient, cache.NewNoOpCache(), config)
}

// freshConfig returns an empty value of the type that the setter sets.
func freshConfig[T any](func(*T)) *T { return new(T) }

// isHeaderText tells whether s is printable ASCII, so that it can stand in a header.
func isHeaderText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
