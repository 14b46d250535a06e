// Command stepdown gives a service account of an Okta org the credential that it needs and leaves no privilege behind.
// In the container it is also linked as stepdown-post, which ends what a run left open.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/stepdown/stepdown/internal/action"
	"github.com/stepdown/stepdown/internal/cli"
)

func main() { os.Exit(run()) }

// run keeps catching signals until it returns: the first one ends the work in hand and begins the step-down, and no later
// one may end that. A reader of the output that goes away is no reason to leave an account elevated.
func run() int {
	beginAgain()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	signal.Ignore(syscall.SIGPIPE)
	return cli.Main(ctx, cli.Env{
		Args:   os.Args,
		Getenv: os.Getenv,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
	})
}

// beginAgain replaces the program by itself, in the Action, where a step before it has set what Go's runtime heeds: GODEBUG alone has what
// is sent printed, credentials and all, and code that runs before main has read it by now. Where that does not succeed, it goes on: a
// post step has work to do, and says what is heeded.
func beginAgain() {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return
	}
	env, changed := action.WithoutRuntime(os.Environ())
	path, err := os.Executable()
	if changed && err == nil {
		_ = syscall.Exec(path, os.Args, env)
	}
}
