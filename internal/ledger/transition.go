package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/stepdown/stepdown/internal/access"
)

var leaseID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// open returns the lease that opening terms makes, with its signed event. leases are those that may be in the way. It is
// access.ErrLeaseTaken if the account has an open lease.
func (s signer) open(leases []access.Lease, terms access.Terms, at time.Time) (access.Lease, error) {
	if !leaseID.MatchString(terms.ID) {
		return access.Lease{}, fmt.Errorf("opening a lease: %q is not an id of a lease", terms.ID)
	}
	for _, other := range leases {
		if other.ID == terms.ID {
			return access.Lease{}, fmt.Errorf("opening lease %q: it exists", terms.ID)
		}
		if other.Account.ID == terms.Account.ID && other.State.Open() {
			return access.Lease{}, fmt.Errorf("opening a lease for %s: %w: %s, in state %s", terms.Account.Login, access.ErrLeaseTaken, other.ID, other.State)
		}
	}
	fresh := access.Lease{Terms: terms}
	event := follow(fresh, access.Entry{State: access.StateLeased, At: at})
	event.Terms = &terms
	return s.extend(fresh, event)
}

// append returns what entry makes of a lease, with its signed event last. A state that may not follow is an error; it is
// access.ErrLeaseEnded where the lease has ended.
func (s signer) append(now access.Lease, entry access.Entry) (access.Lease, error) {
	if !now.State.Open() {
		return access.Lease{}, fmt.Errorf("recording %q for lease %q, which is %s: %w", entry.State, now.ID, now.State, access.ErrLeaseEnded)
	}
	return s.extend(now, follow(now, entry))
}

// extend signs event as it will be read again: what JSON does not keep, such as bytes that are no UTF-8 in what a server
// said, would make an event that no key has signed.
func (s signer) extend(lease access.Lease, event access.Event) (access.Lease, error) {
	data, err := json.Marshal(event)
	if err != nil {
		return access.Lease{}, fmt.Errorf("encoding an event of lease %q: %w", event.Lease, err)
	}
	var kept access.Event
	if err := decode(data, &kept); err != nil {
		return access.Lease{}, fmt.Errorf("encoding an event of lease %q: %w", event.Lease, err)
	}
	signed, err := s.signEvent(kept)
	if err != nil {
		return access.Lease{}, err
	}
	after, err := access.Fold(append(slices.Clone(lease.Events), signed))
	if err != nil {
		return access.Lease{}, fmt.Errorf("recording %q for lease %q: %w", event.State, event.Lease, err)
	}
	return after, nil
}

// follow makes the event that continues lease.
func follow(lease access.Lease, entry access.Entry) access.Event {
	e := access.Event{
		Version:    access.EventVersion,
		Lease:      lease.ID,
		Seq:        len(lease.Events) + 1,
		State:      entry.State,
		At:         entry.At,
		Assignment: entry.Assignment,
		TokenID:    entry.TokenID,
		Note:       entry.Note,
	}
	if n := len(lease.Events); n > 0 {
		e.Prev = lease.Events[n-1].MAC
	}
	return e
}

// fold makes a lease of events that were read under the name id: each authentic, chained and allowed to follow.
func (s signer) fold(id string, events []access.Event) (access.Lease, error) {
	if err := s.verifyEvents(events); err != nil {
		return access.Lease{}, err
	}
	lease, err := access.Fold(events)
	if err != nil {
		return access.Lease{}, fmt.Errorf("%w: %w", ErrTampered, err)
	}
	if lease.ID != id {
		return access.Lease{}, fmt.Errorf("%w: its events are those of lease %q", ErrTampered, lease.ID)
	}
	return lease, nil
}

// decode reads one JSON value with known fields only: what a MAC does not cover must not be there.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is more than one value")
	}
	return nil
}
