// Faults as JSON: fields in camelCase, durations as "5s".

package oktaemu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// duration is a time.Duration that JSON writes as text.
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 5s or 1m30s", text)
	}
	*d = duration(parsed)
	return nil
}

// faultJSON is a Fault on the wire.
type faultJSON struct {
	Method      string      `json:"method,omitempty"`
	Path        string      `json:"path,omitempty"`
	Skip        int         `json:"skip,omitempty"`
	Count       int         `json:"count,omitempty"`
	Delay       duration    `json:"delay,omitzero"`
	DropBefore  bool        `json:"dropBefore,omitempty"`
	ResetBefore bool        `json:"resetBefore,omitempty"`
	LateEffect  duration    `json:"lateEffect,omitzero"`
	Status      int         `json:"status,omitempty"`
	Body        string      `json:"body,omitempty"`
	Header      http.Header `json:"header,omitempty"`
	LimitReset  duration    `json:"limitReset,omitzero"`
	Stale       bool        `json:"stale,omitempty"`
	StaleFor    duration    `json:"staleFor,omitzero"`
	DropAfter   bool        `json:"dropAfter,omitempty"`
	ResetAfter  bool        `json:"resetAfter,omitempty"`
	Truncate    bool        `json:"truncate,omitempty"`
}

// MarshalJSON writes a fault.
func (f Fault) MarshalJSON() ([]byte, error) { return json.Marshal(f.wire()) }

func (f Fault) wire() faultJSON {
	return faultJSON{
		Method: f.Method, Path: f.Path, Skip: f.Skip, Count: f.Count, Delay: duration(f.Delay),
		DropBefore: f.DropBefore, ResetBefore: f.ResetBefore, LateEffect: duration(f.LateEffect),
		Status: f.Status, Body: f.Body, Header: f.Header, LimitReset: duration(f.LimitReset),
		Stale: f.Stale, StaleFor: duration(f.StaleFor), DropAfter: f.DropAfter, ResetAfter: f.ResetAfter, Truncate: f.Truncate,
	}
}

// UnmarshalJSON reads a fault. A field that it does not know is an error.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var w faultJSON
	if err := decodeStrict(bytes.NewReader(data), &w); err != nil {
		return err
	}
	*f = Fault{
		Method: w.Method, Path: w.Path, Skip: w.Skip, Count: w.Count, Delay: time.Duration(w.Delay),
		DropBefore: w.DropBefore, ResetBefore: w.ResetBefore, LateEffect: time.Duration(w.LateEffect),
		Status: w.Status, Body: w.Body, Header: w.Header, LimitReset: time.Duration(w.LimitReset),
		Stale: w.Stale, StaleFor: time.Duration(w.StaleFor), DropAfter: w.DropAfter, ResetAfter: w.ResetAfter, Truncate: w.Truncate,
	}
	return nil
}

// decodeStrict reads one JSON value, all of whose fields to knows, and nothing after it. Its errors name no Go types.
func decodeStrict(r io.Reader, to any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		return jsonInWords(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the JSON value")
	}
	return nil
}

// jsonInWords says what the decoder complains of without the names of Go types.
func jsonInWords(err error) error {
	var misfit *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the body is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON value breaks off")
	case errors.As(err, &syntax):
		return fmt.Errorf("the body is not JSON: %w", err)
	case errors.As(err, &misfit):
		where := "the body"
		if misfit.Field != "" {
			where = misfit.Field
		}
		return fmt.Errorf("%s: the %s where %s is wanted", where, misfit.Value, jsonKind(misfit.Type))
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// jsonKind is what a person calls the JSON that a Go type is read from.
func jsonKind(t reflect.Type) string {
	if t == reflect.TypeFor[duration]() {
		return "a duration such as \"5s\""
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}
