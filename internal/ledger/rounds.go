package ledger

// The rounds of sweeps: beside the leases, so that whoever opens or audits one sees whether anybody would end it. They are signed
// as everything here; that an older record is put back makes a sweep look older than it is, which is the safe side.

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// roundsFile is where both kinds of ledger have the last round of each org.
const roundsFile = "rounds.json"

// maxRoundsSize is the largest file of rounds, in bytes, that is read.
const maxRoundsSize = 64 << 10

// roundBook is the content of roundsFile.
type roundBook struct {
	Version int                     `json:"version"`
	Rounds  map[string]access.Round `json:"rounds"` // by the URL of the org
	MAC     string                  `json:"mac"`
}

// signRounds signs rounds, one of each org.
func (s signer) signRounds(rounds []access.Round) (roundBook, error) {
	b := roundBook{Version: access.EventVersion, Rounds: map[string]access.Round{}}
	for _, r := range rounds {
		r.At = r.At.UTC().Round(0)
		b.Rounds[r.OrgURL] = r
	}
	mac, err := s.mac("rounds", b)
	b.MAC = mac
	return b, err
}

// decodeRounds reads what signRounds signed and verifies it.
func (s signer) decodeRounds(data []byte) ([]access.Round, error) {
	var b roundBook
	if err := decode(data, &b); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrTampered, roundsFile, err)
	}
	claimed := b.MAC
	b.MAC = ""
	mac, err := s.mac("rounds", b)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(claimed), []byte(mac)) || b.Version != access.EventVersion {
		return nil, fmt.Errorf("%w: %s has a signature that this key did not make\nIf the leases are as they should be, remove it: the next sweep writes it anew.", ErrTampered, roundsFile)
	}
	var out []access.Round
	for _, url := range slices.Sorted(maps.Keys(b.Rounds)) {
		if b.Rounds[url].OrgURL != url {
			return nil, fmt.Errorf("%w: %s has a round of %q in the place of one of %q", ErrTampered, roundsFile, b.Rounds[url].OrgURL, url)
		}
		out = append(out, b.Rounds[url])
	}
	return out, nil
}

// with returns rounds with r in the place of the one of its org.
func with(rounds []access.Round, r access.Round) []access.Round {
	return append(slices.DeleteFunc(slices.Clone(rounds), func(old access.Round) bool { return old.OrgURL == r.OrgURL }), r)
}

// Rounds returns the last round of each org.
func (f *Folder) Rounds(ctx context.Context) ([]access.Round, error) {
	var rounds []access.Round
	err := f.locked(ctx, func() (err error) {
		rounds, err = f.readRounds()
		return err
	})
	return rounds, err
}

// RecordRound records a round. A ledger that has no lease yet is left as it is.
func (f *Folder) RecordRound(ctx context.Context, r access.Round) error {
	return f.locked(ctx, func() error {
		c, err := f.load()
		if err != nil || len(c.head.Leases) == 0 {
			return err
		}
		rounds, err := f.readRounds()
		if err != nil {
			return err
		}
		book, err := f.sign.signRounds(with(rounds, r))
		if err != nil {
			return err
		}
		if err := writeDurably(filepath.Join(f.dir, roundsFile), book); err != nil {
			return fmt.Errorf("recording a round: %w", err)
		}
		return nil
	})
}

func (f *Folder) readRounds() ([]access.Round, error) {
	data, err := readSmall(filepath.Join(f.dir, roundsFile), maxRoundsSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the rounds: %w", err)
	}
	return f.sign.decodeRounds(data)
}

// Rounds returns the last round of each org.
func (b *Branch) Rounds(ctx context.Context) ([]access.Round, error) {
	var rounds []access.Round
	err := b.alone(ctx, func() error {
		v := b.last
		if !b.fresh || v == nil {
			var err error
			if v, err = b.load(ctx, true); err != nil {
				return err
			}
		}
		if v.damage != nil {
			return v.damage
		}
		var err error
		rounds, err = b.rounds(ctx, v)
		return err
	})
	return rounds, err
}

// RecordRound records a round. A ledger that has no commit yet is left as it is, and so is one that has any damage.
func (b *Branch) RecordRound(ctx context.Context, r access.Round) error {
	return b.change(ctx, false, func(v *view) (write func() error, err error) {
		if v.damage != nil {
			return nil, v.damage
		}
		if v.tip == "" {
			return nil, errRecorded
		}
		rounds, err := b.rounds(ctx, v)
		if err != nil {
			return nil, err
		}
		book, err := b.sign.signRounds(with(rounds, r))
		if err != nil {
			return nil, err
		}
		data, err := json.MarshalIndent(book, "", "  ")
		if err != nil {
			return nil, err
		}
		files := maps.Clone(v.files)
		files[roundsFile] = b.put(append(data, '\n'))
		var message strings.Builder
		message.WriteString("swept: every lease was read\n\n")
		trail(&message, "Org", r.OrgURL)
		trail(&message, "At", stamp(r.At))
		return func() error { return b.move(ctx, v, files, "recording a round", message.String()) }, nil
	})
}

func (b *Branch) rounds(ctx context.Context, v *view) ([]access.Round, error) {
	sha := v.files[roundsFile]
	if sha == "" {
		return nil, nil
	}
	data, err := b.blob(ctx, sha)
	if err != nil {
		return nil, fmt.Errorf("reading the rounds: %w", err)
	}
	return b.sign.decodeRounds(data)
}
