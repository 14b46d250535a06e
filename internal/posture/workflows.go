package posture

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// findings gather what is off, and what cannot be told, about several files.
type findings struct{ off, unknown, note []string }

func (n findings) outcome(c Check, fine string) Check {
	switch {
	case len(n.off) > 0:
		return c.is(Off, "%s", strings.Join(n.off, "; "))
	case len(n.unknown) > 0:
		mend := c.Mend
		c = c.unknown(strings.Join(n.unknown, "; "), readContents)
		c.Mend = mend
		return c
	case len(n.note) > 0:
		return c.is(Note, "%s", strings.Join(n.note, "; "))
	}
	return c.is(OK, "%s", fine)
}

// workflowFiles judges the workflow files of the default branch. It reads YAML as GitHub would, but for expressions: what one
// of them decides is not told.
func (f Facts) workflowFiles() []Check {
	checks := []Check{
		{
			ID: "workflow_target", Title: "No workflow runs on pull_request_target",
			Why: "It gives the code of anybody's pull request the default branch's secrets, as soon as somebody checks it out.", Mend: "Use workflow_run after a signal: examples/workflows.",
		},
		{
			ID: "workflow_pins", Title: "Jobs that run stepdown pin every action to a commit",
			Why: "A tag or branch can be moved to other code, which then has the job's credentials.", Mend: "Write uses: owner/name@ and the 40 hexadecimal digits of the commit that you reviewed.",
		},
		{
			ID: "workflow_token", Title: "Workflows that run stepdown say what their token may do",
			Why: "Without permissions at the top, each job has the repository's default.", Mend: "Add permissions: {} at the top and what is needed to each job.",
		},
		{
			ID: "workflow_apply", Title: "Jobs with credentials name an environment; apply is never cut short",
			Why:  "Secrets outside an environment can be read by every workflow of every branch. A group with cancel-in-progress ends a run that holds privilege.",
			Mend: "Set environment, and for apply concurrency with cancel-in-progress: false, as examples/workflows do.",
		},
		{
			ID: "workflow_events", Title: "Workflows that run stepdown come from the default branch",
			Why: "On pull_request and pull_request_review the workflow file is that of the pull request.", Mend: "Let them signal only: examples/workflows/stepdown-signal.yml.",
		},
	}
	if !f.Files.Known {
		for i := range checks {
			checks[i] = checks[i].unknown(f.Files.Why, readContents)
		}
		return checks
	}
	var found [5]findings
	seen := 0
	for _, file := range f.Files.Value {
		w, err := parseWorkflow(file)
		if err != nil {
			for i := range found {
				found[i].unknown = append(found[i].unknown, fmt.Sprintf("%s: %v", file.Path, err))
			}
			continue
		}
		if slices.Contains(w.events, "pull_request_target") {
			found[0].off = append(found[0].off, file.Path)
		}
		if w.uses() {
			seen++
			f.judgeWorkflow(w, &found)
		}
	}
	fine := fmt.Sprintf("so in %d of %d files", seen, len(f.Files.Value))
	checks[0] = found[0].outcome(checks[0], fmt.Sprintf("none of %d files", len(f.Files.Value)))
	for i := range checks[1:] {
		n := &found[i+1]
		if seen == 0 {
			n.note = append(n.note, "no workflow of the default branch runs stepdown")
		}
		checks[i+1] = n.outcome(checks[i+1], fine)
	}
	return checks
}

// judgeWorkflow adds what there is to say about a workflow that runs stepdown.
func (f Facts) judgeWorkflow(w workflow, found *[5]findings) {
	pins, token, apply, events := &found[1], &found[2], &found[3], &found[4]
	add := func(to *[]string, format string, args ...any) {
		*to = append(*to, w.path+": "+fmt.Sprintf(format, args...))
	}
	switch w.permissions {
	case "":
		add(&token.off, "no permissions at the top")
	case "write-all":
		add(&token.off, "permissions: write-all")
	}
	for _, event := range []string{"pull_request", "pull_request_review"} {
		if slices.Contains(w.events, event) {
			add(&events.note, "runs on %s", event)
		}
	}
	for _, j := range w.jobs {
		if !j.stepdown {
			continue
		}
		for _, action := range j.actions {
			if why := unpinned(action); why != "" {
				add(&pins.off, "%q %s", action, why)
			}
		}
		f.judgeJob(j, apply, add)
	}
}

func (f Facts) judgeJob(j job, apply *findings, add func(*[]string, string, ...any)) {
	// What an expression names may be apply.
	applies := slices.ContainsFunc(j.commands, func(c string) bool { return c == "apply" || c == "downgrade" || strings.Contains(c, "${{") })
	if j.called {
		add(&apply.unknown, "job %s calls %q, which is not read", j.name, j.actions[0])
		return
	}
	switch {
	case j.environment == "" && (j.secrets || applies):
		add(&apply.off, "job %s has no environment", j.name)
	case j.environment == "":
	case strings.Contains(j.environment, "${{"):
		add(&apply.unknown, "job %s computes its environment", j.name)
	case !f.lookedAt(j.environment):
		add(&apply.unknown, "environment %q of job %s was not looked at: give it with --environment", j.environment, j.name)
	}
	switch {
	case applies && j.concurrency == "":
		add(&apply.off, "job %s has no concurrency", j.name)
	case j.concurrency == "cancels":
		add(&apply.off, "job %s is cancelled by the next one", j.name)
	case j.concurrency == "computed":
		add(&apply.unknown, "job %s computes whether it is cancelled", j.name)
	}
}

// lookedAt tells whether the environment is one of those that were asked for.
func (f Facts) lookedAt(name string) bool {
	return slices.ContainsFunc(f.Environments, func(e Fact[Environment]) bool { return sameEnvironment(e.Value.Name, name) })
}

// unpinned says what is wrong with how an action is named; "" where it is one commit or one image, or lies in the repository.
func unpinned(action string) string {
	_, version, _ := strings.Cut(action, "@")
	switch {
	case strings.HasPrefix(action, "./"):
		return ""
	case strings.HasPrefix(action, "docker://"):
		if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(version) {
			return "is not pinned to a digest"
		}
	case !regexp.MustCompile(`^[0-9a-fA-F]{40}$`).MatchString(version):
		return "is not pinned to a commit"
	case strings.Trim(version, "0") == "":
		return "is the examples' placeholder"
	}
	return ""
}
