// The public keys of service apps: /api/v1/apps/{app}/credentials/jwks.

package oktaemu

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys an app may have.
const maxKeys = 50

// appKey is a key as it was registered. Kid may be empty, for the only key of an app.
type appKey struct {
	id, kid, status, use, alg string
	kty, e, n, crv, x, y      string
	created, updated          time.Time
}

// public returns the key to verify with. Okta takes keys that nothing can be verified with, such as an EC key without a
// curve.
func (k appKey) public() (any, bool) {
	text, err := json.Marshal(map[string]string{"kty": k.kty, "e": k.e, "n": k.n, "crv": k.crv, "x": k.x, "y": k.y})
	if err != nil {
		return nil, false
	}
	var key jose.JSONWebKey
	if key.UnmarshalJSON(text) != nil || !key.IsPublic() {
		return nil, false
	}
	return key.Key, true
}

// body is the key as it stands in an app: without times and links, as recorded.
func (k appKey) body() obj {
	out := obj{"id": k.id, "kid": k.kid, "status": k.status, "kty": k.kty, "use": nil}
	if k.kid == "" {
		out["kid"] = nil
	}
	if k.use != "" {
		out["use"] = k.use
	}
	if k.alg != "" {
		out["alg"] = k.alg
	}
	if k.kty == "EC" {
		out["x"], out["y"], out["crv"] = k.x, k.y, nil
		if k.crv != "" {
			out["crv"] = k.crv
		}
		return out
	}
	out["e"], out["n"] = k.e, k.n
	return out
}

// keyOfPEM makes a key of a PEM public key (PKIX). Its kid is made of it.
func keyOfPEM(text string) (appKey, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return appKey{}, errors.New("not one PEM block")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return appKey{}, fmt.Errorf("not a PKIX public key: %w", err)
	}
	raw, err := (jose.JSONWebKey{Key: parsed}).MarshalJSON()
	if err != nil {
		return appKey{}, err
	}
	var fields struct{ Kty, E, N, Crv, X, Y string }
	if err := json.Unmarshal(raw, &fields); err != nil {
		return appKey{}, err
	}
	if fields.Kty != "RSA" && fields.Kty != "EC" {
		return appKey{}, fmt.Errorf("a %s key: only RSA and EC are known", fields.Kty)
	}
	return appKey{
		kid: digits62(string(raw), 40), status: active, kty: fields.Kty,
		e: fields.E, n: fields.N, crv: fields.Crv, x: fields.X, y: fields.Y,
	}, nil
}
