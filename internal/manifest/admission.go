package manifest

import (
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// maxApprovals is how many approvals may be asked for: more would be a slip of the pen that nobody could meet.
const maxApprovals = 10

func admissionSettings(a *access.AdmissionSettings) object {
	return object{fields: []field{
		{"approvals", false, "How many people have to approve a request.", number{&a.Approvals, 1, maxApprovals}},
		{"teams", false, "Slugs of teams of the organisation that owns the repository: who approves has to be in one of them. None means anybody who may write to the repository.", teams(&a.Teams)},
		{"maxApprovalAge", false, "How old an approval may be.", duration{&a.MaxApprovalAge, time.Minute, 720 * time.Hour}},
		{"presence", false, "How long an approval, or the operator's comment /stepdown ready, says that somebody is there to create the token.", duration{&a.Presence, time.Minute, 8 * time.Hour}},
		{"pendingFor", false, "How long a request that is applied and not merged counts as declared.", duration{&a.PendingFor, time.Hour, 720 * time.Hour}},
		{"merge", false, "Whether a request is admitted while its pull request is open, or merged only.", choice{into: &a.Merge, of: []string{access.MergeAllowed, access.MergeRequired}}},
		{"directReview", false, "True lets a run on pull_request_review apply. Its workflow file comes from the pull request: whoever can push a branch can change it.", boolean{&a.DirectReview}},
		{"branchProtection", false, "What has to protect the default branch: rulesets that require a pull request and an approval, those or a classic branch protection, whose rules cannot be read, or nothing.", choice{
			into: &a.BranchProtection, of: []string{access.ProtectionRuleset, access.ProtectionClassic, access.ProtectionNone},
		}},
		{"freezes", false, "Times in which nothing is elevated.", list[access.Freeze]{
			into: &a.Freezes, item: freeze, of: "mappings with from, to and reason",
			key: func(f access.Freeze) string { return f.From.UTC().String() + "\n" + f.To.UTC().String() },
		}},
		{"breakGlass", false, "Elevations in an emergency, which no freeze holds up.", object{fields: []field{
			{"allowed", false, "Whether there are any.", boolean{&a.BreakGlass.Allowed}},
			{"maxWindow", false, "The longest window that such a request may ask for.", duration{&a.BreakGlass.MaxWindow, MinWindow, MaxWindow}},
		}}},
	}}
}

// teams is a list of slugs, as they are in the address of a team's page.
func teams(into *[]string) list[string] {
	return list[string]{
		into: into, key: func(s string) string { return s }, of: "slugs of teams, such as identity-admins",
		item: func(into *string) shape {
			return text{into: into, most: 100, pattern: `^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$`, what: "the slug of a team, such as identity-admins"}
		},
	}
}

func freeze(f *access.Freeze) shape {
	return object{
		fields: []field{
			{"from", true, "When it begins.", instant{&f.From}},
			{"to", true, "When it ends.", instant{&f.To}},
			{"reason", true, "Why there is one.", prose{&f.Reason, "the reason for the freeze"}},
		},
		check: func(r *reader, path string, at place) {
			if !f.From.IsZero() && !f.To.IsZero() && !f.To.After(f.From) {
				r.complain(at, join(path, "to"), fmt.Sprintf("is %s, not after from, %s", f.To.Format(time.RFC3339), f.From.Format(time.RFC3339)), "Give the end of the freeze.")
			}
		},
	}
}
