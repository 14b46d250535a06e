package cli

// Which pull requests a run is about. The event is a hint where to look and never a reason to do anything.

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/github"
)

// targets are the pull requests that a run looks at, and how it takes what it finds.
type targets struct {
	numbers []int
	trigger string // GITHUB_EVENT_NAME; empty outside Actions
	named   bool   // somebody asked for just this one
	strict  bool   // that one of them is denied ends the run with exit code 1
	ends    bool   // what was withdrawn meanwhile is ended too
	nothing string // why there is nothing to look at
	gone    string // the head that the signal names and no pull request has: one that has it may have been closed
}

// targets finds them out by --pull-request, else by the event.
func (s *session) targets(ctx context.Context, hub *github.Client, number int) (targets, error) {
	where := s.runner.Context()
	t := targets{trigger: where.EventName, strict: true}
	if t.trigger == "pull_request_target" {
		_, err := github.ReadEvent(t.trigger, nil)
		return t, coded(ExitUsage, err)
	}
	if number != 0 {
		t.numbers, t.named = []int{number}, true
		return t, nil
	}
	if where.EventPath == "" {
		return t, usage("Give "+s.option("pull-request")+", or run it in GitHub Actions.", "the pull request is not known")
	}
	data, err := os.ReadFile(where.EventPath)
	if err != nil {
		return t, coded(ExitUsage, fmt.Errorf("reading the event: %w", err))
	}
	event, err := github.ReadEvent(where.EventName, data)
	if err != nil {
		return t, coded(ExitUsage, fmt.Errorf("reading the event in %s: %w", where.EventPath, err))
	}
	if event.Repository != "" && !strings.EqualFold(event.Repository, where.Repository) {
		return t, usage("", "the event is about repository %q, the run about %q", event.Repository, where.Repository)
	}
	err = s.follow(ctx, hub, event, &t)
	return t, err
}

// follow goes where the event points.
func (s *session) follow(ctx context.Context, hub *github.Client, event github.Event, t *targets) (err error) {
	switch event.Name {
	case "issue_comment":
		if !strings.HasPrefix(strings.TrimSpace(event.Comment), "/stepdown") {
			t.nothing = "the comment is not for stepdown"
			return nil
		}
		t.numbers, t.named = []int{event.Number}, true
	case "pull_request_review", "pull_request":
		t.numbers = []int{event.Number}
	case "workflow_dispatch":
		if event.Number == 0 {
			return s.everyRequest(ctx, hub, t)
		}
		t.numbers, t.named = []int{event.Number}, true
	case "schedule":
		return s.everyRequest(ctx, hub, t)
	case "workflow_run":
		if !slices.Contains([]string{"pull_request_review", "pull_request"}, event.Trigger) {
			t.nothing = fmt.Sprintf("the run that this follows was started by %s, not by a pull request", event.Trigger)
			return nil
		}
		t.strict = event.Trigger == "pull_request_review"
		t.numbers, err = hub.PullRequestsOf(ctx, event.HeadSHA)
		if err == nil && len(t.numbers) == 0 { // it was closed, the head moved meanwhile, or GitHub does not know yet
			t.gone = event.HeadSHA
			err = s.everyRequest(ctx, hub, t)
			t.nothing = fmt.Sprintf("commit %s is of no pull request that is open or merged, and there is no other that is open", event.HeadSHA)
			return err
		}
	case "push":
		t.numbers, err = hub.PullRequestsOf(ctx, event.HeadSHA)
		t.nothing = "the commit that was pushed is of no pull request"
	default:
		return usage("", "apply does not run on %s", event.Name)
	}
	return err
}

// everyRequest looks at all open pull requests, and at what was withdrawn: a signal that was lost only delays.
func (s *session) everyRequest(ctx context.Context, hub *github.Client, t *targets) error {
	facts, err := hub.RepositoryFacts(ctx)
	if err != nil {
		return err
	}
	t.strict, t.ends, t.nothing = false, true, "there is no open pull request"
	t.numbers, err = hub.OpenPullRequests(ctx, facts.DefaultBranch)
	return err
}
