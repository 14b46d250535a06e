//go:build !witness

// The place where a build with the tag witness writes down what the repository answered; without the tag nothing is.

package githubemu

import "net/http"

func (h *Hub) witness(*http.Request, []byte, Fault, answer) {}
