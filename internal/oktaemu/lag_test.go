package oktaemu

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const exampleService = "svc-example@default.example"

const serviceRoles = "/api/v1/users/" + exampleService + "/roles"

// roleCount is how many roles a read of the service account shows.
func roleCount(t *testing.T, org *Org) int {
	t.Helper()
	return len(send(t, org, "GET", serviceRoles, "").list(t))
}

func TestReadsLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := keptOrg(t, DefaultSeed(), WithLag(10*time.Second))
		var got []string
		look := func() { got = append(got, fmt.Sprint(roleCount(t, org), len(org.RolesOf(exampleService)))) }
		made := send(t, org, "POST", serviceRoles, assignBody)
		look() // 0: not to be seen yet
		time.Sleep(5 * time.Second)
		if a := send(t, org, "POST", serviceRoles, assignBody); a.status != http.StatusConflict {
			t.Errorf("a write is of the present; status %d", a.status)
		}
		if a := send(t, org, "DELETE", serviceRoles+"/"+made.object(t)["id"].(string), ""); a.status != 204 {
			t.Errorf("status %d", a.status)
		}
		time.Sleep(4 * time.Second)
		look()                  // 9 s: not yet
		time.Sleep(time.Second) // 10 s: the grant, though it is taken back already
		look()
		time.Sleep(5 * time.Second)
		look() // 15 s: the removal
		if diff := cmp.Diff([]string{"0 1", "0 0", "1 0", "0 0"}, got); diff != "" {
			t.Errorf("roles shown and held:\n%s", diff)
		}
		events := send(t, org, "GET", "/api/v1/logs", "").list(t)
		if err := org.Assign(exampleService, "ORG_ADMIN"); err != nil {
			t.Fatal(err)
		}
		if again := send(t, org, "GET", "/api/v1/logs", "").list(t); len(again) != len(events) {
			t.Errorf("the System Log shows %d events at once, then %d", len(events), len(again))
		}
		org.Advance(10 * time.Second)
		if got := roleCount(t, org); got != 1 {
			t.Errorf("after the clock moved: %d roles", got)
		}
		if org.SetLag(0); org.journal != nil {
			t.Error("without a lag there is still a journal")
		}
	})
}

// TestLagIsAsIfTimeStoodStill compares, over a run of all sorts of changes, every read that lags with what the same read
// gave without a lag that much earlier.
func TestLagIsAsIfTimeStoodStill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lag = 3 * time.Second
		late := keptOrg(t, loadOrg(t, "acme.yaml"), WithLag(lag))
		now := keptOrg(t, loadOrg(t, "acme.yaml"))
		changes := []func(o *Org) error{
			func(o *Org) error { return o.Assign(invoice, "ORG_ADMIN") },
			func(o *Org) error { return o.DeleteCustomRole("Group reader") },
			func(o *Org) error { return o.SetStatus("dana.ops@acme.example", "DEPROVISIONED") },
			func(o *Org) error { return o.AddMember("Helpdesk tier 2", invoice) },
			func(o *Org) error { return o.AssignGroup("Helpdesk tier 2", "REPORT_ADMIN") },
			func(o *Org) error { return o.DeleteResourceSet("CI groups") },
			func(o *Org) error {
				o.state.tokens.remove(o.state.tokens.order[0])
				o.commit(true, o.now())
				return nil
			},
			func(*Org) error { return nil }, func(*Org) error { return nil }, func(*Org) error { return nil },
		}
		start := reads(t, now)
		history := []map[string]string{start, start} // before the first change, seconds -2 and -1
		for i, change := range changes {
			history = append(history, reads(t, now))
			for _, o := range []*Org{late, now} {
				if err := change(o); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(history[i], reads(t, late)); diff != "" {
				t.Fatalf("after change %d:\n%s", i, diff)
			}
			time.Sleep(lag / 3)
		}
	})
}

// reads are some lists of an org, by what they show of it; without times that every read moves.
func reads(t *testing.T, org *Org) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, target := range []string{
		"/api/v1/users?filter=status+eq+%22ACTIVE%22", "/api/v1/groups?expand=stats", "/api/v1/users/" + invoice + "/groups", assignPath,
		"/api/v1/iam/roles", "/api/v1/iam/resource-sets", "/api/v1/iam/assignees/users", "/api/v1/zones",
	} {
		out[target] = send(t, org, "GET", target, "").body
	}
	for _, token := range send(t, org, "GET", "/api/v1/api-tokens", "").list(t) {
		out["token "+token["name"].(string)] = "there"
	}
	return out
}

func TestStaleFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := keptOrg(t, DefaultSeed())
		org.Inject(Fault{Method: "GET", Path: "/api/v1/users/{user}/roles", StaleFor: 5 * time.Second, Skip: 1, Count: 3})
		var got []int
		send(t, org, "POST", serviceRoles, assignBody)
		for range 5 {
			got = append(got, roleCount(t, org))
			time.Sleep(2 * time.Second)
		}
		if diff := cmp.Diff([]int{1, 0, 0, 1, 1}, got); diff != "" {
			t.Errorf("roles shown after 0, 2, 4, 6 and 8 s:\n%s", diff)
		}
		if got := len(send(t, org, "GET", "/api/v1/iam/assignees/users", "").object(t)["value"].([]any)); got != 2 {
			t.Errorf("another route shows %d", got)
		}
		if org.ClearFaults(); org.journal != nil {
			t.Error("without faults there is still a journal")
		}
	})
}

func TestLateEffectWithLagAndClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := keptOrg(t, DefaultSeed(), WithLag(time.Minute), WithClockSkew(-time.Hour), WithLatency(time.Second))
		org.Inject(Fault{Method: "POST", LateEffect: 30 * time.Second, Count: 1})
		if got := org.Now(); !got.Equal(time.Now().Add(-time.Hour)) {
			t.Errorf("the org's clock says %v", got)
		}
		began := time.Now()
		if _, answered := attempt(org, httptestPost(t)); answered || time.Since(began) != time.Second {
			t.Errorf("answered %v after %v", answered, time.Since(began))
		}
		org.Advance(29 * time.Second)
		synctest.Wait()
		if got := len(org.RolesOf(exampleService)); got != 0 {
			t.Errorf("%d roles before it is due", got)
		}
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		if got := len(org.RolesOf(exampleService)); got != 1 {
			t.Errorf("%d roles when it was due", got)
		}
		if got := roleCount(t, org); got != 0 {
			t.Errorf("a read that lags shows %d roles", got)
		}
		org.Inject(Fault{Method: "DELETE", LateEffect: time.Hour, Count: 1})
		r := httptestPost(t)
		r.Method, r.URL.Path = "DELETE", serviceRoles+"/"+org.state.held[principal{userKind, oktaID("00u", exampleService)}][0].id
		attempt(org, r)
		org.Advance(time.Hour)
		if got := len(org.RolesOf(exampleService)); got != 0 {
			t.Errorf("%d roles right after the clock passed the effect", got)
		}
	})
}

// TestATokenDiesWhenTheClockPassesItsEnd: thirty days without use.
func TestATokenDiesWhenTheClockPassesItsEnd(t *testing.T) {
	t.Parallel()
	org := keptOrg(t, DefaultSeed())
	org.Advance(29 * 24 * time.Hour)
	if a := send(t, org, "GET", "/api/v1/users/me", ""); a.status != 200 {
		t.Errorf("after 29 days: status %d", a.status)
	}
	org.Advance(31 * 24 * time.Hour)
	if a := send(t, org, "GET", "/api/v1/users/me", ""); a.status != 401 {
		t.Errorf("31 days later: status %d", a.status)
	}
}

// TestLagIsCheap bounds the memory that a write under a lag keeps: what changed, and not a copy of the org, which has
// 2,000 users here. So that it is this test's memory, nothing runs beside it.
func TestLagIsCheap(t *testing.T) {
	const users, writes = 2000, 200
	org := keptOrg(t, crowd(users), WithLag(time.Hour))
	before := heap()
	for i := range writes {
		assignTo(t, org, i)
	}
	if got := heap() - before; got > writes*50<<10 {
		t.Errorf("%d writes keep %d KiB each", writes, got>>10/writes)
	}
	administrators := func() int {
		return len(send(t, org, "GET", "/api/v1/iam/assignees/users?limit=1000", "").object(t)["value"].([]any))
	}
	if got := administrators(); got != 1 {
		t.Errorf("a read that lags an hour shows %d administrators", got)
	}
	org.SetLag(time.Nanosecond)
	time.Sleep(time.Millisecond)
	if got := administrators(); got != writes+1 {
		t.Errorf("a read that lags no more shows %d administrators", got)
	}
}

// BenchmarkWriteUnderLag writes to an org of 10,000 users whose reads lag.
func BenchmarkWriteUnderLag(b *testing.B) {
	const users = 10_000
	org := keptOrg(b, crowd(users), WithLag(time.Hour))
	for i := 0; b.Loop(); i++ {
		if i%users == 0 && i > 0 {
			b.StopTimer()
			org = keptOrg(b, crowd(users), WithLag(time.Hour))
			b.StartTimer()
		}
		assignTo(b, org, i%users)
	}
}

// crowd is the default org with so many users more.
func crowd(users int) Seed {
	seed := DefaultSeed()
	for i := range users {
		seed.Users = append(seed.Users, SeedUser{Login: fmt.Sprintf("user-%05d@default.example", i)})
	}
	return seed
}

// assignTo gives a user of the crowd a role.
func assignTo(t testing.TB, org *Org, i int) {
	t.Helper()
	id := oktaID("00u", fmt.Sprintf("user-%05d@default.example", i))
	if a := send(t, org, "POST", "/api/v1/users/"+id+"/roles", assignBody); a.status != http.StatusCreated {
		t.Fatalf("status %d", a.status)
	}
}

// heap is how much memory is in use.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
