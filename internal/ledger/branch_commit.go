package ledger

import (
	"crypto/hmac"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/stepdown/stepdown/internal/access"
)

// Trailers of a commit that are read; the others are for people.
const (
	trailerOver       = "Stepdown-Over: "       // the genuine commit that it continues, where that is not its parent
	trailerForeign    = "Stepdown-Foreign: "    // a commit of somebody else's that nobody has looked into yet
	trailerGeneration = "Stepdown-Generation: " // the last line but one
	trailerMAC        = "Stepdown-MAC: "        // the last line
)

// mark is what a genuine commit says of itself.
type mark struct {
	generation int
	foreign    []string
}

// sealed is what the MAC of a commit covers. By the tree it covers every file, by the parent all that was before.
type sealed struct {
	Repository string `json:"repository"`
	Branch     string `json:"branch"`
	Generation int    `json:"generation"`
	Tree       string `json:"tree"`
	Parent     string `json:"parent"`
	Message    string `json:"message"` // without the line of the MAC
}

// seal ends message with its generation and the MAC of the commit that it will be of.
func (b *Branch) seal(message string, generation int, tree, parent string) (string, error) {
	message += trailerGeneration + strconv.Itoa(generation) + "\n"
	mac, err := b.sign.mac("commit", sealed{b.o.Repository, b.o.Branch, generation, tree, parent, message})
	return message + trailerMAC + mac + "\n", err
}

// genuine tells whether this program made the commit, for this branch of this repository, and what it says. A merge is
// never genuine.
func (b *Branch) genuine(c access.GitCommit) (mark, bool) {
	message := strings.TrimRight(c.Message, "\n") + "\n"
	at := strings.LastIndex(message, "\n"+trailerMAC) + 1
	if at == 0 || len(c.Parents) > 1 {
		return mark{}, false
	}
	text, claimed := message[:at], strings.TrimSuffix(message[at+len(trailerMAC):], "\n")
	_, last, found := cutLast(text, "\n"+trailerGeneration)
	generation, err := strconv.Atoi(strings.TrimSuffix(last, "\n"))
	if !found || err != nil {
		return mark{}, false
	}
	s := sealed{b.o.Repository, b.o.Branch, generation, c.Tree, "", text}
	if len(c.Parents) == 1 {
		s.Parent = c.Parents[0]
	}
	mac, err := b.sign.mac("commit", s)
	if err != nil || !hmac.Equal([]byte(mac), []byte(claimed)) {
		return mark{}, false
	}
	m := mark{generation: generation}
	for line := range strings.Lines(text) {
		if sha, ok := strings.CutPrefix(line, trailerForeign); ok {
			m.foreign = append(m.foreign, strings.TrimSuffix(sha, "\n"))
		}
	}
	return m, true
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// describe is the message of the commit that records the last event of a lease, as far as origin. It says nothing that the
// files do not.
func (b *Branch) describe(l access.Lease) string {
	last := l.Events[len(l.Events)-1]
	var m strings.Builder
	fmt.Fprintf(&m, "%s: %s (lease %s)\n\n", last.State, line(l.Account.Login), l.ID)
	trailer := func(name, value string) { trail(&m, name, value) }
	trailer("Lease", l.ID)
	trailer("State", string(last.State))
	trailer("At", stamp(last.At))
	trailer("Kind", l.Kind)
	trailer("Account", l.Account.Login+" "+l.Account.ID)
	trailer("Org", l.OrgURL)
	for _, role := range l.Temporary {
		trailer("Temporary-Role", roleName(l, role))
	}
	trailer("Intended-Role", l.Label)
	trailer("Window", stamp(l.OpenedAt)+" to "+stamp(l.EndsAt))
	if a := l.Approval; a != nil {
		trailer("Pull-Request", a.URL)
		trailer("Head", a.HeadSHA)
		trailer("Approved-By", strings.Join(a.Approvers, " "))
	}
	return m.String()
}

// origin ends the message of a commit as far as the signature: who makes it, and what it continues.
func (b *Branch) origin(over string, foreign []string) string {
	var m strings.Builder
	trail(&m, "Run", b.o.Run)
	trail(&m, "Actor", b.o.Actor)
	if over != "" {
		m.WriteString(trailerOver + over + "\n")
	}
	for _, sha := range foreign {
		m.WriteString(trailerForeign + sha + "\n")
	}
	return m.String()
}

// trail adds a trailer for people, where there is something to say.
func trail(m *strings.Builder, name, value string) {
	if value = line(value); value != "" {
		fmt.Fprintf(m, "Stepdown-%s: %s\n", name, value)
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func roleName(l access.Lease, r access.Role) string {
	name := r.String()
	for _, id := range []string{r.CustomRole, r.ResourceSet} {
		if label := l.Names[id]; id != "" && label != "" {
			name += " (" + label + ")"
		}
	}
	return name
}

// maxValue is how many characters of text from outside a line of a message holds.
const maxValue = 200

// line makes text from outside one line of at most maxValue characters, all of which are seen: what cannot be printed,
// breaks a line or turns the direction of writing becomes a question mark.
func line(s string) string {
	out := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '?'
	}, strings.TrimSpace(s)))
	if len(out) > maxValue {
		out = append(slices.Clip(out[:maxValue-1]), '…')
	}
	return string(out)
}
