package okta

// That every request leaves in the end: nothing that an org says or keeps to itself may make a read wait for an answer
// that will not come.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	userRolesPath  = "/api/v1/users/1/roles"
	groupRolesPath = "/api/v1/groups/1/roles"
)

// fullMinutes is an org whose limits, one for each bucket or one for all, run with the minutes of the clock. From the
// request on for which denies is true, others have taken the rest of that minute.
type fullMinutes struct {
	limit  int
	shared bool
	denies func(number int) bool

	mu             sync.Mutex
	minute, number int64
	used           map[string]int
	denied         map[string]bool
}

func (f *fullMinutes) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	minute := now.Unix() / 60
	if minute != f.minute {
		f.minute, f.used, f.denied = minute, map[string]int{}, map[string]bool{}
	}
	bucket := bucketOf(r.Method, r.URL.Path)
	if f.shared {
		bucket = "all"
	}
	f.number++
	f.denied[bucket] = f.denied[bucket] || f.denies != nil && f.denies(int(f.number))
	headers := func(remaining int) []string {
		return append(rateHeaders(fmt.Sprint(f.limit), fmt.Sprint(max(remaining, 0)), fmt.Sprint((minute+1)*60)),
			"Date", now.UTC().Format(http.TimeFormat))
	}
	if f.denied[bucket] {
		return canned(http.StatusTooManyRequests, `{"errorCode":"E0000047"}`, headers(0)...), nil
	}
	f.used[bucket]++
	if r.Method == http.MethodGet {
		return canned(http.StatusOK, `[]`, headers(f.limit-f.used[bucket])...), nil
	}
	return canned(http.StatusNoContent, ``, headers(f.limit-f.used[bucket])...), nil
}

// atFullMinute waits for the clock's next one.
func atFullMinute() { time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute))) }

// leaves tells whether a request is sent within an hour, whatever comes of it. Its context has no deadline: a read that
// has one may go out before its turn.
func leaves(ctx context.Context, tr *transport, method, path string) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(time.Hour, cancel).Stop()
	_ = send(ctx, tr, method, path)
	return ctx.Err() == nil
}

// TestARefusalAfterTwoLimitsWereToldApart: it makes them one again, with what both had used in the window that is over.
func TestARefusalAfterTwoLimitsWereToldApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls = 580
		tr := pacedTransport(t, &fullMinutes{limit: 600, denies: func(n int) bool { return n == calls+1 }}, DefaultRateCeiling)
		atFullMinute()
		var jobs []job
		for i := range calls {
			jobs = append(jobs, job{http.MethodGet, []string{userRolesPath, groupRolesPath}[i%2]})
		}
		if errs := work(t.Context(), tr, jobs, 8); len(errs) > 0 {
			t.Fatal(errs)
		}
		for range 3 {
			if !leaves(t.Context(), tr, http.MethodGet, userRolesPath) {
				t.Error("a read waits for ever")
			}
		}
	})
}

// TestARefusalOfASharedLimit: the bucket that is refused has had little of it, the other one nearly all.
func TestARefusalOfASharedLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := pacedTransport(t, &fullMinutes{limit: 100, shared: true, denies: func(n int) bool { return n == 44 }}, DefaultRateCeiling)
		atFullMinute()
		for i := range 43 {
			if err := send(t.Context(), tr, http.MethodGet, []string{groupRolesPath, userRolesPath}[i/40]); err != nil {
				t.Fatal(err)
			}
		}
		if !leaves(t.Context(), tr, http.MethodGet, userRolesPath) {
			t.Error("a read waits for ever")
		}
	})
}

// TestAReadAfterManyWrites of a related bucket, which know no ceiling.
func TestAReadAfterManyWrites(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{2, 4, 10, 20, 50, 100} {
		for extra := range 3 {
			t.Run(fmt.Sprint(limit, "/", extra), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					tr := pacedTransport(t, &fullMinutes{limit: limit, shared: true}, DefaultRateCeiling)
					atFullMinute()
					if err := send(t.Context(), tr, http.MethodGet, "/api/v1/api-tokens"); err != nil {
						t.Fatal(err)
					}
					for range limit/2 + extra {
						if err := send(t.Context(), tr, http.MethodDelete, userRolesPath+"/1"); err != nil {
							t.Fatal(err)
						}
					}
					if !leaves(t.Context(), tr, http.MethodGet, "/api/v1/api-tokens") {
						t.Error("a read waits for ever")
					}
				})
			})
		}
	}
}

// TestEveryRequestLeaves: in a random mix of reads and writes none waits for ever.
func TestEveryRequestLeaves(t *testing.T) {
	t.Parallel()
	paths := []string{userRolesPath, groupRolesPath, "/api/v1/api-tokens", "/api/v1/iam/roles"}
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		limit := rapid.SampledFrom([]int{10, 20, 50, 100, 600}).Draw(r, "limit")
		shared := rapid.Bool().Draw(r, "shared")
		refusals := rapid.SampledFrom([]float64{0, 0.01, 0.03}).Draw(r, "refusals")
		atOnce := rapid.SampledFrom([]int{1, 1, 2, 5, 10}).Draw(r, "at once")
		synctest.Test(t, func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 0))
			tr := pacedTransport(r, &fullMinutes{limit: limit, shared: shared, denies: func(int) bool { return chance.Float64() < refusals }}, DefaultRateCeiling)
			time.Sleep(time.Duration(rand.New(rand.NewPCG(seed, 1)).IntN(60_000)) * time.Millisecond)
			var stuck atomic.Int32
			var wg sync.WaitGroup
			for worker := range atOnce {
				rng := rand.New(rand.NewPCG(seed, uint64(worker)+2))
				wg.Go(func() {
					for i := 0; i < 80/atOnce && stuck.Load() == 0; i++ {
						method, path := http.MethodGet, paths[rng.IntN(1+i*atOnce/20)]
						if rng.IntN(6) == 0 {
							method = http.MethodDelete
						}
						if rng.IntN(4) == 0 {
							time.Sleep(time.Duration(rng.IntN(8000)) * time.Millisecond)
						}
						ctx := t.Context()
						if rng.IntN(6) == 0 {
							ctx = access.Urgent(ctx)
						}
						if !leaves(ctx, tr, method, path) {
							stuck.Add(1)
						}
					}
				})
			}
			wg.Wait()
			if n := stuck.Load(); n > 0 {
				r.Errorf("%d requests wait for ever", n)
			}
		})
	})
}
