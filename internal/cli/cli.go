// Package cli is the command line: its verbs read flags and the environment, wire the parts and say what came of it. It decides nothing about access.
package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/action"
	"github.com/stepdown/stepdown/internal/elevation"
	"github.com/stepdown/stepdown/internal/manifest"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/report"
)

// The exit codes, which are the same for every verb.
const (
	ExitDone    = 0 // done, and nothing to say
	ExitFound   = 1 // denied, or findings at or above --fail-on, or residue
	ExitUsage   = 2 // usage or bad input; nothing was done
	ExitFailed  = 3 // failed, and nothing is left elevated
	ExitStuck   = 4 // an account may still be elevated
	ExitUnknown = 5 // audit or doctor could not know
)

// Version is the version of the program, as reports and evidence name it.
const Version = "0.1.0"

// Env is everything that the program takes from outside.
type Env struct {
	Args      []string // with the program's name first
	Getenv    func(string) string
	Stdout    io.Writer
	Stderr    io.Writer
	Transport http.RoundTripper // towards Okta and GitHub; nil for a direct connection
}

// Main runs the program and returns its exit code.
func Main(ctx context.Context, env Env) int {
	s := newSession(env)
	s.sayAmbient()
	root := newRoot(s)
	root.SetArgs(env.Args[1:])
	if filepath.Base(env.Args[0]) == postName {
		root.SetArgs([]string{"post"})
	}
	err := s.execute(ctx, root)
	code := exitCode(err)
	if err != nil {
		s.complain(err)
	}
	if !s.inAction {
		return code
	}
	if !s.outcome {
		s.output("outcome", outcomeOf(err))
	}
	s.output("exit-code", fmt.Sprint(code))
	s.brief(err)
	if s.mute != nil && code == ExitDone { // what asks the outputs whether it went well reads nothing
		s.complain(fmt.Errorf("the step's outputs are not set: %w", s.mute))
		return ExitFailed
	}
	return code
}

// execute runs the verb. That the program fails is no bad input, whatever the runtime's own exit code for that would say: where a verb that
// opens or ends leases has begun, an account may be elevated.
func (s *session) execute(ctx context.Context, root *cobra.Command) (err error) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(s.stderr, "%s\n", debug.Stack())
			code := ExitFailed
			if s.leases {
				code = ExitStuck
			}
			err = coded(code, fmt.Errorf("the program failed: %v\nIt is a fault of the program: please report it with what stands above. stepdown sweep ends what it may have left.", p))
		}
	}()
	return root.ExecuteContext(ctx)
}

// sayAmbient says which variables that an earlier step can have set do something here, or do not, where one would expect it.
func (s *session) sayAmbient() {
	if !s.runner.Active() {
		return
	}
	for _, a := range s.runner.Ambient() {
		s.runner.Warning("environment", a.Name+" is set, and is "+a.Effect)
	}
}

// session is what the verbs of one run share.
type session struct {
	env      Env
	runner   *action.Runner
	stdout   io.Writer // for people; what a runner would read as a command is made harmless
	stderr   io.Writer
	hub      connection
	inAction bool     // the run was begun by the Action's fixed argument
	outcome  bool     // the output of that name has been set
	removes  bool     // the verb only takes away
	leases   bool     // it has begun what may leave a lease open
	mute     error    // why an output could not be set
	came     string   // the outcome
	because  []string // why it came to that, where it is no error
	shown    bool     // the step has a summary

	orgURL       string
	rateShare    int
	accessDir    string
	reportDir    string
	ledgerDir    string   // as given; see ledgerName
	ledgerAccept []string // what somebody has looked into that was done to the ledger's branch
	comment      bool     // what is done is said on the pull request

	watching bool // the sweep goes on and on
	saying   sync.Mutex
	said     map[string]time.Time // what it has said, and when
}

func newSession(env Env) *session {
	runner := action.New(env.Getenv, env.Stdout)
	s := &session{env: env, runner: runner, stdout: plainText{env.Stdout}, stderr: plainText{env.Stderr}}
	if runner.Active() {
		s.stdout, s.stderr = plainText{runner.Log(env.Stdout)}, plainText{runner.Log(env.Stderr)}
	}
	return s
}

// codedError carries the exit code that an error ends the program with.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func coded(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: code, err: err}
}

// usage makes an error of bad input. hint is what to do next.
func usage(hint, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if hint != "" {
		err = fmt.Errorf("%w\n%s", err, hint)
	}
	return coded(ExitUsage, err)
}

// exitCode says what an error ends the program with. What nobody gave a code failed before anything was elevated.
func exitCode(err error) int {
	var c *codedError
	var stuck *elevation.Stuck
	var input *manifest.Error
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &stuck):
		return ExitStuck
	case errors.As(err, &c):
		return c.code
	case errors.As(err, &input):
		return ExitUsage
	default:
		return ExitFailed
	}
}

// complain tells what went wrong, on standard error and, in a runner, as annotations.
func (s *session) complain(err error) {
	fmt.Fprintf(s.stderr, "stepdown: %s%s\n", err, s.advice(err))
	s.annotateError(err)
}

// advice is what to do about refusals that every verb can meet, on a line of its own.
func (s *session) advice(err error) string {
	var answer *okta.Error
	switch {
	case errors.As(err, &answer) && answer.Advice != "":
		return "\n" + answer.Advice
	case errors.As(err, &answer) && answer.Status == 0:
		return fmt.Sprintf("\nCheck that %s is the URL of the org and that it can be reached from here.", s.orgURL)
	}
	return ""
}

