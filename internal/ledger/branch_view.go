package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// view is the ledger as it was read once.
type view struct {
	tip        string           // where the branch is; "" where it is nowhere
	base       access.GitCommit // the newest genuine commit; its zero value before the ledger began
	generation int              // of base
	files      map[string]string
	foreign    []string // commits of somebody else's that nobody has accepted
	damage     error    // what is not as it was written; nothing new is begun in a ledger that has any
	cut        bool     // there may be newer genuine commits than base
	was        bool     // the repository has the branch, or had it
}

// sighting is what is seen at one look.
type sighting struct {
	tip    access.GitCommit
	mark   mark
	ours   bool // tip is genuine
	pushes []access.Push
}

// current tells whether the newest push that is listed is the one that left the branch where it is.
func (s sighting) current() bool {
	if len(s.pushes) == 0 {
		return false
	}
	newest := s.pushes[0]
	return newest.After == s.tip.SHA || s.tip.SHA == "" && newest.Kind == access.PushDeletion
}

// How long a branch is looked at again that is behind what is known of it: answers may come from a replica that lags.
const (
	staleTries = 10
	staleStep  = 250 * time.Millisecond
)

// load reads where the branch is and what the ledger holds there. With list, the pushes to it are read too; they are
// wherever something is wrong.
func (b *Branch) load(ctx context.Context, list bool) (*view, error) {
	for try := 0; ; try++ {
		s, err := b.look(ctx, list)
		if err != nil {
			return nil, err
		}
		stale, err := b.stale(ctx, s, list)
		if err != nil {
			return nil, err
		}
		if stale != nil && try < staleTries && !s.current() { // what the list says too does not change by waiting
			list = true
			if err := pause(ctx, staleStep); err != nil {
				return nil, errors.Join(err, stale)
			}
			continue
		}
		if !list && !s.ours {
			if s.pushes, err = b.pushes(ctx); err != nil {
				return nil, err
			}
		}
		v, err := b.judge(ctx, s, stale)
		if err != nil {
			return nil, err
		}
		b.last, b.fresh = v, true
		return v, nil
	}
}

func (b *Branch) pushes(ctx context.Context) ([]access.Push, error) {
	pushes, err := b.repo.BranchHistory(ctx, b.o.Branch)
	if err != nil {
		return nil, fmt.Errorf("reading who pushed to branch %q: %w", b.o.Branch, err)
	}
	return pushes, nil
}

// look reads the pushes first: a transition in between then makes the tip newer than the list, not older.
func (b *Branch) look(ctx context.Context, list bool) (s sighting, err error) {
	if list {
		if s.pushes, err = b.pushes(ctx); err != nil {
			return s, err
		}
	}
	tip, err := b.repo.BranchTip(ctx, b.o.Branch)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // one that is being made may be neither there nor not there
		tip, err = b.repo.BranchTip(ctx, b.o.Branch)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reading branch %q: %w", b.o.Branch, err)
	}
	if s.tip, err = b.commit(ctx, tip); err != nil {
		return s, err
	}
	s.mark, s.ours = b.genuine(s.tip)
	return s, nil
}

// stale says why what was seen is older than what is known, or nil. A tip that is not genuine is not stale: it is worse.
func (b *Branch) stale(ctx context.Context, s sighting, listed bool) (why, err error) {
	known := b.last
	if known != nil && known.tip == "" && (known.base.SHA == "" || b.endAccepted(s.pushes)) {
		known = nil
	}
	switch {
	case s.tip.SHA == "" && (known != nil || len(s.pushes) > 0 && !b.endAccepted(s.pushes)):
		return b.vanished(s.pushes), nil
	case !s.ours:
		return nil, nil
	case known != nil && known.tip != s.tip.SHA && s.mark.generation <= known.generation:
		return fmt.Errorf("%w: branch %q is at %s, and was at %s, which is not older", ErrTampered, b.o.Branch, s.tip.SHA, known.tip), nil
	case !listed || len(s.pushes) == 0 && b.wrote[s.tip.SHA]:
		return nil, nil
	case len(s.pushes) == 0:
		return fmt.Errorf("%w: branch %q is at %s, and the repository lists no push to it", ErrTampered, b.o.Branch, s.tip.SHA), nil
	}
	return b.behind(ctx, s)
}

// maxLag is how many pushes the list may lack.
const maxLag = 32

