package oktaemu

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// browser is a person at the Admin Console.
type browser struct {
	w      *world
	client http.Client
}

func newBrowser(w *world) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w, http.Client{Jar: jar}}
}

// page is a page that was shown.
type page struct {
	status int
	path   string
	text   string
	root   *html.Node
	header http.Header
}

func (b *browser) read(resp *http.Response, err error) page {
	b.w.t.Helper()
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(text)))
	if err != nil {
		b.w.t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Request.URL.Path, string(text), root, resp.Header}
}

func (b *browser) open(path string) page { b.w.t.Helper(); return b.read(b.client.Get(b.w.url + path)) }

func (b *browser) post(path string, form url.Values) page {
	b.w.t.Helper()
	return b.read(b.client.PostForm(b.w.url+path, form))
}

func (b *browser) signIn(login, password string) page {
	b.w.t.Helper()
	return b.post("/login/login.htm", url.Values{"login": {login}, "password": {password}})
}

// find returns the first element with that attribute.
func find(n *html.Node, key, value string) *html.Node {
	for c := range n.Descendants() {
		if slices.ContainsFunc(c.Attr, func(a html.Attribute) bool { return a.Key == key && a.Val == value }) {
			return c
		}
	}
	return nil
}

func attr(n *html.Node, key string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

const (
	createPath      = "/admin/access/api/tokens/create"
	invoicePassword = "invoice-emulated-password"
)

func TestTokenIsCreatedInTheConsole(t *testing.T) {
	t.Parallel()
	w := acme(t)
	b := newBrowser(w)
	if p := b.open(createPath); p.path != "/login/login.htm" {
		t.Fatalf("signed out, the form is at %s", p.path)
	}
	if p := b.signIn(invoice, "wrong"); p.status != 401 {
		t.Fatalf("a wrong password: %d", p.status)
	}
	if p := b.signIn("svc-payroll-sync@acme.example", ""); p.status != 401 {
		t.Fatalf("a user without a password: %d", p.status)
	}
	if p := b.signIn(invoice, invoicePassword); p.status != 403 || w.Sessions(invoice) != 1 {
		t.Fatalf("without roles the console answers %d, with %d sessions", p.status, w.Sessions(invoice))
	}
	if p := b.open(createPath); p.status != 403 {
		t.Fatalf("without roles the form answers %d", p.status)
	}
	w.must(w.Assign(invoice, "READ_ONLY_ADMIN"))
	form := b.open(createPath)
	xsrf := attr(find(form.root, "name", "_xsrfToken"), "value")
	zone := w.get("/api/v1/zones").list(t)[0]["id"].(string)
	if find(form.root, "value", zone) == nil || xsrf == "" {
		t.Fatalf("the form lacks a zone or its _xsrfToken:\n%s", form.text)
	}
	if p := b.post(createPath, url.Values{"name": {"invoice-export"}, "network": {zone}, "_xsrfToken": {"forged"}}); p.status != 403 {
		t.Errorf("a forged form: %d", p.status)
	}
	if p := b.post(createPath, url.Values{"name": {" "}, "network": {"ANYWHERE"}, "_xsrfToken": {xsrf}}); p.status != 400 {
		t.Errorf("no name: %d", p.status)
	}
	shown := b.post(createPath, url.Values{"name": {"invoice-export"}, "network": {zone}, "_xsrfToken": {xsrf}})
	value := find(shown.root, "id", "token-value").FirstChild.Data
	if len(value) != 42 || !strings.HasPrefix(value, "00") || !strings.Contains(shown.header.Get("Cache-Control"), "no-store") {
		t.Errorf("value of %d characters, %v", len(value), shown.header)
	}
	if diff := cmp.Diff([]string{"invoice-export"}, w.TokensOf(invoice)); diff != "" {
		t.Error(diff)
	}
	w.as(value, "GET", "/api/v1/users/me", "", 200)
	if list := b.open("/admin/access/api/tokens"); !strings.Contains(list.text, "In Corporate network") || strings.Contains(list.text, value) {
		t.Errorf("the list of tokens:\n%s", list.text)
	}

	w.call("DELETE", "/api/v1/users/"+invoice+"/sessions", "", 204)
	if p := b.open("/admin"); p.path != "/login/login.htm" || w.Sessions(invoice) != 0 {
		t.Errorf("after the sessions were ended the console is at %s", p.path)
	}
	id := w.userID(invoice)
	want := []string{"user.session.start", "user.session.start", "user.session.access_admin_app", "system.api_token.create"}
	if diff := cmp.Diff(want, pluck(w.log(`actor.id eq "`+id+`"`, ""), "eventType")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(1, len(w.log(`actor.id eq "`+id+`" and outcome.result eq "FAILURE"`, ""))); diff != "" {
		t.Error(diff)
	}
}

func TestWhoMayCreateTokens(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]int{
		"SUPER_ADMIN": 200, "ORG_ADMIN": 200, "USER_ADMIN": 200, "GROUP_MEMBERSHIP_ADMIN": 200,
		"READ_ONLY_ADMIN": 200, "APP_ADMIN": 403, "HELP_DESK_ADMIN": 403, "AI_AGENT_ADMIN": 403,
	} {
		for _, viaGroup := range []bool{false, true} {
			w := acme(t)
			b := newBrowser(w)
			b.signIn(invoice, invoicePassword)
			if viaGroup {
				w.must(w.AssignGroup("Invoice readers", role))
				w.must(w.AddMember("Invoice readers", invoice))
			} else {
				w.must(w.Assign(invoice, role))
			}
			if p := b.open(createPath); p.status != want {
				t.Errorf("%s, through a group %v: %d, want %d", role, viaGroup, p.status, want)
			}
		}
	}
}

func TestConsolePages(t *testing.T) {
	t.Parallel()
	w := acme(t)
	b := newBrowser(w)
	if p := b.signIn("ada.admin@acme.example", "ada-emulated-password"); p.path != "/admin" || p.status != 200 {
		t.Fatalf("%d at %s", p.status, p.path)
	}
	admins := b.open("/admin/access/administrators")
	for _, want := range []string{"Group Administrator, through group Helpdesk tier 2", "AI_AGENT_ADMIN", "People reader on Payroll people"} {
		if !strings.Contains(admins.text, want) {
			t.Errorf("the administrators lack %q", want)
		}
	}
	for _, p := range []page{admins, b.open("/admin/access/api/tokens"), b.open(createPath)} {
		if strings.Contains(p.text, "<script") || !strings.Contains(p.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s runs or may run scripts", p.path)
		}
	}
	if p := b.open("/admin/nowhere"); p.status != 501 {
		t.Errorf("an unknown page: %d", p.status)
	}
	xsrf := attr(find(admins.root, "name", "_xsrfToken"), "value")
	if p := b.post("/login/signout", url.Values{"_xsrfToken": {xsrf}}); p.path != "/signed-out" || w.Sessions("ada.admin@acme.example") != 0 {
		t.Errorf("signing out leads to %s with %d sessions", p.path, w.Sessions("ada.admin@acme.example"))
	}
	b.signIn("ada.admin@acme.example", "ada-emulated-password")
	w.must(w.SetStatus("ada.admin@acme.example", "SUSPENDED"))
	if p := b.open("/admin"); p.path != "/login/login.htm" {
		t.Errorf("a suspended user still sees %s", p.path)
	}
	if p := b.signIn("ada.admin@acme.example", "ada-emulated-password"); p.status != 401 {
		t.Errorf("a suspended user signs in: %d", p.status)
	}
}

// TestNamesAreEscaped: what a person can name is text wherever it is shown, also in the value of a field, and no hole to fill.
func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	const hostile = `"><script>alert('{{content}}')</script><x y="`
	w := acme(t)
	w.token(invoice, hostile)
	b := newBrowser(w)
	b.signIn("ada.admin@acme.example", "ada-emulated-password")
	tokens := b.open("/admin/access/api/tokens")
	if strings.Contains(tokens.text, "<script") || !strings.Contains(textUnder(tokens.root), hostile) {
		t.Errorf("a token's name is put into the page as it is, or is lost: %s", tokens.text)
	}
	xsrf := attr(find(b.open(createPath).root, "name", "_xsrfToken"), "value")
	again := b.post(createPath, url.Values{"_xsrfToken": {xsrf}, "name": {hostile}, "network": {"nowhere"}})
	if got := attr(find(again.root, "id", "name"), "value"); again.status != 400 || got != hostile {
		t.Errorf("%d: the field holds %q, not the name\n%s", again.status, got, again.text)
	}
}

// textUnder is the text of everything under a node.
func textUnder(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var out strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		out.WriteString(textUnder(c))
	}
	return out.String()
}
