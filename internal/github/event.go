package github

// This file reads the event that starts a run.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v88/github"
)

// maxEvent is the size of the largest payload that is read, in bytes. Texts in it are limited by GitHub to 64 Ki
// characters each.
const maxEvent = 4 << 20

// Event is what the payload of an event says. It is a hint where to look and never a fact to decide on: it says what was once,
// workflows hand it on, and whoever can start a run can choose some of it. The API is asked for all of it.
type Event struct {
	Name       string
	Action     string // empty where the event has none
	Repository string // "owner/name"; empty only for schedule, where it need not be given

	// Number is that of the pull request; 0 where the event does not say it. A workflow_run never does: its list of pull
	// requests is empty for forks and may have those of other repositories. Its HeadSHA leads to them.
	Number  int
	HeadSHA string // workflow_run.head_sha, push.after, pull_request.head.sha; empty otherwise

	Trigger     string // of workflow_run: the event that started that run
	ReviewState string // in lower case, unlike the API's: approved, changes_requested, commented or dismissed
	Comment     string // body of the comment, as it was written
	Ref         string // of push and workflow_dispatch
	Sender      string // login of who caused the event; empty where it is not given
}

// accepted are the events that ReadEvent reads.
const accepted = "pull_request_review, pull_request, workflow_run, issue_comment, workflow_dispatch, schedule and push"

// ReadEvent reads the payload of the event of that name, as it is in the file that GITHUB_EVENT_PATH names. A payload that
// lacks a field, or has it malformed, is an error, and so is an event that is not accepted.
func ReadEvent(name string, data []byte) (Event, error) {
	event, err := readEvent(name, data)
	if err != nil {
		return Event{}, fmt.Errorf("reading the event %q: %w", oneLine(name, 80), err)
	}
	event.Name = name
	return event, nil
}

func readEvent(name string, data []byte) (Event, error) {
	if len(data) > maxEvent {
		return Event{}, fmt.Errorf("it has %d bytes; %d are read at the most", len(data), maxEvent)
	}
	switch name {
	case "pull_request_target":
		return Event{}, errors.New("anybody who can open a pull request can raise it, and its runs are given the secrets of the default branch\n" +
			"trigger the workflow by workflow_run after a workflow on pull_request or pull_request_review; see docs/security.md")
	case "schedule":
		return readSchedule(data)
	case "pull_request_review", "pull_request", "workflow_run", "issue_comment", "workflow_dispatch", "push":
	default:
		return Event{}, errors.New("it is none that is accepted\ntrigger the workflow by one of " + accepted)
	}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return Event{}, errors.New("the payload is not an object")
	}
	payload, err := gh.ParseWebHook(name, data)
	if err != nil {
		return Event{}, fmt.Errorf("the payload is malformed: %w", err)
	}
	event, err := eventOf(payload)
	if err != nil {
		return Event{}, err
	}
	return event, event.check()
}

// eventOf takes from the payload what is used.
func eventOf(payload any) (Event, error) {
	switch p := payload.(type) {
	case *gh.PullRequestReviewEvent:
		e := Event{
			Action: p.GetAction(), Repository: p.GetRepo().GetFullName(), Number: p.GetPullRequest().GetNumber(), Sender: p.GetSender().GetLogin(),
			HeadSHA: p.GetPullRequest().GetHead().GetSHA(), ReviewState: strings.ToLower(p.GetReview().GetState()),
		}
		if e.Action == "" || e.ReviewState == "" || e.Number == 0 || e.HeadSHA == "" {
			return e, errors.New("it has no action, review, pull_request or head")
		}
		return e, nil
	case *gh.PullRequestEvent:
		e := Event{
			Action: p.GetAction(), Repository: p.GetRepo().GetFullName(), Number: p.GetPullRequest().GetNumber(), Sender: p.GetSender().GetLogin(),
			HeadSHA: p.GetPullRequest().GetHead().GetSHA(),
		}
		if e.Action == "" || e.Number == 0 || e.HeadSHA == "" {
			return e, errors.New("it has no action, pull_request or head")
		}
		return e, nil
	case *gh.WorkflowRunEvent:
		e := Event{
			Action: p.GetAction(), Repository: p.GetRepo().GetFullName(), Sender: p.GetSender().GetLogin(),
			HeadSHA: p.GetWorkflowRun().GetHeadSHA(), Trigger: p.GetWorkflowRun().GetEvent(),
		}
		if e.Action != "completed" || e.HeadSHA == "" || e.Trigger == "" {
			return e, errors.New("it is not of a completed run, or does not say of which commit and what triggered it\nwrite `types: [completed]` under workflow_run")
		}
		return e, nil
	case *gh.IssueCommentEvent:
		return commentEvent(p)
	case *gh.WorkflowDispatchEvent:
		e := Event{Repository: p.GetRepo().GetFullName(), Ref: p.GetRef(), Sender: p.GetSender().GetLogin()}
		if e.Ref == "" {
			return e, errors.New("it has no ref")
		}
		var err error
		e.Number, err = inputNumber(p.Inputs)
		return e, err
	case *gh.PushEvent:
		e := Event{Repository: p.GetRepo().GetFullName(), Ref: p.GetRef(), HeadSHA: p.GetAfter(), Sender: p.GetSender().GetLogin()}
		if e.Ref == "" || e.HeadSHA == "" {
			return e, errors.New("it has no ref or no commit")
		}
		return e, nil
	}
	return Event{}, fmt.Errorf("its payload is a %T", payload)
}

