package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// byHand says how to finish what is stuck.
func (t Thread) byHand(p *page) {
	may := "The account may be elevated"
	if t.ends() {
		may = "The account may hold it"
	}
	block, ok := fence(t.CommandByHand)
	if ok {
		p.alert("%s until somebody runs this, which removes what open leases name and nothing else:", may)
		p.block("%s", block)
		return
	}
	p.alert("%s until somebody runs the sweep, which removes what open leases name and nothing else. The run's log has the exact command.", may)
}

// instruct says what the operator does in the window, while there is time for it.
func (t Thread) instruct(p *page) {
	if t.Stage != StageOpen || t.over() {
		return
	}
	who := ""
	if t.Operator != "" {
		who = " for " + code(t.Operator, mostName)
	}
	p.block("### Steps%s", who)
	p.lines(t.steps())
}

// prepare says beforehand what the operator will do.
func (t Thread) prepare(p *page) {
	if (t.Stage == StagePlanned || t.Stage == StageWaiting) && t.Account != "" && t.TokenName != "" {
		p.folded("What the operator does once the window is open", func() { p.lines(t.steps()) })
	}
}

// steps are the operator's, each an item of a list.
func (t Thread) steps() []string {
	in := "Sign in"
	if t.OrgURL != "" {
		in += " at " + link(code(t.OrgURL, mostName), t.OrgURL)
	}
	if t.Account != "" {
		in += " as " + code(t.Account, mostName)
	}
	if t.SignIn != "" {
		in += " (" + inline(t.SignIn, mostProse) + ")"
	}
	name := "Name it as the manifest says."
	if t.TokenName != "" {
		name = "Name it exactly " + code(t.TokenName, mostName) + "."
	}
	if len(t.Zones) > 0 {
		name += " It may be used from: " + names(t.Zones, mostName) + "."
	} else {
		name += " It may be used from anywhere."
	}
	to := "where the manifest says."
	if t.Destination != "" {
		to = sentence(inline(t.Destination, mostProse))
	}
	return []string{
		"1. " + in + ".",
		"2. In the Admin Console: Security > API > Tokens > Create token.",
		"3. " + name,
		"4. Copy the value, which is shown once, to: " + to + " Never write it here.",
		"5. Sign out. The role is taken away as soon as the token is seen.",
	}
}

// objections lists what stands in the way.
func (t Thread) objections(p *page) {
	if len(t.Objections) > 0 {
		heading := "What stands against it"
		if t.Stage != StagePlanned && t.Stage != StageDenied && t.Stage != StageRefused && t.Stage != StageWaiting {
			heading = "What went wrong"
		}
		p.block("### %s", heading)
		p.objections(t.Objections, "❌", "What would mend it", "What would mend these")
	}
	if len(t.Waiting) > 0 {
		heading := "What it waits for"
		if t.Stage == StageDenied {
			heading = "What it needs after that"
		}
		p.block("### %s", heading)
		p.objections(t.Waiting, "⏳", "What to do", "What to do about these")
	}
	if len(t.Heard) > 0 && t.Stage == StageWaiting {
		p.items(len(t.Heard), func(i int) string { return "- 💬 " + inline(t.Heard[i], mostProse) })
	}
}

// objections lists them, those together that one thing mends, which is said once, after the last of them.
func (p *page) objections(list []Objection, sign, hint, hints string) {
	var folded []Objection
	last := map[int]string{} // what is said after which
	shown := map[string]bool{}
	for _, o := range list {
		if shown[o.Hint] {
			continue
		}
		shown[o.Hint] = true
		same := slices.DeleteFunc(slices.Clone(list), func(other Objection) bool { return other.Hint != o.Hint })
		folded = append(folded, same...)
		if o.Hint != "" {
			label := hint
			if len(same) > 1 {
				label = hints
			}
			last[len(folded)-1] = "<br>**" + label + ":** " + inline(o.Hint, mostProse)
		}
	}
	p.items(len(folded), func(i int) string { return folded[i].item(sign) + last[i] })
}

// item is an objection in a list, without what would mend it.
func (o Objection) item(sign string) string {
	out := "- " + sign + " " + inline(o.Message, mostProse)
	if where := present(named(o.Rule), named(o.Place)); len(where) > 0 {
		out += " (" + strings.Join(where, ", ") + ")"
	}
	return out
}

