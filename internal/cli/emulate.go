package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

func newEmulate(s *session) *cobra.Command {
	var addr, orgFile, token string
	c := &cobra.Command{
		Use:   "emulate",
		Short: "Serve an emulated Okta org, to try things out and to test against",
		Long: `emulate serves an Okta org out of a file: the Management API as far as this program and its users need it, and a small
Admin Console. Nothing is kept when it ends. The API token belongs to the first super administrator of the file.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if token == "" {
				token = "00" + rand.Text()
			}
			return s.emulate(c.Context(), addr, orgFile, token)
		},
	}
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:8484", "address to listen on; port 0 picks a free one")
	c.Flags().StringVar(&orgFile, "org", "", "YAML file of the org (default: one super administrator, one service account)")
	c.Flags().StringVar(&token, "api-token", "", "value of the API token (default: a new one, which is printed)")
	return c
}

func (s *session) emulate(ctx context.Context, addr, orgFile, token string) error {
	seed := oktaemu.DefaultSeed()
	if orgFile != "" {
		file, err := os.Open(orgFile)
		if err != nil {
			return usage("Name a file such as testdata/orgs/acme.yaml with --org.", "reading the org: %w", err)
		}
		defer file.Close()
		if seed, err = oktaemu.LoadSeed(file, orgFile); err != nil {
			return coded(ExitUsage, err)
		}
	}
	org, err := oktaemu.New(seed, oktaemu.WithAPIToken(token))
	if err != nil {
		return coded(ExitUsage, err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return usage("Choose another address with --addr.", "listening: %w", err)
	}
	fmt.Fprintf(s.stdout, "listening on http://%s\n", listener.Addr())
	fmt.Fprintf(s.stdout, "Admin Console: http://%s/login/login.htm\nAPI token: %s\n", listener.Addr(), token)
	return serve(ctx, listener, org)
}

// serve answers until ctx ends.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		soon, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(soon) != nil {
			_ = server.Close()
		}
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
