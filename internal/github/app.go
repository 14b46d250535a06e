package github

// This file is a GitHub App as a credential: a JWT that its key signs finds its installation on the repository and makes a
// token there, which lives one hour and is renewed before it ends, so that a window, or a sweep that watches, may last longer.
// Sources: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App", "Generating an installation access token for a
// GitHub App", and the REST API's "Apps".

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	gh "github.com/google/go-github/v88/github"

	"github.com/stepdown/stepdown/internal/access"
)

// App is a GitHub App as a credential. It can do in the repository what its installation there may.
type App struct {
	ID  string        // its client id, or its number
	Key access.Secret // one of its private keys, as PEM of PKCS#1 or PKCS#8. It signs, and never leaves the program.
	// Made is told of each token before the token is used, so that it can be kept out of a log; nil tells nobody.
	Made func(access.Secret)
}

const (
	// backdated is how far back a JWT says it was made, as GitHub recommends: one from the future is refused.
	backdated = time.Minute
	// jwtLife is how far ahead a JWT ends. GitHub takes ten minutes at most, and is reported to measure them from when the JWT was
	// made as well as from now (octokit/auth-app.js#698, Link-/gh-token#17): both are kept, with room for clocks that differ.
	jwtLife = 8 * time.Minute
	// renewAhead is how long before its end a token is renewed: more than a clock can be slow by and still have its JWTs taken.
	renewAhead = 10 * time.Minute
	// renewalWait bounds a renewal while the last token still works.
	renewalWait = 10 * time.Second
	// renewalPause is the time between attempts to renew a token that still works.
	renewalPause = 30 * time.Second
	// settling is how old a token is when all of GitHub knows it. Until then a 401 may only mean that the news has not come there yet
	// (octokit/auth-app.js#65).
	settling = 5 * time.Second
)

// grant is an installation token.
type grant struct {
	value                   access.Secret
	madeAt, renewAt, endsAt time.Time
}

// app makes the tokens of an App. It is a tokens.
type app struct {
	api         *gh.Client // asks with JWTs
	id          string
	owner, name string
	tell        func(access.Secret)

	turn         chan struct{} // whoever makes a token holds its one place; unlike a mutex, a context can give up on it
	installation int64         // 0 where it is not known; for whoever has the turn

	mu      sync.Mutex
	current grant
	slug    string // the App's, once its installation was read
}

// token returns a token that works, and makes one where there is none, within ctx. One that nears its end is renewed while it is
// still used: should that fail, what has to be undone can be undone in the minutes that are left.
func (a *app) token(ctx context.Context) (access.Secret, error) {
	held, now := a.held(), time.Now()
	lives := now.Before(held.endsAt)
	switch {
	case lives && now.Before(held.renewAt):
		return held.value, nil
	case lives:
		select {
		case a.turn <- struct{}{}:
		default: // somebody renews it
			return held.value, nil
		}
	default:
		select {
		case a.turn <- struct{}{}:
		case <-ctx.Done():
			return access.Secret{}, a.failed(ctx.Err())
		}
	}
	defer func() { <-a.turn }()
	return a.renew(ctx)
}

// renew makes a token, unless somebody else has just done so. The caller has the turn.
func (a *app) renew(ctx context.Context) (access.Secret, error) {
	last, now := a.held(), time.Now()
	lives := now.Before(last.endsAt)
	if lives && now.Before(last.renewAt) {
		return last.value, nil
	}
	if lives {
		bounded, cancel := context.WithTimeout(ctx, renewalWait)
		defer cancel()
		ctx = bounded
	}
	next, err := a.create(ctx)
	if err == nil {
		if a.tell != nil {
			a.tell(next.value)
		}
		a.hold(next)
		return next.value, nil
	}
	if now = time.Now(); lives && now.Before(last.endsAt) {
		last.renewAt = now.Add(renewalPause)
		a.hold(last)
		return last.value, nil
	}
	return access.Secret{}, a.failed(err)
}

func (a *app) held() grant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.current
}

func (a *app) hold(g grant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.current = g
}

