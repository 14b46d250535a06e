package githubemu

// This file answers where branches are, and moves them.

import (
	"net/http"
	"slices"
	"strings"
)

// refShape is a reference.
func (h *Hub) refShape(c call, branch, sha string) map[string]any {
	repo := c.base + "/repos/" + h.opts.Repository
	return map[string]any{
		"ref": "refs/heads/" + branch, "node_id": nodeID("REF_", branch), "url": repo + "/git/refs/heads/" + branch,
		"object": map[string]any{"sha": sha, "type": "commit", "url": repo + "/git/commits/" + sha},
	}
}

// readBranch answers /branches/{branch}.
func (h *Hub) readBranch(c call) (int, any) {
	branch := c.vars["branch"]
	sha, ok := h.seenRef(branch)
	if !ok {
		return refusal(http.StatusNotFound, "Branch not found", c.docs)
	}
	repo := c.base + "/repos/" + h.opts.Repository
	return http.StatusOK, map[string]any{
		"name": branch, "commit": h.commitShape(c, h.commits[sha]), "protected": h.protected(branch),
		"protection": map[string]any{
			"enabled":                h.classic[branch],
			"required_status_checks": map[string]any{"enforcement_level": "off", "contexts": []any{}, "checks": []any{}},
		},
		"protection_url": repo + "/branches/" + branch + "/protection",
		"_links":         map[string]any{"self": repo + "/branches/" + branch, "html": "https://github.com/" + h.opts.Repository + "/tree/" + branch},
	}
}

// readRef answers /git/ref/heads/{branch}.
func (h *Hub) readRef(c call) (int, any) {
	sha, ok := h.seenRef(c.vars["branch"])
	if !ok {
		return notFound(c.docs)
	}
	return http.StatusOK, h.refShape(c, c.vars["branch"], sha)
}

// listMatchingRefs answers /git/matching-refs/{ref}: all whose names begin like that. It has no pages.
func (h *Hub) listMatchingRefs(c call) (int, any) {
	shapes, names := []any{}, []string{}
	for name := range h.refLog {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if sha, ok := h.seenRef(name); ok && strings.HasPrefix("heads/"+name, c.vars["ref"]) {
			shapes = append(shapes, h.refShape(c, name, sha))
		}
	}
	return http.StatusOK, shapes
}

// target checks the SHA that a reference is to have; the refusal is "" where it can.
func (h *Hub) target(sha string) string {
	switch {
	case !isSHA(sha):
		return "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."
	case h.commits[sha] == nil:
		return "Object does not exist"
	}
	return ""
}

func isSHA(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }

// createRef answers POST /git/refs. References other than branches are not known here.
func (h *Hub) createRef(c call) (int, any) {
	var in struct {
		Ref string `json:"ref"`
		SHA string `json:"sha"`
	}
	if c.read(&in) != nil {
		return c.malformed()
	}
	if strings.Count(in.Ref, "/") < 2 || !strings.HasPrefix(in.Ref, "refs/") {
		return c.unprocessable("Reference name must start with 'refs/' and contain at least three slash-separated components.")
	}
	branch, ok := strings.CutPrefix(in.Ref, "refs/heads/")
	if !ok {
		return unknownRoute(c.r)
	}
	if !isBranch(branch) {
		return c.unprocessable(in.Ref + " is not a valid ref name.")
	}
	if refused := h.target(in.SHA); refused != "" {
		return c.unprocessable(refused)
	}
	if h.branches[branch] != "" {
		return c.unprocessable("Reference already exists")
	}
	for name := range h.branches { // Git keeps branches as files and folders: a/b and a cannot both be
		if strings.HasPrefix(name, branch+"/") || strings.HasPrefix(branch, name+"/") {
			return c.unprocessable("Reference update failed")
		}
	}
	if refused := h.violation(c.token.Login, branch, "", in.SHA); refused != "" {
		return c.unprocessable(refused)
	}
	h.move(c.token.Login, branch, in.SHA, "")
	c.header.Set("Location", c.base+"/repos/"+h.opts.Repository+"/git/refs/heads/"+branch)
	return http.StatusCreated, h.refShape(c, branch, in.SHA)
}

// isBranch is most of what git-check-ref-format wants.
func isBranch(name string) bool {
	return name != "" && !strings.HasPrefix(name, "/") && !strings.HasSuffix(name, "/") && !strings.HasSuffix(name, ".lock") &&
		!strings.HasSuffix(name, ".") && !strings.HasPrefix(name, "-") && !isSHA(name) &&
		!strings.Contains(name, "..") && !strings.Contains(name, "//") && !strings.Contains(name, "@{") && !strings.Contains("/"+name, "/.") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`\?*[~^:`, r) })
}

// updateRef answers PATCH /git/refs/heads/{branch}. Rules are asked even where nothing moves.
func (h *Hub) updateRef(c call) (int, any) {
	var in struct {
		SHA   string `json:"sha"`
		Force bool   `json:"force"`
	}
	if c.read(&in) != nil {
		return c.malformed()
	}
	branch := c.vars["branch"]
	before := h.branches[branch]
	if before == "" {
		return c.unprocessable("Reference does not exist")
	}
	if refused := h.target(in.SHA); refused != "" {
		return c.unprocessable(refused)
	}
	if !in.Force && !ancestors(h.commits, in.SHA)[before] {
		return c.unprocessable("Update is not a fast forward")
	}
	if refused := h.violation(c.token.Login, branch, before, in.SHA); refused != "" {
		return c.unprocessable(refused)
	}
	h.move(c.token.Login, branch, in.SHA, "")
	return http.StatusOK, h.refShape(c, branch, in.SHA)
}

// deleteRef answers DELETE /git/refs/heads/{branch}.
func (h *Hub) deleteRef(c call) (int, any) {
	branch := c.vars["branch"]
	before := h.branches[branch]
	switch {
	case before == "":
		return c.unprocessable("Reference does not exist")
	case branch == h.opts.DefaultBranch:
		return c.unprocessable("Cannot delete the default branch")
	}
	if refused := h.violation(c.token.Login, branch, before, ""); refused != "" {
		return c.unprocessable(refused)
	}
	h.move(c.token.Login, branch, "", "")
	return http.StatusNoContent, nil
}
