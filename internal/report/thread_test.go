package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// stages are all of them, in the order in which a request may see them.
func stages() []Stage {
	return []Stage{
		StagePlanned, StageDenied, StageRefused, StageFailed, StageWaiting, StageOpen, StageStepping, StageDone, StageUnchanged, StageUndone,
		StageStuck, StageEnding, StageEnded, StageRules, StageClosed,
	}
}

// thread is a request at that stage.
func thread(stage Stage) Thread {
	e := evidence()
	t := Thread{
		Stage: stage, Name: "invoice-export", Account: "svc-invoice-export@acme.example", ManifestPath: "access/invoice-export.yaml",
		HeadSHA: strings.Repeat("a1", 20), URL: "https://github.example/acme/access/pull/7",
		Role: "READ_ONLY_ADMIN", Kept: "Group reader on Invoice groups", Window: "15m",
		Ticket: "OPS-1234", Reason: "The export job needs a token that can read the invoice groups.",
		Requester: "dana-ops", Operator: "dana-ops", SignIn: "password and TOTP in the vault, item 17", TokenName: "invoice-export",
		Destination: "the vault, item 18.", OrgURL: "https://acme.example", Zones: []string{"Corporate network", "VPN"},
		Now: at.Add(30 * time.Second), RunURL: "https://github.example/acme/access/actions/runs/42",
		Changes: []access.Change{
			{Action: access.ActionOpenLease, Subject: "svc-invoice-export@acme.example", Why: "so that READ_ONLY_ADMIN can be taken back whatever happens"},
			{Action: access.ActionAssignIntended, Subject: "Group reader on Invoice groups", Why: "the one role that the account keeps"},
			{Action: access.ActionElevate, Subject: "READ_ONLY_ADMIN", Why: "for at most 15m0s, so that the account can create its token"},
			{Action: access.ActionStepDown, Subject: "READ_ONLY_ADMIN", Why: "as soon as the token is seen, and in every other case"},
		},
		Trace: []TraceLine{
			{Rule: "other_person_approves", Title: "Another person approves the head", Facts: []string{"the author is dana-ops", "ada-admin approved a1a1a1a at 2030-01-01 01:58:00 UTC"}, Outcome: "pass"},
			{Rule: "window_ceiling", Title: "The window is no longer than the settings allow", Facts: []string{"15m0s of 30m0s"}, Outcome: "pass"},
		},
	}
	if !slices.Contains([]Stage{StagePlanned, StageDenied, StageEnding}, stage) {
		t.Approvers, t.ApprovedAt = []string{"ada-admin", "grace-hopper"}, at.Add(-2*time.Minute)
	}
	course := func(last access.State) []access.Transition {
		i := slices.IndexFunc(e.Transitions, func(tr access.Transition) bool { return tr.State == last })
		return slices.Clone(e.Transitions[:i+1])
	}
	undo := append(course(access.StateElevated), access.Transition{State: access.StateUndoing, At: at.Add(15 * time.Minute), Note: "the window ended without a token"})
	switch stage {
	case StageDenied:
		t.Trace[1].Outcome = "deny"
		t.Objections = []Objection{
			{Rule: "window_ceiling", Place: "access/invoice-export.yaml:14", Message: "the window is 3600 s; the settings allow 1800 s", Hint: "Ask for a shorter window, or have the ceiling raised in the settings on the default branch."},
			{Rule: "other_person_approves", Message: "dana-ops, who wrote it, is the only one who approved", Hint: "Have another person approve it."},
		}
	case StageRefused:
		t.Changes = nil
		t.Objections = []Objection{{Rule: "owns-other-tokens", Place: "access/invoice-export.yaml:9", Message: `account "svc-invoice-export@acme.example" already owns "old" (00T1), which would be elevated too`, Hint: `Revoke "old" (00T1) first, or accept it with elevation.coElevate: true.`}}
	case StageFailed:
		t.Changes = nil
		t.Objections = []Objection{{Rule: "run", Message: "checking the org, before anything is changed: okta: no answer from https://acme.example", Hint: "Check that the address is that of the org and that it can be reached from here."}}
	case StageWaiting:
		t.Waiting = []Objection{{Rule: "presence", Message: "the latest approval is 2 hours old, and nobody has said that they are there", Hint: "dana-ops comments /stepdown ready."}}
	case StageOpen:
		t.EndsAt, t.Transitions = at.Add(15*time.Minute), course(access.StateElevated)
	case StageStepping:
		t.EndsAt, t.Transitions, t.TokenID = at.Add(15*time.Minute), course(access.StateCreated), "00T7"
	case StageDone:
		t.Transitions, t.ElevatedSeconds, t.TokenID, t.PendingUntil = e.Transitions, 60.25, "00T7", at.Add(72*time.Hour)
		t.Findings, t.Residue = e.Findings, []string{"REPORT_ADMIN through group 00g2"}
	case StageUndone:
		t.Objections = []Objection{{Rule: "failed", Message: "waiting for the token: the window ended\nBe there when it opens."}}
		t.Transitions = append(undo, access.Transition{State: access.StateUndone, At: at.Add(16 * time.Minute)})
	case StageStuck:
		t.Transitions = append(undo, access.Transition{State: access.StateStuck, At: at.Add(20 * time.Minute), Note: "okta: 500"})
		t.CommandByHand, t.BreakGlass = "stepdown sweep --lease L7 --ledger branch:stepdown-ledger", "Invoices of the year end are not sent; incident INC-7"
		t.Objections = []Objection{{Rule: "failed", Message: "removing role \"READ_ONLY_ADMIN\": okta: 500"}}
	case StageEnding:
		t.Trace = nil
		t.Changes = []access.Change{
			{Action: "revoke-token", Subject: "00T7", Why: "the manifest is deleted"},
			{Action: access.ActionRemoveRole, Subject: "Group reader on Invoice groups", Why: "nothing declares it"},
		}
	}
	return t
}

