package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
)

// TestTreeIsNamedAsGitNamesIt has what git write-tree says of these files.
func TestTreeIsNamedAsGitNamesIt(t *testing.T) {
	t.Parallel()
	got, err := ledger.HashTree(map[string]string{
		"README.md":       "587be6b4c3f93f93c489c0111bba5596147a26cb",
		"ended-x":         "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
		"ended/README.md": "6bf0c97a7f84620a0bb4cf6380ec307748e043bd",
		"open/README.md":  "975fbec8256d3e8a3797e7a3611380f27c49f4ac",
		"open/a.json":     "fa7af8bf5fdd704f73beb3adc5612682a98e1af5",
	})
	if want := "9bfdcebf8447338f345b29f623835c594eea3092"; err != nil || got != want {
		t.Errorf("tree = %s, %v; want %s", got, err, want)
	}
}

// TestATransitionIsOneCommitOnTheOneBefore holds the layout, and that all of it can be read by a person.
func TestATransitionIsOneCommitOnTheOneBefore(t *testing.T) {
	t.Parallel()
	s := newStore()
	b := branch(t, s)
	x := terms("20260301-120000-ab", "00u1")
	x.Approval = &access.Approval{URL: "https://github.example/acme/infra/pull/7", HeadSHA: strings.Repeat("a", 40), Approvers: []string{"ann", "bob"}}
	if _, err := b.Open(t.Context(), x, at); err != nil {
		t.Fatal(err)
	}
	first := s.commits[s.tip()]
	if len(first.Parents) != 0 {
		t.Errorf("the first commit has parents: %v", first.Parents)
	}
	if _, err := b.Append(t.Context(), x.ID, access.Entry{State: access.StateReady, At: at, Note: "a note"}); err != nil {
		t.Fatal(err)
	}
	c := s.commits[s.tip()]
	if !slices.Equal(c.Parents, []string{first.SHA}) {
		t.Errorf("parents = %v", c.Parents)
	}
	files := s.trees[c.Tree]
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, []string{"README.md", "ended/README.md", "given/README.md", "open/20260301-120000-ab.json", "open/README.md"}) {
		t.Errorf("files = %v", got)
	}
	if text := string(s.blobs[files["open/20260301-120000-ab.json"]]); !strings.HasPrefix(text, "[\n  {\n    \"version\": 1,\n") {
		t.Errorf("the lease reads %s", text)
	}
	want := `ready: 00u1@acme.example (lease 20260301-120000-ab)

Stepdown-Lease: 20260301-120000-ab
Stepdown-State: ready
Stepdown-At: 2026-03-01T12:00:00Z
Stepdown-Kind: elevation
Stepdown-Account: 00u1@acme.example 00u1
Stepdown-Temporary-Role: READ_ONLY_ADMIN
Stepdown-Window: 2026-03-01T12:00:00Z to 2026-03-01T12:01:00Z
Stepdown-Pull-Request: https://github.example/acme/infra/pull/7
Stepdown-Head: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
Stepdown-Approved-By: ann bob
Stepdown-Run: run 7
Stepdown-Actor: octocat
Stepdown-Generation: 2
Stepdown-MAC: `
	if got, ok := strings.CutPrefix(c.Message, want); !ok || len(got) != 65 {
		t.Errorf("message:\n%s", c.Message)
	}
	mustAppend(t, b, x.ID, access.StateUndoing, access.StateUndone)
	if files := s.trees[s.commits[s.tip()].Tree]; files["ended/20260301-120000-ab.json"] == "" || files["open/20260301-120000-ab.json"] != "" {
		t.Errorf("after the end: %v", files)
	}
}

