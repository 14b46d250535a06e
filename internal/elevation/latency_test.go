package elevation_test

// How long a token has the power of the temporary role: from when it appears until Okta has accepted that the role is gone.

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

const (
	roundTrip = 50 * time.Millisecond // of each request
	pollOften = time.Second           // as the program does
)

// distant is a server that is a round trip away, and writes down when what was asked of it.
type distant struct {
	http.RoundTripper
	mu   sync.Mutex
	sent []sentAt
}

type sentAt struct {
	request string
	at      time.Time
}

func (d *distant) RoundTrip(req *http.Request) (*http.Response, error) {
	d.mu.Lock()
	d.sent = append(d.sent, sentAt{req.Method + " " + req.URL.Path, time.Now()})
	d.mu.Unlock()
	time.Sleep(roundTrip / 2)
	resp, err := d.RoundTripper.RoundTrip(req)
	time.Sleep(roundTrip / 2)
	return resp, err
}

// between counts the requests that were sent from then until then.
func (d *distant) between(from, to time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, s := range d.sent {
		if !s.at.Before(from) && s.at.Before(to) {
			n++
		}
	}
	return n
}

// crowd is an org with several accounts whose elevation was approved at the same time.
type crowd struct {
	org   *oktaemu.Org
	book  *ledger.Folder
	flows []*elevation.Workflow
	wires []*distant
	told  []*narration
}

func account(i int) string { return fmt.Sprintf("svc-%03d@acme.example", i) }

