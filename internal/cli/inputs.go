package cli

// What a user sets is called by how this one sets it: flags on a command line, inputs and variables of a step in the Action.

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// option names a flag, which in the Action is an input.
func (s *session) option(name string) string {
	if s.inAction {
		return "the input " + name
	}
	return "--" + name
}

// seeHelp says where what a verb takes is written down.
func (s *session) seeHelp(c *cobra.Command) string {
	if s.inAction {
		return "README.md has the inputs, with the verbs that each is for."
	}
	return fmt.Sprintf("See: %s --help", c.CommandPath())
}

// envHint says how a secret is given.
func (s *session) envHint(names ...string) string {
	if !s.inAction {
		return "Set it in the environment; it is never taken from a flag."
	}
	return fmt.Sprintf("Give it to the step under env, as in %s: ${{ secrets.%[1]s }}. A secret that neither the job's environment nor the repository has is empty: look at the job's \"environment\".", names[0])
}

// accessHint says what to do where there are no manifests.
func (s *session) accessHint() string {
	if s.inAction {
		return "Check the repository out in a step before this one (actions/checkout), or name another folder by the input access."
	}
	return "Name the folder of the manifests with --access."
}

// flagError says of the value of an input that is of another kind which kind is meant.
func (s *session) flagError(c *cobra.Command, err error) error {
	var invalid interface {
		error
		GetValue() string
	}
	if !errors.As(err, &invalid) {
		return err
	}
	kinds := map[string]string{"int": "a whole number", "bool": "true or false"}
	for _, name := range actionInputs()[c.Name()] {
		if f := c.Flags().Lookup(name); strings.Contains(err.Error(), `"--`+name+`" flag`) && kinds[f.Value.Type()] != "" {
			return fmt.Errorf("%s=%q: expected %s", s.option(name), invalid.GetValue(), kinds[f.Value.Type()])
		}
	}
	return err
}
