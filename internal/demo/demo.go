// Package demo tells a story with the real program: an audit of an org with planted problems, a pull request that is
// approved and carried out, and a second audit. Okta and GitHub are emulated on loopback; everything else is as in
// production, because the story drives the program by its arguments and environment.
package demo

import (
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/stepdown/stepdown/internal/githubemu"
	"github.com/stepdown/stepdown/internal/oktaemu"
)

//go:embed world
var world embed.FS

// Program runs the program with these arguments (without its name) and environment, and returns its exit code.
type Program func(ctx context.Context, getenv func(string) string, out io.Writer, args ...string) int

// Options say how the story is told.
type Options struct {
	Out       io.Writer // safe for concurrent use
	ReportDir string
	Keep      bool   // leave both emulators up until the context ends
	Command   string // how the program was started; empty where it is called stepdown
	Program   Program
}

const (
	repository = "northwind/okta-access"
	account    = "svc-invoice-export@northwind.example"
	password   = "demo-invoice-export" // of an account that exists in an emulated org only
)

// story is the state of the telling.
type story struct {
	Options
	okta    *oktaemu.Org
	hub     *githubemu.Hub
	oktaURL string
	hubURL  string
	env     map[string]string
	dir     string // the working tree and the ledger, thrown away at the end
}

// Run tells the story. It is an error when it does not go as told.
func Run(ctx context.Context, o Options) error {
	dir, err := os.MkdirTemp("", "stepdown-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &story{Options: o, dir: dir}
	stop, err := s.start()
	if err != nil {
		return err
	}
	defer stop()
	for _, chapter := range []func(context.Context) error{s.firstAudit, s.pullRequest, s.secondAudit} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return s.end(ctx)
}

// start brings up the org and the repository.
func (s *story) start() (stop func(), err error) {
	seedFile, err := world.Open("world/org.yaml")
	if err != nil {
		return nil, err
	}
	defer seedFile.Close()
	seed, err := oktaemu.LoadSeed(seedFile, "org.yaml")
	if err != nil {
		return nil, err
	}
	oktaToken, hubToken := "00"+rand.Text()+rand.Text()[:14], "ghs_"+rand.Text()
	if s.okta, err = oktaemu.New(seed, oktaemu.WithAPIToken(oktaToken)); err != nil {
		return nil, err
	}
	s.hub = githubemu.New(githubemu.Options{Repository: repository, DefaultBranch: "main", Token: hubToken})
	s.hub.Protect("main", githubemu.Protection{PullRequest: true, Approvals: 1, DismissStale: true, LastPush: true, NoForcePush: true, NoDeletion: true})
	s.hub.Protect("stepdown-ledger", githubemu.Protection{NoForcePush: true, NoDeletion: true})
	stopOkta, oktaURL, err := serve(s.okta)
	if err != nil {
		return nil, err
	}
	stopHub, hubURL, err := serve(s.hub)
	if err != nil {
		stopOkta()
		return nil, err
	}
	s.oktaURL, s.hubURL = oktaURL, hubURL
	s.env = map[string]string{
		"OKTA_API_TOKEN": oktaToken, "STEPDOWN_LEDGER_KEY": rand.Text() + rand.Text(),
		"GITHUB_TOKEN": hubToken, "GITHUB_API_URL": hubURL, "GITHUB_REPOSITORY": repository, "GITHUB_RUN_ID": "1", "GITHUB_ACTOR": "grace-hopper",
	}
	s.say("An emulated Okta org listens on %s, an emulated GitHub on %s.", oktaURL, hubURL)
	return func() { stopOkta(); stopHub() }, s.checkout("world/access")
}

// serve answers on a free port of loopback until stop is called.
func serve(handler http.Handler) (stop func(), url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }, "http://" + listener.Addr().String(), nil
}

// checkout puts manifests of the embedded world into the working tree, and onto the default branch.
func (s *story) checkout(dir string) error {
	files := map[string]string{}
	entries, err := fs.ReadDir(world, dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		data, err := fs.ReadFile(world, dir+"/"+entry.Name())
		if err != nil {
			return err
		}
		files["access/"+entry.Name()] = string(data)
	}
	s.hub.Commit("main", files)
	return s.pull(files)
}

// pull writes files into the working tree.
func (s *story) pull(files map[string]string) error {
	for name, data := range files {
		path := filepath.Join(s.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// run runs the program and holds its exit code against what the story says.
func (s *story) run(ctx context.Context, want int, args ...string) error {
	line := "stepdown"
	for _, a := range args {
		line += " " + a
	}
	fmt.Fprintf(s.Out, "\n$ %s\n", line)
	code := s.Program(ctx, func(name string) string { return s.env[name] }, s.Out, args...)
	fmt.Fprintf(s.Out, "(exit code %d)\n", code)
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if code != want {
		return fmt.Errorf("the story does not go as told: exit code %d, not %d", code, want)
	}
	return nil
}

func (s *story) heading(text string) { fmt.Fprintf(s.Out, "\n=== %s ===\n", text) }

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.Out, format+"\n", args...) }
