package ledger

import (
	"crypto/sha1" //nolint:gosec // it is what Git names objects by
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stepdown/stepdown/internal/access"
)

// The files of the branch: a lease that is open is one of open/, one that gave what may still be taken back one of given/,
// any other one of ended/; roundsFile is beside them. Each folder has a file that stays, so that none is ever empty: Git has no empty folders.
const (
	openDir  = "open/"
	givenDir = "given/"
	endedDir = "ended/"
)

// endReserve is how many of those bytes are kept for the end of the lease: that it is stuck is not written into them.
const endReserve = 64 << 10

// folders are all of them, in the order in which a lease goes through them.
func folders() []string { return []string{openDir, givenDir, endedDir} }

// maxLeaseSize is the largest file of a lease, in bytes, that is read. A lease that goes well has 4 KiB.
const maxLeaseSize = 1 << 20

// standing are the files that every tree of the ledger has, as they are when it is begun. Later versions of the program
// may say it otherwise.
func standing() map[string]string {
	return map[string]string{
		"README.md": `# Leases

stepdown writes this branch. Each lease is one file: what it gives to which account, and every step until that was proved
to be gone. Who is elevated now is in [open](open). What was given for a pull request that is not known to be merged is in
[given](given), what is over in [ended](ended). When a sweep last looked at all of them says [rounds.json](rounds.json).

Every event and every commit is signed with a key that is only in the environment that stepdown runs in. Do not edit, force-push
or delete anything here: stepdown takes that for an attack, opens nothing more, and says which commit it was.
`,
		openDir + "README.md":  "Leases that may still have to be undone. Where this is the only file, nobody is elevated.\n",
		givenDir + "README.md": "Leases that are closed. What they gave is taken back if their pull request is closed without being merged.\n",
		endedDir + "README.md": "Leases that are closed for good, or undone.\n",
	}
}

// leasePath is where a lease lies in the tree when its last event is recorded.
func leasePath(l access.Lease) string {
	switch {
	case l.State.Open():
		return openDir + l.ID + ".json"
	case l.Kind == access.LeaseElevation && l.State == access.StateClosed && l.Approval != nil:
		return givenDir + l.ID + ".json"
	}
	return endedDir + l.ID + ".json"
}

// liesRight tells whether a lease may lie at path: one that gave something is settled some day.
func liesRight(l access.Lease, path string) bool {
	return path == leasePath(l) || !l.State.Open() && path == endedDir+l.ID+".json"
}

// leaseAt returns the id of the lease that the file at path is of. ok is false where it is of none.
func leaseAt(path string) (id string, ok bool) {
	for _, dir := range folders() {
		if name, in := strings.CutPrefix(path, dir); in {
			id, ok = strings.CutSuffix(name, ".json")
			return id, ok && leaseID.MatchString(id)
		}
	}
	return "", false
}

// checkTree says what is wrong with a tree that lists these files: strange ones, missing ones, a lease that lies in two
// folders, or a listing that is not all of what the SHA names. The folder of what was given came later than the others.
func checkTree(tree string, files map[string]string) error {
	var wrong []error
	always := standing()
	for _, path := range slices.Sorted(maps.Keys(files)) {
		id, ok := leaseAt(path)
		switch {
		case ok && lies(files, id) != path:
			wrong = append(wrong, fmt.Errorf("%w: lease %q is both %s and %s", ErrTampered, id, folderOf(lies(files, id)), folderOf(path)))
		case !ok && always[path] == "" && path != roundsFile:
			wrong = append(wrong, fmt.Errorf("%w: file %q is none of its own", ErrTampered, path))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(always)) {
		if files[path] == "" && path != givenDir+"README.md" {
			wrong = append(wrong, fmt.Errorf("%w: file %q has vanished", ErrTampered, path))
		}
	}
	if got, err := hashTree(files); err != nil || got != tree {
		wrong = append(wrong, errors.Join(fmt.Errorf("%w: its %d files are not all of tree %s, or not plain ones", ErrTampered, len(files), tree), err))
	}
	return errors.Join(wrong...)
}

// lies returns the first place where the lease lies.
func lies(files map[string]string, id string) string {
	path, _ := find(files, id)
	return path
}

func folderOf(path string) string { return strings.TrimSuffix(path[:strings.Index(path, "/")+1], "/") }

// hashTree returns the SHA of the tree of these plain files. So the commit's MAC can cover a tree before it is made, and a
// listing is known to be whole. SHA-1 is weak, but nothing rests on it alone: every event has an HMAC-SHA-256.
// Source: git-scm.com, "Git Internals - Git Objects".
func hashTree(files map[string]string) (string, error) {
	type entry struct{ mode, name, sha string }
	subs := map[string]map[string]string{}
	var entries []entry
	for path, sha := range files {
		dir, rest, nested := strings.Cut(path, "/")
		if !nested {
			entries = append(entries, entry{"100644", path, sha})
			continue
		}
		if subs[dir] == nil {
			subs[dir] = map[string]string{}
		}
		subs[dir][rest] = sha
	}
	for dir, below := range subs {
		sha, err := hashTree(below)
		if err != nil {
			return "", err
		}
		entries = append(entries, entry{"40000", dir, sha})
	}
	slices.SortFunc(entries, func(a, b entry) int { // Git sorts a folder as if its name ended in a slash
		return strings.Compare(sortName(a.mode, a.name), sortName(b.mode, b.name))
	})
	var body []byte
	for _, e := range entries {
		raw, err := hex.DecodeString(e.sha)
		if err != nil || len(raw) != sha1.Size {
			return "", fmt.Errorf("%q is not the SHA of an object", e.sha)
		}
		body = append(body, e.mode+" "+e.name+"\x00"...)
		body = append(body, raw...)
	}
	return hashObject("tree", body), nil
}

func sortName(mode, name string) string {
	if mode == "40000" {
		return name + "/"
	}
	return name
}

// hashObject returns the SHA that Git gives an object.
func hashObject(kind string, body []byte) string {
	h := sha1.New() //nolint:gosec // as above
	fmt.Fprintf(h, "%s %d\x00", kind, len(body))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// encodeLease writes a lease as people read it.
func encodeLease(l access.Lease) ([]byte, error) {
	data, err := json.MarshalIndent(l.Events, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding lease %q: %w", l.ID, err)
	}
	most := maxLeaseSize
	if l.State == access.StateStuck {
		most -= endReserve
	}
	if data = append(data, '\n'); len(data) > most {
		return nil, fmt.Errorf("lease %q has %d bytes of events; at most %d are written", l.ID, len(data), most)
	}
	return data, nil
}

// decodeLease reads what encodeLease wrote and verifies it.
func (s signer) decodeLease(id string, data []byte) (access.Lease, error) {
	if len(data) > maxLeaseSize {
		return access.Lease{}, fmt.Errorf("%w: it has %d bytes; at most %d are read", ErrTampered, len(data), maxLeaseSize)
	}
	var events []access.Event
	if err := decode(data, &events); err != nil {
		return access.Lease{}, fmt.Errorf("%w: %w", ErrTampered, err)
	}
	return s.fold(id, events)
}