// request says what is asked for, by whom, and who allowed it.
func (t Thread) request() [][2]string {
	approved := ""
	if len(t.Approvers) > 0 {
		approved = names(t.Approvers, mostLogin)
		if !t.ApprovedAt.IsZero() {
			approved += " at " + stamp(t.ApprovedAt)
		}
	}
	token := named(t.TokenName)
	if t.TokenID != "" {
		token = strings.TrimSpace(token + " " + code(t.TokenID, mostName))
	}
	reason := ""
	if t.Reason != "" {
		reason = inline(t.Reason, mostReason)
	}
	elevation := [][2]string{{"Temporary role", named(t.Role)}, {"Window", named(t.Window)}, {"Role that it keeps", named(t.Kept)}}
	why := [][2]string{{"Reason", reason}, {"Ticket", named(t.Ticket)}}
	operator := [][2]string{{"Operator", named(t.Operator)}}
	if t.ends() { // which has none of these, and another reason than what was asked for then
		elevation, why, operator = nil, nil, nil
	}
	return slices.Concat(
		[][2]string{{"Account", named(t.Account)}}, elevation, [][2]string{{"Token", token}}, why,
		[][2]string{{"Requested by", named(t.Requester)}, {"Approved by", approved}}, operator,
		[][2]string{{"Manifest", named(t.ManifestPath)}, {"Commit", named(t.HeadSHA)}},
	)
}

// named is a name as code, or nothing.
func named(text string) string {
	if text == "" {
		return ""
	}
	return code(text, mostName)
}

// plan lists what will be done, or was to be; in full while that is what people read the comment for.
func (t Thread) plan(p *page) {
	if len(t.Changes) == 0 {
		return
	}
	item := func(i int) string {
		c := t.Changes[i]
		out := strings.Join(present(fmt.Sprintf("%d.", i+1), inline(strings.ReplaceAll(string(c.Action), "-", " "), mostName), named(c.Subject)), " ")
		if c.Why != "" {
			out += ": " + inline(c.Why, mostProse)
		}
		return out
	}
	switch t.Stage {
	case StagePlanned, StageEnding:
		p.block("### The plan")
		p.items(len(t.Changes), item)
	default:
		p.folded("The plan ("+count(len(t.Changes), "step")+")", func() { p.items(len(t.Changes), item) })
	}
}

// happened lists the states that the lease went through.
func (t Thread) happened(p *page) {
	if len(t.Transitions) == 0 {
		return
	}
	p.block("### What happened")
	p.rows([]string{"At (UTC)", "State", "Note"}, len(t.Transitions), func(i int) []string {
		tr, note := t.Transitions[i], ""
		if tr.Note != "" {
			note = inline(tr.Note, mostProse)
		}
		return []string{moment(tr.At), code(string(tr.State), mostName), note}
	})
}

// concerns lists what somebody should look at.
func (t Thread) concerns(p *page) {
	n := len(t.Residue) + len(t.Findings)
	if n == 0 {
		return
	}
	p.block("### To be looked at")
	p.items(n, func(i int) string {
		if i < len(t.Residue) {
			return "- ⚠️ the account still holds " + inline(t.Residue[i], mostProse) + ", which this request did not give"
		}
		return "- ⚠️ " + inline(t.Findings[i-len(t.Residue)], mostProse)
	})
}

// traced says what each rule of the admission saw.
func (t Thread) traced(p *page) {
	if len(t.Trace) == 0 {
		return
	}
	p.folded("What each rule saw ("+count(len(t.Trace), "rule")+")", func() {
		p.rows([]string{"Outcome", "Rule", "Facts"}, len(t.Trace), func(i int) []string { return t.Trace[i].cells() })
	})
}

// cells are the row of a rule.
func (l TraceLine) cells() []string {
	rule := code(l.Rule, mostName)
	if l.Title != "" {
		rule = inline(l.Title, mostProse) + " (" + rule + ")"
	}
	var saw []string
	for _, fact := range l.Facts[:min(len(l.Facts), mostNames)] {
		saw = append(saw, inline(fact, mostProse))
	}
	if more := len(l.Facts) - mostNames; more > 0 {
		saw = append(saw, fmt.Sprintf("and %d more", more))
	}
	return []string{outcomeSign(l.Outcome) + inline(l.Outcome, mostLogin), rule, strings.Join(saw, "<br>")}
}

// outcomeSign is what stands before the outcome of a rule. What nobody knows has no sign.
func outcomeSign(outcome string) string {
	switch strings.ToLower(outcome) {
	case "pass", "passed", "allow", "allowed", "ok":
		return "✅ "
	case "deny", "denied", "fail", "failed":
		return "❌ "
	case "wait", "waits", "waiting":
		return "⏳ "
	default:
		return ""
	}
}

// foot says when the comment was written and by which run.
func (t Thread) foot(p *page) {
	text := "This is updated as the request goes along."
	if !t.Now.IsZero() {
		text = "Updated at " + stamp(t.Now) + ", and again as the request goes along."
	}
	if t.RunURL != "" {
		text += " " + link("The run", t.RunURL)
		text += " has the details."
	}
	p.block("---\n\n%s", text)
}

// atOf writes a time after a comma; a zero time is nothing.
func atOf(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", " + stamp(at)
}
