package okta

// One call: a request through the SDK's executor, and its answer decoded without leniency.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// call is a request. Its path is escaped already, see segment; that of a further page holds its query too.
type call struct {
	method string
	path   string
	query  url.Values
	body   any // nil for none; else encoded as JSON
	known  known
}

// target is the path with the query.
func (r call) target() string {
	if len(r.query) == 0 {
		return r.path
	}
	return r.path + "?" + r.query.Encode()
}

// do sends r and returns the answer's body, empty for an empty one or null, and what the wire had.
func (c *Client) do(ctx context.Context, r call) (json.RawMessage, *wire, error) {
	path, _, _ := strings.Cut(r.path, "?")
	seen := &wire{method: r.method, path: path}
	executor := *c.executor // NewRequest changes its executor
	req, err := executor.WithAccept("application/json").WithContentType("application/json").NewRequest(r.method, r.target(), r.body)
	if err != nil {
		return nil, seen, &Error{Method: r.method, Path: path, Err: withoutURL(err), unsent: true}
	}
	var body json.RawMessage
	_, err = executor.Do(context.WithValue(ctx, wireKey{}, seen), req, &body)
	var e *Error
	if err != nil && !errors.As(err, &e) { // the SDK's own complaint, about what the wire had
		err = seen.failure(withoutURL(err))
	}
	return body, seen, err
}

// withoutURL takes off the layer of an error that repeats the request's URL.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// read gets the object at path into a T. An answer that is not an object is an error.
func read[T any](ctx context.Context, c *Client, path string, k known) (T, *wire, error) {
	return ask[T](ctx, c, call{method: http.MethodGet, path: path, known: k})
}

// ask sends r and decodes the object that it answers with.
func ask[T any](ctx context.Context, c *Client, r call) (T, *wire, error) {
	body, seen, err := c.do(ctx, r)
	if err != nil {
		var none T
		return none, seen, err
	}
	out, err := decode[T](body)
	if err != nil {
		return out, seen, c.unreadable(seen, err)
	}
	c.unfamiliar.note(r.known, body, seen.secrets)
	return out, seen, nil
}

// unreadable says why an answer cannot be read. The reason may quote the answer.
func (c *Client) unreadable(seen *wire, err error) *Error {
	return seen.failure(errors.New(hide(err.Error(), seen.secrets)))
}

// tell sends a write whose answer's body, if any, does not matter.
func (c *Client) tell(ctx context.Context, r call) error {
	_, _, err := c.do(ctx, r)
	return err
}

// decode reads one JSON object. Unlike json.Unmarshal it takes null for what it is: nothing.
func decode[T any](raw json.RawMessage) (T, error) {
	var out T
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return out, errors.New("the answer is of another shape: an object was expected")
	}
	if err := singular(raw, reflect.TypeFor[T]()); err != nil {
		return out, fmt.Errorf("the answer is of another shape: %w", err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("the answer is of another shape: %w", err)
	}
	return out, nil
}

// decodeFrom is decode for what r holds.
func decodeFrom[T any](r io.Reader) (T, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		var none T
		return none, err
	}
	return decode[T](raw)
}

// decodeList reads a JSON array. Null is none.
func decodeList(raw json.RawMessage) ([]json.RawMessage, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '[' {
		return nil, errors.New("the answer is of another shape: a list was expected")
	}
	var out []json.RawMessage
	err := json.Unmarshal(raw, &out)
	return out, err
}

// failing wraps the failure of op, so that an *Error is in it whatever failed.
func failing(op string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		named := *e
		named.Op = op
		return fmt.Errorf("%s: %w", op, &named)
	}
	return fmt.Errorf("%s: %w", op, &Error{Op: op, Err: err})
}

// segment escapes an id or a name for use as one segment of a path. What would make the path another one is refused:
// nothing, dots, and those of the words given that Okta takes for something else, such as "me".
func segment(kind, value string, reserved ...string) (string, error) {
	switch {
	case strings.TrimSpace(value) == "":
		return "", &Error{Err: fmt.Errorf("the %s has no id", kind), unsent: true}
	case strings.Trim(value, ".") == "":
		return "", &Error{Err: fmt.Errorf("%q is no id of a %s", value, kind), unsent: true}
	}
	for _, word := range reserved {
		if strings.EqualFold(value, word) {
			return "", &Error{Err: fmt.Errorf("%q is no id of a %s: to Okta it means the caller's own", value, kind), unsent: true}
		}
	}
	return url.PathEscape(value), nil
}

// under joins a fixed path, an id and what follows it.
func under(prefix, kind, id, suffix string, reserved ...string) (string, error) {
	escaped, err := segment(kind, id, reserved...)
	return prefix + escaped + suffix, err
}