// TestTextFromOutsideStaysOnItsLine puts into every field what would make a trailer, hide or turn text.
func TestTextFromOutsideStaysOnItsLine(t *testing.T) {
	t.Parallel()
	evil := "x\nStepdown-Foreign: y\r\nStepdown-MAC: 00\x00\x1b[31m\u2028\u202egnp\u200b\xff" + strings.Repeat("z", 500)
	s := newStore()
	b, err := ledger.NewBranch(s, key, ledger.BranchOptions{Repository: "acme/infra", Actor: evil, Run: evil})
	if err != nil {
		t.Fatal(err)
	}
	x := terms("l1", "00u1")
	x.Account.Login, x.Kind, x.OrgURL, x.Label = evil, evil, evil, evil
	x.Temporary = []access.Role{{Type: evil}, {Type: access.RoleCustom, CustomRole: "cr1", ResourceSet: "iam1"}}
	x.Names = map[string]string{"cr1": evil}
	x.Approval = &access.Approval{URL: evil, HeadSHA: evil, Approvers: []string{evil}}
	if _, err := b.Open(t.Context(), x, at); err != nil {
		t.Fatal(err)
	}
	message := s.commits[s.tip()].Message
	for i, line := range strings.Split(strings.TrimSuffix(message, "\n"), "\n") {
		if strings.HasPrefix(line, "Stepdown-Foreign") || strings.ContainsAny(line, "\r\x00\x1b\u2028\u202e\u200b\ufffd") || len([]rune(line)) > 270 {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if n := strings.Count(message, "\nStepdown-MAC: "); n != 1 {
		t.Errorf("%d lines begin as the MAC does", n)
	}
	if leases, err := branch(t, s).Leases(t.Context()); err != nil || len(leases) != 1 {
		t.Errorf("leases = %v, %v", leases, err)
	}
}

// TestATransitionReadsNothing counts the calls while an account is elevated.
func TestATransitionReadsNothing(t *testing.T) {
	t.Parallel()
	s := newStore()
	b := branch(t, s)
	mustOpen(t, b, "l1", "00u1")
	s.calls = nil
	mustAppend(t, b, "l1", access.StateReady, access.StateElevated)
	if want := []string{"create", "move", "create", "move"}; !slices.Equal(s.calls, want) {
		t.Errorf("calls = %v", s.calls)
	}
	s.calls = nil
	if _, err := b.Leases(t.Context()); err != nil || !slices.Equal(s.calls, []string{"pushes", "tip"}) {
		t.Errorf("what this process wrote is read again: %v, %v", s.calls, err)
	}
	s.calls = nil
	if _, err := branch(t, s).Leases(t.Context()); err != nil || !slices.Equal(s.calls, []string{"pushes", "tip", "commit", "tree", "blob"}) {
		t.Errorf("a new process: %v, %v", s.calls, err)
	}
}

func TestLeasesThatEndedLongAgoAreNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it is 2000-01-01
		s := newStore()
		b := branch(t, s)
		for i, id := range []string{"19991101-000000-aa", "19991101-000000-bb", "19991215-000000-cc", "dd"} {
			mustOpen(t, b, id, fmt.Sprint("00u", i))
			if id != "19991101-000000-bb" {
				mustAppend(t, b, id, access.StateUndoing, access.StateUndone)
			}
		}
		leases, err := branch(t, s).Leases(t.Context())
		want := map[string]access.State{"19991101-000000-bb": access.StateLeased, "19991215-000000-cc": access.StateUndone, "dd": access.StateUndone}
		if got := states(leases); err != nil || !maps.Equal(got, want) {
			t.Errorf("leases = %v, %v", got, err)
		}
		if _, err := branch(t, s).Append(t.Context(), "19991101-000000-aa", access.Entry{State: access.StateUndoing, At: at}); !errors.Is(err, access.ErrLeaseEnded) {
			t.Errorf("error = %v", err)
		}
		if _, err := branch(t, s).Open(t.Context(), terms("19991101-000000-aa", "00u9"), at); err == nil {
			t.Error("an id was used twice")
		}
	})
}

// carryOut has a lease closed that was opened for a pull request.
func carryOut(t *testing.T, b *ledger.Branch, id, account string) {
	t.Helper()
	x := terms(id, account)
	x.Approval = &access.Approval{Repository: "acme/infra", PullRequest: 7}
	if _, err := b.Open(t.Context(), x, at); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, b, id, access.StateReady, access.StateElevated, access.StateCreated, access.StateSteppedDown, access.StateProved, access.StateDelivered, access.StateClosed)
}

