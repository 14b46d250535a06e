package admission

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/policy"
)

// Decider is the policy that decides; policy.Engine is one.
type Decider interface {
	Admission(ctx context.Context, in policy.AdmissionInput) (policy.Decision, error)
}

// Decide asks the policy whether the facts are enough for what owner asks for. owner is the manifest of the facts, or zero
// where there is none to read; then nothing is ever allowed.
func Decide(ctx context.Context, d Decider, f Facts, owner access.TokenOwner, s access.Settings, now time.Time) (policy.Decision, error) {
	decision, err := d.Admission(ctx, policy.AdmissionInput{
		Now:         now,
		PullRequest: f.PullRequest,
		Reviews:     f.Reviews,
		Files:       f.Files,
		AccessDir:   f.AccessDir,
		Request:     request(f, owner),
		Settings: policy.AdmissionSettings{
			MaxWindowSeconds:      int64(s.Elevation.MaxWindow.Seconds()),
			MaxApprovalAgeSeconds: int64(s.Admission.MaxApprovalAge.Seconds()),
			ElevationRoleAllowed:  f.ManifestPath == "" || !isLogin(owner.Account) || s.AllowsElevation(owner.Elevation.Role, owner.Account),
		},
	})
	if err == nil && decision.Allow && f.ManifestPath == "" {
		return policy.Decision{}, errors.New("the policy admitted a pull request that asks for nothing")
	}
	return decision, err
}

// isLogin tells a login from an id. The settings allow by login; of an account that is declared by its id, the plan knows
// the login and decides.
func isLogin(account string) bool { return strings.Contains(account, "@") }

// request says what is asked for. Where there is no manifest to read, it asks for something that no rule objects to, so
// that the denials speak of the files and not of fields that nobody wrote.
func request(f Facts, owner access.TokenOwner) policy.AdmissionRequest {
	if f.ManifestPath == "" {
		return policy.AdmissionRequest{Account: "none", Name: "none", Ticket: "none", Reason: "none", WindowSeconds: 1}
	}
	return policy.AdmissionRequest{
		Account: owner.Account, Name: owner.Name, Ticket: owner.Ticket, Reason: owner.Reason,
		ElevationRole: owner.Elevation.Role, WindowSeconds: int64(owner.Elevation.Window.Seconds()),
	}
}

// Approve says what was approved, for the lease and the evidence. decision must allow.
func Approve(f Facts, decision policy.Decision, runID, runURL string) access.Approval {
	return access.Approval{
		Repository:     f.PullRequest.Repository,
		PullRequest:    f.PullRequest.Number,
		URL:            f.PullRequest.URL,
		HeadSHA:        f.PullRequest.HeadSHA,
		Requester:      f.PullRequest.Author,
		Approvers:      decision.Approvers,
		ApprovedAt:     decision.ApprovedAt.UTC(),
		ManifestPath:   f.ManifestPath,
		ManifestSHA256: digest(f.Manifest),
		SettingsSHA:    f.SettingsSHA,
		RunID:          strings.TrimSpace(runID),
		RunURL:         runURL,
	}
}
