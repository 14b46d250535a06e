package report

import (
	"fmt"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// labels are what people call the things that evidence names by Okta's ids.
type labels map[string]string

// of returns the label and, in brackets, the id; the id alone where there is no label.
func (l labels) of(id string) string {
	if label := l[id]; label != "" {
		return `"` + label + `" (` + id + ")"
	}
	return id
}

// role names a role.
func (l labels) role(r access.Role) string {
	if r.Type != access.RoleCustom || (l[r.CustomRole] == "" && l[r.ResourceSet] == "") {
		return r.String()
	}
	return l.of(r.CustomRole) + " on " + l.of(r.ResourceSet)
}

// in gives text with its label at each id that stands as a word of its own. An id in brackets has its label before it.
func (l labels) in(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		id := strings.TrimRight(word, ",;:")
		words[i] = l.of(id) + word[len(id):]
	}
	return strings.Join(words, " ")
}

// each is in for a list.
func (l labels) each(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = l.in(text)
	}
	return out
}

// roles lists roles.
func (l labels) roles(in []access.Role) string {
	var texts []string
	for _, role := range in {
		texts = append(texts, l.role(role))
	}
	return list(texts)
}

// keeps names the role that the account keeps, by its labels and its ids.
func keeps(t access.Terms) string {
	l := labels(t.Names)
	role := l.role(t.Intended)
	if t.Label == "" || (l[t.Intended.CustomRole] != "" && l[t.Intended.ResourceSet] != "") {
		return role
	}
	return fmt.Sprintf("%s (%s)", t.Label, role)
}
