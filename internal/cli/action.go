package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// postName is the name of the program's link that the Action's post-entrypoint starts: GitHub starts each stage of a
// container action by a path without arguments of its own, so that the name has to tell the stages apart.
const postName = "stepdown-post"

// actionInputs lists, for each verb that the Action's input "command" may name, the inputs that become its flags. An
// input that the workflow leaves empty is not given, so that the flag's own default holds.
func actionInputs() map[string][]string {
	return map[string][]string{
		"apply":     {"okta-org-url", "rate-share", "access", "report-dir", "ledger", "ledger-accept", "comment", "pull-request"},
		"audit":     {"okta-org-url", "rate-share", "access", "report-dir", "ledger", "ledger-accept", "fail-on"},
		"controls":  {},
		"doctor":    {"access", "environment", "ledger"},
		"downgrade": {"okta-org-url", "rate-share", "access", "report-dir", "ledger", "ledger-accept"},
		"plan":      {"okta-org-url", "rate-share", "access", "comment", "pull-request"},
		"sweep":     {"okta-org-url", "rate-share", "access", "report-dir", "ledger", "ledger-accept", "comment", "from-report"},
		"validate":  {"access"},
	}
}

// newAction makes the verb that action.yml starts. It is fixed there, so that a workflow cannot give other arguments.
func newAction(s *session) *cobra.Command {
	return &cobra.Command{
		Use:    "action",
		Short:  "Run the verb that the Action's inputs name",
		Hidden: true,
		Args:   args(0, 0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			s.inAction = true
			verb := s.runner.Input("command")
			inputs, known := actionInputs()[verb]
			if !known {
				return usage("Set it to apply, audit, controls, doctor, downgrade, plan, sweep or validate.", "the input command is %q", verb)
			}
			if slices.Contains(inputs, "okta-org-url") {
				s.sayOrg()
			}
			root := newRoot(s)
			root.SetArgs(append([]string{verb}, s.flagsOf(verb, inputs)...))
			return root.ExecuteContext(c.Context())
		},
	}
}

// flagsOf turns inputs into arguments. They are given as --name=value, so that a value which begins with a dash stays one.
func (s *session) flagsOf(verb string, inputs []string) []string {
	var out []string
	for _, name := range slices.Sorted(slices.Values(inputs)) {
		if value := s.runner.Input(name); value != "" {
			out = append(out, "--"+name+"="+value)
		}
	}
	if verb == "downgrade" {
		out = append(out, "--", s.runner.Input("account"))
	}
	return out
}

// sayOrg says where the org's address comes from, if not from the input: an earlier step can have set it.
func (s *session) sayOrg() {
	if s.runner.Input("okta-org-url") == "" && s.env.Getenv("OKTA_ORG_URL") != "" {
		s.runner.Warning("environment", "OKTA_ORG_URL is set, and says which org it is, for the input okta-org-url is empty")
	}
}

// takeInputs reads the inputs that the post step needs, which has no arguments.
func (s *session) takeInputs() {
	s.sayOrg()
	or := func(value, fallback string) string {
		if value == "" {
			return fallback
		}
		return value
	}
	s.orgURL = or(s.runner.Input("okta-org-url"), s.env.Getenv("OKTA_ORG_URL"))
	if share, err := strconv.Atoi(s.runner.Input("rate-share")); err == nil && share > 0 && share <= 100 {
		s.rateShare = share // else Okta's default: a step-down does not fail for that
	}
	s.accessDir = or(s.runner.Input("access"), "access")
	s.reportDir = or(s.runner.Input("report-dir"), "stepdown-report")
	s.ledgerDir, s.comment = s.runner.Input("ledger"), s.commented()
	s.ledgerAccept = strings.FieldsFunc(s.runner.Input("ledger-accept"), func(r rune) bool { return r == ',' || r == ' ' })
}
