// API tokens: /api/v1/api-tokens. There is no route that creates one, in Okta neither; the Admin Console does.

package oktaemu

import (
	"net/http"
	"slices"
	"time"
)

func tokenRoutes() []route {
	const all, one = "/api/v1/api-tokens", "/api/v1/api-tokens/{token}"
	const read, manage, cassette = "okta.apiTokens.read", "okta.apiTokens.manage", "TestAccResourceAPITokenResource_basic/oie-00 id "
	return []route{
		{get, all, readTokens, read, []string{"limit", "after"}, (*call).listTokens, inSpec("listApiTokens; the parameters are those of its former reference page")},
		{del, "/api/v1/api-tokens/current", anyUser, "", nil, (*call).deleteCurrentToken, inSpec("revokeCurrentApiToken")},
		{get, one, readTokens, read, nil, (*call).getToken, recorded(cassette + "0")},
		{put, one, writeTokens, manage, nil, (*call).putToken, recorded(cassette + "4")},
		{del, one, writeTokens, manage, nil, (*call).deleteToken, recorded(cassette + "6")},
	}
}

type network struct {
	connection       string
	include, exclude []string
}

type token struct {
	id, name, userID, clientName string
	network                      network
	created, updated, expires    time.Time
}

// networkBody leaves include and exclude out where they are not set, as recorded.
type networkBody struct {
	Connection string   `json:"connection"`
	Include    []string `json:"include,omitempty"`
	Exclude    []string `json:"exclude,omitempty"`
}

// tokenBody leaves userId and the user's link out for a token without owner.
func (c *call) tokenBody(t token) obj {
	self := c.base + "/api/v1/api-tokens/" + t.id
	links := obj{"self": obj{"href": self, "hints": obj{"allow": []string{"GET", "DELETE"}}}}
	body := obj{
		"id": t.id, "name": t.name, "clientName": t.clientName, "tokenWindow": "P30D", "expiresAt": stamp(t.expires),
		"created": stamp(t.created), "lastUpdated": stamp(t.updated), "_links": links,
		"network": networkBody{t.network.connection, t.network.include, t.network.exclude},
	}
	if t.userID != "" {
		body["userId"] = t.userID
		links["user"] = obj{"href": c.base + "/api/v1/users/" + t.userID, "hints": obj{"allow": []string{"GET"}}}
	}
	return body
}

// listTokens gives pages of 20 with Link headers: an older page of Okta's documentation says so, the current one is
// silent (UNVERIFIED).
func (c *call) listTokens() reply {
	var items []listed
	for seq, t := range c.s.tokens.all() {
		items = append(items, listed{seq, func() obj { return c.tokenBody(t) }})
	}
	return c.linkPage(items, 20, 200)
}

func (c *call) token() (token, *reply) {
	t, ok := c.s.tokens.rows[c.vars["token"]]
	if !ok {
		r := notFound(c.vars["token"], "ApiToken")
		return token{}, &r
	}
	return t, nil
}

func (c *call) getToken() reply {
	t, bad := c.token()
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, c.tokenBody(t))
}

// putToken changes the network condition. What another name, owner or client would do is UNVERIFIED; all three must be
// there and be what was read.
func (c *call) putToken() reply {
	t, bad := c.token()
	if bad != nil {
		return *bad
	}
	var body struct {
		Name       string      `json:"name"`
		UserID     string      `json:"userId"`
		ClientName string      `json:"clientName"`
		Network    networkBody `json:"network"`
	}
	if bad := c.read(&body); bad != nil {
		return *bad
	}
	if body.Name != t.name || body.UserID != t.userID || body.ClientName != t.clientName {
		return invalid("name, userId, clientName", "must be those of the token")
	}
	zones := slices.Concat(body.Network.Include, body.Network.Exclude)
	for _, id := range zones {
		if _, ok := c.s.zones.rows[id]; !ok {
			return invalid("network", id+" is not a network zone")
		}
	}
	if body.Network.Connection != anywhere && body.Network.Connection != inZone ||
		(body.Network.Connection == inZone) != (len(zones) > 0) {
		return invalid("network", "connection is ANYWHERE, or ZONE with include or exclude")
	}
	t.network = network{body.Network.Connection, body.Network.Include, body.Network.Exclude}
	t.updated = c.now
	c.s.tokens.put(t.id, 0, t)
	c.s.log(c.author(), c.now, event{kind: "system.api_token.update", message: "Update API token", targets: []party{tokenParty(t)}})
	return jsonReply(http.StatusOK, c.tokenBody(t))
}

func (c *call) deleteToken() reply {
	t, bad := c.token()
	if bad != nil {
		return *bad
	}
	c.s.revokeToken(c.author(), t.id, c.now)
	return noContent()
}

func (c *call) deleteCurrentToken() reply {
	c.s.revokeToken(c.author(), c.tokenID, c.now)
	return noContent()
}
