package github

import (
	"testing"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/githubemu"
)

// TestBranchHistory keeps what was taken from a branch in sight, however much was pushed to it since.
func TestBranchHistory(t *testing.T) {
	t.Parallel()
	hub, c := inMemory(t, githubemu.Options{})
	first := hub.CommitAs("ann", "ledger", map[string]githubemu.Entry{"a": {Content: "1"}})
	hub.CommitAs("ann", "ledger", map[string]githubemu.Entry{"a": {Content: "2"}})
	hub.ForcePush("mallory", "ledger", first)
	hub.DeleteBranch("mallory", "ledger")
	hub.CreateBranch("mallory", "ledger", first)
	few, err := c.BranchHistory(t.Context(), "ledger")
	if err != nil || len(few) != 5 {
		t.Fatalf("%+v, %v", few, err)
	}
	for range recentPushes + 20 {
		hub.CommitAs("ann", "ledger", nil)
	}
	before := len(hub.Requests())
	got, err := c.BranchHistory(t.Context(), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	if calls := len(hub.Requests()) - before; calls > recentPushes/perPage+2 {
		t.Errorf("it took %d calls", calls)
	}
	taken := got[recentPushes:]
	if len(taken) != 2 || taken[0].Kind != access.PushDeletion || taken[1].Kind != access.PushForced || taken[1].Actor != "mallory" {
		t.Errorf("beyond the newest pushes: %+v", taken)
	}
	if never, err := c.BranchHistory(t.Context(), "never"); err != nil || len(never) != 0 {
		t.Errorf("a branch that never was: %v, %v", never, err)
	}
}
