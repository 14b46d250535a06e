package posture

import (
	"fmt"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// What a token needs to show a setting, as the permissions of fine-grained tokens and GitHub Apps are named.
// Source: docs.github.com, "Permissions required for fine-grained personal access tokens".
const (
	readMetadata       = "metadata: read"
	readContents       = "contents: read"
	readActions        = "actions: read"
	readAdministration = "administration: read"
)

// Judge holds the settings against what the threat model of docs/security.md rests on. The order is that of the page.
func Judge(f Facts) []Check {
	var checks []Check
	checks = append(checks, f.repository()...)
	checks = append(checks, f.defaultBranch()...)
	checks = append(checks, f.settings()...)
	checks = append(checks, f.codeOwners()...)
	checks = append(checks, f.ledger()...)
	checks = append(checks, f.environments()...)
	checks = append(checks, f.workflowSettings()...)
	return append(checks, f.workflowFiles()...)
}

// rule is a check, and how what it rests on gives it its outcome.
type rule[T any] struct {
	Check
	judge func(Check, T) Check
}

// held holds a fact against rules. Where it is not known, no outcome is.
func held[T any](fact Fact[T], needs string, rules ...rule[T]) []Check {
	checks := make([]Check, 0, len(rules))
	for _, r := range rules {
		if fact.Known {
			checks = append(checks, r.judge(r.Check, fact.Value))
		} else {
			checks = append(checks, r.unknown(fact.Why, needs))
		}
	}
	return checks
}

// is gives a check its outcome. The mend of one that is ok is left out.
func (c Check) is(s Status, format string, args ...any) Check {
	c.Status, c.Seen = s, fmt.Sprintf(format, args...)
	if s == OK {
		c.Mend = ""
	}
	return c
}

// either is ok or off.
func (c Check) either(holds bool, yes, no string) Check {
	if holds {
		return c.is(OK, "%s", yes)
	}
	return c.is(Off, "%s", no)
}

// unknown says why a check has no outcome, and with which permission it would have one.
func (c Check) unknown(why, needs string) Check {
	c.Status, c.Seen = Unknown, strings.Join(strings.Fields(why), " ")
	if c.Seen == "" {
		c.Seen = "it was not read"
	}
	c.Mend = "Run it with a token that has " + needs
	if needs == readAdministration {
		c.Mend += "; a workflow's own token cannot have that: a fine-grained token or a GitHub App's can"
	}
	c.Mend += "."
	return c
}

func (f Facts) repository() []Check {
	return held(f.Repository, readMetadata, rule[access.RepositoryFacts]{Check{
		ID: "repository_private", Title: "The repository is private",
		Why:  "Manifests, reports and evidence say which account holds which role; in a public repository anybody reads them, and comments.",
		Mend: "Make it private: Settings, General, Danger Zone.",
	}, func(c Check, r access.RepositoryFacts) Check {
		switch r.Visibility {
		case "private":
			return c.is(OK, "private")
		case "internal":
			return c.is(Note, "internal: everybody of the enterprise reads it, and comments")
		case "public":
			return c.is(Off, "public")
		}
		return c.unknown(fmt.Sprintf("the visibility is %q", r.Visibility), readMetadata)
	}}, rule[access.RepositoryFacts]{Check{
		ID: "repository_forks", Title: "Forking is off",
		Why:  "A fork is a copy that this repository's rules do not reach. Pull requests from one are denied anyway.",
		Mend: "Turn it off: Settings, General, Features, Allow forking.",
	}, func(c Check, r access.RepositoryFacts) Check {
		if r.AllowForking {
			return c.is(Note, "it can be forked")
		}
		return c.is(OK, "it cannot be forked")
	}})
}

func (f Facts) workflowSettings() []Check {
	return held(f.Workflows, readAdministration, rule[access.Workflows]{Check{
		ID: "workflow_permissions", Title: "A workflow's token can read and no more, unless the workflow says so",
		Why:  "A workflow without `permissions` could write to the ledger's branch.",
		Mend: "Settings, Actions, General, Workflow permissions: Read repository contents and packages permissions.",
	}, func(c Check, w access.Workflows) Check {
		if w.DefaultPermissions != "read" && w.DefaultPermissions != "write" {
			return c.unknown(fmt.Sprintf("the default is %q", w.DefaultPermissions), readAdministration)
		}
		return c.either(w.DefaultPermissions == "read", "read", "write")
	}}, rule[access.Workflows]{Check{
		ID: "workflow_approvals", Title: "Workflows cannot approve pull requests",
		Why:  "Whoever can push a workflow could approve a merge with it. The admission takes no approval of a bot; the branch's rules may.",
		Mend: "Settings, Actions, General: turn off Allow GitHub Actions to create and approve pull requests.",
	}, func(c Check, w access.Workflows) Check {
		return c.either(!w.CanApprove, "they cannot", "they can")
	}})
}
