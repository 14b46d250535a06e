package posture

import (
	"fmt"
	"slices"
)

// environment judges one environment that holds credentials.
func (f Facts) environment(e Fact[Environment]) []Check {
	name := e.Value.Name
	where := fmt.Sprintf("Settings, Environments, %s: ", name)
	branches := Check{
		ID: "environment_branches:" + name, Title: fmt.Sprintf("Environment %q admits the default branch and nothing else", name),
		Why:  "A workflow of any other branch is what whoever pushed it wants it to be, and would get the environment's secrets.",
		Mend: where + "Deployment branches and tags: Selected branches and tags, with the default branch as the only pattern.",
	}
	reviewers := Check{
		ID: "environment_reviewers:" + name, Title: fmt.Sprintf("Environment %q waits for nobody", name),
		Why:  "Required reviewers are a second person for each run of apply; the window opens only after they came. A sweep or an audit must not wait for anybody.",
		Mend: where + "have required reviewers for apply only, and only where somebody is there to answer.",
	}
	admins := Check{
		ID: "environment_admins:" + name, Title: fmt.Sprintf("Administrators cannot bypass environment %q", name),
		Why:  "They can let a waiting job through. They can change the environment too: this only makes it a change that the audit log has.",
		Mend: where + "turn off Allow administrators to bypass configured protection rules, where your plan has that.",
	}
	if !e.Known {
		return []Check{branches.unknown(e.Why, readActions), reviewers.unknown(e.Why, readActions), admins.unknown(e.Why, readActions)}
	}
	if !e.Value.Exists {
		branches.Mend = "Make it: " + branches.Mend
		return []Check{branches.is(Off, "there is no environment %q: a job that names it would make one that admits every branch", name)}
	}
	switch {
	case e.Value.Reviewers == 0:
		reviewers = reviewers.is(OK, "no required reviewers")
	case e.Value.PreventSelfReview:
		reviewers = reviewers.is(Note, "each job waits for one of %d reviewers, who did not start it", e.Value.Reviewers)
	default:
		reviewers = reviewers.is(Note, "each job waits for one of %d reviewers, who may have started it", e.Value.Reviewers)
	}
	if e.Value.AdminsBypass {
		admins = admins.is(Note, "they can")
	} else {
		admins = admins.is(OK, "they cannot")
	}
	return []Check{f.admits(branches, e.Value), reviewers, admins}
}

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
