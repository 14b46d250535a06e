package posture

import (
	"fmt"
	"time"

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
	on := func(id, title, why, mend, yes, no string, holds func(access.BranchRules) bool) rule[access.BranchRules] {
		mend = "In the ruleset of the default branch (Settings, Rules, Rulesets): " + mend
		return rule[access.BranchRules]{Check{ID: id, Title: title, Why: why, Mend: mend}, func(c Check, r access.BranchRules) Check {
			return ruled(c, r, holds(r), yes, no)
		}}
	}
	approvals := on("default_approvals", "A pull request needs approvals, better two than one",
		"With one approval, two people who agree can change the settings; with two it takes three.", "required approvals: 2.",
		"two or more are required", "none is required", func(r access.BranchRules) bool { return r.PullRequest && r.Approvals > 0 })
	many := approvals.judge
	approvals.judge = func(c Check, r access.BranchRules) Check {
		if r.PullRequest && r.Approvals == 1 {
			return c.is(Note, "1 is required")
		}
		return many(c, r)
	}
	past := on("default_history", "The default branch cannot be force-pushed or deleted",
		"What was reviewed could be replaced.", "block force pushes, restrict deletions.", "", "", nil)
	past.judge = func(c Check, r access.BranchRules) Check {
		return ruled(c, r, r.NoForcePush && r.NoDeletion, "it cannot", history(r))
	}
	bypass := rule[access.BranchRules]{Check{
		ID: "rules_bypass", Title: "Nobody bypasses the rules",
		Why:  "Who is on the bypass list of a ruleset is not bound by it. Reading that list takes the right to change it, which this check should not have.",
		Mend: "Look at the bypass list of each ruleset. For the default branch it should be empty.",
	}, func(c Check, _ access.BranchRules) Check { return c.is(Note, "not read") }}
	return held(f.Default, readMetadata,
		on("default_pull_request", "The default branch changes by pull request only",
			"Settings, policies and workflows come from it: whoever pushes to it decides about everything else.", "require a pull request before merging.",
			"it does", "anybody who can push pushes to it", func(r access.BranchRules) bool { return r.PullRequest }),
		approvals,
		on("default_stale", "A push dismisses approvals",
			"Else what is merged is not what was approved. An apply holds approvals against the commit by itself.", "dismiss stale pull request approvals when new commits are pushed.",
			"it does", "it does not", func(r access.BranchRules) bool { return r.DismissStale }),
		on("default_last_push", "Whoever pushed last cannot approve",
			"Else somebody pushes to another person's pull request and approves what they pushed.", "require approval of the most recent reviewable push.",
			"they cannot", "they can", func(r access.BranchRules) bool { return r.LastPush }),
		on("default_code_owners", "Code owners have to approve",
			"Else any approval is enough for a manifest, the settings or a workflow.", "require review from code owners.",
			"they have to", "they do not", func(r access.BranchRules) bool { return r.CodeOwners }),
		past, bypass)
}

// settings judges whether the rules are the organisation's own. Without a file the defaults hold, which may be news.
func (f Facts) settings() []Check {
	file := settingsFile(f.Wanted)
	return held(f.Settings, readContents, rule[bool]{Check{
		ID: "settings_there", Title: "The settings are on the default branch",
		Why:  "Without them the default settings hold, for every request: which accounts are services, how many approve, how long a window is.",
		Mend: fmt.Sprintf("Commit %s, by a pull request of its own: README.md has one.", file),
	}, func(c Check, there bool) Check {
		if there {
			return c.is(OK, "%s is there", file)
		}
		return c.is(Note, "there is no %s: the default settings hold, if no other file there has some", file)
	}})
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
	return append([]Check{f.ledgerThere()}, held(f.Ledger, readMetadata, rule[access.BranchRules]{Check{
		ID: "ledger_history", Title: "The ledger's branch cannot be force-pushed or deleted",
		Why:  "Whoever can push could take back that a lease is open. That is seen, but stops everything until somebody recovers it.",
		Mend: where + "block force pushes, restrict deletions, nobody on the bypass list.",
	}, func(c Check, r access.BranchRules) Check {
		return ruled(c, r, r.NoForcePush && r.NoDeletion, "it cannot", history(r))
	}}, rule[access.BranchRules]{Check{
		ID: "ledger_writable", Title: "The ledger's branch takes commits without a pull request",
		Why:  "Leases are commits: where they need a pull request or a check, nothing can be applied, or taken back.",
		Mend: fmt.Sprintf("Take %q out of the rulesets that require a pull request or status checks.", branch),
	}, func(c Check, r access.BranchRules) Check {
		switch {
		case r.PullRequest:
			return c.is(Off, "it takes pull requests only")
		case r.RequiredChecks:
			return c.is(Off, "it takes commits only after status checks")
		}
		return ruled(c, r, anyRule(r) || !r.Protected, "it does", "")
	}}, rule[access.BranchRules]{Check{
		ID: "ledger_update", Title: "Only stepdown's own App writes to the ledger's branch",
		Why:  "Whoever else can push can add junk. It is not signed, so that nothing comes of it but a ledger that has to be recovered.",
		Mend: where + "restrict updates, with a GitHub App of your own on the bypass list. A workflow's own token cannot be on it.",
	}, func(c Check, r access.BranchRules) Check {
		if r.NoUpdate {
			return c.is(OK, "only the bypass list of its ruleset may push")
		}
		return c.is(Note, "everybody who can push may push to it")
	}})...)
}

// ledgerThere judges whether the ledger is there. One that was there and is not any more is evidence that somebody took away;
// GitHub goes on listing the pushes to a branch that was deleted.
func (f Facts) ledgerThere() Check {
	c := Check{
		ID: "ledger_branch", Title: "The ledger's branch is there",
		Why:  "A branch that was there and is not any more is a ledger that was lost: what it said of open leases, and the evidence. stepdown then refuses to work.",
		Mend: "Restore the branch from the list of its pushes: docs/security.md, recovering the ledger. Then run stepdown sweep and stepdown audit.",
	}
	tip, past := f.LedgerTip, f.LedgerPast
	switch {
	case !tip.Known:
		return c.unknown(tip.Why, readContents)
	case tip.Value != "":
		return c.is(OK, "%q is at %.12s", f.Wanted.LedgerBranch, tip.Value)
	case !past.Known:
		return c.unknown("there is no branch, and whether there was one is not known: "+past.Why, readContents)
	case len(past.Value) == 0:
		c.Mend = "Nothing: the first apply makes it."
		return c.is(Note, "there is no branch %q yet, and never was", f.Wanted.LedgerBranch)
	case past.Value[0].Kind == access.PushDeletion:
		return c.is(Off, "it was deleted by %q at %s", past.Value[0].Actor, past.Value[0].At.UTC().Format(time.RFC3339))
	}
	return c.is(Off, "it is not there any more; %q pushed to it at %s", past.Value[0].Actor, past.Value[0].At.UTC().Format(time.RFC3339))
}
