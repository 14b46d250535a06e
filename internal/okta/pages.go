package okta

// Listings: all pages of them, or an error.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// listing says where a list is. Field names the member of the answer that holds it; it is empty where the answer is the
// list itself.
type listing struct {
	path  string
	query url.Values
	field string
	known known
}

// list reads all pages, each into fresh memory, and decodes every item. Okta gives the next page in a Link header, in
// the body, or in both; where both do, the body counts.
func list[T any](ctx context.Context, c *Client, l listing) ([]T, error) {
	out := []T{}
	target := call{path: l.path, query: l.query}.target()
	visited := map[string]bool{}
	for target != "" {
		if visited[target] {
			return nil, &Error{Method: http.MethodGet, Path: l.path, Status: http.StatusOK, Err: errors.New("the pages lead in a circle")}
		}
		if len(visited) >= c.maxPages {
			return nil, &Error{Method: http.MethodGet, Path: l.path, Status: http.StatusOK, Err: fmt.Errorf("there are more than %d pages", c.maxPages)}
		}
		visited[target] = true
		body, seen, err := c.do(ctx, call{method: http.MethodGet, path: target})
		if err != nil {
			return nil, err
		}
		page, next, err := readPage[T](body, l.field, func(item json.RawMessage) { c.unfamiliar.note(l.known, item, seen.secrets) })
		if err == nil {
			target, err = c.nextTarget(next, seen.links)
		}
		if err != nil {
			return nil, c.unreadable(seen, err)
		}
		out = append(out, page...)
	}
	return out, nil
}

// readPage returns the items of a page, and the next page's address if the body has one. It shows note each item.
func readPage[T any](body json.RawMessage, field string, note func(json.RawMessage)) ([]T, string, error) {
	raw, next := body, ""
	if field != "" {
		envelope, err := decode[map[string]json.RawMessage](body)
		if err != nil {
			return nil, "", err
		}
		if raw = envelope[field]; raw == nil {
			return nil, "", fmt.Errorf("the answer is of another shape: it has no %q", field)
		}
		if next, err = bodyNext(envelope["_links"]); err != nil {
			return nil, "", err
		}
	}
	items, err := decodeList(raw)
	if err != nil {
		return nil, "", err
	}
	out := make([]T, 0, len(items))
	for i, item := range items {
		v, err := decode[T](item)
		if err != nil {
			return nil, "", fmt.Errorf("item %d: %w", i+1, err)
		}
		note(item)
		out = append(out, v)
	}
	return out, next, nil
}

// bodyNext reads _links.next.href. No links and no next link mean the last page; a next link without an address is an
// error.
func bodyNext(raw json.RawMessage) (string, error) {
	if raw == nil || string(raw) == "null" {
		return "", nil
	}
	links, err := decode[struct {
		Next json.RawMessage `json:"next"`
	}](raw)
	if err != nil {
		return "", err
	}
	if links.Next == nil || string(links.Next) == "null" {
		return "", nil
	}
	next, err := decode[struct {
		Href string `json:"href"`
	}](links.Next)
	if err == nil && next.Href == "" {
		err = errors.New("the link to the next page has no address")
	}
	return next.Href, err
}

// nextTarget returns path and query of the next page on the org's own host; empty after the last page.
func (c *Client) nextTarget(fromBody string, headers []string) (string, error) {
	next := fromBody
	if next == "" {
		var err error
		if next, err = headerNext(headers); err != nil || next == "" {
			return "", err
		}
	}
	return ontoOrg(c.org, next)
}
