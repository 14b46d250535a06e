package elevation_test

// The matrix: a whole run, its requests to Okta and to GitHub numbered in one row, and at each of them everything that can
// go wrong with a request. After it the run is over in whatever way; then the post step or a sweep, or both, and the org must be
// as if nothing had been asked for, or as the manifest has it.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/admission"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/policy"
)

// stage is an org and a repository with an approved request.
type stage struct {
	*world
	hub     *githubemu.Hub
	rules   *rulebook
	servers map[string]http.Handler
	run     *process // the one that things happen to
	second  *process // the post step, or the first sweep
	rescue  *process // the sweeps after it
}

const stageManifest = `apiVersion: stepdown/v1
kind: TokenOwner
name: invoice-export
account: svc-invoice-export@acme.example
operator: {name: dana, signIn: vault}
role: {customRole: Group reader, resourceSet: Invoice groups}
token: {name: invoice-export, zones: [Corporate network]}
elevation: {window: 10m}
reason: x
ticket: X-1
owner: team@acme.example
delivery: {method: handoff, destination: vault}
`

func newStage(t *testing.T, rules *rulebook) *stage {
	w := newWorld(t)
	s := &stage{world: w, rules: rules, servers: map[string]http.Handler{toOkta: w.org}}
	s.run, s.second, s.rescue = s.process(), s.process(), s.process()
	return s
}

// open makes the repository, with the request in it.
func (s *stage) open() {
	s.hub = githubemu.New(githubemu.Options{Token: "ghs_x", RateLimit: 1 << 20})
	s.servers[toGitHub] = s.hub
	s.hub.Commit("main", map[string]string{"access/settings.yaml": "apiVersion: stepdown/v1\nkind: Settings\n"})
	s.hub.Protect("main", githubemu.Protection{PullRequest: true, Approvals: 1})
	s.hub.CommitAs("frank", "change", map[string]githubemu.Entry{"access/invoice-export.yaml": {Content: stageManifest}})
	s.hub.OpenPullRequest("frank", "change", "A token")
	time.Sleep(time.Minute)
	s.hub.Review(1, "grace", "APPROVED")
}

// process is one run of the program.
type process struct {
	*elevation.Workflow
	line *fateful
	told *narration
	hub  *github.Client
	ctx  context.Context
}

// process starts one, outside of the bubble: the SDK has a janitor that never ends.
func (s *stage) process() *process {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	line := &fateful{servers: s.servers, cancel: cancel, downTil: map[string]time.Time{}, locked: map[string]bool{}, onStale: func(d time.Duration) { s.org.SetLag(d); s.hub.SetRefLag(d) }}
	api, err := okta.New(ctx, okta.Config{OrgURL: "http://127.0.0.1:1", Token: access.NewSecret(seedToken), Transport: guard{side{line, toOkta}}})
	if err != nil {
		s.t.Fatal(err)
	}
	hub, err := github.New(github.Config{APIURL: "http://127.0.0.1:2", Repository: "acme/okta-access", Token: access.NewSecret("ghs_x"), Transport: guard{side{line, toGitHub}}})
	if err != nil {
		s.t.Fatal(err)
	}
	book, err := ledger.NewBranch(hub, s.key, ledger.BranchOptions{Repository: "acme/okta-access", Branch: ledger.DefaultBranch})
	if err != nil {
		s.t.Fatal(err)
	}
	told := &narration{}
	return &process{
		Workflow: &elevation.Workflow{Okta: api, Ledger: book, Tell: told, Poll: time.Second, OrgURL: "http://127.0.0.1:1", Tool: "test"},
		line:     line, told: told, hub: hub, ctx: ctx,
	}
}

// apply admits the request and carries it out, with mishaps from the opening of the lease on.
func (s *stage) apply(p *process, plan ...mishap) error {
	r := s.rules.admit(s, p)
	p.StillApproved = func(ctx context.Context) error { return r.Confirm(ctx, p.hub, s.rules, time.Now()) }
	p.told.handOff = func(elevation.Instructions) {
		time.AfterFunc(15*time.Second, func() {
			if s.holds(temporary) { // else Okta would not let the operator
				_, _ = s.org.AddToken(login, "invoice-export")
			}
		})
	}
	facts, err := p.Check(p.ctx, r.Owner)
	if err != nil {
		s.t.Fatal(err)
	}
	made := elevation.NewPlan(r.Owner, facts, r.Settings, elevation.Subject{ID: "l1", OrgURL: p.OrgURL, Now: time.Now(), Run: access.Run{RunID: "77"}})
	if len(made.Refusals) > 0 {
		s.t.Fatal(made.Refusals)
	}
	p.line.count, p.line.sent, p.line.plan = 0, nil, plan
	return p.crashes(func() error {
		_, err := p.Apply(p.ctx, made)
		return err
	})
}

