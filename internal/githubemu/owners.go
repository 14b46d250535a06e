package githubemu

// This file finds what is wrong with CODEOWNERS, as GitHub does.

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// ownersPaths are the places of the file, in the order in which GitHub looks.
// Source: docs.github.com, "About code owners".
func ownersPaths() []string { return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"} }

// ownersError is one complaint.
type ownersError struct {
	line, column             int
	kind, source, suggestion string
}

// listOwnersErrors answers /codeowners/errors; 404 where there is no such file.
func (h *Hub) listOwnersErrors(c call) (int, any) {
	commit := h.resolve(cmp.Or(c.query("ref"), h.opts.DefaultBranch))
	if commit == nil {
		return notFound(c.docs)
	}
	for _, at := range ownersPaths() {
		file, ok := commit.files[at]
		if !ok {
			continue
		}
		shapes := []any{}
		line := 0
		for source := range strings.Lines(file.Content) {
			line++
			for _, e := range h.ownersErrors(source) {
				e.line = line
				shapes = append(shapes, e.shape(at))
			}
		}
		return http.StatusOK, map[string]any{"errors": shapes}
	}
	return notFound(c.docs)
}

// shape is the complaint, with its message laid out as GitHub does.
func (e ownersError) shape(at string) map[string]any {
	hint := ""
	if e.suggestion != "" {
		hint = " " + e.suggestion
	}
	return map[string]any{
		"line": e.line, "column": e.column, "kind": e.kind, "source": e.source, "suggestion": text(e.suggestion), "path": at,
		"message": fmt.Sprintf("%s on line %d:%s\n\n  %s\n  %s^", e.kind, e.line, hint, strings.TrimSuffix(e.source, "\n"), strings.Repeat(" ", e.column-1)),
	}
}

// ownersErrors finds what is wrong with one line. What GitHub does not take from gitignore: a pattern that begins with !
// or an escaped #, and character ranges. Source: docs.github.com, "About code owners", syntax exceptions.
func (h *Hub) ownersErrors(source string) []ownersError {
	fields := regexp.MustCompile(`\S+`).FindAllStringIndex(source, -1)
	if len(fields) == 0 || strings.HasPrefix(strings.TrimSpace(source), "#") {
		return nil
	}
	pattern := source[fields[0][0]:fields[0][1]]
	bad := func(column int, kind, suggestion string) ownersError {
		return ownersError{column: column + 1, kind: kind, source: source, suggestion: suggestion}
	}
	if strings.HasPrefix(pattern, "!") || strings.HasPrefix(pattern, `\#`) || strings.Contains(pattern, "***") || strings.ContainsAny(pattern, "[]") {
		e := bad(fields[0][0], "Invalid pattern", "")
		if strings.Contains(pattern, "***") {
			e.suggestion = "Did you mean `" + strings.ReplaceAll(pattern, "***", "**") + "`?"
		}
		return []ownersError{e}
	}
	var out []ownersError
	for _, at := range fields[1:] {
		owner := source[at[0]:at[1]]
		if strings.HasPrefix(owner, "#") {
			break
		}
		switch h.ownerKind(owner) {
		case "invalid":
			out = append(out, bad(at[0], "Invalid owner", ""))
		case "unknown":
			what := owner + " exists and"
			if strings.Contains(owner, "/") {
				what = "the team " + owner + " exists, is publicly visible, and"
			}
			out = append(out, bad(at[0], "Unknown owner", "make sure "+what+" has write access to the repository"))
		}
	}
	return out
}

// ownerKind tells what an owner is: one who is known, unknown, or no owner by form. An address is believed.
func (h *Hub) ownerKind(owner string) string {
	user := regexp.MustCompile(`^@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$`)
	team := regexp.MustCompile(`^@([A-Za-z0-9-]+)/([A-Za-z0-9._-]+)$`)
	if m := team.FindStringSubmatch(owner); m != nil {
		if _, ok := h.people.teams[m[2]]; ok && strings.EqualFold(m[1], h.owner) {
			return "known"
		}
		return "unknown"
	}
	if user.MatchString(owner) {
		if h.people.atLeast(owner[1:], "write") {
			return "known"
		}
		return "unknown"
	}
	if local, host, ok := strings.Cut(owner, "@"); ok && local != "" && strings.Contains(host, ".") {
		return "known"
	}
	return "invalid"
}
