package cli

// The issue in which a break-glass request is reviewed: opened before anything is granted, told afterwards what came of it.

import (
	"context"
	"fmt"
	"path"
	"strconv"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/report"
)

// breakGlass opens the issue for the review of a break-glass request, before anything is granted for it: one for each commit that
// was approved, however often it is tried. The issue is in the pull request's own repository, whose name need not fit into a comment.
func (s *session) breakGlass(ctx context.Context, d *desk, b *board, r admission.Result) (url string, err error) {
	if r.Owner.Elevation.BreakGlass.Reason == "" {
		return "", nil
	}
	thread := s.threadOf(r)
	thread.RunURL = "" // the same text each time that it is tried
	title, body := report.ReviewIssue(thread)
	url, err = d.hub.OpenIssue(ctx, title, breakGlassMarker(r.Approval.PullRequest, r.Approval.HeadSHA), string(body), true)
	if err != nil {
		return "", fmt.Errorf("opening the issue for the review of a break-glass request, without which nothing is elevated: %w", err)
	}
	b.set(func(t *report.Thread) { t.ReviewURL = url })
	fmt.Fprintf(s.stdout, "BREAK-GLASS: %s\n  to be reviewed: %s\n", oneLine(r.Owner.Elevation.BreakGlass.Reason), oneLine(url))
	return url, nil
}

func breakGlassMarker(number int, sha string) string {
	return fmt.Sprintf("<!-- stepdown:break-glass #%d %s -->", number, sha)
}

// cameOf writes on the issue what came of a break-glass request under a lease. That it cannot is a warning: what was done is done.
func (s *session) cameOf(ctx context.Context, url string, t report.Thread, lease string) {
	if url == "" || lease == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), boardBudget)
	defer cancel()
	number, err := strconv.Atoi(path.Base(url))
	if err != nil {
		s.warn(fmt.Errorf("what came of the break-glass request is not on its issue: %q names none", oneLine(url)))
		return
	}
	hub, err := s.github()
	if err == nil {
		_, err = hub.PutComment(ctx, number, fmt.Sprintf("<!-- stepdown:break-glass-outcome %s -->", lease), string(report.Outcome(t)))
	}
	if err != nil {
		s.warn(fmt.Errorf("what came of the break-glass request is not on its issue: %w", err))
	}
}

// cameOfRun is cameOf for the run that was to carry the request out.
func (s *session) cameOfRun(ctx context.Context, url string, r admission.Result, ev access.Evidence, err error) {
	t := s.threadOf(r)
	s.sayEnd(&t, ev, err, r.Settings)
	s.cameOf(ctx, url, t, ev.Lease.ID)
}

// cameOfSwept is cameOf for another run, which ended the lease. It finds the issue by its marker.
func (s *session) cameOfSwept(ctx context.Context, b *board, lease access.Terms) {
	if b == nil || lease.Kind != access.LeaseElevation {
		return
	}
	b.mu.Lock()
	t := b.thread
	b.mu.Unlock()
	if t.BreakGlass == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), boardBudget)
	defer cancel()
	title, body := report.ReviewIssue(t)
	hub, err := s.github()
	url := ""
	if err == nil {
		url, err = hub.OpenIssue(ctx, title, breakGlassMarker(b.number, b.sha), string(body), false)
	}
	if err != nil {
		s.warn(fmt.Errorf("what came of the break-glass request is not on its issue: %w", err))
		return
	}
	b.show(func(t *report.Thread) { t.ReviewURL = url })
	s.cameOf(ctx, url, t, lease.ID)
}
