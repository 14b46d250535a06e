package oktaemu

import (
	"slices"
	"strings"
	"testing"
)

// TestTheTableOfRoutes holds what every route must say of itself.
func TestTheTableOfRoutes(t *testing.T) {
	t.Parallel()
	seen, scopes, rights := map[string]bool{}, Scopes(), rules()
	for _, r := range routes() {
		name := r.method + " " + r.path
		shape := r.method + " " + shapeOf(r.path)
		if seen[shape] {
			t.Errorf("%s is there twice", name)
		}
		seen[shape] = true
		if !slices.Contains([]string{"recorded", "documented", "spec", "unverified"}, r.evidence.grade) || r.evidence.source == "" {
			t.Errorf("%s: nobody says how it is known: %q, %q", name, r.evidence.grade, r.evidence.source)
		}
		open := r.need == nobody || r.need == anyUser
		if !slices.Contains(scopes, r.scope) && (r.scope != "" || !open) {
			t.Errorf("%s: %q is not a scope", name, r.scope)
		}
		if _, known := rights[r.need]; !known && !open {
			t.Errorf("%s: nobody has the right to %q", name, r.need)
		}
		if wants, is := ".manage", r.method != get; is && r.scope != "" && !strings.HasSuffix(r.scope, wants) && !strings.HasSuffix(r.scope, ".register") {
			t.Errorf("%s: a change for the scope %s", name, r.scope)
		}
		if r.answer == nil {
			t.Errorf("%s has no answer", name)
		}
	}
}

// shapeOf is a path in which all variables have the same name.
func shapeOf(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// TestNoRouteHidesAnother: the first that fits is taken, so a fixed path must come before one with a variable.
func TestNoRouteHidesAnother(t *testing.T) {
	t.Parallel()
	all := routes()
	for i, r := range all {
		for _, earlier := range all[:i] {
			if _, fits := matchPath(strings.Split(earlier.path, "/"), strings.Split(r.path, "/")); fits && earlier.method == r.method {
				t.Errorf("%s %s is never reached: %s comes first", r.method, r.path, earlier.path)
			}
		}
	}
}
