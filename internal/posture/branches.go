package posture

import (
	"fmt"

	"github.com/stepdown/stepdown/internal/access"
)

// ruled says whether a rule of a ruleset is in force. What rulesets do not say, a classic branch protection might: its rules
// show only to administrators, so that a branch that is protected by nothing else is unknown.
func ruled(c Check, r access.BranchRules, holds bool, yes, no string) Check {
	if !holds && r.Protected && !anyRule(r) {
		return c.unknown("a classic branch protection is there, whose rules cannot be read; use a ruleset instead", readAdministration)
	}
	return c.either(holds, yes, no)
}

// anyRule tells whether a ruleset has a rule for the branch.
func anyRule(r access.BranchRules) bool {
	return r.PullRequest || r.NoForcePush || r.NoDeletion || r.NoUpdate || r.LinearHistory || r.RequiredChecks
}

// defaultBranch judges the rules of the branch that settings, policies and workflows come from.
func (f Facts) defaultBranch() []Check {
	const where = "In the ruleset of the default branch (Settings, Rules, Rulesets): "
	checks := []Check{
		{
			ID: "default_pull_request", Title: "The default branch changes by pull request only",
			Why: "Settings, policies and workflows come from it: whoever pushes to it decides about everything else.", Mend: where + "require a pull request before merging.",
		},
		{
			ID: "default_approvals", Title: "A pull request needs approvals, better two than one",
			Why: "With one approval, two people who agree can change the settings; with two it takes three.", Mend: where + "required approvals: 2.",
		},
		{
			ID: "default_stale", Title: "A push dismisses approvals",
			Why: "Else what is merged is not what was approved. An apply holds approvals against the commit by itself.", Mend: where + "dismiss stale pull request approvals when new commits are pushed.",
		},
		{
			ID: "default_last_push", Title: "Whoever pushed last cannot approve",
			Why: "Else somebody pushes to another person's pull request and approves what they pushed.", Mend: where + "require approval of the most recent reviewable push.",
		},
		{
			ID: "default_code_owners", Title: "Code owners have to approve",
			Why: "Else any approval is enough for a manifest, the settings or a workflow.", Mend: where + "require review from code owners.",
		},
		{
			ID: "default_history", Title: "The default branch cannot be force-pushed or deleted",
			Why: "What was reviewed could be replaced.", Mend: where + "block force pushes, restrict deletions.",
		},
		{
			ID: "rules_bypass", Title: "Nobody bypasses the rules",
			Why: "Who is on the bypass list of a ruleset is not bound by it. Reading that list takes the right to change it, which this check should not have.", Mend: "Look at the bypass list of each ruleset. For the default branch it should be empty.",
		},
	}
	if !f.Default.Known {
		for i := range checks {
			checks[i] = checks[i].unknown(f.Default.Why, readMetadata)
		}
		return checks
	}
	r := f.Default.Value
	checks[0] = ruled(checks[0], r, r.PullRequest, "it does", "anybody who can push pushes to it")
	switch {
	case r.PullRequest && r.Approvals == 1:
		checks[1] = checks[1].is(Note, "1 is required")
	default:
		checks[1] = ruled(checks[1], r, r.PullRequest && r.Approvals > 1, fmt.Sprintf("%d are required", r.Approvals), "none is required")
	}
	checks[2] = ruled(checks[2], r, r.DismissStale, "it does", "it does not")
	checks[3] = ruled(checks[3], r, r.LastPush, "they cannot", "they can")
	checks[4] = ruled(checks[4], r, r.CodeOwners, "they have to", "they do not")
	checks[5] = ruled(checks[5], r, r.NoForcePush && r.NoDeletion, "it cannot", history(r))
	checks[6] = checks[6].is(Note, "not read")
	return checks
}

// history says what can be done to a branch's history.
func history(r access.BranchRules) string {
	switch {
	case !r.NoForcePush && !r.NoDeletion:
		return "it can be force-pushed and deleted"
	case !r.NoForcePush:
		return "it can be force-pushed"
	}
	return "it can be deleted"
}

// ledger judges the branch of the leases. GitHub tells the rules of a branch that does not exist yet, too.
// Source: docs.github.com, "Get rules for a branch".
func (f Facts) ledger() []Check {
	branch := f.Wanted.LedgerBranch
	where := fmt.Sprintf("Import the ruleset of docs/security.md for %q: ", branch)
	there := Check{
		ID: "ledger_branch", Title: "The ledger's branch is there",
		Why: "A branch that was there and is not any more is a ledger that was lost: stepdown then refuses to work.", Mend: "Nothing, where there was no apply yet: the first one makes it. Else see docs/security.md, recovery.",
	}
	kept := Check{
		ID: "ledger_history", Title: "The ledger's branch cannot be force-pushed or deleted",
		Why: "Whoever can push could take back that a lease is open. That is seen, but stops everything until somebody recovers it.", Mend: where + "block force pushes, restrict deletions, nobody on the bypass list.",
	}
	open := Check{
		ID: "ledger_writable", Title: "The ledger's branch takes commits without a pull request",
		Why: "Leases are commits: where they need a pull request or a check, nothing can be applied, or taken back.", Mend: fmt.Sprintf("Take %q out of the rulesets that require a pull request or status checks.", branch),
	}
	only := Check{
		ID: "ledger_update", Title: "Only stepdown's own App writes to the ledger's branch",
		Why:  "Whoever else can push can add junk. It is not signed, so that nothing comes of it but a ledger that has to be recovered.",
		Mend: where + "restrict updates, with a GitHub App of your own on the bypass list. A workflow's own token cannot be on it.",
	}
	switch {
	case !f.LedgerTip.Known:
		there = there.unknown(f.LedgerTip.Why, readContents)
	case f.LedgerTip.Value == "":
		there = there.is(Note, "there is no branch %q yet", branch)
	default:
		there = there.is(OK, "%q is at %.12s", branch, f.LedgerTip.Value)
	}
	if !f.Ledger.Known {
		why := f.Ledger.Why
		return []Check{there, kept.unknown(why, readMetadata), open.unknown(why, readMetadata), only.unknown(why, readMetadata)}
	}
	r := f.Ledger.Value
	kept = ruled(kept, r, r.NoForcePush && r.NoDeletion, "it cannot", history(r))
	switch {
	case r.PullRequest:
		open = open.is(Off, "it takes pull requests only")
	case r.RequiredChecks:
		open = open.is(Off, "it takes commits only after status checks")
	case r.Protected && !anyRule(r):
		open = ruled(open, r, false, "", "")
	default:
		open = open.is(OK, "it does")
	}
	if r.NoUpdate {
		return []Check{there, kept, open, only.is(OK, "only the bypass list of its ruleset may push")}
	}
	return []Check{there, kept, open, only.is(Note, "everybody who can push may push to it")}
}