func threadMarkdown(t *testing.T, thread Thread) string {
	t.Helper()
	var out bytes.Buffer
	if err := ThreadMarkdown(&out, thread); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func threadCheck(thread Thread) string {
	status, conclusion, title, summary := ThreadCheck(thread)
	return fmt.Sprintf("status: %s\nconclusion: %s\ntitle: %s\n\n%s", status, conclusion, title, summary)
}

func threadIssue(thread Thread) string {
	title, body := ReviewIssue(thread)
	return fmt.Sprintf("title: %s\n\n%s\n\nand then, as a comment:\n%s", title, body, Outcome(thread))
}

// variants are what a stage may say beside what thread says.
func variants() map[string]func(*Thread) {
	lacks := Objection{Rule: "approved", Place: "reviews", Message: "no review approves the pull request", Hint: "Have people who may write to the repository, and neither wrote nor pushed it, approve the present head: it takes 1."}
	return map[string]func(*Thread){
		"no-change": func(t *Thread) { t.Stage, t.Plan, t.Changes = StageUnchanged, true, nil },
		"no-change-since": func(t *Thread) {
			t.Stage, t.Plan, t.Changes, t.CarriedOut = StageUnchanged, true, nil, "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
		},
		"approved": func(t *Thread) { t.Approvers, t.ApprovedAt = []string{"ada-admin"}, at },
		"lacks":    func(t *Thread) { t.Waiting = []Objection{lacks} },
		"merge": func(t *Thread) {
			t.Approvers, t.ApprovedAt = []string{"ada-admin"}, at
			t.Waiting = []Objection{{Rule: "pull_request_open", Place: "pull_request.merged", Message: "the pull request is not merged, and the settings admit merged ones only", Hint: "Merge it."}}
		},
		"unreadable": func(t *Thread) {
			t.Stage, t.Changes, t.Trace, t.Waiting = StageDenied, nil, nil, []Objection{lacks}
			for _, fact := range []string{"declared", "manifest", "pushes"} {
				t.Objections = append(t.Objections, Objection{Rule: "facts_readable", Place: "coverage." + fact, Message: "reading it: github: 403 Forbidden", Hint: "Give the job contents: read."})
			}
		},
		"end-stuck": func(t *Thread) {
			stuck := thread(StageStuck)
			t.Stage, t.End, t.Role, t.Kept, t.Window, t.Operator, t.Reason, t.Ticket, t.Changes, t.Trace = StageStuck, true, "", "", "", "", "", "", nil, nil
			t.Transitions, t.Objections, t.CommandByHand = stuck.Transitions, stuck.Objections, stuck.CommandByHand
		},
	}
}

func TestThreadGolden(t *testing.T) {
	for _, stage := range stages() {
		golden(t, "thread-"+string(stage)+".md", []byte(threadMarkdown(t, thread(stage))))
		golden(t, "thread-"+string(stage)+"-check.md", []byte(threadCheck(thread(stage))))
	}
	broken := thread(StageDone)
	broken.BreakGlass = "Invoices of the year end are not sent; incident INC-7"
	golden(t, "thread-break-glass.md", []byte(threadMarkdown(t, broken)))
	golden(t, "thread-break-glass-issue.md", []byte(threadIssue(broken)))
	title, body := StuckIssue(thread(StageStuck))
	golden(t, "thread-stuck-issue.md", fmt.Appendf(nil, "title: %s\n\n%s", title, body))
	for name, change := range variants() {
		changed := thread(StagePlanned)
		change(&changed)
		golden(t, "thread-"+name+".md", []byte(threadMarkdown(t, changed)))
	}
	golden(t, "thread-bare.md", []byte(threadMarkdown(t, Thread{Stage: StagePlanned})))
}

func TestSameThreadSameBytes(t *testing.T) {
	t.Parallel()
	for _, stage := range stages() {
		page, check := threadMarkdown(t, thread(stage)), threadCheck(thread(stage))
		for range 3 {
			if threadMarkdown(t, thread(stage)) != page || threadCheck(thread(stage)) != check {
				t.Fatalf("%s differs from one time to the next", stage)
			}
		}
	}
}

// TestThreadBeginsWithWhatCounts: the markers, and then three lines that say what it is, where it stands and what is to be done.
func TestThreadBeginsWithWhatCounts(t *testing.T) {
	t.Parallel()
	for _, stage := range stages() {
		for name, thread := range map[string]Thread{"full": thread(stage), "bare": {Stage: stage}} {
			lines := strings.Split(strings.ReplaceAll(threadMarkdown(t, thread), "\n\n", "\n"), "\n")
			for i, want := range []string{ThreadMarker, "<!-- stepdown:stage " + string(stage) + " ", "## ", "**Now:** ", "**To do:** "} {
				if rest, ok := strings.CutPrefix(lines[i], want); !ok || (i > 0 && len(rest) < 5) {
					t.Errorf("%s, %s: line %d is %q, want %q", stage, name, i+1, lines[i], want)
				}
			}
		}
	}
}

func TestThreadCheckConcludes(t *testing.T) {
	t.Parallel()
	for stage, want := range map[Stage]string{
		StagePlanned: "completed neutral", StageDenied: "completed failure", StageRefused: "completed failure", StageFailed: "completed failure",
		StageWaiting: "completed action_required", StageOpen: "in_progress ", StageStepping: "in_progress ", StageDone: "completed success",
		StageUnchanged: "completed success", StageUndone: "completed failure", StageStuck: "completed failure", StageEnding: "completed neutral",
		StageEnded: "completed neutral", "": "completed failure", "new": "completed failure",
	} {
		status, conclusion, title, summary := ThreadCheck(thread(stage))
		if got := status + " " + conclusion; got != want {
			t.Errorf("%s: got %q, want %q", stage, got, want)
		}
		if title == "" || len(summary) == 0 {
			t.Errorf("%s: title %q, summary %q", stage, title, summary)
		}
		if stage == StageStuck && !strings.HasPrefix(title, "BREAK-GLASS: STUCK: THE ACCOUNT MAY STILL BE ELEVATED") {
			t.Errorf("it does not shout: %s", title)
		}
	}
	if err := ThreadMarkdown(&bytes.Buffer{}, Thread{Stage: "new"}); err == nil || !strings.Contains(err.Error(), `"new"`) {
		t.Errorf("a stage that nobody knows: %v", err)
	}
}

// TestThreadSaysNoMoreThanItShows: a stage alone proves nothing.
func TestThreadSaysNoMoreThanItShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		thread Thread
		want   []string
		not    []string
	}{
		{"done without a proof", Thread{Stage: StageDone}, []string{"NOT PROVED", "conclusion: failure"}, []string{"that is proved"}},
		{"done and merged", func() Thread { t := thread(StageDone); t.Merged = true; return t }(), []string{"that is proved"}, []string{"Merge this"}},
		{"an end that was not begun", Thread{Stage: StageUndone, End: true}, []string{"nothing of what this request gave was taken away", "End of access"}, []string{"taken back"}},
		{"undone without a proof", Thread{Stage: StageUndone}, []string{"NOT PROVED", "conclusion: failure"}, []string{"that is proved"}},
		{"done", thread(StageDone), []string{"that is proved", "at most 60.3 s", "conclusion: success", "with 2 things", "2030-01-04 02:00:00 UTC"}, []string{"NOT PROVED"}},
		{"denied", thread(StageDenied), []string{"admitted: **denied**", "Nothing is granted."}, []string{"[x] admitted", "[x] checked"}},
		{"planned", thread(StagePlanned), []string{"- [ ] admitted", "- [ ] leased"}, []string{"[x] admitted"}},
		{"no end is known", Thread{Stage: StageOpen}, []string{"not known", "ELEVATED, until it is undone"}, []string{"never"}},
	} {
		out := threadMarkdown(t, c.thread) + threadCheck(c.thread)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: it does not say %q:\n%s", c.name, want, out)
			}
		}
		for _, not := range c.not {
			if strings.Contains(out, not) {
				t.Errorf("%s: it says %q:\n%s", c.name, not, out)
			}
		}
	}
}

