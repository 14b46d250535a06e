package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/okta"
)

// pollEvery is how often the workflow looks for the token and, where something is not yet as it should be, reads again.
const pollEvery = time.Second

// secret reads a credential from the environment and has the runner mask it before anything else can print it.
func (s *session) secret(name, what string) (access.Secret, error) {
	value := access.NewSecret(s.env.Getenv(name))
	if value.IsZero() {
		return value, usage(s.envHint(name), "%s is not set: %s", name, what)
	}
	s.runner.Mask(value)
	return value, nil
}

// requests keeps what was sent to Okta: the writes are evidence.
type requests struct {
	mu  sync.Mutex
	all []access.Exchange
}

func (q *requests) observe(e access.Exchange) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, e)
}

// writes returns the requests that could change something. One for an access token does not.
func (q *requests) writes() []access.Exchange {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(q.all), func(e access.Exchange) bool {
		return e.Method == "GET" || e.Method == "HEAD" || e.Path == okta.TokenPath
	})
}

func (q *requests) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.all)
}

// transport returns the way out: the one that was injected, else one that connects directly. It takes no proxy from the
// environment, which an earlier step of the job can set, and gives up on each step of a connection in bounded time.
func (s *session) transport() http.RoundTripper {
	if s.env.Transport != nil {
		return s.env.Transport
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
	}
}

// okta connects to the org, for a verb.
func (s *session) okta(ctx context.Context, verb string, q *requests) (*okta.Client, error) {
	if s.orgURL = normalURL(s.orgURL); s.orgURL == "" {
		return nil, usage("Give "+s.option("okta-org-url")+", or set OKTA_ORG_URL.", "the URL of the org is not known")
	}
	config := okta.Config{
		OrgURL: s.orgURL, Transport: s.transport(), Observe: q.observe, UserAgent: "stepdown/" + Version, RateCeiling: s.rateShare,
	}
	if err := s.credential(verb, &config); err != nil {
		return nil, err
	}
	client, err := okta.New(ctx, config)
	return client, coded(ExitUsage, err)
}

func normalURL(url string) string { return strings.ToLower(strings.TrimRight(url, "/")) }

// workflow wires the elevation.
func (s *session) workflow(client *okta.Client, book elevation.Ledger, q *requests) *elevation.Workflow {
	w := &elevation.Workflow{
		Okta: client, Ledger: book, Tell: &narrator{out: io.Discard}, Poll: pollEvery, OrgURL: s.orgURL, Tool: s.tool(), Writes: q.writes,
	}
	if s.inAction {
		w.HandOver = handOver
	}
	return w
}

// handOver is how long after a signal a run of the Action goes on before it leaves the proof to its post step. A runner kills it 10 s after
// the first signal, and a proof alone takes the settle time, which is that long by default; evidence, outputs and the pull request take
// some seconds more.
// Source: actions/runner, ProcessInvoker.cs: 7.5 s after SIGINT follows SIGTERM, 2.5 s after that SIGKILL.
const handOver = 5 * time.Second

// narrated runs work while what it tells is printed, and shown on the pull request where there is one, without ever waiting for
// the reader.
func (s *session) narrated(w *elevation.Workflow, b *board, work func()) {
	out := newRelay(s.stdout)
	n := &narrator{out: out, repeats: s.repeats}
	w.Tell = n
	if b != nil {
		w.Tell = narrators{n, &boardNarrator{board: b}}
	}
	defer out.close(2 * time.Second)
	defer n.goOn()()

	work()
}

// tool says what makes the evidence: the version, and in the Action the commit too, which a version alone does not tell.
func (s *session) tool() string {
	if source := s.source(); source != "" {
		return "stepdown " + Version + " of " + source
	}
	return "stepdown " + Version
}

// source is where the Action's code is from, REPOSITORY@REF, as the workflow names it; empty outside the Action.
func (s *session) source() string {
	where := s.runner.Context()
	if !s.inAction || where.ActionRepository == "" || where.ActionRef == "" {
		return ""
	}
	return where.ActionRepository + "@" + where.ActionRef
}

// declared reads the access directory of the working tree.
func (s *session) declared() (manifest.Directory, error) {
	dir, err := manifest.ReadDir(folders{}, s.accessDir)
	if errors.Is(err, fs.ErrNotExist) {
		return dir, usage(s.accessHint(), "there is no folder %q", s.accessDir)
	}
	if at, statErr := os.Stat(s.accessDir); err != nil && statErr == nil && !at.IsDir() {
		return dir, usage(s.accessHint(), "%w", err)
	}
	return dir, coded(ExitUsage, err)
}

// folders opens any path of the machine, absolute ones and those with .. too, which os.DirFS would not, so that complaints
// name files as the user did.
type folders struct{}

func (folders) Open(name string) (fs.File, error) { return os.Open(name) }

// subject identifies a run of the program.
func (s *session) subject(now time.Time, approval *access.Approval) elevation.Subject {
	return elevation.Subject{ID: newLeaseID(now), OrgURL: s.orgURL, Now: now.UTC(), Run: s.thisRun(), Approval: approval}
}

// thisRun is the run of the workflow that the program runs in.
func (s *session) thisRun() access.Run {
	where := s.runner.Context()
	attempt, _ := strconv.Atoi(where.RunAttempt) // of a runner that does not say it, the first
	return access.Run{RunID: where.RunID, RunAttempt: attempt, Job: where.Job, Runner: where.Runner}
}

// roles answers the admission what a role of the org may do.
type roles struct{ client *okta.Client }

// Permissions implements admission.Roles.
func (r roles) Permissions(ctx context.Context, customRole string) ([]string, error) {
	role, err := r.client.CustomRole(ctx, customRole)
	if isMissing(err) {
		return nil, nil
	}
	var refusal *okta.Error
	if errors.As(err, &refusal) && refusal.Status == http.StatusForbidden {
		err = fmt.Errorf("%w\nThe credential must be that of a super administrator: nobody else may give and take admin roles.", err)
	}
	return role.Permissions, err
}

// isMissing tells whether the org has no such thing.
func isMissing(err error) bool {
	var missing interface{ NotFound() bool }
	return errors.As(err, &missing) && missing.NotFound()
}
