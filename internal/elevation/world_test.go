package elevation_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

const (
	login     = "svc-invoice-export@acme.example"
	seedToken = "00seedseedseedseedseedseedseedseedseedseed"
	intended  = "CUSTOM Group reader on Invoice groups"
	temporary = access.RoleReadOnlyAdmin
)

const seedYAML = `
org: {subdomain: acme, company: Acme}
users:
  - {login: ada.admin@acme.example, firstName: Ada, lastName: Admin, roles: [SUPER_ADMIN]}
  - {login: svc-invoice-export@acme.example, firstName: Invoice, lastName: Export, password: pw}
groups:
  - {name: Everyone, type: BUILT_IN}
  - {name: Auditors}
customRoles:
  - {label: Group reader, description: Reads groups, permissions: [okta.groups.read]}
  - {label: User admin, description: Too much, permissions: [okta.users.manage]}
resourceSets:
  - {label: Invoice groups, description: Invoices}
zones:
  - {name: Corporate network}
`

// world is an emulated org, a ledger, and the program's way to both. Requests pass through memory, so that a bubble of
// testing/synctest can tell when everything waits.
type world struct {
	t    *testing.T
	org  *oktaemu.Org
	line *line
	dir  string
	key  access.Secret
}

func newWorld(t *testing.T) *world {
	t.Helper()
	seed, err := oktaemu.LoadSeed(strings.NewReader(seedYAML), "seed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	org, err := oktaemu.New(seed, oktaemu.WithAPIToken(seedToken))
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, org: org, line: &line{handler: org}, dir: filepath.Join(t.TempDir(), "ledger"),
		key: access.NewSecret(strings.Repeat("k", ledger.MinKeyLength)),
	}
}

// line carries requests to a handler, and can be severed: then nothing passes any more, as when the process has died.
type line struct {
	handler http.Handler

	mu        sync.Mutex
	count     int
	cutBefore int // the number of the request that is not sent any more; 0 for none
	dead      bool
}

var errDead = errors.New("the process has died")

func (l *line) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.count++
	number := l.count
	l.dead = l.dead || number == l.cutBefore
	dead := l.dead
	l.mu.Unlock()
	if dead {
		return nil, errDead
	}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler { // the connection is closed
			resp, err = nil, io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	received := req.Clone(req.Context()) // as a server gets it
	received.RequestURI = req.URL.RequestURI()
	if received.Host = req.URL.Host; req.Body == nil {
		received.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	l.handler.ServeHTTP(recorder, received)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return nil, errDead
	}
	return recorder.Result(), nil
}

func (l *line) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// mortal is a ledger that a dead process cannot write.
type mortal struct {
	*ledger.Folder
	line *line
}

func (m mortal) Append(ctx context.Context, id string, e access.Entry) (access.Lease, error) {
	if m.line.isDead() {
		return access.Lease{}, errDead
	}
	return m.Folder.Append(ctx, id, e)
}

func (m mortal) Open(ctx context.Context, terms access.Terms, at time.Time) (access.Lease, error) {
	if m.line.isDead() {
		return access.Lease{}, errDead
	}
	return m.Folder.Open(ctx, terms, at)
}

// narration keeps what was told, and lets a test act when the operator is called.
type narration struct {
	handOff func(elevation.Instructions)
	states  []access.State
	failed  []elevation.Attempt // of the tries, those that failed
	trying  elevation.Attempt
	mu      sync.Mutex // of these: several workflows can tell the same narration
}

func (n *narration) Reached(t access.Transition) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.states = append(n.states, t.State)
}

func (n *narration) Waiting(time.Duration) {}
func (n *narration) Trying(a elevation.Attempt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trying = a; a.Failed > 0 && (len(n.failed) == 0 || n.failed[len(n.failed)-1] != a) {
		n.failed = append(n.failed, a)
	}
}

func (n *narration) HandOff(i elevation.Instructions) {
	if n.handOff != nil {
		n.handOff(i)
	}
}

// workflow makes the program anew, as a new run would be. It reaches the org by its own line.
func (w *world) workflow(l *line) (*elevation.Workflow, *narration) {
	w.t.Helper()
	folder, err := ledger.CreateFolder(w.dir, w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	client, err := okta.New(w.t.Context(), okta.Config{OrgURL: "http://127.0.0.1:1", Token: access.NewSecret(seedToken), Transport: l})
	if err != nil {
		w.t.Fatal(err)
	}
	told := &narration{}
	return &elevation.Workflow{
		Okta: client, Ledger: mortal{folder, l}, Tell: told,
		Poll: time.Second, OrgURL: "http://127.0.0.1:1", Tool: "test",
	}, told
}

func owner() access.TokenOwner {
	return access.TokenOwner{
		Name: "invoice-export", Account: login, Operator: access.Operator{Name: "dana", SignIn: "vault"},
		Role:      access.Intended{CustomRole: "Group reader", ResourceSet: "Invoice groups"},
		Token:     access.TokenSpec{Name: "invoice-export"},
		Elevation: access.Elevation{Role: temporary, Window: 10 * time.Minute},
	}
}

// plan checks the org and plans; it fails the test if it cannot.
func (w *world) plan(wf *elevation.Workflow, o access.TokenOwner, id string) elevation.Plan {
	w.t.Helper()
	facts, err := wf.Check(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return elevation.NewPlan(o, facts, access.DefaultSettings(), elevation.Subject{ID: id, OrgURL: wf.OrgURL, Now: time.Now()})
}

// operatorCreates lets the operator create tokens some time after being called.
func (w *world) operatorCreates(after time.Duration, names ...string) func(elevation.Instructions) {
	return func(elevation.Instructions) {
		go func() {
			time.Sleep(after)
			for _, name := range names {
				if _, err := w.org.AddToken(login, name); err != nil {
					panic(err)
				}
			}
		}()
	}
}

// leases reads the ledger as another process would.
func (w *world) leases() []access.Lease {
	w.t.Helper()
	folder, err := ledger.OpenFolder(w.dir, w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	leases, err := folder.Leases(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return leases
}

// expect holds the org's end state against what it should be, in the emulator's own words.
func (w *world) expect(roles, tokens []string) {
	w.t.Helper()
	if got := w.org.RolesOf(login); !slices.Equal(got, roles) {
		w.t.Errorf("the account holds %q, want %q", got, roles)
	}
	if got := w.org.TokensOf(login); !slices.Equal(got, tokens) {
		w.t.Errorf("the account owns %q, want %q", got, tokens)
	}
}

func (w *world) expectState(id string, want access.State) {
	w.t.Helper()
	for _, l := range w.leases() {
		if l.ID == id {
			if l.State != want {
				w.t.Errorf("lease %s is %s, want %s", id, l.State, want)
			}
			return
		}
	}
	w.t.Error(fmt.Errorf("there is no lease %s", id))
}

func dueNow(l access.Lease) bool { return l.Due(time.Now()) }
