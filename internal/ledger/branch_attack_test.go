package ledger_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/ledger"
)

func branch(t *testing.T, store ledger.Repository, accepted ...string) *ledger.Branch {
	t.Helper()
	b, err := ledger.NewBranch(store, key, ledger.BranchOptions{Repository: "acme/infra", Actor: "octocat", Run: "run 7", Accepted: accepted})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// history is a ledger in which l0 is undone and l1 elevated. The commit of an event of l1 that lost a race is nowhere.
func history(t *testing.T) (s *gitStore, loser string) {
	t.Helper()
	s = newStore()
	b := branch(t, s)
	mustOpen(t, b, "l0", "00u0")
	mustAppend(t, b, "l0", access.StateUndoing, access.StateUndone)
	mustOpen(t, b, "l1", "00u1")
	mustAppend(t, b, "l1", access.StateReady)
	before := s.tip()
	mustAppend(t, branch(t, s), "l1", access.StateUndoing)
	loser = s.tip()
	s.refs[ledger.DefaultBranch] = before // as if its move had lost
	s.pushes = s.pushes[:len(s.pushes)-1]
	mustAppend(t, b, "l1", access.StateElevated)
	return s, loser
}

// truth is what the ledger of history holds, whatever is done to it.
var truth = map[string]access.State{"l0": access.StateUndone, "l1": access.StateElevated}

func states(leases []access.Lease) map[string]access.State {
	out := map[string]access.State{}
	for _, l := range leases {
		out[l.ID] = l.State
	}
	return out
}

// attacks is what somebody can do who may push, and lacks the key.
func attacks() map[string]func(t *testing.T, s *gitStore, loser string) {
	edited := func(edit func(s *gitStore, files map[string]string)) func(*testing.T, *gitStore, string) {
		return func(t *testing.T, s *gitStore, _ string) {
			tip := s.tip()
			s.push(s.change(tip, s.commits[tip].Message, []string{tip}, func(files map[string]string) { edit(s, files) }))
		}
	}
	replaced := func(old, with string) func(*testing.T, *gitStore, string) {
		return edited(func(s *gitStore, files map[string]string) {
			text := string(s.blobs[files["open/l1.json"]])
			if !strings.Contains(text, old) {
				panic(old + " is not in the lease")
			}
			files["open/l1.json"] = s.addBlob([]byte(strings.Replace(text, old, with, 1)))
		})
	}
	junk := func(s *gitStore, parents ...string) string {
		return s.change(s.tip(), "junk", parents, func(files map[string]string) { files["junk"] = s.addBlob([]byte(parents[0])) })
	}
	elsewhere := func(t *testing.T, s *gitStore, o ledger.BranchOptions) string { // another ledger with the same key, its objects known here
		other := newStore()
		other.now = at.Add(time.Hour)
		b, err := ledger.NewBranch(other, key, o)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 { // so that its generation is higher
			mustOpen(t, b, fmt.Sprintf("x%d", len(other.commits)), fmt.Sprintf("00x%d", len(other.commits)))
		}
		maps.Copy(s.blobs, other.blobs)
		maps.Copy(s.trees, other.trees)
		maps.Copy(s.commits, other.commits)
		for _, sha := range other.refs {
			return sha
		}
		return ""
	}
	return map[string]func(t *testing.T, s *gitStore, loser string){
		"a forged lease": edited(func(s *gitStore, files map[string]string) {
			files["open/l9.json"] = s.addBlob([]byte(strings.ReplaceAll(string(s.blobs[files["open/l1.json"]]), "l1", "l9")))
		}),
		"an edited event":    replaced(`"00u1"`, `"00u2"`),
		"an extended window": replaced("12:01:00Z", "19:01:00Z"),
		"an unknown field":   replaced(`"state"`, `"x": 1, "state"`),
		"not JSON":           replaced("[", "{"),
		"closed early": edited(func(s *gitStore, files map[string]string) {
			files["ended/l1.json"] = s.addBlob([]byte(strings.Replace(string(s.blobs[files["open/l1.json"]]), `"state": "elevated"`, `"state": "closed"`, 1)))
			delete(files, "open/l1.json")
		}),
		"an old tree as a new commit": func(t *testing.T, s *gitStore, _ string) {
			tip := s.tip()
			s.push(s.change(s.parent(tip, 2), s.commits[s.parent(tip, 2)].Message, []string{tip}, func(map[string]string) {}))
		},
		"an event removed": edited(func(s *gitStore, files map[string]string) {
			files["open/l1.json"] = s.trees[s.commits[s.parent(s.tip(), 1)].Tree]["open/l1.json"]
		}),
		"a lease removed": edited(func(_ *gitStore, files map[string]string) { delete(files, "open/l1.json") }),
		"every lease removed": edited(func(_ *gitStore, files map[string]string) {
			delete(files, "open/l1.json")
			delete(files, "ended/l0.json")
		}),
		"a lease moved to ended": edited(func(_ *gitStore, files map[string]string) {
			files["ended/l1.json"] = files["open/l1.json"]
			delete(files, "open/l1.json")
		}),
		"a lease reopened": edited(func(_ *gitStore, files map[string]string) {
			files["open/l0.json"] = files["ended/l0.json"]
			delete(files, "ended/l0.json")
		}),
		"a lease copied":          edited(func(_ *gitStore, files map[string]string) { files["open/l9.json"] = files["open/l1.json"] }),
		"no README":               edited(func(_ *gitStore, files map[string]string) { delete(files, "README.md") }),
		"a strange file":          edited(func(s *gitStore, files map[string]string) { files["x"] = s.addBlob([]byte("x")) }),
		"a huge file":             edited(func(s *gitStore, files map[string]string) { files["open/l1.json"] = s.addBlob(make([]byte, 2<<20)) }),
		"nothing changed at all":  edited(func(*gitStore, map[string]string) {}),
		"the tip's message again": edited(func(s *gitStore, files map[string]string) { maps.Copy(files, s.trees[s.commits[s.tip()].Tree]) }),
		"many commits on top": func(t *testing.T, s *gitStore, _ string) {
			for range 150 {
				s.push(junk(s, s.tip()))
			}
		},
		"many commits in one push": func(t *testing.T, s *gitStore, _ string) {
			tip := s.tip()
			for range 300 {
				tip = junk(s, tip)
			}
			s.push(tip)
		},
		"a merge with an older one": func(t *testing.T, s *gitStore, _ string) {
			s.push(junk(s, s.tip(), s.parent(s.tip(), 3)))
		},
		"an older one merged with it": func(t *testing.T, s *gitStore, _ string) {
			s.push(junk(s, s.parent(s.tip(), 3), s.tip()))
		},
		"the tip far behind an older one": func(t *testing.T, s *gitStore, _ string) {
			deep := s.tip()
			for range 300 {
				deep = junk(s, deep)
			}
			s.push(junk(s, s.parent(s.tip(), 3), deep))
		},
		"a merge with the loser of a race": func(t *testing.T, s *gitStore, loser string) {
			s.push(junk(s, loser, s.tip()))
		},
		"the ledger of another repository, merged": func(t *testing.T, s *gitStore, _ string) {
			s.push(junk(s, elsewhere(t, s, ledger.BranchOptions{Repository: "acme/other"}), s.tip()))
		},
		"the ledger of another repository": func(t *testing.T, s *gitStore, _ string) {
			s.force(elsewhere(t, s, ledger.BranchOptions{Repository: "acme/other"}))
		},
		"the ledger of another branch": func(t *testing.T, s *gitStore, _ string) {
			s.force(elsewhere(t, s, ledger.BranchOptions{Repository: "acme/infra", Branch: "old-ledger"}))
		},
		"the first commit as a merge": func(t *testing.T, s *gitStore, _ string) {
			first := s.commits[s.parent(s.tip(), 5)]
			s.push(s.addCommit(first.Tree, []string{s.tip(), s.parent(s.tip(), 1)}, first.Message).SHA)
		},
		"the first commit on top": func(t *testing.T, s *gitStore, _ string) {
			first := s.commits[s.parent(s.tip(), 5)]
			s.push(s.addCommit(first.Tree, []string{s.tip()}, first.Message).SHA)
		},
		"a commit on top, and set back": func(t *testing.T, s *gitStore, _ string) {
			older := s.parent(s.tip(), 2)
			s.push(junk(s, s.tip()))
			s.force(older)
		},
		"set back": func(t *testing.T, s *gitStore, _ string) {
			s.force(s.parent(s.tip(), 2))
		},
		"set back to its first commit": func(t *testing.T, s *gitStore, _ string) {
			s.force(s.parent(s.tip(), 5))
		},
		"set back and forth": func(t *testing.T, s *gitStore, _ string) {
			tip := s.tip()
			s.force(s.parent(tip, 2))
			s.force(tip)
		},
		"set back, and a commit on top": func(t *testing.T, s *gitStore, _ string) {
			older := s.parent(s.tip(), 2)
			s.force(older)
			s.push(junk(s, older))
		},
		"the loser of a race in its place": func(t *testing.T, s *gitStore, loser string) {
			s.force(loser)
		},
		"deleted": func(t *testing.T, s *gitStore, _ string) {
			s.remove()
		},
		"deleted and made again": func(t *testing.T, s *gitStore, _ string) {
			tip := s.tip()
			s.remove()
			s.create(tip)
		},
		"deleted and made again, older": func(t *testing.T, s *gitStore, _ string) {
			tip := s.tip()
			s.remove()
			s.create(s.parent(tip, 2))
		},
		"deleted and made again, strange": func(t *testing.T, s *gitStore, _ string) {
			orphan := s.addCommit(s.addTree(map[string]string{"README.md": s.addBlob([]byte("mine"))}), nil, "mine")
			s.remove()
			s.create(orphan.SHA)
		},
	}
}

// pasts are what may have happened to the ledger of history before, each accepted by a person.
var pasts = map[string]func(t *testing.T, s *gitStore){
	"at peace": func(*testing.T, *gitStore) {},
	"set back before": func(t *testing.T, s *gitStore) {
		older := s.parent(s.tip(), 1)
		s.force(older)
		mustAppend(t, branch(t, s, s.accept()...), "l1", access.StateElevated)
	},
	"just put where it is": func(_ *testing.T, s *gitStore) {
		tip := s.tip()
		s.force(s.parent(tip, 1))
		s.force(tip)
	},
	"on top of a foreign commit": func(_ *testing.T, s *gitStore) {
		s.push(s.change(s.tip(), "mine", []string{s.tip()}, func(map[string]string) {}))
	},
	"put on a foreign commit": func(_ *testing.T, s *gitStore) {
		foreign := s.change(s.tip(), "mine", []string{s.tip()}, func(map[string]string) {})
		s.force(s.parent(s.tip(), 2))
		s.force(foreign)
	},
	"deleted before": func(_ *testing.T, s *gitStore) {
		tip := s.tip()
		s.remove()
		s.create(tip)
	},
}

// TestAnAttackOnTheBranchIsAnErrorAndHidesNothing: beside the error, every reader has the leases as they were, so that a
// sweep does what it should and nothing else; a step-down is recorded; nothing is opened until a person has accepted it.
func TestAnAttackOnTheBranchIsAnErrorAndHidesNothing(t *testing.T) {
	t.Parallel()
	for past, happened := range pasts {
		for name, attack := range attacks() {
			t.Run(past+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { attacked(t, happened, attack) })
			})
		}
	}
}

