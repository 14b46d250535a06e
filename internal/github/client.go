// Package github reads from GitHub what a decision rests on: pull requests with their reviews and changed files, files and Git
// objects at an exact commit, who pushed, who may do what, and what is enforced. It writes commits, branches, comments, check
// runs and issues. It decides nothing. Every request passes the RoundTripper that is given to New.
//
// It is the only package that imports go-github. That client's traps and what closes them here:
//   - its token is set on every hop of a redirect, whatever the host: the token is set in transport.go, for one origin
//     only, and redirects are not followed;
//   - an empty body with status 200, or null, decodes to an empty list without an error: an empty body is an error in
//     transport.go, and a list that is absent is one in pages;
//   - a Link header that it cannot read ends a list early: pages goes on until a page is short, nextCursor reads it itself;
//   - its decoders of rules and of an environment's reviewers panic at null, and some routes do not escape names: get;
//   - GetContents follows symlinks, and answers nil, nil, nil to null: File compares with the directory's listing;
//   - it keeps rate limits itself and answers from memory: that is switched off, transport.go waits instead.
package github

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

// Config says what to read from, and with what.
type Config struct {
	APIURL     string            // GITHUB_API_URL, such as https://api.github.com; http is accepted for loopback addresses only
	Repository string            // "owner/name"
	Token      access.Secret     // what it needs is up to what is called; a refusal says it
	App        *App              // instead of Token: the tokens are this App's
	Transport  http.RoundTripper // carries every request; it should not take a proxy from the environment
	UserAgent  string
}

// Client reads and writes one repository. It is safe for concurrent use.
type Client struct {
	api         *gh.Client
	repository  string
	owner, name string
	app         *app // nil where the token was given
	id          identity
}

// New checks the configuration; it sends nothing.
func New(c Config) (*Client, error) {
	origin, err := apiURL(c.APIURL)
	if err != nil {
		return nil, err
	}
	owner, name, err := splitRepository(c.Repository)
	if err != nil {
		return nil, err
	}
	if c.Transport == nil {
		return nil, errors.New("connecting to GitHub: no transport was given")
	}
	connect := func(tokens tokens) (*gh.Client, error) { return connection(c, origin, tokens) }
	client := &Client{repository: c.Repository, owner: owner, name: name}
	var source tokens = given{c.Token}
	switch token := c.Token.Reveal(); {
	case c.App != nil && token != "":
		return nil, errors.New("connecting to GitHub: there are two credentials, a token and an App")
	case c.App != nil:
		if client.app, err = newApp(*c.App, owner, name, connect); err != nil {
			return nil, err
		}
		source = client.app
	case token == "":
		return nil, errors.New("connecting to GitHub: no token\ngive the workflow's token as input github-token, or set GITHUB_TOKEN, or STEPDOWN_APP_ID and STEPDOWN_APP_KEY")
	case !isToken(token):
		return nil, errors.New("connecting to GitHub: the token holds blanks or characters that no token has")
	}
	if client.api, err = connect(source); err != nil {
		return nil, err
	}
	return client, nil
}

// isToken tells whether text can be a token, and goes into a header as it is. Tokens have no length to count on: docs.github.com,
// "Generating an installation access token for a GitHub App".
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// connection makes the client that asks with the tokens.
func connection(c Config, origin *url.URL, tokens tokens) (*gh.Client, error) {
	base := origin.String()
	api, err := gh.NewClient(
		gh.WithHTTPClient(&http.Client{
			Transport: &transport{base: c.Transport, scheme: origin.Scheme, host: origin.Host, tokens: tokens},
			// Whatever moved is not what was approved. The transport refuses redirects before this is asked.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		gh.WithURLs(&base, nil),
		gh.WithUserAgent(c.UserAgent),
		gh.WithDisableRateLimitCheck(),
	)
	if err != nil {
		return nil, fmt.Errorf("connecting to GitHub: %w", err)
	}
	return api, nil
}

// apiURL parses the address of the API. It refuses what could send the token in the clear or elsewhere.
func apiURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// url.Error quotes the address, which may hold a password.
		return nil, errors.New("connecting to GitHub: the API URL is malformed")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("connecting to GitHub: the API URL holds a user name or password")
	case u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
		return nil, fmt.Errorf("connecting to GitHub: API URL %q is not of the form https://host/path", raw)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("connecting to GitHub: API URL %q is not https\nplain http is accepted for loopback addresses only", raw)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// splitRepository takes "owner/name" apart; both parts are GitHub's alphabet, so that they cannot reach another route.
func splitRepository(repository string) (owner, name string, err error) {
	part := regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	owner, name, ok := strings.Cut(repository, "/")
	for _, p := range []string{owner, name} {
		ok = ok && part.MatchString(p) && p != "." && p != ".."
	}
	if !ok {
		return "", "", fmt.Errorf("connecting to GitHub: repository %q is not of the form owner/name", repository)
	}
	return owner, name, nil
}

// isSHA tells whether s is the full SHA-1 name of a commit, in lower case as GitHub writes it. GitHub refuses branches
// and tags of that form, so that it can name nothing else.
func isSHA(s string) bool {
	if len(s) != 40 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// BranchHead returns the SHA of the commit that the branch is at now.
func (c *Client) BranchHead(ctx context.Context, branch string) (string, error) {
	sha, err := c.branchHead(ctx, branch)
	if err != nil {
		return "", fmt.Errorf("reading the head of branch %q: %w", branch, clean(err))
	}
	return sha, nil
}

func (c *Client) branchHead(ctx context.Context, branch string) (string, error) {
	if !isBranchName(branch) {
		return "", errors.New("not a branch name")
	}
	ref, _, err := c.api.Git.GetRef(ctx, c.owner, c.name, "heads/"+branch)
	switch {
	case err != nil:
		return "", err
	case ref.GetRef() != "refs/heads/"+branch:
		return "", fmt.Errorf("github: the answer is for %q", ref.GetRef())
	case ref.GetObject().GetType() != "commit" || !isSHA(ref.GetObject().GetSHA()):
		return "", fmt.Errorf("github: the branch is at a %s %q, not at a commit", ref.GetObject().GetType(), ref.GetObject().GetSHA())
	}
	return ref.GetObject().GetSHA(), nil
}

// isBranchName is stricter than Git: it refuses what could leave the route.
func isBranchName(branch string) bool {
	return branch != "" && !strings.HasPrefix(branch, "/") && !strings.HasSuffix(branch, "/") &&
		!strings.Contains(branch, "..") && !strings.Contains(branch, "//") &&
		!strings.ContainsFunc(branch, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`\?*[~^:`, r) })
}
