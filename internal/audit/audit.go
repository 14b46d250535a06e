// Package audit makes the report: it resolves what is declared against a snapshot, evaluates every control of the
// catalogue, and says of each whether it passes, fails or could not be known.
//
// It imports access, org and policy. It has no clock: time comes with the snapshot.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/internal/policy"
)

// SchemaVersion is the version of the report's JSON.
const SchemaVersion = "1"

// Input is what an audit is made of.
type Input struct {
	Snapshot org.Snapshot
	Owners   []access.TokenOwner
	// Pending are closed leases whose pull request is not merged yet: they declare what they gave where no manifest declares
	// the account.
	Pending []access.Lease
	// Leases are all leases that the ledger holds; whether they could be read says the snapshot's coverage.
	Leases   []access.Lease
	Rounds   []access.Round // of sweeps, as the ledger has them
	Settings access.Settings
	Tool     Tool // Run fills in the digest and the version of OPA
	Run      RunInfo
	FailOn   FailOn
}

// Report is the outcome of an audit. Everything that is shown of it is made from its JSON.
type Report struct {
	SchemaVersion string       `json:"schema_version"`
	Tool          Tool         `json:"tool"`
	Run           RunInfo      `json:"run"`
	Org           org.Org      `json:"org"`
	Snapshot      SnapshotInfo `json:"snapshot"`
	FailOn        FailOn       `json:"fail_on"`
	Results       []Result     `json:"results"` // one for each control of the catalogue, sorted by its id
	Summary       Summary      `json:"summary"`
}

// Tool says what made the report.
type Tool struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Source       string `json:"source,omitempty"` // REPOSITORY@REF of the Action, as the workflow names it
	PolicyDigest string `json:"policy_digest"`    // SHA-256 over the policy files
	OPA          string `json:"opa"`              // its version
}

// RunInfo says which run of a workflow made the report. All of it is empty outside of one.
type RunInfo struct {
	ID         string `json:"id,omitempty"`
	Attempt    string `json:"attempt,omitempty"`
	URL        string `json:"url,omitempty"`
	Repository string `json:"repository,omitempty"`
	SHA        string `json:"sha,omitempty"`
	Actor      string `json:"actor,omitempty"`
}

// SnapshotInfo says what was looked at, and how much of it was seen.
type SnapshotInfo struct {
	TakenAt     time.Time    `json:"taken_at"`
	Digest      string       `json:"digest"` // SHA-256 over the JSON that the controls read
	Collections []Collection `json:"collections"`
	Unfamiliar  []string     `json:"unfamiliar,omitempty"` // fields in Okta's answers that this program does not know
}

// Collection is the coverage of one collection.
type Collection struct {
	Name string `json:"name"`
	org.Coverage
}

// Status is the outcome of a control.
type Status string

// The outcomes of a control. Whatever could not be known is StatusError, never StatusPass.
const (
	StatusPass  Status = "pass"
	StatusFail  Status = "fail"
	StatusError Status = "error"
)

// Result is the outcome of one control.
type Result struct {
	Control  policy.Control `json:"control"`
	Status   Status         `json:"status"`
	Findings []Finding      `json:"findings"`
	Reason   string         `json:"reason,omitempty"` // of an error
}

// Finding is one thing that a control found.
type Finding struct {
	// Fingerprint names the finding from one audit to the next: a SHA-256 over control, resource and discriminator, never
	// over the message.
	Fingerprint string          `json:"fingerprint"`
	Severity    policy.Severity `json:"severity"`
	policy.Finding
}

// Summary counts controls by status and findings by severity.
type Summary struct {
	Pass     int                     `json:"pass"`
	Fail     int                     `json:"fail"`
	Error    int                     `json:"error"`
	Findings map[policy.Severity]int `json:"findings"` // every severity is there
}

// Run evaluates every control of the engine's catalogue. It fails only where there is nothing to evaluate; a control that
// cannot be decided is an error in its own result.
func Run(ctx context.Context, engine *policy.Engine, in Input) (Report, error) {
	report := Report{
		SchemaVersion: SchemaVersion, Tool: in.Tool, Run: in.Run, Org: in.Snapshot.Org, FailOn: in.FailOn, Results: []Result{},
	}
	report.Tool.PolicyDigest, report.Tool.OPA = engine.Digest(), policy.OPAVersion()
	input := auditInput(in)
	digest, err := digestOf(input)
	if err != nil {
		return Report{}, err
	}
	report.Snapshot = SnapshotInfo{TakenAt: in.Snapshot.TakenAt.UTC(), Digest: digest, Collections: collections(in.Snapshot), Unfamiliar: in.Snapshot.Unfamiliar}

	facts, factsErr := engine.Facts(ctx, input, policy.ParamsOf(in.Settings))
	for _, control := range engine.Catalogue() {
		report.Results = append(report.Results, evaluate(ctx, facts, factsErr, control, in.Snapshot))
	}
	if len(report.Results) == 0 {
		return Report{}, errors.New("evaluating the controls: there are none")
	}
	report.Summary = summarise(report.Results)
	return report, nil
}

