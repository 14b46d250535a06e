package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/stepdown/stepdown/internal/access"
)

// cache keeps what was read by its SHA. It never changes there, so that nothing of it is ever outdated.
type cache struct {
	commits map[string]access.GitCommit
	trees   map[string]map[string]string

	blobs  map[string][]byte
	leases map[string]access.Lease // by the blob that they were read from
}

func newCache() cache {
	return cache{map[string]access.GitCommit{}, map[string]map[string]string{}, map[string][]byte{}, map[string]access.Lease{}}
}

func (b *Branch) commit(ctx context.Context, sha string) (access.GitCommit, error) {
	if c, ok := b.cache.commits[sha]; ok {
		return c, nil
	}
	c, err := b.repo.Commit(ctx, sha)
	if err != nil {
		return access.GitCommit{}, fmt.Errorf("reading commit %s of the ledger: %w", sha, err)
	}
	if c.SHA != sha {
		return access.GitCommit{}, fmt.Errorf("reading commit %s of the ledger: the answer is commit %q", sha, c.SHA)
	}
	b.cache.commits[sha] = c
	return c, nil
}

// tree returns the files of a tree; of none for "", which is before the ledger began. It must not be changed.
func (b *Branch) tree(ctx context.Context, sha string) (map[string]string, error) {
	if files, ok := b.cache.trees[sha]; ok || sha == "" {
		return files, nil
	}
	files, err := b.repo.TreeFiles(ctx, sha)
	if err != nil {
		return nil, fmt.Errorf("reading tree %s of the ledger: %w", sha, err)
	}
	b.cache.trees[sha] = files
	return files, nil
}

// put keeps what is about to be written and returns its SHA.
func (b *Branch) put(data []byte) string {
	sha := hashObject("blob", data)
	b.cache.blobs[sha] = data
	return sha
}

func (b *Branch) blob(ctx context.Context, sha string) ([]byte, error) {
	if data, ok := b.cache.blobs[sha]; ok {
		return data, nil
	}
	data, err := b.fetchBlob(ctx, sha)
	if err == nil {
		b.cache.blobs[sha] = data
	}
	return data, err
}

func checkBlob(sha string, data []byte) ([]byte, error) {
	if got := hashObject("blob", data); got != sha {
		return nil, fmt.Errorf("%w: the content of %s is that of %s", ErrTampered, sha, got)
	}
	return data, nil
}

// lease reads and verifies the lease in the file at path.
func (b *Branch) lease(ctx context.Context, path, sha string) (access.Lease, error) {
	id, _ := leaseAt(path)
	if l, ok := b.cache.leases[sha]; ok && l.ID == id {
		return l, nil
	}
	data, err := b.blob(ctx, sha)
	if err != nil {
		return access.Lease{}, err
	}
	l, err := b.sign.decodeLease(id, data)
	if err == nil {
		b.cache.leases[sha] = l
	}
	return l, err
}

// atOnce is how many files are asked for at once.
const atOnce = 6

// fetchBlob reads a blob that is not kept; that it panics is an error.
func (b *Branch) fetchBlob(ctx context.Context, sha string) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading blob %s: the program failed: %v", sha, p)
		}
	}()
	if data, err = b.repo.Blob(ctx, sha); err != nil {
		return nil, err
	}
	return checkBlob(sha, data)
}

// fetch reads blobs, several at once, and keeps them. What fails, or panics, is tried again, and reported, by whoever wants it: a panic
// in a goroutine would be the end of a process that has an account elevated.
func (b *Branch) fetch(ctx context.Context, shas []string) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[string][]byte{}
	next := make(chan string)
	for range min(atOnce, len(shas)) {
		wg.Go(func() {
			for sha := range next {
				data, err := b.fetchBlob(ctx, sha)
				if err == nil {
					mu.Lock()
					got[sha] = data
					mu.Unlock()
				}
			}
		})
	}
	for _, sha := range shas {
		next <- sha
	}
	close(next)
	wg.Wait()
	maps.Copy(b.cache.blobs, got)
}

// leases returns those of the view's leases that are wanted, in the order of their files. The error says which of them
// cannot be read, do not verify, or lie in the wrong folder.
func (b *Branch) leases(ctx context.Context, v *view, want func(path, id string) bool) ([]access.Lease, error) {
	var wanted, missing []string
	for _, path := range slices.Sorted(maps.Keys(v.files)) {
		if id, ok := leaseAt(path); ok && want(path, id) {
			wanted = append(wanted, path)
			if _, ok := b.cache.blobs[v.files[path]]; !ok {
				missing = append(missing, v.files[path])
			}
		}
	}
	b.fetch(ctx, missing)
	var leases []access.Lease
	var wrong []error
	for _, path := range wanted {
		l, err := b.lease(ctx, path, v.files[path])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("reading %s of the ledger: %w", path, err))
			continue
		}
		if !liesRight(l, path) {
			wrong = append(wrong, fmt.Errorf("%w: %s is of a lease that is %s", ErrTampered, path, l.State))
		}
		leases = append(leases, l)
	}
	return leases, errors.Join(wrong...)
}

// find returns where the lease lies, and the SHA of its file.
func find(files map[string]string, id string) (path, sha string) {
	for _, dir := range folders() {
		path := dir + id + ".json"
		if sha := files[path]; sha != "" {
			return path, sha
		}
	}
	return "", ""
}
