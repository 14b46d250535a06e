package github

// This file is what goes wrong with an App before there is a token, and what the user should do about it.

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

const (
	setClock  = "the clock of this machine and GitHub's differ by more than a JWT allows: have the machine set its clock (NTP), and run again"
	unsuspend = "whoever owns the repository lifts it: Settings, GitHub Apps, Configure, Unsuspend"
)

// noToken says that there is no token, so that the request which needed one was not sent. It does not unwrap to GitHub's refusal of the
// token, whose 404 or 403 would be taken for the answer to that request.
type noToken struct {
	text  string
	cause error
}

func (e *noToken) Error() string        { return e.text }
func (e *noToken) Is(target error) bool { return errors.Is(e.cause, target) } // such as the end of a context

// failed makes the error that the request gets.
func (a *app) failed(err error) error {
	var e *Error
	if errors.As(err, &e) {
		told := *e
		told.Hint = a.hint(e)
		err = &told
	}
	return &noToken{text: fmt.Sprintf("making a token of the GitHub App %s: %v", a.id, clean(err)), cause: err}
}

// hint says what the user should do about GitHub's refusal. Its words are in no documentation: they are as users of GitHub Apps
// report them.
func (a *app) hint(e *Error) string {
	finds, repository := e.Method == http.MethodGet, a.owner+"/"+a.name
	says := func(words string) bool { return strings.Contains(strings.ToLower(e.Message), words) }
	switch {
	case e.RetryAfter > 0 || e.Status >= 500 || e.Status < 400:
		return e.Hint
	case e.Status == http.StatusUnauthorized && (says("('exp')") || says("('iat')")): // octokit/auth-app.js, README: "system time is out of sync"
		return setClock
	case e.Status == http.StatusUnauthorized: // "could not be decoded" also where only the id is wrong: actions/create-github-app-token#153
		return "the private key and the id do not belong to the same App, or the key was deleted there: give STEPDOWN_APP_ID and a key that the App's page lists, STEPDOWN_APP_KEY"
	case e.Status == http.StatusForbidden && says("suspended"):
		return unsuspend
	case e.Status == http.StatusNotFound && says("integration"):
		return "there is no such App any more: give STEPDOWN_APP_ID the client id that the App's page shows"
	case e.Status == http.StatusNotFound && finds:
		return fmt.Sprintf("the App is not installed on %s: install it there (the App's page, Install App), or check STEPDOWN_APP_ID and GITHUB_REPOSITORY", repository)
	case e.Status == http.StatusNotFound:
		return fmt.Sprintf("the App's installation was just removed from %s: install it again", repository)
	case e.Status == http.StatusUnprocessableEntity:
		return fmt.Sprintf("the App's installation does not reach %s: add it (Settings, GitHub Apps, Configure, Repository access)", repository)
	}
	return "look at the App's page and at its installation"
}
