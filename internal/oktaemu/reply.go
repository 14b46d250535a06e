// Answers as values: JSON bodies, Okta's errors, pages. Routes return them; server.go sends them.

package oktaemu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// obj is a JSON object.
type obj = map[string]any

// reply is an answer that has not been sent.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// wireTime is how Okta writes times: UTC, with milliseconds.
const wireTime = "2006-01-02T15:04:05.000Z"

// stamp writes a time of an object. They are whole seconds in all recorded traffic, so something may appear to have been
// created before the request that created it was sent. Events of the System Log have milliseconds.
func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(wireTime) }

// orNull is the time, or null where there is none.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// textOrNull is the text, or null where there is none.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func jsonReply(status int, body any) reply {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic(fmt.Sprintf("oktaemu: a body is not JSON: %v", err)) // bodies are made of this package's own values
	}
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: bytes.TrimSuffix(out.Bytes(), []byte("\n"))}
}

func noContent() reply { return reply{status: http.StatusNoContent, header: http.Header{}} }

// errorReply is an error as Okta writes it. Each cause becomes an entry of errorCauses.
func errorReply(status int, code, summary string, causes ...string) reply {
	list := []obj{}
	for _, c := range causes {
		list = append(list, obj{"errorSummary": c})
	}
	return jsonReply(status, obj{
		"errorCode": code, "errorSummary": summary, "errorLink": code,
		"errorId": noErrorID, "errorCauses": list,
	})
}

// noErrorID stands where withErrorID puts the errorId.
const noErrorID = "oae"

// withErrorID gives an error the errorId of its request: Okta's differ at every occurrence.
func (r reply) withErrorID(requestID string) reply {
	if r.status >= http.StatusBadRequest {
		made := noErrorID + digits62(requestID+" error", 17)
		r.body = bytes.Replace(r.body, []byte(`"errorId":"`+noErrorID+`"`), []byte(`"errorId":"`+made+`"`), 1)
	}
	return r
}

func notFound(what, kind string) reply {
	return errorReply(http.StatusNotFound, "E0000007", fmt.Sprintf("Not found: Resource not found: %s (%s)", what, kind))
}

func forbidden() reply {
	return errorReply(http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
}

func invalidToken() reply {
	return errorReply(http.StatusUnauthorized, "E0000011", "Invalid token provided")
}

func invalid(field, cause string) reply {
	return errorReply(http.StatusBadRequest, "E0000001", "Api validation failed: "+field, field+": "+cause)
}

func malformed() reply {
	return errorReply(http.StatusBadRequest, "E0000003", "The request body was not well-formed.")
}

func notJSON() reply {
	return errorReply(http.StatusBadRequest, "E0000021", "Bad request.  Accept and/or Content-Type headers likely do not match supported values.")
}

func tooMany() reply {
	return errorReply(http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.")
}

// notEmulated says that the emulator, not Okta, has no answer.
func notEmulated(what string) reply {
	return errorReply(http.StatusNotImplemented, "E0000060", "Unsupported operation: the emulated org has no "+what+"; a real org may have it")
}

// listed is an item of a list: its place in the order and its body, made only if it is sent.
type listed struct {
	seq  int
	body func() obj
}

// pageOf cuts the page out of items, in order of seq, that the query asks for with limit and after, and returns the
// cursor of the next page, if there is one. Cursors are opaque to clients. Okta documents the maxima; that it refuses a
// higher limit and does not lower it is UNVERIFIED.
func (c *call) pageOf(items []listed, fallback, most int) (page []obj, next string, bad *reply) {
	limit := fallback
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			r := invalid("limit", fmt.Sprintf("must be from 1 to %d", most))
			return nil, "", &r
		}
		limit = n
	}
	if c.s.pageSize > 0 {
		limit = min(limit, c.s.pageSize)
	}
	after, bad := c.after()
	if bad != nil {
		return nil, "", bad
	}
	page = []obj{}
	last := 0
	for _, item := range items {
		if item.seq <= after {
			continue
		}
		if len(page) == limit {
			return page, c.cursorOf(last), nil
		}
		page, last = append(page, item.body()), item.seq
	}
	return page, "", nil
}

// linkPage is a page of /api/v1: an array, with Link headers on lines of their own.
func (c *call) linkPage(items []listed, fallback, most int) reply {
	page, next, bad := c.pageOf(items, fallback, most)
	if bad != nil {
		return *bad
	}
	r := jsonReply(http.StatusOK, page)
	r.header.Add("Link", "<"+c.base+c.r.URL.RequestURI()+`>; rel="self"`)
	if next != "" {
		r.header.Add("Link", "<"+c.nextURL(next)+`>; rel="next"`)
	}
	return r
}

// bodyPage is a page of /api/v1/iam: an object that holds the array under key, and the next page's URL in its _links.
func (c *call) bodyPage(key string, items []listed, links obj) reply {
	page, next, bad := c.pageOf(items, 100, 1000)
	if bad != nil {
		return *bad
	}
	body := obj{key: page}
	if next != "" {
		if links == nil {
			links = obj{}
		}
		links["next"] = href(c.nextURL(next))
	}
	if links != nil {
		body["_links"] = links
	}
	return jsonReply(http.StatusOK, body)
}

func (c *call) nextURL(cursor string) string {
	q := url.Values{}
	for key, values := range c.query {
		q[key] = values
	}
	q.Set("after", cursor)
	return c.base + c.r.URL.EscapedPath() + "?" + q.Encode()
}

func href(target string) obj { return obj{"href": target} }
