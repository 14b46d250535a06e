package okta

// The private key of a service app: read from what people have in a secret, and used to sign. An error about a key says what
// is wrong in words of its own and never wraps a parser's, which may quote what it read.

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	// maxKeyText bounds what is taken for a key: an RSA key of 8192 bits has 6.4 kB of PEM.
	maxKeyText = 32 << 10
	// leastRSABits is the least that RFC 7518 allows for RS256.
	leastRSABits = 2048
	// mostRSABits bounds what a signature costs.
	mostRSABits = 16384
)

// signingKey signs JWTs: with an *rsa.PrivateKey or an *ecdsa.PrivateKey.
type signingKey struct {
	private any
	alg     jwa.SignatureAlgorithm
	id      string // "kid"; empty where it is not known
}

// sign makes a compact JWS of the claims. typ and public are for a DPoP proof: its type, and the key that it proves.
func (k signingKey) sign(claims map[string]any, typ string, public jwk.Key) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", errors.New("the claims cannot be encoded")
	}
	header := jws.NewHeaders()
	fields := map[string]any{}
	if typ != "" {
		fields[jws.TypeKey] = typ
	}
	if k.id != "" {
		fields[jws.KeyIDKey] = k.id
	}
	if public != nil {
		fields[jws.JWKKey] = public
	}
	for name, value := range fields {
		if header.Set(name, value) != nil {
			return "", errors.New("the JWT's header cannot be encoded")
		}
	}
	signed, err := jws.Sign(payload, jws.WithKey(k.alg, k.private, jws.WithProtectedHeaders(header)))
	if err != nil {
		return "", errors.New("the private key cannot sign with " + k.alg.String())
	}
	return string(signed), nil
}

const (
	giveKey = "\ngive the private key of the service app as PEM (PKCS#8, PKCS#1 or SEC1) or as a JWK, RSA of 2048 bits or more, or EC P-256, P-384 or P-521"
	giveOne = "\ngive the one private key whose public part is registered with the service app"
)

// parseKey reads a private key, as PEM or as a JWK. White space and quotes around it, and what becomes of line ends in
// environment variables, do no harm. keyID is for a key that has no "kid" of its own, and must not contradict one that has.
func parseKey(secret access.Secret, keyID string) (signingKey, error) {
	text := unquoted(bytes.TrimSpace([]byte(secret.Reveal())))
	var key jwk.Key
	var err error
	switch {
	case len(text) == 0:
		return signingKey{}, errors.New("it is empty" + giveKey)
	case len(text) > maxKeyText:
		return signingKey{}, errors.New("it is too long to be a key" + giveKey)
	case text[0] == '{':
		key, err = parseJWK(text)
	default:
		key, err = parsePEM(text)
	}
	if err != nil {
		return signingKey{}, err
	}
	out, err := usable(key)
	if err != nil {
		return signingKey{}, err
	}
	out.id, _ = key.KeyID()
	switch keyID = strings.TrimSpace(keyID); {
	case keyID != "" && out.id != "" && out.id != keyID:
		return signingKey{}, errors.New("its own kid is " + quote(oneLine(out.id)) + ", and the key id given is " + quote(oneLine(keyID)) +
			"\ngive the kid that the app's page shows for this key, or none: then the key's own is used")
	case keyID != "":
		out.id = keyID
	}
	return out, nil
}

func parseJWK(text []byte) (jwk.Key, error) {
	if !json.Valid(text) {
		text = lineEnds(text)
	}
	var shape struct {
		Keys json.RawMessage `json:"keys"`
		Use  string          `json:"use"`
	}
	switch err := json.Unmarshal(text, &shape); {
	case err != nil:
		return nil, errors.New("it is damaged JSON" + giveKey)
	case shape.Keys != nil:
		return nil, errors.New("it is a set of keys" + giveOne)
	case shape.Use != "" && shape.Use != "sig":
		return nil, errors.New(`its "use" is not "sig": it does not sign` + giveOne)
	}
	key, err := jwk.ParseKey(text)
	if err != nil {
		return nil, errors.New("it is a JWK of another kind, or a member of it is missing or wrong" + giveKey)
	}
	return key, nil
}

// usable takes what signs out of a key, after it has been held against what Okta takes. Okta's metadata lists RS256 to RS512
// and ES256 to ES512 for client assertions.
func usable(key jwk.Key) (signingKey, error) {
	var raw any
	if err := jwk.Export(key, &raw); err != nil {
		return signingKey{}, errors.New("its numbers do not belong together: it is damaged" + giveKey)
	}
	var algs []jwa.SignatureAlgorithm // the first one is what it signs with, if it does not say
	switch private := raw.(type) {
	case *rsa.PrivateKey:
		if bits := private.N.BitLen(); bits < leastRSABits || bits > mostRSABits {
			return signingKey{}, errors.New("it is an RSA key of fewer than 2048 or more than 16384 bits" + giveKey)
		}
		if private.Validate() != nil {
			return signingKey{}, errors.New("its numbers do not belong together: it is damaged" + giveKey)
		}
		algs = []jwa.SignatureAlgorithm{jwa.RS256(), jwa.RS384(), jwa.RS512()}
	case *ecdsa.PrivateKey:
		alg, err := curveAlg(private)
		if err != nil {
			return signingKey{}, err
		}
		algs = []jwa.SignatureAlgorithm{alg}
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return signingKey{}, errors.New("it is public: a public key" + giveKey)
	default:
		return signingKey{}, errors.New("it is neither RSA nor EC" + giveKey)
	}
	wanted, says := key.Algorithm()
	if !says {
		return signingKey{private: raw, alg: algs[0]}, nil
	}
	for _, alg := range algs {
		if alg.String() == wanted.String() {
			return signingKey{private: raw, alg: alg}, nil
		}
	}
	return signingKey{}, errors.New(`its "alg" is none that Okta takes with such a key` + "\ngive RS256, RS384 or RS512 with RSA; ES256 with P-256, ES384 with P-384, ES512 with P-521")
}

// curveAlg returns the algorithm of the key's curve, if the public key is that of the private one.
func curveAlg(private *ecdsa.PrivateKey) (jwa.SignatureAlgorithm, error) {
	alg, known := map[string]jwa.SignatureAlgorithm{"P-256": jwa.ES256(), "P-384": jwa.ES384(), "P-521": jwa.ES512()}[private.Params().Name]
	if !known {
		return alg, errors.New("it is on another curve than P-256, P-384 and P-521" + giveKey)
	}
	scalar, err := private.ECDH()
	if err != nil {
		return alg, errors.New("its numbers do not belong together: it is damaged" + giveKey)
	}
	public, err := private.PublicKey.ECDH()
	if err != nil || !public.Equal(scalar.PublicKey()) {
		return alg, errors.New("its numbers do not belong together: it is damaged" + giveKey)
	}
	return alg, nil
}
