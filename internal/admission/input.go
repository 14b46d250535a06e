package admission

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/policy"
)

// command begins the comments that the policy is shown: what else people write to each other is not its business.
const command = "/stepdown"

// input puts the facts into the form that policies read.
func (r *Result) input(ask Ask) policy.AdmissionInput {
	f := r.Facts
	in := policy.AdmissionInput{
		Now: ask.Now.UTC(), Trigger: ask.Trigger, Plan: ask.Plan, Action: string(r.Action), Coverage: maps.Clone(f.Coverage),
		PullRequest: f.PullRequest, Reviews: f.Reviews, Events: f.Events, MergeBases: f.MergeBases, Files: f.Files, Pushes: f.Pushes, Authorities: f.Authorities,
		Rules: f.Rules, OwnersErrors: f.OwnersErrors, Permissions: f.Permissions, AccessDir: f.AccessDir, SettingsSHA: f.SettingsSHA,
		PresenceSpent: ask.PresenceSpent.UTC(), Request: r.request(), Settings: r.bounds(),
	}
	for _, comment := range f.Comments {
		if strings.HasPrefix(strings.TrimSpace(comment.Body), command) {
			in.Comments = append(in.Comments, comment)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.CustomRules)) {
		in.CustomRules = append(in.CustomRules, policy.CustomRule{Path: name, SHA256: digest(f.CustomRules[name])})
	}
	if f.ManifestPath != "" {
		in.Manifest = policy.AdmissionManifest{Path: f.ManifestPath, SHA256: digest(f.Manifest)}
		if data, there := f.Declared[f.ManifestPath]; there {
			in.Manifest.DefaultSHA256 = digest(data)
		}
	}
	return in
}

// request says what the manifest says.
func (r *Result) request() policy.AdmissionRequest {
	o := r.Owner
	return policy.AdmissionRequest{
		Account: o.Account, Name: o.Name, Ticket: o.Ticket, Reason: o.Reason, Owner: o.Owner, Operator: o.Operator.Name,
		CustomRole: o.Role.CustomRole, ResourceSet: o.Role.ResourceSet, TokenName: o.Token.Name, Zones: o.Token.Zones,
		Delivery: o.Delivery.Method, Destination: o.Delivery.Destination,
		ElevationRole: o.Elevation.Role, WindowSeconds: int64(math.Ceil(o.Elevation.Window.Seconds())), CoElevate: o.Elevation.CoElevate,
		BreakGlass: o.Elevation.BreakGlass.Reason,
	}
}

// bounds says what the settings allow this request.
func (r *Result) bounds() policy.AdmissionSettings {
	s, a := r.Settings, r.Settings.Admission
	count, teams := r.approvals()
	out := policy.AdmissionSettings{
		MaxWindowSeconds:           int64(s.Elevation.MaxWindow.Seconds()),
		ElevationRoleAllowed:       !isLogin(r.Owner.Account) || s.AllowsElevation(r.Owner.Elevation.Role, r.Owner.Account),
		ApprovalsKnown:             s.ApprovalsKnown(r.approvedRole(), r.Owner.Account),
		ServiceAccount:             !isLogin(r.Owner.Account) || s.IsServiceAccount(r.Owner.Account),
		Forbidden:                  s.Forbids(r.Facts.Permissions),
		Approvals:                  count,
		Teams:                      teams,
		MaxApprovalAgeSeconds:      int64(a.MaxApprovalAge.Seconds()),
		PresenceSeconds:            int64(a.Presence.Seconds()),
		Merge:                      a.Merge,
		DirectReview:               a.DirectReview,
		BranchProtection:           a.BranchProtection,
		BreakGlassAllowed:          a.BreakGlass.Allowed,
		BreakGlassMaxWindowSeconds: int64(a.BreakGlass.MaxWindow.Seconds()),
	}
	for _, freeze := range a.Freezes {
		out.Freezes = append(out.Freezes, policy.Freeze{From: freeze.From, To: freeze.To, Reason: freeze.Reason})
	}
	return out
}

// isLogin tells a login from an id. The settings allow by login; of an account that is declared by its id, the plan knows
// the login and decides.
func isLogin(account string) bool { return strings.Contains(account, "@") }
