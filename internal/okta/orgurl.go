package okta

// The org's address: which ones are accepted, and how links in answers are brought onto it. The token goes to this
// address and to no other.

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// oktaDomains are the domains under which Okta hosts orgs, each with a twin "<org>-admin" for the Admin Console.
func oktaDomains() []string {
	return []string{"okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil"}
}

// parseOrgURL returns scheme and host of the org. Its errors never hold more of text than the host, since a URL can
// carry a secret elsewhere.
func parseOrgURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case text == "":
		return nil, errors.New("it is empty\ngive the org's address, such as https://acme.okta.com")
	case err != nil:
		return nil, errors.New("it is not a URL\ngive the org's address, such as https://acme.okta.com")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("it names no host\ngive the org's address, such as https://acme.okta.com")
	case u.User != nil:
		return nil, fmt.Errorf("it holds a user name or password (host %q)\ngive scheme and host alone", u.Host)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || (u.Path != "" && u.Path != "/"):
		return nil, fmt.Errorf("it holds more than scheme and host (host %q)\ngive scheme and host alone", u.Host)
	}
	org := &url.URL{Scheme: strings.ToLower(u.Scheme)}
	org.Host = plainHost(org.Scheme, u.Host)
	switch {
	case org.Scheme == "http" && !isLoopback(org.Hostname()):
		return nil, fmt.Errorf("host %q would be reached by plain http, which is for loopback hosts only\nuse https://%s", org.Host, org.Host)
	case org.Scheme != "http" && org.Scheme != "https":
		return nil, fmt.Errorf("host %q has no scheme https\nuse https://%s", org.Host, org.Host)
	}
	if own, isAdmin := withoutAdmin(org.Host); isAdmin {
		return nil, fmt.Errorf("host %q is that of the Admin Console\nuse the org's own address: %s://%s", org.Host, org.Scheme, own)
	}
	return org, nil
}

// plainHost is host in lower case, without the port that the scheme has anyway.
func plainHost(scheme, host string) string {
	port := map[string]string{"https": ":443", "http": ":80"}[scheme]
	return strings.TrimSuffix(strings.ToLower(host), port)
}

// isLoopback tells whether host is localhost or a loopback address.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// withoutAdmin returns the org's own host if host is the Admin Console's in one of Okta's domains.
func withoutAdmin(host string) (string, bool) {
	name, rest, _ := strings.Cut(host, ".")
	domain := rest
	if h, _, err := net.SplitHostPort(rest); err == nil {
		domain = h
	}
	own, isAdmin := strings.CutSuffix(name, "-admin")
	if !isAdmin || !slices.Contains(oktaDomains(), domain) {
		return "", false
	}
	return own + "." + rest, true
}

// ontoOrg returns path and query of a link that an answer gave, to be asked of the org's own host. Okta gives some links
// on the Admin Console's host ("-admin"), which takes no API token. A link to any other host is an error: it may be
// somebody's attempt to get the token.
func ontoOrg(org *url.URL, link string) (string, error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", errors.New("the link to the next page is not a URL")
	}
	u = org.ResolveReference(u)
	host := plainHost(u.Scheme, u.Host)
	switch {
	case u.User != nil || (u.Scheme != "https" && u.Scheme != "http"):
		return "", fmt.Errorf("the link to the next page is not a plain link (scheme %q)", u.Scheme)
	case host != org.Host && host != adminTwin(org.Host):
		return "", fmt.Errorf("the link to the next page leads to another host, %q", u.Host)
	}
	return u.RequestURI(), nil
}

// adminTwin returns the Admin Console's host of the org at host; empty where host is an address.
func adminTwin(host string) string {
	name, rest, dotted := strings.Cut(host, ".")
	if _, err := netip.ParseAddr((&url.URL{Host: host}).Hostname()); err == nil {
		return ""
	}
	if !dotted {
		bare, port, _ := strings.Cut(host, ":")
		return strings.TrimSuffix(bare+"-admin:"+port, ":")
	}
	return name + "-admin." + rest
}