// end has what a lease gave taken back, or, with a note, not.
func end(t *testing.T, b *ledger.Branch, id, account, ends, note string) {
	t.Helper()
	x := terms(id, account)
	x.Kind, x.Ends = access.LeaseEnd, ends
	if _, err := b.Open(t.Context(), x, at); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, b, id, access.StateUndoing)
	if _, err := b.Append(t.Context(), id, access.Entry{State: access.StateUndone, At: at, Note: note}); err != nil {
		t.Fatal(err)
	}
}

// TestWhatWasGivenIsFoundWhateverItsAge: what nobody has taken back, or settled, stays among the leases; the rest costs nothing.
func TestWhatWasGivenIsFoundWhateverItsAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it is 2000-01-01
		s := newStore()
		b := branch(t, s)
		for i, id := range []string{"19980101-000000-aa", "19980101-000000-bb", "19980101-000000-cc", "19980101-000000-dd"} {
			carryOut(t, b, id, fmt.Sprint("00u", i))
		}
		end(t, b, "19980102-000000-ee", "00u0", "19980101-000000-aa", "")
		end(t, b, "19980102-000000-ff", "00u1", "19980101-000000-bb", access.NothingDone)
		if settled, err := branch(t, s).Settle(t.Context(), "19980101-000000-cc", "19980101-000000-aa", "nonsense"); err != nil || !slices.Equal(settled, []string{"19980101-000000-cc"}) {
			t.Fatal(err)
		}
		s.calls = nil
		leases, err := branch(t, s).Leases(t.Context())
		want := map[string]access.State{"19980101-000000-bb": access.StateClosed, "19980101-000000-dd": access.StateClosed}
		if got := states(leases); err != nil || !maps.Equal(got, want) {
			t.Errorf("leases = %v, %v", got, err)
		}
		if want := []string{"pushes", "tip", "commit", "tree", "blob", "blob"}; !slices.Equal(s.calls, want) {
			t.Errorf("calls = %v", s.calls)
		}
		s.calls = nil
		if settled, err := branch(t, s).Settle(t.Context(), "19980101-000000-cc"); err != nil || len(settled) > 0 || slices.Contains(s.calls, "create") {
			t.Errorf("settled twice: %v, %v", s.calls, err)
		}
		message := s.commits[s.tip()].Message
		if !strings.HasPrefix(message, "settled: their pull requests are merged\n\nStepdown-Lease: 19980101-000000-cc\nStepdown-Run: run 7\n") {
			t.Errorf("message:\n%s", message)
		}
	})
}

// TestALedgerFromBeforeThereWasGiven goes on where it is, and what it had closed stays where it lies.
func TestALedgerFromBeforeThereWasGiven(t *testing.T) {
	t.Parallel()
	s := newStore()
	carryOut(t, branch(t, s), "aa", "00u0")
	tree := s.addTree(map[string]string{
		"README.md":       s.trees[s.commits[s.tip()].Tree]["README.md"],
		"open/README.md":  s.trees[s.commits[s.tip()].Tree]["open/README.md"],
		"ended/README.md": s.trees[s.commits[s.tip()].Tree]["ended/README.md"],
		"ended/aa.json":   s.trees[s.commits[s.tip()].Tree]["given/aa.json"],
	})
	message, err := branch(t, s).Seal("old\n\n", 9, tree, s.tip())
	if err != nil {
		t.Fatal(err)
	}
	s.record(ledger.DefaultBranch, "push", "octocat", s.addCommit(tree, []string{s.tip()}, message).SHA)
	if leases, err := branch(t, s).Leases(t.Context()); err != nil || len(leases) != 1 {
		t.Errorf("leases = %v, %v", leases, err)
	}
	carryOut(t, branch(t, s), "bb", "00u0")
	files := s.trees[s.commits[s.tip()].Tree]
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, []string{"README.md", "ended/README.md", "ended/aa.json", "given/README.md", "given/bb.json", "open/README.md"}) {
		t.Errorf("files = %v", got)
	}
}

