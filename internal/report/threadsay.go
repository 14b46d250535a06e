package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// said is what is said of a stage. now and todo are Markdown, title is plain.
type said struct {
	sign, now, todo string
	title           string
	conclusion      string // of the check run; empty while it is in progress
}

// The conclusions of a check run that are used.
const (
	concludedWell   = "success"
	concludedBadly  = "failure"
	concludedNot    = "neutral"
	concludedToDoes = "action_required"
)

// readyCommand is what the operator writes as a comment.
const readyCommand = "/stepdown ready"

// says says where the request stands and what is to be done.
func (t Thread) says() (said, error) {
	switch t.Stage {
	case StagePlanned, StageDenied, StageRefused, StageFailed, StageWaiting:
		return t.saysBefore(), nil
	case StageOpen, StageStepping:
		return t.saysDuring(), nil
	case StageDone, StageUnchanged, StageUndone, StageStuck:
		return t.saysAfter(), nil
	case StageEnding:
		return t.saysEnding(), nil
	case StageEnded:
		return said{
			sign: "⏹️", title: "Ended: role and token were taken away", conclusion: concludedNot,
			now:  "Ended: the role and the token of this request were taken away.",
			todo: t.look("Nothing."),
		}, nil
	case StageRules:
		return said{
			sign: "📐", title: "A change of the rules: nothing is elevated for it", conclusion: concludedNot,
			now:  "This changes the rules, which are reviewed and merged like code; nothing is elevated for it.",
			todo: "Review it, and merge it. It holds for what is asked for from then on.",
		}, nil
	case StageClosed:
		return said{
			sign: "⏹️", title: "Closed: nothing is granted", conclusion: concludedNot,
			now:  "Closed before it was carried out. Nothing is granted.",
			todo: "Nothing. Where it is still needed, open it again.",
		}, nil
	default:
		return said{}, fmt.Errorf("writing the comment: there is no stage %q", t.Stage)
	}
}

// saysBefore is for the stages in which nothing is granted.
func (t Thread) saysBefore() said {
	switch t.Stage {
	case StagePlanned:
		return t.saysPlanned()
	case StageDenied:
		return said{
			sign: "❌", title: "Denied: " + count(len(t.Objections), "objection"), conclusion: concludedBadly,
			now:  "Denied, by " + count(len(t.Objections), "objection") + ". Nothing is granted.",
			todo: t.mend("."),
		}
	case StageRefused:
		return said{
			sign: "❌", title: "Refused: " + count(len(t.Objections), "objection"), conclusion: concludedBadly,
			now:  "Refused, by " + count(len(t.Objections), "objection") + ": it cannot be carried out as it is. Nothing is granted.",
			todo: t.mend(", in the manifest or in the org."),
		}
	case StageFailed:
		todo := "Read below what went wrong, mend it, and run it again. The request itself need not change."
		if hint := t.onlyHint(); hint != "" {
			todo = hint
		}
		return said{
			sign: "⚠️", title: "Not carried out: the run failed before anything was granted", conclusion: concludedBadly,
			now: "Not carried out: the run failed before it began. Nothing was granted.", todo: todo,
		}
	default:
		now := "Admitted"
		if len(t.Approvers) > 0 {
			now = "Approved by " + names(t.Approvers, mostLogin)
		}
		return said{
			sign: "⏳", title: "Approved: waits for its operator", conclusion: concludedToDoes,
			now: now + ". The window is not open yet: nothing is granted while it waits.", todo: t.await(),
		}
	}
}

// mend says what is to be done about the objections: what the only one says, or where they are listed.
func (t Thread) mend(where string) string {
	todo := "Mend what is listed below" + where
	if hint := t.onlyHint(); hint != "" {
		todo = hint
	}
	return todo + " After a push it has to be approved again."
}

// onlyHint is what mends all objections, where that is one thing.
func (t Thread) onlyHint() string {
	if len(t.Objections) == 0 || t.Objections[0].Hint == "" || slices.ContainsFunc(t.Objections, func(o Objection) bool { return o.Hint != t.Objections[0].Hint }) {
		return ""
	}
	return sentence(inline(t.Objections[0].Hint, mostProse))
}

// saysPlanned is for a plan: who has to do what before it is carried out.
func (t Thread) saysPlanned() said {
	s := said{sign: "📋", now: "Planned. Nothing is granted.", title: "Planned: waits for an approval", conclusion: concludedNot}
	lacks := slices.ContainsFunc(t.Waiting, Objection.IsApproval)
	switch {
	case len(t.Approvers) > 0 && !lacks:
		s.now = "Planned, and approved by " + names(t.Approvers, mostLogin) + ". Nothing is granted."
		s.title, s.todo = "Planned, and approved", t.comes()
		if len(t.Waiting) > 0 {
			s.title, s.todo = "Planned, and approved: waits for what is listed", t.await()
		}
		return s
	case len(t.Changes) == 0:
		s.todo = "Whoever may approve: read the manifest, and approve " + t.head()
	default:
		s.todo = "Whoever may approve: read the plan below, and approve " + t.head()
	}
	return s
}

