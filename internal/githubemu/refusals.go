package githubemu

// This file is how GitHub says no.

import (
	"fmt"
	"net/http"
	"strconv"
)

// refusal is an error as GitHub words it.
func refusal(status int, message, docs string) (int, any) {
	return status, map[string]any{"message": message, "documentation_url": docs, "status": strconv.Itoa(status)}
}

func notFound(docs string) (int, any) { return refusal(http.StatusNotFound, "Not Found", docs) }

func unknownRoute(r *http.Request) (int, any) {
	return refusal(http.StatusNotImplemented,
		fmt.Sprintf("the emulated GitHub does not know %s %s", r.Method, r.URL.Path), docsRoot)
}

// unprocessable is a 422 that is a sentence.
func (c call) unprocessable(message string) (int, any) {
	return refusal(http.StatusUnprocessableEntity, message, c.docs)
}

// malformed is the answer to a body that is not the JSON that is wanted.
func (c call) malformed() (int, any) {
	return refusal(http.StatusBadRequest, "Problems parsing JSON", c.docs)
}

// invalid is a 422 that names a field. The code is missing_field, invalid, unprocessable, …; the message may be empty.
func (c call) invalid(resource, field, code, message string) (int, any) {
	detail := map[string]any{"resource": resource, "field": field, "code": code}
	if message != "" {
		detail["message"] = message
	}
	return http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "errors": []any{detail}, "documentation_url": c.docs, "status": "422",
	}
}

// badRequest is a 422 of GitHub's JSON schema check, as the checks API has it.
func (c call) badRequest(reason string) (int, any) {
	return c.unprocessable("Invalid request.\n\n" + reason)
}