// behind says that the tip does not come from where the newest push that is listed has left the branch, or nil. The list
// may lag behind the branch; it never is ahead.
func (b *Branch) behind(ctx context.Context, s sighting) (why, err error) {
	newest := s.pushes[0]
	if newest.After == s.tip.SHA || newest.Kind == access.PushDeletion { // that of the branch is judged as a deletion
		return nil, nil
	}
	why = fmt.Errorf("%w: branch %q is at %s, which does not come from %s, where %s", ErrTampered, b.o.Branch, s.tip.SHA, newest.After, told(newest))
	if c, err := b.commit(ctx, newest.After); err == nil {
		if m, ok := b.genuine(c); ok && m.generation >= s.mark.generation {
			return why, nil
		}
	}
	c, lacking := s.tip, 0
	for len(c.Parents) > 0 && lacking < maxLag {
		if c.Parents[0] == newest.After {
			return nil, nil
		}
		if c, err = b.commit(ctx, c.Parents[0]); err != nil {
			return nil, err
		}
		if !b.wrote[c.SHA] {
			lacking++
		}
	}
	return why, nil
}

// told says in words what a push was.
func told(p access.Push) string {
	return fmt.Sprintf("a %s by %q at %s left it", p.Kind, p.Actor, stamp(p.At))
}

// judge makes a view of what was seen. Only a genuine tip of a branch that nothing was taken from is taken as it is.
func (b *Branch) judge(ctx context.Context, s sighting, stale error) (*view, error) {
	v := &view{tip: s.tip.SHA, files: map[string]string{}, was: s.tip.SHA != "" || len(s.pushes) > 0}
	taken, since := b.unresolved(s.pushes)
	wrong := []error{stale}
	for _, p := range taken {
		wrong = append(wrong, b.complaint(p))
	}
	whole, before, lost := []found{{s.tip, s.mark}}, []found(nil), false
	var err error
	if before, lost, err = b.deleted(ctx, s.pushes); err != nil {
		return nil, err
	}
	switch {
	case s.ours && stale == nil && len(taken) == 0:
		v.base, v.generation, v.foreign = s.tip, s.mark.generation, s.mark.foreign
	case s.tip.SHA != "" || stale != nil || len(taken) > 0:
		if whole, err = b.recover(ctx, v, s, since); err != nil {
			return nil, err
		}
		if v.cut {
			wrong = append(wrong, fmt.Errorf("%w: not every commit that may be its newest could be read", ErrTampered))
		}
	default: // it never was, or a person has accepted its end
		whole = nil
	}
	if whole = append(whole, before...); v.base.SHA == "" && len(whole) > 0 {
		v.base, v.generation, v.foreign = whole[0].GitCommit, whole[0].generation, whole[0].foreign
	}
	if lost {
		wrong = append(wrong, b.errLost())
	}
	if v.damage = b.strange(ctx, v, s); v.damage != nil {
		return v, nil
	}
	if !s.ours && s.tip.SHA != "" {
		v.foreign = append(slices.Clone(v.foreign), s.tip.SHA)
	}
	v.foreign = slices.DeleteFunc(slices.Clone(v.foreign), func(sha string) bool { return slices.Contains(b.o.Accepted, sha) })
	for _, sha := range v.foreign {
		wrong = append(wrong, b.intrusion(sha, s.pushes))
	}
	if v.base.SHA != "" {
		if v.files, err = b.union(ctx, whole); err != nil {
			return nil, err
		}
		wrong = append(wrong, b.checkBase(ctx, v))
	}
	v.damage = errors.Join(wrong...)
	return v, nil
}

// strange is the error for a branch that has leases, or had them when it was deleted, none of which this key has signed. It comes
// instead of any other: what there is to accept is not known before the key is the right one.
func (b *Branch) strange(ctx context.Context, v *view, s sighting) error {
	switch {
	case v.base.SHA != "":
		return nil
	case s.tip.SHA != "":
		return b.otherKey(ctx, s.tip.SHA)
	case len(s.pushes) > 0 && s.pushes[0].Kind == access.PushDeletion:
		return b.otherKey(ctx, s.pushes[0].Before)
	}
	return nil
}

func (b *Branch) checkBase(ctx context.Context, v *view) error {
	files, err := b.tree(ctx, v.base.Tree)
	if err != nil {
		return err
	}
	if err := checkTree(v.base.Tree, files); err != nil {
		return fmt.Errorf("reading commit %s of the ledger: %w", v.base.SHA, err)
	}
	return nil
}
