package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/policy"
)

// Ask is what is to be decided.
type Ask struct {
	Number    int    // of the pull request
	AccessDir string // where manifests lie, relative to the repository
	Trigger   string // GITHUB_EVENT_NAME; empty outside GitHub Actions
	Now       time.Time
	Roles     Roles // of the org that the account is in
	// PresenceSpent is when somebody showed to be there for the last window of the pull request: that opens no other. Zero where there
	// was none.
	PresenceSpent time.Time
	// Plan asks what would be missing, and grants nothing: any event may start it, and nobody has to be there.
	Plan bool
}

// Result is what was decided, and what it rests on.
type Result struct {
	Facts    Facts
	Action   Action
	Owner    access.TokenOwner // zero where there is no manifest to read
	Settings access.Settings   // access.DefaultSettings where those of the repository could not be read
	Decision policy.Decision
	Approval access.Approval // zero unless it is allowed; the run is for the caller to name
	Input    policy.AdmissionInput
}

// Admit decides whether the pull request may be carried out. An error that is *manifest.Error says that its manifest, or a
// document of the default branch, is not well-formed; any other, that nothing could be decided. What could not be read is
// no error but a denial, by facts_readable. With an error, the result holds what is known so far, and allows nothing.
func Admit(ctx context.Context, src Source, engine Decider, ask Ask) (Result, error) {
	r := Result{
		Facts:    Facts{AccessDir: path.Clean(ask.AccessDir), Coverage: map[string]policy.Reading{}},
		Action:   ActionElevate,
		Settings: access.DefaultSettings(),
	}
	c := &collector{src: src, r: &r, ask: ask}
	if err := c.collect(ctx); err != nil {
		return r, err
	}
	r.Input = r.input(ask)
	decision, err := engine.AdmissionWith(ctx, r.Input, r.Facts.CustomRules)
	switch {
	case err != nil:
		return r, err
	case decision.Allow && (r.Facts.ManifestPath == "" || r.Owner.Account == ""):
		return r, errors.New("the policy admitted a pull request that asks for nothing")
	}
	r.Decision = decision
	if decision.Allow {
		r.Approval = r.approve()
	}
	return r, nil
}

// parse reads the settings and the manifest, and holds the manifest against all others.
func (r *Result) parse() error {
	f := r.Facts
	if !f.known(policy.FactDeclared) {
		return nil
	}
	directory, err := manifest.Combine(f.Declared)
	if err != nil {
		return fmt.Errorf("reading %s on branch %q: %w", f.AccessDir, f.PullRequest.DefaultBranch, err)
	}
	r.Settings = directory.Settings
	if f.ManifestPath == "" || !f.known(policy.FactManifest) {
		return nil
	}
	file, err := manifest.Parse(f.ManifestPath, f.Manifest)
	if err != nil {
		return err
	}
	if file.Owner == nil {
		return &manifest.Error{Problems: []manifest.Problem{{
			File: f.ManifestPath, Line: file.Settings.Source.Line, Column: 1, Field: "kind",
			Message: "expected " + access.KindTokenOwner + ", found " + access.KindSettings,
			Hint:    "Put settings into a pull request of their own; nothing is elevated for them.",
		}}}
	}
	r.Owner = *file.Owner
	if r.Action == ActionEnd {
		return nil
	}
	files := maps.Clone(f.Declared)
	for _, changed := range f.Files {
		delete(files, changed.PreviousPath) // renamed: what it was called before is no second declaration
	}
	files[f.ManifestPath] = f.Manifest
	_, err = manifest.Combine(files)
	return err
}

// approvals returns how many approvals the request takes, and of which teams.
func (r *Result) approvals() (int, []string) {
	return r.Settings.ApprovalsFor(r.approvedRole(), r.Owner.Account)
}

// approvedRole is the role by which the settings tell who has to approve. An end takes what the least role takes.
func (r *Result) approvedRole() string {
	if r.Action == ActionEnd || r.Owner.Account == "" {
		return access.DefaultElevationRole
	}
	return r.Owner.Elevation.Role
}

// approve says what was approved, for the lease and the evidence.
func (r *Result) approve() access.Approval {
	f := r.Facts
	return access.Approval{
		Repository:     f.PullRequest.Repository,
		PullRequest:    f.PullRequest.Number,
		URL:            f.PullRequest.URL,
		HeadSHA:        f.PullRequest.HeadSHA,
		Requester:      f.PullRequest.Author,
		Approvers:      r.Decision.Approvers,
		ApprovedAt:     r.Decision.ApprovedAt.UTC(),
		PresentAt:      r.Decision.Present.At.UTC(),
		ManifestPath:   f.ManifestPath,
		ManifestSHA256: digest(f.Manifest),
		SettingsSHA:    f.SettingsSHA,
	}
}

