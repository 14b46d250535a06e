package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// evidenceDocument is what the evidence of an apply, a downgrade or an end says to people: the outcome, what was asked, what was
// done, and every reading and request that shows it.
func evidenceDocument(e access.Evidence) document {
	d := concluded(e)
	ask, did := block{heading: "What was approved", table: approved(e)}, "What the account did in the window"
	if removes(e) {
		ask, did = block{heading: "What was asked", table: asked(e)}, "What the account did"
	}
	d.blocks = append(d.blocks, ask, acts(e), block{heading: "Course", table: course(e)})
	d.blocks = append(d.blocks, held(e)...)
	return document{title: d.title, blocks: append(d.blocks,
		block{heading: did, text: logged(e), table: activity(e)},
		block{folded: count(len(e.Writes), "request") + " that could change the org", table: exchanges(e)},
	)}
}

// evidenceSummary is the part of the document that says how it ended.
func evidenceSummary(e access.Evidence) document {
	d := concluded(e)
	return document{title: d.title, blocks: append(d.blocks, acts(e))}
}

// concluded is the outcome, and what is to be looked at.
func concluded(e access.Evidence) document {
	what, came := "Elevation of "+e.Lease.Account.Login, outcome(e)
	if removes(e) {
		what, came = removal(e.Lease), removalOutcome(e)
	}
	d := document{title: what + ": " + came}
	if e.Failure != "" {
		d.blocks = append(d.blocks, block{text: "What went wrong: " + oneLine(e.Failure)})
	}
	if concerns := concerns(e); len(concerns.rows) > 0 {
		d.blocks = append(d.blocks, block{heading: "To be looked at", table: concerns})
	}
	return d
}

// acts is what came of it.
func acts(e access.Evidence) block {
	if removes(e) {
		return block{heading: "What was done", table: removed(e)}
	}
	return block{heading: "What was done", table: done(e)}
}

// outcome says what the evidence shows: a state alone proves nothing.
func outcome(e access.Evidence) string {
	words := map[access.State]string{access.StateClosed: "done", access.StateUndone: "undone"}
	word, ended := words[e.State]
	switch {
	case e.State == access.StateStuck:
		return "STUCK, it may still be elevated"
	case !ended:
		return "NOT FINISHED (" + string(e.State) + ")"
	case e.Window.GrantSent.IsZero():
		return word + ", never elevated"
	case e.Window.Proved.IsZero():
		return word + ", but the step-down is NOT PROVED"
	default:
		return word + ", and proved to be stepped down"
	}
}

// elevated says for how long the account was elevated at the most, if that is known.
func elevated(e access.Evidence) string {
	switch {
	case e.Window.GrantSent.IsZero():
		return "never elevated"
	case e.State == access.StateStuck || e.Window.RevokeAnswered.IsZero():
		return "not known: the step-down is not proved"
	default:
		return seconds(e.Window.ElevatedSeconds)
	}
}

// concerns lists what an auditor should look at.
func concerns(e access.Evidence) *table {
	t := &table{headers: []string{"Kind", "What"}, widths: []int{0, 95}}
	why := "did not give"
	if removes(e) {
		why = "did not name"
	}
	for _, text := range e.Residue {
		t.rows = append(t.rows, []string{"residue", "the account still holds " + labels(e.Lease.Names).in(text) + ", which the lease " + why})
	}
	for _, text := range e.Findings {
		t.rows = append(t.rows, []string{"finding", oneLine(text)})
	}
	return t
}

// facts is a table of names and values. Values that are empty are left out.
func facts(pairs ...[2]string) *table {
	t := &table{headers: []string{"Fact", "Value"}, widths: []int{0, 85}}
	for _, pair := range pairs {
		if pair[1] != "" {
			t.rows = append(t.rows, []string{pair[0], pair[1]})
		}
	}
	return t
}

// actor names whose credential it was: of a service app, login and id are both its client id.
func actor(a access.Account) string {
	if a.Login == a.ID {
		return a.ID
	}
	return strings.Join(present(a.Login, a.ID), " ")
}

// approved says what was asked for and who allowed it.
func approved(e access.Evidence) *table {
	l := e.Lease
	pairs := [][2]string{
		{"Org", e.OrgURL},
		{"Account", strings.Join(present(l.Account.Login, l.Account.ID), " ")},
		{"Carried out as", actor(l.ActsAs)},
		{"Declaration", l.Declaration},
		{"Temporary role", labels(l.Names).roles(l.Temporary)},
		{"Role that it keeps", keeps(l)},
		{"Window ends", stamp(l.EndsAt)},
	}
	if a := l.Approval; a != nil {
		pairs = append(pairs,
			[2]string{"Pull request", a.URL},
			[2]string{"Requested by", a.Requester},
			[2]string{"Approved by", list(a.Approvers) + " at " + stamp(a.ApprovedAt)},
			[2]string{"Commit", a.HeadSHA},
			[2]string{"Manifest", a.ManifestPath + ", SHA-256 " + a.ManifestSHA256},
			[2]string{"Settings at", a.SettingsSHA},
			[2]string{"Run", a.RunURL},
		)
	}
	return facts(pairs...)
}

// done says what came of it, and for how long the account was elevated at the most.
func done(e access.Evidence) *table {
	pairs := [][2]string{
		{"Lease", e.Lease.ID + ", " + string(e.State)},
		{"Elevated for at most", elevated(e)},
	}
	if t := e.Token; t != nil {
		zones := "anywhere"
		if len(t.Zones) > 0 {
			zones = list(labels(e.Lease.Names).each(t.Zones))
		}
		state := ""
		if t.Revoked {
			state = ", revoked"
		}
		pairs = append(pairs,
			[2]string{"Token", fmt.Sprintf("\"%s\" %s, made %s%s", t.Name, t.ID, stamp(t.Created), state)},
			[2]string{"Usable from", zones},
			[2]string{"Token powerful for at most", powerful(e)},
		)
	} else {
		pairs = append(pairs, [2]string{"Token", "none"})
	}
	return facts(append(pairs,
		[2]string{"Effective rights", e.EffectiveRights},
		[2]string{"Step-down proved", stamp(e.Window.Proved)},
		[2]string{"Made by", e.Tool},
	)...)
}

// powerful says for how long the token had the temporary role at the most, if that is known.
func powerful(e access.Evidence) string {
	if e.State == access.StateStuck || e.Window.RevokeAnswered.IsZero() {
		return "not known: the step-down is not proved"
	}
	return seconds(e.Window.TokenPowerfulSeconds)
}

// seconds writes a duration in seconds, rounded up: what is said is the most.
func seconds(s float64) string { return strconv.FormatFloat(math.Ceil(s*10)/10, 'f', 1, 64) + " s" }

// course lists the states.
func course(e access.Evidence) *table {
	t := &table{headers: []string{"At (UTC)", "State", "Note"}, widths: []int{0, 0, 70}}
	for _, tr := range e.Transitions {
		t.rows = append(t.rows, []string{moment(tr.At), string(tr.State), labels(e.Lease.Names).in(oneLine(tr.Note))})
	}
	return t
}