func attacked(t *testing.T, happened func(*testing.T, *gitStore), attack func(*testing.T, *gitStore, string)) {
	s, loser := history(t)
	happened(t, s)
	past := s.accept()
	witness := branch(t, s, past...) // a process that has seen the ledger before
	if _, err := witness.Leases(t.Context()); err != nil {
		t.Fatal(err)
	}
	attack(t, s, loser)
	accepted := s.accept()

	for who, b := range map[string]*ledger.Branch{"new": branch(t, s, past...), "witness": witness} {
		leases, err := b.Leases(t.Context())
		if !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("%s: error = %v", who, err)
		}
		if got := states(leases); !maps.Equal(got, truth) {
			t.Errorf("%s: leases = %v", who, got)
		}
		if _, err := b.Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("%s: a lease was opened: %v", who, err)
		}
	}
	foreign := s.tip()
	mustAppend(t, branch(t, s, past...), "l1", access.StateUndoing) // by a process that begins with it
	mustAppend(t, witness, "l1", access.StateUndone)
	leases, err := branch(t, s, past...).Leases(t.Context())
	if got := states(leases); !errors.Is(err, ledger.ErrTampered) || got["l1"] != access.StateUndone || len(got) != 2 {
		t.Errorf("after the step-down: leases = %v, error = %v", got, err)
	}
	if _, err := branch(t, s, past...).Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
		t.Errorf("a lease was opened: %v", err)
	}

	accepted = append(accepted, foreign)
	mustOpen(t, branch(t, s, accepted...), "l3", "00u3")
	leases, err = branch(t, s, accepted...).Leases(t.Context())
	if got := states(leases); err != nil || got["l1"] != access.StateUndone || got["l3"] != access.StateLeased || len(got) != 3 {
		t.Errorf("after it was accepted: leases = %v, error = %v", got, err)
	}
}

// TestWhatWasAcceptedOnceIsNotAcceptedAgain repeats an attack that a person has accepted.
func TestWhatWasAcceptedOnceIsNotAcceptedAgain(t *testing.T) {
	t.Parallel()
	for name, attack := range attacks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, loser := history(t)
				tip := s.tip()
				attack(t, s, loser)
				accepted := s.accept()
				mustAppend(t, branch(t, s), "l1", access.StateUndoing)
				s.force(tip) // back, as a person may: this is the one that is accepted too
				accepted = append(accepted, s.accept()...)
				n := len(s.pushes)
				attack(t, s, loser)
				if len(s.pushes) == n {
					t.Fatal("nothing was done")
				}
				if leases, err := branch(t, s, accepted...).Leases(t.Context()); !errors.Is(err, ledger.ErrTampered) {
					t.Errorf("leases = %v, error = %v", states(leases), err)
				}
			})
		})
	}
}
