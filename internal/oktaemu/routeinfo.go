// What the emulator answers, for those who ask rather than call: the page docs/okta-fidelity.md and the witnesses.

package oktaemu

// RouteInfo is a route of the Management API that the emulator answers, with what its answers are based on.
type RouteInfo struct {
	Method   string
	Path     string // variables are in braces
	Scope    string // OAuth scope; empty where the table has none
	Evidence string // recorded, documented, spec or unverified; empty where nobody graded it
	Source   string // of the evidence
}

// Routes lists the routes in the order of the table.
func Routes() []RouteInfo {
	var out []RouteInfo
	for _, r := range routes() {
		out = append(out, RouteInfo{Method: r.method, Path: r.path})
	}
	return out
}
