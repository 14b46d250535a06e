package okta

// Okta's rate limits in memory, for the tests of the pace: fixed windows by bucket, the share of one token in them, a limit
// of requests at once, other clients, a clock of its own, and answers that take their time.

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// counter is one of the server's buckets.
type counter struct {
	limit  int
	length time.Duration                                // of its window
	phase  time.Duration                                // when, past the full minute, its windows begin
	others func(since time.Duration, remaining int) int // how many other clients take at this time of the window, at most

	window   time.Time
	mine     int // by the token
	taken    int // by others
	peak     int // the most of the token's in one window
	answered int
}

// windows is the server. It must be made inside the bubble.
type windows struct {
	mu       sync.Mutex
	rng      *rand.Rand
	buckets  map[string]*counter
	bucketOf func(method, path string) string
	share    int // of the token, in percent
	atOnce   int
	skew     time.Duration
	ceil     bool // whether Reset is rounded up
	noDate   bool
	latency  func(*rand.Rand) time.Duration

	running, most int
	denied, busy  int
	last          time.Time
}

func newWindows(seed uint64) *windows {
	return &windows{
		rng: rand.New(rand.NewPCG(seed, 7)), buckets: map[string]*counter{}, bucketOf: bucketOf, share: 50, atOnce: 35,
		latency: func(r *rand.Rand) time.Duration {
			return 20*time.Millisecond + time.Duration(r.IntN(180))*time.Millisecond
		},
	}
}

func (w *windows) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	before, after := w.latency(w.rng), w.latency(w.rng)
	w.mu.Unlock()
	time.Sleep(before)
	headers, status := w.arrive(r)
	time.Sleep(after)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	if !w.noDate {
		headers = append(headers, "Date", time.Now().Add(w.skew).UTC().Format(http.TimeFormat))
	}
	switch {
	case status != 200:
		return canned(status, `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}`, headers...), nil
	case r.Method != http.MethodGet:
		return canned(204, "", headers...), nil
	}
	return canned(200, `[]`, headers...), nil
}

// arrive counts a request.
func (w *windows) arrive(r *http.Request) ([]string, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.running++
	w.most = max(w.most, w.running)
	b := w.buckets[w.bucketOf(r.Method, r.URL.Path)]
	b.turn(now)
	if w.running > w.atOnce {
		w.busy++
		return []string{"X-Rate-Limit-Limit", "0", "X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", strconv.FormatInt(now.Unix(), 10)}, 429
	}
	if b.others != nil {
		b.taken += max(min(b.others(now.Sub(b.window), b.limit-b.mine-b.taken), b.limit-b.mine-b.taken), 0)
	}
	status := 200
	if b.mine >= max(b.limit*w.share/100, 1) || b.mine+b.taken >= b.limit {
		status = 429
		w.denied++
	} else {
		b.mine++
		b.peak = max(b.peak, b.mine)
		b.answered++
		w.last = now
	}
	left := b.limit - b.mine - b.taken
	if status == 429 {
		left = 0
	}
	reset := b.window.Add(b.length + w.skew)
	if w.ceil {
		reset = reset.Add(time.Second - time.Nanosecond)
	}
	return []string{
		"X-Rate-Limit-Limit", strconv.Itoa(b.limit), "X-Rate-Limit-Remaining", strconv.Itoa(left),
		"X-Rate-Limit-Reset", strconv.FormatInt(reset.Unix(), 10),
	}, status
}

// turn begins the window that now is in.
func (b *counter) turn(now time.Time) {
	if b.length == 0 {
		b.length = time.Minute
	}
	begin := now.Add(-b.phase).Truncate(b.length).Add(b.phase)
	if !begin.Equal(b.window) {
		b.window, b.mine, b.taken = begin, 0, 0
	}
}

// job is a request that a test makes.
type job struct{ method, path string }

// workload spreads jobs over paths by weight, in an order that keeps their shares at all times.
func workload(n int, weight map[string]int) []job {
	total, due := 0, map[string]float64{}
	for _, w := range weight {
		total += w
	}
	var out []job
	for range n {
		best := ""
		for path, w := range weight {
			due[path] += float64(w) / float64(total)
			if best == "" || due[path] > due[best] || due[path] == due[best] && strings.Compare(path, best) < 0 {
				best = path
			}
		}
		due[best]--
		out = append(out, job{"GET", best})
	}
	return out
}
