package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exitMeanings say what each exit code means, of whichever verb.
func exitMeanings() []string {
	return []string{
		ExitDone:    "done",
		ExitFound:   "denied or refused, findings, or residue",
		ExitUsage:   "usage or bad input; nothing was done",
		ExitFailed:  "failed, and nothing is left elevated",
		ExitStuck:   "stuck: an account may still be elevated",
		ExitUnknown: "something could not be known, which is no pass",
	}
}

// exitsOf says for each verb what it means by the exit codes that are not just as for all: with an empty text, what all mean.
// Those that it does not name it does not end with. 0 and 2 are of every verb.
func exitsOf() map[string]map[int]string {
	return map[string]map[int]string{
		"apply":     {ExitFound: "denied or refused, or residue: roles that the lease did not give", ExitFailed: "", ExitStuck: ""},
		"audit":     {ExitFound: "findings at or above --fail-on", ExitFailed: "the report could not be written", ExitUnknown: "a control could not be decided"},
		"controls":  {},
		"demo":      {ExitFailed: "it did not go as told"},
		"doctor":    {ExitFound: "a setting is off", ExitFailed: "it was ended, or could not say what it found", ExitUnknown: "no setting is off, but one could not be read"},
		"downgrade": {ExitFound: "refused, or residue", ExitFailed: "", ExitStuck: ""},
		"emulate":   {ExitFailed: "it could not go on"},
		"plan":      {ExitFound: "denied or refused", ExitFailed: "GitHub or Okta could not be asked; nothing was changed"},
		"report":    {},
		"sweep":     {ExitFound: "residue: roles that a lease did not give are still there", ExitFailed: "it could not begin, or the evidence could not be written", ExitStuck: ""},
		"validate":  {ExitFound: "a declaration would be refused"},
	}
}

// sayExits adds to the help of each verb what it ends with.
func sayExits(root *cobra.Command) {
	for _, c := range root.Commands() {
		own, ok := exitsOf()[c.Name()]
		if !ok {
			continue
		}
		var all []string
		for code, meaning := range exitMeanings() {
			text, named := own[code]
			switch {
			case text != "":
				meaning = text
			case !named && code != ExitDone && code != ExitUsage:
				continue
			}
			all = append(all, fmt.Sprintf("  %d  %s", code, meaning))
		}
		if c.Long == "" {
			c.Long = c.Short
		}
		c.Long += "\n\nExit codes:\n" + strings.Join(all, "\n")
	}
}
