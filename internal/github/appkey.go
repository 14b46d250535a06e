package github

// The private key of a GitHub App: read from what people have in a secret. An error about a key says what is wrong in words of its
// own and never wraps a parser's, which may quote what it read.

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

const (
	maxKeyText   = 32 << 10 // bounds what is taken for a key: one of 8192 bits has 6.4 kB of PEM
	leastRSABits = 2048     // the least that RFC 7518 allows for RS256
	mostRSABits  = 16384    // bounds what a signature costs
	giveAppKey   = "\ngive the whole .pem file that GitHub made under Private keys on the App's page, or the same key as PKCS#8"
)

// parseAppKey reads a private RSA key, as PEM of PKCS#1, which is what GitHub gives, or PKCS#8. Quotes around it, and what becomes of
// line ends in environment variables, do no harm.
func parseAppKey(secret access.Secret) (*rsa.PrivateKey, error) {
	text := strings.TrimSpace(secret.Reveal())
	switch {
	case text == "":
		return nil, errors.New("it is empty" + giveAppKey)
	case len(text) > maxKeyText:
		return nil, errors.New("it is too long to be a key" + giveAppKey)
	}
	block, rest := pem.Decode(asLines(text))
	switch {
	case block == nil && strings.Contains(text, "-----BEGIN "):
		return nil, errors.New("it is damaged PEM: a line is missing or changed" + giveAppKey)
	case block == nil:
		return nil, errors.New("it is not PEM" + giveAppKey)
	case strings.Contains(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, errors.New("it is encrypted with a passphrase" + giveAppKey)
	case strings.Contains(block.Type, "PUBLIC KEY") || strings.Contains(block.Type, "CERTIFICATE"):
		return nil, errors.New("it is public: a public key or a certificate" + giveAppKey)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("it holds more than one key" + giveAppKey)
	}
	key, err := rsaKey(block)
	switch {
	case err != nil:
		return nil, err
	case key.N.BitLen() < leastRSABits || key.N.BitLen() > mostRSABits:
		return nil, errors.New("it is an RSA key of fewer than 2048 or more than 16384 bits" + giveAppKey)
	case key.Validate() != nil:
		return nil, errors.New("its numbers do not belong together: it is damaged" + giveAppKey)
	}
	return key, nil
}

func rsaKey(block *pem.Block) (*rsa.PrivateKey, error) {
	const unusable = "what its PEM holds is no RSA key that can be used: it is damaged, or of another kind"
	switch block.Type {
	case "RSA PRIVATE KEY":
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
	case "PRIVATE KEY":
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if private, ok := key.(*rsa.PrivateKey); ok {
				return private, nil
			}
			return nil, errors.New("it is no RSA key, and GitHub takes no other" + giveAppKey)
		}
	default:
		return nil, errors.New("it is PEM of another kind" + giveAppKey)
	}
	return nil, errors.New(unusable + giveAppKey)
}

// asLines puts PEM into lines again, also where it has been quoted.
func asLines(text string) []byte {
	if n := len(text); n >= 2 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		text = text[1 : n-1]
	}
	return []byte(access.PEMLines(text))
}
