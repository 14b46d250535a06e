package demo

import (
	"context"
	"crypto/rand"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/githubemu"
)

// player is the login of whoever plays, whom the manifest names as the operator.
const player = "you"

// play leaves both emulators up, with a pull request that was approved an hour ago and is not carried out, and prints what to do.
func (s *story) play(ctx context.Context) error {
	manifest, err := fs.ReadFile(world, "world/shipping-labels.yaml")
	if err != nil {
		return err
	}
	s.hub.Commit("shipping-labels", map[string]string{"access/shipping-labels.yaml": string(manifest)})
	number := s.hub.OpenPullRequest("sam-shipping", "shipping-labels", "Token for the labels")
	s.hub.Review(number, "grace-hopper", "APPROVED", githubemu.AtTime(time.Now().Add(-time.Hour)))
	token := "ghp_" + rand.Text()
	s.hub.AddToken(token, githubemu.Token{Login: player, Type: githubemu.UserToken, Permissions: map[string]string{"issues": "write", "pull_requests": "write"}})
	s.say("%s", s.script(number, token))
	<-ctx.Done()
	return nil
}

// script says what to paste into a shell.
func (s *story) script(number int, token string) string {
	start := ""
	if s.Command != "" {
		start = "\n  stepdown() { '" + s.Command + "' \"$@\"; }   # this program, while it runs"
	}
	return strings.NewReplacer(
		"{start}", start, "{okta}", s.oktaURL, "{hub}", s.hubURL, "{repository}", repository, "{api token}", s.env["OKTA_API_TOKEN"],
		"{job token}", s.env["GITHUB_TOKEN"], "{key}", s.env["STEPDOWN_LEDGER_KEY"], "{your token}", token, "{number}", strconv.Itoa(number),
		"{access}", filepath.Join(s.dir, "access"), "{ledger}", s.ledger(), "{sign in}", s.oktaURL+pageSignIn, "{create}", s.oktaURL+pageCreateToken,
	).Replace(playing)
}

// playing is the text of script. What is to be pasted is indented by two spaces.
const playing = `
The emulators stay up until you press Ctrl-C: Okta {okta}, GitHub {hub}.
Pull request {number} asks for another token. grace-hopper approved it an hour ago, and its operator is you. In another terminal:
{start}
  export OKTA_ORG_URL={okta} OKTA_API_TOKEN={api token}
  export GITHUB_API_URL={hub} GITHUB_REPOSITORY={repository} GITHUB_TOKEN={job token}
  export STEPDOWN_LEDGER_KEY={key}

What would be done; the pull request shows it then too:

  stepdown plan --pull-request {number} --comment

The approval is old and nobody said that they are there, so that this waits, and elevates nobody:

  stepdown apply --pull-request {number} --comment --ledger {ledger}

You are there: comment on the pull request, as its operator. Then the same again opens the window, for five minutes:

  curl -sS -o /dev/null -w 'commented: %{http_code}\n' -H 'Authorization: Bearer {your token}' \
    -d '{"body":"/stepdown ready"}' {hub}/repos/{repository}/issues/{number}/comments
  stepdown apply --pull-request {number} --comment --ledger {ledger}

It waits for you to create the token "shipping-labels": in a browser, as svc-shipping-labels@northwind.example with the password
demo-shipping-labels, at {sign in}, under API tokens. Or in a third terminal:

  jar=$(mktemp)
  curl -sS -o /dev/null -c "$jar" -d login=svc-shipping-labels@northwind.example -d password=demo-shipping-labels {sign in}
  form=$(curl -sS -b "$jar" -c "$jar" {create} | sed -n 's/.*name="_xsrfToken" value="\([^"]*\)".*/\1/p' | head -n 1)
  curl -sS -o /dev/null -w 'created: %{http_code}\n' -b "$jar" -d name=shipping-labels -d network=ANYWHERE -d _xsrfToken="$form" {create}

What people see on the pull request, what a lost run would have left (kill an apply with -9 in its window to see that: --now), who holds
what now (ada.admin@northwind.example, password demo-ada, sees it in the console), and how this little repository is set up:

  curl -sS -H 'Authorization: Bearer {your token}' {hub}/repos/{repository}/issues/{number}/comments
  stepdown sweep --ledger {ledger}
  stepdown audit --access {access} --ledger {ledger}
  stepdown doctor --ledger {ledger}
`
