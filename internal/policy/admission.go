package policy

import (
	"encoding/json"
	"path"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// AdmissionInput is what the admission decides on. Nothing in it comes from the change that is to be admitted, except
// Request and Manifest, and those at the approved commit. Custom rules read it too: a field never changes its meaning.
type AdmissionInput struct {
	Now     time.Time `json:"now"`
	Trigger string    `json:"trigger"` // GITHUB_EVENT_NAME; empty outside GitHub Actions
	Plan    bool      `json:"plan"`    // nothing will be granted: the question is what would be missing
	Action  string    `json:"action"`  // ActionElevate or ActionEnd
	// Coverage says, by the name of a fact (Facts), whether it was read. What was not is empty here, and means nothing.
	Coverage     map[string]Reading        `json:"coverage"`
	PullRequest  access.PullRequest        `json:"pull_request"`
	Reviews      []access.Review           `json:"reviews"` // in the order in which they were given
	Files        []access.ChangedFile      `json:"files"`
	Events       []access.PullRequestEvent `json:"events"`        // that take the ground from under an approval; oldest first
	MergeBases   access.MergeBases         `json:"merge_bases"`   // now, and when each approval was given
	Pushes       []access.Push             `json:"pushes"`        // to the head branch
	Authorities  []access.Authority        `json:"authorities"`   // of everybody whose review stands
	Rules        access.BranchRules        `json:"rules"`         // of the default branch
	OwnersErrors []access.OwnersError      `json:"owners_errors"` // on the default branch
	Comments     []access.Comment          `json:"comments"`      // those that begin with /stepdown
	// PresenceSpent is when somebody showed to be there for the last window that was opened for the pull request; zero where there was none.
	PresenceSpent time.Time         `json:"presence_spent"`
	Permissions   []string          `json:"permissions"`  // of the custom role in the org; none where it is not there
	AccessDir     string            `json:"access_dir"`   // where manifests lie, relative to the repository
	SettingsSHA   string            `json:"settings_sha"` // head of the default branch, at which it was read
	CustomRules   []CustomRule      `json:"custom_rules"`
	Manifest      AdmissionManifest `json:"manifest"`
	Request       AdmissionRequest  `json:"request"`
	Settings      AdmissionSettings `json:"settings"`
}

// The values of AdmissionInput.Action.
const (
	ActionElevate = "elevate" // a manifest is added or changed: the account is elevated to have its token created
	ActionEnd     = "end"     // a manifest is removed: what it declares is taken away
)

// Reading says whether a fact was read, and if not, why and what would mend it.
type Reading struct {
	Read    bool   `json:"read"`
	Message string `json:"msg"`
	Hint    string `json:"hint"`
}

// The facts, in the order in which they are read.
const (
	FactPullRequest  = "pull_request"
	FactReviews      = "reviews"
	FactMergeBases   = "merge_bases"
	FactEvents       = "events"
	FactFiles        = "files"
	FactDeclared     = "declared"
	FactCustomRules  = "custom_rules"
	FactManifest     = "manifest"
	FactPushes       = "pushes"
	FactAuthorities  = "authorities"
	FactRules        = "rules"
	FactOwnersErrors = "owners_errors"
	FactComments     = "comments"
	FactPermissions  = "permissions" // of the org, not of GitHub
)

// AdmissionFacts returns the names of all facts, in the order in which they are read.
func AdmissionFacts() []string {
	return []string{
		FactPullRequest, FactReviews, FactEvents, FactFiles, FactDeclared, FactCustomRules, FactManifest, FactMergeBases, FactPushes, FactAuthorities,
		FactRules, FactOwnersErrors, FactComments, FactPermissions,
	}
}

// CustomRule is a file of rules of the repository's own.
type CustomRule struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// AdmissionManifest says which manifest is asked about. Its path is empty where the pull request has not exactly one.
type AdmissionManifest struct {
	Path          string `json:"path"`
	SHA256        string `json:"sha256"`         // at the head, or for an end of what was declared
	DefaultSHA256 string `json:"default_sha256"` // on the default branch; empty where it is not there
}

// AdmissionRequest is what the manifest says.
type AdmissionRequest struct {
	Account       string   `json:"account"`
	Name          string   `json:"name"`
	Ticket        string   `json:"ticket"`
	Reason        string   `json:"reason"`
	Owner         string   `json:"owner"`
	Operator      string   `json:"operator"`
	CustomRole    string   `json:"custom_role"`
	ResourceSet   string   `json:"resource_set"`
	TokenName     string   `json:"token_name"`
	Zones         []string `json:"zones"`
	Delivery      string   `json:"delivery"` // its method
	Destination   string   `json:"destination"`
	ElevationRole string   `json:"elevation_role"`
	WindowSeconds int64    `json:"window_seconds"`
	CoElevate     bool     `json:"co_elevate"`
	BreakGlass    string   `json:"break_glass"` // its reason; empty where it is not asked for
}

// AdmissionSettings are the bounds that the settings set for this request.
type AdmissionSettings struct {
	MaxWindowSeconds           int64    `json:"max_window_seconds"`
	ElevationRoleAllowed       bool     `json:"elevation_role_allowed"` // access.Settings.AllowsElevation for this request
	ApprovalsKnown             bool     `json:"approvals_known"`        // access.Settings.ApprovalsKnown for this request
	ServiceAccount             bool     `json:"service_account"`        // access.Settings.IsServiceAccount; true of an id, whose login the org knows
	Forbidden                  []string `json:"forbidden"`              // of the role's permissions, those that the settings forbid
	Approvals                  int      `json:"approvals"`              // access.Settings.ApprovalsFor this request
	Teams                      []string `json:"teams"`                  // likewise
	MaxApprovalAgeSeconds      int64    `json:"max_approval_age_seconds"`
	PresenceSeconds            int64    `json:"presence_seconds"`
	Merge                      string   `json:"merge"`
	DirectReview               bool     `json:"direct_review"`
	BranchProtection           string   `json:"branch_protection"`
	Freezes                    []Freeze `json:"freezes"`
	BreakGlassAllowed          bool     `json:"break_glass_allowed"`
	BreakGlassMaxWindowSeconds int64    `json:"break_glass_max_window_seconds"`
}

// Freeze is a time in which nothing is elevated, From included and To not.
type Freeze struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// MarshalJSON writes the input with empty lists where Go has nil ones, and times in UTC.
func (in AdmissionInput) MarshalJSON() ([]byte, error) {
	type plain AdmissionInput // without this method
	out := plain(in)
	out.Now, out.PresenceSpent = in.Now.UTC(), in.PresenceSpent.UTC()
	out.AccessDir = path.Clean(in.AccessDir)
	out.Coverage = map[string]Reading{}
	for name, reading := range in.Coverage {
		out.Coverage[name] = reading
	}
	out.Reviews, out.Files, out.Pushes = filled(in.Reviews), filled(in.Files), filled(in.Pushes)
	out.Events, out.MergeBases.Then = filled(in.Events), filled(in.MergeBases.Then)
	out.OwnersErrors, out.CustomRules = filled(in.OwnersErrors), filled(in.CustomRules)
	out.Comments, out.Authorities = filled(in.Comments), filled(in.Authorities)
	out.Permissions, out.Settings.Forbidden = filled(in.Permissions), filled(in.Settings.Forbidden)
	out.Request.Zones, out.Settings.Teams, out.Settings.Freezes = filled(in.Request.Zones), filled(in.Settings.Teams), filled(in.Settings.Freezes)
	for i := range out.Reviews {
		out.Reviews[i].SubmittedAt = out.Reviews[i].SubmittedAt.UTC()
	}
	for i := range out.Events {
		out.Events[i].At = out.Events[i].At.UTC()
	}
	for i := range out.Pushes {
		out.Pushes[i].At = out.Pushes[i].At.UTC()
	}
	for i := range out.Authorities {
		out.Authorities[i].Teams = filled(out.Authorities[i].Teams)
	}
	for i, c := range out.Comments {
		out.Comments[i].CreatedAt, out.Comments[i].UpdatedAt = c.CreatedAt.UTC(), c.UpdatedAt.UTC()
	}
	for i, f := range out.Settings.Freezes {
		out.Settings.Freezes[i].From, out.Settings.Freezes[i].To = f.From.UTC(), f.To.UTC()
	}
	return json.Marshal(out)
}