// summary adds to the step's summary.
func (s *session) summary(markdown []byte) error {
	s.shown = true
	return s.runner.Summary(markdown)
}

// brief says on the step's page how it ended, where nothing else does.
func (s *session) brief(err error) {
	if s.shown || s.came == "" {
		return
	}
	text := "The step's log says what was done."
	switch {
	case err == nil && len(s.because) == 0 && s.came == "unchanged":
		text = "There was nothing to do. The step's log says what was looked at."
	case err != nil:
		text = sentences(err.Error())
	case len(s.because) > 0:
		text = strings.Join(s.because, " ")
	}
	var md bytes.Buffer
	if err := errors.Join(report.Brief(&md, "stepdown "+s.runner.Input("command")+": "+s.came, text), s.summary(md.Bytes())); err != nil {
		s.warn(err)
	}
}

// sentences puts lines one after another, as sentences.
func sentences(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.ContainsAny(line[len(line)-1:], ".:;?!") {
			line += "."
		}
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, " "))
}

// output sets an output of the Action; that it cannot is said, and at the end is a failure, but does not end the run.
func (s *session) output(name, value string) {
	if name == "outcome" {
		s.outcome, s.came = true, value
	}
	if err := s.runner.SetOutput(name, value); err != nil {
		s.mute = err
		fmt.Fprintf(s.stderr, "stepdown: %v\n", err)
	}
}

// newRoot makes the tree of commands.
func newRoot(s *session) *cobra.Command {
	root := &cobra.Command{
		Use:   "stepdown",
		Short: "Give a service account of an Okta org its API token, and leave no privilege behind",
		Long: `stepdown gives a service account a temporary admin role so that its API token can be created, takes the role back,
and proves it. Every night it audits who holds what.

Credentials come from the environment only:
  OKTA_API_TOKEN        API token of a super administrator; or, instead of it, a service app:
  OKTA_CLIENT_ID        its client id
  OKTA_PRIVATE_KEY      its private key, as PEM or as a JWK
  OKTA_PRIVATE_KEY_ID   the key's kid, where the app has several keys and the key does not say
  STEPDOWN_LEDGER_KEY   secret of at least 32 characters that authenticates the leases
  GITHUB_TOKEN          reads the pull request and keeps the ledger; README.md has its permissions; or, instead of it, a GitHub App:
  STEPDOWN_APP_ID       its client id
  STEPDOWN_APP_KEY      its private key, as PEM; each token is made here, for this repository, and renewed before it ends

Exit codes: 0 done; 1 denied, findings or residue; 2 usage or bad input; 3 failed, and nothing is left elevated;
4 stuck: an account may still be elevated; 5 audit or doctor could not know. stepdown VERB --help has those of the verb.`,
		Version:       Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(s.stdout)
	root.SetErr(s.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(s.seeHelp(c), "%w", s.flagError(c, err))
	})
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return s.checkFlags(c) }
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.HiddenDefaultCmd = true
	root.RunE = func(c *cobra.Command, args []string) error { return c.Help() }
	root.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			hint := "See: stepdown --help"
			if similar := c.SuggestionsFor(args[0]); len(similar) > 0 {
				hint = "Did you mean: " + strings.Join(similar, ", ") + "?"
			}
			return usage(hint, "there is no verb %q", args[0])
		}
		return nil
	}
	root.AddCommand(
		newValidate(s), newPlan(s), newApply(s), newDowngrade(s), newSweep(s), newAudit(s), newReport(s), newControls(s),
		newDoctor(s), newDemo(s), newEmulate(s), newAction(s), newPost(s))
	sayExits(root)
	return root
}

// args checks the number of arguments of a verb and explains it.
func args(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if len(given) < least || len(given) > most {
			return usage(fmt.Sprintf("See: %s --help", c.CommandPath()), "%s takes %s, not %q", c.Name(), what, given)
		}
		return nil
	}
}

// The flags that several verbs have.

func (s *session) orgFlag(c *cobra.Command) {
	c.Flags().StringVar(&s.orgURL, "okta-org-url", s.env.Getenv("OKTA_ORG_URL"), "URL of the org, such as https://acme.okta.com (default: OKTA_ORG_URL)")
	c.Flags().IntVar(&s.rateShare, "rate-share", okta.DefaultRateCeiling, "percent of each of Okta's rate limits to use at most; give what the token or app is allowed")
}

func (s *session) accessFlag(c *cobra.Command) {
	c.Flags().StringVar(&s.accessDir, "access", "access", "folder of the manifests")
}

func (s *session) reportFlag(c *cobra.Command) {
	c.Flags().StringVar(&s.reportDir, "report-dir", "stepdown-report", "folder that reports and evidence are written to")
}

func (s *session) ledgerFlag(c *cobra.Command) {
	c.Flags().StringVar(&s.ledgerDir, "ledger", "", "where the leases are: a folder, or branch:NAME in the repository (default: "+defaultBranch+" in GitHub Actions, else "+defaultFolder+")")
	c.Flags().StringSliceVar(&s.ledgerAccept, "ledger-accept", nil, "what was done to the ledger's branch and somebody has looked into: the numbers of pushes, the SHAs of commits; see docs/security.md")
}

func (s *session) commentFlag(c *cobra.Command) {
	c.Flags().BoolVar(&s.comment, "comment", s.runner.Active(), "say on the pull request, in a comment and a check run, what is done")
}