// TestThreadStageIsRead as it was written, and nothing else is.
func TestThreadStageIsRead(t *testing.T) {
	t.Parallel()
	head := strings.Repeat("a1", 20)
	for _, stage := range stages() {
		page := threadMarkdown(t, thread(stage))
		for _, text := range []string{page, strings.ReplaceAll(page, "\n", "\r\n")} {
			if got, about, ok := ThreadStage(text); !ok || got != stage || about != head {
				t.Errorf("%s: got %q %q %t", stage, got, about, ok)
			}
		}
	}
	if _, about, ok := ThreadStage(threadMarkdown(t, Thread{Stage: StageOpen, HeadSHA: "x -->"})); !ok || about != "-" {
		t.Errorf("a head that is none: %q, %t", about, ok)
	}
	line := "<!-- stepdown:stage open " + head + " -->"
	for _, text := range []string{
		"", ThreadMarker, line, line + "\n" + ThreadMarker, "x\n" + ThreadMarker + "\n" + line, ThreadMarker + "\n\n" + line, ThreadMarker + "\n> " + line,
		ThreadMarker + "\n" + line + " x", ThreadMarker + " \n" + line, ThreadMarker + "\n" + strings.ToUpper(line),
	} {
		if got, about, ok := ThreadStage(text); ok {
			t.Errorf("%q: got %q %q", text, got, about)
		}
	}
}

