package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/oktaemu"
)

// emulation is what the flags of emulate say.
type emulation struct{ addr, control, orgFile, saveFile, token string }

func newEmulate(s *session) *cobra.Command {
	var e emulation
	c := &cobra.Command{
		Use:   "emulate",
		Short: "Serve an emulated Okta org, to try things out and to test against",
		Long: `emulate serves an Okta org out of a file: the Management API as far as this program and its users need it, and a small
Admin Console. The API token belongs to the first super administrator of the file. Nothing is kept when it ends, unless
--save names a file: the whole org is written there, and --org reads it again.

--control opens a second address, on this machine alone, at which a test rules the org over HTTP with JSON:
  POST   /faults    {"method":"POST","path":"/api/v1/users/{user}/roles","count":1,"resetAfter":true}, or an array of faults
  GET    /faults    the faults and how many requests each matched; DELETE /faults removes them
  PUT    /limits    {"rateLimits":{"/api/v1/users":600},"principalShare":50,"concurrency":75}
  PUT    /lag       {"lag":"5s"}: every read shows the org as it was 5 seconds ago
  PUT    /latency   {"latency":"100ms"}: before every answer
  POST   /clock     {"advance":"1h"}, or {"offset":"0s"} to set it; GET tells the clock, limits, lag and latency
  GET    /requests  the requests that were answered
  GET    /org       the whole org as an org file; PUT /org replaces it by another
  POST   /reset     the org as it was at first
docs/emulator.md says more.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return s.emulate(c.Context(), e)
		},
	}
	c.Flags().StringVar(&e.addr, "addr", "127.0.0.1:8484", "address to listen on; port 0 picks a free one")
	c.Flags().StringVar(&e.control, "control", "", "loopback address of the control endpoint, such as 127.0.0.1:8485 (default: none)")
	c.Flags().StringVar(&e.orgFile, "org", "", "YAML file of the org (default: one super administrator, one service account)")
	c.Flags().StringVar(&e.saveFile, "save", "", "file that the org is written to when it ends (default: none)")
	c.Flags().StringVar(&e.token, "api-token", "", "value of the API token (default: as saved in the org file, else a new one, which is printed)")
	return c
}

func (s *session) emulate(ctx context.Context, e emulation) error {
	if e.control != "" && !oktaemu.LoopbackAddress(e.control) {
		return usage("Whoever reaches the control endpoint rules the org. Give --control a loopback address, such as 127.0.0.1:8485.",
			"--control: %s is not an address of this machine alone", e.control)
	}
	if e.saveFile != "" {
		if _, err := os.Stat(filepath.Dir(e.saveFile)); err != nil {
			return usage("Name a file in a folder that exists with --save.", "--save: %w", err)
		}
	}
	org, token, err := e.open()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", e.addr)
	if err != nil {
		return usage("Choose another address with --addr.", "listening: %w", err)
	}
	defer listener.Close()
	fmt.Fprintf(s.stdout, "listening on http://%s\n", listener.Addr())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	controlled := make(chan error, 1)
	if e.control != "" {
		control, err := net.Listen("tcp", e.control)
		if err != nil {
			return usage("Choose another address with --control.", "listening: %w", err)
		}
		fmt.Fprintf(s.stdout, "control endpoint: http://%s\n", control.Addr())
		go func() {
			defer cancel()
			controlled <- serve(ctx, control, org.Control())
		}()
	} else {
		controlled <- nil
	}
	fmt.Fprintf(s.stdout, "Admin Console: http://%s/login/login.htm\nAPI token: %s\n", listener.Addr(), token)
	err = serve(ctx, listener, org)
	cancel()
	err = errors.Join(err, <-controlled)
	if e.saveFile != "" {
		saved := save(org, e.saveFile)
		if saved == nil {
			fmt.Fprintf(s.stdout, "saved: %s\n", e.saveFile)
		}
		err = errors.Join(err, saved)
	}
	return err
}

// open makes the org of the file, and says what its API token is.
func (e emulation) open() (*oktaemu.Org, string, error) {
	seed := oktaemu.DefaultSeed()
	if e.orgFile != "" {
		file, err := os.Open(e.orgFile)
		if err != nil {
			return nil, "", usage("Name a file such as testdata/orgs/acme.yaml with --org.", "reading the org: %w", err)
		}
		defer file.Close()
		if seed, err = oktaemu.LoadSeed(file, e.orgFile); err != nil {
			return nil, "", usage("Mend the file, or name another one with --org.", "%w", err)
		}
	}
	token, option := e.token, oktaemu.WithAPIToken(e.token)
	if token == "" {
		token = "00" + rand.Text()
		option = oktaemu.WithSpareAPIToken(token)
	}
	org, err := oktaemu.New(seed, option)
	if err == nil && org.TokenAsSaved() {
		token = "as saved (give --api-token to set another)"
	}
	return org, token, coded(ExitUsage, err)
}

// save writes the org to the file: wholly, or not at all. Only the owner may read it, as it holds passwords.
func save(org *oktaemu.Org, name string) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("saving the org: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("saving the org: %w", err), os.Remove(temp.Name()))
		}
	}()
	err = org.Save(temp)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}

// serve answers until ctx ends. When it returns, the requests that were under way have ended too.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
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
	<-ended
	return nil
}
