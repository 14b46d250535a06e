package elevation_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// TestManyApprovalsAtOnce: each account is asked for by four requests, all approved in the same moment, and all write to one ledger
// in one repository. One lease of an account is opened at a time; whatever becomes of each, nobody stays elevated. With STEPDOWN_LONG
// it is two hundred approvals of fifty accounts.
func TestManyApprovalsAtOnce(t *testing.T) {
	t.Parallel()
	accounts, each := 8, 4
	if os.Getenv("STEPDOWN_LONG") != "" {
		accounts = 50
	}
	c := newCrowd(t, accounts*each)
	if err := c.org.SetLimits(oktaemu.Limits{Every: 20_000, Concurrency: 1000}); err != nil {
		t.Fatal(err)
	}
	hub := &later{}
	for i := range c.flows {
		client, err := github.New(github.Config{APIURL: "http://127.0.0.1:2", Repository: "acme/okta-access", Token: access.NewSecret("ghs_x"), Transport: &distant{RoundTripper: hub}})
		if err != nil {
			t.Fatal(err)
		}
		if c.flows[i].Ledger, err = ledger.NewBranch(client, access.NewSecret(strings.Repeat("k", ledger.MinKeyLength)), ledger.BranchOptions{Repository: "acme/okta-access", Branch: ledger.DefaultBranch}); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		hub.line = &line{handler: githubemu.New(githubemu.Options{Token: "ghs_x", RateLimit: 1 << 20})}
		began := time.Now()
		var done, refused, undone, other atomic.Int64
		var all sync.WaitGroup
		for i := range c.flows {
			all.Go(func() {
				_, err := c.run(t.Context(), i%accounts, i, began.Add(time.Minute), access.DefaultSettings())
				var undoneErr *elevation.Undone
				switch {
				case err == nil:
					done.Add(1)
				case errors.Is(err, access.ErrLeaseTaken):
					refused.Add(1)
				case errors.As(err, &undoneErr):
					undone.Add(1)
				default:
					other.Add(1)
					t.Logf("run %d: %v", i, err)
				}
			})
		}
		all.Wait()
		time.Sleep(time.Hour)
		swept, err := c.flows[0].Sweep(context.Background(), dueNow)
		if err != nil {
			t.Error(err)
		}
		elevated := 0
		for i := range accounts {
			if strings.Contains(fmt.Sprint(c.org.RolesOf(account(i))), temporary) {
				elevated++
			}
		}
		t.Logf("%d requests for %d accounts at once: %d done, %d refused because the account had a lease, %d undone, %d otherwise; then swept %d; elevated %d",
			len(c.flows), accounts, done.Load(), refused.Load(), undone.Load(), other.Load(), len(swept.Swept), elevated)
		if elevated > 0 || done.Load() == 0 || refused.Load() == 0 {
			t.Error("that is not as it should be")
		}
		leases, err := c.flows[1].Ledger.Leases(context.Background())
		for _, l := range leases {
			if l.State.Open() {
				t.Errorf("lease %s is %s", l.ID, l.State)
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// later is a way to a server that is made later than it.
type later struct{ *line }
