// Command stepdown gives a service account of an Okta org the credential that it needs and leaves no privilege behind.
// In the container it is also linked as stepdown-post, which ends what a run left open.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/stepdown/stepdown/internal/cli"
)

func main() { os.Exit(run()) }

// run keeps catching signals until it returns: the first one ends the work in hand and begins the step-down, and no later
// one may end that. A reader of the output that goes away is no reason to leave an account elevated.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(syscall.SIGPIPE)
	return cli.Main(ctx, cli.Env{
		Args:   os.Args,
		Getenv: os.Getenv,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
	})
}
