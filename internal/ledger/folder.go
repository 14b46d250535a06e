package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/stepdown/stepdown/internal/access"
)

// Folder is a ledger in a folder of the file system:
//
//	lock                       held while the ledger is read or written
//	head.json                  the last event of every lease, signed: what must still be there
//	leases/ID/0001.json        the events of a lease, one file each, never changed
//
// A file appears whole or not at all, and is on disk before a call returns. A lost folder is a lost ledger: it protects
// only as far as the disk that it lies on. Whoever can put back an older copy of the whole folder can roll it back
// unseen.
type Folder struct {
	dir  string
	sign signer
}

// maxEventSize is the largest event file, in bytes, that is read. One that the program writes has about 2 KiB.
const maxEventSize = 64 << 10

// CreateFolder opens the ledger in dir and makes it where there is none.
func CreateFolder(dir string, key access.Secret) (*Folder, error) {
	f, err := newFolder(dir, key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "leases"), 0o700); err != nil {
		return nil, fmt.Errorf("making the ledger: %w", err)
	}
	return f, nil
}

// OpenFolder opens the ledger in dir. That there is none is an error which is fs.ErrNotExist: a ledger that vanished
// must not read as one without leases.
func OpenFolder(dir string, key access.Secret) (*Folder, error) {
	f, err := newFolder(dir, key)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(filepath.Join(dir, "leases"))
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("opening the ledger: %s is not a folder", dir)
	}
	return f, nil
}

func newFolder(dir string, key access.Secret) (*Folder, error) {
	sign, err := newSigner(key)
	if err != nil {
		return nil, err
	}
	return &Folder{dir: dir, sign: sign}, nil
}

// Open writes the first event of a lease. It is access.ErrLeaseTaken if the account has an open lease.
func (f *Folder) Open(ctx context.Context, terms access.Terms, at time.Time) (access.Lease, error) {
	var lease access.Lease
	err := f.locked(ctx, func() error {
		c, err := f.load()
		if err = errors.Join(err, c.damage); err != nil {
			return err
		}
		if lease, err = f.sign.open(c.leases, terms, at); err != nil {
			return err
		}
		return f.write(lease, c.head)
	})
	if err != nil {
		return access.Lease{}, err
	}
	return lease, nil
}

// Append writes the next event of a lease and returns the lease as it then is. A state that may not follow is an error
// and nothing is written; it is access.ErrLeaseEnded where the lease has ended.
func (f *Folder) Append(ctx context.Context, id string, entry access.Entry) (access.Lease, error) {
	var lease access.Lease
	err := f.locked(ctx, func() error {
		c, err := f.load()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(c.leases, func(l access.Lease) bool { return l.ID == id })
		if i < 0 {
			return errors.Join(fmt.Errorf("recording %q: there is no lease %q in the ledger", entry.State, id), c.damage)
		}
		if lease, err = f.sign.append(c.leases[i], entry); err != nil {
			return err
		}
		return f.write(lease, c.head)
	})
	if err != nil {
		return access.Lease{}, err
	}
	return lease, nil
}

// Leases returns every lease, oldest first. With an error that says what does not verify, it returns those that do: they
// may be undone, but they are not all.
func (f *Folder) Leases(ctx context.Context) ([]access.Lease, error) {
	var leases []access.Lease
	err := f.locked(ctx, func() error {
		c, err := f.load()
		leases = c.leases
		return errors.Join(err, c.damage)
	})
	return leases, err
}

// locked runs fn while no other process reads or writes the ledger. It does not wait beyond ctx: an account may be elevated.
func (f *Folder) locked(ctx context.Context, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the ledger: %w", context.Cause(ctx))
	}
	type held struct {
		unlock func()
		err    error
	}
	locked := make(chan held, 1)
	go func() {
		unlock, err := lockedfile.MutexAt(filepath.Join(f.dir, "lock")).Lock()
		locked <- held{unlock, err}
	}()
	select {
	case h := <-locked:
		if h.err != nil {
			return fmt.Errorf("locking the ledger: %w", h.err)
		}
		defer h.unlock()
		return fn()
	case <-ctx.Done():
		go func() { // whoever holds the lock may hold it for long; when it comes, nobody wants it any more
			if h := <-locked; h.err == nil {
				h.unlock()
			}
		}()
		return fmt.Errorf("waiting for the ledger, which another process has locked: %w", context.Cause(ctx))
	}
}

// head is the signed list of the last event of every lease. It may lag behind the events by what a crash cut off.
type head struct {
	Version int                  `json:"version"`
	Leases  map[string]headEntry `json:"leases"`
	MAC     string               `json:"mac"`
}

type headEntry struct {
	Seq int    `json:"seq"`
	MAC string `json:"mac"`
}

