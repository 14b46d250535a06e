package okta

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stepdown/stepdown/internal/access"
)

// pacedTransport is a transport over w.
func pacedTransport(t interface{ Fatal(...any) }, w http.RoundTripper, ceiling int) *transport {
	org, err := parseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := newTransport(Config{Token: access.NewSecret(testToken), Transport: w}, org, newPace(ceiling, defaultConcurrency))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// send makes one request and returns its error.
func send(ctx context.Context, tr *transport, method, path string) error {
	req, err := http.NewRequestWithContext(ctx, method, "https://acme.okta.com"+path, nil)
	if err != nil {
		return err
	}
	_, err = tr.RoundTrip(req)
	return err
}

// work does the jobs from several goroutines and returns the errors.
func work(ctx context.Context, tr *transport, jobs []job, goroutines int) []error {
	todo := make(chan job)
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for j := range todo {
				if err := send(ctx, tr, j.method, j.path); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, j := range jobs {
		todo <- j
	}
	close(todo)
	wg.Wait()
	return errs
}

// auditLimits are the buckets of an audit, with limits as they are in small and large orgs.
func auditLimits() map[string]*counter {
	return map[string]*counter{
		"/api/v1/users":          {limit: 600},
		"/api/v1/users/{id} GET": {limit: 600, phase: 17 * time.Second},
		"/api/v1/groups":         {limit: 500, phase: 3 * time.Second},
		"/api/v1/iam":            {limit: 100, phase: 41500 * time.Millisecond},
		"/api/v1/logs":           {limit: 20, phase: 250 * time.Millisecond},
	}
}

var auditWeights = map[string]int{"/api/v1/users/1/roles": 600, "/api/v1/users/1": 600, "/api/v1/groups/1/roles": 500, "/api/v1/iam/roles": 100, "/api/v1/logs": 20}

func TestPaceDrawsNo429(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*windows){
		"alone":             func(*windows) {},
		"reset rounded up":  func(w *windows) { w.ceil = true },
		"server is ahead":   func(w *windows) { w.skew = 3 * time.Minute },
		"server is behind":  func(w *windows) { w.skew = -3 * time.Minute },
		"half a second off": func(w *windows) { w.skew = 500 * time.Millisecond },
		"slow and uneven": func(w *windows) {
			w.latency = func(r *rand.Rand) time.Duration {
				if r.IntN(20) == 0 {
					return time.Duration(r.IntN(3000)) * time.Millisecond
				}
				return time.Duration(r.IntN(150)) * time.Millisecond
			}
		},
		"another client within its share": func(w *windows) {
			for _, b := range w.buckets {
				b.others = func(since time.Duration, _ int) int {
					most := b.limit/2 - b.taken
					return min(most, w.rng.IntN(2+b.limit/50))
				}
			}
		},
		"another client without measure": func(w *windows) {
			for _, b := range w.buckets {
				b.others = func(time.Duration, int) int { return w.rng.IntN(3) }
			}
		},
		"another client with most of it, without measure": func(w *windows) {
			for _, b := range w.buckets {
				b.others = func(since time.Duration, _ int) int {
					due := int(since.Seconds()*2*float64(b.limit)/60) - b.taken
					return min(due, b.limit*8/10-b.taken, w.rng.IntN(1+b.limit/25))
				}
			}
		},
		"all windows on the full minute": func(w *windows) {
			for _, b := range w.buckets {
				b.phase = 0
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWindows(11)
				w.buckets = auditLimits()
				set(w)
				tr := pacedTransport(t, w, DefaultRateCeiling)
				began := time.Now()
				if errs := work(t.Context(), tr, workload(2000, auditWeights), 8); len(errs) > 0 {
					t.Errorf("%d errors: %v", len(errs), errs[0])
				}
				took := time.Since(began)
				allowed, calls := 0.0, 0
				for _, b := range w.buckets {
					allowed += float64(b.limit) / 2
					calls += b.answered
				}
				best := time.Duration(float64(calls) / allowed * float64(time.Minute))
				t.Logf("%d calls in %v, at best %v, %d denied, %d at once", calls, took, best, w.denied, w.most)
				most := 0
				if strings.Contains(name, "measure") { // what others may take at once cannot be known
					most = 2
				}
				if w.denied > most || w.busy > 0 || w.most > defaultConcurrency {
					t.Errorf("%d were denied, %d at once too many, at most %d at once", w.denied, w.busy, w.most)
				}
				if most := best*11/10 + time.Minute; took > most && !strings.Contains(name, "measure") {
					t.Errorf("took %v, more than %v", took, most)
				}
			})
		})
	}
}

