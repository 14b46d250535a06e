// One exchange against Okta's document.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// finding is where an exchange and the document differ.
type finding struct {
	Route  string // as the document has it, or the request's own method and path where it has none
	Status int
	Kind   string // what differs: a word of the schema (required, type, enum, …), or one of the words below
	At     string // where in the body: a JSON pointer with * for the places in arrays
	Detail string
}

const (
	kindRoute    = "undocumented route"
	kindStatus   = "undocumented status"
	kindMedia    = "media type"
	kindBody     = "body"
	kindProperty = "undocumented property"
	kindQuery    = "undocumented query parameter"
	inRequest    = "request: " // begins the kind of what is found in the request
)

// judge compares an exchange with the document. Requests are judged where they were accepted: tests send bad ones too.
func (d *document) judge(e exchange) []finding {
	o, ok := d.find(e.Method, e.url.EscapedPath())
	if !ok {
		return []finding{{Route: e.Method + " " + e.url.Path, Status: e.Status, Kind: kindRoute}}
	}
	var out []finding
	if e.succeeded() {
		out = append(out, o.judgeRequest(e)...)
	}
	out = append(out, d.judgeAnswer(o, e)...)
	for i := range out {
		out[i].Route, out[i].Status = o.name, e.Status
	}
	return out
}

func (o operation) judgeRequest(e exchange) []finding {
	var out []finding
	for key := range e.url.Query() {
		if !slices.Contains(o.query, key) {
			out = append(out, finding{Kind: kindQuery, Detail: key})
		}
	}
	if o.RequestBody == nil {
		if len(e.Sent) > 0 {
			out = append(out, finding{Kind: inRequest + kindBody, Detail: "there is one, and the document has none"})
		}
		return out
	}
	if len(e.Sent) == 0 {
		if o.RequestBody.Value.Required {
			out = append(out, finding{Kind: inRequest + kindBody, Detail: "there is none"})
		}
		return out
	}
	media, ok := o.RequestBody.Value.Content[e.SentType]
	if !ok {
		return append(out, finding{Kind: inRequest + kindMedia, Detail: e.SentType})
	}
	for _, f := range judgeBody(media.Schema, e.Sent, openapi3.VisitAsRequest()) {
		f.Kind = inRequest + f.Kind
		out = append(out, f)
	}
	return out
}

// judgeAnswer judges the status and the body. A status that the document does not have is a finding, and its body is
// held against what the document has for success, or for any error.
func (d *document) judgeAnswer(o operation, e exchange) []finding {
	var out []finding
	documented := o.Responses.Value(strconv.Itoa(e.Status))
	if documented == nil {
		out = append(out, finding{Kind: kindStatus, Detail: strconv.Itoa(e.Status) + " " + errorCode(e)})
		if !e.succeeded() {
			return append(out, judgeBody(&openapi3.SchemaRef{Value: d.failure}, e.Body, openapi3.VisitAsResponse())...)
		}
		documented = o.success()
	}
	if documented == nil || len(documented.Value.Content) == 0 {
		if e.Bytes > 0 && string(e.Body) != "{}" {
			out = append(out, finding{Kind: kindBody, Detail: "there is one, and the document has none"})
		}
		return out
	}
	media, ok := documented.Value.Content[e.mediaType()]
	if !ok {
		return append(out, finding{Kind: kindMedia, Detail: e.mediaType()})
	}
	return append(out, judgeBody(media.Schema, e.Body, openapi3.VisitAsResponse())...)
}

// errorCode is Okta's code, where the answer has one.
func errorCode(e exchange) string {
	var body struct {
		ErrorCode string `json:"errorCode"`
		Error     string `json:"error"` // OAuth's
	}
	_ = json.Unmarshal(e.Body, &body) // a list has none
	return body.ErrorCode + body.Error
}

// success is the documented answer of success that has a body, if there is one.
func (o operation) success() *openapi3.ResponseRef {
	for code, r := range o.Responses.Map() {
		if strings.HasPrefix(code, "2") && len(r.Value.Content) > 0 {
			return r
		}
	}
	return nil
}

func judgeBody(schema *openapi3.SchemaRef, text json.RawMessage, direction openapi3.SchemaValidationOption) []finding {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return []finding{{Kind: kindBody, Detail: "it is not JSON"}}
	}
	if schema == nil || schema.Value == nil {
		return nil
	}
	out := undocumented("", value, []*openapi3.Schema{schema.Value}) // first: the validator fills in defaults
	// Okta takes no notice of what is read-only in a request: clients send back what they read.
	err := schema.Value.VisitJSON(value, direction, openapi3.MultiErrors(), openapi3.EnableFormatValidation(), openapi3.DisableReadOnlyValidation(),
		openapi3.WithStringFormatValidators(formats()))
	return append(out, differences(err)...)
}

// formats are those of the document that the validator does not know by itself.
func formats() map[string]openapi3.StringFormatValidator {
	return map[string]openapi3.StringFormatValidator{
		"date-time": openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringDateTime),
		"email":     openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail),
	}
}

// differences takes the validator's error apart, down to what does not fit in itself.
func differences(err error) []finding {
	switch e := err.(type) {
	case nil:
		return nil
	case openapi3.MultiError:
		var out []finding
		for _, one := range e {
			out = append(out, differences(one)...)
		}
		return out
	case *openapi3.SchemaError:
		var parts openapi3.MultiError // of allOf, or of the alternatives of oneOf
		if e.Origin != nil && errors.As(e.Origin, &parts) {
			return differences(parts)
		}
		return []finding{{Kind: e.SchemaField, At: pointer(e.JSONPointer()), Detail: reason(e)}}
	}
	return []finding{{Kind: kindBody, Detail: err.Error()}}
}

func reason(e *openapi3.SchemaError) string {
	if e.SchemaField == "enum" || e.SchemaField == "discriminator" {
		return fmt.Sprintf("%v", e.Value)
	}
	return e.Reason
}

// pointer writes a path with * for the places in arrays.
func pointer(path []string) string {
	var b strings.Builder
	for _, key := range path {
		if _, err := strconv.Atoi(key); err == nil {
			key = "*"
		}
		b.WriteString("/" + key)
	}
	return b.String()
}
