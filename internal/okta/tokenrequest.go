package okta

// The token request: how an access token is asked for, and what the answer must be.

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

// TokenPath is where access tokens are asked for. A request there changes nothing in the org.
const TokenPath = "/oauth2/v1/token"

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionLife is well under Okta's bound of an hour, so that a clock which is some minutes off does no harm on that side.
	assertionLife = 5 * time.Minute
	// proofRounds bounds the tries that DPoP takes: without a proof, without a nonce, with a nonce that has just changed.
	proofRounds = 3
)

// asker sends one token request, with the form and, if any, a DPoP proof. The outcome is judged, reported and free of secrets.
type asker func(ctx context.Context, endpoint *url.URL, form url.Values, proof string) outcome

// request gets an access token. Asking twice harms nothing, since a token that nobody uses ends by itself: so it is tried
// again like a read. Each try has an assertion and a proof of its own, which Okta takes once.
func (o *oauth) request(ctx context.Context) (grant, *Error) {
	try, rounds := 1, 0
	for {
		begun := time.Now()
		out, proven, err := o.once(ctx)
		if err != nil {
			return grant{}, err
		}
		if out.err == nil {
			return o.read(out, begun, proven)
		}
		if rounds++; rounds <= proofRounds && o.proveNext(out, proven) {
			continue
		}
		wait, again := retryAfter(http.MethodGet, try, out)
		if !again || !fits(ctx, wait) || sleep(ctx, wait) != nil {
			return grant{}, out.err
		}
		try++
	}
}

// once sends the token request once; proven tells whether it bore a DPoP proof.
func (o *oauth) once(ctx context.Context) (out outcome, proven bool, failed *Error) {
	assertion, err := o.assertion()
	o.mu.Lock()
	prover := o.prover
	o.mu.Unlock()
	proof := ""
	if err == nil && prover != nil {
		proof, err = prover.proof(http.MethodPost, o.endpoint, "")
	}
	if err != nil {
		return outcome{}, false, &Error{Method: http.MethodPost, Path: TokenPath, Err: err, unsent: true}
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"scope":                 {strings.Join(o.scopes, " ")},
		"client_assertion_type": {assertionType},
		"client_assertion":      {assertion},
	}
	out = o.ask(ctx, o.endpoint, form, proof)
	if prover != nil {
		prover.note(true, out.header)
	}
	return out, prover != nil, nil
}

// assertion signs who asks. Okta wants the audience to be the endpoint itself, and each "jti" once.
func (o *oauth) assertion() (string, error) {
	now := time.Now()
	return o.key.sign(map[string]any{
		"iss": o.clientID, "sub": o.clientID, "aud": o.endpoint.String(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(), "jti": rand.Text(),
	}, "", nil)
}

// proveNext tells whether the request is to be sent again with a (better) proof, and makes the key for it.
func (o *oauth) proveNext(out outcome, proven bool) bool {
	switch {
	case out.err.Code == codeNeedsProof && !proven:
		prover, err := newProver()
		if err != nil {
			return false
		}
		prover.note(true, out.header)
		o.mu.Lock()
		o.prover = prover
		o.mu.Unlock()
		return true
	case out.err.Code == codeNeedsNonce && proven:
		return out.header.Get(nonceHeader) != ""
	}
	return false
}

// tokenAnswer is what the token endpoint answers.
type tokenAnswer struct {
	Type      string  `json:"token_type"`
	Value     string  `json:"access_token"`
	Scope     *string `json:"scope"`
	ExpiresIn float64 `json:"expires_in"`
}

// read takes the token out of a sound answer. What is wrong with one is said without quoting it.
func (o *oauth) read(out outcome, begun time.Time, proven bool) (grant, *Error) {
	defer out.answer.Body.Close()
	wrong := func(why string) (grant, *Error) { return grant{}, out.seen.failure(errors.New(why)) }
	body, err := decodeFrom[tokenAnswer](out.answer.Body)
	if err != nil || out.answer.StatusCode != http.StatusOK {
		return wrong("the answer is of another shape: an access token was expected")
	}
	bearer, dpop := strings.EqualFold(body.Type, "Bearer"), strings.EqualFold(body.Type, dpopScheme)
	switch {
	case body.Value == "" || !isHeaderText(body.Value) || strings.Contains(body.Value, " "):
		return wrong("the answer holds no access token")
	case bearer && proven:
		return wrong("the access token is not bound to the key, though Okta had demanded the proof of one")
	case !bearer && !(dpop && proven):
		return wrong("the access token is of a type that was not asked for")
	case !(body.ExpiresIn >= 1 && body.ExpiresIn <= math.MaxInt32):
		return wrong("the answer does not say how long the access token lives")
	}
	life := time.Duration(body.ExpiresIn) * time.Second
	g := grant{
		value: access.NewSecret(body.Value), dpop: dpop, scopes: o.scopes, // RFC 6749 section 5.1: none said means all of them
		refreshAt: begun.Add(life - min(refreshAhead, life/2)), endsAt: begun.Add(life - min(lastCall, life/10)), diesAt: begun.Add(life),
	}
	if o.made != nil {
		o.made(g.value)
	}
	if body.Scope != nil {
		g.scopes = slices.Sorted(slices.Values(strings.Fields(*body.Scope)))
	}
	return g, nil
}