// head is what is approved.
func (t Thread) head() string {
	if t.HeadSHA == "" {
		return "this pull request."
	}
	return "commit " + code(t.HeadSHA, mostName) + ". A later push needs a new approval."
}

// saysEnding is for the plan of an end.
func (t Thread) saysEnding() said {
	s := said{
		sign: "📋", title: "Planned: the end of the access", conclusion: concludedNot,
		now:  "Planned: what this request gave is to be taken away. Nothing is taken away yet.",
		todo: "Read the plan below. It only takes away.",
	}
	switch {
	case slices.ContainsFunc(t.Waiting, Objection.IsApproval):
		s.todo = "Whoever may approve: read the plan below, which only takes away, and approve " + t.head()
	case len(t.Waiting) > 0:
		s.todo = t.await()
	case len(t.Approvers) > 0:
		s.now = "Planned, and approved by " + names(t.Approvers, mostLogin) + ": what this request gave is to be taken away. Nothing is taken away yet."
	}
	return s
}

// IsApproval tells whether it is an approval that is missing.
func (o Objection) IsApproval() bool { return o.Rule == "approved" }

// comes says what comes after the approval.
func (t Thread) comes() string {
	switch {
	case t.Operator == "":
		return "Whoever creates the token: be there when the window opens, as is shown here."
	case strings.Contains(t.Operator, "@"): // no login of GitHub's
		return code(t.Operator, mostName) + ": be there when the window opens, as is shown here. If that was missed, have it approved again."
	default:
		return code(t.Operator, mostName) + ": be there when the window opens, as is shown here. If that was missed, comment `" + readyCommand + "`."
	}
}

// await says what opens the window: the operator, or whatever it waits for beside.
func (t Thread) await() string {
	ready := func(o Objection) bool { return strings.Contains(o.Hint+o.Message, readyCommand) }
	others := slices.DeleteFunc(slices.Clone(t.Waiting), ready)
	todo := ""
	if len(others) < len(t.Waiting) || len(others) == 0 {
		who := "Whoever creates the token"
		if t.Operator != "" {
			who = code(t.Operator, mostName)
		}
		todo = who + ": when you can sign in as the account and have the time, comment `" + readyCommand + "` here."
	}
	if len(others) > 0 {
		todo += " " + sentence(inline(strings.Join(present(others[0].Message, others[0].Hint), "\n"), mostProse))
	}
	return strings.TrimSpace(todo)
}

// saysDuring is for the stages in which the account may be elevated.
func (t Thread) saysDuring() said {
	operator := "Whoever creates the token"
	if t.Operator != "" {
		operator = code(t.Operator, mostName)
	}
	holds := "The account holds its temporary role"
	if t.Role != "" {
		holds = "The account holds " + code(t.Role, mostName)
	}
	undoing := func(tr access.Transition) bool { return tr.State == access.StateUndoing }
	switch {
	case t.Stage == StageStepping && slices.ContainsFunc(t.Transitions, undoing):
		return said{
			sign: "🔒", title: "Undoing it: stepping down",
			now:  "It is being undone: what it gave is being taken away, and that is then proved.",
			todo: operator + ": create nothing any more, and sign out. Everybody else: nothing.",
		}
	case t.Stage == StageStepping:
		return said{
			sign: "🔒", title: "The token was seen: stepping down",
			now:  "The token was seen. The temporary role is being taken away, and that is then proved.",
			todo: operator + ": keep the value safe and sign out. Everybody else: nothing.",
		}
	case t.over():
		return said{
			sign: "🔓", title: "The window is over: stepping down",
			now:  "The window is over (" + t.left() + "): the temporary role is being taken away.",
			todo: operator + ": create nothing any more, and sign out. Everybody else: nothing.",
		}
	}
	title := "ELEVATED, until it is undone"
	if !t.EndsAt.IsZero() {
		title = "ELEVATED, until " + stamp(t.EndsAt) + " at the latest"
	}
	return said{
		sign: "🔓", title: title,
		now:  "**The window is open** (" + t.left() + "). " + holds + ".",
		todo: operator + ": create the token now, as the steps below say. Everybody else: nothing.",
	}
}

