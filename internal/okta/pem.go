package okta

// A private key as PEM, in the shapes that it takes on its way through files, secrets and environment variables.

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/stepdown/stepdown/internal/access"
)

const pemBegin = "-----BEGIN "

// lineEnds puts line ends where they are written out.
func lineEnds(text []byte) []byte {
	return []byte(strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\r`, "\n").Replace(string(text)))
}

// unquoted takes off the quotes around a value.
func unquoted(text []byte) []byte {
	if n := len(text); n >= 2 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		return bytes.TrimSpace(text[1 : n-1])
	}
	return text
}

func parsePEM(text []byte) (jwk.Key, error) {
	block, rest := pem.Decode([]byte(access.PEMLines(string(text))))
	for block != nil && block.Type == "EC PARAMETERS" && len(bytes.TrimSpace(rest)) > 0 { // openssl ecparam -genkey puts it first; the key names its curve too
		block, rest = pem.Decode(rest)
	}
	switch {
	case block == nil && bytes.Contains(text, []byte(pemBegin)):
		return nil, errors.New("it is damaged PEM: a line is missing or changed" + giveKey)
	case block == nil:
		return nil, errors.New(noKeyBut(string(text)) + giveKey)
	case block.Type == "OPENSSH PRIVATE KEY":
		return nil, errors.New("it is PEM of the kind " + quote(block.Type) + "\nconvert a copy of it with ssh-keygen -p -m PEM -f key.pem, without a passphrase, and keep the result in the secret")
	case strings.Contains(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, errors.New("it is encrypted with a passphrase\ndecrypt it first (openssl pkey -in key.pem) and keep the result in the secret")
	case strings.HasSuffix(block.Type, "PUBLIC KEY") || strings.Contains(block.Type, "CERTIFICATE"):
		return nil, errors.New("it is public: a public key or a certificate" + giveKey)
	case block.Type != "RSA PRIVATE KEY" && block.Type != "PRIVATE KEY" && block.Type != "EC PRIVATE KEY":
		return nil, errors.New("it is PEM of another kind" + label(block.Type) + giveKey)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("it holds more than one key" + giveOne)
	}
	key, err := jwk.ParseKey(pem.EncodeToMemory(block), jwk.WithPEM(true))
	if err != nil {
		return nil, errors.New("what its PEM holds is no key that can be used: it is damaged, or of another kind" + giveKey)
	}
	return key, nil
}

// label names a kind of PEM where it is made of words as such names are, and not of something that came to stand in its place.
func label(kind string) string {
	if !regexp.MustCompile(`^[A-Z0-9]{1,12}( [A-Z0-9]{1,12}){0,4}$`).MatchString(kind) {
		return ""
	}
	return ", " + quote(kind)
}

// noKeyBut says what text, which holds no key, seems to be.
func noKeyBut(text string) string {
	plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	isPath := regexp.MustCompile(`^(~|\.{0,2}/|[A-Za-z]:\\)\S*$|^\S+\.(pem|key|jwk|json|p8|der|txt)$`).MatchString(text)
	switch {
	case err == nil && (bytes.Contains(plain, []byte(pemBegin)) || bytes.HasPrefix(bytes.TrimSpace(plain), []byte("{"))):
		return "it is a key that was encoded as base64 once more: decode it first"
	case isPath:
		return "it is neither PEM nor a JWK, but looks like the path of a file: what is in the file is needed"
	}
	return "it is neither PEM nor a JWK"
}