func newCrowd(t testing.TB, size int) *crowd {
	t.Helper()
	yaml := strings.Builder{}
	for i := range size {
		fmt.Fprintf(&yaml, "  - {login: %s, firstName: S, lastName: %q, password: pw}\n", account(i), fmt.Sprint(i))
	}
	seed, err := oktaemu.LoadSeed(strings.NewReader(strings.Replace(seedYAML, "groups:\n", yaml.String()+"groups:\n", 1)), "seed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	org, err := oktaemu.New(seed, oktaemu.WithAPIToken(seedToken))
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.CreateFolder(filepath.Join(t.TempDir(), "ledger"), access.NewSecret(strings.Repeat("k", ledger.MinKeyLength)))
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{org: org, book: book}
	for range size {
		wire := &distant{RoundTripper: &line{handler: org}}
		client, err := okta.New(t.Context(), okta.Config{OrgURL: "http://127.0.0.1:1", Token: access.NewSecret(seedToken), Transport: wire})
		if err != nil {
			t.Fatal(err)
		}
		told := &narration{}
		c.flows = append(c.flows, &elevation.Workflow{Okta: client, Ledger: book, Tell: told, Poll: pollOften, OrgURL: "http://127.0.0.1:1", Tool: "test"})
		c.wires, c.told = append(c.wires, wire), append(c.told, told)
	}
	return c
}

// latency is what one step-down took.
type latency struct {
	requests         int           // from the token's appearance to the accepted removal
	revoked, settled time.Duration // from the token's appearance, to the accepted removal and to its proof
}

// run elevates one account by the i-th workflow, and has its operator create the token at that time.
func (c *crowd) run(ctx context.Context, who, i int, creation time.Time, settings access.Settings) (latency, error) {
	o, wf := owner(), c.flows[i]
	o.Elevation.Window = 30 * time.Minute
	o.Name, o.Account, o.Token.Name = fmt.Sprintf("t-%03d", i), account(who), fmt.Sprintf("t-%03d", i)
	facts, err := wf.Check(ctx, o)
	if err != nil {
		return latency{}, err
	}
	var created time.Time
	c.told[i].handOff = func(elevation.Instructions) {
		time.AfterFunc(time.Until(creation), func() {
			created = time.Now()
			if slices.Contains(c.org.RolesOf(o.Account), temporary) { // else Okta would not let the operator
				_, _ = c.org.AddToken(o.Account, o.Token.Name)
			}
		})
	}
	ev, err := wf.Apply(ctx, elevation.NewPlan(o, facts, settings, elevation.Subject{ID: o.Name, OrgURL: wf.OrgURL, Now: time.Now()}))
	w := ev.Window
	return latency{c.wires[i].between(created, w.RevokeAnswered), w.RevokeAnswered.Sub(created), w.Proved.Sub(created)}, err
}

// tokensOfAPage is how many tokens Okta lists at once. Source: an older page of its reference; the spec names no parameters.
const tokensOfAPage = 20

// TestTheStepDownIsPrompt: between the token's appearance and the accepted removal lie a poll and three round trips at the most,
// where a look at the org's tokens is one. Where a hundred runs share the limits of an ordinary org, polls become rarer.
func TestTheStepDownIsPrompt(t *testing.T) {
	for _, c := range []struct {
		size, limit int // limit is that of all buckets, in requests a minute; 0 for Okta's defaults
	}{{1, 0}, {10, 0}, {100, 20_000}, {100, 0}} {
		size := c.size
		t.Run(fmt.Sprint(size, "/", c.limit), func(t *testing.T) {
			t.Parallel()
			limit, apart := c.limit, 8*time.Second // between two openings: as fast as the default limits let a hundred open
			if limit > 0 {
				apart = 100 * time.Millisecond
			}
			if size > 10 && os.Getenv("STEPDOWN_LONG") == "" {
				t.Skip("it takes half a minute: set STEPDOWN_LONG, as .ci/run does")
			}
			c := newCrowd(t, size)
			if limit > 0 {
				if err := c.org.SetLimits(oktaemu.Limits{Every: limit, Buckets: map[string]int{"/api/v1/users/{id}": limit, "GET /api/v1/users/{id}": limit, "/api/v1": limit, "/api/v1/iam": limit, "/api/v1/users": limit, "/api/v1/logs": limit}}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Test(t, func(t *testing.T) {
				took, creation := make([]latency, size), time.Now().Add(time.Duration(size)*apart+20*time.Second)
				var all sync.WaitGroup
				for i := range size {
					all.Go(func() {
						var err error
						time.Sleep(time.Duration(i) * apart)
						if took[i], err = c.run(t.Context(), i, i, creation.Add(time.Duration(i)*apart/4), access.DefaultSettings()); err != nil {
							t.Errorf("run %d: %v", i, err)
						}
					})
				}
				all.Wait()
				most := func(of func(latency) time.Duration) time.Duration {
					return of(slices.MaxFunc(took, func(a, b latency) int { return int(of(a) - of(b)) }))
				}
				requests := slices.MaxFunc(took, func(a, b latency) int { return a.requests - b.requests }).requests
				revoked, settled := most(func(l latency) time.Duration { return l.revoked }), most(func(l latency) time.Duration { return l.settled })
				pages := (size + tokensOfAPage) / tokensOfAPage
				t.Logf("%d leases at once, %s a request, %s: removed after %s and %d requests at the most (%d pages of tokens), proved after %s",
					size, roundTrip, map[bool]string{true: "Okta's default limits", false: "limits as of a large org"}[limit == 0], revoked, requests, pages, settled)
				if requests > 2*pages+1 { // the poll that was under way, the one that sees it, and the removal
					t.Errorf("a step-down took %d requests", requests)
				}
				if most := 2*pollOften + time.Duration(2*pages+1)*roundTrip; revoked > most && (size == 1 || limit > 0) {
					t.Errorf("the removal was accepted after %s, more than %s", revoked, most)
				}
				for i := range size {
					if roles := c.org.RolesOf(account(i)); !slices.Equal(roles, []string{intended}) {
						t.Errorf("%s holds %q", account(i), roles)
					}
				}
			})
		})
	}
}

// BenchmarkStepDown measures one step-down in real time, every request a round trip of 50 ms away, with a proof that settles fast.
func BenchmarkStepDown(b *testing.B) {
	settings := access.DefaultSettings()
	settings.Elevation.Settle = 300 * time.Millisecond
	var sum latency
	for range b.N {
		took, err := newCrowd(b, 1).run(b.Context(), 0, 0, time.Now().Add(3*time.Second), settings)
		if err != nil {
			b.Fatal(err)
		}
		sum = latency{sum.requests + took.requests, sum.revoked + took.revoked, sum.settled + took.settled}
	}
	per := func(d time.Duration) float64 { return float64(d.Milliseconds()) / float64(b.N) }
	b.ReportMetric(float64(sum.requests)/float64(b.N), "requests/removal")
	b.ReportMetric(per(sum.revoked), "ms/removal")
	b.ReportMetric(per(sum.settled), "ms/proof")
}