// TestWhatAPlanMayNotWriteOver: what is of a lease; of one that may still be open whatever was pushed since.
func TestWhatAPlanMayNotWriteOver(t *testing.T) {
	t.Parallel()
	held := []Stage{StageOpen, StageStepping, StageStuck}
	leased := append([]Stage{StageDone, StageUndone, StageEnded}, held...)
	for _, stage := range append(stages(), "", "new") {
		if got := stage.OutranksPlan("a", "a"); got != slices.Contains(leased, stage) {
			t.Errorf("%q, same head: %t", stage, got)
		}
		if got := stage.OutranksPlan("a", "b"); got != slices.Contains(held, stage) {
			t.Errorf("%q, another head: %t", stage, got)
		}
	}
}

// TestThreadFoldsHints: what mends several things is said once, after the last of them, and is what is to be done.
func TestThreadFoldsHints(t *testing.T) {
	t.Parallel()
	denied := Thread{Stage: StageDenied, Objections: []Objection{{Message: "one", Hint: "Do A."}, {Message: "two", Hint: "Do B."}, {Message: "three", Hint: "Do A."}}}
	out := threadMarkdown(t, denied)
	if want := "- ❌ one\n- ❌ three<br>**What would mend these:** Do A.\n- ❌ two<br>**What would mend it:** Do B.\n"; !strings.Contains(out, want) {
		t.Errorf("want %s in:\n%s", want, out)
	}
	if !strings.Contains(out, "**To do:** Mend what is listed below.") {
		t.Errorf("it takes two things:\n%s", out)
	}
	denied.Objections[1].Hint = "Do A."
	if out = threadMarkdown(t, denied); strings.Count(out, "Do A.") != 2 || !strings.Contains(out, "**To do:** Do A. After") {
		t.Errorf("one thing mends all:\n%s", out)
	}
}

