package report

import (
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// The statuses of a check run that are used.
const (
	statusCompleted = "completed"
	statusRunning   = "in_progress"
)

// maxTitle bounds the title of a check run and of an issue, in characters; GitHub takes 255 of the one and 256 of the other.
const maxTitle = 200

// ThreadCheck is the check run on the head of the pull request. A stage that nobody knows is a failure. summary is Markdown,
// title is not.
func ThreadCheck(t Thread) (status, conclusion, title string, summary []byte) {
	s, err := t.says()
	if err != nil {
		return statusCompleted, concludedBadly, "NOT KNOWN: the request is at no stage that there is", []byte("Nothing is known of this request.\n")
	}
	status, title = statusCompleted, s.title
	if s.conclusion == "" {
		status = statusRunning
	}
	if t.BreakGlass != "" {
		title = "BREAK-GLASS: " + title
	}
	p := &page{}
	p.line("%s %s", s.sign, t.about())
	p.block("**Now:** %s", s.now)
	p.block("**To do:** %s", s.todo)
	if t.BreakGlass != "" {
		p.block("**BREAK-GLASS:** %s", inline(t.BreakGlass, mostReason))
	}
	if t.Stage == StageStuck {
		t.byHand(p)
	}
	if states := t.states(); len(states) > 0 {
		p.block("### States")
		p.lines(states)
	}
	t.instruct(p)
	t.objections(p)
	t.concerns(p)
	t.plan(p)
	t.foot(p)
	return status, s.conclusion, cut(title, maxTitle), p.out.Bytes()
}

// states lists the states of the workflow, each with whether and when it was reached. Of an end, which has none of its own
// before a lease is opened for it, only those of its lease.
func (t Thread) states() []string {
	line := func(done bool, text string) string {
		if done {
			return "- [x] " + text
		}
		return "- [ ] " + text
	}
	var out []string
	ends := t.ends()
	if t.Stage == StageRules {
		return nil
	}
	if ends && len(t.Transitions) == 0 {
		return nil
	}
	if !ends {
		requested := "requested"
		if t.Requester != "" {
			requested += " by " + code(t.Requester, mostLogin)
		}
		out = append(out, line(true, requested), line(t.admitted(), t.admission()),
			line(len(t.Transitions) > 0 || (t.admitted() && len(t.Changes) > 0), "checked"))
	}
	course := []access.State{
		access.StateLeased, access.StateReady, access.StateElevated, access.StateCreated, access.StateSteppedDown,
		access.StateProved, access.StateDelivered, access.StateClosed,
	}
	for _, state := range course {
		i := slices.IndexFunc(t.Transitions, func(tr access.Transition) bool { return tr.State == state })
		switch {
		case i >= 0:
			out = append(out, line(true, string(state)+atOf(t.Transitions[i].At)))
		case !ends:
			out = append(out, line(false, string(state)))
		}
	}
	for _, tr := range t.Transitions { // those of an undo, as often as there are some, and what nobody knows
		if !slices.Contains(course, tr.State) {
			out = append(out, line(true, code(string(tr.State), mostName)+atOf(tr.At)))
		}
	}
	return out
}

// admitted tells whether the request was admitted, as far as the thread shows it.
func (t Thread) admitted() bool {
	switch t.Stage {
	case StageDenied, StagePlanned, StageRules, StageClosed:
		return false
	case StageRefused, StageFailed:
		return !t.ApprovedAt.IsZero()
	default:
		return len(t.Transitions) > 0 || !t.ApprovedAt.IsZero()
	}
}

func (t Thread) admission() string {
	switch {
	case t.Stage == StageDenied:
		return "admitted: **denied**"
	case t.admitted():
		return "admitted, approved" + strings.TrimPrefix(atOf(t.ApprovedAt), ",")
	default:
		return "admitted"
	}
}