// TestPaceOfOneLimit: each small limit by itself is used well.
func TestPaceOfOneLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{20, 21, 25, 50, 100, 600, 1200} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWindows(uint64(limit))
				w.buckets = map[string]*counter{"/api/v1/logs": {limit: limit, phase: 7300 * time.Millisecond}}
				calls := limit / 2 * 20
				began := time.Now()
				if errs := work(t.Context(), pacedTransport(t, w, DefaultRateCeiling), workload(calls, map[string]int{logsPath: 1}), 8); len(errs) > 0 {
					t.Errorf("%d errors: %v", len(errs), errs[0])
				}
				took := time.Since(began)
				t.Logf("%d calls in %v", calls, took)
				if most := 20*time.Minute*11/10 + time.Minute; w.denied > 0 || took > most {
					t.Errorf("%d denied, took %v, at most %v", w.denied, took, most)
				}
			})
		})
	}
}

// TestPaceSpreadsTheRest: when half of the budget is used, nobody waits until the end of the window.
func TestPaceSpreadsTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(2)
		w.buckets = map[string]*counter{"/api/v1/users": {limit: 80}}
		tr := pacedTransport(t, w, DefaultRateCeiling)
		began := time.Now()
		var longest time.Duration
		for range 200 {
			asked := time.Now()
			if err := send(t.Context(), tr, "GET", "/api/v1/users"); err != nil {
				t.Fatal(err)
			}
			longest = max(longest, time.Since(asked))
		}
		if took := time.Since(began); longest > 10*time.Second || took > 5*time.Minute {
			t.Errorf("one waited for %v; all took %v", longest, took)
		}
	})
}

// TestPaceOfASharedLimit: what this program takes for two limits is one.
func TestPaceOfASharedLimit(t *testing.T) {
	t.Parallel()
	for name, paths := range map[string]map[string]int{
		"lists and accounts": {"/api/v1/users": 1, "/api/v1/users/1": 1},
		"three of a family":  {"/api/v1/users": 3, "/api/v1/users/1": 1, "/api/v1/users/me": 1},
		"not of a family":    {"/api/v1/groups": 2, "/api/v1/iam/roles": 1},
		"all that is left":   {"/api/v1/zones": 2, "/api/v1/iam/roles": 1, "/api/v1/new/x": 1},
	} {
		for _, limit := range []int{20, 60, 600} {
			t.Run(fmt.Sprint(name, limit), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWindows(uint64(limit))
					w.buckets = map[string]*counter{"one": {limit: limit, phase: 12 * time.Second}}
					w.bucketOf = func(string, string) string { return "one" }
					if errs := work(t.Context(), pacedTransport(t, w, DefaultRateCeiling), workload(limit*3, paths), 8); len(errs) > 0 {
						t.Errorf("%d errors: %v", len(errs), errs[0])
					}
					if w.denied > 0 {
						t.Errorf("%d denied", w.denied)
					}
				})
			})
		}
	}
}

// TestPaceOfTwoLimitsUnderOneName: the name stands for two limits, so that it is taken at the pace of the smaller one.
func TestPaceOfTwoLimitsUnderOneName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(5)
		w.buckets = map[string]*counter{"a": {limit: 100}, "b": {limit: 100, phase: 30 * time.Second}}
		w.bucketOf = func(_, path string) string { return path[len(path)-1:] }
		tr := pacedTransport(t, w, DefaultRateCeiling)
		time.Sleep(29 * time.Second) // so that most of a budget falls into b's window, and the next one too
		if err := send(t.Context(), tr, "GET", "/api/v1/iam/a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if errs := work(t.Context(), tr, workload(400, map[string]int{"/api/v1/iam/a": 1, "/api/v1/iam/b": 9}), 8); len(errs) > 0 {
			t.Errorf("%d errors: %v", len(errs), errs[0])
		}
		if w.denied > 0 {
			t.Errorf("%d denied", w.denied)
		}
	})
}

