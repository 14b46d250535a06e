package okta

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/stepdown/stepdown/internal/access"
)

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func jwkOf(key any, kid, alg string) string {
	return string(must(json.Marshal(jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: alg})))
}

func TestKeysThatSign(t *testing.T) {
	t.Parallel()
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	p521 := must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	pkcs1 := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()))
	for name, tc := range map[string]struct {
		text, keyID string
		public      crypto.PublicKey
		alg, kid    string
	}{
		"PKCS#1":               {text: pkcs1, public: rsaKey().Public(), alg: "RS256"},
		"PKCS#8 RSA":           {text: pkcs8(rsaKey()), keyID: "k", public: rsaKey().Public(), alg: "RS256", kid: "k"},
		"PKCS#8 EC":            {text: pkcs8(ecKey()), public: ecKey().Public(), alg: "ES256"},
		"SEC1":                 {text: pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ecKey()))), public: ecKey().Public(), alg: "ES256"},
		"SEC1 P-384":           {text: pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p384))), public: p384.Public(), alg: "ES384"},
		"P-521":                {text: pkcs8(p521), public: p521.Public(), alg: "ES512"},
		"with white space":     {text: "\n\n  " + pkcs1 + "\t\r\n", public: rsaKey().Public(), alg: "RS256"},
		"with CRLF":            {text: strings.ReplaceAll(pkcs1, "\n", "\r\n"), public: rsaKey().Public(), alg: "RS256"},
		`with \n`:              {text: strings.ReplaceAll(pkcs1, "\n", `\n`), public: rsaKey().Public(), alg: "RS256"},
		`with \r\n`:            {text: strings.ReplaceAll(pkcs8(ecKey()), "\n", `\r\n`), public: ecKey().Public(), alg: "ES256"},
		"on one line":          {text: strings.Join(strings.Split(pkcs1, "\n"), " "), public: rsaKey().Public(), alg: "RS256"},
		"indented":             {text: strings.ReplaceAll(pkcs1, "\n", "\n    "), public: rsaKey().Public(), alg: "RS256"},
		"in quotes":            {text: `"` + strings.ReplaceAll(pkcs8(ecKey()), "\n", `\n`) + `"`, public: ecKey().Public(), alg: "ES256"},
		"in single quotes":     {text: "'" + pkcs8(ecKey()) + "'", public: ecKey().Public(), alg: "ES256"},
		"JWK in single quotes": {text: "'" + jwkOf(ecKey(), "x", "") + "'", public: ecKey().Public(), alg: "ES256", kid: "x"},
		"openssl ecparam": { // with the OID of P-256
			text:   pemOf("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ecKey()))),
			public: ecKey().Public(), alg: "ES256",
		},
		"JWK RSA":              {text: jwkOf(rsaKey(), "own", ""), public: rsaKey().Public(), alg: "RS256", kid: "own"},
		"JWK RSA, its own alg": {text: jwkOf(rsaKey(), "own", "RS512"), keyID: " own ", public: rsaKey().Public(), alg: "RS512", kid: "own"},
		"JWK EC":               {text: " " + jwkOf(p384, "", "ES384") + "\n", public: p384.Public(), alg: "ES384"},
		`JWK with \n`:          {text: strings.Replace(jwkOf(ecKey(), "x", ""), ",", `,\n  `, 2), public: ecKey().Public(), alg: "ES256", kid: "x"},
	} {
		key, err := parseKey(access.NewSecret(tc.text), tc.keyID)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		signed, err := key.sign(map[string]any{"a": 1}, "", nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := jose.ParseSignedCompact(signed, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(tc.alg)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		payload, err := got.Verify(tc.public)
		if h := got.Signatures[0].Protected; err != nil || string(payload) != `{"a":1}` || h.KeyID != tc.kid || h.JSONWebKey != nil {
			t.Errorf("%s: payload %s, header %+v, %v", name, payload, h, err)
		}
	}
}

// keysThatDoNot are refused with an error that says what is in the value.
func keysThatDoNot() map[string]struct{ text, want string } {
	weak := must(rsa.GenerateKey(rand.Reader, 1024))
	p224 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	x25519 := must(ecdh.X25519().GenerateKey(rand.Reader))
	good := pkcs8(rsaKey())
	lines := strings.Split(good, "\n")
	cut := strings.Join(slices.Delete(slices.Clone(lines), 5, 7), "\n")
	other := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	mixed := *ecKey()
	mixed.PublicKey = other.PublicKey
	return map[string]struct{ text, want string }{
		"nothing":         {"", "empty"},
		"white space":     {" \n\t ", "empty"},
		"long":            {strings.Repeat("A", 40<<10), "too long"},
		"garbage":         {"MIIEvgIBADANBgkqhkiG9w0BAQEFAASC", "neither PEM nor a JWK"},
		"API token":       {testToken, "neither PEM nor a JWK"},
		"public":          {pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(rsaKey().Public()))), "public"},
		"public PKCS#1":   {pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)), "public"},
		"certificate":     {pemOf("CERTIFICATE", []byte("x")), "public"},
		"public JWK":      {jwkOf(ecKey().Public(), "k", ""), "public"},
		"public RSA JWK":  {jwkOf(rsaKey().Public(), "k", ""), "public"},
		"encrypted":       {pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), "passphrase"},
		"encrypted, old":  {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,AA\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "passphrase"},
		"OpenSSH":         {pemOf("OPENSSH PRIVATE KEY", []byte("x")), "ssh-keygen -p -m PEM"},
		"DSA":             {pemOf("DSA PRIVATE KEY", []byte("x")), `of another kind, "DSA PRIVATE KEY"`},
		"EC PARAMETERS":   {pemOf("EC PARAMETERS", []byte("x")), `"EC PARAMETERS"`},
		"a path":          {"/run/secrets/okta.pem", "path of a file"},
		"a file's name":   {"okta-key.pem", "path of a file"},
		"base64 of PEM":   {base64.StdEncoding.EncodeToString([]byte(good)), "decode it first"},
		"base64 of a JWK": {base64.StdEncoding.EncodeToString([]byte(jwkOf(ecKey(), "k", ""))), "decode it first"},
		"one line, cut":   {strings.Join(strings.Fields(cut), " "), "damaged"},
		"RSA 1024":        {pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(weak)), "2048"},
		"RSA 1024 JWK":    {jwkOf(weak, "", ""), "2048"},
		"P-224":           {pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p224))), "\ngive the private key"},
		"Ed25519":         {pkcs8(ed), "\ngive the private key"},
		"X25519":          {pkcs8(x25519), "\ngive the private key"},
		"a line missing":  {cut, "damaged"},
		"no end":          {strings.Join(lines[:10], "\n"), "damaged PEM"},
		"wrong label":     {strings.ReplaceAll(good, "PRIVATE KEY", "EC PRIVATE KEY"), "damaged"},
		"two keys":        {good + good, "more than one key"},
		"a set":           {`{"keys":[` + jwkOf(ecKey(), "k", "") + `]}`, "set of keys"},
		"symmetric":       {`{"kty":"oct","k":"UExBTlRFRA"}`, "neither RSA nor EC"},
		"another kty":     {`{"kty":"PLANTED"}`, "another kind"},
		"no numbers":      {`{"kty":"RSA","d":"UExBTlRFRA"}`, "\ngive the private key"},
		"for encryption":  {strings.Replace(jwkOf(ecKey(), "k", ""), "{", `{"use":"enc",`, 1), "does not sign"},
		"PSS":             {jwkOf(rsaKey(), "k", "PS256"), `its "alg"`},
		"HMAC":            {jwkOf(rsaKey(), "k", "HS256"), `its "alg"`},
		"another curve's": {jwkOf(ecKey(), "k", "ES384"), `its "alg"`},
		"mixed":           {jwkOf(&mixed, "k", ""), "damaged"},
		"mixed RSA":       {mixedRSA(), "damaged"},
		"cut JSON":        {jwkOf(ecKey(), "k", "")[:60], "damaged JSON"},
	}
}

