package report

import "strings"

// ReviewIssue is the issue in which break-glass is reviewed afterwards. body is Markdown, title is not.
func ReviewIssue(t Thread) (title string, body []byte) {
	about := present(t.Name, t.Account)
	title = "Review of break-glass: " + strings.ReplaceAll(strings.Join(about, ", "), "`", "'")
	p := &page{}
	p.line("Break-glass is used. It is reviewed by somebody who took no part in it.")
	links := ""
	if t.URL != "" {
		links = link("the pull request", t.URL)
	}
	if t.RunURL != "" {
		links = strings.Join(present(links, link("the run", t.RunURL)), ", ")
	}
	facts := [][2]string{{"Why", inline(t.BreakGlass, mostReason)}, {"What came of it", "It is written as a comment here, once it is over."}}
	facts = append(facts, t.request()...)
	p.facts("What is asked for", append(facts, [2]string{"Links", links}))
	p.block("### For the reviewer")
	p.lines([]string{
		"- [ ] I asked for nothing here, approved nothing, and did not create the token.",
		"- [ ] The reason holds: the ordinary way would have been too late.",
		"- [ ] The step-down is proved, by the evidence of the run.",
		"- [ ] What the account did in the window, by the evidence and by the System Log, is what the reason says.",
		"- [ ] Each thing to be looked at is explained.",
		"- [ ] The token is still needed, or is revoked.",
		"- [ ] What would have made break-glass unnecessary is written down here.",
	})
	return cut(title, maxTitle), p.out.Bytes()
}

// Outcome is the comment on an issue, of either kind, that says what came of it, once that is known.
func Outcome(t Thread) []byte {
	p := &page{}
	now := "not known"
	if s, err := t.says(); err == nil {
		now = s.now
	}
	elevated := "not known"
	if t.ElevatedSeconds > 0 {
		elevated = "for at most " + atMost(t.ElevatedSeconds)
	}
	run, token := "", ""
	if t.RunURL != "" {
		run = link("the run", t.RunURL)
	}
	if t.TokenID != "" {
		token = strings.TrimSpace(named(t.TokenName) + " " + code(t.TokenID, mostName))
	}
	p.facts("What came of it", [][2]string{{"Now", now}, {"Elevated", elevated}, {"Token", token}, {"Commit", named(t.HeadSHA)}, {"By", run}})
	t.happened(p)
	t.objections(p)
	t.concerns(p)
	return p.out.Bytes()
}

// StuckIssue is the issue that calls for whoever can finish a step-down which could not be proved. body is Markdown, title is not.
func StuckIssue(t Thread) (title string, body []byte) {
	who := t.Account
	if who == "" {
		who = "an account"
	}
	title = "STUCK: " + strings.ReplaceAll(who, "`", "'") + " may still be elevated"
	p := &page{}
	t.Stage = StageStuck
	t.byHand(p)
	links := ""
	if t.URL != "" {
		links = link("the pull request", t.URL)
	}
	if t.RunURL != "" {
		links = strings.Join(present(links, link("the run", t.RunURL)), ", ")
	}
	p.facts("What it is about", append(t.request(), [2]string{"Links", links}))
	t.happened(p)
	t.objections(p)
	t.concerns(p)
	p.block("### For whoever ends it")
	p.lines([]string{
		"- [ ] In the Admin Console, under Security > Administrators, the account holds no temporary role, by itself or through a group.",
		"- [ ] Under Security > API > Tokens it owns no token that was created in the window.",
		"- [ ] A sweep has said that the lease is undone: each one tries it again. The next one then closes this.",
	})
	return cut(title, maxTitle), p.out.Bytes()
}
