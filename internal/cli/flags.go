package cli

// What flags may say. A value that means nothing is bad input before anything is done; what only the org or the repository can tell
// is found out where it is used.

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stepdown/stepdown/internal/audit"
	"github.com/stepdown/stepdown/internal/okta"
	"github.com/stepdown/stepdown/internal/report"
)

// checkFlags refuses what a flag that is given cannot mean.
func (s *session) checkFlags(c *cobra.Command) error {
	checks := s.flagChecks()
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		f := c.Flags().Lookup(name)
		if f == nil || !f.Changed {
			continue
		}
		err := errors.New("it is empty")
		if value := f.Value.String(); strings.TrimSpace(value) != "" {
			err = checks[name](value)
		}
		if err != nil {
			return usage(s.seeHelp(c), "%s=%q: %w", s.option(name), f.Value, err)
		}
	}
	return nil
}

// flagChecks says by name what is wrong with a value that is not empty.
func (s *session) flagChecks() map[string]func(string) error {
	text := func(string) error { return nil }
	return map[string]func(string) error{
		"access": text, "report-dir": mayBeFolder, "addr": text, "control": text, "org": text, "save": text, "api-token": text,
		"okta-org-url":  func(value string) error { return okta.CheckOrgURL(normalURL(value)) },
		"rate-share":    func(value string) error { return between(value, 1, 100) },
		"pull-request":  func(value string) error { return between(value, 1, 1<<31-1) },
		"ledger":        checkLedger,
		"watch":         checkWatch,
		"from-report":   text,
		"ledger-accept": func(string) error { return checkAccepted(s.ledgerAccept) },
		"format": func(value string) error {
			_, err := report.For(value)
			return err
		},
		"fail-on": func(value string) error {
			_, err := audit.ParseFailOn(value)
			return err
		},
	}
}

func between(value string, least, most int) error {
	if n, err := strconv.Atoi(value); err != nil || n < least || n > most {
		return fmt.Errorf("want a number from %d to %d", least, most)
	}
	return nil
}

func checkLedger(value string) error {
	if name, ok := strings.CutPrefix(value, branchPrefix); ok {
		return checkBranch(name)
	}
	return mayBeFolder(value)
}

// mayBeFolder refuses what is a file, or would lie in one.
func mayBeFolder(name string) error {
	for dir := filepath.Clean(name); ; dir = filepath.Dir(dir) {
		at, err := os.Stat(dir)
		switch {
		case err == nil && !at.IsDir():
			return fmt.Errorf("%s is a file, not a folder", dir)
		case err == nil || dir == filepath.Dir(dir):
			return nil
		}
	}
}

// checkBranch is as strict as Git is with the name of a branch. Source: git-scm.com, git-check-ref-format.
func checkBranch(name string) error {
	part := func(p string) bool {
		return p != "" && !strings.HasPrefix(p, ".") && !strings.HasSuffix(p, ".lock")
	}
	switch {
	case name == "":
		return errors.New("it names no branch")
	case strings.HasPrefix(name, "-"), strings.HasSuffix(name, "."), name == "@", strings.Contains(name, ".."), strings.Contains(name, "@{"),
		strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`\?*[~^:`, r) }),
		slices.ContainsFunc(strings.Split(name, "/"), func(p string) bool { return !part(p) }):
		return fmt.Errorf("%q cannot be the name of a branch", name)
	}
	return nil
}

// accepted is the number of a push, or the SHA of a commit.
var accepted = regexp.MustCompile(`^([1-9][0-9]*|[0-9a-f]{40}|[0-9a-f]{64})$`)

// checkAccepted takes the spaces away that a list may have after its commas.
func checkAccepted(given []string) error {
	if len(given) == 0 {
		return errors.New("it names nothing")
	}
	for i, one := range given {
		if one = strings.TrimSpace(one); !accepted.MatchString(one) {
			return fmt.Errorf("%q is neither the number of a push nor the SHA of a commit", one)
		}
		given[i] = one
	}
	return nil
}

// inRepository takes the folder of the manifests as the repository calls it, and refuses one that can be none of it.
func (s *session) inRepository() error {
	clean := path.Clean(s.accessDir)
	if !fs.ValidPath(clean) || strings.Contains(clean, `\`) {
		return usage("Give it as it is called in the repository, such as access.", "%s=%q is no folder of a repository", s.option("access"), s.accessDir)
	}
	s.accessDir = clean
	return nil
}
