package ledger

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// found is a genuine commit.
type found struct {
	access.GitCommit
	mark
}

// Bounds of a search for genuine commits.
const (
	maxSearch  = 200 // commits that are read
	maxStarted = 8   // of the newest pushes, whose ends are looked at
)

// unresolved returns the pushes that took something from the branch and that no person has looked into, and all pushes
// since the newest one that somebody has: before that, what counts is what was accepted.
func (b *Branch) unresolved(pushes []access.Push) (taken, since []access.Push) {
	left := map[string]int{}
	for _, sha := range b.o.Accepted {
		left[sha]++
	}
	since = pushes
	for i, p := range slices.Backward(pushes) { // the oldest first
		sha := p.After
		switch p.Kind {
		case access.PushForced:
		case access.PushDeletion:
			sha = p.Before
		default:
			continue
		}
		if left[sha] > 0 {
			left[sha]--
			since = pushes[:i]
			continue
		}
		taken = append(taken, p)
	}
	return taken, since
}

// endAccepted tells whether the last that is known of the branch is a deletion that a person has looked into.
func (b *Branch) endAccepted(pushes []access.Push) bool {
	taken, since := b.unresolved(pushes)
	return len(taken) == 0 && len(since) == 0 && pushes[0].Kind == access.PushDeletion
}

// complaint is the error for a push that took something from the branch.
func (b *Branch) complaint(p access.Push) error {
	what, sha := "force-pushed", p.After
	if p.Kind == access.PushDeletion {
		what, sha = "deleted", p.Before
	}
	return fmt.Errorf("%w: branch %q was %s by %q at %s, from %s to %s\nCompare the two commits and find out why. Then accept %s in the settings of the ledger.",
		ErrTampered, b.o.Branch, what, p.Actor, stamp(p.At), p.Before, p.After, sha)
}

// intrusion is the error for a commit of somebody else's that is or was the tip.
func (b *Branch) intrusion(tip string) error {
	first := tip
	for sha := tip; ; { // the first that is not ours, as far as is known
		c, ok := b.cache.commits[sha]
		if _, ours := b.genuine(c); !ok || ours {
			break
		}
		first = sha
		if len(c.Parents) == 0 {
			break
		}
		sha = c.Parents[0]
	}
	return fmt.Errorf("%w: commit %s on branch %q is not this program's; nothing of it is read\nFind out who pushed it and why; then accept %s in the settings of the ledger.\nIs STEPDOWN_LEDGER_KEY the key that the ledger was made with?",
		ErrTampered, first, b.o.Branch, tip)
}

// recover looks for the newest genuine commit wherever it can still be: among the ancestors of the tip, where the pushes
// found and left the branch, and where this process has seen it. It puts the newest into v and returns all that it found,
// that one first. Since no genuine commit has a newer one among its ancestors, the search ends at each.
func (b *Branch) recover(ctx context.Context, v *view, s sighting, since []access.Push) ([]found, error) {
	listed := map[string]bool{}
	start := []string{s.tip.SHA}
	if b.last != nil {
		start = append(start, b.last.base.SHA)
	}
	for i, p := range since {
		listed[p.After], listed[p.Before] = true, true
		if p.Kind == access.PushForced || p.Kind == access.PushDeletion {
			start = append(start, p.Before)
		}
		if i < maxStarted {
			start = append(start, p.After, p.Before)
		}
	}
	all, err := b.search(ctx, v, start)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b found) int { // of two that followed one commit, the one that was ever a tip
		return cmp.Or(cmp.Compare(b.generation, a.generation), cmp.Compare(count(listed[b.SHA]), count(listed[a.SHA])))
	})
	v.base, v.generation, v.foreign = all[0].GitCommit, all[0].generation, all[0].foreign
	return all, nil
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// search walks from the commits in start towards the first one, and returns the genuine commits that it meets.
func (b *Branch) search(ctx context.Context, v *view, start []string) ([]found, error) {
	var all []found
	seen := map[string]bool{}
	for queue := start; len(queue) > 0; queue = queue[1:] {
		sha := queue[0]
		if seen[sha] || strings.Trim(sha, "0") == "" { // GitHub has zeros for a commit that is none
			continue
		}
		if len(seen) == maxSearch {
			v.cut = true
			break
		}
		seen[sha] = true
		c, err := b.commit(ctx, sha)
		switch m, ours := b.genuine(c); {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("searching the ledger: %w", context.Cause(ctx))
		case err != nil: // it may be gone for good
			v.cut = true
		case ours:
			all = append(all, found{c, m})
		default:
			queue = append(queue, c.Parents...)
		}
	}
	return all, nil
}

// union returns the files of the first commit and what the others know more: leases that it has not, and longer ones.
func (b *Branch) union(ctx context.Context, all []found) (map[string]string, error) {
	files, err := b.tree(ctx, all[0].Tree)
	if err != nil {
		return nil, err
	}
	files = maps.Clone(files)
	for _, other := range all[1:] {
		theirs, err := b.tree(ctx, other.Tree)
		if err != nil {
			return nil, err
		}
		for _, path := range slices.Sorted(maps.Keys(theirs)) {
			id, ok := leaseAt(path)
			mine, sha := find(files, id)
			if !ok || sha == theirs[path] {
				continue
			}
			if mine != "" {
				a, errA := b.lease(ctx, mine, sha)
				z, errZ := b.lease(ctx, path, theirs[path])
				if errZ != nil || errA == nil && len(z.Events) <= len(a.Events) {
					continue
				}
				delete(files, mine)
			}
			files[path] = theirs[path]
		}
	}
	return files, nil
}
