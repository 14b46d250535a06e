package okta

// OAuth 2.0 for service apps: an access token for a signed assertion (RFC 7523, client credentials), renewed before it ends.
// See https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// OAuth is a service app as a credential. It can do what its scopes and its admin roles both allow.
type OAuth struct {
	ClientID string
	// Key is its private key, as PEM or as a JWK. It signs, and never leaves the program.
	Key access.Secret
	// KeyID is the key's "kid" in Okta. Empty means the JWK's own, or none, which is enough for an app with one key.
	KeyID string
	// Scopes are asked for. Okta leaves out those that the app was not granted; see Client.Caller.
	Scopes []string
	// Made is told of each access token before the token is used, so that it can be kept out of a log; nil tells nobody.
	Made func(access.Secret)
}

const (
	// refreshAhead is how long before its end a token is renewed. Okta's live one hour.
	refreshAhead = 5 * time.Minute
	// lastCall is how long before its end a token is not used any more, if another can be had: a request may take its time.
	lastCall = time.Minute
	// renewalWait is how long a request waits for the next token while it could do with the last one.
	renewalWait = 5 * time.Second
	// refreshPause is the time between attempts to renew a token that still works, or to get one after Okta has refused it.
	refreshPause = 30 * time.Second
	// tokenTimeout bounds getting a token, with all its tries.
	tokenTimeout = 3 * time.Minute
)

// grant is an access token.
type grant struct {
	value     access.Secret
	dpop      bool
	scopes    []string  // granted; sorted
	refreshAt time.Time // when it is time to get the next one
	endsAt    time.Time // when it is not used any more, unless no other is to be had
	diesAt    time.Time // when Okta takes it no more
}

// fetch is a token request under way, for all that wait for it.
type fetch struct {
	done chan struct{} // closed when the two below are set
	got  grant
	err  *Error
}

// oauth is the credential of a service app.
type oauth struct {
	clientID string
	key      signingKey
	scopes   []string
	endpoint *url.URL
	ask      asker
	made     func(access.Secret)

	mu       sync.Mutex
	current  grant
	last     access.Secret // the token before, which an answer may still speak of
	pending  *fetch
	notUntil time.Time // after a failure, no attempt before this while the last token works, or while refused says why not
	refused  *Error    // how Okta refused the last request for a token, if it did
	prover   *prover   // nil until Okta has asked for a proof
}

func newOAuth(c OAuth, org *url.URL, ask asker) (*oauth, error) {
	id := strings.TrimSpace(c.ClientID)
	if id == "" || strings.ContainsAny(id, " \t\r\n") || !isHeaderText(id) {
		return nil, errors.New("reading the service app's client id: it is empty, or holds characters that no client id has" +
			"\ngive the id that the app's page shows, such as 0oa1gjh63g214q0Hq0g4")
	}
	if len(c.Scopes) == 0 {
		return nil, errors.New("reading the service app's scopes: there are none")
	}
	key, err := parseKey(c.Key, c.KeyID)
	if err != nil {
		return nil, errors.New("reading the service app's private key: " + err.Error())
	}
	scopes := slices.Compact(slices.Sorted(slices.Values(c.Scopes)))
	return &oauth{
		clientID: id, key: key, scopes: scopes, ask: ask, made: c.Made,
		endpoint: &url.URL{Scheme: org.Scheme, Host: org.Host, Path: TokenPath},
	}, nil
}

func (o *oauth) authorize(ctx context.Context, method string, target *url.URL) (http.Header, *Error) {
	g, err := o.token(ctx)
	if err != nil {
		return nil, err
	}
	auth := http.Header{}
	if !g.dpop {
		auth.Set("Authorization", "Bearer "+g.value.Reveal())
		return auth, nil
	}
	o.mu.Lock()
	prover := o.prover
	o.mu.Unlock()
	proof, perr := prover.proof(method, target, g.value.Reveal())
	if perr != nil {
		return nil, &Error{Method: method, Path: target.EscapedPath(), Err: perr, unsent: true}
	}
	auth.Set("Authorization", dpopScheme+" "+g.value.Reveal())
	auth.Set(proofHeader, proof)
	return auth, nil
}

