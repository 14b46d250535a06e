package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/posture"
)

// PostureTable writes how a repository is set up for a terminal, at most 120 columns wide.
func PostureTable(w io.Writer, repository string, checks []posture.Check) error {
	return writeText(w, postureDocument(repository, checks))
}

// PostureMarkdown writes the same for a step summary.
func PostureMarkdown(w io.Writer, repository string, checks []posture.Check) error {
	return writeMarkdown(w, postureDocument(repository, checks))
}

// postureDocument says what is off first, then what is not known, each with what to do; then what to note and what is as it has
// to be, a line each. What is the same of several things is said once.
func postureDocument(repository string, checks []posture.Check) document {
	counts := map[posture.Status]int{}
	for _, c := range checks {
		counts[c.Status]++
	}
	verdict := fmt.Sprintf("%s: %d off, %d not known, %d to note, %d as they have to be.",
		count(len(checks), "check"), counts[posture.Off], counts[posture.Unknown], counts[posture.Note], counts[posture.OK])
	d := document{title: "How " + repository + " is set up", blocks: []block{{text: verdict}}}
	for _, g := range grouped(checks, posture.Off) {
		d.blocks = append(d.blocks, mending(g, wordFail)...)
	}
	for _, g := range grouped(checks, posture.Unknown) {
		d.blocks = append(d.blocks, mending(g, wordUnknown)...)
	}
	notes := &table{headers: []string{"To note", "What is so", "What to do"}, widths: []int{27, 32, 49}}
	for _, g := range grouped(checks, posture.Note) {
		notes.rows = append(notes.rows, []string{strings.Join(g.names(), ", "), oneLine(g[0].Seen), oneLine(g[0].Mend)})
	}
	fine := &table{headers: []string{"Result", "Check", "What holds"}, widths: []int{6, 21, 79}}
	for _, g := range grouped(checks, posture.OK) {
		of := ""
		if g[0].Of != "" {
			of = ": " + strings.Join(g.things(), ", ")
		}
		fine.rows = append(fine.rows, []string{wordPass, g[0].ID, g[0].Title + of})
	}
	if len(notes.rows) > 0 {
		d.blocks = append(d.blocks, block{table: notes})
	}
	if len(fine.rows) > 0 {
		d.blocks = append(d.blocks, block{table: fine})
	}
	return d
}

// alike are checks of which the same is to be said.
type alike []posture.Check

// grouped puts checks of a status together, in the order of the first of each group. Whatever was not read for one reason is one
// group; else one check of several things is, if the same came of it.
func grouped(checks []posture.Check, status posture.Status) []alike {
	same := func(a, b posture.Check) bool {
		switch status {
		case posture.OK:
			return a.ID == b.ID
		case posture.Unknown:
			return a.Seen == b.Seen && a.Mend == b.Mend
		}
		return a.ID == b.ID && a.Seen == b.Seen && a.Mend == b.Mend
	}
	var groups []alike
	for _, c := range checks {
		if c.Status != status {
			continue
		}
		i := slices.IndexFunc(groups, func(g alike) bool { return same(g[0], c) })
		if i < 0 {
			groups = append(groups, alike{c})
		} else {
			groups[i] = append(groups[i], c)
		}
	}
	return groups
}

// names are the checks of the group, each once, with the things that each is about.
func (g alike) names() []string {
	var names []string
	for _, c := range g {
		of := slices.DeleteFunc(slices.Clone(g), func(o posture.Check) bool { return o.ID != c.ID }).things()
		name := c.ID
		if len(of) > 0 {
			name += " (" + strings.Join(of, ", ") + ")"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// things are what the checks of the group are about.
func (g alike) things() []string {
	var things []string
	for _, c := range g {
		things = append(things, present(c.Of)...)
	}
	return things
}

// mending says what is so, why that matters and what to do.
func mending(g alike, word string) []block {
	heading, text := word+"  "+strings.Join(g.names(), ", "), sentence(g[0].Seen)
	if alone := !slices.ContainsFunc(g, func(c posture.Check) bool { return c.ID != g[0].ID }); alone {
		heading += ": " + g[0].Title
		text = sentence("What is so: "+g[0].Seen) + " " + sentence(g[0].Why)
		if g[0].Status == posture.Unknown {
			text = sentence("Not known: "+g[0].Seen) + " " + sentence(g[0].Why)
		}
	}
	blocks := []block{{heading: heading, text: text}}
	if g[0].Mend != "" {
		blocks = append(blocks, block{text: "What to do: " + sentence(g[0].Mend)})
	}
	return blocks
}
