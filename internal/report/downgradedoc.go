package report

import (
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// downgradeOutcome says what the evidence of a downgrade shows. A downgrade that went well ends as undone: it does nothing
// but what an undo does.
func downgradeOutcome(e access.Evidence) string {
	switch {
	case e.State == access.StateStuck:
		return "STUCK, it may still hold what it should not"
	case e.State.Open():
		return "NOT FINISHED (" + string(e.State) + ")"
	case e.Window.Proved.IsZero():
		return "done, but NOT PROVED"
	case len(e.Lease.Temporary) == 0:
		return "done, no role was to be removed, and proved"
	default:
		return "done, " + count(len(e.Lease.Temporary), "role") + " removed, and proved"
	}
}

// asked says what a downgrade was to do.
func asked(e access.Evidence) *table {
	l := e.Lease
	pairs := [][2]string{
		{"Org", e.OrgURL},
		{"Account", strings.Join(present(l.Account.Login, l.Account.ID), " ")},
		{"Carried out as", actor(l.ActsAs)},
		{"Declaration", l.Declaration},
	}
	for _, role := range l.Temporary {
		pairs = append(pairs, [2]string{"Removes", labels(l.Names).role(role)})
	}
	if len(l.Temporary) == 0 {
		pairs = append(pairs, [2]string{"Removes", "no role"})
	}
	return facts(append(pairs, [2]string{"Keeps", keeps(l)}, [2]string{"Run", l.RunID})...)
}

// removed says what came of a downgrade. Without the proof nothing is known to be removed.
func removed(e access.Evidence) *table {
	what := "not known: it is not proved"
	if !e.State.Open() && !e.Window.Proved.IsZero() {
		what = count(len(e.Lease.Temporary), "role")
	}
	return facts(
		[2]string{"Lease", e.Lease.ID + ", " + string(e.State)},
		[2]string{"Removed", what},
		[2]string{"Proved at", stamp(e.Window.Proved)},
		[2]string{"Made by", e.Tool},
	)
}
