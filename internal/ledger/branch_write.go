package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/stepdown/stepdown/internal/access"
)

// write makes a commit that records the last event of lease and moves the branch to it. An error of the move is
// errUnmoved; before it, nothing can have been recorded.
func (b *Branch) write(ctx context.Context, v *view, lease access.Lease) error {
	event := lease.Events[len(lease.Events)-1]
	doing := fmt.Sprintf("recording %q for lease %q", event.State, lease.ID)
	files, err := b.with(v.files, lease)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	err = b.move(ctx, v, files, doing, b.describe(lease))
	switch {
	case err == nil:
		delete(b.tried, event.MAC)
		b.cache.leases[files[leasePath(lease)]] = lease
	case errors.Is(err, errUnmoved) && !errors.Is(err, ErrMoved): // it may have been, or may be yet
		b.tried[event.MAC] = true
	}
	return err
}

// move makes a commit of the files and moves the branch to it. message is as far as what describes the commit itself.
//
// Where somebody else has put the branch at a commit that is not the newest genuine one, the commit continues the newest
// genuine one all the same: it has its files, the next generation, and names it under the MAC (Stepdown-Over). Its parent
// is the foreign tip, for a branch only moves forward. That hides nothing: a branch that was only moved forward has its
// newest genuine commit among the ancestors of its tip, and one that was not has had that commit as a tip, which is in the
// list of pushes. Both were searched, to the end, or nothing is written. Nor does it forgive anything: the commit and all
// that follow name the foreign tip until a person has accepted it, and the list of pushes keeps what was forced.
func (b *Branch) move(ctx context.Context, v *view, files map[string]string, doing, message string) error {
	if v.cut && v.tip != v.base.SHA {
		return fmt.Errorf("%s: what the ledger was before somebody else wrote it is not known: %w", doing, v.damage)
	}
	tree, err := hashTree(files)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	changed, err := b.changed(ctx, v.base.Tree, files)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	parent, over := v.tip, ""
	switch {
	case v.tip == "": // it never was, or it has vanished and goes on where it was
		parent = v.base.SHA
	case v.tip != v.base.SHA:
		over = v.base.SHA
	}
	message, err = b.seal(message+b.origin(over, v.foreign), v.generation+1, tree, parent)
	if err != nil {
		return err
	}
	var parents []string
	if parent != "" {
		parents = []string{parent}
	}
	c, err := b.repo.CreateCommit(ctx, v.base.Tree, changed, parents, message)
	if err != nil {
		return fmt.Errorf("%s: making the commit: %w", doing, err)
	}
	if _, ok := b.genuine(c); !ok { // it has another tree, parent or message
		return fmt.Errorf("%s: commit %s is not what was asked for, so that the ledger was not moved to it", doing, c.SHA)
	}
	if err := b.repo.MoveBranch(ctx, b.o.Branch, v.tip, c.SHA); err != nil {
		b.fresh = false
		return fmt.Errorf("%s: %w from %q to %s: %w", doing, errUnmoved, v.tip, c.SHA, err)
	}
	b.wrote[c.SHA], b.cache.commits[c.SHA], b.cache.trees[tree] = true, c, files
	b.last, b.fresh = &view{tip: c.SHA, base: c, generation: v.generation + 1, files: files, foreign: v.foreign}, true
	return nil
}

// Settle says of leases that gave something that nothing will take it back by them any more: their pull request is merged, so
// that the default branch declares it. From then on they are among Leases as any other that ended. What is not in given/ is left
// as it is. It returns those that were there.
func (b *Branch) Settle(ctx context.Context, ids ...string) (settled []string, err error) {
	err = b.change(ctx, true, func(v *view) (write func() error, err error) {
		if v.damage != nil {
			return nil, v.damage
		}
		files, message, moved := maps.Clone(v.files), "", []string(nil)
		for _, id := range slices.Sorted(slices.Values(ids)) {
			if settle(files, id) {
				message, moved = message+"Stepdown-Lease: "+id+"\n", append(moved, id)
			}
		}
		if message == "" {
			return nil, errRecorded
		}
		return func() error {
			settled = moved
			return b.move(ctx, v, files, "settling leases", "settled: their pull requests are merged\n\n"+message)
		}, nil
	})
	return settled, err
}

// settle moves a lease from given/ to ended/ and tells whether it was there.
func settle(files map[string]string, id string) bool {
	sha, there := files[givenDir+id+".json"]
	if there {
		delete(files, givenDir+id+".json")
		files[endedDir+id+".json"] = sha
	}
	return there
}

// with returns files with the lease as it now is, where it now belongs. Where it is an end, what it took back is settled with
// it.
func (b *Branch) with(files map[string]string, lease access.Lease) (map[string]string, error) {
	data, err := encodeLease(lease)
	if err != nil {
		return nil, err
	}
	files = maps.Clone(files)
	for path, text := range standing() {
		if files[path] == "" {
			files[path] = b.put([]byte(text))
		}
	}
	if old, _ := find(files, lease.ID); old != "" {
		delete(files, old)
	}
	files[leasePath(lease)] = b.put(data)
	if lease.TookBack() {
		settle(files, lease.Ends)
	}
	return files, nil
}

// changed returns what makes files of a tree: the content of each file that it has not, nil for each that goes.
func (b *Branch) changed(ctx context.Context, tree string, files map[string]string) (map[string][]byte, error) {
	before, err := b.tree(ctx, tree)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for path := range before {
		if files[path] == "" {
			out[path] = nil
		}
	}
	for path, sha := range files {
		if before[path] == sha {
			continue
		}
		if out[path], err = b.blob(ctx, sha); err != nil {
			return nil, err
		}
	}
	return out, nil
}
