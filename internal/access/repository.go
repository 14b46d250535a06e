package access

import (
	"errors"
	"time"
)

// ErrBranchMoved says that a branch is not where it was expected to be, so that it was not moved.
var ErrBranchMoved = errors.New("the branch has moved")

// Push is one change of where a branch points, as GitHub's activity list has it. Its actor is who was authenticated, which
// a commit's author and committer are not: those are text that whoever commits can choose.
// Source: docs.github.com, "List repository activities".
type Push struct {
	ID        int64     `json:"id"`
	Ref       string    `json:"ref"` // refs/heads/…
	Before    string    `json:"before"`
	After     string    `json:"after"`
	Kind      string    `json:"kind"`       // push, force_push, branch_creation, branch_deletion, pr_merge or merge_queue_merge
	Actor     string    `json:"actor"`      // login; empty where the account was deleted
	ActorType string    `json:"actor_type"` // User, Bot, …
	At        time.Time `json:"at"`
}

// The kinds of Push that take something away from a branch.
const (
	PushForced   = "force_push"
	PushDeletion = "branch_deletion"
)

// PullRequestEvent is something that happened to a pull request after which it is not what was approved before: it was given another
// base branch, that branch's history was rewritten, or it was closed and opened again.
// Source: docs.github.com, "Issue event types".
type PullRequestEvent struct {
	ID    int64     `json:"id"`
	Kind  string    `json:"kind"`  // base_ref_changed, automatic_base_change_succeeded, base_ref_force_pushed or reopened
	Actor string    `json:"actor"` // login; empty where the account was deleted
	At    time.Time `json:"at"`
}

// MergeBases are the commits that what a pull request changes is counted from: Now for the present default branch, and Then for the
// default branch as it was when each approval was given. Where they differ, people judged another change.
type MergeBases struct {
	Now  string         `json:"now"`
	Then []ApprovalBase `json:"then"` // of each approval that stands and is of the head
}

// ApprovalBase is the merge base as it was when a review was given.
type ApprovalBase struct {
	Review int64  `json:"review"`
	SHA    string `json:"sha"`
}

// Authority is what a person may do in the repository.
type Authority struct {
	User       string   `json:"user"`
	Permission string   `json:"permission"` // admin, write, read or none: what the role comes to
	Role       string   `json:"role"`       // admin, maintain, write, triage, read, none, or the name of a custom role
	Teams      []string `json:"teams"`      // of those that were asked for, the ones with the person as an active member; sorted
}

// BranchRules are the rules of GitHub that are in force for a branch, added up over all rulesets.
type BranchRules struct {
	Branch         string `json:"branch"`
	Protected      bool   `json:"protected"`       // by whatever means, a classic branch protection too, whose rules cannot be read
	PullRequest    bool   `json:"pull_request"`    // changes need a pull request
	Approvals      int    `json:"approvals"`       // that a pull request needs
	DismissStale   bool   `json:"dismiss_stale"`   // a push dismisses approvals
	LastPush       bool   `json:"last_push"`       // whoever pushed last cannot approve
	CodeOwners     bool   `json:"code_owners"`     // code owners have to approve
	NoForcePush    bool   `json:"no_force_push"`   // non_fast_forward
	NoDeletion     bool   `json:"no_deletion"`     // deletion
	NoUpdate       bool   `json:"no_update"`       // update: only who is on the bypass list may push
	LinearHistory  bool   `json:"linear_history"`  // required_linear_history
	RequiredChecks bool   `json:"required_checks"` // required_status_checks
}

// OwnersError is a line of CODEOWNERS that GitHub does not understand, and so does not enforce.
type OwnersError struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// Comment is a comment in the conversation of a pull request.
type Comment struct {
	ID        int64     `json:"id"`
	User      string    `json:"user"`
	UserType  string    `json:"user_type"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	URL       string    `json:"url"`
}

// GitCommit is a commit as Git has it.
type GitCommit struct {
	SHA     string
	Tree    string // SHA of its tree
	Parents []string
	Message string
}

// CheckRun is what is shown beside a commit of a pull request.
type CheckRun struct {
	Name       string
	ExternalID string
	DetailsURL string
	Status     string // queued, in_progress or completed
	Conclusion string // success, failure, neutral, action_required, cancelled; only with completed
	Title      string
	Summary    string // Markdown, 65,535 characters at the most
}

// Environment is how an environment of the repository is protected.
type Environment struct {
	Name              string
	Reviewers         int      // people and teams, one of whom has to approve each job
	PreventSelfReview bool     // who starts a run cannot approve its job
	AdminsBypass      bool     // administrators can do without the protection
	ProtectedBranches bool     // only protected branches deploy
	Branches          []string // patterns of the branches that may deploy; nil where any may
	Tags              []string // patterns of the tags that may deploy
}

// Workflows is what workflows of the repository may do unless they say less.
type Workflows struct {
	DefaultPermissions string // read or write
	CanApprove         bool   // workflows can approve pull requests
}

// RepositoryFacts are what the repository itself says.
type RepositoryFacts struct {
	FullName      string
	DefaultBranch string
	Visibility    string // public, private or internal
	AllowForking  bool
}
