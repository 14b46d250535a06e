package ledger_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
)

// TestADeletionThatIsAcceptedForgetsNoLease: whatever was put in the branch's place, or nothing.
func TestADeletionThatIsAcceptedForgetsNoLease(t *testing.T) {
	t.Parallel()
	for name, instead := range map[string]func(s *gitStore, tip string){
		"nothing":            func(*gitStore, string) {},
		"an older commit":    func(s *gitStore, tip string) { s.create(s.parent(tip, 3)) },
		"the same":           func(s *gitStore, tip string) { s.create(tip) },
		"a foreign one":      func(s *gitStore, tip string) { s.create(s.change(tip, "mine", nil, func(map[string]string) {})) },
		"the same, and gone": func(s *gitStore, tip string) { s.create(tip); s.remove() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := history(t)
				tip := s.tip()
				s.remove()
				if _, err := branch(t, s).Leases(t.Context()); err == nil || !strings.Contains(err.Error(), "git/refs -f ref=refs/heads/"+ledger.DefaultBranch+" -f sha="+tip) {
					t.Errorf("the error does not say what puts it back: %v", err)
				}
				instead(s, tip)
				accepted := s.accept()
				for range 2 { // a process that has seen it too
					b := branch(t, s, accepted...)
					for range 2 {
						if leases, err := b.Leases(t.Context()); err != nil || !maps.Equal(states(leases), truth) {
							t.Errorf("leases = %v, %v", states(leases), err)
						}
					}
				}
				mustOpen(t, branch(t, s, accepted...), "l2", "00u2")
				mustAppend(t, branch(t, s, accepted...), "l1", access.StateUndoing, access.StateUndone)
				want := map[string]access.State{"l0": access.StateUndone, "l1": access.StateUndone, "l2": access.StateLeased}
				if leases, err := branch(t, s, accepted...).Leases(t.Context()); err != nil || !maps.Equal(states(leases), want) {
					t.Errorf("then: leases = %v, %v", states(leases), err)
				}
			})
		})
	}
}

// TestWhatADeletionTookAwayCannotBeRead: that is not that nothing is open.
func TestWhatADeletionTookAwayCannotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := history(t)
		tip := s.tip()
		s.remove()
		delete(s.commits, tip)
		if leases, err := branch(t, s, s.accept()...).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("leases = %v, %v", states(leases), err)
		}
		if _, err := branch(t, s, s.accept()...).Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("a lease was opened: %v", err)
		}
	})
}

// TestTheWrongKeyIsNothingToAccept: the error says that it is the key, and nothing else, and stays whatever is accepted.
func TestTheWrongKeyIsNothingToAccept(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(s *gitStore){
		"as it is": func(*gitStore) {},
		"forced":   func(s *gitStore) { s.force(s.parent(s.tip(), 1)) },
		"deleted":  func(s *gitStore) { s.remove() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := history(t)
				var every []string
				for sha := range s.commits {
					every = append(every, sha)
				}
				do(s)
				for _, accepted := range [][]string{nil, s.accept(), slices.Concat(s.accept(), every)} {
					b, err := ledger.NewBranch(s, access.NewSecret(strings.Repeat("w", 40)), ledger.BranchOptions{Repository: "acme/infra", Accepted: accepted})
					if err != nil {
						t.Fatal(err)
					}
					_, err = b.Leases(t.Context())
					if !errors.Is(err, ledger.ErrTampered) || !strings.Contains(err.Error(), "STEPDOWN_LEDGER_KEY is not the key") || strings.Contains(err.Error(), "ledger-accept") {
						t.Errorf("error = %v", err)
					}
					if _, err := b.Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
						t.Errorf("a lease was opened: %v", err)
					}
					if _, err := b.Exists(t.Context()); err == nil && s.tip() == "" {
						t.Error("a sweep would say that there is no ledger")
					}
				}
			})
		})
	}
}

// TestABranchThatSomebodyElseMade has no leases: a person may accept what it is, and the ledger begins on top.
func TestABranchThatSomebodyElseMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.create(s.addCommit(s.addTree(map[string]string{"README.md": s.addBlob([]byte("mine"))}), nil, "mine").SHA)
		if _, err := branch(t, s).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) || !strings.Contains(err.Error(), "--ledger-accept "+s.tip()) {
			t.Errorf("error = %v", err)
		}
		accepted := s.accept()
		mustOpen(t, branch(t, s, accepted...), "l1", "00u1")
		if leases, err := branch(t, s, accepted...).Leases(t.Context()); err != nil || len(leases) != 1 {
			t.Errorf("leases = %v, %v", states(leases), err)
		}
	})
}
