// Lists that can be searched: the parameters q, filter, search, sortBy and sortOrder of users and of groups.

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
)

// row is an entry of such a list. Its values are those that expressions compare and that sortBy orders by.
type row struct {
	seq    int
	id     string
	values func(attribute string) []string
	body   func() obj
}

// listing says how a list is searched.
type listing struct {
	filter, search language
	prefixes       []string // the attributes whose beginning q is
	unasked        filter   // what passes where neither filter nor search says
	limit, most    int      // of a page
	found          int      // how many q finds where no limit is given
}

// searchQuery are the parameters of such a list.
func searchQuery(more ...string) []string {
	return append([]string{"q", "filter", "search", "sortBy", "sortOrder", "limit", "after"}, more...)
}

// listRows answers such a list. What q finds has no pages and no Link header, as recorded.
func (c *call) listRows(rows []row, l listing) reply {
	pass, bad := c.criteria(l)
	if bad != nil {
		return *bad
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return !pass(r.values) })
	if bad := c.sorted(rows, l); bad != nil {
		return *bad
	}
	var items []listed
	for _, r := range rows {
		items = append(items, listed{r.seq, r.body})
	}
	if c.query.Get("q") == "" {
		return c.linkPage(items, l.limit, l.most)
	}
	page, _, bad := c.pageOf(items, l.found, l.most)
	if bad != nil {
		return *bad
	}
	return jsonReply(http.StatusOK, page)
}

// criteria joins what the parameters ask. That search goes with neither filter nor q is documented for filter (E0000033)
// and UNVERIFIED for q.
func (c *call) criteria(l listing) (filter, *reply) {
	q, search := strings.ToLower(c.query.Get("q")), c.query.Get("search")
	if search != "" && (q != "" || c.query.Get("filter") != "") {
		r := errorReply(http.StatusBadRequest, "E0000033", "Bad request. Can't specify a search query and filter in the same request.")
		return nil, &r
	}
	pass, known, text := l.unasked, l.filter, c.query.Get("filter")
	if search != "" {
		known, text = l.search, search
	}
	if text != "" {
		asked, err := known.parse(text)
		if err != nil {
			r := refused(err, invalidSearch)
			return nil, &r
		}
		pass = asked
	}
	if q == "" {
		return pass, nil
	}
	return func(values func(string) []string) bool {
		return pass(values) && slices.ContainsFunc(l.prefixes, func(attribute string) bool {
			return slices.ContainsFunc(values(attribute), func(v string) bool { return strings.HasPrefix(strings.ToLower(v), q) })
		})
	}, nil
}

func invalidSearch(cause string) reply {
	return errorReply(http.StatusBadRequest, "E0000031", "Invalid search criteria.", cause)
}

// sorted puts what a search found in the order of sortBy and counts it anew, so that cursors are places in that order.
// Without search, and without sortBy, the two parameters do nothing, as documented.
func (c *call) sorted(rows []row, l listing) *reply {
	by, order := c.query.Get("sortBy"), strings.ToLower(c.query.Get("sortOrder"))
	if by == "" || c.query.Get("search") == "" {
		return nil
	}
	if _, known := l.search.operators[by]; !known || order != "" && order != "asc" && order != "desc" {
		r := invalidSearch("sortBy is an attribute, sortOrder is asc or desc") // UNVERIFIED
		return &r
	}
	key := func(r row) string { return strings.ToLower(strings.Join(r.values(by), "\x00")) }
	slices.SortFunc(rows, func(a, b row) int {
		less := ordered(key(a), key(b))
		if order == "desc" {
			less = -less
		}
		if less == 0 {
			return strings.Compare(a.id, b.id)
		}
		return less
	})
	for i := range rows {
		rows[i].seq = i + 1
	}
	return nil
}
