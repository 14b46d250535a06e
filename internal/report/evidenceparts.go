package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// held is what the account held, each time it was read. Where that is not all, because nothing was read or the lease is still open,
// what else is known of its roles stands before it.
func held(e access.Evidence) []block {
	const heading = "What the account held"
	if len(e.Reads) > 0 && !e.State.Open() {
		return []block{{heading: heading, table: readings(e)}}
	}
	gives := [2]string{"The lease gives", given(e)}
	if removes(e) {
		gives = [2]string{"The lease takes away", labels(e.Lease.Names).roles(e.Lease.Temporary)}
	}
	out := []block{{heading: heading, table: facts(
		[2]string{"Before the lease", labels(e.Lease.Names).roles(e.Lease.RolesBefore)}, gives, [2]string{"Last read", lastRead(e)})}}
	if len(e.Reads) > 0 {
		out = append(out, block{table: readings(e)})
	}
	return out
}

// given says what the lease of an elevation has given the account, as far as that is known.
func given(e access.Evidence) string {
	what := labels(e.Lease.Names).roles(e.Lease.Temporary)
	if e.Lease.AddsIntended {
		what = keeps(e.Lease) + " and " + what
	}
	text := what + ": it ended before that was asked for"
	for _, t := range e.Transitions {
		switch t.State {
		case access.StateReady:
			text = what + ", perhaps, from " + stamp(t.At) + " on: no answer is known"
		case access.StateElevated:
			return what + ", given by " + stamp(t.At)
		}
	}
	return text
}

// lastRead says what the last reading of the account's roles showed, or why there is none.
func lastRead(e access.Evidence) string {
	switch n := len(e.Reads); {
	case n > 0 && e.ReadFailure != "":
		return lastReading(e) + ". Not read since: " + oneLine(e.ReadFailure)
	case n > 0:
		return lastReading(e)
	case e.ReadFailure != "":
		return "not read: " + oneLine(e.ReadFailure)
	case e.Failure != "":
		return "not read: what went wrong came before that"
	default:
		return "not read: nothing was changed under the lease"
	}
}

func lastReading(e access.Evidence) string {
	last := e.Reads[len(e.Reads)-1]
	return list(labels(e.Lease.Names).each(last.Roles)) + ", at " + stamp(last.BeganAt)
}

// readings lists what the account held, each time it was read.
func readings(e access.Evidence) *table {
	t := &table{headers: []string{"Read at (UTC)", "Roles"}, widths: []int{0, 85}}
	for _, r := range e.Reads {
		t.rows = append(t.rows, []string{moment(r.BeganAt), list(labels(e.Lease.Names).each(r.Roles))})
	}
	return t
}

// logged says which part of the System Log the account's acts are from, and that there are none where it shows none; or that they
// are not known.
func logged(e access.Evidence) string {
	l := e.Log
	switch {
	case l == nil && len(e.Activity) > 0:
		return "It is not said which part of the System Log was read."
	case l == nil && removes(e):
		return "Not known: what only takes away does not read the System Log. Look there for what was done with what it removes."
	case l == nil && e.Window.GrantSent.IsZero():
		return "There was no window: the temporary role was not asked for."
	case l == nil:
		return "Not known: the System Log was not read."
	case l.Until.IsZero():
		return "Not known: the System Log could not be read: " + sentence(l.Failure)
	}
	text := "By the System Log, which"
	if len(e.Activity) == 0 {
		text = "Nothing that the System Log shows, which"
	}
	text += fmt.Sprintf(" was read from %s on and awaited until %s.", stamp(l.From), stamp(l.Until))
	if l.Failure != "" {
		text += " It may not be all: " + sentence(l.Failure)
	}
	return text
}

// activity lists what the System Log says of the account.
func activity(e access.Evidence) *table {
	t := &table{headers: []string{"At (UTC)", "Event", "On", "Expected"}, widths: []int{0, 36, 36, 0}}
	for _, a := range e.Activity {
		word := "yes"
		if !a.Expected {
			word = "NO"
		}
		t.rows = append(t.rows, []string{moment(a.At), a.Type, a.Target, word})
	}
	return t
}

// tries are requests that were the same and were refused alike, or lost, while none was accepted.
type tries struct {
	first, last access.Exchange
	n           int
}

// folded folds what a step-down that is refused sends again and again. The evidence's JSON has each of them.
func folded(writes []access.Exchange) []tries {
	type kind struct {
		method, path, error string
		status              int
	}
	var out []tries
	refused := map[kind]int{} // where they stand in out, since a request was last accepted
	for _, x := range writes {
		k := kind{x.Method, x.Path, x.Error, x.Status}
		i, again := refused[k]
		switch {
		case x.Status != 0 && x.Status < 400:
			clear(refused)
		case again:
			out[i].last = x
			out[i].n++
			continue
		default:
			refused[k] = len(out)
		}
		out = append(out, tries{first: x, last: x, n: 1})
	}
	return out
}

// exchanges lists the requests that could change the org, with what Okta answered. Refusals that are the same are one row, from the first
// to the last.
func exchanges(e access.Evidence) *table {
	t := &table{headers: []string{"At (UTC)", "Request", "Answer", "Request id"}, widths: []int{19, 50, 10, 27}}
	for _, x := range folded(e.Writes) {
		at, id, said := moment(x.first.At), x.first.RequestID, answer(x.first)
		if x.n > 1 {
			at, said = at+" to "+moment(x.last.At), count(x.n, "time")+": "+said
			id = strings.Join(present(id, x.last.RequestID), " to ")
		}
		t.rows = append(t.rows, []string{at, x.first.Method + " " + x.first.Path, said, id})
	}
	return t
}

// answer is what came back. What is said of a refusal begins with its status.
func answer(x access.Exchange) string {
	if x.Status == 0 {
		return strings.Join(present("none", oneLine(x.Error)), " ")
	}
	status := strconv.Itoa(x.Status)
	if strings.HasPrefix(x.Error, status) {
		return oneLine(x.Error)
	}
	return strings.Join(present(status, oneLine(x.Error)), " ")
}
