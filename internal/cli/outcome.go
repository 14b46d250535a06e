package cli

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/report"
)

// newLeaseID makes the id of a lease: when it was opened, so that people can find it, and a random part.
func newLeaseID(now time.Time) string {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	return now.UTC().Format("20060102-150405-") + hex.EncodeToString(random[:])
}

// sayChanges prints what will be done.
func (s *session) sayChanges(plan elevation.Plan) {
	fmt.Fprintf(s.stdout, "plan for %s (%s):\n", plan.Terms.Account.Login, cmp.Or(plan.Owner.Name, "undeclared"))
	for i, c := range plan.Changes {
		fmt.Fprintf(s.stdout, "  %2d. %-22s %s: %s\n", i+1, c.Action, oneLine(c.Subject), oneLine(c.Why))
	}
}

// prepareReports makes sure that evidence can be written before anything is done that needs it.
func (s *session) prepareReports() error {
	if err := os.MkdirAll(s.reportDir, 0o755); err != nil {
		return usage("Name a folder that can be written with "+s.option("report-dir")+".", "making the folder for reports: %w", err)
	}
	if err := s.inWorkspace(); err != nil {
		return usage("Name a folder of the workspace with "+s.option("report-dir")+".", "looking at the folder for reports: %w", err)
	}
	probe, err := os.CreateTemp(s.reportDir, ".probe-*")
	if err != nil {
		return usage("Name a folder that can be written with "+s.option("report-dir")+".", "writing into the folder for reports: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeJSON writes a value as JSON that people can read.
func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// writeReport writes one file of the report folder, whole or not at all, and returns its path.
func (s *session) writeReport(name string, render func(io.Writer) error) (string, error) {
	var buf bytes.Buffer
	if err := render(&buf); err != nil {
		return "", fmt.Errorf("rendering %s: %w", name, err)
	}
	path := filepath.Join(s.reportDir, name)
	if err := s.replace(path, buf.Bytes()); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	return path, nil
}

// replace puts a file where another may be. What is there is not opened: it can be a link, or a pipe that nobody reads.
func (s *session) replace(path string, data []byte) error {
	if err := s.inWorkspace(); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.reportDir, ".writing-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// inWorkspace refuses a folder for reports that is in the workspace by its name alone, in the Action: a link can be in what was checked out.
func (s *session) inWorkspace() error {
	if !s.inAction || !filepath.IsLocal(s.reportDir) {
		return nil
	}
	workspace, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	defer workspace.Close()
	if _, err := workspace.Stat(s.reportDir); err != nil {
		return fmt.Errorf("it leads out of the workspace: %w", err)
	}
	return nil
}

// conclude writes the evidence of a run, says how it ended and turns that into an error with an exit code.
func (s *session) conclude(ev access.Evidence, runErr error) error {
	path, writeErr := s.writeEvidence("evidence-"+ev.Lease.ID, ev)
	if writeErr == nil { // under a fixed name too: that of the last run
		_, writeErr = s.writeReport("evidence.json", func(w io.Writer) error { return report.EvidenceJSON(w, ev) })
	}
	fmt.Fprintln(s.stdout)
	end := s.runner.Group("evidence")
	writeErr = errors.Join(writeErr, report.EvidenceTable(s.stdout, ev))
	end()
	if path != "" {
		fmt.Fprintf(s.stdout, "evidence: %s\n", path)
	}
	s.output("state", string(ev.State))
	s.output("lease", ev.Lease.ID)
	s.output("evidence", path)
	if ev.Token != nil && ev.State == access.StateClosed {
		s.output("token-id", ev.Token.ID)
	}
	err := s.verdict(ev, runErr)
	outcome := outcomeOf(err)
	switch {
	case err == nil && writeErr != nil:
		err, outcome = coded(ExitFailed, writeErr), "failed"
	case writeErr != nil:
		fmt.Fprintf(s.stderr, "stepdown: %v\n", writeErr)
	}
	s.output("outcome", outcome)
	return err
}

// writeEvidence writes the evidence of a lease as JSON, beside that of others, and as Markdown for the step's summary.
func (s *session) writeEvidence(name string, ev access.Evidence) (string, error) {
	path, err := s.writeReport(name+".json", func(w io.Writer) error { return report.EvidenceJSON(w, ev) })
	if err != nil {
		return "", err
	}
	var md bytes.Buffer
	if err := report.EvidenceMarkdown(&md, ev); err != nil {
		return path, err
	}
	return path, s.summary(md.Bytes())
}

// verdict says what a run ends the program with, and where it is stuck, how that is ended: by the command that the pull request
// shows too.
func (s *session) verdict(ev access.Evidence, runErr error) error {
	err := verdict(ev, runErr)
	switch {
	case errors.Is(err, elevation.ErrHandedOver):
		return fmt.Errorf("%w\nThe job's post step goes on with it. If that does not end it either: %s", err, s.sweepCommand(ev))
	case exitCode(err) == ExitStuck:
		err = fmt.Errorf("%w\nDo it by hand now (Security > Administrators), or: %s", err, s.sweepCommand(ev))
	}
	return err
}

func verdict(ev access.Evidence, runErr error) error {
	var stuck *elevation.Stuck
	var undone *elevation.Undone
	switch {
	case errors.Is(runErr, elevation.ErrHandedOver):
		return coded(ExitStuck, fmt.Errorf("handed over: %w", runErr))
	case errors.As(runErr, &stuck):
		return coded(ExitStuck, fmt.Errorf("STUCK: %w", runErr))
	case errors.As(runErr, &undone) && len(ev.Residue) > 0:
		return coded(ExitFound, fmt.Errorf("what the lease gave is undone, but account %q holds roles that it did not give: %s\n%s\nThe run was ended by: %w",
			ev.Lease.Account.Login, strings.Join(ev.Residue, "; "), residueHint(ev), runErr))
	case errors.As(runErr, &undone):
		return coded(ExitFailed, fmt.Errorf("undone, nothing is left elevated: %w", runErr))
	case runErr != nil:
		return runErr
	case len(ev.Residue) > 0:
		return coded(ExitFound, fmt.Errorf("account %q still holds roles that the lease did not give: %s\n%s",
			ev.Lease.Account.Login, strings.Join(ev.Residue, "; "), residueHint(ev)))
	case len(ev.Findings) > 0:
		return coded(ExitFound, fmt.Errorf("done, with %s for somebody to look at:\n  %s", number(len(ev.Findings), "finding"), strings.Join(ev.Findings, "\n  ")))
	}
	return nil
}

// residueHint says what to do about roles that are left as they are: a downgrade removes the account's own, and nothing
// here removes what comes through a group.
func residueHint(ev access.Evidence) string {
	own := slices.ContainsFunc(ev.Residue, func(role string) bool { return !strings.Contains(role, " through group ") })
	hint := "They are left as they are."
	switch {
	case own && ev.Lease.Declaration == "":
		hint += " Nothing declares the account: look at them, and declare it or take them away by hand."
	case own:
		hint += " Look at them, then: stepdown downgrade " + ev.Lease.Account.Login + " (where no manifest declares the account, by hand)"
	default:
		hint += " Take the account out of the group, or the role from the group."
	}
	return hint
}

// outcomeOf is the value of the output "outcome" of a run that ended with this error.
func outcomeOf(err error) string {
	var undone *elevation.Undone
	var not *notDone
	switch {
	case exitCode(err) == ExitFound && errors.As(err, &not) && !errors.As(err, &undone): // with residue, there is more to it
		return not.outcome
	case errors.Is(err, elevation.ErrHandedOver):
		return "handed-over"
	case exitCode(err) == ExitFailed && errors.As(err, &undone):
		return "undone"
	}
	return outcomeName(exitCode(err))
}

// outcomeName is the value of the output "outcome".
func outcomeName(code int) string {
	names := map[int]string{
		ExitDone: "done", ExitFound: "findings", ExitUsage: "usage", ExitFailed: "failed", ExitStuck: "stuck", ExitUnknown: "unknown",
	}
	return names[code]
}
