package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// DefaultBranch is the branch of the ledger where BranchOptions names none.
const DefaultBranch = "stepdown-ledger"

// DefaultRemember is BranchOptions.Remember where it is zero. It is well over the age at which an approval counts.
const DefaultRemember = 40 * 24 * time.Hour

// BranchOptions say which branch the ledger is, and who writes.
type BranchOptions struct {
	Repository string // "owner/name"; what is signed for one repository is forged in any other
	Branch     string // DefaultBranch where it is empty
	Actor, Run string // who started this run, and its URL or id; for the commits

	// Accepted is what a person has looked into: the id of a push that forced or deleted the branch, the SHA of a commit
	// that somebody else put onto the ledger. A push is not accepted by a SHA: the branch could be put there again.
	Accepted []string
	// Remember is how long a lease is among Leases of which nothing can follow any more, by the time in its id. Each costs a
	// request.
	Remember time.Duration
}

// Branch is a ledger in a branch of a Git repository:
//
//	README.md        for whoever finds it
//	open/ID.json     the events of a lease that may still have to be undone
//	given/ID.json    those of a lease whose role and token may still have to be taken back: its pull request may be withdrawn
//	ended/ID.json    those of any other lease
//
// Every transition is one commit, whose only parent is the one before it, and moves the branch by fast-forward only: of
// two writers at once one is refused, reads again and decides again. Whoever can push can put anything there. So every
// commit is signed, over its tree and its parent: a signed tip vouches for all that its writer had verified, and only the
// tip is read. That an older signed commit is put back is seen by the repository's own list of pushes, and by what this
// process has seen before. What is wrong is an error, and beside it are the leases of all signed commits that can still be
// found, so that a sweep can undo them.
//
// It may be used by many goroutines. What it has read stays in memory: a SHA names one content.
type Branch struct {
	repo  Repository
	sign  signer
	o     BranchOptions
	turn  chan struct{} // held while a call works
	cache cache
	last  *view           // as this process has last read or written the ledger
	fresh bool            // nothing speaks against last being where the branch is
	wrote map[string]bool // commits that this process moved the branch to
	tried map[string]bool // MACs of events that were sent and of which it is not known whether they were recorded
}

// NewBranch returns the ledger in a branch of repo. It reads nothing.
func NewBranch(repo Repository, key access.Secret, o BranchOptions) (*Branch, error) {
	sign, err := newSigner(key)
	if err != nil {
		return nil, err
	}
	if o.Repository == "" {
		return nil, errors.New("the ledger needs the name of its repository")
	}
	o.Repository = strings.ToLower(o.Repository) // GitHub's names do not differ by case
	o.Branch = cmp.Or(o.Branch, DefaultBranch)
	o.Remember = cmp.Or(o.Remember, DefaultRemember)
	return &Branch{
		repo: repo, sign: sign, o: o, turn: make(chan struct{}, 1), cache: newCache(),
		wrote: map[string]bool{}, tried: map[string]bool{},
	}, nil
}

// Exists tells whether the branch is there, or was and a person has accepted that it was deleted. That it was there, and nobody has
// looked into why it is not any more, is an error, which is ErrTampered.
func (b *Branch) Exists(ctx context.Context) (bool, error) {
	var v *view
	err := b.alone(ctx, func() (err error) {
		v, err = b.load(ctx, true)
		return err
	})
	switch {
	case err != nil:
		return false, err
	case v.tip == "" && v.damage != nil:
		return false, v.damage
	}
	return v.was, nil
}

// Open writes the first event of a lease, and the branch where there never was one. It is access.ErrLeaseTaken if the
// account has an open lease. In a ledger that has any damage nothing is opened.
func (b *Branch) Open(ctx context.Context, terms access.Terms, at time.Time) (access.Lease, error) {
	return b.record(ctx, true, func(v *view) (access.Lease, error) {
		if v.damage != nil {
			return access.Lease{}, v.damage
		}
		leases, err := b.leases(ctx, v, func(path, id string) bool { return strings.HasPrefix(path, openDir) || id == terms.ID })
		if err != nil {
			return access.Lease{}, err
		}
		after, err := b.sign.open(slices.DeleteFunc(slices.Clone(leases), func(l access.Lease) bool { return l.ID == terms.ID }), terms, at)
		if err != nil {
			return access.Lease{}, err
		}
		for _, l := range leases {
			if l.ID != terms.ID {
				continue
			}
			if b.tried[l.Events[0].MAC] && l.Events[0].MAC == after.Events[0].MAC {
				return l, errRecorded
			}
			return access.Lease{}, fmt.Errorf("opening lease %q: it exists", terms.ID)
		}
		return after, nil
	})
}

