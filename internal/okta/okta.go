// Package okta is the adapter to Okta's Management API: it reads and changes an org in the words of packages access and
// org. It stands on okta-sdk-golang v2 for requests, authentication mode and types, and puts its own transport below
// it, because the SDK alone would serve stale lists, repeat writes and lose what an error said; see transport.go.
//
// No list is ever cut short: a page that is missing, truncated or of another shape is an error. No write is repeated,
// except where Okta said that it did not do it (retry.go has the table), and once after it has refused a service app's access
// token or proof. Reads keep below Okta's rate limits (pace.go), and fields that this program does not know are told
// (Client.Unfamiliar). Every error is an *Error by errors.As.
package okta

import (
	"cmp"
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
	// RateCeiling is the share of each of Okta's rate limits, in percent, that reads use at most; 0 means 50, which is what
	// Okta lets one token have unless an admin changed it. Writes are not held back for it.
	RateCeiling int
	// Concurrency is how many reads are under way at once, at most 35; 0 means 8. More wait.
	Concurrency int
}

// Client talks to one org. It is safe for concurrent use.
type Client struct {
	org      *url.URL
	cred     credential
	executor *sdk.RequestExecutor // a template: every request works on a copy, since requests change it
	maxPages int
	tempo    *pace

	unfamiliar unfamiliar
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
	pace, err := c.pace()
	if err != nil {
		return nil, err
	}
	wire, err := newTransport(c, org, pace)
	if err != nil {
		return nil, err
	}
	httpClient := &http.Client{
		Transport:     wire,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{org: org, cred: wire.cred, executor: newExecutor(httpClient, org, c.UserAgent), maxPages: maxPages, tempo: pace}, nil
}

// CheckOrgURL says what is wrong with the address of an org.
func CheckOrgURL(address string) error {
	_, err := parseOrgURL(address)
	return err
}

// pace is what the configuration says of pacing.
func (c Config) pace() (*pace, error) {
	switch {
	case c.RateCeiling < 0 || c.RateCeiling > 100:
		return nil, fmt.Errorf("reading the rate ceiling: %d is no share in percent\ngive 1 to 100; Okta's own default is %d", c.RateCeiling, DefaultRateCeiling)
	case c.Concurrency < 0 || c.Concurrency > maxConcurrency:
		return nil, fmt.Errorf("reading the concurrency: %d requests at once are none or too many for Okta\ngive 1 to %d, or 0 for %d", c.Concurrency, maxConcurrency, defaultConcurrency)
	}
	return newPace(cmp.Or(c.RateCeiling, DefaultRateCeiling), cmp.Or(c.Concurrency, defaultConcurrency)), nil
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
