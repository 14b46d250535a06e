package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/posture"
	"github.com/stepdown/stepdown/internal/report"
)

func newDoctor(s *session) *cobra.Command {
	var given []string
	var book string // not ledgerDir: its default is another one
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Read how the repository is set up, and say what of it lets somebody forge an approval",
		Long: `doctor reads the settings of the repository that the admission and the ledger rest on: its visibility, the rules of the default
branch and of the ledger's branch, CODEOWNERS, the environments that hold credentials, what workflows may do, and the
workflow files of the default branch. It changes nothing, and asks nothing of the org. What is off comes first.

A setting that could not be read is not known, which is never a pass.
GITHUB_TOKEN needs contents: read and actions: read; with administration: read, which only a fine-grained token or a GitHub
App can have, it also sees what workflows may do by default.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.inRepository(); err != nil {
				return err
			}
			wanted := posture.Wanted{AccessDir: s.accessDir, Environments: environments(given), Named: c.Flags().Changed("environment")}
			return s.doctor(c.Context(), wanted, book)
		},
	}
	s.accessFlag(c)
	c.Flags().StringVar(&book, "ledger", defaultBranch, "where the leases are: branch:NAME in the repository")
	c.Flags().StringSliceVar(&given, "environment", posture.DefaultEnvironments(), "environments that hold credentials; a list with commas, or given several times")
	return c
}

func (s *session) doctor(ctx context.Context, wanted posture.Wanted, book string) error {
	if len(wanted.Environments) == 0 {
		return usage("Name those that hold the credentials of apply, plan, audit and sweep.", "%s names no environment", s.option("environment"))
	}
	branch, ok := strings.CutPrefix(strings.TrimSpace(book), branchPrefix)
	if wanted.LedgerBranch = branch; !ok || branch == "" {
		return usage("Give branch:NAME; the default is "+defaultBranch+". A ledger in a folder has no settings that could be looked at.", "%s=%q names no branch", s.option("ledger"), book)
	}
	client, err := s.github()
	if err != nil {
		return err
	}
	facts := posture.Collect(ctx, client, wanted)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading the repository's settings: %w", err)
	}
	return s.tellPosture(posture.Judge(facts))
}

// tellPosture prints the checks, puts them on the step's summary, and says what they come to.
func (s *session) tellPosture(checks []posture.Check) error {
	repository := s.runner.Context().Repository
	if err := report.PostureTable(s.stdout, repository, checks); err != nil {
		return fmt.Errorf("printing the checks: %w", err)
	}
	var md bytes.Buffer
	if err := report.PostureMarkdown(&md, repository, checks); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	if err := s.summary(md.Bytes()); err != nil {
		fmt.Fprintf(s.stderr, "stepdown: %v\n", err)
	}
	count := func(status posture.Status) int {
		return len(slices.DeleteFunc(slices.Clone(checks), func(c posture.Check) bool { return c.Status != status }))
	}
	off, unknown := count(posture.Off), count(posture.Unknown)
	switch posture.Worst(checks) {
	case posture.Off:
		return coded(ExitFound, fmt.Errorf("%s not as they have to be, %d not known", number(off, "setting"), unknown))
	case posture.Unknown:
		return coded(ExitUnknown, errors.New(number(unknown, "setting")+" could not be read: that is no pass"))
	}
	return nil
}

// environments are the names that were given, each once.
func environments(given []string) []string {
	var names []string
	for _, name := range given {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
