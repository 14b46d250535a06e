package access

import "time"

// PullRequest is what GitHub says of a pull request, as far as admission needs it.
type PullRequest struct {
	Repository    string `json:"repository"` // "owner/name" of the base
	Number        int    `json:"number"`
	URL           string `json:"url"`
	State         string `json:"state"` // open or closed
	Merged        bool   `json:"merged"`
	MergeSHA      string `json:"merge_sha"` // of the commit that merged it; empty where it is not merged
	Draft         bool   `json:"draft"`
	Author        string `json:"author"`
	AuthorType    string `json:"author_type"` // User, Bot, …
	HeadSHA       string `json:"head_sha"`
	HeadRef       string `json:"head_ref"`  // branch in HeadRepo, without refs/heads/
	HeadRepo      string `json:"head_repo"` // "owner/name"; empty where the fork was deleted
	BaseRef       string `json:"base_ref"`
	DefaultBranch string `json:"default_branch"`
}

// Review is one review of a pull request, as the API lists it.
type Review struct {
	ID          int64     `json:"id"`
	User        string    `json:"user"`
	UserType    string    `json:"user_type"` // User, Bot, …
	State       string    `json:"state"`     // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING
	CommitID    string    `json:"commit_id"`
	SubmittedAt time.Time `json:"submitted_at"`
}

// ChangedFile is a file that a pull request changes.
type ChangedFile struct {
	Path         string `json:"path"`
	PreviousPath string `json:"previous_path,omitempty"`
	Status       string `json:"status"`        // added, modified, removed, renamed, copied, changed or unchanged
	BlobSHA      string `json:"sha,omitempty"` // of the content at the head, of a removed file of what is removed; empty where GitHub gives none
}

// Approval says who asked for the change and who approved it, at which commit. It is what the lease and the evidence
// keep of the admission.
type Approval struct {
	Repository     string    `json:"repository"`
	PullRequest    int       `json:"pull_request"`
	URL            string    `json:"url"`
	HeadSHA        string    `json:"head_sha"`
	Requester      string    `json:"requester"`
	Approvers      []string  `json:"approvers"`
	ApprovedAt     time.Time `json:"approved_at"`         // of the latest approval that counts
	PresentAt      time.Time `json:"present_at,omitzero"` // when somebody showed to be there for it; zero where nobody need be
	ManifestPath   string    `json:"manifest_path"`
	ManifestSHA256 string    `json:"manifest_sha256"`
	SettingsSHA    string    `json:"settings_sha"` // commit of the default branch that the settings were read at
	RunID          string    `json:"run_id,omitempty"`
	RunURL         string    `json:"run_url,omitempty"`
}