// crashed begins the error of a process that ended by a panic.
const crashed = "the program crashed"

// crashes runs fn; where it panics, the process is dead.
func (p *process) crashes(fn func() error) (err error) {
	defer func() {
		if why := recover(); why != nil {
			p.line.die()
			err = fmt.Errorf("%s: %v", crashed, why)
		}
	}()
	return fn()
}

// rulebook decides on the request, which is the same in each schedule, once.
type rulebook struct {
	engine *policy.Engine
	once   sync.Once
	result admission.Result

	mu      sync.Mutex
	decided map[string]policy.Decision // by the input without its time
}

// AdmissionWith implements admission.Decider. What was decided of the same facts some minutes before or after is not decided anew: that is
// most of what a schedule costs.
func (b *rulebook) AdmissionWith(ctx context.Context, in policy.AdmissionInput, custom map[string][]byte) (policy.Decision, error) {
	timeless := in
	timeless.Now = time.Time{}
	key, err := json.Marshal(timeless)
	if err != nil {
		return policy.Decision{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if decision, known := b.decided[string(key)]; known {
		return decision, nil
	}
	decision, err := b.engine.AdmissionWith(ctx, in, custom)
	if err == nil {
		b.decided[string(key)] = decision
	}
	return decision, err
}

func newRulebook(t *testing.T) *rulebook {
	t.Helper()
	engine, err := policy.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &rulebook{engine: engine, decided: map[string]policy.Decision{}}
}

func (b *rulebook) admit(s *stage, p *process) admission.Result {
	b.once.Do(func() {
		r, err := admission.Admit(p.ctx, p.hub, b.engine, admission.Ask{Number: 1, AccessDir: "access", Trigger: "workflow_run", Now: time.Now(), Roles: reader{}})
		if err != nil || !r.Decision.Allow {
			s.t.Fatalf("not admitted: %v %+v", err, r.Decision.Denials)
		}
		b.result = r
	})
	return b.result
}

// recover does what comes after a run: the post step, which knows the lease, or the next sweep; then sweeps until the lease is
// closed. Mishaps happen to the first of these.
func (s *stage) recover(post bool, plan ...mishap) (closed bool) {
	s.second.line.plan = plan
	err := s.second.crashes(func() (err error) {
		if post {
			var swept []elevation.Swept
			swept, err = s.second.Finish(s.second.ctx, func(l access.Lease) bool { return l.RunID == "77" })
			stuck := slices.ContainsFunc(swept, func(s elevation.Swept) bool { return s.Err != nil })
			if err == nil && !stuck && s.holds(temporary) {
				s.t.Errorf("the post step says that nothing is open, and the account holds %s", temporary)
			}
			return err
		}
		time.Sleep(11 * time.Minute) // past the window's end
		_, err = s.second.Sweep(s.second.ctx, dueNow)
		return err
	})
	if err != nil && len(plan) == 0 {
		s.t.Errorf("what comes first after the run: %v", err)
	}
	for range 3 {
		time.Sleep(11 * time.Minute)
		if _, err := s.rescue.Sweep(s.rescue.ctx, dueNow); err != nil {
			s.t.Errorf("sweep: %v", err)
		}
		leases, err := s.rescue.Ledger.Leases(s.rescue.ctx)
		if err != nil {
			s.t.Errorf("reading the ledger: %v", err)
		}
		if !slices.ContainsFunc(leases, func(l access.Lease) bool { return l.State.Open() }) {
			return true
		}
	}
	return false
}

// judge holds what is left against what may be left.
func (s *stage) judge(runErr error, others map[string]string) {
	s.t.Helper()
	var undone *elevation.Undone
	var stuck *elevation.Stuck
	leases, err := s.rescue.Ledger.Leases(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	state := access.State("none")
	for _, l := range leases {
		state = l.State
	}
	switch state {
	case access.StateClosed:
		s.expect([]string{intended}, []string{"invoice-export"})
	case access.StateUndone, "none":
		s.expect(nil, nil)
	default:
		s.t.Errorf("the lease is %s", state)
	}
	switch {
	case runErr == nil && state != access.StateClosed:
		s.t.Errorf("the run says that it is done, and its lease is %s", state)
	case errors.As(runErr, &undone), errors.As(runErr, &stuck), runErr == nil, state == "none", s.run.line.isDead(): // nobody hears the dead
	default:
		s.t.Errorf("the run ended with %v, which says neither undone nor stuck", runErr)
	}
	if after := s.others(); !maps.Equal(after, others) {
		s.t.Errorf("others hold %v, and held %v", after, others)
	}
}

// others says what everybody else holds and owns.
func (s *stage) others() map[string]string {
	out := map[string]string{}
	for _, who := range []string{"ada.admin@acme.example"} {
		out[who] = fmt.Sprint(s.org.RolesOf(who), s.org.TokensOf(who))
	}
	return out
}

// schedule is one run with its mishaps, and those of what comes after it.
type schedule struct {
	post  bool // a post step comes after it, else a sweep after the window
	run   []mishap
	after []mishap
}

func (sc schedule) String() string {
	text := ""
	for _, m := range sc.run {
		text += fmt.Sprintf("request %d %s; ", m.at, m.what)
	}
	text += map[bool]string{true: "then post", false: "then sweep"}[sc.post]
	for _, m := range sc.after {
		text += fmt.Sprintf(", whose request %d %s", m.at, m.what)
	}
	return text
}

// play goes through a schedule. It returns whether all of the run's mishaps happened, and what the run sent.
func (sc schedule) play(t *testing.T, rules *rulebook) (reached bool, sent []string) {
	s := newStage(t, rules)
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		s.open()
		others := s.others()
		err := s.apply(s.run, sc.run...)
		if err == nil && s.holds(temporary) {
			t.Errorf("the run says that it is done, and the account holds %s", temporary)
		}
		if undone := (*elevation.Undone)(nil); errors.As(err, &undone) && !s.run.line.isDead() && s.holds(temporary) {
			t.Errorf("the run says that it is undone, and the account holds %s", temporary)
		}
		if err != nil && strings.Contains(err.Error(), crashed) && s.holds(temporary) {
			t.Error("a panic left the account elevated")
		}
		if !s.recover(sc.post, sc.after...) {
			t.Error("three sweeps did not close the lease")
		}
		s.judge(err, others)
		reached, sent = s.run.line.reached == len(sc.run), s.run.line.sent
		if t.Failed() { // a failed bubble ends the test
			t.Errorf("in this schedule: %s\nthe run ended with: %v\nits requests: %s", sc, err, strings.Join(sent, "\n"))
		}
	})
	return reached, sent
}

func (s *stage) holds(role string) bool { return slices.Contains(s.org.RolesOf(login), role) }

// TestMatrix lets everything happen to every request.
func TestMatrix(t *testing.T) {
	t.Parallel()
	rules := newRulebook(t)
	_, sent := schedule{}.play(t, rules)
	if len(sent) < 40 || !slices.ContainsFunc(sent, func(s string) bool { return strings.HasPrefix(s, toGitHub) }) {
		t.Fatalf("a run sends only %q", sent)
	}
	began := time.Now()
	var schedules atomic.Int64
	t.Run("of", func(t *testing.T) {
		for _, what := range everything() {
			t.Run(strings.ReplaceAll(what, " ", "-"), func(t *testing.T) {
				t.Parallel()
				for at := 1; !t.Failed(); at += stride {
					if reached, _ := (schedule{post: at%2 == 0, run: []mishap{{at, what}}}).play(t, rules); !reached {
						return
					}
					schedules.Add(1)
				}
			})
		}
	})
	t.Logf("%d schedules: %d requests in a run, %d things that go wrong; %s", schedules.Load(), len(sent), len(everything()), time.Since(began).Round(time.Second))
	if schedules.Load() < 1000/stride {
		t.Errorf("only %d schedules", schedules.Load())
	}
}

// TestMatrixOfPairs lets two things happen, to the run or to what comes after it, drawn by a seed that is printed: STEPDOWN_SEED
// repeats it, STEPDOWN_PAIRS says how many.
func TestMatrixOfPairs(t *testing.T) {
	t.Parallel()
	rules := newRulebook(t)
	number := func(name string, fallback uint64) uint64 {
		if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
			return n
		}
		return fallback
	}
	seed, pairs := number("STEPDOWN_SEED", uint64(time.Now().UnixNano())), number("STEPDOWN_PAIRS", 100/stride)
	t.Logf("STEPDOWN_SEED=%d", seed)
	_, sent := schedule{}.play(t, rules)
	draw := rand.New(rand.NewPCG(seed, 1))
	pick := func(below int) mishap {
		return mishap{1 + draw.IntN(below), everything()[draw.IntN(len(everything()))]}
	}
	for range pairs {
		sc := schedule{post: draw.IntN(2) == 0, run: []mishap{pick(len(sent))}}
		if draw.IntN(2) == 0 {
			sc.run = append(sc.run, pick(len(sent)+10))
		} else {
			sc.after = append(sc.after, pick(30))
		}
		sc.play(t, rules)
	}
	t.Logf("%d pairs", pairs)
}

// reader is what the org says of the role of the request: it was read with the rest of the org.
type reader struct{}

func (reader) Permissions(context.Context, string) ([]string, error) {
	return []string{"okta.groups.read"}, nil
}
