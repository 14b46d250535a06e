// The look of the Admin Console: templates and what they are given.

package oktaemu

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pageData is what a page may show.
type pageData struct {
	Title, Problem string
	Org            string
	User           string // display name of the session's user; empty when signed out
	UserLogin      string
	XSRF           string

	Login     string
	Roles     []string
	Admins    []adminRow
	Tokens    []tokenRow
	MayCreate bool
	Zones     []zoneChoice
	Name      string
	Network   string
	Value     string
}

type adminRow struct {
	Name, Login, Status string
	Roles               []string
}

type tokenRow struct{ Name, Owner, Client, Network, Created, Expires string }

type zoneChoice struct{ ID, Name string }

// render makes a page. No page runs scripts or loads anything.
func (c *call) render(status int, name string, data pageData) reply {
	data.Org = c.s.company
	if u, ok := c.s.users.rows[c.caller.id]; ok {
		_, held := c.session()
		data.User, data.UserLogin, data.XSRF = u.displayName(), u.login, held.xsrf
	}
	t, err := template.ParseFS(pageFiles, "pages/layout.html", "pages/"+name+".html")
	if err != nil {
		panic(fmt.Sprintf("oktaemu: page %s: %v", name, err)) // the pages are embedded
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout.html", data); err != nil {
		panic(fmt.Sprintf("oktaemu: page %s: %v", name, err))
	}
	return reply{status: status, body: out.Bytes(), header: http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
		"X-Content-Type-Options":  {"nosniff"},
		"Referrer-Policy":         {"no-referrer"},
		"Cache-Control":           {"no-store"},
	}}
}

// roleNames lists what a user holds, in the words of the Admin Console.
func (c *call) roleNames(userID string) []string {
	var out []string
	for _, h := range c.s.holdings(userID) {
		name := roleLabel(h.kind)
		if h.kind == custom {
			name = c.s.roles.rows[h.roleID].label + " on " + c.s.sets.rows[h.setID].label
		}
		if h.via != "" {
			name += ", through group " + c.s.groups.rows[h.via].name
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (c *call) tokenRow(t token) tokenRow {
	const day = "2006-01-02 15:04 MST"
	var zones []string
	for _, id := range slices.Concat(t.network.include, t.network.exclude) {
		zones = append(zones, c.s.zones.rows[id].name)
	}
	row := tokenRow{
		Name: t.name, Owner: c.s.users.rows[t.userID].login, Client: t.clientName, Network: "Anywhere",
		Created: t.created.Format(day), Expires: t.expires.Format(day),
	}
	switch {
	case len(t.network.include) > 0:
		row.Network = "In " + strings.Join(zones, ", ")
	case len(t.network.exclude) > 0:
		row.Network = "Not in " + strings.Join(zones, ", ")
	}
	return row
}