// another gives up a token that GitHub does not take, so that the next one asked for is a new one. One that has just been made is
// given time to be known everywhere instead.
func (a *app) another(ctx context.Context, refused access.Secret) bool {
	a.mu.Lock()
	rest := time.Duration(0)
	if a.current.value == refused {
		if rest = settling - time.Since(a.current.madeAt); rest <= 0 {
			a.current = grant{}
		}
	}
	a.mu.Unlock()
	if rest <= 0 {
		return true
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < rest {
		return false
	}
	return sleep(ctx, rest) == nil
}

// login returns what the App acts as. Source: actions/create-github-app-token, README, "app-slug": its bot is SLUG[bot].
func (a *app) login(ctx context.Context) (string, error) {
	if _, err := a.token(ctx); err != nil { // which reads the installation, once
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if login := a.slug + "[bot]"; a.slug != "" && isLogin(login) {
		return login, nil
	}
	return "", nil
}

// create makes a token for the repository alone. Its requests may be sent again: a token too many ends by itself. An installation
// that is not there any more is looked for once: an App that was installed again has another. The caller has the turn.
func (a *app) create(ctx context.Context) (grant, error) {
	ctx, _ = resendable(ctx) // and no longer with the fate of the request that needs the token
	known := a.installation != 0
	if !known {
		if err := a.find(ctx); err != nil {
			return grant{}, err
		}
	}
	got, _, err := a.api.Apps.CreateInstallationToken(ctx, a.installation, &gh.InstallationTokenOptions{Repositories: []string{a.name}})
	if err != nil {
		a.installation = 0
		if known && status(err) == 404 {
			return a.create(ctx)
		}
		return grant{}, err
	}
	now, ends := time.Now(), got.GetExpiresAt().Time
	switch {
	case !isToken(got.GetToken()):
		return grant{}, errors.New("github: the answer holds no token")
	case !now.Before(ends):
		return grant{}, fmt.Errorf("github: the token that was made ended at %s, and it is %s here\n%s",
			ends.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339), setClock)
	}
	for _, r := range got.Repositories {
		if !strings.EqualFold(r.GetFullName(), a.owner+"/"+a.name) {
			return grant{}, fmt.Errorf("github: the token that was made is one for %q too", oneLine(r.GetFullName(), 200))
		}
	}
	// A token that lives less than an hour, which is none of github.com's, is renewed when half of its life is over.
	ahead := min(renewAhead, ends.Sub(now)/2)
	return grant{value: access.NewSecret(got.GetToken()), madeAt: now, renewAt: ends.Add(-ahead), endsAt: ends}, nil
}

// find looks for the installation on the repository.
func (a *app) find(ctx context.Context) error {
	got, _, err := a.api.Apps.GetRepositoryInstallation(ctx, a.owner, a.name)
	switch {
	case err != nil:
		return err
	case got.GetID() <= 0:
		return errors.New("github: the answer does not say which installation it is")
	case got.SuspendedAt != nil:
		return errors.New("github: the installation has been suspended\n" + unsuspend)
	}
	a.installation = got.GetID()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slug = got.GetAppSlug()
	return nil
}

// jwts are what the App itself asks with: one a request. It is a tokens.
type jwts struct {
	id     string
	signer jose.Signer
}

func newJWTs(id string, key *rsa.PrivateKey) (*jwts, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, errors.New("reading the GitHub App's private key: it cannot sign with RS256" + giveAppKey)
	}
	return &jwts{id: id, signer: signer}, nil
}

func (j *jwts) token(context.Context) (access.Secret, error) {
	now := time.Now()
	signed, err := jwt.Signed(j.signer).Claims(jwt.Claims{
		Issuer: j.id, IssuedAt: jwt.NewNumericDate(now.Add(-backdated)), Expiry: jwt.NewNumericDate(now.Add(jwtLife)),
	}).Serialize()
	if err != nil {
		return access.Secret{}, errors.New("github: the App's private key cannot sign")
	}
	return access.NewSecret(signed), nil
}

func (*jwts) another(context.Context, access.Secret) bool { return false }

// newApp checks the App; it sends nothing.
func newApp(c App, owner, name string, connect func(tokens) (*gh.Client, error)) (*app, error) {
	id := strings.TrimSpace(c.ID)
	if !regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`).MatchString(id) {
		return nil, errors.New("reading the GitHub App's id: it is empty, or holds characters that no id has" +
			"\ngive the client id that the App's page shows, such as Iv23liAbCdEfGhIjKlMn, or its number")
	}
	key, err := parseAppKey(c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the GitHub App's private key: %w", err)
	}
	signed, err := newJWTs(id, key)
	if err != nil {
		return nil, err
	}
	api, err := connect(signed)
	if err != nil {
		return nil, err
	}
	return &app{api: api, id: id, owner: owner, name: name, tell: c.Made, turn: make(chan struct{}, 1)}, nil
}