func TestPaceNeverLetsMoreThrough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		limit := rapid.IntRange(4, 300).Draw(r, "limit")
		length := time.Duration(rapid.IntRange(10, 60).Draw(r, "window")) * time.Second
		phase := time.Duration(rapid.IntRange(0, 59_999).Draw(r, "phase")) * time.Millisecond
		slowest := rapid.IntRange(1, 4000).Draw(r, "slowest")
		ceiling := rapid.SampledFrom([]int{10, 50, 50, 80, 100}).Draw(r, "ceiling")
		greed := rapid.IntRange(0, 5).Draw(r, "other client")
		skew := time.Duration(rapid.IntRange(-180_000, 180_000).Draw(r, "skew")) * time.Millisecond
		up := rapid.Bool().Draw(r, "reset rounded up")
		shared := rapid.Bool().Draw(r, "shared")
		synctest.Test(t, func(t *testing.T) {
			w := newWindows(seed)
			w.share, w.skew, w.ceil = 100, skew, up
			w.latency = func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(slowest)) * time.Millisecond }
			b := &counter{limit: limit, length: length, phase: phase}
			share := limit - max(limit*ceiling/100, 1)
			b.others = func(time.Duration, int) int { return max(min(share-b.taken, w.rng.IntN(greed+1)), 0) }
			w.buckets = map[string]*counter{"one": b}
			w.bucketOf = func(string, string) string { return "one" }
			paths := map[string]int{"/api/v1/users": 1}
			if shared {
				paths["/api/v1/users/1"] = 2
			}
			if errs := work(t.Context(), pacedTransport(r, w, ceiling), workload(min(limit*2, 250), paths), 8); len(errs) > 0 {
				r.Errorf("%d errors: %v", len(errs), errs[0])
			}
			if most := max(limit*ceiling/100, 1); b.peak > most || w.denied > 0 {
				r.Errorf("%d in a window, allowed are %d; %d denied", b.peak, most, w.denied)
			}
		})
	})
}

// TestPaceOfWrites: they leave at once, and count.
func TestPaceOfWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(3)
		w.buckets = map[string]*counter{"/api/v1/users": {limit: 20, phase: 50 * time.Second}}
		w.latency = func(*rand.Rand) time.Duration { return 0 }
		tr := pacedTransport(t, w, DefaultRateCeiling)
		began := time.Now()
		const path = "/api/v1/users/1/roles"
		for i := range 10 {
			if err := send(t.Context(), tr, "DELETE", path); err != nil || time.Since(began) > 0 {
				t.Fatalf("write %d: %v after %v", i, err, time.Since(began))
			}
		}
		if err := send(t.Context(), tr, "GET", path); err != nil || time.Since(began) < 49*time.Second {
			t.Errorf("the read after ten writes: %v, after %v", err, time.Since(began))
		}
		if w.denied > 0 {
			t.Errorf("%d denied", w.denied)
		}
		for range 12 { // more than the token may have: the last waits as Okta says
			if err := send(t.Context(), tr, "POST", path); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); w.denied != 1 || took < time.Minute || took > 2*time.Minute+2*time.Second {
			t.Errorf("%d denied, after %v", w.denied, took)
		}
	})
}

// TestPaceEndsWithTheContext, wherever a read waits, and leaves nothing behind that holds others up.
func TestPaceEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(4)
		w.buckets = map[string]*counter{"/api/v1/logs": {limit: 20, phase: time.Second}}
		w.latency = func(*rand.Rand) time.Duration { return 5 * time.Second }
		tr := pacedTransport(t, w, DefaultRateCeiling)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(15*time.Second, cancel)
		began := time.Now()
		errs := work(ctx, tr, workload(30, map[string]int{logsPath: 1}), 30)
		if took := time.Since(began); took > 20*time.Second || len(errs) < 20 {
			t.Errorf("%d errors after %v", len(errs), took)
		}
		for _, err := range errs {
			var e *Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) {
				t.Errorf("error = %v", err)
			}
		}
		if err := send(t.Context(), tr, "GET", logsPath); err != nil || w.denied > 0 {
			t.Errorf("the next read: %v, %d denied", err, w.denied)
		}
	})
}

