package cli

import (
	"context"
	"io"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/demo"
)

func newDemo(s *session) *cobra.Command {
	var keep bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Tell the whole story against an emulated org: audit, approved pull request, apply, audit",
		Long: `demo tells the whole story against an emulated Okta org and an emulated GitHub, with this program and over HTTP: an audit finds what
was planted, a pull request is approved and carried out, and the next audit finds nothing new. It needs no set-up and no network.

With --keep the emulators stay up afterwards, with another pull request that is approved, and the commands to paste.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			out := &lockedWriter{w: s.env.Stdout}
			return demo.Run(c.Context(), demo.Options{
				Out: out, ReportDir: filepath.Join(s.reportDir, "demo"), Keep: keep, Program: s.again, Command: startedAs(s.env.Args[0]),
			})
		},
	}
	s.reportFlag(c)
	c.Flags().BoolVar(&keep, "keep", false, "leave both emulators up, and print what to do with them")
	return c
}

// again runs this program within itself, in an environment of its own.
func (s *session) again(ctx context.Context, getenv func(string) string, out io.Writer, args ...string) int {
	return Main(ctx, Env{Args: append([]string{"stepdown"}, args...), Getenv: getenv, Stdout: out, Stderr: out})
}

// startedAs is the path of the program, or empty where a shell finds it by its name.
func startedAs(arg string) string {
	if filepath.Base(arg) == arg {
		return ""
	}
	if path, err := filepath.Abs(arg); err == nil {
		return path
	}
	return arg
}

// lockedWriter lets several write, one at a time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
