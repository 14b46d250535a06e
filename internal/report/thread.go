package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// Stage is where a request stands, as the people of its pull request see it.
type Stage string

// The stages.
const (
	StagePlanned   Stage = "planned"   // a plan is shown; nobody has admitted it
	StageDenied    Stage = "denied"    // the admission said no
	StageRefused   Stage = "refused"   // the plan cannot be made: the org, or the settings, are against it
	StageFailed    Stage = "failed"    // the run ended before it had a lease: nothing was granted
	StageWaiting   Stage = "waiting"   // admitted; the window opens when a person is there
	StageOpen      Stage = "open"      // the account is elevated
	StageStepping  Stage = "stepping"  // the token was seen; the role is being taken away
	StageDone      Stage = "done"      // the token is there, the temporary role is gone
	StageUnchanged Stage = "unchanged" // there was nothing to do
	StageUndone    Stage = "undone"    // it failed, and what it gave was taken back
	StageStuck     Stage = "stuck"     // it is not proved that nothing is left
	StageEnding    Stage = "ending"    // the plan of an end
	StageEnded     Stage = "ended"     // the request's role and token were taken away
	StageRules     Stage = "rules"     // it changes the rules, and asks for nothing
	StageClosed    Stage = "closed"    // it was closed before anything was granted
)

// Thread is what the pull request of a request says of it: one comment that is updated, and a check run. A value that is
// zero is not known and not spoken of. All text in it may be hostile.
type Thread struct {
	Stage Stage
	End   bool // it is about taking away what a request gave
	Plan  bool // it is said by a plan, which has no ledger

	CarriedOut string // of a plan: the commit at which the comment says that the pull request was carried out

	Name, Account, ManifestPath, HeadSHA string
	URL                                  string // of the pull request

	Role, Kept, Window string // the temporary role; the role that the account keeps; the window as people write it
	Ticket, Reason     string // why, as the manifest has it
	Requester          string
	Approvers          []string
	ApprovedAt         time.Time

	// For the operator: who it is, how to sign in as the account, what to call the token, and where it goes.
	Operator, SignIn, TokenName, Destination, OrgURL string
	Zones                                            []string

	EndsAt, Now time.Time // the window's end; when this is written

	Changes    []access.Change // the plan
	Objections []Objection     // denials and refusals; of a run that failed, what went wrong
	Waiting    []Objection     // what it lacks before it is admitted, or before the window opens, and needs no change of it
	Remark     string          // on the rules that it is held against
	Heard      []string        // comments to the program that do not count, and why
	Trace      []TraceLine     // what each rule of the admission saw

	Transitions       []access.Transition
	ElevatedSeconds   float64 // the most for which the account can have been elevated
	TokenID           string
	Findings, Residue []string
	PendingUntil      time.Time // applied, not merged: until when that counts as declared
	Merged            bool      // the pull request is

	RunURL        string
	CommandByHand string // stuck: the exact command that finishes it
	BreakGlass    string // the reason, where it is one
	ReviewURL     string // of the issue in which that is reviewed
}

// Objection is something that stands in the way of a request.
type Objection struct {
	Rule    string
	Place   string // "access/x.yaml:12"; may be empty
	Message string // what was seen
	Hint    string // what would mend it
}

// TraceLine is what a rule of the admission saw, and what it made of it.
type TraceLine struct {
	Rule, Title string
	Facts       []string // each with its value, where that is short; see Fact
	Outcome     string
}

// ThreadMarker is the first line of the comment. Whoever looks for the comment also looks at who wrote it: anybody can
// write the marker.
const ThreadMarker = "<!-- stepdown:thread -->"

// maxThread bounds a comment, a check run's summary and an issue, in bytes. GitHub takes 65,536 characters in a comment and
// 65,535 in a summary, which it counts like bytes.
const maxThread = 60_000

// ThreadMarkdown writes the comment. The first lines that show say what it is about, where it stands, and what whoever reads it
// has to do. The same thread gives the same bytes, fewer than GitHub takes.
func ThreadMarkdown(w io.Writer, t Thread) error {
	s, err := t.says()
	if err != nil {
		return err
	}
	p := &page{}
	p.line(ThreadMarker)
	p.line("%s", t.standing())
	p.line("## %s %s", s.sign, t.about())
	p.block("**Now:** %s", s.now)
	p.block("**To do:** %s", s.todo)
	if t.Stage == StageStuck {
		t.byHand(p)
	}
	if t.BreakGlass != "" {
		where := ""
		if t.ReviewURL != "" {
			where = " " + link("Its review", t.ReviewURL) + "."
		}
		p.alert("BREAK-GLASS: the ordinary way was left.%s The reason that was given: %s", where, inline(t.BreakGlass, mostReason))
	}
	t.instruct(p)
	t.objections(p)
	t.concerns(p)
	if t.Remark != "" {
		p.block("ℹ️ %s.", inline(t.Remark, mostProse))
	}
	p.facts("The request", t.request())
	t.happened(p)
	t.plan(p)
	t.prepare(p)
	t.traced(p)
	t.foot(p)
	return p.writeTo(w)
}

// about says what the comment is about, in a few words.
func (t Thread) about() string {
	out := "Access request"
	if t.BreakGlass != "" {
		out = "BREAK-GLASS access request"
	}
	if t.ends() {
		out = "End of access"
	}
	if t.Stage == StageRules {
		return "A change of the rules"
	}
	if name := cmp.Or(t.Name, t.ManifestPath); name != "" {
		out += " " + code(name, mostName)
	}
	if t.Account != "" {
		out += ": a token for " + code(t.Account, mostName)
	}
	return out
}

// ends tells whether it is about an end.
func (t Thread) ends() bool { return t.End || t.Stage == StageEnding || t.Stage == StageEnded }

// reached tells whether the lease was in that state.
func (t Thread) reached(s access.State) bool {
	return slices.ContainsFunc(t.Transitions, func(tr access.Transition) bool { return tr.State == s })
}

// left says how much of the window there is left, and when it ends.
func (t Thread) left() string {
	switch {
	case t.EndsAt.IsZero():
		return "when it ends is not known"
	case t.Now.IsZero():
		return "it ends at " + stamp(t.EndsAt)
	case t.over():
		return "its time was over at " + stamp(t.EndsAt)
	default:
		return fmt.Sprintf("%s left, until %s", span(t.EndsAt.Sub(t.Now)), stamp(t.EndsAt))
	}
}

// over tells whether the window's time is over.
func (t Thread) over() bool {
	return !t.Now.IsZero() && !t.EndsAt.IsZero() && t.EndsAt.Sub(t.Now) < time.Second
}

// atMost writes a number of seconds, from two minutes on as span does, rounded up: what is said is never less than it was.
func atMost(s float64) string {
	if s < 120 {
		return seconds(s)
	}
	return span(time.Duration(math.Ceil(s)) * time.Second)
}

// span writes a duration in minutes and seconds, rounded down: nobody is promised more than there is.
func span(d time.Duration) string {
	minutes, rest := int(d/time.Minute), int(d%time.Minute/time.Second)
	switch {
	case minutes == 0:
		return count(rest, "second")
	case rest == 0:
		return count(minutes, "minute")
	default:
		return count(minutes, "minute") + " " + count(rest, "second")
	}
}
