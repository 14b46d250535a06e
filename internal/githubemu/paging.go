package githubemu

// This file cuts lists into pages, by number or by cursor.

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// limits of the REST API. Source: docs.github.com, "Using pagination in the REST API"; "List pull requests files";
// "List commits on a pull request"; "Get a tree".
const (
	defaultPerPage = 30
	maxPerPage     = 100
	maxPullFiles   = 3000
	maxPullCommits = 250
	maxDirEntries  = 1000
	maxTreeEntries = 100_000
)

// link is one target of a Link header.
func (c call) link(query url.Values, rel string) string {
	var escaped []string
	for _, s := range c.rest {
		escaped = append(escaped, url.PathEscape(s))
	}
	return fmt.Sprintf("<%s/repositories/%d/%s?%s>; rel=%q", c.base, repositoryID, strings.Join(escaped, "/"), query.Encode(), rel)
}

func (c call) perPage() int {
	if n, err := strconv.Atoi(c.query("per_page")); err == nil && n > 0 {
		return min(n, maxPerPage)
	}
	return defaultPerPage
}

// page shapes one page of the list and adds the Link header.
func page[T any](c call, items []T, shape func(T) any) []any {
	query, perPage, number := c.r.URL.Query(), c.perPage(), 1
	if n, err := strconv.Atoi(query.Get("page")); err == nil && n > 0 {
		number = n
	}
	last := max(1, (len(items)+perPage-1)/perPage)
	link := func(page int, rel string) string {
		query.Set("page", strconv.Itoa(page))
		return c.link(query, rel)
	}
	var links []string
	if number > 1 {
		links = append(links, link(min(number-1, last), "prev"))
	}
	if number < last {
		links = append(links, link(number+1, "next"), link(last, "last"))
	}
	if number > 1 {
		links = append(links, link(1, "first"))
	}
	if len(links) > 0 {
		c.header.Set("Link", strings.Join(links, ", "))
	}
	start := min((number-1)*perPage, len(items))
	shapes := []any{}
	for _, item := range items[start:min(start+perPage, len(items))] {
		shapes = append(shapes, shape(item))
	}
	return shapes
}

// cursorPage is page by cursor: the Link header's before and after name the entry that the page ends at. Its second
// value is false for a cursor that GitHub would not know.
func cursorPage[T any](c call, items []T, id func(T) int64, shape func(T) any) ([]any, bool) {
	query, perPage := c.r.URL.Query(), c.perPage()
	index := func(name string) (int, bool) {
		want, err := base64.RawURLEncoding.DecodeString(query.Get(name))
		for i, item := range items {
			if err == nil && string(want) == cursorText(id(item)) {
				return i, true
			}
		}
		return 0, false
	}
	start, end := 0, len(items)
	if query.Get("after") != "" {
		i, ok := index("after")
		if !ok {
			return nil, false
		}
		start = i + 1
	}
	if query.Get("before") != "" {
		i, ok := index("before")
		if !ok {
			return nil, false
		}
		end = i
		start = max(start, end-perPage)
	}
	end = max(start, min(end, start+perPage))
	var links []string
	link := func(name, rel string, item T) {
		q := c.r.URL.Query()
		q.Del("before")
		q.Del("after")
		q.Set(name, base64.RawURLEncoding.EncodeToString([]byte(cursorText(id(item)))))
		links = append(links, c.link(q, rel))
	}
	if end < len(items) && end > start {
		link("after", "next", items[end-1])
	}
	if start > 0 && end > start {
		link("before", "prev", items[start])
	}
	if len(links) > 0 {
		c.header.Set("Link", strings.Join(links, ", "))
	}
	shapes := []any{}
	for _, item := range items[start:end] {
		shapes = append(shapes, shape(item))
	}
	return shapes, true
}

func cursorText(id int64) string { return "v1:" + strconv.FormatInt(id, 10) }
