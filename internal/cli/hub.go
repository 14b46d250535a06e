package cli

// The repository, and the credential for it: a token that was given, or a GitHub App whose tokens the program makes itself.

import (
	"fmt"
	"strings"
	"sync"

	"github.com/stepdown/stepdown/internal/access"
	"github.com/stepdown/stepdown/internal/github"
)

// The variables of the environment that hold the GitHub App.
const (
	envAppID  = "STEPDOWN_APP_ID"
	envAppKey = "STEPDOWN_APP_KEY"
)

// connection is the one to the repository, for all of a run that ask.
type connection struct {
	mu     sync.Mutex
	client *github.Client
}

// github connects to the repository, once: whoever asks shares an App's token, and what is known of whose it is.
func (s *session) github() (*github.Client, error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.hub.client != nil {
		return s.hub.client, nil
	}
	where := s.runner.Context()
	if where.Repository == "" {
		return nil, usage("Run it in GitHub Actions, or set GITHUB_REPOSITORY to owner/name.", "the repository is not known")
	}
	config := github.Config{APIURL: where.APIURL, Repository: where.Repository, Transport: s.transport(), UserAgent: "stepdown/" + Version}
	if err := s.hubCredential(&config); err != nil {
		return nil, err
	}
	client, err := github.New(config)
	if err != nil {
		return nil, coded(ExitUsage, err)
	}
	s.hub.client = client
	return client, nil
}

// hubCredential reads the credential for the repository, has the runner mask it, and puts it into c. An App wins over a token, and is
// not one credential too many: GitHub Actions fills the input github-token with the workflow's own token where nobody gives one,
// and GITHUB_TOKEN may be there for other programs. Half of an App is an error and no reason to take the token instead, which may do
// other things and ends within hours; but what only removes takes what it has.
func (s *session) hubCredential(c *github.Config) error {
	id, key := strings.TrimSpace(s.env.Getenv(envAppID)), access.NewSecret(strings.TrimSpace(s.env.Getenv(envAppKey)))
	for _, part := range keySecrets(key) {
		s.runner.Mask(part)
	}
	token := access.NewSecret(s.runner.Input("github-token"))
	s.runner.Mask(token)
	if half := (id == "") != key.IsZero(); half && s.removes && !token.IsZero() { // another step's; an account may be elevated
		s.warn(fmt.Errorf("%s: ignored, as half a GitHub App, beside github-token", strings.Join(s.isSet(envAppID, envAppKey), "")))
		id, key = "", access.Secret{}
	}
	const hint = "Set both in the environment, or neither; they are never taken from a flag. A secret that its environment does not have is empty."
	switch {
	case id != "" && !key.IsZero():
		c.App = &github.App{ID: id, Key: key, Made: s.runner.Mask}
		return nil
	case id != "":
		return usage(hint, "%s is not set: the private key of the GitHub App %q, as PEM", envAppKey, id)
	case !key.IsZero():
		return usage(hint, "%s is not set: the client id of the GitHub App whose key %s is", envAppID, envAppKey)
	}
	if c.Token = token; !token.IsZero() {
		return nil
	}
	var err error
	c.Token, err = s.secret("GITHUB_TOKEN", "a token that may read the repository and its pull requests; nor are "+envAppID+" and "+envAppKey+", a GitHub App that may")
	return err
}

// hasHub tells whether there is a repository and a credential for it, good or not.
func (s *session) hasHub() bool {
	return s.runner.Context().Repository != "" && (s.runner.Input("github-token") != "" || len(s.isSet("GITHUB_TOKEN", envAppID, envAppKey)) > 0)
}
