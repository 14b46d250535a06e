package ledger

// What acceptance does not forgive: a lease that can still be verified does not go with a branch that was deleted, and one that cannot
// be read with this key is not none.

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

// deleted returns the genuine commits that the branch was last at when it was deleted, of each deletion that a person has accepted,
// the newest first. To accept that the branch is gone is not to say that nobody is elevated. lost says that one could not be read.
func (b *Branch) deleted(ctx context.Context, pushes []access.Push) (all []found, lost bool, err error) {
	look := search{Branch: b, read: map[string]bool{}}
	for i, p := range pushes {
		if p.Kind != access.PushDeletion || !slices.Contains(b.o.Accepted, strconv.FormatInt(p.ID, 10)) {
			continue
		}
		if _, genuine := look.at(ctx, p.Before); !genuine {
			look.pushes(ctx, pushes[i+1:], p.Before)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, false, fmt.Errorf("searching the ledger: %w", context.Cause(ctx))
	}
	slices.SortStableFunc(look.all, func(a, b found) int { return cmp.Compare(b.generation, a.generation) })
	return look.all, look.lost || look.cut, nil
}

// errLost is the error for a deletion that a person has accepted, of which it cannot be told what it took away.
func (b *Branch) errLost() error {
	return fmt.Errorf("%w: branch %q was deleted, and not every commit that it was at can be read\nLeases may be open: run stepdown audit. If it stays so, begin another ledger: --ledger branch:NAME (input ledger).", ErrTampered, b.o.Branch)
}

// otherKey says that there are leases at a commit, and none that this key has signed, or nil. Nobody can accept that: what was pushed
// may be looked into, but whether a lease is open is not known.
func (b *Branch) otherKey(ctx context.Context, sha string) error {
	if none(sha) {
		return nil
	}
	c, err := b.commit(ctx, sha)
	var files map[string]string
	if err == nil {
		files, err = b.tree(ctx, c.Tree)
	}
	if err != nil {
		return fmt.Errorf("%w: no commit of branch %q is signed with this key, and whether it has leases is not known: %w", ErrTampered, b.o.Branch, err)
	}
	for path := range maps.Keys(files) {
		if _, ok := leaseAt(path); ok {
			return fmt.Errorf("%w: branch %q has leases, and no commit of it is signed with this key\nSTEPDOWN_LEDGER_KEY is not the key that the ledger was made with: give that one. A ledger with a new key is another branch: --ledger branch:NAME (input ledger).", ErrTampered, b.o.Branch)
		}
	}
	return nil
}

// vanished is the error for a branch that is not there any more, with what puts it back: a lease may be open that only it has.
func (b *Branch) vanished(pushes []access.Push) error {
	sha := ""
	if b.last != nil {
		sha = cmp.Or(b.last.tip, b.last.base.SHA)
	}
	if len(pushes) > 0 {
		sha = pushes[0].After
		if none(sha) {
			sha = pushes[0].Before
		}
	}
	how := "Put it back"
	if !none(sha) {
		how += fmt.Sprintf(" (gh api --method POST repos/%s/git/refs -f ref=%s -f sha=%s)", b.o.Repository, shellWord("refs/heads/"+b.o.Branch), sha)
	}
	return fmt.Errorf("%w: branch %q has vanished\nLeases may be open. %s, and find out who deleted it.", ErrTampered, b.o.Branch, how)
}

// shellWord writes an argument as a shell takes it.
func shellWord(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
