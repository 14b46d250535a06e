package ledger_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
)

// hosted is a repository on an emulated GitHub, over HTTP.
type hosted struct {
	hub              *githubemu.Hub
	program, mallory *github.Client
}

func host(t *testing.T) hosted {
	t.Helper()
	hub := githubemu.New(githubemu.Options{Repository: "acme/infra", Token: "workflow", RateLimit: 1 << 20})
	hub.AddToken("mallory", githubemu.Token{Login: "mallory", Type: githubemu.UserToken, Permissions: map[string]string{"contents": "write"}})
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := func(token string) *github.Client {
		c, err := github.New(github.Config{APIURL: server.URL, Repository: "acme/infra", Token: access.NewSecret(token), Transport: transport, UserAgent: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return hosted{hub, client("workflow"), client("mallory")}
}

// history is what history makes, here.
func (h hosted) history(t *testing.T) (loser string) {
	t.Helper()
	b := branch(t, h.program)
	mustOpen(t, b, "l0", "00u0")
	mustAppend(t, b, "l0", access.StateUndoing, access.StateUndone)
	mustOpen(t, b, "l1", "00u1")
	mustAppend(t, b, "l1", access.StateReady)
	tip := h.hub.Head(ledger.DefaultBranch)
	c, err := h.program.Commit(t.Context(), tip)
	if err != nil {
		t.Fatal(err)
	}
	generation, _ := b.Genuine(c)
	message, err := b.Seal("undoing: lost\n\n", generation+1, c.Tree, tip)
	if err != nil {
		t.Fatal(err)
	}
	lost, err := h.program.CreateCommit(t.Context(), c.Tree, nil, []string{tip}, message)
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, b, "l1", access.StateElevated)
	return lost.SHA
}

// copy reads all that is on the branch, and the commit beside it.
func (h hosted) copy(t *testing.T, beside string) *gitStore {
	t.Helper()
	s := newStore()
	for todo := []string{h.hub.Head(ledger.DefaultBranch), beside}; len(todo) > 0; todo = todo[1:] {
		c, err := h.mallory.Commit(t.Context(), todo[0])
		if err != nil {
			t.Fatal(err)
		}
		s.commits[c.SHA] = c
		if s.trees[c.Tree], err = h.mallory.TreeFiles(t.Context(), c.Tree); err != nil {
			t.Fatal(err)
		}
		for _, sha := range s.trees[c.Tree] {
			if s.blobs[sha], err = h.mallory.Blob(t.Context(), sha); err != nil {
				t.Fatal(err)
			}
		}
		todo = append(todo, c.Parents...)
	}
	s.refs[ledger.DefaultBranch] = h.hub.Head(ledger.DefaultBranch)
	return s
}

// replay does here what was done in the copy.
func (h hosted) replay(t *testing.T, s *gitStore) {
	t.Helper()
	made := map[string]string{strings.Repeat("0", 40): ""}
	var remake func(sha string) string
	remake = func(sha string) string {
		if at, ok := made[sha]; ok {
			return at
		}
		made[sha] = sha
		if _, err := h.mallory.Commit(t.Context(), sha); err == nil {
			return sha
		}
		c, files := s.commits[sha], map[string][]byte{}
		for path, blob := range s.trees[c.Tree] {
			files[path] = append([]byte{}, s.blobs[blob]...)
		}
		var parents []string
		for _, p := range c.Parents {
			parents = append(parents, remake(p))
		}
		again, err := h.mallory.CreateCommit(t.Context(), "", files, parents, c.Message)
		if err != nil {
			t.Fatal(err)
		}
		made[sha] = again.SHA
		return again.SHA
	}
	for _, p := range s.pushes {
		switch p.Kind {
		case access.PushForced:
			h.hub.ForcePush("mallory", ledger.DefaultBranch, remake(p.After))
		case access.PushDeletion:
			h.hub.DeleteBranch("mallory", ledger.DefaultBranch)
		case "branch_creation":
			h.hub.CreateBranch("mallory", ledger.DefaultBranch, remake(p.After))
		default:
			if err := h.mallory.MoveBranch(t.Context(), ledger.DefaultBranch, remake(p.Before), remake(p.After)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTheAttacksOnGitHub does by API what TestAnAttackOnTheBranchIsAnErrorAndHidesNothing does in memory.
func TestTheAttacksOnGitHub(t *testing.T) {
	t.Parallel()
	for name, attack := range attacks() {
		if strings.HasPrefix(name, "many ") {
			continue // hundreds of requests show no more here
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := host(t)
			loser := h.history(t)
			s := h.copy(t, loser)
			attack(t, s, loser)
			h.replay(t, s)

			leases, err := branch(t, h.program).Leases(t.Context())
			if got := states(leases); !errors.Is(err, ledger.ErrTampered) || !maps.Equal(got, truth) {
				t.Errorf("leases = %v, %v", got, err)
			}
			if _, err := branch(t, h.program).Open(t.Context(), terms("l3", "00u3"), at); !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("a lease was opened: %v", err)
			}
			pushes, err := h.program.BranchHistory(t.Context(), ledger.DefaultBranch)
			if err != nil {
				t.Fatal(err)
			}
			accepted := acceptance(pushes, h.hub.Head(ledger.DefaultBranch))
			mustAppend(t, branch(t, h.program), "l1", access.StateUndoing, access.StateUndone)
			leases, err = branch(t, h.program).Leases(t.Context())
			if got := states(leases); !errors.Is(err, ledger.ErrTampered) || got["l1"] != access.StateUndone || len(got) != 2 {
				t.Errorf("after the step-down: leases = %v, %v", got, err)
			}
			mustOpen(t, branch(t, h.program, accepted...), "l3", "00u3")
		})
	}
}

// TestTheContractOnGitHub is TestEveryKindOfLedger over HTTP.
func TestTheContractOnGitHub(t *testing.T) {
	t.Parallel()
	for name, check := range contract {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := host(t)
			check(t, func(key access.Secret) book {
				b, err := ledger.NewBranch(h.program, key, ledger.BranchOptions{Repository: "acme/infra"})
				if err != nil {
					t.Fatal(err)
				}
				return b
			})
		})
	}
}

// TestEachRequestMayBeLost loses each request of a transition to GitHub.
func TestEachRequestMayBeLost(t *testing.T) {
	t.Parallel()
	for n := range 10 {
		for what, fault := range map[string]githubemu.Fault{
			"before":    {DropBefore: true},
			"after":     {DropAfter: true},
			"truncated": {Truncate: true},
			"gateway":   {Status: 502, AfterEffect: true},
			"refused":   {Status: 403, Body: `{"message": "Resource not accessible by integration"}`},
			"conflict":  {Status: 409, Body: `{"message": "Conflict"}`},
		} {
			t.Run(fmt.Sprint(what, n), func(t *testing.T) {
				t.Parallel()
				h := host(t)
				h.history(t)
				fault.Skip, fault.Count = n, 1
				h.hub.Inject(fault)
				b, entry := branch(t, h.program), access.Entry{State: access.StateUndoing, At: at}
				_, err := b.Append(t.Context(), "l1", entry)
				h.hub.ClearFaults()
				leases, readErr := branch(t, h.program).Leases(t.Context())
				if readErr != nil || len(leases) != 2 {
					t.Fatalf("leases = %v, %v", states(leases), readErr)
				}
				if err == nil && states(leases)["l1"] != access.StateUndoing {
					t.Errorf("it was said to be recorded, and is not")
				}
				if err == nil {
					return
				}
				if _, err := b.Append(t.Context(), "l1", entry); err != nil {
					t.Errorf("again: %v", err)
				}
				leases, readErr = branch(t, h.program).Leases(t.Context())
				i := slices.IndexFunc(leases, func(l access.Lease) bool { return l.ID == "l1" })
				if readErr != nil || i < 0 || len(leases[i].Events) != 4 {
					t.Errorf("leases = %+v, %v", leases, readErr)
				}
			})
		}
	}
}

// TestManyWritersOnGitHub has sixteen processes open a lease each, at once.
func TestManyWritersOnGitHub(t *testing.T) {
	t.Parallel()
	h := host(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			b := branch(t, h.program)
			id := fmt.Sprint("l", i)
			if _, err := b.Open(t.Context(), terms(id, fmt.Sprint("00u", i)), at); err != nil {
				t.Error(err)
				return
			}
			if _, err := b.Append(t.Context(), id, access.Entry{State: access.StateReady, At: at}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	leases, err := branch(t, h.program).Leases(t.Context())
	if err != nil || len(leases) != 16 {
		t.Fatalf("%d leases, %v", len(leases), err)
	}
	for _, l := range leases {
		if l.State != access.StateReady {
			t.Errorf("lease %s is %s", l.ID, l.State)
		}
	}
}