func TestHowLongItWasElevated(t *testing.T) {
	t.Parallel()
	for s, want := range map[float64]string{0.01: "0.1 s", 60.25: "60.3 s", 119.99: "120.0 s", 120: "2 minutes", 904.2: "15 minutes 5 seconds", 1800: "30 minutes"} {
		if got := atMost(s); got != want {
			t.Errorf("%v: got %q, want %q", s, got, want)
		}
	}
}

func TestThreadTimeLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		left time.Duration
		want string
	}{
		{14*time.Minute + 30*time.Second, "14 minutes 30 seconds left, until 2030-01-01 02:15:00 UTC"},
		{time.Minute, "1 minute left"},
		{61 * time.Second, "1 minute 1 second left"},
		{45*time.Second + 900*time.Millisecond, "45 seconds left"},
		{900 * time.Millisecond, "its time was over at 2030-01-01 02:15:00 UTC"},
		{0, "create nothing any more"},
		{-time.Hour, "create nothing any more"},
	} {
		open := thread(StageOpen)
		open.Now = open.EndsAt.Add(-c.left)
		out := threadMarkdown(t, open)
		if !strings.Contains(out, c.want) {
			t.Errorf("%s: it does not say %q:\n%s", c.left, c.want, out)
		}
		if c.left < time.Second && strings.Contains(out, "### Steps") {
			t.Errorf("%s: it tells the operator to go on:\n%s", c.left, out)
		}
	}
	open := thread(StageOpen)
	open.EndsAt = open.EndsAt.In(time.FixedZone("there", 7200))
	if out := threadMarkdown(t, open); !strings.Contains(out, "until 2030-01-01 02:15:00 UTC") {
		t.Errorf("a time of another zone:\n%s", out)
	}
}

// TestThreadWaits: for the operator unless it waits for something else only.
func TestThreadWaits(t *testing.T) {
	t.Parallel()
	presence := Objection{Rule: "presence", Message: "nobody is there", Hint: "The operator comments /stepdown ready."}
	freeze := Objection{Rule: "freeze", Message: "it is frozen until Monday", Hint: "Wait."}
	for _, c := range []struct {
		waiting  []Objection
		operator bool
		freeze   bool
	}{{nil, true, false}, {[]Objection{presence}, true, false}, {[]Objection{freeze}, false, true}, {[]Objection{freeze, presence}, true, true}} {
		waits := thread(StageWaiting)
		waits.Waiting = c.waiting
		todo := ""
		for line := range strings.Lines(threadMarkdown(t, waits)) {
			if strings.HasPrefix(line, "**To do:**") {
				todo = line
			}
		}
		if got := strings.Contains(todo, "`dana-ops`: when you can sign in as the account and have the time, comment `/stepdown ready` here."); got != c.operator {
			t.Errorf("%v: %s", c.waiting, todo)
		}
		if got := strings.Contains(todo, "it is frozen until Monday. Wait."); got != c.freeze {
			t.Errorf("%v: %s", c.waiting, todo)
		}
	}
}

