package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
)

// book is what every kind of ledger does.
type book interface {
	Open(ctx context.Context, terms access.Terms, at time.Time) (access.Lease, error)
	Append(ctx context.Context, id string, entry access.Entry) (access.Lease, error)
	Leases(ctx context.Context) ([]access.Lease, error)
	Rounds(ctx context.Context) ([]access.Round, error)
	RecordRound(ctx context.Context, r access.Round) error
}

var (
	_ book = (*ledger.Folder)(nil)
	_ book = (*ledger.Branch)(nil)
)

// kinds are the kinds of ledger. Each returns a function that opens one and the same ledger anew, as another process does.
func kinds() map[string]func(t *testing.T) func(key access.Secret) book {
	return map[string]func(t *testing.T) func(key access.Secret) book{
		"folder": func(t *testing.T) func(access.Secret) book {
			dir := filepath.Join(t.TempDir(), "ledger")
			return func(key access.Secret) book {
				f, err := ledger.CreateFolder(dir, key)
				if err != nil {
					t.Fatal(err)
				}
				return f
			}
		},
		"branch": func(t *testing.T) func(access.Secret) book {
			store := newStore()
			return func(key access.Secret) book {
				b, err := ledger.NewBranch(store, key, ledger.BranchOptions{Repository: "acme/infra", Actor: "octocat", Run: "https://github.example/runs/7"})
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
		},
	}
}

func TestEveryKindOfLedger(t *testing.T) {
	t.Parallel()
	for kind, make := range kinds() {
		for name, check := range contract {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				check(t, make(t))
			})
		}
	}
}

