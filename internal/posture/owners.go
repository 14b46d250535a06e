package posture

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// codeOwners judges CODEOWNERS: that it counts, and that it covers what decides about access.
func (f Facts) codeOwners() []Check {
	file := Check{
		ID: "owners_file", Title: "There is a CODEOWNERS file",
		Why: "Without one no approval is more than another: anybody with write access approves a manifest, the settings or a workflow.", Mend: "Add .github/CODEOWNERS; docs/security.md has one.",
	}
	if !f.Owners.Known {
		return []Check{file.unknown(f.Owners.Why, readContents)}
	}
	if f.Owners.Value.Path == "" {
		return []Check{file.is(Off, "there is none in %s", strings.Join(ownersPlaces(), ", "))}
	}
	checks := []Check{file.is(OK, "%s", f.Owners.Value.Path), f.ownersValid()}
	dir := path.Clean(strings.TrimPrefix(f.Wanted.AccessDir, "/"))
	lines := parseOwners(f.Owners.Value.Content)
	for _, part := range []struct{ id, title, why, dir string }{
		{"owners_access", fmt.Sprintf("Code owners cover %s", dir), "Manifests, settings and rules of admission lie there.", dir},
		{"owners_github", "Code owners cover .github", "Workflows lie there, and they run with the credentials.", ".github"},
		{"owners_itself", "Code owners cover CODEOWNERS", "Whoever can change it, or add one that counts more, decides who owns everything else.", ""},
	} {
		c := Check{ID: part.id, Title: part.title, Why: part.why, Mend: "Give it owners in CODEOWNERS, in a line below all others that match: the last line that matches counts."}
		checks = append(checks, covered(c, lines, f.probes(part.dir), part.dir))
	}
	return checks
}

func (f Facts) ownersValid() Check {
	c := Check{
		ID: "owners_valid", Title: "GitHub understands all of CODEOWNERS",
		Why: "A line with a mistake, or an owner without write access, is not enforced.", Mend: "Mend the lines; GitHub shows them where it shows the file.",
	}
	switch errs := f.OwnersErrors; {
	case !errs.Known:
		return c.unknown(errs.Why, readContents)
	case len(errs.Value) > 0:
		first := errs.Value[0]
		return c.is(Off, "%d mistakes, the first in line %d: %s", len(errs.Value), first.Line, first.Kind)
	}
	return c.is(OK, "it does")
}

// probes are paths that stand for all of a directory, with names that no line gives by chance. For "" they are the places
// where a CODEOWNERS would count at least as much as the one that is there. Manifests lie directly in their directory, and the
// repository's own rules of admission in its folder rules.
func (f Facts) probes(dir string) []string {
	switch dir {
	case "":
		return ownersPlaces()[:slices.Index(ownersPlaces(), f.Owners.Value.Path)+1]
	case ".github":
		return []string{".github/zq-probe", ".github/workflows/zq-probe.yml", ".github/workflows/zq-probe.yaml", ".github/actions/zq-probe/action.yml"}
	}
	return []string{path.Join(dir, "zq-probe.yaml"), path.Join(dir, "zq-probe.yml"), path.Join(dir, "settings.yaml"), path.Join(dir, "rules", "zq-probe.rego")}
}

// covered tells whether each probe has owners by the last line that matches it, and whether a later line could take them away
// from files that no probe stands for.
func covered(c Check, lines []ownersLine, probes []string, dir string) Check {
	var owners []string
	from := len(lines)
	for _, probe := range probes {
		last := -1
		for i, line := range lines {
			if line.matches(probe) {
				last = i
			}
		}
		if last < 0 || len(lines[last].owners) == 0 {
			return c.is(Off, "nobody owns %s", strings.Replace(probe, "zq-probe", "*", 1))
		}
		from = min(from, last)
		owners = append(owners, lines[last].owners...)
	}
	for _, line := range lines[from:] {
		if len(line.owners) == 0 && line.mayTouch(dir) && !slices.ContainsFunc(probes, line.matches) {
			mend := c.Mend
			c = c.unknown(fmt.Sprintf("line %d takes the owners away from some of it", line.number), "")
			c.Mend = mend
			return c
		}
	}
	slices.Sort(owners)
	return c.is(OK, "owned by %s", strings.Join(slices.Compact(owners), ", "))
}

// ownersLine is a line of CODEOWNERS.
type ownersLine struct {
	number  int
	pattern string
	owners  []string
	match   *regexp.Regexp // nil for what GitHub does not understand
}

// parseOwners reads the lines that say something.
func parseOwners(content string) []ownersLine {
	var lines []ownersLine
	number := 0
	for text := range strings.Lines(content) {
		number++
		fields := strings.Fields(text)
		if i := slices.IndexFunc(fields, func(s string) bool { return strings.HasPrefix(s, "#") }); i >= 0 {
			fields = fields[:i]
		}
		if len(fields) == 0 {
			continue
		}
		lines = append(lines, ownersLine{number: number, pattern: fields[0], owners: fields[1:], match: ownersPattern(fields[0])})
	}
	return lines
}

// ownersPattern turns a pattern into an expression for paths of files: that of gitignore, but for what GitHub leaves out, and
// for a last * after a slash, which matches files in that directory and not below.
// Source: docs.github.com, "About code owners", syntax and its exceptions.
func ownersPattern(pattern string) *regexp.Regexp {
	if strings.ContainsAny(pattern, `!\[]`) {
		return nil
	}
	body := strings.TrimSuffix(pattern, "/")
	anchored := strings.Contains(body, "/")
	body = strings.TrimPrefix(body, "/")
	if body == "" || strings.Contains(body, "//") {
		return nil
	}
	expression := "^"
	if !anchored {
		expression += "(?:.*/)?"
	}
	last := path.Base(body)
	for body != "" {
		switch {
		case strings.HasPrefix(body, "**/"):
			expression, body = expression+"(?:.*/)?", body[3:]
		case strings.HasPrefix(body, "**"):
			expression, body = expression+".*", body[2:]
		case body[0] == '*':
			expression, body = expression+"[^/]*", body[1:]
		case body[0] == '?':
			expression, body = expression+"[^/]", body[1:]
		default:
			r, size := utf8.DecodeRuneInString(body)
			expression, body = expression+regexp.QuoteMeta(string(r)), body[size:]
		}
	}
	switch {
	case strings.HasSuffix(pattern, "/"):
		expression += "/.*"
	case !strings.ContainsAny(last, "*?"):
		expression += "(?:/.*)?"
	}
	compiled, err := regexp.Compile(expression + "$")
	if err != nil {
		return nil
	}
	return compiled
}

func (l ownersLine) matches(file string) bool { return l.match != nil && l.match.MatchString(file) }

// mayTouch tells whether the line could match a file of the directory. Where it cannot tell, it says so.
func (l ownersLine) mayTouch(dir string) bool {
	literal, _, wild := strings.Cut(l.pattern, "*")
	if l.match == nil || strings.ContainsAny(literal, "?") {
		return true
	}
	if dir == "" { // single files: those are probes
		return false
	}
	if !strings.Contains(strings.TrimSuffix(l.pattern, "/"), "/") || dir == "." {
		return true
	}
	literal = strings.TrimPrefix(literal, "/")
	if !wild {
		literal = strings.TrimSuffix(literal, "/")
		return literal == dir || strings.HasPrefix(literal, dir+"/") || strings.HasPrefix(dir+"/", literal+"/")
	}
	return strings.HasPrefix(literal, dir+"/") || strings.HasPrefix(dir+"/", literal)
}
