package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/github"
	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/ledger"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

// The planted secrets. They are searched for in everything that a script's programs wrote.
const (
	apiToken  = "00plantedplantedplantedplantedplantedplan1"
	hubToken  = "ghs_plantedplantedplantedplantedplant2"
	ledgerKey = "planted-ledger-key-planted-ledger-key-3"
)

// temporary is the role that the manifests of the scripts ask for.
const temporary = access.RoleReadOnlyAdmin

// scene is the world of one script.
type scene struct {
	ts   *testscript.TestScript
	mode mode
	work string
	org  *oktaemu.Org
	hub  *githubemu.Hub
	pull int

	hubURL string
	last   int64     // the id of the last review
	merged [2]string // the default branch before and after the last merge

	mu      sync.Mutex
	process *os.Process
	unread  bool // nobody reads what is run
	secrets []string
	account string // whose grant the script waits for
	onGrant []func()
	changed time.Time // when the org was last changed
}

const sceneKey = "scene"

// settings make the program as patient as the emulated org needs.
func (m mode) settings() string {
	settle := 300 * time.Millisecond
	if m.lag > 0 {
		settle = m.lag + time.Second // or two readings could both be of a time before the last change
	}
	return fmt.Sprintf(settings, settle, 4*time.Second+6*m.lag)
}

const settings = `apiVersion: stepdown/v1
kind: Settings
serviceAccounts: ["svc-*"]
elevation: {maxWindow: 30m, settle: %v, stepDown: %v, lateEffect: 500ms}
audit:
  knownTokens: [{owner: ada.admin@acme.example, name: stepdown, reason: the program's own}]
  agentClients: [Okta AD agent]
`

// setUp gives a script the org of testdata/orgs/acme.yaml, a repository, and the environment of a workflow's step.
func (m mode) setUp(env *testscript.Env) error {
	file, err := os.Open(filepath.Join("..", "..", "testdata", "orgs", "acme.yaml"))
	if err != nil {
		return err
	}
	defer file.Close()
	seed, err := oktaemu.LoadSeed(file, "acme.yaml")
	if err != nil {
		return err
	}
	own, err := m.credential()
	if err != nil {
		return err
	}
	org, err := oktaemu.New(seed, own.option, oktaemu.WithLag(m.lag))
	if err != nil {
		return err
	}
	hub := githubemu.New(githubemu.Options{Repository: "acme/okta-access", DefaultBranch: "main", Token: hubToken})
	hub.Commit("main", map[string]string{"access/settings.yaml": m.settings()})
	hub.Protect("main", githubemu.Protection{PullRequest: true, Approvals: 1, DismissStale: true, LastPush: true})
	oktaServer, hubServer := httptest.NewServer(org), httptest.NewServer(hub)
	s := &scene{mode: m, hubURL: hubServer.URL, work: env.WorkDir, org: org, hub: hub, secrets: append(own.secrets, hubToken, ledgerKey)}
	org.Tap(s.watch)
	env.Defer(oktaServer.Close)
	env.Defer(hubServer.Close)
	env.Defer(func() {
		if found := s.leaks(); len(found) > 0 {
			env.T().Fatal("a secret was written: ", strings.Join(found, "; "))
		}
	})
	env.Values[sceneKey] = s
	env.Setenv("OKTA_ORG_URL", oktaServer.URL)
	for name, value := range own.env {
		env.Setenv(name, value)
	}
	env.Setenv("STEPDOWN_LEDGER_KEY", ledgerKey)
	env.Setenv("GITHUB_API_URL", hubServer.URL)
	env.Setenv("GITHUB_REPOSITORY", "acme/okta-access")
	env.Setenv("GITHUB_TOKEN", hubToken)
	env.Setenv("GITHUB_EVENT_NAME", "workflow_run")
	env.Setenv("GITHUB_EVENT_PATH", filepath.Join(env.WorkDir, "event.json"))
	env.Setenv("TESTDATA", testdata())
	if err := os.Mkdir(filepath.Join(env.WorkDir, "access"), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "access", "settings.yaml"), []byte(m.settings()), 0o600)
}

func testdata() string {
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		panic(err)
	}
	return dir
}

// watch runs what a script wants to happen as soon as the temporary role has been granted, before the program learns of it.
func (s *scene) watch(r oktaemu.Request) {
	if r.Method != "GET" {
		s.touched()
	}
	if r.Method != "POST" || r.Status != 201 || !strings.HasSuffix(r.Path, "/roles") {
		return
	}
	s.mu.Lock()
	var due []func()
	if s.account != "" && slices.Contains(s.org.RolesOf(s.account), temporary) {
		due, s.onGrant = s.onGrant, nil
	}
	s.mu.Unlock()
	for _, do := range due {
		do()
	}
}

