package github

// This file reads lists: by page number, and by the cursors of the activity list.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	gh "github.com/google/go-github/v88/github"
)

const perPage = 100

// pages reads all pages of a list, at most limit items. It ends at a page that is not full and that names no next one,
// so that a Link header which was lost or malformed cannot end the list.
func pages[T any](limit int, list func(*gh.ListOptions) ([]*T, *gh.Response, error)) ([]*T, error) {
	var all []*T
	for page := 1; ; page++ {
		items, resp, err := list(&gh.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return nil, err
		}
		if items == nil {
			return nil, fmt.Errorf("github: page %d holds no list", page)
		}
		for _, item := range items {
			if item == nil {
				return nil, fmt.Errorf("github: page %d holds null", page)
			}
		}
		all = append(all, items...)
		more := resp.NextPage != 0 || resp.NextPageToken != "" || len(items) >= perPage
		switch {
		case len(all) > limit:
			return nil, fmt.Errorf("github: the list has more than %d items", limit)
		case resp.NextPage != 0 && resp.NextPage != page+1 || resp.NextPageToken != "":
			return nil, fmt.Errorf("github: after page %d the list goes on with page %d%s", page, resp.NextPage, resp.NextPageToken)
		case more && len(items) == 0:
			return nil, fmt.Errorf("github: page %d is empty and yet not the last", page)
		case !more:
			return all, nil
		}
	}
}

// numbered is the route with the page's number.
func numbered(route string, opts *gh.ListOptions) string {
	return fmt.Sprintf("%s?per_page=%d&page=%d", route, opts.PerPage, opts.Page)
}

// get reads a route below the repository's, for the answers that go-github decodes into something that cannot be checked: its
// own decoders of rules and of reviewers panic at null, and its routes of branches and environments do not escape the name.
func (c *Client) get(ctx context.Context, route string, into any) (*gh.Response, error) {
	req, err := c.api.NewRequest(ctx, http.MethodGet, "repos/"+c.owner+"/"+c.name+route, nil)
	if err != nil {
		return nil, err
	}
	return c.api.Do(req, into)
}

// nextCursor returns the cursor of the next page that the Link headers name, or "" where they name none. A header that names
// a next page and cannot be read is an error: the list would end early.
func nextCursor(header http.Header) (string, error) {
	next := ""
	for _, value := range header.Values("Link") {
		for value = strings.TrimLeft(value, " \t,"); value != ""; value = strings.TrimLeft(value, " \t,") {
			// A comma can stand within the address, so the address goes first.
			target, rest, ok := strings.Cut(strings.TrimPrefix(value, "<"), ">")
			if !ok || value[0] != '<' {
				return "", errors.New("github: the Link header is malformed")
			}
			params, _, _ := strings.Cut(rest, "<")
			value = rest[len(params):]
			if !isNext(params) {
				continue
			}
			u, err := url.Parse(target)
			if err != nil {
				return "", errors.New("github: the Link header names a next page that is no address")
			}
			cursors := u.Query()["after"]
			if len(cursors) != 1 || cursors[0] == "" || next != "" && next != cursors[0] {
				return "", errors.New("github: the Link header names a next page without a cursor, or more than one")
			}
			next = cursors[0]
		}
	}
	return next, nil
}

// isNext tells whether the parameters of a link have the relation "next".
func isNext(params string) bool {
	for p := range strings.SplitSeq(strings.TrimRight(params, " \t,"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
				if strings.EqualFold(rel, "next") {
					return true
				}
			}
		}
	}
	return false
}
