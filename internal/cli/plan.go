package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/elevation"
)

func newValidate(s *session) *cobra.Command {
	c := &cobra.Command{
		Use:   "validate",
		Short: "Read the manifests and say what is wrong with them, by file and line",
		Args:  args(0, 0, "no arguments"),
		RunE:  func(*cobra.Command, []string) error { return s.validate() },
	}
	s.accessFlag(c)
	return c
}

// validate reads the manifests and holds them against the settings, as far as that needs no org.
func (s *session) validate() error {
	dir, err := s.declared()
	if err != nil {
		return err
	}
	settings := "the default settings"
	if dir.Settings.Source.File != "" {
		settings = dir.Settings.Source.File
	}
	refused := 0
	for _, owner := range dir.Owners {
		if refusals := elevation.RefuseDeclaration(owner, dir.Settings); len(refusals) > 0 {
			refused++
			s.sayRefusal(refusalError(fmt.Sprintf("no  %-24s %s is not allowed by %s", owner.Name, owner.Account, settings), refusals, owner))
			continue
		}
		fmt.Fprintf(s.stdout, "ok  %-24s %s keeps %s on %s\n", owner.Name, owner.Account, owner.Role.CustomRole, owner.Role.ResourceSet)
	}
	if refused > 0 {
		return refusedError("of %s, %d would be refused by %s", number(len(dir.Owners), "declaration"), refused, settings)
	}
	if len(dir.Owners) == 0 {
		fmt.Fprintf(s.stderr, "stepdown: there is no declaration in %q itself; folders below it are not read\n", s.accessDir)
	}
	s.concluding("%s, all of them valid and allowed by %s; the org was not asked: see plan", number(len(dir.Owners), "declaration"), settings)
	return nil
}

// sayRefusal says that one of several declarations is refused, in a runner at its line.
func (s *session) sayRefusal(err error) {
	fmt.Fprintf(s.stdout, "%v\n", err)
	s.annotateError(err)
}

// concluding says in a line how it ended, which the step's page has too.
func (s *session) concluding(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	fmt.Fprintln(s.stdout, line)
	s.because = append(s.because, line+".")
}

// number writes a number with its noun.
func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func newPlan(s *session) *cobra.Command {
	var number int
	c := &cobra.Command{
		Use:   "plan [NAME…]",
		Short: "Say what apply would do against the live org, changing nothing",
		Long: `plan reads the manifests of the working tree and the org, and prints for each declaration what apply would do, or why it
would refuse. It only reads. With names, only those declarations.

With --pull-request, or in GitHub Actions on a pull request's event, it plans what that pull request asks for, says what it still
needs to be admitted, and keeps a comment and a check run on it up to date.`,
		Args: args(0, 1000, "names of declarations"),
		RunE: func(c *cobra.Command, names []string) error {
			event := s.runner.Context().EventName
			if number != 0 || (len(names) == 0 && slices.Contains([]string{"workflow_run", "pull_request", "pull_request_review", "pull_request_target"}, event)) {
				return s.planRequests(c.Context(), number)
			}
			return s.plan(c.Context(), names)
		},
	}
	s.orgFlag(c)
	s.accessFlag(c)
	s.commentFlag(c)
	c.Flags().IntVar(&number, "pull-request", 0, "number of a pull request to plan, instead of the working tree")
	return c
}

func (s *session) plan(ctx context.Context, names []string) error {
	dir, err := s.declared()
	if err != nil {
		return err
	}
	owners, err := choose(dir.Owners, names)
	if err != nil {
		return err
	}
	var q requests
	client, err := s.okta(ctx, "plan", &q)
	if err != nil {
		return err
	}
	w := s.workflow(client, nil, &q)
	refused := 0
	for _, owner := range owners {
		facts, err := w.Check(ctx, owner)
		if err != nil {
			return err
		}
		plan := elevation.NewPlan(owner, facts, dir.Settings, s.subject(time.Now(), nil))
		switch {
		case plan.InPlace:
			fmt.Fprintf(s.stdout, "no change for %s (%s): it holds exactly %s and owns token %q\n", plan.Terms.Account.Login, owner.Name, plan.Terms.Label, owner.Token.Name)
		case len(plan.Refusals) > 0:
			refused++
			s.sayRefusal(refusalError("refused: "+owner.Account+" ("+owner.Name+")", plan.Refusals, owner))
		default:
			s.sayChanges(plan)
		}
	}
	if writes := q.writes(); len(writes) > 0 {
		return fmt.Errorf("plan sent %d requests that change something: this is a fault of the program", len(writes))
	}
	s.concluding("%s, %d refused; %s, all of them reads", number(len(owners), "declaration"), refused, number(q.count(), "request"))
	if refused > 0 {
		return refusedError("%s would be refused", number(refused, "declaration"))
	}
	return nil
}

// choose returns the declarations with these names, or all.
func choose(owners []access.TokenOwner, names []string) ([]access.TokenOwner, error) {
	if len(names) == 0 {
		return owners, nil
	}
	var out []access.TokenOwner
	for _, name := range names {
		matching := slices.DeleteFunc(slices.Clone(owners), func(o access.TokenOwner) bool {
			return o.Name != name && !strings.EqualFold(o.Account, name)
		})
		if name == "" {
			return nil, usage("Give the account, or the name of its declaration.", "no account is named")
		}
		switch len(matching) {
		case 0:
			return nil, usage("stepdown validate lists names and accounts.", "there is no declaration %q", name)
		case 1:
			out = append(out, matching[0])
		default:
			return nil, usage("Give the account.", "%q is the name of one declaration and the account of another", name)
		}
	}
	return out, nil
}
