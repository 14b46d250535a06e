// What the emulator answers, for those who ask rather than call: the page docs/okta-fidelity.md and the witnesses.

package oktaemu

// RouteInfo is a route of the Management API that the emulator answers, with what its answers are based on.
type RouteInfo struct {
	Method   string
	Path     string // variables are in braces
	Scope    string // of OAuth; empty where a token has no access, or none is needed
	Evidence string // recorded, documented, spec or unverified
	Source   string // of the evidence
}

// Routes lists the routes in the order of the table.
func Routes() []RouteInfo {
	var out []RouteInfo
	for _, r := range routes() {
		out = append(out, RouteInfo{Method: r.method, Path: r.path, Scope: r.scope, Evidence: r.evidence.grade, Source: r.evidence.source})
	}
	return out
}