// mixedRSA is a JWK whose private exponent is another key's.
func mixedRSA() string {
	mixed, other := map[string]string{}, map[string]string{}
	_ = json.Unmarshal([]byte(jwkOf(rsaKey(), "", "")), &mixed)
	_ = json.Unmarshal([]byte(jwkOf(must(rsa.GenerateKey(rand.Reader, 2048)), "", "")), &other)
	mixed["d"] = other["d"]
	return string(must(json.Marshal(mixed)))
}

// TestAKeysOwnIDCounts: another one beside it is a mistake that Okta would call an invalid kid.
func TestAKeysOwnIDCounts(t *testing.T) {
	t.Parallel()
	own := access.NewSecret(jwkOf(ecKey(), "kid1", ""))
	if _, err := parseKey(own, "kid2"); err == nil || !strings.Contains(err.Error(), `"kid1"`) || !strings.Contains(err.Error(), `"kid2"`) {
		t.Errorf("%v does not name both", err)
	}
	if key, err := parseKey(own, " kid1\n"); err != nil || key.id != "kid1" {
		t.Errorf("%q, %v", key.id, err)
	}
}

func TestKeysThatDoNotSign(t *testing.T) {
	t.Parallel()
	for name, tc := range keysThatDoNot() {
		_, err := parseKey(access.NewSecret(tc.text), "")
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q", name, err, tc.want)
			continue
		}
		quotes(t, tc.text, err)
	}
}

// quotes fails the test if the error quotes what is in the value: any 12 characters in a row, of any line of it.
func quotes(t *testing.T, text string, err error) {
	t.Helper()
	const run = 12
	labels := regexp.MustCompile(`-----BEGIN [A-Z0-9 ]{1,64}-----`)
	known := giveKey + giveOne + "-----BEGIN PRIVATE KEY-----" + labels.FindString(text) // words that a value may share with an error
	for i := 0; i+run <= len(text); i++ {
		if part := text[i : i+run]; strings.Contains(err.Error(), part) && !strings.Contains(known, part) {
			t.Fatalf("the error quotes %q: %v", part, err)
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, tc := range keysThatDoNot() {
		f.Add(tc.text)
	}
	for _, good := range []string{pkcs8(ecKey()), pkcs8(rsaKey()), jwkOf(ecKey(), "k", "ES256"), jwkOf(rsaKey(), "k", ""), strings.ReplaceAll(pkcs8(ecKey()), "\n", `\n`)} {
		f.Add(good)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseKey(access.NewSecret(text), "")
		if err == nil {
			if _, err = key.sign(map[string]any{}, "", nil); err == nil {
				return
			}
		}
		if bytes.Contains([]byte(text), []byte("its ")) || len(text) < 12 {
			return // so close to the errors' own words that nothing can be told
		}
		quotes(t, text, err)
	})
}
