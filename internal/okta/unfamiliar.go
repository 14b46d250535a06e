package okta

// Fields in Okta's answers that this program does not know. Okta adds to its answers without a new version of the API, and a
// new field may change what an old one means, so they are reported; what is known is read as ever.
//
// That holds for a role assignment with a field named like a condition too. A condition can only take from what the
// assignment gives, and this program takes every assignment for unconditional, which is the harsher reading. An error would
// be no safer, and it would stop all audits, and the proof of all step-downs, on the day Okta adds a field.

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
)

const (
	// maxUnfamiliar bounds how many names of fields are kept.
	maxUnfamiliar = 100
	// andMore stands for those that were not kept.
	andMore = "(and more)"
	// maxFieldName bounds the name of a field, in runes.
	maxFieldName = 60
)

// known is what Okta's objects of a kind have, by its OpenAPI document (of okta-sdk-golang v6.1.6) and by recorded answers.
// The zero value is of a kind whose fields are not looked at.
type known struct {
	kind   string
	fields []string
}

// unfamiliar collects names of fields. It is safe for concurrent use.
type unfamiliar struct {
	mu    sync.Mutex
	names map[string]bool
}

// note looks at the fields of an object. Should a name hold one of the secrets, that is kept out.
func (u *unfamiliar) note(k known, object json.RawMessage, secrets []string) {
	if k.kind == "" {
		return
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return // decoding it has failed too
	}
	for name := range fields {
		if !slices.Contains(k.fields, name) {
			u.add(k.kind + "." + fieldName(hide(name, secrets)))
		}
	}
}

func (u *unfamiliar) add(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.names == nil {
		u.names = map[string]bool{}
	}
	if len(u.names) >= maxUnfamiliar && !u.names[name] {
		name = andMore
	}
	u.names[name] = true
}

// fieldName is a name as it may stand in a report.
func fieldName(name string) string {
	if runes := []rune(oneLine(name)); len(runes) > maxFieldName {
		return string(runes[:maxFieldName]) + "…"
	}
	return oneLine(name)
}

// Unfamiliar returns the fields that Okta's answers to this client held and that this program does not know, as
// "role assignment.conditions", sorted, each once. There are at most a hundred; a last one says if there were more.
func (c *Client) Unfamiliar() []string {
	c.unfamiliar.mu.Lock()
	defer c.unfamiliar.mu.Unlock()
	return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(c.unfamiliar.names))))
}
