package cli

// A step-down that is stuck calls for somebody: the exit code and the annotation are seen by whoever looks at the run, the issue by
// everybody who watches the repository.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/report"
)

// stuckMarker is what the issue of a lease that is stuck begins with, before the lease's id.
const stuckMarker = "<!-- stepdown:stuck "

// alarmBudget bounds how long the issue is tried. Nothing waits for it but the end of the program.
const alarmBudget = 30 * time.Second

// alarm opens an issue for a lease that is stuck, once however often it is tried. That it cannot be opened is a warning: the exit code
// says it too. One that was handed over is not stuck yet: whoever goes on with it knows.
func (s *session) alarm(ctx context.Context, ev access.Evidence, err error) {
	if exitCode(err) != ExitStuck || errors.Is(err, elevation.ErrHandedOver) || !s.runner.Active() || s.runner.Context().Repository == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), alarmBudget)
	defer cancel()
	hub, hubErr := s.github()
	if hubErr != nil {
		s.warn(fmt.Errorf("no issue calls for whoever can end lease %s: %w", ev.Lease.ID, hubErr))
		return
	}
	t := alarmed(ev.Lease)
	t.RunURL = s.runner.Context().RunURL()
	s.sayEnd(&t, ev, err, access.DefaultSettings())
	title, body := report.StuckIssue(t)
	url, openErr := hub.OpenIssue(ctx, title, stuckMarker+ev.Lease.ID+" -->", string(body), false)
	if openErr != nil {
		s.warn(fmt.Errorf("no issue calls for whoever can end lease %s: %w", ev.Lease.ID, openErr))
		return
	}
	fmt.Fprintf(s.stdout, "an issue calls for whoever can end it: %s\n", oneLine(url))
}

// alarmed is what an issue says of a lease.
func alarmed(lease access.Terms) report.Thread {
	t := report.Thread{
		Name: lease.Declaration, Account: lease.Account.Login, Kept: lease.Label, End: lease.Kind == access.LeaseEnd, Now: time.Now().UTC(),
	}
	if len(lease.Temporary) > 0 {
		t.Role = lease.Temporary[0].Type
	}
	if a := lease.Approval; a != nil {
		t.URL, t.Requester, t.Approvers, t.ApprovedAt, t.ManifestPath, t.HeadSHA = a.URL, a.Requester, a.Approvers, a.ApprovedAt, a.ManifestPath, a.HeadSHA
	}
	return t
}
