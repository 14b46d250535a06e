package action

import (
	"slices"
	"strings"
)

// Ambient is a variable that the workflow or a step before this one has set, through "env" or GITHUB_ENV, and that programs of this kind
// heed, and what it does to this one.
type Ambient struct {
	Name   string
	Effect string
}

// Ambient returns those that are set, in a fixed order. Each is either without effect or said to have one. Others that are read change no more
// than how wide a table is (LANG, LC_ALL, LC_CTYPE, RUNEWIDTH_EASTASIAN, NO_COLOR, TERM). HOME the runner sets itself, and nothing is read
// from it.
//
// A step before this one can do worse than set a variable: it has the machine's Docker. That is why docs/security.md has what has credentials
// run in a job of its own. What is said here is for who did not mean to, and for who looks for why.
func (r *Runner) Ambient() []Ambient {
	const (
		proxy   = "ignored: requests to Okta and GitHub go out directly"
		runtime = "heeded by Go's runtime before the program begins"
	)
	var set []Ambient
	for _, a := range []Ambient{
		{"HTTP_PROXY", proxy},
		{"http_proxy", proxy},
		{"HTTPS_PROXY", proxy},
		{"https_proxy", proxy},
		{"ALL_PROXY", proxy},
		{"all_proxy", proxy},
		{"NO_PROXY", proxy},
		{"no_proxy", proxy},
		{"SSL_CERT_FILE", "heeded: the certificates of that file are trusted for Okta and GitHub too"},
		{"SSL_CERT_DIR", "heeded: the certificates of those folders are trusted for Okta and GitHub too"},
		{"GODEBUG", runtime + ": it can make TLS and the reading of certificates more lenient, and print what is sent"},
		{"GOMAXPROCS", runtime + ": it limits how many processors are used"},
		{"GOGC", runtime + ": it changes when memory is given back"},
		{"GOMEMLIMIT", runtime + ": it limits memory, and can make the program slow"},
		{"GOTRACEBACK", runtime + ": a crash would print more, or leave a core"},
		{"TMPDIR", "ignored: nothing is written there"},
		{"OKTA_CLIENT_ORGURL", "ignored: the org is named by okta-org-url"},
		{"OKTA_CLIENT_TOKEN", "ignored: the credential is OKTA_API_TOKEN"},
	} {
		if r.getenv(a.Name) != "" {
			set = append(set, a)
		}
	}
	for name := range strings.FieldsFuncSeq(r.getenv(Without), func(c rune) bool { return c == ',' }) {
		if slices.Contains(runtimeVariables(), name) {
			set = append(set, Ambient{name, "ignored: the program was begun again without it"})
		}
	}
	return set
}

// Without names the variable in which a program that was begun again is told what it was begun without.
const Without = "STEPDOWN_WITHOUT"

// runtimeVariables are what Go's runtime heeds before any of the program runs, so that unsetting them there comes too late.
func runtimeVariables() []string {
	return []string{"GODEBUG", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GOTRACEBACK"}
}

// WithoutRuntime returns an environment without what Go's runtime heeds, and whether anything of that was in it.
func WithoutRuntime(env []string) (rest []string, changed bool) {
	var gone []string
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		if slices.Contains(runtimeVariables(), name) && value != "" {
			gone = append(gone, name)
			continue
		}
		rest = append(rest, v)
	}
	return append(rest, Without+"="+strings.Join(gone, ",")), len(gone) > 0
}