// touched notes that the org was changed.
func (s *scene) touched() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = time.Now()
}

// leaks searches what the programs wrote for the planted secrets. A line that tells the runner to mask a secret has to
// hold it.
func (s *scene) leaks() []string {
	s.mu.Lock()
	secrets := slices.Clone(s.secrets)
	s.mu.Unlock()
	var found []string
	err := filepath.WalkDir(s.work, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(data) {
			for _, secret := range secrets {
				if bytes.Contains(line, []byte(secret)) && !bytes.HasPrefix(line, []byte("::add-mask::")) {
					found = append(found, fmt.Sprintf("%s: %s", name, line))
				}
			}
		}
		return nil
	})
	if err != nil {
		found = append(found, err.Error())
	}
	return found
}

// commands are what scripts can do beside testscript's own commands.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	out := map[string]func(*testscript.TestScript, bool, []string){}
	for name, do := range map[string]func(*scene, []string) error{
		"run": (*scene).run, "pr": (*scene).openPull, "event": (*scene).payload, "comment": (*scene).commented, "push": (*scene).push, "review": (*scene).review, "github": (*scene).github,
		"when": (*scene).when, "org": (*scene).change, "fault": (*scene).fault, "mend": (*scene).mend,
		"roles": (*scene).roles, "tokens": (*scene).tokens, "lease": (*scene).lease, "unchanged": (*scene).unchanged, "state": (*scene).state, "listening": (*scene).listening, "hold": (*scene).hold, "unread": (*scene).ignoreOutput, "watch": (*scene).watchAccount, "console": (*scene).console, "pass": (*scene).pass, "ports": (*scene).ports,
	} {
		out[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			s := ts.Value(sceneKey).(*scene)
			s.ts = ts
			if neg {
				ts.Fatalf("%s cannot be negated", name)
			}
			ts.Check(do(s, args))
		}
	}
	return out
}

// run CODE PROGRAM ARGS…: runs it, writes what it says into out.txt and err.txt, and holds its exit code against CODE.
func (s *scene) run(args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	binary := ""
	for _, dir := range filepath.SplitList(s.ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, args[1])); err == nil {
			binary = filepath.Join(dir, args[1])
			break
		}
	}
	s.catchUp()
	cmd := exec.Command(binary, args[2:]...)
	cmd.Dir = s.ts.MkAbs(".")
	cmd.Env = s.environment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if s.unread {
		if cmd.Stdout, err = s.haltingPipe(); err != nil {
			return err
		}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	s.process = cmd.Process
	s.mu.Unlock()
	err = cmd.Wait()
	s.ts.Logf("%s%s", out.String(), errs.String())
	if err := errors.Join(os.WriteFile(s.ts.MkAbs("out.txt"), out.Bytes(), 0o600), os.WriteFile(s.ts.MkAbs("err.txt"), errs.Bytes(), 0o600)); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		return fmt.Errorf("exit code %d, want %d", got, want)
	}
	return nil
}

// catchUp waits until reads show what was written so far: what a script says next is about the org as it is then.
func (s *scene) catchUp() {
	s.mu.Lock()
	changed := s.changed
	s.mu.Unlock()
	if left := s.mode.lag - time.Since(changed); left > 0 {
		time.Sleep(left + 50*time.Millisecond)
	}
}

// watch ACCOUNT: the account whose elevation unread is about.
func (s *scene) watchAccount(args []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account = args[0]
	return nil
}

// unread: nobody reads the standard output of what is run from now on while the account is elevated.
func (s *scene) ignoreOutput([]string) error {
	s.unread = true
	return nil
}