func TestExists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		if is, err := branch(t, s).Exists(t.Context()); is || err != nil {
			t.Errorf("before: %v, %v", is, err)
		}
		mustOpen(t, branch(t, s), "l1", "00u1")
		if is, err := branch(t, s).Exists(t.Context()); !is || err != nil {
			t.Errorf("then: %v, %v", is, err)
		}
		s.remove()
		if is, err := branch(t, s).Exists(t.Context()); is || !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("afterwards: %v, %v", is, err)
		}
		if is, err := branch(t, s, s.accept()...).Exists(t.Context()); !is || err != nil { // it was there
			t.Errorf("accepted: %v, %v", is, err)
		}
	})
}

// TestABranchThatLags reads from replicas that do not know the newest push yet.
func TestABranchThatLags(t *testing.T) {
	t.Parallel()
	t.Run("an old tip is read again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, _ := history(t)
			for range 5 {
				s.oldTips = append(s.oldTips, s.parent(s.tip(), 1))
			}
			if leases, err := branch(t, s).Leases(t.Context()); err != nil || !maps.Equal(states(leases), truth) {
				t.Errorf("leases = %v, %v", states(leases), err)
			}
		})
	})
	t.Run("an old list allows for a newer tip", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, _ := history(t)
			s.lag = 3
			if leases, err := branch(t, s).Leases(t.Context()); err != nil || !maps.Equal(states(leases), truth) {
				t.Errorf("leases = %v, %v", states(leases), err)
			}
		})
	})
	t.Run("no list at all is not enough", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, _ := history(t)
			s.lag = len(s.pushes)
			if leases, err := branch(t, s).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) || !maps.Equal(states(leases), truth) {
				t.Errorf("leases = %v, %v", states(leases), err)
			}
		})
	})
	t.Run("a rollback that the list does not have yet", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, _ := history(t)
			s.force(s.parent(s.tip(), 2))
			s.lag = 1
			start := time.Now()
			if leases, err := branch(t, s).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) || !maps.Equal(states(leases), truth) {
				t.Errorf("leases = %v, %v", states(leases), err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	})
	t.Run("a rollback that only who was there can know", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, _ := history(t)
			b := branch(t, s)
			if _, err := b.Leases(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.force(s.parent(s.tip(), 2))
			s.lag = 3
			if leases, err := b.Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) || !maps.Equal(states(leases), truth) {
				t.Errorf("leases = %v, %v", states(leases), err)
			}
		})
	})
	t.Run("a strange history that the list does not have yet", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, loser := history(t)
			s.lag = 1
			s.force(loser)
			if leases, err := branch(t, s).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) || len(leases) != 2 {
				t.Errorf("leases = %v, %v", states(leases), err)
			}
		})
	})
	t.Run("many events of one run", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore()
			b := branch(t, s)
			for i := range 60 {
				mustOpen(t, b, fmt.Sprint("l", i), fmt.Sprint("00u", i))
			}
			s.lag = 59
			if leases, err := b.Leases(t.Context()); err != nil || len(leases) != 60 {
				t.Errorf("%d leases, %v", len(leases), err)
			}
		})
	})
}

// TestARunHealsARollbackThatItDidNotSee moves the branch forward from wherever it was set back to.
func TestARunHealsARollbackThatItDidNotSee(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := history(t)
		b := branch(t, s)
		if _, err := b.Leases(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.force(s.parent(s.tip(), 3))
		mustAppend(t, b, "l1", access.StateCreated)
		leases, err := branch(t, s).Leases(t.Context())
		if got := states(leases); !errors.Is(err, ledger.ErrTampered) || got["l1"] != access.StateCreated || got["l0"] != access.StateUndone {
			t.Errorf("leases = %v, %v", got, err)
		}
	})
}

