package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stepdown/stepdown/internal/audit"
	"github.com/stepdown/stepdown/internal/org"
)

// gap is why collections are not complete: one cause, which is told once, and all collections that have it.
type gap struct {
	names          []string
	reason         string
	entries, calls int
}

// gaps groups the collections that are not complete by their cause, in the order in which each cause is met first.
func gaps(collections []audit.Collection) []gap {
	var out []gap
	for _, c := range collections {
		if c.Status == org.StatusComplete {
			continue
		}
		reason := cmp.Or(c.Reason, c.Status, "no reason is known")
		i := slices.IndexFunc(out, func(g gap) bool { return g.reason == reason })
		if i < 0 {
			i = len(out)
			out = append(out, gap{reason: reason})
		}
		out[i].names = append(out[i].names, c.Name)
		out[i].entries += c.Count
		out[i].calls += c.Calls
	}
	return out
}

// collections names the collections of a gap, with their number where it is not plain to see.
func (g gap) collections() string {
	text := strings.Join(g.names, ", ")
	if len(g.names) > 2 {
		text += fmt.Sprintf(" (%d)", len(g.names))
	}
	return text
}

// undecided says why a control could not be decided: by the collections that it needs, where one of them is not complete,
// and otherwise by the reason of its result.
func undecided(result audit.Result, collections []audit.Collection) string {
	var needed []audit.Collection
	for _, name := range result.Control.Requires {
		i := slices.IndexFunc(collections, func(c audit.Collection) bool { return c.Name == name })
		if i < 0 {
			needed = append(needed, audit.Collection{Name: name, Coverage: org.Coverage{Reason: "not collected"}})
			continue
		}
		needed = append(needed, collections[i])
	}
	slices.SortFunc(needed, func(a, b audit.Collection) int { return cmp.Compare(a.Name, b.Name) })
	missing := gaps(needed)
	if len(missing) == 0 {
		return sentence(result.Reason)
	}
	var sentences []string
	for _, g := range missing {
		verb := "are"
		if len(g.names) == 1 {
			verb = "is"
		}
		sentences = append(sentences, sentence(g.collections()+" "+verb+" not complete: "+g.reason))
	}
	return strings.Join(sentences, " ")
}

// coverage says what was seen; in full, and by its cause, what was not.
func coverage(r audit.Report) block {
	t := &table{headers: []string{"Collection", "Status", "Entries", "Calls", "Why"}, widths: []int{24, 0, 0, 0, 58}}
	missing := 0
	for _, g := range gaps(r.Snapshot.Collections) {
		missing += len(g.names)
		t.rows = append(t.rows, []string{g.collections(), wordUnknown, strconv.Itoa(g.entries), strconv.Itoa(g.calls), oneLine(g.reason)})
	}
	for _, c := range r.Snapshot.Collections {
		if c.Status == org.StatusComplete {
			t.rows = append(t.rows, []string{c.Name, "complete", strconv.Itoa(c.Count), strconv.Itoa(c.Calls), oneLine(c.Reason)})
		}
	}
	if missing > 0 {
		return block{heading: "Coverage", text: count(missing, "collection") + " could not be read in full:", table: t}
	}
	return block{folded: "Coverage: complete (" + count(len(t.rows), "collection") + ")", table: t, minor: true}
}
