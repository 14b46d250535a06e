package posture

import (
	"fmt"
	"strings"
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
	checks = append(checks, f.codeOwners()...)
	checks = append(checks, f.ledger()...)
	for _, e := range f.Environments {
		checks = append(checks, f.environment(e)...)
	}
	checks = append(checks, f.workflowSettings()...)
	return append(checks, f.workflowFiles()...)
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
	seen := Check{
		ID: "repository_private", Title: "The repository is private",
		Why:  "Manifests, reports and evidence say which account holds which role; in a public repository anybody reads them, and comments.",
		Mend: "Make it private: Settings, General, Danger Zone.",
	}
	forks := Check{
		ID: "repository_forks", Title: "Forking is off",
		Why:  "A fork is a copy that this repository's rules do not reach. Pull requests from one are denied anyway.",
		Mend: "Turn it off: Settings, General, Features, Allow forking.",
	}
	if !f.Repository.Known {
		return []Check{seen.unknown(f.Repository.Why, readMetadata), forks.unknown(f.Repository.Why, readMetadata)}
	}
	switch r := f.Repository.Value; r.Visibility {
	case "private":
		seen = seen.is(OK, "private")
	case "internal":
		seen = seen.is(Note, "internal: everybody of the enterprise reads it, and comments")
	case "public":
		seen = seen.is(Off, "public")
	default:
		seen = seen.unknown(fmt.Sprintf("the visibility is %q", r.Visibility), readMetadata)
	}
	if f.Repository.Value.AllowForking {
		forks = forks.is(Note, "it can be forked")
	} else {
		forks = forks.is(OK, "it cannot be forked")
	}
	return []Check{seen, forks}
}

func (f Facts) workflowSettings() []Check {
	token := Check{
		ID: "workflow_permissions", Title: "A workflow's token can read and no more, unless the workflow says so",
		Why:  "A workflow without `permissions` could write to the ledger's branch.",
		Mend: "Settings, Actions, General, Workflow permissions: Read repository contents and packages permissions.",
	}
	approve := Check{
		ID: "workflow_approvals", Title: "Workflows cannot approve pull requests",
		Why:  "Whoever can push a workflow could approve a merge with it. The admission takes no approval of a bot; the branch's rules may.",
		Mend: "Settings, Actions, General: turn off Allow GitHub Actions to create and approve pull requests.",
	}
	if !f.Workflows.Known {
		return []Check{token.unknown(f.Workflows.Why, readAdministration), approve.unknown(f.Workflows.Why, readAdministration)}
	}
	w := f.Workflows.Value
	switch w.DefaultPermissions {
	case "read", "write":
		token = token.either(w.DefaultPermissions == "read", "read", "write")
	default:
		token = token.unknown(fmt.Sprintf("the default is %q", w.DefaultPermissions), readAdministration)
	}
	return []Check{token, approve.either(!w.CanApprove, "they cannot", "they can")}
}
