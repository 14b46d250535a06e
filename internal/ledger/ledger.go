// Package ledger keeps leases: append-only, versioned, authenticated events, whose fold is the lease's state.
//
// A lease is durable before anything is granted under it, and the undo needs nothing but the lease. So whoever can forge,
// edit or hide an event can keep an account elevated or make a sweep act: every event carries a MAC made with a key that
// only the program's environment holds, and the MACs of a lease form a chain. What cannot be verified is an error, never
// "no lease".
//
// There are two kinds: Folder is for one machine, Branch for a repository and all who can read it.
//
// It imports access only.
package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stepdown/stepdown/internal/access"
)

// MinKeyLength is the least number of bytes of a key. 32 random bytes in base64 have 44.
const MinKeyLength = 32

// ErrTampered says that the ledger, or a part of it, is not as this program wrote it.
var ErrTampered = errors.New("the ledger is not as it was written")

// signer authenticates events and the head.
type signer struct{ key []byte }

func newSigner(key access.Secret) (signer, error) {
	if n := len(key.Reveal()); n < MinKeyLength {
		return signer{}, fmt.Errorf("the ledger key has %d bytes; it needs at least %d", n, MinKeyLength)
	}
	return signer{key: []byte(key.Reveal())}, nil
}

// mac authenticates the JSON of value under a purpose, so that one kind of record cannot stand in for another.
func (s signer) mac(purpose string, value any) (string, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encoding %s: %w", purpose, err)
	}
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("stepdown/ledger/v1/" + purpose + "\x00"))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (s signer) signEvent(e access.Event) (access.Event, error) {
	e.At, e.MAC = e.At.UTC().Round(0), ""
	mac, err := s.mac("event", e)
	e.MAC = mac
	return e, err
}

// verifyEvents checks the MAC of each event and the chain between them.
func (s signer) verifyEvents(events []access.Event) error {
	prev := ""
	for i, e := range events {
		claimed := e.MAC
		signed, err := s.signEvent(e)
		if err != nil {
			return err
		}
		if !hmac.Equal([]byte(claimed), []byte(signed.MAC)) {
			return fmt.Errorf("%w: event %d of lease %q has a signature that this key did not make", ErrTampered, i+1, e.Lease)
		}
		if e.Prev != prev {
			return fmt.Errorf("%w: event %d of lease %q does not follow the one before it", ErrTampered, i+1, e.Lease)
		}
		prev = claimed
	}
	return nil
}
