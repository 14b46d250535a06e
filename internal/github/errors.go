package github

// This file is what goes wrong: an answer that is a refusal, and what the user should do about it.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/stepdown/stepdown/internal/access"
)

// Error is an answer of GitHub other than 200, or 201 to a write. Its text has a second line, the hint, where there is something to do.
//
// A 404 alone does not match fs.ErrNotExist: GitHub answers it also to a token that may not see what is there.
type Error struct {
	Method     string
	Path       string // of the URL, without the query
	Status     int
	RequestID  string        // X-GitHub-Request-Id
	Message    string        // GitHub's, cut to one short line
	RetryAfter time.Duration // how long GitHub asks to wait; 0 where it does not
	Hint       string        // what the user should do; may be empty
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("github: %s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += fmt.Sprintf(": %q", e.Message)
	}
	if e.RequestID != "" {
		text += fmt.Sprintf(" (request %s)", e.RequestID)
	}
	if e.Hint != "" {
		text += "\n" + e.Hint
	}
	return text
}

// status returns the status of the refusal that err is, or 0.
func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// missing is an fs.ErrNotExist that GitHub was seen to mean: the directory above could be read.
type missing struct{ path, sha string }

func (m missing) Error() string        { return fmt.Sprintf("%s is not there at commit %s", m.path, m.sha) }
func (m missing) Is(target error) bool { return target == fs.ErrNotExist }

// newError makes an Error of an answer whose body was read, to a request with the token; byApp tells whether it is one that this
// program made as an App.
func newError(req *http.Request, resp *http.Response, body []byte, token access.Secret, byApp bool) *Error {
	var refusal struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &refusal) // a proxy's answer need not be JSON; the status says enough
	e := &Error{
		Method: req.Method, Path: req.URL.Path, Status: resp.StatusCode,
		RequestID: oneLine(resp.Header.Get("X-GitHub-Request-Id"), 80),
		Message:   oneLine(strings.ReplaceAll(refusal.Message, token.Reveal(), token.String()), 300),
	}
	e.RetryAfter, _ = rateLimitWait(resp, time.Now())
	e.Hint = hint(resp, e, byApp)
	return e
}

// oneLine makes foreign text fit for an error: no control characters, at most n characters.
func oneLine(s string, n int) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s))
	if len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return string(runes)
}

// hint says what the user should do about the refusal.
func hint(resp *http.Response, e *Error, byApp bool) string {
	switch {
	case e.RetryAfter > 0:
		return fmt.Sprintf("GitHub's rate limit is used up: run again in %s", e.RetryAfter.Round(time.Second))
	case e.Status == http.StatusUnauthorized && byApp:
		return "GitHub does not take a token that it made for the App: look at the App's page and at its installation; githubstatus.com may say more"
	case e.Status == http.StatusUnauthorized:
		return "the token is wrong or expired: give github-token the value ${{ github.token }}, or a valid token"
	case e.Status == http.StatusForbidden:
		return "the token may lack a permission: " + permission(resp, e, byApp)
	case e.Status == http.StatusNotFound:
		return "GitHub answers so also to a token that may not see it: " + permission(resp, e, byApp)
	case e.Status >= 300 && e.Status < 400:
		return "redirects are not followed: check GITHUB_REPOSITORY and GITHUB_API_URL, the repository may have been renamed"
	case e.Status >= 500:
		return "GitHub has trouble: run again; githubstatus.com may say more"
	}
	return ""
}

// clean takes the wrapping of net/http off an error, which repeats the address, and leaves the cause.
func clean(err error) error {
	u, ok := err.(*url.Error)
	if !ok {
		return err
	}
	if e, ok := u.Err.(*Error); ok {
		return e
	}
	return fmt.Errorf("github: %w", u.Err)
}
