// JSON: bodies of requests, and objects that the org keeps as they were given because a client reads every field back.

package oktaemu

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"slices"
)

// takesJSON tells whether the request's body is announced as JSON, as it must be where there is one. Okta's refusal of
// a form is in okta-sdk-python#309. That a body without the header is refused like one of another kind, and before rights
// are looked at, is UNVERIFIED; without a body no header is needed (TestAccResourceOktaNetworkZone_crud/oie-00 id 4).
func (c *call) takesJSON() bool {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	return len(c.body) == 0 || err == nil && kind == "application/json"
}

// bodyEmpty tells whether the request's body says nothing. Okta's SDKs for Go send null (version 6) or an empty object
// (version 2) for one that was not given.
func (c *call) bodyEmpty() bool {
	return slices.Contains([]string{"", "null", "{}"}, string(bytes.TrimSpace(c.body)))
}

// read reads the request's body.
func (c *call) read(into any) *reply {
	if json.Unmarshal(c.body, into) != nil {
		r := malformed()
		return &r
	}
	return nil
}

// readObject reads the request's body as an object.
func (c *call) readObject() (obj, *reply) {
	var out obj
	if bad := c.read(&out); bad != nil || out != nil {
		return out, bad
	}
	r := malformed()
	return nil, &r
}

// readOptional is readObject for a request that needs no body.
func (c *call) readOptional() (obj, *reply) {
	if c.bodyEmpty() {
		return obj{}, nil
	}
	return c.readObject()
}

// merged returns defaults with what was given instead; null counts as not given. Objects are merged field by field.
func merged(defaults, given obj) obj {
	out := maps.Clone(defaults)
	if out == nil {
		out = obj{}
	}
	for key, value := range given {
		inner, isObject := value.(obj)
		base, hasObject := out[key].(obj)
		_, known := out[key]
		switch {
		case isObject && hasObject:
			out[key] = merged(base, inner)
		case value != nil || !known:
			out[key] = value
		}
	}
	return out
}

// object returns the object at the path; an empty one where there is none.
func object(o obj, path ...string) obj {
	for _, key := range path {
		o, _ = o[key].(obj)
	}
	if o == nil {
		return obj{}
	}
	return o
}

// text returns the text under key, "" where there is none.
func text(o obj, key string) string { return asText(o[key]) }

// asText is the value where it is text, "" where it is not.
func asText(value any) string { s, _ := value.(string); return s }

// texts returns the list of texts under key.
func texts(o obj, key string) []string {
	list, _ := o[key].([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// pack writes an object as the text that a row holds.
func pack(o obj) string { return string(jsonReply(0, o).body) }

// unpack reads such a text; nothing gives an empty object.
func unpack(s string) obj {
	out := obj{}
	_ = json.Unmarshal([]byte(s), &out) // pack wrote it
	return out
}
