package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// operator is the person of the story: it does in the emulated Admin Console what the program asks for, over HTTP, as a
// browser would.
type operator struct {
	orgURL   string
	login    string
	password string
	browser  *http.Client
}

func newOperator(orgURL, login, password string) (*operator, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &operator{orgURL: orgURL, login: login, password: password, browser: &http.Client{Jar: jar, Timeout: 10 * time.Second}}, nil
}

// The pages of the emulated console.
const (
	pageSignIn      = "/login/login.htm"
	pageCreateToken = "/admin/access/api/tokens/create"
)

// createToken signs in as the account, again and again until the console lets it create a token, creates it and returns
// the value that the page shows once.
func (o *operator) createToken(ctx context.Context, name, zone string) (string, error) {
	for {
		value, err := o.tryCreate(ctx, name, zone)
		if err == nil || !errors.Is(err, errNotYet) {
			return value, err
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// errNotYet says that the account is not elevated.
var errNotYet = errors.New("the console does not offer to create a token")

func (o *operator) tryCreate(ctx context.Context, name, zone string) (string, error) {
	if _, err := o.send(ctx, pageSignIn, url.Values{"login": {o.login}, "password": {o.password}}); err != nil {
		return "", fmt.Errorf("signing in as %q: %w", o.login, err)
	}
	form, err := o.send(ctx, pageCreateToken, nil)
	if err != nil {
		return "", err
	}
	page, err := o.send(ctx, pageCreateToken, url.Values{
		"name": {name}, "network": {optionCalled(form, zone)}, "_xsrfToken": {attribute(form, "name", "_xsrfToken", "value")},
	})
	if err != nil {
		return "", err
	}
	value := textOf(page, "token-value")
	switch {
	case value == "" && (asksToSignIn(form) || asksToSignIn(page)):
		return "", errNotYet // the session was ended meanwhile, as it is just before the account is elevated
	case value == "":
		return "", errors.New("the page does not show the token")
	}
	return value, nil
}

// asksToSignIn tells whether the page is the one for whoever is not signed in.
func asksToSignIn(page *html.Node) bool {
	return find(page, func(n *html.Node) bool { return attr(n, "name") == "password" }) != nil
}

// send gets a page, or posts a form to it where there is one, and parses what comes back.
func (o *operator) send(ctx context.Context, page string, form url.Values) (*html.Node, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, o.orgURL+page, body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := o.browser.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusForbidden:
		return nil, errNotYet
	case resp.StatusCode >= 400:
		return nil, fmt.Errorf("the console answered %s", resp.Status)
	}
	return html.Parse(resp.Body)
}

// find returns the first element below n that is wanted.
func find(n *html.Node, wanted func(*html.Node) bool) *html.Node {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && wanted(c) {
			return c
		}
	}
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// attribute returns an attribute of the first element whose attribute key has that value.
func attribute(page *html.Node, key, value, want string) string {
	n := find(page, func(n *html.Node) bool { return attr(n, key) == value })
	if n == nil {
		return ""
	}
	return attr(n, want)
}

// textOf returns the text of the element with that id.
func textOf(page *html.Node, id string) string {
	n := find(page, func(n *html.Node) bool { return attr(n, "id") == id })
	if n == nil || n.FirstChild == nil {
		return ""
	}
	return strings.TrimSpace(n.FirstChild.Data)
}

// optionCalled returns the value of the option whose text is label, or ANYWHERE where there is none.
func optionCalled(page *html.Node, label string) string {
	n := find(page, func(n *html.Node) bool {
		return n.Data == "option" && n.FirstChild != nil && strings.Contains(n.FirstChild.Data, label)
	})
	if label == "" || n == nil {
		return "ANYWHERE"
	}
	return attr(n, "value")
}