// Confirm decides again, at now, on what GitHub says by now, and tells whether it comes to the same: the same pull request at the
// same head, the same settings, the same reviews of people who still may give them, and somebody there. It is for the
// moment before anything is granted. The error says what changed.
func (r Result) Confirm(ctx context.Context, src Source, engine Decider, now time.Time) error {
	was := r.Facts.PullRequest
	if !r.Decision.Allow {
		return fmt.Errorf("pull request %d is not admitted", was.Number)
	}
	again := r
	again.Facts.Coverage = maps.Clone(r.Facts.Coverage)
	ask := Ask{Number: was.Number, AccessDir: r.Facts.AccessDir, Trigger: r.Input.Trigger, Now: now, PresenceSpent: r.Input.PresenceSpent}
	if err := (&collector{src: src, r: &again, ask: ask}).collectMoving(ctx); err != nil {
		return fmt.Errorf("looking again whether it is as it was admitted: %w", err)
	}
	decision, err := engine.AdmissionWith(ctx, again.input(ask), r.Facts.CustomRules)
	if err != nil {
		return fmt.Errorf("deciding again on pull request %d: %w", was.Number, err)
	}
	head, err := src.BranchHead(ctx, was.DefaultBranch)
	if err != nil {
		return fmt.Errorf("looking again whether the settings are as they were: %w", err)
	}
	switch f := again.Facts; {
	case f.known(policy.FactPullRequest) && f.PullRequest.HeadSHA != was.HeadSHA:
		return fmt.Errorf("pull request %d was pushed to since it was admitted: its head is %s, not %s\nRun it again.", was.Number, f.PullRequest.HeadSHA, was.HeadSHA)
	case f.known(policy.FactPullRequest) && f.PullRequest != was:
		return fmt.Errorf("pull request %d changed since it was admitted\nRun it again.", was.Number)
	case f.known(policy.FactReviews) && !slices.EqualFunc(standing(f.Reviews), standing(r.Facts.Reviews), sameReview):
		return fmt.Errorf("the reviews of pull request %d changed since it was admitted\nRun it again.", was.Number)
	case !decision.Allow:
		return fmt.Errorf("pull request %d is not admitted any more: %s", was.Number, said(decision.Denials))
	case len(decision.Waiting) > 0:
		return fmt.Errorf("pull request %d has to wait by now: %s", was.Number, said(decision.Waiting))
	case !slices.Equal(decision.Approvers, r.Decision.Approvers):
		return fmt.Errorf("the approvals of pull request %d that count are by now those of %q\nRun it again.", was.Number, decision.Approvers)
	case head != r.Facts.SettingsSHA:
		return fmt.Errorf("branch %q, where the settings are, changed since they were read: its head is %s, not %s\nRun it again.", was.DefaultBranch, head, r.Facts.SettingsSHA)
	}
	return nil
}

func sameReview(a, b access.Review) bool {
	at := a.SubmittedAt.Equal(b.SubmittedAt)
	a.SubmittedAt, b.SubmittedAt = time.Time{}, time.Time{}
	return at && a == b
}

// said puts denials into words: what each says on the first line, and what would mend the first one on the next.
func said(denials []policy.Denial) string {
	var all []string
	for _, d := range denials {
		all = append(all, d.Rule+": "+d.Message)
	}
	return strings.Join(all, "; ") + "\n" + denials[0].Hint
}

// Place returns where the manifest has the field that a denial is about: the field itself, or the one around it. It is
// zero where the denial is about a fact, or there is no manifest.
func (r Result) Place(d policy.Denial) access.Position {
	field := strings.TrimPrefix(d.Field, "request.")
	first, _, _ := strings.Cut(field, ".")
	first, _, _ = strings.Cut(first, "[")
	fields := []string{"account", "delivery", "elevation", "name", "operator", "owner", "reason", "role", "ticket", "token"}
	if r.Owner.Source.File == "" || !slices.Contains(fields, first) {
		return access.Position{}
	}
	for {
		if at, given := r.Owner.Fields[field]; given {
			return at
		}
		cut := strings.LastIndexAny(field, ".[")
		if cut < 0 {
			return r.Owner.Source
		}
		field = field[:cut]
	}
}

// SchemaVersion is that of a Record.
const SchemaVersion = "1"

// Record is what is kept of a decision: who evaluates Input by the same policies comes to Decision.
type Record struct {
	SchemaVersion string                `json:"schema_version"`
	Input         policy.AdmissionInput `json:"input"`
	Decision      policy.Decision       `json:"decision"`
}

// Record returns what is to be kept of the decision. Its JSON is the same each time.
func (r Result) Record() Record {
	return Record{SchemaVersion: SchemaVersion, Input: r.Input, Decision: r.Decision}
}