// TestTwoHistoriesAreReadTogether has a run go on from where the branch was set back to, beyond where it had been.
func TestTwoHistoriesAreReadTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := history(t)
		run, older := branch(t, s), s.tip()
		if _, err := run.Leases(t.Context()); err != nil {
			t.Fatal(err)
		}
		other := branch(t, s)
		mustOpen(t, other, "l2", "00u2")
		mustAppend(t, other, "l2", access.StateReady)
		s.force(older)
		mustAppend(t, run, "l1", access.StateCreated, access.StateUndoing, access.StateUndone)
		want := map[string]access.State{"l0": access.StateUndone, "l1": access.StateUndone, "l2": access.StateReady}
		leases, err := branch(t, s).Leases(t.Context())
		if got := states(leases); !errors.Is(err, ledger.ErrTampered) || !maps.Equal(got, want) {
			t.Errorf("leases = %v, %v", got, err)
		}
		mustAppend(t, branch(t, s), "l2", access.StateUndoing) // which brings it back
		want["l2"] = access.StateUndoing
		leases, err = branch(t, s, s.accept()...).Leases(t.Context())
		if got := states(leases); err != nil || !maps.Equal(got, want) {
			t.Errorf("accepted: leases = %v, %v", got, err)
		}
	})
}

// TestMoreForeignCommitsThanAreRead is an error of every call, and nothing is written.
func TestMoreForeignCommitsThanAreRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := history(t)
		witness := branch(t, s)
		if _, err := witness.Leases(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 300 {
			s.push(s.change(s.tip(), "junk", []string{s.tip()}, func(map[string]string) {}))
		}
		tip := s.tip()
		if leases, err := branch(t, s).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("leases = %v, %v", leases, err)
		}
		if leases, err := witness.Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) || !maps.Equal(states(leases), truth) {
			t.Errorf("leases = %v, %v", states(leases), err)
		}
		for _, b := range []*ledger.Branch{branch(t, s), witness} {
			if _, err := b.Append(t.Context(), "l1", access.Entry{State: access.StateUndoing, At: at}); !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("error = %v", err)
			}
		}
		if s.tip() != tip {
			t.Error("the branch was moved")
		}
	})
}

// TestAWrongTreeUnderAGoodSignature has what only the key's holder could make.
func TestAWrongTreeUnderAGoodSignature(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(s *gitStore, files map[string]string){
		"an ended lease that is open": func(_ *gitStore, f map[string]string) {
			f["open/l0.json"] = f["ended/l0.json"]
			delete(f, "ended/l0.json")
		},
		"an undone lease that gave something": func(_ *gitStore, f map[string]string) {
			f["given/l0.json"] = f["ended/l0.json"]
			delete(f, "ended/l0.json")
		},
		"an open lease that gave something": func(_ *gitStore, f map[string]string) {
			f["given/l1.json"] = f["open/l1.json"]
			delete(f, "open/l1.json")
		},
		"a lease in two folders": func(_ *gitStore, f map[string]string) { f["given/l0.json"] = f["ended/l0.json"] },
		"an open lease that is ended": func(_ *gitStore, f map[string]string) {
			f["ended/l1.json"] = f["open/l1.json"]
			delete(f, "open/l1.json")
		},
		"a lease that is both": func(_ *gitStore, f map[string]string) { f["ended/l1.json"] = f["open/l1.json"] },
		"a copied lease":       func(_ *gitStore, f map[string]string) { f["open/l9.json"] = f["open/l1.json"] },
		"no README":            func(_ *gitStore, f map[string]string) { delete(f, "README.md") },
		"a strange file":       func(s *gitStore, f map[string]string) { f["open/L 1.json"] = s.addBlob(nil) },
		"a huge lease":         func(s *gitStore, f map[string]string) { f["open/l9.json"] = s.addBlob(make([]byte, 2<<20)) },
		"an edited lease": func(s *gitStore, f map[string]string) {
			f["open/l9.json"] = s.addBlob([]byte(strings.Replace(string(s.blobs[f["open/l1.json"]]), "12:01:00Z", "19:01:00Z", 1)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := history(t)
				b, tip := branch(t, s), s.tip()
				generation, _ := b.Genuine(s.commits[tip])
				files := maps.Clone(s.trees[s.commits[tip].Tree])
				edit(s, files)
				tree := s.addTree(files)
				message, err := b.Seal("x\n\n", generation+1, tree, tip)
				if err != nil {
					t.Fatal(err)
				}
				s.push(s.addCommit(tree, []string{tip}, message).SHA)
				leases, err := b.Leases(t.Context())
				if !errors.Is(err, ledger.ErrTampered) || len(leases) < 2 {
					t.Errorf("leases = %v, %v", states(leases), err)
				}
				if slices.Contains([]string{"an open lease that is ended", "an open lease that gave something", "an undone lease that gave something"}, name) {
					return // to open one, what has ended is not read
				}
				if _, err := b.Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
					t.Errorf("error = %v", err)
				}
			})
		})
	}
}