// token returns a token that works, and waits for one if there is none. The wait ends with ctx; the request for the token
// goes on, because others may wait for it too. A token that nears its end is renewed while it is still used: should that
// fail, what has to be undone can be undone in the minutes that are left.
func (o *oauth) token(ctx context.Context) (grant, *Error) {
	o.mu.Lock()
	now := time.Now()
	works, early := now.Before(o.current.endsAt), now.Before(o.notUntil)
	if early && o.pending == nil { // the next one was asked for just now, in vain
		works = works || now.Before(o.current.diesAt)
		if !works && o.refused != nil {
			defer o.mu.Unlock()
			return grant{}, o.refused
		}
	}
	if o.pending == nil && (!works || (!now.Before(o.current.refreshAt) && !early)) {
		o.pending = &fetch{done: make(chan struct{})}
		go o.fetch(o.pending)
	}
	current, pending := o.current, o.pending
	o.mu.Unlock()
	if works {
		return current, nil
	}
	return o.await(ctx, pending)
}

// await waits for a token that is asked for. Where it does not come, or not soon, the last one is used until it has really
// ended: a step-down must not fail because no new one is to be had in the last minute of the old.
func (o *oauth) await(ctx context.Context, f *fetch) (grant, *Error) {
	var enough <-chan time.Time
	if last, lives := o.living(); lives {
		timer := time.NewTimer(min(renewalWait, time.Until(last.diesAt)/2))
		defer timer.Stop()
		enough = timer.C
	}
	for {
		select {
		case <-f.done:
			if last, lives := o.living(); f.err != nil && lives {
				return last, nil
			}
			return f.got, f.err
		case <-enough:
			if last, lives := o.living(); lives {
				return last, nil
			}
		case <-ctx.Done():
			return grant{}, &Error{Method: http.MethodPost, Path: TokenPath, Err: ctx.Err(), unsent: true}
		}
	}
}

// living returns the last token and whether Okta should still take it.
func (o *oauth) living() (grant, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.current, time.Now().Before(o.current.diesAt)
}

// fetch gets a token under a context of its own.
func (o *oauth) fetch(f *fetch) {
	ctx, cancel := context.WithTimeout(context.Background(), tokenTimeout)
	defer cancel()
	f.got, f.err = o.request(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refused = nil
	switch {
	case f.err == nil:
		if !o.current.value.IsZero() {
			o.last = o.current.value
		}
		o.current = f.got
	case f.err.Status >= 400 && f.err.Status < 500 && f.err.Status != http.StatusTooManyRequests:
		o.refused = f.err
		fallthrough
	default:
		o.notUntil = time.Now().Add(refreshPause)
	}
	o.pending = nil
	close(f.done)
}

func (o *oauth) learn(got http.Header) {
	o.mu.Lock()
	prover := o.prover
	o.mu.Unlock()
	if prover != nil {
		prover.note(false, got)
	}
}

// remedy: a request that Okta refused with 401 has had no effect, and neither has one whose proof lacked a nonce. A 401 that a
// gateway may have given says nothing of the effect, so that only a read is sent again after it.
func (o *oauth) remedy(sent, got http.Header, e *Error) remedy {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.prover != nil && got.Get(nonceHeader) != "" && challenged(e.Status, got, codeNeedsNonce) {
		return newNonce
	}
	// Okta also answers 401 for a feature that the org does not have (E0000015).
	if e.Status != http.StatusUnauthorized || (!e.own && e.Method != http.MethodGet) || e.Code == "insufficient_scope" || e.Code == "E0000015" {
		return noRemedy
	}
	if _, used, _ := strings.Cut(sent.Get("Authorization"), " "); used == o.current.value.Reveal() {
		o.last, o.current = o.current.value, grant{}
	}
	return newToken
}

func (o *oauth) secrets() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return []string{o.current.value.Reveal(), o.last.Reveal()}
}

// Format keeps key and token from being printed: fmt does not ask a field that is not exported how it wants to be.
func (o *oauth) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "service app "+o.clientID) }

// missing returns the scopes that Okta did not grant, sorted.
func (o *oauth) missing(ctx context.Context) ([]string, *Error) {
	g, err := o.token(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(o.scopes), func(s string) bool { return slices.Contains(g.scopes, s) }), nil
}
