// The routes of the Management API that the emulator knows, each with the right and the scope that it takes, and with
// what is known of its behaviour. The first that fits a request is taken.

package oktaemu

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	get   = http.MethodGet
	post  = http.MethodPost
	put   = http.MethodPut
	patch = http.MethodPatch
	del   = http.MethodDelete
)

// route says what answers a method and path. A path segment in braces is a variable.
type route struct {
	method, path string
	need         right
	scope        string   // what an OAuth caller's token must hold besides; a caller by OAuth has no access where it is empty
	query        []string // the parameters that it knows
	answer       func(*call) reply
	evidence     evidence
}

// evidence says how it is known that Okta answers a route as the emulator does.
type evidence struct{ grade, source string }

// recorded: seen in recorded traffic of real orgs. The source names the recording.
func recorded(source string) evidence { return evidence{"recorded", source} }

// documented: Okta's documentation or support says so. The source names the page.
func documented(source string) evidence { return evidence{"documented", source} }

// inSpec: Okta's OpenAPI document has it, and nothing else is known.
func inSpec(source string) evidence { return evidence{"spec", source} }

// unverified: a harsh guess. The source says what is guessed.
func unverified(source string) evidence { return evidence{"unverified", source} }

func routes() []route {
	return slices.Concat(
		schemaRoutes(), userTypeRoutes(), userRoutes(), lifecycleRoutes(), credentialRoutes(), groupRuleRoutes(), groupRoutes(),
		roleRoutes(), roleTargetRoutes(), governanceRoutes(), customRoleRoutes(), resourceSetRoutes(), bindingRoutes(),
		tokenRoutes(), zoneRoutes(), appRoutes(), orgRoutes(), logRoutes(),
		tokenEndpointRoutes(),
	)
}

// match finds the first route for the call and fills its variables.
func match(routes []route, c *call) (route, bool) {
	have := strings.Split(c.r.URL.EscapedPath(), "/")
	for _, candidate := range routes {
		if candidate.method != c.r.Method {
			continue
		}
		if vars, ok := matchPath(strings.Split(candidate.path, "/"), have); ok {
			c.vars = vars
			return candidate, true
		}
	}
	return route{}, false
}

func matchPath(want, have []string) (map[string]string, bool) {
	if len(want) != len(have) {
		return nil, false
	}
	vars := map[string]string{}
	for i, w := range want {
		value, err := url.PathUnescape(have[i])
		if err != nil {
			return nil, false
		}
		if strings.HasPrefix(w, "{") && value != "" {
			vars[strings.Trim(w, "{}")] = value
		} else if w != value {
			return nil, false
		}
	}
	return vars, true
}