// saysAfter is for the stages in which the run is over. A stage alone proves nothing: what the lease does not say is not said.
func (t Thread) saysAfter() said {
	switch t.Stage {
	case StageDone:
		return t.saysDone()
	case StageUnchanged:
		return t.saysUnchanged()
	case StageUndone:
		now := "Not done: there is no token of this request. That what it gave is taken back is NOT PROVED: look at the run."
		if t.ends() {
			now = "Not done: nothing of what this request gave was taken away."
		} else if t.reached(access.StateUndone) {
			now = "Not done. What it gave was taken back, and that is proved."
		}
		return said{
			sign: "↩️", title: "Not done, and undone", conclusion: concludedBadly, now: now,
			todo: t.look("Read below why, and mend it. " + t.again()),
		}
	default:
		who, holds := "THE ACCOUNT", "ITS TEMPORARY ROLE"
		if t.Account != "" {
			who = code(t.Account, mostName)
		}
		if t.Role != "" {
			holds = code(t.Role, mostName)
		}
		if t.ends() {
			return said{
				sign: "🚨", title: "STUCK: NOT PROVED TO BE TAKEN AWAY", conclusion: concludedBadly,
				now:  "STUCK: " + who + " MAY STILL HOLD WHAT WAS TO BE TAKEN AWAY. Nothing proves that it is gone.",
				todo: "Now, whoever runs this for the org: finish it by hand, as is said below.",
			}
		}
		return said{
			sign: "🚨", title: "STUCK: THE ACCOUNT MAY STILL BE ELEVATED", conclusion: concludedBadly,
			now:  "STUCK: " + who + " MAY STILL HOLD " + holds + ". Nothing proves that it is gone.",
			todo: "Now, whoever runs this for the org: finish it by hand, as is said below.",
		}
	}
}

// again says how what was undone is tried again.
func (t Thread) again() string {
	switch {
	case t.ends():
		return "It may be tried again while the approval is fresh."
	case t.Operator == "" || strings.Contains(t.Operator, "@"): // no login of GitHub's
		return "Then have it approved again when whoever creates the token is ready: that opens it again."
	default:
		return code(t.Operator, mostName) + ": comment `" + readyCommand + "` here when you are ready; while the approval is fresh that opens it again."
	}
}

// saysUnchanged is for a request that asks for what there is. A plan does not know for whom it is there, and praises nothing.
func (t Thread) saysUnchanged() said {
	s := said{
		sign: "✅", title: "Nothing to do", conclusion: concludedWell,
		now: "Nothing was to be done, and nothing was changed.", todo: t.look(t.merge()),
	}
	if !t.Plan {
		return s
	}
	s.sign, s.title, s.conclusion = "📋", "No change: the org is as declared already", concludedNot
	switch {
	case t.ends():
		s.title, s.now, s.todo = "No change: nothing is there to be taken away", "No change: neither the role nor the token is there.", "Nothing."
	case t.CarriedOut != "":
		s.title = "No change: this pull request was carried out, and is not merged"
		s.now = "No change: the org is as declared already. This pull request was carried out at commit " + code(t.CarriedOut, mostName) + "."
		s.todo = "**Merge this pull request**, by the time that its comment says."
	default:
		s.now = "No change: the org is as declared already. By which pull request is not known here; `stepdown apply` knows."
		s.todo = "Nothing for the org. Before this is merged: see that no other open pull request asks for the same account."
	}
	return s
}

func (t Thread) saysDone() said {
	if !t.reached(access.StateProved) {
		return said{
			sign: "⚠️", title: "Done, but the step-down is NOT PROVED", conclusion: concludedBadly,
			now:  "Done, but that the temporary role is gone is NOT PROVED.",
			todo: t.look("Look at the roles of the account, and at the run."),
		}
	}
	now, title := "Done. The temporary role of the account is gone, and that is proved.", "Done, and proved to be stepped down"
	if t.Kept != "" {
		now += " It keeps " + code(t.Kept, mostName) + "."
	}
	if t.ElevatedSeconds > 0 {
		now += " It was elevated for at most " + atMost(t.ElevatedSeconds) + "."
	}
	if n := len(t.Findings) + len(t.Residue); n > 0 {
		title += ", with " + count(n, "thing") + " to be looked at"
	}
	return said{sign: "✅", title: title, conclusion: concludedWell, now: now, todo: t.look(t.merge())}
}

// merge says what is to be done with the pull request.
func (t Thread) merge() string {
	switch {
	case t.Merged || t.PendingUntil.IsZero():
		return "Nothing."
	case !t.Now.IsZero() && !t.Now.Before(t.PendingUntil):
		return "The time to merge this pull request was over at " + stamp(t.PendingUntil) + ": the audit reports the token as not declared."
	default:
		return "**Merge this pull request** by " + stamp(t.PendingUntil) + ": after that the audit reports the token as not declared. Closed without a merge, the token and the role are taken away again."
	}
}

// look is that sentence, after what is to be looked at.
func (t Thread) look(todo string) string {
	n := len(t.Findings) + len(t.Residue)
	if n == 0 {
		return todo
	}
	look := "Look at the " + count(n, "thing") + " listed below."
	if todo == "Nothing." {
		return look
	}
	return look + " " + todo
}