// TestPaceOfAReadThatCannotWait: one whose context would end before its turn goes out, one at a time.
func TestPaceOfAReadThatCannotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(4)
		w.buckets = map[string]*counter{"/api/v1/users": {limit: 40, phase: time.Second}}
		tr := pacedTransport(t, w, DefaultRateCeiling)
		const path = "/api/v1/users/1/roles"
		for range 20 {
			if err := send(t.Context(), tr, "POST", path); err != nil {
				t.Fatal(err)
			}
		}
		w.share = 100 // the ceiling is this program's own
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := send(ctx, tr, "GET", path); err != nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestPaceOfUrgentReads: they leave at once, whatever is used or unknown or under way, and count; a 429 they wait out.
func TestPaceOfUrgentReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(3)
		w.share, w.atOnce = 100, 100 // the bounds are this program's own
		w.buckets = map[string]*counter{"/api/v1/users": {limit: 40, phase: 50 * time.Second}}
		w.latency = func(*rand.Rand) time.Duration { return time.Second }
		tr := pacedTransport(t, w, DefaultRateCeiling)
		const path = "/api/v1/users/1/roles"
		began := time.Now()
		var all sync.WaitGroup
		for range 30 { // more than the ceiling, and than may be at once; none waits for a probe
			all.Go(func() {
				if err := send(access.Urgent(t.Context()), tr, "GET", path); err != nil || time.Since(began) != 2*time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		}
		all.Wait()
		if err := send(t.Context(), tr, "GET", path); err != nil || time.Since(began) < 49*time.Second {
			t.Errorf("a read after 30 that count: %v after %v", err, time.Since(began))
		}
		for range 45 {
			all.Go(func() {
				if err := send(access.Urgent(t.Context()), tr, "GET", path); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); w.denied != 6 || took > 2*time.Minute {
			t.Errorf("%d denied, all done after %v", w.denied, took)
		}
	})
}

// TestPaceOfOneReadAtATime: what is not known yet is asked once, and what never tells is asked one by one.
func TestPaceOfOneReadAtATime(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]func() []string{
		"missing":   func() []string { return nil },
		"malformed": func() []string { return rateHeaders("x", "y", "z") },
		"negative":  func() []string { return rateHeaders("-5", "-1", "17") },
		"long ago":  func() []string { return rateHeaders("5", "1", fmt.Sprint(math.MinInt64)) },
		"huge": func() []string {
			return rateHeaders("99999999999999999999", "99999999999999999999", "99999999999999999999")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var running, most atomic.Int32
				tr := pacedTransport(t, memory(func(*http.Request) (*http.Response, error) {
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(100 * time.Millisecond)
					running.Add(-1)
					return canned(200, `[]`, headers()...), nil
				}), DefaultRateCeiling)
				began := time.Now()
				errs := work(t.Context(), tr, workload(40, map[string]int{"/api/v1/users": 1}), 8)
				if took := time.Since(began); len(errs) > 0 || most.Load() != 1 || took != 4*time.Second {
					t.Errorf("%v, %d at once, after %v", errs, most.Load(), took)
				}
			})
		})
	}
}

func rateHeaders(limit, remaining, reset string) []string {
	return []string{"X-Rate-Limit-Limit", limit, "X-Rate-Limit-Remaining", remaining, "X-Rate-Limit-Reset", reset}
}

// TestPaceWhereTheResetIsOdd: a reset that cannot be is no reason to go faster than the limit.
func TestPaceWhereTheResetIsOdd(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]func(now time.Time) int64{
		"in the past":   func(now time.Time) int64 { return now.Unix() - 500 },
		"zero":          func(time.Time) int64 { return 0 },
		"an hour ahead": func(now time.Time) int64 { return now.Unix() + 3600 },
		"for ever":      func(time.Time) int64 { return math.MaxInt64 },
	} {
		for _, date := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " ", date), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var sent atomic.Int32
					tr := pacedTransport(t, memory(func(*http.Request) (*http.Response, error) {
						headers := rateHeaders("40", fmt.Sprint(40-sent.Add(1)%40), fmt.Sprint(reset(time.Now())))
						if date {
							headers = append(headers, "Date", time.Now().UTC().Format(http.TimeFormat))
						}
						return canned(200, `[]`, headers...), nil
					}), DefaultRateCeiling)
					began := time.Now()
					if errs := work(t.Context(), tr, workload(60, map[string]int{"/api/v1/users": 1}), 8); len(errs) > 0 {
						t.Error(errs)
					}
					if took := time.Since(began); took < 2*time.Minute || took > 6*time.Minute {
						t.Errorf("took %v", took)
					}
				})
			})
		}
	}
}

