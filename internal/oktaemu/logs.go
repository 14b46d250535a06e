// The System Log: /api/v1/logs. https://developer.okta.com/docs/reference/system-log-query

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// logKept is how far back since may lie.
const logKept = 180 * 24 * time.Hour

func logRoutes() []route {
	query := []string{"limit", "after", "since", "until", "filter", "q", "sortOrder"}
	return []route{
		{get, "/api/v1/logs", readLogs, "okta.logs.read", query, (*call).listLogs, documented("System Log query")},
	}
}

// listLogs answers a bounded query in order of publication. A query without until and in ascending order polls: it
// always has a next page.
func (c *call) listLogs() reply {
	since, until := c.now.Add(-7*24*time.Hour), c.now
	for parameter, to := range map[string]*time.Time{"since": &since, "until": &until} {
		if text := c.query.Get(parameter); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return invalid(parameter, "is not an RFC 3339 time")
			}
			*to = at
		}
	}
	if since.Before(c.now.Add(-logKept)) {
		return invalidFilter("since is too old")
	}
	pass, bad := c.logFilter()
	if bad != nil {
		return *bad
	}
	descending := false
	switch order := strings.ToUpper(c.query.Get("sortOrder")); order {
	case "", "ASCENDING":
	case "DESCENDING":
		descending = true
	default:
		return invalid("sortOrder", "is ASCENDING or DESCENDING")
	}
	polling := c.query.Get("until") == "" && !descending
	items := c.eventsBetween(since, until, polling, pass)
	if c.query.Get("limit") == "0" {
		return c.noEvents(polling)
	}
	if descending {
		return c.newestFirst(items)
	}
	r := c.linkPage(items, 100, 1000)
	if polling && r.status == http.StatusOK && len(r.header.Values("Link")) == 1 {
		r.header.Add("Link", "<"+c.nextURL(c.pollCursor(items))+`>; rel="next"`)
	}
	return r
}

// eventsBetween returns the events from since until before until; a polling query has no end.
func (c *call) eventsBetween(since, until time.Time, polling bool, pass filter) []listed {
	var items []listed
	for _, e := range c.s.events {
		if !e.at.Before(since) && (polling || e.at.Before(until)) && pass(e.values) {
			items = append(items, listed{e.seq, e.body})
		}
	}
	return items
}

// newestFirst gives the events their places from the newest on, so that a page after the first goes back in time.
// New events between two pages do not move old ones: places count down from a number beyond all.
func (c *call) newestFirst(items []listed) reply {
	const beyond = 1 << 40
	slices.Reverse(items)
	for i := range items {
		items[i].seq = beyond - items[i].seq
	}
	return c.linkPage(items, 100, 1000)
}

// noEvents answers limit=0, which Okta's document allows: an empty page. A polling query stays where it is, any other has
// no next page (UNVERIFIED).
func (c *call) noEvents(polling bool) reply {
	after, bad := c.after()
	if bad != nil {
		return *bad
	}
	r := jsonReply(http.StatusOK, []obj{})
	r.header.Add("Link", "<"+c.base+c.r.URL.RequestURI()+`>; rel="self"`)
	if polling {
		r.header.Add("Link", "<"+c.nextURL(c.cursorOf(after))+`>; rel="next"`)
	}
	return r
}

// pollCursor is the cursor after everything that there is so far.
func (c *call) pollCursor(items []listed) string {
	if len(items) == 0 {
		return orElse(c.query.Get("after"), c.cursorOf(0))
	}
	return c.cursorOf(items[len(items)-1].seq)
}
