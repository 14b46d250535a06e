package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/audit"
	"github.com/stepdown/stepdown/internal/inventory"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/org"
	"github.com/stepdown/stepdown/internal/policy"
	"github.com/stepdown/stepdown/internal/report"
)

func newAudit(s *session) *cobra.Command {
	var failOn, form string
	c := &cobra.Command{
		Use:   "audit",
		Short: "Collect who holds what, check it with the controls, and write the report",
		Long: `audit reads the org and checks it against what is declared: no account still holds a temporary role, each token owner holds
exactly its declared role, and each token is declared. What could not be read makes the controls that need it an error,
never a pass, and ends the program with exit code 5.

Without --ledger, and where the default folder does not exist, no lease excuses anything. In GitHub Actions the ledger is the
branch of the repository that apply keeps it in.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			threshold, err := audit.ParseFailOn(failOn)
			if err != nil {
				return usage("", "%w", err)
			}
			show, err := report.For(form)
			if err != nil {
				return usage("", "%w", err)
			}
			return s.audit(c.Context(), threshold, show)
		},
	}
	s.orgFlag(c)
	s.accessFlag(c)
	s.reportFlag(c)
	s.ledgerFlag(c)
	c.Flags().StringVar(&form, "format", "table", "what is printed: table, summary, markdown or json; the files are always written")
	c.Flags().StringVar(&failOn, "fail-on", "low", "least severity that ends with exit code 1: none, low, medium, high or critical")
	return c
}

func (s *session) audit(ctx context.Context, failOn audit.FailOn, show report.Renderer) error {
	dir, err := s.declared()
	if err != nil {
		return err
	}
	var q requests
	client, err := s.okta(ctx, "audit", &q)
	if err != nil {
		return err
	}
	if err := s.prepareReports(); err != nil {
		return err
	}
	if err := s.ledgerKey(); err != nil {
		return err
	}
	before := s.readLeases(ctx)
	snapshot, err := s.snapshot(ctx, client, dir, before)
	if err != nil {
		return err
	}
	book := s.readLeases(ctx)
	pending := s.pending(ctx, book.leases, dir.Settings.Admission.PendingFor)
	book.keepOpen(before)
	snapshot.Coverage[org.CollectLeases], snapshot.Coverage[org.CollectSweeps] = book.coverage, book.sweeps
	engine, err := policy.Load(ctx)
	if err != nil {
		return coded(ExitUnknown, err)
	}
	where := s.runner.Context()
	result, err := audit.Run(ctx, engine, audit.Input{
		Snapshot: snapshot, Owners: dir.Owners, Pending: pending, Leases: book.leases, Rounds: book.rounds, Settings: dir.Settings, FailOn: failOn,
		Tool: audit.Tool{Name: "stepdown", Version: Version, Source: s.source()},
		Run:  audit.RunInfo{ID: where.RunID, Attempt: where.RunAttempt, URL: where.RunURL(), Repository: where.Repository, SHA: where.SHA, Actor: where.Actor},
	})
	if err != nil {
		return coded(ExitUnknown, err)
	}
	return s.concludeAudit(result, snapshot, show, q.count())
}

// snapshot reads the org. Where nothing at all can be read, the snapshot says so of every collection, so that there is a
// report of that night too.
func (s *session) snapshot(ctx context.Context, src inventory.Source, dir manifest.Directory, book leaseBook) (org.Snapshot, error) {
	scope := inventory.Scope{IsServiceAccount: dir.Settings.IsServiceAccount, OwnApp: strings.TrimSpace(s.env.Getenv(envClientID))}
	for _, owner := range dir.Owners {
		scope.Accounts = append(scope.Accounts, owner.Account)
	}
	for _, lease := range book.leases {
		scope.Accounts = append(scope.Accounts, lease.Account.ID)
	}
	began := time.Now()
	snapshot, err := inventory.Collect(ctx, src, scope, began)
	switch {
	case ctx.Err() != nil:
		return snapshot, coded(ExitUnknown, fmt.Errorf("the audit was ended before it was done: %w", context.Cause(ctx)))
	case err != nil:
		fmt.Fprintf(s.stderr, "stepdown: %v\n", err)
		snapshot = org.NewSnapshot(org.Org{URL: s.orgURL}, began)
		for name := range snapshot.Coverage {
			snapshot.Coverage[name] = org.Coverage{Status: org.StatusFailed, Reason: err.Error()}
		}
	}
	return snapshot, nil
}

// leaseBook is what the ledger says, and how well it could be read.
type leaseBook struct {
	leases   []access.Lease
	coverage org.Coverage
	rounds   []access.Round
	sweeps   org.Coverage // of rounds
}

// noBook is a ledger that could not be read.
func noBook(err error) leaseBook {
	failed := org.Coverage{Status: org.StatusFailed, Reason: err.Error()}
	return leaseBook{coverage: failed, sweeps: failed}
}

// ledgerKey says, before anything is asked of Okta, that a ledger which will be read needs its key.
func (s *session) ledgerKey() error {
	if !s.auditsLedger() {
		return nil
	}
	_, err := s.secret("STEPDOWN_LEDGER_KEY", "the secret that authenticates the leases of "+s.ledgerName())
	return err
}

// auditsLedger tells whether there is a ledger to read. A workflow that only audits has no key and needs none: then no lease
// excuses anything.
func (s *session) auditsLedger() bool {
	if _, isBranch := s.ledgerBranch(); isBranch && s.ledgerDir == "" && s.env.Getenv("STEPDOWN_LEDGER_KEY") == "" {
		return false
	}
	return s.ledgerThere()
}

// readLeases reads the ledger. One that was named must be there; that there is none at the default place means only that
// no lease excuses anything. A lease that nobody vouches for excuses nothing, and is not looked away from.
func (s *session) readLeases(ctx context.Context) leaseBook {
	if !s.auditsLedger() {
		return leaseBook{
			coverage: org.Coverage{Status: org.StatusComplete, Reason: "there is no ledger: no lease excuses anything"},
			sweeps:   s.withoutLedger(ctx),
		}
	}
	book, err := s.ledger(false)
	if err != nil {
		return noBook(err)
	}
	leases, err := book.Leases(ctx)
	if err == nil && len(leases) == 0 {
		_, err = s.noBranch(ctx, book)
	}
	if err == nil {
		err = s.vouchForOpen(ctx, leases)
	}
	if err != nil {
		return noBook(err)
	}
	out := leaseBook{leases: leases, coverage: org.Coverage{Status: org.StatusComplete, Count: len(leases), Calls: 1}}
	if out.rounds, err = book.Rounds(ctx); err != nil {
		out.sweeps = org.Coverage{Status: org.StatusFailed, Reason: err.Error()}
		return out
	}
	out.sweeps = org.Coverage{Status: org.StatusComplete, Count: len(out.rounds)}
	return out
}

// withoutLedger says whether it is known that there is no ledger, and so nothing to sweep. Where the repository has the branch, what
// is in it is not known without the key.
func (s *session) withoutLedger(ctx context.Context) org.Coverage {
	none := org.Coverage{Status: org.StatusComplete, Reason: "there is no ledger, and so nothing to sweep"}
	branch, ok := s.ledgerBranch()
	if !ok {
		return none
	}
	hub, err := s.github()
	if err == nil {
		_, err = hub.BranchTip(ctx, branch)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none
	case err != nil:
		return org.Coverage{Status: org.StatusFailed, Reason: "whether there is a ledger is not known: " + err.Error()}
	}
	return org.Coverage{Status: org.StatusFailed, Reason: fmt.Sprintf("there is a ledger, branch %q, and no key to read it: set STEPDOWN_LEDGER_KEY", branch)}
}

// vouchForOpen holds the open leases against what was approved.
func (s *session) vouchForOpen(ctx context.Context, leases []access.Lease) error {
	v, err := s.voucher()
	if v == nil || err != nil {
		return err
	}
	for _, l := range leases {
		if !l.State.Open() {
			continue
		}
		doubt, err := v.vouch(ctx, l)
		switch {
		case err != nil:
			return fmt.Errorf("lease %s is not what was approved: %w", l.ID, err)
		case doubt != "":
			return fmt.Errorf("lease %s is not known to be what was approved: %s", l.ID, doubt)
		case l.Kind == access.LeaseElevation && l.Approval == nil:
			return fmt.Errorf("lease %s is not what was approved: it names no approval", l.ID)
		}
	}
	return nil
}

// keepOpen makes the leases that were open before the org was read, and ended while it was, stand as they were: what they
// gave may have been seen.
func (b leaseBook) keepOpen(before leaseBook) {
	for _, was := range before.leases {
		i := slices.IndexFunc(b.leases, func(l access.Lease) bool { return l.ID == was.ID })
		if i >= 0 && was.State.Open() && !b.leases[i].State.Open() {
			b.leases[i] = was
		}
	}
}

// pending returns the closed leases whose pull request is still open: until it is merged, the lease declares what the
// manifest will, for a limited time. Where GitHub cannot be asked, none does, and what they gave is a finding.
func (s *session) pending(ctx context.Context, leases []access.Lease, limit time.Duration) []access.Lease {
	var out []access.Lease
	for _, lease := range leases {
		if time.Since(lease.UpdatedAt) > limit || ended(leases, lease.ID) {
			continue
		}
		if lease.State != access.StateClosed || lease.Approval == nil || lease.Approval.Repository != s.runner.Context().Repository {
			continue
		}
		hub, err := s.github()
		if err != nil {
			fmt.Fprintf(s.stderr, "stepdown: no closed lease declares anything: whether its pull request is merged cannot be asked: %v\n", err)
			return nil
		}
		pr, err := hub.PullRequest(ctx, lease.Approval.PullRequest)
		if err != nil {
			fmt.Fprintf(s.stderr, "stepdown: lease %s declares nothing: reading its pull request: %v\n", lease.ID, err)
			continue
		}
		if pr.State == "open" {
			out = append(out, lease)
		}
	}
	return out
}

// maxAnnotations is how many findings are shown as annotations: of the ten of a kind that the runner shows in a step, one
// is left for how the audit ended.
const maxAnnotations = 9

// annotate shows the first findings as annotations of the run.
func (s *session) annotate(r audit.Report) {
	shown := 0
	for _, result := range r.Results {
		for _, f := range result.Findings {
			if shown++; shown > maxAnnotations {
				return
			}
			s.runner.Error(result.Control.ID+" "+result.Control.Title, "", 0, f.Message)
		}
	}
}

// concludeAudit writes the report in every form and turns its outcome into an error with an exit code.
func (s *session) concludeAudit(r audit.Report, snapshot org.Snapshot, show report.Renderer, calls int) error {
	var failed error
	var md bytes.Buffer
	failed = report.Markdown(&md, r)
	for name, render := range map[string]func(io.Writer) error{
		"report.json":   func(w io.Writer) error { return report.JSON(w, r) },
		"report.md":     func(w io.Writer) error { _, err := w.Write(md.Bytes()); return err },
		"snapshot.json": func(w io.Writer) error { return writeJSON(w, snapshot) },
	} {
		if _, err := s.writeReport(name, render); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	failed = errors.Join(failed, show(s.stdout, r))
	failed = errors.Join(failed, s.summary(md.Bytes()))
	fmt.Fprintf(s.stderr, "reports: %s (%d requests to Okta)\n", s.reportDir, calls)
	s.annotate(r)
	s.output("report", s.reportDir+"/report.json")
	s.output("findings", strconv.Itoa(r.Findings(policy.SeverityLow)))
	if failed != nil {
		return coded(ExitUnknown, failed)
	}
	code := r.Outcome(r.FailOn)
	s.output("outcome", map[int]string{audit.CodePass: "pass", audit.CodeFindings: "fail", audit.CodeUnknown: "unknown"}[code])
	switch code {
	case audit.CodePass:
		return nil
	case audit.CodeFindings:
		return coded(ExitFound, fmt.Errorf("the audit has %s", number(r.Findings(policy.SeverityLow), "finding")))
	}
	return coded(ExitUnknown, fmt.Errorf("the audit could not know: %d of %d controls could not be decided\nSee what could not be read in %s/report.md, mend it and run again.",
		r.Summary.Error, len(r.Results), s.reportDir))
}

func newReport(s *session) *cobra.Command {
	var form string
	c := &cobra.Command{
		Use:   "report FILE",
		Short: "Show a report.json or an evidence.json again, in another form",
		Args:  args(1, 1, "one file"),
		RunE:  func(_ *cobra.Command, given []string) error { return s.show(given[0], form) },
	}
	c.Flags().StringVar(&form, "format", "table", "table, summary, markdown or json")
	return c
}

// show renders the file as the one or the other kind of record, whichever it is.
func (s *session) show(file, form string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return coded(ExitUsage, fmt.Errorf("reading the report: %w", err))
	}
	render, err := report.For(form)
	if err != nil {
		return coded(ExitUsage, err)
	}
	renderEvidence, err := report.EvidenceFor(form)
	if err != nil {
		return coded(ExitUsage, err)
	}
	r, reportErr := report.ReadJSON(bytes.NewReader(data))
	if reportErr == nil {
		return render(s.stdout, r)
	}
	ev, evidenceErr := report.ReadEvidenceJSON(bytes.NewReader(data))
	if evidenceErr == nil {
		return renderEvidence(s.stdout, ev)
	}
	return usage("Give a report.json or an evidence.json.", "%s is neither a report nor evidence: %w; %w", file, reportErr, evidenceErr)
}

func newControls(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "controls",
		Short: "List what an audit checks, and by which requirements",
		Args:  args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			engine, err := policy.Load(c.Context())
			if err != nil {
				return err
			}
			return report.Catalogue(s.stdout, engine.Catalogue())
		},
	}
}
