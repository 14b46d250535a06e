package okta

// What counts as a sound answer, and what an error answer says.

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// judge returns nil for an answer that may be used: a status that the method has when it succeeds, and a body that is
// whole JSON (a write's may also be empty).
func judge(seen *wire, h http.Header, content []byte) *Error {
	status := seen.status
	switch {
	case status >= 400:
		return refusal(seen, h, content)
	case status >= 300:
		return seen.failure(errors.New("it is a redirect, which is not followed: the token belongs to the org's own host"))
	case status == http.StatusOK:
	case seen.method != http.MethodGet && (status == http.StatusCreated || status == http.StatusNoContent):
	default:
		return seen.failure(errors.New("the status is none that this request can have"))
	}
	return unsound(seen, h, content)
}

// unsound tells what is wrong with the body of a successful answer, if anything.
func unsound(seen *wire, h http.Header, content []byte) *Error {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case len(content) == 0 && seen.method != http.MethodGet:
		return nil
	case len(content) == 0:
		return seen.failure(errors.New("the answer is empty"))
	case kind != "application/json":
		return seen.failure(fmt.Errorf("the answer is %q, not JSON; something between here and Okta may have given it", oneLine(kind)))
	case !json.Valid(content):
		return seen.failure(errors.New("the answer is not valid JSON: it may have been cut off"))
	}
	return nil
}

// errorBody is what Okta's error answers hold, and those of OAuth.
type errorBody struct {
	ErrorCode        string `json:"errorCode"`
	ErrorSummary     string `json:"errorSummary"`
	ErrorID          string `json:"errorId"`
	OAuthError       string `json:"error"`
	OAuthDescription string `json:"error_description"`
	ErrorCauses      []struct {
		ErrorSummary string `json:"errorSummary"`
	} `json:"errorCauses"`
}

// refusal reads an error answer: Okta's error body where there is one, else OAuth's WWW-Authenticate header.
func refusal(seen *wire, h http.Header, content []byte) *Error {
	e := seen.failure(nil)
	if body, err := decode[errorBody](content); err == nil {
		e.own = isOktaCode(body.ErrorCode) || (body.ErrorCode == "" && isOAuthCode(body.OAuthError))
		e.Code, e.Summary, e.ErrorID = body.ErrorCode, body.ErrorSummary, body.ErrorID
		if e.Code == "" {
			e.Code, e.Summary = body.OAuthError, firstOf(e.Summary, body.OAuthDescription)
		}
		for _, cause := range body.ErrorCauses {
			e.Causes = append(e.Causes, cause.ErrorSummary)
		}
	}
	for _, challenge := range h.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(strings.TrimSpace(challenge), " ")
		if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, dpopScheme) {
			e.own = e.own || isOAuthCode(challengeParam(challenge, "error"))
		}
		e.Code = firstOf(e.Code, challengeParam(challenge, "error"))
		e.Summary = firstOf(e.Summary, challengeParam(challenge, "error_description"))
	}
	if e.Status == http.StatusTooManyRequests {
		e.own = e.Code == codeRateLimit || isRateLimit(h)
		if e.own {
			e.Code = firstOf(e.Code, codeRateLimit)
		}
	}
	if e.Code == "" && e.Summary == "" {
		e.Err = errors.New("the answer does not say why")
	}
	return e
}

// isOktaCode tells whether code has the shape of Okta's error codes: E and seven digits.
func isOktaCode(code string) bool {
	digits, found := strings.CutPrefix(code, "E")
	return found && len(digits) == 7 && strings.Trim(digits, "0123456789") == ""
}

// isOAuthCode tells whether code is one by which RFC 6750 and RFC 9449 refuse a request that bears an access token.
// A gateway's "error": "Forbidden" is none.
func isOAuthCode(code string) bool {
	switch code {
	case "invalid_request", "invalid_token", "insufficient_scope", codeNeedsProof, codeNeedsNonce:
		return true
	}
	return false
}

// isRateLimit tells whether an answer bears the headers of Okta's rate limits.
func isRateLimit(h http.Header) bool {
	return h.Get("X-Rate-Limit-Limit") != "" && h.Get("X-Rate-Limit-Reset") != ""
}

// challengeParam returns a parameter of a WWW-Authenticate header; empty where it has none.
func challengeParam(challenge, name string) string {
	_, rest, _ := strings.Cut(strings.TrimSpace(challenge), " ") // the scheme, such as Bearer
	for rest != "" {
		key, after, found := strings.Cut(rest, "=")
		if !found {
			return ""
		}
		value, remainder := paramValue(after)
		if strings.EqualFold(strings.Trim(key, " ,\t"), name) {
			return value
		}
		rest = remainder
	}
	return ""
}

// paramValue splits a token or a quoted string off the start of s, as in HTTP's parameters.
func paramValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ",; \t")
		if end < 0 {
			return s, ""
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// firstOf returns the first that is not empty.
func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
