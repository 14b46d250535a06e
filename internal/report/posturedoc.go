package report

import (
	"fmt"
	"io"
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

// statusWords are the words for the statuses of checks.
func statusWords() map[posture.Status]string {
	return map[posture.Status]string{
		posture.OK: wordPass, posture.Note: "note", posture.Unknown: wordUnknown, posture.Off: wordFail,
	}
}

// postureDocument is a table of all checks, and below it what to do about those that are not ok, worst first.
func postureDocument(repository string, checks []posture.Check) document {
	t := &table{headers: []string{"Check", "Result", "What has to hold", "What is so"}, widths: []int{33, 9, 30, 35}}
	words := statusWords()
	counts := map[posture.Status]int{}
	for _, c := range checks {
		counts[c.Status]++
		t.rows = append(t.rows, []string{c.ID, words[c.Status], c.Title, oneLine(c.Seen)})
	}
	verdict := fmt.Sprintf("%s: %d off, %d not known, %d to note, %d as they have to be.",
		count(len(checks), "check"), counts[posture.Off], counts[posture.Unknown], counts[posture.Note], counts[posture.OK])
	d := document{title: "How " + repository + " is set up", blocks: []block{{text: verdict, table: t}}}
	for _, status := range []posture.Status{posture.Off, posture.Unknown, posture.Note} {
		for _, c := range checks {
			if c.Status == status {
				d.blocks = append(d.blocks, mending(c, words[status])...)
			}
		}
	}
	return d
}

// mending says why a check matters and what to do.
func mending(c posture.Check, word string) []block {
	blocks := []block{{heading: strings.Join([]string{word, c.ID + ": " + c.Title}, "  "), text: sentence(c.Why)}}
	if c.Mend != "" {
		blocks = append(blocks, block{text: "What to do: " + sentence(c.Mend)})
	}
	return blocks
}
