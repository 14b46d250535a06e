package okta

// What a failed call says: what the wire had, even where the SDK would lose it.

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Okta's error codes that something depends on. Source: its list of error codes.
const (
	codeNotFound   = "E0000007"
	codeRateLimit  = "E0000047"
	codeRoleHeld   = "E0000090" // "The role specified is already assigned to the user."
	codeRoleExists = "E0000263" // a custom role of that name
)

// Error is a call that failed. Fields that the wire did not give are empty; Status is 0 where no answer came. It never
// holds a credential, nor a query.
type Error struct {
	Op            string   // what was being done, to which thing
	Method, Path  string   // of the request
	Status        int      // of the answer
	Code, Summary string   // errorCode and errorSummary; with OAuth's errors, error and error_description
	ErrorID       string   // errorId
	RequestID     string   // X-Okta-Request-Id, which Okta's support asks for
	Causes        []string // errorSummary of each of errorCauses
	Err           error    // why there is no answer, or why the answer cannot be used
	Advice        string   // what to do about it, in one line; empty where nothing is known

	unsent   bool
	forToken bool // the request was for an access token; that of the call was not sent
	own      bool // the answer is in Okta's own words: no proxy or gateway gave it
	again    bool // an earlier try of the same request had been answered with a refusal
}

// Error gives the failure in one line, without Op, which the error around it says.
func (e *Error) Error() string {
	switch {
	case e.unsent:
		return fmt.Sprintf("okta: not sent: %v", e.Err)
	case e.Method == "":
		return fmt.Sprintf("okta: %v", e.Err)
	case e.Status == 0:
		return fmt.Sprintf("okta: no answer (%s %s): %v", e.Method, e.Path, e.Err)
	}
	text := "okta: "
	if e.forToken {
		text += "getting an access token: "
	}
	text += e.said() + " (" + e.Method + " " + e.Path
	if e.RequestID != "" {
		text += ", request id " + e.RequestID
	}
	text += ")"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// said gives the answer's status, code, summary and causes.
func (e *Error) said() string {
	text := strconv.Itoa(e.Status)
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Summary != "" {
		text += " " + strconv.Quote(e.Summary)
	}
	for i, cause := range e.Causes {
		if i > 0 {
			text += ","
		}
		text += " " + strconv.Quote(cause)
	}
	return text
}

// observed is what an Exchange says of the failure.
func (e *Error) observed() string {
	switch {
	case e.Status == 0:
		return e.Err.Error()
	case e.Err != nil:
		return e.said() + ": " + e.Err.Error()
	}
	return e.said()
}

// NextStep returns Advice.
func (e *Error) NextStep() string { return e.Advice }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Refused tells that Okta definitely did not do it: it said so itself, with a 4xx status other than 408 and an error code of its
// own, or the request was not sent, because its arguments are wrong, the context had ended or there was no access token. After
// any other failure of a write its effect is unknown: a gateway may give a 4xx of its own when Okta has done it. That something is
// there already is no refusal when a request was sent before: it may have made it.
func (e *Error) Refused() bool {
	switch {
	case e.unsent, e.forToken:
		return true
	case e.again && (e.Code == codeRoleHeld || e.Code == codeRoleExists):
		return false
	}
	return e.own && e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout
}

// NotFound tells that Okta says that it has no such thing; the 404 of a proxy is none. It is no proof that a thing is gone: Okta
// also answers so for a role that the account holds through a group.
func (e *Error) NotFound() bool {
	return e.Status == http.StatusNotFound && e.own && e.Code == codeNotFound && !e.forToken
}

// RateLimited tells that Okta answers, and would not answer this for the sake of its rate limits.
func (e *Error) RateLimited() bool { return e.Status == http.StatusTooManyRequests && e.own }

// oneLine returns s as printable text of bounded length: what a server sends may hold anything.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	const most = 500
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
