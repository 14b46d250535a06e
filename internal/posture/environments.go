package posture

import (
	"slices"
	"strings"
)

// purposes are the environments of examples/workflows, and what runs in each.
func purposes() [][2]string {
	return [][2]string{{"okta", "apply"}, {"okta-plan", "plan"}, {"okta-audit", "audit"}, {"okta-sweep", "sweep"}, {"okta-doctor", "doctor"}}
}

// DefaultEnvironments are the names that examples/workflows use.
func DefaultEnvironments() []string {
	var names []string
	for _, p := range purposes() {
		names = append(names, p[0])
	}
	return names
}

// environments judges those that hold credentials: whether they are there, and each that is.
func (f Facts) environments() []Check {
	checks := []Check{f.environmentsThere()}
	for _, e := range f.Environments {
		if e.Known && !e.Value.Exists {
			continue
		}
		checks = append(checks, held(e, readActions, f.environment(e.Value.Name)...)...)
	}
	return checks
}

// environmentsThere says once which environments are missing. One that nobody named and in which nothing runs may be.
func (f Facts) environmentsThere() Check {
	c := Check{
		ID: "environments_there", Title: "The environments that hold credentials are there",
		Why:  "A job that names an environment that is not there makes one that admits every branch; secrets that are put into it later are everybody's.",
		Mend: "Make it before its first job runs (docs/security.md), or say with --environment which ones hold credentials here.",
	}
	var missing, unused []string
	why, unread := "", false
	for _, e := range f.Environments {
		_, named := f.commandsIn(e.Value.Name)
		switch {
		case !e.Known:
			unread, why = true, e.Why
		case e.Value.Exists:
		case f.Wanted.Named || named:
			missing = append(missing, e.Value.Name)
		default:
			unused = append(unused, e.Value.Name)
		}
	}
	switch {
	case len(missing) > 0:
		return c.is(Off, "there is none of the name %s", strings.Join(missing, ", "))
	case unread:
		return c.unknown(why, readActions)
	case len(unused) > 0:
		return c.is(Note, "there is none of the name %s, and no workflow of the default branch that names it", strings.Join(unused, ", "))
	}
	return c.is(OK, "all %d", len(f.Environments))
}

// environment are the rules for one environment.
func (f Facts) environment(name string) []rule[Environment] {
	const where = "Settings, Environments, the environment: "
	return []rule[Environment]{{Check{
		ID: "environment_branches", Of: name, Title: "The environment admits the default branch and nothing else",
		Why:  "A workflow of any other branch is what whoever pushed it wants it to be, and would get the environment's secrets.",
		Mend: where + "Deployment branches and tags: Selected branches and tags, with the default branch as the only pattern.",
	}, f.admits}, {Check{
		ID: "environment_reviewers", Of: name, Title: "The environment waits for nobody's review",
		Why:  "Required reviewers are a second person for each run of apply; the window opens only after they came. A sweep or an audit must not wait for anybody: an account would stay elevated meanwhile.",
		Mend: where + "have required reviewers for apply only, and only where somebody is there to answer.",
	}, f.waits}, {Check{
		ID: "environment_admins", Of: name, Title: "Administrators cannot bypass the environment's protection",
		Why:  "They can let a waiting job through. They can change the environment too: this only makes it a change that the audit log has.",
		Mend: where + "turn off Allow administrators to bypass configured protection rules, where your plan has that.",
	}, func(c Check, e Environment) Check {
		if e.AdminsBypass {
			return c.is(Note, "they can")
		}
		return c.is(OK, "they cannot")
	}}}
}

// waits judges whom jobs wait for, by what runs in the environment: what workflows say, else what the examples use the name for.
func (f Facts) waits(c Check, e Environment) Check {
	commands, _ := f.commandsIn(e.Name)
	for _, p := range purposes() {
		if len(commands) == 0 && p[0] == e.Name {
			commands = []string{p[1]}
		}
	}
	unattended := slices.DeleteFunc(commands, func(command string) bool { return command != "sweep" && command != "audit" })
	who := "who may have started it"
	if e.PreventSelfReview {
		who = "who did not start it"
	}
	switch {
	case e.Reviewers == 0:
		return c.is(OK, "no required reviewers")
	case len(unattended) > 0:
		return c.is(Off, "%s waits for one of %d reviewers", unattended[0], e.Reviewers)
	}
	return c.is(Note, "each job waits for one of %d reviewers, %s", e.Reviewers, who)
}

// commandsIn are the commands that workflows of the default branch run in the environment. named says that a job names it, or
// may: in a file that was not read, elsewhere, or by an expression.
func (f Facts) commandsIn(name string) (commands []string, named bool) {
	named = !f.Files.Known
	for _, file := range f.Files.Value {
		w, err := parseWorkflow(file)
		if err != nil {
			named = true
			continue
		}
		for _, j := range w.jobs {
			switch {
			case sameEnvironment(j.environment, name):
				named = true
				commands = append(commands, j.commands...)
			case j.called || strings.Contains(j.environment, "${{"):
				named = true
			}
		}
	}
	return commands, named
}

// sameEnvironment compares names as GitHub does, which does not tell them apart by case.
func sameEnvironment(a, b string) bool { return strings.EqualFold(a, b) }

// admits judges which branches and tags deploy to an environment.
//
// "Protected branches only" is not enough. Where no branch is protected it admits all of them, and the ledger's branch, which
// has to be protected too, takes pushes: a workflow that is pushed to it would run there with the secrets.
// Source: docs.github.com, "Deployments and environments".
func (f Facts) admits(c Check, e Environment) Check {
	if !f.Repository.Known {
		return c.unknown(f.Repository.Why, readMetadata)
	}
	branch := f.Repository.Value.DefaultBranch
	switch {
	case e.ProtectedBranches && f.Ledger.Known && (f.Ledger.Value.Protected || anyRule(f.Ledger.Value)) && !f.Ledger.Value.NoUpdate:
		return c.is(Off, "it admits protected branches, and %q is one to which others can push a workflow", f.Wanted.LedgerBranch)
	case e.ProtectedBranches && f.Default.Known && !f.Default.Value.Protected && !anyRule(f.Default.Value):
		return c.is(Off, "it admits protected branches, and %q is not one: where none is, all are admitted", branch)
	case e.ProtectedBranches:
		mend := c.Mend
		c = c.unknown("it admits protected branches; which branches that are, now and later, is not known", readAdministration)
		c.Mend = mend
		return c
	case len(e.Tags) > 0:
		return c.is(Off, "it admits tags: %q", e.Tags)
	case e.Branches == nil:
		return c.is(Off, "it admits every branch and tag")
	case slices.Equal(e.Branches, []string{branch}):
		return c.is(OK, "it admits %q only", branch)
	case len(e.Branches) == 0:
		return c.is(Off, "it admits no branch, so that no job can use it")
	}
	return c.is(Off, "it admits %q, not only %q", e.Branches, branch)
}
