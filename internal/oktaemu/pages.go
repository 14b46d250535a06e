// The look of the Admin Console: its pages and what they are given.

package oktaemu

import (
	"cmp"
	"embed"
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
	page := filled("layout", map[string]markup{
		"title": escaped(data.Title), "org": escaped(data.Org), "navigation": data.navigation(), "content": data.content(name),
	})
	return reply{status: status, body: []byte(page), header: http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
		"X-Content-Type-Options":  {"nosniff"},
		"Referrer-Policy":         {"no-referrer"},
		"Cache-Control":           {"no-store"},
	}}
}

// navigation is what a page of somebody who is signed in begins with.
func (d pageData) navigation() markup {
	if d.User == "" {
		return ""
	}
	return filled("navigation", map[string]markup{"xsrf": escaped(d.XSRF), "login": escaped(d.UserLogin)})
}

// content is what a page has of its own.
func (d pageData) content(name string) markup {
	item := func(text string) markup { return "\n<li>" + escaped(text) + "</li>" }
	holes := map[string]markup{
		"problem": alert(d.Problem), "xsrf": escaped(d.XSRF), "name": escaped(d.Name), "value": escaped(d.Value), "user": escaped(d.User),
	}
	switch name {
	case "login":
		holes["login"] = escaped(d.Login)
	case "home":
		holes["roles"] = each(d.Roles, item)
	case "administrators":
		holes["rows"] = each(d.Admins, func(r adminRow) markup {
			return "\n<tr><td>" + escaped(r.Name) + `<br><span class="soft">` + escaped(r.Login) + "</span></td>" + column(r.Status) +
				`<td><ul class="plain">` + each(r.Roles, item) + "</ul></td></tr>"
		})
	case "create":
		holes["login"], holes["choices"] = escaped(d.UserLogin), d.choices()
	case "tokens":
		holes["create"], holes["tokens"] = "", d.tokens()
		if d.MayCreate {
			holes["create"] = `<p><a class="button" href="/admin/access/api/tokens/create">Create token</a></p>`
		}
	}
	return filled(name, holes)
}

// choices are what a token's use can be limited to.
func (d pageData) choices() markup {
	return each(append([]zoneChoice{{ID: "ANYWHERE"}}, d.Zones...), func(z zoneChoice) markup {
		selected, text := markup(""), "In zone: "+z.Name
		if z.ID == d.Network {
			selected = " selected"
		}
		if z.ID == "ANYWHERE" {
			text = "Any IP"
		}
		return "\n" + `<option value="` + escaped(z.ID) + `"` + selected + ">" + escaped(text) + "</option>"
	})
}

// tokens is the table of tokens.
func (d pageData) tokens() markup {
	if len(d.Tokens) == 0 {
		return "<p>There are no tokens to show.</p>"
	}
	return filled("tokentable", map[string]markup{"rows": each(d.Tokens, func(r tokenRow) markup {
		return "\n<tr>" + column(r.Name) + column(cmp.Or(r.Owner, "none")) + column(r.Client) + column(r.Network) + column(r.Created) + column(r.Expires) + "</tr>"
	})})
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
