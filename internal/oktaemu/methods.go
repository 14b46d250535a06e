// Methods that a path does not have: 405 where Okta has none either, 501 where only the emulator lacks it.

package oktaemu

import (
	"net/http"
	"slices"
	"strings"
)

// notHere are the methods that Okta's OpenAPI document has for paths of the emulator and the emulator has not.
func notHere() []route {
	const bundle, userType, org = "/api/v1/iam/governance/bundles/{bundle}", "/api/v1/meta/types/user/{type}", "/api/v1/org"
	return []route{
		{method: patch, path: "/api/v1/apps/{app}/groups/{group}"},
		{method: post, path: "/api/v1/iam/governance/bundles"},
		{method: put, path: bundle},
		{method: del, path: bundle},
		{method: post, path: "/api/v1/iam/governance/optIn"},
		{method: post, path: "/api/v1/meta/schemas/user/linkedObjects"},
		{method: post, path: "/api/v1/meta/types/user"},
		{method: post, path: userType},
		{method: put, path: userType},
		{method: del, path: userType},
		{method: post, path: org},
		{method: put, path: org},
		{method: post, path: "/api/v1/principal-rate-limits"},
		{method: post, path: "/integrations/api/v1/api-services"},
	}
}

// unknown answers a request that no route is for. That Okta asks who calls before it looks at the method, and sends no
// Allow header with E0000022, is UNVERIFIED.
func (c *call) unknown(routes []route) reply {
	_, elsewhere := match(notHere(), c)
	have := strings.Split(c.r.URL.EscapedPath(), "/")
	path := slices.ContainsFunc(routes, func(r route) bool {
		_, fits := matchPath(strings.Split(r.path, "/"), have)
		return fits
	})
	if path && !elsewhere {
		return errorReply(http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method")
	}
	return notEmulated("route " + c.r.Method + " " + c.r.URL.Path)
}