// contract is what holds of each of them.
var contract = map[string]func(t *testing.T, open func(access.Secret) book){
	"nothing is in a new one": func(t *testing.T, open func(access.Secret) book) {
		if leases, err := open(key).Leases(t.Context()); err != nil || len(leases) != 0 {
			t.Errorf("leases = %v, %v", leases, err)
		}
	},
	"a lease is the fold of its events after reopening": func(t *testing.T, open func(access.Secret) book) {
		b := open(key)
		mustOpen(t, b, "l1", "00u1")
		mustAppend(t, b, "l1", access.StateReady, access.StateElevated)
		after, err := b.Append(t.Context(), "l1", access.Entry{State: access.StateCreated, At: at, TokenID: "00T1", Note: "n"})
		if err != nil || after.State != access.StateCreated {
			t.Fatal(after, err)
		}
		leases, err := open(key).Leases(t.Context())
		if err != nil || len(leases) != 1 {
			t.Fatalf("leases = %v, %v", leases, err)
		}
		if l := leases[0]; l.State != access.StateCreated || l.TokenID != "00T1" || len(l.Events) != 4 || !l.EndsAt.Equal(at.Add(time.Minute)) || l.Account.Login != "00u1@acme.example" {
			t.Errorf("lease = %+v", l)
		}
	},
	"one open lease per account": func(t *testing.T, open func(access.Secret) book) {
		b := open(key)
		mustOpen(t, b, "l1", "00u1")
		mustOpen(t, b, "l2", "00u2")
		if _, err := open(key).Open(t.Context(), terms("l3", "00u1"), at); !errors.Is(err, access.ErrLeaseTaken) {
			t.Fatalf("second lease of an account: %v", err)
		}
		mustAppend(t, b, "l1", access.StateUndoing, access.StateUndone)
		mustOpen(t, open(key), "l3", "00u1")
	},
	"only one of many at once gets the lease": func(t *testing.T, open func(access.Secret) book) {
		var wg sync.WaitGroup
		results := make(chan error, 16)
		for i := range 16 {
			wg.Go(func() {
				_, err := open(key).Open(t.Context(), terms(fmt.Sprintf("l%d", i), "00u1"), at)
				results <- err
			})
		}
		wg.Wait()
		close(results)
		won := 0
		for err := range results {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, access.ErrLeaseTaken):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d leases were opened for one account", won)
		}
	},
	"a state that may not follow writes nothing": func(t *testing.T, open func(access.Secret) book) {
		b := open(key)
		mustOpen(t, b, "l1", "00u1")
		if _, err := b.Append(t.Context(), "l1", access.Entry{State: access.StateClosed, At: at}); err == nil {
			t.Fatal("closed may not follow leased")
		}
		if _, err := b.Append(t.Context(), "l9", access.Entry{State: access.StateReady, At: at}); err == nil {
			t.Fatal("there is no lease l9")
		}
		leases, err := b.Leases(t.Context())
		if err != nil || len(leases) != 1 || len(leases[0].Events) != 1 {
			t.Fatalf("leases = %+v, %v", leases, err)
		}
	},
	"nothing follows the end": func(t *testing.T, open func(access.Secret) book) {
		b := open(key)
		mustOpen(t, b, "l1", "00u1")
		mustAppend(t, open(key), "l1", access.StateUndoing, access.StateUndone) // by another process
		for _, b := range []book{b, open(key)} {
			if _, err := b.Append(t.Context(), "l1", access.Entry{State: access.StateUndoing, At: at}); !errors.Is(err, access.ErrLeaseEnded) {
				t.Errorf("error = %v", err)
			}
		}
		if _, err := b.Open(t.Context(), terms("l1", "00u1"), at); err == nil {
			t.Error("an id was used twice")
		}
	},
	"an id is checked": func(t *testing.T, open func(access.Secret) book) {
		for _, id := range []string{"", "L1", "../x", "a/b", "-a", "README.md", strings.Repeat("a", 65)} {
			if _, err := open(key).Open(t.Context(), terms(id, "00u1"), at); err == nil {
				t.Errorf("%q is an id", id)
			}
		}
	},
	"the oldest comes first": func(t *testing.T, open func(access.Secret) book) {
		b := open(key)
		for i, id := range []string{"b", "c", "a"} {
			terms := terms(id, "00u"+id)
			terms.OpenedAt = at.Add(-time.Duration(i/2) * time.Hour)
			if _, err := b.Open(t.Context(), terms, at); err != nil {
				t.Fatal(err)
			}
		}
		mustAppend(t, b, "b", access.StateUndoing, access.StateUndone)
		leases, err := b.Leases(t.Context())
		if err != nil || len(leases) != 3 || leases[0].ID+leases[1].ID+leases[2].ID != "abc" {
			t.Errorf("leases = %v, %v", leases, err)
		}
	},
	"another key reads nothing": func(t *testing.T, open func(access.Secret) book) {
		mustOpen(t, open(key), "l1", "00u1")
		other := open(access.NewSecret(strings.Repeat("x", 40)))
		if leases, err := other.Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) || len(leases) > 0 {
			t.Errorf("leases = %v, error = %v", leases, err)
		}
		if _, err := other.Open(t.Context(), terms("l2", "00u2"), at); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("error = %v", err)
		}
		if _, err := other.Append(t.Context(), "l1", access.Entry{State: access.StateUndoing, At: at}); err == nil {
			t.Error("an event was recorded with another key")
		}
	},
	"text that is no UTF-8 can be read again": func(t *testing.T, open func(access.Secret) book) {
		x := terms("l1", "00u1")
		x.Label = "a\xffb"
		if _, err := open(key).Open(t.Context(), x, at); err != nil {
			t.Fatal(err)
		}
		if _, err := open(key).Append(t.Context(), "l1", access.Entry{State: access.StateUndoing, At: at, Note: "Okta said \xc3\x28"}); err != nil {
			t.Fatal(err)
		}
		if leases, err := open(key).Leases(t.Context()); err != nil || len(leases) != 1 || leases[0].Label != "a\ufffdb" {
			t.Errorf("leases = %+v, %v", leases, err)
		}
	},
	"nobody waits beyond the context": func(t *testing.T, open func(access.Secret) book) {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		cancel(why)
		if _, err := open(key).Open(ctx, terms("l1", "00u1"), at); !errors.Is(err, why) {
			t.Errorf("error = %v", err)
		}
	},
}