// lying answers with less, or with something else, than a SHA names.
type lying struct {
	*gitStore
	tree func(map[string]string)
	blob func([]byte) []byte
}

func (l lying) TreeFiles(ctx context.Context, tree string) (map[string]string, error) {
	files, err := l.gitStore.TreeFiles(ctx, tree)
	if l.tree != nil && err == nil {
		l.tree(files)
	}
	return files, err
}

func (l lying) Blob(ctx context.Context, sha string) ([]byte, error) {
	data, err := l.gitStore.Blob(ctx, sha)
	if l.blob != nil && err == nil {
		data = l.blob(data)
	}
	return data, err
}

func TestAnAnswerThatIsNotWhatTheSHANames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := history(t)
		for name, l := range map[string]lying{
			"a truncated tree":          {gitStore: s, tree: func(f map[string]string) { delete(f, "open/l1.json") }},
			"a tree without what ended": {gitStore: s, tree: func(f map[string]string) { delete(f, "ended/l0.json") }},
			"another blob":              {gitStore: s, blob: func([]byte) []byte { return s.blobs[s.trees[s.commits[s.parent(s.tip(), 1)].Tree]["open/l1.json"]] }},
		} {
			tip := s.tip()
			if _, err := branch(t, l).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("%s: error = %v", name, err)
			}
			if _, err := branch(t, l).Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("%s: error = %v", name, err)
			}
			if _, err := branch(t, l).Append(t.Context(), "l1", access.Entry{State: access.StateUndoing, At: at}); err == nil || s.tip() != tip {
				t.Errorf("%s: the branch was moved to what was made of it", name)
			}
		}
	})
}

// TestEachCallMayFail loses each call of each operation, before and after its effect. Whatever was answered, the ledger
// verifies, holds the event once or not at all, and the same call works when it is made again.
func TestEachCallMayFail(t *testing.T) {
	t.Parallel()
	operations := map[string]func(ctx context.Context, b *ledger.Branch) (access.Lease, error){
		"the first lease": func(ctx context.Context, b *ledger.Branch) (access.Lease, error) {
			return b.Open(ctx, terms("n1", "00n1"), at)
		},
		"open": func(ctx context.Context, b *ledger.Branch) (access.Lease, error) {
			return b.Open(ctx, terms("n1", "00n1"), at)
		},
		"append": func(ctx context.Context, b *ledger.Branch) (access.Lease, error) {
			return b.Append(ctx, "l1", access.Entry{State: access.StateUndoing, At: at, Note: "lost?"})
		},
	}
	for name, operate := range operations {
		for _, seen := range []bool{true, false} { // the process knows the ledger, or does not
			for n := range 12 {
				for _, f := range []fault{failsBefore, failsAfter} {
					t.Run(fmt.Sprintf("%s, seen %t, call %d, fault %d", name, seen, n, f), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) { loseCall(t, name, operate, seen, n, f) })
					})
				}
			}
		}
	}
}

