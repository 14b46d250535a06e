package posture

import "testing"

// TestOwnersPattern holds the examples of GitHub's page on code owners, and gitignore's, against the expressions.
func TestOwnersPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, file string
		want          bool
	}{
		{"*", "a/b/c.go", true},
		{"*.js", "a/b.js", true},
		{"*.js", "a/b.jsx", false},
		{"/build/logs/", "build/logs/a/b", true},
		{"/build/logs/", "x/build/logs/a", false},
		{"docs/*", "docs/getting-started.md", true},
		{"docs/*", "docs/build-app/troubleshooting.md", false},
		{"apps/", "x/apps/y", true},
		{"apps/", "x/apps", false},
		{"/docs/", "docs/a/b", true},
		{"/apps/github", "apps/github/x", true},
		{"/apps/github", "apps/github", true},
		{"apps", "x/apps/y", true},
		{"**/logs", "a/b/logs/c", true},
		{"**/logs", "logs/c", true},
		{"access/**", "access/a/b", true},
		{"/access/**/x.yaml", "access/x.yaml", true},
		{"/access/?.yaml", "access/a.yaml", true},
		{"/access/?.yaml", "access/ab.yaml", false},
		{"/access", "accession", false},
		{"a.b", "aXb", false},
		{"/zugänge/", "zugänge/x", true},
		{"[a]ccess/", "access/x", false},
		{"!access/", "access/x", false},
		{"/", "access/x", false},
	} {
		line := ownersLine{match: ownersPattern(c.pattern)}
		if got := line.matches(c.file); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.file, got)
		}
	}
}

func TestMayTouch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, dir string
		want         bool
	}{
		{"/docs/", "access", false},
		{"/docs/*.md", "access", false},
		{"/access/payroll.yaml", "access", true},
		{"/accession/", "access", false},
		{"/acc*", "access", true},
		{"*.md", "access", true},
		{"payroll.yaml", "access", true},
		{"/infra/", "infra/access", true},
		{"/infra/a*", "infra/access", true},
		{"/infra/b*", "infra/access", false},
		{"[x", "access", true},
		{"/docs/", ".", true},
		{"/docs/", "", false},
	} {
		line := ownersLine{pattern: c.pattern, match: ownersPattern(c.pattern)}
		if got := line.mayTouch(c.dir); got != c.want {
			t.Errorf("%q may touch %q: %v", c.pattern, c.dir, got)
		}
	}
}
