package report

import (
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// removes tells whether the lease only takes away: a downgrade's or an end's.
func removes(e access.Evidence) bool { return e.Lease.Kind != access.LeaseElevation }

// removal names what is done: an end, a downgrade to what is declared, or one that only clears away what an audit found.
func removal(l access.Terms) string {
	switch {
	case l.Kind == access.LeaseEnd:
		return "End of " + l.Account.Login
	case l.Leftover:
		return "Clearing of what an audit found left over on " + l.Account.Login
	default:
		return "Downgrade of " + l.Account.Login
	}
}

// removalOutcome says what the evidence of a downgrade or an end shows. One that went well ends as undone: it does nothing
// but what an undo does.
func removalOutcome(e access.Evidence) string {
	switch {
	case e.State == access.StateStuck:
		return "STUCK, it may still hold what it should not"
	case e.State.Open():
		return "NOT FINISHED (" + string(e.State) + ")"
	case e.Window.Proved.IsZero():
		return "done, but NOT PROVED"
	case len(e.Lease.Temporary)+len(e.Lease.Revokes) == 0:
		return "done, no role was to be removed, and proved"
	default:
		return "done, " + taken(e.Lease) + ", and proved"
	}
}

// taken says what the lease takes away.
func taken(l access.Terms) string {
	text := count(len(l.Temporary), "role") + " removed"
	if len(l.Revokes) > 0 {
		text += ", " + count(len(l.Revokes), "token") + " revoked"
	}
	return text
}

// asked says what a downgrade or an end was to do.
func asked(e access.Evidence) *table {
	l := e.Lease
	pairs := [][2]string{
		{"Org", e.OrgURL},
		{"Account", strings.Join(present(l.Account.Login, l.Account.ID), " ")},
		{"Carried out as", actor(l.ActsAs)},
		{"Declaration", l.Declaration},
	}
	if l.Leftover {
		pairs = append(pairs, [2]string{"Because", "an audit found it, and no lease gives it"})
	}
	for _, role := range l.Temporary {
		pairs = append(pairs, [2]string{"Removes", labels(l.Names).role(role)})
	}
	if len(l.Temporary) == 0 {
		pairs = append(pairs, [2]string{"Removes", "no role"})
	}
	for _, token := range l.Revokes {
		pairs = append(pairs, [2]string{"Revokes", "token " + token})
	}
	switch {
	case l.Kind == access.LeaseEnd:
		pairs = append(pairs, [2]string{"Takes back what was given under", l.Ends})
	case l.Intended == access.Role{}:
		pairs = append(pairs, [2]string{"Keeps", "whatever else it holds: nothing declares the account"})
	default:
		pairs = append(pairs, [2]string{"Keeps", keeps(l)})
	}
	return facts(append(pairs, [2]string{"Run", l.RunID})...)
}

// removed says what came of a downgrade or an end. Without the proof nothing is known to be removed.
func removed(e access.Evidence) *table {
	what := "not known: it is not proved"
	if !e.State.Open() && !e.Window.Proved.IsZero() {
		what = taken(e.Lease)
	}
	return facts(
		[2]string{"Lease", e.Lease.ID + ", " + string(e.State)},
		[2]string{"Taken away", what},
		[2]string{"Proved at", stamp(e.Window.Proved)},
		[2]string{"Made by", e.Tool},
	)
}