func loseCall(t *testing.T, name string, operate func(context.Context, *ledger.Branch) (access.Lease, error), seen bool, n int, f fault) {
	s := newStore()
	if name != "the first lease" {
		s, _ = history(t)
	}
	b := branch(t, s)
	if seen {
		if _, err := b.Leases(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.calls = nil
	s.fault = func(i int, _ string) fault {
		if i == n {
			return f
		}
		return works
	}
	lease, err := operate(t.Context(), b)
	s.fault = nil
	count := func(when string) int {
		leases, err := branch(t, s).Leases(t.Context())
		if err != nil {
			t.Fatalf("%s, the ledger does not verify: %v", when, err)
		}
		events := 0
		for _, l := range leases {
			for _, e := range l.Events {
				if e.Lease == "n1" || e.Note == "lost?" {
					events++
				}
			}
		}
		return events
	}
	events := count("after the loss")
	if err == nil && (events != 1 || lease.ID == "") || events > 1 {
		t.Fatalf("error = %v, and the event is there %d times", err, events)
	}
	if err == nil {
		return
	}
	if lease, err := operate(t.Context(), b); err != nil || lease.ID == "" {
		t.Fatalf("again: %v (the first time: %v)", err, err)
	}
	if events := count("after the second try"); events != 1 {
		t.Errorf("the event is there %d times", events)
	}
}

// TestManyWritersAtOnce has sixteen processes that each open a lease and carry it to its end over a slow connection.
func TestManyWritersAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.latency = 10 * time.Millisecond
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				b := branch(t, s)
				id := fmt.Sprint("l", i)
				if _, err := b.Open(t.Context(), terms(id, fmt.Sprint("00u", i)), at); err != nil {
					t.Error(err)
				}
				for _, state := range []access.State{access.StateReady, access.StateElevated, access.StateUndoing, access.StateUndone} {
					if _, err := b.Append(t.Context(), id, access.Entry{State: state, At: at}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		leases, err := branch(t, s).Leases(t.Context())
		if err != nil || len(leases) != 16 || len(s.pushes) != 80 {
			t.Fatalf("%d leases, %d pushes, %v", len(leases), len(s.pushes), err)
		}
		for _, l := range leases {
			if l.State != access.StateUndone || len(l.Events) != 5 {
				t.Errorf("lease %s is %s after %d events", l.ID, l.State, len(l.Events))
			}
		}
	})
}

// TestAnyInterleaving has several processes, of which each sees only now and then what the others do. A ledger verifies
// with exactly the events that were accepted.
func TestAnyInterleaving(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newStore()
		writers := []*ledger.Branch{branch(t, s), branch(t, s), branch(t, s)}
		want := map[string][]access.State{}
		all := []access.State{access.StateReady, access.StateElevated, access.StateCreated, access.StateUndoing, access.StateUndone, access.StateStuck}
		for step := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			b := writers[rapid.IntRange(0, 2).Draw(rt, "writer")]
			id := fmt.Sprint("l", rapid.IntRange(0, 3).Draw(rt, "lease"))
			when := at.Add(time.Duration(step) * time.Second)
			if rapid.Bool().Draw(rt, "open") {
				account := fmt.Sprint("00u", rapid.IntRange(0, 1).Draw(rt, "account"))
				if _, err := b.Open(t.Context(), terms(id, account), when); err == nil {
					if want[id] != nil {
						rt.Fatalf("lease %s was opened twice", id)
					}
					want[id] = []access.State{access.StateLeased}
				}
				continue
			}
			state := rapid.SampledFrom(all).Draw(rt, "state")
			may := want[id] != nil && state.MayFollow(want[id][len(want[id])-1])
			if _, err := b.Append(t.Context(), id, access.Entry{State: state, At: when}); (err == nil) != may {
				rt.Fatalf("%s after %v: %v", state, want[id], err)
			}
			if may {
				want[id] = append(want[id], state)
			}
		}
		leases, err := branch(t, s).Leases(t.Context())
		if err != nil || len(leases) != len(want) {
			rt.Fatalf("leases = %v, %v; want %v", states(leases), err, want)
		}
		taken := map[string]string{}
		for _, l := range leases {
			var got []access.State
			for _, e := range l.Events {
				got = append(got, e.State)
			}
			if !slices.Equal(got, want[l.ID]) {
				rt.Fatalf("lease %s = %v, want %v", l.ID, got, want[l.ID])
			}
			if l.State.Open() && taken[l.Account.ID] != "" {
				rt.Fatalf("account %s has two open leases", l.Account.ID)
			} else if l.State.Open() {
				taken[l.Account.ID] = l.ID
			}
		}
	})
}
