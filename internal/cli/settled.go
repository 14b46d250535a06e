package cli

// Pull requests of which nothing follows: they change the rules, or are closed.

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/report"
)

// changesRules tells whether a pull request changes the settings or the rules below the access directory, and nothing else there.
func changesRules(r admission.Result) bool {
	dir, below := r.Facts.AccessDir, ""
	if dir != "." {
		below = dir + "/"
	}
	changes := 0
	for _, file := range r.Facts.Files {
		for _, name := range []string{file.Path, file.PreviousPath} {
			switch {
			case name == "" || !strings.HasPrefix(name, below):
			case name == path.Join(dir, admission.SettingsFile) || strings.HasPrefix(name, below+admission.RulesDir+"/"):
				changes++
			default:
				return false
			}
		}
	}
	return changes > 0
}

// sayRules says that nothing is elevated for a change of the rules. Who has it applied by name hears that it cannot be.
func (s *session) sayRules(ctx context.Context, d *desk, r admission.Result, plan bool) error {
	const text = "this changes the rules, which are reviewed and merged like code; nothing is elevated for it"
	pr := r.Facts.PullRequest
	if pr.State != "closed" && (plan || d.to.strict || d.to.named) { // a run by the clock has nothing new to say
		b := s.board(ctx, d, r)
		b.show(func(t *report.Thread) {
			t.Stage, t.Trace, t.Approvers, t.Name, t.Account = report.StageRules, nil, nil, "", ""
		})
		b.close()
	}
	if d.to.named && !plan {
		s.output("outcome", "denied")
		return coded(ExitFound, fmt.Errorf("pull request %d is not carried out: %w", pr.Number, errors.New(text)))
	}
	fmt.Fprintf(s.stdout, "pull request %d: %s\n", pr.Number, text)
	return nil
}

// endedUnder returns the id of the lease under which what the pull request was given was taken back, if it was.
func endedUnder(leases []access.Lease, pr access.PullRequest) string {
	for _, l := range slices.Backward(leases) {
		if isOf(l, pr) && l.TookBack() && l.Ends != "" {
			return l.ID
		}
	}
	return ""
}

// closedEarly shows that a pull request was closed before anything was granted for it, where its comment still says that something is
// to come.
func (s *session) closedEarly(ctx context.Context, d *desk, r admission.Result) {
	pr := r.Facts.PullRequest
	if !s.comment || pr.State != "closed" || pr.Merged {
		return
	}
	comment, err := d.hub.OwnComment(ctx, pr.Number, report.ThreadMarker)
	stage, _, ok := report.ThreadStage(comment)
	if err != nil || !ok || !stage.Comes() {
		return
	}
	b := s.board(ctx, d, r)
	b.show(func(t *report.Thread) { t.Stage, t.Objections, t.Waiting = report.StageClosed, nil, nil })
	b.close()
}
