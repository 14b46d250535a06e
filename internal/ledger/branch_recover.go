package ledger

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// found is a genuine commit.
type found struct {
	access.GitCommit
	mark
}

// maxSearch is how many commits are read in search of genuine ones.
const maxSearch = 200

// unresolved returns the pushes that took something from the branch and that no person has looked into, and all pushes
// since the newest one that somebody has: before that, what counts is what was accepted.
func (b *Branch) unresolved(pushes []access.Push) (taken, since []access.Push) {
	since = pushes
	for i, p := range slices.Backward(pushes) { // the oldest first
		switch {
		case p.Kind != access.PushForced && p.Kind != access.PushDeletion:
		case slices.Contains(b.o.Accepted, strconv.FormatInt(p.ID, 10)):
			since = pushes[:i]
		default:
			taken = append(taken, p)
		}
	}
	return taken, since
}

// endAccepted tells whether the last that is known of the branch is a deletion that a person has looked into.
func (b *Branch) endAccepted(pushes []access.Push) bool {
	taken, since := b.unresolved(pushes)
	return len(pushes) > 0 && len(taken) == 0 && len(since) == 0 && pushes[0].Kind == access.PushDeletion
}

// complaint is the error for a push that took something from the branch.
func (b *Branch) complaint(p access.Push) error {
	if p.Kind == access.PushDeletion {
		return fmt.Errorf("%w: branch %q was deleted by %q at %s, when it was at %s\nFind out why. Once it is back, accept the push: --ledger-accept %d (input ledger-accept); what it had of leases stays.",
			ErrTampered, b.o.Branch, p.Actor, stamp(p.At), p.Before, p.ID)
	}
	return fmt.Errorf("%w: branch %q was force-pushed by %q at %s, from %s to %s\nCompare the two commits and find out why. Then accept the push: --ledger-accept %d (input ledger-accept).",
		ErrTampered, b.o.Branch, p.Actor, stamp(p.At), p.Before, p.After, p.ID)
}

// intrusion is the error for a commit of somebody else's that is or was the tip.
func (b *Branch) intrusion(tip string, pushes []access.Push) error {
	by := ""
	if i := slices.IndexFunc(pushes, func(p access.Push) bool { return p.After == tip }); i >= 0 {
		by = fmt.Sprintf(", by a %s of %q at %s", pushes[i].Kind, pushes[i].Actor, stamp(pushes[i].At))
	}
	first := tip
	for sha := tip; ; { // the first that is not ours, as far as it was read
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
	return fmt.Errorf("%w: commit %s on branch %q is not this program's, and the branch was at %s%s\nNothing of it is read. Find out why it was pushed; then accept the commit: --ledger-accept %s (input ledger-accept).",
		ErrTampered, first, b.o.Branch, tip, by, tip)
}

// recover looks for the newest genuine commit wherever it can still be, puts it into v and returns all genuine ones that it
// met, that one first. v.cut says that there may be newer ones.
//
// Each commit of this program was where a push ended. So the list of pushes has the newest one: as the last end of a push
// that is genuine, or as where the branch was before something was taken from it. Where the list cannot be relied on yet,
// the ancestors of the tip are searched as well. No genuine commit has a newer one among its ancestors: both end at each.
func (b *Branch) recover(ctx context.Context, v *view, s sighting, since []access.Push) ([]found, error) {
	look := search{Branch: b, read: map[string]bool{}}
	if b.last != nil {
		look.at(ctx, b.last.base.SHA)
	}
	for i, p := range since {
		if p.Kind != access.PushForced && p.Kind != access.PushDeletion {
			continue
		}
		if _, genuine := look.at(ctx, p.Before); !genuine {
			look.pushes(ctx, since[i+1:], p.Before)
		}
	}
	cut := look.cut
	look.cut = false
	look.pushes(ctx, since, s.tip.SHA)
	if !s.current() || look.cut {
		look.cut = s.tip.SHA == ""
		look.ancestors(ctx, s.tip.SHA)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("searching the ledger: %w", context.Cause(ctx))
	}
	v.cut = cut || look.cut || look.lost
	if len(look.all) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(look.all, func(a, b found) int { // what was taken away was met before what is in its place
		return cmp.Compare(b.generation, a.generation)
	})
	v.base, v.generation, v.foreign = look.all[0].GitCommit, look.all[0].generation, look.all[0].foreign
	return look.all, nil
}

// search is a search for genuine commits.
type search struct {
	*Branch
	read map[string]bool
	all  []found
	cut  bool // it ended before it was done
	lost bool // a commit cannot be read
}

// at reads a commit and tells whether it is genuine.
func (l *search) at(ctx context.Context, sha string) (c access.GitCommit, genuine bool) {
	if none(sha) {
		return c, false
	}
	c, err := l.commit(ctx, sha)
	if err != nil {
		l.lost = true
		return c, false
	}
	m, genuine := l.genuine(c)
	if genuine && !l.read[sha] {
		l.all = append(l.all, found{c, m})
	}
	l.read[sha] = true
	return c, genuine
}

// pushes looks at where pushes ended that left the branch at a commit, newest first, as far as one that ended at a genuine
// one; without, at what the first of them began with: what a person has accepted, or no branch. What a push before that took
// away is looked at from there.
func (l *search) pushes(ctx context.Context, since []access.Push, at string) {
	for _, p := range since {
		if len(l.read) >= maxSearch {
			l.cut = true
			return
		}
		if _, genuine := l.at(ctx, p.After); genuine {
			return
		}
		at = p.Before
	}
	l.ancestors(ctx, at)
}

// none tells whether a SHA is of no commit: GitHub has zeros there.
func none(sha string) bool { return strings.Trim(sha, "0") == "" }

// ancestors looks at a commit and what it comes from.
func (l *search) ancestors(ctx context.Context, from string) {
	seen := map[string]bool{}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		sha := queue[0]
		if seen[sha] {
			continue
		}
		if len(seen) >= maxSearch {
			l.cut = true
			return
		}
		seen[sha] = true
		if c, genuine := l.at(ctx, sha); !genuine {
			queue = append(queue, c.Parents...)
		}
	}
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