// TestPaceOfRequestsAtOnce: where the org takes fewer at once, this program comes down to it, and up again.
func TestPaceOfRequestsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(9)
		w.buckets = map[string]*counter{"/api/v1/users": {limit: 6000}}
		w.atOnce = 3
		tr := pacedTransport(t, w, DefaultRateCeiling)
		if errs := work(t.Context(), tr, workload(300, map[string]int{"/api/v1/users": 1}), 8); len(errs) > 0 {
			t.Errorf("%d errors: %v", len(errs), errs[0])
		}
		if w.busy > 20 {
			t.Errorf("refused %d times for requests at once", w.busy)
		}
		w.atOnce, w.most = 35, 0
		if errs := work(t.Context(), tr, workload(500, map[string]int{"/api/v1/users": 1}), 8); len(errs) > 0 || w.most != 8 {
			t.Errorf("%v, %d at once", errs, w.most)
		}
	})
}

// TestPaceLearnsASmallerShare: an admin gave the token less than the ceiling; after the first refusal it is kept to.
func TestPaceLearnsASmallerShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(10)
		w.buckets = map[string]*counter{"/api/v1/users": {limit: 200}}
		w.share = 10
		if errs := work(t.Context(), pacedTransport(t, w, DefaultRateCeiling), workload(200, map[string]int{"/api/v1/users": 1}), 8); len(errs) > 0 {
			t.Errorf("%d errors: %v", len(errs), errs[0])
		}
		if w.denied > 40 {
			t.Errorf("%d denied", w.denied)
		}
	})
}

func TestBucketOf(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"GET /api/v1/users":                           "/api/v1/users",
		"POST /api/v1/users":                          "/api/v1/users",
		"GET /api/v1/users/00u1":                      "/api/v1/users/{id} GET",
		"POST /api/v1/users/00u1":                     "/api/v1/users/{id}",
		"GET /api/v1/users/me":                        "/api/v1/users/me",
		"GET /api/v1/users/00u1/roles":                "/api/v1/users",
		"DELETE /api/v1/users/00u1/roles/ra1":         "/api/v1/users",
		"GET /api/v1/groups":                          "/api/v1/groups",
		"GET /api/v1/groups/00g1":                     "/api/v1/groups/{id}",
		"GET /api/v1/groups/00g1/users":               "/api/v1/groups",
		"GET /api/v1/apps/0oa1":                       "/api/v1/apps/{id}",
		"POST /api/v1/apps/0oa1/grants":               "/api/v1/apps",
		"GET /api/v1/api-tokens":                      "/api/v1",
		"PUT /api/v1/api-tokens/00T1":                 "/api/v1",
		"GET /api/v1/zones":                           "/api/v1",
		"GET /api/v1/org":                             "/api/v1",
		"GET /api/v1/iam/resource-sets/iam1/bindings": "/api/v1/iam",
		"GET /api/v1/iam/assignees/users":             "/api/v1/iam",
		"GET /api/v1/logs":                            "/api/v1/logs",
		"GET /oauth2/v1/clients/0oa1/roles":           "/oauth2/v1/clients",
		"POST /oauth2/v1/token":                       "/oauth2/v1/token",
		"GET /api/v1/something-new/1":                 "/api/v1/something-new",
		"GET /.well-known/okta-organization":          "/",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := bucketOf(method, path); got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
	if !kin("/api/v1", "/api/v1/iam") || !kin("/api/v1/users/{id}", "/api/v1/users/{id} GET") || kin("/api/v1/users", "/api/v1/groups") || kin("/api/v1/app", "/api/v1/apps") {
		t.Error("kin")
	}
}

func TestConfigOfThePace(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{RateCeiling: -1}, {RateCeiling: 101}, {Concurrency: -1}, {Concurrency: 36}} {
		c.OrgURL, c.Token, c.Transport = "https://acme.okta.com", access.NewSecret(testToken), memory(nil)
		if _, err := New(t.Context(), c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