// auditInput is what the controls read of in.
func auditInput(in Input) policy.AuditInput {
	out := policy.AuditInput{
		Snapshot:             in.Snapshot,
		Declared:             declared(in.Snapshot, in.Owners, in.Pending),
		Leases:               map[string]policy.Lease{},
		ServiceAccounts:      map[string]bool{},
		ForbiddenPermissions: forbidden(in.Snapshot.CustomRoles, in.Settings),
		Sweep:                sweepOf(in),
	}
	for _, lease := range slices.Concat(in.Pending, in.Leases) {
		out.Leases[lease.ID] = policy.LeaseInput(lease)
	}
	for id, user := range in.Snapshot.Users {
		if in.Settings.IsServiceAccount(user.Login) {
			out.ServiceAccounts[id] = true
		}
	}
	return out
}

// sweepOf is what the ledger says of sweeps of the org that was read.
func sweepOf(in Input) policy.Sweep {
	last := access.LastRound(in.Rounds, in.Snapshot.Org.URL)
	return policy.Sweep{Last: last.At, Since: access.SweptSince(in.Rounds, in.Leases, in.Snapshot.Org.URL), Run: last.Run}
}

// forbidden returns, for each custom role whose permissions are known, those that the settings forbid. A role without a
// list of permissions is left out: that it permits nothing would be a guess.
func forbidden(roles map[string]org.CustomRole, s access.Settings) map[string][]string {
	out := map[string][]string{}
	for id, role := range roles {
		if role.Permissions != nil {
			out[id] = s.Forbids(role.Permissions)
		}
	}
	return out
}

// digestOf is the SHA-256 over the JSON of input, whose keys encoding/json sorts.
func digestOf(input policy.AuditInput) (string, error) {
	data, err := json.Marshal(input)
	if err != nil {
		return "", fmt.Errorf("encoding the snapshot: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// collections lists the coverage of every collection that there is, sorted by name. One that the snapshot does not speak of
// was not collected.
func collections(s org.Snapshot) []Collection {
	names := slices.AppendSeq(org.Collections(), maps.Keys(s.Coverage))
	slices.Sort(names)
	var out []Collection
	for _, name := range slices.Compact(names) {
		coverage, ok := s.Coverage[name]
		if !ok {
			coverage = org.Coverage{Status: org.StatusFailed, Reason: "not collected"}
		}
		out = append(out, Collection{Name: name, Coverage: coverage})
	}
	return out
}

// evaluate gives the result of one control. It is not asked where a collection that it needs is not complete.
func evaluate(ctx context.Context, facts *policy.Facts, factsErr error, c policy.Control, s org.Snapshot) Result {
	result := Result{Control: c, Status: StatusError, Findings: []Finding{}}
	if missing := s.Incomplete(c.Requires); len(missing) > 0 {
		var reasons []string
		for _, name := range missing {
			reasons = append(reasons, incomplete(name, s))
		}
		result.Reason = strings.Join(reasons, "; ")
		return result
	}
	if factsErr != nil {
		result.Reason = factsErr.Error()
		return result
	}
	findings, err := facts.Audit(ctx, c.ID)
	if err != nil {
		result.Reason = err.Error()
		return result
	}
	result.Status = StatusPass
	for _, f := range findings {
		result.Status = StatusFail
		result.Findings = append(result.Findings, Finding{Fingerprint: Fingerprint(f), Severity: c.Severity, Finding: f})
	}
	return result
}

// incomplete says what is wrong with a collection.
func incomplete(name string, s org.Snapshot) string {
	coverage := s.Coverage[name]
	text := fmt.Sprintf("%s is not complete", name)
	if coverage.Status != "" {
		text += fmt.Sprintf(" (%s)", coverage.Status)
	}
	if coverage.Reason != "" {
		text += ": " + coverage.Reason
	}
	return text
}

// Fingerprint names a finding from one audit to the next.
func Fingerprint(f policy.Finding) string {
	sum := sha256.New()
	for _, part := range []string{f.Control, f.Resource.Kind, f.Resource.ID, f.Discriminator} {
		fmt.Fprintf(sum, "%d:%s;", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// summarise counts.
func summarise(results []Result) Summary {
	s := Summary{Findings: map[policy.Severity]int{}}
	for _, severity := range policy.Severities() {
		s.Findings[severity] = 0
	}
	for _, result := range results {
		switch result.Status {
		case StatusPass:
			s.Pass++
		case StatusFail:
			s.Fail++
		default:
			s.Error++
		}
		for _, finding := range result.Findings {
			s.Findings[finding.Severity]++
		}
	}
	return s
}