// Append writes the next event of a lease and returns the lease as it then is. A state that may not follow is an error
// and nothing is written; it is access.ErrLeaseEnded where the lease has ended. What is damaged beside the lease does not
// keep it from being recorded.
func (b *Branch) Append(ctx context.Context, id string, entry access.Entry) (access.Lease, error) {
	return b.record(ctx, false, func(v *view) (access.Lease, error) {
		path, _ := find(v.files, id)
		if path == "" {
			return access.Lease{}, errors.Join(fmt.Errorf("recording %q: there is no lease %q in the ledger", entry.State, id), v.damage)
		}
		now, err := b.lease(ctx, path, v.files[path])
		if err != nil {
			return access.Lease{}, fmt.Errorf("reading lease %q: %w", id, err)
		}
		for _, e := range now.Events {
			if b.tried[e.MAC] && e.State == entry.State && e.At.Equal(entry.At) {
				return now, errRecorded
			}
		}
		return b.sign.append(now, entry)
	})
}

// Leases returns the leases, oldest first: all that are open, all that gave what no end has taken back and nobody has settled,
// and the others that were opened no longer ago than BranchOptions.Remember. With an error that says what does not verify, it returns those that do: they may be undone, but
// they are not all.
func (b *Branch) Leases(ctx context.Context) ([]access.Lease, error) {
	var leases []access.Lease
	err := b.alone(ctx, func() error {
		v, err := b.load(ctx, true)
		if err != nil {
			return err
		}
		horizon := time.Now().Add(-b.o.Remember)
		leases, err = b.leases(ctx, v, func(path, id string) bool {
			return !strings.HasPrefix(path, endedDir) || !openedBefore(id, horizon)
		})
		return errors.Join(err, v.damage)
	})
	slices.SortFunc(leases, func(a, b access.Lease) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	return leases, err
}

// openedBefore tells whether the time that an id begins with, where it has one, is before t.
func openedBefore(id string, t time.Time) bool {
	const layout = "20060102-150405"
	if len(id) <= len(layout) {
		return false
	}
	at, err := time.Parse(layout, id[:len(layout)])
	return err == nil && at.Before(t)
}

// errRecorded says that the event which was to be written is in the ledger already, errUnmoved that the branch was not
// moved as far as is known.
var (
	errRecorded = errors.New("it is recorded")
	errUnmoved  = errors.New("moving the ledger")
)

// How often a transition is tried: while others are faster, and where it is not known what became of it.
const (
	maxRaces    = 100
	maxUnknowns = 3
)

// record writes the last event of the lease that decide makes of the ledger as it is.
func (b *Branch) record(ctx context.Context, check bool, decide func(*view) (access.Lease, error)) (access.Lease, error) {
	var lease access.Lease
	err := b.change(ctx, check, func(v *view) (write func() error, err error) {
		if lease, err = decide(v); err != nil {
			return nil, err
		}
		return func() error { return b.write(ctx, v, lease) }, nil
	})
	if err != nil {
		return access.Lease{}, err
	}
	return lease, nil
}

// change does what decide wants done with the ledger as it is. Where another writer was faster, or no clear answer came, the
// ledger is read again and decided again. Without check, what this process knows of the ledger is good enough to begin with:
// the account may be elevated, and the move finds out.
func (b *Branch) change(ctx context.Context, check bool, decide func(*view) (write func() error, err error)) error {
	return b.alone(ctx, func() error {
		var before error // of the try before
		cached, unknowns := b.fresh && !check, 0
		for try := 1; ; try++ {
			v := b.last
			if !cached {
				var err error
				if v, err = b.load(ctx, check || v == nil); err != nil {
					return errors.Join(err, before)
				}
			}
			write, err := decide(v)
			if errors.Is(err, errRecorded) {
				return nil
			}
			if err != nil && cached { // by what may be outdated, nothing is refused
				cached = false
				continue
			}
			if err != nil {
				return errors.Join(err, before)
			}
			if before = write(); !errors.Is(before, errUnmoved) {
				return before
			}
			if !errors.Is(before, ErrMoved) {
				unknowns++
			}
			if unknowns == maxUnknowns || try == maxRaces {
				return before
			}
			cached = false
			spread := rand.N(40 * time.Millisecond << min(try, 5)) //nolint:gosec // it is no secret
			if err := pause(ctx, 20*time.Millisecond+spread); err != nil {
				return errors.Join(err, before)
			}
		}
	})
}

// alone runs fn while no other call of this process works, and does not wait for that beyond ctx.
func (b *Branch) alone(ctx context.Context, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the ledger: %w", context.Cause(ctx))
	}
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
		return fn()
	case <-ctx.Done():
		return fmt.Errorf("waiting for the ledger: %w", context.Cause(ctx))
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the ledger: %w", context.Cause(ctx))
	}
}
