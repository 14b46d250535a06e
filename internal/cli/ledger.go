package cli

// The ledger: a branch of the repository, or a folder.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/ledger"
)

// Where leases are kept where --ledger does not say. A job's folders end with the job, so that a workflow keeps them in the
// repository.
const (
	defaultFolder = ".stepdown/ledger"
	branchPrefix  = "branch:" // before the name of a branch, in --ledger
	defaultBranch = branchPrefix + ledger.DefaultBranch
)

// ledgerName returns where the leases are: a folder, or branchPrefix and a branch.
func (s *session) ledgerName() string {
	switch {
	case s.ledgerDir != "":
		return s.ledgerDir
	case s.runner.Active():
		return defaultBranch
	}
	return defaultFolder
}

// sweepArgs are the arguments with which a sweep by hand finds the ledger, where a folder is the default, and says on the pull request
// how it ended.
func (s *session) sweepArgs() string {
	name := s.ledgerName()
	if _, isBranch := s.ledgerBranch(); isBranch {
		return " --ledger " + quoted(name) + " --comment"
	}
	if name != defaultFolder {
		return " --ledger " + quoted(name)
	}
	return ""
}

// quoted writes an argument as a shell takes it.
func quoted(arg string) string {
	if arg != "" && strings.Trim(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-") == "" {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// sweepCommand is what ends by hand a lease that is stuck: a lease that the ledger has as such is due, any other only when its
// window is over.
func (s *session) sweepCommand(ev access.Evidence) string {
	stuck := func(t access.Transition) bool { return t.State == access.StateStuck }
	if slices.ContainsFunc(ev.Transitions, stuck) {
		return "stepdown sweep" + s.sweepArgs()
	}
	return "stepdown sweep --now" + s.sweepArgs()
}

// waitOrSweep is what to do about a lease that another run has open.
func (s *session) waitOrSweep() string {
	return fmt.Sprintf("Wait until its window is over, or end it: stepdown sweep%s (with --now, if its run is dead)", s.sweepArgs())
}

// ledgerBranch returns the branch that the leases are in, if they are in one.
func (s *session) ledgerBranch() (name string, ok bool) {
	return strings.CutPrefix(s.ledgerName(), branchPrefix)
}

// book is a ledger: its leases, and when sweeps last looked at them.
type book interface {
	elevation.Ledger
	Rounds(ctx context.Context) ([]access.Round, error)
	RecordRound(ctx context.Context, r access.Round) error
}

// ledger opens the ledger; create says that there may be none yet.
func (s *session) ledger(create bool) (book, error) {
	key, err := s.secret("STEPDOWN_LEDGER_KEY", "the secret that authenticates the leases (make one with: openssl rand -base64 32)")
	if err != nil {
		return nil, err
	}
	if branch, ok := s.ledgerBranch(); ok {
		return s.branchLedger(branch, key)
	}
	if create {
		f, err := ledger.CreateFolder(s.ledgerName(), key)
		if err != nil {
			err = usage("Name another folder with "+s.option("ledger")+", or give the key that it was made with.", "%w", err)
		}
		return f, err
	}
	f, err := ledger.OpenFolder(s.ledgerName(), key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("Name the folder that apply used with "+s.option("ledger")+". A ledger that was lost is no proof that nothing is open: run stepdown audit.", "there is no ledger in %q", s.ledgerName())
	}
	return f, coded(ExitUsage, err)
}

// branchLedger opens a ledger in the repository. Whether there is one yet is asked when it is read.
func (s *session) branchLedger(branch string, key access.Secret) (*ledger.Branch, error) {
	hub, err := s.github()
	if err != nil {
		return nil, err
	}
	where := s.runner.Context()
	b, err := ledger.NewBranch(hub, key, ledger.BranchOptions{
		Repository: where.Repository, Branch: branch, Actor: where.Actor, Run: where.RunURL(), Accepted: s.ledgerAccept,
	})
	return b, coded(ExitUsage, err)
}

// noBranch tells whether the ledger is a branch which the repository does not have and never had. That is an error where its name
// is not the one that a repository has no branch of before apply first runs: what is open is not known then.
func (s *session) noBranch(ctx context.Context, book elevation.Ledger) (missing bool, err error) {
	b, ok := book.(*ledger.Branch)
	if !ok {
		return false, nil
	}
	there, err := b.Exists(ctx)
	switch {
	case err != nil:
		return false, fmt.Errorf("looking for branch %q: %w", strings.TrimPrefix(s.ledgerName(), branchPrefix), err)
	case there:
		return false, nil
	case s.ledgerName() != defaultBranch:
		return true, usage("Name the ledger that apply uses with "+s.option("ledger")+". One that is not there is no proof that nothing is open.",
			"there is no ledger: the repository has no branch %q, and never had one", strings.TrimPrefix(s.ledgerName(), branchPrefix))
	}
	return true, nil
}

// noFolder tells whether the ledger is a folder that is not there.
func (s *session) noFolder() bool {
	_, isBranch := s.ledgerBranch()
	_, err := os.Stat(s.ledgerName())
	return !isBranch && errors.Is(err, fs.ErrNotExist)
}

// ledgerThere tells whether there is a ledger at the default place. One that was named has to be there, and what cannot be
// told is left for the reading to complain of.
func (s *session) ledgerThere() bool {
	if _, ok := s.ledgerBranch(); ok || s.ledgerDir != "" {
		return true
	}
	_, err := os.Stat(s.ledgerName())
	return !errors.Is(err, fs.ErrNotExist)
}