// TestThreadListsAreCutAndSaySo: within the limit, with what comes after them still there.
func TestThreadListsAreCutAndSaySo(t *testing.T) {
	t.Parallel()
	long := thread(StageDenied)
	for i := range 2000 {
		long.Objections = append(long.Objections, Objection{Rule: fmt.Sprintf("rule_%d", i), Message: strings.Repeat("m ", 50), Hint: "h"})
		long.Trace = append(long.Trace, TraceLine{Rule: "r", Facts: make([]string, 2000)})
		long.Transitions = append(long.Transitions, access.Transition{State: "undoing", At: at})
		long.Findings, long.Approvers = append(long.Findings, "f"), append(long.Approvers, "a")
	}
	for _, out := range []string{threadMarkdown(t, long), threadCheck(long), threadIssue(long)} {
		if len(out) > maxThread {
			t.Errorf("it has %d bytes", len(out))
		}
		if !strings.Contains(out, "more.\n") || !strings.Contains(out, "…and 19") && !strings.Contains(out, "…and 18") {
			t.Errorf("it does not say that it is cut:\n%s", out)
		}
	}
	out := threadMarkdown(t, long)
	for _, want := range []string{"### The request", "and 1992 more", "What each rule saw (2002 rules)", "</details>", "Updated at", "The run"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is lost:\n%s", want, out)
		}
	}
}

// TestThreadCommandIsExact: it is shown as it is or not at all.
func TestThreadCommandIsExact(t *testing.T) {
	t.Parallel()
	for command, shown := range map[string]bool{
		"stepdown sweep --lease L7":              true,
		"stepdown sweep \\\n  --lease L7":        true,
		"echo ```; # not the end":                true,
		"```\n\n# heading":                       true,
		"stepdown sweep\u202e--lease L7":         false,
		"stepdown sweep\x1b[31m":                 false,
		"stepdown sweep\u00a0--lease L7":         false,
		"":                                       false,
		"x" + strings.Repeat("long", 1000) + "y": false,
	} {
		stuck := thread(StageStuck)
		stuck.CommandByHand = command
		for _, out := range []string{threadMarkdown(t, stuck), threadCheck(stuck)} {
			if command != "" && strings.Contains(out, "sh\n"+command+"\n```") != shown {
				t.Errorf("%q:\n%s", command, out)
			}
			if !shown && !strings.Contains(out, "The run's log has the exact command.") {
				t.Errorf("%q: it does not say where the command is:\n%s", command, out)
			}
		}
	}
}

func TestLinkable(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://github.example/acme/access/actions/runs/42": true,
		"https://github.example:8443/?a=1&b=_2_#x":           true,
		"http://localhost:8080/runs/1":                       true,
		"http://127.0.0.1:8080":                              true,
		"http://github.example/":                             false,
		"http://127.0.0.1.evil.example/":                     false,
		"http://localhost@evil.example/":                     false,
		"https://user:pass@evil.example/":                    false,
		"https://github.example\\@evil.example/":             false,
		"javascript:alert(1)":                                false,
		"https:evil.example":                                 false,
		"//evil.example":                                     false,
		"HTTPS://evil.example":                               false,
		"https://gіthub.example/":                            false, // a Cyrillic letter
		"https://a.example/(x)":                              false,
		"https://a.example/ x":                               false,
		"https://a.example/\nx":                              false,
		"https://a.example/|":                                false,
		"https://a.example/<b>":                              false,
		"https://a.example/\"":                               false,
		"https://a.example/%zz":                              false,
		"https://" + strings.Repeat("a", 600) + ".example":   false,
		"": false,
	} {
		if got := linkable(address); got != want {
			t.Errorf("%q: got %t", address, got)
		}
	}
	if got := link("it", "https://a.example/?x=1&lt;=2"); got != "[it](https://a.example/?x=1&amp;lt;=2)" {
		t.Errorf("got %s", got)
	}
}