// haltingPipe returns the writing end of a pipe that is read until the account is elevated, then has no room left until it
// is not any more, or for 20 s.
func (s *scene) haltingPipe() (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	account := s.account
	s.onGrant = append(s.onGrant, func() {
		_ = r.SetReadDeadline(time.Now())                   // stops the reader
		go func() { _, _ = w.Write(make([]byte, 1<<20)) }() // more than any pipe holds
	})
	go func() {
		_, _ = io.Copy(io.Discard, r)
		for range 1000 {
			if !slices.Contains(s.org.RolesOf(account), temporary) {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		_ = r.SetReadDeadline(time.Time{})
		_, _ = io.Copy(io.Discard, r)
	}()
	return w, nil
}

// environment returns the variables of the script as it has set them by now.
func (s *scene) environment() []string {
	names := []string{
		"HOME", "TMPDIR", "PATH", "GOCOVERDIR", "OKTA_ORG_URL", "OKTA_API_TOKEN", "OKTA_CLIENT_ID", "OKTA_PRIVATE_KEY", "OKTA_PRIVATE_KEY_ID", "STEPDOWN_LEDGER_KEY", "GITHUB_ACTIONS",
		"GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_OUTPUT", "GITHUB_STATE",
		"GITHUB_STEP_SUMMARY", "GITHUB_ACTION_REPOSITORY", "GITHUB_ACTION_REF", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB", "INPUT_COMMAND", "INPUT_OKTA-ORG-URL", "INPUT_FAIL-ON", "INPUT_GITHUB-TOKEN", "INPUT_LEDGER", "INPUT_PULL-REQUEST", "GITHUB_ACTOR", "STATE_lease", "STATE_began",
	}
	var out []string
	for _, name := range names {
		if value := s.ts.Getenv(name); value != "" {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// pr FILE…: opens a pull request by frank that adds the files to access/.
func (s *scene) openPull(files []string) error {
	s.commit(files)
	s.pull = s.hub.OpenPullRequest("frank", "change", "A token")
	return s.event(0)
}

// push FILE…: commits to the branch of the pull request.
func (s *scene) push(files []string) error {
	s.commit(files)
	return nil
}

func (s *scene) commit(files []string) {
	content := map[string]string{}
	for _, file := range files {
		content[path.Join("access", path.Base(file))] = s.mode.manifest(s.ts.ReadFile(file))
	}
	s.hub.Commit("change", content)
}

// review USER STATE [bot]: gives a review of the present head.
func (s *scene) review(args []string) error {
	var opts []githubemu.ReviewOption
	if len(args) > 2 {
		opts = append(opts, githubemu.AsBot())
	}
	return s.event(s.hub.Review(s.pull, args[0], args[1], opts...))
}

// event writes what the signal of a review starts a run with.
func (s *scene) event(review int64) error {
	if review == 0 {
		return nil
	}
	s.last = review
	return os.WriteFile(filepath.Join(s.work, "event.json"), s.hub.WorkflowRunEvent(s.pull, "pull_request_review"), 0o600)
}

// payload review|schedule|push|comment USER TEXT|closed: writes another event that starts what is run next.
func (s *scene) payload(args []string) error {
	name, data := "", []byte(nil)
	switch args[0] {
	case "review":
		name, data = "pull_request_review", s.hub.ReviewEvent(s.pull, s.last)
	case "schedule":
		name, data = "schedule", s.hub.ScheduleEvent("7 * * * *")
	case "comment":
		name, data = "issue_comment", s.hub.CommentEvent(s.pull, s.hub.Comment(s.pull, args[1], args[2]))
	case "push":
		name, data = "push", s.hub.PushEvent("main", s.merged[0], s.merged[1], "grace")
	case "closed":
		name, data = "workflow_run", s.hub.WorkflowRunEvent(s.pull, "pull_request")
	default:
		return fmt.Errorf("event %q", args)
	}
	s.ts.Setenv("GITHUB_EVENT_NAME", name)
	return os.WriteFile(filepath.Join(s.work, "event.json"), data, 0o600)
}

// github fork|draft|close|merge|settings FILE|also PATH|base PATH FILE|rename FROM TO|run ID goes-on|over|down
func (s *scene) github(args []string) error {
	switch args[0] {
	case "fork":
		s.hub.SetFork(s.pull, "mallory/okta-access")
	case "draft":
		s.hub.SetDraft(s.pull, true)
	case "close":
		s.hub.Close(s.pull)
	case "merge":
		s.merged[0] = s.hub.Head("main")
		s.merged[1] = s.hub.Merge(s.pull)
	case "settings":
		s.hub.Commit("main", map[string]string{"access/settings.yaml": s.ts.ReadFile(args[1])})
	case "also":
		s.hub.Commit("change", map[string]string{args[1]: "text\n"})
	case "base": // PATH FILE: a file that the default branch has already
		s.hub.Commit("main", map[string]string{args[1]: s.ts.ReadFile(args[2])})
	case "remove": // PATH: opens the pull request
		s.hub.Commit("change", nil)
		s.hub.Remove("change", args[1])
		s.pull = s.hub.OpenPullRequest("frank", "change", "No token")
	case "rename": // FROM TO: opens the pull request
		s.hub.Commit("change", nil)
		s.hub.Rename("change", args[1], args[2])
		s.pull = s.hub.OpenPullRequest("frank", "change", "A token")
	case "run": // ID goes-on|over
		id, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		s.hub.AddRun(id, "workflow_run", "main", "grace")
		s.hub.SetRun(id, args[2] == "goes-on", 1)
	case "down":
		s.hub.Inject(githubemu.Fault{Status: 503})
	case "mend":
		s.hub.ClearFaults()
	default:
		return fmt.Errorf("github %q", args)
	}
	return nil
}

// comment TEXT: the one comment that the program has on the pull request holds the text.
func (s *scene) commented(args []string) error {
	var own []string
	for _, c := range s.hub.Comments(s.pull) {
		if c.UserType == "Bot" {
			own = append(own, c.Body)
		}
	}
	if len(own) != 1 || !strings.Contains(own[0], args[0]) {
		return fmt.Errorf("the program's comments: %q", own)
	}
	return nil
}

// when ACCOUNT ACTION ARGS…: does it as soon as the account has been given the temporary role. Actions: token NAME,
// signal, down, or whatever org does.
func (s *scene) when(args []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account = args[0]
	account, action, rest := args[0], args[1], args[2:]
	s.onGrant = append(s.onGrant, func() {
		switch action {
		case "token":
			time.AfterFunc(200*time.Millisecond, func() { _ = s.addToken(account, rest[0]) })
		case "signal", "hangup", "quit":
			time.AfterFunc(200*time.Millisecond, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				_ = s.process.Signal(map[string]os.Signal{"signal": syscall.SIGTERM, "hangup": syscall.SIGHUP, "quit": syscall.SIGQUIT}[action])
			})
		case "kill":
			time.AfterFunc(200*time.Millisecond, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				_ = s.process.Kill()
			})
		case "down":
			s.org.Inject(oktaemu.Fault{Status: 503})
		default:
			if err := s.change(append([]string{action}, rest...)); err != nil {
				panic(err)
			}
		}
	})
	return nil
}

func (s *scene) addToken(login, name string) error {
	s.touched()
	value, err := s.org.AddToken(login, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = append(s.secrets, value)
	return err
}

// org caller LOGIN (the program's credential is now one of that account) | assign LOGIN ROLE | group GROUP ROLE | member GROUP LOGIN | status LOGIN STATUS | add-token LOGIN NAME |
// delete-role LABEL | delete-set LABEL
func (s *scene) change(args []string) error {
	s.touched()
	switch verb, args := args[0], args[1:]; verb {
	case "caller":
		value, err := s.org.AddToken(args[0], "caller")
		s.mu.Lock()
		s.secrets = append(s.secrets, value)
		s.mu.Unlock()
		s.ts.Setenv("OKTA_API_TOKEN", value)
		return err
	case "assign":
		return s.org.Assign(args[0], args[1])
	case "assign-custom":
		return s.org.AssignCustom(args[0], args[1], args[2])
	case "group":
		return s.org.AssignGroup(args[0], args[1])
	case "member":
		return s.org.AddMember(args[0], args[1])
	case "status":
		return s.org.SetStatus(args[0], args[1])
	case "add-token":
		return s.addToken(args[0], args[1])
	case "delete-role":
		return s.org.DeleteCustomRole(args[0])
	case "delete-set":
		return s.org.DeleteResourceSet(args[0])
	default:
		return fmt.Errorf("org %q", verb)
	}
}

// fault METHOD PATH STATUS|truncate|drop-after [skip=N] [count=N]
func (s *scene) fault(args []string) error {
	f := oktaemu.Fault{Method: args[0], Path: args[1]}
	switch args[2] {
	case "truncate":
		f.Truncate = true
	case "drop-after":
		f.DropAfter = true
	default:
		status, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		f.Status = status
	}
	for _, option := range args[3:] {
		name, value, _ := strings.Cut(option, "=")
		number, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		switch name {
		case "skip":
			f.Skip = number
		case "count":
			f.Count = number
		default:
			return fmt.Errorf("fault option %q", option)
		}
	}
	s.org.Inject(f)
	return nil
}

// mend: Okta is up again.
func (s *scene) mend([]string) error {
	s.org.ClearFaults()
	return nil
}

// roles LOGIN ROLE…: what the org says that the account holds, exactly.
func (s *scene) roles(args []string) error {
	return exactly("roles", s.org.RolesOf(args[0]), args[1:])
}

// tokens LOGIN NAME…: the tokens that the org says that the account owns, exactly.
func (s *scene) tokens(args []string) error {
	return exactly("tokens", s.org.TokensOf(args[0]), args[1:])
}

func exactly(what string, got, want []string) error {
	if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		return fmt.Errorf("%s: the org says %q, want %q", what, got, want)
	}
	return nil
}

// lease STATE…: the states of the leases in the ledger, oldest first, or STATE|STATE where either will do; none for no ledger or
// no lease.
func (s *scene) lease(want []string) error {
	var got []string
	for _, open := range []func() (book, error){s.folder, s.branch} {
		b, err := open()
		if err != nil || b == nil {
			return err
		}
		leases, err := b.Leases(context.Background())
		if err != nil {
			return err
		}
		for _, l := range leases {
			got = append(got, string(l.State))
		}
	}
	one := func(got, want string) bool { return slices.Contains(strings.Split(want, "|"), got) }
	if !slices.EqualFunc(got, want, one) {
		return fmt.Errorf("leases: %q, want %q", got, want)
	}
	return nil
}

// book is a ledger as scripts look at it.
type book interface {
	Open(ctx context.Context, terms access.Terms, at time.Time) (access.Lease, error)
	Leases(ctx context.Context) ([]access.Lease, error)
}

func (s *scene) folder() (book, error) {
	return ledger.CreateFolder(filepath.Join(s.work, ".stepdown", "ledger"), access.NewSecret(ledgerKey))
}

func (s *scene) branch() (book, error) {
	hub, err := github.New(github.Config{
		APIURL: s.hubURL, Repository: "acme/okta-access", Token: access.NewSecret(hubToken), Transport: &http.Transport{}, UserAgent: "test",
	})
	if err != nil {
		return nil, err
	}
	return ledger.NewBranch(hub, access.NewSecret(ledgerKey), ledger.BranchOptions{Repository: "acme/okta-access"})
}

// state: hands what GITHUB_STATE holds to the steps after it, as the runner does.
func (s *scene) state([]string) error {
	lines, saved := strings.Split(s.ts.ReadFile("state"), "\n"), false
	for i, line := range lines {
		if name, delimiter, ok := strings.Cut(line, "<<"); ok && i+2 < len(lines) && lines[i+2] == delimiter {
			s.ts.Setenv("STATE_"+name, lines[i+1]) // the last value wins
			saved = true
		}
	}
	if !saved {
		return fmt.Errorf("no state was saved: %q", lines)
	}
	return nil
}

// listening ADDRESS: waits until something answers there.
func (s *scene) listening(args []string) error {
	var err error
	for range 100 {
		var conn net.Conn
		if conn, err = net.Dial("tcp", args[0]); err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// hold LOGIN: another run has an open lease of the account, in the ledger that a run uses by itself.
func (s *scene) hold(args []string) error {
	open := s.folder
	if s.ts.Getenv("GITHUB_ACTIONS") == "true" {
		open = s.branch
	}
	b, err := open()
	if err != nil {
		return err
	}
	_, err = b.Open(context.Background(), access.Terms{
		ID: "held", Kind: access.LeaseElevation, Account: access.Account{ID: s.org.UserID(args[0]), Login: args[0]}, EndsAt: time.Now().Add(time.Hour),
	}, time.Now())
	return err
}

// ports NAME…: sets each to a port of this machine that is free.
func (s *scene) ports(names []string) error {
	for _, name := range names {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		s.ts.Setenv(name, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return nil
}

// pass DURATION: lets a window of that length go by.
func (s *scene) pass(args []string) error {
	d, err := time.ParseDuration(args[0])
	if err == nil {
		time.Sleep(s.mode.window(d))
	}
	return err
}

// console LOGIN PASSWORD STATUS: signs in to the Admin Console and asks for the form that creates a token.
func (s *scene) console(args []string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser, org := &http.Client{Jar: jar}, s.ts.Getenv("OKTA_ORG_URL")
	resp, err := browser.PostForm(org+"/login/login.htm", url.Values{"login": {args[0]}, "password": {args[1]}})
	if err != nil {
		return err
	}
	resp.Body.Close()
	if s.org.Sessions(args[0]) == 0 {
		return fmt.Errorf("%s could not sign in", args[0])
	}
	if resp, err = browser.Get(org + "/admin/access/api/tokens/create"); err != nil {
		return err
	}
	resp.Body.Close()
	if got := strconv.Itoa(resp.StatusCode); got != args[2] {
		return fmt.Errorf("the console answered %s, want %s", got, args[2])
	}
	return nil
}

// unchanged: nobody has sent the org a request that changes something. A token of a service app's own changes nothing.
func (s *scene) unchanged([]string) error {
	writes := map[string]bool{}
	for _, r := range s.org.Requests() {
		if r.Method != "GET" && r.Path != "/oauth2/v1/token" {
			writes[r.Method+" "+r.Path] = true
		}
	}
	if len(writes) > 0 {
		return fmt.Errorf("the org was sent %q", slices.Sorted(maps.Keys(writes)))
	}
	return nil
}