func commentEvent(p *gh.IssueCommentEvent) (Event, error) {
	e := Event{
		Action: p.GetAction(), Repository: p.GetRepo().GetFullName(), Number: p.GetIssue().GetNumber(),
		Comment: p.GetComment().GetBody(), Sender: p.GetSender().GetLogin(),
	}
	switch {
	case e.Action != "created":
		return e, errors.New("only a comment that is new counts; whoever can write to the repository can edit those of others\nwrite `types: [created]` under issue_comment")
	case p.Issue == nil || p.Comment == nil || e.Number == 0:
		return e, errors.New("it has no issue or no comment")
	case !p.GetIssue().IsPullRequest():
		return e, fmt.Errorf("issue %d is not a pull request\ncomment on the pull request", e.Number)
	}
	return e, nil
}

// inputNumber reads the input "pull-request", which is a string even where its type is number; 0 where it is not given.
func inputNumber(raw json.RawMessage) (int, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, nil
	}
	var inputs map[string]json.RawMessage
	if err := json.Unmarshal(raw, &inputs); err != nil {
		return 0, errors.New("its inputs are not an object")
	}
	text := string(inputs["pull-request"])
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(inputs["pull-request"], &text); err != nil {
			return 0, errors.New("its input pull-request is malformed")
		}
	}
	if text == "" || text == "null" {
		return 0, nil
	}
	if !regexp.MustCompile(`^[1-9][0-9]{0,8}$`).MatchString(text) {
		return 0, fmt.Errorf("its input pull-request is %q, not the number of a pull request", oneLine(text, 80))
	}
	return strconv.Atoi(text)
}

// readSchedule reads an event that is no webhook, so that go-github has no type for it. Older servers say nothing but the
// schedule. Source: github.blog, changelog of 2022-09-27.
func readSchedule(data []byte) (Event, error) {
	var payload struct {
		Schedule   string         `json:"schedule"`
		Repository *gh.Repository `json:"repository"`
		Sender     *gh.User       `json:"sender"`
	}
	if err := json.Unmarshal(data, &payload); err != nil {
		return Event{}, fmt.Errorf("the payload is malformed: %w", err)
	}
	if payload.Schedule == "" {
		return Event{}, errors.New("it has no schedule")
	}
	event := Event{Repository: payload.Repository.GetFullName(), Sender: payload.Sender.GetLogin()}
	if event.Repository == "" && payload.Repository == nil {
		return event, event.checkRest()
	}
	return event, event.check()
}

// check checks the form of every field.
func (e Event) check() error {
	if _, _, err := splitRepository(e.Repository); err != nil {
		return fmt.Errorf("its repository %q is not of the form owner/name", oneLine(e.Repository, 80))
	}
	return e.checkRest()
}

func (e Event) checkRest() error {
	word := regexp.MustCompile(`^[a-z_]{0,60}$`)
	switch {
	case e.Number < 0:
		return fmt.Errorf("%d is not the number of a pull request", e.Number)
	case e.HeadSHA != "" && !isSHA(e.HeadSHA):
		return fmt.Errorf("%s is not the full SHA of a commit", short(e.HeadSHA))
	case !word.MatchString(e.Action) || !word.MatchString(e.Trigger) || !word.MatchString(e.ReviewState):
		return errors.New("its action, the state of its review or its trigger is malformed")
	case e.Sender != "" && !isLogin(e.Sender):
		return fmt.Errorf("its sender %q is not the name of a user", oneLine(e.Sender, 80))
	case e.Ref != "" && !isRef(e.Ref):
		return fmt.Errorf("its ref %q is neither a branch nor a tag", oneLine(e.Ref, 80))
	}
	return nil
}

func isRef(ref string) bool {
	for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			return isBranchName(name)
		}
	}
	return false
}