// contents is what a ledger holds.
type contents struct {
	leases []access.Lease // those that verify, oldest first
	head   head
	damage error // what does not verify; nothing new is begun in a ledger that has any
}

// load reads and verifies everything. Hidden files, which other programs leave behind, are nobody's lease.
func (f *Folder) load() (contents, error) {
	entries, err := os.ReadDir(filepath.Join(f.dir, "leases"))
	if err != nil {
		return contents{}, fmt.Errorf("reading the ledger: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
	c := contents{}
	if c.head, err = f.readHead(len(entries) > 0); err != nil {
		return contents{}, err
	}
	present := map[string]bool{}
	for _, entry := range entries {
		present[entry.Name()] = true
		lease, err := f.readLease(entry.Name(), c.head.Leases[entry.Name()])
		switch {
		case err != nil:
			c.damage = errors.Join(c.damage, fmt.Errorf("reading lease %q: %w", entry.Name(), err))
		case lease != nil:
			c.leases = append(c.leases, *lease)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.head.Leases)) {
		if !present[id] {
			c.damage = errors.Join(c.damage, fmt.Errorf("%w: lease %q has vanished", ErrTampered, id))
		}
	}
	slices.SortFunc(c.leases, func(a, b access.Lease) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	return c, nil
}

// readHead reads the head. Only a ledger without leases may lack one: the head is written before the first lease.
func (f *Folder) readHead(hasLeases bool) (head, error) {
	h := head{Version: access.EventVersion, Leases: map[string]headEntry{}}
	data, err := readSmall(filepath.Join(f.dir, "head.json"), 16<<20)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !hasLeases:
		return h, nil
	case errors.Is(err, fs.ErrNotExist):
		return h, fmt.Errorf("%w: its head.json has vanished", ErrTampered)
	case err != nil:
		return h, fmt.Errorf("reading the ledger's head: %w", err)
	}
	if err := decode(data, &h); err != nil {
		return h, fmt.Errorf("%w: head.json: %w", ErrTampered, err)
	}
	claimed := h.MAC
	h.MAC = ""
	mac, err := f.sign.mac("head", h)
	if err != nil {
		return h, err
	}
	if claimed != mac || h.Version != access.EventVersion {
		return h, fmt.Errorf("%w: head.json has a signature that this key did not make\nIs STEPDOWN_LEDGER_KEY the key that the ledger was made with?", ErrTampered)
	}
	return h, nil
}

// readLease reads the events of a lease and holds them against the head. It returns nil for the empty folder that a
// crash left before the first event was written.
func (f *Folder) readLease(id string, want headEntry) (*access.Lease, error) {
	if !leaseID.MatchString(id) {
		return nil, fmt.Errorf("%w: this is not an id of a lease", ErrTampered)
	}
	var events []access.Event
	for seq := 1; ; seq++ {
		data, err := readSmall(f.eventPath(id, seq), maxEventSize)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		var e access.Event
		if err := decode(data, &e); err != nil {
			return nil, fmt.Errorf("%w: event %d: %w", ErrTampered, seq, err)
		}
		events = append(events, e)
	}
	if len(events) < want.Seq || (want.Seq > 0 && events[want.Seq-1].MAC != want.MAC) {
		return nil, fmt.Errorf("%w: %d events are there, the head knows of %d", ErrTampered, len(events), want.Seq)
	}
	if len(events) == 0 {
		return nil, nil
	}
	lease, err := f.sign.fold(id, events)
	if err != nil {
		return nil, err
	}
	return &lease, nil
}

// write makes the last event of lease durable and moves the head on.
func (f *Folder) write(lease access.Lease, h head) error {
	if len(h.Leases) == 0 { // the first lease: from here on, a ledger without a head is one that lost it
		if err := f.writeHead(h); err != nil {
			return err
		}
	}
	event := lease.Events[len(lease.Events)-1]
	if err := writeDurably(f.eventPath(event.Lease, event.Seq), event); err != nil {
		return fmt.Errorf("recording %q for lease %q: %w", event.State, event.Lease, err)
	}
	h.Leases[event.Lease] = headEntry{Seq: event.Seq, MAC: event.MAC}
	return f.writeHead(h)
}

func (f *Folder) writeHead(h head) error {
	h.MAC = ""
	mac, err := f.sign.mac("head", h)
	if err != nil {
		return err
	}
	h.MAC = mac
	if err := writeDurably(filepath.Join(f.dir, "head.json"), h); err != nil {
		return fmt.Errorf("recording the ledger's head: %w", err)
	}
	return nil
}

func (f *Folder) eventPath(id string, seq int) string {
	return filepath.Join(f.dir, "leases", id, fmt.Sprintf("%04d.json", seq))
}
